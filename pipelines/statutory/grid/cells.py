"""Cells of one row: which of them are its values, and how they come into the reading.

A row is read when it is certain which cell belongs to which head (``fit``). Else all of it is null, and the
printed values wait for a proof (``Reading.open_rows``).
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pipelines.record import ExtraRow
from pipelines.statutory.templates import cell_kinds, cell_units
from pipelines.statutory.values import Value, parse_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.blocks import Cell
    from pipelines.statutory.grid.stream import Line
    from pipelines.statutory.reading import Reading
    from pipelines.statutory.templates import TableName

_SPANNED: Final = -1
_LONGEST_RAW: Final = 200


def is_serial(text: str) -> bool:
    """Whether the text is nothing but digits."""
    return text.isascii() and text.isdigit()


@lru_cache(maxsize=4096)
def valuelike(text: str) -> bool:
    """Whether the text can stand in a value cell: blank, a placeholder, or it holds a digit and no known label."""
    return not text or text.isascii() or parse_value(text, "count", None).status != "text"


def are_values(cells: Sequence[Cell]) -> bool:
    """Whether every cell can be a value and one is not blank."""
    return all(valuelike(cell.text) for cell in cells) and any(cell.text for cell in cells)


def spanned(cell: Cell) -> Cell:
    """The cell as one that stands for several: a value printed in it belongs to none of them."""
    return replace(cell, colspan=_SPANNED, rowspan=1)


def fit(cells: list[Cell], width: int, *, spans: bool = True) -> list[Cell] | None:
    """The value cells of a row, when it is certain which they are; else None.

    Args:
        cells: what stands behind the label.
        width: number of heads.
        spans: whether a span counts heads; in table 2 (v1) the drawn columns are finer than the heads.
    """
    count = len(cells)
    if count == width:
        return cells
    if count > width:
        return _without_padding(cells, width)
    if cells and spans and sum(cell.colspan for cell in cells) == width:
        return list(_spread(cells))
    return None


def _without_padding(cells: list[Cell], width: int) -> list[Cell] | None:
    """As many cells as heads, where everything printed stands in them and the blanks around can be told."""
    count = len(cells)
    first = next((i for i, cell in enumerate(cells) if cell.text), count)
    last = next((i for i in range(count, 0, -1) if cells[i - 1].text), 0)
    if first >= last:
        return cells[:width]
    if last - first == width:
        return cells[first:last]
    if first == 0 and last < width:
        return cells[:width]
    return cells[count - width :] if last == count and first > count - width else None


def _spread(cells: list[Cell]) -> Iterator[Cell]:
    for cell in cells:
        if cell.colspan == 1:
            yield cell
        else:
            yield from (spanned(cell) for _ in range(cell.colspan))


def assign(
    reading: Reading,
    names: Sequence[str | None],
    placed: Sequence[Cell] | None,
    printed: Sequence[Cell],
    line: Line,
) -> None:
    """Parse the placed cells of a row into the reading; without places every cell is null and says why.

    Args:
        reading: what is filled.
        names: cell names by head; None for a column that the form does not have.
        placed: one cell a head, or None.
        printed: all value cells of the row.
        line: the row, for the place in the source.
    """
    if placed is None:
        _leave_open(reading, [name for name in names if name], printed, line)
        return
    values, kinds, units = reading.values, cell_kinds(), cell_units()
    for position, (name, cell) in enumerate(zip(names, placed, strict=True), 1):
        if name is None:
            _beyond_the_form(reading, names, cell)
            continue
        if cell.colspan < 0 and cell.text:
            value = Value(None, cell.text, "merged_span")
        else:
            value = parse_value(cell.text, kinds[name], units[name])
        if name in values:
            reading.put(name, value)
        else:
            values[name] = value
        if value.value is None or value.flags:
            reading.where[name] = (line.table.index, line.row + 1, position)


def _beyond_the_form(reading: Reading, names: Sequence[str | None], cell: Cell) -> None:
    """Keep a value of a column that the form does not have."""
    if cell.text:
        first = next((name for name in names if name), "")
        table, _, rest = first.partition(".")
        reading.extra_rows.append(ExtraRow(table=table, label=rest.rpartition(".")[0], values=[cell.text]))


def _leave_open(reading: Reading, names: Sequence[str], printed: Sequence[Cell], line: Line) -> None:
    """Note a row whose columns are unknown; no cell of it is read yet."""
    raw = " | ".join(cell.text for cell in printed)[:_LONGEST_RAW]
    for name in names:
        reading.put(name, Value(None, raw, "ambiguous", ("positions_unknown",)))
        reading.where[name] = (line.table.index, line.row + 1, 1)
    parsed = [parse_value(cell.text, "decimal", None) for cell in printed]
    if len(printed) < len(names) and all(
        value.value is not None or value.status == "blank" for value in parsed
    ):
        row = names[0].rpartition(".")[0]
        reading.open_rows[row] = (tuple(names), tuple(cell.text for cell in printed))


def keep_apart(reading: Reading, table: TableName, label: str, cells: Sequence[Cell]) -> None:
    """Keep a row that is none of the form's."""
    values = [cell.text for cell in cells]
    reading.extra_rows.append(ExtraRow(table=table, label="".join(label.split()), values=values))
