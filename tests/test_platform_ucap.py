"""Ucap: three ways to page, none mixed up with the other or with TRS."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crawler.platforms import recognise
from crawler.platforms.base import LayoutError
from crawler.platforms.ucap import Ucap
from crawler.webpage import Fetch, WebPage

REAL = Path(__file__).parents[1].parent / "shared" / "real" / "portal-pages"
HOME = "http://www.a.gov.cn"
ID = "0123456789abcdef0123456789abcdef"
OTHER = "f" * 32
ROW = f'<li><a href="/x/nb/202501/{ID[:-1]}%x.shtml">某局2024年政府信息公开工作年度报告%d</a><span>2025-01-1%d</span></li>'
META = f'<meta name="channelid" content="{ID}">'


def page(text: str, url: str = f"{HOME}/x/nb/list.shtml", **asked: object) -> WebPage:
    return WebPage(url, text, Fetch(url, **asked))  # type: ignore[arg-type]


def rows(count: int = 3) -> str:
    return "<ul>" + "".join(ROW % (n, n, n) for n in range(count)) + "</ul>"


def answer(total: int | None, count: int, number: int = 1, url: str = "", **asked: object) -> WebPage:
    results = [
        {"title": f"<span>某局{2010 + n}年</span>&amp;", "url": f"//www.a.gov.cn/x/{n}.shtml"}
        for n in range(count)
    ]
    data = {"data": {"total": total, "rows": 20, "page": number, "results": results}}
    url = url or f"{HOME}/common/search/{ID}?_isAgg=true&_isJson=true&page={number}"
    return WebPage(url, json.dumps(data), Fetch(url, page=number, **asked))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "second"),
    [
        ("createPageHTML('page_div',3, 1,'list','shtml',23)", "/x/nb/list_2.shtml"),
        ('createPageHTML( "page_div" ,\n3,1,"zfxxgk_list" , ".shtml" , "23" )', "/x/nb/zfxxgk_list_2.shtml"),
        ("createPageHTML('d',3,1,'/y/common_list','html',23)", "/y/common_list_2.html"),
    ],
)
def test_stem_and_extension_come_from_the_call(call: str, second: str) -> None:
    listing = Ucap().listing(
        page(f"{META}{rows()}<script>function createPageHTML(a, b, c, d, e, f){{}} {call};</script>")
    )
    assert [fetch.url for fetch in listing.more] == [f"{HOME}{second}", f"{HOME}{second.replace('_2', '_3')}"]
    assert (len(listing.entries), listing.declared, listing.pages) == (3, 23, 3)
    assert listing.alternatives[0][0].url == f"{HOME}{second.replace('_2', '_1')}"


def test_four_arguments_count_from_zero() -> None:
    listing = Ucap().listing(page(f'{META}{rows()}<script>createPageHTML(3, 0, "list", "shtml");</script>'))
    assert [fetch.url for fetch in listing.more] == [f"{HOME}/x/nb/list_1.shtml", f"{HOME}/x/nb/list_2.shtml"]
    assert listing.declared is None


def test_the_pager_of_the_page_itself_counts() -> None:
    calls = "createPageHTML('a',9,1,'hot','shtml',99);createPageHTML('b',2,1,'list','shtml',4);"
    listing = Ucap().listing(page(f"{META}{rows()}<script>{calls}</script>"))
    assert (listing.declared, [fetch.url for fetch in listing.more]) == (4, [f"{HOME}/x/nb/list_2.shtml"])


def test_a_later_page_asks_nothing_more() -> None:
    text = f"{META}{rows()}<script>createPageHTML('d',3,2,'list','shtml',9)</script>"
    assert Ucap().listing(page(text, f"{HOME}/x/nb/list_2.shtml", page=2)).more == ()


def test_a_counter_that_is_no_number_is_told() -> None:
    with pytest.raises(LayoutError):
        Ucap().listing(page(f"{rows()}<script>createPageHTML('d',total,1,'list','shtml',9)</script>"))


@pytest.mark.parametrize(
    "script",
    [
        f'url: "/common/search/{ID}?_isAgg=false&_isJson=true&_pageSize=15&_template=gk&page=" + n',
        f'var channelId = "{ID}"; $.get("/common/search/" + channelId + "?_isAgg=false&_pageSize=15&_template=gk")',
        f'fetch(`/searchList/${{channelId}}?_isAgg=false&_pageSize=15&_template=gk`); x("/searchList/{OTHER}?a=1")',
    ],
)
def test_the_endpoint_of_the_column_with_its_own_arguments(script: str) -> None:
    listing = Ucap().listing(page(f"{META}<div id=list></div><script>{script}</script>"))
    (first,) = listing.more
    assert f"/{ID}?" in first.url
    assert all(
        part in first.url
        for part in ("_isAgg=false", "_isJson=true", "_pageSize=15", "_template=gk", "page=1")
    )
    assert dict(first.headers)["Referer"].endswith("/list.shtml")
    assert "_isJson=false" in listing.alternatives[0][0].url


def test_an_empty_page_with_a_channel_asks_the_usual_endpoints() -> None:
    listing = Ucap().listing(page(f"<meta content='{ID}' name='channelid'><div id=list></div>"))
    asked = [listing.more[0], *(reading[0] for reading in listing.alternatives)]
    assert [fetch.url.partition("?")[0] for fetch in asked] == [
        f"{HOME}/common/search/{ID}",
        f"{HOME}/searchList/{ID}",
        f"{HOME}/search/{ID}",
        f"{HOME}/getFileListByCodeId",
    ]
    assert (asked[-1].method, dict(asked[-1].form)["channelId"]) == ("POST", ID)


def test_a_page_that_has_its_rows_asks_no_endpoint() -> None:
    assert Ucap().listing(page(f"{META}{rows()}")).more == ()


def test_data_declare_their_pages() -> None:
    listing = Ucap().listing(answer(total=10, count=4))
    assert (listing.declared, listing.pages, [fetch.page for fetch in listing.more]) == (10, 3, [2, 3])
    assert listing.more[1].url.endswith("_isJson=true&page=3")
    assert listing.entries[0].title == "某局2010年&"
    assert listing.entries[0].url == f"{HOME}/x/0.shtml"
    assert Ucap().listing(answer(total=10, count=2, number=3)).more == ()


def test_data_of_a_form_are_asked_with_the_form() -> None:
    inner = json.loads(answer(total=5, count=3).text)
    url = f"{HOME}/getFileListByCodeId"
    form = (("channelId", ID), ("page", "1"), ("size", "3"))
    (more,) = (
        Ucap()
        .listing(WebPage(url, json.dumps({"code": 200, "results": inner}), Fetch(url, "POST", form)))
        .more
    )
    assert (more.method, dict(more.form)["page"], more.page) == ("POST", "2", 2)


def test_data_without_a_total_are_no_list() -> None:
    with pytest.raises(LayoutError):
        Ucap().listing(answer(total=None, count=2))
    with pytest.raises(LayoutError):
        Ucap().listing(page('{"code":500,"err":"x"}', f"{HOME}/common/search/{ID}?page=1"))


def test_data_may_say_that_there_is_nothing() -> None:
    listing = Ucap().listing(answer(total=0, count=0))
    assert (listing.says_empty, listing.entries, listing.more) == (True, (), ())


def test_labels_of_a_row() -> None:
    row = {
        "title": "甲",
        "url": "/1.shtml",
        "publishedTimeStr": "2025-01-20 10:00:00",
        "domainMetaList": [
            {"resultList": [{"name": "索引号", "value": "A/2025-1"}, {"name": "文号", "value": None}]}
        ],
    }
    url = f"{HOME}/search/{ID}?page=1"
    (entry,) = Ucap().listing(page(json.dumps({"data": {"total": 1, "results": [row]}}), url)).entries
    assert (entry.published, entry.metadata) == ("2025-01-20 10:00:00", (("索引号", "A/2025-1"),))


def test_a_piece_of_page_goes_on_while_it_is_full() -> None:
    url = f"{HOME}/searchList/{ID}?_isJson=false&_pageSize=3&page=1"
    assert [fetch.page for fetch in Ucap().listing(page(rows(3), url)).more] == [2]
    assert Ucap().listing(page(rows(2), url)).more == ()
    counted = Ucap().listing(page(rows(3) + "<p>共 8 条</p>", url))
    assert (counted.declared, [fetch.page for fetch in counted.more]) == (8, [2, 3])


SHELL = f"""<ul id=tree></ul><script>var projectName = 'shi';
$.ajax({{url: "/u/channel/treeNew/" + projectName, dataType: 'jsonp',
 data: {{level: 1, pid: '', channelId: '{ID}', template_name: 'a,b'}}}});</script>"""


def test_a_shell_leads_to_its_tree() -> None:
    (link,) = Ucap().branches(page(SHELL))
    assert link.url.startswith(f"{HOME}/u/channel/treeNew/shi?")
    assert f"channelId={ID}" in link.url
    assert "template_name=a%2Cb" in link.url
    assert Ucap().body(page(SHELL)) == Ucap().listing(page(SHELL)).more[0]
    assert Ucap().body(page(SHELL + '<div id="UCAP-CONTENT">')) is None


def test_nodes_of_a_tree() -> None:
    nodes = [
        {"name": "年报", "url": "null.shtml", "iframeurl": "/x/nb/list.shtml"},
        {
            "name": "部门年报",
            "url": "/x/bm/null.shtml",
            "id": OTHER,
            "children": [{"name": "某局", "url": "/x/j/list.shtml"}],
        },
        {"name": "空", "url": "/x/k/null.shtml", "id": "17"},
    ]
    url = f"{HOME}/u/channel/treeNew/shi?level=1"
    links = Ucap().branches(page(f"null({json.dumps({'list': nodes})});", url))
    assert [(link.text, link.url.partition("?")[0]) for link in links] == [
        ("年报", f"{HOME}/x/nb/list.shtml"),
        ("部门年报", f"{HOME}/common/search/{OTHER}"),
        ("某局", f"{HOME}/x/j/list.shtml"),
    ]
    with pytest.raises(LayoutError):
        Ucap().listing(page("<html>404</html>", url))


@pytest.mark.parametrize(
    "meta", [META, f"<META content={ID} NAME=channelid>", f"<meta\nname='channelid'\ncontent='{ID}'/>"]
)
def test_known_by_its_channel(meta: str) -> None:
    assert recognise(page(meta.replace("META", "meta").replace("NAME", "name"), HOME + "/")).name == "ucap"


def test_the_call_of_trs_is_none_of_its_marks() -> None:
    assert Ucap().strength(page('createPageHTML(9, 0, "index", "html")', HOME + "/a/")) == 0


@pytest.mark.skipif(not REAL.is_dir(), reason="real pages are not here")
def test_real_list() -> None:
    real = page(
        (REAL / "csrc-list-ucap.html").read_text("utf-8"), "http://www.csrc.gov.cn/csrc/c106256/fg.shtml"
    )
    listing = recognise(real).listing(real)
    assert (len(listing.entries), listing.declared, listing.pages) == (20, 89, 5)
    assert [fetch.url.rpartition("/")[2] for fetch in listing.more] == [f"fg_{k}.shtml" for k in (2, 3, 4, 5)]
    assert all(entry.url.endswith("/content.shtml") for entry in listing.entries)
