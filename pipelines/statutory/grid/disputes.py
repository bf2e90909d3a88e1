"""Table 4 as drawn: three blocks of five values, in one row, a row a block, or a row a value.

Lying, the head rows name the blocks and one row holds all values; upright, every row names its block. A row of
fifteen values behind table 3 is table 4 although its head is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipelines.statutory.grid.cells import assign, fit, is_serial, keep_apart, valuelike
from pipelines.statutory.labels import column_of, core, row_of
from pipelines.statutory.wording import BLOCKS, OUTCOMES, labels, rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.blocks import Cell
    from pipelines.statutory.grid.stream import Line, Stream

_LABEL_CELLS: Final = 3


def read_head(stream: Stream, line: Line) -> bool:
    """Recognise head rows and note the order of the blocks."""
    texts = [cell.text for cell in line.cells]
    blocks = [block for text in texts if (block := row_of("disputes", text))]
    outcomes = sum(column_of("disputes", text) is not None for text in texts)
    if any(map(is_serial, texts)) or not _is_head(stream, texts, blocks, outcomes):
        return False
    if stream.context != "disputes":
        stream.context, stream.blocks = "disputes", []
    stream.blocks.extend(block for block in blocks if block not in stream.blocks)
    stream.outcome_heads += outcomes
    stream.heads_here += outcomes
    if stream.outcome_heads >= len(OUTCOMES) * len(BLOCKS):
        stream.headed.add("disputes")
    return True


def _is_head(stream: Stream, texts: Sequence[str], blocks: Sequence[str], outcomes: int) -> bool:
    """Whether the row names a block, or so many outcomes that it can't be a row of table 3."""
    if blocks or any(core(text) == labels().suits for text in texts):
        return True
    if outcomes < len(OUTCOMES) and not (outcomes and stream.context == "disputes"):
        return False
    return not any(row_of("applications", text) in rows().telling for text in texts)


def read_upright(stream: Stream, line: Line) -> bool:
    """Read a row that names its block and ends in a figure; a head row follows other rules."""
    cells = line.cells
    if len(cells) == 1 or not is_serial(cells[-1].text):
        return False
    if not any(row_of("disputes", cell.text) for cell in cells[:_LABEL_CELLS]):
        return False
    stream.context = "disputes"
    return _read_labelled(stream, line)


def read_values(stream: Stream, line: Line) -> bool:
    """Read a row of values: five a block that the head names, one block a row, or one value a row."""
    inside = stream.context == "disputes"
    if inside and _read_labelled(stream, line):
        return True
    if [cell.text for cell in line.cells] == [str(k) for k in range(1, len(line.cells) + 1)]:
        return True  # the columns are numbered
    values = _behind_label(line.cells)
    if not values or sum(valuelike(cell.text) for cell in values) * 2 < len(values):
        return False
    blocks, placed = _placed(values, _named_blocks(stream))
    if placed is None:
        if inside and any(cell.text for cell in values):
            stream.reading.reasons.append("table4_positions_unknown")
            keep_apart(stream.reading, "disputes", "", values)
            stream.reading.versions.setdefault("disputes", "v2")
        return False
    if not inside and not all(cell.text for cell in values):
        return False
    stream.context, stream.blocks, stream.heads_here = "disputes", [], 0
    stream.reading.versions["disputes"] = "v2"
    names = [f"disputes.{block}.{outcome}" for block in blocks for outcome in OUTCOMES]
    assign(stream.reading, names, placed, values, line)
    return True


def _behind_label(cells: list[Cell]) -> list[Cell]:
    """The row without words before its values."""
    while cells and cells[0].text and not valuelike(cells[0].text) and not _holds_digits(cells[0].text):
        cells = cells[1:]
    return cells


def _holds_digits(text: str) -> bool:
    return any(map(str.isdigit, text))


def _named_blocks(stream: Stream) -> Sequence[str]:
    """Blocks that the head names; all of the form where it prints the outcomes of all."""
    if stream.heads_here == len(OUTCOMES) * len(BLOCKS):
        return BLOCKS
    return stream.blocks if stream.context == "disputes" else ()


def _placed(values: list[Cell], named: Sequence[str]) -> tuple[Sequence[str], list[Cell] | None]:
    """The values of the blocks that the head named, else of all blocks of the form; None when they don't fit."""
    for blocks in (named, BLOCKS):
        placed = fit(values, len(blocks) * len(OUTCOMES)) if blocks else None
        if placed is not None:
            return blocks, placed
    return BLOCKS, None


def _read_labelled(stream: Stream, line: Line) -> bool:
    """Read a row behind the name of its block: five values, or one outcome and one value."""
    places = [place for place, cell in enumerate(line.cells) if cell.text and not valuelike(cell.text)]
    texts = [line.cells[place].text for place in places]
    named = next((block for text in texts if (block := row_of("disputes", text))), None)
    stream.block = named or stream.block
    outcome = next((column for text in texts if (column := column_of("disputes", text))), None)
    values = line.cells[places[-1] + 1 :] if places else []
    columns = (outcome,) if outcome else OUTCOMES
    if not values or len(values) != len(columns) or stream.block is None or not (outcome or named):
        return False
    stream.reading.versions["disputes"] = "v2"
    assign(stream.reading, [f"disputes.{stream.block}.{column}" for column in columns], values, values, line)
    return True
