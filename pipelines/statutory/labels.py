"""Which printed label is which row, column or group head of the statutory tables."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from pipelines.normalise import label_core
from pipelines.statutory.templates import TableName, tables

_MAX_LABEL: Final = 200
_NOTE: Final = re.compile(r"勾稽关系|第一项加第二项|申请人情况|法人或其他组织")
_SUIT: Final = re.compile(r"未经复议|复议后")
_UNIT: Final = re.compile(r"单位[:：]?(万元|亿元|千元|元)|[（(](万元|亿元|千元|元)[)）]")
_CLAUSE: Final = re.compile(r"第?二十条第?[（(]?([一五六八九])[）)]?项?")
_GROUPS: Final = {
    "不予公开": "denied",
    "无法提供": "unavailable",
    "不予处理": "not_processed",
    "其他处理": "other",
    "其它处理": "other",
}
_RESULTS: Final = re.compile(r"^本年度?办理结果$")


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
    if table == "disputes" and label == "行政诉讼":
        bracketed = _SUIT.search("".join(text.split()))
        return bracketed and ("suit_direct" if bracketed[0] == "未经复议" else "suit_after_review")
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
    return "results" if _RESULTS.match(label) else _GROUPS.get(label)


@lru_cache(maxsize=1024)
def clause_of(text: str) -> str | None:
    """Clause of article 20 that heads a block of table 2 (``一`` ``五`` ``六`` ``八`` ``九``), or None."""
    match = _CLAUSE.search("".join(text.split()))
    return match[1] if match and len(text) < _MAX_LABEL else None


@lru_cache(maxsize=1024)
def is_note(text: str) -> bool:
    """Whether the text belongs to the fixed head of table 3."""
    return _NOTE.search("".join(text.split())) is not None


@lru_cache(maxsize=256)
def unit_of(text: str) -> str | None:
    """Unit of money that a head prints (``（单位：万元）``), or None."""
    match = _UNIT.search("".join(text.split()))
    return match and (match[1] or match[2])
