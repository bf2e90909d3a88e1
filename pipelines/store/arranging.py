"""Bring what follows from the facts of a report up to date: versions, states, the page to name.

Documents only add facts. Everything derived from them is computed anew for reports that changed, from all that is
stored, so it makes no difference in which order, in how many runs and on which portals the facts came.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select, update

from pipelines.store.numbering import ages
from pipelines.store.schema import publications, reports, versions, visits
from pipelines.store.standing import MISSING, MOVED, REPLACED, chunks, same, shown, standings, state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from sqlalchemy import Connection, Row, Table

    AnyRow = Row[*tuple[Any, ...]]

    from pipelines.store.standing import Place, Shown, Standing, Version

REPORT: Final = "report"
DUPLICATE: Final = "duplicate"
_UNPACKED: Final = 50
"""Records in memory at a time."""


@dataclass(slots=True)
class _Updates:
    """What is written at the end, by table; ``at`` is the key of the row."""

    versions: list[dict[str, Any]] = field(default_factory=list)
    publications: list[dict[str, Any]] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)


def arrange(connection: Connection, keys: Collection[int], *, final: bool = False) -> dict[int, Standing]:
    """Derive everything anew for these reports.

    Args:
        connection: in a transaction of the caller.
        keys: of reports that got a new fact.
        final: nothing more will come in this run, so that readers can be told. Until then versions that they know keep
            their numbers and nothing is called moved: another page may still say otherwise.

    Returns:
        How they stand now.
    """
    result: dict[int, Standing] = {}
    for chunk in chunks(sorted(set(keys))):
        rows = {row.key: row for row in connection.execute(_REPORTS.where(reports.c.key.in_(chunk)))}
        found = standings(connection, chunk)
        era = _eras(connection, found.values())
        updates = _Updates()
        names = _names(connection, found.values())
        for key, standing in found.items():
            result[key] = after = _arranged(standing, rows[key], era)
            _compare(standing, after, rows[key], names.get(key, {}), updates, final=final)
        _write(connection, updates)
    return result


_REPORTS: Final = select(
    reports.c.key,
    reports.c.told_run,
    reports.c.state,
    reports.c.portal,
    reports.c.changed,
    reports.c.agency,
    reports.c.kind,
)


def _arranged(standing: Standing, report: AnyRow, era: Callable[[int, int], float]) -> Standing:
    """The report as it stands by all that is known."""
    moved = _moved(standing)
    return _renumbered(moved, ages(moved, report.told_run, era))


def _compare(
    before: Standing,
    after: Standing,
    report: AnyRow,
    names: dict[int, dict[str, Any]],
    updates: _Updates,
    *,
    final: bool,
) -> None:
    """Note what differs from what is stored."""
    records = shown(after)
    main = records[0].place
    for old, new in zip(before.versions, after.versions, strict=True):
        if old != new and (final or report.told_run is None or new.run > report.told_run):
            updates.versions.append({"at": new.key, "number": new.number, "previous": new.previous})
    if final:
        updates.publications += [
            {"at": place.address, "state": place.state, "fate": fate}
            for place, fate in _fates(after, records)
            if place.state != REPLACED
        ]
    values = {
        "state": state_of(after),
        "portal": main.portal,
        "changed": _changed(after, main.version),
        **names.get(main.version.key, {"agency": report.agency, "kind": report.kind}),
    }
    if any(getattr(report, name) != value for name, value in values.items()):
        updates.reports.append({"at": report.key, **values})


def _moved(standing: Standing) -> Standing:
    """What is missing at one address and stands at another has moved."""
    places = tuple(
        replace(place, state=MOVED)
        if place.state == MISSING and any(same(place.version, other.version) for other in standing.active)
        else place
        for place in standing.places
    )
    return replace(standing, places=places)


def _renumbered(standing: Standing, numbered: dict[int, tuple[int, int | None]]) -> Standing:
    known = {
        version.key: replace(version, number=numbered[version.key][0], previous=numbered[version.key][1])
        for version in standing.versions
    }
    places = tuple(replace(place, version=known[place.version.key]) for place in standing.places)
    return replace(standing, versions=tuple(known.values()), places=places)


def _fates(standing: Standing, records: Sequence[Shown]) -> Iterable[tuple[Place, str]]:
    """Which pages are named in the export, and which are only further addresses."""
    named = {record.place.address for record in records}
    copies = {url for record in records for url in record.also_at}
    for place in standing.places:
        yield place, DUPLICATE if place.address not in named and place.url in copies else REPORT


def _changed(standing: Standing, version: Version) -> str | None:
    """When the content to name took the place of another, wherever that was seen first."""
    if version.previous is None:
        return None
    alike = (one for one in standing.versions if one.number == version.number and same(one, version))
    return min(one.seen for one in alike)


# --- from the store


def _eras(connection: Connection, found: Iterable[Standing]) -> Callable[[int, int], float]:
    """Portal and run → the first walk to its end from that run on; a run that was killed is one with its repetition."""
    several = [standing for standing in found if len(standing.places) > 1]
    portals = sorted({place.portal for standing in several for place in standing.places})
    ends: dict[int, list[int]] = defaultdict(list)
    for chunk in chunks(portals):
        asked = select(visits.c.portal, visits.c.run).where(visits.c.portal.in_(chunk), visits.c.entire)
        for portal, run in connection.execute(asked.order_by(visits.c.run)):
            ends[portal].append(run)

    def era(portal: int, run: int) -> float:
        known = ends[portal]
        at = bisect_left(known, run)
        return known[at] if at < len(known) else float("inf")

    return era


def _names(connection: Connection, found: Iterable[Standing]) -> dict[int, dict[int, dict[str, Any]]]:
    """Report → version → what its record calls the body, where several pages may call it otherwise."""
    wanted = {
        place.version.key: standing.report
        for standing in found
        if len(standing.places) > 1
        for place in standing.places
    }
    names: dict[int, dict[int, dict[str, Any]]] = defaultdict(dict)
    keys = sorted(wanted)
    for start in range(0, len(keys), _UNPACKED):
        asked = select(versions.c.key, versions.c.record).where(
            versions.c.key.in_(keys[start : start + _UNPACKED])
        )
        for key, text in connection.execute(asked):
            record = json.loads(text)
            names[wanted[key]][key] = {"agency": record["agency"]["name"], "kind": record["kind"]}
    return names


def _write(connection: Connection, updates: _Updates) -> None:
    _update(connection, versions, "key", updates.versions)
    _update(connection, publications, "address", updates.publications)
    _update(connection, reports, "key", updates.reports)


def _update(connection: Connection, table: Table, key: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(update(table).where(table.c[key] == bindparam("at")), rows)
