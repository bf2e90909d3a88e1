"""Values of table 2 that a text export moved out of the table, before its head.

Seen where a cell holds a remark: ``3（修订1件）`` is printed as a line of its own, and its row is one value short.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING, Final

from pipelines.normalise import squeeze
from pipelines.statutory.templates import cell_kinds
from pipelines.statutory.values import Value, parse_value
from pipelines.statutory.wording import displaced as words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipelines.record import Number

_MAX_READINGS: Final = 200


def displaced_values(text: str) -> list[tuple[str, str | None]]:
    """Annotated numbers between the head of clause （一） and its table, with the column of the remark."""
    match = words().zone.search(squeeze(text))
    if match is None:
        return []
    return [(number, _column(remark)) for number, remark in words().annotated.findall(match[1])]


def _column(remark: str) -> str | None:
    """Column of table 2 that a remark points to (修订 … issued), or None."""
    return next(
        (key for key, hints in words().remarks.items() if any(hint in remark for hint in hints)), None
    )


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
) -> Iterator[dict[str, str]]:
    """Every way of giving the values back, as cell name → printed value; the first 200."""
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
