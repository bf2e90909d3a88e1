"""Printed dates: the printed precision, and never a day that was not printed."""

from __future__ import annotations

import re
import time
from datetime import date, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.dates import parse_date

few = settings(max_examples=80, deadline=None)
_DAY = "2026-01-13"
_MOMENT = "2026-01-13T16:13:00+08:00"


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-13",
        "2026-1-13",
        "2026/1/13",
        "2026.01.13",
        "20260113",
        "２０２６年１月１３日",
        "2026年01月13日",
        "2026 年 1 月 13 日",
        "2026年1月13号",
        "2026年1月13",
        "2026年1月13日 星期二",
        "2026年1月13日（星期二）",
        "二〇二六年一月十三日",
        "二○二六年元月十三日",
        "二零二六年一月十三日",
        "二O二六年一月十三日",
        "发布日期：2026-01-13",
        "发布日期 2026-01-13 来源：本站",
        "[2026-01-13]",
        "2026\u201101\u201113",
        "13/01/2026",
        "01/13/2026",
        "2026-01-13 2026年1月13日",
        "2026、1、13",  # from here on through dateparser
        "2026 01 13",
        "2026·01·13",
    ],
)
def test_a_day(text: str) -> None:
    assert parse_date(text) == _DAY


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-13 16:13",
        "2026-01-13 16:13:00",
        "2026-01-13 16:13:00.0",
        "2026/01/13 16：13",
        "2026年1月13日16时13分",
        "2026年1月13日 16:13",
        "2026年1月13日 星期二 16:13",
        "2026年1月13 16:13",
        "2026-01-13 下午4:13",
        "2026-01-13 4:13 PM",
        "2026.01.13 16:13:00 GMT+08:00",
        "2026-01-13T16:13:00+08:00",
        "2026-01-13T16:13:00+0800",
        "2026-01-13T08:13:00Z",
        "2026-01-13T08:13:00.000Z",
        "2026-01-13T03:13:00-05:00",
        "Tue, 13 Jan 2026 08:13:00 GMT",
        "Tue Jan 13 16:13:00 CST 2026",
        "20260113161300",
        "发布时间：2026-01-13 16:13",
        "2026-01-13 16:13 2026-01-13",
    ],
)
def test_a_moment(text: str) -> None:
    assert parse_date(text) == _MOMENT


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-01-13 16:13:59", "2026-01-13T16:13:59+08:00"),
        ("2026-01-13T20:13:00Z", "2026-01-14T04:13:00+08:00"),
        ("2026-01-13 12:30 AM", "2026-01-13T00:30:00+08:00"),
        ("2026年1月", "2026-01"),
        ("2026年1月份", "2026-01"),
        ("二〇二六年十二月", "2026-12"),
        ("2026-01", "2026-01"),
        ("成文日期：2026-01", "2026-01"),
        ("二〇二六年十二月三十一日", "2026-12-31"),
        ("二〇二六年十一月廿三日", "2026-11-23"),
        ("2024年2月29日", "2024-02-29"),
    ],
)
def test_other_precisions_and_offsets(text: str, iso: str) -> None:
    assert parse_date(text) == iso


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-13 25:61",
        "2026-01-13 24:00",
        "2026-01-13 上午12:30",  # noon or midnight
        "2026-01-13 08:00-12:00",  # opening hours, not an offset
        "2026-01-13 16:13 AM",
    ],
)
def test_an_unclear_time_leaves_the_day(text: str) -> None:
    assert parse_date(text) == _DAY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2025年",
        "2025年度",
        "12.5%",
        "38",
        "3387",
        "1768291980000",
        "下午4:13",
        "1月13日",
        "昨天",
        "3天前",
        "2025-02-30",
        "2026年2月29日",
        "2026-13-01",
        "2026-01-00",
        "0000-00-00",
        "1989-12-31",
        "2101-01-01",
        "03/04/2026",
        "4.3.2026",
        "26-01-13",
        "2026年1月1 3日",  # a broken day
        "2026年第1季度",
        "2026年1-3月",
        "2026年1月至3月",
        "2025年1月1日至12月31日",
        "2025-01-01 — 2025-12-31",
        "2026-01-13 2026-01-14",
        "2026-01/13",
        "1.2026.01.13",
        "2026-01-13-5",
        "〔2021〕30号",
        "035200022/2026-00004",
        "000014349/2026-01-13",
        "2026:01:13",
        "发布日期：2026-01-13" + "字" * 200,
    ],
)
def test_never_invented(text: str) -> None:
    assert parse_date(text) is None


_FORMS = (
    "{0:%Y-%m-%d}",
    "{0:%Y/%m/%d}",
    "{0:%Y.%m.%d}",
    "{0:%Y%m%d}",
    "{0.year}年{0.month}月{0.day}日",
    "{0.year}-{0.month}-{0.day}",
)


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)))
@few
def test_days_round_trip(day: date) -> None:
    assert {parse_date(form.format(day)) for form in _FORMS} == {day.isoformat()}


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)))
@example(date(2030, 10, 20))
@few
def test_chinese_numerals_round_trip(day: date) -> None:
    digits = "〇一二三四五六七八九"

    def spelt(number: int) -> str:
        tens, unit = divmod(number, 10)
        return ("" if tens < 2 else digits[tens]) + ("十" if tens else "") + (digits[unit] if unit else "")

    year = "".join(digits[int(figure)] for figure in str(day.year))
    assert parse_date(f"{year}年{spelt(day.month)}月{spelt(day.day)}日") == day.isoformat()


@given(st.datetimes(datetime(1990, 1, 2), datetime(2100, 12, 30)), st.integers(-12, 14))  # noqa: DTZ001
@few
def test_offsets_name_the_same_moment(local: datetime, hours: int) -> None:
    china = local.replace(microsecond=0) + timedelta(hours=8 - hours)
    printed = f"{local:%Y-%m-%dT%H:%M:%S}{hours:+03d}:00"
    assert parse_date(printed) == f"{china.isoformat()}+08:00"


@given(st.text(st.sampled_from("0123456789-/.:年月日时分 年至T〇一二十上午下Z+"), max_size=24))
@settings(max_examples=300, deadline=None)
def test_year_and_day_always_stand_in_the_text(text: str) -> None:
    iso = parse_date(text)
    if iso is None or re.search("[〇一二十TZ+]", text):
        return
    year, month, *day = iso[:10].split("-")
    numbers = [int(number) for number in re.findall("[0-9]+", text)]
    compact = re.fullmatch("[0-9]{8,14}", re.sub("^[^0-9]*|[^0-9]*$", "", text))
    assert compact or {int(year), int(month), *map(int, day)} <= set(numbers)


@pytest.mark.parametrize(
    "text",
    [
        "2026年" * 30,
        "2026年1月" + " " * 140 + "x",
        "," * 159 + "1",
        "2026-01-13 " * 14,
        "9" * 10**6,
        "周" * 150 + "20",
    ],
)
def test_hostile_dates_cost_little(text: str) -> None:
    started = time.perf_counter()
    parse_date(text)
    assert time.perf_counter() - started < 0.1
