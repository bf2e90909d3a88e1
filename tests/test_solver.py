"""The solver against brute force, against tables that are known, and against hostile text."""

from __future__ import annotations

from itertools import product
from time import process_time
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipelines.statutory.solver import MAX_CANDIDATES, CellSolution, RowText, Solution, solve
from pipelines.statutory.templates import Identity, Version, cell_names, identities, tables

if TYPE_CHECKING:
    from collections.abc import Mapping

COLUMNS = tuple(tables()["applications"].columns)
DISPUTES = cell_names("disputes", "v2")
Table = dict[str, list[int]]


def t3_row(key: str, *texts: str) -> RowText:
    return RowText(key, tuple(f"applications.{key}.{c}" for c in COLUMNS), ("count",) * 7, texts)


def t2_row(key: str, columns: str, text: str) -> RowText:
    names = tuple(f"proactive.{key}.{column}" for column in columns.split())
    kinds = tables()["proactive"].columns
    return RowText(key, names, tuple(kinds[column].kind for column in columns.split()), (text,))


def t4(text: str) -> Solution:
    return solve([RowText("disputes", DISPUTES, ("count",) * 15, (text,))], identities("disputes", "v2"))


def values(solution: Solution, row: RowText) -> list[int | float | None]:
    return [solution.cells[name].value for name in row.cells]


def statuses(solution: Solution, row: RowText) -> list[str]:
    return [solution.cells[name].status for name in row.cells]


def t3_text(version: Version, known: dict[str, str], rest: str = "0000000") -> list[RowText]:
    rows = [row.key for row in tables()["applications"].rows_of(version)]
    return [t3_row(key, known.get(key, rest)) for key in rows]


# Real strings: figures as published, typed as digits.

PINGTAN_2021 = {
    "new_received": "640020470",
    "granted": "270020130",
    "partly_granted": "500000 5",
    "denied.internal_affairs": "1000001",
    "denied.enforcement_file": "6000006",
    "denied.admin_query": "1000001",
    "unavailable.not_held": "220000325",
    "other.misc": "1000001",
    "results_total": "630020469",
    "carried_out": "1000001",
}


def test_columns_settle_what_a_row_leaves_open() -> None:
    # 270020130: both 27+0+0+2+0+1=30 and 2+7+0+0+20+1=30; only the columns tell.
    rows = t3_text("v2", PINGTAN_2021)
    solution = solve(rows, identities("applications", "v2"))
    read = {row.key: values(solution, row) for row in rows}
    assert read["new_received"] == [64, 0, 0, 2, 0, 4, 70]
    assert read["granted"] == [27, 0, 0, 2, 0, 1, 30]
    assert read["unavailable.not_held"] == [22, 0, 0, 0, 0, 3, 25]
    assert read["results_total"] == [63, 0, 0, 2, 0, 4, 69]
    assert None not in {value for row in read.values() for value in row}
    step = next(step for step in solution.explanation if step.row == "granted")
    assert (step.before, step.own, step.after) == (12, 2, 1)
    assert {"T3.ROW.granted", "T3.SUM.natural_person"} <= set(step.rules)
    assert not solution.impossible
    assert not solution.exhausted


def test_one_of_25_cuts_of_table_4_holds() -> None:
    solution = t4("10203120001200000")
    assert [solution.cells[name].value for name in DISPUTES] == [
        1,
        0,
        2,
        0,
        3,
        12,
        0,
        0,
        0,
        12,
        0,
        0,
        0,
        0,
        0,
    ]
    (step,) = solution.explanation
    assert (step.before, step.own, step.after) == (25, 1, 1)


@pytest.mark.parametrize("text", ["15130000154", "151 30000154", "151 3 0 0 0 0 154", "1513000 0 154"])
def test_separators_are_borders(text: str) -> None:
    row = t3_row("granted", text)
    rules = [i for i in identities("applications", "v2") if i.rule == "T3.ROW.granted"]
    assert values(solve([row], rules), row) == [151, 3, 0, 0, 0, 0, 154]


def test_uncertain_ordinal_digit() -> None:
    row = t3_row("granted", "00000002", "0000000")
    rules = [i for i in identities("applications", "v2") if i.rule == "T3.ROW.granted"]
    assert values(solve([row], rules), row) == [0] * 7


# Table 2 has no identities: only the text speaks.


@pytest.mark.parametrize(
    ("columns", "text", "expected"),
    [
        ("items_prev_year items_change decisions", "97+82 179", [97, 82, 179]),
        ("items_prev_year items_change", "12减4", [12, -4]),
        ("items_prev_year items_change", "3-5", [3, -5]),
        ("items_prev_year items_change decisions", "8/15", [8, None, 15]),
        ("items_prev_year items_change decisions", "8无15", [8, None, 15]),
        ("projects amount", "3 1,234.50万元", [3, 1234.5]),
        ("projects amount", "2件88.125元", [2, 88.125]),
        ("items_prev_year items_change decisions", "898989", [None] * 3),
    ],
)
def test_tokens(columns: str, text: str, expected: list[int | float | None]) -> None:
    row = t2_row("x", columns, text)
    assert values(solve([row], ()), row) == expected


def test_candidates_of_a_joined_amount() -> None:
    row = RowText("procurement", ("n", "sum"), ("count", "decimal"), ("1204.5元",))
    solution = solve([row], ())
    # cuts: 1|204.5, 12|04.5 (leading zero: no), 120|4.5
    assert solution.cells["n"] == CellSolution(None, "ambiguous", (1, 120))
    assert solution.cells["sum"].candidates == (4.5, 204.5)


def test_unit_and_raw_are_kept() -> None:
    row = RowText("procurement", ("n", "sum"), ("count", "decimal"), ("12 40.5万元",))
    assert solve([row], ()).cells["sum"] == CellSolution(40.5, "number", (), "40.5万元", "万元")


@pytest.mark.parametrize("text", ["007x", "12a", "1.5.2", "0000", "1,23"])
def test_unreadable_rows_are_garbled(text: str) -> None:
    row = RowText("x", ("a", "b", "c"), ("count",) * 3, (text, text + "?"))
    other = RowText("y", ("d",), ("count",), ("5",))
    solution = solve([row, other], ())
    assert statuses(solution, row) == ["garbled"] * 3
    assert not solution.blanks_dropped
    assert solution.cells["d"].value == 5


# Dropped blanks


def test_blanks_dropped_from_table_2() -> None:
    rows = [
        t2_row("rules", "made_new disclosed_new disclosed_total", ""),
        t2_row("normative_documents", "made_new disclosed_new disclosed_total", "222"),
        t2_row("licensing", "items_prev_year items_change decisions", "97+82179"),
        t2_row("other_services", "items_prev_year items_change decisions", "00"),
        t2_row("penalties", "items_prev_year items_change decisions", "000"),
        t2_row("fees", "items_prev_year items_change", "30"),
    ]
    solution = solve(rows, ())
    assert solution.blanks_dropped
    assert statuses(solution, rows[0]) == ["blank"] * 3
    assert statuses(solution, rows[1]) == ["ambiguous"] * 3
    assert values(solution, rows[2]) == [97, None, None]
    assert statuses(solution, rows[2]) == ["number", "ambiguous", "ambiguous"]
    assert solution.cells["proactive.licensing.decisions"].candidates == (None, 9, 79, 179, 2179)
    assert [solution.cells[name].candidates for name in rows[3].cells] == [(None, 0)] * 3
    assert values(solution, rows[4]) == [0, 0, 0]
    assert solution.cells["proactive.fees.items_change"].candidates == (None, 0, 30)


def test_blanks_dropped_from_table_3() -> None:
    known = dict.fromkeys(("new_received", "partly_granted", "results_total"), "11")
    rows = t3_text("v1", known, rest="")
    solution = solve(rows, identities("applications", "v1"))
    for row in rows:
        assert statuses(solution, row) == ["ambiguous" if row.key in known else "blank"] * 7
    assert solution.cells["applications.new_received.total"].candidates == (None, 1, 11)


def test_no_blanks_are_assumed_while_every_row_is_full() -> None:
    rows = [
        RowText("x", ("a", "b"), ("count",) * 2, ("30",)),
        RowText("y", ("c", "d"), ("count",) * 2, ("00",)),
    ]
    solution = solve(rows, ())
    assert not solution.blanks_dropped
    assert values(solution, rows[0]) == [3, 0]


# Brute force on small systems


def cuts(text: str, width: int, *, blanks: bool) -> set[tuple[int | None, ...]]:
    """All ways to cut a text, by recursion straight from the definition."""
    if not width:
        return {()} if not text.strip() else set()
    found = {(None, *rest) for rest in cuts(text, width - 1, blanks=blanks)} if blanks else set()
    text = text.lstrip()
    for end in range(1, len(text) + 1):
        digits = text[:end]
        if digits.isdigit() and digits == str(int(digits)):
            found |= {(int(digits), *rest) for rest in cuts(text[end:], width - 1, blanks=blanks)}
    return found


def holds(identity: Identity, cells: Mapping[str, int | None]) -> bool:
    """Three-valued: only what no filling of the blanks can repair is refuted."""
    left, right = ([cells[cell] for cell in side] for side in (identity.left, identity.right))
    difference = sum(v or 0 for v in left) - sum(v or 0 for v in right)
    return not difference or (difference < 0 and None in left) or (difference > 0 and None in right)


SMALL_ROWS = ("in", "p", "q", "sum")
SMALL = [
    *(Identity(f"ROW.{row}", (f"{row}.t",), (f"{row}.a", f"{row}.b")) for row in SMALL_ROWS),
    *(Identity(f"SUM.{c}", (f"sum.{c}",), (f"p.{c}", f"q.{c}")) for c in "abt"),
    *(Identity(f"BAL.{c}", (f"in.{c}",), (f"sum.{c}",)) for c in "abt"),
]


@st.composite
def small_tables(draw: st.DrawFn) -> tuple[dict[str, list[int]], list[RowText]]:
    number = st.one_of(st.integers(0, 3), st.integers(0, 3), st.integers(0, 60))
    p, q = ([draw(number), draw(number)] for _ in "pq")
    total = [p[0] + q[0], p[1] + q[1]]
    table = {"in": list(total), "p": p, "q": q, "sum": list(total)}
    full = {row: [*parts, sum(parts)] for row, parts in table.items()}
    rows = []
    for row, cells in full.items():
        marks = draw(st.lists(st.sampled_from(["", "", "", " "]), min_size=3, max_size=3))
        text = "".join(f"{value}{mark}" for value, mark in zip(cells, marks, strict=True))
        rows.append(RowText(row, tuple(f"{row}.{c}" for c in "abt"), ("count",) * 3, (text,)))
    return full, rows


def brute_force(rows: list[RowText], *, blanks: bool) -> tuple[dict[str, set[int | None]], int]:
    """Candidates of every cell over the joint readings with the fewest failing identities."""
    best, supports = len(SMALL) + 1, dict[str, set[int | None]]()
    for reading in product(*(sorted(cuts(row.texts[0], 3, blanks=blanks), key=repr) for row in rows)):
        cells = {
            name: value
            for row, tokens in zip(rows, reading, strict=True)
            for name, value in zip(row.cells, tokens, strict=True)
        }
        failing = sum(not holds(identity, cells) for identity in SMALL)
        if failing < best:
            best, supports = failing, {name: set() for name in cells}
        if failing == best:
            for name, value in cells.items():
                supports[name].add(value)
    return supports, best


def spoken(cell: CellSolution) -> set[int | float | None]:
    return set(cell.candidates) if cell.status == "ambiguous" else {cell.value}


@settings(max_examples=40, deadline=None)
@given(small_tables())
def test_same_as_brute_force(case: tuple[Table, list[RowText]]) -> None:
    _, rows = case
    supports, failing = brute_force(rows, blanks=False)
    assert failing == 0
    solution = solve(rows, SMALL)
    assert {name: spoken(cell) for name, cell in solution.cells.items()} == supports


@settings(max_examples=40, deadline=None)
@given(small_tables(), st.data())
def test_same_as_brute_force_with_dropped_blanks(
    case: tuple[Table, list[RowText]], data: st.DataObject
) -> None:
    full, _ = case
    assume(sum(map(sum, full.values())) < 250)
    rows = []
    for row, cells in full.items():
        kept = [v for v in cells if v or data.draw(st.booleans())]
        names = tuple(f"{row}.{c}" for c in "abt")
        rows.append(RowText(row, names, ("count",) * 3, ("".join(map(str, kept)),)))
    dropped = any(not cuts(row.texts[0], 3, blanks=False) for row in rows)
    supports, _ = brute_force(rows, blanks=dropped)
    solution = solve(rows, SMALL)
    assert solution.blanks_dropped == dropped
    got = {name: spoken(cell) for name, cell in solution.cells.items()}
    # If the text reads as a contradiction, more than the least contradictory readings stay open.
    assert all(supports[name] <= got[name] for name in got) if solution.impossible else got == supports


@settings(max_examples=30, deadline=None)
@given(small_tables(), st.sampled_from(SMALL_ROWS), st.integers(0, 2), st.integers(1, 20))
def test_small_misprint_never_gives_a_wrong_number(
    case: tuple[Table, list[RowText]], row: str, column: int, by: int
) -> None:
    full, _ = case
    full[row][column] += by
    rows = [
        RowText(key, tuple(f"{key}.{c}" for c in "abt"), ("count",) * 3, ("".join(map(str, cells)),))
        for key, cells in full.items()
    ]
    assume(brute_force(rows, blanks=False)[1])  # otherwise the text is that of a sound table
    check_against(full, rows, SMALL, solve(rows, SMALL))


def check_against(
    full: Table, rows: list[RowText], rules: list[Identity] | tuple[Identity, ...], solution: Solution
) -> None:
    """No number differs from the truth, the truth is among the candidates, failures are real."""
    truth = {name: v for row in rows for name, v in zip(row.cells, full[row.key], strict=True)}
    for name, value in truth.items():
        cell = solution.cells[name]
        assert cell.value in {None, value}
        assert cell.status == "number" or value in cell.candidates or not cell.candidates
    failing = {identity.rule for identity in rules if not holds(identity, truth)}
    assert set(solution.impossible) <= failing
    assert bool(solution.impossible or solution.possibly_impossible or solution.exhausted) == bool(failing)


# Whole tables


@st.composite
def t3_tables(draw: st.DrawFn) -> tuple[Version, Table]:
    version: Version = draw(st.sampled_from(["v1", "v2"]))
    number = st.one_of(
        st.just(0), st.just(0), st.integers(0, 9), st.integers(0, draw(st.sampled_from([40, 4000])))
    )
    parts = st.lists(number, min_size=6, max_size=6)
    zeros = st.just([0] * 6)
    layout = tables()["applications"].rows_of(version)
    table = {row.key: draw(st.one_of(zeros, zeros, parts)) for row in layout if row.group == "outcome"} | {
        "carried_out": draw(st.one_of(zeros, parts))
    }
    outcomes = [row.key for row in layout if row.group == "outcome"]
    table["results_total"] = [sum(table[row][c] for row in outcomes) for c in range(6)]
    handled = [a + b for a, b in zip(table["results_total"], table["carried_out"], strict=True)]
    table["carried_in"] = [min(v, draw(st.integers(0, 3))) for v in handled]
    table["new_received"] = [a - b for a, b in zip(handled, table["carried_in"], strict=True)]
    return version, {row.key: [*table[row.key], sum(table[row.key])] for row in layout}


def printed(table: Table, gaps: st.DataObject | None = None) -> list[RowText]:
    mark = st.sampled_from(["", "", "", " "])
    return [
        t3_row(key, "".join(f"{value}{gaps.draw(mark) if gaps else ''}" for value in cells))
        for key, cells in table.items()
    ]


@settings(max_examples=25, deadline=None)
@given(t3_tables(), st.data())
def test_sound_table_3(case: tuple[Version, Table], data: st.DataObject) -> None:
    version, table = case
    rows, rules = printed(table, data), identities("applications", version)
    check_against(table, rows, rules, solve(rows, rules))


@settings(max_examples=25, deadline=None)
@given(t3_tables(), st.integers(0, 24), st.integers(0, 6), st.integers(1, 12))
def test_misprint_in_table_3(case: tuple[Version, Table], row: int, column: int, by: int) -> None:
    version, table = case
    list(table.values())[row % len(table)][column] += by
    rows, rules = printed(table), identities("applications", version)
    solution = solve(rows, rules)
    assume(solution.impossible or solution.possibly_impossible or solution.exhausted)
    check_against(table, rows, rules, solution)


def test_a_wrong_total_costs_no_other_row() -> None:
    # carried_out says 2 although its only part is 1; the row total and the balance of totals fail.
    rows = t3_text("v2", PINGTAN_2021 | {"carried_out": "1000002"})
    solution = solve(rows, identities("applications", "v2"))
    assert solution.impossible == ("T3.BAL.total", "T3.ROW.carried_out")
    assert not any(cell.value is None for cell in solution.cells.values())
    assert solution.cells["applications.carried_out.total"].value == 2


def test_a_wrong_column_sum_is_named() -> None:
    # 自然人 of （七）总计 printed 62 for 63: its row, its column and its balance fail together.
    rows = t3_text("v2", PINGTAN_2021 | {"results_total": "620020469"})
    solution = solve(rows, identities("applications", "v2"))
    assert set(solution.impossible) == {
        "T3.ROW.results_total",
        "T3.SUM.natural_person",
        "T3.BAL.natural_person",
    }
    assert solution.cells["applications.granted.natural_person"].value == 27
    assert solution.cells["applications.results_total.natural_person"].value in {None, 62}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 60), min_size=4, max_size=4), min_size=3, max_size=3), st.booleans())
def test_table_4(blocks: list[list[int]], wrong: bool) -> None:  # noqa: FBT001
    cells = [value for block in blocks for value in (*block, sum(block))]
    cells[9] += wrong
    solution = t4("".join(map(str, cells)))
    assume(not wrong or solution.impossible or solution.possibly_impossible)
    rows = [RowText("disputes", DISPUTES, ("count",) * 15, ("",))]
    check_against({"disputes": cells}, rows, identities("disputes", "v2"), solution)


# Bounds


@pytest.mark.parametrize(
    "text", ["1" * 5000, "1" * 60, "12345678901234567890", "1" * 14, "-" * 12, "1010101 "]
)
@pytest.mark.parametrize("first", ["", "1" * 9])
def test_hostile_table_3_is_bounded_and_repeatable(text: str, first: str) -> None:
    rows = t3_text("v2", {"new_received": first}, rest=text)
    start = process_time()
    solution = solve(rows, identities("applications", "v2"), budget=60_000)
    assert process_time() - start < 2
    assert solution == solve(rows, identities("applications", "v2"), budget=60_000)
    assert all(len(cell.candidates) <= MAX_CANDIDATES for cell in solution.cells.values())


def test_garbage_is_garbled_at_once() -> None:
    rows = t3_text("v2", {"granted": "7" * 5000})
    solution = solve(rows, identities("applications", "v2"))
    assert statuses(solution, t3_row("granted")) == ["garbled"] * 7
    assert values(solution, t3_row("carried_out")) == [0] * 7


def test_spent_budget_leaves_candidates_not_guesses() -> None:
    rows = t3_text("v2", PINGTAN_2021)
    solution = solve(rows, identities("applications", "v2"), budget=10)
    assert solution.exhausted
    cell = solution.cells["applications.granted.natural_person"]
    assert cell.status == "ambiguous"
    assert 27 in cell.candidates
    assert values(solution, t3_row("denied.state_secret")) == [0] * 7
