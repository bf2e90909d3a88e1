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
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from pydantic import TypeAdapter

from pipelines.record import Fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipelines.record import Number, Section
    from pipelines.rules import Language

Qualifier = Literal["exact", "at_least", "about", "at_most"]
_Kind = Literal["number", "zero", "quote", "period", "percent"]
_Stated = dict[str, Any]
"""A fact before it is one: they are built all at once, which is much faster."""
_FACTS: Final = TypeAdapter(list[Fact])

SENTENCE_LENGTH: Final = 500
"""Longest sentence that patterns run on; longer ones are read in pieces."""
_WRAPPED_LINE: Final = 18
_STOPS: Final = "。！？"
_NUMERALS: Final = "零〇一二两三四五六七八九十百"
_NUMBERED: Final = re.compile(rf"[\d{_NUMERALS[1:]}千](?:(?<=\d)|[余多]?[件条份次场期个])")
_KINDS: Final[tuple[_Kind, ...]] = ("zero", "quote", "period", "percent")
_YEAR: Final = re.compile("2[0０][0-9０-９]{2}")
_SCALES: Final[Mapping[str, int]] = {"百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}
_DIGITS: Final[Mapping[str, int]] = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_TENS: Final[Mapping[str, int]] = {"十": 10, "百": 100}
_NUMBER: Final = (
    rf"(?<!\d )(?:\d{{1,3}}(?:,\d{{3}}){{1,3}}(?!\d)|\d{{1,9}}(?:\.\d{{1,6}})?|[{_NUMERALS}]{{1,6}})"
)
_PERCENT: Final = r"\d{1,3}(?:\.\d{1,4})?)[%％]"
_FULL_WIDTH: Final = str.maketrans("０１２３４５６７８９．", "0123456789.")
_LABEL: Final = re.compile(r"[^：:，。]{2,8}[：:]")
_NEXT_YEAR: Final = re.compile(r"下一?步|今后|下一?阶段|将(?!近)")
_PROBLEMS: Final = 5
_SHARE: Final = "_share"
_FRONT: Final = (1, 6)
"""Sections that may carry what usually stands in the preamble."""
_OFFICES: Final = ("办公厅", "办公室", "政府办")
_GOVERNMENTS: Final = ("政府", "省", "市", "县", "区", "管委会", "管理委员会")


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    pattern: re.Pattern[str]
    triggers: tuple[str, ...]
    kind: _Kind
    context: re.Pattern[str] | None
    guard: re.Pattern[str] | None
    guard_sentence: re.Pattern[str] | None
    barred: re.Pattern[str] | None
    near: bool
    own: bool
    whole: bool
    preamble: bool
    channel: str | None
    unit: str | None
    statement: str | None
    shares: bool
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Rules:
    """All rules. Sets of them are integers: bit ``i`` stands for ``facts[i]``."""

    facts: tuple[_Rule, ...]
    wordy: int
    preamble: int
    scan: re.Pattern[str]
    triggers: Mapping[str, int]
    hidden: Mapping[str, tuple[str, ...]]
    qualifiers: Mapping[str, Qualifier]
    channels: re.Pattern[str]
    office: re.Pattern[str]
    unit: re.Pattern[str]
    improvements: re.Pattern[str]
    item: re.Pattern[str]

    def triggered(self, text: str) -> int:
        """The rules that a sentence without spaces may match."""
        found = 0
        for word in set(self.scan.findall(text)):
            found |= self.triggers[word]
            for other in self.hidden.get(word, ()):
                if other in text:
                    found |= self.triggers[other]
        return found

    def members(self, of: int) -> Iterator[_Rule]:
        """The rules of a set, in order."""
        while of:
            yield self.facts[(of & -of).bit_length() - 1]
            of &= of - 1


class _Body(NamedTuple):
    """The body that reports, and the year it reports on."""

    year: int | None
    office: bool
    government: bool


@dataclass(slots=True)
class _Sentence:
    """One sentence: as printed, without spaces, and what must be known to judge it."""

    printed: str
    text: str
    before: str
    earlier: str
    contexts: dict[tuple[str, bool], bool] = field(default_factory=dict)
    media: list[tuple[int, str]] | None = None

    def speaks_of(self, context: re.Pattern[str], *, near: bool) -> bool:
        """Whether it has one of these words or, with ``near``, one of the two sentences before it has."""
        key = context.pattern, near  # a compiled pattern is slow to hash
        if key not in self.contexts:
            before = _squeeze(self.earlier + self.before) if near else ""
            self.contexts[key] = context.search(before + self.text) is not None
        return self.contexts[key]

    def channels(self) -> list[tuple[int, str]]:
        """Where the sentence names which medium."""
        if self.media is None:
            self.media = _named_channels(self.text)
        return self.media

    def year_before(self, stop: int) -> int | None:
        """The last year named before an index."""
        at = stop + 1
        while (at := self.text.rfind("年", 0, at)) >= 0:
            if year := _YEAR.fullmatch(self.text, max(0, at - 4), at):
                return int(year[0])
        return None


class Quantity(NamedTuple):
    """A printed number: its value, what kind of bound it is, and its unit."""

    value: Number
    qualifier: Qualifier
    unit: str | None


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files("pipelines.data").joinpath("facts.toml").read_text("utf-8"))


@cache
def _rules() -> _Rules:
    data = _data()
    facts = tuple(_rule(entry, data) for entry in data["facts"])
    triggers: dict[str, int] = {}
    for number, rule in enumerate(facts):
        for word in rule.triggers:
            triggers[word] = triggers.get(word, 0) | 1 << number
    words = sorted(triggers, key=len, reverse=True)
    return _Rules(
        facts=facts,
        wordy=sum(1 << i for i, rule in enumerate(facts) if rule.kind in ("zero", "quote")),
        preamble=sum(1 << i for i, rule in enumerate(facts) if rule.preamble),
        scan=re.compile("|".join(map(re.escape, words))),
        triggers=triggers,
        hidden={word: hidden for word in words if (hidden := tuple(_hidden_by(word, words)))},
        qualifiers={word: name for name, words in data["qualifiers"].items() for word in words},
        channels=re.compile("|".join(f"(?P<{name}>{words})" for name, words in data["channels"].items())),
        office=re.compile(data["guards"]["office"]),
        unit=re.compile(data["guards"]["unit"]),
        improvements=re.compile(data["items"]["improvements"]),
        item=re.compile(data["items"]["item"]),
    )


def _hidden_by(word: str, words: Iterable[str]) -> Iterator[str]:
    """The words that a scan misses where it finds this one: those inside it, those that begin in its end."""
    for other in words:
        if other != word and (other in word or any(word.endswith(other[:n]) for n in range(1, len(other)))):
            yield other


def _rule(entry: Mapping[str, Any], data: Mapping[str, Any]) -> _Rule:
    def optional(key: str) -> re.Pattern[str] | None:
        return re.compile(entry[key]) if key in entry else None

    kind: _Kind = next((kind for kind in _KINDS if entry.get(kind)), "number")
    quoted = kind in ("quote", "period") and entry["name"] != "disputes.outcome"
    plan, year = data["guards"]["plan"], data["guards"]["year"]
    pattern = re.compile(_expand(entry["pattern"], data))
    return _Rule(
        name=entry["name"],
        pattern=pattern,
        triggers=tuple(entry["triggers"]),
        kind=kind,
        context=optional("context"),
        guard=optional("guard"),
        guard_sentence=optional("guard_sentence"),
        barred=None if quoted else re.compile(plan if entry.get("prior") else f"{plan}|{year}"),
        near=entry.get("near", False),
        own=entry.get("own", False),
        whole=entry.get("whole", False),
        preamble=entry.get("preamble", False) or entry.get("contact", False),
        channel=entry.get("channel"),
        unit=entry.get("unit"),
        statement=entry.get("statement"),
        shares="p2" in pattern.groupindex,
        keys=entry.get("keys", {}),
    )


def _expand(pattern: str, data: Mapping[str, Any]) -> str:
    words = sorted((w for words in data["qualifiers"].values() for w in words), key=len, reverse=True)
    before = "|".join(map(re.escape, words))
    # The first look spares the many alternatives wherever no quantity can begin.
    begins = rf"(?=[\d达{_NUMERALS}{''.join(sorted({word[0] for word in words}))}])"
    for unit, units in data["units"].items():
        quantity = (
            rf"{begins}(?P<q>{before}|达)?(?P<n>{_NUMBER})(?P<m>[余多])?(?P<s>[万亿千百])?(?P<m2>[余多])?"
            rf"(?P<u>{units})(?P<a>以上|左右|上下)?"
        )
        pattern = pattern.replace(f"<Q:{unit}>", quantity)
    return pattern.replace("<P>", f"(?P<p>{_PERCENT}").replace("<P2>", f"(?P<p2>{_PERCENT}")


def fact_label(name: str, language: Language) -> str:
    """What a fact is called, e.g. ``requests.new`` → 新收申请.

    Raises:
        KeyError: no fact has that name.
    """
    labels: Mapping[str, Mapping[str, str]] = _data()["labels"]
    count = name.removesuffix(_SHARE)
    label = labels[count][language]
    return label if count == name else labels["share"][language].format(label)


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
    printed, scale, unit, *marks = match.group("n", "s", "u", "q", "m", "m2", "a")
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
    text = "\n".join(_unwrap(paragraphs))
    for stop in _STOPS:
        text = text.replace(stop, stop + "\n")
    for sentence in text.split("\n"):
        if sentence in _STOPS:
            continue
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
        if (
            line
            and len(held) >= _WRAPPED_LINE
            and held[-1] not in "。！？；：.!?;:”）)"
            and line[0] not in "（(一二三四五六"
            and not (held[-1].isdigit() and line[0].isdigit())
            and not _LABEL.match(held)
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
    parts = text.split()
    if len(parts) < 2:  # noqa: PLR2004 - one word
        return text
    joined = parts[0]
    for part in parts[1:]:
        joined += f" {part}" if joined[-1].isdecimal() and part[0].isdecimal() else part
    return joined


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
    facts: dict[tuple[object, ...], _Stated] = {}
    for fact in _all_stated(sections, preamble_paragraphs, year, agency or ""):
        facts.setdefault((fact["name"], fact["value"], fact["qualifier"]), fact)
    return _FACTS.validate_python(list(facts.values()))


def _all_stated(
    sections: Sequence[Section], preamble: Sequence[str], year: int | None, agency: str
) -> Iterator[_Stated]:
    body = _Body(year, agency.endswith(_OFFICES), agency.endswith(_GOVERNMENTS))
    yield from _stated(preamble, body, front=True)
    for section in sections:
        front, problems = section.number in _FRONT, section.number == _PROBLEMS
        yield from _stated(section.text.split("\n"), body, front=front, problems=problems)
    for section in sections:
        if section.number == _PROBLEMS or (section.number is None and "问题" in section.title):
            yield from _items(section.text)


def _stated(
    paragraphs: Sequence[str], body: _Body, *, front: bool, problems: bool = False
) -> Iterator[_Stated]:
    rules = _rules()
    earlier = before = previous = ""
    for printed in _sentences(paragraphs):
        earlier, before, previous = before, previous, printed
        text = _squeeze(printed)
        triggered = rules.triggered(text)
        if not front:
            triggered &= ~rules.preamble
        if triggered and not _NUMBERED.search(text):
            triggered &= rules.wordy
        if not triggered or (problems and _NEXT_YEAR.search(text)):
            continue
        sentence = _Sentence(printed, text, before, earlier)
        for rule in rules.members(triggered):
            for match in rule.pattern.finditer(text):
                if _applies(rule, sentence, match, body):
                    yield from _facts_from(rule, sentence, match)


def _applies(rule: _Rule, sentence: _Sentence, match: re.Match[str], body: _Body) -> bool:
    if rule.context is not None and not sentence.speaks_of(rule.context, near=rule.near):
        return False
    if rule.guard_sentence is not None and rule.guard_sentence.search(sentence.text):
        return False
    if rule.barred is None:
        return rule.guard is None or not rule.guard.search(match[0])
    text, start = sentence.text, match.start()
    segment = max(text.rfind("；", 0, start), text.rfind(";", 0, start)) + 1
    clause = max(
        segment,
        text.rfind("，", segment, start) + 1,
        text.rfind("：", segment, start) + 1,
        text.rfind(",", segment, start) + 1,
    )
    said = text[clause : match.end()]
    return not (
        (body.year is not None and sentence.year_before(start) not in (None, body.year))
        or rule.barred.search(said)
        or (rule.guard is not None and rule.guard.search(said))
        or (rule.whole and "其中" in text[segment:start])
        or (rule.own and not _is_own(text[segment:start], text[clause:start], body))
        or (rule.channel is not None and _channel(sentence, match, near=rule.near) != rule.channel)
    )


def _is_own(subject: str, nearest: str, body: _Body) -> bool:
    """Whether the subject before a number is the body that reports, as far as the text tells.

    Args:
        subject: the text before the number up to the last semicolon.
        nearest: the text before the number up to the last comma.
        body: the body that reports.
    """
    rules = _rules()
    if rules.office.search(subject):
        return body.office
    return not (body.government and rules.unit.search(nearest))


def _channel(sentence: _Sentence, match: re.Match[str], *, near: bool) -> str | None:
    """The medium that a number belongs to: the last one named, if its clause names no second one."""
    text = sentence.text
    named = [(at, kind) for at, kind in sentence.channels() if at < match.end()]
    if not named and near:
        text = _squeeze(sentence.before)
        named = _named_channels(text)
    if not named:
        return None
    last, kind = named[-1]
    clause = _after_last(text, "，,；;。", last)
    return kind if all(other == kind for at, other in named if at >= clause) else None


def _named_channels(text: str) -> list[tuple[int, str]]:
    return [(m.start(), str(m.lastgroup)) for m in _rules().channels.finditer(text)]


def _after_last(text: str, marks: str, stop: int) -> int:
    return max(text.rfind(mark, 0, stop) for mark in marks) + 1


def _facts_from(rule: _Rule, sentence: _Sentence, match: re.Match[str]) -> Iterator[_Stated]:
    printed = sentence.printed
    if rule.kind == "number":
        yield from _numbers(rule, sentence, match)
    elif rule.kind == "period":
        yield _fact(rule.name, _period(match), printed)
    elif rule.kind == "quote":
        yield _fact(rule.name, match["t"], printed)
    elif rule.kind == "percent":
        yield _fact(rule.name, _plain(Decimal(match["p"])), printed, "%")
    else:
        yield _fact(rule.name, 0, printed, rule.unit)
        if rule.statement:
            yield _fact(rule.statement, match[0], printed)


def _numbers(rule: _Rule, sentence: _Sentence, match: re.Match[str]) -> Iterator[_Stated]:
    quantity = _quantity(match)
    if quantity is None:
        return
    printed = sentence.printed
    name = rule.name + (_key(rule.keys, match["key"]) if rule.keys else "")
    yield _fact(name, quantity.value, printed, quantity.unit, quantity.qualifier)
    if rule.shares and (percent := match["p"] or match["p2"]):
        yield _fact(name + _SHARE, _plain(Decimal(percent)), printed, "%")
    if name == "proactive.total" and (parts := read_parts(sentence.text, match.end())):
        for label, part in parts.items:
            yield _fact("proactive.parts", part.value, label, part.unit, part.qualifier)


def _fact(
    name: str, value: Number | str, sentence: str, unit: str | None = None, qualifier: Qualifier = "exact"
) -> _Stated:
    return {"name": name, "value": value, "unit": unit, "qualifier": qualifier, "sentence": sentence}


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


def _items(text: str) -> Iterator[_Stated]:
    """Problems and improvements of section 5, where they are counted as 一是, 二是 and so on."""
    rules = _rules()
    turn = rules.improvements.search(text)
    at = turn.start() if turn else len(text)
    yield from _listed("problems", text[: _after_last(text, "。\n", at) if turn else at], rules.item)
    yield from _listed("improvements", text[at:], rules.item)


def _listed(name: str, text: str, item: re.Pattern[str]) -> Iterator[_Stated]:
    starts = [m.start() for m in item.finditer(text)]
    for start, end in pairwise([*starts, len(text)]):
        said = "".join(text[start:end].split("\n")).strip().rstrip("；;，,。")
        yield _fact(name, item.sub("", said, count=1), said)
