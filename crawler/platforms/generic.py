"""Lists of no known family: rows as on any page, further pages as the pager leads to them.

Where a page says that there is more but not where (a total larger than its rows, a pager run by a script that is
not on the page), the forms that such addresses usually have are tried on page 2 only, one after the other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from crawler.platforms import records
from crawler.platforms.base import Listing, Platform
from crawler.platforms.pagers import addresses_in_scripts, counted, pager, scripts
from crawler.platforms.rows import entries, numbered, says_empty, states
from crawler.webpage import Link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from crawler.platforms.base import Entry
    from crawler.webpage import Fetch, WebPage

_PAGE_FIELD: Final = re.compile(r"(?:curr?(?:ent)?|this)?_?page(?:no|num|index|number)?|pn|p", re.IGNORECASE)
_PAGE_FIELDS: Final = ("page", "pageNo", "pageIndex", "currentPage")
_FILE: Final = re.compile(r"(?P<stem>[^/]+?)(?P<number>[_-]1)?(?P<ext>\.\w{2,6})")
_SUFFIX: Final = re.compile(r"\.(s?html?|jsp|aspx?|php)$", re.IGNORECASE)
_SHELL: Final = 6_000
"""Characters of a page that only leads on."""
_LEADS_ON: Final = re.compile(
    r"""(?:window|self|top|document|parent)?\.?location(?:\.href)?\s*=\s*['"]([^'"]{1,300})['"](?!\s*\+)"""
    r"""|location\.(?:replace|assign)\(\s*['"]([^'"]{1,300})['"](?!\s*\+)"""
)
"""Whole addresses: one of which more is added leads elsewhere."""
_TRIED: Final = 7
_SIZES: Final = frozenset({8, 12, 16, 18, 24, *range(5, 101, 5)})
"""Rows that a page of a list usually has."""


class Generic(Platform):
    """What no family claims."""

    name: ClassVar[str] = "generic"

    def listing(self, page: WebPage) -> Listing:
        """Read one page of a list; see ``Platform.listing``."""
        return records.read(page) or read(page, entries(page))

    def branches(self, page: WebPage) -> Sequence[Link]:
        """Where a page without anything on it leads: its script, its frame; its frames if it is made of them."""
        if len(page.text) > _SHELL and page.links:
            return ()
        urls = [
            url for match in _LEADS_ON.finditer(scripts(page)) if (url := page.join(match[1] or match[2]))
        ]
        if not page.links or len(page.frames) == 1:  # of several, one may show the weather
            urls += page.frames
        onward = [url for url in dict.fromkeys(urls) if url != page.url]
        if onward and entries(page):  # a short list: its script turns its own pages
            return ()
        return tuple(Link(url, page.title) for url in onward)


def read(page: WebPage, rows: tuple[Entry, ...]) -> Listing:
    """A listing from its rows and whatever the page says about further pages."""
    total, declared_pages = _counts(page, len(rows))
    steps = pager(page)
    pages = steps.pages or declared_pages
    more = steps.more
    alternatives: tuple[tuple[Fetch, ...], ...] = ()
    seen = steps.seen or (steps.hinted and len(rows) in _SIZES)
    if not more and page.asked.page == 1 and rows and _goes_on(rows, total, pages, seen=seen):
        last = pages or (-(-total // len(rows)) if total else 2)
        more, *others = [numbered(2, last, form) for form in _guesses(page, rows)]
        alternatives = tuple(others)
    return Listing(
        entries=rows,
        declared=total,
        pages=pages,
        more=more,
        alternatives=alternatives,
        says_empty=not rows and (total == 0 or says_empty(page)),
    )


def _counts(page: WebPage, rows: int) -> tuple[int | None, int | None]:
    """Rows and pages, as printed or as the scripts have them; a total below the rows in sight is none."""
    said, counts = states(page), counted(page)
    total = said[0] if said[0] is not None else counts[0]
    if total is not None and page.asked.page == 1 and total < rows:
        total = None
    return total, said[1] or counts[1]


def _goes_on(rows: tuple[Entry, ...], total: int | None, pages: int | None, *, seen: bool) -> bool:
    if pages is not None:
        return pages > 1
    return seen or (total is not None and total > len(rows))


def _guesses(page: WebPage, rows: tuple[Entry, ...]) -> list[Callable[[int], str | None]]:
    """Forms that the addresses of further pages may have, the likeliest first."""
    found = list(dict.fromkeys(_patterns(page, rows)))[:_TRIED]
    return [lambda at, form=form: form.format(at, at - 1) for form in found]  # type: ignore[misc]


def _patterns(page: WebPage, rows: tuple[Entry, ...]) -> Iterator[str]:
    """Such forms as format strings: ``{0}`` is the number of the page, ``{1}`` the number before it."""
    parts = urlsplit(page.url.replace("{", "%7B").replace("}", "%7D"))
    folder, _, file = parts.path.rpartition("/")
    query = parse_qsl(parts.query, keep_blank_values=True)
    named = [name for name, _ in query if _PAGE_FIELD.fullmatch(name)]
    match = _FILE.fullmatch(file)

    def at(path: str, fields: str = parts.query) -> str:
        return urlunsplit(parts._replace(path=path, query=fields))

    def field(name: str) -> str:
        return urlencode([*((k, v) for k, v in query if k != name), (name, "")]) + "{0}"

    yield from addresses_in_scripts(page)
    if named:
        yield at(parts.path, field(named[0]))
    if match and match["number"]:
        yield at(f"{folder}/{match['stem']}{match['number'][0]}{{0}}{match['ext']}")
    elif match and not parts.query:
        yield at(f"{folder}/{match['stem']}_{{0}}{match['ext']}")
        yield at(f"{folder}/{match['stem']}_{{1}}{match['ext']}")
    elif not file:
        suffix = _suffix_of(rows)
        yield at(f"{folder}/index_{{1}}.{suffix}")
        yield at(f"{folder}/index_{{0}}.{suffix}")
    elif not match:
        yield at(f"{parts.path}_{{0}}")
        yield at(f"{parts.path}/{{0}}")
    yield from (at(parts.path, field(name)) for name in _PAGE_FIELDS)


def _suffix_of(rows: tuple[Entry, ...]) -> str:
    suffixes = [match[1] for row in rows if (match := _SUFFIX.search(urlsplit(row.url).path))]
    return max(suffixes, key=suffixes.count, default="html")
