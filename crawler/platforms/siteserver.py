"""SiteServer CMS: ``/channels/854.html``, page 2 ``/channels/854_2.html``, documents ``/contents/854/12345.html``.

Pages beyond a limit of the template are not made as files; the pager then still names them, so its own addresses
are the second reading.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlsplit, urlunsplit

from crawler.platforms.base import text_mark, url_mark
from crawler.platforms.generic import Generic, read
from crawler.platforms.rows import entries, numbered, states

if TYPE_CHECKING:
    from crawler.platforms.base import Listing, Mark
    from crawler.webpage import WebPage

_EXTENSION: Final = r"\.(?:s?html?|aspx)"
_CHANNEL: Final = re.compile(rf"(/channels/\d+)(?:_\d+)?({_EXTENSION})$", re.IGNORECASE)


class SiteServer(Generic):
    """SiteServer CMS."""

    name: ClassVar[str] = "siteserver"
    marks: ClassVar[tuple[Mark, ...]] = (
        url_mark(rf"(?i)/(?:channels/\d+(?:_\d+)?|contents/\d+/\d+){_EXTENSION}", 3),
        # "cn/" before it: another portal of the family is linked
        text_mark(rf"hannels/(?<!cn/.hannels/)\d+(?:_\d+)?{_EXTENSION}"),
        text_mark(rf"ontents/(?<!cn/.ontents/)\d+/\d+{_EXTENSION}"),
        text_mark(r"ite[Ff]iles/(?<=/.ite.iles/)(?<!cn/.ite.iles/)"),
    )
    detail: ClassVar[re.Pattern[str] | None] = re.compile(
        rf"/contents/\d+/\d+(?:_\d+)?{_EXTENSION}(?:\?|$)", re.IGNORECASE
    )
    column: ClassVar[re.Pattern[str] | None] = re.compile(
        rf"/channels/\d+(?:_\d+)?{_EXTENSION}(?:\?|$)", re.IGNORECASE
    )

    def listing(self, page: WebPage) -> Listing:
        """Read one page of a list; where it prints how many there are, all addresses follow from its own."""
        listing = read(page, entries(page, self.detail))
        parts = urlsplit(page.url)
        pages = states(page)[1] or listing.pages
        if pages is None or not listing.entries or not _CHANNEL.search(parts.path):
            return listing
        more = numbered(
            2, pages, lambda k: urlunsplit(parts._replace(path=_CHANNEL.sub(rf"\g<1>_{k}\g<2>", parts.path)))
        )
        others = (listing.more, *listing.alternatives)
        return replace(
            listing, pages=pages, more=more, alternatives=tuple(o for o in others if o and o != more)
        )
