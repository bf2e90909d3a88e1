"""Hanweb's disclosure module: a shell page, a tree of categories, rows from an endpoint; and its annual reports.

The shell names an organ (``area``) and perhaps a category (``infotypeId``, or ``number`` in its own address), the tree
lies in a frame, the rows come by POST from ``search.jsp``, of all columns of the organ. Annual reports may have a
module of their own, ``xxgkAnnualReport.jsp``: one page per organ and year, chosen in menus.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from crawler.platforms import rows
from crawler.platforms.base import Entry, Listing
from crawler.platforms.generic import read
from crawler.webpage import Fetch, Link, WebPage, absolute, fold, link_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lxml.html import HtmlElement

MAX_PAGES: Final = 1_000
_MAX_BRANCHES: Final = 1_000
_SEARCH: Final = "/module/xxgk/search.jsp"
_ROWS: Final = re.compile(r"/module/xxgk/(?:search|subjectinfo|serviceinfo|deptinfo)\.jsp$", re.IGNORECASE)
_TREE: Final = re.compile(r"/module/xxgk/tree\.jsp$", re.IGNORECASE)
_ANNUAL: Final = re.compile(r"/module/xxgk/xxgkAnnualReport\.jsp$", re.IGNORECASE)
_LOADED: Final = re.compile(
    r"""loadDynamic\s*\(\s*["']([^"']{0,300}?/xxgk/search\.jsp[^"']{0,600})["']([^;{}]{0,600})""",
    re.IGNORECASE,
)
_NEAR: Final = 800
_FIELD: Final = re.compile(
    r"""\b(infotypeId|jdid|area|divid|sortfield|vc_\w{1,20}|standardXxgk)["']?\s*:\s*["']([^"']{0,200})["']"""
)
_ARGUMENT: Final = re.compile(r"""["']([^"']{0,200})["']""")
_FRAMED: Final = re.compile(
    r"""["'(]([^"'()<>\s]{0,200}/xxgk/tree\.jsp\?[^"'()<>\s]{1,600})["')]""", re.IGNORECASE
)
_NODE: Final = re.compile(
    r"""funclick\s*\(\s*\\?["']([\w-]{1,60})\\?["'][^<>()]{0,200}\)\s*;?\s*\\?["']?[^<>]{0,100}>\s*([^<>]{1,60}?)\s*<""",
    re.IGNORECASE,
)
_LABELLED: Final = re.compile(
    r"""\.add\s*\([^()"']{0,60}["']([^"'<>]{1,60})["']\s*,[^()]{0,200}?funclick\s*\(\s*\\?["']([\w-]{1,60})""",
    re.IGNORECASE,
)
_FIELDS: Final = (
    "infotypeId",
    "jdid",
    "area",
    "divid",
    "vc_title",
    "vc_number",
    "sortfield",
    "currpage",
    "vc_filenumber",
    "vc_all",
    "texttype",
    "fbtime",
)
_YEAR: Final = re.compile(r"^\s*(20\d\d)\s*年?度?\s*$")
_CODE: Final = re.compile(r"^[\w-]{4,40}$")
_LABELS: Final = {"syh": "索引号", "fwjg": "发布机构", "wh": "文号"}
_LINE: Final = re.compile(r"(?:^|\s)tr_main_value_(?:odd|even)(?:\s|$)")
_DATE: Final = re.compile(r"(?<!\d)20\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}(?!\d)日?")
_MAX_LABEL: Final = 40
_ORDER: Final = ",createdatetime:0,orderid:0"


def answers(url: str) -> bool:
    """Whether an address is one of the module's own pages."""
    path = urlsplit(url).path
    return any(pattern.search(path) for pattern in (_ROWS, _TREE, _ANNUAL))


def answer(page: WebPage, detail: re.Pattern[str]) -> Listing:
    """Rows of an answer and the pages left; a node of the tree has its rows elsewhere."""
    path = urlsplit(page.asked.url).path
    if _TREE.search(path):
        query = _query(page.asked.url)
        chosen = query.get("number")
        return _asking(_first(page, query | {"infotypeId": chosen})) if chosen else Listing()
    if _ANNUAL.search(path):
        return read(page, rows.entries(page, detail))
    found = _rows(page) or rows.entries(page, detail)
    total, pages = rows.states(page)
    return Listing(
        entries=found,
        declared=total,
        pages=pages,
        more=_later(page.asked, pages),
        says_empty=not found and rows.says_empty(page),
    )


def column(page: WebPage, _detail: re.Pattern[str]) -> Listing | None:
    """What a shell page of the module asks for; None if it is none."""
    if "/xxgk/" not in page.text:
        return None
    shell = _shell(page)
    if shell is None:
        return None
    printed = _rows(page)
    if printed:
        total, pages = rows.states(page)
        asked = _first(page, shell)[0]
        return Listing(
            printed, total, pages, tuple(_at(asked, number, number) for number in range(2, (pages or 1) + 1))
        )
    return _asking(_first(page, shell))


def branches(page: WebPage) -> list[Link]:
    """Trees in frames, categories of a tree, years and organs of the annual-report module."""
    if "/xxgk/" not in page.text and "/xxgk/" not in page.url:
        return []
    path = urlsplit(page.url).path
    if _TREE.search(path):
        return list(_nodes(page))[:_MAX_BRANCHES]
    links = list(_menus(page))[:_MAX_BRANCHES] if _ANNUAL.search(path) else []
    for frame in page.frames:
        if _ANNUAL.search(urlsplit(frame).path):
            links.append(Link(frame, "政府信息公开年报"))
        elif _TREE.search(urlsplit(frame).path):
            links.append(Link(frame, "政府信息公开目录"))
    return links


# --- shells and trees


def _shell(page: WebPage) -> dict[str, str] | None:
    """What the shell says of its list: organ, category, element and site."""
    own = _query(page.url)
    shell = {"jdid": page.metas.get("webid") or page.metas.get("i_webid") or "1"}
    if loaded := _LOADED.search(page.text):
        shell |= _query(unescape(loaded[1]))
        divid, category, *others = [*_ARGUMENT.findall(loaded[2]), "", ""]
        shell["divid"] = divid
        if not shell.get("infotypeId"):
            shell["infotypeId"] = category if re.fullmatch(r"[A-Za-z][\w-]*", category) else ""
        numbers = [other for other in others if other.isdecimal()]
        if numbers:
            shell["jdid"] = numbers[-1]
        if named := re.search(r"[&?]area=([\w-]+)", loaded[0]):
            shell["area"] = named[1]
    framed = _FRAMED.search(page.text)
    if framed:
        shell = _query(unescape(framed[1])) | shell
    if not (loaded or framed or "/xxgk/search.jsp" in page.text):
        return None
    if stated := _stated(page.text):
        return shell | stated
    if area := own.get("vc_xxgkarea") or own.get("area"):
        shell["area"] = area
    if number := own.get("number"):
        shell["infotypeId"] = number
    return shell if shell.get("area") or shell.get("infotypeId") else None


def _stated(text: str) -> dict[str, str]:
    """The fields that a script of the page itself sends, where they stand as words."""
    start = text.find("xxgk/search.jsp")
    if start < 0:
        return {}
    return dict(_FIELD.findall(text, start, start + _NEAR))


def _asking(ways: Sequence[Fetch]) -> Listing:
    """A list that has all its rows elsewhere."""
    return Listing(more=(ways[0],), alternatives=tuple((way,) for way in ways[1:]))


def _first(page: WebPage, shell: dict[str, str]) -> list[Fetch]:
    """Ways to ask for the first rows: by POST as the script does, or in the address."""
    address = absolute(page.url, _SEARCH) or _SEARCH
    given = {"sortfield": _ORDER, "currpage": "1"} | {name: value for name, value in shell.items() if value}
    fields = tuple((name, given.get(name, "")) for name in _FIELDS)
    if given.get("standardXxgk"):
        fields += (("standardXxgk", given["standardXxgk"]),)
    headers = (("Referer", page.url), ("X-Requested-With", "XMLHttpRequest"))
    base = page.asked.base or page.base
    return [
        Fetch(address, "POST", fields, headers=headers, page=2, base=base),
        Fetch(f"{address}?{urlencode(fields)}", headers=headers, page=2, base=base),
    ]


def _later(asked: Fetch, pages: int | None) -> tuple[Fetch, ...]:
    """The pages after the one that was asked for."""
    at = _number(asked)
    return tuple(
        _at(asked, number, asked.page + number - at)
        for number in range(at + 1, min(pages or 1, MAX_PAGES) + 1)
    )


def _number(asked: Fetch) -> int:
    value = dict(asked.form).get("currpage") or _query(asked.url).get("currpage", "")
    return int(value) if value.isdecimal() and len(value) < 6 and int(value) else 1  # noqa: PLR2004 - a number of a page


def _at(asked: Fetch, number: int, order: int) -> Fetch:
    """The same question for another page, wherever its number stood."""
    form = tuple((name, str(number) if name == "currpage" else value) for name, value in asked.form)
    parts = urlsplit(asked.url)
    query = [
        (name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "currpage"
    ]
    if not form:
        query.append(("currpage", str(number)))
    url = urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(query), ""))
    return replace(asked, url=url, form=form, page=order)


def _nodes(page: WebPage) -> Iterator[Link]:
    """Categories of a tree, each as an address of its own: the tree's with the category in it."""
    found = [(match[1], match[2]) for match in _NODE.finditer(page.text)]
    found = found or [(match[2], match[1]) for match in _LABELLED.finditer(page.text)]
    for category, label in dict.fromkeys(found):
        yield Link(_with(page.url, number=category), fold(unescape(label)))


# --- rows


def _rows(page: WebPage) -> tuple[Entry, ...]:
    """Rows of the module's table."""
    found = (_row(page, line) for line in page.root.iter("tr") if _LINE.search(line.get("class") or ""))
    return tuple(entry for entry in found if entry is not None)


def _row(page: WebPage, line: HtmlElement) -> Entry | None:
    """One row: its longest link; index number and the like stand in attributes of that link on some builds."""
    links = [(link_text(link), url, link) for link in line.iter("a") if (url := page.join(link.get("href")))]
    if not links:
        return None
    title, url, link = max(links, key=lambda one: len(one[0]))
    title = max(title, fold(link.get("mc") or ""), key=len)
    dates = _DATE.findall(fold(" ".join(line.itertext()))[:2_000].replace(title, " "))
    metadata = tuple((label, fold(value)) for name, label in _LABELS.items() if (value := link.get(name)))
    return Entry(url, title, fold(link.get("rq") or "") or (dates[-1] if dates else None), metadata)


# --- annual reports


def _menus(page: WebPage) -> Iterator[Link]:
    """Years and organs that the module lets one choose; choices that are plain links are none of these."""
    for element in page.root.iter("option", "a", "li", "span"):
        text = fold("".join(element.itertext()))[:_MAX_LABEL]
        year = _YEAR.match(text)
        if element.tag == "option":
            value = (element.get("value") or "").strip()
            if year:
                yield Link(_with(page.url, fbtime=year[1]), f"{year[1]}年")
            elif text and _CODE.match(value):
                yield Link(_with(page.url, area=value), text)
        elif year and year[1] in f"{element.get('onclick')}{element.get('data-value')}{_scripted(element)}":
            yield Link(_with(page.url, fbtime=year[1]), f"{year[1]}年")


def _scripted(element: HtmlElement) -> str:
    href = element.get("href") or ""
    return href if href.lower().startswith("javascript:") else ""


def _query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def _with(url: str, **values: str) -> str:
    """An address with fields of its query set."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(_query(url) | values), ""))
