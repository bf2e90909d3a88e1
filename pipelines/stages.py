"""The stages of a crawl as Scrapy item pipelines: clean → extract → check → deduplicate → store.

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
from pipelines.record import to_json
from pipelines.store import Store

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from pipelines.cleaning import Page
    from pipelines.deduplication import Verdict
    from pipelines.document import Document
    from pipelines.extraction import Draft
    from pipelines.record import Report

STORE_SETTING: Final = "GONGKAI_STORE"
"""Setting: the JSONL file that a crawl writes."""
ALL_SETTING: Final = "GONGKAI_ALL"
"""Setting: whether what is not a report is stored too."""


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
            DropItem: it is not a report.
        """
        report = check(item)
        if self._crawler.stats is not None:
            self._crawler.stats.inc_value(f"gongkai/kind/{report.kind}")
            self._crawler.stats.inc_value(f"gongkai/extraction/{report.quality.extraction}")
        if report.kind == "not_a_report" and not self._all:
            raise DropItem(f"not a report ({report.kind_reason}): {report.url}", log_level="INFO")
        return report


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
    """Writes the records of a crawl; a crawl that does not finish leaves the last good file."""

    def __init__(self, crawler: Crawler, target: Path) -> None:
        """Open the store beside its target."""
        self._crawler = crawler
        self._store = Store(target)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build it for a crawl.

        Raises:
            NotConfigured: no file to write is set.
        """
        target = crawler.settings.get(STORE_SETTING)
        if not target:
            raise NotConfigured(f"{STORE_SETTING} is not set: records are not stored")
        pipeline = cls(crawler, Path(target))
        crawler.signals.connect(pipeline.spider_closed, signals.spider_closed)
        return pipeline

    def process_item(self, item: tuple[Report, Verdict]) -> Report:
        """Write one record, or note its address at the record that it repeats.

        Raises:
            DropItem: it repeats an earlier record.
            OSError: it can't be written.
        """
        report, verdict = item
        if verdict.merged:
            self._store.also_at(verdict.number, report.url)
            raise DropItem(f"same as record {verdict.number + 1}: {report.url}", log_level="INFO")
        self._store.add(to_json(report))
        return report

    def spider_closed(self, reason: str) -> None:
        """Publish what a finished crawl found; an interrupted one keeps it aside and says where."""
        if reason == "finished":
            self._store.commit()
            return
        self._store.abort()
        if self._crawler.stats is not None and self._store.part is not None:
            self._crawler.stats.set_value("gongkai/store/unfinished", str(self._store.part))
