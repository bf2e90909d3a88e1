"""The stages of a crawl as Scrapy item pipelines: clean → extract → check → window → deduplicate → store.

Each is a thin hand that calls the function the command line calls; ``crawler.addon`` puts them in order.
An item enters as a ``Document`` and is stored as a ``Report``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from scrapy import signals
from scrapy.exceptions import DropItem, NotConfigured

from pipelines.cleaning import clean
from pipelines.deduplication import Deduplicator, key_of, with_finding
from pipelines.extraction import check, read
from pipelines.lines import LineFile
from pipelines.record import to_json

if TYPE_CHECKING:
    from collections.abc import Container

    from scrapy.crawler import Crawler

    from pipelines.cleaning import Page
    from pipelines.deduplication import Verdict
    from pipelines.document import Document
    from pipelines.extraction import Draft
    from pipelines.record import Report

STORE_SETTING: Final = "GONGKAI_STORE"
"""Setting: the JSONL file that a crawl writes."""
RUN_SETTING: Final = "GONGKAI_RUN"
"""Setting: the folder of the run, where its records are stored unless a file is set."""
ALL_SETTING: Final = "GONGKAI_ALL"
"""Setting: whether what is not a report is stored too."""
ITEMS: Final = "items.jsonl"
"""Name of the file of records in the folder of a run."""


class Refused(DropItem):
    """A document that is read and not stored.

    Attributes:
        code: why, for the books of the run.
    """

    def __init__(self, code: str, why: str) -> None:
        """Say why; it is no fault, so the log need not be loud about it."""
        super().__init__(why, log_level="INFO")
        self.code = code


class NotAReport(Refused):
    """It is no annual report; the code is that of the classification. Raised by ``CheckPipeline``."""


class OutsideWindow(Refused):
    """A report on a year that nobody asked for. Raised by ``WindowPipeline``."""


class Duplicate(Refused):
    """It repeats an earlier record. Raised by ``StorePipeline``."""


class CleanPipeline:
    """Bytes → blocks."""

    def process_item(self, item: Document) -> Page:
        """Decode and clean one document."""
        return clean(item)


class ExtractPipeline:
    """Blocks → what the page says."""

    def process_item(self, item: Page) -> Draft:
        """Read one page."""
        return read(item)


class CheckPipeline:
    """What the page says → checked record; what is not a report ends here unless it is asked for."""

    def __init__(self, crawler: Crawler) -> None:
        """Read the settings."""
        self._crawler = crawler
        self._all = crawler.settings.getbool(ALL_SETTING)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build it for a crawl."""
        return cls(crawler)

    def process_item(self, item: Draft) -> Report:
        """Check one draft.

        Raises:
            NotAReport: it is not a report.
        """
        report = check(item)
        if self._crawler.stats is not None:
            self._crawler.stats.inc_value(f"gongkai/kind/{report.kind}")
            self._crawler.stats.inc_value(f"gongkai/extraction/{report.quality.extraction}")
        if report.kind == "not_a_report" and not self._all:
            raise NotAReport(report.kind_reason, f"not a report ({report.kind_reason}): {report.url}")
        return report


class WindowPipeline:
    """Keeps the years that the spider was asked for (its ``years``; None for all).

    A list can't decide this: titles lack the year or name that of publication. A report whose year is unknown stays.
    """

    def __init__(self, years: Container[int]) -> None:
        """Keep these years."""
        self._years = years

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build it for a crawl.

        Raises:
            NotConfigured: all years are wanted.
        """
        years = getattr(crawler.spider, "years", None)
        if years is None:
            raise NotConfigured
        return cls(years)

    def process_item(self, item: Report) -> Report:
        """Let a record pass.

        Raises:
            OutsideWindow: its year is known and was not asked for.
        """
        if item.year is not None and item.year not in self._years:
            raise OutsideWindow("outside_window", f"year {item.year} was not asked for: {item.url}")
        return item


class DeduplicatePipeline:
    """Judges each record by those before it; remembers digests only."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._deduplicator = Deduplicator()

    def process_item(self, item: Report) -> tuple[Report, Verdict]:
        """Hand the record on together with the verdict on it."""
        verdict = self._deduplicator.admit(key_of(item))
        report = item if verdict.finding is None else with_finding(item, verdict.finding)
        return report, verdict


class StorePipeline:
    """Writes the records of a crawl.

    A file that the user named (``GONGKAI_STORE``) is replaced by a finished crawl only. Otherwise they go into the
    folder of the run, which is new and tells itself how the run ended: there nothing can be spoilt.
    """

    def __init__(self, crawler: Crawler, target: Path, *, replaces: bool) -> None:
        """Open the store beside its target."""
        self._crawler = crawler
        self._store = LineFile(target)
        self._replaces = replaces

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build it for a crawl.

        Raises:
            NotConfigured: no file to write is set.
        """
        target, folder = crawler.settings.get(STORE_SETTING), crawler.settings.get(RUN_SETTING)
        if not target and not folder:
            raise NotConfigured(f"neither {STORE_SETTING} nor {RUN_SETTING} is set: records are not stored")
        pipeline = cls(crawler, Path(target or folder, *() if target else (ITEMS,)), replaces=bool(target))
        crawler.signals.connect(pipeline.spider_closed, signals.spider_closed)
        return pipeline

    def process_item(self, item: tuple[Report, Verdict]) -> Report:
        """Write one record, or note its address at the record that it repeats.

        Raises:
            Duplicate: it repeats an earlier record.
            OSError: it can't be written.
        """
        report, verdict = item
        if verdict.merged:
            self._store.also_at(verdict.number, report.url)
            raise Duplicate("duplicate", f"same as record {verdict.number + 1}: {report.url}")
        self._store.add(to_json(report))
        return report

    def spider_closed(self, reason: str) -> None:
        """Publish what a finished crawl found; an interrupted one spares the file that it would replace."""
        if reason == "finished" or not self._replaces:
            self._store.commit()
            return
        self._store.abort()
        if self._crawler.stats is not None and self._store.part is not None:
            self._crawler.stats.set_value("gongkai/store/unfinished", str(self._store.part))
