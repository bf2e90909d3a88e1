"""开普云 Ucap: three ways to page, often on one portal.

* Static: ``createPageHTML('<div>', pages, current, '<stem>', '<ext>', rows)``: page k is ``<stem>_<k>.<ext>`` from the
  second on. The stem is the name of a template and free (``list``, ``xlist``, ``zfxxgk_list``), so it is read from the
  call. TRS has a function of the same name with four arguments and counts from 0: the first argument tells them apart.
* Data: ``/common/search/<channel>``, ``/searchList/<channel>``, ``/search/<channel>`` answer with JSON or, if asked
  with ``_isJson=false``, with a piece of page; ``POST /getFileListByCodeId`` does the same. ``<meta name="channelid">``
  is the channel.
* Tree: the disclosure catalogue is a shell; ``/u/channel/treeNew/<project>`` gives its nodes (JSONP), their ``url`` or
  ``iframeurl`` is the list. A node at ``null.shtml`` has no page, but its id is a channel.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from crawler.platforms.base import Entry, LayoutError, Listing, Mark, Platform, number, text_mark, url_mark
from crawler.platforms.embedded_json import literal, plain
from crawler.platforms.generic import read
from crawler.platforms.rows import MAX_PAGES, entries, numbered, says_empty, states
from crawler.webpage import Fetch, Link

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crawler.webpage import WebPage

_CALL: Final = re.compile(r"\bcreatePageHTML\s{0,9}\(([^()]{1,500})\)")
_ARGUMENT: Final = re.compile(r"""'([^']{0,200})'|"([^"]{0,200})"|([^\s,'"]{1,200})""")
_CHANNEL: Final = re.compile(r"[0-9a-f]{32}")
_ENDPOINT: Final = re.compile(
    r"""/(common/search|searchList|search)/(?:([0-9a-f]{32})|["']\s{0,9}\+|\$\{)[^?\r\n]{0,80}(?:\?([^"'`\s]{0,400}))?"""
)
_ANSWER: Final = re.compile(r"/(?:common/search|searchList|search)/[0-9a-f]{32}")
_VARIABLE: Final = r"""\b{name}["']?\s{{0,9}}[:=]\s{{0,9}}["']([\w/,-]{{1,400}})["']"""
_BY_CODE: Final = "/getFileListByCodeId"
_TREE: Final = re.compile(r"""/u/channel/treeNew/(?:([\w-]{1,60})|["']\s{0,9}\+\s{0,9}([\w.]{1,60}))""")
_TREE_ANSWER: Final = "/u/channel/treeNew/"
_IS_DOCUMENT: Final = re.compile(r"""\bUCAP-CONTENT\b|\bname\s?=\s?["']?ArticleTitle\b""", re.IGNORECASE)
_TREE_NAME: Final = "政府信息公开目录"
_TREE_FIELDS: Final = (
    "level",
    "pid",
    "channelId",
    "catecode",
    "open",
    "target",
    "published_file_name",
    "template_name",
)
_ROWS_A_PAGE: Final = 20
_SEARCH: Final = {
    "_isAgg": "true",
    "_isJson": "true",
    "_pageSize": str(_ROWS_A_PAGE),
    "_template": "index",
    "_rangeTimeGte": "",
    "_channelName": "",
}
_GUESSED: Final = ("common/search", "searchList", "search")
_MAX_NODES: Final = 5_000


@dataclass(frozen=True, slots=True)
class Pager:
    """A call of ``createPageHTML``.

    Attributes:
        pages: how many there are.
        stem: address of a page without number and extension.
        ext: extension.
        rows: how many rows there are on all pages; None in the call of TRS.
        first: number of the first page: 1, with TRS 0.
    """

    pages: int
    stem: str
    ext: str
    rows: int | None
    first: int

    def url(self, page: int) -> str:
        """Address of a page from the second on, relative."""
        return f"{self.stem}_{page - 1 + self.first}.{self.ext}"


class Ucap(Platform):
    """Lists paged by suffix, by data or through a tree."""

    name: ClassVar[str] = "ucap"
    marks: ClassVar[tuple[Mark, ...]] = (
        text_mark(
            r"""<meta\b[^>]{0,80}\bname\s?=\s?["']?channelid\b[^>]{0,80}[0-9a-f]{32}|"""
            r"""<meta\b[^>]{0,20}\bcontent\s?=\s?["']?[0-9a-f]{32}["']?\s{1,9}name\s?=\s?["']?channelid\b""",
            3,
        ),
        text_mark(r"""createPageHTML\s{0,9}\(\s{0,9}["'][^"']{0,80}["']\s{0,9},\s{0,9}["']?\d""", 3),
        text_mark(r"""/u/channel/treeNew\b|/getFileListByCodeId\b""", 3),
        text_mark(r"/common/search/(?:[0-9a-f]{32}|[\"'$])|/searchList/(?:[0-9a-f]{32}|[\"'$])", 3),
        text_mark(r"UCAP-CONTENT\b", 3),
        text_mark(r"页面生成时间", 2),
        text_mark(r"template,templategroup,version", 2),
        text_mark(r"""/\d{6}/[0-9a-f]{32}\.s?html?["']""", 2),
        text_mark(r"""/c\d{5,7}/[\w/]{0,60}\.shtml["']""", 1),
        url_mark(
            r"/u/channel/treeNew/|/(?:common/search|searchList|search)/[0-9a-f]{32}|/getFileListByCodeId", 3
        ),
        url_mark(r"/[0-9a-f]{32}\.shtml", 2),
        url_mark(r"/\w*list\w*\.shtml", 1),
    )
    detail: ClassVar[re.Pattern[str] | None] = re.compile(
        r"/[0-9a-f]{32}\.s?html?(?:$|\?)|/c\d\d_\d{4,20}\.s?html?(?:$|\?)|/c\d{3,12}/content\.s?html?(?:$|\?)"
    )
    column: ClassVar[re.Pattern[str] | None] = re.compile(r"/\w*list\w*\.shtml$|/c\d{5,7}/\w+\.shtml$")

    def listing(self, page: WebPage) -> Listing:
        """Rows of a page, an answer of data, or a tree."""
        if _TREE_ANSWER in page.url:
            return Listing(branches=tuple(_nodes(page)))
        if _looks_like_data(page.text):
            return _answer(page)
        found = entries(page, self.detail)
        pager = _pager(page)
        if pager is not None:
            return _static(page, found, pager)
        if _ANSWER.search(page.url):
            return _fragment(page, found)
        return _by_data(page, found)

    def branches(self, page: WebPage) -> Sequence[Link]:
        """The tree of a shell; the nodes of a tree."""
        if _TREE_ANSWER in page.url:
            return tuple(_nodes(page))
        tree = _tree(page)
        return (Link(tree.url, _TREE_NAME, "ucap/tree"),) if tree else ()

    def body(self, page: WebPage) -> Fetch | None:
        """The tree of a shell, which has nothing else."""
        return None if _IS_DOCUMENT.search(page.text) else _tree(page)


def _looks_like_data(text: str) -> bool:
    return text.lstrip("\ufeff \r\n\t;").startswith("{")


# --- by suffix ---------------------------------------------------------------------------------------


def _pager(page: WebPage) -> Pager | None:
    """The pager of the page's main list: the call whose stem is the page's own, otherwise the first."""
    pagers = [pager for match in _CALL.finditer(page.text) if (pager := _called(page, match[1]))]
    stem = urlsplit(page.url).path.rpartition("/")[2].partition(".")[0]
    own = (pager for pager in pagers if stem.startswith(pager.stem.rpartition("/")[2]))
    return next(own, pagers[0] if pagers else None)


def _called(page: WebPage, arguments: str) -> Pager | None:
    """A pager out of the arguments of a call; None for the definition of the function, whose arguments are names."""
    values = [(one or two or bare).strip() for one, two, bare in _ARGUMENT.findall(arguments)]
    first = 0 if values and values[0].isdecimal() else 1
    values = values[first:]
    if len(values) < 4 or not values[1].isdecimal() or not values[3].strip("."):  # noqa: PLR2004 - pages, current, stem, ext
        return None
    rows = values[4] if len(values) > 4 and values[4] else None  # noqa: PLR2004
    return Pager(
        pages=number(page.url, "pages of createPageHTML", values[0]),
        stem=values[2],
        ext=values[3].strip("."),
        rows=number(page.url, "rows of createPageHTML", rows) if rows is not None and first else None,
        first=first,
    )


def _static(page: WebPage, found: tuple[Entry, ...], pager: Pager) -> Listing:
    last = pager.pages
    more: tuple[Fetch, ...] = ()
    alternatives: tuple[tuple[Fetch, ...], ...] = ()
    if page.asked.page == 1 and last > 1:
        more = _suffixed(page, pager, last)
        other = Pager(pager.pages, pager.stem, pager.ext, pager.rows, 1 - pager.first)
        alternatives = (_suffixed(page, other, last),)
    empty = pager.rows == 0 or (not found and (pager.pages == 0 or says_empty(page)))
    return Listing(found, pager.rows, pager.pages, more, alternatives, says_empty=empty)


def _suffixed(page: WebPage, pager: Pager, last: int) -> tuple[Fetch, ...]:
    return numbered(2, last, lambda k: urljoin(page.base, pager.url(k)))


# --- by data -----------------------------------------------------------------------------------------


def _by_data(page: WebPage, found: tuple[Entry, ...]) -> Listing:
    """A page whose list comes from an endpoint that it names; without a word of one, and without rows, the usual ones."""
    total, pages = states(page)
    if found and total is not None and len(found) >= total:
        return Listing(found, total, pages)
    readings = _readings(page, guess=not found and not says_empty(page))
    if not readings:
        if found:
            return read(page, found)
        tree = _tree(page)
        return Listing(found, total, pages, (tree,) if tree else (), says_empty=says_empty(page))
    return Listing(found, total, pages, readings[0], readings[1:])


def _readings(page: WebPage, *, guess: bool) -> tuple[tuple[Fetch, ...], ...]:
    """Ways to ask for the list, the likeliest first."""
    channel = _channel(page)
    named = [match for match in _ENDPOINT.finditer(page.text) if match[2] or channel]
    own = [match for match in named if match[2] in (None, channel)] or named
    found = [_search(page, m[1], m[2] or channel or "", m[3] or "") for m in own[:1]]
    found += [_search(page, m[1], m[2] or channel or "", m[3] or "", as_page=True) for m in own[:1]]
    if channel and _BY_CODE in page.text:
        found.append(_by_code(page, channel))
    if not found and guess and channel and _tree(page) is None:
        found = [*(_search(page, kind, channel, "") for kind in _GUESSED), _by_code(page, channel)]
    return tuple((fetch,) for fetch in found)


def _channel(page: WebPage) -> str | None:
    stated = page.metas.get("channelid") or _variable(page.text, "channelId")
    return stated if stated and _CHANNEL.fullmatch(stated) else None


def _variable(text: str, name: str) -> str | None:
    match = re.search(_VARIABLE.format(name=name), text)
    return match[1] if match else None


def _search(page: WebPage, kind: str, channel: str, query: str, *, as_page: bool = False) -> Fetch:
    """The first page of an endpoint, with the arguments that the page gives it."""
    stated = {
        key: value
        for key, value in parse_qsl(query, keep_blank_values=True)
        if key.startswith("_") or key == "sort"
    }
    if not stated.get("_pageSize", "").isdecimal():
        stated.pop("_pageSize", None)
    fields = {**_SEARCH, **stated, "_isJson": "false" if as_page else "true", "page": "1"}
    return Fetch(
        urljoin(page.url, f"/{kind}/{channel}?{urlencode(fields)}"),
        headers=_by_script(page),
        base=page.base,
    )


def _by_code(page: WebPage, channel: str) -> Fetch:
    code = _variable(page.text, "codeId") or ""
    form = {
        "codeId": code,
        "channelId": channel,
        "page": "1",
        "size": str(_ROWS_A_PAGE),
        "relateSubChannels": "true",
    }
    return Fetch(
        urljoin(page.url, _BY_CODE), "POST", tuple(form.items()), headers=_by_script(page), base=page.base
    )


def _by_script(page: WebPage) -> tuple[tuple[str, str], ...]:
    return (("Referer", page.url), ("X-Requested-With", "XMLHttpRequest"))


def _answer(page: WebPage) -> Listing:
    """JSON: ``data.{total, results}``, or the same under ``results``."""
    try:
        data = page.data
    except ValueError as error:
        raise LayoutError(page.url, "JSON of Ucap", page.text[:80]) from error
    data = _with_results(data)
    if data is None:
        raise LayoutError(page.url, "results", page.text[:80])
    rows = data["results"] or []
    declared = number(page.url, "total", None if data.get("total") is None else str(data["total"]))
    pages = -(-declared // len(rows)) if page.asked.page == 1 and rows else None
    more = _numbered_answers(page, 2, pages) if pages else ()
    return Listing(tuple(_rows(page, rows)), declared, pages, more, says_empty=declared == 0)


def _with_results(data: Any) -> dict[str, Any] | None:
    for _ in range(4):
        if not isinstance(data, dict):
            return None
        if isinstance(data.get("results"), list) or ("total" in data and data.get("results", 0) is None):
            return data
        data = data.get("data") or data.get("results")
    return None


def _rows(page: WebPage, rows: Sequence[Any]) -> Iterator[Entry]:
    for row in rows:
        if not isinstance(row, dict):
            continue
        stated = row.get("url")
        url = page.join(stated) if isinstance(stated, str) else None
        title = plain(row.get("title")) or plain(row.get("subTitle"))
        date = plain(row.get("publishedTimeStr") or row.get("publishedTime"))
        if url and title:
            yield Entry(url, title, date or None, tuple(_labelled(row.get("domainMetaList"))))


def _labelled(metas: Any) -> Iterator[tuple[str, str]]:
    """Labels of a row: ``domainMetaList[].resultList[].{name, value}``, or directly ``{name, value}``."""
    for group in metas if isinstance(metas, list) else ():
        if not isinstance(group, dict):
            continue
        inner = group.get("resultList")
        for one in inner if isinstance(inner, list) else (group,):
            if (
                isinstance(one, dict)
                and (name := plain(one.get("name")))
                and (value := plain(one.get("value")))
            ):
                yield name, value


def _fragment(page: WebPage, found: tuple[Entry, ...]) -> Listing:
    """A piece of page: its counters, or one page after the other while they are full."""
    total, pages = states(page)
    size = dict(parse_qsl(urlsplit(page.url).query)).get("_pageSize", "")
    full = bool(found) and (not size.isdecimal() or len(found) >= int(size))
    if pages is None and total is not None and found and page.asked.page == 1:
        pages = -(-total // len(found))
    last = pages or (page.asked.page + 1 if full else 0)
    more = _numbered_answers(page, page.asked.page + 1, last)
    return Listing(found, total, pages, more, says_empty=total == 0 or (not found and says_empty(page)))


def _numbered_answers(page: WebPage, first: int, last: int) -> tuple[Fetch, ...]:
    """The same question with other page numbers."""
    asked = page.asked
    return tuple(
        replace(
            asked,
            url=_with_page(asked.url, k) if asked.method == "GET" else asked.url,
            form=tuple((key, str(k) if key == "page" else value) for key, value in asked.form),
            page=k,
        )
        for k in range(first, min(last, MAX_PAGES) + 1)
    )


def _with_page(url: str, page: int) -> str:
    base, _, query = url.partition("?")
    fields = dict(parse_qsl(query, keep_blank_values=True))
    return f"{base}?{urlencode({**fields, 'page': str(page)})}"


# --- the tree ----------------------------------------------------------------------------------------


def _tree(page: WebPage) -> Fetch | None:
    """The question for the tree of a shell, with the arguments that its script gives."""
    match = _TREE.search(page.text)
    if match is None:
        return None
    project = match[1] or _variable(page.text, (match[2] or "").rpartition(".")[2] or "projectName")
    if project is None:
        return None
    stated = literal(page.text[match.start() :], "data")
    fields: dict[str, str] = {"callback": "JsonpCallBack", "level": "1"}
    for key in _TREE_FIELDS:
        value = stated.get(key) if isinstance(stated, dict) else None
        text = str(value) if isinstance(value, str | int) else _variable(page.text, key)
        if text is not None:
            fields[key] = text
    if channel := fields.get("channelId") or _channel(page):
        fields["channelId"] = channel
    return Fetch(
        urljoin(page.url, f"{_TREE_ANSWER}{project}?{urlencode(fields)}"),
        headers=_by_script(page),
        base=page.base,
    )


def _nodes(page: WebPage) -> Iterator[Link]:
    """Nodes of a tree that lead somewhere.

    Raises:
        LayoutError: the answer is no tree.
    """
    try:
        stack: list[Any] = [page.data]
    except ValueError as error:
        raise LayoutError(page.url, "JSONP of treeNew", page.text[:80]) from error
    for _ in range(_MAX_NODES):
        if not stack:
            return
        node = stack.pop()
        if isinstance(node, list):
            stack += reversed(node)
        elif isinstance(node, dict):
            if link := _node(page, node):
                yield link
            stack += [value for value in reversed(list(node.values())) if isinstance(value, list | dict)]


def _node(page: WebPage, node: Mapping[str, Any]) -> Link | None:
    name = plain(node.get("name")) or plain(node.get("channelName"))
    if not name:
        return None
    for key in ("iframeurl", "iframeUrl", "url"):
        value = node.get(key)
        if isinstance(value, str) and "null.shtml" not in value and (url := page.join(value)):
            return Link(url, name, "ucap/tree")
    for key in ("channelId", "channelid", "id"):
        value = node.get(key)
        if isinstance(value, str) and _CHANNEL.fullmatch(value):
            return Link(_search(page, _GUESSED[0], value, "").url, name, "ucap/tree")
    return None
