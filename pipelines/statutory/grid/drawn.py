"""The drawn grid of table 3: rows with a cell too few or too many, read under their neighbours' columns.

A value column is known when all well-formed rows of a table draw their values in the same grid columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipelines.statutory.grid.cells import spanned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.blocks import Cell, Table
    from pipelines.statutory.grid.stream import LabelledLine

Place = tuple[int, int]
"""(row, cell) of a physical cell."""
_MOST_SLOTS: Final = 200_000


class Grids:
    """The tables that hold rows of table 3, each drawn once and only when a row needs it."""

    def __init__(self, lines: Sequence[LabelledLine], width: int) -> None:
        """Look for rows whose count of cells is not ``width``; without one nothing is drawn."""
        self._width = width
        self._grids: dict[int, list[list[Place | None]]] = {}
        self._columns = self._value_columns(lines)

    def cells_of(self, line: LabelledLine) -> list[Cell] | None:
        """The row's cells under the value columns of its well-formed neighbours; None where they don't tell."""
        wanted = self._columns.get(line.line.table.index)
        if wanted is None:
            return None
        drawn = self._grid(line.line.table)[line.line.row]
        if len(drawn) <= wanted[-1]:
            return None
        places = [place for column in wanted if (place := drawn[column]) is not None]
        if len(places) < len(wanted) or _loses_a_value(line, places):
            return None
        rows = line.line.table.rows
        cells = []
        for row, number in places:
            cell = rows[row][number]
            shared = cell.rowspan > 1 or places.count((row, number)) > 1
            cells.append(spanned(cell) if shared and cell.text else cell)
        return cells

    def _value_columns(self, lines: Sequence[LabelledLine]) -> dict[int, tuple[int, ...]]:
        """Table → drawn columns of the value cells, where all well-formed rows of it agree."""
        known = [line for line in lines if line.key]
        odd = {line.line.table.index for line in known if len(line.values) != self._width}
        agreed: dict[int, set[tuple[int, ...]]] = {}
        for line in known:
            if line.line.table.index in odd and len(line.values) == self._width:
                agreed.setdefault(line.line.table.index, set()).add(self._columns_of(line))
        columns = {table: found.pop() for table, found in agreed.items() if len(found) == 1}
        return {table: found for table, found in columns.items() if len(found) == self._width}

    def _columns_of(self, line: LabelledLine) -> tuple[int, ...]:
        """Drawn columns of the value cells of one row."""
        drawn = self._grid(line.line.table)[line.line.row]
        start = len(line.line.cells) - self._width
        cells = ((line.line.row, start + k) for k in range(self._width))
        return tuple(drawn.index(cell) for cell in cells if cell in drawn)

    def _grid(self, table: Table) -> list[list[Place | None]]:
        if table.index not in self._grids:
            self._grids[table.index] = expand(table)
        return self._grids[table.index]


def _loses_a_value(line: LabelledLine, places: Sequence[Place]) -> bool:
    """Whether a printed value stands outside the value columns, or a label inside."""
    row = line.line.row
    start = len(line.line.cells) - len(line.values)
    if any(place[0] == row and place[1] < start for place in places):
        return True
    return any(cell.text and (row, start + k) not in places for k, cell in enumerate(line.values))


def expand(table: Table) -> list[list[Place | None]]:
    """The drawn grid by HTML5's algorithm: for every slot the (row, cell) that covers it, or None.

    A table of more than 200,000 slots is drawn up to there.
    """
    grid: list[list[Place | None]] = [[] for _ in table.rows]
    budget = _MOST_SLOTS
    for row, cells in enumerate(table.rows):
        column = 0
        for number, cell in enumerate(cells):
            line = grid[row]
            while column < len(line) and line[column] is not None:
                column += 1
            left = len(grid) - row
            for below in grid[row : row + min(cell.rowspan or left, left)]:
                _cover(below, column, cell.colspan, (row, number))
                budget -= cell.colspan
                if budget < 0:
                    return grid
            column += cell.colspan
    return grid


def _cover(line: list[Place | None], column: int, width: int, place: Place) -> None:
    """Let a cell cover the free slots of one line."""
    line.extend([None] * (column + width - len(line)))
    for slot in range(column, column + width):
        line[slot] = line[slot] or place
