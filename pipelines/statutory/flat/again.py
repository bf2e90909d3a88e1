"""A row that stands in the text once more with other figures is not read at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipelines.statutory.values import Value
from pipelines.statutory.wording import text as words

if TYPE_CHECKING:
    from pipelines.statutory.flat.compact import Compact
    from pipelines.statutory.flat.zones import TextRow
    from pipelines.statutory.reading import Reading

_REACH: Final = 120
_LONGEST_RAW: Final = 200


def compare(reading: Reading, source: Compact, row: TextRow, at: int) -> None:
    """Take the row back, where the figures behind its label at ``compact[at]`` are others."""
    other = words().run.match(source.between(at, min(at + _REACH, len(source.compact))))
    if other is None:
        return
    here = " ".join(row.zone.lines) if row.zone.lines else row.zone.texts[0]
    figures, known = "".join(other[0].split()), "".join(here.split())
    if not figures or known.startswith(figures) or figures.startswith(known):
        return
    raw = f"{here} | {other[0].strip()}"[:_LONGEST_RAW]
    for name in row.names:
        reading.values[name] = Value(None, raw, "ambiguous", ("printed_twice",))
