"""From any page of a portal to its columns of annual reports.

Nothing is hard-coded: on every run the columns are found again by what the portal itself says, in falling order of
trust: the ``ColumnType`` of the page (国办发〔2017〕47号), the label of a link (the four labels of 国办公开办函〔2019〕61号
and the words that portals use for them), the slug in an address. All words are in ``data/discovery.toml``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit

from crawler.data import load
from crawler.hidden_links import headed, menus, scripted
from crawler.webpage import fold
from pipelines.agencies import names_a_body
from pipelines.titles import parse_title

if TYPE_CHECKING:
    from crawler.webpage import Link, WebPage

LeadKind = Literal["report", "document", "weak_report", "hub", "second_hub", "bodies", "body", "year", "map"]
"""What a link promises: a column of reports, a single report, perhaps a column, a page that leads to one (likely,
less so), a list of bodies, the pages of one body, a year of a column, a map of the site."""

RowKind = Literal["report", "branch", "perhaps"]
"""What a row of a list promises: a report, a further list, or something that only its page can tell."""

_LONGEST_LABEL: Final = 40
_LONGEST_BODY: Final = 24
_LONG_TEXT: Final = 200
_A_WAY_OUT: Final = 2
"""Links of a page that only leads on: "click here" and the home page."""


@dataclass(frozen=True, slots=True)
class Lead:
    """A link that is worth following, and why."""

    link: Link
    kind: LeadKind


@cache
def _words() -> dict[str, Any]:
    return load("discovery")


@cache
def _pattern(group: str, key: str) -> re.Pattern[str]:
    return re.compile(_words()[group][key])


def label(text: str) -> str:
    """A link text without white space, brackets and arrows."""
    return _pattern("ignored", "characters").sub("", text)


@lru_cache(maxsize=8192)
def promise(text: str) -> LeadKind | None:
    """What the text of a link promises, or None."""
    words = label(text)
    if not words or (len(words) > _LONGEST_LABEL and not _is_report_title(text)):
        return None
    if _pattern("year", "labels").match(words):
        return "year"
    if _is_report_title(text) and not _pattern("report", "span").search(words):
        return "document"
    return _of_reports(text, words) or _of_ways(words) or _of_bodies(text, words)


def _of_ways(words: str) -> LeadKind | None:
    if _pattern("hub", "not").search(words):
        return None
    if _pattern("hub", "first").match(words):
        return "hub"
    return "second_hub" if _pattern("hub", "second").match(words) else None


def _of_bodies(text: str, words: str) -> LeadKind | None:
    if _pattern("bodies", "labels").match(words) and not _pattern("bodies", "not").search(words):
        return "bodies"
    if _pattern("map", "labels").match(words):
        return "map"
    if len(words) > _LONGEST_BODY or _pattern("body", "not").search(words):
        return None
    return "body" if names_a_body(text) else None


def _of_reports(text: str, words: str) -> LeadKind | None:
    if _pattern("report", "not").search(_pattern("report", "named").sub("", words)):
        return None
    spanned = _pattern("report", "span").sub("", words)
    title = parse_title(text if spanned == words else spanned)
    words = spanned
    strong = _pattern("report", "strong").match(words) is not None
    if title.year is not None or (title.refused is not None and not (strong and title.refused == "index")):
        return None
    if strong or title.core_found:
        return "report"
    return "weak_report" if _pattern("report", "weak").match(words) else None


def leads(page: WebPage, more: tuple[Link, ...] = ()) -> list[Lead]:
    """The links of a page that may lead to reports, each address once, the best promise of several.

    Args:
        page: any page of a portal.
        more: links that only the platform knows of (``Platform.branches``).
    """
    found: dict[str, Lead] = {}
    for link in (*more, *page.links, *scripted(page), *headed(page)):
        kind = promise(link.text) or _by_slug(link)
        if kind is None:
            continue
        known = found.get(link.url)
        if known is None or _RANK[kind] < _RANK[known.kind]:
            found[link.url] = Lead(link, kind)
    return sorted(found.values(), key=lambda lead: _RANK[lead.kind])


_RANK: Final[dict[LeadKind, int]] = {
    "report": 0,
    "document": 1,
    "weak_report": 1,
    "hub": 2,
    "second_hub": 3,
    "bodies": 4,
    "year": 5,
    "body": 6,
    "map": 7,
}


def _by_slug(link: Link) -> LeadKind | None:
    if not _pattern("slug", "report").search(urlsplit(link.url).path):
        return None
    if parse_title(link.text).year is not None or _pattern("slug", "pager").search(link.text.lower()):
        return None
    return "weak_report"


def faint_leads(page: WebPage) -> list[Lead]:
    """What to follow on a portal on which no label led anywhere: addresses that smell of disclosure, drawn menus."""
    slug = _pattern("map", "slugs")
    drawn = [Lead(link, kind) for link in menus(page) if (kind := promise(link.text)) in _WAYS]
    return drawn + [Lead(link, "map") for link in page.links if slug.search(urlsplit(link.url).path)]


_WAYS: Final = ("report", "weak_report", "hub", "second_hub", "bodies")


def is_report_column(page: WebPage) -> bool:
    """Whether a page says of itself that it is a column of annual reports."""
    column_type = label(page.metas.get("columntype", ""))
    if _pattern("column_type", "report").search(column_type) and not page.metas.get("articletitle"):
        return True
    names = (page.metas.get("columnname", ""), re.split(r"[_|｜\-—–]", page.title, maxsplit=1)[0])
    return not page.metas.get("articletitle") and any(promise(name) == "report" for name in names if name)


def reports_linked(page: WebPage) -> int:
    """How many different links of a page carry the title of a report with its year."""
    return len({link.url for link in page.links if _is_report_title(link.text)})


@lru_cache(maxsize=8192)
def _is_report_title(text: str) -> bool:
    if "公开" not in text:
        return False
    title = parse_title(text)
    return title.core_found and title.year is not None and title.refused is None


def row_kind(title: str, url: str, *, sure: bool) -> tuple[RowKind | None, str]:
    """What a row of a list is, and the reason if it is nothing for us.

    Args:
        title: its title as printed.
        url: where it leads.
        sure: whether the column is one of annual reports; in a mixed one only the title counts.
    """
    parsed = parse_title(title)
    if parsed.refused is not None and not (parsed.core_found and sure):
        return None, parsed.refused
    promised = promise(title)
    if parsed.core_found and promised != "report":
        return "report", ""
    if promised in ("report", "weak_report", "year") or (sure and promised in ("body", "bodies")):
        return "branch", ""
    if _pattern("row", "core_cut").search(title.strip()):
        return "perhaps", ""
    if sure and (_pattern("row", "perhaps").search(title) or _pattern("row", "file").search(url)):
        return "perhaps", ""
    return None, "other_title"


def is_file(url: str) -> bool:
    """Whether an address is that of a file rather than of a page."""
    return _pattern("row", "file").search(urlsplit(url).path.lower()) is not None


def shell_target(page: WebPage) -> str | None:
    """Where a page leads that has nothing of its own: a refresh, or a script that sets the location."""
    if page.refresh and page.refresh != page.url:
        return page.refresh
    if not is_bare(page):
        return None
    targets = [page.join(match[1]) for match in _pattern("shell", "script").finditer(page.text)]
    distinct = dict.fromkeys(target for target in targets if target and target != page.url)
    mobile = _pattern("shell", "mobile")
    wide = [target for target in distinct if not mobile.search(target.partition("//")[2])]
    return next(iter(wide or distinct)) if len(wide or distinct) == 1 else None


def is_bare(page: WebPage) -> bool:
    """Whether a page shows next to nothing: it only leads on, or frames another."""
    if len(page.text) > int(_words()["shell"]["longest"]) or len(page.links) > _A_WAY_OUT:
        return False
    return len(fold(" ".join(page.selector.css("body ::text").getall()[:50]))) <= _LONG_TEXT


def is_drawn(page: WebPage) -> bool:
    """Whether scripts of a page fetch or draw rows, so that a page without any may have some on a screen."""
    return _pattern("shell", "drawn").search(page.text) is not None
