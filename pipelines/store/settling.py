"""What follows from a portal whose walk is over: rows, lists, what is missing, gone, moved.

Absence is no removal. A page is *missing* only if a list that was read completely beyond doubt no longer shows it, and
no other list does or may; it is *gone* only if it answered 404 or 410 in two runs; where the same content stands at
another address, it has *moved*. Nothing is ever deleted but rows that led to nothing that is still awaited.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, insert, or_, select, update

from pipelines.store.announcing import announce
from pipelines.store.arranging import arrange
from pipelines.store.crossing import compare
from pipelines.store.pages import key_of, owner
from pipelines.store.schema import (
    attempts,
    entries,
    listings,
    portals,
    publications,
    reports,
    runs,
    versions,
    visits,
)
from pipelines.store.standing import ACTIVE, GONE, MISSING, MOVED, chunks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy import ColumnElement, Connection
    from sqlalchemy import Row as AnyRow

    from pipelines.store.sightings import Failure, Here, ListingRead, PortalEnd, Row

    Found = AnyRow[*tuple[Any, ...]]

__all__ = ["announce", "settle"]

ABSENT: Final = frozenset({"not_found", "gone"})
"""Codes of failures that say that nothing stands at an address (``failures.toml``): 404 and 410."""
PROOFS: Final = 2
"""Runs in a row that must say so."""
_UNANSWERED: Final = frozenset({"blocked", "unreachable", "not-run"})
"""Outcomes of a portal that never answered."""
_LOST: Final = "lost"
_RETURNING: Final = frozenset({MISSING, MOVED})
"""States that end when a list shows the page again; one that is gone or replaced has to answer itself."""

_At = tuple[bytes, bytes]
"""Digests of a list's address and of the address that a row leads to."""


def settle(connection: Connection, here: Here, end: PortalEnd) -> None:
    """Store the end of a walk through a portal. Doing it twice changes nothing more.

    Args:
        connection: in a transaction of the caller.
        here: run, portal and time.
        end: what the walk saw.
    """
    _visit(connection, here, end)
    seen = _Seen(connection, here, end)
    seen.note_rows()
    seen.note_failures()
    lists = _note_lists(connection, here, end)
    _find_missing(connection, here, lists)
    _see_reports(connection, here)
    keys = _dirty(connection, here.portal)
    arrange(connection, keys)
    compare(connection, keys, here.run)


def _visit(connection: Connection, here: Here, end: PortalEnd) -> None:
    at = {"run": here.run, "portal": here.portal}
    connection.execute(delete(visits).where(*(visits.c[name] == value for name, value in at.items())))
    connection.execute(
        insert(visits).values(
            **at,
            mode=end.mode,
            outcome=end.outcome,
            reason=end.reason,
            reports=end.reports,
            entire=end.entire,
            entry=end.entry,
        )
    )
    if end.mode == "full" and end.entire and end.outcome not in _UNANSWERED:
        connection.execute(
            update(portals).where(portals.c.key == here.portal).values(full_at=here.at, full_run=here.run)
        )


# --- rows and failures


@dataclass(slots=True)
class _Seen:
    """What a walk saw, against what is stored of it.

    Attributes:
        connection: in a transaction of the caller.
        here: run, portal and time.
        end: what the walk saw.
        rows: every row, once.
        confirmed: rows whose page answered that it is as known.
        pages: digest of an address that a row leads to → the page behind it.
    """

    connection: Connection
    here: Here
    end: PortalEnd
    rows: dict[_At, Row] = field(default_factory=dict)
    confirmed: dict[_At, Row] = field(default_factory=dict)
    pages: dict[bytes, Found] = field(default_factory=dict)

    def note_rows(self) -> None:
        """Enter rows, and what they say of the pages behind them."""
        self.confirmed = {_at(row): row for row in self.end.confirmed}
        self.rows = {_at(row): row for listing in self.end.listings for row in listing.rows} | self.confirmed
        known = self._entries()
        self.pages = _behind(self.connection, {address for _, address in self.rows}, known)
        fresh = [self._entry(at, row) for at, row in self.rows.items() if at not in known]
        if fresh:
            self.connection.execute(insert(entries), fresh)
        self._stamp(known)
        self._list()
        self._confirm()

    def _entries(self) -> dict[_At, Found]:
        """All rows that lead to the same addresses, in whatever list."""
        known: dict[_At, Found] = {}
        for chunk in chunks(sorted({address for _, address in self.rows})):
            for row in self.connection.execute(_ENTRIES.where(entries.c.address.in_(chunk))):
                known[row.listing, row.address] = row
        return known

    def _entry(self, at: _At, row: Row) -> dict[str, Any]:
        page = self.pages.get(at[1])
        return {
            "listing": at[0],
            "address": at[1],
            "portal": self.here.portal,
            "url": row.url,
            "fingerprint": row.fingerprint if self._is_read(at) else None,
            "publication": page.key if page else None,
            "first_run": self.here.run,
            "last_run": self.here.run,
        }

    def _is_read(self, at: _At) -> bool:
        """Whether the page behind a row was read in this run, so that what the row says now is dealt with."""
        page = self.pages.get(at[1])
        return page is not None and (page.checked_run == self.here.run or at in self.confirmed)

    def _stamp(self, known: Mapping[_At, Found]) -> None:
        old = {at: known[at] for at in self.rows if at in known}
        for chunk in chunks(sorted(old)):
            by_list: dict[bytes, list[bytes]] = defaultdict(list)
            for listing, address in chunk:
                by_list[listing].append(address)
            for listing, addresses in by_list.items():
                self.connection.execute(
                    update(entries)
                    .where(entries.c.listing == listing, entries.c.address.in_(addresses))
                    .values(last_run=self.here.run)
                )
        stale = [
            {"at_listing": at[0], "at_address": at[1], "fingerprint": self.rows[at].fingerprint}
            for at, row in old.items()
            if self._is_read(at) and row.fingerprint != self.rows[at].fingerprint
        ]
        unlinked = [
            {"at_listing": at[0], "at_address": at[1], "publication": self.pages[at[1]].key}
            for at, row in old.items()
            if row.publication is None and at[1] in self.pages
        ]
        for rows in filter(None, (stale, unlinked)):
            self.connection.execute(update(entries).where(*_ENTRY_AT), rows)

    def _list(self) -> None:
        """The pages behind rows are listed; what was missing is back."""
        pages = {page.key: page for page in self.pages.values()}
        _each(self.connection, publications, pages, listed_run=self.here.run)
        back = {
            page.key: page.report
            for page in pages.values()
            if page.state in _RETURNING and page.report is not None
        }
        _each(self.connection, publications, back, state=ACTIVE)
        newly = {page.report for page in pages.values() if page.listed_run is None}
        _touch(self.connection, {*back.values(), *newly} - {None})
        for page in pages.values():
            if page.portal != self.here.portal:
                better = owner(self.connection, page.url, page.portal, self.here.portal)
                _each(self.connection, publications, [page.key], portal=better)
                _touch(self.connection, {page.report} - {None})

    def _confirm(self) -> None:
        """Pages that answered that they are as known; those that were gone are back, too."""
        pages = {page.key: page for _, at in self.confirmed if (page := self.pages.get(at)) is not None}
        _each(
            self.connection,
            publications,
            pages,
            checked_run=self.here.run,
            checked=self.here.at,
            failures=0,
            failed_run=None,
        )
        back = {page.key: page.report for page in pages.values() if page.state == GONE}
        _each(self.connection, publications, back, state=ACTIVE)
        _touch(self.connection, set(back.values()) - {None})

    def note_failures(self) -> None:
        """Documents that could not be had; only 404 and 410 say something of the document."""
        failed = {key_of(failure.url): failure for failure in self.end.failures}
        told = [attempts.c.run == self.here.run, attempts.c.portal == self.here.portal]
        codes = sorted({failure.code for failure in failed.values()})
        for chunk in chunks(sorted(failed)):
            self.connection.execute(
                delete(attempts).where(*told, attempts.c.address.in_(chunk), attempts.c.outcome.in_(codes))
            )
        if failed:
            self.connection.execute(insert(attempts), [self._attempt(*one) for one in failed.items()])
        absent = {address for address, failure in failed.items() if failure.code in ABSENT}
        self._count_absent(_behind(self.connection, absent, self._leading_to(absent)).values())

    def _attempt(self, address: bytes, failure: Failure) -> dict[str, Any]:
        return {
            "run": self.here.run,
            "portal": self.here.portal,
            "address": address,
            "url": failure.url,
            "outcome": failure.code,
            "at": self.here.at,
        }

    def _leading_to(self, addresses: Collection[bytes]) -> dict[_At, Found]:
        return {
            (row.listing, row.address): row
            for chunk in chunks(sorted(addresses))
            for row in self.connection.execute(_ENTRIES.where(entries.c.address.in_(chunk)))
        }

    def _count_absent(self, pages: Iterable[Found]) -> None:
        """One failure more for each run; one that was killed told nobody, so its repetition doesn't count again."""
        lost = set(self.connection.scalars(select(runs.c.seq).where(runs.c.state == _LOST)))
        for page in {page.key: page for page in pages}.values():
            if self.here.run in (page.checked_run, page.failed_run):
                continue
            again = page.failed_run in lost and page.failures > 0
            failures = page.failures + (not again)
            values: dict[str, Any] = {"failures": failures, "failed_run": self.here.run}
            if failures >= PROOFS and page.report is not None and page.state in (ACTIVE, MISSING):
                values["state"] = GONE
                _touch(self.connection, {page.report})
            _each(self.connection, publications, [page.key], **values)


def _at(row: Row) -> _At:
    return key_of(row.listing), key_of(row.url)


_ENTRIES: Final = select(
    entries.c.listing, entries.c.address, entries.c.fingerprint, entries.c.publication, entries.c.last_run
)
_ENTRY_AT: Final = (
    entries.c.listing == bindparam("at_listing"),
    entries.c.address == bindparam("at_address"),
)
_PAGE: Final = select(
    publications.c.key,
    publications.c.address,
    publications.c.url,
    publications.c.report,
    publications.c.state,
    publications.c.portal,
    publications.c.listed_run,
    publications.c.checked_run,
    publications.c.failures,
    publications.c.failed_run,
)


def _behind(
    connection: Connection, addresses: Collection[bytes], known: Mapping[_At, Found]
) -> dict[bytes, Found]:
    """The pages that addresses lead to: where the rows of some list led, or else what stands there itself."""
    linked = {
        address: row.publication for (_, address), row in sorted(known.items()) if row.publication is not None
    }
    pages: dict[bytes, Found] = {}
    for chunk in chunks(sorted(addresses)):
        for page in connection.execute(_PAGE.where(publications.c.address.in_(chunk))):
            pages[page.address] = page
    targets: dict[int, Found] = {}
    for keys in chunks(sorted(set(linked.values()))):
        targets.update(
            (page.key, page) for page in connection.execute(_PAGE.where(publications.c.key.in_(keys)))
        )
    return pages | {address: targets[key] for address, key in linked.items() if address in addresses}


def _each(connection: Connection, table: Any, keys: Iterable[int], **values: Any) -> None:
    for chunk in chunks(sorted(keys)):
        connection.execute(update(table).where(table.c.key.in_(chunk)).values(**values))


def _touch(connection: Connection, keys: Iterable[Any]) -> None:
    """Something may have to be told of these reports."""
    _each(connection, reports, keys, dirty=True)


# --- lists


@dataclass(frozen=True, slots=True)
class _Lists:
    """Lists of a portal by what this run knows of them, by the digests of their addresses.

    Attributes:
        complete: every row was seen.
        open: what they showed when they were last complete, they may show still.
        deserted: nothing leads to them any more, although the whole portal was walked.
        torn: some list was asked and not read to its end: a row may stand there that stood elsewhere before.
    """

    complete: frozenset[bytes]
    open: frozenset[bytes]
    deserted: frozenset[bytes]
    torn: bool


def _note_lists(connection: Connection, here: Here, end: PortalEnd) -> _Lists:
    known = {
        row.address: row
        for row in connection.execute(
            select(listings.c.key, listings.c.address, listings.c.read_run, listings.c.complete_run).where(
                listings.c.portal == here.portal
            )
        )
    }
    read = {key_of(listing.url): listing for listing in end.listings if not listing.hub}
    for address, listing in read.items():
        _note_list(connection, here, known.get(address), address, listing)
    whole = end.fine and end.entire
    complete = frozenset(address for address, listing in read.items() if listing.complete)
    unread = known.keys() - read.keys()
    once = {address for address, row in known.items() if row.complete_run is not None}
    return _Lists(
        complete=complete,
        open=frozenset(once - complete - (unread if whole else set())),
        deserted=frozenset(unread if whole else ()),
        torn=len(complete) < len(read),
    )


def _note_list(
    connection: Connection, here: Here, known: Found | None, address: bytes, listing: ListingRead
) -> None:
    values: dict[str, Any] = {
        "url": listing.url,
        "label": listing.label,
        "declared": listing.declared,
        "found": listing.found,
        "read_run": here.run,
    }
    if listing.complete:
        values["complete_run"] = here.run
    if known is None:
        connection.execute(insert(listings).values(**values, portal=here.portal, address=address))
    else:
        connection.execute(update(listings).where(listings.c.key == known.key).values(**values))


# --- what is missing


def _find_missing(connection: Connection, here: Here, lists: _Lists) -> None:
    for listing in sorted(lists.complete):
        unseen = (entries.c.listing == listing, entries.c.last_run < here.run)
        # While a list is torn, a page that answered in this run may be on the part that is not known.
        silent = (publications.c.checked_run < here.run,) if lists.torn else ()
        awaited = _unseen(connection, here, *unseen, *silent)
        elsewhere = set(_shown_elsewhere(connection, here, awaited, lists))
        missing = {key: report for key, report in awaited.items() if key not in elsewhere}
        _each(connection, publications, missing, state=MISSING)
        _touch(connection, set(missing.values()))
        _forget(connection, *unseen)
    for listing in sorted(lists.deserted):
        moved = _moved_on(connection, here, listing)
        _each(connection, publications, moved, state=MISSING)  # and, as it stands elsewhere, moved
        _touch(connection, set(moved.values()))


def _unseen(connection: Connection, here: Here, *unseen: ColumnElement[bool]) -> dict[int, int]:
    """Pages → reports of rows that a list no longer shows, as long as nobody has seen them go."""
    asked = (
        select(publications.c.key, publications.c.report)
        .join_from(entries, publications, entries.c.publication == publications.c.key)
        .where(
            *unseen,
            publications.c.state == ACTIVE,
            publications.c.report.is_not(None),
            or_(publications.c.listed_run.is_(None), publications.c.listed_run < here.run),
        )
    )
    return {row.key: row.report for row in connection.execute(asked)}


def _shown_elsewhere(
    connection: Connection, here: Here, pages: Iterable[int], lists: _Lists
) -> Iterable[int]:
    """Pages that some other list showed when it was last complete, and may show still."""
    found: set[int] = set()
    for chunk in chunks(sorted(pages)):
        asked = (
            select(entries.c.publication)
            .join_from(entries, listings, entries.c.listing == listings.c.address)
            .where(
                entries.c.publication.in_(chunk),
                entries.c.last_run >= listings.c.complete_run,
                or_(listings.c.portal != here.portal, listings.c.address.in_(sorted(lists.open))),
            )
        )
        found.update(connection.scalars(asked))
    return found


def _moved_on(connection: Connection, here: Here, listing: bytes) -> dict[int, int]:
    """Pages of a deserted list whose content was found at another address since they were last listed."""
    other, then, now = publications.alias("other"), versions.alias("then"), versions.alias("now")
    asked = (
        select(publications.c.key, publications.c.report)
        .join_from(entries, publications, entries.c.publication == publications.c.key)
        .join(other, other.c.report == publications.c.report)
        .join(then, publications.c.version == then.c.key)
        .join(now, other.c.version == now.c.key)
        .where(
            entries.c.listing == listing,
            publications.c.state == ACTIVE,
            publications.c.listed_run < here.run,
            other.c.state == ACTIVE,
            other.c.listed_run == here.run,
            other.c.first_run > publications.c.listed_run,
            or_(then.c.content == now.c.content, then.c.numbers == now.c.numbers),
        )
    )
    return {row.key: row.report for row in connection.execute(asked)}


def _forget(connection: Connection, *unseen: ColumnElement[bool]) -> None:
    """Rows that are gone from their list and led to nothing that is still awaited there."""
    awaited = select(publications.c.key).where(
        publications.c.report.is_not(None), publications.c.state.in_((ACTIVE, MISSING))
    )
    ended = or_(entries.c.publication.is_(None), entries.c.publication.not_in(awaited))
    connection.execute(delete(entries).where(*unseen, ended))


# --- reports


def _see_reports(connection: Connection, here: Here) -> None:
    """Reports that a list of this run shows were seen, whether their pages were asked or not."""
    listed = (
        select(publications.c.report)
        .join_from(entries, publications, entries.c.publication == publications.c.key)
        .where(
            entries.c.portal == here.portal,
            entries.c.last_run == here.run,
            publications.c.state == ACTIVE,
            publications.c.report.is_not(None),
        )
    )
    connection.execute(
        update(reports)
        .where(reports.c.key.in_(listed), reports.c.last_seen < here.at)
        .values(last_seen=here.at)
    )


def _dirty(connection: Connection, portal: int) -> list[int]:
    """Reports of a portal of which something is to be told."""
    here = select(publications.c.report).where(publications.c.portal == portal)
    asked = select(reports.c.key).where(
        reports.c.dirty, or_(reports.c.portal == portal, reports.c.key.in_(here))
    )
    return list(connection.scalars(asked))
