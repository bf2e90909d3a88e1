"""Rows of table 3 without a known label: placed by order where one order fits and the sums prove it.

All or nothing: when one identity through the placed cells fails or cannot be computed, none is placed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipelines.statutory.grid.cells import are_values, assign, keep_apart
from pipelines.statutory.labels import core
from pipelines.statutory.reading import Reading
from pipelines.statutory.templates import identities, tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipelines.statutory.grid.stream import LabelledLine
    from pipelines.statutory.values import Value


def place_unlabelled(
    reading: Reading, lines: Sequence[LabelledLine], names: Mapping[str, Sequence[str | None]]
) -> None:
    """Give rows without a label the cells of the rows that are missing, or keep them apart.

    Args:
        reading: the labelled rows of table 3, and what is filled.
        lines: all rows in printed order.
        names: row → cell names by head, for the rows of the format in its order.
    """
    placed = list(_by_order(lines, names))
    proved = _proved(reading, placed, names) if placed else {}
    reading.values |= proved
    if not proved:
        placed = []
    done = {id(line) for line, _ in placed}
    for line in lines:
        if line.key is None and id(line) not in done and line.printed():
            keep_apart(reading, "applications", line.label, line.values)


def _by_order(
    lines: Sequence[LabelledLine], names: Mapping[str, Sequence[str | None]]
) -> Iterator[tuple[LabelledLine, str]]:
    """Rows without a label, each with the missing row that it must be, where as many are missing as unlabelled."""
    order = [line.key for line in lines]
    template = list(names)
    gaps: dict[tuple[str | None, str | None], list[LabelledLine]] = {}
    for place, line in enumerate(lines):
        if line.key is None and len(line.values) == len(names[template[0]]) and are_values(line.values):
            before = next((key for key in reversed(order[:place]) if key), None)
            after = next((key for key in order[place:] if key), None)
            gaps.setdefault((before, after), []).append(line)
    for (before, after), unlabelled in gaps.items():
        low = template.index(before) + 1 if before else 0
        high = template.index(after) if after else len(template)
        missing = [key for key in template[low:high] if key not in order]
        if len(missing) == len(unlabelled):
            pairs = zip(unlabelled, missing, strict=True)
            yield from ((line, key) for line, key in pairs if _is_piece_of(line.label, key))


def _proved(
    reading: Reading, placed: Sequence[tuple[LabelledLine, str]], names: Mapping[str, Sequence[str | None]]
) -> dict[str, Value]:
    """The cells of the placed rows, when the sums prove all of them; else none."""
    proof = Reading(values=dict(reading.values), versions=reading.versions)
    for line, key in placed:
        assign(proof, names[key], line.values, line.values, line.line)
    trial = {name: proof.values[name] for _, key in placed for name in names[key] if name}
    if not _sums_hold(proof, trial):
        return {}
    return {name: replace(value, flags=(*value.flags, "placed_by_order")) for name, value in trial.items()}


def _is_piece_of(label: str, key: str) -> bool:
    """Whether the label is missing or only a piece of the wording of that row."""
    wording = core(label)
    return not wording or wording in tables()["applications"].rows[key].label


def _sums_hold(proof: Reading, trial: Mapping[str, Value]) -> bool:
    """Whether every identity through the newly placed cells can be computed and holds."""
    version = proof.versions["applications"]
    if version not in {"v1", "v2"}:
        return False
    numbers = {name: value.value for name, value in proof.values.items()}
    return all(
        identity.holds(numbers)
        for identity in identities("applications", version)
        if not trial.keys().isdisjoint((*identity.left, *identity.right))
    )
