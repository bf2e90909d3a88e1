"""Habits of real tables that once misled the reader, each in its smallest form.

The figures are invented; only what differs from the plain form is spelt out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelines.document import Document
from pipelines.extraction import extract
from pipelines.statutory.templates import tables

if TYPE_CHECKING:
    from pipelines.record import Report

ROWS = list(tables()["applications"].rows_of("v2"))
T3_HEAD = "".join(f"<td>{column.label}</td>" for column in tables()["applications"].columns.values())
OUTCOMES = "".join(f"<td>{column.label}</td>" for column in tables()["disputes"].columns.values())
NEW = [3, 1, 0, 0, 0, 0, 4]
ZERO = [0] * 7
FIGURES = {
    "new_received": NEW,
    "granted": [2, 1, 0, 0, 0, 0, 3],
    "partly_granted": [1, 0, 0, 0, 0, 0, 1],
    "results_total": NEW,
}
T4 = [1, 0, 0, 1, 2, 0, 0, 0, 0, 0, 3, 0, 0, 0, 3]
TITLE = "大同市水务局2024年政府信息公开工作年度报告"


def cells(values: list[object]) -> str:
    return "".join(f"<td>{value}</td>" for value in values)


def row3(key: str, values: list[object] | None = None, label: str | None = None) -> str:
    row = tables()["applications"].rows[key]
    return f"<tr><td>{label or row.label}</td>{cells(values if values is not None else list(FIGURES.get(key, ZERO)))}</tr>"


def table3(*, head: str = T3_HEAD, rows: list[str] | None = None) -> str:
    body = "".join(rows if rows is not None else [row3(row.key) for row in ROWS])
    return f"<table><tr><td>项目</td>{head}</tr>{body}</table>"


def table2(head: str = "本年收费金额（单位：万元）", fee: object = 0) -> str:
    three = "<tr><td>信息内容</td><td>本年制发件数</td><td>本年废止件数</td><td>现行有效件数</td></tr>"
    one = "<tr><td>信息内容</td><td>本年处理决定数量</td></tr>"
    return (
        f"<table><tr><td>第二十条第（一）项</td></tr>{three}<tr><td>规章</td>{cells([0, 0, 0])}</tr>"
        f"<tr><td>行政规范性文件</td>{cells([5, 1, 12])}</tr><tr><td>第二十条第（五）项</td></tr>{one}"
        f"<tr><td>行政许可</td><td>40</td></tr><tr><td>第二十条第（六）项</td></tr>{one}<tr><td>行政处罚</td><td>7</td></tr>"
        f"<tr><td>行政强制</td><td>0</td></tr><tr><td>第二十条第（八）项</td></tr><tr><td>信息内容</td><td>{head}</td></tr>"
        f"<tr><td>行政事业性收费</td><td>{fee}</td></tr></table>"
    )


def table4(values: list[object] | None = None, *, top: bool = True, heads: str = OUTCOMES * 3) -> str:
    first = "<tr><td colspan=5>行政复议</td><td colspan=10>行政诉讼</td></tr>" if top else ""
    second = "<tr><td colspan=5></td><td colspan=5>未经复议直接起诉</td><td colspan=5>复议后起诉</td></tr>"
    return f"<table>{first}{second}<tr>{heads}</tr><tr>{cells(list(values if values is not None else T4))}</tr></table>"


def page(
    two: str | None = None, three: str | None = None, four: str | None = None, before: str = ""
) -> Report:
    body = (
        f"<h1>{TITLE}</h1><p>一、总体情况</p><p>2024年，我局推进政府信息公开。</p>{before}<p>二、主动公开政府信息情况</p>{two or table2()}"
        f"<p>三、收到和处理政府信息公开申请情况</p>{three or table3()}<p>四、政府信息公开行政复议、行政诉讼情况</p>{four or table4()}"
        "<p>五、存在的主要问题及改进情况</p><p>无。</p><p>六、其他需要报告的事项</p><p>无。</p>"
    )
    return extract(
        Document(url="https://www.example.gov.cn/1.html", body=f"<html><body>{body}</body></html>".encode())
    )


def applications(report: Report, key: str) -> list[object]:
    return [report.cells[f"applications.{key}.{column}"] for column in tables()["applications"].columns]


def disputes(report: Report) -> list[object]:
    return [value for name, value in report.cells.items() if name.startswith("disputes.")]


def assert_plain(report: Report) -> None:
    """Every cell as in the plain report, all identities holding."""
    for row in ROWS:
        assert applications(report, row.key) == FIGURES.get(row.key, ZERO), row.key
    assert disputes(report) == T4
    assert report.checks.failed == 0


def test_the_plain_report() -> None:
    assert_plain(page())


@pytest.mark.parametrize(
    ("head", "printed", "value"),
    [
        ("本年收费金额（单位：元）", 141500, 14.15),
        ("本年收费金额（单位：亿元）", 0.5, 5000),
        ("本年收费金额（单位：万元）", 14.15, 14.15),
    ],
)
def test_the_unit_of_the_head_counts(head: str, printed: float, value: float) -> None:
    assert page(table2(head, printed)).cells["proactive.fees.amount_wanyuan"] == value


@pytest.mark.parametrize(
    "printed",
    [
        "<del>29</del>31",
        "<s>29</s><ins>31</ins>",
        "31<sup>1</sup>",
        "<span style='text-decoration:line-through'>29</span>31",
    ],
)
def test_struck_out_text_and_marks_are_no_figures(printed: str) -> None:
    assert page(table2(fee=printed)).cells["proactive.fees.amount_wanyuan"] == 31


def test_a_serial_column_is_no_value() -> None:
    rows = [row3(row.key).replace("<tr>", f"<tr><td>{n}</td>", 1) for n, row in enumerate(ROWS, 1)]
    assert_plain(page(three=table3(rows=rows)))


def test_group_subtotals_called_total_are_extra_rows() -> None:
    rows = [row3(row.key) for row in ROWS]
    rows.insert(12, f"<tr><td>合计</td>{cells([9] * 7)}</tr>")
    report = page(three=table3(rows=rows))
    assert_plain(report)
    assert [extra.label for extra in report.extra_rows] == ["合计"]


def test_a_table_of_another_year_is_not_this_reports() -> None:
    other = table3(rows=[row3(row.key, [8] * 7) for row in ROWS])
    assert_plain(page(three=f"{table3()}<p>附：2023年申请情况</p>{other}"))


def test_a_second_table_of_the_same_year_leaves_no_number_where_they_differ() -> None:
    other = table3(rows=[row3(row.key, [8] * 7) for row in ROWS])
    report = page(three=f"{table3()}<p>其中：市局本级</p>{other}")
    assert applications(report, "results_total") == [None] * 7
    assert applications(report, "new_received") == [None] * 7


def test_a_comparison_in_section_1_is_not_table_3() -> None:
    rows = "<tr><td>项目</td><td>2023年</td><td>2024年</td></tr><tr><td>本年新收政府信息公开申请数量</td><td>5</td><td>4</td></tr>"
    assert_plain(page(before=f"<table>{rows}</table>"))


def test_table_4_without_its_top_row() -> None:
    values = [5, "", "", 2, 7, 8, "", "", 1, 9, "", "", "", "", ""]
    report = page(four=table4(values, top=False))
    assert disputes(report) == [value if value != "" else None for value in values]


@pytest.mark.parametrize("missing", [1, 2, 5])
def test_table_4_with_fewer_cells_is_not_laid_out(missing: int) -> None:
    values = [0, 2, 1, 0, 3, 1, 0, 0, 0, 1, 0, 0, 2, 0, 2]
    found = disputes(page(four=table4(values[missing:])))
    assert all(got in (None, want) for got, want in zip(found, values, strict=True))
    assert found[:missing] == [None] * missing


def test_table_4_in_three_tables() -> None:
    names = ("行政复议", "行政诉讼（未经复议直接起诉）", "行政诉讼（复议后起诉）")
    parts = [
        f"<table><tr><td colspan=5>{name}</td></tr><tr>{OUTCOMES}</tr><tr>{cells(T4[5 * k : 5 * k + 5])}</tr></table>"
        for k, name in enumerate(names)
    ]
    assert_plain(page(four="".join(parts)))


def test_table_4_transposed() -> None:
    names = ("行政复议", "未经复议直接起诉", "复议后起诉")
    rows = [f"<tr><td>{name}</td>{cells(T4[5 * k : 5 * k + 5])}</tr>" for k, name in enumerate(names)]
    assert_plain(page(four=f"<table><tr><td>类别</td>{OUTCOMES}</tr>{''.join(rows)}</table>"))


def test_table_4_upright() -> None:
    names = ("行政复议", "未经复议直接起诉", "复议后起诉")
    labels = [column.label for column in tables()["disputes"].columns.values()]
    rows = [
        f"<tr>{f'<td rowspan=5>{name}</td>' if k == 0 else ''}<td>{label}</td><td>{T4[5 * b + k]}</td></tr>"
        for b, name in enumerate(names)
        for k, label in enumerate(labels)
    ]
    assert_plain(page(four=f"<table><tr><td>类别</td><td>结果</td><td>件数</td></tr>{''.join(rows)}</table>"))


def test_numbered_columns_are_no_values() -> None:
    heads = f"{OUTCOMES * 3}</tr><tr>{cells(list(range(1, 16)))}"
    assert_plain(page(four=table4(heads=heads)))


def test_a_picture_is_unreadable_and_a_field_shows_its_value() -> None:
    report = page(table2(fee='<img src="1.png">'))
    assert report.cell_notes["proactive.fees.amount_wanyuan"].status == "unreadable"
    assert page(table2(fee='<input value="3.5">')).cells["proactive.fees.amount_wanyuan"] == 3.5


def test_a_body_that_a_script_carries() -> None:
    inner = f"<p>一、总体情况</p><p>二、主动公开政府信息情况</p>{table2()}{table3()}{table4()}".replace(
        '"', '\\"'
    )
    source = f'<html><body><h1>{TITLE}</h1><script>var data={{"content":"{inner}"}};</script></body></html>'
    report = extract(Document(url="https://www.example.gov.cn/2.html", body=source.encode()))
    assert_plain(report)
    assert "body_from_script" in report.quality.reasons


def lines(short: str | None = None) -> str:
    """Table 3 as a text export prints it: a label and its seven values on one line each."""
    printed = []
    for row in ROWS:
        values = list(FIGURES.get(row.key, ZERO))
        printed.append(f"{row.label} {' '.join(map(str, values[:-1] if row.key == short else values))}")
    return "\n".join(printed)


def test_values_in_the_middle_of_a_wrapped_label() -> None:
    label = "（二）部分公开（区分处理的，只计这一情形，不计其他情形）"
    wrapped = lines().replace(f"{label} 1 0 0 0 0 0 1", f"{label[:18]}\n1 0 0 0 0 0 1\n{label[18:]}")
    report = extract(
        Document(
            url="https://www.example.gov.cn/3.html",
            text=f"{TITLE}\n三、收到和处理政府信息公开申请情况\n{wrapped}",
        )
    )
    assert applications(report, "partly_granted") == FIGURES["partly_granted"]
    assert applications(report, "denied.state_secret") == ZERO


@pytest.mark.parametrize("short", ["granted", "denied.third_party", "other.fee_overdue"])
def test_a_short_row_never_takes_its_neighbours_values(short: str) -> None:
    text = f"{TITLE}\n三、收到和处理政府信息公开申请情况\n{lines(short)}"
    report = extract(Document(url="https://www.example.gov.cn/4.html", text=text))
    for row in ROWS:
        expected = FIGURES.get(row.key, ZERO)
        assert all(
            got in (None, want) for got, want in zip(applications(report, row.key), expected, strict=True)
        )


def test_a_number_on_its_own_line_is_never_cut() -> None:
    two = "第二十条第（一）项\n信息内容\n本年制发件数\n本年废止件数\n现行有效件数\n规章\n0\n0\n0\n行政规范性文件\n0\n18\n"
    three = lines().replace(" ", "\n")
    text = f"{TITLE}\n二、主动公开政府信息情况\n{two}三、收到和处理政府信息公开申请情况\n{three}"
    report = extract(Document(url="https://www.example.gov.cn/5.html", text=text))
    found = [
        report.cells[f"proactive.normative_documents.{column}"]
        for column in ("issued", "repealed", "in_force")
    ]
    assert found == [None, None, None]
    assert applications(report, "new_received") == NEW


def test_pipes_on_lines_of_their_own() -> None:
    text = f"{TITLE}\n三、收到和处理政府信息公开申请情况\n" + lines().replace(" ", "\n|\n")
    report = extract(Document(url="https://www.example.gov.cn/6.html", text=text))
    assert [applications(report, row.key) for row in ROWS] == [FIGURES.get(row.key, ZERO) for row in ROWS]
