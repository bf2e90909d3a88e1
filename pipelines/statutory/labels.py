"""Which printed label is which row, column or group head: the question that every drawn cell is asked.

The patterns stand in ``data/templates.toml`` (rows, columns) and ``data/readers.toml`` (everything else). All
answers are cached: reports print the same few hundred labels.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from pipelines.normalise import label_core
from pipelines.statutory.templates import TableName, tables
from pipelines.statutory.wording import labels

_MAX_LABEL: Final = 200


@lru_cache(maxsize=4096)
def core(text: str) -> str:
    """The normalised core of a printed label; empty for text too long to be one."""
    return label_core(text) if len(text) <= _MAX_LABEL else ""


@lru_cache(maxsize=4096)
def row_of(table: TableName, text: str) -> str | None:
    """Key of the row that the printed label names, or None."""
    label = core(text)
    if not label:
        return None
    if table == "disputes" and label == labels().suits:
        bracketed = labels().suit.search("".join(text.split()))
        return bracketed and ("suit_direct" if bracketed[0] == labels().suit_direct else "suit_after_review")
    return next((row.key for row in tables()[table].rows.values() if row.match.search(label)), None)


@lru_cache(maxsize=4096)
def column_of(table: TableName, text: str) -> str | None:
    """Key of the column that the printed head names, or None."""
    label = core(text)
    if not label:
        return None
    return next(
        (column.key for column in tables()[table].columns.values() if column.match.search(label)), None
    )


@lru_cache(maxsize=1024)
def group_of(text: str) -> str | None:
    """Group of table 3 that the printed head opens (``denied`` …, ``results``), or None."""
    label = core(text)
    return "results" if labels().results.match(label) else labels().groups.get(label)


@lru_cache(maxsize=1024)
def clause_of(text: str) -> str | None:
    """Clause of article 20 that heads a block of table 2 (``一`` ``五`` ``六`` ``八`` ``九``), or None."""
    match = labels().clause.search("".join(text.split()))
    return match[1] if match and len(text) < _MAX_LABEL else None


@lru_cache(maxsize=1024)
def is_note(text: str) -> bool:
    """Whether the text belongs to the fixed head of table 3."""
    return labels().note.search("".join(text.split())) is not None


@lru_cache(maxsize=256)
def unit_of(text: str) -> str | None:
    """Unit of money that a head prints (``（单位：万元）``), or None."""
    match = labels().unit.search("".join(text.split()))
    return match and (match[1] or match[2])
