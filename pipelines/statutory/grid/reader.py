"""Which tables are read, and to which statutory table each row of them belongs.

A row of table 3 or an upright row of table 4 says by its label what it is, and so does a head; every other
row belongs to the table that the rows before it belonged to.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pipelines.statutory.grid import applications, disputes, proactive
from pipelines.statutory.grid.cells import are_values
from pipelines.statutory.grid.stream import Line, Stream
from pipelines.statutory.labels import clause_of, column_of, group_of, is_note, row_of
from pipelines.statutory.reading import Reading
from pipelines.statutory.wording import APPLICANTS, BLOCKS, OUTCOMES, rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.blocks import Cell, Table

_LABEL_CELLS: Final = 6
_HEADS_THAT_PROVE: Final = 3
_ROWS_THAT_PROVE: Final = 3


def read_grid(found: Sequence[Table]) -> Reading:
    """Read the statutory tables from drawn tables in document order."""
    stream = Stream(Reading())
    for table in found:
        if _is_statutory(table, stream):
            for index, cells in enumerate(table.rows):
                if cells:
                    _read(stream, Line(cells, table, index))
    applications.finish(stream)
    reading = stream.reading
    reading.reasons += [f"{name}:heads_missing" for name in reading.versions if name not in stream.headed]
    if stream.proactive_versions:
        formats = sorted(stream.proactive_versions)
        reading.versions["proactive"] = formats[0] if len(formats) == 1 else "mixed"
    return reading


# --- tables ---------------------------------------------------------------------------------------


def _is_statutory(table: Table, stream: Stream) -> bool:
    """Whether a table belongs to the statutory ones, by any label of theirs, or continues one."""
    needed = 1 if stream.context == "applications" else _ROWS_THAT_PROVE
    for cells in table.rows:
        for cell in cells[:_LABEL_CELLS]:
            if _proves(cell.text):
                return True
            if _names_a_row(cell.text):
                needed -= 1
                if not needed:
                    return True
        heads = {column_of("applications", cell.text) for cell in cells} - {None}
        if len(heads) >= _HEADS_THAT_PROVE:
            return True
    return _continues(table, stream)


@lru_cache(maxsize=4096)
def _proves(text: str) -> bool:
    """Whether the text stands in a statutory table only."""
    if not text or text.isascii():
        return False
    return bool(clause_of(text) or column_of("proactive", text) or is_note(text) or row_of("disputes", text))


@lru_cache(maxsize=4096)
def _names_a_row(text: str) -> bool:
    """Whether the text names a row of table 3 that stands in no other table."""
    return not text.isascii() and row_of("applications", text) in rows().telling


def _continues(table: Table, stream: Stream) -> bool:
    """Whether a table without a telling label is the rest of the statutory table before it."""
    if stream.context == "proactive":
        return any(row_of("proactive", cells[0].text) for cells in table.rows if cells)
    return stream.context == "applications" and any(map(_may_continue_applications, table.rows))


def _may_continue_applications(cells: list[Cell]) -> bool:
    """Whether the row can be one of table 3 or the values of table 4."""
    width = len(APPLICANTS)
    if len(cells) == len(BLOCKS) * len(OUTCOMES):
        return True
    return len(cells) >= width and (group_of(cells[0].text) is not None or are_values(cells[-width:]))


# --- rows -----------------------------------------------------------------------------------------


def _read(stream: Stream, line: Line) -> None:
    """Give one row to the table that it belongs to."""
    labelled = applications.labelled(line)
    if labelled.key in rows().telling:
        stream.context = "applications"
        stream.lines.append(labelled)
    elif _says_its_table(stream, line):
        return
    elif stream.context == "applications":
        if labelled.key or (not disputes.read_values(stream, line) and line.filled()):
            stream.lines.append(labelled)
    elif stream.context == "disputes":
        disputes.read_values(stream, line)
    elif not proactive.read_head(stream, line) and stream.context == "proactive":
        proactive.read_row(stream, line)


def _says_its_table(stream: Stream, line: Line) -> bool:
    """Read a row that tells by itself which table it belongs to: an upright line of table 4, or a head."""
    return (
        disputes.read_upright(stream, line)
        or proactive.read_clause(stream, line)
        or disputes.read_head(stream, line)
        or applications.read_head(stream, line)
    )
