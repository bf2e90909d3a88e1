from __future__ import annotations

import pytest

from crawler.platforms import recognise
from crawler.platforms.fujian_cms import FujianCms
from crawler.webpage import Fetch, WebPage

HOST = "http://www.example.gov.cn"
COLUMN = "/cms/html/flxrmzf/zfxxgknb/index.html"
SITE = "60421366101740001"
ON_DEMAND = f"{HOST}/cms/sitemanage/index.shtml?siteId={SITE}"
TITLES = [f"某县某局{year}年政府信息公开工作年度报告" for year in range(2019, 2024)]


def page(path: str, body: str, number: int = 1, head: str = "") -> WebPage:
    source = f"<html><head>{head}</head><body>{body}</body></html>"
    return WebPage(HOST + path, source, Fetch(HOST + path, page=number))


def rows(address: str = "/cms/html/flxrmzf/2025-01-1{0}/19273150{0}.html") -> str:
    items = "".join(
        f'<LI><A href="{address.format(n)}" title="{title}">{title}</A><SPAN>2025-01-1{n}</SPAN></LI>'
        for n, title in enumerate(TITLES)
    )
    return f'<UL id="resources">{items}</UL>'


META = f'<meta name="siteIdMeta" content="{SITE}">'


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (COLUMN, ""),
        ("/cms/infopublic/publicInfo.shtml?id=1&siteId=2", ""),
        ("/cms/sitemanage/index.shtml?siteId=2&page=3", ""),
        ("/", '<a href="/cms/html/flxrmzf/index.html">首页</a>'),
        ("/", '<script src="/cms/sitemanage/js.shtml"></script>'),
        ("/", META),
    ],
)
def test_its_pages_are_known(path: str, body: str) -> None:
    assert recognise(page(path, body)).name == "fujian_cms"


def test_a_link_to_another_portal_of_the_family_is_no_sign() -> None:
    body = '<a href="http://www.zhangpu.gov.cn/cms/html/zpxrmzf/index.html">漳浦县</a>'
    assert FujianCms().strength(page("/", body)) == 0


@pytest.mark.parametrize(
    "address",
    [
        "/cms/html/flxrmzf/2025-01-1{0}/19273150{0}.html",
        "/cms/infopublic/publicInfo.shtml?id=2068{0}&siteId=20",
        "/cms/siteresource/article.shtml?id=8305{0}&siteId=60",
    ],
)
def test_rows_of_every_form_of_detail(address: str) -> None:
    listing = FujianCms().listing(page(COLUMN, rows(address)))
    assert [entry.title for entry in listing.entries] == TITLES
    assert listing.entries[0].published == "2025-01-10"


@pytest.mark.parametrize(
    ("pager", "head"),
    [
        (f'<a href="/cms/sitemanage/index.shtml?siteId={SITE}&amp;page=2">下一页</a> 共3页', ""),
        (f'<a href="../../../sitemanage/index.shtml?page=3&siteId={SITE}">尾页</a>', ""),
        ("共3页 <a href='javascript:gotoPage(2)'>下一页</a>", META),
        ("<p>第 1/3 页</p>", META),
    ],
)
def test_later_pages_are_made_on_demand(pager: str, head: str) -> None:
    listing = FujianCms().listing(page(COLUMN, rows() + pager, head=head))
    assert [fetch.url for fetch in listing.more] == [f"{ON_DEMAND}&page={k}" for k in (2, 3)]


def test_a_mounted_portal_keeps_its_mount() -> None:
    listing = FujianCms().listing(page(f"/xxgk{COLUMN}", rows() + "共2页", head=META))
    assert listing.more[0].url == f"{HOST}/xxgk/cms/sitemanage/index.shtml?siteId={SITE}&page=2"


def test_a_directory_is_paged_by_its_own_address() -> None:
    pager = "".join(f'<a href="?directoryId=77&siteId=5&page={k}">{k}</a>' for k in (1, 2, 4))
    listing = FujianCms().listing(
        page("/cms/infopublic/articleDirectory.shtml?directoryId=77&siteId=5", rows() + pager)
    )
    address = f"{HOST}/cms/infopublic/articleDirectory.shtml?directoryId=77&siteId=5"
    assert [fetch.url for fetch in listing.more] == [f"{address}&page={k}" for k in (2, 3, 4)]


def test_a_query_is_its_form_sent_with_another_number() -> None:
    form = (
        '<form method="post" action="publicInfoQuery.shtml"><input type=hidden name=siteId value=5>'
        '<input type="hidden" name="requestCode" value="ab12"><input type="hidden" name="pageNo" value="1">'
        '<select name="searchMode"><option>全文</option><option value="标题" selected>标题</option></select>'
        '<input type="submit" name="go" value="查询"></form>'
    )
    listing = FujianCms().listing(page("/cms/infopublic/publicInfoQuery.shtml", form + rows() + "共 3 页"))
    sent = dict(listing.more[1].form)
    assert (listing.more[1].method, listing.more[1].page) == ("POST", 3)
    assert listing.more[1].url == f"{HOST}/cms/infopublic/publicInfoQuery.shtml"
    assert sent == {"siteId": "5", "requestCode": "ab12", "pageNo": "3", "searchMode": "标题"}


def test_one_page_is_one_page() -> None:
    listing = FujianCms().listing(page(COLUMN, rows() + "共 1 页", head=META))
    assert (listing.more, listing.alternatives) == ((), ())


def test_a_huge_number_of_pages_is_not_believed() -> None:
    listing = FujianCms().listing(page(COLUMN, rows() + f'<a href="{ON_DEMAND}&page=99999999">尾页</a>'))
    assert len(listing.more) <= 2000
