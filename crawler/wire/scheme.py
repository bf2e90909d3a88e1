"""http or https: where one doesn't answer, the other is asked once, and what works is remembered for the host.

Dozens of portals answer on one of the two only, while links point to either. An address with a port of its own is
left as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

from scrapy import signals

from crawler.wire.failures import code_of_error, kind_of

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

_OTHER: Final = {"http": "https", "https": "http"}
_ASKED_FIRST: Final = "scheme_asked_first"
_REDIRECTS: Final = range(300, 400)


class SchemeMiddleware:
    """Changes the scheme of requests; ``request.meta["scheme"]`` (from the registry) is the last word."""

    def __init__(self) -> None:
        """Nothing is known of any host yet."""
        self._works: dict[str, str] = {}
        self._answered: set[tuple[str, str]] = set()
        self._tried: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build it for a crawl."""
        middleware = cls()
        crawler.signals.connect(middleware._downloaded, signals.response_downloaded)
        return middleware

    def process_request(self, request: Request) -> Request | None:
        """Ask with the scheme that works."""
        parts = urlsplit(request.url)
        scheme = request.meta.get("scheme") or self._works.get(parts.netloc)
        if scheme is None or scheme == parts.scheme or parts.port is not None:
            return None
        return _with(request, scheme)

    def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """Ask with the other scheme; if that fails as well, the first failure is the one that counts."""
        first = request.meta.get(_ASKED_FIRST)
        if first is not None and first != request.url:
            return _with(request, urlsplit(first).scheme, first)
        parts = urlsplit(request.url)
        code = code_of_error(exception)
        if (
            kind_of(code) != "unreachable"
            or code == "dns"
            or parts.port is not None
            or parts.netloc in self._tried
            or (parts.netloc, parts.scheme) in self._answered
            or "scheme" in request.meta
        ):
            return None
        self._tried.add(parts.netloc)
        asked = _with(request, _OTHER[parts.scheme])
        asked.meta[_ASKED_FIRST] = request.url
        return asked

    def _downloaded(self, response: Response, request: Request) -> None:
        parts = urlsplit(request.url)
        self._answered.add((parts.netloc, parts.scheme))
        if _ASKED_FIRST in request.meta and response.status not in _REDIRECTS and parts.netloc in self._tried:
            self._works.setdefault(parts.netloc, parts.scheme)


def _with(request: Request, scheme: str, url: str | None = None) -> Request:
    """The same request with another scheme."""
    meta = {key: value for key, value in request.meta.items() if key != _ASKED_FIRST}
    return request.replace(
        url=url or urlsplit(request.url)._replace(scheme=scheme).geturl(), meta=meta, dont_filter=True
    )
