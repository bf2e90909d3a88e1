"""What the checks are given and what they hand back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pipelines.record import Agency, Templates

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from pipelines.record import CellNote, CellStatus, Checks, Number, Section
    from pipelines.statutory.templates import TableName

BLANK: Final[frozenset[CellStatus]] = frozenset(
    {"blank", "placeholder", "placeholder_none", "not_applicable"}
)
"""Statuses of a cell that was seen and holds no figure. Every other null is unknown."""

LEGACY_UNTIL: Final = 2018
"""Last year reported on before the present form (国办公开办函〔2019〕60号)."""


@dataclass(frozen=True, slots=True)
class CheckContext:
    """One report as read, for the rules to judge.

    Attributes:
        cells: every cell of the tables found → number or None.
        notes: notes of the unusual cells; a null without a note is unknown, never blank.
        templates: format of each table.
        year: the year reported on.
        agency: the body that reports.
        may_make_rules: whether the body has the power to make 规章; None if not known.
        sections: the sections, numbers as recognised.
        paragraphs: the text of the report in order, tables left out.
        title_flags: marks of the title, such as ``image`` or ``pdf``.
        year_conflicts: codes of what speaks against the year, such as ``title_period``.
        impossible: rule ids of identities that no reading of joined text can fulfil.
        reread: second reading of one table by another path, or None if there is no other path; called at
            most once per table, and only when an identity of the table fails.
    """

    cells: Mapping[str, Number | None] = field(default_factory=dict)
    notes: Mapping[str, CellNote] = field(default_factory=dict)
    templates: Templates = field(default_factory=Templates)
    year: int | None = None
    agency: Agency = field(default_factory=Agency)
    may_make_rules: bool | None = None
    sections: Sequence[Section] = ()
    paragraphs: Sequence[str] = ()
    title_flags: Collection[str] = ()
    year_conflicts: Sequence[str] = ()
    impossible: Collection[str] = ()
    reread: Callable[[TableName], Mapping[str, Number | None] | None] | None = None

    def is_blank(self, cell: str) -> bool:
        """Whether the cell was seen and holds no figure."""
        note = self.notes.get(cell)
        return self.cells.get(cell) is None and note is not None and note.status in BLANK

    def in_present_form(self) -> bool:
        """Whether the report follows the form in force since FY2019, as far as can be told."""
        templates = self.templates
        found = (templates.proactive, templates.applications, templates.disputes)
        if any(label in ("v1", "v2", "mixed") for label in found):
            return True
        return "legacy" not in found and self.year is not None and self.year > LEGACY_UNTIL


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What the checks found.

    Attributes:
        checks: counts and findings for the record.
        doubtful: cells that two readings give differently, name → (first, second). The caller nulls them:
            neither reading is proved.
    """

    checks: Checks
    doubtful: Mapping[str, tuple[Number, Number]]
