"""What a walk may ask of the store: is this row as it was, is its page stored, which rows stood here before.

Only what was committed counts. A page whose report was read and then lost in a crash is simply not known, so it is
asked again; there is no list of addresses "done".
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, null, select

from pipelines.addresses import address_key, digest
from pipelines.store.schema import captures, entries, listings, portals, publications, versions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy import Connection, Engine
    from sqlalchemy import Row as AnyRow

    from pipelines.store.sightings import Row

    Found = AnyRow[*tuple[Any, ...]]

_LIVE: Final = "active"
_ENDED: Final = frozenset({"gone", "moved", "replaced"})
"""States of a publication that no list needs to show any more."""


@dataclass(frozen=True, slots=True)
class Known:
    """The document behind a row, as it was stored.

    Attributes:
        fate: ``report``, ``duplicate`` or why it was refused.
        year: the year it reports on, if known.
        settled: the row says what it said then, and the page is where it was: nothing calls for another look.
        etag: validator of the page, or None; also None where the page did not hold what its row promised.
        last_modified: the same.
    """

    fate: str
    year: int | None
    settled: bool
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class Former:
    """A row that stood in a list when it was last read completely.

    Attributes:
        listing: digest of the list's address.
        address: digest of the address that it leads to.
        url: that address.
        fingerprint: of what it said, or None if its page was never stored.
        state: of what it led to; None if its page was never stored.
        report: key of the report it led to, or None.
        alive: the row is missing, and its page was seen since: it stands there, unlisted.
    """

    listing: bytes
    address: bytes
    url: str
    fingerprint: bytes | None
    state: str | None
    report: int | None
    alive: bool = False

    @property
    def awaited(self) -> bool:
        """Whether its absence would be news: a report stood there, and nobody has seen it go."""
        return self.report is not None and self.state not in _ENDED


@dataclass(frozen=True, slots=True)
class FormerListing:
    """A list that was read before.

    Attributes:
        address: digest of its address.
        url: its address.
        label: what the link to it said.
        rows: rows as last seen: those of its last complete reading and later ones.
    """

    address: bytes
    url: str
    label: str
    rows: tuple[Former, ...]


class Memory:
    """What earlier runs stored of one portal."""

    def __init__(self, engine: Engine, portal: int) -> None:
        """Read through an engine; every question is one short transaction."""
        self._engine = engine
        self._portal = portal

    def known(self, row: Row) -> Known | None:
        """The document that a row leads to, or None if none is stored."""
        address = digest(address_key(row.url))
        with self._engine.connect() as connection:
            found = connection.execute(_DOCUMENT, {"address": address}).all()
            if not found:
                found = connection.execute(_PUBLICATION, {"address": address}).all()
        if not found:
            return None
        first = found[0]
        same = any(one.fingerprint == row.fingerprint for one in found)
        stamped = any(one.fingerprint is not None for one in found)
        return Known(
            fate=first.fate,
            year=first.year,
            settled=same and first.state == _LIVE and not first.failures,
            etag=first.etag if stamped else None,
            last_modified=first.last_modified if stamped else None,
        )

    def listings(self) -> list[FormerListing]:
        """The lists of the portal that were read before, with their rows."""
        with self._engine.connect() as connection:
            known = connection.execute(
                select(listings.c.address, listings.c.url, listings.c.label, listings.c.complete_run).where(
                    listings.c.portal == self._portal
                )
            ).all()
            rows = self._rows(connection, {one.address: one.complete_run or 0 for one in known})
        return [FormerListing(one.address, one.url, one.label, tuple(rows[one.address])) for one in known]

    def _rows(self, connection: Connection, since: dict[bytes, int]) -> dict[bytes, list[Former]]:
        """Rows by list, without those that its last complete reading no longer showed unless their report is missing."""
        rows: dict[bytes, list[Former]] = defaultdict(list)
        for one in connection.execute(_ROWS.where(entries.c.portal == self._portal)):
            if one.listing in since and (one.last_run >= since[one.listing] or one.state == "missing"):
                alive = one.state == "missing" and not one.failures and one.checked_run > one.last_run
                rows[one.listing].append(
                    Former(one.listing, one.address, one.url, one.fingerprint, one.state, one.report, alive)
                )
        return rows

    def given(self, address: bytes) -> str | None:
        """What was known of the document at an address besides its bytes, as ``versions.given`` has it."""
        with self._engine.connect() as connection:
            given: str | None = connection.execute(
                select(versions.c.given)
                .join_from(publications, versions, publications.c.version == versions.c.key)
                .where(publications.c.address == address)
            ).scalar_one_or_none()
        return given

    def linking(self) -> frozenset[bytes]:
        """Addresses of all pages that are lists or link documents: these are always asked."""
        with self._engine.connect() as connection:
            linked = connection.execute(
                select(entries.c.listing).where(entries.c.portal == self._portal).distinct()
            ).scalars()
            read = connection.execute(
                select(listings.c.address).where(listings.c.portal == self._portal)
            ).scalars()
            return frozenset(linked) | frozenset(read)

    def found_again(self, reports: Collection[int], seen: Collection[bytes], run: int) -> set[int]:
        """Which of these reports some page of this run showed, at whatever address."""
        again: set[int] = set()
        with self._engine.connect() as connection:
            for part in _parts(sorted(reports)):
                for one in connection.execute(_OF_REPORTS.where(publications.c.report.in_(part))):
                    if one.checked_run == run or one.address in seen:
                        again.add(one.report)
        return again


def last_full(connection: Connection, portal: int) -> str | None:
    """When the last complete pass over every page of a portal began, or None."""
    at: str | None = connection.execute(
        select(portals.c.full_at).where(portals.c.key == portal)
    ).scalar_one_or_none()
    return at


def newest_capture(connection: Connection, request: bytes) -> tuple[str, str, str | None] | None:
    """Address, digest and media type of the last answer to a request that lies in the archive."""
    one = connection.execute(
        select(captures.c.url, captures.c.digest, captures.c.content_type)
        .where(captures.c.request == request)
        .order_by(captures.c.key.desc())
        .limit(1)
    ).one_or_none()
    return (one.url, one.digest, one.content_type) if one else None


def capture_of(connection: Connection, digest_: str) -> Found | None:
    """Where the bytes of a digest lie (``file``, ``offset``), whence and when (``url``, ``at``), or None.

    They are written in full once; where they are twice, the first ones could not be had any more.
    """
    return connection.execute(
        select(captures.c.file, captures.c.offset, captures.c.url, captures.c.at)
        .where(captures.c.digest == digest_, captures.c.revisit.is_(False))
        .order_by(captures.c.key.desc())
        .limit(1)
    ).one_or_none()


_PUBLICATION: Final = select(
    null().label("fingerprint"),
    publications.c.fate,
    publications.c.state,
    publications.c.year,
    publications.c.failures,
    publications.c.etag,
    publications.c.last_modified,
).where(publications.c.address == bindparam("address"))
_DOCUMENT: Final = (
    select(
        entries.c.fingerprint,
        publications.c.fate,
        publications.c.state,
        publications.c.year,
        publications.c.failures,
        publications.c.etag,
        publications.c.last_modified,
    )
    .join_from(entries, publications, entries.c.publication == publications.c.key)
    .where(entries.c.address == bindparam("address"))
)
"""Built once: a list asks for every one of its rows."""
_ROWS: Final = select(
    entries.c.listing,
    entries.c.address,
    entries.c.url,
    entries.c.fingerprint,
    entries.c.last_run,
    publications.c.state,
    publications.c.report,
    publications.c.failures,
    publications.c.checked_run,
).join_from(entries, publications, entries.c.publication == publications.c.key, isouter=True)
_OF_REPORTS: Final = select(publications.c.report, publications.c.address, publications.c.checked_run).where(
    publications.c.report.is_not(None)
)
_PART: Final = 500


def _parts(keys: Sequence[int]) -> Iterable[Sequence[int]]:
    return (keys[start : start + _PART] for start in range(0, len(keys), _PART))
