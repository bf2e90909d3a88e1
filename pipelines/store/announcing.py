"""What a run tells: how each report differs from what the last run that told of it said.

A run that was killed told nobody anything, so what it stored is as new to the next one as to the reader. Doing it
twice tells nothing twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, bindparam, delete, func, insert, or_, select, update

from pipelines.store.arranging import REPORT, arrange
from pipelines.store.crossing import compare
from pipelines.store.pages import key_of
from pipelines.store.schema import changes, publications, reports, runs, visits
from pipelines.store.standing import ACTIVE, chunks, same, shown, state_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Row

    AnyRow = Row[*tuple[Any, ...]]

    from pipelines.store.standing import Shown, Standing

_REREAD: Final = "reread"
_LOST: Final = "lost"


def announce(connection: Connection, run: int, portals: Collection[int]) -> None:
    """Write what a run changed; afterwards readers know it.

    Args:
        connection: in a transaction of the caller.
        run: the run that is about to end well enough to be told of.
        portals: keys of the portals that it went to.
    """
    for chunk in chunks(_unsettled(connection, run, portals)):
        compare(connection, chunk, run)
    for chunk in chunks(_dirty(connection, portals)):
        standings = arrange(connection, chunk, final=True)
        rows = {row.key: row for row in connection.execute(_TOLD.where(reports.c.key.in_(chunk)))}
        _inherit(connection, run, rows.values())
        told: list[dict[str, Any]] = []
        known: list[dict[str, Any]] = []
        for key, standing in standings.items():
            records = shown(standing)
            place = records[0].place
            told += (
                {"run": run, "report": key, **change} for change in _changes(rows[key], standing, records)
            )
            known.append(
                {
                    "at": key,
                    "told_run": run,
                    "told_state": state_of(standing),
                    "told_version": place.version.key,
                    # As long as the address that readers know stands, they are not told of a better one.
                    "told_url": place.url if _is_news(rows[key], standing) else rows[key].told_url,
                    "told_others": {one.place.url: one.place.version.key for one in records[1:]} or None,
                    "dirty": False,
                }
            )
        _write(connection, told, known)


_TOLD: Final = select(
    reports.c.key,
    reports.c.told_run,
    reports.c.told_state,
    reports.c.told_version,
    reports.c.told_url,
    reports.c.told_others,
)


def _changes(report: AnyRow, standing: Standing, records: Sequence[Shown]) -> Iterator[dict[str, Any]]:
    """What differs from what readers know."""
    place = records[0].place
    version, state = place.version, state_of(standing)
    beside = {one.place.version.key for one in records[1:]}

    def change(kind: str, was: int | None, **details: Any) -> dict[str, Any]:
        return {"change": kind, "version": version.key, "was": was, "details": details}

    if report.told_run is None:
        yield change("new", None, url=place.url)
        yield from _contradictions({}, records, place.url)
        if state != ACTIVE:
            yield change(state, version.key)
        return
    was = next((one for one in standing.versions if one.key == report.told_version), version)
    if was.key not in beside and (was.number != version.number or not same(was, version)):
        yield change("changed", was.key, url=place.url)
    before = {report.told_url: report.told_version, **(report.told_others or {})}
    yield from _contradictions(before, records, None if was.key in beside else place.url)
    if state != report.told_state:
        yield change(state if state != ACTIVE else "returned", was.key, url=place.url)
    if state == ACTIVE and _is_news(report, standing):
        yield change("moved", was.key, url=place.url, was_url=report.told_url)


def _contradictions(
    before: Mapping[str, int], records: Sequence[Shown], told: str | None
) -> Iterator[dict[str, Any]]:
    """A page that contradicts another of the same body and year, and that readers don't know as it is now.

    Args:
        before: address → version that readers know.
        records: what stands now.
        told: the address that another change tells of, or None.
    """
    fresh = [
        one
        for one in records
        if len(records) > 1 and one.place.url != told and before.get(one.place.url) != one.place.version.key
    ]
    for one in fresh[:1]:
        other = next(record.place.url for record in records if record is not one)
        urls = [record.place.url for record in fresh]
        yield {
            "change": "conflict",
            "version": one.place.version.key,
            "was": before.get(one.place.url),
            "details": {"url": one.place.url, "other_url": other, "urls": urls},
        }


def named_pages(connection: Connection, run: int, years: Collection[int] | None) -> dict[int, int]:
    """Portal → pages that this run saw and that readers are given as the address of a report.

    Only when everything is told is it known which of two pages that say the same is a copy: that of a report that moved
    was met while its old page still seemed to stand.

    Args:
        connection: of the store, after ``announce``.
        run: number of the run.
        years: years asked for; None for all.
    """
    # A page that was asked because its row vanished is no find of this run.
    seen = or_(
        publications.c.listed_run == run,
        and_(publications.c.checked_run == run, publications.c.listed_run.is_(None)),
    )
    asked = (
        select(publications.c.portal, func.count())
        .where(seen, publications.c.state == ACTIVE, publications.c.fate == REPORT)
        .where(publications.c.report.is_not(None))
        .group_by(publications.c.portal)
    )
    if years is not None:
        asked = asked.where(or_(publications.c.year.is_(None), publications.c.year.in_(sorted(years))))
    return {row.portal: row[1] for row in connection.execute(asked)}


def contradictions(connection: Connection, run: int) -> Iterator[tuple[int, str, str]]:
    """Portal, address and contradicted address of every conflict that a run told."""
    asked = (
        select(reports.c.portal, changes.c.details)
        .join_from(changes, reports, changes.c.report == reports.c.key)
        .where(changes.c.run == run, changes.c.change == "conflict")
        .order_by(reports.c.id)
    )
    for row in connection.execute(asked):
        yield row.portal, row.details["url"], row.details["other_url"]


def recount(connection: Connection, run: int, portal: int, reports_seen: int, entry: dict[str, Any]) -> None:
    """Correct what was noted of a portal before everything was told."""
    at = (visits.c.run == run, visits.c.portal == portal)
    connection.execute(update(visits).where(*at).values(reports=reports_seen, entry=entry))


def _is_news(report: AnyRow, standing: Standing) -> bool:
    """Whether readers know no address at which the report stands now; what stands nowhere has no news of that kind."""
    if report.told_run is None:
        return True
    return bool(standing.active) and all(
        place.address != key_of(report.told_url) for place in standing.active
    )


def _inherit(connection: Connection, run: int, rows: Collection[AnyRow]) -> None:
    """What killed runs read anew they told nobody; of a report that nobody knows there is nothing to read anew."""
    at = {row.key: row.told_run for row in rows}
    rereads = connection.execute(
        select(changes.c.run, changes.c.report, runs.c.state)
        .join_from(changes, runs, changes.c.run == runs.c.seq)
        .where(changes.c.report.in_(sorted(at)), changes.c.change == _REREAD)
        .order_by(changes.c.run)
    ).all()
    own = {row.report for row in rereads if row.run == run}
    for row in rereads:
        if at[row.report] is None:
            connection.execute(delete(changes).where(*_reread(row.run, row.report)))
        elif row.state == _LOST and row.run > at[row.report] and row.report not in own:
            own.add(row.report)
            connection.execute(update(changes).where(*_reread(row.run, row.report)).values(run=run))


def _reread(run: int, report: int) -> tuple[ColumnElement[bool], ...]:
    return changes.c.run == run, changes.c.report == report, changes.c.change == _REREAD


# --- from and to the store


def _dirty(connection: Connection, portals: Collection[int]) -> list[int]:
    """Reports of portals of which something is to be told, whichever of their pages it is about."""
    keys: set[int] = set()
    for chunk in chunks(sorted(portals)):
        here = select(publications.c.report).where(publications.c.portal.in_(chunk))
        asked = select(reports.c.key).where(
            reports.c.dirty, or_(reports.c.portal.in_(chunk), reports.c.key.in_(here))
        )
        keys.update(connection.scalars(asked))
    return sorted(keys)


def _unsettled(connection: Connection, run: int, portals: Collection[int]) -> list[int]:
    """Those whose portals were not walked to any end (``retry``): nobody has compared them with others yet."""
    settled = set(connection.scalars(select(visits.c.portal).where(visits.c.run == run)))
    return _dirty(connection, set(portals) - settled)


def _write(connection: Connection, told: list[dict[str, Any]], known: list[dict[str, Any]]) -> None:
    """Changes, and what readers know from now on; a run that tells of a report twice tells the latter."""
    at = [{f"at_{name}": row[name] for name in _AT} for row in told]
    if told:
        connection.execute(
            delete(changes).where(*(changes.c[name] == bindparam(f"at_{name}") for name in _AT)), at
        )
        connection.execute(insert(changes), told)
    connection.execute(update(reports).where(reports.c.key == bindparam("at")), known)


_AT: Final = ("run", "report", "change")
