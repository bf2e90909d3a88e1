"""What one page adds to the store: a report, a version of one, another address, or the fact that none stands there.

A page is known by its address, a report by its identity, and only where its body is placed; a content by digests.
Likeness of text is no evidence: the reports of one body in two years are 97 % alike. Everything happens in the
transaction of the caller, so a page is stored entirely or not at all.

Which content took the place of which on *other* pages, and what is missing, follows later, from all that is stored
(``arranging``, ``settling``): it must not depend on the page that happened to come first.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select, update

from pipelines.normalise import squeeze
from pipelines.record import Seen, to_json
from pipelines.store.arranging import REPORT, arrange
from pipelines.store.export import differences
from pipelines.store.pages import key_of, page_at, put
from pipelines.store.schema import attempts, changes, entries, portals, publications, reports, versions
from pipelines.store.sightings import Reading
from pipelines.store.standing import ACTIVE, GONE, MISSING, MOVED, REPLACED, shown, standings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection, Row

    AnyRow = Row[*tuple[Any, ...]]

    from pipelines.record import Change, Report
    from pipelines.store.sightings import Here, Refusal, Result
    from pipelines.store.standing import Place, Standing, Version

REREAD: Final = "reread"
_CHANGES: Final[Mapping[Result, Change]] = {"new": "new", "changed": "changed"}
"""Result → what the record says; everything else is ``unchanged``."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a page.

    Attributes:
        result: what the store makes of it.
        report: its record with the identity, version and times that the store knows. What other pages mean for the
            version is settled at the end of the portal; exports are made after that.
    """

    result: Result
    report: Report


def begin_portal(
    connection: Connection, url: str, *, name: str | None, division: str | None, province: str | None
) -> int:
    """The key of a portal; the first time, it is entered.

    Args:
        connection: in a transaction of the caller.
        url: its home page.
        name: of the government, or None.
        division: its code, or None.
        province: key of the registry, or None.
    """
    values = {"url": url, "name": name, "division": division, "province": province}
    at = portals.c.address == key_of(url)
    known = connection.execute(
        select(portals.c.key, portals.c.url, portals.c.name, portals.c.division, portals.c.province).where(at)
    ).one_or_none()
    if known is None:
        added = insert(portals).values(**values, address=key_of(url)).returning(portals.c.key)
        key: int = connection.execute(added).scalar_one()
        return key
    if any(getattr(known, column) != value for column, value in values.items()):
        connection.execute(update(portals).where(at).values(**values))
    return known.key  # type: ignore[no-any-return]


def take_in(
    connection: Connection, here: Here, reading: Reading, reread: Callable[[str, str], bytes | None]
) -> Taken:
    """Store one report as one page shows it.

    Args:
        connection: in a transaction of the caller.
        here: where and when.
        reading: what was read.
        reread: capture and ``given`` of an older version → digest of its content as today's program reads the same
            bytes, or None if they can't be had. It tells an office's edit from a change of our own.

    Returns:
        What became of it.
    """
    page = page_at(connection, reading.report.url)
    report = _report_of(connection, page, reading)
    known = report is not None
    if report is None:
        report = _new_report(connection, here, reading)
    before = standings(connection, [report.key]).get(report.key) if known else None
    stored = _Intake(connection, here, reading, report, _place_at(before, reading))
    result, version = stored.store(before, reread)
    state = _state(page, report.key, reading)
    put(
        connection,
        here,
        page,
        reading,
        url=reading.report.url,
        report=report.key,
        version=version,
        fate=REPORT if page is None or page.report != report.key else page.fate,
        year=reading.report.year,
        state=state,
    )
    if page is not None and page.report not in (None, report.key):
        _touch(connection, page.report)
    _leave(connection, reading, report.key)
    stirred = result != "unchanged" or page is None or (page.state, page.report) != (state, report.key)
    if known:
        _see(connection, here, report, dirty=stirred)
    after = arrange(connection, [report.key])[report.key] if known and stirred else before
    if after is not None and _is_further(after, key_of(reading.report.url), result):
        result = "duplicate"
    _attempt(connection, here, reading.report.url, result)
    return Taken(result, _filled(connection, version, result, reading.report))


def refuse(connection: Connection, here: Here, refusal: Refusal) -> None:
    """Store that a page was read and holds no report that is wanted.

    A report that stood there is kept; it only lost this page. One that was refused for its year alone, and is the
    report that is known to stand there, stays what it is.

    Args:
        connection: in a transaction of the caller.
        here: where and when.
        refusal: what was read, and why it is not wanted.
    """
    page = page_at(connection, refusal.url)
    _attempt(connection, here, refusal.url, refusal.code)
    if (
        page is not None
        and page.report is not None
        and refusal.year is not None
        and page.year == refusal.year
    ):
        state = _state(page, page.report, refusal)
        put(connection, here, page, refusal, url=refusal.url, state=state)
        if state != page.state:
            _touch(connection, page.report)
        return
    stood = page is not None and (page.report is not None or page.state == REPLACED)
    put(
        connection,
        here,
        page,
        refusal,
        url=refusal.url,
        report=None,
        version=None,
        fate=refusal.code,
        year=refusal.year,
        state=REPLACED if stood else ACTIVE,
    )
    if page is not None and page.report is not None:
        _touch(connection, page.report)
    _leave(connection, refusal, None)


def _leave(connection: Connection, seen: Reading | Refusal, report: int | None) -> None:
    """An address that only leads on has nothing of its own any more, whatever it showed before."""
    url = seen.report.url if isinstance(seen, Reading) else seen.url
    if seen.asked is None or key_of(seen.asked) == key_of(url):
        return
    left = page_at(connection, seen.asked)
    if left is not None and left.report is not None:
        state = MOVED if left.report == report else REPLACED
        target = select(publications.c.key).where(publications.c.address == key_of(url)).scalar_subquery()
        at = publications.c.key == left.key
        connection.execute(update(publications).where(at).values(state=state))
        connection.execute(
            update(entries).where(entries.c.publication == left.key).values(publication=target)
        )
        _touch(connection, left.report)


# --- which report


def _report_of(connection: Connection, page: AnyRow | None, reading: Reading) -> AnyRow | None:
    """The report that a reading is of, or None if it is not known yet."""
    if page is not None and page.report is not None:
        stands = connection.execute(_REPORT.where(reports.c.key == page.report)).one()
        if stands.id == reading.report.id or _is_same_body(connection, page, reading.report):
            return stands
    return connection.execute(
        _REPORT.where(reports.c.id == reading.report.id, reports.c.strand == _strand(reading))
    ).one_or_none()


_REPORT: Final = select(reports.c.key, reports.c.id, reports.c.last_seen)


def _is_same_body(connection: Connection, page: AnyRow, report: Report) -> bool:
    """Whether a page still speaks of the same body and year: an id may change with what could be read."""
    text = connection.execute(
        select(versions.c.record).where(versions.c.key == page.version)
    ).scalar_one_or_none()
    if text is None or page.year != report.year:
        return False
    return _name(json.loads(text)["agency"]["name"]) == _name(report.agency.name)


def _name(name: str | None) -> str | None:
    return None if name is None else squeeze(name)


def _strand(reading: Reading) -> str:
    """What keeps bodies apart that can't be placed: only pages that say the same are one report."""
    return "" if reading.known else reading.content.hex()


def _new_report(connection: Connection, here: Here, reading: Reading) -> AnyRow:
    report = reading.report
    return connection.execute(
        insert(reports)
        .values(
            id=report.id,
            strand=_strand(reading),
            series=report.id.rpartition("-")[0],
            year=report.year,
            division=report.agency.division,
            agency=report.agency.name,
            kind=report.kind,
            portal=here.portal,
            state=ACTIVE,
            first_seen=here.at,
            last_seen=here.at,
            dirty=True,
        )
        .returning(reports.c.key, reports.c.id, reports.c.last_seen)
    ).one()


def _place_at(standing: Standing | None, reading: Reading) -> Place | None:
    """The page of a reading among those of its report, if it ever showed it."""
    address = key_of(reading.report.url)
    places = standing.places if standing else ()
    return next((place for place in places if place.address == address), None)


def _state(page: AnyRow | None, report: int, seen: Reading | Refusal) -> str:
    """A page that answers is there; but what its list no longer shows is missing until a list shows it again."""
    if page is None or page.report != report or seen.row is not None or page.listed_run is None:
        return ACTIVE
    return MISSING if page.state in (MISSING, GONE) else ACTIVE


# --- which version


@dataclass(frozen=True, slots=True)
class _Intake:
    """One reading of one page of a report that is in the store.

    Attributes:
        connection: in a transaction of the caller.
        here: where and when.
        reading: what was read.
        report: its row.
        place: the page, if it showed the report before.
    """

    connection: Connection
    here: Here
    reading: Reading
    report: AnyRow
    place: Place | None

    def store(
        self, before: Standing | None, reread: Callable[[str, str], bytes | None]
    ) -> tuple[Result, int]:
        """Add what is new; result and key of the version that the page shows."""
        if before is None:
            return "new", self._add(1, None)
        if self.place is None:
            return _arrival(before, self.reading), self._add(1, None)
        version = self.place.version
        result = self._against(version, reread)
        if result == "changed":
            return result, self._add(version.number + 1, version.key)
        return result, version.key

    def _against(self, version: Version, reread: Callable[[str, str], bytes | None]) -> Result:
        """The reading against what the same page showed last."""
        if version.content == self.reading.content:
            return "unchanged" if version.numbers == self.reading.numbers else self._replace(version.key)
        if self._reads(version.key, reread) == self.reading.content:
            return self._replace(version.key)
        if self._reads(version.key, reread, self.reading.given) == self.reading.content:
            return "unchanged"  # the row that led here says something else, not the page
        return "changed"

    def _add(self, number: int, previous: int | None) -> int:
        key: int = self.connection.execute(
            insert(versions)
            .values(
                report=self.report.key,
                address=key_of(self.reading.report.url),
                number=number,
                previous=previous,
                seen=self.here.at,
                run=self.here.run,
                **self._content(),
            )
            .returning(versions.c.key)
        ).scalar_one()
        return key

    def _reads(
        self, version: int, reread: Callable[[str, str], bytes | None], given: str | None = None
    ) -> bytes | None:
        """What today's program makes of the bytes of an older version, knowing besides what was known then, or now."""
        old = self.connection.execute(
            select(versions.c.capture, versions.c.given).where(versions.c.key == version)
        ).one()
        return reread(old.capture, given or old.given) if old.capture is not None else None

    def _replace(self, version: int) -> Result:
        """The page is as it was; our reading of it is better now."""
        at = versions.c.key == version
        old = self.connection.execute(select(versions.c.record).where(at)).scalar_one()
        values = self._content()
        self.connection.execute(update(versions).where(at).values(**values))
        cells, fields = differences(json.loads(old), json.loads(values["record"]))
        if not cells and not fields:
            return "unchanged"
        told = {"run": self.here.run, "report": self.report.key, "change": REREAD}
        self.connection.execute(delete(changes).where(*(changes.c[name] == told[name] for name in told)))
        details = {"cells": cells, "fields": fields}
        self.connection.execute(insert(changes).values(**told, version=version, was=version, details=details))
        return "reread"

    def _content(self) -> dict[str, Any]:
        reading = self.reading
        record = reading.report.model_copy(
            update={"id": self.report.id, "version": 1, "change": "new", "also_at": [], "seen": Seen()}
        )
        return {
            "content": reading.content,
            "numbers": reading.numbers,
            "text": reading.text,
            "record": to_json(record),
            "given": reading.given,
            "capture": reading.capture,
        }


def _arrival(standing: Standing, reading: Reading) -> Result:
    """What a page is to a report that was known before it."""
    known = any(_says(version.content, version.numbers, reading) for version in standing.versions)
    if not known:
        return "changed"
    return "duplicate" if standing.active else "unchanged"


def _is_further(standing: Standing, address: bytes, result: Result) -> bool:
    """Whether a page is only another address of a record that is named elsewhere; one that came is judged already."""
    return result in ("unchanged", "changed") and all(one.place.address != address for one in shown(standing))


def _says(content: bytes, numbers: bytes | None, reading: Reading) -> bool:
    return content == reading.content or (numbers is not None and numbers == reading.numbers)


# --- the rest


def _see(connection: Connection, here: Here, report: AnyRow, *, dirty: bool) -> None:
    """A clock that was set back doesn't make a report seen last before it was seen first."""
    values: dict[str, Any] = {"last_seen": max(report.last_seen, here.at)}
    if dirty:
        values["dirty"] = True
    connection.execute(update(reports).where(reports.c.key == report.key).values(**values))


def _touch(connection: Connection, report: int) -> None:
    """Something is to be told of a report."""
    connection.execute(update(reports).where(reports.c.key == report).values(dirty=True))


def _attempt(connection: Connection, here: Here, url: str, outcome: str) -> None:
    connection.execute(
        insert(attempts).values(
            run=here.run, portal=here.portal, address=key_of(url), url=url, outcome=outcome, at=here.at
        )
    )


def _filled(connection: Connection, version: int, result: Result, record: Report) -> Report:
    row = connection.execute(
        select(reports.c.id, reports.c.first_seen, reports.c.last_seen, reports.c.changed, versions.c.number)
        .join_from(versions, reports, versions.c.report == reports.c.key)
        .where(versions.c.key == version)
    ).one()
    return record.model_copy(
        update={
            "id": row.id,
            "version": row.number,
            "change": _CHANGES.get(result, "unchanged"),
            "seen": Seen(first=row.first_seen, last=row.last_seen, changed=row.changed),
        }
    )
