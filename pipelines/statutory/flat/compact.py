"""Running text without white space, the way back to the text with it, and labels found in it.

Exports break lines anywhere, inside labels too: labels are sought in the compact text, values are read in the
text as printed.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipelines.statutory.templates import tables
from pipelines.statutory.wording import text as words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.statutory.templates import Row

_WHITE: Final = re.compile(r"\S+")
_LONGEST_GAP: Final = 1_500
_LONGEST_ORDINAL: Final = 4


@dataclass(frozen=True, slots=True)
class Compact:
    """Text without white space, and the way back to the text with it."""

    text: str
    compact: str
    offsets: tuple[int, ...]
    starts: tuple[int, ...]

    def between(self, start: int, end: int) -> str:
        """The text, white space included, from behind ``compact[start-1]`` up to ``compact[end]``."""
        low = self._original(start - 1) + 1 if start else 0
        return self.text[low : self._original(end)]

    def _original(self, index: int) -> int:
        """Place in ``text`` of a place in ``compact``."""
        if index >= len(self.compact):
            return len(self.text)
        piece = bisect_right(self.offsets, index) - 1
        return self.starts[piece] + index - self.offsets[piece]


@dataclass(frozen=True, slots=True)
class Found:
    """A label in the compact text.

    Attributes:
        key: the row that it names.
        start: where it begins, its ordinal included.
        end: where it ends.
        alternative: where it begins instead, if the digit before it is its ordinal and no value.
    """

    key: str
    start: int
    end: int
    alternative: int | None = None


def compact(text: str) -> Compact:
    """Text in both forms."""
    offsets, starts, pieces, at = [], [], [], 0
    for match in _WHITE.finditer(text):
        offsets.append(at)
        starts.append(match.start())
        pieces.append(match[0])
        at += match.end() - match.start()
    return Compact(text, "".join(pieces), tuple(offsets), tuple(starts))


def labels_in_order(text: str, start: int, rows: Iterable[Row]) -> list[Found]:
    """Row labels in the order of the form, from ``start`` on; labels that do not occur are left out."""
    found: list[Found] = []
    position = start
    for row in rows:
        match = row.text.search(text, position, position + _LONGEST_GAP)
        if match is not None:
            begin, alternative = _before_ordinal(text, position, match.start(), row.key)
            found.append(Found(row.key, begin, match.end(), alternative))
            position = match.end()
    return found


def labels_anywhere(text: str, start: int, end: int, rows: Iterable[Row]) -> list[Found]:
    """Row labels wherever they stand, sorted by place; of several the first that values follow."""
    found = []
    for row in rows:
        matches = list(row.text.finditer(text, start, end))
        if matches:
            match = next((m for m in matches if words().run.match(text, m.end())), matches[0])
            found.append(Found(row.key, match.start(), match.end()))
    return sorted(found, key=lambda item: item.start)


def _before_ordinal(text: str, low: int, start: int, key: str) -> tuple[int, int | None]:
    """Where the label begins with its printed ordinal; a bare digit may belong to the cells before it."""
    match = words().ordinal.search(text, max(low, start - _LONGEST_ORDINAL), start)
    if match is None:
        return start, None
    if match[1] is None or match[2]:
        return match.start(), None
    expected = tables()["applications"].rows[key].label[0]
    return (start, match.start()) if match[1] == expected else (start, None)
