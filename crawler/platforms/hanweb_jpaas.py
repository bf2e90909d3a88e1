"""Lists of Hanweb's jpaas: parts of a page ("units") that a script asks for by the ids printed beside it.

``<script src="…/unitbuild.js" url="…/front/page/build/unit" queryData="{'webId':'…',…}">`` names the unit; the answer is
JSON with the markup. Later pages are asked with ``paramJson``, plain page numbers are ignored. A page may also hold
its first rows and a pager that states the ids and the counts (``rows``, ``count``, ``pageNo``).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from crawler.platforms import rows
from crawler.platforms.base import Listing
from crawler.webpage import Fetch, WebPage, absolute

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crawler.platforms.base import Entry

MAX_PAGES: Final = 1_000
_ENDPOINT: Final = "/front/page/build/unit"
_USUAL: Final = f"/api-gateway/jpaas-publish-server{_ENDPOINT}"
_MAX_UNITS: Final = 5
_NAMES: Final = ("parseType", "webId", "tplSetId", "pageType", "tagId", "editType", "pageId")
_NEEDED: Final = frozenset({"webId", "tplSetId", "pageId"})
_ELSEWHERE: Final = re.compile(
    r"导航|头部|底部|顶部|页眉|页脚|尾部|面包屑|当前位置|路径|菜单|轮播|友情|(?i:nav|head|foot|banner|menu|crumb)"
)
_FIELD: Final = re.compile(
    r"""["']?(\w{1,40})["']?\s*[:=]\s*(?:["']([^"'<>{}]{0,300})["']|(\d{1,9}|null)\b)"""
)
_LITERAL: Final = re.compile(
    r"""\b(webId|tplSetId|pageType|tagId|pageId|parseType)["']?\s*[:=]\s*["']([^"'<>{}]{1,200})["']"""
)
_COUNT: Final = re.compile(r"""\bcount["']?\s*[:=]\s*["']?(\d{1,7})\b""")
_TOTAL: Final = re.compile(
    r"""\btotal(?:count|num|rows?|records?)?["']?\s*[:=]\s*["']?(\d{1,7})\b""", re.IGNORECASE
)
_SIZE: Final = re.compile(r"""\b(?:rows|pageSize)["']?\s*[:=]\s*["']?(\d{1,4})\b""")
_HINT: Final = re.compile(r"jpaas|unitbuild|querydata|/build/unit", re.IGNORECASE)
_MAX_FIELDS: Final = 4_000


@dataclass(slots=True)
class Unit:
    """One part of a page that is asked for.

    Attributes:
        url: address of the endpoint.
        query: what names the part.
        count: rows that its pager states.
        size: rows of one page, as its pager states.
    """

    url: str
    query: dict[str, str] = field(default_factory=dict)
    count: int | None = None
    size: int | None = None


def answers(url: str) -> bool:
    """Whether an address is that of the endpoint."""
    return urlsplit(url).path.endswith(_ENDPOINT)


def column(page: WebPage, detail: re.Pattern[str]) -> Listing | None:
    """Rows and paging of a column page; None if it has no unit that may be a list."""
    if not _HINT.search(page.text):
        return None
    units = list(_units(page))[:_MAX_UNITS]
    if not units:
        return None
    printed = rows.entries(page, detail)
    paged = next((unit for unit in units if unit.count is not None and unit.size), None)
    if printed and _are_documents(printed, detail) and paged is not None:
        pages = _pages(paged.count, paged.size)
        return Listing(
            printed,
            paged.count,
            pages,
            tuple(_fetch(paged, page, number, number) for number in range(2, (pages or 1) + 1)),
        )
    return Listing(
        entries=printed if _are_documents(printed, detail) else (),
        more=tuple(_fetch(unit, page, None, 2) for unit in units),
    )


def answer(page: WebPage, detail: re.Pattern[str]) -> Listing:
    """Rows of an answer, and the pages that it says are left.

    An answer without markup has no rows: the walk says that it was lost.
    """
    markup = _markup(page)
    fragment = WebPage(url=page.url, text=markup, asked=Fetch(page.url, base=page.asked.base))
    found = rows.entries(fragment, detail)
    size = _stated(_SIZE, markup)
    number = _page_number(page.asked.url)
    total, pages = _counts(fragment, markup, len(found))
    pages = pages or _pages(total, size or (len(found) if number == 1 else None))
    return Listing(
        entries=found,
        declared=total,
        pages=pages,
        more=tuple(
            Fetch(
                _numbered(page.asked.url, later, size),
                headers=page.asked.headers,
                page=page.asked.page - number + later,
                base=page.asked.base,
            )
            for later in range(number + 1, (pages or 1) + 1)
        ),
        says_empty=total == 0 or (not found and rows.says_empty(fragment)),
    )


def _counts(fragment: WebPage, markup: str, found: int) -> tuple[int | None, int | None]:
    """Rows and pages in all; a ``count`` below the rows in sight is one of pages."""
    total, count = _stated(_TOTAL, markup), _stated(_COUNT, markup)
    said, pages = rows.states(fragment)
    if total is not None and total >= found:
        return total, pages
    if count is not None and 0 < count < found and _page_number(fragment.url) == 1:
        return said if said is None or said >= found else None, pages or count
    return (count if count is not None else said), pages


def _are_documents(entries: tuple[Entry, ...], detail: re.Pattern[str]) -> bool:
    """Whether rows printed in a page are documents of the family and not its menu."""
    return any(detail.search(urlsplit(entry.url).path) for entry in entries)


def _markup(page: WebPage) -> str:
    """The markup in an answer."""
    try:
        data: Any = page.data
    except (ValueError, RecursionError):
        return ""
    data = data.get("data") if isinstance(data, dict) else None
    markup = data.get("html") if isinstance(data, dict) else data
    return markup if isinstance(markup, str) else ""


def _units(page: WebPage) -> Iterator[Unit]:
    """Units that are asked for by the page, parts like menus left out."""
    seen: set[tuple[tuple[str, str], ...]] = set()
    for element in page.root.iter("script", "div", "span", "ul", "input"):
        source = element.get("querydata")
        if not source:
            continue
        fields = _fields(source)
        if not fields.keys() >= _NEEDED or _ELSEWHERE.search(fields.get("tagId", "")):
            continue
        unit = Unit(_endpoint(page, element.get("url")), _query(fields))
        stated = f"{source} count={element.get('count')} rows={element.get('rows')}"
        unit.count, unit.size = _stated(_COUNT, stated), _stated(_SIZE, stated)
        key = tuple(unit.query.items())
        if key in seen and unit.count is None:
            continue
        seen.add(key)
        yield unit
    if not seen:
        literals = dict(reversed(_LITERAL.findall(page.text)))
        if literals.keys() >= _NEEDED:
            yield Unit(_endpoint(page, None), _query(literals))


def _endpoint(page: WebPage, stated: str | None) -> str:
    url = page.join(stated)
    return url if url and answers(url) else absolute(page.url, _USUAL) or _USUAL


def _fields(source: str) -> dict[str, str]:
    return {
        match[1]: match[2] if match[2] is not None else match[3]
        for match in _FIELD.finditer(unescape(source)[:_MAX_FIELDS])
    }


def _query(fields: Mapping[str, str]) -> dict[str, str]:
    """What names a unit; the misspelt ``bulidstatic`` is what most builds want where the page doesn't say."""
    usual = {"parseType": "bulidstatic", "pageType": "column", "editType": "null"}
    return {name: value for name in _NAMES if (value := fields.get(name) or usual.get(name))}


def _stated(pattern: re.Pattern[str], text: str) -> int | None:
    match = pattern.search(text)
    return int(match[1]) if match else None


def _pages(total: int | None, size: int | None) -> int | None:
    return min(-(-total // size), MAX_PAGES) if total is not None and size else None


def _fetch(unit: Unit, page: WebPage, number: int | None, order: int) -> Fetch:
    """Ask for a page of a unit; the first one as the script does, without saying which."""
    url = f"{unit.url}?{urlencode(unit.query, quote_via=quote)}"
    if number is not None:
        url = _numbered(url, number, unit.size)
    return Fetch(url, headers=(("Referer", page.url),), page=order, base=page.asked.base or page.base)


def _numbered(url: str, number: int, size: int | None) -> str:
    """The same question for another page."""
    parts = urlsplit(url)
    query = [
        (name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "paramJson"
    ]
    wanted = {"pageNo": number} | ({"pageSize": size} if size else {})
    query.append(("paramJson", json.dumps(wanted, separators=(",", ":"))))
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(query, quote_via=quote), ""))


def _page_number(url: str) -> int:
    """The page that was asked for; one if the question doesn't say."""
    wanted = dict(parse_qsl(urlsplit(url).query)).get("paramJson", "")
    match = re.search(r"""pageNo["']?\s*:\s*["']?(\d{1,5})""", wanted)
    return int(match[1]) if match else 1
