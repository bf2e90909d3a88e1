from __future__ import annotations

import pytest

from crawler.platforms import recognise
from crawler.platforms.shaanxi import Shaanxi
from crawler.webpage import Fetch, WebPage

HOST = "http://www.example.gov.cn"
FOLDER = "/zfxxgk/zfxxgknb/"
ROWS = "<div class='m-lst'><ul>" + "".join(
    f'<li><a href="{FOLDER}17525042105214033{n}.html">某县20{n}年政府信息公开工作年度报告</a><span>20{n + 1}-01-11</span></li>'
    for n in range(19, 24)
) + "</ul></div>"  # fmt: skip


def more(pager: str, number: int = 1) -> list[tuple[int, str]]:
    url = f"{HOST}{FOLDER}{number}.html"
    listing = Shaanxi().listing(
        WebPage(url, f"<html><body>{ROWS}{pager}</body></html>", Fetch(url, page=number))
    )
    assert len(listing.entries) == 5
    return [(fetch.page, fetch.url.removeprefix(HOST + FOLDER)) for fetch in listing.more]


@pytest.mark.parametrize(
    "pager",
    [
        "<script>var n = parseInt('3');</script>",
        "<script>var pageSize = parseInt('15'), totalPage=parseInt( \"3\" ), currentPage = parseInt('1');</script>",
        "<a href='2.html'>2</a><a href='3.html'>3</a>",
        "<p>共3页</p>",
    ],
)
def test_the_first_page_is_number_one(pager: str) -> None:
    assert more(pager) == [(2, "2.html"), (3, "3.html")]


def test_later_pages_count_on() -> None:
    assert more("<script>var total = parseInt('3');</script>", 2) == [(3, "3.html")]
    assert more("<script>var total = parseInt('3');</script>", 3) == []


@pytest.mark.parametrize("pager", ["", "<script>var a = parseInt('3'), b = parseInt('7');</script>"])
def test_what_is_not_said_is_not_guessed(pager: str) -> None:
    assert more(pager) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/zfxxgk/zfxxgknb/1.html", ""),
        ("/zfxxgk/zfxxgknb/szfnb/2023n/1752504210521403394.html", ""),
        ("/", '<a href="/zfxxgk/fdzdgknr/1.html">法定主动公开内容</a>'),
        ("/x.html", "<div class='m-txt-article'></div>"),
    ],
)
def test_its_pages_are_known(path: str, text: str) -> None:
    assert recognise(WebPage(HOST + path, text, Fetch(HOST + path))).name == "shaanxi"
