"""Which tables are sought in the text, and where the order of value lines decides instead of the labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipelines.normalise import fold
from pipelines.statutory.flat import applications, disputes, proactive
from pipelines.statutory.flat.compact import compact
from pipelines.statutory.flat.zones import MAX_ZONE
from pipelines.statutory.ordered import read_in_order, sound
from pipelines.statutory.reading import Reading
from pipelines.statutory.templates import TABLES, TableName
from pipelines.statutory.wording import text as words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.statutory.flat.compact import Compact

MAX_TEXT: Final = 400_000
"""Longest text (characters) that is searched for flattened tables."""
_AFTER_LAST_LABEL: Final = 200
_RULES: Final[dict[TableName, str]] = {"applications": "T3.", "disputes": "T4."}


def read_flat(text: str, wanted: Sequence[TableName] = TABLES, *, whole: bool = False) -> Reading:
    """Read the statutory tables from running text, whatever separators survived.

    Args:
        text: the text.
        wanted: the tables to read.
        whole: whether every separated number is known to be one cell (the text comes from drawn tables).
    """
    reading = Reading(whole=whole)
    source = compact(fold(text[:MAX_TEXT]))
    start = applications.find(source.compact)
    end = None
    if start is not None:
        end = applications.read(reading, source, start, wanted="applications" in wanted)
    if "proactive" in wanted:
        proactive.read(reading, source, len(source.compact) if start is None else start)
    if "disputes" in wanted:
        disputes.read(reading, source, end or 0)
    for table, zone in _ordered_zones(source, start, end):
        if table in wanted:
            _read_by_order(reading, table, zone)
    return reading


def _ordered_zones(source: Compact, start: int | None, end: int | None) -> Iterator[tuple[TableName, str]]:
    """The parts of the text that hold tables 3 and 4."""
    stop = words().disputes_start.search(source.compact, end or 0)
    if start is not None and end is not None:
        yield "applications", source.between(start, stop.start() if stop else end + _AFTER_LAST_LABEL)
    if stop:
        yield "disputes", source.between(stop.start(), min(stop.start() + MAX_ZONE, len(source.compact)))


def _read_by_order(reading: Reading, table: TableName, zone: str) -> None:
    """Let the order of the value lines speak where labels did not settle the table."""
    cells = reading.table_cells(table)
    version = reading.versions.get(table)
    if version in {"v1", "v2"} and sound(cells, table, version):
        return
    if table == "disputes" and not all(word in "".join(zone.split()) for word in words().disputes_words):
        return
    found = read_in_order(zone, table)
    if found is not None:
        reading.versions[table], values = found
        reading.values = {name: value for name, value in reading.values.items() if name not in cells} | values
        reading.impossible = [rule for rule in reading.impossible if not rule.startswith(_RULES[table])]
