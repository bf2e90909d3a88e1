"""Table 3 in running text: its labels in the order of the form, from the last first row on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipelines.statutory.flat.again import compare
from pipelines.statutory.flat.cells import read_rows
from pipelines.statutory.flat.compact import labels_in_order
from pipelines.statutory.flat.zones import MAX_ZONE, TextRow, zones
from pipelines.statutory.templates import tables
from pipelines.statutory.wording import APPLICANTS, rows
from pipelines.statutory.wording import text as words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.statutory.flat.compact import Compact
    from pipelines.statutory.reading import Reading

_SECOND_ROW_WITHIN: Final = 300
_HEADS_REACH: Final = 400


def find(text: str) -> int | None:
    """Where table 3 begins: the last first-row label that the second-row label follows closely."""
    first, second = tables()["applications"].rows["new_received"], tables()["applications"].rows["carried_in"]
    starts = [
        match.start()
        for match in first.text.finditer(text)
        if second.text.search(text, match.end(), match.end() + _SECOND_ROW_WITHIN)
    ]
    return starts[-1] if starts else None


def read(reading: Reading, source: Compact, start: int, *, wanted: bool) -> int:
    """Tell the format of the table and read it if it is wanted.

    Returns:
        Where its last label ends.
    """
    found = labels_in_order(source.compact, start, tables()["applications"].rows.values())
    keys = {item.key for item in found}
    version = rows().format_of(keys)
    if version == "v2":
        found = [item for item in found if item.key != "other.all"]
    elif "other.all" not in keys:
        reading.reasons.append("table3_format_undetermined")
    reading.versions["applications"] = version
    if wanted:
        read_zones = zones(source, found, [len(APPLICANTS)] * len(found))
        lines = [
            TextRow(item, tuple(f"applications.{item.key}.{column}" for column in APPLICANTS), zone)
            for item, zone in zip(found, read_zones, strict=True)
        ]
        read_rows(reading, "applications", version, lines)
        _compare_other_printings(reading, source, start, lines)
        if not words().applications_heads.search(source.compact, max(0, start - _HEADS_REACH), start):
            reading.reasons.append("applications:heads_missing")
    return found[-1].end


def _compare_other_printings(reading: Reading, source: Compact, start: int, lines: Sequence[TextRow]) -> None:
    """Compare every row with what stands behind its label elsewhere."""
    form = tables()["applications"].rows
    stop = lines[-1].found.end
    first = next(form["new_received"].text.finditer(source.compact)).start()
    for line in lines:
        here = line.found
        if here.key in rows().repeated:
            continue
        for match in form[here.key].text.finditer(source.compact, first, stop + MAX_ZONE):
            elsewhere = match.start() < start or match.end() > stop or match.start() > here.end
            if match.end() != here.end and elsewhere:
                compare(reading, source, line, match.end())
