"""Figures that can stand on the form and still can hardly be meant. One rule is one function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipelines.checks.wording import cell_label, row_label
from pipelines.rules import finding, rule
from pipelines.statutory.templates import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipelines.checks.context import CheckContext
    from pipelines.record import Agency, Finding

RULE_CELLS: Final = tuple(f"proactive.rules.{column}" for column in tables()["proactive"].columns)
FEE: Final = "proactive.fees.amount_wanyuan"


def plausibility(context: CheckContext) -> Iterator[Finding]:
    """Findings of all ``PL`` rules."""
    for the_rule in PLAUSIBILITY:
        yield from the_rule(context)


def rules_without_power(context: CheckContext) -> Iterator[Finding]:
    """``PL.RULES``: a body without the power to make 规章 reports some (立法法)."""
    if context.may_make_rules is not False:
        return
    cells = [cell for cell in RULE_CELLS if (context.cells.get(cell) or 0) > 0]
    if cells:
        yield finding(
            "PL.RULES",
            cells=cells,
            expected=0,
            actual=context.cells[cells[0]],
            label=cell_label(cells[0]),
            agency=context.agency.name,
        )


def fee_unit(context: CheckContext) -> Iterator[Finding]:
    """``PL.FEEUNIT``: a fee amount so large, or so round, for a small body that it may be in yuan.

    An amount finer than a fen (0.01 yuan) was certainly converted.
    """
    amount = context.cells.get(FEE)
    limits = rule("PL.FEEUNIT").parameters
    note = context.notes.get(FEE)
    stated = note is not None and any(flag in limits["known_units"] for flag in note.flags)
    finer_than_fen = amount is not None and round(amount, 2) != amount
    if not amount or stated or finer_than_fen or not _is_small(context.agency):
        return
    is_round = amount >= limits["round_floor"] and amount % limits["round_step"] == 0
    if amount > limits["limit"] or is_round:
        yield finding("PL.FEEUNIT", cells=[FEE], actual=amount, label=row_label("proactive", "fees"))


def _is_small(agency: Agency) -> bool:
    """A town or sub-district, or a body whose division is a county or district."""
    limits = rule("PL.FEEUNIT").parameters
    in_county = agency.division is not None and not agency.division.endswith("00")
    return agency.kind in limits["small_kinds"] or (in_county and agency.kind in limits["county_kinds"])


def in_force_too_few(context: CheckContext) -> Iterator[Finding]:
    """``PL.ISSUED``: fewer in force than the year's issued less repealed (v2)."""
    for row in ("rules", "normative_documents"):
        cells = [f"proactive.{row}.{column}" for column in ("issued", "repealed", "in_force")]
        issued, repealed, in_force = map(context.cells.get, cells)
        if issued is None or repealed is None or in_force is None or in_force >= issued - repealed:
            continue
        yield finding(
            "PL.ISSUED",
            cells=cells,
            expected=issued - repealed,
            actual=in_force,
            label=row_label("proactive", row),
        )


def empty_tables(context: CheckContext) -> Iterator[Finding]:
    """``PL.EMPTY``: all three tables are there, and every cell was seen and is blank."""
    templates = context.templates
    found = (templates.proactive, templates.applications, templates.disputes)
    if not context.cells or "none" in found or "legacy" in found:
        return
    if all(map(context.is_blank, context.cells)):
        yield finding("PL.EMPTY", cells=context.cells, actual=len(context.cells))


PLAUSIBILITY: Final[tuple[Callable[[CheckContext], Iterator[Finding]], ...]] = (
    rules_without_power,
    fee_unit,
    in_force_too_few,
    empty_tables,
)
"""All ``PL`` rules, in the order of their findings."""
