"""Stops answers that are no pages before anybody reads, stores or retries them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

from crawler.wire.detect import verdict
from crawler.wire.failures import WireError, kind_of
from crawler.wire.hosts import slot_of
from crawler.wire.patience import Patience
from crawler.wire.portal_hosts import is_robots
from crawler.wire.queues import give_up

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

_MOST_FAILURES: Final = 6


class DetectorMiddleware:
    """Turns challenges, captchas, login and maintenance pages and pages that don't exist into ``WireError``."""

    def __init__(self, crawler: Crawler) -> None:
        """See ``GONGKAI_GIVE_UP_AFTER``."""
        self._crawler = crawler
        self._patience = Patience(crawler.settings.getint("GONGKAI_GIVE_UP_AFTER", _MOST_FAILURES))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build it for a crawl."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Leave a host alone that answers with nothing but challenges.

        Raises:
            WireError: with the code of the last one.
        """
        self._patience.check(slot_of(request.url))

    def process_response(self, request: Request, response: Response) -> Response:
        """Let a page pass.

        Raises:
            WireError: it is none.
        """
        if is_robots(request):
            return response
        key = slot_of(request.url)
        home = request.meta["hosts"].home if "hosts" in request.meta else ""
        code = verdict(
            response.status,
            {"content-type": (response.headers.get("Content-Type") or b"").decode("latin-1")},
            response.body,
            response.url,
            asked=_asked(request, home),
            home=home,
        )
        if code is None or kind_of(code) == "missing":
            self._patience.answered(key)
        elif self._patience.failed(key, response.url, code):
            give_up(self._crawler, key, WireError(code, f"{key} is left alone"))
        if code is not None:
            raise WireError(code, f"{response.status} {response.url}")
        return response


def _asked(request: Request, home: str) -> str | None:
    """The address before all redirects; a home page may lead wherever it likes."""
    asked: str | None = next(iter(request.meta.get("redirect_urls", ())), None)
    return None if asked == home else asked
