"""What must hold of a run: the bounds on plain facts, then the facts as a store gives them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from crawler.assertions import (
    _JUDGES,
    Assertion,
    Circumstances,
    Facts,
    PortalFacts,
    Share,
    due_year,
    facts_of_run,
    floor_of_listing,
    is_publishable,
    judge,
    judge_run,
    shrunk,
)
from crawler.data import load
from tests.written_store import WrittenStore, record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

TODAY = date(2026, 11, 22)
AROUND = Circumstances(finished=True, entire=True, today=TODAY)


def said(facts: Facts, code: str, *accept: str) -> Assertion:
    (assertion,) = (one for one in judge(facts, accept).assertions if one.code == code)
    return assertion


def broken(facts: Facts) -> list[str]:
    return [one.code for one in judge(facts).assertions if not one.holds]


def portals(number: int, outcome: str = "ok", start: int = 0, **values: Any) -> tuple[PortalFacts, ...]:
    return tuple(
        PortalFacts(f"http://p{one}.gov.cn/", outcome, 10, **values) for one in range(start, start + number)
    )


# --- data


def test_every_assertion_is_judged_worded_and_reasoned() -> None:
    stated = load("assertions")["assertion"]
    assert list(stated) == list(_JUDGES)
    for rule in stated.values():
        assert rule["reason"]
        assert all(rule[key][language] for key in ("claim", "broken") for language in ("zh", "en"))


def test_a_run_about_which_nothing_is_known_passes() -> None:
    """A first crawl has nothing to be measured by but itself."""
    judgement = judge(Facts("shanxi", portals=portals(1)))
    assert judgement.good
    assert not judgement.failed
    assert judgement.province == "shanxi"


def test_messages_have_no_gaps() -> None:
    bad = Facts(
        None,
        finished=False,
        entire=False,
        faults=1,
        portals=portals(9, "partial", best=20, was_fine=True, division="140200", faults={"KeyError": 2})
        + portals(1, start=9, best=20)
        + governments(0, 5),
        due=2025,
        now=Share(1, 10),
        published=Share(9, 10),
        known=20,
        changed=20,
    )
    judged = judge(bad)
    assert [one.code for one in judged.assertions if one.holds] == []
    for one in (*judged.assertions, *judge(Facts(None)).assertions):
        for text in (one.message.zh, one.message.en):
            assert "{" not in text
            assert "None" not in text
    assert judged.assertions[3].message.zh.count("http://") == 5
    assert "等" in judged.assertions[3].message.zh


# --- the run


def test_interrupted() -> None:
    judgement = judge(Facts(None, finished=False))
    assert broken(Facts(None, finished=False)) == ["finished"]
    assert judgement.failed
    assert not judgement.good


def test_part_on_the_users_wish_is_no_failure_and_not_published() -> None:
    judgement = judge(Facts(None, entire=False))
    assert not judgement.failed
    assert not judgement.good


def test_faults_of_our_own() -> None:
    one = PortalFacts("http://a.gov.cn/", "partial", faults={"KeyError": 2})
    assertion = said(Facts(None, faults=1, portals=(one,)), "program_error")
    assert (assertion.holds, assertion.expected, assertion.actual) == (False, 0, 3)
    assert assertion.where == ("http://a.gov.cn/ KeyError",)


def test_accepted() -> None:
    facts = Facts(None, finished=False)
    judgement = judge(facts, {"finished", "registry_floor"})
    (accepted,) = (one for one in judgement.assertions if one.accepted)
    assert (accepted.code, accepted.holds, accepted.passes, accepted.fails) == (
        "finished",
        False,
        True,
        False,
    )
    assert judgement.good
    entry = judgement.entry()
    assert entry["assertions"][0]["accepted"] is True
    assert json.loads(json.dumps(entry)) == entry
    assert judge(facts, {"entire"}).failed


def test_publishable_is_the_run_with_all_its_provinces() -> None:
    good, bad = judge(Facts("shanxi")), judge(Facts("hebei", changed=11))
    assert is_publishable([good, good])
    assert not is_publishable([good, bad])
    assert not is_publishable([])


# --- portals


@pytest.mark.parametrize(
    ("bad", "good", "holds"),
    [(0, 3, True), (1, 8, False), (1, 9, True), (2, 17, False), (2, 18, True), (1, 0, False)],
)
@pytest.mark.parametrize("outcome", ["partial", "layout-changed"])
def test_portals_short(bad: int, good: int, outcome: str, *, holds: bool) -> None:
    facts = Facts(None, portals=portals(bad, outcome) + portals(good, start=bad))
    assert said(facts, "portals_short").holds is holds


def test_portals_not_asked_do_not_water_down() -> None:
    facts = Facts(None, portals=portals(1, "partial") + portals(20, "not-run", start=1))
    assert not said(facts, "portals_short").holds


def test_blocked_portals_are_not_short() -> None:
    """Nobody can read what is closed; if it was open before, another bound says so."""
    facts = Facts(None, portals=portals(20, "blocked") + portals(1, "unreachable", start=20))
    assert broken(facts) == []


@pytest.mark.parametrize(("bad", "good", "holds"), [(1, 8, False), (1, 9, True), (0, 1, True), (1, 0, False)])
@pytest.mark.parametrize("outcome", ["partial", "blocked", "unreachable", "not-run", "layout-changed"])
def test_portals_lost(bad: int, good: int, outcome: str, *, holds: bool) -> None:
    facts = Facts(
        None, portals=portals(bad, outcome, was_fine=True) + portals(good, start=bad, was_fine=True)
    )
    assertion = said(facts, "portals_lost")
    assert (assertion.holds, assertion.actual) == (holds, bad)


def test_portals_that_were_never_fine_are_not_lost() -> None:
    assert said(Facts(None, portals=portals(5, "blocked", was_fine=False)), "portals_lost").holds
    assert said(Facts(None, portals=portals(5, "blocked")), "portals_lost").holds


# --- reports


@pytest.mark.parametrize(
    ("reports", "best", "holds"),
    [
        (90, 100, True),
        (89, 100, False),
        (0, 0, True),
        (1, 1, True),
        (0, 1, False),
        (9, 10, True),
        (7, 8, False),
    ],
)
def test_reports_floor(reports: int, best: int, *, holds: bool) -> None:
    portal = PortalFacts("http://a.gov.cn/", "ok", reports, best=best)
    assertion = said(Facts(None, portals=(portal,)), "reports_floor")
    assert assertion.holds is holds
    assert assertion.where == (() if holds else (f"http://a.gov.cn/ {reports}/{-(-best * 9 // 10)}",))


def test_reports_floor_is_for_portals_that_are_fine() -> None:
    for outcome in ("partial", "blocked", "unreachable", "not-run"):
        portal = PortalFacts("http://a.gov.cn/", outcome, 0, best=100)
        assertion = said(Facts(None, portals=(portal,)), "reports_floor")
        assert (assertion.holds, assertion.actual) == (True, None)
    emptied = PortalFacts("http://a.gov.cn/", "ok-empty", 0, best=100)
    assert not said(Facts(None, portals=(emptied,)), "reports_floor").holds


def governments(having: int, lacking: int, outcome: str = "ok") -> tuple[PortalFacts, ...]:
    return tuple(
        PortalFacts(f"http://p{one}.gov.cn/", outcome, division=f"1402{one:02}", has_due=one < having)
        for one in range(having + lacking)
    )


@pytest.mark.parametrize(
    ("having", "lacking", "holds"),
    [(3, 3, True), (0, 5, False), (2, 3, False), (3, 2, True), (0, 0, True), (5, 6, False)],
)
def test_registry_floor(having: int, lacking: int, *, holds: bool) -> None:
    assertion = said(Facts(None, portals=governments(having, lacking), due=2025), "registry_floor")
    assert assertion.holds is holds
    assert len(assertion.where) == lacking


def test_few_governments_may_all_be_late() -> None:
    assertion = said(Facts(None, portals=governments(0, 4), due=2025), "registry_floor")
    assert (assertion.holds, assertion.actual, assertion.where) == (True, None, ())


def test_registry_floor_needs_a_due_year_and_fine_portals() -> None:
    assert said(Facts(None, portals=governments(0, 5)), "registry_floor").actual is None
    for outcome in ("blocked", "unreachable", "partial"):
        closed = Facts(None, portals=governments(0, 5, outcome), due=2025)
        assert said(closed, "registry_floor").actual is None
    unregistered = Facts(None, portals=portals(5), due=2025)
    assert said(unregistered, "registry_floor").actual is None


def test_registry_floor_counts_governments_not_portals() -> None:
    """A government with a second portal has its report on one of them, or on both."""
    twins = (
        PortalFacts("http://a.gov.cn/", "ok", division="140200", has_due=True),
        PortalFacts("http://b.gov.cn/", "ok", division="140200", has_due=True),
        *(PortalFacts(f"http://p{one}.gov.cn/", "ok", division=f"1403{one:02}") for one in range(4)),
    )
    assertion = said(Facts(None, portals=twins, due=2025), "registry_floor")
    assert (assertion.expected, assertion.actual, assertion.holds) == (3, 1, False)


@pytest.mark.parametrize(
    ("now", "before", "holds"),
    [
        (Share(95, 100), Share(100, 100), True),
        (Share(94, 100), Share(100, 100), False),
        (Share(190, 200), Share(10, 10), True),
        (Share(0, 3), Share(0, 9), True),
        (Share(0, 0), Share(9, 9), True),
        (Share(9, 9), Share(0, 0), True),
        (Share(1, 9), None, True),
        (None, Share(9, 9), True),
        (Share(100, 100), Share(1, 100), True),
    ],
)
def test_extraction_floor(now: Share | None, before: Share | None, *, holds: bool) -> None:
    assert said(Facts("shanxi", now=now, published=before), "extraction_floor").holds is holds


def test_extraction_floor_in_figures() -> None:
    assertion = said(Facts("shanxi", now=Share(2, 3), published=Share(8, 9)), "extraction_floor")
    assert (assertion.holds, assertion.expected, assertion.actual) == (False, 83.9, 66.7)


@pytest.mark.parametrize(
    ("known", "changed", "holds"),
    [
        (100, 30, True),
        (100, 31, False),
        (10, 10, True),
        (5, 5, True),
        (12, 11, False),
        (37, 11, True),
        (0, 0, True),
    ],
)
def test_changed_ceiling(known: int, changed: int, *, holds: bool) -> None:
    assert said(Facts(None, known=known, changed=changed), "changed_ceiling").holds is holds


# --- a list


@pytest.mark.parametrize(
    ("previous", "gone", "floor"),
    [
        (0, 0, 0), (1, 0, 0), (2, 0, 1), (3, 0, 2), (5, 0, 4), (10, 0, 9), (11, 0, 10), (20, 0, 18),
        (21, 0, 19), (100, 0, 90), (70, 0, 63), (100, 50, 45), (100, 100, 0), (3, 9, 0),
    ],
)  # fmt: skip
def test_floor_of_listing(previous: int, gone: int, floor: int) -> None:
    assert floor_of_listing(previous, gone) == floor


def test_shrunk() -> None:
    assert shrunk(89, 100)
    assert not shrunk(90, 100)
    assert not shrunk(0, None)
    assert not shrunk(0, 1)
    assert shrunk(0, 2)
    assert not shrunk(45, 100, gone=50)
    assert not shrunk(120, 100)
    for previous in range(60):
        for found in range(60):
            fewer = previous - found
            assert shrunk(found, previous) == (found * 100 < previous * 90 and fewer >= 2)


# --- the year that is due


@pytest.mark.parametrize(
    ("today", "years", "due"),
    [
        (date(2026, 3, 31), None, 2024),
        (date(2026, 4, 1), None, 2025),
        (date(2026, 1, 1), None, 2024),
        (date(2026, 12, 31), None, 2025),
        (TODAY, {2019, 2021}, 2021),
        (TODAY, {2024, 2026}, 2024),
        (TODAY, {2026}, None),
        (TODAY, {2025}, 2025),
        (date(1970, 1, 1), None, None),
        (date(2009, 4, 1), None, 2008),
    ],
)
def test_due_year(today: date, years: set[int] | None, due: int | None) -> None:
    assert due_year(today, years) == due


# --- facts out of the store


@pytest.fixture
def store(engine: Engine) -> Iterator[WrittenStore]:
    with engine.begin() as connection:
        yield WrittenStore(connection)


def whole(store: WrittenStore, run: int, around: Circumstances = AROUND) -> Facts:
    return facts_of_run(store.connection, run, around)[0]


def test_first_run(store: WrittenStore) -> None:
    run, portal = store.run(), store.portal()
    store.visit(run, portal, reports=7, entry={"errors": {}})
    facts = whole(store, run)
    assert facts.province is None
    assert facts.portals == (PortalFacts("http://www.dt.gov.cn/", "ok", 7, division="140200"),)
    assert (facts.due, facts.known, facts.changed, facts.now) == (2025, 0, 0, None)


def test_provinces_touched(store: WrittenStore) -> None:
    run = store.run()
    for host, province, division in (
        ("www.dt.gov.cn", "shanxi", "140200"),
        ("www.tangshan.gov.cn", "hebei", "130200"),
        ("www.example.gov.cn", None, None),
    ):
        errors = {"errors": {"KeyError": 1}} if province == "hebei" else {}
        store.visit(run, store.portal(host, province, division=division), entry=errors)
    store.portal("www.taiyuan.gov.cn", "henan")  # not touched
    facts = facts_of_run(store.connection, run, replace(AROUND, faults=2))
    assert [(one.province, len(one.portals), one.faults) for one in facts] == [
        (None, 3, 2),
        ("hebei", 1, 0),
        ("shanxi", 1, 0),
    ]
    judged = judge_run(store.connection, run, replace(AROUND, faults=2), {"registry_floor"})
    faulty = [
        any(one.code == "program_error" and not one.holds for one in each.assertions) for each in judged
    ]
    assert faulty == [True, True, False]


def test_best_of_the_last_five_good_visits(store: WrittenStore) -> None:
    portal = store.portal()
    for reports in (99, 20, 21, 22, 23, 19):
        store.visit(store.run(), portal, reports=reports)
    store.visit(store.run(), portal, "partial", reports=50)
    store.visit(store.run(), portal, reports=77, entire=False)
    store.visit(store.run(mode="replay"), portal, reports=78)
    store.visit(store.run(arguments={"year": "2024"}), portal, reports=79)
    store.visit(store.run(), portal, "not-run", reports=0)
    run = store.run()
    store.visit(run, portal, reports=5)
    (facts,) = whole(store, run).portals
    assert (facts.best, facts.was_fine) == (23, True)


def test_runs_over_the_same_years_are_compared(store: WrittenStore) -> None:
    portal = store.portal()
    store.visit(store.run(), portal, reports=50)
    store.visit(store.run(arguments={"year": "2024"}), portal, reports=9)
    run = store.run(arguments={"year": "2024", "mode": "full"})
    store.visit(run, portal, reports=5)
    assert whole(store, run).portals[0].best == 9


def test_was_fine_is_the_visit_before(store: WrittenStore) -> None:
    portal = store.portal()
    store.visit(store.run(), portal)
    store.visit(store.run(), portal, "blocked", 0)
    store.visit(store.run(), portal, "partial", entire=False)
    run = store.run()
    store.visit(run, portal, "blocked", 0)
    (facts,) = whole(store, run).portals
    assert (facts.was_fine, facts.best) == (False, 10)


def test_reports_gone_since_are_not_missed(store: WrittenStore) -> None:
    portal = store.portal()
    first = store.run()
    store.visit(first, portal, reports=10)
    old = store.published(portal, "old", record("http://www.dt.gov.cn/o"), state="gone")
    store.change(first, old, "gone")  # before that visit was counted: it is not among the ten
    then = store.run()
    for name in "abc":
        report = store.published(portal, name, record(f"http://www.dt.gov.cn/{name}"), state="gone")
        store.change(then, report, "gone")
    back = store.published(portal, "back", record("http://www.dt.gov.cn/back"))
    store.change(then, back, "gone")
    store.visit(then, portal, "partial", reports=7)
    run = store.run()
    store.visit(run, portal, reports=7)
    assert whole(store, run).portals[0].best == 7


def test_report_that_is_due(store: WrittenStore) -> None:
    run = store.run()
    cases: list[tuple[str, dict[str, Any], bool]] = [
        ("大同市人民政府", {}, True),
        ("大同市人民政府办公室", {}, True),
        ("大同市人民政府", {"state": "missing"}, True),
        ("大同市人民政府", {"state": "gone"}, False),
        ("大同市卫生健康委员会", {}, False),
        ("大同市人民政府", {"division": "130000"}, False),
    ]
    for number, (name, values, _) in enumerate(cases):
        division, host = f"1402{number}", f"p{number}.gov.cn"
        portal = store.portal(host, division=division)
        store.visit(run, portal)
        for year in (2025, 2024):
            body = name if year == 2025 else "大同市人民政府"
            own = {"id": f"{number}-{year}", "division": division} | (values if year == 2025 else {})
            store.published(portal, body, record(f"http://{host}/{year}", year=year), **own)
    assert [one.has_due for one in whole(store, run).portals] == [due for _, _, due in cases]


def test_unregistered_division_is_owed_nothing(store: WrittenStore) -> None:
    run = store.run()
    store.visit(run, store.portal("a.gov.cn", division="999999"))
    store.visit(run, store.portal("b.gov.cn", None))
    assert [one.division for one in whole(store, run).portals] == [None, None]


def test_changed_among_known(store: WrittenStore) -> None:
    before, run = store.run(), store.run()
    portal, other = store.portal(), store.portal("www.yq.gov.cn", division="140300")
    store.visit(run, portal)
    for name, told in (("a", ["changed", "moved"]), ("b", ["new"]), ("c", []), ("d", ["reread"])):
        report = store.published(portal, name, record(f"http://www.dt.gov.cn/{name}"))
        store.change(before, report, "changed")
        for change in told:
            store.change(run, report, change)
    store.published(other, "e", record("http://www.yq.gov.cn/e"))  # a portal that the run did not visit
    facts = whole(store, run)
    assert (facts.known, facts.changed) == (3, 1)


def test_measure_is_what_was_published_last(store: WrittenStore) -> None:
    portal = store.portal()
    for number in range(3):
        store.published(
            portal,
            str(number),
            record(f"http://www.dt.gov.cn/{number}", extraction="partial" if number else "complete"),
        )
    entries = [judge(Facts(None)).entry(), judge(Facts("shanxi", now=Share(9, 10))).entry()]
    store.run(good=True, assertions=entries)
    store.run(good=True, assertions=[judge(Facts("hebei", now=Share(1, 10))).entry()])
    store.run(good=False, assertions=[judge(Facts("shanxi", now=Share(2, 10))).entry()])
    store.run(good=True)
    run = store.run()
    store.visit(run, portal)
    _, facts = facts_of_run(store.connection, run, AROUND)
    assert (facts.province, facts.now, facts.published) == ("shanxi", Share(1, 3), Share(9, 10))
    assert "extraction_floor" in broken(facts)
