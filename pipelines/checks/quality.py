"""The report as a piece of work: sections, years, form, residue. One rule is one function.

These rules speak of text that may have been read in part, so each holds back where the text is short
or stands elsewhere (an image, an attachment): a finding must be true of the report, not of our reading.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from pipelines.record import Message
from pipelines.rules import finding, rule
from pipelines.statutory.templates import VERSIONS, Version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pipelines.checks.context import CheckContext
    from pipelines.record import Finding

ELSEWHERE: Final = frozenset({"image", "pdf", "word", "attachment"})
"""Marks of a title that say that the text is not on the page."""

ORDINALS: Final = "一二三四五六七八九"


def quality(context: CheckContext) -> Iterator[Finding]:
    """Findings of all ``QL`` rules."""
    text = "\n".join(context.paragraphs)
    for the_rule in QUALITY:
        yield from the_rule(context, text)


def residue(_context: CheckContext, text: str) -> Iterator[Finding]:
    """``QL.RESIDUE``: words of the empty form, or its placeholders, were left standing."""
    words = rule("QL.RESIDUE").parameters
    found = [word for word in words["words"] if word in text]
    if any(mark in text for mark in words["marks"]):
        found += dict.fromkeys(_pattern(words["filler"]).findall(text))
    if found:
        yield finding("QL.RESIDUE", actual="、".join(found))


def sections(context: CheckContext, _text: str) -> Iterator[Finding]:
    """``QL.SECTIONS``: a section is missing, misnumbered, or merged with another."""
    known = rule("QL.SECTIONS").parameters
    numbers = {section.number for section in context.sections} - {None}
    if len(numbers) < known["at_least"] or not ELSEWHERE.isdisjoint(context.title_flags):
        return
    titles = {section.title[: known["heading_limit"]]: section.number for section in context.sections}
    absent = {entry["number"]: entry for entry in known["sections"] if entry["number"] not in numbers}
    if absent:
        yield from _absent_sections(context, titles, absent)
    misnumbered = {title: n for title, n in titles.items() if n and _ordinal(title) not in (None, n)}
    if misnumbered:
        yield finding(
            "QL.SECTIONS",
            variant="misnumbered",
            actual="、".join(misnumbered),
            expected="、".join(map(str, misnumbered.values())),
        )


@lru_cache(maxsize=1024)
def _ordinal(title: str) -> int | None:
    """The number printed before a heading; None if it has none."""
    printed = _pattern(rule("QL.SECTIONS").parameters["ordinal"]).match(title)
    return ORDINALS.index(printed[1]) + 1 if printed else None


def _absent_sections(
    context: CheckContext, titles: Iterable[str], absent: Mapping[int, Mapping[str, str]]
) -> Iterator[Finding]:
    """Of the sections without a heading of their own: those merged into another, and those missing."""
    known = rule("QL.SECTIONS").parameters
    merged = {
        title: numbers
        for title in titles
        if (numbers := {n for n, entry in absent.items() if _pattern(entry["match"]).search(title)})
    }
    if merged:
        yield finding("QL.SECTIONS", variant="merged", actual="、".join(merged))
    labels = context.templates.model_dump()
    there = {n for table, n in known["tables"].items() if labels[table] not in ("none", "legacy")}
    missing = [
        absent[n]["title"]
        for n in sorted(absent.keys() - there.union(*merged.values()))
        if not _has_heading(context.paragraphs, absent[n]["match"], known["heading_limit"])
    ]
    if missing:
        yield finding("QL.SECTIONS", actual="、".join(missing))


def _has_heading(paragraphs: Iterable[str], match: str, limit: int) -> bool:
    return any(len(paragraph) <= limit and _pattern(match).search(paragraph) for paragraph in paragraphs)


def years(context: CheckContext, _text: str) -> Iterator[Finding]:
    """``QL.YEAR``: title, period, text and publication disagree on the year."""
    known: Mapping[str, Mapping[str, str]] = rule("QL.YEAR").parameters["reasons"]
    reasons = [known[code] for code in context.year_conflicts]
    if reasons:
        yield finding(
            "QL.YEAR",
            expected=context.year,
            actual=", ".join(context.year_conflicts),
            reasons=Message(
                zh="、".join(reason["zh"] for reason in reasons),
                en="; ".join(reason["en"] for reason in reasons),
            ),
        )


def template(context: CheckContext, text: str) -> Iterator[Finding]:
    """``QL.TEMPLATE``: the former form from FY2021 on, or another form than the one notice cited.

    Table 4 is the same in both forms and proves nothing.
    """
    known = rule("QL.TEMPLATE").parameters
    labels = {"proactive": context.templates.proactive, "applications": context.templates.applications}
    if context.year is not None and context.year >= known["v2_from"]:
        former = [table for table, label in labels.items() if label in ("v1", "mixed")]
        if former:
            yield finding(
                "QL.TEMPLATE",
                expected="v2",
                actual=labels[former[0]],
                year=context.year,
                tables=_table_names(former),
            )
            return
    cited: list[Version] = [version for version in VERSIONS if _pattern(known["cited"][version]).search(text)]
    if len(cited) != 1:
        return
    other = VERSIONS[1 - VERSIONS.index(cited[0])]
    differing = [table for table, label in labels.items() if label == other]
    if differing:
        yield finding(
            "QL.TEMPLATE",
            variant="cited",
            expected=known["notices"][cited[0]],
            actual=known["notices"][other],
            tables=_table_names(differing),
        )


def _table_names(names: Iterable[str]) -> Message:
    printed = [rule("QL.TEMPLATE").parameters["tables"][name] for name in names]
    return Message(zh="、".join(name["zh"] for name in printed), en=", ".join(name["en"] for name in printed))


def section_5(context: CheckContext, _text: str) -> Iterator[Finding]:
    """``QL.SEC5``: the section on problems and improvements says next to nothing.

    Unnumbered parts that follow it belong to it.
    """
    length: int | None = None
    for section in context.sections:
        if section.number == 5:  # noqa: PLR2004  its ordinal in the form
            length = (length or 0) + _length(section.text)
        elif section.number is None and length is not None:
            length += _length(section.title) + _length(section.text)
        elif length is not None:
            break
    at_least: int = rule("QL.SEC5").parameters["at_least"]
    if length is not None and length < at_least and ELSEWHERE.isdisjoint(context.title_flags):
        yield finding("QL.SEC5", expected=at_least, actual=length)


def _length(text: str) -> int:
    return len("".join(text.split()))


def assessment(context: CheckContext, text: str) -> Iterator[Finding]:
    """``QL.ART50_4``: a government's report without assessment, appraisal or accountability results."""
    known = rule("QL.ART50_4").parameters
    if context.agency.kind != "gov" or len(text) < known["at_least"]:
        return
    if not any(word in text for word in known["words"]):
        yield finding("QL.ART50_4")


def generic(_context: CheckContext, text: str) -> Iterator[Finding]:
    """``QL.GENERIC``: much said of bodies in general, no figure, and never a word of this body itself."""
    known = rule("QL.GENERIC").parameters
    own = any(word in text for word in known["own_words"]) or _pattern(known["own"]).search(text)
    if len(text) < known["length"] or own:
        return
    phrases = _pattern(known["generic"]).findall(text)
    if len(phrases) >= known["at_least"]:
        yield finding("QL.GENERIC", actual=len(phrases), example=phrases[0])


@cache
def _pattern(expression: str) -> re.Pattern[str]:
    return re.compile(expression)


QUALITY: Final[tuple[Callable[[CheckContext, str], Iterator[Finding]], ...]] = (
    residue,
    sections,
    years,
    template,
    section_5,
    assessment,
    generic,
)
"""All ``QL`` rules, in the order of their findings."""
