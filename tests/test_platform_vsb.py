from __future__ import annotations

import pytest

from crawler.platforms import recognise
from crawler.platforms.vsb import Vsb
from crawler.webpage import Fetch, WebPage

HOST = "http://www.example.gov.cn"
FIRST = "/zwgk/nb.htm"
DYNAMIC = "/list.jsp?urltype=tree.TreeTempUrl&wbtreeid=1031"
ROWS = "<ul>" + "".join(
    f'<li id="line_u9_{n}"><a href="../info/1025/6{n}00.htm" title="某市20{n + 10}年政府信息公开工作年度报告">某市20{n + 10}年…</a>'
    f"<span>20{n + 11}-01-12</span></li>"
    for n in range(9, 14)
) + "</ul>"  # fmt: skip


def page(path: str, pager: str, number: int = 1) -> WebPage:
    url = HOST + path
    return WebPage(url, f"<html><body>{ROWS}<div>{pager}</div></body></html>", Fetch(url, page=number))


def more(path: str, pager: str, number: int = 1) -> list[tuple[int, str]]:
    return [(f.page, f.url.removeprefix(HOST)) for f in Vsb().listing(page(path, pager, number)).more]


def widget(following: str, final: str, words: str = "") -> str:
    return (
        f'<span class="p_t">{words}</span><span class="p_pages"><span class="p_first_d">首页</span>'
        f'<span class="p_next p_fun"><a href="{following}">下页</a></span><span class="p_last p_fun"><a href="{final}">尾页</a></span></span>'
    )


BACKWARDS = [(2, "/zwgk/nb/3.htm"), (3, "/zwgk/nb/2.htm"), (4, "/zwgk/nb/1.htm")]


@pytest.mark.parametrize(
    ("pager", "expected"),
    [
        (widget("nb/3.htm", "nb/1.htm"), BACKWARDS),
        (widget("nb/3.htm", "nb/1.htm", "共4页"), BACKWARDS),
        ('<a href="/zwgk/nb/3.htm">下一页 &gt;</a> <a href="nb/1.htm">末页</a>', BACKWARDS),
        ('共4页 <a href="nb/3.htm">下页</a>', BACKWARDS),  # no link to the last page: the count speaks
        ('<a href="nb/1.htm">下页</a><a href="nb/1.htm">尾页</a>', [(2, "/zwgk/nb/1.htm")]),
        (widget("nb/2.htm", "nb/4.htm", "共4页"), [(k, f"/zwgk/nb/{k}.htm") for k in (2, 3, 4)]),  # forwards
        (widget("nb/1.htm", "nb/3.htm", "共4页"), [(2, "/zwgk/nb/1.htm"), (3, "/zwgk/nb/2.htm"), (4, "/zwgk/nb/3.htm")]),
        (widget("nb/3.htm", "nb/1.htm", "共9页"), [(2, "/zwgk/nb/3.htm")]),  # the count contradicts: follow the links
        ('<a href="nb/3.htm">下页</a>', [(2, "/zwgk/nb/3.htm")]),  # nothing to check against
        ('<a href="nb/3.htm">2</a><a href="nb/2.htm">3</a>', [(2, "/zwgk/nb/3.htm")]),
        ('<a href="javascript:next()">下页</a>共4页', BACKWARDS),  # run by a script: as the family numbers them
        ('<a href="nb.htm">下页</a>', []),
        ("", []),
    ],
)  # fmt: skip
def test_a_static_list_runs_as_its_links_say(pager: str, expected: list[tuple[int, str]]) -> None:
    assert more(FIRST, pager) == expected


def test_a_later_static_page_asks_for_the_next_one_by_the_same_address() -> None:
    pager = '<a href="../nb.htm">首页</a><a href="2.htm">下页</a><a href="1.htm">尾页</a>'
    later = Vsb().listing(page("/zwgk/nb/3.htm", pager, 2))
    assert later.more == (Fetch(f"{HOST}/zwgk/nb/2.htm", page=3),)
    assert later.more[0] in Vsb().listing(page(FIRST, widget("nb/3.htm", "nb/1.htm"))).more


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?totalpage=3&PAGENUM={}&urltype=tree.TreeTempUrl&wbtreeid=1031", [2, 3]),
        ("?a43639t=4&a43639p={}&a43639c=10&urltype=tree.TreeTempUrl&wbtreeid=1031", [2, 3, 4]),
    ],
)
def test_a_dynamic_list_says_its_pages_in_every_address(query: str, expected: list[int]) -> None:
    pager = f"<td id=fanye128813>共12条&nbsp;&nbsp;<a href='{query.format(2)}' class=Next>下页</a></td>"
    assert more(DYNAMIC, pager) == [(at, f"/list.jsp{query.format(at)}") for at in expected]


def test_a_dynamic_list_run_by_a_script_is_asked_as_the_family_does() -> None:
    own = "urltype=tree.TreeTempUrl&wbtreeid=1031"
    assert more(DYNAMIC, "共2页") == [(2, f"/list.jsp?totalpage=2&PAGENUM=2&{own}")]


def test_a_dynamic_list_whose_last_page_is_another_is_followed_link_by_link() -> None:
    query = "?totalpage=30&PAGENUM={}&urltype=tree.TreeTempUrl&wbtreeid=1"
    pager = f"<a href='{query.format(2)}'>下页</a><a href='{query.format(3)}'>尾页</a>"
    assert [number for number, _ in more(DYNAMIC, pager)] == [2]


def test_a_total_that_nothing_leads_to_is_declared_and_tried() -> None:
    listing = Vsb().listing(page(FIRST, "<script>var totalCount = 12;</script>"))
    assert listing.declared == 12
    assert [fetch.page for fetch in listing.more] == [2, 3]


def test_rows_are_whole_titles_known_by_the_number_of_the_document() -> None:
    listing = Vsb().listing(page(FIRST, widget("nb/3.htm", "nb/1.htm", "共18条")))
    assert [entry.url.rpartition("/")[2] for entry in listing.entries] == [
        f"6{n}00.htm" for n in range(9, 14)
    ]
    assert listing.entries[0].title == "某市2019年政府信息公开工作年度报告"
    assert (listing.declared, listing.pages) == (18, 4)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/", '<SCRIPT SRC="/system/resource/js/counter.js"></SCRIPT>'),
        ("/", "<div id='vsb_content_501'></div>"),
        ("/", "<!--Announced by Visual SiteBuilder 9-->"),
        ("/", '<a href="list.jsp?urltype=tree.TreeTempUrl&amp;wbtreeid=1001">x</a>'),
        ("/info/1025/61695.htm", ""),
        (DYNAMIC, ""),
    ],
)
def test_its_pages_are_known(path: str, text: str) -> None:
    assert recognise(WebPage(HOST + path, text, Fetch(HOST + path))).name == "vsb"
