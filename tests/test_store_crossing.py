"""Findings between reports: which rows stand, that they go again, and that no order of arrival shows."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import StaticPool, create_engine, func, insert, select, update

from pipelines.addresses import digest
from pipelines.record import Agency, Finding, Report, Section, Source, Templates, to_json
from pipelines.statutory.templates import cell_names
from pipelines.store.crossing import SAME_BODIES, SAME_YEARS, compare
from pipelines.store.schema import findings, metadata, portals, publications, reports, versions

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

AT = "2026-01-01T00:00:00Z"
CARRY = "XY.CARRY.total"
OUT, IN = "applications.carried_out.total", "applications.carried_in.total"
Told = dict[tuple[str, str], str]
"""(id of a report, rule) → id of the other report."""


def record(
    body: str, year: int, cells: dict[str, Any], *, scope: str = "own", kind: str = "report", prose: str = ""
) -> Report:
    values: dict[str, Any] = {"kind": kind, "scope": scope, "templates": Templates(applications="v2")}
    return Report(
        id=f"{body}-{scope}-{year}",
        kind_reason="title",
        url=f"https://www.example.gov.cn/{body}/{scope}/{year}.html",
        agency=Agency(name=f"某局{body}"),
        year=year,
        cells=cells,
        sections=[Section(number=1, title="一、总体情况", text=prose)] if prose else [],
        source=Source(kind="html_table", sha256="0"),
        **values,
    )


Entry = tuple[Report, bytes | None, str]
"""A record, the digest of its text, and what keeps it apart if its body is not placed."""


class Shelf:
    """Puts reports into a store as an intake would."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.versions = count(1)
        self.reports = count(1)
        self.pages = count(1)
        home = {"key": 1, "address": b"p" * 16, "url": "https://www.example.gov.cn/"}
        connection.execute(insert(portals).values(**home))

    def put(self, body: str, year: int, cells: dict[str, Any] | None = None, **options: Any) -> int:
        """A report not seen before."""
        text, strand = options.pop("text", None), options.pop("strand", "")
        return self.fill([(record(body, year, cells or {}, **options), text, strand)])[0]

    def fill(self, entries: list[Entry]) -> list[int]:
        """Reports not seen before, each on a page of its own."""
        keyed = [(next(self.reports), *entry) for entry in entries]
        self.connection.execute(
            insert(reports), [_report(key, told, strand) for key, told, _, strand in keyed]
        )
        for_pages = [(key, told, f"{told.url}?{strand}", text) for key, told, text, strand in keyed]
        self.show(for_pages)
        return [key for key, *_ in keyed]

    def show(self, pages: list[tuple[int, Report, str, bytes | None]]) -> None:
        """Pages that show reports: report, record, address and digest of the text."""
        keys = [next(self.versions) for _ in pages]
        said = [
            _version(key, report, told, url, number=1, text=text)
            for key, (report, told, url, text) in zip(keys, pages, strict=True)
        ]
        self.connection.execute(insert(versions), said)
        shown = [
            _page(next(self.pages), key, report, told, url)
            for key, (report, told, url, _) in zip(keys, pages, strict=True)
        ]
        self.connection.execute(insert(publications), shown)

    def version(self, report: int, told: Report, number: int, text: bytes | None = None) -> None:
        """What the report's first page says now."""
        key = next(self.versions)
        page = _version(key, report, told, f"{told.url}?", number=number, text=text)
        self.connection.execute(insert(versions), [page])
        here = update(publications).where(publications.c.address == page["address"])
        self.connection.execute(here.values(version=key))

    def compare(self, *keys: int, run: int = 1) -> None:
        compare(self.connection, keys, run)

    def told(self) -> Told:
        """What stands, by ids; one rule of one report may name one other report only here."""
        ids = {row.key: row.id for row in self.connection.execute(select(reports.c.key, reports.c.id))}
        rows = self.connection.execute(select(findings)).all()
        told = {(ids[row.report], row.rule): ids[row.other] for row in rows}
        assert len(told) == len(rows)
        for row in rows:
            assert Finding.model_validate(row.finding).rule == row.rule
        return told

    def dirty(self) -> set[int]:
        """The dirty reports; they are clean after it."""
        keys = set(self.connection.scalars(select(reports.c.key).where(reports.c.dirty)))
        self.connection.execute(update(reports).values(dirty=False))
        return keys


def _report(key: int, told: Report, strand: str) -> dict[str, Any]:
    return {
        "key": key,
        "id": told.id,
        "strand": strand,
        "series": told.id.rpartition("-")[0],
        "year": told.year,
        "division": told.id.partition("-")[0],
        "agency": told.agency.name,
        "kind": told.kind,
        "portal": 1,
        "state": "active",
        "first_seen": AT,
        "last_seen": AT,
        "dirty": False,
    }


def _version(key: int, report: int, told: Report, url: str, **values: Any) -> dict[str, Any]:
    return {
        "key": key,
        "report": report,
        "address": digest(url),
        "content": key.to_bytes(16, "big"),
        "record": to_json(told),
        "given": "{}",
        "seen": AT,
        "run": 1,
    } | values


def _page(key: int, version: int, report: int, told: Report, url: str) -> dict[str, Any]:
    return {
        "key": key,
        "address": digest(url),
        "url": url,
        "portal": 1,
        "report": report,
        "version": version,
        "fate": "report",
        "year": told.year,
        "state": "active",
        "checked_run": 1,
        "checked": AT,
        "first_run": 1,
    }


@pytest.fixture
def shelf(engine: Engine) -> Any:
    with engine.begin() as connection:
        yield Shelf(connection)


# ---------------------------------------------------------------- year against year


def test_a_year_is_held_against_the_year_before(shelf: Shelf) -> None:
    a, b = shelf.put("1-a", 2023, {OUT: 3}), shelf.put("1-a", 2024, {IN: 2})
    shelf.compare(b, run=7)
    assert shelf.told() == {("1-a-own-2024", CARRY): "1-a-own-2023"}
    (row,) = shelf.connection.execute(select(findings)).all()
    assert (row.report, row.other, row.run) == (b, a, 7)
    assert row.finding["message"]["zh"] == "“总计”一列：2023 年报告结转下年度 3，2024 年报告上年结转 2。"
    assert shelf.dirty() == {b}


def test_an_earlier_year_that_comes_later_tells_of_the_later_year(shelf: Shelf) -> None:
    b = shelf.put("1-a", 2024, {IN: 2})
    shelf.compare(b)
    assert shelf.told() == {}
    a = shelf.put("1-a", 2023, {OUT: 3})
    shelf.compare(a)
    assert shelf.told() == {("1-a-own-2024", CARRY): "1-a-own-2023"}
    assert shelf.dirty() == {b}


def test_a_corrected_report_takes_the_finding_away(shelf: Shelf) -> None:
    a, b = shelf.put("1-a", 2023, {OUT: 3}), shelf.put("1-a", 2024, {IN: 2})
    shelf.compare(a, b)
    assert shelf.dirty() == {b}
    shelf.version(a, record("1-a", 2023, {OUT: 2}), 2)
    shelf.compare(a)
    assert shelf.told() == {}
    assert shelf.dirty() == {b}


def test_another_figure_changes_the_finding(shelf: Shelf) -> None:
    a, b = shelf.put("1-a", 2023, {OUT: 3}), shelf.put("1-a", 2024, {IN: 2})
    shelf.compare(a, b)
    shelf.dirty()
    shelf.version(a, record("1-a", 2023, {OUT: 4}), 2)
    shelf.compare(a, run=2)
    (row,) = shelf.connection.execute(select(findings)).all()
    assert (row.finding["expected"], row.run) == (4, 2)
    assert shelf.dirty() == {b}


def test_twice_changes_nothing(shelf: Shelf) -> None:
    keys = [shelf.put("1-a", 2023, {OUT: 3}, text=b"t" * 16), shelf.put("1-a", 2024, {IN: 2}, text=b"t" * 16)]
    keys.append(shelf.put("1-b", 2024, text=b"t" * 16))
    shelf.compare(*keys)
    before = shelf.connection.execute(select(findings)).all()
    assert len(before) == 1 + 2 + 3
    shelf.dirty()
    shelf.compare(*keys, run=2)
    shelf.compare(run=3)
    assert shelf.connection.execute(select(findings)).all() == before
    assert shelf.dirty() == set()


@pytest.mark.parametrize(
    "later",
    [
        {"year": 2025},
        {"year": 2024, "body": "1-b"},
        {"year": 2024, "scope": "government_aggregate"},
        {"year": 2024, "strand": "x"},
        {"year": 2024, "kind": "legacy_report"},
    ],
)
def test_what_is_no_neighbour(shelf: Shelf, later: dict[str, Any]) -> None:
    a = shelf.put("1-a", 2023, {OUT: 3})
    b = shelf.put(**{"body": "1-a", "cells": {IN: 2}} | later)
    shelf.compare(a, b)
    assert shelf.told() == {}


def test_all_rules_of_a_pair_and_a_row_in_the_middle(shelf: Shelf) -> None:
    middle = {OUT: 1, IN: 2, "applications.carried_in.business": 4}
    keys = [
        shelf.put("1-a", 2022, {OUT: 3, "applications.carried_out.business": 1}),
        shelf.put("1-a", 2023, middle),
        shelf.put("1-a", 2024, {IN: 0}),
    ]
    shelf.compare(keys[1])
    assert shelf.told() == {
        ("1-a-own-2023", CARRY): "1-a-own-2022",
        ("1-a-own-2023", "XY.CARRY.business"): "1-a-own-2022",
        ("1-a-own-2024", CARRY): "1-a-own-2023",
    }


def test_findings_of_others_are_left_alone(shelf: Shelf) -> None:
    a, b = shelf.put("1-a", 2023), shelf.put("1-a", 2024)
    foreign = {"report": a, "rule": "QL.CONFLICT", "other": b, "finding": {}, "run": 1}
    shelf.connection.execute(insert(findings).values(**foreign))
    shelf.compare(a, b)
    assert shelf.connection.scalar(select(func.count()).select_from(findings)) == 1


# ---------------------------------------------------------------- one text


T, U = b"t" * 16, b"u" * 16


def test_one_text_for_two_years(shelf: Shelf) -> None:
    keys = [shelf.put("1-a", year, text=T) for year in (2021, 2023, 2024)]
    shelf.compare(keys[1])
    assert shelf.told() == {
        ("1-a-own-2021", SAME_YEARS): "1-a-own-2023",
        ("1-a-own-2023", SAME_YEARS): "1-a-own-2021",
        ("1-a-own-2024", SAME_YEARS): "1-a-own-2021",
    }
    assert shelf.dirty() == set(keys)
    said = shelf.connection.scalars(select(findings.c.finding).where(findings.c.report == keys[1])).one()
    assert said["actual"] == "1-a-own-2021"
    assert "2023 年报告与同一机关 2021 年报告" in said["message"]["zh"]


def test_one_text_for_two_bodies(shelf: Shelf) -> None:
    a, b = shelf.put("1-a", 2024, text=T), shelf.put("1-b", 2023, text=T)
    shelf.compare(a)
    assert shelf.told() == {
        ("1-a-own-2024", SAME_BODIES): "1-b-own-2023",
        ("1-b-own-2023", SAME_BODIES): "1-a-own-2024",
    }
    said = shelf.connection.scalars(select(findings.c.finding).where(findings.c.report == b)).one()
    assert "与“某局1-a” 2024 年报告" in said["message"]["zh"]


def test_years_and_bodies_together(shelf: Shelf) -> None:
    for body, year in (("1-a", 2023), ("1-a", 2024), ("1-b", 2024)):
        key = shelf.put(body, year, text=T)
    shelf.compare(key)
    assert shelf.told() == {
        ("1-a-own-2023", SAME_YEARS): "1-a-own-2024",
        ("1-a-own-2024", SAME_YEARS): "1-a-own-2023",
        ("1-a-own-2023", SAME_BODIES): "1-b-own-2024",
        ("1-a-own-2024", SAME_BODIES): "1-b-own-2024",
        ("1-b-own-2024", SAME_BODIES): "1-a-own-2023",
    }


@pytest.mark.parametrize(
    "other",
    [
        {"body": "1-b", "text": U},
        {"body": "1-b", "text": None},
        {"body": "1-b", "text": T, "strand": "x"},
        {"body": "1-a", "text": T, "scope": "government_aggregate"},
    ],
)
def test_what_is_not_one_text_of_two(shelf: Shelf, other: dict[str, Any]) -> None:
    keys = [shelf.put("1-a", 2024, text=T), shelf.put(**{"year": 2024} | other)]
    shelf.compare(*keys)
    assert shelf.told() == {}


def test_who_has_another_text_now_is_linked_no_more(shelf: Shelf) -> None:
    a, b, c = (shelf.put(f"1-{body}", 2024, text=T) for body in "abc")
    shelf.compare(a, b, c)
    shelf.dirty()
    shelf.version(a, record("1-a", 2024, {}), 2, U)
    shelf.compare(a)
    assert shelf.told() == {
        ("1-b-own-2024", SAME_BODIES): "1-c-own-2024",
        ("1-c-own-2024", SAME_BODIES): "1-b-own-2024",
    }
    assert shelf.dirty() == {a, b, c}
    shelf.version(b, record("1-b", 2024, {}), 2, None)
    shelf.compare(b)
    assert shelf.told() == {}
    assert shelf.dirty() == {b, c}


def test_a_text_that_was_read_anew_in_its_old_version(shelf: Shelf) -> None:
    a, b, c = (shelf.put(f"1-{body}", 2024, text=T) for body in "abc")
    shelf.compare(a, b, c)
    shelf.connection.execute(update(versions).where(versions.c.report == a).values(text=U))
    shelf.compare(a)
    assert shelf.told() == {
        ("1-b-own-2024", SAME_BODIES): "1-c-own-2024",
        ("1-c-own-2024", SAME_BODIES): "1-b-own-2024",
    }


def test_five_hundred_bodies_make_five_hundred_rows(shelf: Shelf) -> None:
    keys = shelf.fill([(record(f"1-{body:03}", 2024, {}), T, "") for body in range(500)])
    shelf.compare(*sorted(keys, key=lambda key: key * 7 % 500))
    told = shelf.told()
    assert len(told) == 500
    assert set(told.values()) == {"1-000-own-2024", "1-001-own-2024"}
    shelf.dirty()
    last = shelf.put("1-zzz", 2024, text=T)
    shelf.compare(last)
    assert shelf.dirty() == {last}


def test_what_counts_is_the_page_to_name(shelf: Shelf) -> None:
    a, b = shelf.put("1-a", 2023, {OUT: 3}, text=T), shelf.put("1-a", 2024, {IN: 3}, text=T)
    told = record("1-a", 2023, {OUT: 4})
    shelf.show([(a, told, "https://www.example.gov.cn/a-longer-address/1-a/2023.html", U)])
    shelf.compare(a, b)
    assert shelf.told() == {
        ("1-a-own-2023", SAME_YEARS): "1-a-own-2024",
        ("1-a-own-2024", SAME_YEARS): "1-a-own-2023",
    }
    first = publications.c.address == digest(f"{told.url}?")
    shelf.connection.execute(update(publications).where(first).values(state="gone"))
    shelf.compare(a)
    assert shelf.told() == {("1-a-own-2024", CARRY): "1-a-own-2023"}


# ---------------------------------------------------------------- any order, one result


REPORT = st.tuples(st.sampled_from(("1-a", "1-b", "2-a")), st.integers(2021, 2024))
CONTENT = st.tuples(st.integers(0, 1), st.integers(0, 1), st.sampled_from((T, U, None)))


@given(st.lists(st.tuples(REPORT, CONTENT), max_size=14), st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_stands_follows_from_the_contents_alone(steps: list[Any], data: st.DataObject) -> None:
    """Reports that come and change, compared now and then, end as if all had come at once; brute force says what."""
    last = dict(steps)
    gradual, at_once = (_run(steps, data, gradually=True), _run(list(last.items()), data, gradually=False))
    assert gradual == at_once
    assert gradual.keys() == _by_definition(last)


def _run(steps: list[Any], data: st.DataObject, *, gradually: bool) -> Told:
    with _memory().connect() as connection:  # rolled back in the end
        shelf = Shelf(connection)
        keys: dict[Any, int] = {}
        numbers: defaultdict[Any, int] = defaultdict(int)
        waiting: set[int] = set()
        for place, (carried_in, carried_out, text) in steps:
            cells = {IN: carried_in, OUT: carried_out}
            numbers[place] += 1
            if place in keys:
                shelf.version(keys[place], record(*place, cells), numbers[place], text)
            else:
                keys[place] = shelf.put(*place, cells, text=text)
            waiting.add(keys[place])
            if gradually and data.draw(st.booleans()):
                shelf.compare(*waiting)
                waiting.clear()
        shelf.compare(*waiting)
        return shelf.told()


@cache
def _memory() -> Engine:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    return engine


def _by_definition(last: dict[Any, Any]) -> set[tuple[str, str]]:
    wanted = set()
    for (body, year), (carried_in, _, text) in last.items():
        key = f"{body}-own-{year}"
        before = last.get((body, year - 1))
        if before is not None and before[1] != carried_in:
            wanted.add((key, CARRY))
        alike = [place for place, content in last.items() if text and content[2] == text]
        if any(place[0] == body and place[1] != year for place in alike):
            wanted.add((key, SAME_YEARS))
        if any(place[0] != body for place in alike):
            wanted.add((key, SAME_BODIES))
    return wanted


# ---------------------------------------------------------------- cost


def test_two_thousand_reports_take_seconds() -> None:
    """Whole tables and texts of 1,600 characters: a millisecond or two for each."""
    with _memory().connect() as connection:
        shelf = Shelf(connection)
        keys = shelf.fill([entry for body in range(500) for entry in _four_years(body)])
        begun = time.process_time()
        shelf.compare(*keys)
        assert time.process_time() - begun < 10
        rules = Counter(rule for _, rule in shelf.told())
    assert rules == {CARRY: 250 * 3, SAME_YEARS: 50 * 2, SAME_BODIES: 500}


NAMES = [name for table in ("proactive", "applications", "disputes") for name in cell_names(table, "v2")]
LETTERS = "政府信息公开工作年度报告主动申请办理结果机关部门群众服务网站平台监督保障"
WORDS = "".join(random.Random(1).choices(LETTERS, k=6400))  # noqa: S311  no secret


def _four_years(body: int) -> list[Entry]:
    """Every second body doesn't carry over; every tenth has one text for two years, all have one for 2021."""
    entries: list[Entry] = []
    for year in range(4):
        cells = dict.fromkeys(NAMES, 0) | {OUT: body % 2, "proactive.penalties.decisions": year}
        told = record(f"1-{body:03}", 2021 + year, cells, prose=f"{body}{WORDS[1600 * year :][:1600]}")
        own = (body * 4 + year).to_bytes(16, "big")
        shared = body.to_bytes(16, "little") if body % 10 == 0 and year > 1 else own
        entries.append((told, T if year == 0 else shared, ""))
    return entries
