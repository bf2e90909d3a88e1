from __future__ import annotations

import pytest

from crawler.platforms import recognise
from crawler.platforms.openness import Openness
from crawler.webpage import Fetch, WebPage

HOST = "http://www.example.gov.cn"
LIST = "/OpennessContent/showList/1/2109/page_"
ROWS = "<ul>" + "".join(
    f'<li><a href="/XxgkAnnualReport/show/57{n}.html">某市20{n}年政府信息公开工作年度报告</a><span>20{n + 1}-01-11</span></li>'
    for n in range(19, 24)
) + "</ul>"  # fmt: skip


def more(path: str, pager: str, number: int = 1) -> list[tuple[int, str]]:
    url = HOST + path
    listing = Openness().listing(
        WebPage(url, f"<html><body>{ROWS}{pager}</body></html>", Fetch(url, page=number))
    )
    assert len(listing.entries) == 5
    return [(fetch.page, fetch.url.removeprefix(HOST)) for fetch in listing.more]


@pytest.mark.parametrize(
    "pager",
    [
        f'<a href="{LIST}2.html">2</a><a href="{LIST}3.html">3</a><a href="{LIST}4.html">尾页</a>',
        "<p>共 4 页</p>",
        "<p>第1/4页</p><a href='javascript:;'>下一页</a>",
    ],
)
def test_pages_differ_in_the_number_in_the_path(pager: str) -> None:
    assert more(f"{LIST}1.html", pager) == [(k, f"{LIST}{k}.html") for k in (2, 3, 4)]


def test_a_later_page_asks_only_for_those_behind_it() -> None:
    pager = f'<a href="{LIST}1.html">首页</a><a href="{LIST}3.html">3</a>'
    assert more(f"{LIST}2.html", pager, 2) == [(3, f"{LIST}3.html")]


def test_the_first_page_may_have_no_number() -> None:
    assert more("/OpennessContent/showList/1/2109", f'<a href="{LIST}2.html">2</a>') == [(2, f"{LIST}2.html")]


def test_another_list_is_another_list() -> None:
    assert more(f"{LIST}1.html", '<a href="/OpennessContent/showList/1/21/page_7.html">更多</a>') == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (f"{LIST}1.html", ""),
        ("/XxgkAnnualReport/show/5712.html", ""),
        ("/News/showList/9/page_1.html", ""),
        ("/BranchOpennessContent/showList/10395/0/page_1.html", ""),
        ("/", '<a href="/XxgkContent/showList/174/105276/page_1.html">年报</a>'),
    ],
)
def test_its_pages_are_known(path: str, text: str) -> None:
    assert recognise(WebPage(HOST + path, text, Fetch(HOST + path))).name == "openness"
