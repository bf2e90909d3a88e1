"""Walks a bundled portal without a network: the visit's requests go straight to the site."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from crawler.ledger import PortalLedger
from crawler.walk import Ask, Bounds, Found, Visit, Window
from crawler.webpage import Fetch, WebPage
from crawler.wire.failures import kind_of
from crawler.wire.hosts import allowed_hosts
from fixtures.portals.site import Asked
from pipelines.decoding import decode
from pipelines.record import Portal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fixtures.portals.site import Site

_REDIRECTS = (301, 302, 303, 307)


@dataclass
class Walked:
    visit: Visit
    found: list[Found] = field(default_factory=list)
    asked: list[Ask] = field(default_factory=list)
    roles: Counter[str] = field(default_factory=Counter)

    @property
    def urls(self) -> set[str]:
        return {found.page.url for found in self.found}


def walk(
    site: Site, start: str | None = None, *, bounds: Bounds | None = None, years: Iterable[int] = ()
) -> Walked:
    """Walk a portal from its home page, or from ``start``; answers come in the order of priority."""
    for i, host in enumerate(site.hosts):
        site.url[host] = f"http://127.0.0.1:{9000 + i}"
    home = start or site.url[site.hosts[0]] + site.home
    places = {urlsplit(url).netloc: host for host, url in site.url.items()}
    visit = Visit(
        ledger=PortalLedger(home),
        hosts=allowed_hosts(home, tuple(places)),
        portal=Portal(home=home),
        home=home,
        window=Window(frozenset(years) or None),
        bounds=bounds or Bounds(),
    )
    walked = Walked(visit)
    queue = list(visit.begin())
    while queue:
        queue.sort(key=lambda ask: -ask.priority)
        ask = queue.pop(0)
        walked.asked.append(ask)
        walked.roles[ask.role] += 1
        visit.ledger.requests += 1
        page = _fetch(site, places, ask.fetch)
        steps = visit.answered(ask, page) if page.status == 200 else visit.failed(ask, *_code(page.status))
        for step in steps:
            if isinstance(step, Found):
                walked.found.append(step)
            else:
                queue.append(step)
        queue += visit.done()
    return walked


def _code(status: int) -> tuple[str, str]:
    code = {404: "not_found", 410: "gone", 412: "challenge_412"}.get(status, "server_error")
    return code, kind_of(code)


def _fetch(site: Site, places: dict[str, str], fetch: Fetch) -> WebPage:
    url, body = fetch.url, urlencode(fetch.form) if fetch.form else fetch.body or ""
    cookies: dict[str, str] = {}
    for _ in range(6):
        parts = urlsplit(url)
        answer = site.answer(
            Asked(
                places[parts.netloc],
                parts.path or "/",
                fetch.method,
                parts.query,
                dict(parse_qsl(parts.query, keep_blank_values=True))
                | dict(parse_qsl(body, keep_blank_values=True)),
                {name.lower(): value for name, value in fetch.headers},
                cookies,
                **({"body": body.encode()} if body else {}),
            )
        )
        location = next((value for name, value in answer.headers if name.lower() == "location"), None)
        if answer.status not in _REDIRECTS or location is None:
            break
        for name, value in answer.headers:
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                cookies[key] = rest.partition(";")[0]
        url = urljoin(url, location)
    raw = answer.body.encode() if isinstance(answer.body, str) else answer.body
    return WebPage(url, decode(raw, answer.content_type).text, fetch, answer.status, answer.content_type, raw)
