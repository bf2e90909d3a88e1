"""Cells whose digits ran together: every reading that the printed arithmetic allows.

Flattened text loses the borders between cells: ``15130000154`` is seven cells. This module lists the
ways to cut such a row, keeps those consistent with the identities of the table (``ROW``, ``SUM``,
``BAL``), and gives a number only where all of them agree. It never guesses: several readings are
candidates, none is a finding. ``docs/solver.md`` says why the result is exact and where it stops.

Every identity is seen as a difference *left − right* that must be able to be 0. A number adds a point
to it; a cell without one (blank, placeholder, unreadable, absent) adds a half-line, because it can
stand for any count. This is the three-valued evaluation of the dictionary in one rule: an identity is
refuted only if no filling of the blanks can repair it.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from itertools import combinations, pairwise
from math import comb
from typing import TYPE_CHECKING, Final, NamedTuple

from pipelines.record import CellStatus, Number
from pipelines.statutory.values import parse_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipelines.statutory.templates import CellKind, Identity

BUDGET: Final = 600_000  # elementary steps per call, about a microsecond each
MAX_CANDIDATES: Final = 64  # a longer list would tell nobody anything
_MAX_DIGITS: Final = 12  # of a count; the largest real ones have eight
_MAX_FRACTION: Final = 8
_MAX_CHARS_PER_CELL: Final = 16
_MAX_CHARS: Final = 50_000  # of all alternative texts of a row
_MAX_READINGS: Final = 2000  # of one row, kept as a list
_MAX_FREE: Final = 64  # cuts listed without its own identity before the other rows bound them
_MAX_SUMS: Final = 2000
_MAX_EXTRA: Final = 3  # identities given up beyond those that fail in any case
_MAX_FAILURES: Final = 4  # as many as one figure in the wrong column of the totals breaks
_MAX_SETS: Final = 3000
_UNBOUNDED: Final = 10**15  # above any sum of counts, so one half-line outweighs every point

_DIGITS: Final = frozenset("0123456789")
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3}){1,3}(?:\.[0-9]{1,8})?(?![^ \n])")
# Of the placeholder characters only these stand alone in joined text; "." or "*" may belong to a figure.
_SLASHES: Final = "/\\∕⁄╱╲∖"
_DASHES: Final = "-−‐‑‒–—―─"


@dataclass(frozen=True, slots=True)
class RowText:
    """One row of a flattened table.

    Attributes:
        key: name of the row, e.g. ``applications.granted``.
        cells: full cell names in printed order.
        kinds: what each cell may hold.
        texts: what stands after the label, NFKC-normalised; several where the cut is uncertain (an
            ordinal digit that may belong to the next label), none or ``""`` where nothing stands.
    """

    key: str
    cells: tuple[str, ...]
    kinds: tuple[CellKind, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CellSolution:
    """What all consistent readings say of one cell.

    Attributes:
        value: the number if all agree on it, else None.
        status: ``number``; ``blank``, ``placeholder`` … if all agree on that; ``ambiguous``; ``garbled``.
        candidates: the values that fit, None first, when several do; empty beyond ``MAX_CANDIDATES``.
        raw: the printed characters, where all readings agree on them; unit and sign included.
        unit: the unit printed with the number; ``value`` is in this unit.
    """

    value: Number | None
    status: CellStatus
    candidates: tuple[Number | None, ...] = ()
    raw: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """How one row that has several cuts was read.

    Attributes:
        row: its key.
        before: number of cuts of the text alone.
        own: number left by the identities inside the row.
        after: number left by all identities; 1 where the row is read.
        rules: identities that spoke about the cells whose candidates were cut.
    """

    row: str
    before: int
    own: int
    after: int
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Solution:
    """The reading of one table.

    Attributes:
        cells: cell name → what is known of it, for every cell of every row.
        impossible: identities that fail in every reading considered: the body's own mistakes.
        possibly_impossible: identities that fail in some of them, where the mistake has several places.
        blanks_dropped: some row has fewer numbers than cells, so blanks may hide in every row.
        explanation: one step for each row with several cuts.
        exhausted: the work budget ran out; some cells may be ambiguous for this reason alone.
    """

    cells: dict[str, CellSolution]
    impossible: tuple[str, ...] = ()
    possibly_impossible: tuple[str, ...] = ()
    blanks_dropped: bool = False
    explanation: tuple[Step, ...] = ()
    exhausted: bool = False


class _Token(NamedTuple):
    value: Number | None
    status: CellStatus
    raw: str
    unit: str | None = None


_Reading = tuple[_Token, ...]
_Supports = list[set[_Token]]
_Arc = tuple[int, _Token]
_Prior = tuple[int, _Token, Number, Number]

_BLANK: Final = _Token(None, "blank", "")
_SINGLE: Final = {digit: _Token(int(digit), "number", digit) for digit in "0123456789"}


class _Choice(NamedTuple):
    """A reading of a row with what it adds to each identity that the row shares with others."""

    tokens: _Reading
    lows: tuple[Number, ...]
    highs: tuple[Number, ...]


class _BudgetSpentError(Exception):
    """The work budget of one call ran out."""


@dataclass(slots=True)
class _Meter:
    left: int

    def use(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise _BudgetSpentError


# One row: its tokens and the lattice of its cuts


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of ``values.toml`` that can stand in joined text."""

    placeholders: tuple[tuple[str, CellStatus], ...]
    plus: re.Pattern[str]
    minus: re.Pattern[str]
    units: dict[CellKind, re.Pattern[str]]


@cache
def _words() -> _Words:
    data = tomllib.loads(files("pipelines.data").joinpath("values.toml").read_text("utf-8"))
    placeholders: dict[str, CellStatus] = dict.fromkeys(_SLASHES, "placeholder")
    placeholders |= {dash * times: "placeholder" for dash in _DASHES for times in (1, 2)}
    placeholders |= dict.fromkeys(data["words"]["none"], "placeholder_none")
    placeholders |= dict.fromkeys([*data["words"]["not_applicable"], "N/A"], "not_applicable")
    count, money = _any(data["units"]["count"]), _any(data["units"]["money"])
    return _Words(
        placeholders=tuple(placeholders.items()),
        plus=_any([*data["signs"]["plus"], *data["signs"]["plus_marks"]]),
        minus=_any([*data["signs"]["minus"], *data["signs"]["minus_marks"], "−"]),
        units={"count": count, "signed": count, "decimal": money},
    )


def _any(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(words, key=lambda word: (-len(word), word)))))


def _numbers(text: str, pos: int, kind: CellKind) -> Iterator[int]:
    """Ends of the canonical numbers that start at ``pos``: no leading zeros."""
    if text[pos : pos + 1] not in _DIGITS:
        return
    end, last = pos + 1, pos + (1 if text[pos] == "0" else _MAX_DIGITS)
    while True:
        yield end
        if kind == "decimal" and text[end : end + 1] == ".":
            stop = end + 1
            while stop <= end + _MAX_FRACTION and text[stop : stop + 1] in _DIGITS:
                stop += 1
                yield stop
        if end == last or text[end : end + 1] not in _DIGITS:
            return
        end += 1


def _value(digits: str) -> Number | None:
    """The exact number, or None if a float cannot hold it."""
    if "." not in digits:
        return int(digits)
    exact = Decimal(digits)
    if exact == exact.to_integral_value():
        return int(exact)
    return float(exact) if Decimal(repr(float(exact))) == exact else None


def _tokens(text: str, pos: int, kind: CellKind) -> list[_Arc]:
    """Everything that one cell of this kind can say, starting at ``pos``."""
    words = _words()
    found: list[_Arc] = []
    begin, sign = pos, 1
    if text[pos : pos + 1] not in _DIGITS:
        found = [
            (pos + len(word), _Token(None, status, word))
            for word, status in words.placeholders
            if text.startswith(word, pos)
        ]
        minus = words.minus.match(text, pos)
        mark = (minus or words.plus.match(text, pos)) if kind == "signed" else None
        if not mark:
            return found
        begin, sign = mark.end(), -1 if minus else 1
    ends = list(_numbers(text, begin, kind))
    grouped = _GROUPED.match(text, begin) if pos == 0 or text[pos - 1] in " \n" else None
    if grouped and (kind == "decimal" or "." not in grouped[0]):
        ends.append(grouped.end())
    for end in ends:
        value = _value(text[begin:end].replace(",", ""))
        if value is None:
            continue
        found.append((end, _Token(sign * value, "number", text[pos:end])))
        if end < len(text) and text[end] not in _DIGITS and (unit := words.units[kind].match(text, end)):
            found.append((unit.end(), _Token(sign * value, "number", text[pos : unit.end()], unit[0])))
    return found


class _Room(NamedTuple):
    """What a cell may hold as far as the other rows say: a range, and the very values if they are few."""

    low: Number = -_UNBOUNDED
    high: Number = _UNBOUNDED
    values: frozenset[Number] | None = None

    def admits(self, token: _Token) -> bool:
        if token.value is None:
            return self.high >= 0
        return self.low <= token.value <= self.high and (self.values is None or token.value in self.values)

    def meet(self, other: _Room) -> _Room:
        values = other.values
        if self.values is not None:
            values = self.values if values is None else self.values & values
        return _Room(max(self.low, other.low), min(self.high, other.high), values)


_Bounds = tuple[_Room, ...]


class _Lattice:
    """All cuts of one row: for each cell, the tokens that lie on a complete cut.

    Attributes:
        arcs: for each cell, start → (start of the next cell, token).
        starts: where the first cell can start (one place for each alternative text).
        ends: where the last cell can end.
        count: number of complete cuts.
    """

    __slots__ = ("_supports", "arcs", "count", "ends", "starts")

    def __init__(self, texts: Sequence[str], kinds: Sequence[CellKind], *, blanks: bool) -> None:
        text = "\n".join(texts)
        breaks = [at for at, char in enumerate(text) if char == "\n"]
        self.starts = [0, *(at + 1 for at in breaks)]
        known: dict[tuple[CellKind, int], list[_Arc]] = {}
        layer, forward = dict.fromkeys(self.starts), []
        for kind in kinds:
            arcs: dict[int, list[_Arc]] = {}
            for pos in layer:
                if (kind, pos) not in known:
                    known[kind, pos] = _arcs(text, pos, kind, blanks=blanks)
                arcs[pos] = known[kind, pos]
            forward.append(arcs)
            layer = dict.fromkeys(after for options in arcs.values() for after, _ in options)
        self.ends = [end for end in (*breaks, len(text)) if end in layer]
        self.arcs: list[dict[int, list[_Arc]]] = []
        ways = dict.fromkeys(self.ends, 1)
        for arcs in reversed(forward):
            kept = {
                pos: [arc for arc in options if arc[0] in ways]
                for pos, options in arcs.items()
                if any(after in ways for after, _ in options)
            }
            ways = {pos: sum(ways[after] for after, _ in options) for pos, options in kept.items()}
            self.arcs.append(kept)
        self.arcs.reverse()
        self.count = sum(ways.get(start, 0) for start in self.starts)
        self._supports: _Supports | None = None

    def supports(self) -> _Supports:
        """The tokens of each cell over all cuts."""
        if self._supports is None:
            self._supports = [
                {token for options in arcs.values() for _, token in options} for arcs in self.arcs
            ]
        return self._supports

    def only(self, bounds: _Bounds) -> bool:
        """Whether just one cut keeps within these bounds."""
        ways = dict.fromkeys(self.ends, 1)
        for arcs, room in zip(reversed(self.arcs), reversed(bounds), strict=True):
            ways = {
                pos: sum(ways.get(after, 0) for after, token in options if room.admits(token))
                for pos, options in arcs.items()
            }
        return sum(ways.get(start, 0) for start in self.starts) == 1


def _arcs(text: str, pos: int, kind: CellKind, *, blanks: bool) -> list[_Arc]:
    found = [(end + (text[end : end + 1] == " "), token) for end, token in _tokens(text, pos, kind)]
    return [(pos, _BLANK), *found] if blanks else found


def _separated(pieces: Sequence[str], kinds: Sequence[CellKind]) -> _Reading | None:
    """The reading of a row whose borders all survived; a cell that cannot be read is not a number.

    None if some piece may be no cell, or more than one, so that positions prove nothing.
    """
    tokens = []
    for piece, kind in zip(pieces, kinds, strict=True):
        read = parse_value(piece, kind)
        unclear = read.status in {"text", "garbled", "ambiguous"}
        if unclear and len(kinds) > 1 and (piece.isdigit() or _DIGITS.isdisjoint(piece)):
            return None
        tokens.append(_Token(read.value, read.status, piece, read.unit))
    return tuple(tokens)


def _spread(token: _Token, sign: int) -> tuple[Number, Number]:
    """What a token adds to *left − right*: a point, or a half-line if it is not a count."""
    if not sign:
        return 0, 0
    if not isinstance(token.value, int):
        return (0, _UNBOUNDED) if sign > 0 else (-_UNBOUNDED, 0)
    return sign * token.value, sign * token.value


def _fill(
    arcs: Sequence[dict[int, list[_Arc]]],
    signs: Sequence[int],
    start: int,
    meter: _Meter,
    *,
    bounds: _Bounds | None = None,
    limit: int = BUDGET,
) -> dict[int, list[_Reading]] | None:
    """Readings of consecutive cells from ``start`` that satisfy one identity, by where they end.

    A pass forwards finds the smallest and largest partial difference at every place; the walk backwards
    (the printed total first) enters only what these bounds allow.

    Returns:
        End → readings; None if there are more than ``limit``.
    """
    spans, backward = _sweep(arcs, signs, start, meter, bounds)
    found: dict[int, list[_Reading]] = {}
    total = 0
    for end in spans[-1]:
        stack: list[tuple[int, int, Number, Number, _Reading]] = [(len(backward), end, 0, 0, ())]
        while stack:
            cell, pos, low, high, reading = stack.pop()
            if not cell:
                found.setdefault(end, []).append(reading)
                total += 1
                if total > limit:
                    return None
                continue
            cell -= 1
            priors, span = backward[cell][pos], spans[cell]
            meter.use(len(priors))
            for prior, token, least, most in priors:
                near, far = span[prior]
                if low + least + near <= 0 <= high + most + far:
                    stack.append((cell, prior, low + least, high + most, (token, *reading)))
    return found


def _sweep(
    arcs: Sequence[dict[int, list[_Arc]]],
    signs: Sequence[int],
    start: int,
    meter: _Meter,
    bounds: _Bounds | None,
) -> tuple[list[dict[int, tuple[Number, Number]]], list[dict[int, list[_Prior]]]]:
    """For each place between cells: the extreme differences up to it, and the tokens that end there."""
    spans: list[dict[int, tuple[Number, Number]]] = [{start: (0, 0)}]
    backward: list[dict[int, list[_Prior]]] = []
    for index, (options, sign) in enumerate(zip(arcs, signs, strict=True)):
        span: dict[int, tuple[Number, Number]] = {}
        before: dict[int, list[_Prior]] = {}
        for pos, (least, most) in spans[-1].items():
            meter.use(len(options.get(pos, ())))
            for after, token in options.get(pos, ()):
                if bounds and not bounds[index].admits(token):
                    continue
                low, high = _spread(token, sign) if sign else (0, 0)
                before.setdefault(after, []).append((pos, token, low, high))
                old = span.get(after, (least + low, most + high))
                span[after] = (min(old[0], least + low), max(old[1], most + high))
        spans.append(span)
        backward.append(before)
    return spans, backward


# The table: which identity binds which rows


@dataclass(slots=True)
class _Line:
    """One row at work: either ``fixed`` (one cut) or ``lattice`` (several)."""

    row: RowText
    fixed: _Reading | None
    lattice: _Lattice | None
    own: list[Identity] = field(default_factory=list)
    links: list[tuple[int, tuple[tuple[int, int], ...]]] = field(default_factory=list)

    def signs(self, identity: Identity) -> list[int]:
        return [(cell in identity.left) - (cell in identity.right) for cell in self.row.cells]

    def choice(self, tokens: _Reading) -> _Choice:
        lows: list[Number] = []
        highs: list[Number] = []
        for _, places in self.links:
            low: Number = 0
            high: Number = 0
            for cell, sign in places:
                least, most = _spread(tokens[cell], sign)
                low += least
                high += most
            lows.append(low)
            highs.append(high)
        return _Choice(tokens, tuple(lows), tuple(highs))


class _Domain(NamedTuple):
    """The readings of a row that are still open, with the least and the most that they add."""

    options: list[_Choice]
    low: tuple[Number, ...]
    high: tuple[Number, ...]


_Domains = dict[int, _Domain]


def _domain(options: list[_Choice]) -> _Domain:
    lows = tuple(map(min, zip(*(option.lows for option in options), strict=True)))
    highs = tuple(map(max, zip(*(option.highs for option in options), strict=True)))
    return _Domain(options, lows, highs)


def _read(row: RowText, *, blanks: bool) -> _Line | None:
    """A row by its text alone, or None if it cannot be filled."""
    texts = tuple(dict.fromkeys(" ".join(text.split()) for text in row.texts)) or ("",)
    size = len(row.cells)
    if len(texts) == 1:
        text = texts[0]
        if text.isdecimal() and text.isascii() and len(text) == size and (not blanks or not text.strip("0")):
            return _Line(row, tuple(_SINGLE[digit] for digit in text), None)
        pieces = text.split(" ")
        if text and len(pieces) == size:
            separated = _separated(pieces, row.kinds)
            return _Line(row, separated, None) if separated else None
    lattice = _Lattice(texts, row.kinds, blanks=blanks)
    if not lattice.count:
        return None
    if lattice.count > 1:
        return _Line(row, None, lattice)
    return _Line(row, tuple(next(iter(options)) for options in lattice.supports()), None)


def _lines(rows: Sequence[RowText]) -> tuple[list[_Line], bool]:
    """All rows by their text alone, and whether blanks were dropped from this table.

    A row that only fits with blanks shows that the table lost them; then any row may have lost some.
    """
    sane = [_is_sane(row) for row in rows]
    lines = [_read(row, blanks=False) if fits else None for row, fits in zip(rows, sane, strict=True)]
    missing = [row for row, line, fits in zip(rows, lines, sane, strict=True) if fits and line is None]
    dropped = any(_read(row, blanks=True) for row in missing)
    if dropped:
        lines = [_read(row, blanks=True) if fits else None for row, fits in zip(rows, sane, strict=True)]
    return [line or _unreadable(row) for row, line in zip(rows, lines, strict=True)], dropped


def _is_sane(row: RowText) -> bool:
    most = _MAX_CHARS_PER_CELL * len(row.cells)
    return all(len(text) <= most for text in row.texts) and sum(map(len, row.texts)) <= _MAX_CHARS


def _unreadable(row: RowText) -> _Line:
    raw = next(iter(row.texts), "")[: _MAX_CHARS_PER_CELL * len(row.cells)]
    return _Line(row, (_Token(None, "garbled", raw),) * len(row.cells), None)


class _System:
    """All rows of one table with the identities that bind them."""

    def __init__(self, lines: list[_Line], identities: Sequence[Identity], meter: _Meter) -> None:
        self.lines = lines
        self.meter = meter
        self.exhausted = False
        self.failed: frozenset[str] = frozenset()
        self.shared: list[Identity] = []
        place = {cell: (at, k) for at, line in enumerate(lines) for k, cell in enumerate(line.row.cells)}
        self.place = place
        for identity in identities:
            homes = {place[cell][0] if cell in place else -1 for cell in (*identity.left, *identity.right)}
            if len(homes) == 1 and -1 not in homes:
                self.lines[homes.pop()].own.append(identity)
            elif homes != {-1}:
                self.shared.append(identity)
        self.members: list[list[tuple[int, int]]] = []
        self._link()
        self.free = [at for at, line in enumerate(lines) if line.fixed is None]
        self._sum_fixed()
        self.cache: dict[tuple[int, bool], _Domain | None] = {}
        self.own_counts: dict[int, int] = {}
        self._stand_ins: dict[int, _Domain] = {}
        self._listed: dict[tuple[int, bool, _Bounds | None], list[_Choice] | None] = {}

    def _link(self) -> None:
        bound = {
            self.place[cell][0] for identity in self.shared for cell in _cells(identity) if cell in self.place
        }
        for at, line in enumerate(self.lines):
            keep = 1 if at in bound else _disjoint(line)
            self.shared += line.own[keep:]
            del line.own[keep:]
        for number, identity in enumerate(self.shared):
            places: dict[int, list[tuple[int, int]]] = {}
            for sign, cells in ((1, identity.left), (-1, identity.right)):
                for cell in cells:
                    if cell in self.place:
                        at, k = self.place[cell]
                        places.setdefault(at, []).append((k, sign))
            self.members.append([(at, len(self.lines[at].links)) for at in places])
            for at, cells_of in places.items():
                self.lines[at].links.append((number, tuple(cells_of)))

    def _sum_fixed(self) -> None:
        self.low: list[Number] = []
        self.high: list[Number] = []
        for identity in self.shared:
            absent_left = any(cell not in self.place for cell in identity.left)
            absent_right = any(cell not in self.place for cell in identity.right)
            self.low.append(-_UNBOUNDED if absent_right else 0)
            self.high.append(_UNBOUNDED if absent_left else 0)
        for line in self.lines:
            if line.fixed is not None and line.links:
                choice = line.choice(line.fixed)
                for (number, _), low, high in zip(line.links, choice.lows, choice.highs, strict=True):
                    self.low[number] += low
                    self.high[number] += high

    # what fails whatever the reading, and what could fail at all

    def certain(self) -> set[str]:
        """Identities that no cut of the rows can satisfy."""
        failed = {
            identity.rule
            for line in self.lines
            if line.fixed is not None
            for identity in line.own
            if not _holds(line.fixed, line.signs(identity))
        }
        for at in self.free:
            line = self.lines[at]
            if line.links and line.own:
                domain = self.domain(at, own=True)
                if domain is not None and not domain.options:
                    failed.add(line.own[0].rule)
        low, high = self._sums({at: self.stand_in(at) for at in self.free})
        return failed | {identity.rule for j, identity in enumerate(self.shared) if low[j] > 0 or high[j] < 0}

    def doubtful(self) -> list[str]:
        """Identities that hold in some readings and fail in others."""
        own = [
            identity.rule
            for at in self.free
            for identity in self.lines[at].own
            if not self.lines[at].links or self._is_doubtful(at)
        ]
        low, high = self._sums({at: self.stand_in(at) for at in self.free})
        return own + [identity.rule for j, identity in enumerate(self.shared) if low[j] < 0 or high[j] > 0]

    def _is_doubtful(self, at: int) -> bool:
        lattice, domain = self.lines[at].lattice, self.domain(at, own=True)
        return domain is None or lattice is None or len(domain.options) < lattice.count

    def of_cells(self) -> list[frozenset[str]]:
        """For each cell the identities that a misprint in it can break."""
        by_cell: dict[str, set[str]] = {cell: set() for cell in self.place}
        for identity in (*self.shared, *(identity for line in self.lines for identity in line.own)):
            for cell in _cells(identity):
                if cell in by_cell:
                    by_cell[cell].add(identity.rule)
        return list(dict.fromkeys(frozenset(rules) for rules in by_cell.values()))

    # readings of single rows

    def domain(self, at: int, *, own: bool) -> _Domain | None:
        """All readings of a row, with or without its own identity; None if they are too many to list."""
        if (at, own) not in self.cache:
            line = self.lines[at]
            few = line.lattice is not None and line.lattice.count <= _MAX_FREE
            options = self._choices(at, own=own, bounds=None) if own or few else None
            self.cache[at, own] = None if options is None else _domain(options)
        return self.cache[at, own]

    def stand_in(self, at: int) -> _Domain:
        """The widest that all cuts of a row can add, in place of its readings."""
        if at not in self._stand_ins:
            line = self.lines[at]
            supports = line.lattice.supports() if line.lattice else []
            lows, highs = [], []
            for _, places in line.links:
                spreads = [[_spread(token, sign) for token in supports[cell]] for cell, sign in places]
                lows.append(sum(min(low for low, _ in spread) for spread in spreads))
                highs.append(sum(max(high for _, high in spread) for spread in spreads))
            self._stand_ins[at] = _domain([_Choice((), tuple(lows), tuple(highs))])
        return self._stand_ins[at]

    def _choices(self, at: int, *, own: bool, bounds: _Bounds | None) -> list[_Choice] | None:
        line = self.lines[at]
        lattice = line.lattice
        assert lattice is not None  # noqa: S101 - free rows have a lattice
        key = (at, own, bounds)
        if key not in self._listed:
            signs = line.signs(line.own[0]) if own else [0] * len(line.row.cells)
            readings = self._readings(lattice, signs, bounds)
            self.meter.use(len(readings or ()) * len(line.links))
            self._listed[key] = None if readings is None else [line.choice(reading) for reading in readings]
        return self._listed[key]

    def _readings(
        self, lattice: _Lattice, signs: Sequence[int], bounds: _Bounds | None
    ) -> list[_Reading] | None:
        readings: dict[_Reading, None] = {}
        for start in lattice.starts:
            found = _fill(lattice.arcs, signs, start, self.meter, bounds=bounds, limit=_MAX_READINGS)
            if found is None:
                return None
            readings |= dict.fromkeys(reading for options in found.values() for reading in options)
        return list(readings)

    def alone(self, at: int, excused: frozenset[str]) -> _Supports | None:
        """Exact supports of a row that shares no identity with others.

        The cells of one identity are filled together, the other cells one by one; what lies on a
        complete way through all of them is supported.
        """
        line = self.lines[at]
        lattice = line.lattice
        assert lattice is not None  # noqa: S101 - free rows have a lattice
        blocks = _blocks(line, excused)
        ways: list[dict[int, dict[int, list[_Reading]]]] = []
        reach = dict.fromkeys(lattice.starts)
        for first, last, signs in blocks:
            filled = {pos: _fill(lattice.arcs[first:last], signs, pos, self.meter) or {} for pos in reach}
            ways.append(filled)
            reach = dict.fromkeys(end for options in filled.values() for end in options)
        supports: _Supports = [set() for _ in line.row.cells]
        counts = dict.fromkeys(lattice.ends, 1)
        for (first, _, _), filled in zip(reversed(blocks), reversed(ways), strict=True):
            before: dict[int, int] = {}
            for pos, options in filled.items():
                for end, readings in options.items():
                    if end not in counts:
                        continue
                    before[pos] = before.get(pos, 0) + len(readings) * counts[end]
                    for reading in readings:
                        for cell, token in enumerate(reading, first):
                            supports[cell].add(token)
            counts = before
        total = sum(counts.get(start, 0) for start in lattice.starts)
        if not excused:
            self.own_counts[at] = total
        return supports if total else None

    # all rows together

    def supports(self, excused: frozenset[str]) -> dict[int, _Supports] | None:
        """The tokens of every cell over all joint readings without the excused identities.

        Returns:
            Row → tokens of each cell; None if there is no joint reading.
        """
        active = [j for j, identity in enumerate(self.shared) if identity.rule not in excused]
        found: dict[int, _Supports] = {}
        domains: _Domains = {}
        wide: list[int] = []
        for at in self.free:
            line = self.lines[at]
            if not line.links:
                supports = self.alone(at, excused)
                if supports is None:
                    return None
                found[at] = supports
                continue
            domain = self.domain(at, own=self._keeps_own(at, excused))
            if domain is None:
                wide.append(at)
            elif not domain.options:
                return None
            domains[at] = domain or self.stand_in(at)
        narrowed = self._narrow(domains, active)
        for at in wide:
            narrowed = narrowed and self._fill_in(at, narrowed, active, excused)
        joint = None if narrowed is None else self._joint(narrowed, active)
        return None if joint is None else found | joint

    def _keeps_own(self, at: int, excused: frozenset[str]) -> bool:
        return any(identity.rule not in excused for identity in self.lines[at].own)

    def _fill_in(
        self, at: int, domains: _Domains, active: list[int], excused: frozenset[str]
    ) -> _Domains | None:
        """Replace a stand-in by readings, now that the other rows bound its cells."""
        bounds = self._bounds(at, domains, active)
        options = self._choices(at, own=self._keeps_own(at, excused), bounds=bounds)
        if options is None and excused:  # what cannot be refuted must not hide the better explanation
            raise _BudgetSpentError
        if options is None:
            self.exhausted = True
            return domains
        return self._narrow({**domains, at: _domain(options)}, active) if options else None

    def _bounds(self, at: int, domains: _Domains, active: list[int]) -> _Bounds:
        """What each cell of a row may hold, as far as the other rows say."""
        others = {other: domain for other, domain in domains.items() if other != at}
        low, high = self._sums(others)
        line = self.lines[at]
        rooms = [_Room()] * len(line.row.cells)
        for number, places in line.links:
            if number not in active or len(places) > 1:
                continue
            ((cell, sign),) = places
            ends = (-high[number], -low[number]) if sign > 0 else (low[number], high[number])
            sums = self._sum_set(number, others)
            values = None if sums is None else frozenset(-sign * total for total in sums)
            rooms[cell] = rooms[cell].meet(_Room(*ends, values))
        return tuple(rooms)

    def _sum_set(self, number: int, domains: _Domains) -> set[Number] | None:
        """All sums that the rows can add to one identity; None if they are many or not points."""
        if self.low[number] != self.high[number]:
            return None
        known: Number = self.low[number]
        sums: set[Number] = {0}
        self.meter.use(len(domains))
        for at, k in self.members[number]:
            domain = domains.get(at)
            if domain is None:
                continue
            if domain.low[k] == domain.high[k]:
                known += domain.low[k]
                continue
            added = self._added(at, k, domain)
            if added is None or len(sums) * len(added) > _MAX_SUMS:
                return None
            self.meter.use(len(sums) * len(added))
            sums = {total + value for total in sums for value in added}
        return {known + total for total in sums}

    def _added(self, at: int, k: int, domain: _Domain) -> set[Number] | None:
        """What one row can add to its k-th shared identity; None if some reading adds a half-line."""
        line = self.lines[at]
        if domain.options[0].tokens:
            points = all(option.lows[k] == option.highs[k] for option in domain.options)
            return {option.lows[k] for option in domain.options} if points else None
        places = line.links[k][1]
        if line.lattice is None or len(places) > 1:
            return None
        ((cell, sign),) = places
        values = {token.value for token in line.lattice.supports()[cell]}
        return {sign * value for value in values if value is not None} if None not in values else None

    def _sums(self, domains: _Domains) -> tuple[list[Number], list[Number]]:
        low, high = list(self.low), list(self.high)
        for at, domain in domains.items():
            for (number, _), least, most in zip(self.lines[at].links, domain.low, domain.high, strict=True):
                low[number] += least
                high[number] += most
        return low, high

    def _narrow(self, domains: _Domains, active: list[int]) -> _Domains | None:
        """Drop every reading that some identity refutes whatever the other rows say."""
        domains = dict(domains)
        low, high = self._sums(domains)
        self.meter.use(8 * len(domains))
        if any(low[j] > 0 or high[j] < 0 for j in active):
            return None
        live = set(active)
        changed = True
        while changed:
            changed = False
            for at, domain in domains.items():
                if len(domain.options) == 1:
                    continue
                links = [(k, j) for k, (j, _) in enumerate(self.lines[at].links) if j in live]
                room = [
                    (k, domain.low[k] - low[j], domain.high[k] - high[j])
                    for k, j in links
                    if domain.high[k] > domain.low[k] - low[j] or domain.low[k] < domain.high[k] - high[j]
                ]
                self.meter.use((1 + len(room)) * len(domain.options))
                kept = [
                    option
                    for option in domain.options
                    if all(option.lows[k] <= top and option.highs[k] >= bottom for k, top, bottom in room)
                ]
                if not kept:
                    return None
                if len(kept) == len(domain.options):
                    continue
                changed = True
                domains[at] = after = _domain(kept)
                for k, j in links:
                    low[j] += after.low[k] - domain.low[k]
                    high[j] += after.high[k] - domain.high[k]
                    if low[j] > 0 or high[j] < 0:
                        return None
        return domains

    def _find(self, domains: _Domains, active: list[int]) -> _Domains | None:
        """One joint reading, by narrowing and trying the readings of the row with the fewest."""
        narrowed = self._narrow(domains, active)
        if narrowed is None:
            return None
        open_rows = [at for at, domain in narrowed.items() if len(domain.options) > 1]
        if not open_rows:
            return narrowed
        at = min(open_rows, key=lambda row: len(narrowed[row].options))
        for option in narrowed[at].options:
            if found := self._find({**narrowed, at: _domain([option])}, active):
                return found
        return None

    def _joint(self, domains: _Domains, active: list[int]) -> dict[int, _Supports] | None:
        """Exact supports: every value of every cell is found in a joint reading or refuted."""
        first = self._find(domains, active)
        if first is None:
            return None
        seen: dict[int, _Supports] = {at: [set() for _ in self.lines[at].row.cells] for at in domains}
        _mark(seen, first)
        try:
            for at in domains:
                for cell in range(len(seen[at])):
                    domains = self._support(domains, at, cell, seen, active)
        except _BudgetSpentError:  # what was not refuted stays a candidate
            self.exhausted = True
            for at, domain in domains.items():
                for option in domain.options:
                    _add(seen[at], option.tokens)
        for at, domain in domains.items():
            lattice = self.lines[at].lattice
            if lattice and not domain.options[0].tokens:  # still a stand-in
                seen[at] = lattice.supports()
        return seen

    def _support(
        self, domains: _Domains, at: int, cell: int, seen: dict[int, _Supports], active: list[int]
    ) -> _Domains:
        options = domains[at].options
        if not options[0].tokens:
            return domains
        for token in dict.fromkeys(option.tokens[cell] for option in options):
            if token in seen[at][cell]:
                continue
            trial = [option for option in domains[at].options if option.tokens[cell] == token]
            found = self._find({**domains, at: _domain(trial)}, active) if trial else None
            if found:
                _mark(seen, found)
            else:
                rest = [option for option in domains[at].options if option.tokens[cell] != token]
                domains = self._narrow({**domains, at: _domain(rest)}, active) or domains
        return domains

    def by_themselves(self) -> dict[int, _Supports]:
        """What the rows say one by one, when the table as a whole cannot be solved.

        A row with one reading that satisfies its own identity is read if the columns bear it out: some
        of its cells stand in shared identities that hold, and no other cut has the same values there.
        """
        sole: _Domains = {}
        for at in self.free:
            domain = self.cache.get((at, bool(self.lines[at].own)))
            if self.lines[at].own and domain is not None and len(domain.options) == 1:
                sole[at] = domain
        low, high = self._sums(sole)
        holding = {
            j
            for j, members in enumerate(self.members)
            if low[j] == high[j] == 0 and all(at in sole or self.lines[at].fixed for at, _ in members)
        }
        found = {}
        for at in self.free:
            lattice = self.lines[at].lattice
            assert lattice is not None  # noqa: S101 - free rows have a lattice
            found[at] = lattice.supports()
            if at in sole:
                tokens = sole[at].options[0].tokens
                pinned = {cell for j, places in self.lines[at].links if j in holding for cell, _ in places}
                bounds = tuple(_pin(token, pinned=cell in pinned) for cell, token in enumerate(tokens))
                if lattice.only(bounds):
                    found[at] = [{token} for token in tokens]
        return found


def _pin(token: _Token, *, pinned: bool) -> _Room:
    return _Room(token.value, token.value) if pinned and token.value is not None else _Room()


def _mark(seen: dict[int, _Supports], found: _Domains) -> None:
    for at, domain in found.items():
        _add(seen[at], domain.options[0].tokens)


def _add(supports: _Supports, tokens: _Reading) -> None:
    for seen, token in zip(supports, tokens, strict=False):  # a stand-in has no tokens
        seen.add(token)


def _cells(identity: Identity) -> tuple[str, ...]:
    return (*identity.left, *identity.right)


def _holds(tokens: _Reading, signs: Sequence[int]) -> bool:
    spreads = [_spread(token, sign) for token, sign in zip(tokens, signs, strict=True)]
    return sum(low for low, _ in spreads) <= 0 <= sum(high for _, high in spreads)


def _span(line: _Line, identity: Identity) -> tuple[int, int]:
    at = [index for index, sign in enumerate(line.signs(identity)) if sign]
    return min(at, default=0), max(at, default=-1) + 1


def _disjoint(line: _Line) -> int:
    """How many of the row's own identities can be filled block by block: all, or just one."""
    spans = sorted(_span(line, identity) for identity in line.own)
    apart = all(left[1] <= right[0] for left, right in pairwise(spans))
    return len(line.own) if apart else 1


def _blocks(line: _Line, excused: frozenset[str]) -> list[tuple[int, int, list[int]]]:
    """The row as consecutive blocks: the cells of one identity, or a single cell."""
    active = {
        _span(line, identity): line.signs(identity) for identity in line.own if identity.rule not in excused
    }
    blocks, cell = [], 0
    while cell < len(line.row.cells):
        first, last = next((span for span in active if span[0] == cell), (cell, cell + 1))
        blocks.append((first, last, active.get((first, last), [0] * len(line.row.cells))[first:last]))
        cell = last
    return blocks


# From joint readings to an answer


@dataclass(slots=True)
class _Answer:
    supports: dict[int, _Supports]
    sets: list[frozenset[str]]
    excused: frozenset[str]


def _decide(system: _System) -> _Answer | None:
    """The joint readings without as few identities as possible; None if no bounded set suffices.

    A table that contradicts itself proves less, so more readings are asked. Where rows confirm each
    other, those count too in which one misprinted cell explains every failure, however many identities
    it breaks; where a row stands alone, those with one failure more than necessary.
    """
    certain = system.failed = frozenset(system.certain())
    doubtful = [rule for rule in system.doubtful() if rule not in certain]

    def with_more(extra: int) -> dict[frozenset[str], dict[int, _Supports]]:
        if comb(len(doubtful), extra) > _MAX_SETS:
            return {}
        return _solvable(system, (certain.union(more) for more in combinations(doubtful, extra)))

    minimal: dict[frozenset[str], dict[int, _Supports]] = {}
    extra = -1
    while not minimal:
        extra += 1
        if extra > _MAX_EXTRA or len(certain) + extra > _MAX_FAILURES:
            return None
        minimal = with_more(extra)
    answers = dict(minimal)
    if size := len(certain) + extra:
        if system.shared:
            misprints = (rules for rules in system.of_cells() if len(rules) > size and rules >= certain)
            answers |= _solvable(system, misprints)
        else:
            answers |= with_more(extra + 1)
    shown = [rules for rules in answers if rules in minimal or not any(rules > less for less in minimal)]
    return _Answer(_union(answers.values()), shown, frozenset().union(*shown))


def _solvable(system: _System, sets: Iterable[frozenset[str]]) -> dict[frozenset[str], dict[int, _Supports]]:
    answers = {}
    for excused in sets:
        supports = system.supports(excused)
        if supports is not None:
            answers[excused] = supports
    return answers


def _union(answers: Iterable[dict[int, _Supports]]) -> dict[int, _Supports]:
    merged: dict[int, _Supports] = {}
    for supports in answers:
        for at, cells in supports.items():
            merged[at] = [old | new for old, new in zip(merged.get(at, cells), cells, strict=True)]
    return merged


@lru_cache(maxsize=4096)
def _settled(token: _Token) -> CellSolution:
    return CellSolution(token.value, token.status, (), token.raw, token.unit)


def _cell(tokens: set[_Token]) -> CellSolution:
    if len(tokens) == 1:
        return _settled(*tokens)
    values = {token.value for token in tokens}
    statuses = {token.status for token in tokens}
    units = {token.unit for token in tokens}
    if len(values) == len(statuses) == len(units) == 1:
        return CellSolution(values.pop(), statuses.pop(), (), None, units.pop())
    ordered: list[Number | None] = [None] if None in values else []
    ordered += sorted(value for value in values if value is not None)
    return CellSolution(None, "ambiguous", tuple(ordered) if len(ordered) <= MAX_CANDIDATES else ())


def _explain(system: _System, answer: _Answer | None, supports: dict[int, _Supports]) -> Iterator[Step]:
    for at in system.free:
        line = system.lines[at]
        before = line.lattice.count if line.lattice else 1
        excused = answer.excused if answer else frozenset[str]()
        domain = system.cache.get((at, bool(line.own)))
        options = domain.options if domain else []
        own = before if domain is None else len(options)
        if not line.links:
            own = system.own_counts.get(at, before)
        fits = [
            all(token in cell for token, cell in zip(option.tokens, supports[at], strict=True))
            for option in options
        ]
        after = 1 if all(len(cell) == 1 for cell in supports[at]) else sum(fits) or own or before
        rules = [identity.rule for identity in line.own if own < before and identity.rule not in excused]
        for number, places in line.links:
            rule = system.shared[number].rule
            if rule not in excused and any(
                option.tokens[cell] not in supports[at][cell] for option in options for cell, _ in places
            ):
                rules.append(rule)
        yield Step(line.row.key, before, own, after, tuple(rules))


def solve(rows: Sequence[RowText], identities: Sequence[Identity], *, budget: int = BUDGET) -> Solution:
    """Read the rows of one table as far as its own arithmetic proves them.

    Args:
        rows: the rows found, each once; a row that is not there makes its cells unknown.
        identities: the identities of this table (``templates.identities``), over count cells only.
        budget: elementary steps allowed; the same input and budget give the same answer.

    Returns:
        What all consistent readings agree on. If the table contradicts itself, the readings that give
        up the fewest identities are taken instead, and ``impossible`` names what cannot hold.
    """
    lines, dropped = _lines(rows)
    meter = _Meter(budget)
    system = _System(lines, identities, meter)
    answer: _Answer | None = None
    try:
        answer = _decide(system)
    except _BudgetSpentError:
        system.exhausted = True
    supports = answer.supports if answer else system.by_themselves()
    cells: dict[str, CellSolution] = {}
    for at, line in enumerate(lines):
        known = supports[at] if line.fixed is None else [{token} for token in line.fixed]
        cells.update(zip(line.row.cells, map(_cell, known), strict=True))
    sets = answer.sets if answer else [frozenset(system.failed)]
    always = frozenset[str].intersection(*sets)
    sometimes = frozenset[str]().union(*sets) - always
    order = [identity.rule for identity in identities]
    return Solution(
        cells=cells,
        impossible=tuple(rule for rule in order if rule in always),
        possibly_impossible=tuple(rule for rule in order if rule in sometimes),
        blanks_dropped=dropped,
        explanation=tuple(_explain(system, answer, supports)),
        exhausted=system.exhausted,
    )
