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
_NOON: Final = 12
_MAX_OFFSET: Final = timedelta(hours=14)

_DIGITS: Final = str.maketrans("〇○零OoОоΟο一二三四五六七八九", "000000000123456789")
_UNITS: Final = "一二三四五六七八九"
_TENS: Final = {"": 0, "十": 10, "二十": 20, "廿": 20, "三十": 30, "卅": 30}
_MONTH_NAMES: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMERALS: Final = (
    {tens + unit: ten + number for tens, ten in _TENS.items() for number, unit in enumerate(_UNITS, start=1)}
    | {tens: ten for tens, ten in _TENS.items() if tens}
    | {"元": 1}
    | {month: number for number, month in enumerate(_MONTH_NAMES, start=1)}
)

_DASH: Final = r"[-‐‑‒–—―/.]"
_YEAR_CHARACTERS: Final = "0-9〇○零OoОоΟο一二三四五六七八九"
_YEAR: Final = rf"(?<![{_YEAR_CHARACTERS}])(?P<year>[{_YEAR_CHARACTERS}]{{4}})\s*年\s*"
_NUMERAL: Final = "[元一二三四五六七八九十廿卅]{1,3}"
_MONTH: Final = rf"(?P<month>[0-9]{{1,2}}|{_NUMERAL})\s*月"
_WEEKDAY: Final = r"(?:[\s,(]*(?:星期|周|礼拜)[一二三四五六日天][\s,)]*)?"
_CLOCK: Final = r"(?P<hour>[0-9]{1,2})[:时点]\s?(?P<minute>[0-9]{2})(?:[:分]\s?(?:(?P<second>[0-9]{2})秒?)?)?"
_ZONE: Final = r"(?P<zone>(?i:Z(?![A-Z])|(?:GMT|UTC)?[+-][0-9]{1,2}:?(?:[0-9]{2})?(?![0-9:])|GMT|UTC|CST))"
_TIME: Final = (
    rf"(?:[\sTt,]*(?P<half>上午|下午|中午|晚上|凌晨|早上)?\s*{_CLOCK}(?![0-9])"
    rf"(?:[.,][0-9]{{1,9}})?\s*(?P<half_after>(?i:[AP]M(?![A-Z])))?\s*{_ZONE}?)?"
)

# The form of nearly every list and label block.
_PLAIN: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?: (?:[01][0-9]|2[0-3])(?::[0-5][0-9]){1,2})?")
_SEPARATED: Final = (
    rf"(?<![0-9.])(?<![0-9][-/])(?P<year>[0-9]{{4}})\s?(?P<dash>{_DASH})\s?(?P<month>[0-9]{{1,2}})\s?"
    rf"(?P=dash)\s?(?P<day>[0-9]{{1,2}})(?![0-9]|{_DASH}[0-9])日?"
)
# A day without 日 may be the first half of a broken one, unless the text or a time ends it.
_WORDED: Final = (
    rf"{_YEAR}{_MONTH}\s*(?P<day>[0-9]{{1,2}}(?:\s*[日号]|(?=\s*$|\s[0-9]{{1,2}}:))|{_NUMERAL}\s*[日号])"
)
_DAYS: Final = tuple(re.compile(pattern + _WEEKDAY + _TIME) for pattern in (_SEPARATED, _WORDED))
_MONTHS: Final = re.compile(rf"{_YEAR}{_MONTH}(?!\s*[0-9一二三四五六七八九十廿卅])")
# Forms that are a date only when nothing else but a label is printed.
_COMPACT: Final = (
    r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
    r"(?:(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})?)?"
)
_SURE_DAY: Final = r"(?P<day>1[3-9]|2[0-9]|3[01])"
_WHOLE: Final = tuple(
    re.compile(pattern)
    for pattern in (
        _COMPACT,
        rf"(?P<year>[0-9]{{4}}){_DASH}(?P<month>[0-9]{{1,2}})",
        rf"{_SURE_DAY}(?P<dash>{_DASH})(?P<month>[0-9]{{1,2}})(?P=dash)(?P<year>[0-9]{{4}}){_TIME}",
        rf"(?P<month>[0-9]{{1,2}})(?P<dash>{_DASH}){_SURE_DAY}(?P=dash)(?P<year>[0-9]{{4}}){_TIME}",
        rf"(?:[A-Za-z]{{3}},\s*)?(?P<day>[0-9]{{1,2}})[ -](?P<month>[A-Za-z]{{3}})[ -](?P<year>[0-9]{{4}}){_TIME}",
        rf"(?:[A-Za-z]{{3}} )?(?P<month>[A-Za-z]{{3}}) (?P<day>[0-9]{{1,2}}) {_CLOCK} {_ZONE} (?P<year>[0-9]{{4}})",
    )
)
_LABEL: Final = re.compile(r"[^0-9]{1,16}[:\s]\s*(?=[0-9])")
_UNTIL: Final = re.compile(r"\s*[起]?\s*(?:至|到|[-‐‑–—―~]{1,2})\s*[0-9一二三四五六七八九十次本今]")
_OFFSET: Final = re.compile(r"([+-])([0-9]{1,2}):?([0-9]{2})?$")
_SETTINGS: Final[dict[str, object]] = {
    "STRICT_PARSING": True,
    "DATE_ORDER": "YMD",
    "PARSERS": ["absolute-time"],
    "PREFER_LOCALE_DATE_ORDER": False,
}
_NUMBER: Final = re.compile(r"[0-9]+")
_YEAR_LIKE: Final = re.compile(r"[12一二][09OoОоΟο〇○零九]")
_UNKNOWN_FORM: Final = re.compile(r"[0-9]{4}(\W{1,3}|_)[0-9]{1,2}\1[0-9]{1,2}")


def parse_date(text: str) -> str | None:
    """A printed date as ISO 8601, or None.

    ``2026-01-13 16:13`` gives ``2026-01-13T16:13:00+08:00``, ``2026年1月13日`` gives ``2026-01-13``,
    ``2026年1月`` gives ``2026-01``; a time with another offset is converted, one that cannot be is left
    out. A year alone is no date. None too for several dates, a period, an impossible day, a year outside
    1990 to 2100, and forms that leave open which number is the day.
    """
    text = text.strip()
    if len(text) > _CAP:  # no date field; cutting it could cut a day in two
        return None
    text = " ".join(fold(text).split())
    if _PLAIN.fullmatch(text):
        return _plain(text)
    if not _YEAR_LIKE.search(text):
        return None
    found = [match for pattern in _DAYS for match in pattern.finditer(text)]
    if found:
        return _only(found)
    bare = text.strip("()[]【】 ")
    for printed in (bare, _LABEL.sub("", bare, count=1)):
        whole = next(filter(None, (pattern.fullmatch(printed) for pattern in _WHOLE)), None)
        if whole:
            return _iso(whole)
    found = list(_MONTHS.finditer(text))
    return _only(found) if found else _last_resort(bare)


def _plain(text: str) -> str | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.year not in YEARS:
        return None
    return f"{moment.isoformat()}+08:00" if " " in text else text


def _only(found: list[re.Match[str]]) -> str | None:
    """The most precise of several readings when all name the same moment."""
    if any(_UNTIL.match(match.string, match.end()) for match in found):
        return None
    readings = [_iso(match) or "" for match in found]
    longest = max(readings, key=len)
    return longest or None if all(reading and longest.startswith(reading) for reading in readings) else None


def _iso(match: re.Match[str]) -> str | None:
    """One matched date, or None when it is not in the calendar."""
    parts = match.groupdict()
    year, month = int(parts["year"].translate(_DIGITS)), _number(parts["month"])
    if year not in YEARS or month is None:
        return None
    try:
        day = date(year, month, 1 if "day" not in parts else _number(parts["day"].rstrip("日号 \n")) or 0)
    except ValueError:
        return None
    if "day" not in parts:
        return f"{year}-{month:02}"
    return (_moment(day, parts) if parts.get("hour") else None) or day.isoformat()


def _number(printed: str) -> int | None:
    return int(printed) if printed.isdigit() else _NUMERALS.get(printed.lower())


def _moment(day: date, parts: dict[str, str]) -> str | None:
    """Day and time in China, or None when the printed time says nothing certain."""
    hour = _hour(int(parts["hour"]), (parts.get("half") or parts.get("half_after") or "").upper())
    zone = _zone(parts.get("zone") or "")
    if "-" in (parts.get("zone") or "") and not parts["second"]:  # 08:00-12:00 is a span of time
        zone = None
    if hour is None or zone is None:
        return None
    try:
        moment = datetime(
            day.year, day.month, day.day, hour, int(parts["minute"]), int(parts["second"] or 0), tzinfo=zone
        )
        return moment.astimezone(CHINA_TIME).isoformat()
    except (ValueError, OverflowError):
        return None


def _hour(hour: int, half: str) -> int | None:
    """The hour of the day; None where the half contradicts it or leaves twelve open."""
    if not half or hour > _NOON:
        return None if half in {"AM", "上午", "早上", "凌晨"} else hour
    if hour == _NOON:
        return {"AM": 0, "PM": hour, "下午": hour, "中午": hour}.get(half)
    afternoon = half in {"PM", "下午", "晚上"} or (half == "中午" and hour < _NOON // 2)
    return hour + _NOON if afternoon else hour


def _zone(printed: str) -> timezone | None:
    """The offset printed behind a time; China's where none is, None where it is impossible."""
    offset = _OFFSET.search(printed)
    if offset is None:
        return UTC if printed.upper() in {"Z", "GMT", "UTC"} else CHINA_TIME
    sign, hours, minutes = offset.groups()
    ahead = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if ahead > _MAX_OFFSET:
        return None
    return timezone(-ahead if sign == "-" else ahead)


def _last_resort(text: str) -> str | None:
    """Rare separators and orders through dateparser, which must not add or choose anything."""
    if len(text) > _LAST_RESORT_CAP or not _UNKNOWN_FORM.fullmatch(text):
        return None
    import dateparser  # noqa: PLC0415  slow to import, hardly ever needed

    found = dateparser.parse(text, languages=["zh"], settings=_SETTINGS)
    if found is None or found.year not in YEARS:
        return None
    stated = [int(number) for number in _NUMBER.findall(text)]
    return found.date().isoformat() if stated == [found.year, found.month, found.day] else None
