"""What passes between a walk and those who carry it to the network: requests, documents, lists under way, bounds."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from crawler.discovery import LeadKind
    from crawler.ledger import ColumnCount
    from crawler.platforms.base import Entry, Platform
    from crawler.webpage import Fetch, WebPage
    from pipelines.record import Portal as PortalField
    from pipelines.store.memory import Known
    from pipelines.store.sightings import Row

Role = Literal["door", "hub", "column", "page", "detail"]
"""What a page is asked for: the address that was given, a page that may lead to columns, the first page of a list,
a later one, a document."""

_PRIORITY: Final[dict[Role, int]] = {"door": 50, "column": 40, "page": 30, "detail": 20, "hub": 10}
"""Lists before documents before searching: a run that is cut short knows best what it lacks."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a walk may go.

    Attributes:
        requests: pages asked of one portal in all.
        hubs: pages that are asked only to find columns.
        reports: documents handed on from one portal (``-a sample``), or None.
    """

    requests: int = 6_000
    hubs: int = 1_000
    reports: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """The years asked for.

    Attributes:
        years: years reported on; None for all.
    """

    years: frozenset[int] | None = None

    def admits(self, year: int | None) -> bool:
        """Whether a report of this year is wanted; an unknown year is looked at."""
        return self.years is None or year is None or year in self.years


@dataclass(slots=True)
class Column:
    """One list as it is read.

    Attributes:
        count: its place in the ledger.
        sure: it says that it holds annual reports; in a mixed one only titles count.
        nested: how many lists stand above it.
        above: the list whose row or link led to it.
        body: address of the first page of the body whose list it is; empty if it is the portal's own.
        platform: the family that reads it.
        seen: digests of the addresses of its rows.
        asked: what was asked of it.
        fetches: the same in order, without what was given up.
        alternatives: readings of its paging that are left.
        reading: what the present one asked for.
        given_up: what those asked for that were given up.
        guesses: requests for its rows that found nothing there, while it had shown none.
        stated: pages that it says it has.
        filled: some page had rows.
        below: addresses that its page links as parts of it (years, bodies, further columns).
        drawn: its page fills itself by script, so that what it links may not be all.
        shifted: a row came back on a later page: the order of the list changes while it is read.
        again: it is read for the second time, because of that.
    """

    count: ColumnCount
    sure: bool
    nested: int = 0
    above: Column | None = None
    body: str = ""
    platform: Platform | None = None
    seen: set[bytes] = field(default_factory=set)
    asked: set[Fetch] = field(default_factory=set)
    fetches: list[Fetch] = field(default_factory=list)
    alternatives: deque[tuple[Fetch, ...]] = field(default_factory=deque)
    reading: set[Fetch] = field(default_factory=set)
    given_up: set[Fetch] = field(default_factory=set)
    guesses: int = 0
    stated: int = 0
    filled: bool = False
    below: set[str] = field(default_factory=set)
    drawn: bool = False
    shifted: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """One request of a walk, with why it is made.

    Attributes:
        fetch: what to ask for.
        role: what is expected.
        promised: what the link promised, for hubs and columns.
        hops: pages since the door, or since the first page of a body.
        body: address of the first page of the body that the portal links, empty above.
        shells: pages in a row that only led on.
        column: the list that it belongs to.
        entry: the row that led to a document.
        label: text of the link.
        address: where the document is published, if its text lies at another address.
        row: the row that led to a document, as the store knows rows.
        known: what is stored of the document; its validators may be sent.
        probe: the page is asked only because its row vanished.
    """

    fetch: Fetch
    role: Role
    promised: LeadKind | None = None
    hops: int = 0
    body: str = ""
    shells: int = 0
    column: Column | None = None
    entry: Entry | None = None
    label: str = ""
    address: str | None = None
    row: Row | None = None
    known: Known | None = None
    probe: bool = False

    @property
    def priority(self) -> int:
        """Higher is asked earlier."""
        nearness = 0 if self.promised in (None, "report") else -min(self.hops + 3 * bool(self.body), 9)
        return _PRIORITY[self.role] + nearness


@dataclass(frozen=True, slots=True)
class Found:
    """A page that is to be read as a document.

    Attributes:
        page: the page.
        entry: the row that led to it, if any.
        portal: the portal as the record names it.
        address: where it is published, if not at the page's own address.
        row: the row that led to it, as the store knows rows.
    """

    page: WebPage
    entry: Entry | None
    portal: PortalField
    address: str | None = None
    row: Row | None = None


Step = Ask | Found
