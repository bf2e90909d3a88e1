"""Lines of exactly as many values as the form has columns, in the form's order.

Text taken from a PDF prints the values of a row in the middle of its wrapped label, before it or behind it,
so labels mislead. But the lines of seven values stand in the order of the form: where there are exactly as
many as the form has rows and every identity holds, the order is the reading.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pipelines.statutory.labels import row_of
from pipelines.statutory.templates import (
    VERSIONS,
    TableName,
    Version,
    cell_kinds,
    cell_names,
    identities,
    tables,
)
from pipelines.statutory.values import Value, parse_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FIGURE: Final = r"(?:\d[\d,]{0,14}|/|-|—)"
_MAX_LINES: Final = 2_000


def read_in_order(
    text: str, table: TableName, version: Version | None = None
) -> tuple[Version, dict[str, Value]] | None:
    """Read table 3 or 4 by the order of its value lines.

    Args:
        text: the part of the text that holds the table.
        table: which table.
        version: its format, or None to try both.

    Returns:
        The format and every cell, or None unless there are exactly as many lines as rows and, in table 3, all
        identities hold. The one line of table 4 has no order that could mislead.
    """
    if version is None and table == "applications":
        squeezed = "".join(text.split())
        version = "v2" if any(word in squeezed for word in _ONLY_IN_V2) else "v1"
    columns = len(tables()[table].columns)
    width = columns if table == "applications" else columns * len(tables()["disputes"].rows)
    lines = _value_lines(text, width)
    for candidate in (version,) if version else reversed(VERSIONS):
        names = cell_names(table, candidate)
        if len(names) != len(lines) * width:
            continue
        if table == "applications" and not _labels_agree([label for label, _ in lines], candidate):
            continue
        kinds = cell_kinds()
        tokens = [token for _, line in lines for token in line]
        cells = {
            name: parse_value(token, kinds[name], None) for name, token in zip(names, tokens, strict=True)
        }
        if table == "disputes" or sound(cells, table, candidate):
            return candidate, cells
    return None


_ONLY_IN_V2: Final = ("逾期不补正", "收费通知", "缴纳费用")


def _value_lines(text: str, width: int) -> list[tuple[str, Sequence[str]]]:
    """Lines that end in exactly so many values, each with what stands before them."""
    pattern = re.compile(rf"(?:^|[^\d\s,.])\s*((?:{_FIGURE}\s+){{{width - 1}}}{_FIGURE})\s*$")
    found = ((line[-400:], pattern.search(line[-400:])) for line in text.split("\n")[:_MAX_LINES])
    return [(line[: match.start(1)], match[1].split()) for line, match in found if match]


def _labels_agree(labels: Sequence[str], version: Version) -> bool:
    """Whether no line carries the label of another row than its place says."""
    rows = tables()["applications"].rows_of(version)
    return all(
        row_of("applications", label) in (None, row.key) for label, row in zip(labels, rows, strict=True)
    )


def sound(cells: Mapping[str, Value], table: TableName, version: Version) -> bool:
    """Whether every identity can be computed and holds."""
    numbers = {name: value.value for name, value in cells.items()}
    if not set(cell_names(table, version)) <= numbers.keys() or None in numbers.values():
        return False
    return all(
        sum(numbers[name] or 0 for name in identity.left)
        == sum(numbers[name] or 0 for name in identity.right)
        for identity in identities(table, version)
    )
