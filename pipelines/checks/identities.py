"""The arithmetic of tables 3 and 4, three-valued: blanks are neither zero nor an error.

Counts are never negative, so known figures that already exceed the total fail whatever the blanks stand
for; figures that already reach it pass if the blanks are zero; anything else cannot be told. A blank
total means "not filled in" and proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from operator import itemgetter
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pipelines.checks.context import BLANK
from pipelines.statutory.templates import VERSIONS, Identity, cell_names, identities

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pipelines.checks.context import CheckContext
    from pipelines.record import CheckResult, Number, TemplateLabel
    from pipelines.statutory.templates import TableName

    _Getter = Callable[[Sequence[Any]], Sequence[Any]]

Exact = int | Fraction
"""A value to reckon with: decimals as printed, so that 0.1 + 0.2 is 0.3."""

_UNKNOWN: Final = 1_000
"""What a null that is no blank adds to a count of nulls; more than the cells of any identity."""


class Verdict(NamedTuple):
    """What can be said of one identity that does not simply pass.

    Attributes:
        identity: the identity.
        result: PASS_IF_BLANK_ZERO, FAIL or NOT_EVALUABLE.
        left: sum of the known cells of its left side.
        right: sum of the known cells of its right side.
        complete: whether no cell is null.
        implied: the one blank part and the value that it would need; a hint, never a value.
        impossible: whether no reading of joined text can fulfil it.
    """

    identity: Identity
    result: CheckResult
    left: Exact
    right: Exact
    complete: bool
    implied: tuple[str, Exact] | None = None
    impossible: bool = False

    @property
    def defect(self) -> Exact:
        """Left side less right side."""
        return self.left - self.right

    @property
    def off_by(self) -> Exact:
        """The defect without its sign."""
        return max(self.left, self.right) - min(self.left, self.right)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All identities of one table, evaluated.

    Attributes:
        table: the table.
        label: its format.
        names: its cells in printed order.
        values: cell name → value to reckon with; None if null. May hold cells of other tables.
        blanks: its cells that were seen and hold no figure.
        counts_only: whether every cell has a value and every value is a non-negative integer.
        verdicts: rule id → verdict, for every identity that does not pass.
        passed: how many identities pass outright.
    """

    table: TableName
    label: TemplateLabel
    names: tuple[str, ...]
    values: Mapping[str, Exact | None]
    blanks: Sequence[str]
    counts_only: bool
    verdicts: Mapping[str, Verdict]
    passed: int

    def result(self, rule: str) -> CheckResult:
        """Result of one identity of this table."""
        verdict = self.verdicts.get(rule)
        return "PASS" if verdict is None else verdict.result

    def with_result(self, result: CheckResult) -> list[Verdict]:
        """The verdicts with one result, in the order of the identities."""
        return [verdict for verdict in self.verdicts.values() if verdict.result == result]


class _Step(NamedTuple):
    """An identity with the places of its cells; ``total`` where its left side is one cell."""

    identity: Identity
    total: int | None
    left: _Getter
    right: _Getter


class _Plan(NamedTuple):
    names: tuple[str, ...]
    cells_of: Callable[[Mapping[str, Number | None]], Sequence[Number | None]]
    steps: tuple[_Step, ...]


@cache
def applicable(table: TableName, label: TemplateLabel) -> tuple[Identity, ...]:
    """Identities of a table in its format; of a mixed table those that both formats agree on."""
    if label in ("v1", "v2"):
        return identities(table, label)
    if label != "mixed":
        return ()
    of_both = [{identity.rule: identity for identity in identities(table, version)} for version in VERSIONS]
    merged = of_both[0] | of_both[1]
    return tuple(i for i in merged.values() if all(format_.get(i.rule, i) == i for format_ in of_both))


@cache
def _plan(table: TableName, label: TemplateLabel) -> _Plan:
    steps = applicable(table, label)
    used = {name for identity in steps for name in (*identity.left, *identity.right)}
    printed = dict.fromkeys(name for version in VERSIONS for name in cell_names(table, version))
    names = tuple(name for name in printed if name in used)
    index = {name: place for place, name in enumerate(names)}

    def step(identity: Identity) -> _Step:
        left, right = ([index[name] for name in side] for side in (identity.left, identity.right))
        return _Step(identity, left[0] if len(left) == 1 else None, _getter(left), _getter(right))

    return _Plan(names, itemgetter(*names) if names else _nothing, tuple(map(step, steps)))


def _nothing(_cells: Mapping[str, Number | None]) -> Sequence[Number | None]:
    return ()


def _getter(indexes: list[int]) -> _Getter:
    first = indexes[0]
    return itemgetter(slice(first, first + 1)) if len(indexes) == 1 else itemgetter(*indexes)


def exact(value: Number | None) -> Exact | None:
    """The value as it was printed: a float by its shortest decimal form."""
    return Fraction(str(value)) if isinstance(value, float) else value


def number(value: Exact) -> Number:
    """Back to a number of the record: integers as integers."""
    return value.numerator if value.denominator == 1 else float(value)


def evaluate(context: CheckContext, table: TableName, label: TemplateLabel) -> Evaluation:
    """Evaluate all identities of one table; a cell that ``context.cells`` lacks is null."""
    names, cells_of, steps = _plan(table, label)
    try:
        read = cells_of(context.cells)
    except KeyError:
        read = [context.cells.get(name) for name in names]
    kinds = set(map(type, read))
    values: Sequence[Any] = list(map(exact, read)) if float in kinds else read
    blanks = _blanks(context, names, values) if NoneType in kinds else ()
    verdicts = _with_nulls(names, steps, values, blanks) if NoneType in kinds else _complete(steps, values)
    for step in steps if context.impossible else ():
        rule = step.identity.rule
        if rule in context.impossible and (rule not in verdicts or verdicts[rule].result != "FAIL"):
            verdicts[rule] = Verdict(step.identity, "FAIL", 0, 0, complete=False, impossible=True)
    counts_only = kinds == {int} and min(values) >= 0
    by_name: Mapping[str, Any] = context.cells if counts_only else dict(zip(names, values, strict=True))
    return Evaluation(table, label, names, by_name, blanks, counts_only, verdicts, len(steps) - len(verdicts))


def _complete(steps: Sequence[_Step], values: Sequence[Exact]) -> dict[str, Verdict]:
    verdicts = {}
    for identity, total, left_of, right_of in steps:
        left = sum(left_of(values)) if total is None else values[total]
        right = sum(right_of(values))
        if left != right:
            verdicts[identity.rule] = Verdict(identity, "FAIL", left, right, complete=True)
    return verdicts


def _blanks(context: CheckContext, names: Sequence[str], values: Sequence[Exact | None]) -> tuple[str, ...]:
    notes = context.notes
    return tuple(
        name
        for name, value in zip(names, values, strict=True)
        if value is None and (note := notes.get(name)) is not None and note.status in BLANK
    )


def _with_nulls(
    names: Sequence[str], steps: Sequence[_Step], values: Sequence[Exact | None], blanks: Sequence[str]
) -> dict[str, Verdict]:
    seen = frozenset(blanks)
    known = [value or 0 for value in values]
    nulls = [
        0 if value is not None else 1 if name in seen else 1 + _UNKNOWN
        for name, value in zip(names, values, strict=True)
    ]
    verdicts = {}
    for step in steps:
        identity, _, left_of, right_of = step
        left, right = sum(left_of(known)), sum(right_of(known))
        left_nulls, right_nulls = sum(left_of(nulls)), sum(right_of(nulls))
        if left_nulls or right_nulls:
            verdicts[identity.rule] = _three_valued(step, values, (left, left_nulls), (right, right_nulls))
        elif left != right:
            verdicts[identity.rule] = Verdict(identity, "FAIL", left, right, complete=True)
    return verdicts


def _three_valued(
    step: _Step, values: Sequence[Exact | None], left_side: tuple[Exact, int], right_side: tuple[Exact, int]
) -> Verdict:
    """The verdict on an identity with nulls; a side is the sum of its known cells and the count of its nulls."""
    identity = step.identity
    (left, left_nulls), (right, right_nulls) = left_side, right_side
    nulls = left_nulls + right_nulls
    result: CheckResult = "NOT_EVALUABLE"
    implied: tuple[str, Exact] | None = None
    if left_nulls and right_nulls:
        printed = left_nulls % _UNKNOWN < len(identity.left) and right_nulls % _UNKNOWN < len(identity.right)
        if printed and nulls < _UNKNOWN and left == right:
            result = "PASS_IF_BLANK_ZERO"
    elif not left_nulls or len(identity.left) > 1:
        total, known = (left, right) if right_nulls else (right, left)
        if known > total:
            result = "FAIL"
        elif known == total:
            result = "PASS_IF_BLANK_ZERO" if nulls < _UNKNOWN else "NOT_EVALUABLE"
        elif nulls == 1:
            implied = (_only_null(step, values), total - known)
    return Verdict(identity, result, left, right, False, implied)  # noqa: FBT003


def _only_null(step: _Step, values: Sequence[Exact | None]) -> str:
    names = (*step.identity.left, *step.identity.right)
    of_both = (*step.left(values), *step.right(values))
    return next(name for name, value in zip(names, of_both, strict=True) if value is None)
