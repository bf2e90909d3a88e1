"""What a crawl tells the store: rows seen, documents read, pages refused, portals finished.

These are plain facts of one run. What follows from them (new, changed, moved, missing, gone) is decided in
``intake`` and ``settling`` alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pipelines.record import Report

Mode = Literal["incremental", "full", "replay"]
Result = Literal["new", "changed", "unchanged", "duplicate", "reread"]
"""What the store makes of a report: first seen; its content changed; as known; another address of a known one;
as known but read anew, because the program reads the same bytes otherwise than before."""


@dataclass(frozen=True, slots=True)
class Here:
    """Where and when something is seen.

    Attributes:
        run: number of the run (``runs.seq``).
        portal: key of the portal.
        at: time, ISO 8601 in UTC.
    """

    run: int
    portal: int
    at: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list that leads to a document.

    Attributes:
        listing: address of the list (of its first page), or of the page that links the document.
        url: where the row leads, as printed there; redirects may end elsewhere.
        fingerprint: digest of what the row says (title, date, labels).
    """

    listing: str
    url: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """One report as it was read from one page.

    Attributes:
        report: the record; ``version``, ``change``, ``seen`` and ``also_at`` are the store's to fill.
        known: its id names one body that is placed, so that an equal id means the same report.
        content: digest of what the page says of itself, chrome left out.
        numbers: digest of year and cells; None where no cell holds a number: nothing proves nothing.
        text: digest of the text with years and names masked; None where it is too short to prove anything.
        given: what was known of the document besides its bytes, as JSON (``pipelines.given``), for replay.
        capture: sha256 (hexadecimal) of the archived bytes; None where nothing is archived.
        etag: validator of the page, or None.
        last_modified: validator of the page, or None.
        row: the row that led to it, or None.
        asked: the address that was asked, if it led to another one.
    """

    report: Report
    known: bool
    content: bytes
    numbers: bytes | None
    text: bytes | None
    given: str
    capture: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    row: Row | None = None
    asked: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A page that was read and holds no report that is wanted.

    Attributes:
        url: its address.
        code: why (``not_a_report`` codes of the classification, ``outside_window``).
        year: the year of the report if it is one of another year.
        etag: validator of the page, or None.
        last_modified: validator of the page, or None.
        row: the row that led to it, or None.
        asked: the address that was asked, if it led to another one.
    """

    url: str
    code: str
    year: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    row: Row | None = None
    asked: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A document that could not be had.

    Attributes:
        url: its address, as the row has it.
        code: why (``failures.toml``): ``not_found`` and ``gone`` count towards *gone*, nothing else does.
    """

    url: str
    code: str


@dataclass(frozen=True, slots=True)
class ListingRead:
    """One report column as read in a run.

    Attributes:
        url: its address.
        label: what the link to it says.
        declared: rows that the portal says it has, or None.
        found: rows seen.
        complete: every row was seen, beyond doubt; only then can a row be missing.
        rows: all rows that lead to documents, asked or not.
        hub: no list, but another page that links documents; it is never complete.
    """

    url: str
    label: str
    declared: int | None
    found: int
    complete: bool
    rows: tuple[Row, ...] = ()
    hub: bool = False


@dataclass(frozen=True, slots=True)
class PortalEnd:
    """A portal whose walk is over.

    Attributes:
        mode: how it was walked; a portal whose last full pass is too old is walked in full.
        outcome: as in the ledger.
        reason: code, or None.
        fine: the outcome leaves nothing to be done.
        entire: nothing was left out on the user's wish (``limit``, ``sample``) or by an interruption.
        reports: reports found, known ones included.
        entry: what ``report.json`` says of it.
        listings: its columns, and pages that link reports directly (these are never complete).
        confirmed: rows whose page answered "not modified".
        failures: documents that could not be had.
    """

    mode: Mode
    outcome: str
    reason: str | None
    fine: bool
    entire: bool
    reports: int
    entry: dict[str, Any]
    listings: tuple[ListingRead, ...] = ()
    confirmed: tuple[Row, ...] = ()
    failures: tuple[Failure, ...] = field(default=())
