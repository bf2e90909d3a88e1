from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from crawler.platforms import recognise
from crawler.platforms.lonsun import Lonsun
from crawler.webpage import Fetch, WebPage
from pipelines.decoding import decode

TEMPLATES = Path(__file__).parents[2] / "shared/real/portal-pages/templates"
POSTED = 'type: "POST",'
HOST = "http://www.example.gov.cn"
COLUMN = "/public/column/7071?type=4&catId=5001&action=list"
META = '<meta content="6793512" name="SiteId">'
ROWS = "".join(
    f'<div class="xxgk_navli"><ul><li>{n}</li><li><a href="/public/7071/50{n}12.html" title="某市20{n}年政府信息公开工作年度报告">'
    f'某市20{n}年政府…</a></li><li><span class="date">20{n}-01-12</span></li></ul></div>'
    for n in range(20, 25)
)
DATA = """siteId : "6793512", pageSize : '5', pageIndex: pageIndex, organId: "7071", type: "4", catId: "5001",
          length : "20", file : "/yl/xxgk/list_2020" """


def call(data: str = f"labelName: 'publicInfoList', {DATA}", options: str = "", label: str = "8888") -> str:
    return f'<script>Ls.ajax({{ dataType: "html", {options} url: "/zwgk/site/label/{label}", data : {{ {data} }} }})</script>'


def page(body: str, path: str = COLUMN, asked: Fetch | None = None) -> WebPage:
    return WebPage(
        HOST + path, f"<html><head>{META}</head><body>{body}</body></html>", asked or Fetch(HOST + path)
    )


def fields(fetch: Fetch) -> dict[str, str]:
    return dict(fetch.form) or {
        name: values[0] for name, values in parse_qs(urlsplit(fetch.url).query).items()
    }


@pytest.mark.parametrize(
    "script",
    [
        call(),
        call(DATA),  # the number of the label says which one it is
        call(f"labelName: 'publicInfoList', {DATA}".replace('"5001"', "catId").replace('"7071"', "organId")),
        call(label="165919"),
        (
            '<script>$("#l").load("/zwgk/site/label/8888?labelName=publicInfoList&siteId=6793512&organId=7071&catId=5001'
            '&type=4&pageSize=5&length=20&file=/yl/xxgk/list_2020&pageIndex=" + pageIndex)</script>'
        ),
    ],
)
def test_later_pages_are_asked_for_as_the_script_does(script: str) -> None:
    listing = Lonsun().listing(
        page(f"{ROWS}{script}<script>Ls.pagination('#p', f, {{currentPage:1, pageCount:3}})</script>")
    )
    assert len(listing.entries) == 5
    assert [entry.title for entry in listing.entries][:1] == ["某市2020年政府信息公开工作年度报告"]
    assert [(fetch.page, fields(fetch)["pageIndex"]) for fetch in listing.more] == [(2, "2"), (3, "3")]
    expected = {"labelName": "publicInfoList", "siteId": "6793512", "organId": "7071", "catId": "5001", "type": "4",
                "file": "/yl/xxgk/list_2020", "pageSize": "5"}  # fmt: skip
    assert expected.items() <= fields(listing.more[0]).items()
    assert listing.more[0].url.startswith(f"{HOST}/zwgk/site/label/")
    assert listing.more[0].base == HOST + COLUMN


def test_a_post_is_posted() -> None:
    listing = Lonsun().listing(page(f"{ROWS}{call(options=POSTED)}<script>var o={{pageCount:2}}</script>"))
    assert [(fetch.method, fields(fetch)["pageIndex"]) for fetch in listing.more] == [("POST", "2")]
    assert "?" not in listing.more[0].url


def test_what_is_posted_stands_in_the_address_and_in_the_object() -> None:
    script = call(f'labelName: "publicInfoList", {DATA}', POSTED).replace(
        "8888", "8888?IsAjax=1&dataType=html"
    )
    (first,) = Lonsun().listing(page(f"<div id='list'></div>{script}")).more
    assert (first.method, first.url) == ("POST", f"{HOST}/zwgk/site/label/8888")
    assert {"IsAjax": "1", "catId": "5001", "organId": "7071", "pageIndex": "1"}.items() <= fields(
        first
    ).items()


def test_a_total_that_only_the_script_says_is_declared_and_asked_for() -> None:
    column = "/content/column/6812345"
    listing = Lonsun().listing(
        page(f"{ROWS}<script>$('#p').pagination({{pageSize:5, total:12}})</script>", column)
    )
    assert (listing.declared, listing.pages) == (12, 3)
    assert [fetch.url for fetch in listing.more] == [f"{HOST}{column}?pageIndex={n}" for n in (2, 3)]


def test_a_page_without_rows_asks_for_its_first_fragment_and_that_for_the_others() -> None:
    (first,) = Lonsun().listing(page(f"<div id='list'></div>{call()}")).more
    assert (first.page, fields(first)["pageIndex"]) == (1, "1")
    fragment = WebPage(first.url, f"{ROWS}<script>x({{pageCount:3}})</script>", first)
    assert [fields(fetch)["pageIndex"] for fetch in Lonsun().listing(fragment).more] == ["2", "3"]


def test_fragments_say_the_same_as_the_first_page() -> None:
    pages = "<script>x({currentPage:1, pageCount:4})</script>"
    first = Lonsun().listing(page(f"{ROWS}{call()}{pages}"))
    second = Lonsun().listing(WebPage(first.more[0].url, ROWS + pages, first.more[0]))
    assert second.more == first.more[1:]


def test_without_a_count_a_full_page_asks_for_the_next_and_a_short_one_does_not() -> None:
    assert [fetch.page for fetch in Lonsun().listing(page(ROWS + call())).more] == [2]
    short = call().replace("'5'", "'15'")
    assert Lonsun().listing(page(ROWS + short)).more == ()


def test_without_a_script_the_usual_call_is_made_only_where_pages_are_counted() -> None:
    assert Lonsun().listing(page(ROWS)).more == ()
    (second,) = Lonsun().listing(page(f"{ROWS}<script>x({{pageCount: 2}})</script>")).more
    assert {"siteId": "6793512", "organId": "7071", "catId": "5001", "pageIndex": "2"}.items() <= fields(
        second
    ).items()


@pytest.mark.parametrize(
    "pager",
    [
        '<a href="/content/column/6791573?pageIndex=2">下一页</a><a href="/content/column/6791573?pageIndex=3">尾页</a>',
        '<script>Ls.pagination("#p", function (i) { location.href = "/content/column/6791573?pageIndex=" + i }, {pageCount:3})</script>',
    ],
)
def test_ordinary_columns_go_on_by_address(pager: str) -> None:
    listing = Lonsun().listing(page(ROWS + pager, "/zwgk/nb/index.html"))
    assert [fetch.url.partition("?")[2] for fetch in listing.more] == ["pageIndex=2", "pageIndex=3"]


def test_an_empty_list_says_so_and_a_script_does_not() -> None:
    assert Lonsun().listing(page("<div>暂无相关信息</div>")).says_empty
    assert not Lonsun().listing(page(call(f"{DATA}, result: '暂无相关信息'"))).says_empty


def test_the_tree_of_columns_is_linked_and_read() -> None:
    script = call("labelName: 'columnTree', siteId: '6793512', organId: '8101', isJson: 'true', id: ''")
    (tree,) = Lonsun().branches(page(script, "/zwgk/public/column/8101?type=4"))
    assert tree.text == "政府信息公开目录"
    nodes = [
        {"id": 11, "name": "机构职能", "isParent": True},
        {
            "id": 12,
            "name": "信息公开",
            "isParent": True,
            "children": [{"id": 13, "name": "政府信息公开年报"}],
        },
        {"id": 14, "name": "公开制度", "isParent": True},
        {"id": 15, "name": "专栏", "uri": "/zl/index.html"},
    ]
    answer = WebPage(tree.url, json.dumps(nodes), Fetch(tree.url))
    found = {link.text: link.url.removeprefix(HOST) for link in Lonsun().branches(answer)}
    assert found["政府信息公开年报"] == "/zwgk/public/column/8101?type=4&catId=13&action=list"
    assert found["专栏"] == "/zl/index.html"
    assert "id=14&isChild=true" in found["政府信息公开目录"]
    assert recognise(answer).name == "lonsun"


@pytest.mark.parametrize(
    ("file", "family"),
    [
        ("clone-anhui-lonsun-ah_jyt_40678766.html", "lonsun"),
        ("clone-langfang-hebei-langfang_detail.html", "generic"),
    ],
)
def test_real_pages_are_told_apart(file: str, family: str) -> None:
    path = TEMPLATES / file
    if not path.exists():
        pytest.skip("real pages are not on this machine")
    url = f"{HOST}/a.html"
    assert recognise(WebPage(url, decode(path.read_bytes(), None).text, Fetch(url))).name == family


def test_power_easy_is_another_family() -> None:
    text = "<script>$.pe.ajax('accessLabel', { labelName: 'publicInfoList' })</script><a href='/Category_7/Index.aspx'>x</a>"
    assert recognise(WebPage(f"{HOST}/", text, Fetch(f"{HOST}/"))).name == "generic"
