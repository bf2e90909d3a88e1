"""The shared table extractor: blocks in, cells out.

Drawn tables are read as rows first (``grid``); what they leave open is sought in the running text
(``flat``). The path that was not used is the second reading by which a failing identity is judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from pipelines.blocks import Block, Table
from pipelines.statutory.displaced import displaced_values, place_displaced
from pipelines.statutory.flat import read_flat
from pipelines.statutory.grid import read_grid
from pipelines.statutory.placement import place
from pipelines.statutory.reading import Reading, conflict
from pipelines.statutory.templates import TABLES, TableName, cell_names, identities
from pipelines.statutory.values import Value
from pipelines.statutory.wording import text as words
from pipelines.statutory.wording import years

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.record import Number

_SETTLED: Final = frozenset({"number", "blank", "placeholder", "placeholder_none", "not_applicable"})
_LONGEST_CAPTION: Final = 60
_OPENING_ROWS: Final = 6
_ABSENT: Final = Value(None, "", "absent")


@dataclass
class Extraction:
    """The statutory tables of one document.

    Attributes:
        reading: cells, formats, extra rows, reasons.
        primary: how most cells were read: ``grid``, ``text`` or ``none``.
        blocks: what was read.
    """

    reading: Reading
    primary: str
    blocks: Sequence[Block]

    @cached_property
    def text(self) -> str:
        """The running text, every table cell on a line of its own."""
        return "\n".join(flattened(self.blocks))

    @cached_property
    def _again(self) -> Reading:
        return read_flat(self.text, whole=True)

    def where(self, name: str) -> str | None:
        """Place of a cell in the source, for a person to find it."""
        place = self.reading.where.get(name)
        return "table {} row {} value {}".format(*place) if place else self.reading.values[name].where

    def reread(self, table: TableName) -> Mapping[str, Number | None] | None:
        """One table read again by the other path: cells that it settles, or None when there is none."""
        if self.primary != "grid":
            return None
        cells = self._again.table_cells(table)
        return {name: value.value for name, value in cells.items() if value.status == "number"} or None


def extract_tables(blocks: Sequence[Block], *, drawn: bool, year: int | None = None) -> Extraction:
    """Read the three statutory tables.

    Args:
        blocks: paragraphs and tables of the report's body in order.
        drawn: whether tables were drawn by markup (HTML); tables that tabs or pipes draw in text are
            weaker evidence, so there both paths are taken and compared.
        year: the year that the title names; an appended table of another year is not this report's.

    Returns:
        Every cell of the formats found, absent ones included.
    """
    blocks = _of_this_year(blocks, year)
    grid = read_grid([block for block in blocks if isinstance(block, Table)])
    extraction = Extraction(grid, "grid" if grid.values else "none", blocks)
    if grid.open_rows:
        _place_open_rows(grid, extraction.text)
    missing = [table for table in TABLES if _is_incomplete(grid, table)]
    if missing and any(word in extraction.text for word in words().telltale):
        flat = read_flat(extraction.text, missing if drawn else TABLES, whole=drawn and bool(grid.values))
        _merge(grid, flat, compare=not drawn)
        if not grid.versions:
            extraction.primary = "none"
        elif extraction.primary == "none" or (not drawn and len(flat.values) > len(grid.values) / 2):
            extraction.primary = "text"
    _label_disputes(grid)
    _fill_absent(grid)
    return extraction


def _place_open_rows(grid: Reading, text: str) -> None:
    """Find the columns of rows that lost cells: by the sums, or by the cells that a text export moved out."""
    for table in TABLES:
        rows = {row: cells for row, cells in grid.open_rows.items() if row.startswith(f"{table}.")}
        version = grid.versions.get(table)
        if not rows or version not in {"v1", "v2"}:
            continue
        names = {name for cells, _ in rows.values() for name in cells}
        known = {n: v for n, v in grid.table_cells(table).items() if n not in names and v.status in _SETTLED}
        displaced = displaced_values(text) if table == "proactive" else []
        short_by_one = all(len(cells) == len(values) + 1 for cells, values in rows.values())
        if displaced and short_by_one and len(displaced) == len(rows):
            grid.values |= place_displaced(rows, displaced)
        else:
            grid.values |= place(rows, known, identities(table, version))


def _of_this_year(blocks: Sequence[Block], year: int | None) -> Sequence[Block]:
    """Without tables whose caption names another year, where one of the kind is left."""
    places = [i for i, block in enumerate(blocks) if isinstance(block, Table) and _is_table_3(block)]
    if year is None or len(places) == 1:
        return blocks
    other = {place for place in places if place and _names_another_year(blocks[place - 1], year)}
    return [block for i, block in enumerate(blocks) if i not in other] if len(other) < len(places) else blocks


def _names_another_year(caption: Block, year: int) -> bool:
    if not isinstance(caption, str) or len(caption) >= _LONGEST_CAPTION:
        return False
    named = years().caption.findall(caption)
    return bool(named) and str(year) not in named


def _is_table_3(table: Table) -> bool:
    opening = "".join("".join(cell.text.split()) for row in table.rows[:_OPENING_ROWS] for cell in row)
    return years().table_3 in opening


def flattened(blocks: Sequence[Block]) -> list[str]:
    """Paragraphs and table cells, a line each."""
    lines: list[str] = []
    for block in blocks:
        if isinstance(block, str):
            lines.append(block)
        else:
            lines.extend("".join(cell.text.split("\n")) for row in block.rows for cell in row)
    return lines


def _is_incomplete(reading: Reading, table: TableName) -> bool:
    """Whether the table, or a cell of its format, was not found."""
    version = reading.versions.get(table)
    if version is None:
        return True
    if version not in {"v1", "v2"}:
        return False
    return any(name not in reading.values for name in cell_names(table, version))


def _merge(grid: Reading, flat: Reading, *, compare: bool) -> None:
    """Take from the text what the grid left open; where both read and differ, there is no number."""
    flat_led = not grid.versions.keys() >= flat.versions.keys()
    _merge_versions(grid, flat)
    for name, value in flat.values.items():
        have = grid.values.get(name)
        if have is None:
            grid.values[name] = value
        elif compare and value.value is not None and have.value != value.value:
            grid.values[name] = conflict(have, value, "paths_differ")
    grid.settled |= flat.settled
    grid.impossible.extend(flat.impossible)
    if flat_led:
        grid.reasons.extend(reason for reason in flat.reasons if reason not in grid.reasons)


def _merge_versions(grid: Reading, flat: Reading) -> None:
    """The grid's formats, where it has any; of a table 3 without a cell in the grid the text's."""
    for table in TABLES:
        known = table in grid.versions and (table != "applications" or bool(grid.table_cells(table)))
        if table in flat.versions and not known:
            grid.versions[table] = flat.versions[table]


def _label_disputes(reading: Reading) -> None:
    """Table 4 is the same in both formats; it takes the label of its neighbours."""
    if "disputes" in reading.versions:
        neighbours = {reading.versions.get("proactive"), reading.versions.get("applications")}
        reading.versions["disputes"] = "v1" if neighbours <= {"v1", None} and "v1" in neighbours else "v2"


def _fill_absent(reading: Reading) -> None:
    """Give every cell of the formats found a place, in the order of the form."""
    ordered: dict[str, Value] = {}
    for table in TABLES:
        version = reading.versions.get(table)
        if version is None:
            continue
        names = cell_names(table, version) if version in ("v1", "v2") else reading.table_cells(table)
        for name in names:
            ordered[name] = reading.values.get(name, _ABSENT)
    reading.values = ordered
