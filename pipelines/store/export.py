"""What leaves the store: records as the contract has them, and what a run changed.

The store keeps each content once, as it was read. What depends on the moment (version, change, addresses, when it was
seen, where the bytes lie, what other years say of it) is filled in here. Everything streams: a batch of reports is
looked up by a fixed number of questions, and one record at a time is unpacked, so that a million reports cost the
memory of a few hundred deflated ones.

Order is division, year, id, address, character by character whatever the database's collation, so that two stores that
know the same leave the same bytes.
"""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import or_, select

from pipelines.deduplication import conflict
from pipelines.fingerprints import without_counters
from pipelines.record import Finding, Report, Seen
from pipelines.store.schema import changes, findings, portals, publications, reports, runs, versions, visits
from pipelines.store.standing import shown, standings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Row, Select

    from pipelines.record import Change
    from pipelines.store.standing import Shown

_BATCH: Final = 500
_UNPACKED: Final = 50
"""Records in memory at a time; the largest ones hold megabytes of text."""
_ENDED: Final[dict[str, Change]] = {"missing": "missing", "gone": "gone"}
"""State of a report → what a run says of it that did not change its content."""
_TOLD: Final[tuple[Change, ...]] = ("new", "changed")
"""Kinds of change that a record states, the weightiest first; all others are for ``changes.jsonl``."""
_ARCHIVED: Final = "sha256:"
_PARTS: Final[tuple[tuple[str, str], ...]] = (
    ("title", "title"),
    ("year", "year"),
    ("agency", "agency"),
    ("metadata", "metadata"),
    ("text", "sections"),
    ("extra_rows", "extra_rows"),
    ("attachments", "attachments"),
)
"""Parts of a record that a change names without their contents → key of the record."""

_T = TypeVar("_T")


# --- records


def reports_of_run(connection: Connection, run: int) -> Iterator[Report]:
    """Every report that a run saw at some address, or told a change of; of a replay, every report that it read anew.

    Args:
        connection: of the store; read only.
        run: number of the run (``runs.seq``). Addresses remember the last run that saw them, so of an earlier run only
            what no later one saw is left.
    """
    shown = select(publications.c.report).where(
        or_(publications.c.listed_run == run, publications.c.checked_run == run),
        publications.c.report.is_not(None),
    )
    told = select(changes.c.report).where(changes.c.run == run)
    replayed = select(reports.c.key).where(
        reports.c.portal.in_(
            select(visits.c.portal).where(visits.c.run == run, visits.c.mode == "replay").distinct()
        )
    )
    return _records(connection, run, reports.c.key.in_(shown.union(told, replayed)))


def reports_of_province(connection: Connection, province: str | None, run: int | None) -> Iterator[Report]:
    """Every report of the portals of a province, seen in the last run or not.

    Args:
        connection: of the store; read only.
        province: key of the registry; None for portals that belong to none.
        run: the run whose changes the records state; None states none (``unchanged``).
    """
    return _records(connection, run, _of_province(province))


def reports_of_store(connection: Connection) -> Iterator[Report]:
    """Every report that the store knows, in the state that it is in."""
    return _records(connection, None)


def completeness(connection: Connection, province: str | None) -> tuple[int, int]:
    """How many reports of a province were read in full, and how many there are; older forms have no cells to read."""
    complete = total = 0
    for batch in _batches(connection, _of_province(province), reports.c.kind == "report"):
        standing = standings(connection, [row.key for row in batch])
        first = [shown(standing[row.key])[0].place.version.key for row in batch]
        for part in _parts(first, _UNPACKED):
            for row in _contents(connection, part).values():
                total += 1
                complete += json.loads(row.record)["quality"]["extraction"] == "complete"
    return complete, total


def _of_province(province: str | None) -> ColumnElement[bool]:
    stated = portals.c.province == province if province is not None else portals.c.province.is_(None)
    return reports.c.portal.in_(select(portals.c.key).where(stated))


def _records(connection: Connection, run: int | None, *where: ColumnElement[bool]) -> Iterator[Report]:
    for batch in _batches(connection, *where):
        keys = [row.key for row in batch]
        told, stated = _told(connection, run, keys), _findings(connection, keys)
        for part in _parts(_arranged(connection, batch), _UNPACKED):
            contents = _contents(connection, [one.place.version.key for _, one, _ in part])
            for row, one, first in part:
                content = contents[one.place.version.key]
                record = _filled(content, row, one, told[row.key] or _ENDED.get(row.state, "unchanged"))
                record.checks.findings += stated[row.key] if one is first else [_contradiction(one, first)]
                yield record


def _filled(content: Row[Any], report: Row[Any], one: Shown, change: Change) -> Report:
    """The stored record with what depends on the moment."""
    record = Report.model_validate_json(content.record)
    record.version = content.number
    record.change = change
    record.url = one.place.url
    record.also_at = sorted(one.also_at)
    record.source.archived = f"{_ARCHIVED}{content.capture}" if content.capture else None
    record.seen = Seen(first=report.first_seen, last=report.last_seen, changed=report.changed)
    return record


def _contradiction(one: Shown, first: Shown) -> Finding:
    """Two contents that one body published for one year: both are kept, this one says so."""
    comparable = not (one.place.version.numbers is None and first.place.version.numbers is None)
    return conflict(first.place.url, comparable=comparable)


# --- batches


def _batches(connection: Connection, *where: ColumnElement[bool]) -> Iterator[list[Row[Any]]]:
    """Reports in order; those that share division, year and id are never parted: their addresses order them."""
    wanted = (
        select(
            reports.c.key,
            reports.c.id,
            reports.c.strand,
            reports.c.year,
            reports.c.division,
            reports.c.state,
            reports.c.first_seen,
            reports.c.last_seen,
            reports.c.changed,
        )
        .where(*where)
        .order_by(*_ORDER)
    )
    yield from _together(_streamed(connection, wanted))


_ORDER: Final = (reports.c.division.nulls_first(), reports.c.year.nulls_first(), reports.c.id)


def _streamed(connection: Connection, wanted: Select[Any]) -> Iterator[Row[Any]]:
    result = connection.execute(wanted.execution_options(yield_per=_BATCH))
    try:
        yield from result
    finally:
        result.close()


def _together(rows: Iterable[Row[Any]]) -> Iterator[list[Row[Any]]]:
    """Batches of at least ``_BATCH`` rows."""
    batch: list[Row[Any]] = []
    for row in rows:
        if len(batch) >= _BATCH and _place(row) != _place(batch[-1]):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _place(row: Row[Any]) -> tuple[str, int, str]:
    """Where a report stands in the export; what is unknown comes first."""
    return row.division or "", row.year or 0, row.id


def _parts(values: Iterable[_T], size: int) -> Iterator[list[_T]]:
    several = iter(values)
    while part := list(islice(several, size)):
        yield part


# --- what stands where


def _arranged(connection: Connection, batch: Sequence[Row[Any]]) -> Iterator[tuple[Row[Any], Shown, Shown]]:
    """The contents of a batch in the order of the export, each with the first one of its report."""
    standing = standings(connection, [row.key for row in batch])
    for _, same in groupby(batch, _place):
        contents = [
            (row, one, several[0])
            for row in same
            for several in [shown(standing[row.key])]
            for one in several
        ]
        yield from sorted(contents, key=lambda one: (one[1].place.url, one[0].strand))


def _contents(connection: Connection, keys: Iterable[int | None]) -> dict[int, Row[Any]]:
    """Version → its number and record, where its bytes lie, and when it was seen."""
    asked: Select[Any] = select(
        versions.c.key, versions.c.number, versions.c.record, versions.c.capture, versions.c.seen
    ).where(versions.c.key.in_(sorted({key for key in keys if key is not None})))
    return {row.key: row for row in connection.execute(asked)}


def _told(connection: Connection, run: int | None, keys: Iterable[int]) -> dict[int, Change | None]:
    """Report → the weightiest change that the run told of it and that a record states."""
    told: dict[int, Change | None] = dict.fromkeys(keys)
    if run is None:
        return told
    asked = select(changes.c.report, changes.c.change).where(
        changes.c.run == run, changes.c.report.in_(list(told)), changes.c.change.in_(_TOLD)
    )
    for row in connection.execute(asked):
        told[row.report] = min(filter(None, (told[row.report], row.change)), key=_TOLD.index)
    return told


def _findings(connection: Connection, keys: Iterable[int]) -> dict[int, list[Finding]]:
    """Report → what other reports say of it."""
    found: dict[int, list[tuple[str, str, str, Finding]]] = defaultdict(list)
    asked = (
        select(findings.c.report, findings.c.rule, findings.c.finding, reports.c.id, reports.c.strand)
        .join_from(findings, reports, findings.c.other == reports.c.key)
        .where(findings.c.report.in_(list(keys)))
    )
    for row in connection.execute(asked):
        found[row.report].append((row.rule, row.id, row.strand, Finding.model_validate(row.finding)))
    return defaultdict(
        list,
        {key: [one[3] for one in sorted(those, key=lambda one: one[:3])] for key, those in found.items()},
    )


# --- changes


def changes_of_run(connection: Connection, run: int) -> Iterator[dict[str, Any]]:
    """What a run told, one value that JSON can hold for each change.

    ``cells`` holds the numbers that differ (name → before, after), ``fields`` the names of the other parts that do; both
    are empty unless the content changed or is read anew.

    Args:
        connection: of the store; read only.
        run: number of the run (``runs.seq``).
    """
    wanted = (
        select(
            changes.c.report,
            changes.c.change,
            changes.c.version,
            changes.c.was,
            changes.c.details,
            reports.c.id,
            reports.c.agency,
            reports.c.year,
            reports.c.division,
            reports.c.told_url,
            portals.c.url.label("portal"),
            runs.c.id.label("run"),
            runs.c.started,
        )
        .join_from(changes, reports, changes.c.report == reports.c.key)
        .join(portals, reports.c.portal == portals.c.key)
        .join(runs, changes.c.run == runs.c.seq)
        .where(changes.c.run == run)
        .order_by(*_ORDER)
    )
    for batch in _together(_streamed(connection, wanted)):
        told: list[tuple[tuple[str, int, str], dict[str, Any]]] = []
        for part in _parts(batch, _UNPACKED):
            keys = {key for row in part for key in (row.version, row.was) if key is not None}
            contents = _contents(connection, keys)
            told += [(_place(row), _change(row, contents)) for row in part]
        yield from (change for _, change in sorted(told, key=lambda one: (one[0], *_within(one[1]))))


def _within(change: dict[str, Any]) -> tuple[str, str]:
    return change["url"] or "", change["change"]


def _change(row: Row[Any], contents: dict[int, Row[Any]]) -> dict[str, Any]:
    content, was = contents.get(row.version), contents.get(row.was)
    record = json.loads(content.record) if content else {}
    details = row.details
    cells, fields = details.get("cells", {}), details.get("fields", [])
    if content and was and row.version != row.was:
        cells, fields = differences(json.loads(was.record), record)
    return {
        "run": row.run,
        "id": row.id,
        "change": row.change,
        "version": content.number if content else None,
        "was_version": was.number if was else None,
        "url": details.get("url") or row.told_url or record.get("url"),
        "was_url": details.get("was_url"),
        "title": record.get("title"),
        "agency": row.agency,
        "year": row.year,
        "portal": row.portal,
        "cells": cells,
        "fields": fields,
        "at": content.seen if content and row.change in _TOLD else row.started,
    }


def differences(was: dict[str, Any], now: dict[str, Any]) -> tuple[dict[str, list[Any]], list[str]]:
    """What two records of one report say differently.

    Args:
        was: the record before, as JSON has it.
        now: the record after.

    Returns:
        Numbers that differ (name → before, after; None where there is none), and names of the other parts that do.
    """
    old, new = was.get("cells", {}), now.get("cells", {})
    names = [*new, *(name for name in old if name not in new)]
    cells = {name: [old.get(name), new.get(name)] for name in names if old.get(name) != new.get(name)}
    return cells, [name for name, key in _PARTS if _plain(was.get(key)) != _plain(now.get(key))]


def _plain(part: Any) -> Any:
    """A part of a record without counters of readers."""
    return without_counters(json.dumps(part, ensure_ascii=False))
