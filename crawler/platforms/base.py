"""What a CMS family has to say: how its pages are known, and how its lists are read.

One file of this package is one family; a new family is one new file with one subclass of ``Platform`` (nothing
else needs to know of it). A platform only *reads*: it gets a page and says what stands on it and what would have
to be asked to see the rest. Asking, counting and judging is done in one place for all (``crawler.walk``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crawler.webpage import Fetch, Link, WebPage

_SHORTEST: Final = 3
"""Characters of a word that tells anything."""
_DOT: Final = "\0"
_NOTHING: Final = re.compile(r"\\b|\\[ds](?:[?*+]|\{[^}]*\})?[?+]?")
_ESCAPED: Final = re.compile(r"\\[^.]")
_SET: Final = re.compile(r"\[\^?\]?[^\]]*\]")
_GROUP: Final = re.compile(r"\([^()]*\)")
_REPEATED: Final = re.compile(r".(?:[?*]|\{[^}]*\})[?+]?", re.DOTALL)
_SPECIAL: Final = re.compile(r"[.^$+]")
_WORD: Final = re.compile(r"[\0-!#-&(-;=-\x7f]+|[^\0-\x7f]+")
_UNSEEN: Final = re.compile(r"[\d\s]")
_GAP: Final = "<"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a list: one published document.

    Attributes:
        url: where it leads; a page, or directly a file (PDF, Word).
        title: as printed, never cut short if the page has the whole.
        published: its date as printed, or None.
        metadata: further labels that the list itself states (索引号, 发布机构 …) → text as printed.
    """

    url: str
    title: str
    published: str | None = None
    metadata: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """What one answer of a list holds.

    Attributes:
        entries: its rows in order, navigation and side bars left out.
        declared: rows that the list says it has on all its pages together; None if it doesn't say.
        pages: pages that it says it has; None if it doesn't say.
        more: what must be asked to see the rest, as far as this page tells: all remaining pages at once where the
            number is known, otherwise the next one. What was asked already may stand in it again.
        alternatives: other readings of the paging, in order of likelihood, each a replacement of ``more``: taken
            when page 2 repeats page 1 or does not exist.
        says_empty: the portal itself says that there is nothing (暂无数据, total 0).
        branches: sub-columns that only this family's scripts know (trees, years, departments); plain anchors are
            read by discovery.
    """

    entries: tuple[Entry, ...] = ()
    declared: int | None = None
    pages: int | None = None
    more: tuple[Fetch, ...] = ()
    alternatives: tuple[tuple[Fetch, ...], ...] = ()
    says_empty: bool = False
    branches: tuple[Link, ...] = ()


class LayoutError(Exception):
    """A page is not built as its platform says: address, what was sought, what was found instead.

    Raised where a selector must match once and doesn't, and where a counter is not there. The walk records it as
    an issue of the run and the column as unread.
    """

    def __init__(self, url: str, sought: str, found: object = None) -> None:
        """Say where, what and why."""
        super().__init__(f"{url}: {sought}: {found!r}")
        self.url = url
        self.sought = sought
        self.found = found


@dataclass(frozen=True, slots=True)
class Mark:
    """One sign of a family in the address or the source of its pages.

    Attributes:
        pattern: what to look for.
        weight: 3 for what no other family has, 2 for a strong sign, 1 for a hint.
        where: ``url`` looks at the address of the page, ``text`` at its source.
        words: what the pattern can't match without, for each of its alternatives; empty where that isn't known.
    """

    pattern: re.Pattern[str]
    weight: int = 2
    where: str = "text"
    words: tuple[tuple[str, ...], ...] = field(init=False)

    def __post_init__(self) -> None:
        """Find the words, so that a page is searched only for what may be on it."""
        object.__setattr__(self, "words", words_of(self.pattern.pattern))

    def stands_on(self, page: WebPage) -> bool:
        """Whether the page shows this sign."""
        if self.where == "url":
            return self.pattern.search(page.url) is not None
        known = self.words
        if known and not any(all(page.mentions(word) for word in words) for words in known):
            return False
        return self.pattern.search(page.head) is not None


def words_of(pattern: str) -> tuple[tuple[str, ...], ...]:
    """For each alternative of a pattern the plain words in it, as ``WebPage.outline`` has them.

    Groups and sets count as unknown. If one alternative has no word at all, nothing is known of the pattern.
    """
    plain = _SET.sub(_GAP, _ESCAPED.sub(_GAP, _NOTHING.sub("", pattern.replace(r"\.", _DOT))))
    while (inner := _GROUP.sub(_GAP, plain)) != plain:
        plain = inner
    plain = _SPECIAL.sub(_GAP, _REPEATED.sub(_GAP, plain)).replace(_DOT, ".").lower()
    known = tuple(
        tuple(word for run in _WORD.findall(one) if len(word := _UNSEEN.sub("", run)) >= _SHORTEST)
        for one in plain.split("|")
    )
    return known if all(known) else ()


def text_mark(pattern: str, weight: int = 2) -> Mark:
    """A sign in the source of a page."""
    return Mark(re.compile(pattern), weight)


def url_mark(pattern: str, weight: int = 2) -> Mark:
    """A sign in the address of a page."""
    return Mark(re.compile(pattern), weight, "url")


class Platform:
    """One CMS family.

    Attributes:
        name: as in the registry and in records (``[platform]`` of ``registry.toml``).
        marks: how its pages are known.
        detail: addresses of its documents (search on the path and query), or None if they have no form of their own.
        column: addresses of its lists (search on the path and query), or None.
    """

    name: ClassVar[str]
    marks: ClassVar[tuple[Mark, ...]] = ()
    detail: ClassVar[re.Pattern[str] | None] = None
    column: ClassVar[re.Pattern[str] | None] = None

    def strength(self, page: WebPage) -> int:
        """How much speaks for this family: the weights of its marks on the page, each counted once."""
        return sum(mark.weight for mark in self.marks if mark.stands_on(page))

    def listing(self, page: WebPage) -> Listing:
        """Read one answer of a list: its first page (``page.asked.page == 1``), a later one, or a fragment of data.

        Raises:
            LayoutError: it is a list of this family, but not built as one.
        """
        raise NotImplementedError

    def branches(self, page: WebPage) -> Sequence[Link]:
        """Links of any page that stand in scripts or data instead of anchors (menus, trees); none by default."""
        del page
        return ()

    def body(self, page: WebPage) -> Fetch | None:
        """Where the text of a document lies if not on its own page (frame, data), or None."""
        del page
        return None


def only(url: str, sought: str, found: Iterable[str]) -> str:
    """The one match of what must match once.

    Raises:
        LayoutError: none, or several that differ.
    """
    values = list(dict.fromkeys(found))
    if len(values) != 1:
        raise LayoutError(url, sought, values[:5])
    return values[0]


def number(url: str, sought: str, found: str | None) -> int:
    """A counter as a number; there is no default for one.

    Raises:
        LayoutError: it is missing or no number.
    """
    if found is None or not found.strip().isdecimal():
        raise LayoutError(url, sought, found)
    return int(found)
