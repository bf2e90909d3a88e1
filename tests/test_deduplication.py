from __future__ import annotations

from typing import Any

import pytest

from pipelines.deduplication import CONFLICT_RULE, Deduplicator, Verdict, key_of, with_finding
from pipelines.record import Agency, Report, Source


def report(url: str = "https://a.example/1", /, **changes: Any) -> Report:
    fields: dict[str, Any] = {
        "id": "140200-x-own-2025",
        "kind": "report",
        "kind_reason": "title_and_body",
        "url": url,
        "agency": Agency(
            name="青溪县教育局", kind="dept", division="140200", confidence="high", from_="title"
        ),
        "year": 2025,
        "cells": {"disputes.review.total": 3, "disputes.review.upheld": None},
        "source": Source(kind="html_table", sha256=changes.pop("sha256", url)),
    }
    return Report(**fields | changes)


def verdicts(*reports: Report) -> list[Verdict]:
    deduplicator = Deduplicator()
    return [deduplicator.admit(key_of(one)) for one in reports]


ELSEWHERE = "https://b.example/2"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="same identity and numbers, other bytes"),
        pytest.param({"sha256": "https://a.example/1"}, id="same bytes"),
        pytest.param(
            {"cells": {"disputes.review.upheld": None, "disputes.review.total": 3.0}}, id="order, 3.0"
        ),
        pytest.param({"title": "另一个标题"}, id="a title is no number"),
    ],
)
def test_a_report_met_again_is_merged(changes):
    first, second = verdicts(report(), report(ELSEWHERE, **changes))
    assert (first.number, first.merged, first.finding) == (0, False, None)
    assert (second.number, second.merged) == (0, True)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"cells": {"disputes.review.total": 4, "disputes.review.upheld": None}}, id="number"),
        pytest.param({"cells": {"disputes.review.total": None, "disputes.review.upheld": None}}, id="null"),
        pytest.param({"cells": {}}, id="no table"),
    ],
)
def test_other_numbers_of_the_same_body_and_year_are_kept_and_said(changes):
    _, second = verdicts(report(), report(ELSEWHERE, **changes))
    assert (second.number, second.merged) == (1, False)
    assert second.finding is not None
    assert (second.finding.rule, second.finding.severity) == (CONFLICT_RULE, "WARN")
    assert "https://a.example/1" in second.finding.message.zh
    assert "https://a.example/1" in second.finding.message.en


def test_two_reports_without_numbers_are_no_proof_of_sameness():
    _, second = verdicts(report(cells={}), report(ELSEWHERE, cells={}))
    assert not second.merged
    assert second.finding is not None
    assert (second.finding.result, second.finding.severity) == ("NOT_EVALUABLE", "INFO")


@pytest.mark.parametrize(
    "agency",
    [
        pytest.param(Agency(), id="no name"),
        pytest.param(Agency(name="市卫生健康局", confidence="high"), id="exists in every city"),
        pytest.param(Agency(name="青溪县教育局", division="140200", confidence="low"), id="uncertain"),
    ],
)
def test_an_unknown_body_is_merged_only_by_equal_bytes(agency):
    first, other_bytes, same_bytes = verdicts(
        report(agency=agency),
        report(ELSEWHERE, agency=agency),
        report(ELSEWHERE, agency=agency, sha256=ELSEWHERE),
    )
    assert (first.number, other_bytes.number, same_bytes.number) == (0, 1, 1)
    assert (other_bytes.merged, other_bytes.finding, same_bytes.merged) == (False, None, True)


def test_a_central_department_needs_no_division():
    agency = Agency(name="某部", kind="central_dept", confidence="high")
    assert verdicts(report(agency=agency), report(ELSEWHERE, agency=agency))[1].merged


@pytest.mark.parametrize("changes", [{"year": 2024}, {"id": "140200-y-own-2025"}, {"kind": "legacy_report"}])
def test_equal_bytes_read_as_another_report_stay_apart(changes):
    """A body may publish the same sheet under two years: what was known from outside decides."""
    known = {"sha256": "same", "cells": {}, "agency": Agency()}
    assert not verdicts(report(**known), report(ELSEWHERE, **known, **changes))[1].merged


def test_a_third_copy_joins_the_one_it_equals():
    other = {"disputes.review.total": 9}
    result = verdicts(
        report("u:1"),
        report("u:2", cells=other),
        report("u:3", cells=other),
        report("u:4"),
        report("u:5", cells={}),
    )
    assert [(v.number, v.merged) for v in result] == [
        (0, False),
        (1, False),
        (1, True),
        (0, True),
        (2, False),
    ]


def test_a_finding_is_added_to_a_copy_and_counts_nothing():
    original = report()
    finding = verdicts(original, report(ELSEWHERE, cells={}))[1].finding
    assert finding is not None
    changed = with_finding(original, finding)
    assert changed.checks.findings == [finding]
    assert original.checks.findings == []
    assert changed.checks.failed == original.checks.failed


def test_memory_holds_digests_not_reports():
    key = key_of(report(cells={f"c{i}": i for i in range(500)}))
    assert len(key.content) == 16
    assert key.numbers is not None
    assert len(key.numbers) == 16
