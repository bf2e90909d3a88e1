"""Why an address brought no page: one code for everything that an errback can be handed.

The outcome of a portal is counted from these codes, so nothing may fall through: what no rule knows is an error of
this program, never an excuse of the portal's. Codes, their kinds and wording are data (``crawler/data/failures.toml``).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal

from OpenSSL import SSL
from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.internet import error as net
from twisted.web.client import ResponseFailed
from twisted.web.http import PotentialDataLoss

from crawler.data import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twisted.python.failure import Failure

    from crawler.messages import Language

Kind = Literal["blocked", "unreachable", "missing", "broken", "refused", "error"]

UNKNOWN: Final = "program_error"
_SERVER_ERRORS: Final = range(500, 600)
_DEPTH: Final = 8
"""Exceptions that are followed from one to its cause."""

_CODES: Final[tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...]] = (
    (SSL.Error, "tls"),
    ((DownloadTimeoutError, net.TimeoutError, net.TCPTimedOutError), "timeout"),
    ((CannotResolveHostError, net.DNSLookupError, net.UnknownHostError), "dns"),
    ((DownloadConnectionRefusedError, net.ConnectionRefusedError), "refused"),
    (net.NoRouteError, "no_route"),
    (DownloadCancelledError, "too_large"),
    (
        (ResponseDataLossError, PotentialDataLoss, net.ConnectionClosed, net.ConnectError, TunnelError),
        "connection_lost",
    ),
    ((DownloadFailedError, ResponseFailed, OSError), "bad_answer"),
)
"""Types of exceptions → code; the first that fits, sought from the innermost cause outwards."""

_SCRAPYS_WORDS: Final = (
    ("robots.txt", "robots"),
    ("max redirections", "redirect_loop"),
    ("DOWNLOAD_MAXSIZE", "too_large"),
)
"""Scrapy's own reasons to ignore a request are told apart by their words alone."""


class WireError(IgnoreRequest):
    """Raised by our middlewares when an address brings no page; an ``IgnoreRequest``, so Scrapy logs no traceback.

    Attributes:
        code: why, a key of ``failures.toml``.
        detail: what a person needs to see of it: the address refused, the header, the sentence of the page.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        """An error of a known code.

        Raises:
            KeyError: there is no such code.
        """
        kind_of(code)
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


def code_of(failure: Failure) -> str:
    """The code of what an errback was handed."""
    return code_of_error(failure.value) if failure.value else UNKNOWN


def code_of_error(error: BaseException) -> str:
    """The code of an exception."""
    if isinstance(error, WireError):
        return error.code
    if isinstance(error, HttpError):
        return code_of_status(error.response.status)
    if isinstance(error, IgnoreRequest):
        return next((code for words, code in _SCRAPYS_WORDS if words in str(error)), UNKNOWN)
    for cause in reversed(list(_causes(error))):
        for kinds, code in _CODES:
            if isinstance(cause, kinds):
                return code
    return UNKNOWN


def code_of_status(status: int) -> str:
    """The code of an HTTP status that is no success."""
    codes: dict[str, str] = _data()["status"]
    return codes.get(str(status)) or ("server_error" if status in _SERVER_ERRORS else "bad_status")


def kind_of(code: str) -> Kind:
    """What a code means for the outcome of a portal.

    Raises:
        KeyError: there is no such code.
    """
    kind: Kind = _data()["codes"][code]["kind"]
    return kind


def failure_text(code: str, language: Language) -> str:
    """The wording of a code.

    Raises:
        KeyError: there is no such code.
    """
    text: str = _data()["codes"][code][language]
    return text


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and what caused it, outermost first; Twisted keeps causes in ``reasons``."""
    pending: list[BaseException] = [error]
    for _ in range(_DEPTH):
        if not pending:
            return
        current = pending.pop(0)
        yield current
        reasons = [reason.value for reason in getattr(current, "reasons", None) or () if reason.value]
        pending += [current.__cause__] if current.__cause__ else []
        pending += reasons


@cache
def _data() -> dict[str, Any]:
    return load("failures")
