"""Findings on tables 3 and 4: identities that fail, whose fault it is, and what blanks mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pipelines.checks.diagnosis import APPLICANTS, diagnose, totals_unfilled
from pipelines.checks.identities import Evaluation, Exact, Verdict, evaluate, number
from pipelines.checks.wording import cell_label, column_label, identity_label
from pipelines.rules import finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipelines.checks.context import CheckContext
    from pipelines.checks.diagnosis import Diagnosis
    from pipelines.record import Finding, Number, Origin
    from pipelines.statutory.templates import TableName


class TableOutcome(NamedTuple):
    """One table, judged: its evaluation, its findings, and the cells that two readings give differently."""

    evaluation: Evaluation
    findings: list[Finding]
    doubtful: dict[str, tuple[Number, Number]]


def judge(context: CheckContext, table: TableName) -> TableOutcome:
    """All findings on table 3 (``T3.BAL``, ``SUM``, ``ROW``, ``INT``, ``BLANK``) or 4 (``T4.SUM``, ``BLANK``)."""
    label = context.templates.applications if table == "applications" else context.templates.disputes
    evaluation = evaluate(context, table, label)
    findings: list[Finding] = []
    doubtful: dict[str, tuple[Number, Number]] = {}
    if failed := evaluation.with_result("FAIL"):
        second = context.reread(table) if context.reread else None
        doubtful = _differences(context, failed, second)
        diagnoses = diagnose(evaluation)
        findings += (
            _failure(verdict, _origin(context, verdict, second), diagnoses.get(verdict.identity.rule))
            for verdict in failed
        )
    if table == "applications":
        findings += _not_counts(evaluation)
        findings += _blanks(evaluation)
    findings += _implied("T3.BLANK" if table == "applications" else "T4.BLANK", evaluation)
    return TableOutcome(evaluation, findings, doubtful)


def _failure(verdict: Verdict, origin: Origin, diagnosis: Diagnosis | None) -> Finding:
    """The printed total is ``actual``, what its parts make is ``expected`` (``BAL``: third and first side)."""
    identity = verdict.identity
    cells = (*identity.left, *identity.right)
    label = identity_label(identity.rule)
    if verdict.impossible:
        return finding(identity.rule, cells=cells, variant="impossible", origin=origin, label=label)
    sides = (verdict.left, verdict.right)
    expected, actual = sides if identity.rule.startswith("T3.BAL") else sides[::-1]
    return finding(
        identity.rule,
        cells=cells,
        expected=number(expected),
        actual=number(actual),
        origin=origin,
        diagnosis=diagnosis.code if diagnosis else None,
        label=label,
        difference=number(verdict.off_by),
        **(diagnosis.words if diagnosis else {}),
    )


def _origin(context: CheckContext, verdict: Verdict, second: Mapping[str, Number | None] | None) -> Origin:
    """``source`` if the second reading confirms every figure, ``extraction`` if it contradicts one."""
    cells = [c for c in (*verdict.identity.left, *verdict.identity.right) if context.cells.get(c) is not None]
    if second is None or not cells:
        return "unknown"
    if _differences(context, [verdict], second):
        return "extraction"
    return "unknown" if any(second.get(cell) is None for cell in cells) else "source"


def _differences(
    context: CheckContext, failed: list[Verdict], second: Mapping[str, Number | None] | None
) -> dict[str, tuple[Number, Number]]:
    differences = {}
    for verdict in failed if second else ():
        for cell in (*verdict.identity.left, *verdict.identity.right):
            one, other = context.cells.get(cell), second.get(cell) if second else None
            if one is not None and other is not None and one != other:
                differences[cell] = (one, other)
    return differences


def _not_counts(evaluation: Evaluation) -> Iterator[Finding]:
    """``T3.INT``: values of table 3 that cannot be a number of requests."""
    if evaluation.counts_only:
        return
    wrong = {
        cell: v
        for cell in evaluation.names
        if (v := evaluation.values[cell]) is not None and not _is_count(v)
    }
    for first, value in list(wrong.items())[:1]:
        yield finding("T3.INT", cells=wrong, actual=number(value), count=len(wrong), label=cell_label(first))


def _is_count(value: Exact) -> bool:
    return value >= 0 and value.denominator == 1


def _blanks(evaluation: Evaluation) -> Iterator[Finding]:
    """``T3.BLANK``: whether the columns that can tell support reading a blank as zero.

    A column can tell if it has blanks and a positive （七）总计; it supports the reading if its ``SUM`` and
    ``BAL`` hold with its blanks as zero. The column 总计 never counts: there a blank means "not filled in".
    """
    blanks = evaluation.blanks
    if not blanks or not evaluation.verdicts:
        return
    telling = [
        column
        for column in APPLICANTS
        if (evaluation.values[f"applications.results_total.{column}"] or 0) > 0
        and any(cell.endswith(f".{column}") for cell in blanks)
    ]
    holding = [
        column
        for column in telling
        if all(
            evaluation.result(f"{family}.{column}") in ("PASS", "PASS_IF_BLANK_ZERO")
            for family in ("T3.SUM", "T3.BAL")
        )
    ]
    variant = ""
    if telling:
        supported = holding == telling and not evaluation.with_result("FAIL")
        variant = "supported" if supported else "unsupported"
    yield finding(
        "T3.BLANK",
        result="PASS_IF_BLANK_ZERO" if variant == "supported" else "NOT_EVALUABLE",
        cells=blanks,
        actual=len(blanks),
        variant=variant,
        diagnosis="total_column_empty" if totals_unfilled(evaluation) else None,
        columns="、".join(f"“{column_label('applications', column)}”" for column in holding),
    )


def _implied(rule: str, evaluation: Evaluation) -> Iterator[Finding]:
    """A blank that, alone in its sum, would need a positive value: a hint to the reader, never a value."""
    hints: dict[str, set[Exact]] = {}
    for verdict in evaluation.with_result("NOT_EVALUABLE"):
        if verdict.implied:
            cell, value = verdict.implied
            hints.setdefault(cell, set()).add(value)
    for cell, values in hints.items():
        expected = number(next(iter(values))) if len(values) == 1 else None
        yield finding(
            rule,
            result="NOT_EVALUABLE",
            cells=[cell],
            expected=expected,
            variant="implied" if rule == "T3.BLANK" else "",
            label=cell_label(cell),
            implied="、".join(str(number(value)) for value in sorted(values)),
        )
