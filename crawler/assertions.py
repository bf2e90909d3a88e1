"""What must hold of a run before its records take the place of the last good ones.

A crawl that ends without an error may still have lost half a province. So at its end the run is measured by what is
known: by earlier visits, by the registry, by the law, by what was published last. Judged are plain facts (``judge``);
``facts_of_run`` collects them from the store. Bounds and their reasons are data (``assertions.toml``); a bound that the
user accepts for one run is recorded with the rest, never lowered in silence.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from itertools import compress
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import distinct, func, select

from crawler.data import load
from crawler.ledger import FINE
from crawler.registry import provinces
from pipelines.agencies import kind_of
from pipelines.record import Message
from pipelines.store.export import completeness
from pipelines.store.schema import changes, portals, reports, runs, visits

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from sqlalchemy import Connection, Row, Select

    from crawler.messages import Language

_NOT_RUN: Final = "not-run"
_GOVERNMENTS: Final = frozenset({"gov", "gov_office"})
"""Kinds of bodies whose report is that of the government, or of its own office."""
_STANDING: Final = ("active", "missing")
_MAX_PLACES: Final = 20
_MAX_NAMED: Final = 5
_ALL: Final = 100


# --- facts


@dataclass(frozen=True, slots=True)
class Share:
    """Part of the reports.

    Attributes:
        complete: those read in full.
        reports: all of them.
    """

    complete: int
    reports: int


@dataclass(frozen=True, slots=True)
class PortalFacts:
    """One portal in a run.

    Attributes:
        url: its home page.
        outcome: as in the ledger.
        reports: reports found, known ones included.
        best: most reports of the last good visits, less those gone since; None if there is nothing to compare.
        was_fine: whether the visit before left nothing to be done; None if there was none.
        division: code of its government, if the registry has it.
        has_due: whether the store has a report of that government on the year that is due.
        faults: names of faults of our own program, with how many.
    """

    url: str
    outcome: str
    reports: int = 0
    best: int | None = None
    was_fine: bool | None = None
    division: str | None = None
    has_due: bool = False
    faults: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_fine(self) -> bool:
        """Whether nothing needs to be done."""
        return self.outcome in FINE

    @property
    def asked(self) -> bool:
        """Whether anything was asked of it."""
        return self.outcome != _NOT_RUN


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a run, or of one province in it.

    Attributes:
        province: key of the registry; None for the run as a whole.
        finished: the run came to its end.
        entire: nothing was left out on the user's wish.
        faults: faults of our own program that belong to no portal.
        portals: the portals of the run (in this province).
        due: the last year on which governments had to report by now, in the window asked for; None if there is none.
        now: how the reports of the province are read; None where nothing is to be published.
        published: how they were when they were last published.
        known: reports of these portals known before.
        changed: those of them whose content changed in this run.
    """

    province: str | None
    finished: bool = True
    entire: bool = True
    faults: int = 0
    portals: tuple[PortalFacts, ...] = ()
    due: int | None = None
    now: Share | None = None
    published: Share | None = None
    known: int = 0
    changed: int = 0


# --- judgement


@dataclass(frozen=True, slots=True)
class Assertion:
    """One thing that must hold.

    Attributes:
        code: which, a key of ``[assertion]`` in ``assertions.toml``.
        holds: whether it does; also where there is nothing to compare.
        expected: the bound.
        actual: what was found; None where there is nothing to compare.
        accepted: it does not hold, and the user accepts that for this run.
        message: the sentence.
        where: addresses or codes concerned, at most twenty.
    """

    code: str
    holds: bool
    expected: float | bool | None
    actual: float | bool | None
    accepted: bool
    message: Message
    where: tuple[str, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether it stands in nobody's way."""
        return self.holds or self.accepted

    @property
    def fails(self) -> bool:
        """Whether something went wrong: not where the user asked for a part only."""
        return not self.passes and bool(_rule(self.code).get("failure", True))

    def entry(self) -> dict[str, Any]:
        """As in ``report.json``."""
        return {
            "code": self.code,
            "holds": self.holds,
            "expected": self.expected,
            "actual": self.actual,
            "accepted": self.accepted,
            "where": list(self.where),
            "message": self.message.model_dump(),
        }


@dataclass(frozen=True, slots=True)
class Judgement:
    """All assertions on a run, or on one province in it.

    Attributes:
        province: key of the registry; None for the run as a whole.
        assertions: in the order of ``assertions.toml``.
        now: how the reports are read, the measure of the next run if this one is published.
    """

    province: str | None
    assertions: tuple[Assertion, ...]
    now: Share | None = None

    @property
    def good(self) -> bool:
        """Whether everything holds or is accepted: only then may records be published."""
        return all(assertion.passes for assertion in self.assertions)

    @property
    def failed(self) -> bool:
        """Whether something went wrong."""
        return any(assertion.fails for assertion in self.assertions)

    def entry(self) -> dict[str, Any]:
        """As in ``report.json`` and in the store, from where later runs read it."""
        measure = {"complete": self.now.complete, "reports": self.now.reports} if self.now else None
        return {
            "province": self.province,
            "good": self.good,
            "failed": self.failed,
            "read": measure,
            "assertions": [assertion.entry() for assertion in self.assertions],
        }


def judge(facts: Facts, accept: Collection[str] = ()) -> Judgement:
    """Measure a run by its bounds.

    Args:
        facts: what is known of it.
        accept: codes that may fail in this run.
    """
    said = tuple(_assertion(code, judged(facts), accept) for code, judged in _JUDGES.items())
    return Judgement(facts.province, said, facts.now)


def is_publishable(judgements: Iterable[Judgement]) -> bool:
    """Whether a run may take the place of the last good one: every province of it, and the run itself."""
    judged = list(judgements)
    return bool(judged) and all(judgement.good for judgement in judged)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What one judge found."""

    holds: bool
    expected: float | bool | None = None
    actual: float | bool | None = None
    where: tuple[str, ...] = ()
    words: Mapping[str, object] = field(default_factory=dict)


def _finished(facts: Facts) -> _Verdict:
    return _Verdict(facts.finished, expected=True, actual=facts.finished)


def _entire(facts: Facts) -> _Verdict:
    return _Verdict(facts.entire, expected=True, actual=facts.entire)


def _program_error(facts: Facts) -> _Verdict:
    concerned = [portal for portal in facts.portals if portal.faults]
    number = facts.faults + sum(sum(portal.faults.values()) for portal in concerned)
    where = tuple(f"{portal.url} {' '.join(sorted(portal.faults))}" for portal in concerned)
    return _Verdict(number == 0, expected=0, actual=number, where=where)


def _portals_short(facts: Facts) -> _Verdict:
    outcomes = _rule("portals_short")["outcomes"]
    asked = [portal for portal in facts.portals if portal.asked]
    return _few("portals_short", asked, [portal for portal in asked if portal.outcome in outcomes])


def _portals_lost(facts: Facts) -> _Verdict:
    before = [portal for portal in facts.portals if portal.was_fine]
    return _few("portals_lost", before, [portal for portal in before if not portal.is_fine])


def _few(code: str, among: Sequence[PortalFacts], bad: Sequence[PortalFacts]) -> _Verdict:
    most = len(among) * _rule(code)["most_percent"] // _ALL
    where = tuple(f"{portal.url} {portal.outcome}" for portal in bad)
    return _Verdict(len(bad) <= most, most, len(bad), where, {"asked": len(among)})


def _reports_floor(facts: Facts) -> _Verdict:
    percent = _rule("reports_floor")["least_percent"]
    # Of a portal that is not fine it is known that reports are missing; how many such there may be is judged above.
    compared = [
        (portal, _ceiling(portal.best, percent))
        for portal in facts.portals
        if portal.is_fine and portal.best is not None
    ]
    below = [(portal, floor) for portal, floor in compared if portal.reports < floor]
    where = tuple(f"{portal.url} {portal.reports}/{floor}" for portal, floor in below)
    return _Verdict(not below, 0, len(below) if compared else None, where, {"percent": percent})


def _registry_floor(facts: Facts) -> _Verdict:
    rule = _rule("registry_floor")
    read: dict[str, bool] = {}
    for portal in facts.portals:
        if portal.is_fine and portal.division is not None:
            read[portal.division] = read.get(portal.division, False) or portal.has_due
    if facts.due is None or len(read) < rule["least_governments"]:
        read = {}
    least = _ceiling(len(read), rule["least_percent"])
    having = sum(read.values())
    where = tuple(division for division, has_due in read.items() if not has_due)
    words = {"asked": len(read), "year": facts.due if facts.due is not None else "-"}
    return _Verdict(having >= least, least, having if read else None, where, words)


def _extraction_floor(facts: Facts) -> _Verdict:
    now, before = facts.now, facts.published
    if now is None or before is None or not now.reports or not before.reports:
        return _Verdict(holds=True, expected=0)
    points = _rule("extraction_floor")["most_points"]
    # Whole numbers: a share that lies on the bound is not lost to rounding.
    holds = (
        now.complete * _ALL * before.reports
        >= (before.complete * _ALL - points * before.reports) * now.reports
    )
    expected = max(0, before.complete * _ALL / before.reports - points)
    return _Verdict(holds, round(expected, 1), round(now.complete * _ALL / now.reports, 1))


def _changed_ceiling(facts: Facts) -> _Verdict:
    rule = _rule("changed_ceiling")
    most = max(facts.known * rule["most_percent"] // _ALL, rule["least_reports"])
    return _Verdict(facts.changed <= most, most, facts.changed, (), {"asked": facts.known})


_JUDGES: Final[dict[str, Callable[[Facts], _Verdict]]] = {
    "finished": _finished,
    "entire": _entire,
    "program_error": _program_error,
    "portals_short": _portals_short,
    "portals_lost": _portals_lost,
    "reports_floor": _reports_floor,
    "registry_floor": _registry_floor,
    "extraction_floor": _extraction_floor,
    "changed_ceiling": _changed_ceiling,
}


def _assertion(code: str, verdict: _Verdict, accept: Collection[str]) -> Assertion:
    wording = _rule(code)["claim" if verdict.holds else "broken"]
    words = {"expected": verdict.expected, "actual": verdict.actual, **verdict.words}
    return Assertion(
        code=code,
        holds=verdict.holds,
        expected=verdict.expected,
        actual=verdict.actual,
        accepted=not verdict.holds and code in accept,
        message=Message(
            zh=wording["zh"].format(where=_named(verdict.where, "zh"), **words),
            en=wording["en"].format(where=_named(verdict.where, "en"), **words),
        ),
        where=verdict.where[:_MAX_PLACES],
    )


def _named(where: Sequence[str], language: Language) -> str:
    words = _facts()["words"]
    if not where:
        return str(words["none"][language])
    more = words["more"][language] if len(where) > _MAX_NAMED else ""
    join: str = words["join"][language]
    return join.join(where[:_MAX_NAMED]) + str(more)


def _ceiling(number: int, percent: int) -> int:
    """The least whole number that is so many percent."""
    return -(-number * percent // _ALL)


# --- a list


def floor_of_listing(previous: int, gone: int = 0) -> int:
    """How many rows a list must show to be believed when it shows fewer than it did.

    Args:
        previous: rows of its last complete reading.
        gone: those of them whose reports are confirmed gone.
    """
    bounds = _facts()["listing"]
    expected = max(0, previous - gone)
    least: int = min(_ceiling(expected, bounds["least_percent"]), expected - bounds["least_rows"] + 1)
    return max(0, least)


def shrunk(found: int, previous: int | None, gone: int = 0) -> bool:
    """Whether a list shows so few rows that its absences prove nothing.

    Args:
        found: rows seen.
        previous: rows of its last complete reading; None if there was none.
        gone: those of them whose reports are confirmed gone.
    """
    return previous is not None and found < floor_of_listing(previous, gone)


# --- the year that is due


def due_year(today: date, years: Collection[int] | None) -> int | None:
    """The last year on which every government must have reported, or None if none of the years asked for is due.

    Args:
        today: the day in China.
        years: years asked for; None for all.
    """
    due = _facts()["due"]
    last = today.year - 1 if today > date(today.year, due["month"], due["day"]) else today.year - 2
    wanted = [last] if years is None else [year for year in years if year <= last]
    latest = max(wanted, default=None)
    return latest if latest is not None and latest >= due["first_year"] else None


# --- facts out of the store


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the store does not know of a run that ends.

    Attributes:
        finished: it came to its end.
        entire: nothing was left out on the user's wish.
        today: the day in China.
        years: years asked for; None for all.
        faults: faults of our own program that belong to no portal.
    """

    finished: bool
    entire: bool
    today: date
    years: frozenset[int] | None = None
    faults: int = 0


def judge_run(
    connection: Connection, run: int, around: Circumstances, accept: Collection[str] = ()
) -> list[Judgement]:
    """Measure a run as a whole, then every province that it touched.

    Args:
        connection: of the store, in which visits and changes of the run are told; read only.
        run: number of the run.
        around: what the store does not know.
        accept: codes that may fail in this run.
    """
    return [judge(facts, accept) for facts in facts_of_run(connection, run, around)]


def facts_of_run(connection: Connection, run: int, around: Circumstances) -> list[Facts]:
    """The facts of a run as a whole, then those of every province that it touched, in order."""
    wanted: Select[Any] = (
        select(
            visits.c.portal,
            visits.c.outcome,
            visits.c.reports,
            visits.c.entry,
            portals.c.url,
            portals.c.province,
            portals.c.division,
        )
        .join_from(visits, portals, visits.c.portal == portals.c.key)
        .where(visits.c.run == run)
        .order_by(portals.c.division.nulls_first(), portals.c.url)
    )
    asked = connection.execute(wanted).all()
    past = _past(connection, run)
    due = due_year(around.today, around.years)
    reported = _reported(connection, due, {row.division for row in asked if row.division})
    counted = _counted(connection, run)
    whole = Facts(
        province=None,
        finished=around.finished,
        entire=around.entire,
        faults=around.faults,
        portals=tuple(_portal(row, past, reported) for row in asked),
        due=due,
        known=sum(known for known, _ in counted.values()),
        changed=sum(changed for _, changed in counted.values()),
    )
    found = [whole]
    for province in sorted({row.province for row in asked if row.province}):
        of = [row.province == province for row in asked]
        numbers = [counted.get(row.portal, (0, 0)) for row in compress(asked, of)]
        found.append(
            replace(
                whole,
                province=province,
                faults=0,
                portals=tuple(compress(whole.portals, of)),
                now=Share(*completeness(connection, province)),
                published=_last_published(connection, run, province),
                known=sum(known for known, _ in numbers),
                changed=sum(changed for _, changed in numbers),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class _Past:
    """Earlier visits: portal → whether the last one was fine, and the most reports of the last good ones."""

    fine: Mapping[int, bool]
    best: Mapping[int, int]


def _portal(row: Row[Any], past: _Past, reported: Collection[str]) -> PortalFacts:
    return PortalFacts(
        url=row.url,
        outcome=row.outcome,
        reports=row.reports,
        best=past.best.get(row.portal),
        was_fine=past.fine.get(row.portal),
        division=row.division if row.division in _registered(row.province) else None,
        has_due=row.division in reported,
        faults=row.entry.get("errors") or {},
    )


@cache
def _registered(province: str | None) -> frozenset[str]:
    return frozenset(
        portal.division for entry in provinces() if entry.key == province for portal in entry.portals
    )


def _past(connection: Connection, run: int) -> _Past:
    """What earlier runs found at the portals of this one; one over other years says how a portal was, not how much."""
    windows = _windows(connection, run)
    gone = _gone(connection, run)
    fine: dict[int, bool] = {}
    good: dict[int, list[int]] = defaultdict(list)
    most = _rule("reports_floor")["visits"]
    earlier = (
        select(visits.c.portal, visits.c.run, visits.c.outcome, visits.c.reports)
        .where(
            visits.c.portal.in_(_visited(run)),
            visits.c.run < run,
            visits.c.entire.is_(True),
            visits.c.outcome != _NOT_RUN,
        )
        .order_by(visits.c.run.desc())
    )
    for row in connection.execute(earlier):
        if row.run not in windows:
            continue
        fine.setdefault(row.portal, row.outcome in FINE)
        same = windows[row.run] == windows.get(run)
        if row.outcome in FINE and same and len(good[row.portal]) < most:
            left = sum(since > row.run for since in gone[row.portal])
            good[row.portal].append(max(0, row.reports - left))
    return _Past(fine, {portal: max(counts) for portal, counts in good.items() if counts})


def _visited(run: int) -> Select[Any]:
    return select(visits.c.portal).where(visits.c.run == run)


def _windows(connection: Connection, run: int) -> dict[int, str | None]:
    """Run → the years it asked for, as typed; runs that only read the archive saw no portal."""
    until = select(runs.c.seq, runs.c.arguments).where(runs.c.seq <= run, runs.c.mode != "replay")
    return {row.seq: row.arguments.get("year") for row in connection.execute(until)}


def _gone(connection: Connection, run: int) -> dict[int, list[int]]:
    """Portal → for each of its reports that is gone, the run that told so."""
    told = (
        select(reports.c.portal, func.max(changes.c.run).label("since"))
        .join_from(changes, reports, changes.c.report == reports.c.key)
        .where(
            reports.c.portal.in_(_visited(run)),
            reports.c.state == "gone",
            changes.c.change == "gone",
            changes.c.run <= run,
        )
        .group_by(reports.c.key, reports.c.portal)
    )
    found: dict[int, list[int]] = defaultdict(list)
    for row in connection.execute(told):
        found[row.portal].append(row.since)
    return found


def _reported(connection: Connection, due: int | None, divisions: Collection[str]) -> frozenset[str]:
    """Divisions whose government, or whose government's office, has a report on a year."""
    if due is None:
        return frozenset()
    stated = (
        select(reports.c.division, reports.c.agency)
        .where(
            reports.c.year == due,
            reports.c.division.in_(sorted(divisions)),
            reports.c.state.in_(_STANDING),
            reports.c.agency.is_not(None),
        )
        .distinct()
    )
    return frozenset(
        row.division for row in connection.execute(stated) if kind_of(row.agency) in _GOVERNMENTS
    )


def _counted(connection: Connection, run: int) -> dict[int, tuple[int, int]]:
    """Portal → reports known before the run, and those of them that changed in it."""
    told = (
        select(reports.c.portal, changes.c.change, func.count(distinct(changes.c.report)).label("number"))
        .join_from(changes, reports, changes.c.report == reports.c.key)
        .where(changes.c.run == run, changes.c.change.in_(("new", "changed")))
        .group_by(reports.c.portal, changes.c.change)
    )
    number = {(row.portal, row.change): row.number for row in connection.execute(told)}
    every = (
        select(reports.c.portal, func.count().label("number"))
        .where(reports.c.portal.in_(_visited(run)))
        .group_by(reports.c.portal)
    )
    return {
        row.portal: (
            row.number - number.get((row.portal, "new"), 0),
            number.get((row.portal, "changed"), 0),
        )
        for row in connection.execute(every)
    }


def _last_published(connection: Connection, run: int, province: str) -> Share | None:
    """How the reports of a province were read when they were last published."""
    earlier = (
        select(runs.c.assertions)
        .where(runs.c.seq < run, runs.c.good.is_(True), runs.c.assertions.is_not(None))
        .order_by(runs.c.seq.desc())
        .execution_options(yield_per=20)
    )
    with connection.execute(earlier) as judged:
        for entries in judged.scalars():
            for entry in entries:
                if entry["province"] == province and entry["read"]:
                    return Share(entry["read"]["complete"], entry["read"]["reports"])
    return None


@cache
def _facts() -> dict[str, Any]:
    return load("assertions")


def _rule(code: str) -> dict[str, Any]:
    rule: dict[str, Any] = _facts()["assertion"][code]
    return rule
