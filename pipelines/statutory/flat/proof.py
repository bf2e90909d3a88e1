"""Which rows nothing proves although their text has one reading: their numbers stay open.

A row of whole numbers that is short of cells needs a sum that its own total confirms; a row that was cut must not
contradict the sums all around it, nor its own total where one dropped blank would explain that.
"""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipelines.record import Number
    from pipelines.statutory.flat.zones import TextRow
    from pipelines.statutory.solver import Solution
    from pipelines.statutory.templates import Identity

    Numbers = Mapping[str, Number | None]

_MANY_FAILURES: Final = 3
_MOST_CUTS: Final = 4_000


def unproved(
    solution: Solution, rows: Sequence[TextRow], system: Sequence[Identity], *, whole: bool
) -> set[str]:
    """Keys of the rows that nothing proves.

    Args:
        solution: what the solver found.
        rows: the rows whose cells ran together or are too few.
        system: identities among the cells of the table.
        whole: whether separated numbers are whole cells, so that no row was cut.
    """
    numbers = {name: cell.value for name, cell in solution.cells.items() if cell.status == "number"}
    found = set()
    for row in rows:
        names = set(row.names)
        through = [identity for identity in system if not names.isdisjoint((*identity.left, *identity.right))]
        if (
            _is_short(row, solution, through, numbers)
            or _blanks_are_open(row, solution, through)
            or _is_given_up(row, solution)
            or _contradicts(row, solution, through, numbers, whole=whole)
        ):
            found.add(row.found.key)
    return found


def _is_short(row: TextRow, solution: Solution, through: Sequence[Identity], numbers: Numbers) -> bool:
    """Whether the row has numbers and empty cells, and no total of its own that is printed and adds up."""
    statuses = {solution.cells[name].status for name in row.names}
    if "number" not in statuses or statuses.isdisjoint({"placeholder", "blank"}):
        return False
    inner = _inner(row, through)
    return not inner or not all(_confirmed(identity, numbers) for identity in inner)


def _blanks_are_open(row: TextRow, solution: Solution, through: Sequence[Identity]) -> bool:
    """Whether blanks were dropped somewhere, and it is open or contradicted which cells of the row they are."""
    statuses = {solution.cells[name].status for name in row.names}
    if not solution.blanks_dropped or statuses in ({"number"}, {"blank"}) or not _inner(row, through):
        return False
    return "ambiguous" in statuses or bool(solution.impossible or solution.possibly_impossible)


def _is_given_up(row: TextRow, solution: Solution) -> bool:
    """Whether the solver ran out of time, and the row shows neither a word nor a character a cell."""
    text, width = row.zone.texts[0], len(row.names)
    words = text.split()
    complete = len(words) == width or (len(words) == 1 and len(text.strip()) == width)
    return solution.exhausted and not complete


def _contradicts(
    row: TextRow, solution: Solution, through: Sequence[Identity], numbers: Numbers, *, whole: bool
) -> bool:
    """Whether the row fails one of several totals of its own, many sums, or its total where a blank explains it."""
    contradicted = {*solution.impossible, *solution.possibly_impossible}
    verdicts = {identity.rule: identity.holds(numbers) for identity in through}
    failing = {rule for rule, verdict in verdicts.items() if verdict is False or rule in contradicted}
    inner = _inner(row, through)
    own = any(identity.rule in failing for identity in inner)
    if own and len(inner) > 1:
        return True
    if whole or len(failing) >= _MANY_FAILURES:
        return not whole
    return own and (None in verdicts.values() or _blank_explains(row, numbers, through))


def _inner(row: TextRow, through: Sequence[Identity]) -> list[Identity]:
    """Identities among cells of the row only: its totals."""
    names = set(row.names)
    return [identity for identity in through if names.issuperset((*identity.left, *identity.right))]


def _blank_explains(row: TextRow, numbers: Numbers, through: Sequence[Identity]) -> bool:
    """Whether one dropped blank makes a row sound that without it contradicts its own total.

    Then the printed mistake is no mistake for certain, and the row has two readings.
    """
    digits = "".join(row.zone.texts[0].split())
    width = len(row.names)
    if not digits.isdigit() or comb(max(len(digits) - 1, 0), width - 2) > _MOST_CUTS:
        return True
    others = {name: value for name, value in numbers.items() if name not in row.names}
    for cells in _with_one_blank(digits, width):
        trial = {**others, **dict(zip(row.names, cells, strict=True))}
        if all(_possible(identity, trial) for identity in through):
            return True
    return False


def _with_one_blank(digits: str, width: int) -> Iterator[list[Number | None]]:
    """Every way to cut the digits into cells of which one is blank."""
    for cuts in combinations(range(1, len(digits)), width - 2):
        pieces = [digits[a:b] for a, b in zip((0, *cuts), (*cuts, len(digits)), strict=True)]
        if any(len(piece) > 1 and piece[0] == "0" for piece in pieces):
            continue
        for gap in range(width):
            row: list[Number | None] = [int(piece) for piece in pieces]
            row.insert(gap, None)
            yield row


def _possible(identity: Identity, cells: Numbers) -> bool:
    """Whether some filling of the cells without a number makes the identity hold."""
    left = sum(cells.get(name) or 0 for name in identity.left)
    right = sum(cells.get(name) or 0 for name in identity.right)
    open_left = any(cells.get(name) is None for name in identity.left)
    open_right = any(cells.get(name) is None for name in identity.right)
    return left == right or (open_left and left < right) or (open_right and right < left)


def _confirmed(identity: Identity, numbers: Numbers) -> bool:
    """Whether the total is printed and the printed parts make it up."""
    total = numbers.get(identity.left[0])
    return total is not None and total == sum(numbers.get(name) or 0 for name in identity.right)
