from __future__ import annotations

import pytest

from pipelines.facts import extract_facts
from pipelines.prose_checks import check_prose, compare
from pipelines.record import CellNote, Section
from pipelines.statutory.templates import cell_names

COLUMNS = ("natural_person", "business", "research", "public_welfare", "legal_service", "other_org", "total")


def table(**rows: int) -> dict[str, int | None]:
    """Tables of the present format with zeros, but for natural persons in the rows given."""
    names = (*cell_names("applications", "v2"), *cell_names("disputes", "v2"), *cell_names("proactive", "v2"))
    cells: dict[str, int | None] = dict.fromkeys(names, 0)
    for row, value in rows.items():
        name = row.replace("__", ".")
        cells[f"applications.{name}.natural_person"] = cells[f"applications.{name}.total"] = value
    return cells


def facts(text: str):
    return extract_facts([Section(number=1, title="一、总体情况", text=text)], (), 2024)


def rules(text: str, cells=None, notes=None) -> list[str]:
    return [finding.rule for finding in check_prose(facts(text), table() if cells is None else cells, notes)]


@pytest.mark.parametrize(
    ("text", "rows", "expected"),
    [
        ("收到政府信息公开申请2件。", {"new_received": 3}, ["TV.NEW"]),
        ("收到政府信息公开申请3件。", {"new_received": 3}, []),
        ("收到政府信息公开申请5件。", {"new_received": 3, "carried_in": 2}, []),
        ("收到政府信息公开申请10余件。", {"new_received": 13}, []),
        ("收到政府信息公开申请10余件。", {"new_received": 9}, ["TV.NEW"]),
        ("收到政府信息公开申请约10件。", {"new_received": 3}, []),
        ("未收到政府信息公开申请。", {"new_received": 3}, ["TV.ZERO"]),
        ("未收到政府信息公开申请。", {}, []),
        ("收到信息公开申请3件，办结4件。", {"new_received": 3, "results_total": 3}, ["TV.HANDLED"]),
        ("收到信息公开申请3件，办结4件。", {"new_received": 3, "results_total": 3, "carried_out": 1}, []),
        ("收到信息公开申请1件，另有1件结转下年度。", {"new_received": 1}, ["TV.CARRYOUT"]),
        ("收到信息公开申请1件，上年结转2件。", {"new_received": 1}, ["TV.CARRYIN"]),
        (
            "收到信息公开申请9件，予以公开及部分公开7件。",
            {"new_received": 9, "granted": 4, "partly_granted": 3},
            [],
        ),
        (
            "收到信息公开申请9件，予以公开7件。",
            {"new_received": 9, "granted": 4, "partly_granted": 2},
            ["TV.GRANTED"],
        ),
        (
            "收到信息公开申请9件，不予公开7件。",
            {"new_received": 9, "denied__state_secret": 3, "denied__third_party": 4},
            [],
        ),
        (
            "收到信息公开申请9件，无法提供7件。",
            {"new_received": 9, "unavailable__not_held": 6},
            ["TV.UNAVAILABLE"],
        ),
        ("收到信息公开申请9件，不予处理1件。", {"new_received": 9}, ["TV.NOT_PROCESSED"]),
        ("收到信息公开申请9件，其他处理1件。", {"new_received": 9}, ["TV.OTHER"]),
        ("收到信息公开申请9件，自然人8件。", {"new_received": 9}, ["TV.APPLICANT"]),
        ("因信息公开引起行政复议1件。", {}, ["TV.REVIEW"]),
        ("因信息公开引起行政诉讼1件。", {}, ["TV.SUIT"]),
        ("制发行政规范性文件1件。", {}, ["TV.NORM"]),
    ],
)
def test_only_contradictions_are_findings(text, rows, expected):
    assert rules(text, table(**rows)) == expected


def test_finding_tells_cells_figures_and_sentence():
    text = "收到政府信息公开申请2件。"
    (finding,) = check_prose(facts(text), table(new_received=3, carried_in=4))
    assert finding.cells == ["applications.new_received.total"]
    assert (finding.actual, finding.expected, finding.severity) == (2, "3 / 7", "WARN")
    assert "收到政府信息公开申请2件" in finding.message.zh
    assert "2" in finding.message.en


def test_one_statement_that_fits_is_enough():
    text = "全市收到政府信息公开申请9件。收到政府信息公开申请2件。"
    assert rules(text, table(new_received=9)) == []


def test_member_that_matched_is_told():
    (comparison,) = compare(facts("收到政府信息公开申请5件。"), table(new_received=3, carried_in=2))
    assert comparison.matched == ("applications.new_received", "applications.carried_in")


@pytest.mark.parametrize(("share", "expected"), [("42.86", []), ("42.9", []), ("43.5", ["TV.PCT"])])
def test_shares(share, expected):
    text = f"收到信息公开申请7件，不予公开3件，占{share}%。"
    cells = table(new_received=7, results_total=7, denied__other_law=3)
    assert rules(text, cells) == expected


def test_a_share_says_nothing_new_where_its_count_is_wrong():
    cells = table(new_received=7, results_total=7, denied__other_law=1)
    assert rules("收到信息公开申请7件，不予公开3件，占42.86%。", cells) == ["TV.DENIED"]


def blanked(cells, row):
    """The row's total is not filled in, nor are its zeros; natural persons are."""
    gone = [f"applications.{row}.{column}" for column in COLUMNS if column != "natural_person"]
    return cells | dict.fromkeys(gone), {name: CellNote(None, "blank") for name in gone}


def test_blanks_count_as_zero_only_where_the_column_leaves_nothing_else():
    cells, notes = blanked(
        table(new_received=9, results_total=9, unavailable__not_held=9), "unavailable.not_held"
    )
    text = "收到信息公开申请9件，无法提供8件。"
    assert rules(text, cells, notes) == ["TV.UNAVAILABLE"]
    assert rules(text, cells, {}) == []
    open_column = cells | {"applications.results_total.business": 1}
    assert rules(text, open_column, notes) == []


def test_unknown_cells_decide_nothing():
    cells = table(new_received=9) | {"applications.carried_in.total": None}
    assert rules("收到政府信息公开申请2件。", cells) == []
    assert rules("收到政府信息公开申请2件。", {}) == []


def test_not_all_were_upheld():
    cells = table() | {"disputes.review.total": 2, "disputes.review.upheld": 1, "disputes.review.pending": 1}
    text = "信息公开行政复议2件，均获维持。"
    assert rules(text, cells) == ["TV.REVIEW"]
    assert rules(text, cells | {"disputes.review.upheld": 2, "disputes.review.pending": 0}) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("主动公开政府信息170条，其中：甲100条，乙60条，丙10条。", []),
        ("主动公开政府信息170条，其中：甲100条，乙60条，丙11条。", ["TX.PARTS"]),
        ("主动公开政府信息170条，其中：甲100条，乙60条，丙9条。", ["TX.PARTS"]),
        ("主动公开政府信息170条，其中：甲100条，乙60条，丙9条等。", []),
        ("主动公开政府信息170条，其中甲100条，乙90条等。", ["TX.PARTS"]),
        ("主动公开政府信息170条，其中甲20条，乙3条，丙1条。", []),
        ("主动公开政府信息170条，其中甲100条，被省级采用90条。", []),
        ("主动公开政府信息170条，其中甲100余条，乙90条。", []),
        ("收到政府信息公开申请8件，其中网上申请5件，信函申请4件。", ["TX.PARTS"]),
        ("收到政府信息公开申请8件，其中网上申请5件，自然人4件。", []),
    ],
)
def test_parts_make_the_total(text, expected):
    assert rules(text, {}) == expected


FLOW = "收到政府信息公开申请54件，上年结转2件，予以公开{}件，其他处理10件，1件结转下年度继续办理。"


@pytest.mark.parametrize(("granted", "expected"), [(45, []), (46, ["XT.FLOW"]), (44, ["XT.FLOW"])])
def test_flow_in_prose(granted, expected):
    assert rules(FLOW.format(granted), {}) == expected


def test_fees():
    assert rules("收取信息处理费405元。", {}) == ["XT.FEE0"]
    assert rules("收取信息处理费400元。", {}) == []
    text = "全年发出收费通知2件。"
    assert rules(text, table(other__fee_overdue=3)) == ["XT.FEE"]
    assert rules(text, table(other__fee_overdue=2)) == []
