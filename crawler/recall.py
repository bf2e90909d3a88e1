"""What a walk sees of documents, set against what earlier runs stored.

A list is always asked. A document is asked again only if its row changed, if nothing of it is stored, if its row
vanished, or if the portal is walked in full. What vanished is looked at once more by itself: only its own page can say
whether it is gone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crawler.assertions import shrunk
from crawler.platforms.base import Entry
from pipelines.addresses import address_key, digest
from pipelines.fingerprints import row_digest
from pipelines.store.sightings import Failure, Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from crawler.ledger import ColumnCount
    from pipelines.store.memory import Former, FormerListing, Known, Memory


@dataclass(slots=True)
class Recall:
    """One portal's documents in one run.

    Attributes:
        memory: what is stored; None for a crawl without a store.
        run: number of the run.
        full: every document is asked, whatever is stored.
        shrinkage: lists that lost many rows are taken as they are (``-a accept=shrunk``).
        rows: list → digest of the address → row, of everything seen.
        confirmed: rows whose page answered "not modified".
        failures: documents that could not be had.
    """

    memory: Memory | None = None
    run: int = 0
    full: bool = False
    shrinkage: bool = False
    rows: dict[str, dict[bytes, Row]] = field(default_factory=dict)
    confirmed: list[Row] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    _former: list[FormerListing] | None = None

    def see(self, listing: str, entry: Entry) -> Row:
        """Note a row that leads to a document."""
        row = Row(listing, entry.url, row_digest(entry.title, entry.published, entry.metadata))
        return self.rows.setdefault(listing, {}).setdefault(digest(address_key(entry.url)), row)

    def known(self, row: Row) -> Known | None:
        """What is stored of the document that a row leads to."""
        return self.memory.known(row) if self.memory else None

    def may_skip(self, known: Known | None) -> bool:
        """Whether nothing calls for another look at a document."""
        return known is not None and known.settled and not self.full

    def fail(self, url: str, code: str) -> None:
        """Note a document that could not be had."""
        self.failures.append(Failure(url, code))

    def validators_of(self, former: Former) -> Known | None:
        """What is stored of the document of a row that vanished."""
        return self.known(Row("", former.url, former.fingerprint or b""))

    def entry_of(self, former: Former) -> Entry | None:
        """The row that once led to a document, as it was then."""
        given = self.memory.given(former.address) if self.memory else None
        if given is None:
            return None
        said = json.loads(given)
        return Entry(former.url, said["title"] or "", said["published"], tuple(said["metadata"].items()))

    # --- at the end of a walk

    def unread(self, read: Iterable[str]) -> list[FormerListing]:
        """Lists of earlier runs that nothing led to, although rows of theirs were seen nowhere."""
        met = {digest(address_key(url)) for url in read}
        awaited = {
            one.address: [row for row in self._not_seen(one.rows) if row.state != "missing"]
            for one in self.former()
            if one.address not in met
        }
        again = self._found_again(row for rows in awaited.values() for row in rows)
        return [
            one
            for one in self.former()
            if any(row.report not in again for row in awaited.get(one.address, ()))
        ]

    def vanished(self, columns: Mapping[str, ColumnCount]) -> list[Former]:
        """Rows that their lists no longer show, and rows of lists that are gone; each address once.

        A list that lost too many rows is marked ``shrunk``: it is not complete, whatever it says of itself.
        """
        lists = {digest(address_key(url)): count for url, count in columns.items()}
        found: dict[bytes, Former] = {}
        for one in self.former():
            count = lists.get(one.address)
            if count is None or (count.pages and (count.shortfall or count.unread)):
                continue
            missing = list(self._not_seen(one.rows))
            again = self._found_again(missing)
            lost = [row for row in missing if row.report not in again]
            before = sum(row.awaited and row.state != "missing" for row in one.rows)
            news = sum(row.state != "missing" for row in lost)
            if count.pages and not self.shrinkage and shrunk(before - news, before):
                count.problems.append("shrunk")
                count.before = before
            # A page that stands there unlisted is looked at in full passes only.
            found |= {row.address: row for row in lost if self.full or not row.alive}
        return list(found.values())

    def former(self) -> list[FormerListing]:
        """What earlier runs saw."""
        if self._former is None:
            self._former = self.memory.listings() if self.memory else []
        return self._former

    def _not_seen(self, rows: Iterable[Former]) -> Iterator[Former]:
        seen = self._seen()
        return (row for row in rows if row.awaited and row.address not in seen)

    def _seen(self) -> set[bytes]:
        return {address for rows in self.rows.values() for address in rows}

    def _found_again(self, rows: Iterable[Former]) -> set[int]:
        reports = {row.report for row in rows if row.report is not None}
        return self.memory.found_again(reports, self._seen(), self.run) if self.memory and reports else set()
