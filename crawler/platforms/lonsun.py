"""龙讯 Lonsun (Anhui and sites elsewhere): disclosure lists whose later pages come from one "label" endpoint.

``/public/column/<organ>?type=4&catId=<id>&action=list`` shows its first page; the others are fragments of
``/site/label/8888?labelName=publicInfoList&…&pageIndex=2``. The page's own script says with which parameters, and
how many pages there are (``pageCount:3``). The tree of columns is JSON of the same endpoint (``columnTree``). Lists of
ordinary columns go on at ``/content/column/<id>?pageIndex=2``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from crawler.platforms import rows
from crawler.platforms.base import Listing, Mark, Platform, text_mark, url_mark
from crawler.platforms.generic import read
from crawler.platforms.pagers import scripts
from crawler.webpage import Fetch, Link, fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crawler.webpage import WebPage

Fields = tuple[tuple[str, str], ...]

LIST: Final = "publicInfoList"
TREE: Final = "columnTree"
_TREE_LABEL: Final = "政府信息公开目录"
"""What the tree is called where a link to it stands on a page; its address is only in a script."""
_AJAX: Final = (("X-Requested-With", "XMLHttpRequest"),)
_ENDPOINT: Final = re.compile(r"""["']([^"'\s<>]{0,200}/site/label/\d{1,12})(\?[^"'<>]{0,2000})?["']""")
_DATA: Final = re.compile(r"\bdata\s*:\s*\{([^{}]{1,3000})\}")
_FIELD: Final = re.compile(r"""["']?(\w{1,40})["']?\s*:\s*(?:"([^"]*)"|'([^']*)'|(-?\d{1,20}|true|false)?)""")
_POST: Final = re.compile(r"""\b(?:type|method)\s*:\s*["']post["']""", re.IGNORECASE)
_PAGES: Final = re.compile(
    r"""\b(?:page(?:Count|s|Total)|totalPages?)["']?\s*[:=]\s*(?:parseInt\()?["']?(\d{1,5})\b"""
)
_INDEXED: Final = re.compile(r"""["']([^"'\s<>]{1,400}[?&]pageIndex=)["']\s*\+""")
_ORGAN: Final = re.compile(r"^(?P<prefix>.*)/public/column/(?P<organ>\d+)")
_ORDINARY: Final = re.compile(r"/content/column/\d+")
_NEAR: Final = 1_500
"""Characters around an endpoint in which its parameters stand."""
_PROMISING: Final = re.compile("公开|年报|报告|年度")
_MAX_NODES: Final = 2_000


class Lonsun(Platform):
    """龙讯 Lonsun."""

    name: ClassVar[str] = "lonsun"
    marks: ClassVar[tuple[Mark, ...]] = (
        text_mark(r"/site/label/\d+|StartLabelHtml_", 3),
        text_mark(rf"labelName\W{{1,6}}(?:{LIST}|{TREE}|searchDataList|\w*[lL]inkList)\b", 3),
        text_mark(r"Ls\.(?<!\wLs\.)(?:ajax|pagination|page)\b", 3),
        text_mark(r"/public/column/\d+"),
        text_mark(r"(?i)<meta\s+name\s*=\s*[\"']?SiteId[\"'\s]"),
        text_mark(r"j-fontContent|platformCode\s*:|/content/column/\d+|/site/search/\d+"),
        url_mark(r"/public/(?:column/)?\d+|/site/label/\d+", 3),
        url_mark(r"/content/(?:column|article)/\d+"),
        text_mark(r"\$\.pe\.ajax|/Category_\d+/Index\.aspx", -9),
    )
    detail: ClassVar[re.Pattern[str] | None] = re.compile(
        r"/public/\d+/\d+\.html|/content/article/\d+|/\d{5,}\.html$|/group\d+/M\d\d/"
    )
    column: ClassVar[re.Pattern[str] | None] = re.compile(r"/public/column/\d+|/content/column/\d+")

    def listing(self, page: WebPage) -> Listing:
        """Read the first page of a list, or a fragment with a later one."""
        if _label_of(page.asked) == TREE:
            return Listing(branches=tuple(self.branches(page)))
        entries = rows.entries(page, self.detail)
        usual = read(page, entries)
        pages = _pages(page) or usual.pages
        if pages is None and usual.declared and entries and page.asked.page == 1:
            pages = -(-usual.declared // len(entries))
        more = _more(page, pages, len(entries))
        if _call(page) is not None:  # nothing else leads on from a list that is asked for
            return replace(usual, pages=pages, more=more, alternatives=())
        others = tuple(one for one in (usual.more, *usual.alternatives) if one and one != more)
        return replace(
            usual, pages=pages, more=more or usual.more, alternatives=others if more else usual.alternatives
        )

    def branches(self, page: WebPage) -> Sequence[Link]:
        """Nodes of the tree of columns, or the address of the tree where a page only has the script for it."""
        if _label_of(page.asked) == TREE:
            return tuple(_nodes(page))
        tree = _tree(page)
        return (Link(tree, _TREE_LABEL),) if tree else ()


def _more(page: WebPage, pages: int | None, found: int) -> tuple[Fetch, ...]:
    """The pages that are left: by the call of the page's script, or as its pager's links go."""
    call = _call(page)
    if call is None:
        return _by_links(page, pages)
    first = 1 if not found and _label_of(page.asked) is None else page.asked.page + 1
    if first == 1:
        return (_at(call, 1),)
    if pages is not None:
        return tuple(_at(call, number) for number in range(first, min(pages, rows.MAX_PAGES) + 1))
    size = dict(_fields_of(call)).get("pageSize", "")
    return (_at(call, first),) if size.isdecimal() and found >= int(size) else ()


def _by_links(page: WebPage, pages: int | None) -> tuple[Fetch, ...]:
    linked = [link.url for link in page.links if "pageIndex=" in link.url and _same_list(page.url, link.url)]
    made = [url for match in _INDEXED.finditer(scripts(page)) if (url := page.join(f"{match[1]}1"))]
    usual = [f"{page.url.partition('?')[0]}?pageIndex=1"] if _ORDINARY.search(page.url) and pages else []
    if not (made or linked or usual):
        return ()
    url = [*made, *linked, *usual][0]
    last = pages or max(map(_index, linked), default=0)
    return rows.numbered(page.asked.page + 1, last, lambda number: _with(url, number))


# --- the call of the list


def _call(page: WebPage) -> Fetch | None:
    """How pages of the list are asked for: as this one was, as the script says, or as all portals of the family do."""
    if _label_of(page.asked) == LIST:
        return page.asked
    text = scripts(page)
    for match in _ENDPOINT.finditer(text):
        near = text[match.start() : match.end() + _NEAR]
        fields = _handed_over(match[2], near)
        names = dict(fields)
        if names.get("labelName", LIST) == LIST and {"organId", "catId", "pageSize"} & set(names):
            options = text[max(0, match.start() - 120) : match.start()] + near[: near.find("data")]
            return _fetch(page, match[1], fields, post=_POST.search(options) is not None)
    return _usual(page)


def _usual(page: WebPage) -> Fetch | None:
    match = _ORGAN.match(urlsplit(page.url).path)
    site = page.metas.get("siteid")
    if match is None or not site or _pages(page) in (None, 0, 1):
        return None
    own = dict(parse_qsl(urlsplit(page.url).query))
    fields = {
        "labelName": LIST,
        "siteId": site,
        "organId": match["organ"],
        "action": "list",
        **own,
        "pageIndex": "1",
    }
    return _fetch(page, f"{match['prefix']}/site/label/8888", tuple(fields.items()), post=False)


def _read(script: str) -> Fields:
    """Fields of the object that a call hands over; what is no literal is taken from nowhere."""
    match = _DATA.search(script)
    fields = (
        [(name, double or single or bare) for name, double, single, bare in _FIELD.findall(match[1])]
        if match
        else []
    )
    return tuple((name, "1" if name == "pageIndex" else value) for name, value in fields)


def _handed_over(query: str | None, near: str) -> Fields:
    """What a call sends: in its address and in its object."""
    named = _query(query or "")
    own = dict(named)
    if "labelName" in own:
        return named
    return named + tuple((name, value) for name, value in _read(near) if name not in own)


def _query(query: str) -> Fields:
    return tuple(parse_qsl(query.lstrip("?"), keep_blank_values=True))


def _fetch(page: WebPage, endpoint: str, fields: Fields, *, post: bool) -> Fetch | None:
    url = page.join(endpoint)
    own = dict(parse_qsl(urlsplit(page.url).query))
    names = dict(fields)
    wanted = {"labelName": LIST, "siteId": page.metas.get("siteid", ""), "catId": own.get("catId", "")}
    if match := _ORGAN.match(urlsplit(page.url).path):
        wanted["organId"] = match["organ"]
    missing = {name: value for name, value in wanted.items() if value and not names.get(name)}
    complete = tuple((name, value) for name, value in fields if name not in missing) + tuple(missing.items())
    if "pageIndex" not in names:
        complete += (("pageIndex", "1"),)
    if url is None:
        return None
    if post:
        return Fetch(url, "POST", form=complete, headers=_AJAX, base=page.url)
    extra = () if "IsAjax" in names else (("IsAjax", "1"), ("dataType", "html"))
    return Fetch(f"{url}?{urlencode(complete + extra)}", headers=_AJAX, base=page.url)


def _at(call: Fetch, number: int) -> Fetch:
    """The call for another page."""
    if call.method == "POST":
        form = tuple((name, str(number) if name == "pageIndex" else value) for name, value in call.form)
        return replace(call, form=form, page=number)
    return replace(call, url=_with(call.url, number), page=number)


def _with(url: str, number: int) -> str:
    parts = urlsplit(url)
    fields = [
        (k, str(number) if k == "pageIndex" else v) for k, v in parse_qsl(parts.query, keep_blank_values=True)
    ]
    return urlunsplit(parts._replace(query=urlencode(fields)))


def _fields_of(call: Fetch) -> Fields:
    return call.form or _query(urlsplit(call.url).query)


def _label_of(asked: Fetch) -> str | None:
    """Which label a request asks for; None for an ordinary page."""
    return dict(_fields_of(asked)).get("labelName") if "/site/label/" in asked.url else None


def _pages(page: WebPage) -> int | None:
    """``pageCount`` of the script of the list."""
    match = _PAGES.search(scripts(page))
    return int(match[1]) if match else None


def _index(url: str) -> int:
    found = dict(_query(urlsplit(url).query)).get("pageIndex", "")
    return int(found) if found.isdecimal() and len(found) < 6 else 0  # noqa: PLR2004


def _same_list(own: str, other: str) -> bool:
    return urlsplit(own).path == urlsplit(other).path or "/content/column/" in other


# --- the tree of columns


def _tree(page: WebPage) -> str | None:
    """Address of the tree of columns, if the page's script asks for it."""
    text = scripts(page)
    for match in _ENDPOINT.finditer(text):
        fields = _handed_over(match[2], text[match.start() : match.end() + _NEAR])
        if dict(fields).get("labelName") == TREE:
            known = {"siteId": page.metas.get("siteid", ""), **dict(fields), "isJson": "true"}
            if organ := _ORGAN.match(urlsplit(page.url).path):
                known["organId"] = organ["organ"]
            url = page.join(match[1])
            return f"{url}?{urlencode({k: v for k, v in known.items() if k != 'pageIndex'})}" if url else None
    return None


def _nodes(page: WebPage) -> Iterator[Link]:
    """Columns of the tree as links; nodes with children that may hold reports lead to the tree below them."""
    asked = dict(_fields_of(page.asked))
    organ = asked.get("organId", "")
    prefix = page.asked.url.partition("/site/label/")[0]
    for node in _flat(page.data):
        key, name = str(node.get("id") or ""), fold(str(node.get("name") or ""))
        link = node.get("uri") or node.get("url") or node.get("href")
        own = str(node.get("organId") or organ)
        if link and (url := page.join(str(link))):
            yield Link(url, name)
        elif key.isdecimal() and own.isdecimal():
            yield Link(f"{prefix}/public/column/{own}?type=4&catId={key}&action=list", name)
        if node.get("isParent") in (True, "true", 1) and not node.get("children") and _PROMISING.search(name):
            below = {**asked, "id": key, "isChild": "true"}
            yield Link(f"{page.asked.url.partition('?')[0]}?{urlencode(below)}", _TREE_LABEL)


def _flat(data: Any) -> Iterator[dict[str, Any]]:
    """All nodes of a tree, however deep and wrapped."""
    waiting, count = [data], 0
    while waiting and count < _MAX_NODES:
        here = waiting.pop(0)
        if isinstance(here, list):
            waiting[:0] = here
        elif isinstance(here, dict):
            if here.get("name"):
                count += 1
                yield here
            waiting.extend(here[key] for key in ("children", "data", "nodes", "list") if here.get(key))
