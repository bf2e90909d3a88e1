"""What one way of reading found in the statutory tables: shared by the grid and the text reader."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.record import ExtraRow, Number, TemplateLabel
    from pipelines.statutory.templates import TableName
    from pipelines.statutory.values import Value


@dataclass(slots=True)
class Reading:
    """Cells, formats and oddities of the tables that were found.

    Attributes:
        values: cell name → what was printed; cells that were not found have no key.
        versions: table → format, for the tables that were found.
        extra_rows: rows and columns beyond the template.
        reasons: codes of what kept cells from being read (``data/reasons.toml``).
        impossible: identities that no reading of joined digits can satisfy.
        settled: cells that the solver proved from joined digits.
        whole: whether every separated number is one cell, never cells run together.
        dropped: whether the text was seen to drop blank cells.
        where: cell name → (table, row, value) in the source, from 1.
        open_rows: rows whose cells are fewer than the form's: row → (cell names, printed values in order).
    """

    values: dict[str, Value] = field(default_factory=dict)
    versions: dict[TableName, TemplateLabel] = field(default_factory=dict)
    extra_rows: list[ExtraRow] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    impossible: list[str] = field(default_factory=list)
    settled: set[str] = field(default_factory=set)
    whole: bool = False
    dropped: bool = False
    where: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    open_rows: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)

    def put(self, name: str, value: Value) -> None:
        """Keep a cell; a second, different reading of the same cell leaves no number."""
        first = self.values.get(name)
        if first is None or (first.status == "blank" and value.status != "blank"):
            self.values[name] = value
        elif value.status != "blank" and first.value != value.value:
            self.values[name] = conflict(first, value, "printed_twice")

    def table_cells(self, table: TableName) -> dict[str, Value]:
        """The cells of one table."""
        return {name: value for name, value in self.values.items() if name.startswith(f"{table}.")}


def conflict(first: Value, second: Value, flag: str) -> Value:
    """Two readings of one cell that differ: no number, both as candidates."""
    return replace(
        first,
        value=None,
        raw=f"{first.raw} | {second.raw}"[:200],
        status="ambiguous",
        flags=(flag,),
        candidates=tuple(dict.fromkeys((*candidates(first), *candidates(second)))),
    )


def candidates(value: Value) -> Sequence[Number | None]:
    """The readings that a value stands for."""
    return value.candidates if value.status == "ambiguous" else (value.value,)
