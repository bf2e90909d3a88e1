"""Table 2 as drawn: blocks by clause of article 20, each with heads of its own.

The heads of a block decide its format (v1 or v2), so that a table of mixed formats is read as it stands. Heads
that are no format leave the rows below them unread (``table2_head_unknown``).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pipelines.statutory.grid.cells import assign, fit, keep_apart
from pipelines.statutory.labels import clause_of, column_of, core, row_of, unit_of
from pipelines.statutory.templates import tables
from pipelines.statutory.wording import labels, rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.blocks import Cell
    from pipelines.statutory.grid.stream import Line, Stream
    from pipelines.statutory.templates import Version

_LABEL_CELLS: Final = 3
_SHORTEST_PIECE: Final = 2
_BARE: Final = re.compile(r"[\d,.，．０-９]+")


def read_clause(stream: Stream, line: Line) -> bool:
    """Recognise the row that opens a block (第二十条第（一）项): the heads before it are no longer valid."""
    if not clause_of(line.cells[0].text) or line.filled() != 1:
        return False
    stream.context, stream.heads, stream.head_texts = "proactive", [], []
    return True


def read_head(stream: Stream, line: Line) -> bool:
    """Recognise a head row (信息内容 …) and take over its columns."""
    texts = [cell.text for cell in line.cells]
    start = _first_head(texts)
    if start is None:
        return False
    heads = texts[start:]
    while heads and not heads[-1]:
        heads.pop()
    stream.context = "proactive"
    stream.heads = [column_of("proactive", text) for text in heads]
    stream.head_texts = heads
    return True


def _first_head(texts: Sequence[str]) -> int | None:
    """Place of the first column head; None when the row is no head row."""
    for place, text in enumerate(texts):
        if core(text) == labels().content:
            return place + 1
    if not any(column_of("proactive", text) for text in texts):
        return None
    if any(row_of("proactive", text) for text in texts[:_LABEL_CELLS]):
        return None
    return 1 if not column_of("proactive", texts[0]) and len(texts) > 1 else 0


def read_row(stream: Stream, line: Line) -> None:
    """Read the values of one row by the heads of its block."""
    place, key = _label(line.cells)
    values = line.cells[place + 1 :]
    printed = any(cell.text for cell in values)
    if key is None:
        if line.cells[0].text and printed:
            keep_apart(stream.reading, "proactive", line.cells[0].text, values)
        return
    version, columns = _columns(key, stream)
    if version is None:
        if printed:
            stream.reading.reasons.append("table2_head_unknown")
            keep_apart(stream.reading, "proactive", line.cells[place].text, values)
        return
    stream.proactive_versions.add(version)
    drawn = max(sum(cell.colspan for cell in cells) for cells in line.table.rows)
    placed = fit(values, len(columns), spans=drawn == len(columns) + 1)
    names = [f"proactive.{key}.{column}" if column else None for column in columns]
    if placed and key in rows().money:
        placed = [*placed[:-1], _with_unit(placed[-1], stream.head_texts)]
    assign(stream.reading, names, placed, values, line)


def _label(cells: Sequence[Cell]) -> tuple[int, str | None]:
    """Place of the row label and the row that it names; (0, None) when none does."""
    for place, cell in enumerate(cells[:_LABEL_CELLS]):
        if key := row_of("proactive", cell.text):
            return place, key
    return 0, None


def _columns(key: str, stream: Stream) -> tuple[Version | None, list[str | None]]:
    """Format of the block and the column of each head; (None, []) when the heads do not tell."""
    formats = tables()["proactive"].rows[key].columns
    for version, columns in formats.items():
        if _heads_are(stream, columns):
            return version, list(columns)
    known = {head for head in stream.heads if head}
    for version, columns in formats.items():
        if known and set(columns) <= known:
            return version, [head if head in columns else None for head in stream.heads]
    return None, []


def _heads_are(stream: Stream, columns: Sequence[str]) -> bool:
    """Whether the heads of the block are these columns, a truncated wording included."""
    if len(stream.heads) != len(columns) or not any(stream.heads):
        return False
    return all(
        head == column or (head is None and _begins(text, column))
        for head, text, column in zip(stream.heads, stream.head_texts, columns, strict=True)
    )


def _begins(text: str, column: str) -> bool:
    """Whether the printed head is the beginning of that column's wording."""
    cut = core(text)
    return len(cut) >= _SHORTEST_PIECE and tables()["proactive"].columns[column].label.startswith(cut)


def _with_unit(cell: Cell, heads: Sequence[str]) -> Cell:
    """A money cell with the unit that its head prints, where the cell prints none and the form another."""
    unit = next((unit for text in heads if (unit := unit_of(text))), None)
    text = cell.text.strip()
    if unit in {None, tables()["proactive"].columns["amount_wanyuan"].unit} or not _BARE.fullmatch(text):
        return cell
    return replace(cell, text=f"{text}{unit}")
