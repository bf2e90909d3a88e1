"""Questions to the store: names of runs and reports, what is left of changes, what is bound to an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import sqlite

from pipelines.fingerprints import digest_of
from pipelines.store import history
from pipelines.store.history import (
    changes_counted,
    changes_of,
    differing_visits,
    find_reports,
    find_runs,
    histories,
    last_crawl,
    list_runs,
    net_changes,
    outcomes_of,
    refusal_at,
    reports_found,
    versions_of,
    visits_of,
)
from tests.told_store import SHA, Filled, record, run_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine


@pytest.fixture
def store(engine: Engine) -> Iterator[Filled]:
    with engine.begin() as connection:
        yield Filled(connection)


# --- runs


def test_runs_are_found_by_number_word_and_part(store: Filled) -> None:
    for seq, spider in ((1, "shanxi"), (2, "hebei"), (12, "shanxi")):
        store.run(seq, spider=spider)

    def found(name: str) -> list[int]:
        return [run.seq for run in find_runs(store.connection, name)]

    assert found("latest") == [12]
    assert found("1") == [1]
    assert found("12") == [12]
    assert found(run_id(2, "hebei")) == [2]
    assert found("20261101") == [1]
    assert found("hebei") == [2]
    assert found("shanxi") == [12, 1]
    assert found("20261") == [12, 2, 1]
    assert found("%") == found("") == found("9" * 40) == found("a\0b") == found("\ud800") == []


def test_no_more_runs_are_named_than_are_worth_it(store: Filled) -> None:
    for seq in range(1, 20):
        store.run(seq)
    assert len(find_runs(store.connection, "shanxi")) == history.MOST + 1
    assert [run.seq for run in list_runs(store.connection, 3)] == [19, 18, 17]


def test_run_carries_what_its_row_says(store: Filled) -> None:
    store.run(1, arguments={"year": "2025"}, mode="full", state="running", ended=None, counts=None)
    (run,) = list_runs(store.connection)
    assert (run.arguments, run.mode, run.ended, run.counts) == ({"year": "2025"}, "full", None, {})
    assert not run.told


def test_last_crawl_is_no_replay(store: Filled) -> None:
    assert last_crawl(store.connection) is None
    store.run(1)
    store.run(2, mode="replay")
    assert last_crawl(store.connection) == find_runs(store.connection, "1")[0]


def test_portals_and_reports_are_counted_by_run(store: Filled) -> None:
    store.run(1)
    store.run(2)
    one, other = store.portal("http://a.gov.cn/"), store.portal("http://b.gov.cn/", "乙市", None)
    store.visit(1, one)
    store.visit(1, other, "partial", reason="page_failed", reports=3)
    assert outcomes_of(store.connection, [1, 2]) == {1: {"ok": 1, "partial": 1}, 2: {}}
    assert reports_found(store.connection, [1, 2]) == {1: 5, 2: 0}
    assert [(visit.url, visit.outcome) for visit in visits_of(store.connection, 1)] == [
        ("http://b.gov.cn/", "partial"),
        ("http://a.gov.cn/", "ok"),
    ]


def test_portals_that_differ_between_two_runs(store: Filled) -> None:
    for seq in (1, 2, 3):
        store.run(seq)
    same, worse, only = (store.portal(f"http://{name}.gov.cn/") for name in "abc")
    for run in (1, 2, 3):
        store.visit(run, same, reports=run)
    for run, outcome, reason in ((1, "ok", None), (2, "ok", None), (3, "blocked", "captcha")):
        store.visit(run, worse, outcome, reason=reason)
    store.visit(1, only)
    found = {one.url: (one.older, one.newer) for one in differing_visits(store.connection, 1, 3)}
    assert found == {
        "http://b.gov.cn/": (("ok", None, 2), ("blocked", "captcha", 2)),
        "http://c.gov.cn/": (("ok", None, 2), None),
    }


# --- changes


class Told(Filled):
    """Five runs over one portal, and reports on which they told changes."""

    def begin(self) -> None:
        for seq in range(1, 6):
            self.run(seq)
        self.home = self.portal("http://a.gov.cn/")
        for seq in range(1, 6):
            self.visit(seq, self.home)

    def tell(self, name: str, *told: tuple[int, str], contents: str = "") -> None:
        """Changes (run, kind) of a report; a letter for the content of each version."""
        report = self.report(self.home, name)
        keys = [
            self.version(report, number, content=digest_of([letter]))
            for number, letter in enumerate(contents, 1)
        ]
        number = 0
        for run, kind in told:
            number += kind in ("new", "changed") and bool(keys)
            now = keys[number - 1] if number else None
            was = keys[number - 2] if kind == "changed" else None if kind == "new" else now
            details = {"was_url": f"http://{run - 1}/", "url": f"http://{run}/"} if kind == "moved" else {}
            self.change(run, report, kind, version=now, was=was, details=details)

    def net(self, older: int, newer: int) -> dict[str, tuple[str, ...]]:
        found = net_changes(self.connection, older, newer)
        return {told.id.split("-")[1]: told.changes for told in found}


@pytest.fixture
def told(engine: Engine) -> Iterator[Told]:
    with engine.begin() as connection:
        store = Told(connection)
        store.begin()
        yield store


def test_net_changes_leave_out_what_was_undone(told: Told) -> None:
    told.tell("new", (2, "new"), contents="a")
    told.tell("newchanged", (2, "new"), (3, "changed"), contents="ab")
    told.tell("newgone", (2, "new"), (3, "gone"), contents="a")
    told.tell("back", (1, "new"), (2, "changed"), (3, "changed"), contents="aba")
    told.tell("changed", (1, "new"), (2, "changed"), (3, "changed"), contents="abc")
    told.tell("returned", (1, "new"), (2, "missing"), (3, "returned"), contents="a")
    told.tell("missing", (1, "new"), (2, "missing"), contents="a")
    told.tell("gone", (1, "new"), (2, "missing"), (3, "gone"), contents="a")
    told.tell("before", (1, "new"), contents="a")
    told.tell("later", (5, "new"), contents="a")
    told.tell("both", (1, "new"), (2, "changed"), (2, "moved"), contents="ab")
    told.tell("reread", (1, "new"), (3, "reread"), contents="a")
    assert told.net(1, 4) == {
        "new": ("new",),
        "newchanged": ("new",),
        "newgone": ("new", "gone"),
        "changed": ("changed",),
        "missing": ("missing",),
        "gone": ("gone",),
        "both": ("changed", "moved"),
        "reread": ("reread",),
    }
    assert told.net(2, 3)["returned"] == ("returned",)


def test_state_before_is_that_of_the_older_run(told: Told) -> None:
    """Gone, then back: news only for somebody who knew it as missing."""
    told.tell("away", (1, "new"), (2, "missing"), (3, "gone"), (4, "returned"), contents="a")
    told.tell("there", (1, "new"), (3, "gone"), (4, "returned"), contents="a")
    assert told.net(2, 4) == {"away": ("returned",)}


def test_move_there_and_back_is_none(told: Told) -> None:
    report = told.report(told.home, "moved")
    for run, old, new in ((2, "a", "b"), (3, "b", "a"), (4, "a", "c")):
        told.change(run, report, "moved", details={"was_url": old, "url": new})
    assert told.net(1, 3) == {}
    (net,) = net_changes(told.connection, 1, 4)
    assert net.details == {"was_url": "a", "url": "c"}


def test_net_change_names_versions_at_both_ends(told: Told) -> None:
    told.tell("x", (1, "new"), (2, "changed"), (3, "changed"), contents="abc")
    (net,) = net_changes(told.connection, 1, 3)
    assert (net.was, net.version) == (1, 3)
    assert [(one.was, one.version) for one in changes_of(told.connection, 2)] == [(1, 2)]
    assert [(one.was, one.version) for one in changes_of(told.connection, 1)] == [(None, 1)]


def test_portals_that_neither_run_visited_are_left_out(told: Told) -> None:
    elsewhere = told.portal("http://z.gov.cn/")
    told.visit(3, elsewhere)
    told.change(3, told.report(elsewhere, "other"), "new")
    assert told.net(2, 3) == {"other": ("new",)}
    assert told.net(2, 4) == {}


def test_many_runs_are_merged_report_by_report(told: Told) -> None:
    told.tell("often", *((run, "reread") for run in range(1, 6)), contents="a")
    told.tell("once", (3, "new"), contents="a")
    told.tell("late", (5, "gone"), contents="a")
    assert told.net(1, 5) == {"often": ("reread",), "once": ("new",), "late": ("gone",)}


def test_changes_of_one_run_are_one_entry_per_report(told: Told) -> None:
    told.tell("both", (1, "new"), (2, "changed"), (2, "moved"), contents="ab")
    (one,) = changes_of(told.connection, 2)
    assert one.changes == ("changed", "moved")
    assert changes_counted(told.connection, [1, 2, 3]) == {
        1: {"new": 1},
        2: {"changed": 1, "moved": 1},
        3: {},
    }


def test_comparison_is_bound_to_the_runs(told: Told) -> None:
    """A store has millions of changes of other runs: none of them may be looked at, and nothing is sorted."""
    if told.connection.dialect.name != "sqlite":
        pytest.skip("the plan is SQLite's")
    told.connection.execute(text("ANALYZE"))
    asked = history._told(2).compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    plan = [row.detail for row in told.connection.execute(text(f"EXPLAIN QUERY PLAN {asked}"))]
    assert any("SEARCH changes" in line and "(run=?)" in line for line in plan), plan
    assert not any("SCAN" in line or "TEMP B-TREE" in line for line in plan), plan


# --- one report


def test_reports_are_found_by_id_beginning_and_address(store: Filled) -> None:
    store.run(1)
    home = store.portal("http://www.yl.gov.cn/")
    water, grain = store.report(home, "water"), store.report(home, "grain")
    store.publication(water, home, "http://www.yl.gov.cn/a.html")
    store.publication(None, home, "http://www.yl.gov.cn/b.html", fate="no_report")

    def found(name: str) -> list[str]:
        return find_reports(store.connection, name)

    ids = ["140200-grain-own-2025", "140200-water-own-2025"]
    assert found("140200-water-own-2025") == ids[1:]
    assert found("140200-w") == ids[1:]
    assert found("140200-") == ids
    assert found("https://yl.gov.cn/a.html") == found("www.yl.gov.cn/a.html") == ids[1:]
    assert found("http://www.yl.gov.cn/b.html") == found("http://[x/") == found("%") == found("") == []
    assert refusal_at(store.connection, "http://www.yl.gov.cn/b.html") == "no_report"
    assert refusal_at(store.connection, "http://www.yl.gov.cn/a.html") is None
    assert refusal_at(store.connection, "nothing.\0") is None
    assert grain


def test_history_holds_everything_that_is_stored(store: Filled) -> None:
    for seq in (1, 2, 3):
        store.run(seq)
    home = store.portal("http://www.yl.gov.cn/", "云岭市人民政府")
    report, other = store.report(home, "water", dirty=True), store.report(home, "water", 2024)
    strand = store.report(home, "water", strand="s")
    first = store.version(report, 1, capture=SHA)
    second = store.version(report, 2, previous=first, run=2)
    store.capture(SHA, "r-00000.warc.gz", 77)
    store.capture(SHA, "s-00000.warc.gz", 5, revisit=True, run=2)
    store.publication(report, home, "http://www.yl.gov.cn/a.html", version=second, listed_run=3)
    store.change(1, report, "new", version=first)
    store.change(2, report, "changed", version=second, was=first)
    store.finding(report, other, "上年结转不符")
    here, apart = histories(store.connection, "140200-water-own-2025")
    assert (here.key, here.untold, apart.key, apart.strand) == (report, True, strand, "s")
    assert here.portal_name == "云岭市人民政府"
    assert [(one.change, one.was, one.version) for one in here.changes] == [
        ("new", None, 1),
        ("changed", 1, 2),
    ]
    assert [place.version for place in here.publications] == [2]
    assert [(one.rule, one.other) for one in here.findings] == [("XY.CARRY", "140200-water-own-2024")]
    assert here.runs == {seq: run_id(seq) for seq in (1, 2, 3)}
    found = list(versions_of(store.connection, report))
    assert [(one.number, one.previous) for one in found] == [(1, None), (2, first)]
    assert [(place.file, place.offset, place.revisit) for place in found[0].archived] == [
        ("r-00000.warc.gz", 77, False),
        ("s-00000.warc.gz", 5, True),
    ]
    assert found[1].archived == ()
    assert record().model_validate_json(found[0].record) == record()
    (late,) = histories(store.connection, "140200-water-own-2024")
    assert [one.other for one in late.findings] == ["140200-water-own-2025"]
