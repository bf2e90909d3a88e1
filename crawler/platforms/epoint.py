"""新点 Epoint WebBuilder (EWB): columns are numbers (``003``, ``003001``), lists are files or data.

As files: ``/003/003001/subpage.html``, then ``2.html``, ``3.html`` … in the same folder. As data: the list page is a
shell; its script posts the column's number to ``/<project>/rest/lightfrontaction/getgovinfolist``. Name of the
project and id of the site stand in ``/js/webBuilderCommon.js``, which is therefore asked first.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from crawler.platforms import rows
from crawler.platforms.base import Entry, LayoutError, Listing, Mark, number, text_mark, url_mark
from crawler.platforms.generic import Generic, read
from crawler.webpage import Fetch, fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.webpage import WebPage

_ACTION: Final = "rest/lightfrontaction/getgovinfolist"
_SETTINGS: Final = "/js/webBuilderCommon.js"
_SIZE: Final = 20
_JSON: Final = (("Content-Type", "application/json;charset=UTF-8"), ("X-Requested-With", "XMLHttpRequest"))
_SPECIAL: Final = "specialurl"
_GUID: Final = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_SITE: Final = re.compile(rf"""siteGuid["']?\s*[:=]\s*["']({_GUID})["']""")
_PROJECT: Final = re.compile(r"""projectName["']?\s*[:=]\s*["']/?([\w/-]{1,80}?)/?["']""")
_ACTION_AT: Final = re.compile(r"""["']([^"'\s<>]{0,200}/rest/lightfrontaction/\w{1,60})["']""")
_FILE: Final = re.compile(r"^(?P<folder>https?://[^?#]*/)(?P<number>\d{1,4})\.html$")
_BLOCK: Final = "(?:page|list|data|info|com|catalog|right|file|article|notice|news|work)"
_NUMBERED: Final = r"/(\d{3})/\1\d{3}(?:/\1\d{6})?(?:/\1\d{9})?/"
_IN_SCRIPT: Final = re.compile(rf"""\w*link\w*\(\s*["']({_GUID})["']""", re.IGNORECASE)
_MARKUP: Final = re.compile(r"<[^>]{0,300}>")
_LABELS: Final = {
    "indexnum": "索引号", "syh": "索引号", "deptname": "发布机构", "ouname": "发布机构", "publishdept": "发布机构",
    "docnum": "文号", "wenhao": "文号",
}  # fmt: skip
_DATES: Final = ("infodate", "publishdate", "date", "showdate")
_MAX_ROWS: Final = 2_000
_BODY_IN_SCRIPT: Final = re.compile(r"""dept[cC]ode["']?\s{0,4}[:=]\s{0,4}["'](\w{2,40})["']""")
_BODY_IN_PATH: Final = re.compile(r"/govxxgk/(\w*\d\w*)/")


class Epoint(Generic):
    """新点 Epoint WebBuilder."""

    name: ClassVar[str] = "epoint"
    marks: ClassVar[tuple[Mark, ...]] = (
        text_mark(r"(?i)webbuildercommon(?:\w*)\.(?:js|css)", 3),
        text_mark(r"lightfrontaction|EWB[-_]|Epoint", 3),
        text_mark(rf"ewb-(?<!\wewb-){_BLOCK}|eb-(?<!\web-){_BLOCK}"),
        text_mark(r"(?i)[?&](?:amp;)?categorynum=\d{3}"),
        text_mark(rf"href\s*=\s*[\"']?[^\"'\s>]{{0,300}}{_NUMBERED}"),
        text_mark(r"id\s*=\s*[\"']?viewGuid[\"' ]|siteGuid"),
        url_mark(r"(?i)[?&]categorynum=\d{3}|openDetailDynamic\.html|govInfoPub\.html", 3),
        url_mark(_NUMBERED),
    )
    detail: ClassVar[re.Pattern[str] | None] = re.compile(
        rf"/20\d{{6}}/{_GUID}\.html|[?&]info(?:id|guid)={_GUID}", re.IGNORECASE
    )
    column: ClassVar[re.Pattern[str] | None] = re.compile(
        rf"(?i:[?&]categorynum=\d{{3}})|{_NUMBERED}[\w-]+\.html$"
    )

    def listing(self, page: WebPage) -> Listing:
        """Read a list page, the script with the ids of the site, or one answer of data."""
        if page.asked.body is not None:
            return _of_data(page)
        if page.asked.base is not None and urlsplit(page.asked.url).path.endswith(".js"):
            return _of_settings(page)
        listing = _with_scripted(page, read(page, rows.entries(page, self.detail)))
        if listing.entries or listing.says_empty:
            return _numbered(page, listing)
        readings = [*_framed(page), _behind(page), listing.more]
        more, *others = [one for one in readings if one] or [()]
        return replace(listing, more=more, alternatives=(*others, *listing.alternatives))


# --- lists that are files


def _numbered(page: WebPage, listing: Listing) -> Listing:
    """Pages of a list that lie in its folder under their numbers."""
    folder = page.url.partition("?")[0].rpartition("/")[0] + "/"
    beside = [
        int(match["number"])
        for link in page.links
        if (match := _FILE.match(link.url))
        and match["folder"] == folder
        and int(match["number"]) < rows.MAX_PAGES
    ]
    pages = listing.pages or max(beside, default=0)
    if not pages or (not beside and not re.search(_NUMBERED, folder)):
        return listing
    more = rows.numbered(page.asked.page + 1, pages, lambda k: f"{folder}{k}.html")
    paging = rows.numbered(page.asked.page + 1, pages, lambda k: f"{page.url.partition('?')[0]}?Paging={k}")
    readings = (listing.more, *listing.alternatives, *(() if beside else (paging,)))
    others = tuple(dict.fromkeys(other for other in readings if other and other != more))
    return replace(listing, pages=max(pages, page.asked.page), more=more, alternatives=others)


def _with_scripted(page: WebPage, listing: Listing) -> Listing:
    """Rows without an address, which a script opens by their id."""
    if listing.entries:
        return listing
    found: dict[str, Entry] = {}
    for element in page.root.iter("a"):
        script = element.get("onclick") or element.get("href") or ""
        match = _IN_SCRIPT.search(script[:300])
        if (
            match
            and len(found) < _MAX_ROWS
            and (url := page.join(f"/openDetailDynamic.html?infoid={match[1]}"))
        ):
            row = next(element.iterancestors("tr", "li"), element)
            dates = re.findall(r"20\d\d-\d{1,2}-\d{1,2}", fold("".join(row.itertext()))[-200:])
            title = fold(element.get("title") or "".join(element.itertext()))
            found.setdefault(url, Entry(url, title, dates[-1] if dates else None))
    return replace(listing, entries=tuple(found.values())) if found else listing


# --- lists that are data


def _behind(page: WebPage) -> tuple[Fetch, ...]:
    """What must be asked first for a list page without rows."""
    if not _column_of(page.url):
        return ()
    column = _with_body(page)
    if _SITE.search(page.text) and _PROJECT.search(page.text):
        return _first(column, page.text)
    scripts = (page.join(src) for src in page.selector.css("script::attr(src)").getall()[:100])
    known = next((url for url in scripts if url and url.lower().endswith("webbuildercommon.js")), None)
    settings = known or page.join(_SETTINGS)
    return (Fetch(settings, base=column),) if settings else ()


def _with_body(page: WebPage) -> str:
    """The address of a column with the code of its body, where only a script of the page names it."""
    stated = _BODY_IN_SCRIPT.search(page.text)
    if stated is None or _query(page.url).get("deptcode"):
        return page.url
    return f"{page.url}{'&' if '?' in page.url else '?'}deptcode={stated[1]}"


def _framed(page: WebPage) -> Iterator[tuple[Fetch, ...]]:
    """The page that a shell shows inside: told its column as the shell was, and as it stands."""
    query = parse_qsl(urlsplit(page.url).query, keep_blank_values=True)
    inner = next((value for name, value in query if name.lower() == _SPECIAL), "")
    url = page.join(inner)
    if url is None or not urlsplit(url).path.endswith(".html"):
        return
    handed = [(name, value) for name, value in query if name.lower() != _SPECIAL]
    parts = urlsplit(url)
    full = urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(handed))))))
    yield from ((Fetch(one),) for one in dict.fromkeys((full, url)))


def _of_settings(page: WebPage) -> Listing:
    assert page.asked.base is not None  # noqa: S101 - so it was asked
    more = _first(page.asked.base, page.text)
    if not more:
        raise LayoutError(page.url, "siteGuid and projectName", page.text[:80])
    return Listing(more=more)


def _first(column: str, settings: str) -> tuple[Fetch, ...]:
    """The request for the first page of a column's data."""
    site, project, action = _SITE.search(settings), _PROJECT.search(settings), _ACTION_AT.search(settings)
    if site is None or (project is None and action is None):
        return ()
    parts = urlsplit(column)
    path = (
        action[1] if action and action[1].startswith("/") else f"/{project[1] if project else ''}/{_ACTION}"
    )
    asked = {
        "deptcode": _query(column).get("deptcode") or _body_in(column),
        "categorynum": _column_of(column),
        "pageIndex": 1,
        "pageSize": _SIZE,
        "siteGuid": site[1],
    }
    url = f"{parts.scheme}://{parts.netloc}{path}"
    return (Fetch(url, "POST", body=_body(asked), headers=_JSON, base=column),)


def _body_in(column: str) -> str:
    """The body whose columns stand under its code: ``/govxxgk/<code>/…``; empty if the address names none."""
    match = _BODY_IN_PATH.search(urlsplit(column).path)
    return match[1] if match else ""


def _of_data(page: WebPage) -> Listing:
    """One answer of data; where pages turn out to be counted from 0, the one before the first is asked as well."""
    try:
        custom = page.data["custom"]
        custom = json.loads(custom) if isinstance(custom, str) else custom
        found = [row for row in custom["data"] if isinstance(row, dict)]
        total = number(page.url, "custom.total", str(custom.get("total")))
        asked = json.loads(page.asked.body or "")
        inner = asked.get("params", asked)
        index, size = int(inner["pageIndex"]), int(inner["pageSize"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if (wrapped := _wrapped(page.asked)) is None:
            raise LayoutError(page.url, "custom.data", page.text[:80]) from error
        return Listing(more=(wrapped,))
    entries = tuple(_entries(page, found))
    pages = -(-total // size)
    wanted = [*range(2, min(pages, rows.MAX_PAGES) + 1)] if index == 1 else []
    if index == pages > 0 and not found:
        wanted = [*wanted, 0]
    return Listing(
        entries=entries,
        declared=total,
        pages=pages,
        more=tuple(_at(page.asked, asked, at) for at in wanted),
        # Asked without the body's code, the portal finds nothing wherever there is one: that is no emptiness.
        says_empty=total == 0 and bool(inner.get("deptcode")),
    )


def _wrapped(call: Fetch) -> Fetch | None:
    """The same request as older versions of the middleware want it; None if it is written so already."""
    asked = json.loads(call.body or "{}")
    return None if "params" in asked else replace(call, body=_body({"token": "", "params": asked}))


def _at(call: Fetch, asked: dict[str, Any], index: int) -> Fetch:
    inner = {**asked.get("params", asked), "pageIndex": index}
    body = _body({**asked, "params": inner} if "params" in asked else inner)
    return replace(call, body=body, page=max(index, 1))


def _entries(page: WebPage, found: list[dict[str, Any]]) -> Iterator[Entry]:
    for row in found:
        url = page.join(str(row.get("infourl") or row.get("url") or ""))
        title = fold(_MARKUP.sub("", str(row.get("realtitle") or row.get("title") or "")))
        if url and title:
            labels = ((label, fold(str(row[key]))) for key, label in _LABELS.items() if row.get(key))
            date = next((str(row[key]) for key in _DATES if row.get(key)), None)
            yield Entry(url, title, date, tuple(dict(labels).items()))


def _body(asked: dict[str, Any]) -> str:
    return json.dumps(asked, ensure_ascii=False, separators=(",", ":"))


def _query(url: str) -> dict[str, str]:
    return {key.lower(): value for key, value in parse_qsl(urlsplit(url).query)}


def _column_of(url: str) -> str:
    """Number of the column in an address: ``categorynum=003001``, or the innermost folder ``/003/003001/``."""
    if named := _query(url).get("categorynum"):
        return named
    match = re.search(_NUMBERED, url)
    return match[0].rstrip("/").rpartition("/")[2] if match else ""
