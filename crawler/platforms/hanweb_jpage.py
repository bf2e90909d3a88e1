"""Lists drawn by Hanweb's ``jpage`` script: rows kept in the page as data, later ones from an endpoint.

The rows stand in ``<record>`` elements inside ``<script type="text/xml">`` or in an array ``InitData<unit>``, where an
HTML parser sees no links; TrueCMS uses the same script with another endpoint that answers JSON. The endpoint has
dialects: some builds cut by ``startrecord``/``endrecord``, newer ones ignore these and count by ``page`` and
``perpage``. Both are sent, with the length of page that the portal itself uses, so that they mean the same rows.
Page counts that the endpoint prints are wrong on real hosts; only its count of rows is believed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from html import unescape
from itertools import chain
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from crawler.platforms.base import Entry, Listing
from crawler.webpage import Fetch, WebPage, absolute, fold, link_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lxml.html import HtmlElement

MAX_PAGES: Final = 1_000
_USUAL: Final = "/module/web/jpage/dataproxy.jsp"
_GROUP: Final = 3
"""Pages that the script asks for at once."""
_MAX_UNITS: Final = 40
_MAX_OPTIONS: Final = 6_000
_MAX_RECORDS: Final = 20_000
_ENDPOINT: Final = re.compile(r"/dataproxy\.jsp|/getMessage\w*\.do", re.IGNORECASE)
_STORE: Final = re.compile(r"<(?:datastore|recordset)\b[^>]{0,200}>", re.IGNORECASE)
_RECORD: Final = re.compile(r"<record\b[^>]{0,200}>", re.IGNORECASE)
_TOTAL: Final = re.compile(
    r"<totalrecords?>\s*(?:<!\[CDATA\[)?\s*(\d{1,7})\s*(?:\]\]>)?\s*</totalrecord", re.IGNORECASE
)
_NEXT_GROUP: Final = re.compile(
    r"""["']([^"'<>\s]{0,500}dataproxy\.jsp\?[^"<>]{1,2000}?)["']\s*>""", re.IGNORECASE
)
_CALL: Final = re.compile(r"\.jpage\s*\(\s*\{")
_CALLED_ON: Final = re.compile(r"""["']\s*#([\w-]{1,80})\s*["']\s*\)\s*$""")
_TEXT_OPTION: Final = {
    name: re.compile(rf"""\b{name}["']?\s*:\s*["']([^"'\s]{{1,500}})["']""", re.IGNORECASE)
    for name in ("proxyUrl",)
}
_NUMBER_OPTION: Final = {
    name: re.compile(rf"""\b{name}["']?\s*:\s*["']?(\d{{1,7}})\b""", re.IGNORECASE)
    for name in ("totalRecord", "perPage")
}
_STORE_OPTION: Final = re.compile(r"""\bdataStore["']?\s*:\s*([\w$]{1,80})""", re.IGNORECASE)
_FIELDS_OPTION: Final = re.compile(
    r"""\bajaxParam["']?\s*:\s*(\{[^{}]{0,2000}\}|[\w$]{1,80})""", re.IGNORECASE
)
_FIELD: Final = re.compile(
    r"""["']?([\w$]{1,60})["']?\s*:\s*(?:'([^'\\]*(?:\\.[^'\\]*)*)'|"([^"\\]*(?:\\.[^"\\]*)*)"|([^\s,{}"']{1,200}))"""
)
_STRING: Final = re.compile(r"""[\s,]*(?:'([^'\\]*(?:\\.[^'\\]*)*)'|"([^"\\]*(?:\\.[^"\\]*)*)")""", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_WHITE: Final = {"n": "\n", "r": "\r", "t": "\t"}
_CUT: Final = re.compile(r"…|\.{3}")
_TEMPLATE: Final = "${"
_ID: Final = re.compile(r"""\bid\s*=\s*["']?([\w-]{1,80})""", re.IGNORECASE)
_COLUMN: Final = re.compile(r"/col/col(\d+)(?:/|$)")
_DATE: Final = re.compile(
    r"(?<!\d)(?:19|20)\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}(?!\d)日?(?:[ T]\d{1,2}:\d\d(?::\d\d)?)?"
)


@dataclass(slots=True)
class Unit:
    """One list that the script draws.

    Attributes:
        entries: the rows that came with the page.
        total: rows that it says it has.
        size: rows of one page.
        endpoint: address of what gives later rows.
        fields: what is sent there to name the list.
        next_group: address of the next rows as printed.
        scripted: the page has the script's own call, so it is asked by POST.
    """

    entries: tuple[Entry, ...] = ()
    total: int | None = None
    size: int | None = None
    endpoint: str | None = None
    fields: tuple[tuple[str, str], ...] = ()
    next_group: str | None = None
    scripted: bool = False

    @property
    def truecms(self) -> bool:
        """Whether its rows come from TrueCMS."""
        return self.endpoint is not None and self.endpoint.lower().endswith(".do")

    def of_column(self, column: str) -> bool:
        """Whether it is the list of that column."""
        return any(name.lower() == "columnid" and value == column for name, value in self.fields)


def answers(url: str) -> bool:
    """Whether an address is that of the endpoint."""
    return _ENDPOINT.search(urlsplit(url).path) is not None


def column(page: WebPage, detail: re.Pattern[str]) -> Listing | None:
    """Rows and paging of a column page; None if the script draws nothing on it."""
    units = [unit for unit in _units(page, detail) if unit.entries or unit.endpoint]
    own = _COLUMN.search(urlsplit(page.url).path)
    if own and any(unit.of_column(own[1]) for unit in units):
        units = [unit for unit in units if unit.of_column(own[1])]
    if not units:
        return None
    readings = [_readings(unit, page) for unit in units]
    totals = [unit.total for unit in units if unit.total is not None]
    return Listing(
        entries=tuple(dict.fromkeys(chain.from_iterable(unit.entries for unit in units))),
        declared=sum(totals) if len(totals) == len(units) else None,
        more=tuple(reading[0] for reading in readings if reading),
        alternatives=tuple((fetch,) for reading in readings for fetch in reading[1:]),
        says_empty=len(totals) == len(units) and not sum(totals),
    )


def answer(page: WebPage, detail: re.Pattern[str]) -> Listing:
    """Rows of an answer of the endpoint, and what is left to ask.

    An answer that is no list (a page of errors, nothing) has no rows: the walk then tries the next reading.
    """
    text = _payload(page)
    total = _TOTAL.search(text)
    records = list(_records(text))
    asked = dict(parse_qsl(urlsplit(page.asked.url).query))
    declared = int(total[1]) if total else None
    return Listing(
        entries=_entries(page, records, detail),
        declared=declared,
        more=_following(page.asked, asked, len(records), declared),
        says_empty=declared == 0 and not records,
    )


def _payload(page: WebPage) -> str:
    """The XML of an answer; TrueCMS packs it into JSON."""
    try:
        data = page.data
    except (ValueError, RecursionError):
        return page.text
    result = data.get("result") if isinstance(data, dict) else None
    return result if isinstance(result, str) else page.text


# --- rows


def _records(text: str) -> Iterator[str]:
    """The markup of each row in XML, unwrapped."""
    for count, part in enumerate(_RECORD.split(text)[1:]):
        if count >= _MAX_RECORDS:
            return
        inside = part.partition("</record>")[0].strip()
        if inside.startswith("<![CDATA["):
            inside = inside.removeprefix("<![CDATA[").rpartition("]]>")[0]
        elif "<" not in inside:
            inside = unescape(inside)
        if _TEMPLATE not in inside and "href" in inside.lower():
            yield inside


def _entries(page: WebPage, records: Iterable[str], detail: re.Pattern[str]) -> tuple[Entry, ...]:
    """The rows of records, each parsed as it would stand in the page."""
    markup = "".join(f"<div jpage-record>{record}</div>" for record in records)
    if not markup:
        return ()
    fragment = WebPage(url=page.url, text=markup, asked=Fetch(page.url, base=page.asked.base or page.base))
    found = (
        _entry(fragment, row, detail)
        for row in fragment.root.iter("div")
        if row.get("jpage-record") is not None
    )
    return tuple(entry for entry in found if entry is not None)


def _entry(page: WebPage, row: HtmlElement, detail: re.Pattern[str]) -> Entry | None:
    """The document of one row: of several links the one that has the address of a document and says most."""
    best: tuple[tuple[bool, int], str, str] | None = None
    for element in row.iter("a"):
        url, title = page.join(element.get("href")), _title(element)
        if url is None or not title:
            continue
        worth = (detail.search(url) is not None, len(title))
        if best is None or worth > best[0]:
            best = (worth, url, title)
    if best is None:
        return None
    _, url, title = best
    dates = [match[0] for match in _DATE.finditer(fold(" ".join(row.itertext()))[:2_000].replace(title, " "))]
    return Entry(url, title, dates[-1] if dates else None)


def _title(link: HtmlElement) -> str:
    """What a row is called; templates also cut titles in the middle (关于印发……的通知)."""
    shown, whole = link_text(link), fold(link.get("title") or "")
    return whole if len(whole) > len(shown) and _CUT.search(shown) else shown


# --- the units of a page


def _units(page: WebPage, detail: re.Pattern[str]) -> list[Unit]:
    """The lists of a page: stores of rows and calls of the script that belong to the same element."""
    text = page.text
    stores = _stores(page, detail)
    calls = _calls(text)
    units = [unit for _, unit in stores]
    for name, options, store in calls:
        asked = dict(_asked(options))
        own = {value for field, value in asked.items() if field.lower() == "unitid"} | {name}
        unit = next((unit for names, unit in stores if names & own), None)
        if unit is None and len(stores) == len(calls) == 1:
            unit = stores[0][1]
        if unit is None:
            unit = Unit(entries=_elsewhere(page, store, detail))
            units.append(unit)
        _complete(unit, options, page)
    return units[:_MAX_UNITS]


def _stores(page: WebPage, detail: re.Pattern[str]) -> list[tuple[set[str], Unit]]:
    """Stores in XML, each with what it may be called: the unit that it belongs to, the element around it."""
    marks = [match for match in _STORE.finditer(page.text) if match[0][1:5].lower() == "data"]
    marks = marks or list(_STORE.finditer(page.text))
    stores = []
    for mark, following in zip(marks[:_MAX_UNITS], [*marks[1:], None], strict=False):
        inside = page.text[mark.end() : following.start() if following else len(page.text)]
        inside = inside.partition("</datastore>")[0]
        entries = _entries(page, _records(inside), detail)
        unit = Unit(entries=entries)
        names = set(_ID.findall(page.text[max(0, mark.start() - 300) : mark.start()])[-1:])
        if link := _NEXT_GROUP.search(inside):
            unit.next_group = page.join(unescape(link[1]))
            query = dict(parse_qsl(urlsplit(unit.next_group or "").query))
            unit.fields = tuple((name, value) for name, value in query.items() if name != "page")
            unit.endpoint = _without_query(unit.next_group)
            names.add(query.get("unitid", "").strip("'\""))
        if total := _TOTAL.search(inside):
            unit.total = int(total[1])
        stores.append((names - {""}, unit))
    return stores


def _calls(text: str) -> list[tuple[str, str, str | None]]:
    """Calls of the script: the id of the element, the source of the options, the name of the store."""
    starts = list(_CALL.finditer(text))[:_MAX_UNITS]
    calls = []
    for start, following in zip(starts, [*starts[1:], None], strict=False):
        end = following.start() if following else len(text)
        options = text[start.end() : min(end, start.end() + _MAX_OPTIONS)]
        name = _CALLED_ON.search(text[max(0, start.start() - 120) : start.start()])
        store = _STORE_OPTION.search(options)
        fields = _FIELDS_OPTION.search(options)
        variable = fields[1] if fields else f"param_{name[1]}" if name else ""
        if variable and not variable.startswith("{"):
            named = re.search(rf"\b{re.escape(variable)}\s*=\s*(\{{[^{{}}]{{0,2000}}\}})", text)
            options += f" ajaxParam:{named[1]}" if named else ""
        calls.append((name[1] if name else "", options, store[1] if store else None))
    return calls


def _complete(unit: Unit, options: str, page: WebPage) -> None:
    """Add what the call of the script says to a unit."""
    if number := _NUMBER_OPTION["totalRecord"].search(options):
        unit.total = int(number[1])
    if (number := _NUMBER_OPTION["perPage"].search(options)) and int(number[1]):
        unit.size = int(number[1])
    if asked := _asked(options):
        unit.fields = tuple((dict(unit.fields) | dict(asked)).items())
    if (address := _TEXT_OPTION["proxyUrl"].search(options)) and (url := page.join(address[1])):
        unit.endpoint, unit.scripted = _without_query(url), True
    elif unit.endpoint is None and any(name.lower() == "unitid" for name, _ in unit.fields):
        unit.endpoint = absolute(page.url, _USUAL)


def _asked(options: str) -> Mapping[str, str]:
    """What a call sends to name its list."""
    given = [found for found in _FIELDS_OPTION.findall(options) if found.startswith("{")]
    return _fields(given[-1]) if given else {}


def _fields(source: str) -> Mapping[str, str]:
    """Names and values of a flat object in a script."""
    return {
        match[1]: _unescaped(
            match[2] if match[2] is not None else match[3] if match[3] is not None else match[4]
        )
        for match in _FIELD.finditer(source[1:-1])
    }


def _elsewhere(page: WebPage, store: str | None, detail: re.Pattern[str]) -> tuple[Entry, ...]:
    """Rows of a call that has no store in XML: an array of strings, or a hidden element ``#initData``."""
    if store and (begin := re.search(rf"\b{re.escape(store)}\s*=\s*\[", page.text)):
        return _entries(page, _strings(page.text, begin.end()), detail)
    rows = page.selector.css("#initData li, #InitData li, #initdata li") or page.selector.css("#initData tr")
    found = (_entry(page, row.root, detail) for row in rows[:_MAX_RECORDS])
    return tuple(entry for entry in found if entry is not None)


def _strings(text: str, begin: int) -> Iterator[str]:
    """The strings of an array in a script, from behind its bracket."""
    for _ in range(_MAX_RECORDS):
        match = _STRING.match(text, begin)
        if match is None:
            return
        yield _unescaped(match[1] if match[1] is not None else match[2])
        begin = match.end()


def _unescaped(text: str) -> str:
    """The value of a string of a script."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(
        lambda match: (
            chr(int(match[1] or match[2], 16)) if match[1] or match[2] else _WHITE.get(match[3], match[3])
        ),
        text,
    )


# --- paging


def _readings(unit: Unit, page: WebPage) -> list[Fetch]:
    """Ways to ask for the rows after those of the page, the likeliest first; none where all are there."""
    if unit.endpoint is None or _complete_already(unit):
        return []
    size = unit.size or len(unit.entries)
    headers = (("Referer", page.url), ("X-Requested-With", "XMLHttpRequest"))
    base = page.asked.base or page.base
    printed = unit.endpoint if unit.truecms else _at_home(unit.endpoint, page.url)
    usual = absolute(page.url, _USUAL) or printed
    fetches: list[Fetch] = []
    if unit.truecms and size:
        fields = (("contentTemplate", ""), *unit.fields)
        for address in (printed, _at_home(printed, page.url)):
            fetches += [_get(address, (*_window(len(unit.entries), size, n), *fields)) for n in (1, _GROUP)]
    elif size:
        asked = _cut(len(unit.entries) // size + 1, size)
        ways = [_post(printed, asked, unit.fields), _get(printed, (*unit.fields, *asked))]
        fetches += ways if unit.scripted else ways[::-1]
        if usual != printed:
            fetches += [_get(usual, (*unit.fields, *asked)), _post(usual, asked, unit.fields)]
        fetches.append(_post(printed, _window(len(unit.entries), size, _GROUP), unit.fields))
    if not unit.truecms and unit.fields:
        fetches.append(_get(printed, (("page", "1"), *unit.fields)))
    return [replace(fetch, headers=headers, page=2, base=base) for fetch in dict.fromkeys(fetches)]


def _complete_already(unit: Unit) -> bool:
    """Whether all rows came with the page: as many as it says, or fewer than its last page would hold."""
    if unit.total is not None:
        return len(unit.entries) >= unit.total
    return bool(unit.size and len(unit.entries) % unit.size)


def _cut(at: int, size: int) -> tuple[tuple[str, str], ...]:
    """One page of a list, told in both dialects."""
    return (
        ("startrecord", str((at - 1) * size + 1)),
        ("endrecord", str(at * size)),
        ("perpage", str(size)),
        ("page", str(at)),
    )


def _window(known: int, size: int, pages: int) -> tuple[tuple[str, str], ...]:
    """The rows after the known ones, as the script asks for them."""
    return (("startrecord", str(known + 1)), ("endrecord", str(known + size * pages)), ("perpage", str(size)))


def _following(asked: Fetch, query: Mapping[str, str], rows: int, total: int | None) -> tuple[Fetch, ...]:
    """What is left to ask after an answer, in the dialect that it was asked in."""
    if not rows:
        return ()
    if "endrecord" in query:
        return _windows(asked, query, rows, total)
    at = _number(query, "page")
    if at < 1 or at >= MAX_PAGES or (total is not None and at * rows >= total):
        return ()
    return (_turned(asked, 1, page=at + 1),)


def _windows(asked: Fetch, query: Mapping[str, str], rows: int, total: int | None) -> tuple[Fetch, ...]:
    """The rows after those of an answer; some hosts give more than was asked, some less."""
    first, at = _number(query, "startrecord"), _number(query, "page")
    length = _number(query, "endrecord") - first + 1
    if first < 1 or length < 1:
        return ()
    given = rows if not at or rows > length else length
    left = total - (first - 1 + given) if total is not None else given * (rows >= length)
    steps = min(-(-left // given), MAX_PAGES)
    return tuple(
        _turned(
            asked,
            step,
            startrecord=first + step * given,
            endrecord=first + (step + 1) * given - 1,
            page=at + step,
        )
        for step in range(1, steps + 1)
    )


def _turned(asked: Fetch, step: int, **values: int) -> Fetch:
    """The same question for a later page."""
    parts = urlsplit(asked.url)
    query = [
        (name, str(values.get(name, value))) for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    url = urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(query), ""))
    return replace(asked, url=url, page=asked.page + step)


def _number(query: Mapping[str, str], name: str) -> int:
    value = query.get(name, "")
    return int(value) if value.isdecimal() and len(value) < 8 else 0  # noqa: PLR2004 - a count of rows


def _get(address: str, query: Iterable[tuple[str, str]]) -> Fetch:
    return Fetch(f"{address}?{urlencode(tuple(query))}")


def _post(address: str, query: Iterable[tuple[str, str]], form: tuple[tuple[str, str], ...]) -> Fetch:
    return Fetch(f"{address}?{urlencode(tuple(query))}", "POST", form)


def _at_home(address: str, page: str) -> str:
    """The same endpoint on the host of the page: a script may ask no other."""
    own, there = urlsplit(page), urlsplit(address)
    return urlunsplit((own.scheme, own.netloc, there.path, "", ""))


def _without_query(url: str | None) -> str | None:
    return url.partition("?")[0] if url else None
