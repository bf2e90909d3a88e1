"""Table 4 in running text: fifteen values behind the last of its heads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipelines.statutory.flat.cells import read_rows
from pipelines.statutory.flat.compact import Found
from pipelines.statutory.flat.zones import TextRow, zones
from pipelines.statutory.templates import cell_names
from pipelines.statutory.wording import text as words

if TYPE_CHECKING:
    from pipelines.statutory.flat.compact import Compact
    from pipelines.statutory.reading import Reading

_HEADS_WITHIN: Final = 200


def read(reading: Reading, source: Compact, start: int) -> None:
    """Read table 4 from the text behind ``compact[start]``."""
    head = words().disputes_head.search(source.compact, start)
    if head is None:
        return
    heads = list(words().disputes_last_head.finditer(source.compact, head.end(), head.end() + _HEADS_WITHIN))
    if not heads:
        return
    here = Found("disputes", heads[-1].start(), heads[-1].end())
    names = cell_names("disputes", "v2")
    (zone,) = zones(source, [here], [len(names)])
    if zone:
        reading.versions["disputes"] = "v2"
        read_rows(reading, "disputes", "v2", [TextRow(here, names, zone)])
