"""The spiders: what is there to crawl, which portals they walk, what they hand on; and small crawls over HTTP."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from scrapy.crawler import Crawler
from scrapy.http import HtmlResponse, Request
from twisted.python.failure import Failure

from crawler.registry import provinces
from crawler.spiders import provinces as province_spiders
from crawler.spiders.options import OptionError
from crawler.spiders.portal import PortalSpider
from crawler.wire.failures import WireError
from fixtures.portals.server import bundled, served
from pipelines.document import Document
from tests.small_portal import ROOT, crawl, environment, lines
from tests.walking import document, html, links, listed, title_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crawler.spiders.walking import WalkingSpider
    from crawler.walk import Visit
    from fixtures.portals.site import Site

HOME = "http://www.lanhe.gov.cn/"
CITY = "岚河市人民政府"
PAGES = {
    HOME: html(CITY, links(nb="政府信息公开年报")),
    f"{HOME}nb/": listed(*((f"/nb/{year}.html", title_of(CITY, year)) for year in (2025, 2024, 2023))),
    **{f"{HOME}nb/{year}.html": document(CITY, year) for year in (2025, 2024, 2023)},
}


def spider_of(kind: type[WalkingSpider], **given: str) -> Any:
    """A spider as a crawl builds it."""
    settings = {"GONGKAI_PORTALS_AT_ONCE": 2, "GONGKAI_PORTAL_REQUESTS": 50, "GONGKAI_PORTAL_HUBS": 7}
    return kind.from_crawler(Crawler(kind, settings), **given)


def province(key: str) -> type[WalkingSpider]:
    spider: type[WalkingSpider] = getattr(province_spiders, f"{key.capitalize()}Spider")
    return spider


def homes(spider: Any) -> list[str]:
    return [visit.home for visit in spider._visits]


# --- what there is


def test_spiders_of_the_project() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "list"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    listed_ = done.stdout.split()
    assert len(listed_) == 33
    assert set(listed_) == {"portal", *(one.key for one in provinces())}


@pytest.mark.parametrize("key", ["shanxi", "hebei", "bingtuan", "xizang"])
def test_province_walks_every_portal_that_stands(key: str) -> None:
    rows = next(one for one in provinces() if one.key == key).portals
    assert homes(spider_of(province(key))) == [row.home for row in rows if row.valid_to is None]


def test_city_with_its_counties() -> None:
    spider = spider_of(province("shanxi"), city="大同")
    divisions = [visit.portal.division for visit in spider._visits]
    assert divisions[0] == "140200"
    assert len(divisions) > 5
    assert all(division.startswith("1402") for division in divisions)
    (county,) = spider_of(province("shanxi"), city="140212")._visits
    assert (county.portal.name, county.portal.platform) == ("新荣区", "ucap")


def test_city_of_another_province() -> None:
    with pytest.raises(OptionError, match="unknown_city"):
        spider_of(province("shanxi"), city="唐山市")


# --- what a visit knows


def test_registered_facts_reach_the_visit() -> None:
    visit = spider_of(province("shanxi"), city="大同市", year="2024", sample="3")._visits[0]
    assert (visit.portal.name, visit.portal.site_id) == ("大同市", "1402000004")
    assert ("政府信息公开年报", "https://www.dt.gov.cn/dtszf/zfxxgkndbg/list.shtml") in visit.columns
    assert visit.hosts.allows("http://www.sxdt.gov.cn/")
    assert not visit.hosts.allows("http://www.taiyuan.gov.cn/")
    assert visit.window.years == {2024}
    assert (visit.bounds.requests, visit.bounds.hubs, visit.bounds.reports) == (50, 7, 3)


def test_registered_exceptions_reach_the_requests() -> None:
    rows = [
        (one.key, row) for one in provinces() for row in one.portals if row.exceptions and not row.valid_to
    ]
    key, row = rows[0]
    spider = spider_of(province(key), city=row.division)
    visit = next(visit for visit in spider._visits if visit.home == row.home)
    request = spider._request(visit, next(visit.begin()))
    for exception in row.exceptions:
        assert request.meta[exception.kind] == exception.value


def test_address_of_a_registered_portal_brings_its_row() -> None:
    (visit,) = spider_of(PortalSpider, url="https://www.dt.gov.cn/dtszf/")._visits
    assert (visit.portal.name, visit.portal.division) == ("大同市", "140200")
    assert len(visit.columns) == 2


def test_unknown_address_is_known_by_nothing() -> None:
    (visit,) = spider_of(PortalSpider, url=HOME, hosts="gk.example:8080")._visits
    assert (visit.portal.name, visit.portal.division, visit.columns) == (None, None, ())
    assert visit.hosts.allows("http://gk.example:8080/x")
    (visit,) = spider_of(PortalSpider, url=HOME, division="140200")._visits
    assert visit.portal.name == "大同市"


# --- to the network and back


@pytest.fixture
def spider() -> Any:
    return spider_of(PortalSpider, url=HOME)


def answer(request: Request) -> HtmlResponse:
    return HtmlResponse(request.url, body=PAGES[request.url].encode(), request=request)


def handled(spider: Any, requests: list[Request]) -> list[Document]:
    """Answer everything that is asked for; the documents."""
    documents: list[Document] = []
    while requests:
        request = requests.pop()
        handle(spider, request, documents, requests)
    return documents


def handle(spider: Any, request: Request, documents: list[Document], requests: list[Request]) -> None:
    """What a crawl does with an answer: documents go through pipelines, which say when they are done."""

    async def carry() -> None:
        response = answer(request)
        async for result in spider.parse(response, **request.cb_kwargs):
            if isinstance(result, Document):
                documents.append(result)
                asyncio.get_running_loop().call_soon(spider.count_document, response)
            else:
                requests.append(result)

    asyncio.run(carry())


def begun(spider: Any) -> tuple[Visit, list[Request]]:
    visit = spider._visits[0]
    return visit, list(spider._requests(visit, visit.begin()))


def test_documents_are_handed_on_with_what_the_list_says(spider: Any) -> None:
    visit, requests = begun(spider)
    documents = handled(spider, requests)
    assert sorted(one.url for one in documents) == [f"{HOME}nb/{year}.html" for year in (2023, 2024, 2025)]
    assert {one.published for one in documents} == {"2025-01-20"}
    assert {one.portal.home for one in documents} == {HOME}
    assert title_of(CITY, 2024) in {one.title for one in documents}
    assert visit.pending == 0
    assert visit.ledger.ended is not None


def test_requests_belong_to_their_portal(spider: Any) -> None:
    visit, (request,) = begun(spider)
    assert request.meta["hosts"] is visit.hosts
    assert request.meta["cookiejar"] == HOME
    assert request.errback == spider.fail
    assert request.dont_filter


def test_what_cannot_be_had_ends_the_visit(spider: Any) -> None:
    visit, (request,) = begun(spider)
    failure = Failure(WireError("challenge_412"))  # type: ignore[no-untyped-call]
    failure.request = request  # type: ignore[attr-defined]
    assert list(spider.fail(failure)) == []
    assert visit.pending == 0
    assert visit.ledger.ended is not None
    visit.ledger.requests = 1
    assert visit.ledger.outcome() == ("blocked", "challenge_412")


def test_fault_of_ours_ends_the_page_not_the_visit(spider: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of three documents can't be read by a fault of ours: the third one still is, and the visit ends."""
    visit, requests = begun(spider)
    whole = type(visit).answered

    def broken(self: Visit, ask: Any, page: Any) -> Iterator[Any]:
        yield from whole(self, ask, page)
        if ask.role == "detail" and not page.url.endswith("2024.html"):
            raise ZeroDivisionError

    monkeypatch.setattr(type(visit), "answered", broken)
    documents: list[Document] = []
    faults = 0
    while requests:
        request = requests.pop()
        try:
            handle(spider, request, documents, requests)
        except ZeroDivisionError:
            faults += 1
    assert faults == 2
    assert len(documents) == 3
    assert visit.pending == 0
    assert visit.ledger.ended is not None


def test_limit_stops_all_visits() -> None:
    spider = spider_of(PortalSpider, url=f"{HOME},http://b.example/", limit="1")
    visit, requests = begun(spider)
    spider.count_item()
    assert visit.stopped
    assert visit.ledger.limited
    assert handled(spider, requests) == []
    assert visit.pending == 0


# --- real crawls


@pytest.fixture(scope="module")
def qianan() -> Iterator[Site]:
    site = bundled("qianan")
    with served([site]):
        yield site


def run(site: Site, folder: Path, *arguments: str) -> tuple[int, dict[str, Any], list[dict[str, Any]]]:
    """Crawl a portal from its address; exit code, its books, the records."""
    url = site.url["www"] + site.home
    out = folder / "out.jsonl"
    done = crawl(folder / "data", "portal", "-a", f"url={url}", *arguments, "-O", str(out))
    assert "Traceback" not in done.stderr, done.stderr
    report = json.loads((folder / "data" / "runs" / "latest" / "report.json").read_text("utf-8"))
    (books,) = report["portals"]
    return done.returncode, books, lines(out)


def test_whole_portal(qianan: Site, tmp_path: Path) -> None:
    code, books, records = run(qianan, tmp_path)
    assert code == 0
    assert (books["outcome"], books["reports"]) == ("ok", len(qianan.by_address))
    addresses = {qianan.url[host] + path for host, path in qianan.by_address}
    assert {record["url"] for record in records} == addresses


def test_years_that_are_wanted(qianan: Site, tmp_path: Path) -> None:
    code, books, records = run(qianan, tmp_path, "-a", "year=2023-2024")
    wanted = {
        qianan.url[host] + path for (host, path), one in qianan.by_address.items() if one.year in (2023, 2024)
    }
    assert code == 0
    assert books["outcome"] == "ok"
    assert {record["url"] for record in records} == wanted
    assert {record["year"] for record in records} == {2023, 2024}
    assert books["refused"]["outside_window"] == len(qianan.by_address) - len(wanted)


@pytest.mark.parametrize("option", ["limit", "sample"])
def test_no_more_than_wanted(option: str, qianan: Site, tmp_path: Path) -> None:
    code, books, records = run(qianan, tmp_path, "-a", f"{option}=2")
    assert code == 1
    assert (books["outcome"], books["reason"]) == ("partial", "limit")
    assert len(records) == books["reports"] == 2
