"""博达 VSB (Webber site groups): static lists that are numbered backwards, or lists made by ``list.jsp``.

Page 1 is ``y.htm``, page 2 ``y/{N-1}.htm``, the last one ``y/1.htm``: old pages keep their number when a new one is
added in front. Which way a list runs is read from its links to the next and to the last page, never assumed. Rows
move from page to page with every new document, so a document is known by its address ``/info/<column>/<id>.htm``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlsplit, urlunsplit

from crawler.platforms import rows
from crawler.platforms.base import Mark, Platform, text_mark, url_mark
from crawler.platforms.generic import read
from crawler.webpage import Fetch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawler.platforms.base import Listing
    from crawler.webpage import Link, WebPage

_NEXT: Final = frozenset({"下页", "下一页", "下一頁", "后一页", "后页", "next", "nextpage"})
_LAST: Final = frozenset({"尾页", "末页", "最后页", "最后一页", "last", "lastpage", "end"})
_ARROWS: Final = re.compile(r"[\s<>＜＞«»‹›→\[\]【】|]+")
_STATIC: Final = re.compile(r"^(?P<before>.*/)(?P<number>\d{1,5})(?P<after>\.html?)$")
_MADE: Final = re.compile(
    r"^(?P<before>.*[?&](?:PAGENUM|a\d+p|page(?:num|no|index)?)=)(?P<number>\d{1,5})(?P<after>(?:&.*)?)$",
    re.IGNORECASE,
)
_TOTAL: Final = re.compile(r"[?&](?:totalpage|a\d+t)=(\d{1,5})(?=&|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Step:
    """An address that ends in the number of a page: what stands before the number, the number, what follows."""

    before: str
    number: int
    after: str

    def at(self, number: int) -> str:
        return f"{self.before}{number}{self.after}"


class Vsb(Platform):
    """博达 VSB."""

    name: ClassVar[str] = "vsb"
    marks: ClassVar[tuple[Mark, ...]] = (
        text_mark(r"Visual SiteBuilder", 3),
        text_mark(r"(?i)/system/resource/(?:js|style|code|pdfjs)/", 3),
        text_mark(r"(?i)_sitegray|_dwr\.js|vsbscreen|_jsq_\("),
        text_mark(r"vsb_content|v_news_content|_newscontent_fromname|showVsb[a-z]", 3),
        text_mark(r"(?i)[?&;]wbtreeid=\d|news\.DownloadAttachUrl", 3),
        text_mark(
            r"pb_sys_(?:common|normal|style\d|full)|id=[\"']?fanye\d|id=[\"']?line_u\d|id=[\"']?lineu\d"
        ),
        text_mark(r"[\"'/.]/?info/\d{4,6}/\d+\.htm[\"'?#]"),
        url_mark(r"(?i)[?&]wbtreeid=\d", 3),
        url_mark(r"/info/\d{4,6}/\d+\.htm$"),
    )
    detail: ClassVar[re.Pattern[str] | None] = re.compile(
        r"/info/\d+/\d+\.html?|[?&]wbnewsid=\d|urltype=news\.NewsContentUrl|/_content/download\.jsp|/__local/",
        re.IGNORECASE,
    )
    column: ClassVar[re.Pattern[str] | None] = re.compile(
        r"\.jsp\?(?:[^#]*&)?urltype=tree\.TreeTempUrl|^/(?!info/)[\w/-]+\.htm$", re.IGNORECASE
    )

    def listing(self, page: WebPage) -> Listing:
        """Read one page of a list; every page says where the next one lies."""
        usual = read(page, rows.entries(page, self.detail))
        more, stated = _more(page, rows.states(page)[1])
        if more or page.asked.page > 1:
            return replace(usual, pages=stated, more=more, alternatives=())
        return replace(usual, pages=stated or usual.pages)


def _more(page: WebPage, stated: int | None) -> tuple[tuple[Fetch, ...], int | None]:
    """Which pages are left, and how many there are in all."""
    number = page.asked.page
    following = _named(page.links, _NEXT, "p_next") or _numbered(page.links, number + 1)
    if following is None or following == page.url:
        last = stated if stated and number == 1 and following is None else 0
        return rows.numbered(2, last, lambda k: _usual(page.url, k, last)), stated
    if number > 1:
        return (Fetch(_alike(page.asked.url, following), page=number + 1),), stated
    found, pages = _numbers(page.url, following, _named(page.links, _LAST, "p_last"), stated)
    return tuple(Fetch(url, page=at) for at, url in enumerate(found or [following], 2)), pages


def _usual(first: str, number: int, pages: int) -> str | None:
    """How the family writes a page's address, for a pager that is run by a script."""
    parts = urlsplit(first)
    if parts.path.endswith(".jsp") and "wbtreeid=" in parts.query:
        return urlunsplit(parts._replace(query=f"totalpage={pages}&PAGENUM={number}&{parts.query}"))
    return f"{_stem(first)}/{pages - number + 1}.htm" if parts.path.endswith((".htm", ".html")) else None


def _alike(own: str, following: str) -> str:
    """The next page written as this one was asked for, so that a page is not taken for two."""
    here, there = _step(own), _step(following)
    return here.at(there.number) if here and there and here.after == there.after else following


def _numbers(
    first: str, following: str, final: str | None, stated: int | None
) -> tuple[list[str], int | None]:
    """Addresses of pages 2 to N; none where the links to the next and the last page and the count disagree."""
    step, last = _step(following), _step(final) if final else None
    if step is None:
        return [], stated
    if made := _TOTAL.search(following):
        pages = int(made[1])
        agree = step.number == 2 and (last is None or last.number == pages)  # noqa: PLR2004 - page 2
        ends = pages
    else:
        backwards = stated is not None and step.number == stated - 1 and step.before == f"{_stem(first)}/"
        ends = last.number if last else 1
        pages = abs(step.number - ends) + 2
        agree = last.before == step.before if last else backwards
    if not agree or stated not in (None, pages) or pages > rows.MAX_PAGES:
        return [], stated
    way = 1 if ends >= step.number else -1
    return [step.at(number) for number in range(step.number, ends + way, way)], pages


def _step(url: str) -> _Step | None:
    match = _MADE.match(url) or _STATIC.match(url)
    return _Step(match["before"], int(match["number"]), match["after"]) if match else None


def _stem(url: str) -> str:
    return re.sub(r"\.html?$", "", url.partition("?")[0])


def _named(links: Iterable[Link], words: frozenset[str], style: str) -> str | None:
    """Address of the first link that is called so, or stands in a pager element of that style."""
    for link in links:
        if _ARROWS.sub("", link.text).lower() in words or f".{style}" in link.area[-40:]:
            return link.url
    return None


def _numbered(links: Iterable[Link], number: int) -> str | None:
    """Address of the link that is merely the number of a page."""
    return next((link.url for link in links if link.text == str(number) and _step(link.url)), None)
