"""Exports of the store: the contract's records, filled in, in one order, whatever the store is made of."""

from __future__ import annotations

import json
import random
import time
import tracemalloc
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, insert

from pipelines.addresses import digest
from pipelines.record import Report, to_json
from pipelines.store.export import (
    changes_of_run,
    completeness,
    differences,
    reports_of_province,
    reports_of_run,
    reports_of_store,
)
from pipelines.store.schema import publications, reports, versions
from tests.written_store import SEEN, STARTED, WrittenStore, record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

A, B, C = (f"http://www.dt.gov.cn/{name}.html" for name in "abc")


@pytest.fixture
def store(engine: Engine) -> Iterator[WrittenStore]:
    with engine.begin() as connection:
        yield WrittenStore(connection)


def conflicts(report: Report) -> list[str | float | None]:
    return [finding.actual for finding in report.checks.findings if finding.rule == "QL.CONFLICT"]


# --- one record


def test_record_is_filled_in(store: WrittenStore) -> None:
    run, portal = store.run(), store.portal()
    report = store.report(portal, changed=SEEN)
    for url in (C, A, B):
        store.page(portal, report, record(url, x=3), run, number=2, capture="ab" * 32)
    (found,) = reports_of_store(store.connection)
    assert (found.version, found.change) == (2, "unchanged")
    assert (found.url, found.also_at) == (A, [B, C])
    assert found.seen.model_dump() == {"first": STARTED, "last": SEEN, "changed": SEEN}
    assert found.source.archived == f"sha256:{'ab' * 32}"
    assert found.cells == {"x": 3}
    assert list(json.loads(to_json(found))) == list(json.loads(to_json(record())))


def test_what_is_not_archived_says_so(store: WrittenStore) -> None:
    store.published(store.portal(), "a", record())
    (found,) = reports_of_store(store.connection)
    assert found.source.archived is None


def test_address_of_a_moved_report_is_the_new_one(store: WrittenStore) -> None:
    portal = store.portal()
    report = store.report(portal)
    store.page(portal, report, record(A, x=1), state="moved")
    store.page(portal, report, record(B, x=1), 2)
    (found,) = reports_of_store(store.connection)
    assert (found.url, found.also_at) == (B, [])


def test_report_whose_address_shows_another_keeps_its_last_content(store: WrittenStore) -> None:
    portal = store.portal()
    report = store.report(portal, year=2023, state="gone")
    old = store.version(report, record(A, x=1))
    store.version(report, record(A, x=2), number=2, previous=old)
    other = store.published(portal, "b", record(A, x=9))
    told = {one.change: one for one in reports_of_store(store.connection)}
    assert (told["gone"].version, told["gone"].cells, told["gone"].url) == (2, {"x": 2}, A)
    assert told["unchanged"].cells == {"x": 9}
    assert other != report


def test_findings_of_the_store_follow_those_of_the_page(store: WrittenStore) -> None:
    portal = store.portal()
    kept = store.published(portal, "a", record(A), id="a")
    late, early = (
        store.published(portal, "z", record(B), id="z"),
        store.published(portal, "y", record(C), id="y"),
    )
    store.finding(kept, late, actual="z")
    store.finding(kept, early, actual="y")
    store.finding(kept, late, rule="PL.EMPTY", actual="9")
    found = next(reports_of_store(store.connection))
    assert [(one.rule, one.actual) for one in found.checks.findings] == [
        ("PL.EMPTY", "9"),
        ("QL.CONFLICT", "y"),
        ("QL.CONFLICT", "z"),
    ]


# --- several contents of one report


def test_contradicting_contents_are_kept_apart(store: WrittenStore) -> None:
    portal = store.portal()
    report = store.report(portal)
    for url, x in ((C, 2), (A, 1), (B, 2)):
        store.page(portal, report, record(url, x=x))
    one, two = reports_of_store(store.connection)
    assert (one.url, one.also_at, one.cells, conflicts(one)) == (A, [], {"x": 1}, [])
    assert (two.url, two.also_at, two.cells, conflicts(two)) == (B, [C], {"x": 2}, [A])
    assert one.id == two.id


def test_contradicting_contents_without_numbers(store: WrittenStore) -> None:
    portal = store.portal()
    report = store.report(portal)
    for url in (A, B):
        store.page(portal, report, record(url, text=url), content=url.encode()[-16:])
    _, two = reports_of_store(store.connection)
    (finding,) = two.checks.findings
    assert (finding.rule, finding.result, finding.actual) == ("QL.CONFLICT", "NOT_EVALUABLE", A)


def test_findings_of_other_reports_stand_in_the_first_record_alone(store: WrittenStore) -> None:
    portal = store.portal()
    report = store.report(portal)
    for url, x in ((A, 1), (B, 2)):
        store.page(portal, report, record(url, x=x))
    store.finding(report, report, "PL.EMPTY", actual="9")
    one, two = reports_of_store(store.connection)
    assert [finding.rule for finding in one.checks.findings] == ["PL.EMPTY"]
    assert [finding.rule for finding in two.checks.findings] == ["QL.CONFLICT"]


def test_old_content_elsewhere_is_a_stale_copy(store: WrittenStore) -> None:
    portal = store.portal()
    report = store.report(portal)
    old = store.version(report, record(B, x=1))
    middle = store.version(report, record(B, x=2), number=2, previous=old)
    new = store.version(report, record(B, x=3), number=3, previous=middle)
    store.publication(portal, report, new, B)
    store.page(portal, report, record(A, x=1))
    store.page(portal, report, record(C, x=2), number=2)
    (found,) = reports_of_store(store.connection)
    assert (found.url, found.also_at, found.version, found.cells) == (B, [A, C], 3, {"x": 3})


def test_equal_numbers_are_one_report(store: WrittenStore) -> None:
    portal = store.portal()
    report = store.report(portal)
    for number, url in enumerate((A, B), 1):
        store.page(portal, report, record(url, title=f"标题{number}", x=1))
    (found,) = reports_of_store(store.connection)
    assert (found.url, found.also_at, found.title) == (A, [B], "标题1")


def test_what_is_missing_or_gone_is_no_second_address(store: WrittenStore) -> None:
    portal = store.portal()
    report = store.report(portal)
    store.page(portal, report, record(C, x=1), 2)
    for state, url in (("missing", B), ("gone", A)):
        store.page(portal, report, record(url, x=9), state=state)
    (found,) = reports_of_store(store.connection)
    assert (found.url, found.also_at) == (C, [])


# --- which reports, which change


CHANGES = (
    (["new"], "active", "new"),
    (["changed", "moved"], "active", "changed"),
    (["changed", "new"], "active", "new"),
    (["moved"], "active", "unchanged"),
    (["returned"], "active", "unchanged"),
    (["reread"], "active", "unchanged"),
    (["missing"], "missing", "missing"),
    (["gone"], "gone", "gone"),
    ([], "missing", "missing"),
    ([], "active", "unchanged"),
)


def test_change(store: WrittenStore) -> None:
    run, portal = store.run(), store.portal()
    for number, (kinds, state, _) in enumerate(CHANGES):
        page = record(f"http://www.dt.gov.cn/{number}")
        report = store.published(portal, str(number), page, run, state=state)
        for kind in kinds:
            store.change(run, report, kind)
    expected = [change for _, _, change in CHANGES]
    assert [one.change for one in reports_of_run(store.connection, run)] == expected
    assert [one.change for one in reports_of_province(store.connection, "shanxi", run)] == expected


def test_changes_of_another_run_are_not_told_again(store: WrittenStore) -> None:
    first, second = store.run(), store.run()
    report = store.published(store.portal(), "a", record(), second)
    store.change(first, report, "new")
    (found,) = reports_of_run(store.connection, second)
    assert found.change == "unchanged"


def test_reports_of_run(store: WrittenStore) -> None:
    run, later, portal = store.run(), store.run(), store.portal()
    listed, checked, told, other = (
        store.published(portal, name, record(f"http://www.dt.gov.cn/{name}")) for name in "abcd"
    )
    for report, values in (
        (listed, {"listed_run": later, "checked_run": run}),
        (checked, {"listed_run": None, "checked_run": later}),
        (told, {"listed_run": run, "checked_run": run, "state": "missing"}),
        (other, {"listed_run": run, "checked_run": run}),
    ):
        store.connection.execute(
            publications.update().where(publications.c.report == report).values(**values)
        )
    store.change(later, told, "missing")
    names = [report.url[-1] for report in reports_of_run(store.connection, later)]
    assert names == ["a", "b", "c"]


def test_reports_of_province(store: WrittenStore) -> None:
    here, there, nowhere = (
        store.portal(host, province)
        for host, province in (("a.gov.cn", "shanxi"), ("b.gov.cn", "hebei"), ("c.gov.cn", None))
    )
    for portal, url in ((here, A), (there, B), (nowhere, C)):
        store.published(portal, url[-6], record(url))
    of = lambda province: [one.url for one in reports_of_province(store.connection, province, None)]  # noqa: E731
    assert (of("shanxi"), of("hebei"), of(None), of("henan")) == ([A], [B], [C], [])
    assert len(list(reports_of_store(store.connection))) == 3


def test_order(store: WrittenStore) -> None:
    """Division, year, id, address, by code point: no collation, no order of arrival."""
    portal = store.portal()
    places = [
        (None, None, "b", "http://z.gov.cn/1"),
        (None, 2020, "a", "http://z.gov.cn/2"),
        ("130000", None, "x", "http://z.gov.cn/3"),
        ("130000", 2019, "B-1", "http://z.gov.cn/4"),
        ("130000", 2019, "a-1", "http://z.gov.cn/5"),
        ("130000", 2019, "a1", "http://z.gov.cn/B"),
        ("130000", 2019, "a1", "http://z.gov.cn/a"),
        ("130000", 2019, "县", "http://z.gov.cn/6"),
        ("140000", 2018, "a", "http://z.gov.cn/0"),
    ]
    shuffled = list(enumerate(places))
    random.Random(4).shuffle(shuffled)  # noqa: S311 - a test repeats itself
    for strand, (division, year, id_, url) in shuffled:
        store.published(
            portal, "x", record(url, year=year), division=division, id=id_, strand=str(9 - strand)
        )
    assert [one.url for one in reports_of_store(store.connection)] == [place[3] for place in places]


def test_order_of_arrival_leaves_no_trace(engine: Engine) -> None:
    """The same knowledge gives the same bytes, whoever came first."""
    exports = []
    for turn in (1, -1):
        with engine.connect() as connection:
            store = WrittenStore(connection)
            portal = store.portal()
            report = store.report(portal)
            contents = {url: record(url, x=number) for number, url in enumerate((A, B, C))}
            for content in list(contents.values())[::turn]:
                store.page(portal, report, content)
            exports.append([to_json(one) for one in reports_of_store(connection)])
            connection.rollback()
    assert exports[0] == exports[1]
    assert len(exports[0]) == 3


# --- changes


def test_changes(store: WrittenStore) -> None:
    run, portal = store.run(), store.portal()
    report = store.report(portal, told_url=A)
    old = store.version(report, record(A, x=1, y=2, z=None, gone=4))
    new = store.version(
        report,
        record(A, "新标题", x=1.0, y=3, z=0, come=5, text="二"),
        number=2,
        seen="2026-11-22T06:00:00+00:00",
    )
    store.publication(portal, report, new, A)
    store.change(run, report, "changed", version=new, was=old)
    (change,) = changes_of_run(store.connection, run)
    assert change == {
        "run": f"run-{run}",
        "id": "140200-卫健委-own-2024",
        "change": "changed",
        "version": 2,
        "was_version": 1,
        "url": A,
        "was_url": None,
        "title": "新标题",
        "agency": "卫健委",
        "year": 2024,
        "portal": "http://www.dt.gov.cn/",
        "cells": {"y": [2, 3], "z": [None, 0], "come": [None, 5], "gone": [4, None]},
        "fields": ["title", "text"],
        "at": "2026-11-22T06:00:00+00:00",
    }
    assert json.loads(json.dumps(change)) == change


def test_other_changes(store: WrittenStore) -> None:
    run, portal = store.run(), store.portal()
    keys = {}
    for name in ("new", "moved", "gone", "reread"):
        report = store.report(portal, name)
        keys[name] = (report, store.version(report, record(f"http://www.dt.gov.cn/{name}", x=1)))
    report, version = keys["new"]
    store.change(run, report, "new", version=version)
    report, version = keys["moved"]
    store.change(run, report, "moved", version=version, was=version, details={"url": B, "was_url": A})
    report, version = keys["gone"]
    store.change(run, report, "gone", version=version, was=version)
    report, version = keys["reread"]
    store.change(run, report, "reread", version=version, was=version, details={"cells": {"x": [2, 1]}})
    told = {change["change"]: change for change in changes_of_run(store.connection, run)}
    assert (told["new"]["was_version"], told["new"]["cells"], told["new"]["at"]) == (None, {}, SEEN)
    assert (told["moved"]["url"], told["moved"]["was_url"], told["moved"]["at"]) == (B, A, STARTED)
    assert (told["gone"]["url"], told["gone"]["version"]) == ("http://www.dt.gov.cn/gone", 1)
    assert told["reread"]["cells"] == {"x": [2, 1]}
    assert list(changes_of_run(store.connection, run + 1)) == []


def test_changes_are_in_order(store: WrittenStore) -> None:
    run, portal = store.run(), store.portal()
    for name in ("b", "a"):
        report = store.published(portal, name, record(f"http://www.dt.gov.cn/{name}"))
        for kind in ("returned", "moved"):
            store.change(run, report, kind)
    told = [(change["id"][7], change["change"]) for change in changes_of_run(store.connection, run)]
    assert told == [("a", "moved"), ("a", "returned"), ("b", "moved"), ("b", "returned")]


def test_differences_of_nothing() -> None:
    assert differences({}, {}) == ({}, [])


# --- much


def test_completeness(store: WrittenStore) -> None:
    portal = store.portal()
    store.published(portal, "a", record(A))
    store.published(portal, "b", record(B, extraction="partial"))
    store.published(portal, "c", record(C), kind="legacy_report")
    assert completeness(store.connection, "shanxi") == (1, 2)
    assert completeness(store.connection, "hebei") == (0, 0)


def many(connection: Connection, number: int) -> int:
    """A run that saw many unchanged reports."""
    store = WrittenStore(connection)
    run, portal = store.run(), store.portal()
    keys = range(1, number + 1)
    urls = [f"http://www.dt.gov.cn/{key}.html" for key in keys]
    rows: list[tuple[Any, Any]] = [
        (
            reports,
            (
                {
                    "key": key, "id": f"{key % 977}-{key}", "strand": "", "series": "s", "year": 2024,
                    "division": f"14{key % 89:04}", "kind": "report", "portal": portal, "state": "active",
                    "first_seen": STARTED, "last_seen": SEEN, "dirty": False,
                }
                for key in keys
            ),
        ),
        (
            versions,
            (
                {
                    "key": key, "report": key, "number": 1, "content": b"c", "address": digest(url), "given": "{}", "seen": SEEN,
                    "run": run, "record": to_json(record(url, x=key)),
                }
                for key, url in zip(keys, urls, strict=True)
            ),
        ),
        (
            publications,
            (
                {
                    "key": key, "address": digest(url), "url": url, "portal": portal, "report": key,
                    "version": key, "fate": "report", "state": "active", "listed_run": run,
                    "checked_run": run, "checked": SEEN, "first_run": run,
                }
                for key, url in zip(keys, urls, strict=True)
            ),
        ),
    ]  # fmt: skip
    for table, values in rows:
        connection.execute(insert(table), list(values))
    return run


def test_questions_do_not_grow_with_the_reports(engine: Engine) -> None:
    with engine.begin() as connection:
        run = many(connection, 1100)
    asked: list[str] = []
    with engine.connect() as connection:
        event.listen(connection, "before_cursor_execute", lambda *words: asked.append(words[2]))
        assert len(list(reports_of_run(connection, run))) == 1100
    assert len(asked) < 70


def test_speed(engine: Engine) -> None:
    """Two thousand reports of a run that found nothing new take less than two seconds."""
    with engine.begin() as connection:
        run = many(connection, 2000)
    with engine.connect() as connection:
        started = time.process_time()
        assert sum(1 for _ in reports_of_run(connection, run)) == 2000
        assert time.process_time() - started < 2


def test_memory_is_that_of_a_batch(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.store.export._BATCH", 100)
    with engine.begin() as connection:
        many(connection, 600)
    peaks = []
    with engine.connect() as connection:
        for _ in reports_of_store(connection):
            break  # what is read once and kept (models, statements) is not of the export
        tracemalloc.start()
        try:
            for number in (200, 600):
                tracemalloc.reset_peak()
                assert sum(1 for _ in islice(reports_of_store(connection), number)) == number
                peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5


def test_half_read_export_leaves_the_store_free(engine: Engine) -> None:
    with engine.begin() as connection:
        run = many(connection, 600)
    with engine.connect() as connection:
        export = reports_of_run(connection, run)
        next(export)
        export.close()
    with engine.begin() as connection:
        WrittenStore(connection).run()
