"""Table 2 in running text: row labels anywhere behind clause （一）, each with the heads printed before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipelines.statutory.flat.again import compare
from pipelines.statutory.flat.cells import read_rows
from pipelines.statutory.flat.compact import labels_anywhere
from pipelines.statutory.flat.zones import TextRow, zones
from pipelines.statutory.labels import unit_of
from pipelines.statutory.templates import tables
from pipelines.statutory.wording import text as words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.statutory.flat.compact import Compact, Found
    from pipelines.statutory.reading import Reading
    from pipelines.statutory.templates import Version

_CLAUSE_LENGTH: Final = 12
_UNIT_REACH: Final = 40


def read(reading: Reading, source: Compact, stop: int) -> None:
    """Read table 2 from the text before ``compact[stop]``."""
    begin = _find(source.compact, stop)
    if begin is None:
        return
    found = labels_anywhere(source.compact, begin, stop, tables()["proactive"].rows.values())
    columns = {
        item.key: fit
        for item, heads in _headed(source.compact, begin, found)
        if (fit := _columns(item, heads))
    }
    reading.reasons += ["table2_head_unknown"] * (len(found) - len(columns))
    if not columns:
        return
    versions = sorted({version for version, _ in columns.values()})
    reading.versions["proactive"] = versions[0] if len(versions) == 1 else "mixed"
    rows = list(_rows(source, begin, found, columns))
    read_rows(reading, "proactive", versions[0], rows)
    for row in rows:
        for match in tables()["proactive"].rows[row.found.key].text.finditer(source.compact, begin, stop):
            if match.end() != row.found.end:
                compare(reading, source, row, match.end())


def _find(text: str, stop: int) -> int | None:
    """Where the table begins: its last clause （一）, else the first that may be one."""
    starts = [match.start() for match in words().proactive_start.finditer(text, 0, stop)]
    clause = (at for at in reversed(starts) if words().clause_one in text[at : at + _CLAUSE_LENGTH])
    return next(clause, starts[0] if starts else None)


def _headed(text: str, begin: int, found: Sequence[Found]) -> Iterator[tuple[Found, list[str]]]:
    """Every label with the column heads of its block in printed order."""
    heads: list[str] = []
    position = begin
    for item in found:
        heads = _heads(text[position : item.start]) or heads
        position = item.end
        yield item, heads


def _heads(zone: str) -> list[str]:
    columns = tables()["proactive"].columns.values()
    hits = [(match.start(), column.key) for column in columns if (match := column.text.search(zone))]
    return [key for _, key in sorted(hits)]


def _columns(item: Found, heads: Sequence[str]) -> tuple[Version, tuple[str, ...]] | None:
    """Format and columns of a row by its heads; None when they are no format."""
    for version, columns in tables()["proactive"].rows[item.key].columns.items():
        if set(columns) <= set(heads) and (len(columns) > 1 or len(heads) == len(columns)):
            return version, columns
    return None


def _rows(
    source: Compact, begin: int, found: Sequence[Found], columns: dict[str, tuple[Version, tuple[str, ...]]]
) -> Iterator[TextRow]:
    """Rows with known columns; the fee with the unit that its head prints, where that is not the form's."""
    widths = [len(columns[item.key][1]) if item.key in columns else 1 for item in found]
    for item, zone in zip(found, zones(source, found, widths), strict=True):
        if item.key not in columns:
            continue
        names = tuple(f"proactive.{item.key}.{column}" for column in columns[item.key][1])
        unit = None
        if item.key == "fees":
            unit = unit_of(source.compact[max(begin, item.start - _UNIT_REACH) : item.start])
        of_form = tables()["proactive"].columns["amount_wanyuan"].unit
        yield TextRow(item, names, zone.with_unit(unit) if unit not in {None, of_form} else zone)
