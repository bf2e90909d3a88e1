"""Cell values: what one printed cell says.

The rules stand in ``docs/cell-values.md``, the words in ``pipelines/data/values.toml``. A figure is read
only when the whole cell is understood; whatever is left over makes the value null and names the reason.
Arithmetic is exact (:class:`decimal.Decimal`).
"""

from __future__ import annotations

import html
import re
import tomllib
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from pipelines.normalise import ENUMERATORS, fold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.record import CellStatus, Number
    from pipelines.statutory.templates import CellKind

_MAX_LENGTH: Final = 256
_MAX_CACHED: Final = 64
_MAX_DIGITS: Final = 15  # a float keeps 15 significant digits exactly
_LIMIT: Final = 10**_MAX_DIGITS
_MAX_FAST: Final = 9
_MAX_NUMERAL: Final = 9999

_DIGITS: Final = "零一二三四五六七八九"
_NUMERALS: Final = _DIGITS + "〇两十百千壹贰叁肆伍陆柒捌玖拾佰仟"
_PLAIN_NUMERALS: Final = str.maketrans("〇两壹贰叁肆伍陆柒捌玖拾佰仟", "零二一二三四五六七八九十百千")
_SCALES: Final = {"十": 10, "百": 100, "千": 1000}

_UNGROUPED: Final = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_GROUPED: Final = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_SPACED_GROUP: Final = re.compile(r"(?<=[0-9]) (?=[0-9]{3}(?![0-9]))")
_GAP: Final = re.compile(rf"(?<=[0-9.,+\-‐‑–—―{_NUMERALS}])\s+(?=[0-9.,{_NUMERALS}])")
_RUN: Final = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
_ENUMERATOR: Final = re.compile(f"[{ENUMERATORS}]")
# The replacement character, private glyphs and overridden direction: what is seen is not what is stored.
_DAMAGE: Final = re.compile("[\ufffd\ue000-\uf8ff\u202d\u202e]")
_OPENING: Final = re.compile(r"[(\[〔【]")
_CLOSING: Final = re.compile(r".*[)\]〕】]", re.DOTALL)
_BRACKETS: Final = "()[]〔〕【】"
_STOPS: Final = "。;!"


@dataclass(frozen=True, slots=True)
class Value:
    """What one printed cell says.

    Attributes:
        value: the number, or None; never invented.
        raw: the exact printed text, spaces included.
        status: why there is a number, or why there is none.
        flags: what a reader must know about the number (``unit_repeated``, ``sign_word`` …).
        unit: unit printed with the value (元, 万元, 件 …), or None.
        candidates: the readings that fit, when status is ``ambiguous`` or ``garbled``.
        where: table, row and cell in the source (from 1).
    """

    value: Number | None
    raw: str
    status: CellStatus
    flags: tuple[str, ...] = ()
    unit: str | None = None
    candidates: tuple[Number | None, ...] = ()
    where: str | None = None


def parse_value(raw: str, kind: CellKind, unit: str | None = None) -> Value:
    """Read one printed cell.

    Args:
        raw: the text of the cell, as printed.
        kind: what the value may be; a sign is legal only for ``signed``.
        unit: unit printed in the column head (``万元``), or None.

    Returns:
        A shared value: equal cells get the same object, without a place. ``garbled`` and ``ambiguous``
        values carry as candidates the figures that the cell could mean, for a reader with more evidence.
    """
    return _cached(raw, kind, unit) if len(raw) <= _MAX_CACHED else _parse(raw, kind, unit)


PICTURE: Final = "\ufffc"
"""What stands for a picture in the text of a cell that holds nothing else (U+FFFC OBJECT REPLACEMENT CHARACTER)."""


@lru_cache(maxsize=16384)
def _cached(raw: str, kind: CellKind, unit: str | None) -> Value:
    plain = raw.strip()
    if not plain:
        return Value(None, raw, "blank")
    if kind != "decimal" and len(plain) <= _MAX_FAST and plain.isascii() and plain.isdigit():
        number = int(plain)
        if str(number) == plain:
            return Value(number, raw, "number")
    return _parse(raw, kind, unit)


@dataclass(frozen=True, slots=True)
class _Words:
    """The data file, compiled."""

    statuses: dict[str, CellStatus]
    no_change: frozenset[str]
    placeholder: re.Pattern[str]
    printed: re.Pattern[str]
    approximate: re.Pattern[str]
    marks: re.Pattern[str]
    estimates: frozenset[str]
    unit_label: str
    minus: frozenset[str]
    sign_words: frozenset[str]
    money: dict[str, int]
    counts: frozenset[str]
    scaled: frozenset[str]
    units: frozenset[str]
    lookalikes: dict[int, str]


@cache
def _words() -> _Words:
    data = tomllib.loads(files("pipelines.data").joinpath("values.toml").read_text("utf-8"))
    words, signs, units, notes = data["words"], data["signs"], data["units"], data["annotations"]
    counts, money = frozenset[str](units["count"]), units["money"]
    # 万件 is known so that it can be refused: a count in ten thousands is a rounded one.
    scaled = frozenset(scale + name for scale in ("万", "亿") for name in counts)
    sign_words = frozenset([*signs["minus"], *signs["plus"]])
    statuses: dict[str, CellStatus] = dict.fromkeys(words["none"], "placeholder_none")
    statuses |= dict.fromkeys(words["not_applicable"], "not_applicable")
    statuses |= dict.fromkeys(words["errors"], "garbled")
    printed = (
        f"(?:{_any(notes['whole'])})?"
        f"(?P<currency>{_any(units['currency'])})?"
        f"(?P<sign>{_any([*signs['minus_marks'], *signs['plus_marks'], *sign_words])})?"
        f"(?P<figure>[0-9.][0-9.,]*|[{_NUMERALS}]+)"
        f"(?:(?P<unit>{_any([*counts, *money, *scaled])})(?:{_any(units['tail'])})?)?"
    )
    lookalikes = data["lookalikes"]
    return _Words(
        statuses=statuses,
        no_change=frozenset(words["none_change"]),
        placeholder=re.compile(f"[{re.escape(data['placeholders']['characters'])}]+"),
        printed=re.compile(printed, re.IGNORECASE),
        approximate=re.compile(_any(data["approximate"]["words"])),
        marks=re.compile(f"[{re.escape(notes['marks'])}{ENUMERATORS}\\s]+$"),
        estimates=frozenset(notes["estimates"]),
        unit_label=notes["unit_label"],
        minus=frozenset([*signs["minus_marks"], *signs["minus"]]),
        sign_words=sign_words,
        money=money,
        counts=counts,
        scaled=scaled,
        units=counts | scaled | money.keys(),
        lookalikes=str.maketrans(
            dict.fromkeys(lookalikes["zero"], "0") | dict.fromkeys(lookalikes["one"], "1")
        ),
    )


def _any(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=lambda word: (-len(word), word))))


def _parse(raw: str, kind: CellKind, unit: str | None) -> Value:
    text = raw.strip()
    if len(text) > _MAX_LENGTH:
        return Value(None, raw, "text", ("too_long",))
    text = html.unescape(text) if "&" in text else text
    if text == PICTURE:
        return Value(None, raw, "unreadable", ("image",))
    if _DAMAGE.search(text):
        return Value(None, raw, "garbled")
    text, marked = _without_marks(text)
    if _ENUMERATOR.search(text):
        return Value(None, raw, "text")
    text = fold(text.replace("\t", "\n"))  # a tab separates cells, so it never groups digits
    return _unfilled(raw, _compact(text), kind) or _filled(raw, text, kind, unit, marked=marked)


def _compact(text: str) -> str:
    return "".join(text.split())


def _without_marks(text: str) -> tuple[str, bool]:
    """Text without footnote marks behind it, and whether there were any."""
    marks = _words().marks.search(text)
    if marks is None or not marks.start() or not marks[0].strip():
        return text, False
    return text[: marks.start()], True


def _unfilled(raw: str, compact: str, kind: CellKind) -> Value | None:
    """The value of a cell that states no figure by blank, mark or word; None for any other cell."""
    if not compact:
        return Value(None, raw, "blank")
    words = _words()
    word = compact.strip(_BRACKETS + _STOPS).lower()
    if not word or words.placeholder.fullmatch(word):
        return Value(None, raw, "placeholder")
    status = words.statuses.get(compact.lower()) or words.statuses.get(word)
    if status is None and kind == "signed" and word in words.no_change:
        status = "placeholder_none"
    if status is None and not word.strip("#"):
        status = "garbled"
    if status is not None:
        return Value(None, raw, status)
    if word in words.units:
        return Value(None, raw, "blank", ("unit_only",), unit=word)
    if word == "一":  # as often a dash as the numeral
        return Value(None, raw, "ambiguous", ("cjk_numeral",), candidates=(1, None))
    return None


def _filled(raw: str, text: str, kind: CellKind, unit: str | None, *, marked: bool) -> Value:
    """The value of a cell that says something: a figure where all of it is understood."""
    words = _words()
    split = _without_note(text, kind)
    if split is None:
        return _leftover(raw, text, kind, unit)
    text, note = split
    if note not in {"", "annotated"}:
        return Value(None, raw, "text", (note,))
    text = _SPACED_GROUP.sub(",", text)
    printed = words.printed.fullmatch(_compact(text).rstrip(_STOPS))
    if printed is None:
        return _leftover(raw, text, kind, unit)
    value = _figure_value(raw, printed, kind, unit)
    if _GAP.search(text):
        offered = () if value.value is None else (value.value,)
        flag = "broken_digits" if offered else "several_numbers"
        return Value(None, raw, "garbled", (flag,), value.unit, offered)
    if value.value is not None and (note or marked):
        return replace(value, flags=(*value.flags, "annotated"))
    return value


def _without_note(text: str, kind: CellKind) -> tuple[str, str] | None:
    """Text without a note in brackets behind its figure, and what the note does.

    Returns:
        The text with ``annotated``, with ``""`` (no note, or one that is a unit or sign and now stands
        in the text), or with the flag of a note that takes the figure back; None when the brackets
        stand elsewhere.
    """
    opening = _OPENING.search(text)
    if opening is None:
        return text, ""
    words = _words()
    head, rest = text[: opening.start()], text[opening.end() :]
    closing = _CLOSING.match(rest)
    note = _compact(closing[0][:-1] if closing else rest).removeprefix(words.unit_label).lstrip(":")
    tail = _compact(rest[closing.end() :]).rstrip(_STOPS) if closing else ""
    if not head or (tail and tail not in words.units):
        return None
    if note in words.units:
        return head + note, ""
    if note in words.sign_words:
        return note + head, ""
    return head + tail, _note_flag(note, kind)


def _note_flag(note: str, kind: CellKind) -> str:
    """What a note does to the figure before it: nothing (``annotated``), or it takes it back."""
    words = _words()
    if note in words.estimates or words.approximate.fullmatch(note):
        return "approximate"
    if kind == "signed" and any(word in note for word in words.sign_words):
        return "sign_word"
    if kind == "decimal" and "元" in note and not _RUN.search(note):
        return "unit_conflict"
    return "annotated"


def _figure_value(raw: str, printed: re.Match[str], kind: CellKind, unit: str | None) -> Value:
    """Sign, figure and unit of one fully understood cell, weighed against what the column may hold."""
    words = _words()
    figure, problem = _figure(printed["figure"])
    sign = printed["sign"] or ""
    if sign and sign not in words.sign_words and not printed["figure"].isascii():
        problem = "malformed"  # a dash before 一 is a longer dash
    if problem:
        return Value(None, raw, "garbled", (problem,), printed["unit"])
    if kind != "signed" and sign in words.sign_words:
        return Value(None, raw, "text", ("sign_word",), printed["unit"])
    if kind != "signed" and sign in words.minus and not figure:
        return Value(None, raw, "garbled", ("negative",), printed["unit"], (0,))
    flags = _sign_flags(sign, kind)
    if sign in words.minus:
        figure = -figure
    value = _with_unit(raw, figure, printed, kind, unit)
    if value.value is None:
        return value
    if abs(value.value) >= _LIMIT:
        return Value(None, raw, "garbled", ("too_long",), value.unit)
    flags = (*flags, *value.flags)
    if figure and not printed["figure"].isascii():
        flags = (*flags, "cjk_numeral")
    if kind != "decimal" and isinstance(value.value, float):
        flags = (*flags, "non_integer")
    return replace(value, flags=flags)


def _sign_flags(sign: str, kind: CellKind) -> tuple[str, ...]:
    words = _words()
    if sign in words.sign_words:
        return ("sign_word",)
    if not sign or kind == "signed":
        return ()
    return ("negative",) if sign in words.minus else ("plus_sign",)


def _with_unit(raw: str, figure: Decimal, printed: re.Match[str], kind: CellKind, unit: str | None) -> Value:
    """The figure in the unit of its column; a v1 amount, whose column has none, stays as printed."""
    words, name, currency = _words(), printed["unit"], bool(printed["currency"])
    if kind != "decimal":
        return _counted(raw, figure, name, currency=currency)
    if name is not None and name not in words.money:
        return Value(None, raw, "text", ("unit_conflict",), name)
    if unit is None:
        name = name or ("元" if currency else None)
        return Value(_number(figure), raw, "number", () if name or not figure else ("unit_unknown",), name)
    base = words.money[unit]
    if name is not None:
        flag = "unit_repeated" if words.money[name] == base else "unit_converted"
        return Value(_number(figure * words.money[name] / base), raw, "number", (flag,), name)
    if currency and figure:  # ¥ may mean 元, or go with the unit of the head
        offered = (_number(figure), _number(figure / base))
        return Value(None, raw, "ambiguous", ("unit_unknown",), None, offered)
    return Value(_number(figure), raw, "number")


def _counted(raw: str, figure: Decimal, name: str | None, *, currency: bool) -> Value:
    words = _words()
    if name in words.scaled or (name in {"万", "亿"} and not currency):
        return Value(None, raw, "text", ("approximate",), name)
    if currency or (name is not None and name not in words.counts):
        return Value(None, raw, "text", ("unit_conflict",), name)
    return Value(_number(figure), raw, "number", ("unit_suffix",) if name else (), name)


def _number(figure: Decimal) -> Number:
    return int(figure) if figure == figure.to_integral_value() else float(figure)


def _figure(printed: str) -> tuple[Decimal, str | None]:
    """The exact figure, or zero and the reason why there is none."""
    nothing = Decimal(0)
    if not printed.isascii():
        count = _numeral(printed)
        return (nothing, "malformed") if count is None else (Decimal(count), None)
    if not (_UNGROUPED.fullmatch(printed) or _GROUPED.fullmatch(printed)):
        return nothing, "leading_zeros" if re.match("0[0-9]", printed) else "malformed"
    plain = printed.replace(",", "")
    if len(plain.replace(".", "").strip("0")) > _MAX_DIGITS or len(plain.partition(".")[0]) > _MAX_DIGITS:
        return nothing, "too_long"
    return Decimal(plain), None


def _numeral(printed: str) -> int | None:
    """A Chinese numeral up to 9999, or None unless it is spelt as that number is spelt."""
    text = printed.translate(_PLAIN_NUMERALS)
    number, digit = 0, 0
    for character in text:
        if character in _SCALES:
            number, digit = number + (digit or 1) * _SCALES[character], 0
        else:
            digit = _DIGITS.index(character)
    number += digit
    spelt = _spelt(number)
    return (
        number if text in {spelt, spelt.removeprefix("一") if spelt.startswith("一十") else spelt} else None
    )


def _spelt(number: int) -> str:
    """A number up to 9999 in Chinese, ten as 一十; empty beyond."""
    if not 0 < number <= _MAX_NUMERAL:
        return "" if number else "零"
    text = ""
    for scale, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // scale % 10
        if digit:
            text += _DIGITS[digit] + name
        elif text and not text.endswith("零") and number % scale:
            text += "零"
    return text


def _leftover(raw: str, text: str, kind: CellKind, unit: str | None) -> Value:
    """The value of a cell that is not one plain figure: null, with the reason."""
    words, compact = _words(), _compact(text).rstrip(_STOPS)
    bounded = words.approximate.sub("", compact, count=2)
    if bounded != compact and words.printed.fullmatch(bounded):
        return Value(None, raw, "text", ("approximate",))
    corrected = compact.translate(words.lookalikes)
    lookalike = words.printed.fullmatch(corrected) if corrected != compact else None
    if lookalike:
        meant = _figure_value(raw, lookalike, kind, unit)
        offered = () if meant.value is None else (meant.value,)
        return Value(None, raw, "garbled", ("lookalike",), meant.unit, offered)
    runs = _RUN.findall(compact)
    flags = ("several_numbers",) if len(runs) > 1 else ()
    wordy = any(character.isalpha() for character in compact)
    return Value(None, raw, "text" if wordy or not runs else "garbled", flags)
