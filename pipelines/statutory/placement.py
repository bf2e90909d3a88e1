"""Value cells whose columns are unknown: every order-keeping placement that the identities allow.

A drawn row may have fewer value cells than the form (an editor dropped the empty ones). Its numbers are
whole, only their places are open: all placements go to the solver, which knows what the sums permit.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, permutations
from typing import TYPE_CHECKING, Final

from pipelines.statutory.solver import RowText, solve
from pipelines.statutory.templates import cell_kinds
from pipelines.statutory.values import Value, parse_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipelines.record import Number
    from pipelines.statutory.templates import Identity

_GAP: Final = "/"
_MAX_READINGS: Final = 200


def place(
    open_rows: Mapping[str, tuple[Sequence[str], Sequence[str]]],
    known: Mapping[str, Value],
    identities: Sequence[Identity],
) -> dict[str, Value]:
    """Place the numbers of incomplete rows.

    Args:
        open_rows: row key → (cell names in printed order, printed values in order, fewer than names).
        known: the cells that were read with certainty.
        identities: the identities of the table.

    Returns:
        A value for every cell of the open rows: the number or blank that all placements agree on, else null
        with the candidates.
    """
    kinds = cell_kinds()
    rows = [
        RowText(key, tuple(names), tuple(kinds[n] for n in names), tuple(_placements(len(names), values)))
        for key, (names, values) in open_rows.items()
    ]
    rows += [
        RowText(name, (name,), (kinds[name],), (_GAP if value.value is None else repr(value.value),))
        for name, value in known.items()
    ]
    cells = {name for row in rows for name in row.cells}
    solution = solve(rows, [i for i in identities if cells.issuperset((*i.left, *i.right))])
    found = {}
    for names, values in open_rows.values():
        raw = " | ".join(values)
        proved = bool(identities) and solution.cells[names[-1]].status == "number"
        for name in names:
            cell = solution.cells[name]
            if cell.status == "number" and proved:
                found[name] = Value(cell.value, raw, "number", ("placed_by_sums",))
            elif cell.status in ("placeholder", "blank") and proved:
                found[name] = Value(None, "", "blank", ("cell_missing",))
            else:
                candidates = cell.candidates or (cell.value,)
                found[name] = Value(None, raw, "ambiguous", ("positions_unknown",), candidates=candidates)
    return found


def _placements(width: int, values: Sequence[str]) -> Iterator[str]:
    for places in combinations(range(width), len(values)):
        row = [_GAP] * width
        for place_, value in zip(places, values, strict=True):
            row[place_] = value or _GAP
        yield " ".join(row)


def place_displaced(
    rows: Mapping[str, tuple[Sequence[str], Sequence[str]]], displaced: Sequence[tuple[str, str | None]]
) -> dict[str, Value]:
    """Give back to the rows of table 2 the cells that a text export moved out of it.

    Args:
        rows: row key → (cell names, the printed values that stayed), each exactly one value short.
        displaced: printed values that stand outside, each with the column its remark points to, or None.

    Returns:
        A value for every cell: the number that all ways of giving them back agree on, else null with candidates.
    """
    readings = [dict(cells) for cells in _given_back(rows, displaced)]
    kinds = cell_kinds()
    found: dict[str, Value] = {}
    for names, values in rows.values():
        for name in names:
            parsed = [parse_value(reading[name], kinds[name], None) for reading in readings]
            numbers: tuple[Number | None, ...] = tuple(dict.fromkeys(value.value for value in parsed))
            if len(numbers) == 1:
                found[name] = replace(parsed[0], flags=(*parsed[0].flags, "row_incomplete"))
            else:
                raw = " | ".join(values)
                found[name] = Value(None, raw, "ambiguous", ("displaced_cell",), candidates=numbers)
    return found


def _given_back(
    rows: Mapping[str, tuple[Sequence[str], Sequence[str]]], displaced: Sequence[tuple[str, str | None]]
) -> Iterable[dict[str, str]]:
    count = 0
    for order in permutations(displaced, len(rows)):
        partial: list[dict[str, str]] = [{}]
        for (names, values), (value, column) in zip(rows.values(), order, strict=True):
            partial = [
                {**reading, **dict(zip(names, [*values[:at], value, *values[at:]], strict=True))}
                for reading in partial
                for at, name in enumerate(names)
                if column is None or name.endswith(f".{column}")
            ]
        for reading in partial:
            count += 1
            if count > _MAX_READINGS:
                return
            yield reading
