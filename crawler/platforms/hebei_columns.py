"""The platform of Hebei province and 石家庄: ``/columns/<uuid>/index.html``, mounted under ``/zfxxgk/`` on some hosts.

The rows are a *block*: the column page asks ``/columns/<uuid>/templates/<uuid>/blocks/<uuid>?page=1&fix=0`` for a
piece of HTML and puts it into itself. Its first page may already stand in the column page, later ones never do.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlsplit

from crawler.platforms.base import Listing, text_mark, url_mark
from crawler.platforms.generic import Generic, read
from crawler.platforms.rows import entries, numbered, says_empty, states

if TYPE_CHECKING:
    from crawler.platforms.base import Entry, Mark
    from crawler.webpage import Fetch, WebPage

_UUID: Final = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_BLOCK_PATH: Final = rf"columns/{_UUID}/templates/{_UUID}/blocks/{_UUID}"
_IN_SCRIPT: Final = re.compile(rf"""["']([^"'\s<>]{{0,200}}{_BLOCK_PATH})""")
_PART: Final = re.compile(
    rf"""\b(column|template|block)[-_]?(?:id)?["']?\s*[:=]\s*["']({_UUID})["']""", re.IGNORECASE
)
_MOUNT: Final = re.compile(rf"^(.*?)/columns/{_UUID}(?:/|$)")
_COUNT: Final = re.compile(
    r"""\b(?:(?P<total>total(?:count|num|elements|records?)?|count)|(?P<pages>total_?pages?|page_?count|pages))"""
    r"""["']?\s*[:=]\s*["']?(?P<number>\d{1,6})\b""",
    re.IGNORECASE,
)
_VALUE: Final = re.compile(
    r"""(?:id|name)=["'](?:(?P<total>total(?:count|num|elements|records?)?|count)|(?P<pages>total_?pages?|page_?count|pages))["']"""
    r"""[^<>]{0,100}?value=["']?(?P<number>\d{1,6})\b""",
    re.IGNORECASE,
)
_MAX_BLOCKS: Final = 6


class HebeiColumns(Generic):
    """河北 columns 平台."""

    name: ClassVar[str] = "hebei_columns"
    marks: ClassVar[tuple[Mark, ...]] = (
        url_mark(rf"//[^/]+/(?:[\w-]+/){{0,3}}columns/{_UUID}", 3),
        text_mark(rf"columns/(?<!cn/columns/){_UUID}/"),  # not the province, which is linked everywhere
        text_mark(rf"templates/{_UUID}/blocks/{_UUID}", 3),
    )
    detail: ClassVar[re.Pattern[str] | None] = re.compile(
        rf"/columns/{_UUID}/\d{{6}}/\d{{2}}/{_UUID}\.html?(?:\?|$)"
    )
    column: ClassVar[re.Pattern[str] | None] = re.compile(
        rf"/columns/{_UUID}(?:/(?:index(?:_\d+)?\.html?)?)?(?:\?|$)"
    )

    def listing(self, page: WebPage) -> Listing:
        """Read a column page or one page of its block."""
        asked = urlsplit(page.asked.url)
        if re.search(_BLOCK_PATH, asked.path):
            return _of_block(page, page.asked.url.partition("?")[0], self.detail)
        blocks = _blocks(page)
        if not blocks:
            return read(page, entries(page, self.detail))
        if len(blocks) == 1 and (listing := _of_block(page, blocks[0], self.detail)).entries:
            return listing
        more = tuple(fetch for block in blocks for fetch in _pages(page, block, 1, 1))
        return Listing(entries=entries(page, self.detail), more=more)


def _of_block(page: WebPage, block: str, detail: re.Pattern[str] | None) -> Listing:
    """The rows of a block, in the column page or alone, and how it goes on."""
    rows = entries(page, detail)
    declared, pages = _counts(page, rows)
    number = page.asked.page
    if pages is not None:
        more = _pages(page, block, 2, pages)
    else:
        more = _pages(page, block, number + 1, number + 1) if rows else ()
    return Listing(rows, declared, pages, more, says_empty=not rows and (declared == 0 or says_empty(page)))


def _pages(page: WebPage, block: str, first: int, last: int) -> tuple[Fetch, ...]:
    base = page.asked.base or page.url
    return numbered(first, last, lambda k: f"{block}?page={k}&fix=0", base=base)


def _blocks(page: WebPage) -> tuple[str, ...]:
    """Addresses of the blocks that the page asks for, whole or put together from their three names."""
    whole = dict.fromkeys(url for match in _IN_SCRIPT.finditer(page.text) if (url := page.join(match[1])))
    if whole:
        return tuple(whole)[:_MAX_BLOCKS]
    parts = {match[1].lower(): match[2] for match in _PART.finditer(page.text)}
    mount = _MOUNT.match(urlsplit(page.url).path)
    if mount is None or not {"template", "block"} <= parts.keys():
        return ()
    column = parts.get("column") or urlsplit(page.url).path.partition("/columns/")[2].partition("/")[0]
    url = page.join(f"{mount[1]}/columns/{column}/templates/{parts['template']}/blocks/{parts['block']}")
    return (url,) if url else ()


def _counts(page: WebPage, rows: tuple[Entry, ...]) -> tuple[int | None, int | None]:
    """Rows and pages in all: as printed, else as the block hands them to its pager."""
    total, pages = states(page)
    for match in (*_VALUE.finditer(page.text), *_COUNT.finditer(page.text)):
        if match["total"] and total is None:
            total = int(match["number"])
        if match["pages"] and pages is None:
            pages = int(match["number"])
    if pages is None and total is not None and page.asked.page == 1 and rows:
        pages = -(-total // len(rows))
    return total, pages
