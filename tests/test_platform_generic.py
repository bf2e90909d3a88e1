"""Pagers of every make, and what is tried where there is only evidence of more."""

from __future__ import annotations

import pytest

from crawler.platforms import recognise
from crawler.platforms.generic import Generic
from crawler.platforms.pagers import counted, pager, scripts
from crawler.webpage import Fetch, WebPage

HOST = "http://www.lanhe.gov.cn"
COLUMN = f"{HOST}/zwgk/nb/list.html"
ROWS = "".join(
    f'<li><a href="/zwgk/nb/{n}.html">岚河市水务局20{n}年政府信息公开工作年度报告</a></li>'
    for n in range(17, 20)
)


def page(body: str, url: str = COLUMN, number: int = 1) -> WebPage:
    return WebPage(url, f"<html><body><ul>{ROWS}</ul>{body}</body></html>", Fetch(url, page=number))


def asked(fetches: tuple[Fetch, ...]) -> list[str]:
    assert [fetch.page for fetch in fetches] == list(range(fetches[0].page, fetches[0].page + len(fetches)))
    return [fetch.url.removeprefix(HOST) for fetch in fetches]


@pytest.mark.parametrize(
    ("body", "pages", "more"),
    [
        (
            '<a href="list_2.html">2</a><a href="list_2.html">下一页</a><a href="list_4.html">尾页</a>',
            4,
            ["/zwgk/nb/list_2.html", "/zwgk/nb/list_3.html", "/zwgk/nb/list_4.html"],
        ),
        ('<a href="list_1.html">2</a> <a href="list_2.html">3</a>', None, ["/zwgk/nb/list_1.html", "/zwgk/nb/list_2.html"]),
        ('<a href="list_1.html">下页</a> 共3页', 3, ["/zwgk/nb/list_1.html", "/zwgk/nb/list_2.html"]),
        ("<A HREF='9.htm'>[2]</A><a href='8.htm'>[3]</a> 共4页", 4, ["/zwgk/nb/9.htm", "/zwgk/nb/8.htm", "/zwgk/nb/7.htm"]),
        ('<a href="2.htm">下页</a><a href="1.htm">尾页</a>', None, ["/zwgk/nb/2.htm"]),
        ('<a href="2.htm">下页</a><a href="1.htm">尾页</a>1/3', 3, ["/zwgk/nb/2.htm", "/zwgk/nb/1.htm"]),
        (
            '<a href="?c=2&amp;start=15">2</a><a href="?c=2&amp;start=30">3</a>',
            None,
            ["/zwgk/nb/list.html?c=2&start=15", "/zwgk/nb/list.html?c=2&start=30"],
        ),
        (
            '<select onchange="location=this.value"><option value="list.html">1<option value="list_2.html">2</select>',
            None,
            ["/zwgk/nb/list_2.html"],
        ),
        (
            ('<a onclick="go(this,\'/eportal/ui?pageId=12&currentPage=2&moduleId=ab1\')">下页</a>'
            '<a onclick="go(this,\'/eportal/ui?pageId=12&currentPage=3&moduleId=ab1\')">尾页</a>'),
            3,
            [f"/eportal/ui?pageId=12&currentPage={n}&moduleId=ab1" for n in (2, 3)],
        ),
        ('<a tagname="/zwgk/nb/8a7b-2.html" onclick="q()">下页</a>', None, ["/zwgk/nb/8a7b-2.html"]),
        ('<button onclick="location.href=\'?p=2\'">下一页</button>', None, ["/zwgk/nb/list.html?p=2"]),
        (
            '<a href="javascript:goPage(2)">下一页</a>共3页<script>function goPage(n){location.href="list_"+n+".html";}</script>',
            3,
            ["/zwgk/nb/list_2.html", "/zwgk/nb/list_3.html"],
        ),
        (
            '<a href="javascript:to(1)">2</a><script>var to = function(i){ location.href = "/x?no=" + i; }</script>',
            None,
            ["/x?no=1"],
        ),
        ('<a href="/list/12-2.html">2</a><a href="/list/12-3.html">3</a>', None, ["/list/12-2.html", "/list/12-3.html"]),
        ('<a href="2023/">2023</a><a href="2022/">2022</a>', None, None),
        ('<a href="list.html">下一页</a>', None, None),
        ('<a href="?page=1">上一页</a><a href="?page=1">下一页</a><a href="?page=1">尾页</a>', None, None),
        ('<a href="javascript:void(0);" onclick="return false;">下一页</a>', None, None),
        ('<a class="more" href="javascript:;" data-url="more_2.html">加载更多</a>', None, ["/zwgk/nb/more_2.html"]),
        ('<div class="load" data-url="more_2.html">点击加载更多</div>', None, ["/zwgk/nb/more_2.html"]),
        ('<a href="/zwgk/">查看更多</a>', None, None),
    ],
)  # fmt: skip
def test_pagers(body: str, pages: int | None, more: list[str] | None) -> None:
    found = pager(page(body))
    assert found.pages == pages
    assert (asked(found.more) if found.more else None) == more


def test_pages_left_for_search_engines() -> None:
    hidden = "".join(f'<a href="index_26_{n}.html"></a>' for n in (1, 2, 3))
    found = pager(page(f"<div style='display:none'>{hidden}</div>"))
    assert found.pages == 4
    assert asked(found.more) == [f"/zwgk/nb/index_26_{n}.html" for n in (1, 2, 3)]


@pytest.mark.parametrize(
    "links",
    [
        '<a href="index_26_1.html"></a><a href="index_26_3.html"></a>',
        '<a href="/other/index_1.html"></a>',
        '<a href="index_1.html"><img src="a.png"></a>',
    ],
)
def test_other_links_that_say_nothing(links: str) -> None:
    assert pager(page(links)).more == ()


def test_form_of_a_pager() -> None:
    form = (
        '<form name="f" action="/s.do" method="POST"><input type="hidden" name="cid" value="31">'
        '<input type="hidden" name="pageNo" value="1"><input type="submit" value="x"></form>'
        '<a href="#" onclick="return turn(2);">2</a><script>// function turn(n){location.href="/old?p="+n;}\n'
        "function turn(n){ document.f.pageNo.value = n; document.f.submit(); }</script>"
    )
    assert pager(page(form)).more == (
        Fetch(f"{HOST}/s.do", "POST", (("cid", "31"), ("pageNo", "2")), page=2),
    )


def test_post_back() -> None:
    form = (
        '<form method="post" action="l.aspx?c=1"><input type="hidden" name="__VIEWSTATE" value="abc">'
        "<a href=\"javascript:__doPostBack('Pager1','2')\">2</a>共3页</form>"
    )
    second, third = pager(page(form)).more
    assert third.url == f"{HOST}/zwgk/nb/l.aspx?c=1"
    assert dict(second.form) == {"__VIEWSTATE": "abc", "__EVENTTARGET": "Pager1", "__EVENTARGUMENT": "2"}
    assert dict(third.form)["__EVENTARGUMENT"] == "3"


def test_scripts_without_what_is_commented_out() -> None:
    text = "<script>/* total: 9 */ var a = 'http://x/'; // total: 8\n<!--\nvar totalCount = 7, pageCount=2;</script>"
    assert counted(page(text + "<!-- <script>totalCount=6</script> -->")) == (7, 2)
    assert "http://x/" in scripts(page(text))


def test_what_is_loaded_becomes_part_of_the_page() -> None:
    (second,) = pager(page('<a href="#" data-url="/data/2.html">加载更多</a>')).more
    assert second.base == COLUMN


@pytest.mark.parametrize(
    ("link", "rows", "goes_on"),
    [
        ('<a href="javascript:;" id="next">下一页</a>', 5, True),
        ('<a href="javascript:void(0)" class="next">下一页</a>', 10, True),
        ('<button class="load">加载更多</button>', 15, True),
        ('<a href="javascript:;" id="next">下一页</a>', 7, False),  # no page is that long
        ('<a href="#">下一页</a>', 10, False),  # no script could know it
        ('<a href="javascript:;" class="next disabled">下一页</a>', 10, False),
        ('<span class="next">下一页</span>', 10, False),
    ],
)
def test_a_next_page_that_only_a_script_elsewhere_knows(link: str, rows: int, goes_on: bool) -> None:  # noqa: FBT001
    lines = "".join(
        f'<li><a href="{n}.html">岚河市水务局20{n}年政府信息公开工作年度报告</a></li>'
        for n in range(10, 10 + rows)
    )
    listing = Generic().listing(WebPage(COLUMN, f"<ul>{lines}</ul>{link}", Fetch(COLUMN)))
    assert len(listing.entries) == rows
    assert [fetch.page for fetch in listing.more] == ([2] if goes_on else [])


@pytest.mark.parametrize(
    "script",
    [
        "laypage.render({elem: 'p', count: 8, limit: 3, jump: function(o){ location.href = '?page=' + o.curr; }})",
        "$('#p').pagination(8, {items_per_page: 3, callback: function(i){ location.href = '?page=' + i; }})",
        "new Pagination({total: 8, pageSize: 3, url: '?page={page}'})",
        "var o = {page: {count: 8, limit: 3}}; function go(n){ location.href = '?page=' + n; }",
    ],
)
def test_totals_handed_to_a_pager_of_others(script: str) -> None:
    listing = Generic().listing(page(f"<script>{script}</script>"))
    assert listing.declared == 8
    assert asked(listing.more) == [f"/zwgk/nb/list.html?page={n}" for n in (2, 3)]


def test_a_page_leads_on_by_whole_addresses_and_only_without_rows() -> None:
    script = "<script>if (x) location.href = 'list_' + n + '.html'; else location.href = '/pc/';</script>"
    bare = WebPage(COLUMN, script, Fetch(COLUMN))
    assert [link.url for link in Generic().branches(bare)] == [f"{HOST}/pc/"]
    assert Generic().branches(page(script)) == ()


@pytest.mark.parametrize(
    ("around", "frames", "led"), [("", 2, 2), ('<a href="/">首页</a>', 1, 1), ('<a href="/">首页</a>', 2, 0)]
)
def test_a_page_leads_into_its_frames(around: str, frames: int, led: int) -> None:
    framed = "".join(f"<iframe src='{n}.html'></iframe>" for n in range(frames))
    assert len(Generic().branches(WebPage(COLUMN, around + framed, Fetch(COLUMN)))) == led


def test_no_evidence_no_guess() -> None:
    listing = Generic().listing(page(""))
    assert (len(listing.entries), listing.declared, listing.more, listing.alternatives) == (3, None, (), ())


def test_total_above_the_rows_is_evidence() -> None:
    listing = Generic().listing(page("共 8 条"))
    assert listing.declared == 8
    assert asked(listing.more) == ["/zwgk/nb/list_2.html", "/zwgk/nb/list_3.html"]
    assert asked(listing.alternatives[0]) == ["/zwgk/nb/list_1.html", "/zwgk/nb/list_2.html"]
    assert asked(listing.alternatives[1])[0] == "/zwgk/nb/list.html?page=2"


@pytest.mark.parametrize(
    ("url", "first"),
    [
        (f"{HOST}/zwgk/nb/", "/zwgk/nb/index_1.html"),
        (f"{HOST}/gk/zfxxgknb", "/gk/zfxxgknb_2"),
        (f"{HOST}/l.asp?cid=3&page=1", "/l.asp?cid=3&page=2"),
        (f"{HOST}/list-12-1.html", "/list-12-2.html"),
    ],
)
def test_forms_that_are_tried(url: str, first: str) -> None:
    assert asked(Generic().listing(page("共 6 条", url)).more) == [first]


def test_later_pages_guess_nothing() -> None:
    assert Generic().listing(page("共 8 条", number=2)).more == ()


def test_script_of_a_pager_library() -> None:
    script = "<script>laypage({cont: 'p', pages: 3, jump: function(o){ location.href = '/nb?page=' + o.curr; }});</script>"
    listing = Generic().listing(page(script))
    assert (listing.pages, asked(listing.more)) == (3, ["/nb?page=2", "/nb?page=3"])


def test_total_below_the_rows_is_none() -> None:
    assert Generic().listing(page("共 2 条")).declared is None


def test_empty() -> None:
    empty = WebPage(COLUMN, "<html><body><p>暂无数据</p></body></html>", Fetch(COLUMN))
    assert Generic().listing(empty).says_empty
    assert not Generic().listing(page("<p>暂无数据</p>")).says_empty


def test_nobody_else_claims_it() -> None:
    assert recognise(page("")).name == "generic"


def data(text: str, url: str = f"{HOST}/api/list?pageNo=1&size=2", number: int = 1) -> WebPage:
    return WebPage(url, text, Fetch(url, page=number))


ROW = '{"title": "水务局<em>2024</em>年报告", "linkUrl": "/nb/%d.html", "publishDate": "2025-01-20", "%s": 1}'


def test_rows_that_come_as_data() -> None:
    rows = f"[{ROW % (1, 'a')}, {ROW % (2, 'b')}]"
    listing = Generic().listing(data(f'cb({{"code": 0, "data": {{"totalCount": "5", "list": {rows}}}}});'))
    assert [(entry.url, entry.published) for entry in listing.entries] == [
        (f"{HOST}/nb/1.html", "2025-01-20"),
        (f"{HOST}/nb/2.html", "2025-01-20"),
    ]
    assert listing.entries[0].title == "水务局2024年报告"
    assert (listing.declared, listing.pages) == (5, 3)
    assert asked(listing.more) == ["/api/list?pageNo=2&size=2", "/api/list?pageNo=3&size=2"]


def test_data_of_a_later_page_and_without_rows() -> None:
    assert Generic().listing(data(f'{{"total": 5, "rows": [{ROW % (3, "a")}]}}', number=2)).more == ()
    assert Generic().listing(data('{"total": 0, "rows": []}')).entries == ()
    assert Generic().listing(data('{"rows": [{"title": "无地址"}]}')).entries == ()
    assert Generic().listing(data("[" * 100_000)).entries == ()
