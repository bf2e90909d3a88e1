"""Walks a portal without a network: the visit's requests go straight to the site, answers may be damaged on the way.

What the wire does in a crawl (redirects, pages that are none) and what the run does (extraction, duplicates, books)
is done here by the same functions, so that an outcome is the one that an operator would read.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from scrapy.http import Response

from crawler.ledger import PortalLedger
from crawler.runs import close_books, note_record
from crawler.spiders.walking import _document
from crawler.steps import Bounds, Found, Window
from crawler.walk import Visit
from crawler.webpage import of_response
from crawler.wire.detect import verdict
from crawler.wire.failures import code_of_status, kind_of
from crawler.wire.hosts import allowed_hosts
from fixtures.portals.site import NOT_FOUND, Answer, Asked, Site
from fixtures.portals.writing import report_of, report_page_body
from pipelines.deduplication import Deduplicator, key_of
from pipelines.extraction import extract
from pipelines.record import Portal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from crawler.steps import Ask
    from crawler.webpage import Fetch, WebPage
    from pipelines.record import Report

_REDIRECTS = (301, 302, 303, 307)


class Pages(Site):
    """A portal written down in a test: path and query, behind the host where it isn't the first one → answer."""

    def __init__(self, pages: Mapping[str, str | Answer]) -> None:
        super().__init__(Path("small"))
        self._pages = pages

    def answer(self, asked: Asked) -> Answer:
        place = asked.path + (f"?{asked.query}" if asked.query else "")
        known = self._pages.get(place if asked.host == self.hosts[0] else f"{asked.host}{place}", NOT_FOUND)
        return Answer(known) if isinstance(known, str) else known


def html(title: str, *parts: str, head: str = "") -> str:
    """A page."""
    return f"<html><head><title>{title}</title>{head}</head><body>{''.join(parts)}</body></html>"


def links(**texts: str) -> str:
    """Links to pages of the top folder: path without slashes (``index`` for the home page) → text."""
    return "".join(f'<a href="/{path}/">{text}</a>' for path, text in texts.items())


def title_of(agency: str, year: int) -> str:
    return f"{agency}{year}年政府信息公开工作年度报告"


def listed(*rows: tuple[str, str], foot: str = "", title: str = "政府信息公开年报") -> str:
    """The page of a list: address and title of its rows."""
    lines = "".join(f'<li><a href="{url}">{text}</a><span>2025-01-20</span></li>' for url, text in rows)
    return html(f"{title}-岚河市人民政府", f'<ul class="list">{lines}</ul><div class="page">{foot}</div>')


def document(agency: str, year: int) -> str:
    """The page of a report."""
    truth = {"path": "/", "agency": agency, "year": year, "title": title_of(agency, year)}
    body = report_page_body(report_of(truth | {"figures": {"seed": f"{agency}{year}"}}))
    return html(
        f"{truth['title']}-岚河市人民政府", f"<h1>{truth['title']}</h1>", f'<div class="content">{body}</div>'
    )


class Failed(Exception):  # noqa: N818 - what a request came to, no fault
    """A request that brought no page; its code."""


@dataclass
class Walked:
    """A walk and what came of it.

    Attributes:
        visit: the walk itself.
        found: pages handed on as documents.
        asked: all that was asked, in order.
        roles: how often in which role.
        records: what the pipelines made of ``found``; filled by ``settle``.
    """

    visit: Visit
    found: list[Found] = field(default_factory=list)
    asked: list[Ask] = field(default_factory=list)
    roles: Counter[str] = field(default_factory=Counter)
    records: list[Report] = field(default_factory=list)

    @property
    def ledger(self) -> PortalLedger:
        return self.visit.ledger

    @property
    def urls(self) -> set[str]:
        return {found.page.url for found in self.found}

    @property
    def paths(self) -> list[str]:
        """Paths (and queries) of the documents, in order."""
        return [found.page.url.split("/", 3)[3] for found in self.found]

    @property
    def stored(self) -> set[str]:
        """Addresses of the records."""
        return {record.url for record in self.records}

    def issues(self) -> set[str]:
        return {issue.code for issue in self.ledger.issues}


def walk(
    site: Site,
    start: str | None = None,
    *,
    bounds: Bounds | None = None,
    years: Iterable[int] = (),
    columns: tuple[tuple[str, str], ...] = (),
    damage: Callable[[Asked, Answer], Answer] | None = None,
    each: Callable[[Walked], None] | None = None,
) -> Walked:
    """Walk a portal from its home page, or from ``start``; answers come in the order of priority.

    Args:
        site: the portal.
        start: address or path to begin at.
        bounds: how far the walk may go.
        years: years wanted.
        columns: label and path of report columns that are known beforehand.
        damage: what becomes of an answer on its way.
        each: is called after every answer.
    """
    for i, host in enumerate(site.hosts):
        site.url[host] = f"http://127.0.0.1:{9000 + i}"
    home = urljoin(site.url[site.hosts[0]] + site.home, start or "")
    places = {urlsplit(url).netloc: host for host, url in site.url.items()}
    visit = Visit(
        ledger=PortalLedger(home),
        hosts=allowed_hosts(home, tuple(places)),
        portal=Portal(home=home),
        home=home,
        window=Window(frozenset(years) or None),
        bounds=bounds or Bounds(),
        columns=tuple((label, urljoin(home, path)) for label, path in columns),
    )
    walked = Walked(visit)
    queue = list(visit.begin())
    while queue:
        queue.sort(key=lambda ask: -ask.priority)
        ask = queue.pop(0)
        walked.asked.append(ask)
        walked.roles[ask.role] += 1
        visit.ledger.requests += 1
        try:
            page = _fetch(site, places, ask.fetch, damage)
        except Failed as failed:
            steps = visit.failed(ask, str(failed), kind_of(str(failed)))
        else:
            steps = visit.answered(ask, page)
        for step in steps:
            if isinstance(step, Found):
                walked.found.append(step)
            else:
                queue.append(step)
        queue += visit.done()
        if each:
            each(walked)
    return walked


def crawl(
    site: Site, start: str | None = None, *, damage: Callable[[Asked, Answer], Answer] | None = None
) -> Walked:
    """Walk a portal and read what was found: the books are then those of a finished run."""
    walked = walk(site, start, damage=damage)
    settle(walked)
    return walked


def settle(walked: Walked) -> None:
    """Read the documents and count them as a run does."""
    ledger, deduplicator = walked.ledger, Deduplicator()
    for found in walked.found:
        report = _read(found)
        if report.kind == "not_a_report":
            ledger.refused[report.kind_reason] += 1
            ledger.issue("refused", report.url, reason=report.kind_reason)
        elif deduplicator.admit(key_of(report)).merged:
            ledger.duplicates += 1
        else:
            ledger.reports += 1
            note_record(ledger, report)
            walked.records.append(report)
    close_books(ledger, finished=True)


def _read(found: Found) -> Report:
    """The record of a document; one that was not damaged is read once for all tests."""
    page = found.page
    key = (page.url, page.body, page.content_type, found.entry, found.portal.model_dump_json())
    if key not in _RECORDS:
        _RECORDS[key] = extract(_document(found))
    return _RECORDS[key]


_RECORDS: dict[object, Report] = {}


def _fetch(
    site: Site, places: dict[str, str], fetch: Fetch, damage: Callable[[Asked, Answer], Answer] | None
) -> WebPage:
    """What the wire brings: redirects followed, pages that are none refused.

    Raises:
        Failed: no page came.
    """
    url, body = fetch.url, urlencode(fetch.form) if fetch.form else fetch.body or ""
    cookies: dict[str, str] = {}
    answer = Answer(status=0)
    for _ in range(6):
        parts = urlsplit(url)
        if parts.netloc not in places:
            raise Failed("foreign_host")
        asked = Asked(
            places[parts.netloc],
            parts.path or "/",
            fetch.method,
            parts.query,
            dict(parse_qsl(f"{parts.query}&{body}", keep_blank_values=True)),
            {name.lower(): value for name, value in fetch.headers},
            cookies,
            body.encode(),
        )
        answer = site.answer(asked)
        if damage:
            answer = damage(asked, answer)
        location = next((value for name, value in answer.headers if name.lower() == "location"), None)
        if answer.status not in _REDIRECTS or location is None:
            break
        for name, value in answer.headers:
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                cookies[key] = rest.partition(";")[0]
        url = urljoin(url, location)
    else:
        raise Failed("redirect_loop")
    return _page(site, url, answer, fetch)


def _page(site: Site, url: str, answer: Answer, fetch: Fetch) -> WebPage:
    if not answer.status:
        raise Failed("connection_lost")
    raw = answer.body.encode() if isinstance(answer.body, str) else answer.body
    home = site.url[site.hosts[0]] + site.home
    head = {"content-type": answer.content_type}
    asked = None if fetch.url == home else fetch.url
    if code := verdict(answer.status, head, raw, url, asked=asked, home=home):
        raise Failed(code)
    if answer.status != 200:
        raise Failed(code_of_status(answer.status))
    headers = {"Content-Type": answer.content_type} if answer.content_type else None
    return of_response(Response(url, answer.status, headers, raw), fetch)
