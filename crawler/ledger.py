"""What became of a portal: counted while it is crawled, judged from the counts alone.

A crawl that "finishes" says nothing: silent shortfall is the complaint common to all crawlers. So every portal keeps
a ledger of what it declared, what was found, what was refused and what failed, and its outcome follows from these
numbers by the rules of ``PortalLedger.outcome`` (explained in ``docs/reading-a-run.md``).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal

from crawler.data import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

Outcome = Literal["ok", "ok-empty", "partial", "layout-changed", "blocked", "unreachable", "not-run"]
Severity = Literal["ERROR", "WARN", "INFO"]

FINE: Final[frozenset[Outcome]] = frozenset({"ok", "ok-empty"})
"""Outcomes after which nothing needs to be done."""
MAX_ISSUES: Final = 2_000
"""Issues that a portal keeps; a broken list of 100,000 rows must not fill the memory. The rest is counted."""

OUTSIDE_WINDOW: Final = "outside_window"
_HARMLESS: Final = frozenset({"page_failed", "page_repeats"})
"""What costs nothing where every declared row was seen."""
_UNREAD: Final = ("layout", "no_rows")
_GRAVITY: Final = (
    "page_failed",
    "page_repeats",
    "limit",
    "budget",
    "not_asked",
    "fewer_than_declared",
    "shrunk",
)
"""Why rows of a column are missing: the gravest first, causes before the mere difference."""
_COLUMNS_CLOSED: Final[dict[str, Outcome]] = {"blocked": "blocked", "missing": "layout-changed"}
"""Kind of failure → outcome of a portal none of whose columns answered; by all other kinds it can't be reached."""


@dataclass(slots=True)
class ColumnCount:
    """One report column.

    Attributes:
        url: its address.
        label: what the link to it says.
        declared: rows that the portal says it has, or None if it doesn't say.
        found: different rows seen.
        pages: list pages that answered.
        asked: list pages asked for; an attempt that another reading of the paging replaced is taken off again.
        reports: rows taken for reports.
        empty: the portal says that there is nothing.
        problems: codes of what went wrong (``no_rows``, ``layout``, ``page_failed``, ``page_repeats``, ``budget`` …).
        before: rows of its last complete reading, where far fewer are left (``shrunk``).
    """

    url: str
    label: str = ""
    declared: int | None = None
    found: int = 0
    pages: int = 0
    asked: int = 0
    reports: int = 0
    empty: bool = False
    problems: list[str] = field(default_factory=list)
    before: int | None = None

    @property
    def unread(self) -> str | None:
        """Why the column counts as unread (not built as expected, no row and no word that there is none), or None."""
        stated = next((code for code in _UNREAD if code in self.problems), None)
        if stated or self.found or self.empty or self.pages < self.asked or not self.asked:
            return stated
        return "no_rows"

    @property
    def shortfall(self) -> set[str]:
        """Why rows may be missing; empty if the column is complete."""
        codes = set(self.problems) - {*_UNREAD}
        if self.pages < self.asked:
            codes.add("page_failed")
        if not self.asked:
            codes.add("not_asked")
        if self.declared is not None and self.found < self.declared:
            codes.add("fewer_than_declared")
        if self.found == self.declared:
            codes -= _HARMLESS  # all rows are there, whatever else was asked for
        return codes


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that a person may have to look at.

    Attributes:
        portal: home page of the portal.
        url: where it was met.
        code: what it is, a key of ``[issue]`` in ``runs.toml``.
        details: the words that its sentence needs.
        severity: whether data is missing (ERROR), doubtful (WARN), or this is for information.
    """

    portal: str
    url: str
    code: str
    details: dict[str, str | int]
    severity: Severity


@dataclass(slots=True)
class PortalLedger:
    """The books of one portal.

    Attributes:
        url: its home page.
        name: of the government.
        division: 6-digit code.
        platform: CMS family.
        columns: address → count of a report column.
        refused: why rows and pages are no report → how many.
        failures: code of a failed request → how many.
        kinds: code of a failed request → its kind (``blocked``, ``unreachable`` …).
        lost: code → how many report pages could not be fetched or read.
        errors: faults of our own program, by name.
        reports: reports found, known ones included.
        unchanged: of these, reports that are as they were stored.
        duplicates: records that repeat another one.
        requests: requests sent.
        responses: answers.
        bytes: of the answers.
        answered: any usable page came.
        limited: the user's limit ended it.
        replayed: nothing was asked: the archive was read anew.
        unfinished: the run was stopped while this portal was being read.
        started: time of the first request.
        ended: time when nothing was left to ask.
        issues: what a person may have to look at.
        issues_left_out: how many more there were.
    """

    url: str
    name: str | None = None
    division: str | None = None
    platform: str | None = None
    columns: dict[str, ColumnCount] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    kinds: dict[str, str] = field(default_factory=dict)
    lost: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    reports: int = 0
    unchanged: int = 0
    duplicates: int = 0
    requests: int = 0
    responses: int = 0
    bytes: int = 0
    answered: bool = False
    limited: bool = False
    replayed: bool = False
    unfinished: bool = False
    started: datetime | None = None
    ended: datetime | None = None
    issues: list[Issue] = field(default_factory=list)
    issues_left_out: int = 0

    def column(self, url: str, label: str = "") -> ColumnCount:
        """The count of a column; a new one if it is met for the first time."""
        return self.columns.setdefault(url, ColumnCount(url, label))

    def failed(self, code: str, kind: str) -> None:
        """Count a failed request; one that failed through a fault of ours is no excuse of the portal's."""
        self.failures[code] += 1
        self.kinds[code] = kind
        if kind == "error":
            self.errors[code] += 1

    def issue(self, code: str, url: str, **details: str | int) -> None:
        """Note what a person may have to look at."""
        if len(self.issues) >= MAX_ISSUES:
            self.issues_left_out += 1
            return
        self.issues.append(Issue(self.url, url, code, details, severity(code)))

    def outcome(self) -> tuple[Outcome, str | None]:
        """How the crawl of this portal ended, and the code of the reason (None where there is nothing to add)."""
        if self.replayed:
            return self._replayed()
        if not (self.requests or self.answered or self.failures):
            return "not-run", None
        if self.errors:
            return "partial", "program_error"
        if not self.answered:
            return self._closed_door()
        if not self.columns:
            return self._no_column()
        return self._columns_read()

    def _replayed(self) -> tuple[Outcome, str | None]:
        if self.errors:
            return "partial", "program_error"
        if self.unfinished:
            return "partial", "interrupted"
        if self.lost:
            return "partial", self.lost.most_common(1)[0][0]
        return ("ok", None) if self.reports or self.refused else ("not-run", "nothing_archived")

    def _closed_door(self) -> tuple[Outcome, str | None]:
        """An answer that blocks says more than the attempts beside it that timed out."""
        if code := self._commonest("blocked"):
            return "blocked", code
        if self.unfinished:
            return "not-run", "interrupted"
        return "unreachable", self._commonest() or "no_usable_page"

    def _no_column(self) -> tuple[Outcome, str | None]:
        if self.unfinished:
            return "partial", "interrupted"
        if self.limited:
            return "partial", "limit"
        code = self._commonest("blocked")
        ways = code is not None and self.lost[code] > 0
        if code and (
            ways or self._count("blocked") * 2 > self.requests - 1
        ):  # without the door, which answered
            return "blocked", code
        # Reports that other pages link are no substitute for the list of them.
        return ("partial" if self.reports or self.duplicates else "layout-changed"), "no_column"

    def _columns_read(self) -> tuple[Outcome, str | None]:
        columns = self.columns.values()
        shortfall = next(self._shortfalls(), None)
        if self.reports or self.duplicates:
            return ("partial", shortfall) if shortfall else ("ok", None)
        if shortfall in _UNREAD:
            return "layout-changed", shortfall
        if shortfall == "page_failed" and self.failures and not any(column.pages for column in columns):
            code = self._commonest("blocked") or self._commonest()
            return _COLUMNS_CLOSED.get(self.kinds.get(code or "", ""), "unreachable"), code
        return ("partial", shortfall) if shortfall else self._without_reports()

    def _without_reports(self) -> tuple[Outcome, str | None]:
        """Every column was read and holds no report: fine only if the portal or the user says that it may be so."""
        if self.refused[OUTSIDE_WINDOW]:
            return "ok-empty", OUTSIDE_WINDOW
        if any(column.empty for column in self.columns.values()):
            return "ok-empty", None
        return "layout-changed", "no_reports"

    def _shortfalls(self) -> Iterator[str]:
        """Everything that may have cost a report, the gravest first, causes before what follows from them."""
        columns = self.columns.values()
        unread = {column.unread for column in columns}
        yield from (code for code in _UNREAD if code in unread)
        if self.unfinished:
            yield "interrupted"
        if self.lost:
            yield self.lost.most_common(1)[0][0]
        met = {code for column in columns for code in column.shortfall}
        if self.limited:
            met.add("limit")
        yield from sorted(met, key=_rank)

    def _commonest(self, kind: str | None = None) -> str | None:
        codes = [
            code for code, _ in self.failures.most_common() if kind is None or self.kinds.get(code) == kind
        ]
        return codes[0] if codes else None

    def _count(self, kind: str) -> int:
        return sum(count for code, count in self.failures.items() if self.kinds.get(code) == kind)


def _rank(code: str) -> tuple[int, str]:
    """Place of a code in the order of gravity; what is not known here stands last."""
    return (_GRAVITY.index(code) if code in _GRAVITY else len(_GRAVITY)), code


@cache
def facts() -> dict[str, Any]:
    """Wording and severity of all that a run reports (``runs.toml``)."""
    return load("runs")


def severity(code: str) -> Severity:
    """How grave an issue is; one that nobody has judged yet is worth a look."""
    stated: Severity = facts()["issue"].get(code, {}).get("severity", "WARN")
    return stated
