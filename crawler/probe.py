"""A look at one portal without storing anything: what discovery finds, and why it thinks so.

The walk is that of a crawl, with a small budget of pages and without documents; so what a probe shows is what a
crawl would read.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from scrapy.crawler import AsyncCrawlerProcess

from crawler.discovery import row_kind
from crawler.platforms import platforms, recognise
from crawler.platforms.base import LayoutError
from crawler.runs import DATA_SETTING, STORE_SETTING
from crawler.spiders.portal import PortalSpider
from crawler.webpage import of_response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from scrapy import Request
    from scrapy.http import Response
    from scrapy.settings import Settings

    from crawler.ledger import PortalLedger
    from crawler.platforms.base import Entry, Mark
    from crawler.steps import Ask
    from crawler.walk import Visit
    from crawler.webpage import WebPage
    from pipelines.document import Document

PAGES: Final = 40
"""Pages that a probe asks unless told otherwise."""
_ROWS: Final = 3
_MARK_WIDTH: Final = 60
_LOOK_AT: Final = 400_000


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a CMS family on a page.

    Attributes:
        platform: its name.
        strength: weight of its marks together.
        marks: the marks that were found.
        url: the page.
    """

    platform: str
    strength: int
    marks: tuple[str, ...]
    url: str


@dataclass(slots=True)
class Sight:
    """What a probe saw.

    Attributes:
        door: the page that was given, or None if it could not be had.
        evidence: per page that was looked at, the families that it speaks for, the strongest first.
        rows: address of a column → its first rows, each with the reason if it is not taken for a report.
        ledger: what was counted; its columns are the report columns.
    """

    door: WebPage | None = None
    evidence: list[Evidence] = field(default_factory=list)
    rows: dict[str, list[tuple[Entry, str]]] = field(default_factory=dict)
    ledger: PortalLedger | None = None


def evidence(page: WebPage) -> list[Evidence]:
    """The families that a page speaks for, the strongest first."""
    found = []
    for name, platform in platforms().items():
        marks = tuple(mark.pattern.pattern[:_MARK_WIDTH] for mark in platform.marks if _is_on(mark, page))
        if marks:
            found.append(Evidence(name, platform.strength(page), marks, page.url))
    return sorted(found, key=lambda one: -one.strength)


def _is_on(mark: Mark, page: WebPage) -> bool:
    return mark.pattern.search(page.url if mark.where == "url" else page.text[:_LOOK_AT]) is not None


class ProbeSpider(PortalSpider):
    """Walks a portal as a crawl does, and hands on no document."""

    name = "probe"

    def __init__(self, *args: Any, sight: Sight, **rest: Any) -> None:
        """Look, and note what is seen in ``sight``."""
        super().__init__(*args, **rest)
        self.sight = sight

    def visits(self) -> list[Visit]:
        """The one walk; documents are counted as beyond the limit."""
        (visit,) = super().visits()
        visit.bounds = replace(visit.bounds, reports=0)
        self.sight.ledger = visit.ledger
        return [visit]

    async def parse(self, response: Response, visit: Visit, ask: Ask) -> AsyncIterator[Document | Request]:
        """Let the walk go on, and note what this page shows."""
        steps = [step async for step in super().parse(response, visit, ask)]
        self._see(of_response(response, ask.fetch), visit, ask)
        for step in steps:
            yield step

    def _takes(self) -> bool:
        return False

    def _see(self, page: WebPage, visit: Visit, ask: Ask) -> None:
        sight = self.sight
        if ask.role == "door":
            sight.door = page
            sight.evidence += evidence(page)
        column = next((url for url in (ask.fetch.url, page.url) if url in visit.ledger.columns), None)
        if column is None or ask.role == "page":
            return
        sight.evidence += evidence(page) if not sight.evidence else []
        try:
            entries = recognise(page, visit.portal.platform).listing(page).entries
        except LayoutError:
            return
        seen = sight.rows.setdefault(column, [])
        seen += [
            (entry, row_kind(entry.title, entry.url, sure=True)[1]) for entry in entries[: _ROWS - len(seen)]
        ]


def probe(settings: Settings, url: str, pages: int = PAGES) -> Sight:
    """Look at a portal from any of its pages.

    Args:
        settings: of the project; manners and refusals are those of a crawl.
        url: a page of it.
        pages: how many pages may be asked.

    Raises:
        OptionError: it is no http(s) address.
    """
    settings = settings.copy()
    settings.setdict(
        {
            "GONGKAI_PORTAL_REQUESTS": pages,
            DATA_SETTING: None,
            STORE_SETTING: None,
            "LOG_LEVEL": "CRITICAL",
        },
        "cmdline",
    )
    sight = Sight()
    process = AsyncCrawlerProcess(settings)
    task = process.crawl(ProbeSpider, url=url, sight=sight)
    process.start()
    if task.done() and not task.cancelled() and (error := task.exception()) is not None:
        raise error
    return sight
