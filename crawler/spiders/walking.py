"""What all our spiders share: they carry visits (``crawler.walk``) to the network and bring the answers back.

A spider only names the portals; how a portal is walked, which requests follow and what counts is the visit's.
Portals are begun one after another as room becomes free, so that a whole country costs the memory of those under way.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self
from urllib.parse import urlencode

import scrapy
from scrapy import signals

from crawler.continuity import (
    NOT_MODIFIED,
    archived,
    conditions,
    may_be_unmodified,
    origin_of,
    remember,
    sources,
)
from crawler.ledger import PortalLedger
from crawler.spiders.options import OptionError, Options, read_options, unknown_options
from crawler.steps import Bounds, Found, Window
from crawler.walk import Visit
from crawler.webpage import of_response
from crawler.wire.archived import FLAG
from crawler.wire.failures import code_of, kind_of
from crawler.wire.hosts import allowed_hosts
from pipelines.clock import now, stamp
from pipelines.document import Document
from pipelines.given import document_of
from pipelines.record import Portal as PortalField
from pipelines.stages import NotStored

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence

    from scrapy.crawler import Crawler
    from scrapy.http import Request, Response
    from twisted.python.failure import Failure

    from crawler.registry import Portal
    from crawler.steps import Ask, Step
    from pipelines.document import Origin

_FORM: Final = "application/x-www-form-urlencoded; charset=UTF-8"


class WalkingSpider(scrapy.Spider):
    """Walks portals; subclasses say which.

    Spider arguments:
        year: years reported on: ``2025``, ``2021-2025``, ``2019,2021-2023``.
        limit: reports in the whole run; what is left is said in the ledger.
        sample: reports of each portal.
        mode: ``incremental`` (ask only for what may have changed), ``full`` (look at everything again), ``replay``
            (no network: read the archive with today's program).
        accept: what an assertion of the run objects to and the user accepts, by code: ``shrunk``.
        only: addresses of the portals to walk; others are left out.
    """

    arguments: ClassVar[tuple[str, ...]] = ("year", "limit", "sample", "mode", "accept", "only")

    def __init__(
        self,
        *args: Any,
        year: str | None = None,
        limit: str | None = None,
        sample: str | None = None,
        mode: str | None = None,
        accept: str | None = None,
        only: str | None = None,
        **rest: Any,
    ) -> None:
        """Read the arguments.

        Raises:
            OptionError: one can't be used.
        """
        unknown_options(rest, self.arguments)
        self.options: Options = read_options(year, limit, sample, mode=mode, accept=accept, only=only)
        self.given: dict[str, str] = {}
        self.ledgers: list[PortalLedger] = []
        self.stored = 0
        self.portal_ended: Callable[[Visit], None] | None = None
        self._room = asyncio.Semaphore()
        self._visits: list[Visit] = []
        self._idle: dict[int, asyncio.Event] = {}
        super().__init__(*args)

    @property
    def walks(self) -> list[Visit]:
        """The walks of this run, in order."""
        return self._visits

    @property
    def years(self) -> frozenset[int] | None:
        """The years asked for; None for all."""
        return self.options.years

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Build it for a crawl."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.given = dict(kwargs)
        crawler.signals.connect(spider.count_request, signals.request_reached_downloader)
        crawler.signals.connect(spider.count_response, signals.response_received)
        crawler.signals.connect(spider.count_item, signals.item_scraped)
        for signal in (signals.item_scraped, signals.item_dropped, signals.item_error):
            crawler.signals.connect(spider.count_document, signal)
        spider.prepare(crawler.settings.getint("GONGKAI_PORTALS_AT_ONCE"))
        return spider

    def prepare(self, at_once: int) -> None:
        """Lay out the walks: settings are known now."""
        self._room = asyncio.Semaphore(at_once)
        every = self.visits()
        self._visits = [visit for visit in every if self.options.includes(visit.home)]
        if every and not self._visits:
            raise OptionError("only_nothing", value=self.given.get("only", ""))
        self.ledgers = [visit.ledger for visit in self._visits]

    # --- which portals

    def visits(self) -> list[Visit]:
        """The walks to make, in order."""
        raise NotImplementedError

    def visit_of(self, row: Portal, *, extra: Sequence[str] = ()) -> Visit:
        """The walk through a registered portal."""
        return self.visit(
            row.home,
            PortalField(
                division=row.division,
                name=row.name,
                home=row.home,
                platform=row.platform,
                site_id=row.site_id,
            ),
            extra=extra,
            row=row,
        )

    def visit(
        self, address: str, portal: PortalField, *, extra: Sequence[str] = (), row: Portal | None = None
    ) -> Visit:
        """The walk that begins at an address."""
        settings = self.settings
        return Visit(
            ledger=PortalLedger(address, portal.name, portal.division, portal.platform),
            hosts=allowed_hosts(address, extra, row),
            portal=portal,
            home=address,
            window=Window(self.options.years),
            bounds=Bounds(
                requests=settings.getint("GONGKAI_PORTAL_REQUESTS"),
                hubs=settings.getint("GONGKAI_PORTAL_HUBS"),
                reports=self.options.sample,
            ),
            columns=tuple((column.label, column.url) for column in row.columns) if row else (),
            exceptions={exception.kind: exception.value for exception in row.exceptions} if row else {},
        )

    # --- to the network and back

    async def start(self) -> AsyncIterator[Any]:
        """Begin portal after portal, as many at a time as there is room for."""
        for visit in self._visits:
            await self._room.acquire()
            if self._is_full():
                return
            visit.ledger.started = now()
            if self.options.mode == "replay":
                for request in self._from_archive(visit):
                    yield request
                continue
            try:
                remember(self.crawler, visit)
            except NotStored:
                return
            for request in self._requests(visit, visit.begin()):
                yield request

    async def parse(self, response: Response, visit: Visit, ask: Ask) -> AsyncIterator[Document | Request]:
        """Give an answer to its walk, and go on when its documents are stored."""
        try:
            steps: Iterable[Step] = ()
            if response.status == NOT_MODIFIED:
                visit.not_modified(ask)
            else:
                steps = visit.answered(ask, of_response(response, ask.fetch))
            for step in steps:
                if not isinstance(step, Found):
                    yield self._request(visit, step)
                elif self._takes():
                    self._hand_on(visit)
                    yield _document(step, origin_of(self.crawler, visit, step, response))
            # Scrapy takes a few things from here before the first of them is stored.
            await self._stored(visit)
        except Exception:
            self._one_less(visit)
            raise
        for request in self._done(visit):
            yield request

    def fail(self, failure: Failure) -> Iterator[Request]:
        """Tell a walk what could not be had."""
        visit, ask = failure.request.cb_kwargs["visit"], failure.request.cb_kwargs["ask"]  # type: ignore[attr-defined]
        code = code_of(failure)
        try:
            yield from self._requests(visit, visit.failed(ask, code, kind_of(code)))
        except Exception:
            self._one_less(visit)
            raise
        yield from self._done(visit)

    def _done(self, visit: Visit) -> Iterator[Request]:
        """One request is dealt with; what follows from that."""
        try:
            yield from self._requests(visit, visit.done())
        finally:
            self._close(visit)

    def _from_archive(self, visit: Visit) -> Iterator[Request]:
        """Requests for the archived bytes of all reports of a portal."""
        visit.ledger.replayed = True
        visit.pending = 1  # until all are asked
        for url, given, meta, origin in archived(self.crawler, visit):
            visit.pending += 1
            yield scrapy.Request(
                url,
                callback=self.parse_archived,
                errback=self.fail_archived,
                cb_kwargs={"visit": visit, "given": given, "origin": origin},
                meta={"hosts": visit.hosts, **meta},
                dont_filter=True,
            )
        self._one_less(visit)

    async def parse_archived(
        self, response: Response, visit: Visit, given: str, origin: Origin
    ) -> AsyncIterator[Document]:
        """Read archived bytes anew."""
        try:
            self._hand_on(visit)
            yield document_of(given, response.body, origin)
            await self._stored(visit)
        finally:
            self._one_less(visit)

    def fail_archived(self, failure: Failure) -> None:
        """Note bytes that are gone."""
        request: Request = failure.request  # type: ignore[attr-defined]
        visit, code = request.cb_kwargs["visit"], code_of(failure)
        visit.ledger.lost[code] += 1
        visit.ledger.issue("report_lost", request.url, reason=code, title="")
        self._one_less(visit)

    def _one_less(self, visit: Visit) -> None:
        visit.pending -= 1
        self._close(visit)

    def _close(self, visit: Visit) -> None:
        if visit.pending <= 0 and visit.ledger.ended is None:
            visit.ledger.ended = now()
            if self.portal_ended is not None:
                self.portal_ended(visit)
            visit.forget()
            self._room.release()

    def _requests(self, visit: Visit, steps: Iterable[Step]) -> Iterator[Request]:
        for step in steps:
            if not isinstance(step, Found):
                yield self._request(visit, step)

    def _request(self, visit: Visit, ask: Ask) -> Request:
        fetch = ask.fetch
        headers = {**dict(fetch.headers), **conditions(visit, ask)}
        if fetch.form:
            headers.setdefault("Content-Type", _FORM)
        return scrapy.Request(
            fetch.url,
            method=fetch.method,
            body=urlencode(fetch.form) if fetch.form else fetch.body or "",
            headers=headers,
            callback=self.parse,
            errback=self.fail,
            cb_kwargs={"visit": visit, "ask": ask},
            meta={
                "hosts": visit.hosts,
                "cookiejar": visit.home,
                **visit.exceptions,
                **sources(visit, ask),
                **({"handle_httpstatus_list": [NOT_MODIFIED]} if may_be_unmodified(visit, ask) else {}),
            },
            priority=ask.priority,
            dont_filter=True,
        )

    # --- counting

    def count_request(self, request: Request) -> None:
        """Count what goes out, attempts and redirects included."""
        if visit := request.cb_kwargs.get("visit"):
            visit.ledger.requests += 1

    def count_response(self, response: Response, request: Request) -> None:
        """Count what comes back."""
        visit = request.cb_kwargs.get("visit")
        if visit and FLAG not in response.flags:
            visit.ledger.responses += 1
            visit.ledger.bytes += len(response.body)

    def _hand_on(self, visit: Visit) -> None:
        """A document of this walk goes into the pipelines."""
        visit.in_pipelines += 1
        self._idle.setdefault(id(visit), asyncio.Event()).clear()

    async def _stored(self, visit: Visit) -> None:
        """Wait until the pipelines are done with all documents of a walk."""
        if visit.in_pipelines:
            await self._idle[id(visit)].wait()

    def count_document(self, response: Response | Failure | None) -> None:
        """A document came out of the pipelines: stored, dropped or lost in a fault of ours."""
        request = getattr(response, "request", None)
        visit: Visit | None = request.cb_kwargs.get("visit") if request is not None else None
        if visit is None:
            return
        visit.in_pipelines -= 1
        if visit.in_pipelines <= 0:
            self._idle.pop(id(visit), asyncio.Event()).set()

    def count_item(self) -> None:
        """Count what was stored, and stop asking when it is enough."""
        self.stored += 1
        if self._is_full():
            for visit in self._visits:
                if visit.pending:
                    visit.stop()
            with suppress(ValueError):
                self._room.release()

    def _takes(self) -> bool:
        """Whether another document is wanted."""
        return not self._is_full()

    def _is_full(self) -> bool:
        return self.options.limit is not None and self.stored >= self.options.limit


def _document(found: Found, origin: Origin | None = None) -> Document:
    page, entry = found.page, found.entry
    return Document(
        url=found.address or page.url,
        body=page.body,
        content_type=page.content_type,
        title=entry.title if entry else None,
        published=entry.published if entry else None,
        metadata=dict(entry.metadata) if entry else {},
        fetched=stamp(now()),
        portal=found.portal,
        origin=origin,
    )
