"""大汉 Hanweb (jcms, 大汉版通), its successor jpaas, and TrueCMS, which draws lists with the same script.

One vendor, four ways to draw a list, often mixed on one portal; so this is one family, and what a page holds decides
who reads it: ``hanweb_jpage`` (rows kept for the ``jpage`` script, TrueCMS too), ``hanweb_xxgk`` (the disclosure
module and its module of annual reports), ``hanweb_jpaas`` (page units). A page without any of them is a static list.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from crawler.platforms import hanweb_jpaas, hanweb_jpage, hanweb_xxgk
from crawler.platforms.base import Mark, Platform, text_mark, url_mark
from crawler.platforms.generic import read
from crawler.platforms.rows import entries
from crawler.webpage import Fetch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.platforms.base import Listing
    from crawler.webpage import Link, WebPage

_SHORT = 200
_ARTICLE = r"/art/(?:19|20)\d\d/(?:\d{1,2}/\d{1,2}/)?art_[\w-]+\.html"

_DETAIL = re.compile(
    rf"{_ARTICLE}|/content/[0-9a-f]{{8}}-?[0-9a-f-]{{20,28}}\.html|/module/download/downfile\.jsp\?",
    re.IGNORECASE,
)


class Hanweb(Platform):
    """大汉 Hanweb, jpaas and TrueCMS."""

    name: ClassVar[str] = "hanweb"
    marks: ClassVar[tuple[Mark, ...]] = (
        text_mark(r"(?i)/dataproxy\.jsp|/module/(?:web/|jslib/jquery/)?jpage/|/script/jpage/", 3),
        text_mark(r"<!--\s*<\$\[", 3),
        text_mark(r"(?i)大汉版通|大汉网络|www\.hanweb\.com|/jcms_files/|css/hanweb", 3),
        text_mark(r"(?i)/module/xxgk/|/module/download/downfile\.jsp", 3),
        text_mark(r"(?i)jpaas-publish-server|AuthorizedRead/unitbuild\.js", 3),
        text_mark(r"(?i)truecms/|messageController/getMessage", 3),
        text_mark(rf"""(?i)href\s*=\s*["']?(?!//)[^"'\s>:]{{0,200}}?{_ARTICLE}""", 3),
        text_mark(r"""(?i)href\s*=\s*["']?/?col/col\d+/""", 3),
        text_mark(r"""(?i)<meta\s[^>]{0,40}name\s*=\s*["']?i_(?:webid|columnid|articleid)"""),
        text_mark(r"(?i)/module/visitcount/|jrobotfront/|jsearchfront/|jrobot/"),
        url_mark(r"/col/col\d+(?:/|$)", 3),
        url_mark(_ARTICLE, 3),
        url_mark(r"/module/(?:xxgk|web|jpage)/", 3),
    )
    detail: ClassVar[re.Pattern[str] | None] = _DETAIL
    column: ClassVar[re.Pattern[str] | None] = re.compile(r"/col/col\d+(?:/|$)")

    def strength(self, page: WebPage) -> int:
        """As for every family; whole addresses count where they are the portal's own."""
        own = f"//{urlsplit(page.url).netloc}/"
        return super().strength(page) + 3 * (f"{own}col/col" in page.text or f"{own}art/20" in page.text)

    def listing(self, page: WebPage) -> Listing:
        """Read one answer of a list; which module gave it shows in what was asked, or in what the page holds."""
        asked = page.asked.url
        if hanweb_jpaas.answers(asked):
            return hanweb_jpaas.answer(page, _DETAIL)
        if hanweb_xxgk.answers(asked):
            return hanweb_xxgk.answer(page, _DETAIL)
        if hanweb_jpage.answers(asked):
            return hanweb_jpage.answer(page, _DETAIL)
        listing = (
            hanweb_jpage.column(page, _DETAIL)
            or hanweb_jpaas.column(page, _DETAIL)
            or hanweb_xxgk.column(page, _DETAIL)
        )
        if listing is not None:
            return listing
        return read(page, entries(page, _DETAIL))

    def branches(self, page: WebPage) -> Sequence[Link]:
        """Trees of the disclosure module, and years and bodies of the annual-report module."""
        return hanweb_xxgk.branches(page)

    def body(self, page: WebPage) -> Fetch | None:
        """The file that a document without text of its own shows in a viewer (``#pdfshow[data-value]``)."""
        url = page.join(page.selector.css("#pdfshow::attr(data-value)").get())
        if url is None or len("".join(page.selector.css("#zoom ::text").getall()).strip()) > _SHORT:
            return None
        return Fetch(url, headers=(("Referer", page.url),))
