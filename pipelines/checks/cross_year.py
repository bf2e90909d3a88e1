"""One body's report held against its report of the year before. One rule is one function.

What a report carries out, leaves in force or leaves pending, the next one takes over. A figure that either year
lacks proves nothing: blank is not zero, so only two printed figures can contradict each other, and what cannot be
told is not said. Which of the two years is wrong is never known.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from operator import add
from typing import TYPE_CHECKING, Any, Final

from pipelines.checks.context import BLANK
from pipelines.checks.identities import exact, number
from pipelines.checks.wording import column_label, row_label
from pipelines.rules import finding, rule
from pipelines.statutory.templates import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pipelines.checks.identities import Exact
    from pipelines.record import Finding, Number, Report

DOCUMENTS: Final = {"rules": "rules", "normative": "normative_documents"}
"""Last part of a rule's id → row of table 2 that counts documents."""


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two reports of one body, of one year and of the next."""

    earlier: Report
    later: Report

    def figures(self, before: Sequence[str], now: Sequence[str]) -> list[Exact] | None:
        """Cells of the earlier and of the later report, in this order; None if one of them holds no figure."""
        values = [exact(self.earlier.cells.get(cell)) for cell in before]
        values += [exact(self.later.cells.get(cell)) for cell in now]
        known = [value for value in values if value is not None]
        return known if len(known) == len(values) else None

    def both_in(self, version: str) -> bool:
        """Whether table 2 is of that form in both years."""
        return self.earlier.templates.proactive == self.later.templates.proactive == version

    def found(  # noqa: D417  the fields of the sentence are the rule's own
        self,
        rule_id: str,
        cells: Sequence[str],
        *,
        expected: Exact,
        actual: Exact,
        diagnosis: str | None = None,
        **words: Exact | str,
    ) -> Finding:
        """A contradiction.

        Args:
            rule_id: rule or member of a family.
            cells: cells of the later report.
            expected: what the earlier report asks for.
            actual: what the later one has.
            diagnosis: what may explain it besides a correction of either report.
        """
        said: dict[str, Any] = {n: w if isinstance(w, str) else number(w) for n, w in words.items()}
        return finding(
            rule_id,
            cells=cells,
            expected=number(expected),
            actual=number(actual),
            diagnosis=_corrected(self) or diagnosis,
            before=self.earlier.year,
            year=self.later.year,
            **said,
        )


def cross_year(earlier: Report, later: Report) -> list[Finding]:
    """What the report of a year says against that of the year before; findings belong to the later one.

    Nothing is said of reports that can't be compared: of another body or scope, of years that do not follow one
    another, or in the form before FY2019.

    Args:
        earlier: the report on a year.
        later: the report of the same body on the next year.
    """
    if not comparable(earlier, later):
        return []
    pair = _Pair(earlier, later)
    return [found for the_rule in CROSS_YEAR for found in the_rule(pair)]


def comparable(earlier: Report, later: Report) -> bool:
    """Whether two reports are of one body and scope, in the present form, and of consecutive years."""
    return (
        earlier.year is not None
        and later.year == earlier.year + 1
        and earlier.kind == later.kind == "report"
        and earlier.scope == later.scope
        and _body(earlier) == _body(later)
    )


def _body(report: Report) -> str:
    """The id without its year: division, body and scope (``pipelines.agencies.report_id``)."""
    return report.id.rpartition("-")[0]


def carried(pair: _Pair) -> Iterator[Finding]:
    """``XY.CARRY``: what a year carries in is what the year before carried out, column by column."""
    for column in tables()["applications"].columns:
        cell = f"applications.carried_in.{column}"
        figures = pair.figures([f"applications.carried_out.{column}"], [cell])
        if figures and figures[0] != figures[1]:
            yield pair.found(
                f"XY.CARRY.{column}",
                [cell],
                expected=figures[0],
                actual=figures[1],
                label=column_label("applications", column),
            )


def in_force(pair: _Pair) -> Iterator[Finding]:
    """``XY.INFORCE``: documents in force follow from those of the year before (present form in both years)."""
    for suffix, cells, stock, issued, repealed, actual in _documents(pair):
        expected = stock + issued - repealed
        if expected != actual:
            yield pair.found(
                f"XY.INFORCE.{suffix}",
                cells,
                expected=expected,
                actual=actual,
                diagnosis="documents_reviewed" if _reviewed(pair.later) else None,
                label=row_label("proactive", DOCUMENTS[suffix]),
                stock=stock,
                issued=issued,
                repealed=repealed,
            )


def _documents(pair: _Pair) -> Iterator[tuple[str, list[str], Exact, Exact, Exact, Exact]]:
    """Rule suffix, cells, and: in force the year before, issued, repealed, in force."""
    for suffix, row in DOCUMENTS.items() if pair.both_in("v2") else ():
        cells = [f"proactive.{row}.{column}" for column in ("issued", "repealed", "in_force")]
        figures = pair.figures(cells[-1:], cells)
        if figures:
            stock, issued, repealed, actual = figures
            yield suffix, cells, stock, issued, repealed, actual


def repealed_too_many(pair: _Pair) -> Iterator[Finding]:
    """``XY.REPEAL``: no more is repealed than was in force or was issued (present form in both years)."""
    for suffix, row in DOCUMENTS.items() if pair.both_in("v2") else ():
        cells = [f"proactive.{row}.{column}" for column in ("issued", "repealed")]
        figures = pair.figures([f"proactive.{row}.in_force"], cells)
        if figures and figures[2] > figures[0] + figures[1]:
            stock, issued, repealed = figures
            yield pair.found(
                f"XY.REPEAL.{suffix}",
                cells,
                expected=stock + issued,
                actual=repealed,
                label=row_label("proactive", row),
                stock=stock,
                issued=issued,
            )


def items_of_v1(pair: _Pair) -> Iterator[Finding]:
    """``XY.V1ITEMS``: items of the year before are what its own report makes them (former form in both years)."""
    for row in tables()["proactive"].rows_of("v1") if pair.both_in("v1") else ():
        if "items_change" not in row.columns["v1"]:
            continue
        cell = f"proactive.{row.key}.items_prev_year"
        figures = pair.figures([cell, f"proactive.{row.key}.items_change"], [cell])
        if figures and figures[0] + figures[1] != figures[2]:
            stock, change, actual = figures
            yield pair.found(
                f"XY.V1ITEMS.{row.key}",
                [cell],
                expected=stock + change,
                actual=actual,
                label=row_label("proactive", row.key),
                stock=stock,
                change=change,
            )


def disclosed_of_v1(pair: _Pair) -> Iterator[Finding]:
    """``XY.V1PUB``: the total disclosed grows by no more than is newly disclosed (former form in both years)."""
    for suffix, row in DOCUMENTS.items() if pair.both_in("v1") else ():
        cells = [f"proactive.{row}.{column}" for column in ("disclosed_new", "disclosed_total")]
        figures = pair.figures(cells[-1:], cells)
        if figures and figures[2] > figures[0] + figures[1]:
            stock, disclosed, actual = figures
            yield pair.found(
                f"XY.V1PUB.{suffix}",
                cells,
                expected=stock + disclosed,
                actual=actual,
                label=row_label("proactive", row),
                stock=stock,
                disclosed=disclosed,
            )


def pending(pair: _Pair) -> Iterator[Finding]:
    """``XY.PENDING``: a year has at least the cases that the year before left pending, block by block."""
    for block in tables()["disputes"].rows:
        cell = f"disputes.{block}.total"
        figures = pair.figures([f"disputes.{block}.pending"], [cell])
        if figures and figures[1] < figures[0]:
            yield pair.found(
                f"XY.PENDING.{block}",
                [cell],
                expected=figures[0],
                actual=figures[1],
                label=row_label("disputes", block),
            )


def clone(pair: _Pair) -> Iterator[Finding]:
    """``XY.CLONE``: the text is that of the year before, or every figure is."""
    known = rule("XY.CLONE").parameters
    cells = _unchanged(pair)
    likeness = _likeness(_prose(pair.earlier), _prose(pair.later))
    same_figures, same_text = len(cells) >= known["figures"], likeness >= known["likeness"]
    if not (same_figures or same_text):
        return
    expected: Number | None = None if same_figures else known["likeness"]
    yield finding(
        "XY.CLONE",
        cells=cells if same_figures else (),
        expected=expected,
        actual=len(cells) if same_figures else likeness,
        variant="both" if same_figures and same_text else "text" if same_text else "",
        before=pair.earlier.year,
        year=pair.later.year,
        figures=len(cells),
        likeness=likeness,
    )


def _unchanged(pair: _Pair) -> list[str]:
    """The cells that are not zero, if every cell is as it was; none if one changed or its figure is unknown."""
    before, now = pair.earlier.cells, pair.later.cells
    if before.keys() != now.keys() or any(before[cell] != value for cell, value in now.items()):
        return []
    empty = [cell for cell, value in now.items() if value is None]
    if not all(_is_blank(report, cell) for cell in empty for report in (pair.earlier, pair.later)):
        return []
    return [cell for cell, value in now.items() if value]


def _is_blank(report: Report, cell: str) -> bool:
    note = report.cell_notes.get(cell)
    return note is not None and note.status in BLANK


def _likeness(earlier: str, later: str) -> Number:
    """Per cent of the pairs of neighbouring characters that two texts share; 0 where it is too little to tell.

    Linear in their length. Held against ``difflib`` on real texts with 3 to 7 % of damage it is never the higher of
    the two but for a paragraph that only moved; rounded down, so that 95 is 95.
    """
    known = rule("XY.CLONE").parameters
    sizes = len(earlier), len(later)
    if min(sizes) < known["at_least"]:
        return 0
    pairs = sum(sizes) - 2
    # no more pairs than characters can be shared, which is quickly counted
    if (
        200 * min(sizes) < known["likeness"] * pairs
        or 200 * _shared(earlier, later) < known["likeness"] * pairs
    ):
        return 0
    tenths = 2000 * _shared(map(add, earlier, earlier[1:]), map(add, later, later[1:])) // pairs
    return tenths / 10 if tenths % 10 else tenths // 10


def _shared(one: Iterable[str], other: Iterable[str]) -> int:
    """How many elements two collections have in common, repetitions counted."""
    first, second = Counter(one), Counter(other)
    common = first.keys() & second.keys()
    return sum(map(min, map(first.__getitem__, common), map(second.__getitem__, common)))


def _prose(report: Report) -> str:
    """The text of its sections without white space, years and digits; cut where it is out of all measure."""
    known = rule("XY.CLONE").parameters
    text = "".join(section.text for section in report.sections)[: known["at_most"]]
    return _pattern(known["masked"]).sub("0", "".join(text.split()))


def _corrected(pair: _Pair) -> str | None:
    said = _pattern(_excuses()["corrected_report"])
    titles = (pair.earlier.title, pair.later.title)
    return "corrected_report" if any(title and said.search(title) for title in titles) else None


def _reviewed(report: Report) -> bool:
    said = _pattern(_excuses()["documents_reviewed"])
    return any(said.search(section.text) for section in report.sections)


def _excuses() -> dict[str, Any]:
    excuses: dict[str, Any] = rule("XY.INFORCE").parameters["excuses"]
    return excuses


@cache
def _pattern(expression: str) -> re.Pattern[str]:
    return re.compile(expression)


CROSS_YEAR: Final[tuple[Callable[[_Pair], Iterator[Finding]], ...]] = (
    carried,
    in_force,
    repealed_too_many,
    items_of_v1,
    disclosed_of_v1,
    pending,
    clone,
)
"""All ``XY`` rules, in the order of their findings."""
