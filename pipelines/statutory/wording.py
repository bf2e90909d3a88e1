"""What the readers look for besides the labels of rows and columns: ``data/readers.toml``, compiled once.

The labels themselves stand in ``data/templates.toml``; words inside value cells in ``data/values.toml``.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from pipelines.statutory.templates import Version, tables

APPLICANTS: Final = tuple(tables()["applications"].columns)
"""Columns of table 3, in the form's order."""
BLOCKS: Final = tuple(tables()["disputes"].rows)
"""Blocks of table 4, in the form's order."""
OUTCOMES: Final = tuple(tables()["disputes"].columns)
"""Columns of every block of table 4, in the form's order."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Heads and notes of the drawn tables (what each is stands beside it in the data file)."""

    clause: re.Pattern[str]
    content: str
    unit: re.Pattern[str]
    note: re.Pattern[str]
    organisations: str
    results: re.Pattern[str]
    grand_total: str
    suits: str
    suit: re.Pattern[str]
    suit_direct: str
    groups: dict[str, str]


@dataclass(frozen=True, slots=True)
class Rows:
    """Keys of rows that a reader treats apart."""

    telling: frozenset[str]
    repeated: frozenset[str]
    v2_only: frozenset[str]
    money: frozenset[str]

    def format_of(self, keys: set[str]) -> Version:
        """Format of a table 3 that has these rows, as far as the rows tell."""
        return "v2" if keys & self.v2_only else "v1"


@dataclass(frozen=True, slots=True)
class Years:
    """How a table of another year is known."""

    table_3: str
    caption: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Displaced:
    """How values are known that a text export moved out of table 2."""

    zone: re.Pattern[str]
    annotated: re.Pattern[str]
    remarks: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Text:
    """How tables are known that were flattened into text.

    Attributes:
        run: values, one after the other, with white space before each.
        structure: what the form prints between rows, and nothing else.
        leftover: characters of wrapped labels.
        guidance: bracketed guidance and pieces of wrapped labels before the values.
    """

    telltale: tuple[str, ...]
    run: re.Pattern[str]
    structure: re.Pattern[str]
    leftover: frozenset[str]
    guidance: re.Pattern[str]
    after_last: re.Pattern[str]
    date_tail: str
    ordinal: re.Pattern[str]
    proactive_start: re.Pattern[str]
    clause_one: str
    applications_heads: re.Pattern[str]
    disputes_start: re.Pattern[str]
    disputes_head: re.Pattern[str]
    disputes_last_head: re.Pattern[str]
    disputes_words: tuple[str, ...]


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files("pipelines.data").joinpath("readers.toml").read_text("utf-8"))


@cache
def labels() -> Labels:
    """Section ``labels`` and ``groups`` of the data file."""
    data = _data()["labels"]
    return Labels(
        clause=re.compile(data["clause"]),
        content=data["content"],
        unit=re.compile(data["unit"]),
        note=re.compile(data["note"]),
        organisations=data["organisations"],
        results=re.compile(data["results"]),
        grand_total=data["grand_total"],
        suits=data["suits"],
        suit=re.compile(data["suit"]),
        suit_direct=data["suit_direct"],
        groups=_data()["groups"],
    )


@cache
def rows() -> Rows:
    """Section ``rows`` of the data file; ``telling`` are the rows of table 3 that stand nowhere else."""
    data = _data()["rows"]
    return Rows(
        telling=frozenset(tables()["applications"].rows) - frozenset(data["common"]),
        repeated=frozenset(data["repeated"]),
        v2_only=frozenset(data["v2_only"]),
        money=frozenset(data["money"]),
    )


@cache
def years() -> Years:
    """Section ``years`` of the data file."""
    data = _data()["years"]
    return Years(data["table_3"], re.compile(data["caption"]))


@cache
def displaced() -> Displaced:
    """Section ``displaced`` of the data file."""
    data = _data()["displaced"]
    remarks = {column: tuple(words) for column, words in data["remarks"].items()}
    return Displaced(re.compile(data["zone"]), re.compile(data["annotated"]), remarks)


@cache
def text() -> Text:
    """Section ``text`` of the data file; text is in NFKC."""
    data = _data()["text"]
    leftover = frozenset(data["leftover"])
    pieces = re.escape("".join(sorted(leftover - set("()."))))
    return Text(
        telltale=tuple(data["telltale"]),
        run=re.compile(rf"(?:\s*(?:{data['value']}))+"),
        structure=re.compile(f"(?:{'|'.join(data['structure'])})*"),
        leftover=leftover,
        guidance=re.compile(rf"(?:\([^()\n]{{0,80}}\)|[{pieces}]|\.(?!\d))*"),
        after_last=re.compile(data["after_last"]),
        date_tail=data["date_tail"],
        ordinal=re.compile(data["ordinal"]),
        proactive_start=re.compile(data["proactive"]["start"]),
        clause_one=data["proactive"]["clause_one"],
        applications_heads=re.compile(data["applications"]["heads"]),
        disputes_start=re.compile(data["disputes"]["start"]),
        disputes_head=re.compile(data["disputes"]["head"]),
        disputes_last_head=re.compile(data["disputes"]["last_head"]),
        disputes_words=tuple(data["disputes"]["words"]),
    )
