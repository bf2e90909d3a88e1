"""What came back, held against what was printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.statutory.templates import TABLES

if TYPE_CHECKING:
    from pipelines.record import Report
    from tests.rendering.values import Sheet


def wrong(sheet: Sheet, report: Report) -> list[str]:
    """Numbers that differ from the printed ones or were never printed, and nulls without a reason.

    A table that was not found at all has no cells; then ``quality.reasons`` must say so.
    """
    faults = []
    for name, value in report.cells.items():
        if value is not None and (name not in sheet.expected or value != sheet.expected[name]):
            faults.append(f"{name}: {sheet.expected.get(name, 'not printed')} came back as {value}")
        if value is None and name not in report.cell_notes:
            faults.append(f"{name}: null without a reason")
    missing = [table for table in TABLES if not any(name in report.cells for name in sheet.names(table))]
    if missing and not report.quality.reasons:
        faults.append(f"{missing}: absent without a reason")
    return faults


def lost(sheet: Sheet, report: Report) -> list[str]:
    """Numbers that were printed readably and came back null or not at all."""
    return [
        name for name, value in sheet.expected.items() if value is not None and report.cells.get(name) is None
    ]


def identity(sheet: Sheet, report: Report) -> dict[str, tuple[object, object]]:
    """Differences in year, agency and formats: attribute → (printed, came back)."""
    pairs: dict[str, tuple[object, object]] = {
        "kind": ("report", report.kind),
        "year": (sheet.year, report.year),
        "agency": (sheet.agency, report.agency.name),
        "proactive": (sheet.versions["proactive"], report.templates.proactive),
        "applications": (sheet.versions["applications"], report.templates.applications),
    }
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def suspicious(report: Report) -> bool:
    """Whether the record says in any way that something is not as it should be."""
    return bool(
        report.checks.failed
        or report.checks.not_evaluable
        or report.extra_rows
        or report.quality.reasons
        or any(note.status != "number" or note.flags for note in report.cell_notes.values())
    )
