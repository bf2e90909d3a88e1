"""Report or not, and why."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from pipelines.agencies import resolve_agency
from pipelines.classify import ANCHOR_WORDS, Evidence, classify, find_anchors, reason_text
from pipelines.record import Portal
from pipelines.titles import FROM_TEXT, announced_title, parse_title
from pipelines.years import report_year

REAL = Path(__file__).parents[2] / "shared" / "real"
ALL = frozenset(ANCHOR_WORDS)
GOOD = "盂县审计局2022年政府信息公开工作年度报告"
TABLE_2 = {"tables_found": ("proactive",), "cells_read": 10, "section_heads": 2}
OWN_WORDS = {"section_heads": 3, "sample": "本报告由县政府办公室汇总各部门情况编制。", "text_length": 900}
LIST = "\n".join(f"盂县{year}年政府信息公开工作年度报告 {year + 1}-01-20" for year in range(2016, 2022))
LEGACY = "盂县审计局2016年政府信息公开工作年度报告"


def decide(title, **known):
    parsed = parse_title(title)
    return classify(Evidence(title=parsed, **{"year": parsed.year, **known}))


@pytest.mark.parametrize(
    ("title", "known", "kind", "reason"),
    [
        (GOOD, {"anchors": ALL, "section_heads": 6, "cells_read": 200}, "report", "title_and_body"),
        (GOOD, {"anchors": ALL - {"本年新收", "第二十条"}, "cells_read": 9}, "report", "title_and_body"),
        (GOOD, {"text_length": 2000, "sample": "本局政务公开工作如下"}, "report", "title_and_prose"),
        (GOOD, {}, "report", "title_only"),
        (GOOD, {"text_length": 20, "sample": "关注公众号"}, "report", "title_only"),
        (GOOD, {"links": 1}, "report", "title_and_attachment"),
        (GOOD, {"problem": "attachment_not_supported"}, "report", "title_and_attachment"),
        (GOOD, {"images": 2}, "report", "title_and_image"),
        (GOOD + "（图片版）", {}, "report", "title_and_image"),
        (GOOD, {"text_length": 900, "sample": "我县粮食丰收"}, "not_a_report", "unrelated_body"),
        (GOOD, {"text_length": 900, "sample": "请各单位抓紧报送信息公开材料"}, "not_a_report", "order_text"),
        (GOOD, {"text_length": 300, "listed": 12, "sample": "信息公开"}, "not_a_report", "link_list"),
        (GOOD + "（征求意见稿）", {"anchors": ALL, "section_heads": 6}, "not_a_report", "draft"),
        (LEGACY, {"text_length": 900, "sample": "政务公开"}, "legacy_report", "legacy"),
        (LEGACY, {}, "legacy_report", "legacy"),
        (
            "政府信息公开工作年度报告",
            {"year": 2025, "anchors": ALL, "section_heads": 6},
            "report",
            "title_and_body",
        ),
        ("政府信息公开工作年度报告", {"anchors": ALL, "section_heads": 6}, "not_a_report", "empty_form"),
        ("政府信息公开工作年度报告", {}, "not_a_report", "no_year"),
        ("政府信息公开工作年度报告", {"year": 2022, "text_length": 9}, "not_a_report", "no_year"),
        ("盂县审计局2022年政务公开工作年度报告", {}, "not_a_report", "no_evidence"),
        (
            "盂县审计局2022年政务公开工作年度报告",
            {"anchors": ALL, "cells_read": 9},
            "report",
            "title_and_body",
        ),
        ("首页", {"year": 2022, "anchors": ALL, "section_heads": 6}, "report", "body"),
        ("首页", {"year": 2022, "anchors": ALL - {"第二十条", "自然人"}}, "not_a_report", "no_evidence"),
        ("首页", {}, "not_a_report", "no_evidence"),
        ("首页", {"year": 2022, **TABLE_2}, "report", "body_tables"),
        ("首页", TABLE_2, "report", "body_tables"),
        ("首页", {**TABLE_2, "section_heads": 1}, "not_a_report", "no_evidence"),
        ("首页", {**TABLE_2, "cells_read": 0}, "not_a_report", "no_evidence"),
        ("首页", {**TABLE_2, "tables_found": ()}, "not_a_report", "no_evidence"),
        ("首页", {**TABLE_2, "sample": "现将样式印发给你们，请遵照执行。"}, "not_a_report", "order_text"),
        ("首页", {**TABLE_2, "sample": "填报说明：逐格填写"}, "not_a_report", "template"),
        ("首页", {"year": 2022, "anchors": ALL, "sample": "填表说明"}, "not_a_report", "template"),
        ("首页", {"year": 2012, **OWN_WORDS}, "legacy_report", "legacy"),
        ("首页", {"year": 2022, **OWN_WORDS}, "not_a_report", "no_evidence"),
        ("首页", {"year": 2012, **OWN_WORDS, "sample": "我县粮食丰收"}, "not_a_report", "no_evidence"),
        (
            "图解" + GOOD,
            {"anchors": ALL, **TABLE_2},
            "not_a_report",
            "infographic",
        ),
        (
            GOOD,
            {**TABLE_2, "section_heads": 1, "text_length": 900, "sample": "无"},
            "report",
            "title_and_body",
        ),
        ("政府信息公开年报", {"year": 2021, "text_length": 400, "sample": LIST}, "not_a_report", "link_list"),
        (
            "关于做好2022年政府信息公开年度报告编制工作的通知",
            {"anchors": ALL, "section_heads": 6, "cells_read": 200},
            "not_a_report",
            "filing_notice",
        ),
        (
            "关于印发2022年政府信息公开年度报告格式的通知",
            {"anchors": ALL, "section_heads": 6, "cells_read": 200},
            "not_a_report",
            "template",
        ),
        (
            "图解" + GOOD,
            {"anchors": ALL, "section_heads": 6, "cells_read": 200},
            "not_a_report",
            "infographic",
        ),
        ("关于印发" + GOOD + "的通知", {"anchors": ALL, "cells_read": 200}, "report", "title_and_body"),
        ("关于印发" + GOOD + "的通知", {"anchors": ALL, "cells_read": 0}, "not_a_report", "notice"),
        (GOOD + "格式模板", {"anchors": ALL, "cells_read": 200}, "not_a_report", "template"),
        ("盂县2022年法治政府建设情况报告", {"anchors": ALL, "cells_read": 9}, "not_a_report", "rule_of_law"),
        ("盂县审计局关于报送2022年政府信息公开工作年度报告的函", {}, "not_a_report", "no_evidence"),
    ],
)
def test_classification(title, known, kind, reason):
    decided = decide(title, **known)
    assert (decided.kind, decided.reason) == (kind, reason)


@pytest.mark.parametrize(
    ("year", "known", "kind", "reason"),
    [
        (2016, {"section_heads": 2, "text_length": 900}, "legacy_report", "legacy"),
        (2022, {"section_heads": 2, "text_length": 900}, "report", "stated_in_text"),
        (2022, {"section_heads": 1, "text_length": 900}, "not_a_report", "no_evidence"),
        (2022, TABLE_2, "report", "body_tables"),
        (2022, {"anchors": ALL, "section_heads": 6}, "report", "body"),
    ],
)
def test_a_title_that_only_the_text_tells_needs_sections_too(year, known, kind, reason):
    title = announced_title(f"现公布盂县审计局{year}年政府信息公开工作年度报告。")
    decided = classify(Evidence(title=title, year=year, **known))
    assert (decided.kind, decided.reason) == (kind, reason)
    assert decided.flags == (FROM_TEXT,)


def test_an_image_needs_ocr_and_flags_of_the_title_stay():
    assert decide(GOOD + "（图片版）").flags == ("image", "needs_ocr")
    assert decide(GOOD + "（更正版）", anchors=ALL, cells_read=9).flags == ("correction",)


def test_anchors_are_found_across_spaces_and_line_ends():
    text = "一、总体情况\n二、主动公开政府信息情况 三、收到和处理\n本年 新收，第二\n十条"
    assert find_anchors(text) == (frozenset({"本年新收", "第二十条"}), 3)


def test_every_code_has_both_phrases():
    data = {
        name: tomllib.loads(files("pipelines.data").joinpath(name).read_text("utf-8"))
        for name in ("reasons.toml", "titles.toml")
    }
    codes = {rule["code"] for kind in ("head", "tail", "other") for rule in data["titles.toml"][kind]}
    source = files("pipelines").joinpath("classify.py").read_text("utf-8")
    codes |= set(re.findall(r'"not_a_report", "([a-z_]+)"', source)) | {
        "part_year",
        "other_regime",
        "public_institution",
    }
    assert codes <= data["reasons.toml"].keys()
    for code in data["reasons.toml"]:
        assert re.search("[一-鿿]", reason_text(code, "zh"))
        assert reason_text(code, "en").isascii()


def _rows():
    for path in sorted((REAL / "truth").glob("*-r*.json")):
        truth = json.loads(path.read_text("utf-8"))
        with (REAL / truth["file"]).open(encoding="utf-8", newline="") as stream:
            row = next(row for row in csv.DictReader(stream) if row["标题"] == truth["selector"])
        yield truth, row["标题"], row["内容"]


@pytest.mark.skipif(not REAL.is_dir(), reason="real material is not here")
def test_annotated_rows():
    rows = list(_rows())
    assert len(rows) == 20
    for truth, text, body in rows:
        title, paragraphs = parse_title(text), body.split("\n")
        year = report_year(title, paragraphs, None)
        found = resolve_agency(
            title=title, publisher=None, source=None, portal=Portal(), paragraphs=paragraphs
        )
        anchors, heads = find_anchors(body)
        decided = classify(
            Evidence(title, anchors, heads, year=year.year, text_length=len(body), sample=body)
        )
        assert (decided.kind != "not_a_report") == truth["is_report"], truth["case"]
        if truth["is_report"]:
            assert (found.agency.name, year.year) == (truth["agency"], truth["year"])
