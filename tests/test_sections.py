from __future__ import annotations

import pytest

from pipelines.blocks import Cell, Table
from pipelines.sections import split_joined, split_sections

TITLES = [
    "一、总体情况",
    "二、主动公开政府信息情况",
    "三、收到和处理政府信息公开申请情况",
    "四、政府信息公开行政复议、行政诉讼情况",
    "五、存在的主要问题及改进情况",
    "六、其他需要报告的事项",
]
TABLE_3 = [
    "一、本年新收政府信息公开申请数量",
    "3",
    "0",
    "二、上年结转政府信息公开申请数量",
    "0",
    "三、本年度办理结果",
]


def report(*titles: str, between: str = "本局有话说。") -> list[str]:
    return [line for title in titles for line in (title, between)]


def numbers(blocks, **options) -> list[int | None]:
    return [part.number for part in split_sections(blocks, **options).parts]


def test_titles_stay_as_printed_and_text_is_joined_paragraphs():
    blocks = ["甲局报告", "前言。", TITLES[0], "甲。", "", "乙。", *report(*TITLES[1:])]
    cut = split_sections(blocks)
    assert cut.preamble_paragraphs() == ["甲局报告", "前言。"]
    assert [section.title for section in cut.records()] == TITLES
    assert cut.records()[0].text == "甲。\n乙。"


@pytest.mark.parametrize(
    ("number", "title"),
    [
        (1, "一、概述"),
        (1, "基本情况"),
        (2, "二、行政机关主动公开政府信息情况："),
        (3, "1.行政机关收到和处理政府信息公开申请情况"),
        (4, "四、因政府信息公开工作被申请行政复议、提起行政诉讼情况"),
        (4, "三、政府信息公开行政复议行政诉讼情况"),
        (4, "四、 政府信息公开 行政复议和行政诉讼情况"),
        (5, "五、政府信息公开工作存在的主要问题及改进情况"),
        (5, "五、主要问题和改进措施"),
        (6, "其他需要报告的情况"),
    ],
)
def test_wordings_count_not_ordinals(number, title):
    titles = [title if at == number else TITLES[at - 1] for at in range(1, 7)]
    assert numbers(report(*titles)) == [1, 2, 3, 4, 5, 6]


def test_sections_2_and_3_under_one_heading_and_a_missing_section():
    merged = "二、主动公开政府信息情况和收到和处理政府信息公开申请情况"
    assert numbers(report(TITLES[0], merged, TITLES[3], TITLES[5])) == [1, 2, 4, 6]


def test_rows_of_table_3_are_no_sections():
    cut = split_sections(
        [TITLES[1], TITLES[2], "申请人情况", *TABLE_3, "四、结转下年度继续办理", "0", TITLES[3]]
    )
    assert [part.number for part in cut.parts] == [2, 3, 4]
    assert cut.records()[1].text == ""


def test_titles_named_in_a_sentence_or_listed_first_are_no_headings():
    preamble = "全文包括一、总体情况、二、主动公开政府信息情况、三、收到和处理政府信息公开申请情况和六、其他需要报告的事项。"
    cut = split_sections([preamble, *TITLES, *report(*TITLES), "针对存在的主要问题及改进情况，另行通知。"])
    assert [part.title for part in cut.parts] == TITLES
    assert cut.preamble_paragraphs() == [preamble, *TITLES]


def test_sub_headings_stay_inside():
    blocks = [
        TITLES[0],
        "（一）主动公开政府信息情况",
        "甲。",
        "（二）存在的主要问题及改进情况",
        *report(*TITLES[1:]),
    ]
    assert split_sections(blocks).records()[0].text.count("\n") == 2


def test_text_without_any_line_break():
    joined = (
        "前言如下：一、总体情况本局收到3件。二、主动公开政府信息情况先说一句。第二十条第（一）项信息内容本年制发件数"
        "规章000行政事业性收费12.5三、收到和处理政府信息公开申请情况（本列数据的勾稽关系为：甲）自然人一、本年新收"
        "政府信息公开申请数量3000003三、本年度办理结果（七）总计3000003四、结转下年度继续办理00000002023年另有说明。"
        "四、政府信息公开行政复议、行政诉讼情况行政复议行政诉讼结果维持未经复议直接起诉总计0000五、存在的主要问题"
        "及改进情况没有。六、其他需要报告的事项：无。"
    )
    cut = split_sections([joined])
    assert [(section.title, section.text) for section in cut.records()] == [
        (TITLES[0], "本局收到3件。"),
        (TITLES[1], "先说一句。"),
        (TITLES[2], "2023年另有说明。"),
        (TITLES[3], ""),
        (TITLES[4], "没有。"),
        (TITLES[5], "无。"),
    ]
    pieces = split_joined(joined)
    assert "".join(pieces) == joined.replace("事项：", "事项")


def test_heading_without_ordinal_is_known_by_its_table():
    assert split_joined("主动公开政府信息情况第二十条第（一）项信息内容规章0")[0] == "主动公开政府信息情况"
    assert split_joined("本局主动公开政府信息情况良好。") == ["本局主动公开政府信息情况良好。"]


def test_lines_of_a_table_are_left_out_and_prose_around_it_is_kept():
    table = [
        "第二十条第（一）项",
        "信息内容",
        "本年制发件数",
        "规章",
        "　0",
        "行政规范性文件",
        "4",
        "行政事业性收费",
        "14.15万元",
    ]
    cut = split_sections([TITLES[1], "表前一句。", *table, "表后一句。", *report(*TITLES[2:])])
    assert cut.records()[0].text == "表前一句。\n表后一句。"


def test_drawn_tables_are_left_out():
    table = Table(1, [[Cell("规章"), Cell("0")]])
    cut = split_sections([TITLES[1], "表前。", table, "续表", table, "表后", *report(*TITLES[2:])])
    assert cut.records()[0].text == "表前。\n表后"
    assert cut.blocks[cut.parts[0].body[1]] is table


def test_reports_of_free_form_keep_their_titles_without_numbers():
    blocks = [
        "前言。",
        "一、概述",
        "甲。",
        "二、依申请公开政府信息情况",
        "乙。",
        "三、主要问题和改进措施",
        "丙。",
    ]
    cut = split_sections(blocks)
    assert [(s.number, s.title, s.text) for s in cut.records()] == [
        (None, "一、概述", "甲。"),
        (None, "二、依申请公开政府信息情况", "乙。"),
        (None, "三、主要问题和改进措施", "丙。"),
    ]
    assert numbers(report(*TITLES), year=2018) == [None] * 6


def test_a_free_title_that_cannot_be_told_from_its_text_is_its_ordinal():
    text = "前言。一、工作情况（一）公开一批文件。二、大力推进各项公开工作使群众满意、让企业方便并且不断深入持续下去抓好各项落实工作。"
    assert [part.title for part in split_sections([text]).parts] == ["一、工作情况", "二、"]


@pytest.mark.parametrize(
    "blocks",
    [
        [],
        [""],
        ["一、" * 50_000],
        ["总体情况、" * 20_000],
        ["第二十条第" * 20_000],
        ["一、总体情况" * 20_000],
        ["（" * 50_000],
    ],
)
def test_hostile_text_ends_soon(blocks):
    split_sections(blocks)
