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
    ("opening", "more", "times"),
    [("", "rows: [", 6_000), ("rows: ['", "\\'", 100_000), ("rows: [", "/*", 100_000)],
)
def test_hostile_literals_cost_little(opening: str, more: str, times: int) -> None:
    """Three times the text costs three times as much, not nine times."""
    costs = []
    for number in (times, 3 * times):
        begun = time.process_time()
        assert literal(opening + more * number, "rows") is None
        costs.append(time.process_time() - begun)
    assert costs[1] < 6 * costs[0] + 0.1


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


OLD = f"{HOME}/sy/col/col145/index.html"
MENU = """var websiteId = '17', websiteCode = 'sy', codeName = 'col145';
var channelsTagSelf = {"code":"col145","articleCount":%d,"urls":"{\\"pc\\":\\"/sy/col/col145/index.html\\"}","name":"年报"};
var channelsTagParent = [{"name":"","showName":"<p>政务公开</p>","urls":"{\\"pc\\":\\"/sy/col/col1/index.html\\"}",
  "children":[{"name":"市财政局","urls":{"pc":"/sy/col/col2/index.html"}},{"name":"无地址","urls":"{}"}]}];
var params = {current: 1, webSiteCode: ['sy'], channelCode: ['col145'], perPage: '2'}; loadPageData(params, '38');
var listData = { articleList: %s };"""


def test_rows_behind_those_in_the_page_are_asked_for() -> None:
    shell = page(MENU % (7, json.dumps([row(1), row(2), row(3)])), OLD)
    platform = recognise(shell)
    listing = platform.listing(shell)
    assert (platform.name, len(listing.entries), listing.declared) == ("embedded_json", 3, 7)
    assert [(fetch.method, fetch.url, fetch.page) for fetch in listing.more] == [
        ("POST", f"{HOME}/queryList", at) for at in (2, 3, 4)
    ]
    assert dict(listing.more[0].form) == {
        "current": "2",
        "perPage": "2",
        "pageSize": "2",
        "webSiteCode[]": "sy",
        "channelCode[]": "col145",
    }


def test_all_rows_in_the_page_ask_for_nothing() -> None:
    assert EmbeddedJson().listing(page(MENU % (2, json.dumps([row(1), row(2)])), OLD)).more == ()


def test_menus_are_data() -> None:
    links = EmbeddedJson().branches(page(MENU % (0, "[]"), OLD))
    assert [(link.text, link.url.removeprefix(HOME)) for link in links] == [
        ("年报", "/sy/col/col145/index.html"),
        ("政务公开", "/sy/col/col1/index.html"),
        ("市财政局", "/sy/col/col2/index.html"),
    ]


def test_answer() -> None:
    asked = Fetch(f"{HOME}/queryList", "POST", page=2, base=OLD)
    rows = [{"source": row(4)}, {"source": {"id": "5", "title": " 某局5 "}}]
    read = EmbeddedJson().listing(
        WebPage(asked.url, json.dumps({"data": {"total": 7, "results": rows}}), asked)
    )
    assert [entry.url.removeprefix(HOME) for entry in read.entries] == [
        "/sy/c00145/pc/content/content_4.html",
        "/sy/col/col145/content/content_5.html",
    ]
    assert (read.declared, read.says_empty) == (7, False)


@pytest.mark.parametrize("text", ["<html></html>", '{"data": null}', '{"data": {"results": {}}}', "[]"])
def test_answer_without_a_list(text: str) -> None:
    with pytest.raises(LayoutError):
        EmbeddedJson().listing(WebPage(f"{HOME}/queryList", text, Fetch(f"{HOME}/queryList", "POST", page=2)))
