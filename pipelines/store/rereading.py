"""Reading archived bytes once more: which versions there are, and what today's program makes of them.

Nothing on a portal changed, so nothing becomes a new version: the record of the version is replaced, and what differs
is told as ``reread``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select, update

from pipelines.fingerprints import digest_of
from pipelines.record import Report, to_json
from pipelines.store.intake import Taken
from pipelines.store.schema import changes, portals, reports, versions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import Connection, Row

    from pipelines.store.sightings import Here, Reading

_BATCH: Final = 200
_VOLATILE: Final = ("version", "change", "seen", "also_at")
"""Keys of a record that the store fills in; the source keeps when and where its bytes were fetched."""


def versions_of(
    connection: Connection, portal: int, years: Collection[int] | None
) -> Iterator[Row[*tuple[Any, ...]]]:
    """Versions of the reports of a portal whose bytes are archived: ``key``, ``url``, ``given``, ``capture``, oldest first."""
    wanted = (
        select(versions.c.key, versions.c.given, versions.c.capture)
        .join_from(versions, reports, versions.c.report == reports.c.key)
        .where(reports.c.portal == portal, versions.c.capture.is_not(None))
        .order_by(versions.c.key)
    )
    if years is not None:
        wanted = wanted.where(reports.c.year.in_(years) | reports.c.year.is_(None))
    last = 0
    while batch := connection.execute(wanted.where(versions.c.key > last).limit(_BATCH)).all():
        yield from batch
        last = batch[-1].key


def unarchived(connection: Connection, portal: int) -> int:
    """Versions of the reports of a portal whose bytes are not archived."""
    found = connection.execute(
        select(versions.c.key)
        .join_from(versions, reports, versions.c.report == reports.c.key)
        .where(reports.c.portal == portal, versions.c.capture.is_(None))
    )
    return len(found.all())


def portal_key(connection: Connection, address: bytes) -> int | None:
    """Key of the portal with a home page, or None if no run ever went there."""
    key: int | None = connection.execute(
        select(portals.c.key).where(portals.c.address == address)
    ).scalar_one_or_none()
    return key


def reread(connection: Connection, here: Here, version: int, reading: Reading) -> Taken:
    """Put what today's program reads in the place of what was read before; the identity stays."""
    old = connection.execute(
        select(versions.c.report, versions.c.record, reports.c.id)
        .join_from(versions, reports, versions.c.report == reports.c.key)
        .where(versions.c.key == version)
    ).one()
    before, after = Report.model_validate_json(old.record), reading.report
    after.id = old.id
    details = differences(before, after)
    if details:
        _replace(connection, old.report, version, reading)
        _tell(connection, here, old.report, version, details)
    after.change = "unchanged"
    return Taken("reread" if details else "unchanged", after)


def _replace(connection: Connection, key: int, version: int, reading: Reading) -> None:
    report = reading.report
    connection.execute(
        update(versions)
        .where(versions.c.key == version)
        .values(
            record=to_json(report),
            content=reading.content,
            numbers=reading.numbers,
            text=reading.text,
        )
    )
    connection.execute(
        update(reports)
        .where(reports.c.key == key)
        .values(agency=report.agency.name, kind=report.kind, dirty=True)
    )


def _tell(connection: Connection, here: Here, report: int, version: int, details: dict[str, Any]) -> None:
    """Several versions of a report may read otherwise; the last one told is the newest."""
    same = (changes.c.run == here.run, changes.c.report == report, changes.c.change == "reread")
    connection.execute(delete(changes).where(*same))
    connection.execute(
        insert(changes).values(
            run=here.run, report=report, change="reread", version=version, was=version, details=details
        )
    )


def differences(before: Report, after: Report) -> dict[str, Any]:
    """What differs between two records of the same bytes: ``cells`` (name → old, new) and names of other ``fields``."""
    old, new = before.model_dump(by_alias=True), after.model_dump(by_alias=True)
    for record in (old, new):
        for key in _VOLATILE:
            del record[key]
        for key in ("fetched", "archived"):
            del record["source"][key]
    cells = {
        name: [old["cells"].get(name), new["cells"].get(name)]
        for name in sorted({*old["cells"], *new["cells"]})
        if old["cells"].get(name) != new["cells"].get(name)
    }
    fields = [key for key in old if key != "cells" and digest_of(old[key]) != digest_of(new[key])]
    return {
        **({"cells": cells} if cells else {}),
        **({"fields": fields} if fields else {}),
    }
