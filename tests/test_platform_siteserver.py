from __future__ import annotations

import pytest

from crawler.platforms import recognise
from crawler.platforms.siteserver import SiteServer
from crawler.webpage import Fetch, WebPage

HOST = "http://www.example.gov.cn"
TITLES = [f"某市某局{year}年政府信息公开工作年度报告" for year in range(2019, 2024)]


def page(path: str, body: str, number: int = 1) -> WebPage:
    return WebPage(HOST + path, f"<html><body>{body}</body></html>", Fetch(HOST + path, page=number))


def rows(ending: str = "html") -> str:
    lines = "".join(
        f'<tr><td>{n}</td><td><a href="../contents/62030/{428 + n}.{ending}">{title}</a></td><td>2025-01-1{n}</td></tr>'
        for n, title in enumerate(TITLES)
    )
    return f"<table>{lines}</table>"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/channels/62030.html", ""),
        ("/Channels/62030_2.shtml", ""),
        ("/contents/62030/428497.html", ""),
        ("/zwgk/channels/854.aspx", ""),
        ("/", '<a href="/channels/62030.html">年报</a>'),
        ("/", '<script src="/SiteFiles/bairong/jquery.js"></script>'),
    ],
)
def test_its_pages_are_known(path: str, body: str) -> None:
    assert recognise(page(path, body)).name == "siteserver"


def test_a_link_to_another_portal_of_the_family_is_no_sign() -> None:
    body = '<a href="http://www.xinhuaqu.gov.cn/channels/62030.html">新华区</a>'
    assert SiteServer().strength(page("/", body)) == 0


@pytest.mark.parametrize("ending", ["html", "shtml", "aspx"])
def test_addresses_follow_from_the_number_of_pages(ending: str) -> None:
    body = (
        rows(ending)
        + "<div>共<b>13</b>条 第<b>1</b>页/共<b>3</b>页 <a href='javascript:void(0)'>下一页</a></div>"
    )
    listing = SiteServer().listing(page(f"/channels/62030.{ending}", body))
    assert [entry.title for entry in listing.entries] == TITLES
    assert listing.entries[0].url == f"{HOST}/contents/62030/428.{ending}"
    assert [fetch.url for fetch in listing.more] == [f"{HOST}/channels/62030_{k}.{ending}" for k in (2, 3)]


def test_a_later_page_leads_to_the_same_ones() -> None:
    listing = SiteServer().listing(page("/channels/62030_2.html", rows() + "第2/3页", 2))
    assert [fetch.url for fetch in listing.more] == [f"{HOST}/channels/62030_{k}.html" for k in (2, 3)]


def test_what_the_pager_says_is_the_second_reading() -> None:
    pager = '<a href="/sitefiles/dynamic.aspx?channelId=62030&page=2">2</a>'
    listing = SiteServer().listing(page("/channels/62030.html", rows() + "共2页" + pager))
    assert listing.more[0].url == f"{HOST}/channels/62030_2.html"
    assert listing.alternatives[0][0].url.endswith("channelId=62030&page=2")


def test_without_a_count_the_pager_is_read() -> None:
    listing = SiteServer().listing(page("/channels/62030.html", rows() + '<a href="62030_2.html">下一页</a>'))
    assert listing.more == (Fetch(f"{HOST}/channels/62030_2.html", page=2),)


def test_one_page_is_one_page() -> None:
    listing = SiteServer().listing(page("/channels/62030.html", rows()))
    assert (listing.more, listing.alternatives) == ((), ())
