"""Zones to values: separated cells as they stand, the rest as the solver leaves it.

A row whose cells have borders is never cut. Whether separated numbers are whole cells in rows that have too few
of them is decided for the table: where most rows of table 3 print several values apart, spaces separate cells.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, Final

from pipelines.statutory.flat.proof import unproved
from pipelines.statutory.flat.zones import UNREADABLE
from pipelines.statutory.solver import CellSolution, RowText, Solution, solve
from pipelines.statutory.templates import cell_kinds, cell_units, identities
from pipelines.statutory.values import Value, parse_value

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pipelines.record import CellStatus
    from pipelines.statutory.flat.zones import TextRow
    from pipelines.statutory.reading import Reading
    from pipelines.statutory.templates import TableName, Version

_GAP: Final = "/"
_BLANKS_MAY_HIDE: Final = RowText("", ("",), ("count",), ("",))
"""A row without any value: it tells the solver that this document drops its blank cells."""
_MOST_PLACEMENTS: Final = 200


def read_rows(reading: Reading, table: TableName, version: Version, rows: Sequence[TextRow]) -> None:
    """Read the rows of one table into the reading.

    Args:
        reading: what is filled.
        table: which table.
        version: its format, for the identities.
        rows: its rows in printed order.
    """
    exact = {row.found.key: cells for row in rows if (cells := row.zone.cells(len(row.names)))}
    if table == "applications":
        reading.whole = reading.whole or _stand_alone(rows)
    for row in rows:
        if row.found.key in exact:
            _put_separated(reading, row, exact[row.found.key])
    if len(exact) == len(rows):
        return
    whole = reading.whole or ("applications" not in reading.versions and _mostly_apart(rows))
    known = {name for row in rows for name in row.names}
    system = [i for i in identities(table, version) if known.issuperset((*i.left, *i.right))]
    texts = [_row_text(row, exact, whole=whole) for row in rows]
    if reading.dropped:
        texts.append(_BLANKS_MAY_HIDE)
    solution = solve(texts, system)
    reading.dropped = reading.dropped or solution.blanks_dropped
    joined = [row for row in rows if row.found.key not in exact]
    doubtful = unproved(solution, joined, system, whole=whole)
    for row in joined:
        _put_solved(reading, row, solution, doubtful)
    _note_failures(reading, table, solution)


def _put_separated(reading: Reading, row: TextRow, cells: Sequence[str]) -> None:
    for name, printed in zip(row.names, cells, strict=True):
        value = parse_value(printed, cell_kinds()[name], cell_units()[name])
        if value.value is None or value.flags:
            value = replace(value, where=_where(row))
        reading.put(name, value)


def _put_solved(reading: Reading, row: TextRow, solution: Solution, doubtful: Collection[str]) -> None:
    for name in row.names:
        cell = solution.cells[name]
        if row.found.key in doubtful and cell.status != "garbled":
            cell = CellSolution(None, "ambiguous", cell.candidates or (cell.value,))
        reading.put(name, _solved(cell, name, row))
        if cell.status == "number":
            reading.settled.add(name)


def _solved(cell: CellSolution, name: str, row: TextRow) -> Value:
    """What the solver says of a cell; its printed characters are read like those of any other cell."""
    if cell.status == "number" and cell.raw:
        value = parse_value(cell.raw, cell_kinds()[name], cell_units()[name])
        return replace(value, flags=(*value.flags, "solved"), where=_where(row))
    status: CellStatus = "blank" if cell.status in {"blank", "placeholder"} else cell.status
    flags = ("solved",) if status == "number" else ("joined",)
    raw = " ".join(row.zone.texts[0].removeprefix(UNREADABLE).split())
    return Value(cell.value, raw, status, flags, candidates=cell.candidates, where=_where(row))


def _where(row: TextRow) -> str:
    return f"text, row {row.found.key}"


def _note_failures(reading: Reading, table: TableName, solution: Solution) -> None:
    """Note what the solver could not do."""
    reading.impossible.extend(solution.impossible)
    for present, reason in (
        (solution.blanks_dropped, "blanks_dropped"),
        (solution.exhausted, "solver_exhausted"),
        (solution.possibly_impossible, "identities_contradict"),
    ):
        if present:
            reading.reasons.append(f"{table}:{reason}")


# --- rows for the solver --------------------------------------------------------------------------


def _row_text(row: TextRow, exact: Mapping[str, Sequence[str]], *, whole: bool) -> RowText:
    cells = exact.get(row.found.key)
    texts = _alternatives(row, whole=whole) if cells is None else (_bordered(cells),)
    return RowText(row.found.key, row.names, tuple(cell_kinds()[name] for name in row.names), texts)


def _bordered(cells: Sequence[str]) -> str:
    """A row with known borders: whole numbers, everything else a cell without one."""
    parsed = (parse_value(cell, "decimal", None).value for cell in cells)
    return " ".join(_GAP if value is None else repr(value) for value in parsed)


def _alternatives(row: TextRow, *, whole: bool) -> tuple[str, ...]:
    """What the solver may choose from; where every cell has a line of its own, numbers are never cut."""
    spaced = tuple(" ".join(text.split()) for text in row.zone.texts)
    if not whole or not spaced[0] or row.zone.unreadable():
        return spaced
    numbers, width = spaced[0].split(" "), len(row.names)
    if len(numbers) >= width or comb(width, len(numbers)) > _MOST_PLACEMENTS:
        return (UNREADABLE + spaced[0],)
    return tuple(
        " ".join(numbers[places.index(k)] if k in places else _GAP for k in range(width))
        for places in combinations(range(width), len(numbers))
    )


def _stand_alone(rows: Sequence[TextRow]) -> bool:
    """Whether the values of a table stand apart from each other: nothing looks like cells run together."""
    filled = [tokens for row in rows if (tokens := row.zone.tokens())]
    if any(len(token) > 1 and token[0] == "0" and token.isdigit() for tokens in filled for token in tokens):
        return False
    return sum(len(tokens) > 1 for tokens in filled) * 2 > len(filled)


def _mostly_apart(rows: Sequence[TextRow]) -> bool:
    """Whether the widest row has more separated numbers than half its cells."""
    widest = max(rows, key=lambda row: len(row.names))
    return len(widest.zone.texts[0].split()) * 2 > len(widest.names) > 1
