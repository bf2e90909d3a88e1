"""The platform of 迁安, 邢台, 张家口 and 秦皇岛: ``/channel/list/29.html`` and ``/single/29/71720.html``.

Its pages are put together from blocks (``/__sys_block__/<name>.html``); where the block with the menu is loaded by
a script, the page itself has no way to the disclosure columns. How its lists go on is evidenced nowhere, so every
form of pager that the page shows is taken (``Generic``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from crawler.platforms.base import text_mark, url_mark
from crawler.platforms.generic import Generic, read
from crawler.platforms.rows import entries
from crawler.webpage import Link

if TYPE_CHECKING:
    from crawler.platforms.base import Listing, Mark
    from crawler.webpage import WebPage

_COLUMN: Final = r"(?:channel/list/\d+|channelList/\d+|channel/\d+/index)(?:_\d+)?\.html?"
_TEMPLATE: Final = r"(?:xxgk|info|list)/(?:list/)?\w+\.(?:jsp|thtml)"
_DETAIL: Final = r"(?:single/\w+/\d+|content/(?:\w+/)?\d+)\.html?"
_BLOCK: Final = re.compile(r"""["'(]([^"'()\s<>]{0,200}__sys_block__/([\w-]{1,60})\.html?)""")
_MAX_BLOCKS: Final = 8
_BLOCK_NAMES: Final = (("nb", "政府信息公开年报"), ("xxgk", "政府信息公开"), ("zwgk", "政务公开"))
"""What the name of a block tells; one without a telling name holds a menu or nothing."""


class HebeiChannel(Generic):
    """河北 channel/list 平台."""

    name: ClassVar[str] = "hebei_channel"
    marks: ClassVar[tuple[Mark, ...]] = (
        url_mark(rf"//[^/]+/(?:[\w-]+/){{0,3}}(?:{_COLUMN}|single/\w+/\d+\.html?)", 3),
        text_mark(r"__sys_block__/", 3),
        # "cn/" before it: another portal of the family is linked
        text_mark(r"channel/list/(?<!cn/channel/list/)\d+(?:_\d+)?\.html?"),
        text_mark(r"channelList/(?<!cn/channelList/)\d+\.html?"),
        text_mark(r"/single/(?<!cn/single/)\w+/\d+\.html?"),
        text_mark(r"/list/list_(?<!cn/list/list_)\w+\.(?:jsp|thtml)\?classId="),
        text_mark(r"/xxgk/(?<!cn/xxgk/)(?:list/)?\w+\.(?:jsp|thtml)", 1),
    )
    detail: ClassVar[re.Pattern[str] | None] = re.compile(rf"/{_DETAIL}(?:\?|$)")
    column: ClassVar[re.Pattern[str] | None] = re.compile(
        rf"/(?:{_COLUMN}|{_TEMPLATE})(?:\?|$)|/__sys_block__/"
    )

    def listing(self, page: WebPage) -> Listing:
        """Read one page of a list, whatever its pager is."""
        return read(page, entries(page, self.detail))

    def branches(self, page: WebPage) -> tuple[Link, ...]:
        """Blocks that scripts load into the page: its menu may stand in one of them."""
        found: dict[str, Link] = {}
        for match in _BLOCK.finditer(page.text):
            url = page.join(match[1])
            if url is not None and url != page.url and len(found) < _MAX_BLOCKS:
                found.setdefault(url, Link(url, _name_of(match[2]), "script"))
        return tuple(found.values())


def _name_of(block: str) -> str:
    return next((name for part, name in _BLOCK_NAMES if part in block.lower()), "政务公开")
