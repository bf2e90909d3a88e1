"""Lists that come as JSON from no known system: the rows are the longest array of objects that have titles.

Names of fields differ from system to system, but only so much; counters stand beside the array or above it. A row
without an address cannot be asked for: it is left out, and the total says that it is missing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from crawler.platforms.base import Entry, Listing
from crawler.platforms.rows import numbered
from crawler.webpage import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crawler.webpage import Fetch, WebPage

_DATA: Final = re.compile(r"\s*;?\s*(?:[\w.$]{1,60}\s*\(\s*)?[{\[]")
_TITLE: Final = re.compile(r"(?:doc|article|info|news)?_?(?:sub)?_?title|name", re.IGNORECASE)
ADDRESS: Final = re.compile(r"\w{0,12}(?:url|link|href)", re.IGNORECASE)
"""Names of fields that hold the address of a row."""
_DATE: Final = re.compile(
    r"(?:publish|pub|write|open|release|display|show)\w{0,4}_?(?:date|time)|date|time", re.IGNORECASE
)
_TOTAL: Final = re.compile(
    r"(?:total|count)(?:_?(?:count|elements|num|number|records?|rows?))?", re.IGNORECASE
)
_PAGES: Final = re.compile(r"total_?pages?(?:num)?|page_?(?:count|total)|pages", re.IGNORECASE)
_PAGE: Final = re.compile(
    r"(?<![A-Za-z])(?:page(?:_?(?:no|num|index|number))?|curr?(?:ent)?(?:_?page)?)=(\d{1,5})(?!\d)",
    re.IGNORECASE,
)
_TAG: Final = re.compile(r"<[^<>]{0,200}>")
_MAX_LEVELS: Final = 6
_MAX_ROWS: Final = 5_000
_MAX_COUNTER: Final = 9_999_999


def read(page: WebPage) -> Listing | None:
    """The list in a JSON answer; None if the answer is no JSON, or holds no list with titles."""
    if not _DATA.match(page.text):
        return None
    try:
        data = page.data
    except (ValueError, RecursionError):
        return None
    best = max(_arrays(data, {}), key=lambda found: len(found[1]), default=None)
    if best is None:
        return None
    holder, records = best
    total, pages = _counter(holder, _TOTAL), _counter(holder, _PAGES)
    if pages is None and total is not None and page.asked.page == 1:
        pages = -(-total // len(records))
    return Listing(
        entries=tuple(entry for record in records if (entry := _row(page, record)) is not None),
        declared=total,
        pages=pages,
        more=_following(page, pages),
    )


def _arrays(
    data: Any, above: Mapping[str, Any], level: int = 0
) -> Iterator[tuple[Mapping[str, Any], list[dict[str, Any]]]]:
    """Arrays of objects with titles, each with the plain fields beside it and above it."""
    if level > _MAX_LEVELS:
        return
    if isinstance(data, list):
        records = [one for one in data[:_MAX_ROWS] if isinstance(one, dict) and _first(one, _TITLE)]
        if records:
            yield above, records
    elif isinstance(data, dict):
        beside = {**above, **{name: value for name, value in data.items() if isinstance(value, int | str)}}
        for value in data.values():
            yield from _arrays(value, beside, level + 1)


def _row(page: WebPage, record: Mapping[str, Any]) -> Entry | None:
    url = page.join(_first(record, ADDRESS))
    title = _first(record, _TITLE)
    return Entry(url, fold(_TAG.sub("", title)), _first(record, _DATE)) if url and title else None


def _first(record: Mapping[str, Any], names: re.Pattern[str]) -> str | None:
    return next(
        (
            value
            for name, value in record.items()
            if isinstance(value, str) and value.strip() and names.fullmatch(name)
        ),
        None,
    )


def _counter(holder: Mapping[str, Any], names: re.Pattern[str]) -> int | None:
    found = (str(value) for name, value in holder.items() if names.fullmatch(name))
    return next((int(one) for one in found if one.isdecimal() and len(one) <= len(str(_MAX_COUNTER))), None)


def _following(page: WebPage, pages: int | None) -> tuple[Fetch, ...]:
    """Further pages, where the address that was asked counts them."""
    match = _PAGE.search(page.asked.url)
    if match is None or pages is None or page.asked.page > 1 or page.asked.method != "GET":
        return ()
    head, tail = page.asked.url[: match.start(1)], page.asked.url[match.end(1) :]
    offset = int(match[1]) - 1
    return numbered(2, pages, lambda at: f"{head}{at + offset}{tail}", page.asked.base)
