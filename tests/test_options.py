"""What ``-a NAME=VALUE`` may say; each mistake ends in the one sentence that explains it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crawler.ledger import facts
from crawler.messages import LANGUAGES
from crawler.registry import Portal
from crawler.spiders.options import (
    OptionError,
    chosen,
    division_code,
    extra_hosts,
    portal_addresses,
    read_options,
    rows_of,
    unknown_options,
)
from crawler.spiders.portal import PortalSpider
from crawler.wording import sentence

if TYPE_CHECKING:
    from pathlib import Path

HOME = "http://www.lanhe.gov.cn/"
ROWS = [
    Portal("140000", "山西省", "http://www.shanxi.gov.cn/"),
    Portal("140100", "太原市", "http://www.taiyuan.gov.cn/"),
    Portal("140105", "小店区", "http://www.tyxd.gov.cn/"),
    Portal("140200", "大同市", "http://www.dt.gov.cn/"),
    Portal("140212", "新荣区", "http://www.xr.gov.cn/"),
    Portal("140430", "沁县", "http://www.qinxian.gov.cn/"),
]


def codes(city: str | None) -> list[str]:
    return [row.division for row in chosen(ROWS, city)]


def wrong(key: str, **words: str) -> Any:
    """The error of that key; its sentence is complete in both languages."""
    for language in LANGUAGES:
        assert "{" not in sentence("say", key, language, {"known": "", **words})
    return pytest.raises(OptionError, match=rf"^{key}: ")


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("2024", {2024}),
        ("2021-2023", {2021, 2022, 2023}),
        ("2021~2022", {2021, 2022}),
        ("2021至2022", {2021, 2022}),
        ("2021–2022", {2021, 2022}),
        ("2019,2021-2022", {2019, 2021, 2022}),
        ("2019，2021、2020;2019", {2019, 2020, 2021}),
        (" 2008 ", {2008}),
        ("2024-2024", {2024}),
    ],
)
def test_years(text: str, years: set[int]) -> None:
    assert read_options(text, None, None).years == frozenset(years)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("24", "24"),
        ("2007", "2007"),
        ("2023-2021", "2023-2021"),
        ("2101", "2101"),
        ("2021-", "2021-"),
        ("all", "all"),
        ("2024,x", "x"),
        ("20244", "20244"),
        ("", ""),
        (" , ", " , "),
    ],
)
def test_years_that_are_none(text: str, value: str) -> None:
    with wrong("bad_year", value=value) as caught:
        read_options(text, None, None)
    assert caught.value.words == {"value": value}


def test_counts() -> None:
    options = read_options(None, "5", "12")
    assert (options.years, options.limit, options.sample) == (None, 5, 12)
    assert read_options(None, None, None).limit is None


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "five", "", "１２", "²", "1 000"])
@pytest.mark.parametrize("option", ["limit", "sample"])
def test_counts_that_are_none(option: str, text: str) -> None:
    with wrong("bad_count", option=option, value=text) as caught:
        read_options(None, **{"limit": None, "sample": None, option: text})
    assert caught.value.words == {"option": option, "value": text}


def test_option_that_nobody_knows() -> None:
    unknown_options(["year"], ["year", "limit"])
    with wrong("unknown_argument", option="yaer") as caught:
        unknown_options(["yaer"], ["year", "limit"])
    assert caught.value.words == {"option": "yaer", "known": "year, limit"}


# --- cities


@pytest.mark.parametrize(
    ("city", "expected"),
    [
        (None, ["140000", "140100", "140105", "140200", "140212", "140430"]),
        ("大同市", ["140200", "140212"]),
        ("大同", ["140200", "140212"]),
        ("140200", ["140200", "140212"]),
        ("新荣区", ["140212"]),
        ("新荣", ["140212"]),
        ("沁县", ["140430"]),
        ("小店,大同", ["140105", "140200", "140212"]),
        ("大同、大同市，140212", ["140200", "140212"]),
        ("山西省", ["140000"]),
        ("140000", ["140000"]),
    ],
)
def test_city_comes_with_its_counties(city: str | None, expected: list[str]) -> None:
    assert codes(city) == expected


@pytest.mark.parametrize("city", ["不存在市", "大", "沁", "同市", "130200", "1402", "大同县"])
def test_city_that_is_not_there(city: str) -> None:
    with wrong("unknown_city", value=city) as caught:
        codes(city)
    assert caught.value.words == {"value": city}


# --- addresses, hosts, divisions, files


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HOME, [HOME]),
        (f"{HOME},https://b.example:8080/x?y=1", [HOME, "https://b.example:8080/x?y=1"]),
        (f" {HOME}\n", [HOME]),
        ("http://127.0.0.1:8100", ["http://127.0.0.1:8100"]),
    ],
)
def test_addresses(text: str, expected: list[str]) -> None:
    assert portal_addresses(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "www.lanhe.gov.cn",
        "ftp://www.lanhe.gov.cn/",
        "file:///etc/passwd",
        "http://",
        "http:///x",
        "http://user@www.lanhe.gov.cn/",
        "http://www.lanhe.gov.cn:port/",
        "http://www.lanhe.gov.cn:99999/",
        "http://[::1/",
        "javascript:alert(1)",
    ],
)
def test_addresses_that_are_none(text: str) -> None:
    with wrong("bad_url", value=text) as caught:
        portal_addresses(text)
    assert caught.value.words == {"value": text}


def test_one_bad_address_among_good_ones_is_named() -> None:
    with pytest.raises(OptionError) as caught:
        portal_addresses(f"{HOME},b.example")
    assert caught.value.words == {"value": "b.example"}


def test_hosts() -> None:
    assert extra_hosts(None) == ()
    assert extra_hosts("a.example,b.example:8080，[::1]:80") == (
        "a.example",
        "b.example:8080",
        "[::1]:80",
    )


@pytest.mark.parametrize("text", ["http://a.example", "a.example/x", "u@a.example", "a.example:x"])
def test_hosts_that_are_none(text: str) -> None:
    with wrong("bad_host", value=text):
        extra_hosts(text)


def test_divisions() -> None:
    assert division_code(None) is None
    assert division_code("140200") == "140200"
    for text in ("999999", "1402", "大同市", ""):
        with wrong("unknown_division", value=text):
            division_code(text)


def test_rows_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        'code = "140000"\nname = "山西省"\nprefixes = ["14"]\n'
        f'[[portals]]\ndivision = "140200"\nname = "大同市"\nhome = "{HOME}"\n',
        "utf-8",
    )
    assert [(row.division, row.home) for row in rows_of(str(file))] == [("140200", HOME)]


@pytest.mark.parametrize("content", [None, b"portals = [", b"\xff\xfe", b"[[portals]]\nhome = 1\n"])
def test_files_that_cannot_be_read(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    if content is not None:
        file.write_bytes(content)
    with wrong("bad_rows", value="", error="") as caught:
        rows_of(str(file))
    assert caught.value.words["value"] == str(file)
    assert caught.value.words["error"]


# --- as the spider is given them


@pytest.mark.parametrize("given", [{}, {"url": HOME, "rows": "mine.toml"}])
def test_portal_wants_an_address_or_rows(given: dict[str, str]) -> None:
    with wrong("url_or_rows"):
        PortalSpider(**given)


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"url": HOME, "city": "大同"}, "unknown_argument"),
        ({"url": HOME, "year": "x"}, "bad_year"),
        ({"url": HOME, "limit": "x"}, "bad_count"),
        ({"url": HOME, "sample": "0"}, "bad_count"),
        ({"url": HOME, "hosts": "http://x"}, "bad_host"),
        ({"url": HOME, "division": "x"}, "unknown_division"),
        ({"url": "x"}, "bad_url"),
        ({"rows": "/nowhere/mine.toml"}, "bad_rows"),
    ],
)
def test_spider_refuses_what_it_cannot_use(given: dict[str, str], key: str) -> None:
    with pytest.raises(OptionError) as caught:
        PortalSpider(**given)
    assert caught.value.key == key
    assert key in facts()["say"]
