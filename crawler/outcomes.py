"""What became of one input: the record's line, and the little that the screen and the run need of it.

``outcome_of`` runs in a worker; what goes back to the main process is small and plain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from crawler.inputs import Input, Problem, read_document
from pipelines.deduplication import Key, key_of
from pipelines.extraction import extract
from pipelines.record import CellStatus, to_json

if TYPE_CHECKING:
    from pipelines.record import Completeness, Kind, Report

DOUBTFUL: Final[frozenset[CellStatus]] = frozenset(
    {"absent", "ambiguous", "unreadable", "garbled", "text", "merged_span"}
)
"""Why a cell has no number although the page may print one."""


UNREAD: Final = frozenset({"too_large", "too_deep", "attachment_not_supported"})
"""Reasons of ``quality`` that leave open what a page is."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One report in one line.

    Attributes:
        kind: what it is.
        kind_reason: why, as a code.
        agency: who reports; None when unknown.
        title: as published.
        year: the year reported on.
        templates: format of the three tables.
        cells: cells of the templates found.
        read: those of which is known what the page says (a number, a blank, a dash).
        passed: identities that hold.
        failed: identities that don't hold.
        open: identities that can't be judged.
        doubts: cells that a person must look at.
        warnings: rules other than identities that point at something.
        extraction: how much was read.
        reasons: why not more.
    """

    kind: Kind
    kind_reason: str
    agency: str | None
    title: str | None
    year: int | None
    templates: tuple[str, str, str]
    cells: int
    read: int
    passed: int
    failed: int
    open: int
    doubts: int
    warnings: int
    extraction: Completeness
    reasons: tuple[str, ...]

    @property
    def unread(self) -> tuple[str, ...]:
        """Why the page itself could not be read, whatever it is."""
        return tuple(reason for reason in self.reasons if reason in UNREAD)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A record with its line, key and summary; or the problem that kept it from being one."""

    name: str
    problem: Problem | None = None
    line: str = ""
    key: Key | None = None
    summary: Summary | None = None

    @property
    def kind(self) -> Kind | None:
        """What it is; None when it could not be read."""
        return self.summary.kind if self.summary else None

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do: fully read, or with nothing in it that this program reads."""
        summary = self.summary
        if summary is None or summary.unread:
            return False
        return summary.kind != "report" or summary.extraction == "complete"


def outcome_of(item: Input) -> Outcome:
    """Read one input and extract it."""
    document = read_document(item)
    if isinstance(document, Problem):
        return Outcome(item.name, problem=document)
    report = extract(document)
    return Outcome(item.name, line=to_json(report), key=key_of(report), summary=summary_of(report))


def failed_outcome(item: Input, error: BaseException) -> Outcome:
    """The outcome of an input that ended in an error of this program, or that killed its worker."""
    return Outcome(item.name, problem=Problem("program_error", {"error": f"{type(error).__name__}: {error}"}))


def summary_of(report: Report) -> Summary:
    """Condense one record."""
    doubts = sum(note.status in DOUBTFUL for note in report.cell_notes.values())
    checks = report.checks
    templates = report.templates
    return Summary(
        kind=report.kind,
        kind_reason=report.kind_reason,
        agency=report.agency.name,
        title=report.title,
        year=report.year,
        templates=(templates.proactive, templates.applications, templates.disputes),
        cells=len(report.cells),
        read=len(report.cells)
        - sum(
            report.cell_notes[name].status in DOUBTFUL for name in report.cells if name in report.cell_notes
        ),
        passed=checks.passed + checks.passed_if_blank_zero,
        failed=checks.failed,
        open=checks.not_evaluable,
        doubts=doubts,
        warnings=sum(
            finding.result == "FAIL" and not is_identity(finding.rule) for finding in checks.findings
        ),
        extraction=report.quality.extraction,
        reasons=tuple(report.quality.reasons),
    )


def is_identity(rule: str) -> bool:
    """Whether a rule is one of the identities that ``checks`` counts."""
    return rule.startswith(("T3.ROW", "T3.SUM", "T3.BAL", "T4.SUM"))
