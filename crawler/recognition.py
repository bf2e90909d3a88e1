"""What a page is: a report, a column of reports, a mixed list, or not what its row promised.

The walk asks; the answer rests on the page alone. A report is in the end what ``pipelines.classify`` takes for one;
here it only matters where to go on, and that an error page or another document is never taken for what was asked.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from lxml.etree import iterwalk

from crawler.data import load
from crawler.discovery import is_report_column, reports_linked, row_kind
from crawler.platforms.base import LayoutError
from pipelines.agencies import kind_of
from pipelines.classify import ANCHOR_WORDS, ENOUGH_ANCHORS, find_anchors
from pipelines.titles import compact, parse_title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

    from crawler.platforms.base import Listing, Platform
    from crawler.webpage import WebPage
    from pipelines.titles import Title

FEW: Final = 2
"""Links with titles of reports that a page of another kind may have (the one before, the one after)."""
_MANY: Final = 10
"""Rows that show what a list is for."""
_A_TITLE: Final = 12
"""Characters of a title that can only be meant for one document."""
_HEAD: Final = 20_000
_HEAD_TITLE: Final = re.compile(r"<title[^<>]{0,200}>([^<]{0,400})", re.IGNORECASE)
_A_WORD: Final = 2
_ESCAPES: Final = 200
_ESCAPED: Final = re.compile(r"\\u([4-9][0-9a-fA-F]{3})")
_LOOK_AT: Final = 1_000_000
_CUT: Final = ("…", "..")
_UNSEEN: Final = frozenset({"script", "style", "noscript", "template", "head", "option"})
_HEADS: Final = ("h1", "h2", "h3", "h4")


def is_column(page: WebPage, platform: Platform, least: int) -> bool:
    """Whether a page is a column of reports: it says so, or its main list holds them.

    Args:
        page: the page.
        platform: the family that reads it.
        least: how many reports it must show; with one, the rest of the list doesn't matter.
    """
    if is_report_column(page):
        return True
    if least > 1 and reports_linked(page) < least:
        return False
    try:
        listing = platform.listing(page)
    except LayoutError:
        return False
    if least == 1 and not listing.entries:
        return bool(listing.more)  # its rows come as data
    kinds = [row_kind(entry.title, entry.url, sure=False)[0] for entry in listing.entries]
    reports = kinds.count("report")
    return reports > 0 and (least == 1 or reports * 2 > len(kinds))


def is_mixed(listing: Listing) -> bool:
    """Whether most rows of a list are surely something else, so that only titles can tell what is a report."""
    whole = [entry for entry in listing.entries if not entry.title.rstrip().endswith(_CUT)]
    others = sum(
        parse_title(entry.title).refused is not None or row_kind(entry.title, entry.url, sure=True)[0] is None
        for entry in whole
    )
    return len(whole) >= _MANY and others * 3 > len(whole) * 2


def is_report(page: WebPage, platform: Platform) -> bool:
    """Whether a page that was not asked as a document is a report: its body says so, or its title and address."""
    title = parse_title(page.metas.get("articletitle") or page.title)
    if title.refused is not None:
        return False
    if has_report_body(page):
        return True
    parts = urlsplit(page.url)
    addressed = (
        platform.detail is not None and platform.detail.search(f"{parts.path}?{parts.query}") is not None
    )
    stated = addressed or bool(page.metas.get("articletitle"))
    return title.core_found and title.year is not None and stated


def has_report_body(page: WebPage) -> bool:
    """Whether the wording of the statutory tables, or the heads of its sections, stand on the page."""
    if sum(word in page.text for word in ANCHOR_WORDS) >= ENOUGH_ANCHORS:
        return True  # nearly every report, and without looking twice
    anchors, heads = find_anchors(_unescaped(page.text))
    return len(anchors) >= ENOUGH_ANCHORS or heads >= ENOUGH_ANCHORS


def _unescaped(text: str) -> str:
    r"""Text with the escapes of a body that stands in a script (``\u5e74``) read."""
    if text.count("\\u", 0, _LOOK_AT) < _ESCAPES:
        return text
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text[:_LOOK_AT])


def names_a_report(title: str) -> bool:
    """Whether a title is that of one report: whose, and on which year."""
    parsed = parse_title(title)
    return parsed.core_found and parsed.year is not None and parsed.agency is not None


def promises_a_report(page: WebPage, title: str) -> bool:
    """Whether a row calls its page a report, and the page doesn't call itself something else."""
    row = parse_title(title)
    own = parse_title(page.metas.get("articletitle") or page.title)
    return row.core_found and row.refused is None and own.refused is None


def contradicts(page: WebPage, title: str) -> bool:
    """Whether a page calls itself the report of another year or body than its row, or no report at all."""
    head = _HEAD_TITLE.search(page.text, 0, _HEAD)
    if head is not None and title in head[1]:
        return False  # it calls itself just that; nothing need be parsed
    wanted, own = parse_title(title), own_title(page)
    if own is None:
        return False
    if own.refused is not None:
        return wanted.refused is None and names_a_report(title)
    if None not in (own.year, wanted.year) and own.year != wanted.year:
        return True
    if own.agency is None or wanted.agency is None:
        return False
    return _are_two_bodies(compact(own.agency), compact(wanted.agency))


def continues(page: WebPage) -> bool:
    """Whether a document goes on at another address: ``1.html`` links ``1_2.html``."""
    stem, dot, ending = page.url.partition("?")[0].rpartition(".")
    if f"{stem.rpartition('/')[2]}_" not in page.text:
        return False
    following = {f"{stem}_{number}{dot}{ending}" for number in (1, 2)}
    return any(link.url in following for link in page.links)


def is_some_report(page: WebPage) -> bool:
    """Whether a page calls itself a report, whosever."""
    own = own_title(page)
    return own is not None and own.refused is None


def _are_two_bodies(one: str, other: str) -> bool:
    """Whether two names can't be one body's: what they don't share at either end has no character in common.

    Lists shorten names (卫健委, 文旅局) and keep old ones; those share characters.
    """
    if kind_of(one) is None or kind_of(other) is None:
        return False
    start = _alike(one, other)
    one, other = one[start:], other[start:]
    end = _alike(one[::-1], other[::-1])
    one, other = one[: len(one) - end], other[: len(other) - end]
    return min(len(one), len(other)) >= _A_WORD and not set(one) & set(other)


def _alike(one: str, other: str) -> int:
    """How many characters two texts have in common at the beginning."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def own_title(page: WebPage) -> Title | None:
    """The title of a report that a page gives itself: in its metas, headings or ``<title>``; None if it gives none."""
    heads = ("".join(head.itertext()) for head in page.root.iter(*_HEADS))
    for text in (page.metas.get("articletitle", ""), *heads, page.title):
        title = parse_title(text) if text.strip() else None
        if title is not None and title.core_found:
            return title
    return None


def carries(page: WebPage, title: str) -> bool:
    """Whether a page without the wording of a report can be the one of that title: old prose, files, pictures.

    A title alone makes no report: error pages keep it, lists link it, and empty shells print it.
    """
    if not page.text:
        return bool(page.body)  # a file; what it is only its reader can tell
    shown = compact("".join(_own_text(page)))
    if not _names_it(page, shown, title) or _pattern("gone").search(shown[: _words()["longest_notice"]]):
        return False
    return len(_CJK.findall(shown)) >= _words()["text"] or _has_file(page) or _has_data(page)


def own_text_is_long(page: WebPage) -> bool:
    """Whether a page shows a text of its own, outside its links."""
    return len(_CJK.findall("".join(_own_text(page)))) >= int(_words()["text"])


_CJK: Final = re.compile("[\u4e00-\u9fff]")


def _names_it(page: WebPage, shown: str, title: str) -> bool:
    own = own_title(page)
    if own is not None and (own.year is not None or own.agency is not None):
        return True
    if is_report_column(page):
        return False  # the list, sent in place of a document
    wanted = compact(title).rstrip(".…")
    return len(wanted) >= _A_TITLE and wanted in shown


def _own_text(page: WebPage) -> Iterator[str]:
    """The text of a page outside its links."""
    body = page.root.find("body")
    skipped: HtmlElement | None = None
    for event, element in iterwalk(body, events=("start", "end")) if body is not None else ():
        if event == "start" and skipped is None:
            if not isinstance(element.tag, str) or element.tag in _UNSEEN or element.tag == "a":
                skipped = element
            elif element.text:
                yield element.text
        elif event == "end" and (skipped is None or skipped is element):
            skipped = None
            if element.tail:
                yield element.tail


def _has_data(page: WebPage) -> bool:
    """Whether a text stands in a script of the page, as some platforms keep their documents."""
    scripts = (script.text or "" for script in page.root.iter("script"))
    return any(len(_CJK.findall(_unescaped(script[:_LOOK_AT]))) >= _words()["text"] for script in scripts)


def _has_file(page: WebPage) -> bool:
    """Whether a document may stand in a file, a frame or a picture of the page."""
    if _pattern("file").search(page.text):
        return True
    if next(page.root.iter("iframe", "embed", "object"), None) is not None:
        return True
    chrome = _pattern("chrome")
    return any(
        not chrome.search(image.get("src") or "") for image in page.root.iter("img") if image.get("src")
    )


@cache
def _words() -> dict[str, Any]:
    words: dict[str, Any] = load("recognition")
    return words


@cache
def _pattern(key: str) -> re.Pattern[str]:
    return re.compile(_words()[key], re.IGNORECASE)
