"""What stands behind one label up to the next: cells with borders of their own, or text to be cut.

Only values and what the form prints between its rows may stand there. Anything else makes the zone unreadable:
its text begins with ``?``, no reading fits, and the row is null with its raw text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipelines.statutory.values import parse_value
from pipelines.statutory.wording import text as words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.statutory.flat.compact import Compact, Found

MAX_ZONE: Final = 2_000
"""Longest text (characters) behind one label."""
UNREADABLE: Final = "?"
"""What the text of a zone begins with that holds more than values."""
_LONGEST_VALUE: Final = 40
_LONGEST_RAW: Final = 100
_RULES: Final = frozenset("-—–_/|")
_LAST_WORD: Final = re.compile(r"\s+\S+$")


@dataclass(frozen=True, slots=True)
class Zone:
    """What stands behind one label.

    Attributes:
        lines: one printed value a cell, or None where there are not as many lines as cells.
        texts: the run of values; a second one where its last digit may be the next label's ordinal.
    """

    lines: tuple[str, ...] | None
    texts: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether anything is printed."""
        return self.lines is not None or any(self.texts)

    def unreadable(self) -> bool:
        """Whether more than values stands behind the label."""
        return self.texts[0].startswith(UNREADABLE)

    def tokens(self) -> tuple[str, ...]:
        """What is printed, cut at lines or spaces."""
        return self.lines or tuple(self.texts[0].split())

    def cells(self, width: int) -> tuple[str, ...] | None:
        """One printed value a cell, where lines or spaces tell; else None."""
        if self.lines is not None:
            return self.lines
        if len(self.texts) != 1 or self.unreadable():
            return None
        apart = tuple(self.texts[0].split())
        return apart if len(apart) == width else None

    def with_unit(self, unit: str) -> Zone:
        """The zone with a unit behind every value that ends in a digit."""
        lines = self.lines and tuple(f"{line}{unit}" if line[-1:].isdigit() else line for line in self.lines)
        texts = (text.rstrip() for text in self.texts)
        return Zone(lines, tuple(f"{text}{unit}" if text[-1:].isdigit() else text for text in texts))


@dataclass(frozen=True, slots=True)
class TextRow:
    """A row found in text: its label, the names of its cells, and what stands behind the label."""

    found: Found
    names: tuple[str, ...]
    zone: Zone


def zones(source: Compact, found: Sequence[Found], widths: Sequence[int]) -> list[Zone]:
    """The zone behind every label.

    Args:
        source: the text.
        found: labels in printed order.
        widths: how many cells each has.
    """
    return [
        _zone(source, here, after, width)
        for here, after, width in zip(found, [*found[1:], None], widths, strict=True)
    ]


def _zone(source: Compact, here: Found, after: Found | None, width: int) -> Zone:
    last = after is None
    end = after.start if after else min(here.end + MAX_ZONE, len(source.compact))
    text = source.between(here.end, end)[:MAX_ZONE]
    texts = [_run(text, last=last)]
    if after is not None and after.alternative is not None:
        texts.append(_run(source.between(here.end, after.alternative), last=False))
    return Zone(_lines(text, width, last=last), tuple(dict.fromkeys(texts)))


def _lines(zone: str, width: int, *, last: bool) -> tuple[str, ...] | None:
    """One line a cell, where there are as many lines as cells; printed structure between rows does not count."""
    found: list[str] = []
    for line in zone.split("\n"):
        text = line.strip()
        if not text or _is_structure(text):
            continue
        if last and not _may_be_value(text):
            break
        found.append(text)
        if len(found) > width:
            return None
    return tuple(found) if len(found) == width and all(map(_may_be_value, found)) else None


def _is_structure(text: str) -> bool:
    """Whether the line is no value: structure of the form or a piece of a wrapped label."""
    if text[0].isdigit() or _RULES.issuperset(text):
        return False
    squeezed = "".join(text.split())
    return words().structure.fullmatch(squeezed) is not None or words().leftover.issuperset(squeezed)


def _may_be_value(text: str) -> bool:
    if len(text) > _LONGEST_VALUE:
        return False
    value = parse_value(text, "decimal", None)
    return value.status != "text" or "approximate" in value.flags


def _run(zone: str, *, last: bool) -> str:
    """The value characters of a zone; behind the last label of a table other text may follow them."""
    if not last and _fits_between(zone):
        return ""
    guidance = words().guidance.match(zone)
    start = guidance.end() if guidance else 0
    match = words().run.match(zone, start)
    if match is None:
        return "" if last or _fits_between(zone[start:]) else _unreadable(zone)
    rest = zone[match.end() :]
    if last:
        return _last_run(match[0], rest) or _unreadable(zone)
    return match[0] if _fits_between(rest) else _unreadable(zone)


def _last_run(run: str, rest: str) -> str | None:
    """The run before other text, without a last word that runs on into it; None where that can't be told."""
    if words().after_last.match(rest):
        return run
    cut = _LAST_WORD.search(run)
    return run[: cut.start()] if cut and rest[0] in words().date_tail else None


def _fits_between(text: str) -> bool:
    """Whether the text is nothing but what the form prints between rows."""
    return words().structure.fullmatch("".join(text.split())) is not None


def _unreadable(zone: str) -> str:
    return UNREADABLE + " ".join(zone.split())[:_LONGEST_RAW]
