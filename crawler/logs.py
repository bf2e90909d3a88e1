"""Log lines that name an item by its address: pages and records are far too long for a log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy.logformatter import LogFormatter, LogFormatterResult

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.http import Response
    from twisted.python.failure import Failure


class AddressLogFormatter(LogFormatter):
    """Scrapy's own lines, with the address in place of the item."""

    def scraped(self, item: Any, response: Response | Failure | None, spider: Spider) -> LogFormatterResult:
        """Name what was stored."""
        return super().scraped(_address(item), response, spider)

    def dropped(
        self, item: Any, exception: BaseException, response: Response | Failure | None, spider: Spider
    ) -> LogFormatterResult:
        """Name what was left out; the exception says why."""
        return super().dropped(_address(item), exception, response, spider)

    def item_error(
        self, item: Any, exception: BaseException, response: Response | Failure | None, spider: Spider
    ) -> LogFormatterResult:
        """Name what failed."""
        return super().item_error(_address(item), exception, response, spider)


def _address(item: Any) -> str:
    return str(getattr(item, "url", type(item).__name__))
