"""Which year a report is about.

The title says it, else the statistical period, else the year that section 1 speaks of most. Never the
address, never the day of publication, never the number of a notice (〔2021〕30号): the first are one year
late by law (Regulation art. 49), the last is the same in every report.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from pipelines.titles import FROM_TEXT, compact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.titles import Title

YearFrom = Literal["title", "period", "body"]

FIRST_YEAR: Final = 2008
"""The Regulation came into force on 1 May 2008; the first reports are on that year."""

_LOOK_AT: Final = 8_000
"""Section 1 is to stay under 1,000 characters; the period stands before or in it."""

_PERIOD = re.compile(
    r"(20\d\d)年度?0?1月0?1日(?:起|开始|以来)?[,，、]?(?:截?至|到|截止到?|[-—–~～]+)(?:(20\d\d)年度?|当年|同年|本年)?12月31日"
)
_PERIOD_OF_DATA = re.compile(r"统计|数据|期限|时限|时段|报告期|年度报告|所列")
_REACH: Final = 40

# The look-behind stands after the literal so that the literal can be searched for.
_YEAR = re.compile(r"20(?<!\d20)\d\d年(?!\d{1,2}月|第?\d{1,5}号)")
_BEFORE = re.compile(r"(?:[较比同与自从去]|上年|20\d\d年?[-—–~～至到])$")
_AFTER = re.compile(r"度?[-—–~～至到]20\d\d")
_QUOTED: Final = 80
_SECTION_1 = re.compile(r"一[、.．,，]?(?:总体|基本|工作|概述|信息公开)")
_SECTION_2 = re.compile(r"二[、.．,，]?(?:行政机关)?主动公开")
_PUBLISHED = re.compile(r"(20\d\d)\D{1,2}(\d{1,2})?")


@dataclass(frozen=True, slots=True)
class Year:
    """The year reported on.

    Attributes:
        year: the year, or None.
        from_: which evidence decided.
        conflicts: for the rule ``QL.YEAR``: ``title_period``, ``title_body``, ``period_body`` (two kinds of
            evidence name different years), ``period_span`` (a period over several years),
            ``title_years`` (several in the title), ``body_tie`` (no year leads in the text),
            ``published_before_end`` (published before the year was over),
            ``published_later`` (only the text names the year, and the day of publication speaks for another).
    """

    year: int | None
    from_: YearFrom | None
    conflicts: tuple[str, ...] = ()


def report_year(title: Title, paragraphs: Sequence[str], published: str | None) -> Year:
    """Decide the year: title, then statistical period, then the commonest year of section 1.

    Args:
        title: the title taken apart.
        paragraphs: the text outside the tables, in order.
        published: day of publication as printed or ISO 8601; only to cross-check.
    """
    text = compact("\n".join(paragraphs)[:_LOOK_AT])
    period, span = _period(text)
    body, mentions = _commonest(text)
    dominant = body if mentions > 1 else None
    conflicts = []
    if "several_years" in title.flags:
        conflicts.append("title_years")
    if span:
        conflicts.append("period_span")
    if title.year and period and title.year != period:
        conflicts.append("title_period")
    if title.year and dominant and title.year != dominant:
        conflicts.append("title_body")
    if not title.year and period and dominant and period != dominant:
        conflicts.append("period_body")
    told = FROM_TEXT in title.flags
    year, from_ = _first(None if told else title.year, period, (told and title.year) or body)
    if year is None and mentions:
        conflicts.append("body_tie")
    conflicts += _published(year, from_, published)
    return Year(year, from_, tuple(conflicts))


def _first(title: int | None, period: int | None, body: int | None) -> tuple[int | None, YearFrom | None]:
    if title:
        return title, "title"
    if period:
        return period, "period"
    return (body, "body") if body else (None, None)


def _period(text: str) -> tuple[int | None, bool]:
    """The statistical period, and whether the only one found spans several years."""
    stated: list[tuple[int, int]] = []
    other: list[tuple[int, int]] = []
    for match in _PERIOD.finditer(text):
        begin = int(match[1])
        years = (begin, int(match[2] or begin))
        near = text[max(0, match.start() - _REACH) : match.start()]
        (stated if _PERIOD_OF_DATA.search(near) else other).append(years)
    whole = {begin for begin, end in stated or other if begin == end}
    if len(whole) == 1:
        return whole.pop(), False
    return None, bool(stated)


def _commonest(text: str) -> tuple[int | None, int]:
    """The year that section 1 (else the whole text) names most, and how often; no year when two are level."""
    mentions = 0
    for part in (_section_1(text), text):
        counts = Counter(year for year in _mentioned(part) if year >= FIRST_YEAR)
        ranked = counts.most_common(2)
        if ranked and (len(ranked) == 1 or ranked[0][1] > ranked[1][1]):
            return ranked[0]
        mentions = ranked[0][1] if ranked else mentions
    return None, mentions


def _mentioned(text: str) -> Iterator[int]:
    """Years that the text speaks of: not in a quoted title, a date, a document number, a range or a comparison."""
    for match in _YEAR.finditer(text):
        before = text[max(0, match.start() - _QUOTED) : match.start()]
        quoted = before.rfind("《") > before.rfind("》")
        if not quoted and not _BEFORE.search(before[-6:]) and not _AFTER.match(text, match.end()):
            yield int(match[0][:4])


def _section_1(text: str) -> str:
    begin = _SECTION_1.search(text)
    start = begin.start() if begin else 0
    end = _SECTION_2.search(text, start)
    return text[start : end.start() if end else None]


def _published(year: int | None, from_: YearFrom | None, published: str | None) -> list[str]:
    match = _PUBLISHED.search(published or "")
    if year is None or match is None:
        return []
    if int(match[1]) <= year:
        return ["published_before_end"]
    first_half = match[2] is not None and int(match[2]) <= 6  # noqa: PLR2004
    if from_ == "body" and first_half and int(match[1]) - 1 != year:
        return ["published_later"]
    return []
