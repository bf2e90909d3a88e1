"""广东: the disclosure platform gkmlpt, whose lists are data, and the static pages of NFCMS around it.

Every government and department of the province has ``/gkmlpt/index`` (also ``/gkmlpt/annualreport`` and others), an
empty shell whose script holds the number of the site (``SID``) and the tree of its columns (``TREE``); the annual
reports are a node of that tree and stand nowhere else. A column is asked for at ``/gkmlpt/api/all/<id>``: pages 0 and 1
are the same, a page has 100 rows, and on some sites every page from the second on is missing although more rows are
declared.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from crawler.platforms.base import (
    Entry,
    LayoutError,
    Listing,
    Mark,
    Platform,
    number,
    only,
    text_mark,
    url_mark,
)
from crawler.platforms.embedded_json import literal, plain
from crawler.platforms.generic import read
from crawler.platforms.rows import entries, numbered
from crawler.webpage import Link

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crawler.webpage import Fetch, WebPage

_SHELL: Final = re.compile(r"\bwindow\s?\.\s?_CONFIG\s{0,9}=")
_SID: Final = re.compile(r"""\bSID["']?\s{0,9}:\s{0,9}["']?(\d{1,12})\b""")
_API: Final = re.compile(r"/gkmlpt/api/\w{1,20}/\d+")
_ROOT: Final = re.compile(r"^.*?/gkmlpt(?=/|$)")
_MOBILE: Final = re.compile(r"/mpost_(?=\d)")
_NAMELESS: Final = re.compile(r"(?:公元)?20\d\d年?度?|\d{1,2}月|其他|更多|列表")
_MAX_NODES: Final = 5_000
_DEEPEST: Final = 12
_CHINA: Final = timezone(timedelta(hours=8))
_DATES: Final = ("display_publish_time", "first_publish_time", "publish_time", "date", "created_at")
_LABELS: Final = (
    ("identifier", "索引号"),
    ("publisher", "发布机构"),
    ("document_number", "文号"),
    ("classify_main_name", "分类"),
)
_STATIC_PAGE: Final = re.compile(r"^(?P<stem>.*/(?:index|list))(?:_\d{1,5})?(?P<ext>\.s?html?)$")


class Gkmlpt(Platform):
    """Trees and rows as data, and static lists ``index_2.html``."""

    name: ClassVar[str] = "gkmlpt"
    marks: ClassVar[tuple[Mark, ...]] = (
        url_mark(r"/gkmlpt(?:/|$)", 3),
        url_mark(r"/content/m?post_\d+\.html", 2),
        text_mark(r"window\s?\.\s?_CONFIG\s{0,9}=\s{0,9}\{", 2),
        text_mark(r"NFCMS_(?:SITE|POST|PAGE|CAT|PUB)_", 5),  # whatever editor wrote the text
        text_mark(r"""["'/]gkmlpt/""", 2),
        text_mark(r"/content/post_\d+\.html", 2),
    )
    detail: ClassVar[re.Pattern[str] | None] = re.compile(r"/content/(?:\d+/\d+/)?m?post_\d+\.html")
    column: ClassVar[re.Pattern[str] | None] = _API

    def listing(self, page: WebPage) -> Listing:
        """Rows of an answer of the interface, branches of a shell, or rows of a static list."""
        if _API.search(page.url) or page.text.lstrip("\ufeff \r\n\t").startswith("{"):
            return _answer(page)
        if _SHELL.search(page.text):
            return Listing(branches=tuple(_nodes(page)))
        return self._static(page)

    def branches(self, page: WebPage) -> Sequence[Link]:
        """The columns of a shell's tree, each at the address of its data."""
        if not _SHELL.search(page.text) or literal(page.text, "TREE") is None:
            return ()
        return tuple(_nodes(page))

    def _static(self, page: WebPage) -> Listing:
        found = tuple(
            Entry(_MOBILE.sub("/post_", entry.url), entry.title, entry.published, entry.metadata)
            for entry in entries(page, self.detail)
        )
        usual = read(page, found)
        pages = usual.pages or _last_linked(page)
        more: tuple[Fetch, ...] = ()
        parts = _STATIC_PAGE.match(_index_of(page.url))
        if parts and pages and page.asked.page < pages:
            more = numbered(page.asked.page + 1, pages, lambda k: f"{parts['stem']}_{k}{parts['ext']}")
        return (
            replace(usual, pages=pages, more=more, alternatives=()) if more else replace(usual, pages=pages)
        )


# --- the interface -----------------------------------------------------------------------------------


def _answer(page: WebPage) -> Listing:
    try:
        data = page.data
    except ValueError as error:
        raise LayoutError(page.url, "JSON of gkmlpt", page.text[:80]) from error
    rows = data.get("articles") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise LayoutError(page.url, "articles", page.text[:80])
    found = tuple(_entries(page, rows))
    declared = _declared(page, data)
    pages = -(-declared // len(rows)) if page.asked.page == 1 and rows else None
    more: tuple[Fetch, ...] = ()
    if pages:
        more = numbered(2, pages, lambda k: _page_of(page.url, k))
    return Listing(found, declared, pages, more, says_empty=declared == 0)


def _declared(page: WebPage, data: Mapping[str, Any]) -> int:
    """Rows of the column; ``total`` counts what the list shows, ``post_count`` what the column holds."""
    classify = data.get("classify")
    counts = (data.get("total"), classify.get("post_count") if isinstance(classify, dict) else None)
    stated = next((count for count in counts if count is not None), None)
    return number(page.url, "total or post_count", None if stated is None else str(stated))


def _entries(page: WebPage, rows: Sequence[Any]) -> Iterator[Entry]:
    for row in rows:
        if not isinstance(row, dict):
            continue
        addresses = (row.get("jump_url"), row.get("url"), row.get("post_url"))
        url = next((url for one in addresses if isinstance(one, str) and (url := page.join(one))), None)
        title = plain(row.get("title"))
        if url and title:
            labels = tuple((label, text) for key, label in _LABELS if (text := plain(row.get(key))))
            yield Entry(url, title, _date(row), labels)


def _date(row: Mapping[str, Any]) -> str | None:
    """Day of publication in China; the interface gives seconds since 1970, or a date as text."""
    for key in _DATES:
        value = row.get(key)
        if isinstance(value, str) and value and not value.isdecimal():
            return value
        seconds = int(value) if isinstance(value, int) or (isinstance(value, str) and value) else 0
        if 0 < seconds < 4e9:  # noqa: PLR2004 - a 32-bit time; milliseconds would be more
            return (datetime.fromtimestamp(seconds, UTC)).astimezone(_CHINA).date().isoformat()
    return None


def _page_of(url: str, page: int) -> str:
    """The address of the interface with another page number."""
    base, _, query = url.partition("?")
    return f"{base}?{urlencode({**parse_qs(query), 'page': [str(page)]}, doseq=True)}"


# --- the tree ----------------------------------------------------------------------------------------


def _nodes(page: WebPage) -> Iterator[Link]:
    """Every node of the tree that has a name.

    Raises:
        LayoutError: it is a shell without site number or tree.
    """
    tree = literal(page.text, "TREE")
    if not isinstance(tree, list):
        raise LayoutError(page.url, "TREE", page.title)
    sid = only(page.url, "SID", _SID.findall(page.text))
    root = _ROOT.match(urlsplit(page.url).path)
    interface = urljoin(page.url, f"{root[0] if root else '/gkmlpt'}/api/all/")
    stack: list[tuple[Any, str, int]] = [(node, "", 0) for node in reversed(tree)]
    for _ in range(_MAX_NODES):
        if not stack:
            return
        node, above, depth = stack.pop()
        if not isinstance(node, dict):
            continue
        name = plain(node.get("name"))
        if _NAMELESS.fullmatch(name) and above:
            name = above
        jump = node.get("jump_url")
        url = page.join(jump) if isinstance(jump, str) and jump.strip() else None
        if url is None and str(node.get("id") or "").isdecimal():
            url = f"{interface}{node['id']}?page=1&sid={sid}"
        if url and name:
            yield Link(url, name, "gkmlpt/tree")
        children = node.get("children")
        if isinstance(children, list) and depth < _DEEPEST:
            stack += [(child, name, depth + 1) for child in reversed(children)]


# --- static lists ------------------------------------------------------------------------------------


def _index_of(url: str) -> str:
    address = url.partition("?")[0]
    return f"{address}index.html" if address.endswith("/") else address


def _last_linked(page: WebPage) -> int | None:
    """The highest page number that a link of the list's own pager bears; None without a pager."""
    parts = _STATIC_PAGE.match(_index_of(page.url))
    if parts is None:
        return None
    sibling = re.compile(rf"{re.escape(urlsplit(parts['stem']).path)}_(\d{{1,5}}){re.escape(parts['ext'])}$")
    linked = (sibling.search(urlsplit(link.url).path) for link in page.links)
    return max((int(match[1]) for match in linked if match), default=None)
