"""The folder of a run: records, report and issues of one crawl, never mixed with another's.

``data/runs/<id>/`` holds ``items.jsonl`` and ``changes.jsonl`` (exports of the store), ``report.json`` and
``issues.jsonl``; ``data/runs/latest`` leads to the last one. Every file is complete or absent, after an interruption
too. The numbers come from the ledgers that the spider keeps (``spider.ledgers``); this extension adds what became of
the documents in the pipelines, and faults of our own program. It also begins and ends the run at the store.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import platform
import tempfile
import tomllib
from collections import Counter
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import scrapy
from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from crawler.continuity import full_days, settle
from crawler.ending import Ending, close_run, tell
from crawler.ledger import Issue, severity
from crawler.messages import LANGUAGES
from crawler.publishing import CHANGES
from crawler.wire.failures import WireError
from crawler.wire.queues import give_up
from crawler.wording import sentence, trouble
from pipelines.clock import now
from pipelines.clock import stamp as stamped
from pipelines.lines import LineFile
from pipelines.record import SCHEMA_VERSION, Report
from pipelines.recording import UNSTORABLE, Recording
from pipelines.stages import ITEMS, STORE_FAILED, Duplicate, NotStored, Refused
from pipelines.store.announcing import recount
from pipelines.store.opening import StoreError, store_url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from scrapy import Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Request, Response
    from sqlalchemy import Connection
    from twisted.python.failure import Failure

    from crawler.ledger import ColumnCount, PortalLedger
    from crawler.messages import Language
    from crawler.walk import Visit

DATA_SETTING: Final = "GONGKAI_DATA"
"""Setting: the folder of everything that crawls leave behind."""
RUNS: Final = "runs"
LATEST: Final = "latest"
REPORT: Final = "report.json"
ISSUES: Final = "issues.jsonl"
STORE_SETTING: Final = "GONGKAI_STORE"
"""Setting: the store."""
FINISHED: Final = "finished"
INTERRUPTED: Final = "interrupted"
_STATES: Final = {FINISHED: "finished", "shutdown": "interrupted"}
_WATCH_SECONDS: Final = 0.5
_MAX_TEXT: Final = 300
_log = logging.getLogger(__name__)


class RunExtension:
    """Keeps the books that signals tell and writes the folder of the run.

    Attributes:
        folder: the folder of the run.
        reason: how Scrapy says the crawl ended; None while it goes on.
        whole: everything that the run has to leave behind is there.
    """

    def __init__(self, crawler: Crawler, folder: Path) -> None:
        """Begin a run in a new folder."""
        self.folder = folder
        self.reason: str | None = None
        self._crawler = crawler
        self._started = now()
        self._recording: Recording | None = None
        self._records: Counter[str] = Counter()
        self._watch: Any = None
        self._stopping: asyncio.Future[None] | None = None
        self._told: dict[str, Any] = {}
        self._closed: set[int] = set()
        self._books: dict[int, PortalLedger] = {}
        self.ending = Ending()
        self.whole = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the folder and listen.

        Raises:
            NotConfigured: no data folder is set, or the spider keeps no ledgers (``scrapy shell``, ``fetch``).
            OSError: the folder can't be made.
            OptionError: a setting can't be understood.
            StoreError: another run holds the store, or it can't be opened.
        """
        data = crawler.settings.get(DATA_SETTING)
        if not data or crawler.spider is None or not hasattr(crawler.spider, "ledgers"):
            raise NotConfigured
        full_days(crawler.settings)
        extension = cls(crawler, new_folder(Path(data), crawler.spider.name))
        extension.begin(Path(data))
        for signal, handler in (
            (signals.spider_opened, extension.spider_opened),
            (signals.item_scraped, extension.item_scraped),
            (signals.item_dropped, extension.item_dropped),
            (signals.item_error, extension.item_error),
            (signals.spider_error, extension.spider_error),
        ):
            crawler.signals.connect(handler, signal)
        return extension

    def begin(self, data: Path) -> None:
        """Begin the run at the store.

        Raises:
            StoreError: another run holds it, or it can't be opened.
        """
        spider: Any = self._crawler.spider
        url = store_url(self._crawler.settings.get(STORE_SETTING), data)
        try:
            self._recording = Recording(
                url,
                data,
                name=self.folder.name,
                spider=spider.name,
                arguments=spider.given,
                mode=spider.options.mode,
                taken=lambda name: self.folder.with_name(name).exists(),
            )
        except StoreError:
            self.folder.rmdir()
            raise
        self.folder = self.folder.rename(self.folder.with_name(self._recording.id))
        spider.portal_ended = self.portal_ended
        self._recording.attach(self._crawler)
        self._recording.on_failure = self._stop

    def _stop(self) -> None:
        """End a crawl that can't store anything any more."""
        engine = self._crawler.engine
        if engine is not None and self._crawler.crawling:
            self._stopping = asyncio.ensure_future(engine.close_spider_async(reason=STORE_FAILED))

    # --- signals

    def spider_opened(self) -> None:
        """Listen for the end after everybody else: the records must be on disk before the report names them."""
        self._crawler.signals.connect(self.spider_closed, signals.spider_closed)
        self._watch = create_looping_call(self._leave)
        self._watch.start(_WATCH_SECONDS, now=False)

    def _leave(self) -> None:
        """After Ctrl-C end what waits: Scrapy would still ask for all of it, seconds apart, a hundred pages long."""
        if self._crawler.crawling:
            return
        for key in list(self._crawler.engine.downloader.slots):
            give_up(self._crawler, key, WireError(INTERRUPTED))

    def item_scraped(self, item: Any, response: Response | Failure | None) -> None:
        """Count a stored record, and note what a person should know of it."""
        ledger = ledger_of(response)
        if not isinstance(item, Report) or ledger is None:
            return
        self._records[item.kind] += 1
        if item.kind == "not_a_report":
            ledger.refused[item.kind_reason] += 1
            return
        self._records[f"extraction_{item.quality.extraction}"] += 1
        note_record(ledger, item)
        if not is_probe(response):
            ledger.reports += 1
            ledger.unchanged += item.change == "unchanged"

    def item_dropped(self, item: Any, exception: BaseException, response: Response | Failure | None) -> None:
        """Count what was read and not stored, by reason."""
        ledger = ledger_of(response)
        if ledger is None:
            return
        if isinstance(exception, Duplicate):
            ledger.duplicates += not is_probe(response)
            return
        if isinstance(exception, NotStored):
            ledger.lost[STORE_FAILED] += 1
            return
        code = exception.code if isinstance(exception, Refused) else type(exception).__name__
        ledger.refused[code] += 1
        ledger.issue("refused", getattr(item, "url", ledger.url), reason=code)

    def item_error(self, item: Any, response: Response | Failure | None, failure: Failure) -> None:
        """Count a document on which our own program failed: its report is lost."""
        if ledger := ledger_of(response):
            _note_fault(ledger, getattr(item, "url", ledger.url), failure)

    def spider_error(self, response: Response | Failure | None, failure: Failure) -> None:
        """Count a page on which our own program failed: whatever it leads to is lost."""
        if ledger := ledger_of(response):
            _note_fault(ledger, getattr(response, "url", ledger.url), failure)

    def portal_ended(self, visit: Visit) -> None:
        """Close the books of a portal and settle them at the store."""
        ledger = visit.ledger
        if id(ledger) in self._closed:
            return
        self._closed.add(id(ledger))
        close_books(ledger, finished=self.reason in (None, FINISHED) and not ledger.failures[INTERRUPTED])
        if visit.key is not None:
            self._books[visit.key] = ledger
            with suppress(NotStored):  # noted by then, and the run ends
                settle(self._crawler, visit, portal_entry(ledger), entire=self._is_entire())

    def _is_entire(self) -> bool:
        options = self._crawler.spider.options  # type: ignore[union-attr]
        return options.years is None and options.limit is None and options.sample is None

    def spider_closed(self, spider: Spider, reason: str) -> None:
        """Close the books, tell the store, write the files."""
        self.reason = reason
        if self._watch is not None and self._watch.running:
            self._watch.stop()
        with self._kept_from_failing():
            for visit in spider.walks:  # type: ignore[attr-defined]
                self.portal_ended(visit)
        ledgers: list[PortalLedger] = spider.ledgers  # type: ignore[attr-defined]
        with self._kept_from_failing():
            if self._recording is not None and self._recording.failure is None:
                tell(self._recording, self._books, spider.options.years)  # type: ignore[attr-defined]
                self._recount(self._recording)
                self.ending = close_run(
                    self._crawler, self._recording, self.folder, set(self._books), finished=reason == FINISHED
                )
        with self._kept_from_failing():
            self._write(spider, ledgers)
        if self._recording is not None:
            self._end(self._recording, reason)
        self.whole = self.ending.told and self.failure is None

    def _recount(self, recording: Recording) -> None:
        """What the store notes of a portal is what its ledger says in the end."""

        def work(connection: Connection) -> None:
            for key, ledger in self._books.items():
                recount(connection, recording.run, key, ledger.reports, portal_entry(ledger))

        recording.transact(work)

    def _write(self, spider: Spider, ledgers: list[PortalLedger]) -> None:
        with LineFile(self.folder / ISSUES) as out:
            for ledger in ledgers:
                for issue in ledger.issues:
                    out.add(_line(issue_entry(issue)))
        with LineFile(self.folder / REPORT) as out:
            out.add(json.dumps(self._report(spider, ledgers), ensure_ascii=False, indent=2))
        point_to(self.folder)

    @contextmanager
    def _kept_from_failing(self) -> Iterator[None]:
        """What can't be stored ends the run badly, but is no reason to hide what else became of it."""
        try:
            yield
        except UNSTORABLE as error:
            if self._recording is not None:
                self._recording.fail(error)
            for part in self.folder.glob("*.part"):
                part.unlink(missing_ok=True)  # room for the report, if that is what was lacking

    def _end(self, recording: Recording, reason: str) -> None:
        state = "failed" if recording.failure else _STATES.get(reason, "failed")
        recording.end(
            state,
            reason,
            good=self.ending.good,
            counts=self._told,
            assertions=self.ending.entries(),
        )
        recording.close()

    def _report(self, spider: Spider, ledgers: list[PortalLedger]) -> dict[str, Any]:
        portals = [portal_entry(ledger) for ledger in ledgers]
        self._told = self._counts(ledgers, portals)
        return {
            "run": {
                "id": self.folder.name,
                "spider": spider.name,
                "arguments": dict(getattr(spider, "given", {})),
                "started": stamp(self._started),
                "ended": stamp(now()),
                "finish_reason": self.reason,
                "versions": versions(),
                "mode": spider.options.mode,  # type: ignore[attr-defined]
                "counts": self._told,
                "items": ITEMS,
                "changes": CHANGES,
                "good": self.ending.good,
                "assertions": self.ending.entries(),
                "published": self.ending.published,
                "failure": self.failure,
            },
            "portals": portals,
        }

    @property
    def failure(self) -> dict[Language, str] | None:
        """Why nothing more could be stored, in words; None if everything was."""
        failure = self._recording.failure if self._recording is not None else None
        if failure is None:
            return None
        return {language: trouble(failure, language)[:_MAX_TEXT] for language in LANGUAGES}

    def _counts(self, ledgers: list[PortalLedger], portals: list[dict[str, Any]]) -> dict[str, Any]:
        numbers = ("reports", "unchanged", "duplicates", "requests", "responses", "bytes")
        return {
            "portals": len(portals),
            "outcomes": dict(Counter(portal["outcome"] for portal in portals)),
            **{name: sum(getattr(ledger, name) for ledger in ledgers) for name in numbers},
            "refused": sum(ledger.refused.total() for ledger in ledgers),
            "lost": sum(ledger.lost.total() for ledger in ledgers),
            "records": dict(self._records),
            "changes": self.ending.changes,
            "issues": dict(Counter(issue.severity for ledger in ledgers for issue in ledger.issues)),
        }


# --- the books of a portal


def ledger_of(source: Request | Response | Failure | None) -> PortalLedger | None:
    """The ledger that a request, its answer or its failure belongs to: that of the visit that it was made for."""
    request = getattr(source, "request", source)
    visit = getattr(request, "cb_kwargs", {}).get("visit")
    ledger: PortalLedger | None = getattr(visit, "ledger", None)
    return ledger


def is_probe(response: Response | Failure | None) -> bool:
    """Whether a page was asked only because its row vanished: what stands there is no find of this run."""
    ask = getattr(getattr(response, "request", None), "cb_kwargs", {}).get("ask")
    return bool(getattr(ask, "probe", False))


def note_record(ledger: PortalLedger, report: Report) -> None:
    """Note what a person should look at in a stored record: what could not be read, rows beyond the form."""
    extraction = report.quality.extraction
    if report.kind == "report" and extraction != "complete":
        ledger.issue(
            f"extraction_{extraction}", report.url, reasons=" ".join(report.quality.reasons)[:_MAX_TEXT]
        )
    if report.extra_rows:
        labels = " ".join(row.label for row in report.extra_rows)
        ledger.issue("extra_rows", report.url, n=len(report.extra_rows), labels=labels[:_MAX_TEXT])
    if report.year is None:
        ledger.issue("year_unknown", report.url, title=(report.title or "")[:_MAX_TEXT])


def close_books(ledger: PortalLedger, *, finished: bool) -> None:
    """Mark a portal that the end of the run cut short, and note the shortfalls of its columns."""
    ledger.unfinished = not finished and (ledger.ended is None or ledger.failures[INTERRUPTED] > 0)
    if ledger.ended is None and ledger.started:
        ledger.ended = now()
    for column in ledger.columns.values():
        for code in sorted({*column.shortfall, *filter(None, [column.unread])}):
            ledger.issue(f"column_{code}", column.url, **_column_words(column))
    if ledger.issues_left_out:
        portal, left_out = ledger.url, ledger.issues_left_out
        ledger.issues.append(
            Issue(portal, portal, "issues_left_out", {"n": left_out}, severity("issues_left_out"))
        )


def portal_entry(ledger: PortalLedger) -> dict[str, Any]:
    """What the report says of a portal."""
    outcome, code = ledger.outcome()
    return {
        "url": ledger.url,
        "name": ledger.name,
        "division": ledger.division,
        "platform": ledger.platform,
        "outcome": outcome,
        "reason": code,
        "columns": [_column_entry(column) for column in ledger.columns.values()],
        "reports": ledger.reports,
        "refused": _sorted(ledger.refused),
        "requests": ledger.requests,
        "bytes": ledger.bytes,
        "unchanged": ledger.unchanged,
        "duplicates": ledger.duplicates,
        "lost": _sorted(ledger.lost),
        "failures": _sorted(ledger.failures),
        "errors": _sorted(ledger.errors),
        "responses": ledger.responses,
        "limited": ledger.limited,
        "started": stamp(ledger.started),
        "ended": stamp(ledger.ended),
        "message": {language: sentence("reason", code, language) for language in LANGUAGES} if code else None,
    }


def _column_entry(column: ColumnCount) -> dict[str, Any]:
    return {
        "url": column.url,
        "declared": column.declared,
        "found": column.found,
        "pages": column.pages,
        "label": column.label,
        "reports": column.reports,
        "empty": column.empty,
        "problems": sorted({*column.problems, *column.shortfall, *filter(None, [column.unread])}),
    }


def _column_words(column: ColumnCount) -> dict[str, str | int]:
    words: dict[str, str | int] = {"label": column.label, "found": column.found, "pages": column.pages}
    words["asked"] = column.asked
    if column.before is not None:
        words["before"] = column.before
    return words if column.declared is None else words | {"declared": column.declared}


def issue_entry(issue: Issue) -> dict[str, Any]:
    """A line of ``issues.jsonl``."""
    return {
        "portal": issue.portal,
        "url": issue.url,
        "code": issue.code,
        "severity": issue.severity,
        "details": issue.details,
        "message": {
            language: sentence("issue", issue.code, language, issue.details) for language in LANGUAGES
        },
    }


def _note_fault(ledger: PortalLedger, url: str, failure: Failure) -> None:
    kind = type(failure.value).__name__
    ledger.errors[kind] += 1
    ledger.issue("program_error", url, error=kind, text=failure.getErrorMessage()[:_MAX_TEXT])


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return {code: number for code, number in counts.most_common() if number}


# --- folder and time


def new_folder(data: Path, spider: str) -> Path:
    """A folder that no other run has: time of the start in UTC, name of the spider.

    Raises:
        OSError: it can't be made.
    """
    runs = data / RUNS
    runs.mkdir(parents=True, exist_ok=True)
    name = f"{now():%Y%m%dT%H%M%SZ}-{spider}"
    for number in count(1):
        folder = runs / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise AssertionError  # pragma: no cover - count() has no end


def point_to(folder: Path) -> None:
    """Let ``latest`` lead to this run, in one step: a link, or where there are none a file that names it."""
    latest = folder.parent / LATEST
    with tempfile.TemporaryDirectory(prefix=".latest.", dir=folder.parent) as room:
        link = Path(room, LATEST)
        try:
            link.symlink_to(folder.name, target_is_directory=True)
        except (OSError, NotImplementedError):
            link.write_text(folder.name + "\n", "utf-8")
        try:
            # The target of the link is read from where it will stand, so it may be relative.
            os.replace(link, latest)  # noqa: PTH105 - Path.replace returns the resolved link on some systems
        except OSError as error:
            _log.warning("%s can't be replaced: %s", latest, error)


def versions() -> dict[str, str]:
    """What a run was made with."""
    return {
        "gongkai": own_version(),
        "schema": SCHEMA_VERSION,
        "scrapy": scrapy.__version__,
        "python": platform.python_version(),
    }


def own_version() -> str:
    """Our version: of the installed package, or of the project that it is run from."""
    with suppress(PackageNotFoundError):
        return version("gongkai")
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
    return str(project["project"]["version"])


def stamp(time: datetime | None) -> str | None:
    """A time as it stands in reports, or None."""
    return stamped(time) if time else None


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
