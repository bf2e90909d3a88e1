from __future__ import annotations

from pathlib import Path

import pytest

from crawler.platforms import platforms, recognise
from crawler.platforms.hebei_channel import HebeiChannel
from crawler.webpage import Fetch, WebPage

HOST = "http://www.example.gov.cn"
GO_PAGE = (
    "<a href='javascript:;' onclick='goPage(2)'>下一页</a>"
    "<script>function goPage(p) { location.href = '/list/list_bm.jsp?classId=311&page=' + p; }</script>"
)
REAL = Path(__file__).parents[2] / "shared" / "real" / "portal-pages"
OURS = ("hebei_channel", "hebei_columns", "jeecms", "siteserver", "fujian_cms")
TITLES = [f"某市某局{year}年政府信息公开工作年度报告" for year in range(2019, 2025)]


def page(path: str, body: str, number: int = 1) -> WebPage:
    url = HOST + path
    return WebPage(
        url, f"<html><head><title>年报</title></head><body>{body}</body></html>", Fetch(url, page=number)
    )


def rows(address: str = "/single/29/{}.html") -> str:
    items = "".join(
        f'<li><a href="{address.format(7000 + n)}">{title}</a><span>2025-01-{10 + n}</span></li>'
        for n, title in enumerate(TITLES)
    )
    return f'<div class="nav"><a href="/channel/list/5.html">要闻</a></div><ul class="list1-ul">{items}</ul>'


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/channel/list/29.html", ""),
        ("/channel/list/29_2.html", ""),
        ("/channelList/11051.html", ""),
        ("/channel/22731/index.html", ""),
        ("/single/29/71720.html", ""),
        ("/zfxxgk/channel/list/29.html", ""),
        ("/", '<a href="/channel/list/29.html">年报</a>'),
        ("/", "<a href='channel/list/29.html'>年报</a>"),
        ("/", '<script>$("#nav").load("/__sys_block__/nav.html")</script>'),
        ("/", '<a href="/list/list_bm.jsp?classId=311">部门</a>'),
    ],
)
def test_its_pages_are_known(path: str, body: str) -> None:
    assert recognise(page(path, body)).name == "hebei_channel"


def test_a_link_to_another_portal_of_the_family_is_no_sign() -> None:
    body = '<a href="http://www.qhd.gov.cn/channel/list/29.html">秦皇岛市</a>'
    assert HebeiChannel().strength(page("/", body)) == 0


@pytest.mark.parametrize(
    "address",
    [
        "/single/29/{}.html",
        "/content/blz/{}.html",
        "/content/10988/{}.html",
        "/content/{}.html",
        "../../single/29/{}.html",
    ],
)
def test_rows_of_every_form_of_detail(address: str) -> None:
    listing = HebeiChannel().listing(page("/channel/list/29.html", rows(address)))
    assert [entry.title for entry in listing.entries] == TITLES
    assert listing.entries[0].published == "2025-01-10"


@pytest.mark.parametrize(
    ("path", "pager", "second"),
    [
        (
            "/channel/list/29.html",
            '<ul class="pagination"><li><a href="/channel/list/29_2.html">下一页</a></li></ul>',
            "/channel/list/29_2.html",
        ),
        (
            "/channel/list/29.html",
            '<a href="?page=2">2</a><a href="?page=3">3</a>',
            "/channel/list/29.html?page=2",
        ),
        (
            "/channel/list/29.html",
            "<a onclick=\"location.href='29_2.html'\">下一页</a>",
            "/channel/list/29_2.html",
        ),
        (
            "/list/list_bm.jsp?classId=311",
            GO_PAGE,
            "/list/list_bm.jsp?classId=311&page=2",
        ),
    ],
)
def test_whatever_pager_there_is(path: str, pager: str, second: str) -> None:
    listing = HebeiChannel().listing(page(path, rows() + pager))
    assert listing.more[0] == Fetch(HOST + second, page=2)


def test_a_total_without_a_readable_pager_leaves_guesses() -> None:
    listing = HebeiChannel().listing(
        page("/channel/list/29.html", rows() + '<div class="page-inner">共 14 条</div>')
    )
    assert listing.declared == 14
    guessed = [fetches[0].url for fetches in (listing.more, *listing.alternatives)]
    assert f"{HOST}/channel/list/29_2.html" in guessed
    assert len(listing.more) == 2  # 14 rows, 6 on a page


def test_one_page_is_one_page() -> None:
    listing = HebeiChannel().listing(page("/channel/list/29.html", rows() + "<p>共 6 条 1/1 页</p>"))
    assert (listing.declared, listing.more, listing.alternatives) == (6, (), ())


def test_blocks_that_scripts_load_are_ways_on() -> None:
    body = (
        '<div id="a"></div><script>$("#a").load("/__sys_block__/xxgkMenu.html");\n'
        "$('#b').load('__sys_block__/nav.html', function () {});</script>"
        "<link href='/__sys_block__/css/style.css'>"
    )
    links = HebeiChannel().branches(page("/xxgk/index.jsp", body))
    assert [(link.url, link.text) for link in links] == [
        (f"{HOST}/__sys_block__/xxgkMenu.html", "政府信息公开"),
        (f"{HOST}/xxgk/__sys_block__/nav.html", "政务公开"),
    ]
    assert HebeiChannel().branches(page("/", "__sys_block__/" * 50_000)) == ()


@pytest.mark.skipif(not REAL.is_dir(), reason="the real pages are not here")
def test_pages_of_other_families_are_left_to_them() -> None:
    for file in [*REAL.glob("*.html"), *REAL.glob("templates/*.html")]:
        source = file.read_bytes().decode("utf-8", "replace")
        found = WebPage(f"{HOST}/{file.name}", source, Fetch(HOST))
        claims = {name: strength for name in OURS if (strength := platforms()[name].strength(found)) > 1}
        assert claims == {}, file.name
