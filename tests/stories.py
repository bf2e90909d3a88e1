"""Stories of a portal told to the store: what stands at which address, crawl by crawl, and what the store makes of it.

A page is a few facts instead of HTML; everything else (what is asked again, when a list is complete) is what a walk does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from pipelines.fingerprints import digest_of, numbers_digest
from pipelines.record import Agency, Report, Source
from pipelines.store.intake import Taken, begin_portal, refuse, take_in
from pipelines.store.schema import changes, portals, publications, reports, runs, versions
from pipelines.store.settling import announce, settle
from pipelines.store.sightings import (
    Failure,
    Here,
    ListingRead,
    PortalEnd,
    Reading,
    Refusal,
    Row,
)
from pipelines.store.standing import shown, standings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

HOME = "http://www.city.gov.cn/"
LIST = f"{HOME}nb/"
OTHER = f"{HOME}bm/"
A, B, C = (f"{LIST}{name}.html" for name in "abc")
MOBILE = "http://m.city.gov.cn/nb/a.html"
WATER, SCHOOL = "140202-water-own-2024", "140202-school-own-2024"
NOON = "2026-11-22T12:00:00+00:00"


@dataclass(frozen=True)
class Doc:
    """What a page says.

    Attributes:
        id: identity that is read from it.
        text: what it says; the row in a list says the same.
        cells: its numbers, or one number, or None for none.
        known: its body is placed.
        name: of the body; None for the first half of the id.
        capture: of its bytes in the archive.
    """

    id: str = WATER
    text: str = "正文"
    cells: int | None = 1
    known: bool = True
    name: str | None = None
    capture: str | None = None

    @property
    def year(self) -> int:
        return int(self.id.rpartition("-")[2])

    @property
    def content(self) -> bytes:
        return digest_of([self.year, self.text, self.cells])

    def reading(self, url: str, row: Row | None) -> Reading:
        cells: dict[str, int | float | None] = {"disputes.review.total": self.cells}
        body, _, _ = self.id.rpartition("-")
        report = Report(
            id=self.id,
            kind="report",
            kind_reason="title_and_body",
            url=url,
            title=self.text,
            agency=Agency(name=self.name or body, kind="dept", division="140202", confidence="high"),
            year=self.year,
            cells=cells,
            source=Source(kind="html_table", sha256=digest_of([url, self.text, self.cells]).hex()),
        )
        return Reading(
            report=report,
            known=self.known,
            content=self.content,
            numbers=numbers_digest(self.year, cells),
            text=None,
            given=f'{{"text":"{self.text}"}}',
            capture=self.capture,
            row=row,
        )


@dataclass(frozen=True)
class Sight:
    """What a walk through the portal sees.

    Attributes:
        pages: address → what stands there; a text is the code of a refusal or of a failure.
        lists: address of a list → addresses that it shows; None: everything stands in one list.
        broken: lists that were not read completely.
        entire: nothing was left out.
        at: when.
    """

    pages: Mapping[str, Doc | str]
    lists: Mapping[str, Sequence[str]] | None = None
    broken: Sequence[str] = ()
    entire: bool = True
    at: str = NOON

    @property
    def columns(self) -> Mapping[str, Sequence[str]]:
        return {LIST: tuple(self.pages)} if self.lists is None else self.lists

    def rows(self, url: str) -> list[Row]:
        page = self.pages.get(url)
        said = digest_of([url, page.text if isinstance(page, Doc) else page])
        return [Row(column, url, said) for column, urls in self.columns.items() if url in urls]


def nothing(capture: str, given: str) -> bytes | None:
    """Old bytes can't be had."""
    del capture, given
    return None


@dataclass
class Story:
    """Crawls of one portal, or of several.

    Attributes:
        connection: of the store.
        home: the portal that is crawled.
        parted: the two lists stand on two portals.
        outcomes: what became of the pages of the last crawl.
    """

    connection: Connection
    home: str = HOME
    parted: bool = False
    outcomes: list[str] = field(default_factory=list)

    def begin(self) -> int:
        number = len(self.connection.execute(select(runs.c.seq)).all()) + 1
        return self.connection.execute(
            insert(runs)
            .values(
                id=f"run-{number}",
                spider="test",
                arguments={},
                mode="incremental",
                state="running",
                started=NOON,
            )
            .returning(runs.c.seq)
        ).scalar_one()

    def lose(self, run: int) -> None:
        self.connection.execute(update(runs).where(runs.c.seq == run).values(state="lost"))

    def portal(self, home: str | None = None) -> int:
        return begin_portal(
            self.connection, home or self.home, name="青溪县", division="140202", province="shanxi"
        )

    def read(self, here: Here, sight: Sight, urls: Iterable[str], reread: Any = nothing) -> list[Taken]:
        """Ask these pages."""
        taken = []
        for url in urls:
            page = sight.pages[url]
            row = next(iter(sight.rows(url)), None)
            if isinstance(page, Doc):
                taken.append(take_in(self.connection, here, page.reading(url, row), reread))
            elif page not in ("not_found", "gone", "server_error"):
                refuse(self.connection, here, Refusal(url, page, row=row))
        return taken

    def listings(self, sight: Sight) -> tuple[ListingRead, ...]:
        return tuple(
            ListingRead(
                url=column,
                label="年报",
                declared=None,
                found=len(urls),
                complete=column not in sight.broken,
                rows=tuple(row for url in urls for row in sight.rows(url) if row.listing == column),
            )
            for column, urls in sight.columns.items()
        )

    def settle(self, here: Here, sight: Sight, **end: Any) -> None:
        failures = tuple(
            Failure(url, page)
            for url, page in sight.pages.items()
            if page in ("not_found", "gone", "server_error")
        )
        facts: dict[str, Any] = {
            "mode": "incremental",
            "outcome": "partial" if sight.broken else "ok",
            "reason": None,
            "fine": not sight.broken,
            "entire": sight.entire,
            "reports": 0,
            "entry": {},
            "listings": self.listings(sight),
            "failures": failures,
        }
        settle(self.connection, here, PortalEnd(**facts | end))

    def here(self, at: str = NOON) -> Here:
        """A run that has begun, at the portal."""
        return Here(self.begin(), self.portal(), at)

    def refuse(self, url: str, code: str, year: int | None = None) -> None:
        refuse(self.connection, self.here(), Refusal(url, code, year))

    def crawl(self, sight: Sight, reread: Any = nothing, **end: Any) -> list[Taken]:
        """One run from its beginning to its end; every page is asked."""
        here = self.here(sight.at)
        taken = self.read(here, sight, sight.pages, reread)
        self.settle(here, sight, **end)
        self.tell(here.run, [here.portal])
        self.outcomes = [one.result for one in taken]
        return taken

    def tell(self, run: int, portals: Sequence[int]) -> None:
        announce(self.connection, run, portals)
        self.connection.execute(update(runs).where(runs.c.seq == run).values(state="finished"))

    # --- what came of it

    @property
    def last(self) -> int:
        """Number of the last run."""
        return max(self.connection.scalars(select(runs.c.seq)))

    @property
    def told(self) -> set[tuple[str, str]]:
        """What the last run told: change, id."""
        asked = select(changes.c.change, reports.c.id).join_from(changes, reports)
        return {
            (change, id_) for change, id_ in self.connection.execute(asked.where(changes.c.run == self.last))
        }

    def details(self, change: str) -> dict[str, Any]:
        asked = select(changes.c.details).where(changes.c.change == change).order_by(changes.c.run.desc())
        return self.connection.execute(asked).scalars().first() or {}

    @property
    def state(self) -> dict[str, str]:
        """Address → state of the page."""
        asked = select(publications.c.url, publications.c.state)
        return dict(self.connection.execute(asked).all())

    def fate(self, url: str) -> str:
        """Why a page is kept."""
        asked = select(publications.c.fate).where(publications.c.url == url)
        return self.connection.execute(asked).scalar_one()

    @property
    def exported(self) -> list[dict[str, Any]]:
        """Everything that leaves the store, but for times."""
        found = standings(self.connection, self.connection.scalars(select(reports.c.key)).all())
        rows = {row.key: row for row in self.connection.execute(select(reports))}
        records = dict(self.connection.execute(select(versions.c.key, versions.c.record)).all())
        homes = dict(self.connection.execute(select(portals.c.key, portals.c.url)).all())
        exported = []
        for key, standing in found.items():
            row = rows[key]
            for place, record in enumerate(shown(standing)):
                version = record.place.version
                stored = Report.model_validate_json(records[version.key])
                exported.append(
                    {
                        "id": row.id,
                        "strand": row.strand,
                        "state": row.state,
                        "agency": row.agency,
                        "portal": homes[row.portal],
                        "place": place,
                        "url": record.place.url,
                        "read_at": stored.url,
                        "also_at": record.also_at,
                        "number": version.number,
                        "text": stored.title,
                        "cells": stored.cells,
                        "sha256": stored.source.sha256,
                        "first": row.first_seen,
                        "last": row.last_seen,
                        "changed": row.changed,
                    }
                )
        return sorted(exported, key=lambda one: (one["id"], one["url"], one["strand"]))

    def record(self, id_: str = WATER) -> dict[str, Any]:
        (one,) = (one for one in self.exported if one["id"] == id_)
        return one
