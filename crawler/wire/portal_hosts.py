"""Every request belongs to one portal: it may go to that portal's hosts only, with its cookies, in its queue.

Redirects and meta refreshes pass here again as requests of their own, so a page can't send us elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

from crawler.wire.failures import WireError
from crawler.wire.hosts import AllowedHosts, is_loopback, is_private_host, place_of, slot_of
from crawler.wire.queues import one_by_one
from crawler.wire.resolver import permit

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler

_OF_PORTAL: Final = ("hosts", "scheme", "tls", "cookiejar")
_MAX_DETAIL: Final = 300


class PortalHostsMiddleware:
    """Refuses what ``request.meta["hosts"]`` doesn't allow; a request without it, too."""

    def __init__(self, crawler: Crawler) -> None:
        """A guard that lets requests to this machine pass only where ``GONGKAI_LOOPBACK`` says so."""
        self._crawler = crawler
        self._loopback = crawler.settings.getbool("GONGKAI_LOOPBACK")
        self._hasty = not crawler.settings.getfloat("DOWNLOAD_DELAY")
        self._latest: dict[str, dict[str, Any]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build it for a crawl."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Let a request pass, or refuse it.

        Raises:
            WireError: ``foreign_host`` or ``private_address``, with the address.
        """
        where = urlsplit(request.url).netloc
        if is_robots(request):
            request.meta.update(self._latest.get(where, {}))
        hosts: AllowedHosts | None = request.meta.get("hosts")
        code = self._objection(hosts, request.url)
        if hosts is None or code is not None:
            raise WireError(code or "foreign_host", request.url[:_MAX_DETAIL])
        key = slot_of(request.url)
        request.meta["download_slot"] = key  # a redirect still carries that of another host
        if self._hasty:
            one_by_one(self._crawler, key)
        request.meta.setdefault("cookiejar", hosts.home)
        self._latest[where] = {key: request.meta[key] for key in _OF_PORTAL if key in request.meta}

    def _objection(self, hosts: AllowedHosts | None, url: str) -> str | None:
        place = place_of(url)
        host = place[0] if place else ""
        if hosts is not None and hosts.is_given(host):
            permit(host)
        elif is_private_host(host) and not (self._loopback and is_loopback(host)):
            return "private_address"
        return None if hosts is not None and hosts.allows(url) else "foreign_host"


def is_robots(request: Request) -> bool:
    """Whether Scrapy asks for robots.txt, on behalf of a request that waits for it."""
    return bool(request.meta.get("dont_obey_robotstxt")) and urlsplit(request.url).path == "/robots.txt"
