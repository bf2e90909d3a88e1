"""The statutory tables as data: rows, columns, cell names and identities of both formats.

Read once from ``pipelines/data/templates.toml``. Everything that reads, checks, draws or renders a
table asks here; nobody else knows what a table looks like.

Sources: 国办公开办函〔2019〕60号 (``v1``), 国办公开办函〔2021〕30号 (``v2``). The identity ``BAL`` is
printed on the form; ``SUM`` and ``ROW`` follow from its layout.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.record import Number

TableName = Literal["proactive", "applications", "disputes"]
Version = Literal["v1", "v2"]
CellKind = Literal["count", "signed", "decimal"]

TABLES: Final[tuple[TableName, ...]] = ("proactive", "applications", "disputes")
VERSIONS: Final[tuple[Version, ...]] = ("v1", "v2")


@dataclass(frozen=True, slots=True)
class Column:
    """One printed column head.

    Attributes:
        key: last part of the cell name.
        label: printed wording.
        match: pattern on the normalised core of a printed label.
        text: pattern of the label in running text without white space.
        kind: what a value may be: ``count`` (integer ≥ 0), ``signed`` integer, ``decimal``.
        unit: unit printed in the head, or None.
        versions: formats that have this column.
    """

    key: str
    label: str
    match: re.Pattern[str]
    text: re.Pattern[str]
    kind: CellKind
    unit: str | None
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One printed row: its key, wording, pattern, legal basis and columns by format.

    Attributes:
        match: pattern on the normalised core of a printed label.
        text: pattern of the label in running text without white space.
        heading: printed group head above the row (``（三）不予公开``), or None.
        group: role in the identities of table 3: ``flow``, ``outcome``, ``result``; else empty.
        columns: format → keys of the columns that carry a value, in printed order.
    """

    key: str
    label: str
    label_v1: str
    match: re.Pattern[str]
    text: re.Pattern[str]
    heading: str | None
    article: str
    group: str
    columns: dict[Version, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Table:
    """One statutory table in both formats."""

    name: TableName
    label: str
    columns: dict[str, Column]
    rows: dict[str, Row]

    def rows_of(self, version: Version) -> tuple[Row, ...]:
        """Rows that the format has, in printed order."""
        return tuple(row for row in self.rows.values() if version in row.columns)


@dataclass(frozen=True, slots=True)
class Identity:
    """One arithmetic identity: the cells of ``left`` and of ``right`` have the same sum.

    Attributes:
        rule: stable id, e.g. ``T3.ROW.granted``, ``T3.BAL.total``, ``T4.SUM.review``.
        left: the side that is printed as a total (``BAL``: first plus second item).
        right: the parts (``BAL``: third plus fourth item).
    """

    rule: str
    left: tuple[str, ...]
    right: tuple[str, ...]

    def holds(self, numbers: Mapping[str, Number | None]) -> bool | None:
        """Whether both sides have the same sum; None where a cell is missing or no number."""
        left = [numbers.get(name) for name in self.left]
        right = [numbers.get(name) for name in self.right]
        known = [value for value in (*left, *right) if value is not None]
        if len(known) < len(left) + len(right):
            return None
        return sum(known[: len(left)]) == sum(known[len(left) :])


@cache
def tables() -> dict[TableName, Table]:
    """All three tables, as read from the data file."""
    data = tomllib.loads(files("pipelines.data").joinpath("templates.toml").read_text("utf-8"))
    return {name: _table(name, data[name]) for name in TABLES}


def _table(name: TableName, data: dict) -> Table:  # type: ignore[type-arg]
    columns = {
        c["key"]: Column(
            key=c["key"],
            label=c["label"],
            match=re.compile(c["match"]),
            text=_text_pattern(c),
            kind=c.get("kind", "count"),
            unit=c.get("unit"),
            versions=tuple(c.get("templates", VERSIONS)),
        )
        for c in data["columns"]
    }
    rows = {
        r["key"]: Row(
            key=r["key"],
            label=r["label"],
            label_v1=r.get("label_v1", r["label"]),
            match=re.compile(r["match"]),
            text=_text_pattern(r),
            heading=r.get("heading"),
            article=r["article"],
            group=r.get("group", ""),
            columns=_row_columns(name, r, columns),
        )
        for r in data["rows"]
    }
    return Table(name=name, label=data["label"], columns=columns, rows=rows)


def _text_pattern(entry: dict) -> re.Pattern[str]:  # type: ignore[type-arg]
    return re.compile(entry.get("text", re.escape(entry["label"])))


def _row_columns(name: TableName, row: dict, columns: dict[str, Column]) -> dict[Version, tuple[str, ...]]:  # type: ignore[type-arg]
    if name == "proactive":
        return {version: tuple(row[version]) for version in VERSIONS if version in row}
    return {version: tuple(columns) for version in row.get("templates", VERSIONS)}


@cache
def cell_names(table: TableName, version: Version) -> tuple[str, ...]:
    """Names of all value cells of one table in printed order (10/22, 175/161, 15)."""
    return tuple(
        f"{table}.{row.key}.{column}"
        for row in tables()[table].rows_of(version)
        for column in row.columns[version]
    )


@cache
def cell_kinds() -> dict[str, CellKind]:
    """Cell name → what its value may be, for every cell of every format."""
    return {
        f"{table.name}.{row.key}.{column}": table.columns[column].kind
        for table in tables().values()
        for row in table.rows.values()
        for columns in row.columns.values()
        for column in columns
    }


@cache
def cell_units() -> dict[str, str | None]:
    """Cell name → unit printed in the head of its column, or None, for every cell of every format."""
    units = {key: column.unit for table in tables().values() for key, column in table.columns.items()}
    return {name: units[name.rpartition(".")[2]] for name in cell_kinds()}


@cache
def identities(table: TableName, version: Version) -> tuple[Identity, ...]:
    """All identities inside one table (table 3: 39 in v2, 37 in v1; table 4: 3; table 2: none)."""
    if table == "applications":
        return (*_balances(), *_sums(version), *_row_totals(version))
    if table == "disputes":
        return tuple(_total_of(f"T4.SUM.{row}", f"disputes.{row}") for row in tables()["disputes"].rows)
    return ()


def _balances() -> tuple[Identity, ...]:
    """第一项加第二项之和，等于第三项加第四项之和: printed in the head of table 3."""
    return tuple(
        Identity(
            f"T3.BAL.{column}",
            (f"applications.new_received.{column}", f"applications.carried_in.{column}"),
            (f"applications.results_total.{column}", f"applications.carried_out.{column}"),
        )
        for column in tables()["applications"].columns
    )


def _sums(version: Version) -> tuple[Identity, ...]:
    outcomes = [row.key for row in tables()["applications"].rows_of(version) if row.group == "outcome"]
    return tuple(
        Identity(
            f"T3.SUM.{column}",
            (f"applications.results_total.{column}",),
            tuple(f"applications.{row}.{column}" for row in outcomes),
        )
        for column in tables()["applications"].columns
    )


def _row_totals(version: Version) -> tuple[Identity, ...]:
    return tuple(
        _total_of(f"T3.ROW.{row.key}", f"applications.{row.key}")
        for row in tables()["applications"].rows_of(version)
    )


def _total_of(rule: str, row: str) -> Identity:
    columns = tables()["applications" if row.startswith("applications") else "disputes"].columns
    return Identity(rule, (f"{row}.total",), tuple(f"{row}.{c}" for c in columns if c != "total"))
