"""What editors, converters and scrapers do to tables.

After damage a figure may be lost, so a cell may come back null with a reason; it may never come back different.
``structural`` damage changes how many cells a row has: only one kind of it is done to one report, because
two can cancel out (a lost blank and a split number leave a row with its right count of wrong figures).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tests.rendering.form import Box, Change, Rows
from tests.rendering.values import fixed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from pipelines.statutory.templates import TableName


def damage(rng: Random, *, blanks: bool = False) -> tuple[str, Change]:
    """A name and a change: at most one kind of structural damage, at most one other.

    Args:
        rng: the source of choices.
        blanks: the report has blank cells, which could hide that a split number takes one place more.
    """
    kind = rng.choice(("", *(name for name in STRUCTURAL if name != "split_number" or not blanks)))
    # A wider cell or a number with a space in it can hide that a cell was lost.
    other = rng.choice(("", *COSMETIC, *(() if kind else ("broken_spans", "spaced_numbers"))))
    seed = rng.randrange(1000)

    def change(table: TableName, rows: Rows) -> Rows:
        inner = fixed(f"{seed}{table}{len(rows)}")
        for name in filter(None, (kind, other)):
            rows = KINDS[name](rows, inner)
        return rows

    return "+".join(filter(None, (kind, other))) or "none", change


def _lost_blanks(rows: Rows, _rng: Random) -> Rows:
    return [[box for box in row if box.role != "value" or box.text.strip()] for row in rows]


def _lost_groups(rows: Rows, rng: Random) -> Rows:
    return [[box for box in row if box.role != "group" or rng.random() < 0.5] for row in rows]


def _spans_to_cells(rows: Rows) -> Rows:
    """Every place that a merged cell covers becomes an empty cell of its own."""
    grid: list[dict[int, Box]] = [{} for _ in rows]
    for index, row in enumerate(rows):
        column = 0
        for box in row:
            while column in grid[index]:
                column += 1
            for down in range(min(box.rowspan, len(rows) - index)):
                for across in range(box.colspan):
                    grid[index + down][column + across] = Box("", "empty")
            grid[index][column] = replace(box, colspan=1, rowspan=1)
    return [[row[column] for column in sorted(row)] for row in grid]


def _places(rows: Rows, fits: Callable[[list[Box], int], bool]) -> list[tuple[int, int]]:
    return [
        (i, j)
        for i, row in enumerate(rows)
        for j, box in enumerate(row)
        if box.role == "value" and fits(row, j)
    ]


def _at_one_value(rows: Rows, rng: Random, change: Callable[[Box, Random], list[Box]]) -> Rows:
    """Change one value cell of more than one sign somewhere in the table."""
    places = _places(rows, lambda row, j: len(row[j].text) > 1)
    if not places:
        return rows
    i, j = rng.choice(places)
    return [*rows[:i], [*rows[i][:j], *change(rows[i][j], rng), *rows[i][j + 1 :]], *rows[i + 1 :]]


def _at_one_pair(rows: Rows, rng: Random, joint: str) -> Rows:
    """Two neighbouring values in one cell, the other cell lost, somewhere in the table."""
    places = _places(rows, lambda row, j: j + 1 < len(row) and row[j + 1].role == "value")
    if not places:
        return rows
    i, j = rng.choice(places)
    pair = replace(rows[i][j], text=f"{rows[i][j].text}{joint}{rows[i][j + 1].text}")
    return [*rows[:i], [*rows[i][:j], pair, *rows[i][j + 2 :]], *rows[i + 1 :]]


def _split(box: Box, rng: Random) -> list[Box]:
    at = 1 + rng.randrange(len(box.text) - 1)
    return [replace(box, text=box.text[:at]), replace(box, text=box.text[at:])]


def _merged_row(rows: Rows, rng: Random) -> Rows:
    """One cell over all values of a row; drawn only where they print the same."""
    candidates = []
    for index, row in enumerate(rows):
        values = [box for box in row if box.role == "value"]
        if len(values) > 1 and len({box.text for box in values}) == 1:
            candidates.append(index)
    if not candidates:
        return rows
    index = rng.choice(candidates)
    values = [box for box in rows[index] if box.role == "value"]
    others = [box for box in rows[index] if box.role != "value"]
    span = sum(box.colspan for box in values)
    return [*rows[:index], [*others, replace(values[0], colspan=span)], *rows[index + 1 :]]


def _texts(
    rows: Rows, rng: Random, roles: tuple[str, ...], share: float, change: Callable[[str, Random], str]
) -> Rows:
    return [
        [
            replace(box, text=change(box.text, rng))
            if box.role in roles and len(box.text) > 1 and rng.random() < share
            else box
            for box in row
        ]
        for row in rows
    ]


def _spaced(text: str, rng: Random) -> str:
    at = 1 + rng.randrange(len(text) - 1)
    return text[:at] + rng.choice((" ", "　", "\xa0", "\u200b", "\n", "\t")) + text[at:]


def _cut(text: str, rng: Random) -> str:
    return text[: 2 + rng.randrange(len(text) - 1)]


def _broken(box: Box, rng: Random) -> Box:
    if rng.random() < 0.9:
        return box
    return replace(box, colspan=rng.choice((1, 2, 3, 7)), rowspan=rng.choice((1, 1, 1, 2, 5)))


KINDS: Final[Mapping[str, Callable[[Rows, Random], Rows]]] = {
    "lost_blanks": _lost_blanks,
    "spans_to_cells": lambda rows, _rng: _spans_to_cells(rows),
    "split_number": lambda rows, rng: _at_one_value(rows, rng, _split),
    "joined_cells": lambda rows, rng: _at_one_pair(rows, rng, " "),
    "glued_cells": lambda rows, rng: _at_one_pair(rows, rng, ""),
    "merged_row": _merged_row,
    "lost_groups": _lost_groups,
    "odd_spaces": lambda rows, rng: _texts(rows, rng, ("label", "head", "group"), 0.3, _spaced),
    "broken_spans": lambda rows, rng: [[_broken(box, rng) for box in row] for row in rows],
    "cut_labels": lambda rows, rng: _texts(rows, rng, ("label",), 0.1, _cut),
    "spaced_numbers": lambda rows, rng: _texts(rows, rng, ("value",), 0.05, _spaced),
}
STRUCTURAL: Final = tuple(KINDS)[:7]
COSMETIC: Final = ("odd_spaces", "cut_labels")
