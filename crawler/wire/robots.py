"""robots.txt, obeyed to the letter: what it forbids is refused by name, and the pause it asks for is kept.

Scrapy reads ``Crawl-delay`` but doesn't apply it. A pause longer than a crawl can afford is not cut short: the host
is left alone, as if it had forbidden everything. A robots.txt that can't be had counts as none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scrapy import signals
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest

from crawler.wire.failures import UNKNOWN, WireError, code_of_error
from crawler.wire.hosts import slot_of
from crawler.wire.portal_hosts import is_robots
from crawler.wire.queues import slow_down

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.robotstxt import RobotParser

_LONGEST: Final = 60.0


class RobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's own, with reasons that can be counted and with ``Crawl-delay``."""

    def __init__(self, crawler: Crawler) -> None:
        """See ``GONGKAI_CRAWL_DELAY_MAX``."""
        super().__init__(crawler)
        self._longest = crawler.settings.getfloat("GONGKAI_CRAWL_DELAY_MAX", _LONGEST)
        self._delays: dict[str, float] = {}
        crawler.signals.connect(self._parsed, signals.robots_parsed)

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        """Judge one request by the rules of its host.

        Raises:
            WireError: ``robots``, with the rule.
        """
        try:
            super().process_request_2(rp, request)
        except IgnoreRequest as error:
            raise WireError("robots", request.url) from error
        delay = self._delays.get(slot_of(request.url))
        if delay is None:
            return
        if delay > self._longest:
            raise WireError("robots", f"Crawl-delay: {delay:g}")
        request.meta["autothrottle_dont_adjust_delay"] = True  # AutoThrottle would go below it

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Say quietly that robots.txt could not be had; the page itself will tell what is wrong with the host.

        Raises:
            WireError: with the code of the failure.
        """
        code = code_of_error(exception)
        if is_robots(request) and code != UNKNOWN and not isinstance(exception, WireError):
            raise WireError(code, request.url) from exception

    def _parsed(self, robotparser: RobotParser, request: Request) -> None:
        agent = self._robotstxt_useragent or self._default_useragent
        delay = robotparser.crawl_delay(agent)
        key = slot_of(request.url)
        if delay is None or delay <= self._delays.get(key, 0.0):
            return
        self._delays[key] = delay
        if delay <= self._longest:
            slow_down(self.crawler, key, delay)
