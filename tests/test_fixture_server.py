"""The bundled portals themselves: they answer as told, and a reader of one page finds what the truth says.

What fails here is a fault of the portal or of the extraction, not of the crawl.
"""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

import pytest

from fixtures.portals.demo import Run, differences, record_differs, rows
from fixtures.portals.server import bundled, names, served
from fixtures.portals.site import NOT_FOUND, Answer, Asked, Site
from fixtures.portals.writing import balanced, cells_of, figures, report_of, report_page_body
from pipelines.document import Document
from pipelines.extraction import extract
from pipelines.record import Portal as PortalOfRecord
from pipelines.statutory.templates import TABLES, cell_names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


PATIENCE = 3
"""How often a portal is asked that breaks down now and then."""


@pytest.fixture(params=names())
def site(request: pytest.FixtureRequest) -> Site:
    return bundled(request.param)


class Echo(Site):
    hosts = ("www", "xxgk")

    def answer(self, asked: Asked) -> Answer:
        match asked.path:
            case "/":
                return Answer(f"{asked.host} {asked.fields} {asked.cookies.get('gate')} {self.url['xxgk']}")
            case "/gate":
                return Answer(status=302, headers=(("Location", "/"), ("Set-Cookie", "gate=open; Path=/")))
            case "/gbk":
                return Answer("年报".encode("gbk"), content_type="text/html")
            case "/json":
                return Answer(asked.body, content_type="application/json")
            case "/hangs-up":
                return Answer(status=0)
            case "/broken":
                raise LookupError("no such thing")
        return NOT_FOUND


@pytest.fixture
def echo(tmp_path: Path) -> Iterator[Echo]:
    site = Echo(tmp_path)
    with served([site]):
        yield site


def get(url: str, **how: object) -> tuple[int, bytes]:
    try:
        with urlopen(Request(url, **how), timeout=10) as answer:  # type: ignore[arg-type]  # noqa: S310
            return answer.status, answer.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()


def test_each_host_has_its_port(echo: Echo) -> None:
    assert echo.url["www"] != echo.url["xxgk"]
    assert get(echo.url["xxgk"] + "/?a=%E5%B9%B4&b=")[1].decode() == (
        f"xxgk {{'a': '年', 'b': ''}} None {echo.url['xxgk']}"
    )


def test_form_query_and_cookie(echo: Echo) -> None:
    form = urlencode({"page": 2, "名": "年报"}).encode()
    body = get(echo.url["www"] + "/?id=7", data=form, headers={"Cookie": "gate=open"})[1].decode()
    assert body.startswith("www {'id': '7', 'page': '2', '名': '年报'} open")


def test_data_that_is_no_form(echo: Echo) -> None:
    data = b'{"pageIndex": 1}'
    assert get(echo.url["www"] + "/json", data=data, headers={"Content-Type": "application/json"})[1] == data


def test_statuses_and_bytes(echo: Echo) -> None:
    assert get(echo.url["www"] + "/gbk") == (200, "年报".encode("gbk"))
    assert get(echo.url["www"] + "/robots.txt")[0] == 404


def test_a_server_that_hangs_up(echo: Echo) -> None:
    with pytest.raises(http.client.RemoteDisconnected):
        get(echo.url["www"] + "/hangs-up")


def test_a_broken_portal_is_seen(echo: Echo, capfd: pytest.CaptureFixture[str]) -> None:
    assert get(echo.url["www"] + "/broken")[0] == 500
    assert "LookupError: no such thing" in capfd.readouterr().err


def test_redirect_and_head_on_one_connection(echo: Echo) -> None:
    connection = http.client.HTTPConnection(urlsplit(echo.url["www"]).netloc, timeout=10)
    for method, path, status in (("HEAD", "/", 200), ("GET", "/gate", 302), ("GET", "/", 200)):
        connection.request(method, path)
        answer = connection.getresponse()
        assert answer.status == status
        body = answer.read()
        assert bool(body) == (method == "GET" and status == 200)
        if status == 302:
            assert answer.headers["Set-Cookie"].startswith("gate=open")
    connection.close()


def test_nothing_is_printed(echo: Echo, capfd: pytest.CaptureFixture[str]) -> None:
    get(echo.url["www"] + "/nowhere")
    assert capfd.readouterr() == ("", "")


def test_listener_hears_every_request(tmp_path: Path) -> None:
    heard: list[tuple[str, int]] = []
    site = Echo(tmp_path)
    with served([site], listener=lambda _, asked, answer: heard.append((asked.path, answer.status))):
        get(site.url["www"] + "/nowhere")
    assert heard == [("/nowhere", 404)]


def test_rows_name_all_hosts(echo: Echo) -> None:
    text = rows([echo])
    assert f'home = "{echo.url["www"]}/"' in text
    assert f'hosts = ["{echo.url["xxgk"].removeprefix("http://")}"]' in text


# ---------------------------------------------------------------- written reports


@pytest.mark.parametrize("scale", ["town", "dept", "office", "city"])
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_figures_balance_and_repeat(version: str, scale: str) -> None:
    for seed in range(5):
        year = 2020 if version == "v1" else 2024
        entry = {"path": "/", "title": "", "agency": None, "year": year, "format": version}
        report = report_of(entry | {"figures": {"seed": seed, "scale": scale}})
        assert balanced(report) == []
        assert cells_of(report) == cells_of(report)
        assert set(cells_of(report)) == {name for table in TABLES for name in cell_names(table, version)}  # type: ignore[arg-type]
    assert figures("v2", 1, "city") != figures("v2", 2, "city")


def test_a_figure_out_of_balance_is_told() -> None:
    entry = {"path": "/", "title": "", "agency": None, "year": 2024}
    report = report_of(entry | {"cells": {"applications.granted.business": 3}})
    assert set(balanced(report)) == {"T3.SUM.business", "T3.ROW.granted"}


def test_a_cell_that_the_form_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"other\.all"):
        report_of(
            {
                "path": "/",
                "title": "",
                "agency": None,
                "year": 2024,
                "cells": {"applications.other.all.total": 1},
            }
        )


@pytest.mark.parametrize("form", ["v1", "v2", "legacy", "attachment", "empty"])
@pytest.mark.parametrize("markup", ["plain", "paragraph", "word"])
@pytest.mark.parametrize("blank_zeros", [False, True])
def test_written_reports_read_as_they_are(form: str, markup: str, *, blank_zeros: bool) -> None:
    year = {"v1": 2019, "legacy": 2016}.get(form, 2023)
    entry = {
        "path": "/nb/1.html",
        "title": f"岚河市水务局{year}年政府信息公开工作年度报告",
        "agency": "岚河市水务局",
        "year": year,
        "format": form,
        "markup": markup,
        "blank_zeros": blank_zeros,
        "figures": {"seed": 3, "scale": "office"},
        "attachments": [{"path": "/nb/P1.pdf", "name": "年报.pdf"}],
    }
    report = report_of(entry)
    page = f"<title>{report.title}</title><h1>{report.title}</h1><div>{report_page_body(report)}</div>"
    home = "http://www.lanhe.gov.cn"
    record = extract(
        Document(url=home + report.path, body=page.encode(), content_type="text/html; charset=utf-8")
    )
    assert list(record_differs(report, record.model_dump(by_alias=True), {"www": home})) == []


# ---------------------------------------------------------------- comparison with a run


@pytest.fixture
def perfect() -> tuple[Site, Run]:
    """A portal and the run that brings home all of it."""
    site = bundled("qianan")
    records = [
        {
            "url": site.url[host] + path,
            "also_at": [],
            "kind": report.expected_kind,
            "title": report.title,
            "agency": {"name": report.agency},
            "year": report.year,
            "metadata": {"published": report.published, "index_number": report.index_number},
            "attachments": [{"url": site.url[host] + file.path} for file in report.attachments],
            "cells": cells_of(report),
        }
        for (host, path), report in site.by_address.items()
    ]
    columns = [{**column, "url": site.url["www"] + column["path"]} for column in site.truth["columns"]]
    portal = {"url": site.url["www"] + "/", "outcome": "ok", "reason": "ok", "columns": columns}
    return site, Run([portal | {"refused": site.truth["refused"]}], records)


def test_a_perfect_run_has_no_differences(perfect: tuple[Site, Run]) -> None:
    assert differences(*perfect) == []


def test_what_is_missing_or_invented_is_named(perfect: tuple[Site, Run]) -> None:
    site, run = perfect
    run.records[1]["url"] = site.url["www"] + "/single/29/1.html"
    run.records.append(run.records[2])
    title = run.records[1]["title"]
    assert differences(site, run) == [
        f"qianan: /single/29/98240.html: not found ({title})",
        "qianan: /single/29/93118.html: stored 2 times",
        f"qianan: /single/29/1.html: invented (report: {title})",
    ]


def test_what_a_record_has_wrong_is_named(perfect: tuple[Site, Run]) -> None:
    site, run = perfect
    cells = run.records[0]["cells"]
    cells["proactive.penalties.decisions"] = None
    del cells["proactive.coercion.decisions"]
    run.records[0] |= {"year": 2026, "title": "年报"}
    run.records[7]["attachments"] = []
    assert differences(site, run) == [
        "qianan: /single/29/98211.html: title '年报', not '政府信息公开工作年度报告'",
        "qianan: /single/29/98211.html: year 2026, not 2025",
        "qianan: /single/29/98211.html: cell proactive.penalties.decisions: None, not 3",
        "qianan: /single/29/98211.html: cell proactive.coercion.decisions: no such cell, not 0",
        "qianan: /single/29/83602.html: attachment /upload/files/2023/1/18101522417.pdf is not named, only []",
    ]


def test_another_outcome_is_named(perfect: tuple[Site, Run]) -> None:
    site, run = perfect
    run.portals[0] |= {"outcome": "partial", "reason": "page_failed", "refused": {"rule_of_law": 1}}
    run.portals[0]["columns"][0]["found"] = 7
    assert differences(site, run) == [
        "qianan: outcome partial (page_failed), not ok",
        "qianan: column /channel/list/29.html: found 7, not 17",
        "qianan: refused for filing_notice: 0, not 1 ({'rule_of_law': 1})",
        "qianan: refused for infographic: 0, not 1 ({'rule_of_law': 1})",
        "qianan: refused for website_report: 0, not 1 ({'rule_of_law': 1})",
    ]
    assert differences(site, Run([], run.records)) == ["qianan: the report of the run does not name it"]


# ---------------------------------------------------------------- each portal


def ask(site: Site, host: str, path: str) -> Answer:
    path, _, query = path.partition("?")
    asked = Asked(host=host, path=path, query=query)
    answers = (site.answer(asked) for _ in range(PATIENCE))
    return next((answer for answer in answers if answer.status in range(100, 500)), Answer(status=0))


def test_every_report_is_published_and_readable(site: Site) -> None:
    """Where the page itself holds the text; what lies in frames, data or behind a gate is left to the crawl."""
    wrong = []
    for (host, path), report in site.by_address.items():
        answer = ask(site, host, path)
        if 300 <= answer.status < 400:
            continue
        if answer.status != 200:
            wrong.append(f"{path}: {answer.status}")
            continue
        body = answer.body.encode() if isinstance(answer.body, str) else answer.body
        portal = PortalOfRecord(name=site.place or None, division=site.division or None)
        url = site.url[host] + path
        record = extract(Document(url=url, body=body, content_type=answer.content_type, portal=portal))
        if not any(report.title in body.decode(code, "replace") for code in ("utf-8", "gb18030")):
            continue
        wrong += [
            f"{path}: {line}" for line in record_differs(report, record.model_dump(by_alias=True), site.url)
        ]
    assert wrong == []


def test_truth_is_balanced_or_says_so(site: Site) -> None:
    """Figures out of balance are somebody's mistake unless the title of the case says otherwise."""
    wrong = {path for (_, path), report in site.by_address.items() if balanced(report)}
    assert wrong == set(site.truth.get("unbalanced", ()))


def test_portal_answers(site: Site) -> None:
    assert len(site.about) > 10
    assert len(site.truth["reports"]) == len(site.by_address), "two reports at one address"
    assert site.outcome != "ok" or site.by_address
    assert ask(site, site.hosts[0], site.home).status or site.outcome != "ok"
