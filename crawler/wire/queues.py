"""The downloader's queue of one host: let it rest, slow it down, empty it; all others go on meanwhile.

Scrapy starts the next request of a queue ``delay`` after it was ``lastseen``. To move ``lastseen`` into the future is
a pause that needs no timer, outlives the queue's own clean-up and never blocks the process.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from scrapy.core.downloader import Downloader, Slot
    from scrapy.crawler import Crawler

    from crawler.wire.failures import WireError

_LEAST: Final = 0.001
"""Scrapy looks at ``lastseen`` only where there is a delay."""


def one_by_one(crawler: Crawler, key: str) -> None:
    """Keep to one request at a time where no delay is set: Scrapy 2.19 counts a request only once it is under way.

    Without any delay it starts all that come in the same turn of the loop, whatever the limit.
    """
    _downloader(crawler).per_slot_settings.setdefault(key, {}).setdefault("delay", _LEAST)


def rest(crawler: Crawler, key: str, seconds: float) -> None:
    """Start no request to a host for so many seconds."""
    slot = _slot(crawler, key)
    if slot is not None:
        slot.delay = slot.delay or _LEAST
        slot.lastseen = max(slot.lastseen, monotonic() + seconds)


def slow_down(crawler: Crawler, key: str, delay: float) -> None:
    """Leave at least so many seconds between two requests to a host, also when its queue is made anew."""
    downloader = _downloader(crawler)
    slot = _slot(crawler, key)
    own = downloader.per_slot_settings.setdefault(key, {})
    own["delay"] = delay = max(delay, own.get("delay", 0.0), slot.delay if slot else 0.0)
    own["jitter"] = 0.0  # what a host asks for is the least, not the mean
    if slot is not None:
        slot.delay, slot.jitter = delay, 0.0


def give_up(crawler: Crawler, key: str, error: WireError) -> None:
    """Let everything that waits for a host fail at once."""
    slot = _slot(crawler, key)
    while slot is not None and slot.queue:
        _, waiting = slot.queue.popleft()
        waiting.errback(error)


def _slot(crawler: Crawler, key: str) -> Slot | None:
    return _downloader(crawler).slots.get(key)


def _downloader(crawler: Crawler) -> Downloader:
    if crawler.engine is None:
        raise RuntimeError("no crawl is running")
    return crawler.engine.downloader
