"""The twelve mistakes of a comparable system: each would be caught here (docs/checks.md, docs/cell-values.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelines.document import Document
from pipelines.extraction import extract
from tests.rendering import html, values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.record import Report
    from tests.rendering.values import Sheet


def _sheet(version: str) -> Sheet:
    sheets = (values.sheet(values.fixed(seed)) for seed in range(100))
    return next(s for s in sheets if set(s.versions.values()) == {version})


def _printed(sheet: Sheet, marks: Mapping[str, str], *changes: tuple[str, str]) -> Report:
    """A report with some cells printed otherwise and some wording replaced."""
    page = html.page(sheet.reprinted(dict(marks)), html.Layout())
    for old, new in changes:
        assert old in page
        page = page.replace(old, new)
    return extract(Document(url="https://www.example.gov.cn/nb/1.html", body=page.encode()))


def test_1_the_trial_format_keeps_its_own_measures() -> None:
    report = _printed(_sheet("v1"), {"proactive.fees.items_prev_year": "240"})
    assert report.cells["proactive.fees.items_prev_year"] == 240
    assert "proactive.fees.amount_wanyuan" not in report.cells
    assert not [name for name in report.cells if name.endswith((".in_force", ".repealed", ".issued"))]


@pytest.mark.parametrize("blank", ["", "&nbsp;", "/", "—"])
def test_2_a_blank_is_no_zero_and_spoils_no_row(blank: str) -> None:
    sheet = _sheet("v2")
    report = _printed(sheet, {"applications.granted.research": blank})
    assert report.cells["applications.granted.research"] is None
    others = [name for name in sheet.names("applications") if name != "applications.granted.research"]
    assert {name: report.cells[name] for name in others} == {name: sheet.expected[name] for name in others}


def test_3_half_width_brackets_are_brackets() -> None:
    sheet = _sheet("v2")
    report = _printed(sheet, {}, ("（七）总计", "(七)总计"))
    assert (
        report.cells["applications.results_total.total"] == sheet.expected["applications.results_total.total"]
    )


@pytest.mark.parametrize(
    ("version", "cell", "printed", "value"),
    [
        ("v1", "proactive.licensing.items_change", "减4", -4),
        ("v2", "proactive.fees.amount_wanyuan", "251000元", 25.1),
        ("v2", "proactive.penalties.decisions", "1.属于国家秘密", None),
        ("v2", "proactive.penalties.decisions", "100余", None),
    ],
)
def test_4_a_number_is_more_than_its_first_digits(
    version: str, cell: str, printed: str, value: float | None
) -> None:
    report = _printed(_sheet(version), {cell: printed})
    assert report.cells[cell] == value
    assert report.cell_notes[cell].raw == printed


@pytest.mark.parametrize(
    "cell", ["proactive.rules.issued", "applications.granted.business", "disputes.review.pending"]
)
def test_5_a_slash_means_the_same_in_every_table(cell: str) -> None:
    note = _printed(_sheet("v2"), {cell: "/"}).cell_notes[cell]
    assert (note.status, note.raw) == ("placeholder", "/")


def test_6_what_is_no_plain_number_keeps_its_text_and_place() -> None:
    note = _printed(_sheet("v2"), {"disputes.review.total": "见附件"}).cell_notes["disputes.review.total"]
    assert note.raw == "见附件"
    assert note.where


def test_7_an_office_is_not_its_government() -> None:
    ids = set()
    for body in ("大同市人民政府", "大同市人民政府办公室"):
        text = f"{body}2024年政府信息公开工作年度报告\n一、总体情况\n2024年工作有序开展。\n" * 3
        ids.add(extract(Document(url="https://www.example.gov.cn/2.html", text=text)).id)
    assert len(ids) == 2


def test_8_a_cited_notice_is_not_the_year() -> None:
    sheet = _sheet("v2")
    title = f"{sheet.agency}政府信息公开工作年度报告"
    cited = "根据国办公开办函〔2021〕30号的要求编制，数据统计期限自2024年1月1日起至2024年12月31日止。"
    page = html.page(sheet, html.Layout()).replace(sheet.title, title).replace(str(sheet.year), "2024")
    page = page.replace("一、总体情况", f"{cited}</p><p>一、总体情况", 1)
    report = extract(Document(url="https://www.example.gov.cn/2021/3.html", body=page.encode(), title=title))
    assert (report.year, report.year_from) == (2024, "period")


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("某市2024年法治政府建设年度报告", "not_a_report"),
        ("某市2024年部门预算公开年度报告", "not_a_report"),
        ("一图读懂大同市2024年政府信息公开工作年度报告", "not_a_report"),
        ("大同市水务局2024年政府信息公开工作报告", "report"),
    ],
)
def test_9_look_alikes_stay_out_and_variants_come_in(title: str, kind: str) -> None:
    prose = "2024年，我局推进政府信息公开，主动公开信息120条，依申请公开有序开展。" * 8
    text = f"一、总体情况\n{prose}\n二、主动公开政府信息情况\n{prose}"
    assert extract(Document(url="https://www.example.gov.cn/4.html", text=text, title=title)).kind == kind


def test_10_fees_of_table_2_are_not_the_processing_fee() -> None:
    sheet = _sheet("v2")
    page = html.page(sheet.reprinted({"proactive.fees.amount_wanyuan": "14.15"}), html.Layout())
    tail = "六、其他需要报告的事项"
    page = page.replace(tail, f"{tail}</p><p>{sheet.year}年本机关未收取信息处理费。", 1)
    report = extract(Document(url="https://www.example.gov.cn/5.html", body=page.encode()))
    fees = [fact.value for fact in report.facts if fact.name == "processing_fee.received_yuan"]
    assert (report.cells["proactive.fees.amount_wanyuan"], fees) == (14.15, [0])


def test_11_the_rows_of_table_3_are_no_sections() -> None:
    sheet = _sheet("v2")
    lines = ["一、总体情况", "情况良好。", "二、主动公开政府信息情况", "三、收到和处理政府信息公开申请情况"]
    lines += ["一、本年新收政府信息公开申请数量", *["0"] * 7, "二、上年结转政府信息公开申请数量", *["0"] * 7]
    lines += [
        "四、结转下年度继续办理",
        *["0"] * 7,
        "四、政府信息公开行政复议、行政诉讼情况",
        "五、存在的主要问题及改进情况",
        "无。",
    ]
    report = extract(
        Document(url="https://www.example.gov.cn/6.html", text="\n".join(lines), title=sheet.title)
    )
    assert [section.number for section in report.sections] == [1, 2, 3, 4, 5]


def test_12_blanks_are_reasoned_about_and_faults_are_attributed() -> None:
    sheet = _sheet("v2")
    rows = [name for name in sheet.names("applications") if sheet.expected[name] == 0]
    blank = _printed(sheet, dict.fromkeys(rows, ""))
    assert blank.checks.failed == 0
    assert any(finding.rule == "T3.BLANK" for finding in blank.checks.findings)
    total = "disputes.review.total"
    wrong = _printed(sheet, {total: str(int(sheet.expected[total] or 0) + 1)})
    fault = next(f for f in wrong.checks.findings if f.rule == "T4.SUM.review")
    assert (fault.result, fault.origin) == ("FAIL", "source")
