"""The checks: arithmetic against brute force, signatures by construction, rules by example."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.checks import CheckContext, check
from pipelines.checks.wording import cell_label
from pipelines.record import Agency, CellNote, Checks, Finding, Message, Section, Templates
from pipelines.rules import RULE_FILES, diagnoses, finding, rule, rules
from pipelines.statutory.templates import TABLES, Version, cell_names, identities, tables

APPLICANTS = tuple(tables()["applications"].columns)[:-1]
TRUTH = Path(__file__).parents[2] / "shared" / "real" / "truth"
OUTCOMES = {
    version: [row.key for row in tables()["applications"].rows_of(version) if row.group == "outcome"]
    for version in ("v1", "v2")
}
Cells = dict[str, Any]


def table_3(version: Version = "v2", filled: dict[str, list[int]] | None = None, out: int = 0) -> Cells:
    """A valid table 3: outcome row → its applicant columns from the left; ``out`` requests carried out."""
    cells: Cells = dict.fromkeys(cell_names("applications", version), 0)
    for row, values in (filled or {}).items():
        cells.update(zip((f"applications.{row}.{c}" for c in APPLICANTS), values, strict=False))
    for column in APPLICANTS:
        handled = sum(cells[f"applications.{row}.{column}"] for row in OUTCOMES[version])
        cells[f"applications.results_total.{column}"] = handled
        cells[f"applications.carried_out.{column}"] = out
        cells[f"applications.new_received.{column}"] = handled + out
    for row in tables()["applications"].rows_of(version):
        cells[f"applications.{row.key}.total"] = sum(cells[f"applications.{row.key}.{c}"] for c in APPLICANTS)
    return cells


def disputes(**cells: int) -> Cells:
    return dict.fromkeys(cell_names("disputes", "v2"), 0) | cells


def run(cells: Cells, *, version: Version = "v2", status: Any = "blank", **options: Any) -> Checks:
    """Check tables 3 and 4; nulls get a note with ``status`` unless notes are given."""
    notes = {name: CellNote(None, status) for name, value in cells.items() if value is None}
    templates = {"templates": Templates(applications=version, disputes=version)} | options
    context = {"cells": disputes() | cells, "notes": notes} | templates
    return check(CheckContext(**context)).checks


def failed(checks: Checks) -> dict[str, Finding]:
    return {f.rule: f for f in checks.findings if f.result == "FAIL"}


def counts(checks: Checks) -> tuple[int, int, int, int]:
    return checks.passed, checks.passed_if_blank_zero, checks.failed, checks.not_evaluable


def put(cells: Cells, row: str, values: list[int]) -> Cells:
    columns = (*APPLICANTS, "total")
    return cells | {f"applications.{row}.{c}": v for c, v in zip(columns, values, strict=True)}


THROUGH: dict[str, set[str]] = defaultdict(set)
for _version in ("v1", "v2"):
    for _identity in identities("applications", _version):
        for _cell in (*_identity.left, *_identity.right):
            THROUGH[_cell].add(_identity.rule)


@st.composite
def valid_tables(draw: st.DrawFn) -> tuple[Version, Cells]:
    version: Version = draw(st.sampled_from(("v1", "v2")))
    counts_ = st.lists(st.integers(0, 40), min_size=6, max_size=6)
    filled = {row: draw(counts_) for row in draw(st.sets(st.sampled_from(OUTCOMES[version]), max_size=8))}
    return version, table_3(version, filled, draw(st.integers(0, 3)))


# ---------------------------------------------------------------- arithmetic


@given(valid_tables())
@settings(max_examples=40, deadline=None)
def test_a_valid_table_passes_whole(case: tuple[Version, Cells]) -> None:
    version, cells = case
    checks = run(cells, version=version)
    assert counts(checks) == ({"v1": 40, "v2": 42}[version], 0, 0, 0)
    assert checks.findings == []


@given(valid_tables(), st.data())
@settings(max_examples=80, deadline=None)
def test_one_damaged_cell_fails_all_that_runs_through_it_and_is_named(
    case: tuple[Version, Cells], data: st.DataObject
) -> None:
    version, cells = case
    cell = data.draw(st.sampled_from(sorted(cells)))
    wrong = data.draw(st.integers(0, 99).filter(lambda value: value != cells[cell]))
    checks = run(cells | {cell: wrong}, version=version)
    found = failed(checks)
    expected = {r for r in THROUGH[cell] if r in {i.rule for i in identities("applications", version)}}
    assert found.keys() == expected
    assert checks.failed == len(expected)
    for one in found.values():
        assert one.diagnosis == "crossing_cell"
        assert f"“{cell_label(cell)}”" in one.message.zh
        assert f"若为 {cells[cell]} 则" in one.message.zh


def _fulfillable(left: list[Any], right: list[Any], limit: int) -> bool:
    """Whether any counts in place of the nulls make both sides equal: by trying them all."""
    nulls = sum(value is None for value in left + right)
    for filling in product(range(limit + 1), repeat=nulls):
        fill = iter(filling)
        full = [next(fill) if value is None else value for value in left + right]
        if sum(full[: len(left)]) == sum(full[len(left) :]):
            return True
    return False


def _by_definition(left: list[str], right: list[str], *, one_total: bool) -> str:
    """Truth table of the three-valued evaluation; ``_`` is blank, ``?`` unknown."""
    sides = [[None if v in "_?" else int(v) for v in side] for side in (left, right)]
    nulls = [side.count(None) for side in sides]
    if not _fulfillable(*sides, limit=4):
        return "FAIL"
    if not any(nulls):
        return "PASS"
    zero_holds = sum(v or 0 for v in sides[0]) == sum(v or 0 for v in sides[1])
    total_blank = one_total and nulls[0] > 0
    nothing_printed = all(nulls) and (nulls[0] == len(left) or nulls[1] == len(right))
    if zero_holds and "?" not in left + right and not total_blank and not nothing_printed:
        return "PASS_IF_BLANK_ZERO"
    return "NOT_EVALUABLE"


RESULT_COUNTS = {
    "PASS": (1, 0, 0, 0),
    "PASS_IF_BLANK_ZERO": (0, 1, 0, 0),
    "FAIL": (0, 0, 1, 0),
    "NOT_EVALUABLE": (0, 0, 0, 1),
}


def _one_identity(cells: Cells, table: str, names: tuple[str, ...], printed: tuple[str, ...]) -> Checks:
    status = {"_": "placeholder", "?": "garbled"}
    notes = {name: CellNote(None, status[p]) for name, p in zip(names, printed, strict=True) if p in status}
    values = {name: None if p in "_?" else int(p) for name, p in zip(names, printed, strict=True)}
    return check(CheckContext(cells=cells | values, notes=notes, templates=Templates(**{table: "v2"}))).checks


def test_truth_table_of_a_total() -> None:
    identity = identities("disputes", "v2")[0]
    names = (*identity.left, *identity.right)
    for printed in product("01_?", repeat=5):
        result = _by_definition(list(printed[:1]), list(printed[1:]), one_total=True)
        checks = _one_identity(disputes(), "disputes", names, printed)
        two_zero_rows = RESULT_COUNTS[result][0] + 2, *RESULT_COUNTS[result][1:]
        assert counts(checks) == two_zero_rows, printed
        assert (identity.rule in failed(checks)) == (result == "FAIL"), printed


def test_truth_table_of_a_balance() -> None:
    identity = identities("applications", "v2")[0]
    names = (*identity.left, *identity.right)
    rows = {name: f"T3.ROW.{name.split('.')[1]}" for name in names}
    for printed in product("02_?", repeat=4):
        result = _by_definition(list(printed[:2]), list(printed[2:]), one_total=False)
        checks = _one_identity(table_3(), "applications", names, printed)
        found = failed(checks)
        assert ("T3.BAL.natural_person" in found) == (result == "FAIL"), printed
        # the other identities through the four cells are single totals of which the truth table is known
        results = [result]
        results += [_by_definition(["0"], [p], one_total=True) for p in printed]
        results.append(_by_definition([printed[2]], ["0"], one_total=True))
        assert len(rows) == 4
        wanted = [sum(RESULT_COUNTS[r][i] for r in results) for i in range(4)]
        assert counts(checks) == (wanted[0] + 39 - len(results), *wanted[1:]), printed


@pytest.mark.parametrize("status", ["blank", "placeholder", "placeholder_none", "not_applicable"])
def test_what_counts_as_blank(status: str) -> None:
    assert run({"disputes.review.other": None}, status=status).passed_if_blank_zero == 1


@pytest.mark.parametrize("status", ["text", "garbled", "absent", "unreadable", "merged_span", "ambiguous"])
def test_what_is_unknown_and_never_zero(status: str) -> None:
    assert counts(run({"disputes.review.other": None}, status=status))[1:] == (0, 0, 1 + 39)


def test_a_null_without_a_note_is_unknown() -> None:
    assert run(table_3() | {"disputes.review.other": None}, notes={}).not_evaluable == 1


def test_a_missing_cell_is_null() -> None:
    cells = table_3()
    del cells["applications.granted.research"]
    assert counts(run(cells)) == (40, 0, 0, 2)


def test_decimals_are_reckoned_as_printed() -> None:
    cells = {"disputes.review.upheld": 0.1, "disputes.review.other": 0.2, "disputes.review.total": 0.3}
    assert run(table_3() | cells).failed == 0
    off = failed(run(table_3() | cells | {"disputes.review.total": 0.5}))["T4.SUM.review"]
    assert (off.expected, off.actual) == (0.3, 0.5)
    assert "差 0.2" in off.message.zh


@pytest.mark.parametrize("label", ["legacy", "none"])
def test_a_table_that_was_not_found_has_no_identities(label: Any) -> None:
    templates = Templates(proactive="v2", applications=label, disputes=label)
    assert run({}, templates=templates) == Checks()


def test_a_mixed_table_keeps_the_identities_that_both_formats_share() -> None:
    cells = table_3("v1") | table_3("v2")
    assert run(cells, templates=Templates(applications="mixed")).passed == 7 + 23 + 3


def test_legacy_reports_break_no_rule() -> None:
    numbered = [Section(number=n, title="概述", text="") for n in (1, 2, 5)]
    assert check(CheckContext(year=2018, sections=numbered)).checks == Checks()
    assert check(CheckContext(year=2018, templates=Templates(proactive="legacy"))).checks == Checks()
    assert check(CheckContext(year=2020, templates=Templates(proactive="legacy"))).checks == Checks()
    assert check(CheckContext(year=2019, sections=numbered)).checks.findings


# ---------------------------------------------------------------- findings on identities

DAMAGED = table_3(filled={"granted": [5, 3]}) | {"applications.granted.total": 7}


def test_sentences_name_the_figures() -> None:
    found = failed(run(DAMAGED))
    row, column = found["T3.ROW.granted"], found["T3.SUM.total"]
    assert row.message.zh.startswith("“（一）予以公开”一行：各列之和 8，与总计 7 不符（差 1）；")
    assert row.message.en.startswith(
        "Row “（一）予以公开”: the columns add up to 8, the printed total is 7 (off by 1);"
    )
    assert (row.expected, row.actual, row.severity) == (8, 7, "ERROR")
    assert row.cells[0] == "applications.granted.total"
    assert "“总计”一列：各项办理结果之和 7，与“（七）总计” 8 不符（差 1）" in column.message.zh
    assert "“（一）予以公开 × 总计”一格的 7 很可能有误，若为 8 则" in column.message.zh
    assert len(row.cells) == 7


def test_sentence_of_table_4() -> None:
    cells = {"disputes.suit_direct.upheld": 16, "disputes.suit_direct.total": 15}
    message = failed(run(table_3() | cells))["T4.SUM.suit_direct"].message
    assert message.zh == "表四“行政诉讼 未经复议直接起诉”：各种结果之和 16，与总计 15 不符（差 1）。"


@pytest.mark.parametrize(
    ("second", "origin", "doubtful"),
    [
        (DAMAGED, "source", {}),
        (DAMAGED | {"applications.granted.total": 8}, "extraction", {"applications.granted.total": (7, 8)}),
        (DAMAGED | {"applications.carried_in.total": 9}, "source", {}),
        ({}, "unknown", {}),
        (None, "unknown", {}),
    ],
)
def test_origin_by_a_second_reading(second: Cells | None, origin: str, doubtful: Cells) -> None:
    asked = []

    def reread(table: str) -> Cells | None:
        asked.append(table)
        return second

    templates = Templates(applications="v2", disputes="v2")
    outcome = check(CheckContext(cells=DAMAGED | disputes(), templates=templates, reread=reread))
    assert {f.origin for f in outcome.checks.findings} == {origin}
    assert outcome.doubtful == doubtful
    assert asked == ["applications"]


def test_nothing_is_read_twice_without_need() -> None:
    def reread(table: str) -> None:
        pytest.fail(f"{table} was read again")

    assert run(table_3() | {"disputes.review.other": None}, reread=reread).failed == 0


def test_identities_that_no_reading_fulfils_fail() -> None:
    granted = dict.fromkeys((n for n in cell_names("applications", "v2") if ".granted." in n), None)
    checks = run(table_3() | granted, status="ambiguous", impossible=["T3.ROW.granted", "T3.ROW.other.all"])
    found = failed(checks)
    assert list(found) == ["T3.ROW.granted"]
    assert "没有任何一种读法" in found["T3.ROW.granted"].message.zh
    assert (found["T3.ROW.granted"].origin, found["T3.ROW.granted"].expected) == ("unknown", None)
    assert checks.failed == 1
    printed = failed(run(DAMAGED, impossible=["T3.ROW.granted"]))["T3.ROW.granted"]
    assert (printed.expected, printed.actual) == (8, 7), "a failure with figures says more"
    confirmed = run(table_3() | granted, impossible=["T3.ROW.granted"], reread=lambda _: table_3())
    assert failed(confirmed)["T3.ROW.granted"].origin == "unknown"


def test_values_that_are_no_counts() -> None:
    cells = table_3() | {"applications.granted.business": -2, "applications.granted.research": 1.5}
    found = failed(run(cells | {"applications.granted.total": -0.5}))["T3.INT"]
    assert found.cells == [f"applications.granted.{c}" for c in ("business", "research", "total")]
    assert found.message.zh == "表三有 3 个数不是非负整数，例如“（一）予以公开 × 商业企业”为 -2。"
    assert run(table_3() | {"applications.granted.business": 0.0}).findings == []


# ---------------------------------------------------------------- diagnoses

BASE = table_3(filled={"granted": [25, 0, 1], "denied.third_party": [3], "unavailable.not_held": [0, 6]})


def diagnosed(cells: Cells) -> dict[str, set[str | None]]:
    by_code: dict[str, set[str | None]] = defaultdict(set)
    for rule_id, one in failed(run(cells)).items():
        by_code[str(one.diagnosis)].add(rule_id)
    return dict(by_code)


def test_a_request_filed_under_another_applicant_type() -> None:
    cells = table_3(filled={"granted": [60, 1, 0, 0, 0, 0]})
    moved = {"applications.new_received.natural_person": 59, "applications.new_received.other_org": 1}
    found = failed(run(cells | moved))
    assert {f.diagnosis for f in found.values()} == {"misfiled_applicant"}
    assert found.keys() == {"T3.BAL.natural_person", "T3.BAL.other_org"}
    assert "可能有 1 件申请在“其他”与“自然人”之间归错" in found["T3.BAL.other_org"].message.zh
    total_off = cells | moved | {"applications.carried_out.total": 2}
    assert "misfiled_applicant" not in diagnosed(total_off)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([2, 5, 1, 0, 0, 0, 26], "split_digits"),  # 25 over two cells, its neighbour's 0 lost
        ([2, 5, 0, 1, 0, 0, 0], "split_digits"),  # 25 over two cells, the rest moved on
        ([25, 0, 1, 0, 0, 2, 6], "split_digits"),  # the total over two cells
        ([0, 25, 0, 1, 0, 0, 0], "shifted_row"),
        ([0, 1, 0, 0, 0, 26, 0], "shifted_row"),
        ([0, 25, 3, 1, 0, 0, 0], "None"),  # no single repair
        ([25, 0, 1, 0, 0, 4, 9], "None"),
    ],
)
def test_a_row_out_of_place(values: list[int], code: str) -> None:
    codes = diagnosed(put(BASE, "granted", values))
    assert "T3.ROW.granted" in codes[code]
    assert codes.keys() == {code}


def test_long_figures_are_not_joined() -> None:
    values = [2**40, 0, 0, 0, 0, 0, 7]
    assert "split_digits" not in diagnosed(put(BASE, "granted", values))


def test_rows_with_nulls_are_not_mended() -> None:
    cells = put(BASE, "granted", [2, 0, 1, 0, 0, 0, 1]) | {"applications.granted.research": None}
    codes = diagnosed(cells)
    assert "T3.ROW.granted" in codes["None"]
    assert "split_digits" not in codes


def test_a_subtotal_counted_twice() -> None:
    cells = table_3(filled={"granted": [4, 1], "denied.third_party": [2], "denied.process_info": [1, 3]})
    for column, extra in {"natural_person": 3, "business": 3, "total": 6}.items():
        for row in ("results_total", "new_received"):
            cells[f"applications.{row}.{column}"] += extra
    found = failed(run(cells))
    assert found.keys() == {"T3.SUM.natural_person", "T3.SUM.business", "T3.SUM.total"}
    assert {f.diagnosis for f in found.values()} == {"subtotal_counted"}
    assert "“（三）不予公开”的小计" in found["T3.SUM.total"].message.zh


def test_a_total_column_left_at_zero() -> None:
    zeros = {f"applications.{row}.total": 0 for row in OUTCOMES["v2"]}
    assert diagnosed(BASE | zeros) == {
        "total_column_empty": {
            "T3.ROW.granted", "T3.ROW.denied.third_party", "T3.ROW.unavailable.not_held", "T3.SUM.total",
        }
    }  # fmt: skip


def test_heads_out_of_step() -> None:
    cells = dict(BASE)
    for row in tables()["applications"].rows_of("v2"):
        values = [cells[f"applications.{row.key}.{c}"] for c in (*APPLICANTS, "total")]
        cells = put(cells, row.key, [values[-1], *values[:-1]])
    found = {f.rule: f.diagnosis for f in failed(run(cells)).values()}
    assert set(found.values()) == {"header_shift"}
    assert "T3.ROW.granted" in found


def test_two_explanations_are_none() -> None:
    cells = BASE | {"applications.granted.natural_person": 26, "applications.denied.third_party.business": 1}
    assert diagnosed(cells).keys() == {"None"}


# ---------------------------------------------------------------- blanks


def blanks(checks: Checks) -> list[Finding]:
    return [f for f in checks.findings if f.rule.endswith(".BLANK")]


def test_blanks_that_must_be_zero() -> None:
    cells = table_3(filled={"granted": [5, 3]})
    empty = {name: None for name, value in cells.items() if value == 0}
    (found,) = blanks(run(cells | empty))
    assert (found.result, found.severity, found.actual) == ("PASS_IF_BLANK_ZERO", "INFO", len(empty))
    assert "“自然人”、“商业企业”各列在空白作 0 时相平，支持" in found.message.zh


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"applications.granted.natural_person": None, "applications.denied.third_party.total": None},
            "不支持",
        ),
        ({"applications.granted.research": None}, "没有一列能说明"),
        ({"applications.carried_in.natural_person": None}, "支持“空白即 0”"),
        ({"applications.carried_in.natural_person": None, "applications.granted.research": 7}, "不支持"),
    ],
)
def test_what_the_blanks_of_table_3_mean(changes: Cells, said: str) -> None:
    cells = table_3(filled={"granted": [5, 3]}) | changes
    (found, *_) = blanks(run(cells))
    assert said in found.message.zh
    assert (found.result == "PASS_IF_BLANK_ZERO") == (said == "支持“空白即 0”")


def test_an_implied_value_is_only_a_hint() -> None:
    cells = table_3(filled={"granted": [5, 3], "not_processed.petition": [0, 0, 0, 0, 2]})
    checks = run(cells | {"applications.granted.business": None})
    (_, hint) = blanks(checks)
    assert (hint.cells, hint.expected, hint.result) == (["applications.granted.business"], 3, "NOT_EVALUABLE")
    assert "推算为 3（仅供参考" in hint.message.zh
    contradicted = cells | {"applications.granted.business": None, "applications.granted.total": 9}
    (_, hint) = blanks(run(contradicted))
    assert hint.expected is None
    assert "推算为 3、4（" in hint.message.zh
    (hint,) = blanks(run(table_3() | {"disputes.review.other": None, "disputes.review.total": 2}))
    assert (hint.rule, hint.expected) == ("T4.BLANK", 2)
    assert checks.failed == 0


def test_unfilled_totals_are_presentation() -> None:
    unfilled = {f"applications.{row}.total": None for row in OUTCOMES["v2"]}
    (found,) = blanks(run(BASE | unfilled))
    assert found.diagnosis == "total_column_empty"
    empty = dict.fromkeys(cell_names("applications", "v2"))
    (found,) = blanks(run(empty))
    assert found.diagnosis is None, "nothing at all was filled in"


# ---------------------------------------------------------------- plausibility and quality


def found_by(rule_id: str, **options: Any) -> list[Finding]:
    context = {"templates": Templates(proactive="v2")} | options
    return [f for f in check(CheckContext(**context)).checks.findings if f.rule == rule_id]


@pytest.mark.parametrize(
    ("cells", "power", "cells_found"),
    [
        ({"proactive.rules.issued": 2, "proactive.rules.in_force": 2}, False, ["issued", "in_force"]),
        ({"proactive.rules.disclosed_total": 6}, False, ["disclosed_total"]),
        ({"proactive.rules.issued": 0, "proactive.rules.in_force": None}, False, None),
        ({"proactive.rules.issued": 2}, True, None),
        ({"proactive.rules.issued": 2}, None, None),
    ],
)
def test_rules_without_power(cells: Cells, power: Any, cells_found: list[str] | None) -> None:
    agency = Agency(name="甲县乙镇人民政府", kind="town")
    found = found_by("PL.RULES", cells=cells, may_make_rules=power, agency=agency)
    assert [f.cells for f in found] == (
        [[f"proactive.rules.{c}" for c in cells_found]] if cells_found else []
    )
    for one in found:
        assert "“甲县乙镇人民政府”没有制定规章的权力" in one.message.zh


@pytest.mark.parametrize(
    ("amount", "kind", "division", "flags", "suspect"),
    [
        (10000.5, "dept", "130283", [], True),
        (10000, "town", None, [], True),
        (1200, "subdistrict", None, [], True),
        (1250, "town", None, [], False),
        (900, "town", None, [], False),
        (5949.088667, "town", None, [], False),
        (24252.311082, "dept", "130283", [], False),
        (250000, "dept", "130200", [], False),
        (250000, "gov", "130283", [], False),
        (250000, "dept", None, [], False),
        (250000, "town", None, ["unit_converted"], False),
        (250000, "town", None, ["non_integer"], True),
        (None, "town", None, [], False),
    ],
)
def test_fee_unit(
    amount: float | None, kind: Any, division: str | None, flags: list[str], *, suspect: bool
) -> None:
    cell = "proactive.fees.amount_wanyuan"
    notes = {cell: CellNote(None, "number", flags)} if flags else {}
    agency = Agency(kind=kind, division=division)
    assert bool(found_by("PL.FEEUNIT", cells={cell: amount}, notes=notes, agency=agency)) == suspect


@pytest.mark.parametrize(
    ("issued", "repealed", "in_force", "fires"),
    [
        (3, 1, 1, True),
        (3, 1, 2, False),
        (0, 5, 0, False),
        (3, None, 0, False),
        (None, 0, 0, False),
        (3, 0, None, False),
    ],
)
def test_in_force_too_few(issued: Any, repealed: Any, in_force: Any, *, fires: bool) -> None:
    values = {"issued": issued, "repealed": repealed, "in_force": in_force}
    cells = {f"proactive.normative_documents.{key}": value for key, value in values.items()}
    found = found_by("PL.ISSUED", cells=cells)
    assert [(f.expected, f.actual) for f in found] == ([(2, 1)] if fires else [])


def test_an_empty_form() -> None:
    names = [name for table in TABLES for name in cell_names(table, "v1")]
    cells: Cells = dict.fromkeys(names)
    notes = dict.fromkeys(names, CellNote(None, "blank"))
    templates = Templates(proactive="v1", applications="v1", disputes="v1")
    (found,) = found_by("PL.EMPTY", cells=cells, notes=notes, templates=templates)
    assert found.actual == 22 + 161 + 15
    options: dict[str, Any] = {"notes": notes, "templates": templates}
    assert not found_by("PL.EMPTY", cells=cells | {names[0]: 0}, **options)
    assert not found_by(
        "PL.EMPTY", cells=cells, notes=notes | {names[3]: CellNote(None, "absent")}, templates=templates
    )
    assert not found_by("PL.EMPTY", cells=cells, notes=notes, templates=Templates(proactive="v1"))
    assert not found_by("PL.EMPTY", templates=templates)
    (found,) = found_by("QL.TEMPLATE", cells=cells, year=2022, **options)
    assert found.message.zh == "2022 年度报告使用了旧格式（〔2019〕60号）的表格：表二、表三。"


@pytest.mark.parametrize(
    ("text", "residue"),
    [
        ("本部分编写说明从略", "编写说明"),
        ("XX市甲局与××县乙局", "XX市、××县"),
        ("详见 http://a.example/XXGK/index.html，甲×乙", None),
        ("表格如下", None),
    ],
)
def test_residue(text: str, residue: str | None) -> None:
    assert [f.actual for f in found_by("QL.RESIDUE", paragraphs=[text])] == ([residue] if residue else [])


HEADINGS = {
    1: "一、总体情况",
    2: "二、主动公开政府信息情况",
    3: "三、收到和处理政府信息公开申请情况",
    4: "四、因政府信息公开工作被申请行政复议、提起行政诉讼情况",
    5: "五、存在的主要问题及改进情况",
    6: "六、其他需要报告的事项",
}


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        ({}, {}, []),
        ({6: None}, {}, ["报告缺少以下部分：其他需要报告的事项。"]),
        ({6: None}, {"paragraphs": ["其他需要报告的情况"]}, []),
        ({6: None}, {"paragraphs": ["本报告由其他需要报告的事项等部分组成，" + "详见下文" * 20]}, ["报告缺少以下部分：其他需要报告的事项。"]),
        ({6: None}, {"title_flags": ["image"]}, []),
        ({3: None}, {"templates": Templates(applications="v2")}, []),
        (dict.fromkeys((1, 2, 5, 6)), {}, []),
        ({n: HEADINGS[n][2:] for n in HEADINGS}, {}, []),
        ({5: "六、存在的问题", 6: "其他需要报告的事项"}, {}, ["“六、存在的问题”应为第 5 部分，编号不符。"]),
        (
            {2: "二、主动公开和依申请公开情况", 3: None, 4: "三、行政复议、行政诉讼情况"},
            {},
            ["“二、主动公开和依申请公开情况”把几个部分合并为一。", "“三、行政复议、行政诉讼情况”应为第 4 部分，编号不符。"],
        ),
    ],
)  # fmt: skip
def test_sections(change: dict[int, str | None], options: dict[str, Any], said: list[str]) -> None:
    parts = [Section(number=n, title=t, text="…" * 50) for n, t in (HEADINGS | change).items() if t]
    parts.append(Section(title="七、附件", text=""))
    context = {"templates": Templates(proactive="v2"), "sections": parts} | options
    found = [f.message.zh for f in found_by("QL.SECTIONS", **context)]
    assert found == said


def test_years() -> None:
    (found,) = found_by("QL.YEAR", year=2024, year_conflicts=("title_period", "title_body"))
    assert found.message.zh == "年份存疑：标题与统计期限的年份不同、标题与正文的年份不同。"
    assert (found.expected, found.actual) == (2024, "title_period, title_body")
    assert not found_by("QL.YEAR", year=2024)


@pytest.mark.parametrize(
    ("year", "labels", "text", "said"),
    [
        (2024, ("v2", "v1"), "", "2024 年度报告使用了旧格式（〔2019〕60号）的表格：表三。"),
        (2021, ("mixed", "v2"), "", "2021 年度报告使用了旧格式（〔2019〕60号）的表格：表二。"),
        (2020, ("v1", "v1"), "国办公开办函〔2019〕60号", None),
        (None, ("v1", "v1"), "", None),
        (
            2022,
            ("v2", "v2"),
            "按国办公开办函[2019]60号",
            "报告引用 国办公开办函〔2019〕60号，而表格为 国办公开办函〔2021〕30号 的格式：表二、表三。",
        ),
        (
            2020,
            ("v1", "none"),
            "国办公开办函〔2021〕30号",
            "报告引用 国办公开办函〔2021〕30号，而表格为 国办公开办函〔2019〕60号 的格式：表二。",
        ),
        (2022, ("v2", "v2"), "国办公开办函〔2021〕30号", None),
        (2022, ("v2", "v2"), "国办公开办函〔2021〕30号取代国办公开办函〔2019〕60号", None),
    ],
)
def test_template(year: int | None, labels: tuple[Any, Any], text: str, said: str | None) -> None:
    templates = Templates(proactive=labels[0], applications=labels[1], disputes="v1")
    found = found_by("QL.TEMPLATE", templates=templates, year=year, paragraphs=[text])
    assert [f.message.zh for f in found] == ([said] if said else [])


@pytest.mark.parametrize(
    ("parts", "length"),
    [
        ([(5, "五、问题", "无。")], 2),
        ([(5, "五、问题", "无"), (None, "（一）问题", "人手 不足"), (6, "六、其他", "…" * 90)], 1 + 5 + 4),
        ([(5, "五、问题", ""), (None, "（一）问题", "…" * 40)], None),
        ([(1, "一、总体", "…"), (None, "附", "…")], None),
        ([], None),
    ],
)
def test_section_5(parts: list[tuple[int | None, str, str]], length: int | None) -> None:
    sections = [Section(number=number, title=title, text=text) for number, title, text in parts]
    assert [f.actual for f in found_by("QL.SEC5", sections=sections)] == ([length] if length else [])
    assert not found_by("QL.SEC5", sections=sections, title_flags=("pdf",))


LONG = "本年公开工作平稳有序，制度健全，渠道畅通。" * 40


@pytest.mark.parametrize(
    ("kind", "text", "fires"),
    [
        ("gov", LONG, True),
        ("gov", LONG + "开展社会评议", False),
        ("gov", LONG[:200], False),
        ("dept", LONG, False),
    ],
)
def test_assessment(kind: Any, text: str, *, fires: bool) -> None:
    found = found_by("QL.ART50_4", agency=Agency(kind=kind), paragraphs=[text])
    assert bool(found) == fires


EMPTY_TALK = "部分地区重视不够，多数部门主动性不强，个别单位更新不及时。" * 20


@pytest.mark.parametrize(
    ("text", "fires"),
    [
        (EMPTY_TALK, True),
        (EMPTY_TALK + "我局将改进。", False),
        (EMPTY_TALK + "我馆将改进。", False),
        (EMPTY_TALK + "公开信息１２条。", False),
        (EMPTY_TALK[:60], False),
        ("部分地区重视不够。" + "工作有待改进。" * 60, False),
    ],
)
def test_generic(text: str, *, fires: bool) -> None:
    found = found_by("QL.GENERIC", paragraphs=[text])
    assert bool(found) == fires


# ---------------------------------------------------------------- rules as data


def test_families_are_found_by_prefix() -> None:
    assert rule("T3.ROW.denied.state_secret").id == "T3.ROW"
    assert rule("XT.FEE0").id == "XT.FEE0"
    for unknown in ("T3", "T3.ROWS", "nonsense", ""):
        with pytest.raises(KeyError):
            rule(unknown)


def test_a_sentence_without_its_figures_is_an_error() -> None:
    with pytest.raises(KeyError):
        finding("T3.ROW.granted", expected=1, actual=2)
    with pytest.raises(KeyError):
        finding("PL.EMPTY", variant="nonsense")


def test_page_text_is_quoted_in_part_and_never_as_a_template() -> None:
    hostile = "{expected.__class__}" * 900
    message = finding("QL.RESIDUE", actual=hostile).message
    assert "{expected.__class__}" in message.zh
    assert len(message.zh) < 250


@pytest.mark.parametrize("the_rule", rules().values(), ids=rules())
def test_every_rule_speaks_both_languages_with_the_same_figures(the_rule: Any) -> None:
    for message in the_rule.messages.values():
        fields = [set(re.findall(r"{(\w+)}", text)) for text in (message.zh, message.en)]
        assert fields[0] == fields[1]
        assert not message.zh.endswith(("。", "."))
        assert not message.en.endswith(("。", "."))
    assert the_rule.source
    assert Message.model_validate(the_rule.title)


def test_every_diagnosis_speaks_both_languages_with_the_same_figures() -> None:
    for message in diagnoses().values():
        assert set(re.findall(r"{(\w+)}", message.zh)) == set(re.findall(r"{(\w+)}", message.en))


def test_the_handbook_knows_every_rule_and_diagnosis() -> None:
    text = (Path(__file__).parents[1] / "docs" / "checks.md").read_text("utf-8")
    for known in (*rules(), *diagnoses(), *RULE_FILES):
        assert f"`{known}" in text, known


# ---------------------------------------------------------------- real reports


def truths() -> list[Any]:
    cases = [json.loads(path.read_text("utf-8")) for path in sorted(TRUTH.glob("*.json"))]
    return [pytest.param(case, id=case["case"]) for case in cases if case["cells"]] or [
        pytest.param(None, marks=pytest.mark.skip(reason="real material is not here"))
    ]


def of_truth(case: Any) -> Checks:
    unknown = set(case["undetermined"])
    notes = {
        name: CellNote(None, "ambiguous" if name in unknown else "blank")
        for name, value in case["cells"].items()
        if value is None
    }
    labels = {t: label if label in ("v1", "v2") else "none" for t, label in case["templates"].items()}
    templates = Templates(**labels)
    return check(
        CheckContext(cells=case["cells"], notes=notes, templates=templates, year=case["year"])
    ).checks


@pytest.mark.parametrize("case", truths())
def test_real_reports_fail_only_as_printed(case: Any) -> None:
    checks = of_truth(case)
    identities_failed = [f.rule for f in checks.findings if f.result == "FAIL" and f.severity == "ERROR"]
    assert identities_failed == case["printed_wrong"]
    assert checks.failed == len(case["printed_wrong"])


def test_a_real_report_with_blanks() -> None:
    """FY2019 of a provincial office: zeros left blank, the outcome rows' totals not filled in."""
    path = TRUTH / "shanghai-office-2019-html.json"
    if not path.exists():
        pytest.skip("real material is not here")
    checks = of_truth(json.loads(path.read_text("utf-8")))
    # BAL: 2 whole, 3 with blanks; SUM: 4; ROW: 2 flow rows, results, carried out; table 4: 2 of 3
    assert counts(checks) == (2, 3 + 4 + 4 + 2, 0, 2 + 3 + 19 + 1)
    (found,) = blanks(checks)
    assert (found.result, found.actual, found.diagnosis) == ("PASS_IF_BLANK_ZERO", 126, "total_column_empty")
