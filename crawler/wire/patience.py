"""When to leave a host alone: after many addresses in a row, and a good while, without an answer.

A portal that dies or shuts its door in the middle of a crawl would otherwise be asked for every page that is left, a
minute each. Addresses count, not attempts, so that one page that always hangs condemns nobody; time counts, so that a
short breakdown while a hundred pages wait doesn't either; and one answer makes good for all failures before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from time import monotonic

from crawler.wire.failures import WireError


@dataclass(slots=True)
class _Record:
    answered: bool = False
    attempts: int = 0
    since: float = 0.0
    failing: set[str] = field(default_factory=set)
    code: str = ""
    closed_until: float = 0.0


@dataclass(slots=True)
class Patience:
    """What was seen of each host.

    Attributes:
        most: addresses that fail in a row before a host is left alone.
        seconds: how long they must have failed.
    """

    most: int
    seconds: float = 0.0
    _hosts: dict[str, _Record] = field(default_factory=dict)

    def answered(self, host: str) -> None:
        """A host gave an answer."""
        record = self._record(host)
        record.answered, record.attempts = True, 0
        record.failing.clear()

    def failed(self, host: str, url: str, code: str) -> bool:
        """An attempt failed; whether the host is to be left alone from now on."""
        record = self._record(host)
        if not record.attempts:
            record.since = monotonic()
        record.attempts += 1
        record.failing.add(url)
        record.code = code
        if len(record.failing) < self.most or monotonic() - record.since < self.seconds:
            return False
        record.closed_until = inf
        return True

    def attempts(self, host: str) -> int:
        """Attempts in a row that failed."""
        return self._record(host).attempts

    def closed(self, host: str, code: str, seconds: float) -> None:
        """A host said when it wants to be asked again."""
        record = self._record(host)
        record.code, record.closed_until = code, monotonic() + seconds

    def is_dead(self, host: str, url: str) -> bool:
        """Whether a host has never answered, and this isn't the first address: not worth asking twice."""
        record = self._record(host)
        return not record.answered and bool(record.failing - {url})

    def check(self, host: str) -> None:
        """Refuse a request to a host that is left alone.

        Raises:
            WireError: with the code of its last failure.
        """
        record = self._record(host)
        if record.closed_until > monotonic():
            raise WireError(record.code, f"{host} is left alone")

    def _record(self, host: str) -> _Record:
        return self._hosts.setdefault(host, _Record())
