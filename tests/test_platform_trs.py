"""TRS: calls of pagers and what only looks like one, rows of the catalogue and of the search server."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from crawler.platforms import recognise
from crawler.platforms.base import LayoutError
from crawler.platforms.trs import Trs
from crawler.webpage import Fetch, WebPage

REAL = Path(__file__).parents[1].parent / "shared" / "real" / "portal-pages"
HOST = "http://xxgk.lanhe.gov.cn"
COLUMN = f"{HOST}/szfxxgk/zfxxgknb/"
ROWS = "".join(
    f'<li><a href="./20{n}03/t20{n}0301_1{n}.shtml">岚河市20{n - 1}年政府信息公开工作年度报告</a><span>20{n}-03-01</span></li>'
    for n in range(19, 23)
)


def page(script: str, url: str = COLUMN, number: int = 1, rows: str = ROWS) -> WebPage:
    text = f"<html><body><ul>{rows}</ul><script>{script}</script></body></html>"
    return WebPage(url, text, Fetch(url, page=number))


@pytest.mark.parametrize(
    "script",
    [
        'createPageHTML(3, 0, "index", "shtml");',
        "createPageHTML( '3' ,'0',\n'index' , 'shtml' )",
        'createPage(3,0,"index","shtml");',
        'createPageHTML(3, 0, "index", "shtml", 12);',
        'var n = 3; var c = 0;\ncreatePageHTML(n, c, "index", "shtml");',
        '<!--\ncreatePageHTML(3, 0, "index", "shtml");\n//-->',
        'var countPage=3 \nvar currentPage = 0;\ndocument.write("<a href=\\"index"+"_"+i+"."+"shtml\\">");',
        ('function createPageHTML(_nPageCount, _nCurrIndex, _sPageName, _sPageExt){ return _nPageCount; }\n'
        '//createPageHTML(9, 0, "index", "html");\n/* createPageHTML(8, 0, "index", "html") */\ncreatePageHTML(3,0,"index","shtml");'),
    ],
)  # fmt: skip
@pytest.mark.parametrize("url", [COLUMN, f"{COLUMN}index.shtml", COLUMN.rstrip("/")])
def test_second_page_has_the_number_one(script: str, url: str) -> None:
    listing = Trs().listing(page(script, url))
    assert listing.pages == 3
    assert [(fetch.url, fetch.page) for fetch in listing.more] == [
        (f"{COLUMN}index_1.shtml", 2),
        (f"{COLUMN}index_2.shtml", 3),
    ]
    assert listing.alternatives[0][0].url == f"{COLUMN}index_2.shtml"
    assert len(listing.entries) == 4


def test_a_portal_that_counts_from_one() -> None:
    listing = Trs().listing(page('createPageHTML(3, 1, "index", "html");'))
    assert [fetch.url for fetch in listing.more] == [f"{COLUMN}index_2.html", f"{COLUMN}index_3.html"]


@pytest.mark.parametrize(
    "script",
    [
        "function createPageHTML(_nPageCount, _nCurrIndex, _sPageName, _sPageExt){}",
        '// createPageHTML(9, 0, "index", "html");',
        "createPageHTML('page_div', 5, 1, 'list', 'shtml', 89);",
    ],
)
def test_what_is_no_call(script: str) -> None:
    commented = '<!-- <script>createPageHTML(9, 0, "index", "html")</script> -->'
    listing = Trs().listing(page(script, rows=ROWS + commented))
    assert (listing.pages, listing.more) == (None, ())


def test_one_page() -> None:
    listing = Trs().listing(page('createPageHTML(1, 0, "index", "html");'))
    assert (listing.pages, listing.more, listing.alternatives) == (1, (), ())


def test_calls_that_differ() -> None:
    with pytest.raises(LayoutError):
        Trs().listing(page('createPageHTML(2, 0, "index", "html");createPageHTML(3, 0, "index", "html");'))


@pytest.mark.parametrize(("printed", "declared"), [(11, 11), (40, 40), (2, None), (8, None)])
def test_totals(printed: int, declared: int | None) -> None:
    """Three pages of four rows hold more than eight: less counts something else, more is believed."""
    listing = Trs().listing(page(f'//wcm分页，总记录：{printed}\ncreatePage(3, 0, "index", "html");'))
    assert listing.declared == declared


CATALOGUE = """var chanId = getQueryString("chan"), pageSize = 2;
$.ajax({ url: "/intertidwebapp/govChanInfo/getDocuments", data: { pageIndex: n, pageSize: pageSize, siteId: 1,
ChannelType: 1, KeyWord: "", chanId: chanId, order: 1 } });"""


def test_catalogue() -> None:
    listing = Trs().listing(page(CATALOGUE, f"{HOST}/gkml/index.shtml?chan=25", rows=""))
    (first,) = listing.more
    assert first.page == 1
    assert parse_qs(urlsplit(first.url).query) == {
        "siteId": ["1"], "ChannelType": ["1"], "chanId": ["25"], "order": ["1"], "pageIndex": ["1"], "pageSize": ["2"],
    }  # fmt: skip
    assert listing.alternatives[0][0].method == "POST"


def test_catalogue_without_channel() -> None:
    with pytest.raises(LayoutError):
        Trs().listing(page(CATALOGUE, f"{HOST}/gkml/index.shtml", rows=""))


def documents(*rows: dict[str, str], url: str, **counters: int) -> WebPage:
    return WebPage(url, json.dumps({"list": rows, **counters}), Fetch(url))


SERVICE = f"{HOST}/intertidwebapp/govChanInfo/getDocuments?siteId=1&pageIndex=1&pageSize=2&chanId=25"
TWO = tuple(
    {"title": f"岚河市<em>{n}</em>年报", "url": f"/a/t{n}.shtml", "openTime": f"{n + 1}-01-02"}
    for n in (2021, 2022)
)


def test_documents() -> None:
    listing = Trs().listing(documents(*TWO, url=SERVICE, total=5))
    assert [(e.url, e.title, e.published) for e in listing.entries] == [
        (f"{HOST}/a/t2021.shtml", "岚河市2021年报", "2022-01-02"),
        (f"{HOST}/a/t2022.shtml", "岚河市2022年报", "2023-01-02"),
    ]
    assert listing.declared == 5
    assert ["pageIndex=3" in fetch.url for fetch in listing.more] == [False, True]


def test_documents_without_total_go_on_after_a_full_page() -> None:
    assert [fetch.page for fetch in Trs().listing(documents(*TWO, url=SERVICE)).more] == [2]
    assert Trs().listing(documents(TWO[0], url=SERVICE)).more == ()
    assert Trs().listing(documents(url=SERVICE)).says_empty


def test_answers_that_are_none() -> None:
    for text in ('{"code": 500}', '{"list": 3}', "{oops"):
        with pytest.raises(LayoutError):
            Trs().listing(WebPage(SERVICE, text, Fetch(SERVICE)))


def test_rows_left_to_an_unknown_service_are_missing() -> None:
    listing = Trs().listing(page("pagebar: { prepage: 4, recordCount: '9' }"))
    assert (listing.declared, listing.pages, listing.more) == (9, 3, ())
    assert Trs().listing(page("pagebar: { prepage: 4, recordCount: '4' }")).declared == 4


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ('<script>createPageHTML(1, 0, "index", "html");</script>', COLUMN),
        ("<div class='TRS_Editor'>x</div>", COLUMN),
        ("", f"{COLUMN}202401/t20240102_33.html"),
        ('<a href="./202401/t20240102_33.html">x</a>', COLUMN),
        (f"<script>{CATALOGUE}</script>", f"{HOST}/fzlm/gkmlpt/zdgk/index.shtml?chan=25"),
    ],
)
def test_known_by(text: str, url: str) -> None:
    assert recognise(WebPage(url, f"<html><body>{text}</body></html>", Fetch(url))).name == "trs"


@pytest.mark.parametrize(
    ("file", "rows", "declared", "pages", "second"),
    [
        ("ndrc-list-trs.html", 25, None, 9, "index_1.html"),
        ("handan-list-table.html", 1, 6348, 56, "index_1.html"),
        ("excerpts/cq_jjxxw_list_trs_createPage.html", 2, None, 40, "index_1.html"),
        ("excerpts/cq_kjj_list_trs_createPage.html", 2, None, 34, "index_1.html"),
        ("pingtan-list-trs.html", 10, 20, 2, "classsql=chnlid%3D1813&prepage=10&page=2"),
    ],
)
def test_real_lists(file: str, rows: int, declared: int | None, pages: int, second: str) -> None:
    if not (REAL / file).exists():
        pytest.skip("real pages are not part of the project")
    found = WebPage(COLUMN, (REAL / file).read_text("utf-8"), Fetch(COLUMN))
    assert recognise(found).name == "trs"
    listing = Trs().listing(found)
    assert (len(listing.entries), listing.declared, listing.pages) == (rows, declared, pages)
    assert listing.more[0].url.endswith(second)
    assert len(listing.more) == pages - 1
