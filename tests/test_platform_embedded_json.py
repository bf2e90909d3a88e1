"""Lists in scripts, and how literals are read out of them."""

from __future__ import annotations

import json
import time

import pytest

from crawler.platforms import recognise
from crawler.platforms.base import LayoutError
from crawler.platforms.embedded_json import EmbeddedJson, literal, literals, plain
from crawler.webpage import Fetch, WebPage

HOME = "http://www.a.gov.cn"
LIST = f"{HOME}/sy/c00145/pc/list.html"


def page(script: str, url: str = LIST, number: int = 1) -> WebPage:
    return WebPage(url, f"<html><body><script>{script}</script></body></html>", Fetch(url, page=number))


def row(number: int, **more: object) -> dict[str, object]:
    path = f"/sy/c00145/pc/content/content_{number}.html"
    return {
        "id": str(number),
        "title": f"某局{number}",
        "urls": json.dumps({"pc": path}),
        "pubDate": "2025-01-20 11:06",
    } | more


@pytest.mark.parametrize(
    ("script", "value"),
    [
        ('var rows = [{"a": "]}"}];', [{"a": "]}"}]),
        (
            "x = {rows: [{a: 'it\\'s \"q\"', b: `c`, 'd': 1.5, e: true, f: undefined, g: !1,},],}",
            [{"a": 'it\'s "q"', "b": "c", "d": 1.5, "e": True, "f": None, "g": False}],
        ),
        ("rows: [ // one ]\n {a: '\\x3cp>'} /* ] */ ]", [{"a": "<p>"}]),
        ('"rows" : []', []),
        ("rows: list.slice(1)", None),
        ("rows: [a, b]", None),
        ("rows: ['never closed", None),
        ("brows = [1]", None),
    ],
)
def test_literals(script: str, value: object) -> None:
    assert literal(script, "rows") == value


def test_literals_inside_one_another_are_read_once() -> None:
    assert [one.value for one in literals('rows: {"rows": [1]}; rows = [2]', "rows")] == [{"rows": [1]}, [2]]


@pytest.mark.parametrize(
    "text", ["rows: [" * 30_000, "rows: ['" + "\\'" * 200_000, "rows: [" + "/*" * 200_000]
)
def test_hostile_literals_cost_little(text: str) -> None:
    begun = time.process_time()
    assert literal(text, "rows") is None
    assert time.process_time() - begun < 5


def test_text_of_titles() -> None:
    assert plain("<span>某局 &amp;\n局</span>") == "某局 & 局"
    assert plain(None) == ""


@pytest.mark.parametrize(
    "form", ["var articleList = %s;", "var d = {articleList:%s, total: 2};", 'x({"articleList" : %s})']
)
def test_rows_of_the_array(form: str) -> None:
    listing = EmbeddedJson().listing(page(form % json.dumps([row(1, contentSource="某局"), row(2)])))
    assert [entry.url for entry in listing.entries] == [
        f"{HOME}/sy/c00145/pc/content/content_{n}.html" for n in (1, 2)
    ]
    assert listing.entries[0].published == "2025-01-20 11:06"
    assert listing.entries[0].metadata == (("来源", "某局"),)
    assert listing.more == ()


def test_the_columns_own_array_counts_even_if_it_is_short() -> None:
    hot = [row(n, urls=json.dumps({"pc": f"/sy/c1/pc/content/content_{n}.html"})) for n in range(9)]
    listing = EmbeddedJson().listing(
        page(f"a={{articleList:{json.dumps(hot)}}};b={{articleList:{json.dumps([row(77)])}}}")
    )
    assert [entry.title for entry in listing.entries] == ["某局77"]


@pytest.mark.parametrize(
    ("more", "url"),
    [
        ({"urls": {"pc": "/a.html"}}, f"{HOME}/a.html"),
        ({"urls": "", "linkUrl": "http://b.gov.cn/"}, "http://b.gov.cn/"),
        ({"urls": "{"}, f"{HOME}/sy/c00145/pc/content/content_5.html"),
        (
            {"urls": None, "id": None, "articleFiles": [{"filePath": "/f.pdf", "domainName": HOME}]},
            f"{HOME}/f.pdf",
        ),
    ],
)
def test_where_a_row_leads(more: dict[str, object], url: str) -> None:
    (entry,) = EmbeddedJson().listing(page(f"articleList: {json.dumps([row(5, **more)])}")).entries
    assert entry.url == url


def test_more_rows_than_the_array_has() -> None:
    listing = EmbeddedJson().listing(page(f"d = {{articleList: {json.dumps([row(1), row(2)])}, total: '5'}}"))
    assert (listing.declared, [fetch.url for fetch in listing.more]) == (
        5,
        [LIST.replace("list", f"list_{k}") for k in (2, 3)],
    )
    assert [fetch.url for fetch in listing.alternatives[0]] == [f"{LIST}?page=2", f"{LIST}?page=3"]


def test_a_list_may_be_empty_but_must_be_there() -> None:
    assert EmbeddedJson().listing(page("articleList: []")).says_empty
    with pytest.raises(LayoutError):
        EmbeddedJson().listing(page("nothing()"))


def test_known_by_its_marks() -> None:
    assert recognise(page("")).name == "embedded_json"
    assert (
        recognise(page(f"articleList: {json.dumps([row(1)])}", f"{HOME}/col/col877/index.html")).name
        == "embedded_json"
    )
    assert EmbeddedJson().strength(page("data(){return {articleList:getAll()}}", HOME + "/")) == 0
