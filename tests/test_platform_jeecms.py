from __future__ import annotations

import pytest

from crawler.platforms import recognise
from crawler.platforms.jeecms import Jeecms, page_url
from crawler.webpage import Fetch, WebPage

HOST = "http://www.example.gov.cn"
TITLES = [f"某县某局{year}年政府信息公开工作年度报告" for year in range(2019, 2024)]


def page(path: str, body: str, number: int = 1) -> WebPage:
    return WebPage(HOST + path, f"<html><body>{body}</body></html>", Fetch(HOST + path, page=number))


def rows(ending: str = "jhtml") -> str:
    items = "".join(
        f'<li><span>2025-01-1{n}</span><a href="/zfxxgknb/{50 + n}.{ending}" target="_blank">{title}</a></li>'
        for n, title in enumerate(TITLES)
    )
    return f"<ul>{items}</ul>"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/zfxxgknb/index.jhtml", ""),
        ("/zfxxgknb/index_2.jhtml", ""),
        ("/govinfo/list.jspx?channelId=118", ""),
        ("/", '<a href="/zfxxgknb/index.jhtml">年报</a>'),
        ("/", "<a href=zfxxgknb/index.jhtml>年报</a>"),
        ("/", '<script src="/r/cms/jquery.js"></script>'),
    ],
)
def test_its_pages_are_known(path: str, body: str) -> None:
    assert recognise(page(path, body)).name == "jeecms"


@pytest.mark.parametrize(
    "body",
    [
        '<form action="/igs/front/search.jhtml">',
        '<a href="http://www.other.gov.cn/xxgk/index.jhtml">友情链接</a>',
    ],
)
def test_what_other_families_have_too_is_no_sign(body: str) -> None:
    assert Jeecms().strength(page("/", body)) == 0


@pytest.mark.parametrize(
    "counter",
    [
        "共 13 条记录 1/3 页",
        "共13条记录&nbsp;1/3&nbsp;页 <a disabled>首页</a>",
        "<div>共 13 条记录\n1 / 3 页 <a onclick=\"location.href='index_2.jhtml';\">下一页</a></div>",
        "<span>共3页</span><select onchange='go(this.value)'><option>1</option><option>2</option></select>",
    ],
)
def test_addresses_follow_from_the_number_of_pages(counter: str) -> None:
    listing = Jeecms().listing(page("/zfxxgknb/index.jhtml", rows() + counter))
    assert [entry.title for entry in listing.entries] == TITLES
    assert listing.pages == 3
    assert [fetch.url for fetch in listing.more] == [f"{HOST}/zfxxgknb/index_{k}.jhtml" for k in (2, 3)]


def test_a_later_page_leads_to_the_same_ones() -> None:
    listing = Jeecms().listing(page("/zfxxgknb/index_2.jhtml", rows() + "共 13 条记录 2/3 页", 2))
    assert [fetch.url for fetch in listing.more] == [f"{HOST}/zfxxgknb/index_{k}.jhtml" for k in (2, 3)]


@pytest.mark.parametrize(
    ("path", "second"),
    [
        ("/nb/index.jhtml", "/nb/index_2.jhtml"),
        ("/nb/", "/nb/index_2.jhtml"),
        ("/nb/index_3.jhtml", "/nb/index_2.jhtml"),
        ("/govinfo/list.jspx?channelId=118", "/govinfo/list.jspx?channelId=118&pageNo=2"),
        ("/govinfo/list.jspx?pageNo=1&channelId=118", "/govinfo/list.jspx?channelId=118&pageNo=2"),
    ],
)
def test_page_url(path: str, second: str) -> None:
    assert page_url(HOST + path, 2) == HOST + second


@pytest.mark.parametrize(
    ("pager", "last"),
    [
        ("<a onclick=\"location.href='index_2.jhtml'\">下一页</a>", 2),
        (
            '<select onchange="go(this)"><option value="index.jhtml">1<option value="index_2.jhtml">2<option value="index_3.jhtml">3</select>',
            3,
        ),
        ('<a href="index_2.jhtml">下一页</a><a href="/nb/index_4.jhtml">尾页</a>', 4),
    ],
)
def test_without_a_count_the_pager_is_read(pager: str, last: int) -> None:
    listing = Jeecms().listing(page("/nb/index.jhtml", rows() + pager))
    assert [fetch.url for fetch in listing.more] == [f"{HOST}/nb/index_{k}.jhtml" for k in range(2, last + 1)]


def test_one_page_is_one_page() -> None:
    listing = Jeecms().listing(page("/nb/index.jhtml", rows() + "共 5 条记录 1/1 页"))
    assert (listing.declared, listing.more) == (5, ())


def test_no_rows_no_pages() -> None:
    listing = Jeecms().listing(page("/nb/index.jhtml", "<ul></ul>共 0 条记录 1/1 页"))
    assert (listing.entries, listing.more, listing.says_empty) == ((), (), True)
