"""The shared table extractor: blocks in, cells out.

Drawn tables are read as rows first (``grid.py``); what they leave open is sought in the running text
(``flat.py``). The path that was not used is the second reading by which a failing identity is judged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from pipelines.blocks import Block, Table
from pipelines.normalise import squeeze
from pipelines.statutory.flat import read_flat
from pipelines.statutory.grid import read_grid
from pipelines.statutory.placement import place, place_displaced
from pipelines.statutory.reading import Reading, conflict
from pipelines.statutory.templates import TABLES, TableName, cell_names, identities
from pipelines.statutory.values import Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.record import Number

_TELLTALE: Final = ("新收", "第二十条", "复议后起诉", "信息内容")
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
    missing = [table for table in TABLES if _incomplete(grid, table)]
    if missing and any(word in extraction.text for word in _TELLTALE):
        flat = read_flat(extraction.text, missing if drawn else TABLES, whole=drawn and bool(grid.values))
        _merge(grid, flat, compare=not drawn)
        if not grid.versions:
            extraction.primary = "none"
        elif extraction.primary == "none" or (len(flat.values) > len(grid.values) / 2 and not drawn):
            extraction.primary = "text"
    _label_disputes(grid)
    _fill_absent(grid)
    return extraction


def _place_open_rows(grid: Reading, text: str) -> None:
    """Find the columns of rows that lost cells: by the sums, or by the cells that a text export moved out."""
    for table in TABLES:
        rows = {row: cells for row, cells in grid.open_rows.items() if row.startswith(f"{table}.")}
        version = grid.versions.get(table)
        if not rows or version not in ("v1", "v2"):
            continue
        names = {name for cells, _ in rows.values() for name in cells}
        known = {n: v for n, v in grid.table_cells(table).items() if n not in names and v.status in _SETTLED}
        found = place(rows, known, identities(table, version))
        displaced = _displaced(text) if table == "proactive" else []
        short = {row: cells for row, cells in rows.items() if len(cells[0]) == len(cells[1]) + 1}
        if displaced and len(displaced) == len(short) == len(rows):
            found = place_displaced(short, displaced)
        grid.values |= found


def _displaced(text: str) -> list[tuple[str, str | None]]:
    """Annotated numbers that stand between the head of clause (一) and its table, with the column of the remark."""
    compact = squeeze(text)
    match = _CLAUSE_ONE.search(compact)
    if match is None:
        return []
    return [
        (
            number,
            next(
                (column for column, words in _REMARKS.items() if any(word in remark for word in words)), None
            ),
        )
        for number, remark in _ANNOTATED.findall(match[1])
    ]


_CLAUSE_ONE: Final = re.compile(r"第二十条第\(一\)项([^条]{0,200}?)(?:信息内容|规章|第二十条)")
_ANNOTATED: Final = re.compile(r"(\d{1,6})\(([^()]{1,30})\)")
_REMARKS: Final = {"issued": ("修订", "制定", "制发", "新制"), "repealed": ("失效", "废止")}
_SETTLED: Final = frozenset({"number", "blank", "placeholder", "placeholder_none", "not_applicable"})


def _of_this_year(blocks: Sequence[Block], year: int | None) -> Sequence[Block]:
    """Without tables whose caption names another year, where a second one of the kind is there."""
    kinds = [i for i, block in enumerate(blocks) if isinstance(block, Table) and _TABLE_3 in _opening(block)]
    if year is None or len(kinds) < 2:  # noqa: PLR2004
        return blocks
    other = {
        i
        for i in kinds
        if i
        and isinstance(caption := blocks[i - 1], str)
        and len(caption) < _LONGEST_CAPTION
        and (years := _YEAR.findall(caption))
        and str(year) not in years
    }
    return [block for i, block in enumerate(blocks) if i not in other] if len(other) < len(kinds) else blocks


def _opening(table: Table) -> str:
    return "".join("".join(cell.text.split()) for row in table.rows[:6] for cell in row)


_TABLE_3: Final = "新收政府信息公开申请"
_LONGEST_CAPTION: Final = 60
_YEAR: Final = re.compile(r"(20\d\d)\s*年")


def flattened(blocks: Sequence[Block]) -> list[str]:
    """Paragraphs and table cells, a line each."""
    lines: list[str] = []
    for block in blocks:
        if isinstance(block, str):
            lines.append(block)
        else:
            lines.extend("".join(cell.text.split("\n")) for row in block.rows for cell in row)
    return lines


def _incomplete(reading: Reading, table: TableName) -> bool:
    version = reading.versions.get(table)
    if version is None:
        return True
    if version not in ("v1", "v2"):
        return False
    return any(_open(reading.values.get(name)) for name in cell_names(table, version))


def _open(value: Value | None) -> bool:
    return value is None


def _merge(grid: Reading, flat: Reading, *, compare: bool) -> None:
    """Take from the text what the grid left open; where both read and differ, there is no number."""
    flat_led = not grid.versions.keys() >= flat.versions.keys()
    for table in TABLES:
        version = flat.versions.get(table)
        if version is None:
            continue
        known = grid.versions.setdefault(table, version)
        if table == "applications" and known != version:
            if any(name.startswith("applications.") for name in grid.values):
                continue
            grid.versions[table] = version
    for name, value in flat.values.items():
        have = grid.values.get(name)
        if _open(have):
            if have is None or value.status != "blank":
                grid.values[name] = value
        elif compare and have is not None and value.value is not None and have.value != value.value:
            grid.values[name] = conflict(have, value, "paths_differ")
    grid.settled |= flat.settled
    grid.impossible.extend(flat.impossible)
    if flat_led:
        grid.reasons.extend(reason for reason in flat.reasons if reason not in grid.reasons)


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
