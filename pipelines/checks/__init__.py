"""The checks: arithmetic of the tables, plausibility of the figures, quality of the report.

A new rule is one function in ``plausibility.py`` or ``quality.py`` and one entry in
``pipelines/data/rules.toml``. Text against table is another stage (``pipelines/prose_checks.py``), and so
are rules across years.
"""

from __future__ import annotations

from pipelines.checks.arithmetic import judge
from pipelines.checks.context import CheckContext, CheckOutcome
from pipelines.checks.plausibility import plausibility
from pipelines.checks.quality import quality
from pipelines.record import CheckResult, Checks

__all__ = ["CheckContext", "CheckOutcome", "check"]


def check(context: CheckContext) -> CheckOutcome:
    """Judge one report by all rules of this package.

    The counts are over all identities of tables 3 and 4 in their formats. A failing identity is always a
    finding; one that cannot be evaluated is counted, and its blanks are the matter of ``T3.BLANK``. A
    report in a form before FY2019 has no identities and breaks no rule.
    """
    if not context.in_present_form():
        return CheckOutcome(Checks(), {})
    outcomes = (judge(context, "applications"), judge(context, "disputes"))
    findings = [finding for outcome in outcomes for finding in outcome.findings]
    findings += plausibility(context)
    findings += quality(context)

    def count(result: CheckResult) -> int:
        return sum(len(outcome.evaluation.with_result(result)) for outcome in outcomes)

    return CheckOutcome(
        Checks(
            passed=sum(outcome.evaluation.passed for outcome in outcomes),
            passed_if_blank_zero=count("PASS_IF_BLANK_ZERO"),
            failed=count("FAIL"),
            not_evaluable=count("NOT_EVALUABLE"),
            findings=findings,
        ),
        {cell: pair for outcome in outcomes for cell, pair in outcome.doubtful.items()},
    )
