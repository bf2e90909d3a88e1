"""The stages of a crawl as Scrapy item pipelines: clean → extract → check → window → store.

Each is a thin hand that calls the function the command line calls; ``crawler.addon`` puts them in order.
An item enters as a ``Document`` and leaves as a ``Report``. What is read and refused is stored, too, so that it is not
asked for again and again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from scrapy.exceptions import DropItem, NotConfigured

from pipelines.cleaning import clean
from pipelines.clock import now, stamp
from pipelines.deduplication import is_placed
from pipelines.extraction import check, read
from pipelines.fingerprints import content_digest, numbers_digest, text_digest
from pipelines.given import document_of, given_of
from pipelines.recording import UNSTORABLE, Recording
from pipelines.store.intake import refuse, take_in
from pipelines.store.rereading import reread
from pipelines.store.sightings import Here, Reading, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from typing import TypeVar

    from scrapy.crawler import Crawler
    from sqlalchemy import Connection

    from pipelines.cleaning import Page
    from pipelines.document import Document, Origin
    from pipelines.extraction import Draft
    from pipelines.record import Report

    Result = TypeVar("Result")

STORE_FAILED: Final = "store_failed"
"""Why a crawl ends that can't store anything any more."""
ALL_SETTING: Final = "GONGKAI_ALL"
"""Setting: whether feeds get what is not a report, too; the store only remembers that it is none."""
ITEMS: Final = "items.jsonl"
"""Name of the file of records in the folder of a run."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A document read and judged.

    Attributes:
        report: its record.
        text: the text of its body, tables included.
        document: what was handed in.
    """

    report: Report
    text: str
    document: Document


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


class NotStored(Refused):
    """It could not be stored; the crawl is about to end. Raised by whichever stage was to store it."""


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

    def process_item(self, item: Draft) -> Checked:
        """Check one draft.

        Raises:
            NotAReport: it is not a report.
        """
        report = check(item)
        if self._crawler.stats is not None:
            self._crawler.stats.inc_value(f"gongkai/kind/{report.kind}")
            self._crawler.stats.inc_value(f"gongkai/extraction/{report.quality.extraction}")
        document = item.page.document
        if report.kind == "not_a_report":
            remember_refusal(self._crawler, document, report, report.kind_reason)
            if not self._all:
                raise NotAReport(report.kind_reason, f"not a report ({report.kind_reason}): {report.url}")
        return Checked(report, item.extraction.text, document)


class WindowPipeline:
    """Keeps the years that the spider was asked for (its ``years``; None for all).

    A list can't decide this: titles lack the year or name that of publication. A report whose year is unknown stays.
    """

    def __init__(self, crawler: Crawler, years: Container[int]) -> None:
        """Keep these years."""
        self._crawler = crawler
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
        return cls(crawler, years)

    def process_item(self, item: Checked) -> Checked:
        """Let a record pass.

        Raises:
            OutsideWindow: its year is known and was not asked for.
        """
        report = item.report
        if report.year is not None and report.year not in self._years:
            remember_refusal(self._crawler, item.document, report, "outside_window")
            raise OutsideWindow("outside_window", f"year {report.year} was not asked for: {report.url}")
        return item


class StorePipeline:
    """Gives each record to the store, in one transaction, after its bytes lie in the archive."""

    def __init__(self, crawler: Crawler) -> None:
        """Store what this crawl reads."""
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build it for a crawl."""
        return cls(crawler)

    def process_item(self, item: Checked) -> Report:
        """Store one record.

        Raises:
            Duplicate: it is another address of a report that is known.
            NotStored: the store can't take it.
        """
        recording, origin = Recording.of(self._crawler), item.document.origin
        if recording is None or origin is None or item.report.kind == "not_a_report":
            return item.report
        reading = reading_of(item, origin)
        here = here_of(recording, origin)
        if (version := origin.version) is not None:
            return stored(recording, lambda connection: reread(connection, here, version, reading)).report
        taken = stored(
            recording,
            lambda connection: take_in(
                connection, here, reading, lambda capture, given: _read_again(recording, capture, given)
            ),
        )
        if taken.result == "duplicate":
            raise Duplicate("duplicate", f"another address of {taken.report.id}: {item.report.url}")
        return taken.report


def reading_of(item: Checked, origin: Origin) -> Reading:
    """A checked record as the store takes it."""
    report = item.report
    if origin.capture is not None:
        report.source.archived = f"sha256:{origin.capture}"
    return Reading(
        report=report,
        known=is_placed(report),
        content=content_digest(report, item.text),
        numbers=numbers_digest(report.year, report.cells),
        text=text_digest(report, item.text),
        given=given_of(item.document),
        capture=origin.capture,
        etag=origin.etag,
        last_modified=origin.last_modified,
        row=origin.row,
        asked=origin.asked,
    )


def here_of(recording: Recording, origin: Origin) -> Here:
    """Run, portal and time of a sighting."""
    return Here(recording.run, origin.portal, stamp(now()))


def stored(recording: Recording, work: Callable[[Connection], Result]) -> Result:
    """Do one thing at the store; what it can't take ends the crawl.

    Raises:
        NotStored: it can't take it, or anything any more.
    """
    if recording.failure is None:
        try:
            return recording.transact(work)
        except UNSTORABLE as error:
            recording.fail(error)
    raise NotStored(STORE_FAILED, f"not stored: {recording.failure}")


def remember_refusal(crawler: Crawler, document: Document, report: Report, code: str) -> None:
    """Store that a page was read and holds no report that is wanted."""
    recording, origin = Recording.of(crawler), document.origin
    if recording is None or origin is None or origin.version is not None:
        return
    refusal = Refusal(
        report.url, code, report.year, origin.etag, origin.last_modified, origin.row, origin.asked
    )
    here = here_of(recording, origin)
    stored(recording, lambda connection: refuse(connection, here, refusal))


def _read_again(recording: Recording, capture: str, given: str) -> bytes | None:
    """What today's program makes of bytes that were archived before."""
    body = recording.bytes_of(capture)
    if body is None:
        return None
    draft = read(clean(document_of(given, body)))
    return content_digest(check(draft), draft.extraction.text)
