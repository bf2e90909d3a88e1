"""Portals that put the rows of a list into a script instead of the page (``/pc/list.html``).

The platform of 江西, 自贡 and others: a column is ``/<site>/<column>/pc/list.html`` whose script holds an array
``articleList`` with all its documents; a document is ``…/pc/content/content_<id>.html`` with its body as a string in a
script, which ``pipelines.cleaning.embedded`` reads. A column may also keep the address that it had before
(``/<site>/col/col123/index.html``); then the script holds its newest rows and the others are asked of ``/queryList``.
Menus are data as well. ``literal`` reads such arrays out of scripts for other families too: by brackets and strings,
because titles may hold both.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import urlsplit

from crawler.platforms.base import Entry, LayoutError, Listing, Mark, Platform, text_mark, url_mark
from crawler.platforms.rows import MAX_PAGES, entries, numbered, says_empty, states
from crawler.webpage import Fetch, Link, fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crawler.webpage import WebPage

_LONGEST: Final = 2_000_000
_MOST: Final = 20
"""Occurrences of a name that are looked at: a hostile page must not cost the square of its length."""
_TOKEN: Final = re.compile(
    r"""
    (?P<string>"(?:[^"\\]++|\\.)*+" | '(?:[^'\\]++|\\.)*+' | `(?:[^`\\]++|\\.)*+`)
    | (?P<space>\s++ | /\*(?:[^*]++|\*(?!/))*+\*/ | //[^\n]*+)
    | (?P<open>[\[{]) | (?P<close>[\]}]) | (?P<mark>[:,])
    | (?P<word>[^\s"'`\[\]{}:,/]++ | /)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(r"""\\(?:x(?P<hex>[0-9a-fA-F]{2})|(?P<one>.))|(?P<bare>")""", re.DOTALL)
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WORDS: Final = {
    "true": "true",
    "!0": "true",
    "false": "false",
    "!1": "false",
    "null": "null",
    "undefined": "null",
    "NaN": "null",
}
_TAG: Final = re.compile(r"<[^<>]{0,300}>")
_TOTAL: Final = re.compile(
    r"""["']?\b(?:total|totalCount|totalNum|totalRows?|totalRecords?|totalElements|recordCount|articleCount)["']?"""
    r"""\s{0,9}[:=]\s{0,9}["']?(\d{1,7})\b"""
)
_PAGES: Final = re.compile(
    r"""["']?\b(?:totalPages?|pageCount|pageTotal|totalPageNum)["']?\s{0,9}[:=]\s{0,9}["']?(\d{1,5})\b"""
)
_QUERY: Final = "/queryList"
_CODES: Final = {
    "webSiteCode[]": re.compile(
        r"""websiteCode\s{0,9}[:=]\s{0,9}\[?\s{0,9}["'](\w{1,60})["']""", re.IGNORECASE
    ),
    "channelCode[]": re.compile(
        r"""(?:codeName|channelCode)\s{0,9}[:=]\s{0,9}\[?\s{0,9}["'](\w{1,60})["']"""
    ),
}
_SIZE: Final = re.compile(r"""perPage["']?\s{0,9}:\s{0,9}["']?([1-9]\d{0,2})\b""")
_USUAL_SIZE: Final = 15
_MENU: Final = re.compile(r"\bvar\s{1,9}(channels?\w{0,30})\s{0,9}=\s{0,9}[\[{]")
_MAX_MENU: Final = 2_000
_MAX_LEVELS: Final = 8
_LIST_PAGE: Final = re.compile(r"(/list)(?:_\d+)?(\.s?html?)$")


@dataclass(frozen=True, slots=True)
class Literal:
    """An array or object found in a script.

    Attributes:
        value: what it holds.
        start: where it begins in the text.
        end: where it ends.
    """

    value: Any
    start: int
    end: int


def literals(text: str, name: str) -> Iterator[Literal]:
    """All arrays and objects that a script gives a name: ``name: […]``, ``"name": {…}``, ``var name = […]``.

    JSON, and JavaScript as it is written by hand: bare keys, single quotes, comments, commas before brackets.
    What is computed (``name: list.slice(1)``) is left out.
    """
    assigned = re.compile(rf"""\b{re.escape(name)}["']?\s{{0,99}}[:=]\s{{0,99}}(?=[\[{{])""")
    end = 0
    for count, match in enumerate(assigned.finditer(text)):
        if count >= _MOST:
            return
        if match.end() < end:
            continue
        found = _read(text, match.end())
        if found is not None:
            end = found.end
            yield found


def literal(text: str, name: str) -> Any:
    """The first of ``literals``, or None if there is none."""
    return next((found.value for found in literals(text, name)), None)


def plain(markup: object) -> str:
    """A title or value of data as text: titles carry ``<span>`` and entities."""
    return fold(unescape(_TAG.sub("", markup))) if isinstance(markup, str) else ""


def _read(text: str, start: int) -> Literal | None:
    try:
        value, end = json.JSONDecoder(strict=False).raw_decode(text, start)
    except (ValueError, RecursionError):
        return _read_script(text, start)
    return Literal(value, start, end)


def _read_script(text: str, start: int) -> Literal | None:
    tokens: list[str] = []
    depth, end = 0, start
    for match in _TOKEN.finditer(text, start, start + _LONGEST):
        if match.start() != end:
            return None
        end = match.end()
        kind, part = match.lastgroup, match[0]
        depth += (kind == "open") - (kind == "close")
        if kind == "close" and tokens and tokens[-1] == ",":
            tokens.pop()
        if kind == "mark" and part == ":" and tokens:
            tokens[-1] = _key(tokens[-1])
        if kind != "space":
            tokens.append(_as_json(kind, part))
        if depth == 0:
            break
    try:
        return Literal(json.loads("".join(tokens), strict=False), start, end)
    except (ValueError, RecursionError):
        return None


def _as_json(kind: str | None, token: str) -> str:
    if kind == "string":
        return f'"{_ESCAPE.sub(_escape, token[1:-1])}"'
    if kind == "word" and not _NUMBER.fullmatch(token):
        return _WORDS.get(token, f"\0{token}")
    return token


def _key(token: str) -> str:
    """A bare key is a string; any other bare word is left as it is, which is no JSON: a value that is computed."""
    return token if token.startswith('"') else json.dumps(token.removeprefix("\0"))


def _escape(match: re.Match[str]) -> str:
    if match["bare"]:
        return '\\"'
    if match["hex"]:
        return f"\\u00{match['hex']}"
    if match["one"] in '"\\/bfnrtu':
        return match[0]
    return "" if match["one"] == "\n" else match["one"]


class EmbeddedJson(Platform):
    """Lists in ``articleList``, documents in a string of a script."""

    name: ClassVar[str] = "embedded_json"
    marks: ClassVar[tuple[Mark, ...]] = (
        url_mark(r"/pc/(?:list(?:_\d+)?|content/content_\w+)\.html", 3),
        text_mark(r"""articleList["']?\s{0,20}[:=]\s{0,20}\[\s{0,99}(?:\{|\])""", 2),
        text_mark(r"/pc/content/content_\d", 2),
        text_mark(r"/pc/list\.html", 2),
        text_mark(r"channelsTag(?:Self|Parent)\s{0,9}=", 3),
        text_mark(r"loadPageData\s{0,9}\(", 2),
        text_mark(r"text/x-handlebars-template", 1),
    )
    detail: ClassVar[re.Pattern[str] | None] = re.compile(r"/content/content_\w+\.html?")
    column: ClassVar[re.Pattern[str] | None] = re.compile(r"/pc/list(?:_\d+)?\.html?$")

    def listing(self, page: WebPage) -> Listing:
        """Rows of ``articleList``; those of the page itself where it has none."""
        if urlsplit(page.asked.url).path.endswith(_QUERY):
            return _answer(page)
        arrays = [found for found in literals(page.text, "articleList") if isinstance(found.value, list)]
        main = max(arrays, key=lambda found: _belonging(page, found.value), default=None)
        found = tuple(_rows(page, main.value)) if main is not None else ()
        if not found:
            found = entries(page, self.detail)
        total, pages = _counted(page, main)
        empty = total == 0 or (not found and (says_empty(page) or (main is not None and not main.value)))
        if not found and not empty:
            raise LayoutError(page.url, "articleList", page.title)
        plain_pages, by_query = _more(page, total, pages, len(found))
        if not plain_pages and main is not None and total is not None and total > len(found):
            plain_pages = _queried(page, total, len(found))
        return Listing(found, total, pages, plain_pages, (by_query,) if by_query else (), says_empty=empty)

    def branches(self, page: WebPage) -> Sequence[Link]:
        """Menus: their entries are drawn out of data."""
        found: dict[str, Link] = {}
        for name in list(dict.fromkeys(_MENU.findall(page.text)))[:_MOST]:
            for tree in literals(page.text, name):
                for node in _nodes(tree.value):
                    url = next((url for one in _urls(node) if (url := page.join(one))), None)
                    text = plain(node.get("name")) or plain(node.get("showName"))
                    if url and text and len(found) < _MAX_MENU:
                        found.setdefault(url, Link(url, text))
        return tuple(found.values())


def _nodes(tree: Any, level: int = 0) -> Iterator[Mapping[str, Any]]:
    """Columns of a menu, from the top."""
    for node in tree if isinstance(tree, list) else [tree]:
        if isinstance(node, dict) and level < _MAX_LEVELS:
            yield node
            yield from _nodes(node.get("children") or [], level + 1)


def _queried(page: WebPage, total: int, shown: int) -> tuple[Fetch, ...]:
    """What to ask for the rows behind those in the page."""
    found = {name: pattern.search(page.text) for name, pattern in _CODES.items()}
    codes = [(name, match[1]) for name, match in found.items() if match is not None]
    url = page.join(_QUERY)
    if len(codes) < len(_CODES) or url is None or page.asked.page > 1:
        return ()
    match = _SIZE.search(page.text)
    size = match[1] if match else str(_USUAL_SIZE)
    first, last = max(shown // int(size) + 1, 2), -(-total // int(size))
    return tuple(
        Fetch(
            url,
            "POST",
            (("current", str(at)), ("perPage", size), ("pageSize", size), *codes),
            headers=(("X-Requested-With", "XMLHttpRequest"), ("Referer", page.url)),
            page=at,
            base=page.url,
        )
        for at in range(first, min(last, first + MAX_PAGES) + 1)
    )


def _answer(page: WebPage) -> Listing:
    """Rows that were asked for.

    Raises:
        LayoutError: the answer holds no list.
    """
    try:
        data = page.data
    except (ValueError, RecursionError) as error:
        raise LayoutError(page.url, "JSON", page.text[:80]) from error
    held = data.get("data") if isinstance(data, dict) else None
    results = held.get("results") if isinstance(held, dict) else None
    if not isinstance(held, dict) or not isinstance(results, list):
        raise LayoutError(page.url, "results", page.text[:80])
    records = [record.get("source", record) for record in results if isinstance(record, dict)]
    total = held.get("total")
    return Listing(
        tuple(_rows(page, records)),
        declared=total if isinstance(total, int) else None,
        says_empty=total == 0,
    )


def _belonging(page: WebPage, rows: Sequence[Any]) -> tuple[int, int]:
    """Of several arrays on a page the one whose documents lie under the column itself, then the longest."""
    folder = urlsplit(page.url).path.rpartition("/")[0]
    own = sum(
        1
        for row in rows[:200]
        if folder and (url := _target(page, row)) and urlsplit(url).path.startswith(folder)
    )
    return own, len(rows)


def _rows(page: WebPage, rows: Sequence[Any]) -> Iterator[Entry]:
    for row in rows:
        url = _target(page, row)
        title = plain(row.get("title") or row.get("articleTitle")) if url else ""
        if url and title:
            date = row.get("pubDate") or row.get("publishDate") or row.get("pubTime")
            source = plain(row.get("contentSource") or row.get("source"))
            yield Entry(url, title, plain(date) or None, (("来源", source),) if source else ())


def _target(page: WebPage, row: Any) -> str | None:
    """Where a row leads: its page for computers, its link elsewhere, its only file."""
    if not isinstance(row, dict):
        return None
    candidates = [*_urls(row), row.get("url"), row.get("linkUrl"), *_files(row)]
    if row.get("id") and ("/pc/" in page.url or page.asked.base):
        candidates.append(f"content/content_{row['id']}.html")
    return next((url for one in candidates if isinstance(one, str) and (url := page.join(one))), None)


def _urls(row: Mapping[str, Any]) -> Iterator[Any]:
    urls = row.get("urls")
    if isinstance(urls, str) and urls.lstrip().startswith("{"):
        try:
            urls = json.loads(urls)
        except ValueError:
            return
    if isinstance(urls, dict):
        yield from (urls.get("pc"), urls.get("common"), urls.get("wap"))


def _files(row: Mapping[str, Any]) -> Iterator[str]:
    """A document without a page of its own is its file."""
    files = row.get("articleFiles")
    if isinstance(files, list) and len(files) == 1 and isinstance(files[0], dict) and not row.get("id"):
        path = files[0].get("filePath")
        if isinstance(path, str) and path:
            yield f"{files[0].get('domainName') or ''}{path}"


def _counted(page: WebPage, main: Literal | None) -> tuple[int | None, int | None]:
    """Rows and pages as the script says beside its array, or as printed."""
    if main is not None:
        before = page.text.rfind("<script", 0, main.start)
        after = page.text.find("</script", main.end)
        beside = page.text[max(before, 0) : main.start] + page.text[main.end : after if after > 0 else None]
        total, pages = _TOTAL.search(beside), _PAGES.search(beside)
        if total or pages:
            return int(total[1]) if total else None, int(pages[1]) if pages else None
    return states(page)


def _more(
    page: WebPage, total: int | None, pages: int | None, shown: int
) -> tuple[tuple[Fetch, ...], tuple[Fetch, ...]]:
    """Later pages where the array has fewer rows than there are; these lists mostly have all of them on one page."""
    if page.asked.page > 1 or not shown or (total is not None and total <= shown):
        return (), ()
    last = pages or -(-(total or 0) // shown)
    if last < 2 or not _LIST_PAGE.search(urlsplit(page.url).path):  # noqa: PLR2004 - the second page
        return (), ()
    address = page.url.partition("?")[0]
    return (
        numbered(2, last, lambda k: _LIST_PAGE.sub(rf"\g<1>_{k}\g<2>", address)),
        numbered(2, last, lambda k: f"{address}?page={k}"),
    )
