"""The walk through one portal: what is asked next, what an answer means, what was counted.

One ``Visit`` per portal. It is a plain state machine without network: asked for its first requests, told each
answer or failure, it says what to ask next and which pages are documents for the pipelines. All decisions that
make a crawl complete and honest stand here, once, for every CMS family:

door → (hubs → bodies →) columns → list pages → documents

* what a page is, is decided when it has come, not from the link that led to it;
* all pages of a list are asked at once from what its first page declares, so one failure costs one page;
* a page that repeats earlier rows means that the paging was misread: the next reading is tried, then it is said;
* every row is counted, every row that is not asked has a reason, and all is bounded.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from crawler.discovery import (
    faint_leads,
    is_bare,
    is_drawn,
    is_file,
    is_report_column,
    leads,
    promise,
    reports_linked,
    row_kind,
    shell_target,
)
from crawler.ledger import OUTSIDE_WINDOW
from crawler.platforms import GENERIC, platforms, recognise
from crawler.platforms.base import Entry, LayoutError, Listing
from crawler.recall import Recall
from crawler.recognition import (
    FEW,
    carries,
    continues,
    contradicts,
    has_report_body,
    is_column,
    is_mixed,
    is_report,
    is_some_report,
    names_a_report,
    own_text_is_long,
    promises_a_report,
)
from crawler.steps import Ask, Bounds, Column, Found, Window
from crawler.webpage import Fetch, WebPage, fold
from pipelines.addresses import address_key, digest
from pipelines.metadata import page_facts
from pipelines.titles import parse_title

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crawler.discovery import Lead, LeadKind
    from crawler.ledger import PortalLedger
    from crawler.platforms.base import Platform
    from crawler.steps import Role, Step
    from crawler.wire.hosts import AllowedHosts
    from pipelines.record import Portal as PortalField
    from pipelines.store.memory import Former, Known
    from pipelines.store.sightings import Mode

_WAYS: Final = (None, "hub", "bodies", "body")
"""Promises of a hub that count: behind a guide or a map of the site nothing is lost that others don't lead to."""
_MAX_HOPS: Final = 4
_MAX_SHELLS: Final = 3
_MAX_NESTED: Final = 3
_ELSEWHERE: Final = "soft_404"
_FORBIDDEN: Final = "forbidden"
_PROOF: Final = 2
"""The page of a list that proves how its paging was read."""


@dataclass(slots=True)
class Visit:
    """The walk through one portal.

    Attributes:
        ledger: its books.
        hosts: which addresses belong to it.
        portal: how records name it.
        window: the years wanted.
        bounds: how far it may go.
        home: the address that it begins at.
        columns: known report columns (label, address) of the registry; they are found again by label all the same.
        exceptions: how its requests differ from all others (``scheme``, ``tls``, ``charset``), of the registry.
        recall: what earlier runs stored, and what this one sees of documents.
        pending: requests under way; the walk is over when none is left.
        in_pipelines: documents that were handed on and are not stored yet.
        complete: everything was asked that there was to ask.
        key: of the portal in the store; None for a crawl without one.
        mode: full if the portal is read to its end and every document is looked at that is not stored.
        explores: pages that only lead to lists are asked, too, not taken from the archive.
        linking: digests of addresses known to be lists, or to link documents.
    """

    ledger: PortalLedger
    hosts: AllowedHosts
    portal: PortalField
    home: str
    window: Window = field(default_factory=Window)
    bounds: Bounds = field(default_factory=Bounds)
    columns: tuple[tuple[str, str], ...] = ()
    exceptions: dict[str, str] = field(default_factory=dict)
    recall: Recall = field(default_factory=Recall)
    pending: int = 0
    stopped: bool = False
    in_pipelines: int = 0
    complete: bool = False
    key: int | None = None
    mode: Mode = "full"
    explores: bool = True
    linking: frozenset[bytes] = frozenset()
    _roles: dict[bytes, Role] = field(default_factory=dict)
    _guessed: set[str] = field(default_factory=set)
    _read_lists: list[Column] = field(default_factory=list)
    _hubs: int = 0
    _sent: int = 0
    _documents: int = 0
    _last_resort: list[tuple[Ask, Lead]] = field(default_factory=list)

    # --- what the spider calls

    def begin(self) -> Iterator[Ask]:
        """What to ask first."""
        self._once(self.home, "door")
        yield from self._ask(Ask(Fetch(self.home), "door"))
        for name, url in self.columns:
            yield from self._open(Fetch(url), label=name, promised="report")

    def answered(self, ask: Ask, page: WebPage) -> Iterator[Step]:
        """What follows from an answer."""
        self.ledger.answered = True
        if (onward := self._led_on(ask, page)) is not None:
            yield from self._ask(onward)
        elif ask.role == "door":
            yield from self._door(ask, page)
        elif ask.role == "hub":
            yield from self._hub(ask, page)
        elif ask.role == "detail":
            yield from self._detail(ask, page)
        else:
            yield from self._list(ask, page)

    def not_modified(self, ask: Ask) -> None:
        """The server says that a document is as we know it."""
        assert ask.known is not None  # noqa: S101 - validators come from there
        self.ledger.answered = True
        if ask.row is not None:
            self.recall.confirmed.append(ask.row)
        if not ask.probe:
            self._keep(ask.known)

    def failed(self, ask: Ask, code: str, kind: str) -> Iterator[Step]:
        """What follows from a request that brought nothing usable."""
        if ask.role == "detail":
            self.recall.fail(ask.row.url if ask.row else ask.fetch.url, code)
        if ask.probe:
            return
        if code == _FORBIDDEN and ask.role != "detail" and urlsplit(ask.fetch.url).path.endswith("/"):
            # A server that lists no folders refuses them although their index is public.
            yield from self._ask(self._onward(ask, f"{ask.fetch.url.partition('?')[0]}index.html"))
            return
        self.ledger.failed(code, kind)
        if ask.role == "detail":
            self.ledger.lost[code] += 1
            self.ledger.issue("report_lost", ask.fetch.url, reason=code, title=ask.label)
        elif ask.column is not None and ask.role != "hub":
            if self._may_be_misread(ask, ask.column):
                yield from self._next_reading(ask.column)
            else:
                ask.column.guesses += ask.role == "page" and kind == "missing" and not ask.column.filled
                self.ledger.issue("page_failed", ask.fetch.url, reason=code)
        else:
            self._way_lost(ask, code, kind)

    @staticmethod
    def _may_be_misread(ask: Ask, column: Column) -> bool:
        """Whether a page that brings nothing may only mean that the paging was misread."""
        proves = ask.role == "page" and ask.fetch.page <= _PROOF
        return proves and bool(column.alternatives) and not column.again

    def _way_lost(self, ask: Ask, code: str, kind: str) -> None:
        """A page that might have led to reports: a dead link is the portal's own affair, all else leaves a gap."""
        if ask.role == "door":
            self.ledger.issue("door_failed", ask.fetch.url, reason=code)
            return
        self.ledger.issue("hub_failed", ask.fetch.url, reason=code)
        if kind not in ("missing", "refused") and ask.promised in _WAYS:
            self.ledger.lost[code] += 1

    def done(self) -> Iterator[Ask]:
        """One request is finished; what to ask when nothing else is left."""
        self.pending -= 1
        if self.pending or self.stopped or self.complete:
            return
        yield from self._second_readings()
        if self.pending:
            return
        for former in self.recall.unread(self.ledger.columns) if self.window.years is None else ():
            yield from self._open(Fetch(former.url), label=former.label, promised="report")
        if self.pending:
            return
        self._withdraw_guesses()
        self._judge()
        if not self.ledger.columns:
            yield from self._last_resorts()
        if not self.pending:
            self.complete = True
            yield from self._probes()

    def _last_resorts(self) -> Iterator[Ask]:
        """What is asked when no column was found."""
        resort, self._last_resort = self._last_resort, []
        for ask, lead in resort:
            if lead.kind != "map":
                yield from self._follow(ask, lead)
            elif self._once(lead.link.url, "hub"):
                yield from self._ask(
                    Ask(Fetch(lead.link.url), "hub", "map", ask.hops + 1, ask.body, label=lead.link.text)
                )

    def _second_readings(self) -> Iterator[Ask]:
        """Lists whose order changed while they were read: a row that moved from page to page may not have been seen."""
        for column in self._read_lists:
            count = column.count
            if column.shifted and not column.again and count.declared and count.found < count.declared:
                column.again = True
                for fetch in column.fetches:
                    yield from self._ask(Ask(fetch, "page", column=column))

    def _probes(self) -> Iterator[Ask]:
        """Pages whose rows vanished: only they can say whether they are gone."""
        for former in self.recall.vanished(self.ledger.columns):
            yield from self._probe(former)

    def _probe(self, former: Former) -> Iterator[Ask]:
        if not self._once(former.url, "detail") or not self.hosts.allows(former.url):
            return
        yield from self._ask(
            Ask(
                Fetch(former.url),
                "detail",
                entry=self.recall.entry_of(former),
                known=self.recall.validators_of(former),
                probe=True,
            )
        )

    def _judge(self) -> None:
        """Settle what only the end of a walk can tell of a list."""
        full = {address_key(url) for url, count in self.ledger.columns.items() if count.found}
        full |= {column.body for column in self._read_lists if column.count.found}
        for column in reversed(self._read_lists):  # what lies beneath first
            count = column.count
            if not count.found and not column.drawn:
                # A page of tabs has no rows of its own: what it links is what it holds.
                count.found = len(column.below & full)
                full |= {address_key(count.url), column.body} if count.found else set()
                if count.found and column.guesses:
                    # What was asked for rows of its own was a guess: it has none.
                    count.asked -= column.guesses
            if count.declared is None and count.pages < column.stated and "page_failed" not in count.problems:
                count.problems.append("page_failed")
                self.ledger.issue("fewer_pages", count.url, pages=count.pages, stated=column.stated)

    def _withdraw_guesses(self) -> None:
        """A column that was only a guess, and that shows neither rows nor reports, was none."""
        columns = self.ledger.columns
        self._guessed -= {column.count.url for column in self._read_lists if column.sure}
        for url in [url for url, count in columns.items() if url in self._guessed and not count.found]:
            del columns[url]

    def forget(self) -> None:
        """Let go of what only a walk under way needs; the books stay."""
        self._roles.clear()
        self._guessed.clear()
        self._read_lists.clear()
        self._last_resort.clear()
        self.recall = Recall()
        self.linking = frozenset()

    def stop(self) -> None:
        """Ask nothing more; the user's limit is reached."""
        self.stopped = True
        self.ledger.limited = True

    # --- asking

    def _ask(self, ask: Ask) -> Iterator[Ask]:
        """Ask, unless it belongs to another host or the bounds are reached."""
        if not self.hosts.allows(ask.fetch.url):
            self._foreign(ask.fetch.url, ask.label)
            return
        if self.stopped or self._sent >= self.bounds.requests:
            self._out_of_bounds(ask)
            return
        if ask.role == "hub":
            if self._hubs >= self.bounds.hubs:
                self.ledger.issue("hub_budget", ask.fetch.url, limit=self.bounds.hubs)
                self.ledger.lost["budget"] += ask.promised in _WAYS
                return
            self._hubs += 1
        self._sent += 1
        self.pending += 1
        if ask.column is not None and ask.role in ("column", "page"):
            ask.column.count.asked += 1
        yield ask

    def _foreign(self, url: str, label: str) -> None:
        """A list or report that is said to lie with somebody else: a clone, or another body's portal."""
        self.ledger.refused["foreign_host"] += 1
        self.ledger.issue("foreign_host", url, title=label)

    def _out_of_bounds(self, ask: Ask) -> None:
        if self.stopped:
            return
        self.ledger.lost["budget"] += 1
        self.ledger.issue("budget", ask.fetch.url, limit=self.bounds.requests)

    def _once(self, url: str, role: Role) -> bool:
        """Whether this address was not yet asked in this role or a better one."""
        key = digest(address_key(url))
        before = self._roles.get(key)
        if before is not None and _STANDING[before] >= _STANDING[role]:
            return False
        self._roles[key] = role
        return True

    def _open(
        self,
        fetch: Fetch,
        *,
        label: str,
        promised: LeadKind,
        body: str = "",
        nested: int = 0,
    ) -> Iterator[Ask]:
        """Ask for the first page of a column."""
        if not self._once(fetch.url, "column"):
            return
        if not self.hosts.allows(fetch.url):
            self._foreign(fetch.url, label)
            return
        column = Column(self.ledger.column(fetch.url, label), sure=promised != "weak_report", nested=nested)
        if not column.sure:
            self._guessed.add(fetch.url)
        column.body = body
        column.asked.add(fetch)
        column.fetches.append(fetch)
        yield from self._ask(Ask(fetch, "column", promised, body=body, column=column, label=label))

    # --- what a page is

    def _led_on(self, ask: Ask, page: WebPage) -> Ask | None:
        """The page behind one that has nothing of its own."""
        if ask.role == "page" or ask.shells >= _MAX_SHELLS:
            return None
        target = shell_target(page)
        if target is None and ask.role != "detail" and len(page.frames) == 1 and is_bare(page):
            target = page.frames[0]
        if target is None or target == ask.fetch.url or not self.hosts.allows(target):
            return None
        return self._onward(ask, target)

    def _onward(self, ask: Ask, url: str) -> Ask:
        """The same request at another address."""
        if ask.column is not None and ask.role in ("column", "page"):
            ask.column.count.asked -= 1
        return replace(ask, fetch=replace(ask.fetch, url=url), shells=ask.shells + 1)

    def _door(self, ask: Ask, page: WebPage) -> Iterator[Step]:
        self._learn(page)
        self._once(page.url, "door")
        platform = self._recognise(page)
        if is_report(page, platform):
            count = self.ledger.column(page.url)
            count.asked = count.pages = count.found = count.reports = 1
            yield Found(page, None, self.portal)
            return
        if is_column(page, platform, FEW + 1):
            self._once(page.url, "column")
            column = Column(self.ledger.column(page.url, page.metas.get("columnname", "")), sure=True)
            column.count.asked += 1
            yield from self._list(replace(ask, role="column", column=column), page)
            if not _is_front(page.url):
                return
            # A front page that links some lists of reports has other ways, too; whoever gives a list wants that list.
        yield from self._hub(ask, page)

    def _hub(self, ask: Ask, page: WebPage) -> Iterator[Step]:
        """Follow what may lead to reports; a hub may itself turn out to be a column or a report."""
        platform = self._recognise(page)
        if ask.role == "hub" and self._becomes_column(ask, page, platform):
            yield from self._list(ask_as_column(ask, self._new_column(ask, page)), page)
            return
        elsewhere = platform.body(page)
        if elsewhere is not None and ask.shells < _MAX_SHELLS and self._once(elsewhere.url, "hub"):
            yield from self._ask(replace(ask, fetch=elsewhere, role="hub", shells=ask.shells + 1))
        found = leads(page, tuple(platform.branches(page)))
        shown = ask.body and any(lead.kind == "report" for lead in found)
        for lead in found:
            if not (shown and lead.kind == "second_hub"):  # the guide of a body leads nowhere else
                yield from self._follow(ask, lead)
        if ask.hops < _MAX_HOPS:
            self._last_resort += [(ask, lead) for lead in faint_leads(page) if self._is_new(lead.link.url)]
        if ask.role == "hub":
            for frame in page.frames[:FEW]:
                if ask.shells < _MAX_SHELLS and self._once(frame, "hub"):
                    yield from self._ask(replace(ask, fetch=Fetch(frame), shells=ask.shells + 1))

    def _becomes_column(self, ask: Ask, page: WebPage, platform: Platform) -> bool:
        """Whether a page asked as a hub holds reports itself; below a report column one of them is enough."""
        least = 1 if ask.column is not None else FEW + 1
        holds = is_report(page, platform) or is_column(page, platform, least)
        return holds and self._once(page.url, "column")

    def _new_column(self, ask: Ask, page: WebPage) -> Column:
        count = self.ledger.column(page.url, ask.label or page.metas.get("columnname", ""))
        return Column(count, sure=True, body=ask.body)

    def _follow(self, ask: Ask, lead: Lead) -> Iterator[Ask]:
        """Ask for what a link of a hub promises, as far as the distance allows."""
        url, kind = lead.link.url, lead.kind
        if kind == "report" or (kind == "weak_report" and self.hosts.allows(url)):
            yield from self._open(Fetch(url), label=lead.link.text, promised=kind, body=ask.body)
            return
        if not self.hosts.allows(url):
            return
        if kind in ("document", "year"):
            yield from self._named(ask, url, lead.link.text)
            return
        hops, body = ask.hops + 1, ask.body
        if kind == "body":
            if ask.body:
                return
            hops, body = 0, address_key(url)
        elif hops > _MAX_HOPS or (kind in ("bodies", "map") and ask.body):
            return
        if kind == "map":
            self._last_resort.append((ask, lead))
        elif self._once(url, "hub"):
            yield from self._ask(Ask(Fetch(url), "hub", kind, hops, body, label=lead.link.text))

    def _named(self, ask: Ask, url: str, text: str) -> Iterator[Ask]:
        """A single report, or a year of the column above, that a hub links."""
        if parse_title(text).core_found:
            yield from self._document(Entry(url, text), ask.column, ask.fetch.url)
        elif ask.column is not None:
            yield from self._branch(ask.column, url, text)

    def _document(self, entry: Entry, column: Column | None, listing: str) -> Iterator[Ask]:
        """Ask for what is, by its title, a report, unless it is stored and nothing calls for another look."""
        row = self.recall.see(listing, entry)
        if not self.window.admits(parse_title(entry.title).year):
            self.ledger.refused[OUTSIDE_WINDOW] += 1
        elif self._is_new(entry.url) and self._take() and self._once(entry.url, "detail"):
            if column is not None:
                column.count.reports += 1
            known = self.recall.known(row)
            if known is not None and self._may_skip(known):
                self._keep(known)
                return
            yield from self._ask(
                Ask(
                    Fetch(entry.url),
                    "detail",
                    column=column,
                    entry=entry,
                    label=entry.title,
                    row=row,
                    known=known,
                )
            )

    def _may_skip(self, known: Known) -> bool:
        """Whether a document needs no look; one that was left out for its year may be wanted now."""
        wanted_now = known.fate == OUTSIDE_WINDOW and self.window.admits(known.year)
        return self.recall.may_skip(known) and not wanted_now

    def _keep(self, known: Known) -> None:
        """Count a document that stays as it is stored."""
        if known.fate != OUTSIDE_WINDOW and not self.window.admits(known.year):
            self.ledger.refused[OUTSIDE_WINDOW] += 1
        elif known.fate == "report":
            self.ledger.reports += 1
            self.ledger.unchanged += 1
        elif known.fate == "duplicate":
            self.ledger.duplicates += 1
        else:
            self.ledger.refused[known.fate] += 1

    # --- lists

    def _list(self, ask: Ask, page: WebPage) -> Iterator[Step]:
        """Read one answer of a list."""
        column = ask.column
        assert column is not None  # noqa: S101 - lists are asked with their column
        column.count.pages += 1
        if ask.role == "column":
            self._read_lists.append(column)
        if column.platform is None:
            column.platform = self._recognise(page)
        if ask.role == "column" and is_report(page, column.platform) and reports_linked(page) <= FEW:
            yield from self._single(ask, column, page)
            yield from self._beneath(ask, column, page, Listing())
            return
        column.sure = column.sure or (ask.role == "column" and is_report_column(page))
        listing = self._read(ask, column, page)
        # A later page that says it is empty is one that should have had rows.
        blank = (
            ask.role == "page" and listing is not None and _brings_nothing(listing, later=ask.fetch.page > 1)
        )
        if listing is not None and not blank:
            yield from self._rows(ask, column, page, listing)
            return
        if column.again:
            return
        yield from self._beneath(ask, column, page, Listing())
        if ask.role == "page" or not column.below:
            yield from self._unread(ask, column)

    def _rows(self, ask: Ask, column: Column, page: WebPage, listing: Listing) -> Iterator[Step]:
        """Take the rows of an answer, and ask for the rest of the list and for what lies beneath it."""
        fresh = self._count(column, listing)
        if column.again:
            for entry in fresh:
                yield from self._row(column, entry)
            return
        if ask.role == "page" and ask.fetch.page > 1 and not fresh and listing.entries:
            yield from self._repeated(ask, column)
            return
        if ask.fetch.page == 1:
            column.alternatives.extend(listing.alternatives)
        if fresh and replace(ask.fetch, page=1) in column.given_up:
            # The reading was right after all: its page 2 is what is missing.
            self._page_lost(column, ask.fetch)
        column.sure = column.sure and not is_mixed(listing)
        for entry in fresh:
            yield from self._row(column, entry)
        yield from self._beneath(ask, column, page, listing)
        yield from self._rest(column, listing.more)

    def _single(self, ask: Ask, column: Column, page: WebPage) -> Iterator[Step]:
        """A "column" that is the report itself: a row with a bare title, or a label with one report behind it."""
        count = column.count
        if column.above is not None:
            del self.ledger.columns[count.url]
            count = column.above.count
        if ask.entry is None:
            count.found += 1
        count.reports += 1
        column.filled = True
        if self._take():
            yield Found(page, ask.entry, self.portal, row=ask.row)

    def _read(self, ask: Ask, column: Column, page: WebPage) -> Listing | None:
        """What the family, and failing that the generic reader, sees in a list page; None where it is no list."""
        assert column.platform is not None  # noqa: S101
        try:
            listing = column.platform.listing(page)
        except LayoutError as error:
            self.ledger.issue("layout", page.url, sought=error.sought, found=str(error.found)[:200])
            return self._generic(column, page) if ask.role == "column" else None
        if ask.role == "column" and _brings_nothing(listing):
            return self._generic(column, page) or listing
        return listing

    def _generic(self, column: Column, page: WebPage) -> Listing | None:
        generic = platforms()[GENERIC]
        if column.platform is generic:
            return None
        try:
            listing = generic.listing(page)
        except LayoutError:
            return None
        if listing.entries:
            column.platform = generic
        return listing if listing.entries or listing.says_empty else None

    def _count(self, column: Column, listing: Listing) -> list[Entry]:
        """Count the rows of one answer; those not seen before."""
        count = column.count
        declared = listing.declared
        if declared is not None and declared < len(listing.entries):
            self.ledger.issue("more_than_declared", count.url, declared=declared, found=len(listing.entries))
        elif declared is not None:
            count.declared = max(declared, count.declared or 0)
        column.stated = max(column.stated, listing.pages or 0)
        if listing.says_empty and not column.filled:
            count.empty = True
        fresh: list[Entry] = []
        here: set[bytes] = set()
        for entry in listing.entries:
            key = digest(address_key(entry.url))
            # A row that one page prints twice is doubled by the portal; one that comes back on another page shifted.
            if key in here or key not in column.seen:
                count.found += 1
            if key not in here and key not in column.seen:
                fresh.append(entry)
            here.add(key)
        # A page of nothing but known rows is misread paging; one that also has known rows shows that the list moved.
        column.shifted |= bool(fresh) and not here.isdisjoint(column.seen)
        column.seen |= here
        column.filled |= bool(here)
        return fresh

    def _repeated(self, ask: Ask, column: Column) -> Iterator[Step]:
        """A later page without a new row: the paging was misread, or there is nothing more."""
        count = column.count
        if count.declared is not None and count.found >= count.declared:
            return
        if ask.fetch.page == _PROOF and column.alternatives:
            count.pages -= 1
            yield from self._next_reading(column)
            return
        if "page_repeats" not in count.problems:
            count.problems.append("page_repeats")
        self.ledger.issue("page_repeats", ask.fetch.url, page=ask.fetch.page)

    def _next_reading(self, column: Column) -> Iterator[Step]:
        column.count.asked -= 1
        column.given_up |= column.reading
        column.fetches = [one for one in column.fetches if replace(one, page=1) not in column.reading]
        column.reading = set()
        yield from self._rest(column, column.alternatives.popleft())

    def _unread(self, ask: Ask, column: Column) -> Iterator[Step]:
        """An answer that is no list, or has no row although it should."""
        count = column.count
        if ask.fetch.page <= _PROOF and column.alternatives:
            count.pages -= 1
            yield from self._next_reading(column)
        elif ask.role == "column":
            count.problems.append("layout")
        elif count.declared is None or count.found < count.declared:
            self._page_lost(column, ask.fetch)

    def _page_lost(self, column: Column, fetch: Fetch) -> None:
        if "page_failed" not in column.count.problems:
            column.count.problems.append("page_failed")
        self.ledger.issue("page_without_rows", fetch.url, page=fetch.page)

    def _rest(self, column: Column, fetches: Iterable[Fetch]) -> Iterator[Step]:
        for fetch in fetches:
            bare = replace(fetch, page=1)
            if bare in column.asked:
                continue
            column.asked.add(bare)
            column.reading.add(bare)
            column.fetches.append(fetch)
            yield from self._ask(Ask(fetch, "page", column=column))

    def _row(self, column: Column, entry: Entry) -> Iterator[Step]:
        """Ask for what may be a report; count what is not."""
        kind, reason = row_kind(entry.title, entry.url, sure=column.sure)
        if kind is None:
            self.ledger.refused[reason] += 1
        elif kind == "branch" and not is_file(entry.url):
            yield from self._branch(column, entry.url, entry.title, entry=entry)
        else:
            yield from self._document(entry, column, column.count.url)

    def _take(self) -> bool:
        """Whether another document is wanted."""
        if self.bounds.reports is not None and self._documents >= self.bounds.reports:
            self.ledger.limited = True
            return False
        self._documents += 1
        return True

    def _beneath(self, ask: Ask, column: Column, page: WebPage, listing: Listing) -> Iterator[Step]:
        """Sub-columns: years, bodies, other report columns that the page links."""
        if ask.role != "column":
            return
        assert column.platform is not None  # noqa: S101
        branches = (*listing.branches, *column.platform.branches(page))
        column.below |= {address_key(link.url) for link in branches}
        for lead in leads(page, branches):
            yield from self._under(lead, ask, column)
        if column.filled or column.count.empty or listing.more:
            return
        column.drawn = not branches and is_drawn(page)
        frames = [frame for frame in page.frames if self._is_near(frame)][:FEW]
        for place, frame in enumerate(frames):
            if place == 0:
                column.count.pages -= 1
            onward = self._onward(ask, frame) if place == 0 else replace(ask, fetch=Fetch(frame))
            yield from self._ask(replace(onward, shells=ask.shells + 1))

    def _is_near(self, url: str) -> bool:
        """Whether a frame is the portal's own and not asked yet."""
        return self.hosts.allows(url) and self._once(url, "column")

    def _under(self, lead: Lead, ask: Ask, column: Column) -> Iterator[Step]:
        """Follow what a link of a column promises, and remember what should come of it."""
        url, text = lead.link.url, lead.link.text
        if address_key(url) == address_key(ask.fetch.url):
            return
        if lead.kind == "report" or (lead.kind == "weak_report" and column.sure):
            if self._is_new(url):
                column.below.add(address_key(url))
            yield from self._open(
                Fetch(url), label=text, promised="report", body=ask.body, nested=column.nested
            )
        elif lead.kind == "year":
            yield from self._branch(column, url, text)
        elif lead.kind in ("body", "bodies") and column.sure:
            if not ask.body:  # the tree of all bodies, on the page of one, doesn't say that this one was read
                column.below.add(address_key(url))
            yield from self._to_bodies(lead, column)

    def _to_bodies(self, lead: Lead, column: Column) -> Iterator[Ask]:
        """A link of a report column that may lead to the reports of one body, or of several."""
        if self._once(lead.link.url, "hub"):
            body = address_key(lead.link.url) if lead.kind == "body" else ""
            yield from self._ask(
                Ask(Fetch(lead.link.url), "hub", lead.kind, 0, body, 0, column, label=lead.link.text)
            )

    def _too_deep(self, url: str) -> None:
        """Lists below lists below lists: no portal needs that many."""
        self.ledger.lost["budget"] += 1
        self.ledger.issue("budget", url, limit=_MAX_NESTED)

    def _branch(self, column: Column, url: str, label: str, entry: Entry | None = None) -> Iterator[Ask]:
        """A list below a list, or a report behind a bare year or name: its page will tell."""
        column.below.add(address_key(url))
        if not self._once(url, "column"):
            return
        row = self.recall.see(column.count.url, entry) if entry is not None else None
        known = self.recall.known(row) if row is not None else None
        if known is not None and self._may_skip(known):
            column.count.reports += 1
            self._keep(known)
            return
        if not self.window.admits(parse_title(label).year):
            self.ledger.refused["outside_window"] += 1
            return
        if not self.hosts.allows(url):
            self._foreign(url, label)
            return
        if column.nested >= _MAX_NESTED:
            self._too_deep(url)
            return
        count = self.ledger.column(url, label)
        below = Column(count, sure=column.sure, nested=column.nested + 1, above=column)
        below.asked.add(Fetch(url))
        below.fetches.append(Fetch(url))
        body = address_key(url) if promise(label) == "body" else column.body
        below.body = body
        yield from self._ask(
            Ask(Fetch(url), "column", "report", body=body, column=below, entry=entry, label=label, row=row)
        )

    # --- documents

    def _detail(self, ask: Ask, page: WebPage) -> Iterator[Step]:
        column = ask.column
        platform = column.platform if column and column.platform else self._recognise(page)
        elsewhere = platform.body(page)
        if elsewhere is not None and ask.shells < _MAX_SHELLS and self.hosts.allows(elsewhere.url):
            yield from self._ask(self._elsewhere(ask, page, elsewhere))
            return
        # What its title does not call a report can't be a lost one: the pipelines will say what it is.
        reads = has_report_body(page) or not promises_a_report(page, ask.label)
        carried = reads or carries(page, ask.label)
        frame = None if reads or ask.shells >= _MAX_SHELLS else self._framed(page)
        if frame is not None:
            yield from self._ask(self._elsewhere(ask, page, Fetch(frame)))
        elif (
            column is not None
            and not reads
            and reports_linked(page) > FEW
            and not (carried and names_a_report(ask.label))
        ):
            yield from self._list_instead(ask, column, page)
        elif not carried:
            self._lose(ask, page, _ELSEWHERE)
        elif contradicts(page, ask.label):
            self._lose(ask, page, "other_report")
            if is_some_report(page):
                # Read for what it is, under its own title; that of the row is still missing.
                yield Found(page, None, self.portal, ask.address)
        else:
            if continues(page):
                self._lose(ask, page, "continues")
            yield Found(page, ask.entry, self.portal, ask.address, ask.row)

    def _framed(self, page: WebPage) -> str | None:
        """The page in a frame, where the document's own page has no text."""
        near = [
            url for url in page.frames if self.hosts.allows(url) and not is_file(url) and ".pdf" not in url
        ]
        return near[0] if len(near) == 1 and not own_text_is_long(page) else None

    @staticmethod
    def _elsewhere(ask: Ask, page: WebPage, fetch: Fetch) -> Ask:
        """The same document, whose text lies at another address."""
        return replace(ask, fetch=fetch, shells=ask.shells + 1, address=ask.address or page.url)

    def _list_instead(self, ask: Ask, column: Column, page: WebPage) -> Iterator[Step]:
        """A row that leads to a list: of a year, of departments; but the title of one report promised no list."""
        column.count.reports -= 1
        if names_a_report(ask.label) or page.url in self.ledger.columns:
            self._lose(ask, page, _ELSEWHERE)
        elif column.nested >= _MAX_NESTED:
            self._too_deep(page.url)
        else:
            below = Column(self.ledger.column(page.url, ask.label), sure=True, nested=column.nested + 1)
            yield from self._list(ask_as_column(ask, below), page)

    def _lose(self, ask: Ask, page: WebPage, code: str) -> None:
        self.recall.fail(ask.row.url if ask.row else ask.fetch.url, code)
        if ask.probe:
            return
        self.ledger.lost[code] += 1
        self.ledger.issue("report_lost", page.url, reason=code, title=ask.label)

    # --- knowing the portal

    def _recognise(self, page: WebPage) -> Platform:
        platform = recognise(page, self.portal.platform)
        if platform.name != GENERIC and self.portal.platform in (None, GENERIC):
            self.portal = self.portal.model_copy(update={"platform": platform.name})
            self.ledger.platform = platform.name
        return platform

    def _learn(self, page: WebPage) -> None:
        """Take the name and id that the portal gives itself where nobody else said them."""
        facts = page_facts(page.metas)
        update = {}
        if self.portal.site_id is None and facts.site_id:
            update["site_id"] = facts.site_id
        if self.portal.name is None and (facts.site_name or page.title):
            update["name"] = facts.site_name or fold(page.title)
            self.ledger.name = update["name"]
        if update:
            self.portal = self.portal.model_copy(update=update)

    def _is_new(self, url: str) -> bool:
        return digest(address_key(url)) not in self._roles


def _is_front(url: str) -> bool:
    """Whether an address is that of a site, not of a page in it."""
    return address_key(url).endswith("/?") and address_key(url).count("/") == 1


def _brings_nothing(listing: Listing, *, later: bool = False) -> bool:
    return not (listing.entries or listing.more or listing.branches or (listing.says_empty and not later))


_STANDING: Final[dict[Role, int]] = {"hub": 0, "door": 0, "detail": 1, "page": 1, "column": 1}


def ask_as_column(ask: Ask, column: Column) -> Ask:
    """The same answer, taken for the first page of a list."""
    column.count.asked += 1
    return replace(ask, role="column", column=column)
