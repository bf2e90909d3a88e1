"""The stream of rows: one printed row, and what the rows before it have said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.statutory.wording import APPLICANTS

if TYPE_CHECKING:
    from pipelines.blocks import Cell, Table
    from pipelines.statutory.reading import Reading
    from pipelines.statutory.templates import TableName, Version


@dataclass(slots=True)
class Line:
    """One printed row and its place in the source."""

    cells: list[Cell]
    table: Table
    row: int

    def filled(self) -> int:
        """How many cells are not blank."""
        return sum(cell.text != "" for cell in self.cells)


@dataclass(slots=True, eq=False)
class LabelledLine:
    """A row of table 3 cut into label and value cells, before its columns are known.

    Attributes:
        key: the row that the label names, or None.
        label: the label as printed.
        values: the cells behind it.
        line: the whole row.
    """

    key: str | None
    label: str
    values: list[Cell]
    line: Line

    def printed(self) -> bool:
        """Whether any value is printed."""
        return any(cell.text for cell in self.values)


@dataclass(slots=True)
class Stream:
    """Where in the statutory tables the rows stand.

    Attributes:
        reading: what was read so far.
        context: the table that the last row belonged to.
        heads: columns of the block of table 2, or of the first line of the head of table 3.
        head_texts: the heads of the block of table 2 as printed.
        proactive_versions: formats of the blocks of table 2.
        applicants: columns of table 3 in printed order; None for one that the form does not have.
        lines: rows of table 3; their cells are read when all are known.
        blocks: blocks of table 4 that the head named since the last values.
        block: block of table 4 that a row named last.
        outcome_heads: how many columns of table 4 the heads named.
        heads_here: the same since the last values.
        headed: tables whose heads were printed.
    """

    reading: Reading
    context: TableName | None = None
    heads: list[str | None] = field(default_factory=list)
    head_texts: list[str] = field(default_factory=list)
    proactive_versions: set[Version] = field(default_factory=set)
    applicants: tuple[str | None, ...] = APPLICANTS
    lines: list[LabelledLine] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    block: str | None = None
    outcome_heads: int = 0
    heads_here: int = 0
    headed: set[TableName] = field(default_factory=set)
