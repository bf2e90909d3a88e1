"""Invented figures that satisfy every identity, and how one figure may be printed.

Nothing here looks at the reader: the figures come from the definition of the identities alone.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Final

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from pipelines.statutory.templates import TableName, Version, cell_kinds, cell_names, tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.record import Number

THOROUGH: Final = os.environ.get("GONGKAI_HYPOTHESIS") == "thorough"

APPLICANTS: Final = tuple(c for c in tables()["applications"].columns if c != "total")
RESULTS: Final = tuple(c for c in tables()["disputes"].columns if c != "total")

# The first is the plainest. Divisions are real, so that a place can be resolved; the figures never are.
AGENCIES: Final = (
    "大同市水务局",
    "大同市卫生健康委员会",
    "河北省财政厅",
    "杭州市西湖区教育局",
    "永靖县自然资源局",
    "迁安市人民政府办公室",
    "宁波市鄞州区城市管理局",
    "淮安市洪泽区市场监督管理局",
)
TITLES: Final = (
    "{agency}{year}年政府信息公开工作年度报告",
    "{agency}{year}年度政府信息公开工作年度报告",
    "{year}年{agency}政府信息公开年度报告",
    "{agency}{year}年度政府信息公开工作报告",
)
BLANKS: Final = ("", "　", " ")
PLACEHOLDERS: Final = ("/", "／", "—", "-", "——", "－", "\\", "无", "不涉及", "不适用")
UNREADABLE: Final = ("约100", "100余", "#REF!", "见附件", "O")
FULL_WIDTH: Final = str.maketrans("0123456789,.-", "０１２３４５６７８９，．－")
CJK: Final = "零一二三四五六七八九"


@dataclass(frozen=True)
class Sheet:
    """What a report says.

    Attributes:
        agency: full name of the body.
        year: the year reported on.
        title: the title as printed.
        versions: format of each table.
        expected: cell name → the number that must come back; None where nothing readable is printed.
        printed: cell name → the text in the cell.
    """

    agency: str
    year: int
    title: str
    versions: Mapping[TableName, Version]
    expected: Mapping[str, Number | None]
    printed: Mapping[str, str] = field(repr=False)

    def names(self, table: TableName) -> tuple[str, ...]:
        return cell_names(table, self.versions[table])

    def reprinted(self, changes: Mapping[str, str]) -> Sheet:
        """The same report with some cells printed otherwise; ``expected`` stays."""
        return replace(self, printed={**self.printed, **changes})


def profile(default: int) -> settings:
    """Hypothesis settings: few fixed examples by default; many random ones, shrunk on failure, when thorough."""
    return settings(
        max_examples=default * 25 if THOROUGH else default,
        deadline=None,
        derandomize=not THOROUGH,
        database=None,
        print_blob=True,
        phases=tuple(Phase) if THOROUGH else (Phase.explicit, Phase.generate),
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
    )


def fixed(seed: object) -> Random:
    """A source of choices that is always the same."""
    return Random(str(seed))  # noqa: S311 - figures for tests, nothing secret


def choices() -> st.SearchStrategy[Random]:
    """A source of choices that hypothesis can shrink."""
    return st.randoms(use_true_random=False)


def sheet(rng: Random, *, fancy: bool = False, blanks: bool = False) -> Sheet:
    """A valid report.

    Args:
        rng: the source of choices.
        fancy: print some numbers in other forms that say the same (``1,234``, ``０``, ``减4`` …).
        blanks: print some cells blank, with a placeholder or unreadably; those must come back as null.
    """
    versions = _versions(rng)
    figures = {**_proactive(rng, versions["proactive"]), **_applications(rng, versions), **_disputes(rng)}
    printed = {name: format(value) for name, value in figures.items()}
    expected: dict[str, Number | None] = dict(figures)
    if fancy:
        for name in _some(rng, list(figures), 12):
            printed[name] = fancy_form(rng, name, figures[name])
    if blanks:
        for name in _blanked(rng, list(figures)):
            expected[name] = None
            printed[name] = rng.choice((*BLANKS, *PLACEHOLDERS, *UNREADABLE))
    agency = rng.choice(AGENCIES)
    year = 2019 + rng.randrange(2) if versions["applications"] == "v1" else 2021 + rng.randrange(5)
    title = rng.choice(TITLES).format(agency=agency, year=year)
    return Sheet(agency, year, title, versions, expected, printed)


def fancy_form(rng: Random, name: str, value: Number) -> str:
    """Another way to print the same number in this cell, by the rules for cell values."""
    plain = format(value)
    forms = [plain, f" {plain} ", f"　{plain}", plain.translate(FULL_WIDTH)]
    kind = cell_kinds()[name]
    if isinstance(value, int) and abs(value) >= 1000:
        forms += [f"{value:,}", f"{value:,}".translate(FULL_WIDTH)]
    if kind == "count":
        forms.append(f"{plain}件")
        if value <= 9 and value != 1:  # 一 may be a dash
            forms.append(CJK[int(value)])
    if name.endswith("amount_wanyuan"):
        forms.append(f"{plain}万元")
        forms.append(f"{round(value * 10000)}元")
    if kind == "signed" and value < 0:
        forms += [f"减{-value}", f"减少{-value}", f"－{-value}", f"↓{-value}"]
    if kind == "signed" and value > 0:
        forms += [f"增{value}", f"+{value}", f"增加{value}"]
    return rng.choice(forms)


def _versions(rng: Random) -> dict[TableName, Version]:
    # A v2 table 2 beside a v1 table 3 was met in the wild, so each table has its own format.
    kind = rng.choice(("v2", "v2", "v1", "v1", "cross"))
    first: Version = "v1" if kind == "v1" else "v2"
    second: Version = "v2" if kind == "v2" else "v1"
    return {"proactive": first, "applications": second, "disputes": second}


def _count(rng: Random) -> int:
    digits = rng.choice((1, 1, 1, 2, 2, 3, 3, 4, 5))
    return rng.randrange(10 ** (digits - 1), 10**digits)


def _some(rng: Random, names: list[str], most: int) -> list[str]:
    return [rng.choice(names) for _ in range(rng.randrange(most + 1))]


def _sparse(rng: Random, names: list[str], most: int) -> dict[str, int]:
    """Zeros with some other numbers between them: what most reports look like."""
    return dict.fromkeys(names, 0) | {name: _count(rng) for name in _some(rng, names, most)}


def _proactive(rng: Random, version: Version) -> dict[str, Number]:
    cells: dict[str, Number] = dict(_sparse(rng, list(cell_names("proactive", version)), 8))
    for name, kind in cell_kinds().items():
        if name in cells and cells[name] and kind == "signed":
            cells[name] = rng.choice((1, -1)) * cells[name]
        elif name in cells and cells[name] and kind == "decimal":
            places = rng.choice((0, 2, 4))
            cells[name] = cells[name] if not places else (cells[name] * 10**places + 1) / 10**places
    return cells


def _applications(rng: Random, versions: Mapping[TableName, Version]) -> dict[str, Number]:
    rows = tables()["applications"].rows_of(versions["applications"])
    outcomes = [row.key for row in rows if row.group == "outcome"]
    free = [f"applications.{row}.{c}" for row in (*outcomes, "carried_out") for c in APPLICANTS]
    cells = _sparse(rng, free, rng.choice((0, 4, 15, 40)))
    for column in APPLICANTS:
        results = sum(cells[f"applications.{row}.{column}"] for row in outcomes)
        flow = results + cells[f"applications.carried_out.{column}"]
        carried_in = rng.randrange(min(flow, 99) + 1) if flow else 0
        cells[f"applications.results_total.{column}"] = results
        cells[f"applications.carried_in.{column}"] = carried_in
        cells[f"applications.new_received.{column}"] = flow - carried_in
    for row in rows:
        cells[f"applications.{row.key}.total"] = sum(cells[f"applications.{row.key}.{c}"] for c in APPLICANTS)
    return {name: cells[name] for name in cell_names("applications", versions["applications"])}


def _disputes(rng: Random) -> dict[str, Number]:
    rows = tables()["disputes"].rows
    cells = _sparse(rng, [f"disputes.{row}.{c}" for row in rows for c in RESULTS], 6)
    totals = {f"disputes.{row}.total": sum(cells[f"disputes.{row}.{c}"] for c in RESULTS) for row in rows}
    return {name: {**cells, **totals}[name] for name in cell_names("disputes", "v2")}


def _blanked(rng: Random, names: list[str]) -> list[str]:
    """Cells to leave without a number: single ones, a column of outcomes, or the totals of table 3."""
    kind = rng.choice(("some", "column", "totals", "zeros"))
    if kind == "some":
        return _some(rng, names, 20)
    column = "total" if kind == "totals" else rng.choice(APPLICANTS)
    return [n for n in names if n.startswith("applications.") and n.endswith(f".{column}")]
