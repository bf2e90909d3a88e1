"""Every page of a portal is archived before anybody reads it."""

from __future__ import annotations

from http import HTTPStatus
from http.client import responses
from typing import TYPE_CHECKING, Final, Protocol, Self

from crawler.wire.archived import FLAG
from crawler.wire.failures import WireError
from crawler.wire.portal_hosts import is_robots
from pipelines.archive import Exchange, request_key
from pipelines.clock import now, stamp
from pipelines.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Headers, Response

    from pipelines.archive import Archive, Capture

_UNASKED: Final = "interrupted"
CAPTURE: Final = "capture"
"""Key of ``request.meta`` under which the capture of the answer stands."""


class Recorder(Protocol):
    """What is asked of ``pipelines.recording.Recording``."""

    @property
    def archive(self) -> Archive | None:
        """Where answers are written; None where the archive is off."""

    def captured(self, capture: Capture, request: bytes) -> None:
        """Note where an answer lies."""

    def fail(self, error: BaseException) -> None:
        """Note that nothing more can be stored."""

    def first_capture(self, digest: str) -> tuple[str, str] | None:
        """Address and time of the first capture of these bytes."""


class ArchivingMiddleware:
    """Writes final answers to the archive and puts their ``Capture`` into ``request.meta["capture"]``."""

    def __init__(self, recorder: Callable[[], Recorder | None]) -> None:
        """Archive with what ``recorder`` gives at the first answer; None archives nothing."""
        self._recorder = recorder

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build it for a crawl."""
        return cls(lambda: Recording.of(crawler))

    def process_response(self, request: Request, response: Response) -> Response:
        """Archive the answer to a visit's request, and pass it on.

        Redirects, retries and challenges have been dealt with by then: what comes here is what will be parsed.

        Raises:
            WireError: it can't be written (a full disk, say). That is no fault of the portal's: the run ends, and the
                page counts as not asked, since nothing may be extracted from bytes that are not archived.
        """
        recorder = self._recorder()
        archive = recorder.archive if recorder is not None else None
        if recorder is None or archive is None or not _is_wanted(request, response):
            return response
        try:
            capture = archive.write(exchange_of(request, response), recorder.first_capture)
        except OSError as error:
            recorder.fail(error)
            raise WireError(_UNASKED, str(error)) from error
        asked = request.meta.get("redirect_urls", [request.url])[0]
        recorder.captured(capture, request_key(request.method, asked, request.body))
        request.meta[CAPTURE] = capture
        return response


def exchange_of(request: Request, response: Response) -> Exchange:
    """What was asked and answered, now."""
    return Exchange(
        url=response.url,
        method=request.method,
        request_headers=list(_each(request.headers)),
        request_body=request.body,
        status=response.status,
        reason=_reason(response.status),
        response_headers=list(_each(response.headers)),
        body=response.body,
        at=stamp(now()),
        ip=str(response.ip_address) if response.ip_address else None,
    )


def _is_wanted(request: Request, response: Response) -> bool:
    return (
        response.status == HTTPStatus.OK
        and FLAG not in response.flags
        and "visit" in request.cb_kwargs
        and not is_robots(request)
    )


def _each(headers: Headers) -> Iterator[tuple[bytes, bytes]]:
    """Names with values; Scrapy keeps the values of a repeated header together."""
    for name, values in headers.items():
        for value in values:
            yield name, value


def _reason(status: int) -> str:
    """The usual words; Scrapy doesn't keep those that were sent."""
    return responses.get(status, "")
