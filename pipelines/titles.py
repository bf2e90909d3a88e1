"""What a title says: whose report, on which year, and whether it can be one at all.

A title is the cheapest and most telling evidence, and the most misleading: the words that betray an
infographic or a filing notice also stand inside the names of bodies (国家新闻出版署, 审计局). So the
title is taken apart first, and only what is left beside the name is judged. All wording is in
``pipelines/data/titles.toml``.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

from pipelines.normalise import squeeze

MAX_LENGTH: Final = 300
"""Longer "titles" are body text that went astray; the rest is not looked at."""

YEAR_MARK: Final = "§"
_SPACE = re.compile(r"[\s\u200b-\u200f\u2028\u2029\u2060\ufeff]+")
_WIDE = r"\u3000-\u303f\u4e00-\u9fff\uff00-\uffef0-9"
_SPACE_AMONG_WIDE = re.compile(rf"(?<=[{_WIDE}]) (?=[{_WIDE}A-Z])|(?<=[{_WIDE}A-Z]) (?=[{_WIDE}])")
_WIDE_DIGITS = "０１２３４５６７８９"
_CITATION = re.compile(r"[〔\[(【]20\d\d[〕\])】]第?\d{1,5}号")
_DATE = re.compile(r"20\d\d(?:年\d{1,2}月(?:\d{1,2}日)?|[-/.]\d{1,2}[-/.]\d{1,2}(?!\d))")
_RANGE = re.compile(r"20\d\d年?度?[-–—~至到](?:20)?\d\d(?:年度?|学年)?")
_YEAR = re.compile(r"(?<!\d)(?:20\d\d(?!\d)|二[〇○零0Oo][〇○零0-9一二三四五六七八九]{2})(?:年度|年|度)?")
_DIGITS = str.maketrans("〇○零Oo一二三四五六七八九", "00000123456789")
_BRACKETED = re.compile(r"[(\[【]([^()\[\]【】]*)[)\]】]")
_EDGES = "《》<>〈〉【】[]“”\"'‘’「」,，.。;；:：、·•*#=~ "
_WIDE_BRACKETS = str.maketrans("()", "（）")
_ROUND: Final = ("()", "[]", "【】", "〔〕")
_QUOTES: Final = ("《》", "〈〉", "<>", "“”", "「」")
FROM_TEXT: Final = "title_from_text"
"""Flag of a title that is nowhere printed as one: the text of the report tells it."""
_ANNOUNCED_IN: Final = 3_000
_CUT: Final = ("…", "..")


def is_cut(text: str) -> bool:
    """Whether a list shows only the beginning of a title."""
    return text.rstrip().endswith(_CUT)


def adds_nothing(shown: str, own: str) -> bool:
    """Whether a row shows the title that a page gives itself, with nothing but the row's decorations around it."""
    row, title = squeeze(shown), squeeze(own)
    before, found, after = row.partition(title)
    beside = _lexicon().words["beside"]
    says = (rule.match.search(before + after) for rule in _lexicon().rules["flag"])
    return bool(title and found and beside.fullmatch(before) and beside.fullmatch(after)) and not any(says)


def compact(text: str) -> str:
    """Text without white space; folded only where wide digits would hide a figure.

    Full normalisation of a whole page costs more than reading it; patterns on compact text have to accept
    both forms of punctuation.
    """
    text = unspaced(text)
    return squeeze(text) if has_wide_digit(text) else text


def unspaced(text: str) -> str:
    """Text without white space, otherwise as it is."""
    return "".join(text.split())


def has_wide_digit(text: str) -> bool:
    """Whether a full-width digit stands in the text."""
    return any(digit in text for digit in _WIDE_DIGITS)


@dataclass(frozen=True, slots=True)
class Title:
    """A title taken apart.

    Attributes:
        text: the title as published, white space folded, name of the site taken off.
        core_found: whether it names the annual report on information disclosure.
        agency: what is left without year and core: the name as printed, perhaps relative
            (市人民政府办公室), or None.
        year: the year it names, or None.
        flags: ``image``, ``pdf``, ``word``, ``superlink``, ``attachment``, ``correction``, ``draft``,
            ``letter`` (a letter around the report), ``weak_core`` (政务公开 in place of 政府信息公开),
            ``several_years``, ``year_range``, ``aggregate`` (全市 and the like in place of a name),
            ``title_from_text`` (told in a sentence of the text only).
        refused: code of the reason why a page of this title is no report (``reasons.toml``), or None.
    """

    text: str
    core_found: bool = False
    agency: str | None = None
    year: int | None = None
    flags: tuple[str, ...] = ()
    refused: str | None = None


class _Rule(NamedTuple):
    code: str
    match: re.Pattern[str]
    unless: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class _Lexicon:
    core: re.Pattern[str]
    foreign: re.Pattern[str]
    part_year: re.Pattern[str]
    letter: re.Pattern[str]
    letter_tail: re.Pattern[str]
    announced: re.Pattern[str]
    rules: dict[str, tuple[_Rule, ...]]
    words: dict[str, re.Pattern[str]]


@cache
def _lexicon() -> _Lexicon:
    data: dict[str, Any] = tomllib.loads(files("pipelines.data").joinpath("titles.toml").read_text("utf-8"))
    core, letter, announced = data["core"], data["letter"], data["announced"]
    strong, plain = "|".join(core["strong"]), "|".join(core["plain"])
    return _Lexicon(
        core=re.compile(
            rf"(?P<subject>{core['subject']})(?:(?:{strong})|(?P<plain>{plain}))|(?P<weak>{core['weak']})"
        ),
        foreign=re.compile(core["foreign"]),
        part_year=re.compile(core["part_year"]),
        letter=re.compile(letter["lead"]),
        letter_tail=re.compile(letter["tail"]),
        announced=re.compile(
            rf"(?P<lead>{announced['lead']})《?(?P<title>{announced['title']})(?P<after>{announced['after']})?"
        ),
        rules={
            kind: tuple(
                _Rule(r["code"], re.compile(r["match"]), re.compile(r["unless"]) if "unless" in r else None)
                for r in data[kind]
            )
            for kind in ("head", "tail", "other", "flag")
        },
        words={name: re.compile(pattern) for name, pattern in data["words"].items()},
    )


def parse_title(text: str) -> Title:
    """Take a title apart.

    Args:
        text: the title as found; line breaks, site names and labels may still be in it.

    Returns:
        What it says; never raises. A title without the core phrase has ``core_found=False`` and, where it
        names another kind of page, ``refused``.
    """
    return _parse_title(text[:MAX_LENGTH])


@lru_cache(maxsize=1024)
def _parse_title(text: str) -> Title:
    printed = _fold(text)
    plain = squeeze(printed)
    lexicon = _lexicon()
    plain = lexicon.words["decoration"].sub("", lexicon.words["label"].sub("", plain))
    if cut := lexicon.words["cut"].search(plain):
        plain = plain[: cut.start()]
    plain = _without_column(plain, lexicon)
    marked, years, year_flags = _mark_years(plain)
    segment = _segment(marked, lexicon)
    core = _core(segment, lexicon)
    shown = _shown(printed, segment, marked)
    if core is None:
        refused = _of_cut(marked, lexicon) if is_cut(text) else _other(marked, lexicon)
        return Title(shown, year=years[0] if len(set(years)) == 1 else None, refused=refused)
    first = marked.index(segment)
    around = _around(marked[:first], marked[first + len(segment) :], lexicon)
    before = marked[:first].count(YEAR_MARK)
    years = years[before : before + segment.count(YEAR_MARK)]
    return _taken_apart(shown, segment, core, years, year_flags=year_flags, around=around)


def announced_title(text: str) -> Title | None:
    """The title that a report gives itself in its text (现将…年度报告公布如下), if it names a body there.

    Args:
        text: the beginning of the report, without space.

    Returns:
        The first such title, flagged ``title_from_text``; None where there is none.
    """
    for match in _lexicon().announced.finditer(text[:_ANNOUNCED_IN]):
        if match["lead"] == "现将" and match["after"] is None:
            continue
        title = parse_title(match["title"])
        if title.core_found and title.agency and title.refused is None:
            return replace(title, flags=(*title.flags, FROM_TEXT))
    return None


def _around(before: str, after: str, lexicon: _Lexicon) -> str | None:
    """The reason to refuse that stands beside the title itself: "图解 | …", "… - 解读"."""
    parts = lexicon.words["separator"].split(f"{before}|{after}")
    return next(filter(None, (_retold(part, lexicon) for part in parts)), None)


def _without_column(text: str, lexicon: _Lexicon) -> str:
    """Text without (政府信息公开年报) before it: a core phrase in front of the title's own."""
    column = lexicon.words["opening_bracket"].match(text)
    if column is None or _core(column[1], lexicon) is None or _core(text[column.end() :], lexicon) is None:
        return text
    return text[column.end() :]


def _fold(text: str) -> str:
    """Fold white space; no space among wide characters, where a line break means nothing."""
    return _SPACE_AMONG_WIDE.sub("", _SPACE.sub(" ", text).strip())


def _mark_years(text: str) -> tuple[str, list[int], tuple[str, ...]]:
    text = text.replace(YEAR_MARK, "")
    if "20" not in text and "二" not in text:
        return text, [], ()
    text = _DATE.sub("", _CITATION.sub("", text))
    text, ranges = _RANGE.subn("", text)
    years: list[int] = []

    def mark(match: re.Match[str]) -> str:
        digits = match[0].rstrip("年度").translate(_DIGITS)
        years.append(int(digits))
        return YEAR_MARK

    return _YEAR.sub(mark, text), years, ("year_range",) if ranges else ()


def _segment(text: str, lexicon: _Lexicon) -> str:
    """The part that holds the report's title, where names of column and site hang on with a separator.

    A page title is often "title - column - site": of several parts with a core phrase the first that also
    names somebody or a year is meant. A separator inside the title itself leaves no such part, then
    the text stays whole.
    """
    parts = [part for part in lexicon.words["separator"].split(text) if part]
    if len(parts) < 2:  # noqa: PLR2004
        return text
    with_core = [(part, core) for part in parts if (core := _core(part, lexicon)) is not None]
    for part, core in with_core:
        if core.start() > 0 or YEAR_MARK in part:
            return part
    return with_core[0][0] if with_core else text


def _core(text: str, lexicon: _Lexicon) -> re.Match[str] | None:
    for match in lexicon.core.finditer(text):
        plain_needs = match["plain"] is None or "政府" in match["subject"] or "工作" in match["subject"]
        if plain_needs:
            return match
    return None


def _shown(printed: str, segment: str, marked: str) -> str:
    if segment == marked:
        return printed
    parts = _lexicon().words["separator"].split(printed)
    return next((p.strip() for p in parts if p and _mark_years(squeeze(p))[0] == segment), printed)


def _other(text: str, lexicon: _Lexicon) -> str | None:
    other = (rule.code for rule in lexicon.rules["other"] if rule.match.search(text))
    return _retold(text, lexicon) or next(other, None)


def _of_cut(text: str, lexicon: _Lexicon) -> str | None:
    """The reason to refuse a title whose end is missing: the head of a notice, or a topic behind the year.

    Before the year its words may be the name of a body: 综合行政执法局.
    """
    _, year, behind = text.rpartition(YEAR_MARK)
    astray = _leads_astray(text, lexicon)
    if astray not in (None, "news"):
        return astray
    return _other(behind, lexicon) if year else None


def _retold(text: str, lexicon: _Lexicon) -> str | None:
    """Whether the words begin a retelling of a report: an infographic, an interpretation."""
    code = _leads_astray(text, lexicon)
    return code if code in ("infographic", "interpretation") else None


def _leads_astray(text: str, lexicon: _Lexicon) -> str | None:
    """Code of the first head rule that the words hit."""
    lead = text.replace(YEAR_MARK, "").strip(_EDGES)
    return next((rule.code for rule in lexicon.rules["head"] if rule.match.search(lead)), None)


def _taken_apart(
    shown: str,
    text: str,
    core: re.Match[str],
    years: list[int],
    *,
    year_flags: tuple[str, ...],
    around: str | None,
) -> Title:
    lexicon = _lexicon()
    head, tail = text[: core.start()], text[core.end() :]
    flags = [*year_flags]
    if core["weak"]:
        flags.append("weak_core")
    if len(set(years)) > 1:
        flags.append("several_years")
    year = _year_of(text, core, years)

    letter = lexicon.letter.search(head)
    if letter and lexicon.letter_tail.search(tail.strip(_EDGES)):
        flags.append("letter")
        tail = ""
        inner = _agency(head[letter.end() :], lexicon)
        head = head[letter.end() :] if inner else head[: letter.start()]

    named, tail = _bracketed_agency(tail, lexicon)
    flags += [rule.code for rule in lexicon.rules["flag"] if tail and rule.match.search(tail)]
    astray = _leads_astray(head, lexicon)
    known = lexicon.words["made_known"].search(head)
    subject = _agency(head[known.end() :], lexicon) if known else None
    by = _agency(head[: known.start()] if known else head, lexicon)
    agency = (subject if astray == "notice" else None) if astray else subject or by or named
    if lexicon.words["aggregate"].match(head.replace(YEAR_MARK, "")):
        flags.append("aggregate")
    return Title(
        text=shown,
        core_found=True,
        agency=agency,
        year=year,
        flags=tuple(dict.fromkeys(flags)),
        refused=_blank_form(tail, lexicon) or astray or around or _refused(tail, core, agency, text),
    )


def _blank_form(tail: str, lexicon: _Lexicon) -> str | None:
    """A notice that makes the form of the report known says so behind the core; no body outweighs that."""
    template = next(rule for rule in lexicon.rules["tail"] if rule.code == "template")
    return template.code if tail and template.match.search(tail) else None


def _year_of(text: str, core: re.Match[str], years: list[int]) -> int | None:
    """The year nearest to the core phrase: in it, else the last before it, else the first after it."""
    if not years:
        return None
    until_core = text[: core.end()].count(YEAR_MARK)
    return years[until_core - 1] if until_core else years[0]


def _agency(head: str, lexicon: _Lexicon) -> str | None:
    name = head.replace(YEAR_MARK, "").replace("()", "").replace("[]", "").strip()
    while column := lexicon.words["opening_bracket"].match(name):
        name = (column[1] if lexicon.words["body"].search(column[1]) else "") + name[column.end() :]
    name = name.strip(_EDGES)
    name = name.rsplit(":", 1)[-1].removeprefix("关于").removesuffix("关于").removesuffix("的").strip(_EDGES)
    half = len(name) // 2
    if half > 1 and name[:half] == name[half:]:
        name = name[:half]
    name = lexicon.words["territory"].sub("", _balanced(name))
    if name.endswith("人民"):
        name += "政府"
    if not name or lexicon.words["nobody"].search(name):
        return None
    return name.translate(_WIDE_BRACKETS)


def _balanced(name: str) -> str:
    """The part of a name that no bracket without its partner cuts off."""
    for opening, closing in (*_ROUND, *_QUOTES):
        surplus = name.count(opening) - name.count(closing)
        if surplus > 0 and opening + closing in _ROUND:
            name = name[: name.rindex(opening)]
        elif surplus > 0:
            name = name[name.rindex(opening) + 1 :]
        elif surplus < 0:
            name = name[name.rindex(closing) + 1 :] or name[: name.index(closing)]
    return name.strip(_EDGES)


def _bracketed_agency(tail: str, lexicon: _Lexicon) -> tuple[str | None, str]:
    """A body named in brackets after the core, and the tail without it."""
    for match in _BRACKETED.finditer(tail):
        if lexicon.words["body"].search(match[1]):
            return match[1], tail[: match.start()] + tail[match.end() :]
    return None, tail


def _refused(tail: str, core: re.Match[str], agency: str | None, text: str) -> str | None:
    lexicon = _lexicon()
    for rule in lexicon.rules["tail"] if tail else ():
        if rule.match.search(tail) and not (rule.unless and rule.unless.search(tail)):
            return rule.code
    if lexicon.part_year.search(text):
        return "part_year"
    if agency and lexicon.foreign.search(agency):
        return "other_regime"
    institution = (
        agency is not None
        and "政府" not in (core["subject"] or "")
        and lexicon.words["institution"].search(agency)
        and not lexicon.words["not_institution"].search(agency)
    )
    return "public_institution" if institution or "学年" in text else None
