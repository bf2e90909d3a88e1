"""Value cells whose columns are unknown: every order-keeping placement that the identities allow.

A drawn row may have fewer value cells than the form (an editor dropped the empty ones). Its numbers are
whole, only their places are open: all placements go to the solver, which knows what the sums permit.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

from pipelines.statutory.solver import RowText, solve
from pipelines.statutory.templates import cell_kinds
from pipelines.statutory.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipelines.statutory.templates import Identity

_GAP: Final = "/"


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
    """Every way to keep the order of the values among as many cells."""
    for places in combinations(range(width), len(values)):
        row = [_GAP] * width
        for slot, value in zip(places, values, strict=True):
            row[slot] = value or _GAP
        yield " ".join(row)
