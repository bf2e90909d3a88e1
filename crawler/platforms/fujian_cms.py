"""The platform of many portals in Fujian (漳州, 南平): ``/cms/html/<site>/<column>/index.html``.

The first page of a list is a file, all later ones are made on demand: by ``/cms/sitemanage/index.shtml?siteId=``
(``siteId`` names the column and stands in ``<meta name="siteIdMeta">``), by ``/cms/infopublic/*.shtml`` for
directories of disclosure, or by sending the form of a query (``publicInfoQuery.shtml``) again with another number.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from crawler.platforms.base import text_mark, url_mark
from crawler.platforms.generic import Generic, read
from crawler.platforms.rows import entries, numbered, states
from crawler.webpage import Fetch

if TYPE_CHECKING:
    from lxml.html import HtmlElement

    from crawler.platforms.base import Listing, Mark
    from crawler.webpage import WebPage

_ON_DEMAND: Final = re.compile(r"/cms/(?:sitemanage|infopublic)/\w+\.shtml$")
_NUMBER: Final = re.compile(r"^(?:page|pageNo|pageNum|curPage|viewPackage\.curPage)$")
_MAX_PAGES: Final = 2_000


class FujianCms(Generic):
    """福建 /cms/html/ 平台."""

    name: ClassVar[str] = "fujian_cms"
    marks: ClassVar[tuple[Mark, ...]] = (
        url_mark(
            r"//[^/]+/(?:[\w-]+/)?cms/(?:html/\w+/|(?:sitemanage|infopublic|siteresource)/\w+\.shtml)", 3
        ),
        # "cn/" before it: another portal of the family is linked
        text_mark(r"cms/html/(?<!cn/cms/html/)\w+/"),
        text_mark(r"cms/(?<!cn/cms/)(?:sitemanage|infopublic|siteresource)/\w+", 3),
        text_mark(r"""name=["']?siteIdMeta\b""", 3),
    )
    detail: ClassVar[re.Pattern[str] | None] = re.compile(
        r"/cms/html/(?:\w+/){1,4}\d{4}-\d{2}-\d{2}/\d+\.html?(?:\?|$)"
        r"|/cms/infopublic/publicInfo\.shtml\?|/cms/siteresource/article\.shtml\?"
    )
    column: ClassVar[re.Pattern[str] | None] = re.compile(
        r"/cms/html/(?:\w+/){1,4}(?:index\.html?|\d+\.html?)?(?:\?|$)"
        r"|/cms/sitemanage/index\.shtml\?|/cms/infopublic/(?!publicInfo\.shtml)\w+\.shtml"
    )

    def listing(self, page: WebPage) -> Listing:
        """Read one page of a list; pages made on demand before any other reading of its pager."""
        listing = read(page, entries(page, self.detail))
        if not listing.entries:
            return listing
        stated = states(page)[1] or listing.pages
        found = (_linked(page, stated), _posted(page, stated), _of_site(page, stated), listing.more)
        readings = tuple(more for more in dict.fromkeys((*found, *listing.alternatives)) if more)
        if not readings:
            return listing
        return replace(listing, pages=stated, more=readings[0], alternatives=readings[1:])


def _linked(page: WebPage, stated: int | None) -> tuple[Fetch, ...]:
    """The pages that the pager links: all up to its greatest number."""
    greatest: dict[str, int] = {}
    for link in page.links:
        parts = urlsplit(link.url)
        if not _ON_DEMAND.search(parts.path):
            continue
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        number = query.pop("page", "")
        if number.isdecimal():
            list_url = urlunsplit(parts._replace(query=urlencode(query)))
            greatest[list_url] = max(int(number), greatest.get(list_url, 0))
    if not greatest:
        return ()
    url = max(greatest, key=lambda one: greatest[one])
    return numbered(2, min(max(greatest[url], stated or 0), _MAX_PAGES), lambda k: _with_page(url, k))


def _of_site(page: WebPage, stated: int | None) -> tuple[Fetch, ...]:
    """The pages of the column whose number the head of the page names."""
    site, parts = page.metas.get("siteidmeta", ""), urlsplit(page.url)
    if not site.isdecimal() or not stated or "/cms/" not in parts.path:
        return ()
    path = parts.path.partition("/cms/")[0] + "/cms/sitemanage/index.shtml"
    url = urlunsplit(parts._replace(path=path, query=urlencode({"siteId": site})))
    return numbered(2, min(stated, _MAX_PAGES), lambda k: _with_page(url, k))


def _posted(page: WebPage, stated: int | None) -> tuple[Fetch, ...]:
    """The pages of a query: its form as it stands, with another number."""
    if not stated:
        return ()
    for form in page.root.iter("form"):
        url, fields = page.join(form.get("action")) or page.url, _fields(form)
        number = next((name for name in fields if _NUMBER.match(name)), None)
        if number is not None and _ON_DEMAND.search(urlsplit(url).path):
            return tuple(
                Fetch(url, "POST", tuple({**fields, number: str(k)}.items()), page=k)
                for k in range(2, min(stated, _MAX_PAGES) + 1)
            )
    return ()


def _fields(form: HtmlElement) -> dict[str, str]:
    """Names and values that the form would send."""
    chosen = {
        one.get("name"): option.get("value") or ""
        for one in form.iter("select")
        for option in one.iter("option")
        if option.get("selected") is not None
    }
    inputs = {
        one.get("name"): one.get("value") or ""
        for one in form.iter("input")
        if (one.get("type") or "text").lower() in ("hidden", "text")
    }
    return {name: value for name, value in {**chosen, **inputs}.items() if name}


def _with_page(url: str, page: int) -> str:
    return f"{url}{'&' if urlsplit(url).query else '?'}page={page}"
