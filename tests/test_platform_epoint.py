from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crawler.platforms import recognise
from crawler.platforms.base import LayoutError
from crawler.platforms.epoint import Epoint
from crawler.webpage import Fetch, WebPage
from pipelines.decoding import decode

TEMPLATES = Path(__file__).parents[2] / "shared/real/portal-pages/templates"
HOST = "http://www.example.gov.cn"
FOLDER = "/003/003002/003002006/"
SHELL = "/dynamic/zwgk/govInfoPub.html?deptcode=jc&categorynum=003006"
GUID = "7eb5f7f1-9041-43ad-8e13-8fcb82ea0001"
SETTINGS = f'var siteInfo = {{"siteGuid":"{GUID}", "projectName":"/EWB-FRONT"}};'
ROWS = "<ul class='wb-data-item'>" + "".join(
    f'<li><a href="{FOLDER}20250{n}11/0b9e1c1a-0a1b-4c2d-8e3f-00000000000{n}.html" title="某市{n}局2024年政府信息公开工作年度报告">某市{n}局…</a>'
    f"<span>2025-0{n}-11</span></li>"
    for n in range(1, 6)
) + "</ul>"  # fmt: skip


def page(path: str, body: str, number: int = 1) -> WebPage:
    return WebPage(HOST + path, f"<html><body>{body}</body></html>", Fetch(HOST + path, page=number))


def first_request() -> Fetch:
    """The first request for data, by way of the shell and the script with the ids."""
    (settings,) = Epoint().listing(page(SHELL, "<div id='pager'></div>")).more
    assert settings.url == f"{HOST}/js/webBuilderCommon.js"
    (first,) = Epoint().listing(WebPage(settings.url, SETTINGS, settings)).more
    return first


def answer(asked: Fetch, rows: int, total: Any, *, text: bool = False) -> WebPage:
    data = [
        {
            "infourl": f"/a/{n}.html",
            "title": "<b>某局</b>…",
            "realtitle": f"某局{n}",
            "infodate": "2025-01-02",
        }
        for n in range(rows)
    ]
    custom: Any = {"data": data, "total": total}
    return WebPage(asked.url, json.dumps({"custom": json.dumps(custom) if text else custom}), asked)


def index(fetch: Fetch) -> int:
    asked = json.loads(fetch.body or "")
    return int(asked.get("params", asked)["pageIndex"])


@pytest.mark.parametrize(
    "pager",
    [
        f'<a href="{FOLDER}2.html">2</a><a href="{FOLDER}3.html">3</a><a href="{FOLDER}2.html">下页&gt;</a><a href="{FOLDER}4.html">尾页</a>',
        '<ul class="ewb-page-items"><li><span>1/4</span></li></ul><script>ShowAjaxNewPage(location.pathname,"categorypagingcontent",2)</script>',
    ],
)
def test_numbered_files_lie_in_the_folder_of_the_list(pager: str) -> None:
    listing = Epoint().listing(page(f"{FOLDER}subpage.html", ROWS + pager))
    assert [(f.page, f.url) for f in listing.more] == [(k, f"{HOST}{FOLDER}{k}.html") for k in (2, 3, 4)]
    assert len(listing.entries) == 5


def test_a_list_of_one_page_has_no_more() -> None:
    assert Epoint().listing(page(f"{FOLDER}subpage.html", ROWS)).more == ()


def test_data_is_asked_for_with_what_the_script_says() -> None:
    first = first_request()
    assert (first.url, first.method, first.base) == (
        f"{HOST}/EWB-FRONT/rest/lightfrontaction/getgovinfolist",
        "POST",
        HOST + SHELL,
    )
    assert json.loads(first.body or "") == {
        "deptcode": "jc",
        "categorynum": "003006",
        "pageIndex": 1,
        "pageSize": 20,
        "siteGuid": GUID,
    }
    assert dict(first.headers)["Content-Type"].startswith("application/json")


@pytest.mark.parametrize("text", [False, True])
def test_data_declares_its_total_and_all_pages_are_asked_at_once(text: bool) -> None:  # noqa: FBT001
    listing = Epoint().listing(answer(first_request(), 20, "45" if text else 45, text=text))
    assert (listing.declared, listing.pages, len(listing.entries)) == (45, 3, 20)
    assert (listing.entries[3].title, listing.entries[3].published) == ("某局3", "2025-01-02")
    assert [(f.page, index(f)) for f in listing.more] == [(2, 2), (3, 3)]


def test_pages_counted_from_zero_are_noticed_at_the_end() -> None:
    first = first_request()
    assert [index(f) for f in Epoint().listing(answer(first, 0, 7)).more] == [0]
    third = Epoint().listing(answer(first, 20, 45)).more[-1]
    assert [index(f) for f in Epoint().listing(answer(third, 0, 45)).more] == [0]
    assert Epoint().listing(answer(third, 5, 45)).more == ()


def test_an_empty_column_says_so() -> None:
    listing = Epoint().listing(answer(first_request(), 0, 0))
    assert listing.says_empty
    assert listing.more == ()


def test_older_versions_want_their_fields_wrapped() -> None:
    first = first_request()
    (wrapped,) = Epoint().listing(WebPage(first.url, '{"status": {"code": 0}}', first)).more
    assert json.loads(wrapped.body or "") == {"token": "", "params": json.loads(first.body or "")}
    assert [index(f) for f in Epoint().listing(answer(wrapped, 20, 21)).more] == [2]
    with pytest.raises(LayoutError):
        Epoint().listing(WebPage(first.url, '{"status": {"code": 0}}', wrapped))


def test_a_script_without_ids_is_no_script_of_this_family() -> None:
    (settings,) = Epoint().listing(page(SHELL, "")).more
    with pytest.raises(LayoutError):
        Epoint().listing(WebPage(settings.url, "var a = 1;", settings))


def test_rows_opened_by_a_script_have_the_address_that_it_opens() -> None:
    body = (
        f"<table><tr><td><a onclick=\"linkToNew('{GUID}','002008');\">某市2024年政府信息公开工作年度报告</a></td>"
        "<td><span>2025-03-01</span></td></tr></table>"
    )
    (entry,) = Epoint().listing(page(f"{FOLDER}list.html", body)).entries
    assert (entry.url, entry.published) == (f"{HOST}/openDetailDynamic.html?infoid={GUID}", "2025-03-01")


def test_a_frame_page_leads_to_the_list_in_its_address() -> None:
    (inner,) = (
        Epoint().listing(page("/govxxgk/11/openSubPage.html?specialurl=/govxxgk/11/govlist.html", "")).more
    )
    assert inner.url == f"{HOST}/govxxgk/11/govlist.html"


def test_a_frame_page_hands_its_column_on_or_asks_for_the_data_itself() -> None:
    shell = "/govxxgk/11/openSubPage.html?specialurl=/dynamic/list.html&categorynum=008035001"
    listing = Epoint().listing(page(shell, ""))
    readings = [fetch.url.removeprefix(HOST) for (fetch,) in (listing.more, *listing.alternatives)]
    assert readings == [
        "/dynamic/list.html?categorynum=008035001",
        "/dynamic/list.html",
        "/js/webBuilderCommon.js",
    ]
    inner = WebPage(listing.more[0].url, "<ul id='infolist'></ul>", listing.more[0])
    (settings,) = Epoint().listing(inner).more
    (first,) = Epoint().listing(WebPage(settings.url, SETTINGS, settings)).more
    assert json.loads(first.body or "")["categorynum"] == "008035001"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (SHELL, ""),
        (f"{FOLDER}subpage.html", ""),
        ("/", '<script src="/x/js/webbuildercommon.js"></script>'),
        ("/", f"<a href='{FOLDER}moreinfo.html'>年报</a>"),
    ],
)
def test_its_pages_are_known(path: str, text: str) -> None:
    assert recognise(page(path, text)).name == "epoint"


def test_a_real_page_is_known() -> None:
    path = TEMPLATES / "clone-liaoyang-epoint-liaoyang_detail.html"
    if not path.exists():
        pytest.skip("real pages are not on this machine")
    assert recognise(page("/a.html", decode(path.read_bytes(), None).text)).name == "epoint"
