"""Asking again: few times, later each time, and when the server says.

The whole host rests before each retry, as it is the host that is in trouble; other hosts go on. Who answers "too many
requests" is asked again only after the time it names.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, TypeVar

from scrapy import Request
from scrapy.downloadermiddlewares import retry
from scrapy.downloadermiddlewares.retry import get_retry_request

from crawler.wire.failures import WireError, code_of_error, code_of_status, kind_of
from crawler.wire.hosts import place_of, slot_of
from crawler.wire.patience import Patience
from crawler.wire.queues import give_up, rest
from crawler.wire.resolver import was_private

if TYPE_CHECKING:
    from scrapy.http import Response
    from scrapy.settings import BaseSettings

Answer = TypeVar("Answer", bound="Request | Response | None")

_TOO_MANY: Final = 429
_NOBODY_HOME: Final = frozenset({408, 502, 503, 504, 522, 524})
"""Said of a whole host rather than of one page."""
_FIRST_DELAY: Final = 5.0
_LONGEST_WAIT: Final = 300.0
_MOST_FAILURES: Final = 6
_LONGEST_SILENCE: Final = 180.0
_MAX_DIGITS: Final = 9
_MOST_DOUBLINGS: Final = 16


class RetryMiddleware(retry.RetryMiddleware):
    """Scrapy's own, with pauses between the tries and an end to patience."""

    def __init__(self, settings: BaseSettings) -> None:
        """See ``GONGKAI_RETRY_DELAY``, ``GONGKAI_RETRY_AFTER_MAX``, ``GONGKAI_GIVE_UP_AFTER`` and ``…_SECONDS``."""
        super().__init__(settings)
        self._delay = settings.getfloat("GONGKAI_RETRY_DELAY", _FIRST_DELAY)
        self._longest = settings.getfloat("GONGKAI_RETRY_AFTER_MAX", _LONGEST_WAIT)
        most = settings.getint("GONGKAI_GIVE_UP_AFTER", _MOST_FAILURES)
        self._patience = Patience(most, settings.getfloat("GONGKAI_GIVE_UP_SECONDS", _LONGEST_SILENCE))

    def process_request(self, request: Request) -> None:
        """Refuse requests to a host that is left alone.

        Raises:
            WireError: with the code of its last failure.
        """
        self._patience.check(slot_of(request.url))

    def process_response(  # type: ignore[override]  # `spider` is deprecated
        self, request: Request, response: Response
    ) -> Request | Response:
        """Retry what may be temporary.

        Raises:
            WireError: the host wants to be left alone for longer than a crawl can wait.
        """
        key = slot_of(request.url)
        wait = retry_after(response)
        if response.status == _TOO_MANY or (wait is not None and response.status in self.retry_http_codes):
            return self._told_to_wait(request, response, wait)
        if response.status in _NOBODY_HOME:
            self._failed(request, code_of_status(response.status))
        else:
            self._patience.answered(key)
        return self._after_a_rest(key, super().process_response(request, response))

    def process_exception(  # type: ignore[override]  # `spider` is deprecated
        self, request: Request, exception: Exception
    ) -> Request | Response | None:
        """Retry where nobody answered.

        Raises:
            WireError: the name leads to a private address, or its host is left alone from now on.
        """
        if isinstance(exception, WireError):
            return None
        code = code_of_error(exception)
        key = slot_of(request.url)
        if code == "dns" and was_private((place_of(request.url) or ("", None))[0]):
            raise WireError("private_address", request.url) from exception
        if kind_of(code) == "unreachable":
            dead = self._patience.is_dead(key, request.url)
            if self._failed(request, code) or dead:
                return None
        return self._after_a_rest(key, super().process_exception(request, exception))

    def _told_to_wait(self, request: Request, response: Response, wait: float | None) -> Request | Response:
        key = slot_of(request.url)
        code = code_of_status(response.status)
        if wait is None:
            self._failed(request, code)
            rest(self.crawler, key, self._pause(self._patience.attempts(key)))
            return response
        if wait > self._longest:
            error = WireError(code, f"Retry-After: {wait:.0f}")
            self._patience.closed(key, code, wait)
            give_up(self.crawler, key, error)
            raise error
        rest(self.crawler, key, wait)
        again = None
        if self.crawler.spider is not None and not request.meta.get("dont_retry"):
            again = get_retry_request(request, spider=self.crawler.spider, reason=code)
        return again or response

    def _failed(self, request: Request, code: str) -> bool:
        """Count a failure of a host; whether it was one too many."""
        key = slot_of(request.url)
        too_many = self._patience.failed(key, request.url, code)
        if too_many:
            give_up(self.crawler, key, WireError(code, f"{key} is left alone"))
        return too_many

    def _after_a_rest(self, key: str, answer: Answer) -> Answer:
        """What Scrapy decided; where that is a retry, its host rests first."""
        if isinstance(answer, Request):
            rest(self.crawler, key, self._pause(answer.meta["retry_times"]))
        return answer

    def _pause(self, times: int) -> float:
        """Seconds of rest: twice as long each time, never quite the same."""
        pause: float = min(self._delay * 2 ** (min(times, _MOST_DOUBLINGS) - 1), self._longest)
        return pause * random.uniform(1.0, 1.5)  # noqa: S311 - no secret


def retry_after(response: Response) -> float | None:
    """Seconds that a response asks to wait (``Retry-After``: seconds or a date), or None."""
    header = response.headers.get("Retry-After")
    if header is None:
        return None
    text = header.decode("latin-1").strip()
    if text.isdecimal():
        return float(text[:_MAX_DIGITS])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
