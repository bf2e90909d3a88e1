"""Printed names of cells, rows and columns, for messages."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, cast

from pipelines.statutory.templates import tables

if TYPE_CHECKING:
    from pipelines.statutory.templates import TableName


@cache
def row_label(table: TableName, row: str) -> str:
    """``（三）不予公开 1.属于国家秘密``; group head and row as printed."""
    printed = tables()[table].rows[row]
    return f"{printed.heading} {printed.label}" if printed.heading else printed.label


@cache
def column_label(table: TableName, column: str) -> str:
    """``自然人``; the column head as printed."""
    return tables()[table].columns[column].label


@cache
def cell_label(cell: str) -> str:
    """``（一）予以公开 × 自然人``; the printed names of a cell's row and column."""
    name, _, place = cell.partition(".")
    row, _, column = place.rpartition(".")
    table = cast("TableName", name)
    return f"{row_label(table, row)} × {column_label(table, column)}"


@cache
def identity_label(rule: str) -> str:
    """Name of the row or column that an identity is about: ``T3.BAL.total`` → ``总计``."""
    family, kind, key = rule.split(".", 2)
    table: TableName = "applications" if family == "T3" else "disputes"
    in_rows = kind == "ROW" or family == "T4"
    return row_label(table, key) if in_rows else column_label(table, key)
