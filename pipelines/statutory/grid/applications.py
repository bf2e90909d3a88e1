"""Table 3 as drawn: rows are known by their labels, columns by the head row.

A label may fill up to six cells (serial, group, ordinal, wrapped wording); what stands behind it are values. Which
format it is (v1 or v2) the rows under （六）其他处理 tell, so no row is read before the last one was seen.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pipelines.statutory.grid.cells import assign, fit, is_serial, keep_apart, valuelike
from pipelines.statutory.grid.drawn import Grids
from pipelines.statutory.grid.stream import LabelledLine
from pipelines.statutory.grid.unlabelled import place_unlabelled
from pipelines.statutory.labels import column_of, core, group_of, is_note, row_of
from pipelines.statutory.templates import tables
from pipelines.statutory.values import parse_value
from pipelines.statutory.wording import APPLICANTS, labels, rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.blocks import Cell
    from pipelines.statutory.grid.stream import Line, Stream
    from pipelines.statutory.templates import Version

_LABEL_CELLS: Final = 6
_SHORTEST_PIECE: Final = 2
_HEADS_THAT_PROVE: Final = 2
_ROWS_ALIKE: Final = 3


# --- heads ----------------------------------------------------------------------------------------


def read_head(stream: Stream, line: Line) -> bool:
    """Recognise a head row of table 3 and take over a local order of columns or extra columns."""
    texts = [cell.text for cell in line.cells]
    keys = [column_of("applications", text) for text in texts]
    known = {key for key in keys if key}
    if any(map(is_serial, texts)):
        return False
    if len(known) < _HEADS_THAT_PROVE:
        if not any(map(is_note, texts)):
            return False
    else:
        _take_columns(stream, _leaves(texts, keys), known)
    stream.context = "applications"
    return True


def _leaves(texts: Sequence[str], keys: Sequence[str | None]) -> list[str | None]:
    """Columns that the row names, without blanks and notes; ``organisations`` for the head over five of them."""
    leaves: list[str | None] = []
    for key, text in zip(keys, texts, strict=True):
        if core(text) == labels().organisations:
            leaves.append("organisations")
        elif key or (text and not is_note(text)):
            leaves.append(key)
    return leaves


def _take_columns(stream: Stream, leaves: list[str | None], known: set[str]) -> None:
    """Take over the columns; the second of two head rows stands in the place of ``organisations``."""
    if "organisations" in leaves:
        stream.heads = leaves
        return
    if "natural_person" not in known and "natural_person" in stream.heads and "organisations" in stream.heads:
        place = stream.heads.index("organisations")
        leaves = [*stream.heads[:place], *leaves, *stream.heads[place + 1 :]]
    stream.headed.add("applications")
    while leaves and leaves[0] is None:  # the head over the labels
        leaves = leaves[1:]
    if sorted(filter(None, leaves)) == sorted(APPLICANTS):
        stream.applicants = tuple(leaves)
    stream.heads = []


# --- labels ---------------------------------------------------------------------------------------


def labelled(line: Line) -> LabelledLine:
    """Cut a row into label and values; serials and groups (三、… （三）…) stand before the label.

    Behind a known label only a piece of its own wording is label still; anything else is a value, readable
    or not.
    """
    cells = line.cells
    key: str | None = None
    label = ""
    last = -1
    for place, cell in enumerate(cells[:_LABEL_CELLS]):
        text = cell.text
        if not text:
            continue
        if text.isascii():
            if place == 0 and _numbers_a_row(cells):
                continue
            break
        found = row_of("applications", text)
        if found or group_of(text):
            key = found or key
        elif not _goes_on(key, text):
            break
        label, last = text, place
    return LabelledLine(key, label, cells[last + 1 :], line)


def _numbers_a_row(cells: Sequence[Cell]) -> bool:
    """Whether the first cell is the serial number of a row whose label stands in the second."""
    if not cells[0].text.isdigit() or len(cells) == 1:
        return False
    return row_of("applications", cells[1].text) is not None or group_of(cells[1].text) is not None


@lru_cache(maxsize=4096)
def _goes_on(key: str | None, text: str) -> bool:
    """Whether a text that names no row is label still: a piece of the known one, or words before any."""
    wording = core(text)
    if key is not None:
        return len(wording) >= _SHORTEST_PIECE and wording in tables()["applications"].rows[key].label
    return not valuelike(text) and not any(map(str.isdigit, wording))


# --- values ---------------------------------------------------------------------------------------


def finish(stream: Stream) -> None:
    """Read the values of all rows, when the last one was seen."""
    if not any(line.key for line in stream.lines):
        return
    version = _format(stream)
    stream.reading.versions["applications"] = version
    names = _names(version, stream.applicants)
    misplaced = _misplaced(stream.lines, list(names))
    for line in misplaced:
        if line.printed():
            keep_apart(stream.reading, "applications", line.label, line.values)
    lines = [line for line in stream.lines if line not in misplaced]
    grids = Grids(lines, len(stream.applicants))
    for line in lines:
        if line.key:
            placed = _placed(line, lines, stream.applicants, grids)
            if placed is not None or line.printed():
                assign(stream.reading, names[line.key], placed, line.values, line.line)
    place_unlabelled(stream.reading, lines, names)


def _format(stream: Stream) -> Version:
    """Format of the table: its rows tell; without any row of （六） its neighbour does, and the reason is noted."""
    if rows().format_of({line.key for line in stream.lines if line.key}) == "v2":
        return "v2"
    if any(line.key == "other.all" and line.values for line in stream.lines):
        return "v1"
    stream.reading.reasons.append("table3_format_undetermined")
    return "v1" if stream.proactive_versions == {"v1"} else "v2"


@lru_cache(maxsize=64)
def _names(version: Version, columns: tuple[str | None, ...]) -> dict[str, tuple[str | None, ...]]:
    """Row → cell names by head."""
    return {
        row.key: tuple(f"applications.{row.key}.{column}" if column else None for column in columns)
        for row in tables()["applications"].rows_of(version)
    }


def _misplaced(lines: Sequence[LabelledLine], template: Sequence[str]) -> list[LabelledLine]:
    """Rows that the format does not have, and totals that are not （七）总计: subtotals of a group."""
    misplaced, totals = [], []
    for place, line in enumerate(lines):
        if line.key is not None and (line.key not in template or _is_group_total(lines, place)):
            misplaced.append(line)
        elif line.key == "results_total":
            totals.append(line)
    named = [line for line in totals if core(line.label) == labels().grand_total]
    if len(totals) > len(named) == 1:
        misplaced += [line for line in totals if line is not named[0]]
    return misplaced


def _is_group_total(lines: Sequence[LabelledLine], place: int) -> bool:
    """Whether a total stands before further outcomes of the same table: a local subtotal of a group."""
    if lines[place].key != "results_total":
        return False
    form = tables()["applications"].rows
    for line in lines[place + 1 :]:
        if line.key == "new_received":
            return False
        if line.key is not None and form[line.key].group == "outcome":
            return True
    return False


def _placed(
    line: LabelledLine, lines: Sequence[LabelledLine], columns: Sequence[str | None], grids: Grids
) -> list[Cell] | None:
    """One cell a column: counted, where the count is certain; else by the drawn grid; else None."""
    placed = fit(line.values, len(columns))
    if placed is not None and (
        len(line.values) <= len(columns) or _padded_alike(line, lines) or _adds_up(placed, columns)
    ):
        return placed
    return grids.cells_of(line)


def _padded_alike(line: LabelledLine, lines: Sequence[LabelledLine]) -> bool:
    """Whether other rows of the table have as many cells: a column of padding, not a cell too many."""
    alike = (o for o in lines if o.line.table is line.line.table and len(o.values) == len(line.values))
    return sum(1 for _ in alike) >= _ROWS_ALIKE


def _adds_up(cells: Sequence[Cell], columns: Sequence[str | None]) -> bool:
    """Whether the printed parts of a row make up its printed total."""
    values = {
        column: parse_value(cell.text, "count", None)
        for column, cell in zip(columns, cells, strict=True)
        if column
    }
    if any(value.status not in {"number", "blank"} for value in values.values()):
        return False
    total = values.pop("total").value
    return total is not None and total == sum(value.value or 0 for value in values.values())
