"""广东: the tree of a shell, the rows of its interface, and static lists beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crawler.platforms import recognise
from crawler.platforms.base import LayoutError
from crawler.platforms.gkmlpt import Gkmlpt
from crawler.webpage import Fetch, WebPage
from pipelines.blocks import Table
from pipelines.cleaning import clean
from pipelines.document import Document

REAL = Path(__file__).parents[1].parent / "shared" / "real" / "portal-pages"
HOME = "http://www.a.gov.cn"
API = f"{HOME}/swj/gkmlpt/api/all/13?page=1&sid=769001"
TREE = [
    {"id": 1, "name": "机构职能", "jump_url": "", "children": []},
    {
        "id": 2,
        "name": "公开年报",
        "children": [
            {"id": 13, "name": "政府信息公开年报", "children": [{"id": 14, "name": "2024年"}]},
            {"id": 15, "name": "商务局年报", "jump_url": "/sw/nb/index.html"},
        ],
    },
]


def page(text: str, url: str, number: int = 1) -> WebPage:
    return WebPage(url, text, Fetch(url, page=number))


def shell(tree: str, sid: str = "'769001'") -> WebPage:
    config = (
        f"window._CONFIG = {{ SID: {sid}, // 'x'\n TREE: {tree}, SERVICE_AREA_ID: '', f: function(){{}} }};"
    )
    return page(
        f"<html><script>{config}</script><div id=app></div></html>", f"{HOME}/swj/gkmlpt/annualreport"
    )


def answer(count: int, posts: object, number: int = 1, **more: object) -> WebPage:
    rows = [{"id": n, "title": f"某局{n}", "url": f"{HOME}/p{n}", "date": 1737331200} for n in range(count)]
    data = {"classify": {"post_count": posts}, "articles": rows, **more}
    return page(json.dumps(data), API.replace("page=1", f"page={number}"), number)


@pytest.mark.parametrize(
    "tree",
    [
        json.dumps(TREE),
        json.dumps(TREE, ensure_ascii=False, indent=2),
        json.dumps(TREE, ensure_ascii=False).replace('"id"', "id").replace('"', "'").replace("]}]", "],},]"),
    ],
)
@pytest.mark.parametrize("sid", ["'769001'", '"769001"', "769001"])
def test_nodes_are_columns_at_the_address_of_their_data(tree: str, sid: str) -> None:
    links = Gkmlpt().branches(shell(tree, sid))
    api = f"{HOME}/swj/gkmlpt/api/all"
    assert [(link.text, link.url) for link in links] == [
        ("机构职能", f"{api}/1?page=1&sid=769001"),
        ("公开年报", f"{api}/2?page=1&sid=769001"),
        ("政府信息公开年报", f"{api}/13?page=1&sid=769001"),
        ("政府信息公开年报", f"{api}/14?page=1&sid=769001"),  # a bare year takes the name of its column
        ("商务局年报", f"{HOME}/sw/nb/index.html"),
    ]
    assert Gkmlpt().listing(shell(tree, sid)).branches == tuple(links)


def test_a_shell_without_tree_or_number_is_told() -> None:
    with pytest.raises(LayoutError):
        Gkmlpt().listing(shell("tree"))
    with pytest.raises(LayoutError):
        Gkmlpt().listing(shell(json.dumps(TREE), "sid"))
    assert Gkmlpt().branches(shell("tree")) == ()


def test_pages_follow_from_the_declared_count() -> None:
    listing = Gkmlpt().listing(answer(100, 203))
    assert (listing.declared, listing.pages) == (203, 3)
    assert [fetch.url for fetch in listing.more] == [API.replace("page=1", f"page={k}") for k in (2, 3)]
    assert Gkmlpt().listing(answer(100, 203, number=2)).more == ()
    assert Gkmlpt().listing(answer(7, "7")).more == ()


def test_total_counts_what_the_list_shows() -> None:
    assert Gkmlpt().listing(answer(5, 203, total=5)).declared == 5


def test_no_count_is_no_list() -> None:
    with pytest.raises(LayoutError):
        Gkmlpt().listing(answer(5, None))
    with pytest.raises(LayoutError):
        Gkmlpt().listing(page("{}", API))
    assert Gkmlpt().listing(answer(0, 0)).says_empty


@pytest.mark.parametrize(
    ("row", "url", "date"),
    [
        ({"url": "/a.html", "post_url": "/b.html", "date": 1737331200}, f"{HOME}/a.html", "2025-01-20"),
        ({"jump_url": "http://b.gov.cn/x", "url": "/a.html"}, "http://b.gov.cn/x", None),
        ({"jump_url": "", "url": "", "post_url": "//b.gov.cn/x"}, "http://b.gov.cn/x", None),
        ({"url": "/a.html", "display_publish_time": "1737388800", "date": 1}, f"{HOME}/a.html", "2025-01-21"),
        (
            {"url": "/a.html", "date": 0, "created_at": "2025-01-20 08:00"},
            f"{HOME}/a.html",
            "2025-01-20 08:00",
        ),
    ],
)
def test_rows(row: dict[str, object], url: str, date: str | None) -> None:
    data = {"total": 1, "articles": [{"title": "<b>甲</b>", "identifier": "X/1", "publisher": "某局", **row}]}
    (entry,) = Gkmlpt().listing(page(json.dumps(data), API)).entries
    assert (entry.title, entry.url, entry.published) == ("甲", url, date)
    assert entry.metadata == (("索引号", "X/1"), ("发布机构", "某局"))


STATIC = """<script>window.NFCMS_SITE_ID=1;</script><ul class="news">
<li><a href="./content/post_101.html">甲局2024年政府信息公开工作年度报告</a><span>2025-01-20</span></li>
<li><a href="./content/mpost_102.html">乙局2024年政府信息公开工作年度报告</a><span>2025-01-21</span></li></ul>%s"""


@pytest.mark.parametrize("address", ["/zwgk/nb/", "/zwgk/nb/index.html"])
@pytest.mark.parametrize("last", [f"{HOME}/zwgk/nb/index_3.html", "index_3.html", "/zwgk/nb/index_3.html"])
def test_static_lists_count_from_one(address: str, last: str) -> None:
    pager = f'<a href="index_2.html">2</a><a href="{last}">尾页</a><a href="/hdjl/index_9.html">9</a>'
    listing = Gkmlpt().listing(page(STATIC % pager, HOME + address))
    assert [fetch.url for fetch in listing.more] == [f"{HOME}/zwgk/nb/index_{k}.html" for k in (2, 3)]
    assert [entry.url[-13:] for entry in listing.entries] == ["post_101.html", "post_102.html"]
    later = Gkmlpt().listing(page(STATIC % pager, f"{HOME}/zwgk/nb/index_2.html", 2))
    assert [fetch.page for fetch in later.more] == [3]


def test_a_static_list_without_pager_has_one_page() -> None:
    listing = Gkmlpt().listing(page(STATIC % "", f"{HOME}/zwgk/nb/"))
    assert (len(listing.entries), listing.more) == (2, ())


def test_known_by_its_marks() -> None:
    assert recognise(shell("[]")).name == "gkmlpt"
    assert recognise(page(STATIC % "", HOME + "/")).name == "gkmlpt"
    assert recognise(page('<a href="/gkmlpt/index">政府信息公开</a>', HOME + "/")).name == "gkmlpt"


@pytest.mark.skipif(not REAL.is_dir(), reason="real pages are not here")
def test_real_answer_and_real_document() -> None:
    text = (REAL / "excerpts" / "zhaoqing_gkmlpt_api_all_21023.json").read_text("utf-8")
    listing = Gkmlpt().listing(page(text, API))
    assert listing.declared == 203
    assert listing.entries[0].published == "2026-07-07"
    assert dict(listing.entries[0].metadata)["索引号"] == "11441200MB2C91453G/2026-00271"
    file = next((REAL / "templates").glob("clone-guangzhou-nfcms*"))
    assert recognise(page(file.read_text("utf-8"), f"{HOME}/x.html")).name == "gkmlpt"


@pytest.mark.parametrize("before", ["SID: '769001', NAME: '', ", "it: \"don't\", url: '/x', ", ""])
@pytest.mark.parametrize("labels", ["", "<table><tr><td>索引号:</td><td>X/2025-1</td></tr></table>"])
def test_the_body_of_a_document_is_read_from_its_data(before: str, labels: str) -> None:
    body = "<p>前言</p><table><tr><td>本年新收政府信息公开申请数量</td>" + "<td>3</td>" * 30 + "</tr></table>"
    detail = json.dumps({"title": "甲", "content": body}).replace("<", "\\u003C")
    text = f"<html><body>{labels}<script>window._CONFIG = {{{before}DETAIL: {detail}, TREE: []}};</script></body></html>"
    cleaned = clean(Document(url=f"{HOME}/gkmlpt/content/3/3251/post_3251000.html", body=text.encode()))
    tables = [block for block in cleaned.blocks if isinstance(block, Table)]
    assert tables[-1].rows[0][0].text == "本年新收政府信息公开申请数量"
    assert len(tables) == 1 + bool(labels)
    assert [table.index for table in tables] == list(range(1, len(tables) + 1))
