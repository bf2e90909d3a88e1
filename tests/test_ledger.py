"""The outcome of a portal follows from its counts alone: one test per rule."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from crawler.ledger import MAX_ISSUES, Outcome, PortalLedger, facts
from crawler.progress import MARKS
from crawler.runs import close_books
from crawler.wording import reason, sentence

ROOT = Path(__file__).parents[1]
COLUMN = "http://www.yunling.gov.cn/nb/"


def ledger(**counts: Any) -> PortalLedger:
    """A portal whose door answered."""
    return PortalLedger("http://www.yunling.gov.cn/", **{"requests": 10, "answered": True} | counts)


def with_column(books: PortalLedger, **counts: Any) -> PortalLedger:
    """One more column: 5 rows on a page, all of them reports, unless told otherwise."""
    column = books.column(f"{COLUMN}{len(books.columns)}")
    for name, value in ({"asked": 1, "pages": 1, "found": 5, "reports": 5} | counts).items():
        setattr(column, name, value)
    return books


def complete(**counts: Any) -> PortalLedger:
    return with_column(ledger(**{"reports": 5} | counts))


def test_nothing_asked_is_not_run() -> None:
    assert PortalLedger("http://www.yunling.gov.cn/").outcome() == ("not-run", None)


def test_complete() -> None:
    assert complete().outcome() == ("ok", None)
    assert with_column(complete(), declared=5).outcome() == ("ok", None)


def test_reports_that_repeat_those_of_another_column_are_no_lack() -> None:
    assert with_column(ledger(duplicates=5)).outcome() == ("ok", None)


@pytest.mark.parametrize(
    ("failures", "expected"),
    [
        ([("timeout", "unreachable")], ("unreachable", "timeout")),
        ([("not_found", "missing")], ("unreachable", "not_found")),
        ([("timeout", "unreachable")] * 2 + [("challenge_412", "blocked")], ("blocked", "challenge_412")),
        ([], ("unreachable", "no_usable_page")),
    ],
)
def test_door_that_never_answers(failures: list[tuple[str, str]], expected: tuple[str, str]) -> None:
    books = ledger(answered=False)
    for failure in failures:
        books.failed(*failure)
    assert books.outcome() == expected


def test_no_column() -> None:
    assert ledger().outcome() == ("layout-changed", "no_column")


@pytest.mark.parametrize(("blocked", "outcome"), [(4, "layout-changed"), (5, "blocked")])
def test_no_column_because_most_of_what_lies_below_the_door_is_blocked(blocked: int, outcome: str) -> None:
    books = ledger(requests=10)
    for _ in range(blocked):
        books.failed("forbidden", "blocked")
    assert books.outcome()[0] == outcome


def test_column_without_rows_is_no_empty_column() -> None:
    assert with_column(ledger(), found=0, reports=0).outcome() == ("layout-changed", "no_rows")
    assert with_column(complete(), found=0, reports=0).outcome() == ("partial", "no_rows")


def test_column_that_is_built_otherwise() -> None:
    assert with_column(ledger(), found=0, problems=["layout"]).outcome() == ("layout-changed", "layout")
    assert with_column(complete(), problems=["layout"]).outcome() == ("partial", "layout")


def test_empty_must_be_said() -> None:
    books = with_column(ledger(), found=0, reports=0, empty=True)
    assert books.outcome() == ("ok-empty", None)
    assert with_column(books, found=3, reports=0).outcome() == ("ok-empty", None)


def test_columns_whose_rows_are_all_refused_are_not_fine() -> None:
    books = with_column(ledger(), found=3, reports=0)
    books.refused["website_form"] = 3
    assert books.outcome() == ("layout-changed", "no_reports")


def test_nothing_within_the_years_asked_for_is_fine() -> None:
    books = with_column(ledger(), reports=0)
    books.refused["outside_window"] = 5
    assert books.outcome() == ("ok-empty", "outside_window")


def test_report_that_was_lost() -> None:
    books = complete()
    books.lost["timeout"] += 1
    assert books.outcome() == ("partial", "timeout")


@pytest.mark.parametrize(
    ("counts", "code"),
    [
        ({"declared": 6}, "fewer_than_declared"),
        ({"asked": 3, "pages": 2}, "page_failed"),
        ({"problems": ["page_repeats"]}, "page_repeats"),
        ({"problems": ["budget"]}, "budget"),
        ({"asked": 0, "pages": 0, "found": 0, "reports": 0}, "not_asked"),
        ({"problems": ["something_new"]}, "something_new"),
        ({"declared": 9, "problems": ["budget"], "asked": 3, "pages": 2}, "page_failed"),
        ({"declared": 9, "problems": ["budget"]}, "budget"),
    ],
)
def test_shortfall_of_a_column_gravest_cause_first(counts: dict[str, Any], code: str) -> None:
    assert with_column(complete(), **counts).outcome() == ("partial", code)


def test_limit_of_the_user() -> None:
    assert complete(limited=True).outcome() == ("partial", "limit")
    assert with_column(complete(limited=True), declared=9).outcome() == ("partial", "limit")
    assert ledger(limited=True).outcome() == ("partial", "limit")


def test_interruption() -> None:
    assert complete(unfinished=True).outcome() == ("partial", "interrupted")
    assert ledger(unfinished=True).outcome() == ("partial", "interrupted")
    assert ledger(answered=False, unfinished=True).outcome() == ("not-run", "interrupted")


@pytest.mark.parametrize(
    ("code", "kind", "outcome"),
    [
        ("challenge_412", "blocked", "blocked"),
        ("not_found", "missing", "layout-changed"),
        ("timeout", "unreachable", "unreachable"),
        ("server_error", "broken", "unreachable"),
    ],
)
def test_columns_none_of_which_answers(code: str, kind: str, outcome: str) -> None:
    books = with_column(ledger(), pages=0, found=0, reports=0)
    books.failed(code, kind)
    assert books.outcome() == (outcome, code)


def test_our_own_faults_are_never_fine() -> None:
    books = complete()
    books.errors["KeyError"] += 1
    assert books.outcome() == ("partial", "program_error")
    books = ledger(answered=False)
    books.failed("program_error", "error")
    assert books.outcome() == ("partial", "program_error")


def test_column_is_kept_under_its_address() -> None:
    books = ledger()
    assert books.column(COLUMN, "年报") is books.column(COLUMN, "另一名称")
    assert books.columns[COLUMN].label == "年报"


def test_issues_are_bounded_and_the_rest_is_counted() -> None:
    books = ledger()
    for number in range(MAX_ISSUES + 3):
        books.issue("page_failed", COLUMN, reason="timeout", page=number)
    assert len(books.issues) == MAX_ISSUES
    close_books(books, finished=True)
    assert books.issues[-1].code == "issues_left_out"
    assert books.issues[-1].details["n"] == 3


# --- wording

CALLS = [
    (node.args[0].value, {keyword.arg for keyword in node.keywords}, f"{path.name}:{node.lineno}")
    for path in (ROOT / "crawler").rglob("*.py")
    for node in ast.walk(ast.parse(path.read_text("utf-8")))
    if isinstance(node, ast.Call)
    and isinstance(node.func, ast.Attribute)
    and node.func.attr == "issue"
    and node.args
    and isinstance(node.args[0], ast.Constant)
]


@pytest.mark.parametrize(
    ("code", "words", "place"), CALLS, ids=[f"{code}-{place}" for code, _, place in CALLS]
)
def test_every_issue_has_wording_and_its_words(code: str, words: set[str], place: str) -> None:
    wording = facts()["issue"].get(code)
    assert wording is not None, f"{place}: no wording for {code}"
    assert wording["severity"] in {"ERROR", "WARN", "INFO"}
    for language in ("zh", "en"):
        assert set(re.findall(r"\{(\w+)\}", wording[language])) <= words, place


def test_calls_are_found() -> None:
    assert {"report_lost", "program_error"} <= {code for code, _, _ in CALLS}


@pytest.mark.parametrize(
    "problem", ["layout", "no_rows", "page_failed", "page_repeats", "budget", "not_asked"]
)
def test_every_problem_of_a_column_becomes_an_issue_with_words(problem: str) -> None:
    books = with_column(complete(), problems=[problem], declared=9)
    close_books(books, finished=True)
    codes = {issue.code for issue in books.issues}
    assert codes == {f"column_{problem}", "column_fewer_than_declared"}
    assert codes <= facts()["issue"].keys()
    assert problem in facts()["reason"]


def test_every_outcome_has_words() -> None:
    assert set(facts()["outcome"]) == set(get_args(Outcome)) == set(MARKS)


def test_reasons_have_words() -> None:
    assert reason("challenge_412", "en") == "412 script challenge, needs a browser"
    assert reason("filing_notice", "zh") == "布置年报编制、发布工作的通知"
    assert reason("no_column", "zh") == "未找到年报栏目"
    assert reason("never_heard_of", "zh") == "never_heard_of"
    assert (
        sentence("issue", "page_failed", "en", {"reason": "timeout"})
        == "list page could not be had (timed out)"
    )
    assert sentence("issue", "page_failed", "en") == "list page could not be had (<reason>)"
