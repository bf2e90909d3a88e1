"""Printed dates to ISO 8601 (+08:00), with the precision that was printed and no more.

Strict patterns read the forms that portals print. Only a short text that fits none of them goes to
dateparser, and its answer counts only when year, month and day all stand in the text.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from pipelines.normalise import fold

CHINA_TIME: Final = timezone(timedelta(hours=8))
YEARS: Final = range(1990, 2101)

_CAP: Final = 160
_LAST_RESORT_CAP: Final = 40
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DIGITS: Final = str.maketrans("〇○零OoОоΟο一二三四五六七八九", "000000000123456789")

_DASH: Final = r"[-‐‑‒–—―/.]"
_NUMERAL: Final = "[元正一二三四五六七八九十廿]{1,3}"
_TIME: Final = (
    r"(?:[\sT,]*(?P<half>上午|下午|中午|晚上|凌晨|早上|[AP]M(?![A-Z]))?\s*"
    r"(?P<hour>[0-9]{1,2})(?:[:时点]\s*(?P<minute>[0-9]{1,2})(?:[:分]\s*(?:(?P<second>[0-9]{1,2})秒?)?)?)(?![0-9])"
    r"(?:[.,][0-9]{1,9})?(?:\s*(?P<after>[AP]M)(?![A-Z]))?"
    r"\s*(?P<zone>Z(?![A-Z])|(?:GMT|UTC)?[+-][0-9]{1,2}:?(?:[0-9]{2})?|GMT|UTC|CST)?)?"
)
_WEEKDAY: Final = r"(?:[\s,(]*(?:星期|周|礼拜)[一二三四五六日天][\s,)]*)?"
_PATTERNS: Final = tuple(
    re.compile(pattern + _WEEKDAY + _TIME, re.IGNORECASE)
    for pattern in (
        # 2026-01-13, 2026/1/13, 2026.01.13
        rf"(?<![0-9.])(?<![0-9][-/])(?P<year>[0-9]{{4}})\s?(?P<dash>{_DASH})\s?(?P<month>[0-9]{{1,2}})\s?"
        rf"(?P=dash)\s?(?P<day>[0-9]{{1,2}})(?![0-9]|{_DASH}[0-9])日?",
        # 2026年1月13日, 二〇二六年一月十三日; without 日 only at the end
        r"(?<![0-9〇○零一二三四五六七八九])(?P<year>[0-9〇○零OoОоΟο一二三四五六七八九]{4})\s*年\s*"
        rf"(?P<month>[0-9]{{1,2}}|{_NUMERAL})\s*月\s*(?P<day>[0-9]{{1,2}}(?:\s*[日号]|\s*$)|{_NUMERAL}\s*[日号])",
    )
)
_MONTH_ONLY: Final = re.compile(
    r"(?<![0-9〇○零一二三四五六七八九])(?P<year>[0-9〇○零OoОоΟο一二三四五六七八九]{4})\s*年\s*"
    rf"(?P<month>[0-9]{{1,2}}|{_NUMERAL})\s*月(?:份|\s*$|(?!\s*[0-9一二三四五六七八九十廿]))"
)
# Forms that are a date only when nothing else is printed.
_WHOLE: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
        r"(?:(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})?)?",
        rf"(?P<year>[0-9]{{4}}){_DASH}(?P<month>[0-9]{{1,2}})",
        rf"(?:[a-z]{{3}},\s*)?(?P<day>[0-9]{{1,2}})[ -](?P<month>[a-z]{{3}})[ -](?P<year>[0-9]{{4}}){_TIME}",
        r"(?:[a-z]{3}\s+)?(?P<month>[a-z]{3})\s+(?P<day>[0-9]{1,2})\s+(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
        r":(?P<second>[0-9]{2})\s+(?P<zone>GMT|UTC|CST)\s+(?P<year>[0-9]{4})",
    )
)
_DAY_OR_MONTH_FIRST: Final = re.compile(rf"([0-9]{{1,2}})({_DASH})([0-9]{{1,2}})\2([0-9]{{4}})")
_LABEL: Final = re.compile(r"[^0-9:]{1,16}:\s*")
_OFFSET: Final = re.compile(r"([+-])([0-9]{1,2}):?([0-9]{2})?$")


def parse_date(text: str) -> str | None:
    """A printed date as ISO 8601, or None.

    ``2026-01-13 16:13`` gives ``2026-01-13T16:13:00+08:00``, ``2026年1月13日`` gives ``2026-01-13``,
    ``2026年1月`` gives ``2026-01``; a time with another offset is converted. A year alone is no date.
    None too for two different dates, impossible ones, years outside 1990 to 2100, and forms that leave
    open which number is the day.
    """
    text = fold(text[:_CAP])
    if not any(character in "12一二" for character in text):
        return None
    printed = _LABEL.sub("", text, count=1) if _LABEL.match(text) else text
    found = [_iso(match) for pattern in _PATTERNS for match in pattern.finditer(text)]
    if found:
        return _agreed(found)
    for pattern in _WHOLE:
        match = pattern.fullmatch(printed)
        if match:
            return _iso(match)
    months = [_iso(match) for match in _MONTH_ONLY.finditer(text)]
    return _agreed(months) if months else _day_or_month_first(printed)


def _agreed(found: list[str | None]) -> str | None:
    """The most precise of several readings when all name the same moment."""
    longest = max((iso or "" for iso in found), key=len)
    return longest or None if all(iso and longest.startswith(iso) for iso in found) else None
