"""Text against table, and text against itself.

Reports state their own figures twice, in prose and in the tables, and often not the same. Only a
contradiction is a finding: a bound (100余) contradicts only what lies beyond it, a fact that may be
counted in two ways contradicts only when neither fits, and where a cell is not known nothing is said.

What is compared with what stands in ``pipelines/data/facts.toml``, the sentences in
``pipelines/data/rules_prose.toml``.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pipelines.facts import parts_of
from pipelines.rules import finding
from pipelines.statutory.templates import cell_names, tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipelines.facts import Parts
    from pipelines.record import CellNote, Fact, Finding, Number
    from pipelines.statutory.templates import Version

_APPLICATIONS: Final = "applications."
_RESULTS: Final = "applications.results_total"
_EMPTY: Final = frozenset({"blank", "placeholder", "placeholder_none", "not_applicable"})
_PERCENT_SLACK: Final = 0.1
"""Percentage points by which a printed share may be off (data dictionary, TV.PCT)."""
_SHARE: Final = "_share"
_BASES: Final = (
    ("applications.results_total",),
    ("applications.new_received",),
    ("applications.new_received", "applications.carried_in"),
)
_OUTCOMES: Final = (
    "granted_or_partly",
    "granted",
    "partly_granted",
    "denied",
    "unavailable",
    "not_processed",
    "other",
)
_FEES: Final = ("processing_fee.received_yuan", "processing_fee.billed_yuan")
_FEE_STEP: Final = 10
_UPHELD: Final = "upheld"
_STATEMENTS_OF_ZERO: Final = ("requests.new", "disputes.review", "disputes.suit")

Members = tuple[tuple[str, ...], ...]
_Member = tuple[tuple[str, ...], "Number | None"]


class Comparison(NamedTuple):
    """One fact held against the table.

    Attributes:
        rule: id of the rule, e.g. ``TV.NEW``.
        fact: the fact.
        values: the members that could be evaluated, up to the one that agrees: their terms and value.
        matched: terms of the member that agrees, or None.
        decided: whether a disagreement would be certain (every member could be evaluated).
    """

    rule: str
    fact: Fact
    values: tuple[tuple[tuple[str, ...], Number], ...]
    matched: tuple[str, ...] | None
    decided: bool


@dataclass(frozen=True, slots=True)
class _Data:
    tables: Mapping[str, tuple[str, Members]]
    totals: tuple[str, ...]
    dimensions: tuple[re.Pattern[str], ...]
    nearly_all: float
    fewest: int


@cache
def _data() -> _Data:
    data: dict[str, Any] = tomllib.loads(files("pipelines.data").joinpath("facts.toml").read_text("utf-8"))
    parts = data["parts"]
    return _Data(
        tables={e["fact"]: (e["rule"], tuple(tuple(m) for m in e["members"])) for e in data["tables"]},
        totals=tuple(parts["totals"]),
        dimensions=tuple(re.compile(words) for words in parts["dimensions"]),
        nearly_all=parts["nearly_all"],
        fewest=parts["fewest"],
    )


@dataclass(frozen=True, slots=True)
class _Layout:
    """Names of the cells of table 3 in one format.

    Attributes:
        rows: row → its cells and their columns, without the total.
        columns: column → the cell of the results' total, and the cells of the outcomes.
        groups: group of outcomes → the totals of its rows.
    """

    rows: Mapping[str, tuple[tuple[str, str], ...]]
    columns: Mapping[str, tuple[str, tuple[str, ...]]]
    groups: Mapping[str, tuple[str, ...]]


@cache
def _layout(version: Version) -> _Layout:
    table = tables()["applications"]
    rows = [f"{_APPLICATIONS}{row.key}" for row in table.rows_of(version)]
    outcomes = [f"{_APPLICATIONS}{row.key}" for row in table.rows_of(version) if row.group == "outcome"]
    columns = [key for key in table.columns if key != "total"]
    groups: dict[str, tuple[str, ...]] = {}
    for row in outcomes:
        group = row.rpartition(".")[0]
        groups[group] = (*groups.get(group, ()), f"{row}.total")
    return _Layout(
        rows={row: tuple((f"{row}.{column}", column) for column in columns) for row in rows},
        columns={
            column: (f"{_RESULTS}.{column}", tuple(f"{row}.{column}" for row in outcomes))
            for column in columns
        },
        groups=groups,
    )


@cache
def _not_upheld() -> tuple[str, ...]:
    names = cell_names("disputes", "v2")
    return tuple(name for name in names if not name.endswith((f".{_UPHELD}", ".total")))


class _Cells:
    """The cells as evidence: a blank counts as zero only where an identity leaves it nothing else."""

    def __init__(self, cells: Mapping[str, Number | None], notes: Mapping[str, CellNote]) -> None:
        self.cells = cells
        self.notes = notes
        self.layout = _layout("v1" if "applications.other.all.total" in cells else "v2")
        self._totals: dict[str, Number | None] = {}

    def total(self, terms: Sequence[str]) -> Number | None:
        """Sum of the terms of a member, or None where one of them is not known."""
        total: Number = 0
        for term in terms:
            if term not in self._totals:
                self._totals[term] = self._term(term)
            value = self._totals[term]
            if value is None:
                return None
            total += value
        return total

    def names(self, terms: Sequence[str]) -> list[str]:
        """The cells that the terms stand for."""
        return [name for term in terms for name in self._names(term)]

    def _names(self, term: str) -> tuple[str, ...]:
        if term in self.cells or not term.startswith(_APPLICATIONS):
            return (term,)
        total = f"{term}.total"
        return (total,) if total in self.cells else self.layout.groups.get(term, ())

    def _term(self, term: str) -> Number | None:
        if (plain := self.cells.get(f"{term}.total", self.cells.get(term))) is not None:
            return plain
        total: Number | None = None
        for name in self._names(term):
            value = self._value(name)
            if value is None:
                return None
            total = value + (total or 0)
        return total

    def _value(self, name: str) -> Number | None:
        value = self.cells.get(name)
        if value is not None or name not in self._empty:
            return value
        row, _, column = name.rpartition(".")
        if row not in self.layout.rows:
            return None
        if column == "total":
            return self._row_sum(row)
        total = self.cells.get(f"{row}.total")
        return (
            0 if total is not None and total == self._sum(name for name, _ in self.layout.rows[row]) else None
        )

    def _row_sum(self, row: str) -> Number | None:
        total: Number = 0
        for name, column in self.layout.rows[row]:
            value = self.cells.get(name)
            if value is not None:
                total += value
            elif column not in self._closed or name not in self._empty:
                return None
        return total

    def _sum(self, names: Iterable[str]) -> Number:
        return sum(value for name in names if (value := self.cells.get(name)) is not None)

    @cached_property
    def _closed(self) -> frozenset[str]:
        """The columns whose outcomes make up their total already, so that their blanks are zero."""
        return frozenset(
            column
            for column, (result, outcomes) in self.layout.columns.items()
            if (total := self._value(result)) is not None and total == self._sum(outcomes)
        )

    @cached_property
    def _empty(self) -> frozenset[str]:
        return frozenset(name for name, note in self.notes.items() if note.status in _EMPTY)


def compare(
    facts: Sequence[Fact], cells: Mapping[str, Number | None], notes: Mapping[str, CellNote] | None = None
) -> list[Comparison]:
    """Hold every fact that has a place in the tables against it, and say which member agrees."""
    return _compare(facts, _Cells(cells, notes or {}))


def _compare(facts: Sequence[Fact], evidence: _Cells) -> list[Comparison]:
    places = _data().tables
    found = []
    for fact in facts:
        if fact.name in places:
            rule, members = places[fact.name]
            if fact.value == 0 and fact.name in _STATEMENTS_OF_ZERO:
                rule = "TV.ZERO"
            values: Iterable[_Member] = ((terms, evidence.total(terms)) for terms in members)
        elif fact.unit == "%" and (name := fact.name.removesuffix(_SHARE)) in places:
            rule = "TV.PCT"
            values = _shares(places[name][1], evidence)
        else:
            continue
        if comparison := _held_against(rule, fact, values):
            found.append(comparison)
    return found


def _held_against(rule: str, fact: Fact, values: Iterable[_Member]) -> Comparison | None:
    known: list[tuple[tuple[str, ...], Number]] = []
    decided = True
    for terms, value in values:
        if value is None:
            decided = False
            continue
        known.append((terms, value))
        if _agrees(fact, value):
            return Comparison(rule, fact, tuple(known), terms, decided)
    return Comparison(rule, fact, tuple(known), None, decided) if known else None


def _shares(members: Members, evidence: _Cells) -> Iterator[_Member]:
    for terms in members:
        part = evidence.total(terms)
        for base in _BASES:
            whole = evidence.total(base)
            yield (*terms, *base), None if part is None or not whole else round(100 * part / whole, 2)


def _agrees(fact: Fact, value: Number) -> bool:
    stated = fact.value
    if not isinstance(stated, int | float) or fact.qualifier == "about":
        return True
    if fact.unit == "%":
        return abs(stated - value) <= _PERCENT_SLACK + 1e-9
    if fact.qualifier == "at_least":
        return value >= stated
    return value <= stated if fact.qualifier == "at_most" else value == stated


def check_prose(
    facts: Sequence[Fact], cells: Mapping[str, Number | None], notes: Mapping[str, CellNote] | None = None
) -> list[Finding]:
    """Contradictions between prose and tables, and inside the prose.

    Args:
        facts: as read from the prose of the report.
        cells: every cell of the tables found → number or None.
        notes: notes of the unusual cells; a null without a note is unknown, never blank.

    Returns:
        Findings of the rules ``TV.*``, ``TX.PARTS`` and ``XT.*``; none where something is not known.
    """
    evidence = _Cells(cells, notes or {})
    return [
        *_contradictions(_compare(facts, evidence), evidence),
        *_not_all_upheld(facts, cells),
        *_parts(facts),
        *_flow(facts),
        *_fees(facts, cells),
    ]


def _contradictions(comparisons: Sequence[Comparison], evidence: _Cells) -> Iterator[Finding]:
    fits = {c.fact.name for c in comparisons if c.matched or not c.decided}
    wrong = {c.fact.name for c in comparisons} - fits
    if not wrong:
        return
    for comparison in comparisons:
        fact = comparison.fact
        # A share follows its count: where the count is wrong already, the share says nothing new.
        if fact.name not in wrong or fact.name.removesuffix(_SHARE) in wrong - {fact.name}:
            continue
        values = list(dict.fromkeys(value for _, value in comparison.values))
        yield finding(
            comparison.rule,
            cells=evidence.names(comparison.values[0][0]),
            expected=values[0] if len(values) == 1 else " / ".join(map(str, values)),
            actual=fact.value,
            sentence=_quoted(fact),
        )


def _quoted(fact: Fact) -> str:
    return fact.sentence.rstrip("。")


def _not_all_upheld(facts: Sequence[Fact], cells: Mapping[str, Number | None]) -> Iterator[Finding]:
    """均获维持, while the table has cases with another result or none yet."""
    for fact in facts:
        if fact.name != "disputes.outcome":
            continue
        if others := [name for name in _not_upheld() if cells.get(name)]:
            yield finding(
                "TV.REVIEW" if all("review." in name for name in others) else "TV.SUIT",
                cells=others,
                expected=sum(cells[name] or 0 for name in others),
                actual=fact.value,
                variant="upheld",
                sentence=_quoted(fact),
            )


def _parts(facts: Sequence[Fact]) -> Iterator[Finding]:
    seen: set[tuple[str, object]] = set()
    for fact in facts:
        if (
            fact.name not in _data().totals
            or fact.qualifier != "exact"
            or (fact.sentence, fact.value) in seen
        ):
            continue
        parts = parts_of(fact)
        if parts is None or not isinstance(fact.value, int | float):
            continue
        seen.add((fact.sentence, fact.value))
        total = parts.total()
        if total is not None and _is_slip(fact.name, fact.value, total, parts):
            yield finding("TX.PARTS", expected=total, actual=fact.value, sentence=_quoted(fact))


def _is_slip(name: str, stated: Number, total: Number, parts: Parts) -> bool:
    data = _data()
    if not parts.disjoint or (name == "requests.new" and not _one_dimension(parts)):
        return False
    if total > stated:
        return True
    return parts.exhaustive and len(parts.items) >= data.fewest and data.nearly_all * stated <= total < stated


def _one_dimension(parts: Parts) -> bool:
    return any(all(words.search(label) for label, _ in parts.items) for words in _data().dimensions)


def _flow(facts: Sequence[Fact]) -> Iterator[Finding]:
    """New and carried in make outcomes and carried out, where one report states all of them once."""
    stated: dict[str, Fact] = {}
    for fact in facts:
        if fact.name.startswith("requests.") and fact.unit != "%":
            if fact.name in stated or fact.qualifier != "exact":
                return
            stated[fact.name] = fact
    frame = [stated.get(f"requests.{name}") for name in ("new", "carried_in", "carried_out")]
    outcomes = [stated[f"requests.{name}"] for name in _OUTCOMES if f"requests.{name}" in stated]
    if None in frame or not outcomes:
        return
    received, carried_in, carried_out = (_number(fact) for fact in frame if fact is not None)
    left, right = received + carried_in, sum(_number(fact) for fact in outcomes) + carried_out
    # Outcomes that did not occur are left out; a list that names 其他处理 or 不予处理 names them all.
    complete = {"requests.other", "requests.not_processed"} & stated.keys()
    if right > left or (right < left and complete):
        yield finding("XT.FLOW", expected=left, actual=right, sentence=_quoted(outcomes[0]))


def _number(fact: Fact) -> Number:
    return fact.value if isinstance(fact.value, int | float) else 0


def _fees(facts: Sequence[Fact], cells: Mapping[str, Number | None]) -> Iterator[Finding]:
    lapsed = cells.get("applications.other.fee_overdue.total")
    for fact in facts:
        value = fact.value
        if not isinstance(value, int | float) or fact.qualifier != "exact":
            continue
        if fact.name in _FEES and value % _FEE_STEP:
            yield finding("XT.FEE0", actual=value)
        if fact.name == "processing_fee.notices" and lapsed is not None and lapsed > value:
            cell = "applications.other.fee_overdue.total"
            yield finding("XT.FEE", cells=[cell], expected=lapsed, actual=value)
