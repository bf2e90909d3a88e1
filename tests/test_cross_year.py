"""Year against year: each rule by hand from the data dictionary, and by damage to years that agree."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.checks.cross_year import comparable, cross_year
from pipelines.checks.wording import column_label
from pipelines.record import CellNote, Finding, Report, Section, Source, Templates
from pipelines.statutory.templates import Version, cell_names, tables

Cells = dict[str, Any]
COLUMNS = tuple(tables()["applications"].columns)
BLOCKS = tuple(tables()["disputes"].rows)
DOCUMENTS = {"rules": "rules", "normative": "normative_documents"}
ITEMS = ("licensing", "other_services", "penalties", "coercion", "fees")
SENTENCES = [
    f"本年度围绕第{a}项重点工作，{b}通过门户网站向社会公开相关信息，{c}及时回应群众关切并改进服务。"
    for a, b, c in zip("甲乙丙丁戊己庚辛壬癸", "春夏秋冬东西南北上下", "金木水火土日月星辰光", strict=True)
]
PROSE = "".join(SENTENCES)
OTHER_PROSE = "我局召开会议研究部署，明确责任分工，健全工作机制，加强队伍建设，组织业务学习与交流。" * 12


def report(year: int, cells: Cells | None = None, *, version: Version = "v2", **options: Any) -> Report:
    """A report of one body; a null cell is blank unless notes are given."""
    cells = cells or {}
    notes = {name: CellNote(None, "blank") for name, value in cells.items() if value is None}
    scope = options.get("scope", "own")
    values: dict[str, Any] = {
        "id": f"330100-0123456789ab-{scope or 'unknown'}-{year}",
        "kind": "report",
        "kind_reason": "title",
        "url": f"https://www.example.gov.cn/{year}.html",
        "title": f"某局{year}年政府信息公开工作年度报告",
        "year": year,
        "scope": "own",
        "templates": Templates(proactive=version, applications=version, disputes=version),
        "cells": cells,
        "cell_notes": notes,
        "source": Source(kind="html_table", sha256="0"),
    }
    return Report(**values | options)


def pair(before: Cells, now: Cells, **options: Any) -> list[Finding]:
    return cross_year(report(2023, before, **options), report(2024, now, **options))


def rules_of(found: list[Finding]) -> set[str]:
    assert len({one.rule for one in found}) == len(found)
    return {one.rule for one in found}


def zeros(version: Version) -> Cells:
    names = [
        name for table in ("proactive", "applications", "disputes") for name in cell_names(table, version)
    ]
    return dict.fromkeys(names, 0)


# ---------------------------------------------------------------- carried over


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize(
    ("out", "into", "fires"),
    [
        (9, 9, False),
        (9, 8, True),
        (0, 0, False),
        (0, 1, True),
        (1, 0, True),
        (5.0, 5, False),
        (9, None, False),
        (None, 9, False),
        (0, None, False),
        (None, 0, False),
        (None, None, False),
    ],
)
def test_carried_in_is_what_was_carried_out(column: str, out: Any, into: Any, *, fires: bool) -> None:
    found = pair({f"applications.carried_out.{column}": out}, {f"applications.carried_in.{column}": into})
    assert rules_of(found) == ({f"XY.CARRY.{column}"} if fires else set())
    for one in found:
        assert (one.severity, one.result, one.origin) == ("WARN", "FAIL", "unknown")
        assert (one.expected, one.actual, one.cells) == (out, into, [f"applications.carried_in.{column}"])
        label = column_label("applications", column)
        assert one.message.zh == (f"“{label}”一列：2023 年报告结转下年度 {out}，2024 年报告上年结转 {into}。")
        assert one.message.en == (
            f"Column “{label}”: the report for 2023 carried out {out}, the report for 2024 carried in {into}."
        )


def test_a_figure_that_no_report_has_is_no_contradiction() -> None:
    assert pair({"applications.carried_out.total": 3}, {}) == []
    assert pair({}, {"applications.carried_in.total": 3}) == []


@pytest.mark.parametrize(("before", "now"), [("v1", "v2"), ("v1", "v1"), ("v2", "v1"), ("mixed", "v2")])
def test_requests_are_carried_over_whatever_the_forms(before: Any, now: Any) -> None:
    found = cross_year(
        report(2020, {"applications.carried_out.total": 35}, version=before),
        report(2021, {"applications.carried_in.total": 33}, version=now),
    )
    assert rules_of(found) == {"XY.CARRY.total"}


# ---------------------------------------------------------------- documents


@pytest.mark.parametrize("suffix", DOCUMENTS)
@pytest.mark.parametrize(
    ("stock", "issued", "repealed", "in_force", "fires"),
    [
        (41, 5, 3, 43, ()),
        (41, 5, 3, 44, ("INFORCE",)),
        (41, 5, 46, 0, ()),
        (41, 5, 47, 0, ("INFORCE", "REPEAL")),
        (0, 0, 0, 0, ()),
        (None, 5, 3, 44, ()),
        (41, None, 3, 99, ()),
        (41, 5, None, 44, ()),
        (41, 5, 3, None, ()),
        (41, 5, 47, None, ("REPEAL",)),
        (None, 5, 47, None, ()),
    ],
)
def test_documents_in_force(  # noqa: PLR0917
    suffix: str, stock: Any, issued: Any, repealed: Any, in_force: Any, fires: tuple[str, ...]
) -> None:
    row = f"proactive.{DOCUMENTS[suffix]}"
    before = {f"{row}.issued": 7, f"{row}.repealed": 7, f"{row}.in_force": stock}
    now = {f"{row}.issued": issued, f"{row}.repealed": repealed, f"{row}.in_force": in_force}
    found = pair(before, now)
    assert rules_of(found) == {f"XY.{rule}.{suffix}" for rule in fires}
    for one in found:
        due, value = (stock + issued - repealed, in_force) if "INFORCE" in one.rule else (46, 47)
        assert (one.expected, one.actual, one.severity) == (due, value, "WARN")
        for figure in ("2023", "2024", str(stock), str(issued), str(due), str(value)):
            assert figure in one.message.zh
            assert figure in one.message.en


@pytest.mark.parametrize(("before", "now"), [("v1", "v2"), ("v2", "v1"), ("mixed", "v2"), ("none", "v2")])
def test_documents_are_compared_in_the_present_form_only(before: Any, now: Any) -> None:
    row = "proactive.normative_documents"
    found = cross_year(
        report(2020, {f"{row}.in_force": 4}, version=before),
        report(2021, {f"{row}.issued": 0, f"{row}.repealed": 9, f"{row}.in_force": 0}, version=now),
    )
    assert found == []


@pytest.mark.parametrize(
    ("title", "text", "diagnosis"),
    [
        (None, "本年公开信息1条", None),
        (None, "开展行政规范性文件全面清理", "documents_reviewed"),
        (None, "宣布失效规范性文件8件", "documents_reviewed"),
        ("某局2024年政府信息公开工作年度报告（更正版）", "规范性文件清理", "corrected_report"),
    ],
)
def test_what_may_explain_a_break_is_said_and_hides_nothing(title: Any, text: str, diagnosis: Any) -> None:
    row = "proactive.normative_documents"
    now = {f"{row}.issued": 0, f"{row}.repealed": 0, f"{row}.in_force": 9}
    later = report(2024, now, title=title, sections=[Section(number=1, title="一", text=text)])
    (found,) = cross_year(report(2023, {f"{row}.in_force": 4}), later)
    assert (found.rule, found.result, found.diagnosis) == ("XY.INFORCE.normative", "FAIL", diagnosis)


# ---------------------------------------------------------------- the former form


@pytest.mark.parametrize("row", ITEMS)
@pytest.mark.parametrize(
    ("stock", "change", "now", "fires"),
    [
        (156, -4, 152, False),
        (156, -4, 156, True),
        (0, 0, 0, False),
        (0, 3, 2, True),
        (156, None, 97, False),
        (None, 3, 3, False),
        (156, 0, None, False),
    ],
)
def test_items_of_the_former_form(row: str, stock: Any, change: Any, now: Any, *, fires: bool) -> None:
    cell = f"proactive.{row}.items_prev_year"
    before = report(2019, {cell: stock, f"proactive.{row}.items_change": change}, version="v1")
    later = report(2020, {cell: now, f"proactive.{row}.items_change": 1}, version="v1")
    found = cross_year(before, later)
    assert rules_of(found) == ({f"XY.V1ITEMS.{row}"} if fires else set())
    for one in found:
        assert (one.expected, one.actual, one.cells, one.severity) == (stock + change, now, [cell], "WARN")


@pytest.mark.parametrize("suffix", DOCUMENTS)
@pytest.mark.parametrize(
    ("stock", "new", "total", "fires"),
    [
        (10, 2, 12, False),
        (10, 2, 11, False),
        (10, 2, 13, True),
        (None, 2, 13, False),
        (10, None, 13, False),
        (10, 2, None, False),
    ],
)
def test_total_disclosed_of_the_former_form(
    suffix: str, stock: Any, new: Any, total: Any, *, fires: bool
) -> None:
    row = f"proactive.{DOCUMENTS[suffix]}"
    before = report(2019, {f"{row}.disclosed_total": stock}, version="v1")
    later = report(2020, {f"{row}.disclosed_new": new, f"{row}.disclosed_total": total}, version="v1")
    found = cross_year(before, later)
    assert rules_of(found) == ({f"XY.V1PUB.{suffix}"} if fires else set())
    for one in found:
        assert (one.expected, one.actual, one.severity) == (12, 13, "INFO")


# ---------------------------------------------------------------- disputes


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize(
    ("left", "total", "fires"),
    [(121, 790, False), (27, 27, False), (51, 50, True), (1, 0, True), (None, 0, False), (5, None, False)],
)
def test_pending_cases(block: str, left: Any, total: Any, *, fires: bool) -> None:
    found = pair({f"disputes.{block}.pending": left}, {f"disputes.{block}.total": total})
    assert rules_of(found) == ({f"XY.PENDING.{block}"} if fires else set())
    for one in found:
        assert (one.expected, one.actual, one.severity) == (left, total, "INFO")


# ---------------------------------------------------------------- copies


def figures(**values: Any) -> Cells:
    return zeros("v2") | {f"proactive.{row}": value for row, value in values.items()}


def same(cells: Cells, later: Cells | None = None) -> list[Finding]:
    return [one for one in pair(cells, cells if later is None else later) if one.rule == "XY.CLONE"]


SEED = {"normative_documents.in_force": 4, "penalties.decisions": 8, "fees.amount_wanyuan": 14.15}


def test_all_figures_of_the_year_before() -> None:
    (found,) = same(figures(**SEED))
    assert (found.actual, found.severity, found.expected) == (3, "WARN", None)
    assert set(found.cells) == {f"proactive.{row}" for row in SEED}
    assert found.message.zh == "2024 年报告的全部数字与 2023 年相同（其中 3 个不为 0）。"


@pytest.mark.parametrize("cell", ["proactive.coercion.decisions", "proactive.fees.amount_wanyuan"])
def test_one_figure_that_changed_is_enough(cell: str) -> None:
    cells = figures(**SEED)
    assert same(cells, cells | {cell: cells[cell] + 1}) == []


def test_two_figures_stay_the_same_by_chance() -> None:
    assert same(figures(**dict(list(SEED.items())[:2]))) == []
    assert same(figures()) == []


def test_what_is_not_known_is_not_unchanged() -> None:
    cells = figures(**SEED) | {"proactive.coercion.decisions": None}
    assert len(same(cells)) == 1  # blank in both years, by their notes
    assert same(cells, figures(**SEED)) == []
    assert same(cells, {k: v for k, v in cells.items() if v is not None}) == []
    garbled = {"proactive.coercion.decisions": CellNote("1 2", "garbled")}
    assert cross_year(report(2023, cells), report(2024, cells, cell_notes=garbled)) == []
    assert cross_year(report(2023, cells, cell_notes={}), report(2024, cells)) == []


def texts(earlier: str, later: str) -> list[Finding]:
    def told(year: int, text: str) -> Report:
        return report(year, sections=[Section(number=1, title="一、总体情况", text=text)])

    return cross_year(told(2023, earlier), told(2024, later))


def test_a_text_with_another_year_and_other_digits() -> None:
    earlier, later = (
        f"{year}年{PROSE}公开{n}条，占{n}.5%。二〇{zh}年"
        for year, n, zh in [(2023, 1, "二三"), (2024, 99, "二四")]
    )
    (found,) = texts(earlier, later)
    assert (found.rule, found.actual, found.expected, found.cells) == ("XY.CLONE", 100, 95, [])
    assert found.message.zh == "2024 年报告的正文与 2023 年有 100% 相同（年份和数字不计）。"
    assert found.message.en.startswith("The text of the report for 2024 is 100 % that of 2023")


def test_paragraphs_in_another_order_are_the_same_text() -> None:
    (found,) = texts(PROSE, "".join(reversed(SENTENCES)))
    assert found.rule == "XY.CLONE"


@pytest.mark.parametrize(("added", "fires"), [(0.0, True), (0.05, True), (0.2, False), (1.0, False)])
def test_what_is_new_in_a_text_makes_it_another(added: float, *, fires: bool) -> None:
    assert bool(texts(PROSE, PROSE + OTHER_PROSE[: int(len(PROSE) * added)])) == fires


def test_short_texts_are_alike_by_chance() -> None:
    assert texts("具体内容见附件。", "具体内容见附件。") == []
    assert texts(PROSE[:399], PROSE[:399]) == []
    assert texts("", PROSE) == []


def test_other_text_of_the_same_length() -> None:
    assert texts(PROSE, OTHER_PROSE[: len(PROSE)]) == []


def test_text_and_figures() -> None:
    sections = [Section(number=1, title="一", text=PROSE)]
    (found,) = pair(figures(**SEED), figures(**SEED), sections=sections)
    assert found.actual == 3
    assert "3 个不为 0" in found.message.zh
    assert "100% 相同" in found.message.zh


def test_hostile_texts_take_no_time() -> None:
    begun = time.perf_counter()
    assert texts("甲" * 2_000_000, "甲" * 1_990_000)
    assert texts("1." * 1_000_000, "2." * 1_000_000) == []
    assert time.perf_counter() - begun < 3


# ---------------------------------------------------------------- what can be compared


CARRIED = {"applications.carried_out.total": 3, "applications.carried_in.total": 1}


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({"year": 2022}, {"year": 2024}),
        ({"year": 2024}, {"year": 2023}),
        ({"year": 2023}, {"year": 2023}),
        ({"year": 2023}, {"year": None}),
        ({"year": None}, {"year": 2023}),
        ({"year": 2023}, {"year": 2024, "scope": "government_aggregate"}),
        ({"year": 2023}, {"year": 2024, "id": "330100-ba9876543210-own-2024"}),
        ({"year": 2018, "kind": "legacy_report"}, {"year": 2019}),
    ],
)
def test_nothing_is_said_of_what_cannot_be_compared(before: Cells, now: Cells) -> None:
    earlier, later = report(2023, CARRIED), report(2024, CARRIED)
    assert comparable(earlier, later)
    assert [one.rule for one in cross_year(earlier, later)] == ["XY.CARRY.total"]
    other = [one.model_copy(update=update) for one, update in ((earlier, before), (later, now))]
    assert not comparable(*other)
    assert cross_year(*other) == []


# ---------------------------------------------------------------- years that agree, and one damaged cell


@st.composite
def years(draw: st.DrawFn) -> tuple[Version, Cells, Cells]:
    """Two consecutive years of one form that agree in everything that the rules hold against each other."""
    version: Version = draw(st.sampled_from(("v1", "v2")))
    seed = random.Random(draw(st.integers(0, 2**32)))  # noqa: S311  no secret
    before, now = ({name: seed.randint(1, 60) for name in zeros(version)} for _ in "12")
    for column in COLUMNS:
        now[f"applications.carried_in.{column}"] = before[f"applications.carried_out.{column}"]
    for block in BLOCKS:
        now[f"disputes.{block}.total"] = before[f"disputes.{block}.pending"] + seed.randint(0, 2)
    for row in (f"proactive.{row}" for row in DOCUMENTS.values()):
        if version == "v2":
            there = before[f"{row}.in_force"] + now[f"{row}.issued"]
            now[f"{row}.repealed"] = seed.randint(0, there)
            now[f"{row}.in_force"] = there - now[f"{row}.repealed"]
        else:
            most = before[f"{row}.disclosed_total"] + now[f"{row}.disclosed_new"]
            now[f"{row}.disclosed_total"] = seed.randint(0, most)
    for row in (f"proactive.{row}" for row in ITEMS) if version == "v1" else ():
        before[f"{row}.items_change"] = seed.randint(-before[f"{row}.items_prev_year"], 5)
        now[f"{row}.items_prev_year"] = before[f"{row}.items_prev_year"] + before[f"{row}.items_change"]
    return version, before, now


def by_definition(version: Version, before: Cells, now: Cells) -> set[str]:
    """The rules that fail, written down again from the data dictionary."""
    a, b = before, now
    wrong = {
        f"XY.CARRY.{c}": a[f"applications.carried_out.{c}"] != b[f"applications.carried_in.{c}"]
        for c in COLUMNS
    }
    wrong |= {f"XY.PENDING.{k}": b[f"disputes.{k}.total"] < a[f"disputes.{k}.pending"] for k in BLOCKS}
    for suffix, row in DOCUMENTS.items():
        p = f"proactive.{row}"
        if version == "v2":
            there = a[f"{p}.in_force"] + b[f"{p}.issued"]
            wrong[f"XY.INFORCE.{suffix}"] = b[f"{p}.in_force"] != there - b[f"{p}.repealed"]
            wrong[f"XY.REPEAL.{suffix}"] = b[f"{p}.repealed"] > there
        else:
            most = a[f"{p}.disclosed_total"] + b[f"{p}.disclosed_new"]
            wrong[f"XY.V1PUB.{suffix}"] = b[f"{p}.disclosed_total"] > most
    for row in (f"proactive.{row}" for row in ITEMS) if version == "v1" else ():
        due = a[f"{row}.items_prev_year"] + a[f"{row}.items_change"]
        wrong[f"XY.V1ITEMS.{row.rpartition('.')[2]}"] = b[f"{row}.items_prev_year"] != due
    return {rule for rule, fails in wrong.items() if fails}


@given(years())
@settings(max_examples=60, deadline=None)
def test_years_that_agree_are_left_alone(case: tuple[Version, Cells, Cells]) -> None:
    version, before, now = case
    assert by_definition(*case) == set()
    assert pair(before, now, version=version) == []


@given(years(), st.data())
@settings(max_examples=150, deadline=None)
def test_one_damaged_cell_fails_exactly_the_rules_that_contain_it(
    case: tuple[Version, Cells, Cells], data: st.DataObject
) -> None:
    version, before, now = case
    side = data.draw(st.sampled_from((before, now)))
    across = ("carried", "in_force", "issued", "repealed", "items", "disclosed", "pending", "total")
    cell = data.draw(st.sampled_from(sorted(name for name in side if any(word in name for word in across))))
    side[cell] = data.draw(st.integers(0, 200))
    found = pair(before, now, version=version)
    assert rules_of(found) == by_definition(version, before, now)
    assert all(cell in one.cells for one in found if side is now)


@given(years(), st.data())
@settings(max_examples=60, deadline=None)
def test_a_cell_that_was_lost_is_no_contradiction(
    case: tuple[Version, Cells, Cells], data: st.DataObject
) -> None:
    version, before, now = case
    side = data.draw(st.sampled_from((before, now)))
    side[data.draw(st.sampled_from(sorted(side)))] = None
    assert pair(before, now, version=version) == []
