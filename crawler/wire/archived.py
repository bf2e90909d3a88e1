"""Answers requests from the archive: bytes that were archived before are as good as asked for.

Two kinds of requests are answered here: those for the bytes of a digest (``mode=replay``, never from the network), and
those for pages that only lead to lists and were read not long ago (from the network if the archive has none).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

from scrapy.responsetypes import responsetypes

from crawler.wire.failures import WireError
from pipelines.archive import request_key
from pipelines.recording import Recording
from pipelines.store.schema import storable

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

DIGEST: Final = "archived_digest"
"""``meta``: sha256 of the bytes that answer a request."""
REMEMBERED: Final = "remembered"
"""``meta``: the last archived answer to the same request will do."""
FLAG: Final = "archived"
"""Flag of a response that came out of the archive."""


class ArchivedMiddleware:
    """Stands before all others: what the archive answers, nobody needs to permit, slow down or retry."""

    def __init__(self, crawler: Crawler) -> None:
        """Answer for one crawl."""
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build it for a crawl."""
        return cls(crawler)

    def process_request(self, request: Request) -> Response | None:
        """Answer, or let it pass.

        Raises:
            WireError: the bytes of a digest are not in the archive any more.
        """
        recording = Recording.of(self._crawler)
        digest = request.meta.get(DIGEST)
        if recording is None or not (digest or request.meta.get(REMEMBERED)):
            return None
        if digest:
            body = recording.bytes_of(digest)
            if body is None:
                raise WireError("not_archived", f"{digest} {request.url}")
            return _response(request, request.url, body, None)
        found = recording.remembered(request_key(request.method, request.url, request.body))
        return _response(request, *found) if found else None


def _response(request: Request, url: str, body: bytes, content_type: str | None) -> Response:
    headers = {b"Content-Type": storable(content_type).encode()} if content_type else {}
    kind = responsetypes.from_args(headers=headers, url=url, body=body)
    return kind(url=url, headers=headers, body=body, request=request, flags=[FLAG])
