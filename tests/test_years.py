"""The year reported on: title, then period, then text; never notice numbers or publication."""

from __future__ import annotations

import pytest

from pipelines.titles import parse_title
from pipelines.years import report_year

UNDATED = parse_title("政府信息公开工作年度报告")
DATED = parse_title("盂县审计局2022年政府信息公开工作年度报告")


@pytest.mark.parametrize(
    "sentence",
    [
        "所列数据的统计期限自2022年1月1日起至2022年12月31日止。",
        "统计期限为2022年1月1日至12月31日",
        "数据统计期限从 2022年1月1日 起到12月31日止",
        "统计时段：2022年1月1日—2022年12月31日",
        "本报告数据自2022年1月1日起，至2022年12月31日止",
        "数据统计期限自２０２２年１月１日起至２０２２年１２月３１日止",
    ],
)
def test_period(sentence):
    year = report_year(UNDATED, ["按照〔2021〕30号文件编制。", sentence, "2021年的事，2021年的事。"], None)
    assert (year.year, year.from_) == (2022, "period")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("一、总体情况 2024年，本局做了许多事。2024年共发布三条。二、主动公开", 2024),
        ("一、总体情况 依据国办公开办函〔2021〕30号、〔2021〕5号，2024年发布。二、主动公开", 2024),
        ("一、总体情况 《2019年要点》《2019年方案》之后，2020年发布三条。", 2020),
        ("一、总体情况 2023年较2022年增长，比2022年多，同2022年相比。", 2023),
        ("一、总体情况 2021-2025年规划，2021—2025年方案，2023年发布。", 2023),
        ("一、总体情况 2024年3月1日、2024年4月2日开会，2023年发布。", 2023),
        ("一、总体情况 2023年发布。二、主动公开政府信息情况 2025年2025年2025年", 2023),
        ("一、总体情况 2022年一条，2023年一条。六、其他 2023年未收费。", 2023),
        ("一、总体情况 2022年一条，2023年一条。", None),
        ("国务院令2019年第711号，没有年份", None),
        ("自2007年起", None),
        ("", None),
    ],
)
def test_year_in_the_text(text, expected):
    year = report_year(UNDATED, [text], None)
    assert (year.year, year.from_) == (expected, "body" if expected else None)


@pytest.mark.parametrize(
    ("title", "text", "published", "conflicts"),
    [
        (DATED, "统计期限为2022年1月1日至12月31日，2022年如此，2022年如此", "2023-01-20", ()),
        (DATED, "统计期限为2021年1月1日至12月31日", None, ("title_period",)),
        (DATED, "一、总体情况 2021年一，2021年二。", None, ("title_body",)),
        (DATED, "一、总体情况 2021年一。", None, ()),
        (DATED, "统计期限为2021年1月1日至2022年12月31日", None, ("period_span",)),
        (UNDATED, "统计期限为2021年1月1日至12月31日。一、总体情况 2020年，2020年", None, ("period_body",)),
        (UNDATED, "一、总体情况 2022年一条，2023年一条。", None, ("body_tie",)),
        (DATED, "", "2022-12-20", ("published_before_end",)),
        (DATED, "", "2026年1月20日", ()),
        (UNDATED, "一、总体情况 2022年一。", "2025-01-20", ("published_later",)),
        (UNDATED, "一、总体情况 2022年一。", "2023年1月20日 09:10", ()),
        (parse_title("2023年盂县2022年政府信息公开年报"), "", None, ("title_years",)),
    ],
)
def test_conflicts(title, text, published, conflicts):
    assert report_year(title, [text], published).conflicts == conflicts


def test_publication_and_notice_never_give_the_year():
    assert report_year(UNDATED, ["按照国办公开办函〔2021〕30号"], "2024-01-20").year is None


def test_title_wins_over_period():
    year = report_year(DATED, ["统计期限为2021年1月1日至12月31日"], None)
    assert (year.year, year.from_) == (2022, "title")
