"""Why identities of table 3 fail: the known signatures, each one small function over the failures.

A diagnosis is a hint to the reader. It never changes a value, and where two explanations compete, none
is given.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from pipelines.checks.identities import Evaluation, Exact, applicable, number
from pipelines.checks.wording import cell_label, column_label, row_label
from pipelines.statutory.templates import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pipelines.record import Number, TemplateLabel

COLUMNS: Final = tuple(tables()["applications"].columns)
APPLICANTS: Final = COLUMNS[:-1]
MOST_DIGITS: Final = 9
"""Longer figures are never two halves of a count."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One signature that was recognised.

    Attributes:
        code: its code in the rules file.
        rules: ids of the failing identities that it explains.
        words: fields of its clause.
    """

    code: str
    rules: frozenset[str]
    words: Mapping[str, Any] = field(default_factory=dict)


def diagnose(evaluation: Evaluation) -> dict[str, Diagnosis]:
    """Failing rule id → its diagnosis; rules without a known signature are left out.

    Of several signatures on one rule the one that explains most failures is taken, then the first.
    """
    found: dict[str, Diagnosis] = {}
    if evaluation.table == "applications" and evaluation.with_result("FAIL"):
        signs = [diagnosis for signature in SIGNATURES for diagnosis in signature(evaluation)]
        for diagnosis in sorted(signs, key=lambda sign: len(sign.rules), reverse=True):
            found = dict.fromkeys(diagnosis.rules, diagnosis) | found
    return found


def totals_unfilled(evaluation: Evaluation) -> bool:
    """Whether 总计 is null in every outcome row although the rows hold figures."""
    rows = _outcomes(evaluation.label)
    return not _any_number(evaluation, rows, ["total"]) and _any_number(evaluation, rows, APPLICANTS)


def _any_number(evaluation: Evaluation, rows: Sequence[str], columns: Sequence[str]) -> bool:
    return any(evaluation.values[f"applications.{row}.{c}"] is not None for row in rows for c in columns)


def total_column_empty(evaluation: Evaluation) -> Iterator[Diagnosis]:
    """Every 总计 of the outcome rows is zero or null although the rows hold requests."""
    rows = _outcomes(evaluation.label)
    if any(evaluation.values[f"applications.{row}.total"] for row in rows):
        return
    rules = {f"T3.ROW.{row}" for row in rows} | {"T3.SUM.total"}
    failed = rules & _failed(evaluation)
    if len(failed) > 1:
        yield Diagnosis("total_column_empty", frozenset(failed))


def header_shift(evaluation: Evaluation) -> Iterator[Diagnosis]:
    """In every row one and the same applicant column is the sum of all the others."""
    failed = {rule for rule in _failed(evaluation) if rule.startswith("T3.ROW.")}
    rows = [values for row in _rows(evaluation.label) if (values := _complete_row(evaluation, row))]
    if len(failed) <= 1:
        return
    for column, name in enumerate(APPLICANTS):
        if all(2 * values[column] == sum(values) for values in rows):
            yield Diagnosis("header_shift", frozenset(failed), {"column": column_label("applications", name)})
            return


def subtotal_counted(evaluation: Evaluation) -> Iterator[Diagnosis]:
    """In every column （七）总计 exceeds the outcomes by the sum of one and the same group."""
    defects = {column: _defect(evaluation, f"T3.SUM.{column}") for column in COLUMNS}
    if not any(defects.values()):
        return
    groups = [
        heading
        for heading, rows in _groups(evaluation.label).items()
        if all(
            defect is None
            or defect == sum(evaluation.values[f"applications.{row}.{column}"] or 0 for row in rows)
            for column, defect in defects.items()
        )
    ]
    if len(groups) == 1:
        rules = frozenset(f"T3.SUM.{column}" for column, defect in defects.items() if defect)
        yield Diagnosis("subtotal_counted", rules, {"group": groups[0]})


def crossing_cell(evaluation: Evaluation) -> Iterator[Diagnosis]:
    """Everything through one cell fails by the same amount: the cell is named with the value that repairs it."""
    suspects = dict(_suspects(evaluation))
    accused = defaultdict(list)
    for cell, (_, rules) in suspects.items():
        for rule in rules:
            accused[rule].append(cell)
    for cell, (repaired, rules) in suspects.items():
        if all(len(accused[rule]) == 1 for rule in rules):
            value = evaluation.values[cell]
            words = {"cell": cell_label(cell), "value": _number(value), "repaired": number(repaired)}
            yield Diagnosis("crossing_cell", rules, words)


def _suspects(evaluation: Evaluation) -> Iterator[tuple[str, tuple[Exact, frozenset[str]]]]:
    through_failures = dict.fromkeys(
        cell for v in evaluation.with_result("FAIL") for cell in (*v.identity.left, *v.identity.right)
    )
    for cell in through_failures:
        value, through = evaluation.values[cell], _through(evaluation.label)[cell]
        rules = [rule for rule, _ in through if evaluation.result(rule) != "NOT_EVALUABLE"]
        errors = {sign * _defect_of(evaluation, rule) for rule, sign in through if rule in rules}
        if value is None or len(rules) <= 1 or len(errors) != 1:
            continue
        repaired = value - errors.pop()
        if repaired != value and repaired >= 0:
            yield cell, (repaired, frozenset(rules))


def split_digits(evaluation: Evaluation) -> Iterator[Diagnosis]:
    """Two neighbours of a row are the halves of one number: joined, every sum through the row holds."""
    for row, values in _failed_rows(evaluation):
        for place, (left, right) in enumerate(pairwise(values)):
            joined = _join(left, right)
            repairs = [] if joined is None else _joinings(values, place, joined)
            rules = next((r for repair in repairs if (r := _repaired(evaluation, row, repair))), None)
            if rules:
                words = {"left": _number(left), "right": _number(right), "joined": _number(joined)}
                yield Diagnosis("split_digits", rules, {"row": row_label("applications", row), **words})
                break


def _join(left: Exact, right: Exact) -> int | None:
    """``2`` and ``0`` → 20; None where that is no number of a form."""
    text = f"{left}{right}"
    return int(text) if left > 0 and text.isdigit() and len(text) <= MOST_DIGITS else None


def _joinings(values: Sequence[Exact], place: int, joined: int) -> Iterator[list[Exact]]:
    """The row with the joined number in either cell, or with all that follows moved back by one."""
    before, after = list(values[:place]), list(values[place + 2 :])
    yield [*before, joined, 0, *after]
    yield [*before, 0, joined, *after]
    parts = [*before, joined, *after]
    yield [*parts, sum(parts)]


def shifted_row(evaluation: Evaluation) -> Iterator[Diagnosis]:
    """All values of one row stand one cell too far to the right or to the left."""
    for row, values in _failed_rows(evaluation):
        lost_first = values[-2] - sum(values[:-2])
        repairs = [[*values[1:], sum(values[1:])], [lost_first, *values[:-1]]]
        rules = next(
            (r for repair in repairs if min(repair) >= 0 and (r := _repaired(evaluation, row, repair))), None
        )
        if rules:
            yield Diagnosis("shifted_row", rules, {"row": row_label("applications", row)})


def misfiled_applicant(evaluation: Evaluation) -> Iterator[Diagnosis]:
    """Two applicant columns are off by +d and -d while 总计 holds."""
    for family in ("T3.BAL", "T3.SUM"):
        off = {column: d for column in APPLICANTS if (d := _defect(evaluation, f"{family}.{column}"))}
        holds = evaluation.result(f"{family}.total") in ("PASS", "PASS_IF_BLANK_ZERO")
        if len(off) == 2 and sum(off.values()) == 0 and holds:  # noqa: PLR2004  one column too many, one too few
            surplus, deficit = sorted(off, key=lambda column: off[column], reverse=True)
            words = {
                "count": number(off[surplus]),
                "surplus": column_label("applications", surplus),
                "deficit": column_label("applications", deficit),
            }
            yield Diagnosis("misfiled_applicant", frozenset(f"{family}.{column}" for column in off), words)


SIGNATURES: Final[tuple[Callable[[Evaluation], Iterator[Diagnosis]], ...]] = (
    total_column_empty,
    header_shift,
    subtotal_counted,
    crossing_cell,
    split_digits,
    shifted_row,
    misfiled_applicant,
)
"""All signatures."""


def _failed(evaluation: Evaluation) -> set[str]:
    return {verdict.identity.rule for verdict in evaluation.with_result("FAIL")}


def _defect(evaluation: Evaluation, rule: str) -> Exact | None:
    """By how much an identity is off; None if a null leaves that open."""
    verdict = evaluation.verdicts.get(rule)
    if verdict is None:
        return 0
    return verdict.defect if verdict.complete else None


def _defect_of(evaluation: Evaluation, rule: str) -> Exact:
    return _defect(evaluation, rule) or 0


def _number(value: Exact | None) -> Number:
    return number(value or 0)


def _repaired(evaluation: Evaluation, row: str, repair: Sequence[Exact]) -> frozenset[str]:
    """The failing rules that a row's new values would fulfil; empty if they would leave or break any."""
    if 2 * repair[-1] != sum(repair):
        return frozenset()
    rules = {f"T3.ROW.{row}"}
    for column, value in zip(COLUMNS, repair, strict=True):
        cell = f"applications.{row}.{column}"
        change = value - (evaluation.values[cell] or 0)
        for rule, sign in _through(evaluation.label)[cell]:
            defect = None if rule.startswith("T3.ROW.") else _defect(evaluation, rule)
            if defect is None:
                continue
            if defect + sign * change:
                return frozenset()
            if defect:
                rules.add(rule)
    return frozenset(rules) if len(rules) > 2 else frozenset()  # noqa: PLR2004  one column alone proves nothing


@cache
def _through(label: TemplateLabel) -> Mapping[str, tuple[tuple[str, int], ...]]:
    """Cell → the identities through it, +1 on the left side, -1 on the right."""
    through: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for identity in applicable("applications", label):
        for cells, sign in ((identity.left, 1), (identity.right, -1)):
            for cell in cells:
                through[cell].append((identity.rule, sign))
    return {cell: tuple(rules) for cell, rules in through.items()}


@cache
def _rows(label: TemplateLabel) -> tuple[str, ...]:
    """Rows that the format has, in printed order."""
    present = _through(label)
    return tuple(row for row in tables()["applications"].rows if f"applications.{row}.total" in present)


@cache
def _outcomes(label: TemplateLabel) -> tuple[str, ...]:
    rows = tables()["applications"].rows
    return tuple(row for row in _rows(label) if rows[row].group == "outcome")


@cache
def _groups(label: TemplateLabel) -> Mapping[str, tuple[str, ...]]:
    """Group head → its rows."""
    groups: dict[str, tuple[str, ...]] = {}
    present = _through(label)
    for row in tables()["applications"].rows.values():
        if row.heading and f"applications.{row.key}.total" in present:
            groups[row.heading] = (*groups.get(row.heading, ()), row.key)
    return groups


def _complete_row(evaluation: Evaluation, row: str) -> list[Exact] | None:
    values = [evaluation.values[f"applications.{row}.{column}"] for column in COLUMNS]
    return None if None in values else values  # type: ignore[return-value]


def _failed_rows(evaluation: Evaluation) -> Iterator[tuple[str, list[Exact]]]:
    failed = _failed(evaluation)
    for row in _rows(evaluation.label):
        if f"T3.ROW.{row}" in failed and (values := _complete_row(evaluation, row)):
            yield row, values
