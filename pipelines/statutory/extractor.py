"""The shared table extractor: blocks in, cells out.

Drawn tables are read as rows first (``grid.py``); what they leave open is sought in the running text
(``flat.py``). The path that was not used is the second reading by which a failing identity is judged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pipelines.blocks import Block, Table
from pipelines.statutory.flat import read_flat
from pipelines.statutory.grid import read_grid
from pipelines.statutory.reading import Reading, conflict
from pipelines.statutory.templates import TABLES, TableName, cell_names
from pipelines.statutory.values import Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.record import Number

_TELLTALE: Final = ("新收", "第二十条", "复议后起诉", "信息内容")
_ABSENT: Final = Value(None, "", "absent")


@dataclass(slots=True)
class Extraction:
    """The statutory tables of one document.

    Attributes:
        reading: cells, formats, extra rows, reasons.
        primary: how most cells were read: ``grid``, ``text`` or ``none``.
        text: the running text with every table cell on a line of its own, for the second reading.
    """

    reading: Reading
    primary: str
    text: str = ""
    _second: Reading | None = field(default=None, repr=False)

    def reread(self, table: TableName) -> Mapping[str, Number | None] | None:
        """One table read again by the other path: cells that it settles, or None when there is none."""
        if self.primary != "grid" or not self.text:
            return None
        if self._second is None:
            self._second = read_flat(self.text)
        cells = self._second.table_cells(table)
        return {name: value.value for name, value in cells.items() if value.status == "number"} or None


def extract_tables(blocks: Sequence[Block], *, drawn: bool) -> Extraction:
    """Read the three statutory tables.

    Args:
        blocks: paragraphs and tables of the report's body in order.
        drawn: whether tables were drawn by markup (HTML); tables that tabs or pipes draw in text are
            weaker evidence, so there both paths are taken and compared.

    Returns:
        Every cell of the formats found, absent ones included.
    """
    grid = read_grid([block for block in blocks if isinstance(block, Table)])
    text = "\n".join(flattened(blocks))
    missing = [table for table in TABLES if _incomplete(grid, table)]
    primary = "grid" if grid.values else "none"
    if missing and any(word in text for word in _TELLTALE):
        flat = read_flat(text, missing if drawn else TABLES)
        _merge(grid, flat, compare=not drawn)
        if not grid.versions:
            primary = "none"
        elif primary == "none" or len(flat.values) > len(grid.values) / 2 and not drawn:
            primary = "text"
    _label_disputes(grid)
    _fill_absent(grid)
    return Extraction(grid, primary, text)


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
    return value is None or "positions_unknown" in value.flags


def _merge(grid: Reading, flat: Reading, *, compare: bool) -> None:
    """Take from the text what the grid left open; where both read and differ, there is no number."""
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
        found = reading.table_cells(table)
        names = cell_names(table, version) if version in ("v1", "v2") else tuple(found)
        for name in names:
            ordered[name] = found.get(name, _ABSENT)
    reading.values = ordered
