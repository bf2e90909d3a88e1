"""What only the store can tell of a report: its neighbouring years, and who else published its text.

What is found follows from the current versions alone, never from the order in which they came, so that an interrupted
crawl and an undisturbed one end with the same rows. A finding is never a merge: both reports stay what they are.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from pipelines.checks.cross_year import cross_year
from pipelines.record import Report
from pipelines.rules import finding
from pipelines.store.schema import findings, reports, versions
from pipelines.store.standing import chunks, current

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from pipelines.record import Finding

SAME_YEARS: Final = "QL.SAME_TEXT_YEARS"
SAME_BODIES: Final = "QL.SAME_TEXT_BODIES"
_YEARS: Final = "XY."
_SAME_TEXT: Final = "QL.SAME_TEXT_"
_AT_ONCE: Final = 200
"""Reports whose records are held in memory at once, their neighbours not counted."""


class _Row(NamedTuple):
    """Primary key of a finding: whose it is, the rule, the other report."""

    report: int
    rule: str
    other: int


class _Member(NamedTuple):
    """A report, in the order in which reports with one text are told: by division, year, id."""

    division: str
    year: int
    id: str
    key: int
    name: str

    @property
    def series(self) -> str:
        """The id without its year."""
        return self.id.rpartition("-")[0]

    @property
    def body(self) -> str:
        """The id without its scope and year."""
        return self.id.rsplit("-", 2)[0]


def compare(connection: Connection, keys: Collection[int], run: int) -> None:
    """Bring the findings of reports up to date with their current versions, and those of the reports they touch.

    Each report is held against the years before and after it, and against every report with the same text. Only
    bodies that are placed are compared; rows that no longer hold go. A report of which a finding came, changed or
    went becomes dirty, whether it was asked for or not. Doing it twice changes nothing.

    Args:
        connection: in a transaction of the caller.
        keys: reports that are new or whose current version changed.
        run: number of the run.
    """
    ordered = _by_series(connection, keys)
    for start in range(0, len(ordered), _AT_ONCE):
        _across_years(connection, ordered[start : start + _AT_ONCE], run)
    _same_text(connection, set(keys), run)


def _by_series(connection: Connection, keys: Collection[int]) -> list[int]:
    """The keys with the years of one body side by side, so that each record is read once or twice."""
    asked = (
        select(reports.c.series, reports.c.year, reports.c.key).where(reports.c.key.in_(chunk))
        for chunk in chunks(sorted(set(keys)))
    )
    rows = [(series, year or 0, key) for query in asked for series, year, key in connection.execute(query)]
    return [key for _, _, key in sorted(rows)]


# ---------------------------------------------------------------- year against year


def _across_years(connection: Connection, keys: Sequence[int], run: int) -> None:
    pairs = list(_neighbours(connection, keys))
    records = _records(connection, {key for pair in pairs for key in pair})
    wanted = {
        _Row(later, found.rule, earlier): found
        for earlier, later in pairs
        if earlier in records and later in records
        for found in cross_year(records[earlier], records[later])
    }
    _write(connection, _held(connection, _YEARS, keys), wanted, run)


def _neighbours(connection: Connection, keys: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Pairs of reports of one series in consecutive years, of which one at least is asked for."""
    series = sorted(set(connection.scalars(select(reports.c.series).where(reports.c.key.in_(keys)))))
    query = select(reports.c.key, reports.c.series, reports.c.year).where(
        reports.c.series.in_(series), reports.c.strand == "", reports.c.year.is_not(None)
    )
    of_year = {(row.series, row.year): row.key for row in connection.execute(query)}
    asked = set(keys)
    for (name, year), earlier in sorted(of_year.items()):
        later = of_year.get((name, year + 1))
        if later is not None and not asked.isdisjoint((earlier, later)):
            yield earlier, later


def _records(connection: Connection, keys: set[int]) -> dict[int, Report]:
    now = current(connection, keys)
    records: dict[int, Report] = {}
    for chunk in chunks(sorted(now.values())):
        query = select(versions.c.report, versions.c.record).where(versions.c.key.in_(chunk))
        records.update((key, Report.model_validate_json(record)) for key, record in connection.execute(query))
    return records


# ---------------------------------------------------------------- one text, several reports


def _same_text(connection: Connection, keys: set[int], run: int) -> None:
    held: dict[_Row, dict[str, Any]] = {}
    for chunk in chunks(sorted(keys)):
        held |= _held(connection, _SAME_TEXT, chunk)
    wanted: dict[_Row, Finding] = {}
    obsolete = set(held)
    for members in _sharing(connection, keys.union(*((row.report, row.other) for row in held))):
        standing = _standing(connection, [member.key for member in members])
        obsolete |= standing
        for row, member, other in _links(members):
            obsolete.discard(row)
            if row in held or row not in standing:
                wanted[row] = _same_as(row.rule, member, other)
    _write(
        connection, dict.fromkeys(obsolete) | {row: held[row] for row in held if row in wanted}, wanted, run
    )


def _sharing(connection: Connection, keys: set[int]) -> Iterator[list[_Member]]:
    """For each text that one of the reports has or once had: the reports that have it now, if several."""
    texts: set[bytes] = set()
    for asked in chunks(sorted(keys)):
        query = select(versions.c.text).where(versions.c.report.in_(asked), versions.c.text.is_not(None))
        texts.update(connection.scalars(query))
    for chunk in chunks(sorted(texts)):
        shared = (
            select(versions.c.text)
            .where(versions.c.text.in_(chunk))
            .group_by(versions.c.text)
            .having(func.count(versions.c.report.distinct()) > 1)
        )
        for text in sorted(connection.scalars(shared)):
            members = _members(connection, text)
            if len(members) > 1:
                yield members


def _members(connection: Connection, text: bytes) -> list[_Member]:
    told = reports.c
    query = (
        select(told.division, told.year, told.id, told.key, told.agency, versions.c.key.label("version"))
        .join(versions, versions.c.report == told.key)
        .where(versions.c.text == text, told.strand == "", told.year.is_not(None))
    )
    rows = connection.execute(query).all()
    now = set(current(connection, {row.key for row in rows}).values())
    return sorted(
        _Member(row.division or "", row.year, row.id, row.key, row.agency or row.id)
        for row in rows
        if row.version in now
    )


def _links(members: Sequence[_Member]) -> Iterator[tuple[_Row, _Member, _Member]]:
    """One row or two for each member, whatever their number: everybody is linked to the first, the first to the second.

    Args:
        members: reports with one text, in their order.
    """
    by_series: defaultdict[str, list[_Member]] = defaultdict(list)
    for member in members:
        by_series[member.series].append(member)
    for years in by_series.values():
        for member in years if len(years) > 1 else ():
            other = years[1] if member is years[0] else years[0]
            yield _Row(member.key, SAME_YEARS, other.key), member, other
    first = members[0]
    second = next((member for member in members if member.body != first.body), None)
    if second is None:
        return
    for member in members:
        other = second if member.body == first.body else first
        yield _Row(member.key, SAME_BODIES, other.key), member, other


def _same_as(rule: str, member: _Member, other: _Member) -> Finding:
    if rule == SAME_YEARS:
        return finding(rule, actual=other.id, year=member.year, other_year=other.year)
    return finding(rule, actual=other.id, other=other.name, other_year=other.year)


# ---------------------------------------------------------------- rows


def _standing(connection: Connection, keys: Sequence[int]) -> set[_Row]:
    """The rows of reports about their text, without what they say."""
    queries = (
        select(findings.c.report, findings.c.rule, findings.c.other).where(
            findings.c.report.in_(chunk), findings.c.rule.startswith(_SAME_TEXT, autoescape=True)
        )
        for chunk in chunks(keys)
    )
    return {_Row(*row) for query in queries for row in connection.execute(query)}


def _held(connection: Connection, family: str, keys: Sequence[int]) -> dict[_Row, dict[str, Any]]:
    """The rows of a family of rules in which a report is either end."""
    query = select(findings).where(
        findings.c.rule.startswith(family, autoescape=True),
        or_(findings.c.report.in_(keys), findings.c.other.in_(keys)),
    )
    return {_Row(row.report, row.rule, row.other): row.finding for row in connection.execute(query)}


def _write(
    connection: Connection,
    held: Mapping[_Row, dict[str, Any] | None],
    wanted: Mapping[_Row, Finding],
    run: int,
) -> None:
    """Make rows what they ought to be; a row that stays as it is keeps its run."""
    said = {row: found.model_dump() for row, found in wanted.items()}
    gone = [row for row in held if row not in said]
    changed = [row for row in said if row in held and said[row] != held[row]]
    fresh = [row for row in said if row not in held]
    at = [findings.c[name] == bindparam(f"at_{name}") for name in _Row._fields]

    def places(rows: Iterable[_Row]) -> list[dict[str, Any]]:
        return [{f"at_{name}": value for name, value in row._asdict().items()} for row in rows]

    if stale := sorted([*gone, *changed]):
        connection.execute(delete(findings).where(*at), places(stale))
    if new := sorted([*changed, *fresh]):
        connection.execute(
            insert(findings), [{**row._asdict(), "finding": said[row], "run": run} for row in new]
        )
    for chunk in chunks(sorted({row.report for row in (*gone, *changed, *fresh)})):
        connection.execute(update(reports).where(reports.c.key.in_(chunk)).values(dirty=True))
