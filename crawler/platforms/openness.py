"""The "Openness" platform (池州, 铜陵, 宣城, 呼伦贝尔 …): ``/OpennessContent/showList/<a>/<b>/page_1.html``.

Lists of all kinds (``News``, ``XxgkContent``, ``PolicyContent`` …) carry the number of the page in their path, from
1; how many there are stands in the pager. Annual reports have addresses of their own (``/XxgkAnnualReport/show/7.html``).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from crawler.platforms import rows
from crawler.platforms.base import Mark, text_mark, url_mark
from crawler.platforms.generic import Generic, read

if TYPE_CHECKING:
    from crawler.platforms.base import Listing
    from crawler.webpage import WebPage

_KINDS: Final = r"(?:\w{0,20}Openness\w{0,20}|Xxgk\w{0,30}|Policy\w{0,30}|News|Content|Article)"
_NUMBER: Final = re.compile(
    r"(?P<before>/showList/(?:[^/?#]+/){0,6}page_)(?P<number>\d{1,5})(?P<after>\.html?)", re.IGNORECASE
)


class Openness(Generic):
    """Openness 平台."""

    name: ClassVar[str] = "openness"
    marks: ClassVar[tuple[Mark, ...]] = (
        text_mark(
            r"/OpennessContent/|/BranchOpennessContent/|/XxgkContent/|/XxgkAnnualReport/|/XxgkGuide/|/XxgkSystem/"
            r"|/PolicyContent/show",
            3,
        ),
        text_mark(rf"/{_KINDS}/showList/(?:[^/\"'?\s]{{1,60}}/){{1,6}}page_\d+\.html"),
        url_mark(r"(?i)/(?:Branch)?OpennessContent/|/Xxgk(?:Content|AnnualReport)/|/PolicyContent/", 3),
        url_mark(rf"/{_KINDS}/showList/(?:[^/?]{{1,60}}/){{1,6}}page_\d+\.html", 3),
        text_mark(r"(?i)/opennessTarget/\?branch_id=|/Openness/detail/content/[0-9a-f]{24}", 3),
    )
    detail: ClassVar[re.Pattern[str] | None] = re.compile(
        rf"/{_KINDS}/show/\d+\.html|/Openness/detail/content/[0-9a-f]{{24}}", re.IGNORECASE
    )
    column: ClassVar[re.Pattern[str] | None] = re.compile(
        rf"/{_KINDS}/(?:showList|list|index)(?:/|$)|/opennessTarget/\?", re.IGNORECASE
    )

    def listing(self, page: WebPage) -> Listing:
        """Read one page of a list; the others differ in the number in the path."""
        listing = read(page, rows.entries(page, self.detail))
        linked = [link.url for link in page.links if _same_list(page.url, link.url)]
        template = next(iter(linked), page.url if _NUMBER.search(page.url) else None)
        if template is None:
            return listing
        pages = listing.pages or max((_number(url) for url in linked), default=1)
        more = rows.numbered(
            page.asked.page + 1, pages, lambda k: _NUMBER.sub(rf"\g<before>{k}\g<after>", template, count=1)
        )
        others = tuple(other for other in (listing.more, *listing.alternatives) if other and other != more)
        return replace(listing, pages=max(pages, page.asked.page), more=more, alternatives=others)


def _number(url: str) -> int:
    match = _NUMBER.search(url)
    return int(match["number"]) if match else 0


def _same_list(own: str, other: str) -> bool:
    """Whether two addresses are pages of one list; its first page may be written without a number."""
    match = _NUMBER.search(other)
    if match is None:
        return False
    before = other[: match.end("before")]
    return own.startswith(before) or re.sub(r"/?(?:\.html?)?$", "", own) == before.removesuffix("/page_")
