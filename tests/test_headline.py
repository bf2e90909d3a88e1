"""Which text is the title: one-line dumps, bodies without a title line, notices that print the form."""

from __future__ import annotations

import pytest

from pipelines.document import Document
from pipelines.extraction import extract

SECTIONS = "一、总体情况\n今年各项工作平稳。\n二、主动公开政府信息情况\n"
TABLE_2 = """第二十条第（一）项
信息内容 | 本年制发件数 | 本年废止件数 | 现行有效件数
规章 | 0 | 0 | 0
行政规范性文件 | 4 | 1 | 7
第二十条第（五）项
信息内容 | 本年处理决定数量
行政许可 | 31
第二十条第（六）项
信息内容 | 本年处理决定数量
行政处罚 | 5
行政强制 | 2
第二十条第（八）项
信息内容 | 本年收费金额（单位：万元）
行政事业性收费 | 0
"""
PERIOD = "本报告所列数据的统计期限自2023年1月1日起至2023年12月31日止。\n"
BODY = SECTIONS + TABLE_2 + "三、收到和处理政府信息公开申请情况\n"
BLANK = "".join(c for c in BODY if not c.isdigit())
NAMED = "盂县审计局2023年政府信息公开工作年度报告"


def read(text):
    return extract(Document(url="https://example.gov.cn/1.html", text=text))


@pytest.mark.parametrize(
    "text",
    [
        f"{NAMED} 本报告所列数据的统计期限自2023年1月1日起至2023年12月31日止。一、总体情况 {'工作平稳。' * 20}",
        f"{NAMED}根据条例的要求，编写本报告。一、总体情况{'工作平稳。' * 20}",
        f"{NAMED} 一、总体情况 {'工作平稳。' * 20}",
        f"{NAMED}2023年，我局各项工作平稳。{'政务公开有序。' * 20}",
    ],
)
def test_title_of_a_text_in_one_line(text):
    report = read(text)
    assert (report.title, report.agency.name, report.year) == (NAMED, "盂县审计局", 2023)


@pytest.mark.parametrize(
    ("preamble", "title", "agency", "confidence"),
    [
        (f"现公布{NAMED}。\n", NAMED, "盂县审计局", "medium"),
        (f"根据条例要求，编制《{NAMED}》。\n", NAMED, "盂县审计局", "medium"),
        (
            "现将太平镇2023年度政府信息公开工作报告如下：\n",
            "太平镇2023年度政府信息公开工作报告",
            "太平镇",
            "low",
        ),
        ("现将我局2023年政府信息公开工作年度报告公布如下：\n", None, None, "low"),
        ("由盂县审计局编制。\n", None, "盂县审计局", "medium"),
        ("", None, None, "low"),
    ],
)
def test_a_body_without_its_title_line_is_a_report(preamble, title, agency, confidence):
    report = read(preamble + PERIOD + BODY)
    assert (report.kind, report.kind_reason) == ("report", "body_tables")
    assert (report.title, report.agency.name, report.agency.confidence) == (title, agency, confidence)
    assert (report.year, report.year_from) == (2023, "period")
    assert report.cells["proactive.normative_documents.in_force"] == 7


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (BLANK, "no_evidence"),
        (f"现将年度报告样式印发给你们，请遵照执行。\n{PERIOD}{BODY}", "order_text"),
        (f"填报说明\n{PERIOD}{BODY}", "template"),
        (f"关于印发《政府信息公开工作年度报告格式》的通知\n附件\n{PERIOD}{BODY}", "template"),
        (f"关于做好2023年政府信息公开工作年度报告编制的通知\n附件\n{NAMED}\n{BODY}", "filing_notice"),
        (f"图解：{NAMED}\n{PERIOD}{BODY}", "infographic"),
        (
            "政府信息公开年报\n"
            + "\n".join(f"盂县{y}年政府信息公开工作年度报告 {y}-12-31" for y in range(2012, 2021)),
            "link_list",
        ),
    ],
)
def test_what_only_looks_like_a_body_is_none(text, reason):
    report = read(text)
    assert (report.kind, report.kind_reason) == ("not_a_report", reason)


def test_a_title_broken_behind_its_year():
    report = read(f"盂县审计局2016年\n政府信息公开工作年度报告\n一、概述\n{'工作平稳。' * 50}")
    assert (report.kind, report.agency.name, report.year) == ("legacy_report", "盂县审计局", 2016)


def test_legacy_body_without_title():
    text = (
        "现公布盂县人民政府2017年政府信息公开工作年度报告。\n一、主要工作概述\n各项工作平稳。\n"
        f"二、主动公开政府信息情况\n{'公开有序。' * 50}\n三、依申请公开情况\n共办理九件。"
    )
    report = read(text)
    assert (report.kind, report.agency.name, report.year) == ("legacy_report", "盂县人民政府", 2017)


def test_first_part_of_a_report_in_several_pages():
    rows = "".join(
        "<tr>" + "".join(f"<td>{cell.strip()}</td>" for cell in line.split("|")) + "</tr>"
        for line in TABLE_2.splitlines()
    )
    page = f"<html><head><title>{NAMED}</title></head><body><h1>{NAMED}</h1><p>一、总体情况</p><p>{'工作平稳。' * 60}</p><p>二、主动公开</p><table>{rows}</table></body></html>"
    report = extract(Document(url="https://example.gov.cn/1.html", body=page.encode()))
    assert (report.kind, report.cells["proactive.licensing.decisions"]) == ("report", 31)


OWN = "盂县审计局2023年政府信息公开工作年度报告"


@pytest.mark.parametrize(
    ("row", "own", "title"),
    [
        (f"【年报】{OWN}", OWN, OWN),
        (f"[置顶]{OWN}(图)", OWN, OWN),
        (f"名称：{OWN} 2024-01-20", OWN, OWN),
        (f"{OWN}[01-20]", OWN, OWN),
        ("盂县审计局2023年政府信息公开工作年度…", OWN, OWN),
        ("盂县综合行政执法局2023年政府信…", OWN, OWN),
        ("盂县审计局 2023年政府信息公开工作年度报告", OWN, OWN),
        (f"{OWN}（更正版）", OWN, f"{OWN}（更正版）"),
        (f"【更正】{OWN}", OWN, f"【更正】{OWN}"),
        (OWN, "政府信息公开工作年度报告", OWN),
        (f"【年报】{OWN}", "盂县统计局2023年政府信息公开工作年度报告", f"【年报】{OWN}"),
        (f"【年报】{OWN}", "政府信息公开年报", f"【年报】{OWN}"),
    ],
)
def test_the_title_of_the_page_without_the_decorations_of_its_row(row, own, title):
    page = f"<html><body><h1>{own}</h1><p>一、总体情况</p><p>{'工作平稳。' * 60}</p></body></html>"
    assert (
        extract(Document(url="https://example.gov.cn/1.html", body=page.encode(), title=row)).title == title
    )
