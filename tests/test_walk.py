"""The walk through one portal, on portals of a few pages: what is asked, what is not, what the books say."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest

from crawler.steps import Bounds
from crawler.walk import Visit
from fixtures.portals.server import bundled
from fixtures.portals.site import Answer
from pipelines.addresses import address_key
from tests.walking import Pages, document, html, links, listed, settle, title_of, walk

if TYPE_CHECKING:
    from tests.walking import Walked

CITY = "岚河市人民政府"
HOME = html(CITY, links(nb="政府信息公开年报", xw="新闻中心", bb="政府网站工作年度报表"))
YEARS = (2025, 2024, 2023)
REPORTS = {f"/nb/{year}.html": document(CITY, year) for year in range(2019, 2026)}
ROWS = tuple((f"/nb/{year}.html", title_of(CITY, year)) for year in range(2025, 2018, -1))
NB = [f"nb/{year}.html" for year in YEARS]


def portal(**pages: str | Answer) -> Pages:
    """Home page, a column of three reports, whatever is given: name of a folder → its page."""
    known = {"/": HOME, "/nb/": listed(*ROWS[:3]), **REPORTS}
    return Pages(known | {"/" if name == "home" else f"/{name}/": page for name, page in pages.items()})


def outcome(walked: Walked) -> tuple[str, str | None]:
    settle(walked)
    return walked.ledger.outcome()


# --- doors


def test_from_the_home_page() -> None:
    walked = walk(portal())
    assert walked.paths == NB
    assert walked.roles == {"door": 1, "column": 1, "detail": 3}
    assert outcome(walked) == ("ok", None)
    assert walked.ledger.name == CITY


def test_from_the_column() -> None:
    walked = walk(portal(), "/nb/")
    assert walked.paths == NB
    assert walked.roles == {"door": 1, "detail": 3}
    assert [(c.found, c.reports, c.pages, c.asked) for c in walked.ledger.columns.values()] == [(3, 3, 1, 1)]


def test_from_a_report_nothing_else_is_asked() -> None:
    walked = walk(portal(), "/nb/2024.html")
    assert walked.paths == ["nb/2024.html"]
    assert len(walked.asked) == 1
    assert outcome(walked) == ("ok", None)


def test_door_that_only_leads_on() -> None:
    onward = html("", head='<meta http-equiv="refresh" content="0;url=/start/">')
    assert walk(portal(home=onward, start=HOME)).paths == NB


def test_doors_that_lead_to_each_other_end() -> None:
    walked = walk(
        portal(
            home=html("", head='<meta http-equiv="refresh" content="0;url=/a/">'),
            a=html("", head='<meta http-equiv="refresh" content="0;url=/">'),
        )
    )
    assert len(walked.asked) < 6
    assert walked.visit.pending == 0
    assert outcome(walked) == ("layout-changed", "no_column")


def test_columns_that_are_known_beforehand() -> None:
    walked = walk(portal(home=html(CITY)), columns=(("政府信息公开年报", "/nb/"),))
    assert walked.paths == NB


# --- the way to a column


def hall(depth: int) -> Pages:
    """A report column behind so many pages."""
    names = ["政务公开", "政府信息公开", "信息公开平台", "主动公开", "信息公开专栏", "政务公开平台"][:depth]
    pages = {
        f"h{n}": html(name, links(**{f"h{n + 1}": following}))
        for n, (name, following) in enumerate(zip(names, [*names[1:], "政府信息公开年报"], strict=True))
    }
    pages[f"h{depth}"] = listed(*ROWS[:3])
    return portal(home=html(CITY, links(h0=names[0])), **pages)


@pytest.mark.parametrize(("depth", "found"), [(1, 3), (3, 3), (4, 3), (6, 0)])
def test_column_behind_hubs(depth: int, found: int) -> None:
    walked = walk(hall(depth))
    assert len(walked.found) == found
    assert outcome(walked)[0] == ("ok" if found else "layout-changed")


def test_hub_that_holds_the_list_itself() -> None:
    walked = walk(portal(home=html(CITY, links(gk="政府信息公开")), gk=listed(*ROWS[:3])))
    assert walked.paths == NB


def test_single_report_that_a_hub_links() -> None:
    link = f'<a href="/nb/2024.html">{title_of(CITY, 2024)}</a>'
    assert walk(portal(home=html(CITY, link))).paths == ["nb/2024.html"]


def test_map_of_the_site_is_the_last_resort() -> None:
    maps = {"dt": html("网站地图", links(nb="政府信息公开年报"))}
    walked = walk(portal(home=html(CITY, links(dt="网站地图")), **maps))
    assert walked.paths == NB
    walked = walk(portal(home=html(CITY, links(dt="网站地图", nb="政府信息公开年报")), **maps))
    assert not any(ask.label == "网站地图" for ask in walked.asked)


def test_guess_that_holds_nothing_is_no_column() -> None:
    walked = walk(portal(home=html(CITY, links(nb="政府信息公开年报", tj="年报")), tj=html("年报")))
    assert [column.label for column in walked.ledger.columns.values()] == ["政府信息公开年报"]
    assert outcome(walked) == ("ok", None)


def test_bodies_are_visited_one_level_deep() -> None:
    walked = walk(
        portal(
            home=html(CITY, links(nb="政府信息公开年报", bm="市直部门")),
            bm=html("市直部门", links(swj="市水务局")),
            swj=html("市水务局", links(swjnb="政府信息公开年报", jyj="市教育局", bm="市直部门")),
            swjnb=listed(("/swjnb/1.html", title_of("岚河市水务局", 2024))),
            jyj=html("市教育局", links(jyjnb="政府信息公开年报")),
            jyjnb=listed(("/jyjnb/1.html", title_of("岚河市教育局", 2024))),
        )
    )
    urls = [ask.fetch.url for ask in walked.asked]
    assert any(url.endswith("/swjnb/1.html") for url in urls)
    assert not any("/jyj" in url for url in urls)


# --- lists


def test_all_pages_of_a_list() -> None:
    foot = '共7条 第1/3页 <a href="/nb/index_1.html">下一页</a> <a href="/nb/index_2.html">尾页</a>'
    site = Pages(
        {
            "/": HOME,
            "/nb/": listed(*ROWS[:3], foot=foot),
            "/nb/index_1.html": listed(*ROWS[3:6], foot=foot),
            "/nb/index_2.html": listed(*ROWS[6:], foot=foot),
            **REPORTS,
        }
    )
    walked = walk(site)
    assert len(walked.found) == 7
    assert outcome(walked) == ("ok", None)
    (column,) = walked.ledger.columns.values()
    assert (column.declared, column.found, column.pages, column.asked) == (7, 7, 3, 3)


def paged(**pages: str | Answer) -> Pages:
    """A list that says that there is more, not where."""
    known = {"/": HOME, "/nb/": listed(*ROWS[:4], foot="共7条"), **REPORTS}
    return Pages(known | {f"/nb/{name}.html": page for name, page in pages.items()})


def test_other_reading_of_the_paging_when_the_first_does_not_exist() -> None:
    walked = walk(paged(index_2=listed(*ROWS[4:], foot="共7条")))
    assert len(walked.found) == 7
    assert outcome(walked) == ("ok", None)


def test_other_reading_of_the_paging_when_the_first_repeats() -> None:
    walked = walk(paged(index_1=listed(*ROWS[:4], foot="共7条"), index_2=listed(*ROWS[4:], foot="共7条")))
    assert len(walked.found) == 7
    assert outcome(walked) == ("ok", None)


def test_no_reading_of_the_paging_holds() -> None:
    walked = walk(paged())
    assert len(walked.found) == 4
    assert outcome(walked)[0] == "partial"


def test_page_that_fails() -> None:
    foot = '<a href="/nb/index_1.html">下一页</a>'
    walked = walk(
        Pages(
            {"/": HOME, "/nb/": listed(*ROWS[:4], foot=foot), "/nb/index_1.html": Answer("", 502), **REPORTS}
        )
    )
    assert outcome(walked) == ("partial", "page_failed")
    assert "page_failed" in walked.issues()


def test_row_that_shifts_to_the_next_page_is_asked_once() -> None:
    foot = '共7条 <a href="/nb/index_1.html">下一页</a>'
    walked = walk(
        Pages(
            {
                "/": HOME,
                "/nb/": listed(*ROWS[:4], foot=foot),
                "/nb/index_1.html": listed(*ROWS[3:6], foot=foot),
                **REPORTS,
            }
        )
    )
    assert len(walked.found) == 6
    assert outcome(walked) == ("partial", "fewer_than_declared")


def test_years_of_a_column() -> None:
    tabs = html("政府信息公开年报", *(f'<a href="/nb/y{year}/">{year}年</a>' for year in YEARS))
    pages = {f"/nb/y{y}/": listed((f"/nb/{y}.html", title_of(CITY, y)), title=f"{y}年") for y in YEARS}
    walked = walk(Pages({"/": HOME, "/nb/": tabs, **pages, **REPORTS}))
    assert sorted(walked.paths, reverse=True) == NB
    assert outcome(walked) == ("ok", None)


def test_label_with_one_report_behind_it() -> None:
    walked = walk(portal(home=html(CITY, links(one="政府信息公开年报")), one=document(CITY, 2024)))
    assert walked.paths == ["one/"]
    (column,) = walked.ledger.columns.values()
    assert (column.found, column.reports) == (1, 1)
    assert outcome(walked) == ("ok", None)


def test_bare_title_is_looked_at_and_counted_in_its_list() -> None:
    rows = (("/nb/2025.html", "政府信息公开工作年度报告"), *ROWS[1:3])
    walked = walk(portal(nb=listed(*rows, foot="共3条")))
    assert sorted(walked.paths, reverse=True) == NB
    assert [(c.declared, c.found) for c in walked.ledger.columns.values()] == [(3, 3)]


def test_empty_column_that_says_so() -> None:
    assert outcome(walk(portal(nb=listed(foot="暂无数据")))) == ("ok-empty", None)


def test_empty_column_that_says_nothing() -> None:
    assert outcome(walk(portal(nb=listed()))) == ("layout-changed", "no_rows")


def test_look_alikes_are_refused_by_reason() -> None:
    others = (
        ("/nb/a.html", "岚河市2024年政府网站工作年度报表"),
        ("/nb/b.html", "岚河市2024年法治政府建设年度报告"),
        ("/nb/c.html", "关于举办运动会的公告"),
    )
    walked = walk(portal(nb=listed(*ROWS[:3], *others)))
    assert walked.paths == NB
    assert walked.ledger.refused == {"website_report": 1, "rule_of_law": 1, "other_title": 1}


def test_same_report_under_several_addresses_is_asked_once() -> None:
    twins = (
        "/nb/2025.html",
        "https://127.0.0.1:9000/nb/2025.html",
        "/nb/2025.html#top",
        "http://127.0.0.1:9000/nb/2025.html",
    )
    walked = walk(portal(nb=listed(*((url, ROWS[0][1]) for url in twins), *ROWS[1:3])))
    assert sorted(walked.paths, reverse=True) == NB


@pytest.mark.parametrize(
    "other",
    ["https://www.lanhe.gov.cn/nb/", "http://lanhe.gov.cn/nb/index.html", "http://www.lanhe.gov.cn:80/nb/"],
)
def test_addresses_of_one_page(other: str) -> None:
    assert address_key(other) == address_key("http://www.lanhe.gov.cn/nb/")


@pytest.mark.parametrize("other", ["/nb", "/nb/?page=2", "/NB/", "/nb/index_1.html"])
def test_addresses_of_other_pages(other: str) -> None:
    assert address_key(f"http://www.lanhe.gov.cn{other}") != address_key("http://www.lanhe.gov.cn/nb/")


# --- documents


def test_report_that_cannot_be_had_is_lost() -> None:
    walked = walk(Pages({"/": HOME, "/nb/": listed(*ROWS[:3]), "/nb/2025.html": document(CITY, 2025)}))
    assert walked.paths == ["nb/2025.html"]
    assert walked.ledger.lost == {"not_found": 2}
    assert outcome(walked) == ("partial", "not_found")


def test_page_that_does_not_name_the_report_is_none() -> None:
    chrome = html("岚河市人民政府", *(links(**{f"n{n}": f"栏目{n}"}) for n in range(30)), "<p>内容已下线</p>")
    site = Pages({"/": HOME, "/nb/": listed(*ROWS[:3]), **REPORTS, "/nb/2024.html": chrome})
    walked = walk(site)
    assert walked.paths == ["nb/2025.html", "nb/2023.html"]
    assert outcome(walked) == ("partial", "soft_404")
    assert "report_lost" in walked.issues()


def test_file_is_handed_on() -> None:
    file = Answer(b"%PDF-1.4\n%%EOF\n", content_type="application/pdf")
    walked = walk(Pages({"/": HOME, "/nb/": listed(("/nb/1.pdf", ROWS[0][1])), "/nb/1.pdf": file}))
    assert walked.paths == ["nb/1.pdf"]


# --- hosts


class TwoHosts(Pages):
    hosts: ClassVar[tuple[str, ...]] = ("www", "gk")


def test_column_on_another_host_of_the_portal() -> None:
    home = html(CITY, '<a href="http://127.0.0.1:9001/nb/">政府信息公开年报</a>')
    pages = {f"gk{path}": page for path, page in REPORTS.items()}
    walked = walk(TwoHosts({"/": home, "gk/nb/": listed(*ROWS[:3]), **pages}))
    assert walked.paths == NB


def test_rows_and_columns_elsewhere_are_refused_and_counted() -> None:
    home = html(CITY, links(nb="政府信息公开年报"), '<a href="http://clone.example/nb/">政府信息公开年报</a>')
    walked = walk(portal(home=home, nb=listed(*ROWS[:3], ("http://clone.example/1.html", ROWS[3][1]))))
    assert walked.paths == NB
    assert walked.ledger.refused == {"foreign_host": 2}
    assert {issue.url for issue in walked.ledger.issues} == {
        "http://clone.example/nb/",
        "http://clone.example/1.html",
    }


# --- bounds


def test_bound_on_requests_is_said() -> None:
    walked = walk(portal(), bounds=Bounds(requests=3))
    assert len(walked.asked) == 3
    assert outcome(walked) == ("partial", "budget")


def test_bound_on_hubs() -> None:
    hubs = {f"h{n}": "政务公开" for n in range(9)}
    walked = walk(portal(home=html(CITY, links(**hubs), links(nb="政府信息公开年报"))), bounds=Bounds(hubs=4))
    assert walked.roles["hub"] == 4
    assert walked.paths == NB
    assert "hub_budget" in walked.issues()


def test_sample() -> None:
    walked = walk(portal(), bounds=Bounds(reports=2))
    assert walked.paths == NB[:2]
    assert outcome(walked) == ("partial", "limit")


def test_sample_that_is_not_reached_limits_nothing() -> None:
    assert outcome(walk(portal(), bounds=Bounds(reports=3))) == ("ok", None)


def test_years() -> None:
    walked = walk(portal(), years=[2024, 2019])
    assert walked.paths == ["nb/2024.html"]
    assert walked.ledger.refused == {"outside_window": 2}
    assert outcome(walked) == ("ok", None)


def test_no_year_is_within_the_window() -> None:
    assert outcome(walk(portal(), years=[2010])) == ("ok-empty", "outside_window")


def test_title_without_a_year_is_within_every_window() -> None:
    bare = portal(nb=listed(("/nb/2025.html", f"{CITY}政府信息公开工作年度报告")))
    assert walk(bare, years=[2010]).paths == ["nb/2025.html"]


def test_stop() -> None:
    def stop(walked: Walked) -> None:
        if walked.found:
            walked.visit.stop()

    site = bundled("qianan")
    walked = walk(site, each=stop)
    assert 0 < len(walked.found) < len(site.by_address)
    assert walked.visit.pending == 0
    assert outcome(walked) == ("partial", "limit")


# --- what always holds

SITES = [
    "qianan",
    "trs_static",
    "hanweb_xxgk",
    "ucap_tree",
    "gkmlpt_city",
    "generic_years",
    "departments_ports",
]


@pytest.mark.parametrize("name", SITES)
def test_every_walk_ends_and_asks_nothing_twice(name: str) -> None:
    walked = walk(bundled(name))
    assert walked.visit.pending == 0
    sent = [(ask.fetch.method, ask.fetch.url, ask.fetch.form, ask.fetch.body) for ask in walked.asked]
    assert [fetch for fetch in sent if sent.count(fetch) > 1] == []
    for column in walked.ledger.columns.values():
        assert column.pages <= column.asked


@pytest.mark.parametrize("status", [0, 404, 500])
@pytest.mark.parametrize("role", ["door", "column", "page", "detail", "hub"])
def test_failures_of_every_kind_of_page_are_said(role: str, status: int) -> None:
    site = bundled("hanweb_classic")
    whole = walk(site)
    bad = {ask.fetch.url for ask in whole.asked if ask.role == role}
    walked = walk(
        site,
        damage=lambda asked, answer: (
            Answer("", status) if _url(site.url[asked.host], asked) in bad else answer
        ),
    )
    assert walked.visit.pending == 0
    assert walked.ledger.failures
    assert walked.urls < whole.urls or role == "page", "other addresses may bring the same pages"
    assert outcome(walked)[0] != "ok" or walked.urls == whole.urls


def _url(base: str, asked: object) -> str:
    path, query = getattr(asked, "path"), getattr(asked, "query")  # noqa: B009
    return f"{base}{path}{'?' if query else ''}{query}"


def test_memory_is_let_go() -> None:
    visit = walk(portal()).visit
    visit.forget()
    kept = {
        name: value for name in Visit.__slots__ if name.startswith("_") and (value := getattr(visit, name))
    }
    assert all(isinstance(value, int) for value in kept.values()), kept
    assert visit.ledger.columns
