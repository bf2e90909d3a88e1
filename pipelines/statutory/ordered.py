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
    TableName,
    Version,
    cell_kinds,
    cell_names,
    identities,
    tables,
)
from pipelines.statutory.values import Value, parse_value
from pipelines.statutory.wording import APPLICANTS, rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FIGURE: Final = r"(?:\d[\d,]{0,14}|/|-|—)"
_MAX_LINES: Final = 2_000


def read_in_order(text: str, table: TableName) -> tuple[Version, dict[str, Value]] | None:
    """Read table 3 or 4 by the order of its value lines.

    Args:
        text: the part of the text that holds the table.
        table: which table.

    Returns:
        The format and every cell, or None unless there are exactly as many lines as rows and, in table 3, no
        line carries the label of another row and all identities hold. The one line of table 4 has no order
        that could mislead.
    """
    version = _format(text) if table == "applications" else "v2"
    names, kinds = cell_names(table, version), cell_kinds()
    lines = _value_lines(text, len(APPLICANTS) if table == "applications" else len(names))
    tokens = [token for _, line in lines for token in line]
    if len(names) != len(tokens):
        return None
    cells = {name: parse_value(token, kinds[name], None) for name, token in zip(names, tokens, strict=True)}
    if table == "disputes":
        return version, cells
    labels = [label for label, _ in lines]
    return (version, cells) if _labels_agree(labels, version) and sound(cells, table, version) else None


def _format(text: str) -> Version:
    """Format of table 3: ``v2`` where words of its rows stand anywhere, however they are broken."""
    form, squeezed = tables()["applications"].rows, "".join(text.split())
    return "v2" if any(form[key].match.search(squeezed) for key in rows().v2_only) else "v1"


def _value_lines(text: str, width: int) -> list[tuple[str, Sequence[str]]]:
    """Lines that end in exactly so many values, each with what stands before them."""
    pattern = re.compile(rf"(?:^|[^\d\s,.])\s*((?:{_FIGURE}\s+){{{width - 1}}}{_FIGURE})\s*$")
    found = ((line[-400:], pattern.search(line[-400:])) for line in text.split("\n")[:_MAX_LINES])
    return [(line[: match.start(1)], match[1].split()) for line, match in found if match]


def _labels_agree(labels: Sequence[str], version: Version) -> bool:
    """Whether no line carries the label of another row than its place says."""
    form = tables()["applications"].rows_of(version)
    return all(
        row_of("applications", label) in {None, row.key} for label, row in zip(labels, form, strict=True)
    )


def sound(cells: Mapping[str, Value], table: TableName, version: Version) -> bool:
    """Whether every identity can be computed and holds."""
    numbers = {name: value.value for name, value in cells.items()}
    return not any(numbers.get(name) is None for name in cell_names(table, version)) and all(
        identity.holds(numbers) for identity in identities(table, version)
    )
