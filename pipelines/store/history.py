"""What runs did and how a report came to be what it is: questions to the store, nothing is ever written.

What may be large (the changes of a run, of all runs between two) is streamed in one pass over an index; the rest is
bounded by the number of portals, or by one report.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from heapq import merge
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Text, func, select, type_coerce

from pipelines.addresses import address_key, digest
from pipelines.store.schema import captures, changes, findings, portals, publications, reports, runs, versions
from pipelines.store.schema import visits as visits_table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Row, Select

    AnyRow = Row[*tuple[Any, ...]]
    AnySelect = Select[*tuple[Any, ...]]

LATEST: Final = "latest"
"""What the newest run may be called."""
RUNNING: Final = "running"
LOST: Final = "lost"
REPLAY: Final = "replay"
MOST: Final = 10
"""Candidates that are worth naming when a name fits several."""
CHANGES: Final = ("new", "changed", "conflict", "moved", "returned", "missing", "gone", "reread")
"""What a run may tell of a report, in the order in which people are told."""
_STATES: Final = {"new": "active", "returned": "active", "missing": "missing", "gone": "gone"}
"""Changes after which a report is in another state."""
_AT_ONCE: Final = 4_000
"""Rows held at a time while large answers stream."""
_NO_DETAILS: Final = "{}"
_LARGEST: Final = 2**63


# --- runs


@dataclass(frozen=True, slots=True)
class Run:
    """One run as its row tells it.

    Attributes:
        seq: its number.
        id: name of its folder.
        spider: what was crawled.
        arguments: ``-a`` of the command line.
        mode: incremental, full, replay.
        state: running, finished, interrupted, failed, lost.
        reason: how Scrapy says that it ended.
        started: ISO 8601 in UTC.
        ended: the same; None while it runs and for one that was killed.
        good: every assertion held.
        counts: what it counted.
        assertions: what was asserted of it and of each province, and whether it held.
    """

    seq: int
    id: str
    spider: str
    arguments: dict[str, str]
    mode: str
    state: str
    reason: str | None
    started: str
    ended: str | None
    good: bool
    counts: dict[str, Any]
    assertions: list[dict[str, Any]]

    @property
    def told(self) -> bool:
        """Whether it told what it found; what a killed run stored is told by the next one."""
        return self.state not in (RUNNING, LOST)


@dataclass(frozen=True, slots=True)
class Visited:
    """What became of one portal in a run.

    Attributes:
        portal: its key.
        url: its home page.
        name: of the government, or None.
        mode: how it was walked.
        outcome: as in the ledger.
        reason: code, or None.
        reports: reports found.
        entry: what ``report.json`` says of it.
    """

    portal: int
    url: str
    name: str | None
    mode: str
    outcome: str
    reason: str | None
    reports: int
    entry: dict[str, Any]


def list_runs(connection: Connection, limit: int | None = None) -> list[Run]:
    """Runs, the newest first."""
    return [_run(row) for row in connection.execute(select(runs).order_by(runs.c.seq.desc()).limit(limit))]


def number_of_runs(connection: Connection) -> int:
    """How many runs there were."""
    return connection.execute(select(func.count()).select_from(runs)).scalar_one()


def find_runs(connection: Connection, name: str) -> list[Run]:
    """The runs that a name may mean: number, ``latest``, id, or how an id begins or ends.

    Returns:
        One run where the name is clear, none where nothing fits, else at most ``MOST`` + 1, the newest first.
    """
    if not _is_storable(name):
        return []
    if name == LATEST:
        return list_runs(connection, 1)
    exact: list[ColumnElement[bool]] = [runs.c.id == name]
    if name.isascii() and name.isdecimal() and int(name) < _LARGEST:
        exact.insert(0, runs.c.seq == int(name))
    parts = runs.c.id.startswith(name, autoescape=True) | runs.c.id.endswith(name, autoescape=True)
    for fits in (*exact, parts):
        found = connection.execute(select(runs).where(fits).order_by(runs.c.seq.desc()).limit(MOST + 1)).all()
        if found:
            return [_run(row) for row in found]
    return []


def last_crawl(connection: Connection) -> Run | None:
    """The newest run that asked portals, or None."""
    newest = select(runs).where(runs.c.mode != REPLAY).order_by(runs.c.seq.desc()).limit(1)
    row = connection.execute(newest).first()
    return None if row is None else _run(row)


def _run(row: AnyRow) -> Run:
    words = row._asdict()
    for name, empty in (("arguments", {}), ("counts", {}), ("assertions", [])):
        words[name] = words[name] or empty
    return Run(**words)


def outcomes_of(connection: Connection, seqs: Collection[int]) -> dict[int, Counter[str]]:
    """How many portals had which outcome, by run."""
    table = visits_table.c
    counted = select(table.run, table.outcome, func.count()).where(table.run.in_(seqs))
    return _counters(connection.execute(counted.group_by(table.run, table.outcome)), seqs)


def reports_found(connection: Connection, seqs: Collection[int]) -> dict[int, int]:
    """How many reports were found, known ones included, by run."""
    table = visits_table.c
    summed = select(table.run, func.sum(table.reports)).where(table.run.in_(seqs)).group_by(table.run)
    found = {run: int(number) for run, number in connection.execute(summed)}
    return {run: found.get(run, 0) for run in seqs}


def changes_counted(connection: Connection, seqs: Collection[int]) -> dict[int, Counter[str]]:
    """How many changes of each kind were told, by run."""
    table = changes.c
    counted = select(table.run, table.change, func.count()).where(table.run.in_(seqs))
    return _counters(connection.execute(counted.group_by(table.run, table.change)), seqs)


def _counters(rows: Iterable[AnyRow], seqs: Iterable[int]) -> dict[int, Counter[str]]:
    counters: dict[int, Counter[str]] = {seq: Counter() for seq in seqs}
    for row in rows:
        counters[row[0]][row[1]] = row[2]
    return counters


def visits_of(connection: Connection, seq: int) -> Iterator[Visited]:
    """What became of the portals of a run, in the order of their divisions."""
    table = visits_table.c
    asked = (
        select(
            table.portal,
            portals.c.url,
            portals.c.name,
            table.mode,
            table.outcome,
            table.reason,
            table.reports,
            table.entry,
        )
        .join(portals, portals.c.key == table.portal)
        .where(table.run == seq)
        .order_by(func.coalesce(portals.c.division, ""), portals.c.url)
    )
    for row in _streamed(connection, asked):
        yield Visited(*row)


@dataclass(frozen=True, slots=True)
class Differing:
    """A portal that two runs found in different condition; None: that run did not visit it.

    Attributes:
        url: its home page.
        name: of the government, or None.
        older: outcome, reason, reports in the older run.
        newer: the same in the newer one.
    """

    url: str
    name: str | None
    older: tuple[str, str | None, int] | None
    newer: tuple[str, str | None, int] | None


def differing_visits(connection: Connection, older: int, newer: int) -> Iterator[Differing]:
    """Portals whose outcome or reason differs between two runs."""
    table = visits_table.c
    asked = (
        select(portals.c.url, portals.c.name, table.run, table.outcome, table.reason, table.reports)
        .join(portals, portals.c.key == table.portal)
        .where(table.run.in_((older, newer)))
        .order_by(func.coalesce(portals.c.division, ""), portals.c.url)
    )
    for (url, name), rows in groupby(_streamed(connection, asked), key=lambda row: (row.url, row.name)):
        found = {row.run: (row.outcome, row.reason, row.reports) for row in rows}
        one, other = found.get(older), found.get(newer)
        if one is None or other is None or one[:2] != other[:2]:
            yield Differing(url, name, one, other)


# --- changes


@dataclass(frozen=True, slots=True)
class Told:
    """Changes of one report, told by one run or by several.

    Attributes:
        id: of the report.
        strand: what keeps it apart from others of that id; mostly empty.
        year: reported on, or None.
        division: code, or None.
        agency: the body, or None.
        url: where it stands as last told, or None.
        changes: kinds, in the order of ``CHANGES``.
        was: number of the version before; None if there was none.
        version: number of the version after; None if no version is named.
        details: of the changes, the last one's where several have the same.
    """

    id: str
    strand: str
    year: int | None
    division: str | None
    agency: str | None
    url: str | None
    changes: tuple[str, ...]
    was: int | None
    version: int | None
    details: dict[str, Any]


def changes_of(connection: Connection, seq: int) -> Iterator[Told]:
    """What one run told, one entry per report; in the order in which the reports entered the store."""
    for rows in _by_report(_streamed(connection, _told(seq))):
        yield _entry(rows, tuple(kind for kind in CHANGES if any(row.change == kind for row in rows)))


def net_changes(connection: Connection, older: int, newer: int) -> Iterator[Told]:
    """What differs between the reports as the older run left them and as the newer one did.

    What was told after the older run, up to the newer one; of portals that either visited. A report that changed
    and changed back, or was missing and returned, is as it was and does not appear.
    """
    visited = select(visits_table.c.portal).where(visits_table.c.run.in_((older, newer)))
    seqs = _runs_over(connection, visited, older + 1, newer)
    # The changes of one run come in the order of reports without being sorted, so several need only be merged.
    share = max(1, _AT_ONCE // max(1, len(seqs)))
    told = (_streamed(connection, _told(seq).where(reports.c.portal.in_(visited)), share) for seq in seqs)
    for rows in _by_report(merge(*told, key=attrgetter("report", "run"))):
        if net := _net(connection, rows, older):
            yield _entry(rows, net)


def _runs_over(connection: Connection, visited: AnySelect, first: int, last: int) -> list[int]:
    """Runs that visited one of these portals: a run tells only of portals that it visited."""
    table = visits_table.c
    asked = select(table.run).where(table.portal.in_(visited), table.run.between(first, last)).distinct()
    return sorted(connection.execute(asked).scalars())


def _told(seq: int) -> AnySelect:
    """Changes of a run with what names their reports, in the order of its primary key."""
    now, was = versions.alias("now"), versions.alias("was")
    table = changes.c
    return (
        select(
            table.run,
            table.report,
            table.change,
            type_coerce(table.details, Text).label("details"),  # most are empty, and read by nobody
            reports.c.id,
            reports.c.strand,
            reports.c.year,
            reports.c.division,
            reports.c.agency,
            reports.c.told_url.label("url"),
            now.c.number.label("number"),
            now.c.content.label("content"),
            was.c.number.label("was_number"),
            was.c.content.label("was_content"),
        )
        .join(reports, reports.c.key == table.report)
        .outerjoin(now, now.c.key == table.version)
        .outerjoin(was, was.c.key == table.was)
        .where(table.run == seq)
        .order_by(table.report, table.change)
    )


def _by_report(told: Iterable[AnyRow]) -> Iterator[list[AnyRow]]:
    for _, rows in groupby(told, key=attrgetter("report")):
        yield list(rows)


def _entry(rows: Sequence[AnyRow], kinds: tuple[str, ...]) -> Told:
    first, last = rows[0], rows[-1]
    details: dict[str, Any] = {}
    for row in rows:
        details |= _details(row)
    if "moved" in kinds:
        details |= _move(rows)
    return Told(
        id=first.id,
        strand=first.strand,
        year=first.year,
        division=first.division,
        agency=first.agency,
        url=first.url,
        changes=kinds,
        was=None if "new" in kinds else first.was_number,
        version=last.number,
        details=details,
    )


def _details(row: AnyRow) -> dict[str, Any]:
    details: dict[str, Any] = {} if row.details == _NO_DETAILS else json.loads(row.details)
    return details


def _net(connection: Connection, rows: Sequence[AnyRow], older: int) -> tuple[str, ...]:
    """Kinds of change that are left when all that was undone in between is taken off."""
    if len(rows) == 1:
        return (rows[0].change,)
    after = _state_after(rows)
    if any(row.change == "new" for row in rows):
        return ("new",) if after in (None, "active") else ("new", after)
    kinds = {
        "changed": _is_changed(rows),
        "conflict": any(row.change == "conflict" for row in rows),
        "moved": _is_moved(rows),
        "reread": any(row.change == "reread" for row in rows),
    }
    if after is not None and after != _state_before(connection, rows, older):
        kinds["returned" if after == "active" else after] = True
    return tuple(kind for kind in CHANGES if kinds.get(kind))


def _state_after(rows: Sequence[AnyRow]) -> str | None:
    """The state that the last run left, or None if none of them touched it."""
    told = [(row.run, _STATES[row.change]) for row in rows if row.change in _STATES]
    if not told:
        return None
    final = {state for run, state in told if run == told[-1][0]}
    return next(state for state in ("gone", "missing", "active") if state in final)


def _state_before(connection: Connection, rows: Sequence[AnyRow], older: int) -> str:
    """The state that the older run left."""
    told = [row for row in rows if row.change in _STATES]
    if len({row.run for row in told}) == 1:
        # Told once, so it was told because it was not so before; which of the others is not asked for.
        return ""
    table = changes.c
    asked = (
        select(table.change)
        .where(table.report == rows[0].report, table.run <= older, table.change.in_(_STATES))
        .order_by(table.run.desc())
    )
    newest = connection.execute(asked.limit(1)).scalar()
    return _STATES[newest] if newest is not None else "active"


def _is_changed(rows: Sequence[AnyRow]) -> bool:
    changed = [row for row in rows if row.change == "changed"]
    if not changed:
        return False
    before, after = changed[0].was_content, changed[-1].content
    return before is None or before != after


def _is_moved(rows: Sequence[AnyRow]) -> bool:
    if not any(row.change == "moved" for row in rows):
        return False
    move = _move(rows)
    return move.get("was_url") is None or move.get("was_url") != move.get("url")


def _move(rows: Sequence[AnyRow]) -> dict[str, Any]:
    """From where to where, over all moves."""
    moves = [_details(row) for row in rows if row.change == "moved"]
    return {"was_url": moves[0].get("was_url"), "url": moves[-1].get("url")}


# --- one report


@dataclass(frozen=True, slots=True)
class Archived:
    """A place where archived bytes lie.

    Attributes:
        file: in the folder of the archive.
        offset: of the record in it.
        url: address asked.
        at: when.
        revisit: only that the bytes were the same again; they lie at an earlier place.
        content_type: as the portal named it.
        run: number of the run.
    """

    file: str
    offset: int
    url: str
    at: str
    revisit: bool
    content_type: str | None
    run: int


@dataclass(frozen=True, slots=True)
class Version:
    """One content of a report, as one page showed it.

    Attributes:
        key: of its row.
        number: 1, 2, 3 …; pages that show the same content have the same number.
        previous: key of the version whose place it took, or None.
        record: the record, as JSON.
        given: what was known of the document besides its bytes, as JSON.
        capture: sha256 of the archived bytes, or None.
        seen: when.
        run: number of the run.
        archived: where its bytes lie, the first place first.
    """

    key: int
    number: int
    previous: int | None
    record: str
    given: str
    capture: str | None
    seen: str
    run: int
    archived: tuple[Archived, ...]


@dataclass(frozen=True, slots=True)
class Publication:
    """One address at which a report was read; as its row in the store, ``version`` by its number."""

    url: str
    version: int | None
    fate: str
    state: str
    checked: str
    listed_run: int | None
    checked_run: int
    failures: int
    first_run: int


@dataclass(frozen=True, slots=True)
class Change:
    """One change that a run told.

    Attributes:
        key: of the version after, or None.
        run: number of the run.
        change: kind.
        version: number of the version after, or None.
        was: number of the version before, or None.
        details: cells read anew, addresses of a move.
    """

    key: int | None
    run: int
    change: str
    version: int | None
    was: int | None
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """A finding over several reports; ``other`` is the id of the report that it is seen against."""

    rule: str
    other: str
    finding: dict[str, Any]
    run: int


@dataclass(frozen=True, slots=True)
class History:
    """All that is stored of one report; versions are read with ``versions_of``.

    Attributes:
        key: of its row.
        id: of the report.
        strand: what keeps it apart from others of that id; mostly empty.
        portal: home page of its portal.
        portal_name: of the government, or None.
        untold: something of it is not yet told by a finished run.
        publications: addresses.
        changes: what runs told, the oldest first.
        findings: what only the store can tell.
        runs: number → id of every run that is named here.
    """

    key: int
    id: str
    strand: str
    series: str
    year: int | None
    division: str | None
    agency: str | None
    kind: str
    portal: str
    portal_name: str | None
    state: str
    first_seen: str
    last_seen: str
    changed: str | None
    untold: bool
    publications: tuple[Publication, ...]
    changes: tuple[Change, ...]
    findings: tuple[Found, ...]
    runs: dict[int, str]


def find_reports(connection: Connection, name: str) -> list[str]:
    """The ids that a name may mean: an id, an address, or how an id begins.

    Returns:
        One id where the name is clear, none where nothing fits, else at most ``MOST`` + 1 in order.
    """
    if not _is_storable(name):
        return []
    if "." in name:  # no id has one, every address has
        return _ids_at(connection, name)
    if connection.execute(select(reports.c.key).where(reports.c.id == name).limit(1)).first():
        return [name]
    begins = select(reports.c.id).where(reports.c.id.startswith(name, autoescape=True)).distinct()
    return list(connection.execute(begins.order_by(reports.c.id).limit(MOST + 1)).scalars())


def _ids_at(connection: Connection, url: str) -> list[str]:
    with suppress(ValueError):
        address = _address(url)
        asked = select(reports.c.id).join(publications, publications.c.report == reports.c.key)
        return list(connection.execute(asked.where(publications.c.address == address)).scalars())
    return []


def refusal_at(connection: Connection, url: str) -> str | None:
    """Why no report stands at an address that was read; None if it was never read or holds one."""
    with suppress(ValueError):
        table = publications.c
        asked = select(table.fate).where(table.address == _address(url), table.report.is_(None))
        return connection.execute(asked).scalar() if _is_storable(url) else None
    return None


def _address(url: str) -> bytes:
    """Digest of an address; one without a scheme, as people copy them, will do."""
    return digest(address_key(url if "://" in url else f"http://{url}"))


def histories(connection: Connection, identity: str) -> list[History]:
    """Everything stored under one id; several where a body can't be placed and its strands are kept apart."""
    asked = (
        select(reports, portals.c.url.label("home"), portals.c.name.label("portal_name"))
        .join(portals, portals.c.key == reports.c.portal)
        .where(reports.c.id == identity)
        .order_by(reports.c.strand)
    )
    return [_history(connection, row) for row in connection.execute(asked).all()]


def _history(connection: Connection, row: AnyRow) -> History:
    numbered = select(versions.c.key, versions.c.number).where(versions.c.report == row.key)
    numbers = dict(connection.execute(numbered).all())
    places, told = _publications(connection, row.key, numbers), _changes(connection, row.key, numbers)
    named = {change.run for change in told} | {place.first_run for place in places}
    named |= {place.checked_run for place in places}
    named |= {place.listed_run for place in places if place.listed_run is not None}
    named |= set(connection.execute(select(versions.c.run).where(versions.c.report == row.key)).scalars())
    found = _findings(connection, row.key)
    named |= {one.run for one in found}
    ids = connection.execute(select(runs.c.seq, runs.c.id).where(runs.c.seq.in_(named)))
    return History(
        key=row.key,
        id=row.id,
        strand=row.strand,
        series=row.series,
        year=row.year,
        division=row.division,
        agency=row.agency,
        kind=row.kind,
        portal=row.home,
        portal_name=row.portal_name,
        state=row.state,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        changed=row.changed,
        untold=row.dirty,
        publications=places,
        changes=told,
        findings=found,
        runs=dict(ids.all()),
    )


def _publications(connection: Connection, report: int, numbers: dict[int, int]) -> tuple[Publication, ...]:
    table = publications.c
    asked = (
        select(
            table.url,
            table.version,
            table.fate,
            table.state,
            table.checked,
            table.listed_run,
            table.checked_run,
            table.failures,
            table.first_run,
        )
        .where(table.report == report)
        .order_by(table.first_run, table.url)
    )
    return tuple(
        Publication(**row._asdict() | {"version": numbers.get(row.version)})
        for row in connection.execute(asked)
    )


def _changes(connection: Connection, report: int, numbers: dict[int, int]) -> tuple[Change, ...]:
    table = changes.c
    asked = (
        select(table.run, table.change, table.version, table.was, table.details)
        .where(table.report == report)
        .order_by(table.run, table.change)
    )
    return tuple(
        Change(row.version, row.run, row.change, numbers.get(row.version), numbers.get(row.was), row.details)
        for row in connection.execute(asked)
    )


def _findings(connection: Connection, report: int) -> tuple[Found, ...]:
    """Findings of the report, and those of others that name it."""
    table = findings.c
    both: list[Found] = []
    for mine, theirs in ((table.report, table.other), (table.other, table.report)):
        asked = (
            select(table.rule, reports.c.id, table.finding, table.run)
            .join(reports, reports.c.key == theirs)
            .where(mine == report)
            .order_by(table.rule, reports.c.id)
        )
        both += [Found(*row) for row in connection.execute(asked)]
    return tuple(both)


def versions_of(connection: Connection, report: int) -> Iterator[Version]:
    """The versions of a report, the oldest first; one record is held at a time."""
    order = versions.c.number, versions.c.seen, versions.c.key
    keys = select(versions.c.key).where(versions.c.report == report).order_by(*order)
    for key in connection.execute(keys).scalars().all():
        yield version_at(connection, key)


def version_at(connection: Connection, key: int) -> Version:
    """One version.

    Raises:
        NoResultFound: there is none.
    """
    table = versions.c
    row = connection.execute(
        select(
            table.key,
            table.number,
            table.previous,
            table.record,
            table.given,
            table.capture,
            table.seen,
            table.run,
        ).where(table.key == key)
    ).one()
    return Version(*row, archived=_archived(connection, row.capture))


def _archived(connection: Connection, capture: str | None) -> tuple[Archived, ...]:
    if capture is None:
        return ()
    table = captures.c
    asked = (
        select(table.file, table.offset, table.url, table.at, table.revisit, table.content_type, table.run)
        .where(table.digest == capture)
        .order_by(table.revisit, table.key)
    )
    return tuple(Archived(*row) for row in connection.execute(asked))


# --- all of them


def _streamed(connection: Connection, asked: AnySelect, share: int = _AT_ONCE) -> Iterator[AnyRow]:
    yield from connection.execute(asked, execution_options={"yield_per": share})


def _is_storable(text: str) -> bool:
    """Whether a database could hold a text at all; what it can't hold it does not hold."""
    return bool(text) and "\0" not in text and text.isprintable()
