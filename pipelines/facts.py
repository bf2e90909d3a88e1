"""Numbers that a report states in prose, each with the sentence that states it.

What is looked for stands in ``pipelines/data/facts.toml``; this file knows how to read a sentence: where
it begins and ends, what a printed quantity says (45.28万, 100余, 近30), which year and which body it
speaks of. Precision before recall: what may be something else is not a fact.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Literal

from pipelines.record import Fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipelines.record import Number, Section

Qualifier = Literal["exact", "at_least", "about", "at_most"]

SENTENCE_LENGTH: Final = 500
"""Longest sentence that patterns run on; longer ones are read in pieces."""
_WRAPPED_LINE: Final = 18
_SENTENCE: Final = re.compile(r"[^。！？\n]+[。！？]?")
_NUMBERED: Final = re.compile(r"\d|[〇一二两三四五六七八九十百千][余多]?[件条份次场期个]")
_WORDED: Final = re.compile("[未没无《]|不存在|均[获被为予维]")
_SPACE: Final = re.compile(r"(?<!\d)\s+|\s+(?!\d)")
_KINDS: Final[tuple[Literal["zero", "quote", "period", "percent"], ...]] = (
    "zero",
    "quote",
    "period",
    "percent",
)
_YEAR: Final = re.compile(r"(2[0０][0-9０-９]{2})年")
_SCALES: Final[Mapping[str, int]] = {"百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}
_DIGITS: Final[Mapping[str, int]] = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_TENS: Final[Mapping[str, int]] = {"十": 10, "百": 100}
_NUMBER: Final = r"\d{1,3}(?:,\d{3}){1,3}(?!\d)|\d{1,9}(?:\.\d{1,6})?|[零〇一二两三四五六七八九十百]{1,6}"
_PERCENT: Final = r"\d{1,3}(?:\.\d{1,4})?)[%％]"
_FULL_WIDTH: Final = str.maketrans("０１２３４５６７８９．", "0123456789.")
_LABEL: Final = re.compile(r"[^：:，。]{2,8}[：:]")
_NEXT_YEAR: Final = re.compile(r"下一?步|今后|下一?阶段|将(?!近)")
_PROBLEMS: Final = 5
_FRONT: Final = (1, 6)
"""Sections that may carry what usually stands in the preamble."""


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    pattern: re.Pattern[str]
    triggers: tuple[str, ...]
    kind: Literal["number", "zero", "quote", "period", "percent"]
    wordy: bool
    context: re.Pattern[str] | None
    guard: re.Pattern[str] | None
    guard_sentence: re.Pattern[str] | None
    near: bool
    own: bool
    whole: bool
    prior: bool
    preamble: bool
    channel: str | None
    unit: str | None
    statement: str | None
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Rules:
    facts: tuple[_Rule, ...]
    triggers: tuple[tuple[str, tuple[int, ...]], ...]
    wordy_triggers: tuple[tuple[str, tuple[int, ...]], ...]
    qualifiers: Mapping[str, Qualifier]
    channels: re.Pattern[str]
    other_year: re.Pattern[str]
    plan: re.Pattern[str]
    office: re.Pattern[str]
    unit: re.Pattern[str]
    improvements: re.Pattern[str]
    item: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The prose of one section, or of the preamble."""

    paragraphs: Sequence[str]
    section: int | None
    preamble: bool = False


@dataclass(slots=True)
class _Sentence:
    """One sentence: as printed, without spaces, and what must be known to judge it."""

    printed: str
    text: str
    previous: str
    earlier: str
    ahead: bool
    front: bool
    years: list[tuple[int, int]]
    media: list[tuple[int, str]] | None = None

    def channels(self) -> list[tuple[int, str]]:
        """Where the sentence names which medium."""
        if self.media is None:
            self.media = _named_channels(self.text)
        return self.media

    def year_before(self, stop: int) -> int | None:
        """The last year named before an index."""
        return next((year for at, year in reversed(self.years) if at < stop), None)

    def with_previous(self) -> str:
        """The sentence after the two before it."""
        return _squeeze(self.earlier + self.previous) + self.text


@dataclass(frozen=True, slots=True)
class Quantity:
    """A printed number: its value, what kind of bound it is, and its unit."""

    value: Number
    qualifier: Qualifier
    unit: str | None


@cache
def _rules() -> _Rules:
    data: dict[str, Any] = tomllib.loads(files("pipelines.data").joinpath("facts.toml").read_text("utf-8"))
    guards = data["guards"]
    channels = "|".join(f"(?P<{name}>{words})" for name, words in data["channels"].items())
    facts = tuple(_rule(entry, data) for entry in data["facts"])
    return _Rules(
        facts=facts,
        triggers=_triggers(enumerate(facts)),
        wordy_triggers=_triggers((i, rule) for i, rule in enumerate(facts) if rule.wordy),
        qualifiers={word: name for name, words in data["qualifiers"].items() for word in words},
        channels=re.compile(channels),
        other_year=re.compile(guards["year"]),
        plan=re.compile(guards["plan"]),
        office=re.compile(guards["office"]),
        unit=re.compile(guards["unit"]),
        improvements=re.compile(data["items"]["improvements"]),
        item=re.compile(data["items"]["item"]),
    )


def _triggers(facts: Iterable[tuple[int, _Rule]]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    found: dict[str, list[int]] = {}
    for number, rule in facts:
        for word in rule.triggers:
            found.setdefault(word, []).append(number)
    return tuple((word, tuple(numbers)) for word, numbers in found.items())


def _rule(entry: Mapping[str, Any], data: Mapping[str, Any]) -> _Rule:
    def optional(key: str) -> re.Pattern[str] | None:
        return re.compile(entry[key]) if key in entry else None

    kinds = [kind for kind in _KINDS if entry.get(kind)]
    kind = kinds[0] if kinds else "number"
    return _Rule(
        name=entry["name"],
        pattern=re.compile(_expand(entry["pattern"], data)),
        triggers=tuple(entry["triggers"]),
        kind=kind,
        wordy=kind in ("zero", "quote"),
        context=optional("context"),
        guard=optional("guard"),
        guard_sentence=optional("guard_sentence"),
        near=entry.get("near", False),
        own=entry.get("own", False),
        whole=entry.get("whole", False),
        prior=entry.get("prior", False),
        preamble=entry.get("preamble", False) or entry.get("contact", False),
        channel=entry.get("channel"),
        unit=entry.get("unit"),
        statement=entry.get("statement"),
        keys=entry.get("keys", {}),
    )


def _expand(pattern: str, data: Mapping[str, Any]) -> str:
    words = sorted((w for words in data["qualifiers"].values() for w in words), key=len, reverse=True)
    before = "|".join(map(re.escape, words))
    for unit, units in data["units"].items():
        quantity = (
            rf"(?P<q>{before}|达)?(?P<n>{_NUMBER})(?P<m>[余多])?(?P<s>[万亿千百])?(?P<m2>[余多])?"
            rf"(?P<u>{units})(?P<a>以上|左右|上下)?"
        )
        pattern = pattern.replace(f"<Q:{unit}>", quantity)
    return pattern.replace("<P>", f"(?P<p>{_PERCENT}").replace("<P2>", f"(?P<p2>{_PERCENT}")


def read_number(printed: str) -> Decimal | None:
    """The value of printed digits or of a Chinese numeral below 1,000; None if it is neither."""
    plain = printed.translate(_FULL_WIDTH).replace(",", "")
    if plain[:1].isdecimal():
        return Decimal(plain)
    if all(c in _DIGITS for c in plain):
        return Decimal(_DIGITS[plain]) if len(plain) == 1 else None
    total, digit = 0, 0
    for c in plain:
        if c in _DIGITS:
            digit = _DIGITS[c]
        elif c in _TENS:
            total += (digit or 1) * _TENS[c]
            digit = 0
        else:
            return None
    return Decimal(total + digit)


def _quantity(match: re.Match[str]) -> Quantity | None:
    printed, scale, unit = match.group("n", "s", "u")
    marks = match.group("q", "m", "m2", "a")
    qualifier: Qualifier = "exact"
    if any(marks):
        words = _rules().qualifiers
        qualifier = next((words[mark] for mark in marks if mark in words), "exact")
    if scale is None and unit != "万元" and printed.isdecimal():
        return Quantity(int(printed), qualifier, unit or None)
    value = read_number(printed)
    if value is None:
        return None
    value *= _SCALES.get(scale or "", 1)
    if unit == "万元":
        value, unit = value * 10_000, "元"
    if value != value.to_integral_value() and unit != "元":
        return None
    return Quantity(_plain(value), qualifier, unit or None)


def _plain(value: Decimal) -> Number:
    return int(value) if value == value.to_integral_value() else float(value)


def _sentences(paragraphs: Sequence[str]) -> Iterator[str]:
    """Sentences as printed; one that is too long for patterns comes in pieces."""
    for sentence in _SENTENCE.findall("\n".join(_unwrap(paragraphs))):
        start = 0
        while len(sentence) - start > SENTENCE_LENGTH:
            cut = max(sentence.rfind(mark, start + 1, start + SENTENCE_LENGTH) for mark in "；;，,") + 1
            cut = cut or start + SENTENCE_LENGTH
            yield sentence[start:cut]
            start = cut
        yield sentence[start:].strip()


def _unwrap(paragraphs: Sequence[str]) -> Iterator[str]:
    """Join lines that a page's width broke, so that sentences are whole."""
    held = ""
    for line in paragraphs:
        broken = (
            len(held) >= _WRAPPED_LINE and held[-1] not in "。！？；：.!?;:”）)" and not _LABEL.match(held)
        )
        if (
            broken
            and line
            and not (held[-1].isdigit() and line[0].isdigit())
            and line[0] not in "（(一二三四五六"
        ):
            held += line
            continue
        if held:
            yield held
        held = line
    if held:
        yield held


def _squeeze(text: str) -> str:
    """Drop spaces, but for those between digits, which may part two numbers."""
    return text if len(text.split(None, 1)) < 2 else _SPACE.sub("", text)  # noqa: PLR2004 - one word


def extract_facts(
    sections: Sequence[Section],
    preamble_paragraphs: Sequence[str],
    year: int | None,
    *,
    agency: str | None = None,
) -> list[Fact]:
    """The facts stated in the prose of one report.

    Args:
        sections: the report's sections, tables left out.
        preamble_paragraphs: what stands before the first section.
        year: the year reported on; sentences about other years state no facts.
        agency: name of the body that reports. What a government's office received is a fact of its own
            report only; without a name such a sentence states no fact.

    Returns:
        Facts in printed order, each once; names as in the data dictionary without the prefix ``facts.``.
    """
    facts: dict[tuple[str, object, str], Fact] = {}
    stretches = [_Stretch(preamble_paragraphs, None, preamble=True)]
    stretches += [_Stretch(section.text.split("\n"), section.number) for section in sections]
    for stretch in stretches:
        for fact in _stated(stretch, year, agency):
            facts.setdefault((fact.name, fact.value, fact.qualifier), fact)
    for section in sections:
        if section.number == _PROBLEMS or (section.number is None and "问题" in section.title):
            for fact in _items(section.text):
                facts.setdefault((fact.name, fact.value, ""), fact)
    return list(facts.values())


def _stated(stretch: _Stretch, year: int | None, agency: str | None) -> Iterator[Fact]:
    rules = _rules()
    earlier = before = previous = ""
    for printed in _sentences(stretch.paragraphs):
        earlier, before, previous = before, previous, printed
        if _NUMBERED.search(printed):
            triggers = rules.triggers
        elif _WORDED.search(printed):
            triggers = rules.wordy_triggers
        else:
            continue
        text = _squeeze(printed)
        numbers = sorted({number for trigger, those in triggers if trigger in text for number in those})
        if not numbers:
            continue
        ahead = stretch.section == _PROBLEMS and _NEXT_YEAR.search(text) is not None
        front = stretch.preamble or stretch.section in _FRONT
        years = [(m.start(), int(m[1])) for m in _YEAR.finditer(text)] if "年" in text else []
        sentence = _Sentence(printed, text, before, earlier, ahead, front, years)
        for number in numbers:
            yield from _read(rules.facts[number], sentence, year, agency)


def _read(rule: _Rule, sentence: _Sentence, year: int | None, agency: str | None) -> Iterator[Fact]:
    text = sentence.text
    if sentence.ahead or (rule.preamble and not sentence.front):
        return
    if rule.guard_sentence is not None and rule.guard_sentence.search(text):
        return
    if rule.context is not None and not rule.context.search(sentence.with_previous() if rule.near else text):
        return
    for match in rule.pattern.finditer(text):
        if _applies(rule, sentence, match, year, agency):
            yield from _facts_from(rule, sentence, match)


def _applies(
    rule: _Rule, sentence: _Sentence, match: re.Match[str], year: int | None, agency: str | None
) -> bool:
    if rule.kind in ("quote", "period") and rule.name != "disputes.outcome":
        return rule.guard is None or not rule.guard.search(match[0])
    rules, text, start = _rules(), sentence.text, match.start()
    clause_start = max(
        text.rfind("，", 0, start),
        text.rfind("；", 0, start),
        text.rfind("：", 0, start),
        text.rfind(",", 0, start),
        text.rfind(";", 0, start),
    )
    clause = text[clause_start + 1 : match.end()]
    segment = text[max(text.rfind("；", 0, start), text.rfind(";", 0, start)) + 1 : start]
    return not (
        (year is not None and sentence.year_before(start) not in (None, year))
        or (not rule.prior and rules.other_year.search(clause))
        or rules.plan.search(clause)
        or (rule.guard is not None and rule.guard.search(clause))
        or (rule.whole and "其中" in segment)
        or (rule.own and not _is_own(segment, text[clause_start + 1 : start], agency))
        or (rule.channel is not None and _channel(sentence, match, near=rule.near) != rule.channel)
    )


def _after_last(text: str, marks: str, stop: int) -> int:
    return max(text.rfind(mark, 0, stop) for mark in marks) + 1


def _is_own(subject: str, nearest: str, agency: str | None) -> bool:
    """Whether the subject before a number is the body that reports, as far as the text tells.

    Args:
        subject: the text before the number up to the last semicolon.
        nearest: the text before the number up to the last comma.
        agency: name of the body that reports, if known.
    """
    rules = _rules()
    if rules.office.search(subject):
        return agency is not None and agency.endswith(("办公厅", "办公室", "政府办"))
    if agency is not None and agency.endswith(("政府", "省", "市", "县", "区", "管委会", "管理委员会")):
        return not rules.unit.search(nearest)
    return True


def _channel(sentence: _Sentence, match: re.Match[str], *, near: bool) -> str | None:
    """The medium that a number belongs to: the last one named, if its clause names no second one."""
    text = sentence.text
    named = [(at, kind) for at, kind in sentence.channels() if at < match.end()]
    if not named and near:
        text = _squeeze(sentence.previous)
        named = _named_channels(text)
    if not named:
        return None
    last, kind = named[-1]
    clause = _after_last(text, "，,；;。", last)
    return kind if all(other == kind for at, other in named if at >= clause) else None


def _named_channels(text: str) -> list[tuple[int, str]]:
    return [(m.start(), str(m.lastgroup)) for m in _rules().channels.finditer(text)]


def _facts_from(rule: _Rule, sentence: _Sentence, match: re.Match[str]) -> Iterator[Fact]:
    printed = sentence.printed
    if rule.kind == "period":
        yield Fact(name=rule.name, value=_period(match), sentence=printed)
    elif rule.kind == "quote":
        yield Fact(name=rule.name, value=match["t"], sentence=printed)
    elif rule.kind == "percent":
        yield Fact(name=rule.name, value=_plain(Decimal(match["p"])), unit="%", sentence=printed)
    elif rule.kind == "zero":
        yield Fact(name=rule.name, value=0, unit=rule.unit, sentence=printed)
        if rule.statement:
            yield Fact(name=rule.statement, value=match[0], sentence=printed)
    else:
        yield from _numbers(rule, sentence, match)


def _numbers(rule: _Rule, sentence: _Sentence, match: re.Match[str]) -> Iterator[Fact]:
    quantity = _quantity(match)
    if quantity is None:
        return
    name = rule.name + (_key(rule.keys, match["key"]) if rule.keys else "")
    yield Fact(
        name=name,
        value=quantity.value,
        unit=quantity.unit,
        qualifier=quantity.qualifier,
        sentence=sentence.printed,
    )
    if "p" in match.re.groupindex and (percent := match["p"] or match["p2"]):
        yield Fact(name=f"{name}_share", value=_plain(Decimal(percent)), unit="%", sentence=sentence.printed)
    if name == "proactive.total" and (parts := read_parts(sentence.text, match.end())):
        for label, part in parts.items:
            yield Fact(
                name="proactive.parts",
                value=part.value,
                unit=part.unit,
                qualifier=part.qualifier,
                sentence=label,
            )


def _key(keys: Mapping[str, str], printed: str) -> str:
    if printed in keys:
        return keys[printed]
    if printed.endswith("部分公开"):
        return "granted_or_partly"
    return next(value for key, value in keys.items() if printed.startswith(key))


def _period(match: re.Match[str]) -> str:
    first, last = match["y1"], match["y2"] or match["y1"]
    return f"{first}-{int(match['m1']):02}-{int(match['d1']):02}/{last}-{int(match['m2']):02}-{int(match['d2']):02}"


# --- totals and their parts -------------------------------------------------------------------------

_PRINTED: Final = re.compile(r"\d{1,3}(?:,\d{3}){1,3}(?!\d)|\d{1,9}")
_WHEREOF: Final = re.compile(r"[，,；;（(：:]?(?:其中|分别[为是]|包括|含)[：:，,]?")
_BRACKETS: Final = re.compile(r"[（(][^（()）]{0,80}[)）]")
_PART: Final = re.compile(
    rf"(?P<q>约|近|超过|超|逾|达)?(?P<n>{_NUMBER})(?P<m>[余多])?(?P<s>[万亿千百])?(?P<m2>[余多])?"
    r"(?P<u>条|件|篇|份|个|项|则|起|次|期)(?P<a>以上|左右)?等?$"
)
_SOME: Final = re.compile(r"等(?:$|各类|方面|信息|内容)|主要")
_OTHERWISE: Final = re.compile(
    r"占|同比|较|被|采用|转载|阅读|点击|浏览|原创|首发|新增|办结|答复|累计|其中|平均"
)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a total consists of, as the same sentence lists it.

    Attributes:
        items: the item as printed and its number, in order.
        exhaustive: False where the list says itself that it names only some (等, 主要), or where an item
            carries no number.
        disjoint: False where an item counts the same things again (被采用, 同比, 办结 …).
    """

    items: tuple[tuple[str, Quantity], ...]
    exhaustive: bool
    disjoint: bool

    def total(self) -> Number | None:
        """The sum of the items if all are exact numbers."""
        if any(quantity.qualifier != "exact" for _, quantity in self.items):
            return None
        return sum(quantity.value for _, quantity in self.items)


def read_parts(text: str, start: int) -> Parts | None:
    """Read the list that follows a total: 其中，甲 3 条，乙 4 条 … up to the end of the sentence.

    Args:
        text: sentence without spaces.
        start: index right after the total's unit.
    """
    opening = _WHEREOF.match(text, start)
    if opening is None:
        return None
    stops = [at for mark in "。！？" if (at := text.find(mark, opening.end())) >= 0]
    listing = _BRACKETS.sub("", text[opening.end() : min(stops, default=len(text))])
    items: list[tuple[str, Quantity]] = []
    exhaustive = disjoint = True
    for item in re.split(r"[，,、；;]", listing.rstrip("）)")):
        match = _PART.search(item)
        quantity = _quantity(match) if match else None
        exhaustive = exhaustive and quantity is not None and not _SOME.search(item)
        disjoint = disjoint and not _OTHERWISE.search(item)
        if quantity is not None:
            items.append((item, quantity))
    return Parts(tuple(items), exhaustive, disjoint) if items else None


def parts_of(fact: Fact) -> Parts | None:
    """The parts that the fact's own sentence lists right after its number."""
    text = _squeeze(fact.sentence)
    for match in _PRINTED.finditer(text):
        end = match.end() + len(fact.unit or "")
        if read_number(match[0]) == fact.value and text[match.end() : end] == fact.unit:
            return read_parts(text, end)
    return None


def _items(text: str) -> Iterator[Fact]:
    """Problems and improvements of section 5, where they are counted as 一是, 二是 and so on."""
    rules = _rules()
    turn = rules.improvements.search(text)
    at = turn.start() if turn else len(text)
    yield from _listed("problems", text[: _after_last(text, "。\n", at) if turn else at], rules.item)
    yield from _listed("improvements", text[at:], rules.item)


def _listed(name: str, text: str, item: re.Pattern[str]) -> Iterator[Fact]:
    starts = [m.start() for m in item.finditer(text)]
    for start, end in pairwise([*starts, len(text)]):
        said = "".join(text[start:end].split("\n")).strip().rstrip("；;，,。")
        yield Fact(name=name, value=item.sub("", said, count=1), sentence=said)
