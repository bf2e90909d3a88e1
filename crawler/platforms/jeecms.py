"""JEECMS: ``/zfxxgk/index.jhtml``, ``index_2.jhtml``, documents ``/zfxxgk/1234.jhtml``, lists made by ``.jspx``.

Its pager is text with scripts in the attributes (``onclick="location.href='index_2.jhtml'"``, a ``<select>``); what
it always prints is the count: 共 23 条记录 1/2 页. From that all addresses follow.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from crawler.platforms.base import text_mark, url_mark
from crawler.platforms.generic import Generic, read
from crawler.platforms.rows import entries, numbered, states

if TYPE_CHECKING:
    from crawler.platforms.base import Listing, Mark
    from crawler.webpage import WebPage

_SUFFIX: Final = re.compile(r"(?:_\d+)?(\.[a-z]+)$", re.IGNORECASE)
_NUMBER: Final = "pageNo"
_IN_PAGER: Final = re.compile(r"""["'/]index_(\d{1,4})\.jhtml["']""")
"""Pages that a pager without a count names, wherever in its attributes."""


class Jeecms(Generic):
    """JEECMS 类平台."""

    name: ClassVar[str] = "jeecms"
    marks: ClassVar[tuple[Mark, ...]] = (
        url_mark(r"(?<!/search)\.jhtml(?:\?|$)", 3),
        url_mark(r"\.jspx(?:\?|$)"),
        text_mark(r"""/r/cms/(?<=["'=]/r/cms/)""", 3),
        text_mark(r"""href=["']?(?!https?:|//)[^"'\s>]{1,200}\.jhtml(?<!/search\.jhtml)"""),
        text_mark(r"""href=["']?(?!https?:|//)[^"'\s>]{0,200}\.jspx""", 1),
    )
    detail: ClassVar[re.Pattern[str] | None] = re.compile(r"/\d+(?:_\d+)?\.jhtml(?:\?|$)|[?&]contentId=\d+")
    column: ClassVar[re.Pattern[str] | None] = re.compile(
        r"/index(?:_\d+)?\.jhtml(?:\?|$)|\.jspx\?(?:.*&)?channelId="
    )

    def listing(self, page: WebPage) -> Listing:
        """Read one page of a list; its further addresses follow from the number of pages that it prints."""
        listing = read(page, entries(page, self.detail))
        pages = states(page)[1] or listing.pages
        last = pages or max((int(number) for number in _IN_PAGER.findall(page.text)), default=1)
        if not listing.entries or (pages is None and listing.more):
            return listing
        template = page.url
        more = numbered(2, last, lambda k: page_url(template, k))
        others = (listing.more, *listing.alternatives)
        return replace(
            listing, pages=pages, more=more, alternatives=tuple(o for o in others if o and o != more)
        )


def page_url(url: str, page: int) -> str:
    """Address of a page of a list: ``index_2.jhtml``; lists made by a script get their number in the query."""
    parts = urlsplit(url)
    if parts.path.endswith((".jspx", ".do")):
        query = [
            (name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != _NUMBER
        ]
        return urlunsplit(parts._replace(query=urlencode([*query, (_NUMBER, str(page))])))
    path = parts.path + "index.jhtml" if parts.path.endswith("/") else parts.path
    suffix = f"_{page}" if page > 1 else ""
    return urlunsplit(parts._replace(path=_SUFFIX.sub(rf"{suffix}\1", path)))
