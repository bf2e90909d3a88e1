"""Behaviour on the wire: where requests may go, how often, and what an answer really is.

Public offices run small servers and defend them in many ways. Each file here settles one question for every request
of a crawl; ``crawler.addon`` puts the middlewares between Scrapy's own at these places.
"""

from __future__ import annotations

from typing import Final

MIDDLEWARES: Final[dict[str, int]] = {
    "crawler.wire.archiving.ArchivingMiddleware": 30,  # writes what all others let pass
    "crawler.wire.archived.ArchivedMiddleware": 40,  # what we hold is asked of nobody
    "crawler.wire.portal_hosts.PortalHostsMiddleware": 60,  # before robots.txt is asked of a stranger
    "crawler.wire.robots.RobotsMiddleware": 100,
    "crawler.wire.retrying.RetryMiddleware": 550,
    "crawler.wire.scheme.SchemeMiddleware": 560,  # sees a failure before it is retried
    "crawler.wire.cookies.PortalCookiesMiddleware": 700,
    "crawler.wire.detector.DetectorMiddleware": 585,  # after decompression (590), before refreshes and retries
}
"""Downloader middlewares by path, with their priorities."""

REPLACED: Final = (
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware",
    "scrapy.downloadermiddlewares.retry.RetryMiddleware",
    "scrapy.downloadermiddlewares.cookies.CookiesMiddleware",
)
"""Scrapy's own ones whose place they take."""
