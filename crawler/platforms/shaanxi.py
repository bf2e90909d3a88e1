"""The platform of 延安, 渭南 and others in Shaanxi: lists ``/zfxxgk/zfxxgknb/1.html``, documents ``…/<19 digits>.html``.

``1.html`` is the first page (in VSB it would be the last). How many there are is written into the page by a script
(``parseInt('3')``) or stands in the links of the pager.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from crawler.platforms import rows
from crawler.platforms.base import Mark, text_mark, url_mark
from crawler.platforms.generic import Generic, read
from crawler.platforms.pagers import scripts

if TYPE_CHECKING:
    from crawler.platforms.base import Listing
    from crawler.webpage import WebPage

_PAGE: Final = re.compile(r"^(?P<folder>https?://[^?#]*/)(?P<number>\d{1,4})\.html$")
_WRITTEN: Final = re.compile(r"""parseInt\(\s{0,9}["'](\d{1,5})["']""")
_NAME: Final = re.compile(r"(\w{1,30})\s{0,9}=\s{0,9}$")
_COUNTERS: Final = re.compile(r"(?i)total|count|pages|last|max|zys|zong")
_OTHERS: Final = re.compile(r"(?i)size|row|cur|now|index|record|num$")


class Shaanxi(Generic):
    """陕西平台."""

    name: ClassVar[str] = "shaanxi"
    marks: ClassVar[tuple[Mark, ...]] = (
        text_mark(r"href\s*=\s*[\"']?[^\"'\s>]{0,300}/(?:zfxxgk|xxgk|zwgk)/(?:[a-z0-9_]+/){0,5}1\.html"),
        text_mark(r"href\s*=\s*[\"']?[^\"'\s>]{0,300}/\d{0,8}[a-z]\w{0,40}/\d{18,19}\.html"),
        text_mark(r"class\s*=\s*[\"']?(?:[\w-]+ )*m-(?:lst-pg|txt-article|lst-nav)\b", 3),
        url_mark(r"/\d{0,8}[a-z]\w{0,40}/\d{18,19}\.html$", 2),
        url_mark(r"/(?:zfxxgk|xxgk|zwgk)/(?:[a-z0-9_]+/){0,5}1\.html$"),
    )
    detail: ClassVar[re.Pattern[str] | None] = re.compile(r"/\d{16,19}\.html$")
    column: ClassVar[re.Pattern[str] | None] = re.compile(r"/[a-z]\w*/\d{1,4}\.html$")

    def listing(self, page: WebPage) -> Listing:
        """Read one page of a list; the others lie beside it under their numbers."""
        listing = read(page, rows.entries(page, self.detail))
        own = _PAGE.match(page.url)
        if own is None:
            return listing
        beside = [
            match
            for link in page.links
            if (match := _PAGE.match(link.url)) and match["folder"] == own["folder"]
        ]
        linked = max((int(match["number"]) for match in beside), default=1)
        stated = rows.states(page)[1] or _written(page) or listing.pages or 1
        pages = max(linked, stated, _needed(listing) if page.asked.page == 1 else 1)
        more = rows.numbered(page.asked.page + 1, pages, lambda k: f"{own['folder']}{k}.html")
        others = tuple(other for other in (listing.more, *listing.alternatives) if other and other != more)
        return replace(listing, pages=max(pages, page.asked.page), more=more, alternatives=others)


def _needed(listing: Listing) -> int:
    """Pages that the declared rows take, if each has as many as this one."""
    if not listing.declared or not listing.entries:
        return 1
    return -(-listing.declared // len(listing.entries))


def _written(page: WebPage) -> int | None:
    """Number of pages that a script of the page was given; None if it could be several numbers."""
    text = scripts(page)
    found = []
    for match in _WRITTEN.finditer(text):
        name = _NAME.search(text[max(0, match.start() - 50) : match.start()])
        found.append((name[1] if name else "", int(match[1])))
    named = {number for name, number in found if _COUNTERS.search(name) and not _OTHERS.search(name)}
    numbers = named or {number for name, number in found if not _OTHERS.search(name)}
    return numbers.pop() if len(numbers) == 1 else None
