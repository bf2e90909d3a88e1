"""Rows of a list, told from everything else that links on a page.

Every CMS writes its lists differently, and each portal draws its own template over it; what they have in common is
that rows of one list are built alike, lead to documents, and mostly carry a date. So links are grouped by how they
stand in the page and the group that looks most like documents is the list. The words for it are in
``crawler/data/lists.toml``.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from lxml import etree

from crawler.platforms.base import Entry
from crawler.webpage import Fetch, fold
from pipelines.agencies import names_a_body
from pipelines.titles import parse_title

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from lxml.html import HtmlElement

    from crawler.webpage import WebPage

MAX_PAGES: Final = 2_000
"""Pages of one list that are asked for; what it declares beyond them stays missing and is said to be."""
_MAX_ANCHORS: Final = 5_000
_MAX_TITLE: Final = 300
_MAX_ROW_TEXT: Final = 2_000
_LEVELS: Final = 5
"""Elements between a link and its row."""
_DEEPEST: Final = 40
_MOST: Final = 0.6
"""Share of the page's links above which a part of the page is the page."""
_AWAY: Final = 0.5
_ROW: Final = frozenset({"li", "tr", "dl"})
_PLAIN: Final = frozenset({"li", "tr", "dl", "dt", "dd", "p", "tbody", "thead", "html", "body", "form"})
_INLINE: Final = frozenset(
    {"span", "font", "b", "strong", "em", "i", "u", "h1", "h2", "h3", "h4", "h5", "h6", "center"}
)
_AWAY_TAGS: Final = frozenset({"nav", "footer", "aside", "header"})
_SILENT: Final = frozenset({"script", "style", "noscript", "template"})
_MAX_TEXTS: Final = 60
_MAX_EVENTS: Final = 400
_OUTSIDE: Final = etree.XPath(
    "//text()[normalize-space()][string-length() < 13 or not(ancestor::*[position() < 7][self::a][@href])]"
    "[not(parent::script or parent::style or parent::noscript or parent::title or parent::template)]",
    smart_strings=False,
)
"""Text that is no title of a row: longer text in a link is no step of a pager."""
_APART: Final = re.compile(r"(?<=\d)\s+(?=\d)")
"""What keeps two numbers from being read as one."""
_DATED: Final = etree.XPath("//text()[contains(., '20') and not(parent::script or parent::style)]")
_HIDDEN: Final = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_CUT: Final = re.compile(r"(?:…|\.{2,})\s*$")
_EDGES: Final = "·•■◆▪▶>●・-—* \u3000"
_SHORTEST: Final = 2
"""Characters of the shortest title."""
_VERB: Final = 3
_WIDEST: Final = 60
"""Columns of a table that a person can read."""
_WORTH_ROW: Final = 3
_WORTH_COLUMN: Final = 2
"""What has neither date nor the address of a document is worth less, unless it lies below the list."""


class _Words(NamedTuple):
    document: re.Pattern[str]
    no_row: re.Pattern[str]
    verb: re.Pattern[str]
    in_script: re.Pattern[str]
    labelled_title: re.Pattern[str]
    away: re.Pattern[str]
    aside: re.Pattern[str]
    passing: re.Pattern[str]
    date: re.Pattern[str]
    only_date: re.Pattern[str]
    bullet: re.Pattern[str]
    labelled_date: re.Pattern[str]
    day_first: re.Pattern[str]
    month_first: re.Pattern[str]
    year: re.Pattern[str]
    title: re.Pattern[str]
    published: re.Pattern[str]
    label: re.Pattern[str]
    total: tuple[re.Pattern[str], ...]
    pages: tuple[re.Pattern[str], ...]
    only_pager: tuple[re.Pattern[str], ...]
    empty: re.Pattern[str]


@cache
def _words() -> _Words:
    data: dict[str, Any] = tomllib.loads(files("crawler.data").joinpath("lists.toml").read_text("utf-8"))
    anchor, place, date, column, count = (
        data[name] for name in ("anchor", "place", "date", "column", "count")
    )
    documents = data["address"]["document"]
    return _Words(
        document=re.compile("|".join(f"(?i:{one.removeprefix('(?i)')})" for one in documents)),
        no_row=re.compile(anchor["no_row"], re.IGNORECASE),
        verb=re.compile(anchor["verb"], re.IGNORECASE),
        in_script=re.compile(anchor["in_script"]),
        labelled_title=re.compile(anchor["labelled_title"]),
        away=re.compile(place["away"]),
        aside=re.compile(place["aside"]),
        passing=re.compile(place["passing"]),
        date=re.compile(date["date"]),
        only_date=re.compile(date["only"].replace("DATE", date["date"])),
        bullet=re.compile(anchor["bullet"]),
        labelled_date=re.compile(f"{date['labelled']}({date['date']})"),
        day_first=re.compile(date["day_first"]),
        month_first=re.compile(date["month_first"]),
        year=re.compile(date["year"]),
        title=re.compile(column["title"]),
        published=re.compile(column["published"]),
        label=re.compile(f"{column['other']}|{column['published']}"),
        total=tuple(re.compile(one) for one in count["total"]),
        pages=tuple(re.compile(one) for one in count["pages"]),
        only_pager=tuple(re.compile(one) for one in count["only_pager"]),
        empty=re.compile(count["empty"]),
    )


@dataclass(slots=True, eq=False)
class _Anchor:
    """A link that may be a row; ``worth`` says how much it looks like a document."""

    element: HtmlElement
    url: str
    title: str
    report: bool = False
    date: str | None = None
    worth: int = 0
    shape: str = ""
    factor: float = 1.0


class _Place(NamedTuple):
    shape: str
    factor: float


_TOP: Final = _Place("", 1.0)


def entries(page: WebPage, detail: re.Pattern[str] | None = None) -> tuple[Entry, ...]:
    """Rows of the main list of an HTML page or fragment.

    Args:
        page: the page.
        detail: addresses of the family's documents (search on path and query), where they have a form of their own.

    Returns:
        One entry per row, in order; navigation, side bars and pagers left out, empty if there is no list. A row
        whose title is that of a report is never left out for standing outside the list.
    """
    anchors = _anchors(page)
    if not anchors:
        return ()
    groups: dict[str, list[_Anchor]] = defaultdict(list)
    _weigh(page, anchors, detail)
    _set_places(anchors)
    for anchor in anchors:
        groups[anchor.shape].append(anchor)
    best = max(groups.values(), key=_score)
    chosen = _without_columns(best) if _is_list(best) else []
    rows = _rows_of(chosen)
    _add_others(anchors, chosen, rows)
    heads: dict[HtmlElement, list[str]] = {}
    return tuple(_entry(anchor, rows[anchor], heads) for anchor in anchors if anchor in rows)


@lru_cache(maxsize=4)
def states(page: WebPage) -> tuple[int | None, int | None]:
    """How many rows and pages the page says there are, in words (共 23 条, 第 1/3 页).

    Returns:
        Rows and pages; None where it doesn't say, or says different things.
    """
    words = _words()
    pieces: list[str] = _OUTSIDE(page.root)  # type: ignore[assignment]
    text = "".join(_APART.sub("¦", "\n".join(pieces)).split())
    total, pages = _stated(words.total, text), _stated(words.pages, text)
    for piece in pieces if total is None or pages is None else ():
        short = "".join(piece.split())
        for pattern in words.only_pager:
            if match := pattern.fullmatch(short):
                found = match.groupdict()
                total = int(found["total"]) if total is None and "total" in found else total
                pages = int(found["pages"]) if pages is None and "pages" in found else pages
    return total, pages


def says_empty(page: WebPage) -> bool:
    """Whether the page itself says that there is nothing (暂无数据, 共 0 条), where it can be seen."""
    empty = _words().empty
    for element in page.root.iter():
        if not isinstance(element.tag, str) or element.tag in {
            "script",
            "style",
            "noscript",
            "template",
            "title",
        }:
            continue
        if element.text and empty.search("".join(element.text.split())) and not _hidden(element):
            return True
        if element.tail and empty.search("".join(element.tail.split())) and not _hidden(element.getparent()):
            return True
    return states(page)[0] == 0


def numbered(
    first: int, last: int, url_of: Callable[[int], str | None], base: str | None = None
) -> tuple[Fetch, ...]:
    """What to ask for the pages ``first`` to ``last`` of a list, both included.

    Args:
        first: number of the first page wanted.
        last: number of the last one; at most ``MAX_PAGES`` are asked for.
        url_of: number of a page → its absolute address.
        base: what relative links of the answers are relative to, where that is not their own address.
    """
    last = min(last, first + MAX_PAGES - 1)
    return tuple(
        Fetch(url, page=page, base=base)
        for page in range(first, last + 1)
        if (url := url_of(page)) is not None
    )


def can_be_report(title: str) -> bool:
    """Whether a title names an annual report of somebody or of some year, refused or not."""
    if "公开" not in title and "报告" not in title and "年报" not in title:
        return False
    parsed = parse_title(title)
    return parsed.core_found and (parsed.year is not None or parsed.agency is not None)


def _tail(url: str) -> str:
    host, slash, rest = url.partition("://")[2].partition("/")
    if slash and "?" not in host:
        return f"/{rest}".removesuffix("?")
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _texts(element: HtmlElement) -> list[str]:
    """Texts in an element in order, scripts left out; not more of them than a row can have."""
    if not len(element):
        return [element.text] if element.text else []
    found: list[str | None] = []
    events = ("start", "end", "comment", "pi")
    for event, node in islice(etree.iterwalk(element, events=events), _MAX_EVENTS):
        if event == "start" and node.tag not in _SILENT:
            found.append(node.text)
        elif event != "start" and node is not element:
            found.append(node.tail)
    return [text for text in found if text][:_MAX_TEXTS]


# --- links


def _anchors(page: WebPage) -> list[_Anchor]:
    """Links that may be rows, the first of each address that says something."""
    known: dict[tuple[str, HtmlElement | None], _Anchor] = {}
    verbs: list[tuple[HtmlElement, str]] = []
    words = _words()
    own = page.url.partition("#")[0]
    for element in islice(page.root.iter("a"), _MAX_ANCHORS):
        url = _address(page, element)
        if url is None or url == own:
            continue
        title = _title(element)
        if len(title) < _SHORTEST or words.no_row.fullmatch(title):
            continue
        if words.verb.fullmatch(title):
            verbs.append((element, url))
            continue
        row = _row_tag(element)
        key = (url, row if row is not None and row.tag in _ROW else None)
        if key not in known or (len(title) > len(known[key].title) and known[key].title in title):
            known[key] = _Anchor(element, url, title)
    if not verbs:
        return list(known.values())
    rows = {_row_tag(anchor.element) for anchor in known.values()}
    for element, url in verbs:
        row = _row_tag(element)
        if row is not None and (crossing := _crossing(element, row)):
            known.setdefault((url, row), _Anchor(element, url, crossing, report=True))
        elif row is not None and row not in rows and (title := _said_in(row)):
            rows.add(row)
            known[url, row] = _Anchor(element, url, title)
    order = {element: place for place, element in enumerate(page.root.iter("a"))}
    return sorted(known.values(), key=lambda anchor: order[anchor.element])


def _address(page: WebPage, element: HtmlElement) -> str | None:
    url = page.join(element.get("href"))
    if (
        url is None
        and (script := element.get("onclick") or element.get("href") or "")
        and len(script) < _MAX_TITLE
    ):
        match = _words().in_script.search(script)
        return page.join(match[1]) if match else None
    return url


def _title(element: HtmlElement) -> str:
    """What a row is called: never cut short if the page has the whole, without its date."""
    words = _words()
    pieces = [piece for text in _texts(element) if (piece := fold(text))]
    if len(pieces) > 1:
        pieces = [piece for piece in pieces if not words.only_date.fullmatch(piece)] or pieces
    shown = _without_bullet(" ".join(pieces))
    whole = fold(element.get("title") or "")[:_MAX_TITLE]
    if whole == shown and len(pieces) == 1 and ":" not in whole and "：" not in whole:
        return shown
    if labelled := words.labelled_title.search(whole):
        whole = labelled[1]
    if whole and not words.verb.fullmatch(whole) and _says_more(whole, shown):
        return whole
    if len(pieces) > 1:
        return _of_pieces(pieces) or shown
    return shown or fold(next((image.get("alt") or "" for image in element.iter("img")), ""))[:_MAX_TITLE]


def _without_bullet(text: str) -> str:
    text = text.lstrip(_EDGES)
    return (_words().bullet.sub("", text) if text[:1].isdigit() else text)[:_MAX_TITLE]


def _of_pieces(pieces: Sequence[str]) -> str | None:
    """The title of a report among pieces of text: one that names body and year, or all of them as one."""
    complete = (piece for piece in pieces if can_be_report(piece) and _is_complete(piece))
    joined = "".join(pieces)
    if (title := next(complete, None)) is None and can_be_report(joined):
        title = joined
    return None if title is None else _without_bullet(title)


def _is_complete(title: str) -> bool:
    parsed = parse_title(title)
    return parsed.year is not None and parsed.agency is not None


def _says_more(whole: str, shown: str) -> bool:
    bare = _CUT.sub("", shown).replace(" ", "")
    return (
        len(bare) < _SHORTEST
        or _CUT.search(shown) is not None
        or bare in whole.replace(" ", "")
        or can_be_report(whole)
    )


def _row_tag(element: HtmlElement) -> HtmlElement | None:
    above = parent = element.getparent()
    while above is not None and above.tag not in _ROW:
        above = above.getparent()
    return parent if above is None else above


def _said_in(row: HtmlElement) -> str:
    """The title of a row whose link only says 查看."""
    words = _words()
    texts = (fold(text) for text in _texts(row))
    said = [
        text
        for text in texts
        if len(text) > _VERB and not words.verb.fullmatch(text) and not words.only_date.fullmatch(text)
    ]
    return next(filter(can_be_report, said), max(said, key=len, default=""))[:_MAX_TITLE]


def _crossing(link: HtmlElement, row: HtmlElement) -> str:
    """What a cell of a matrix of bodies and years is about (教育局 | 2021年: 查看); empty in any other table."""
    table = next(row.iterancestors("table"), None) if row.tag == "tr" else None
    top = next(table.iter("tr"), row) if table is not None else row
    if top is row:
        return ""
    cells, heads = _cells_of(row), _cells_of(top)
    above = set(islice(link.iterancestors(), _LEVELS))
    at = next((i for i, cell in enumerate(cells) if cell in above), 0)
    if not 0 < at < len(cells) == len(heads) < _WIDEST:
        return ""
    head = fold(" ".join(_texts(heads[at])))[:_MAX_TITLE]
    before = [fold(" ".join(_texts(cell)))[:_MAX_TITLE] for cell in cells[: min(at, _LEVELS)]]
    year = _words().year
    if year.fullmatch(head):
        return next((f"{head}{name}" for name in before if names_a_body(name)), "")
    if names_a_body(head):
        return next((f"{one}{head}" for one in before if year.fullmatch(one)), "")
    return ""


def _cells_of(line: HtmlElement) -> list[HtmlElement]:
    return [cell for cell in line if cell.tag in {"td", "th"}]


# --- evidence


def _weigh(page: WebPage, anchors: Sequence[_Anchor], detail: re.Pattern[str] | None) -> None:
    """Give every link its date and its worth."""
    words = _words()
    dated = _dated(page.root)
    anchors_below = _below(anchors)
    parts = urlsplit(page.base)
    folder = f"{parts.scheme}://{parts.netloc}{parts.path.rpartition('/')[0]}/"
    deep = folder.count("/") > 3  # noqa: PLR2004 - more than the host
    for anchor in anchors:
        tail = _tail(anchor.url)
        anchor.report = anchor.report or can_be_report(anchor.title)
        anchor.date = _date_beside(anchor.element, dated, anchors_below)
        anchor.worth = (
            8 * anchor.report
            + (
                4
                if detail is not None and detail.search(tail)
                else 2 * (words.document.search(tail) is not None)
            )
            + 2 * (anchor.date is not None)
            + 2 * (deep and anchor.url.startswith(folder))
            + (len(anchor.title) > 9)  # noqa: PLR2004 - names of columns are shorter
        )


def _dated(root: HtmlElement) -> set[HtmlElement]:
    """Elements that have a date in them, up to some levels above it."""
    words = _words()
    dated: set[HtmlElement] = set()
    found: list[Any] = _DATED(root)[:_MAX_ANCHORS]  # type: ignore[assignment, index]
    for text in found:
        if len(text) < _MAX_ROW_TEXT and (words.date.search(text) or _short_year(text)):
            node: HtmlElement | None = text.getparent()
            if text.is_tail and node is not None:
                node = node.getparent()
            for _ in range(_LEVELS + 1):
                if node is None:
                    break
                dated.add(node)
                node = node.getparent()
    return dated


def _short_year(text: str) -> bool:
    return len(text.strip()) < 12  # noqa: PLR2004 - 2024年01月, set apart from its day


def _below(anchors: Iterable[_Anchor], levels: int = _LEVELS) -> Counter[HtmlElement]:
    """How many of the links stand in each of the elements above them."""
    below: Counter[HtmlElement] = Counter()
    for anchor in anchors:
        node = anchor.element
        for _ in range(levels + 1):
            below[node] = below.get(node, 0) + 1
            if (node := node.getparent()) is None:
                break
    return below


def _date_beside(element: HtmlElement, dated: set[HtmlElement], below: Counter[HtmlElement]) -> str | None:
    words = _words()
    inside = [
        piece
        for text in (_texts(element) if element in dated else ())
        if words.only_date.fullmatch(piece := fold(text))
    ]
    if inside and (date := _date_in(" ".join(inside))):
        return date
    node = element
    for _ in range(_LEVELS):
        above = node.getparent()
        if above is None:
            return None
        if above in dated and (date := _date_in(" ".join(_beside(node, below)))):
            return date
        if below[above] > 1 and node.tag in _ROW:
            return None
        node = above
    return None


def _beside(node: HtmlElement, below: Counter[HtmlElement]) -> Iterator[str]:
    """Text that stands next to an element, up to the next link on either side or in its row."""
    above = node.getparent()
    in_row = above is not None and above.tag in _ROW
    before: list[str] = []
    for sibling in node.itersiblings(preceding=True):
        before.append(sibling.tail or "")
        if not isinstance(sibling.tag, str) or sibling.tag == "script":
            continue
        if len(before) > _LEVELS or (sibling in below and not in_row):
            break
        if sibling not in below:
            before.append(_short(sibling))
    else:
        before.append((above.text if above is not None else None) or "")
    after = [node.tail or ""]
    for sibling in node.itersiblings():
        if len(after) > 4 * _LEVELS or (sibling in below and not in_row):
            break
        if sibling not in below and isinstance(sibling.tag, str) and sibling.tag != "script":
            after.append(_short(sibling))
        after.append(sibling.tail or "")
    yield from after
    yield from reversed(before)


def _short(element: HtmlElement) -> str:
    return " ".join(_texts(element))[:_MAX_ROW_TEXT]


def _date_in(text: str) -> str | None:
    """The date in the text of a row; the labelled date of publication before any other."""
    text = fold(text[:_MAX_ROW_TEXT])
    if "20" not in text:
        return None
    words = _words()
    if match := words.labelled_date.search(text):
        return match[1].strip()
    if match := words.date.search(text):
        return match[0].strip()
    if match := words.day_first.search(text):
        return f"{match[2]}-{match[1]}"
    if match := words.month_first.search(text):
        return f"{match[2]}-{match[1]}"
    return None


# --- groups


def _set_places(anchors: Sequence[_Anchor]) -> None:
    """Note how every link stands in the page: the elements above it, without what changes from row to row."""
    within = _below(anchors, levels=_DEEPEST)
    most = len(anchors) * _MOST
    known: dict[HtmlElement, _Place] = {}
    for anchor in anchors:
        chain: list[HtmlElement] = []
        place = _TOP
        for above in anchor.element.iterancestors():
            if above in known:
                place = known[above]
                break
            chain.append(above)
        for above in reversed(chain):
            place = known[above] = _inside(place, above, whole=within[above] > most)
        anchor.shape, anchor.factor = place


def _inside(outer: _Place, element: HtmlElement, *, whole: bool) -> _Place:
    """The place inside an element; one that holds most of the page is no part beside the list."""
    words = _words()
    tag, style, name = element.tag, element.get("class") or "", element.get("id") or ""
    factor = outer.factor
    if tag in _AWAY_TAGS or ((style or name) and not whole and words.away.search(f"{style} {name}")):
        factor = min(factor, 0.25)
    elif (style or name) and not whole and words.aside.search(f"{style} {name}"):
        factor = min(factor, 0.7)
    if tag in _INLINE:
        return _Place(outer.shape, factor)
    named = (one for one in (style or name).split() if not words.passing.match(one))
    kind = "" if tag in _PLAIN else next(named, "").rstrip("0123456789_-")
    return _Place(f"{outer.shape}/{tag}.{kind}"[-600:], factor)


def _score(group: Sequence[_Anchor]) -> float:
    """How much a group looks like the list: what its links are worth on average, and how many they are."""
    mean = sum(anchor.worth for anchor in group) / len(group)
    return float(mean * len(group) ** 0.5 * group[0].factor)


def _is_list(group: Sequence[_Anchor]) -> bool:
    if any(anchor.report for anchor in group):
        return True
    if group[0].factor < _AWAY:
        return False
    if len(group) == 1:
        return group[0].worth > _WORTH_ROW + 1
    documents = sum(anchor.worth >= _WORTH_ROW for anchor in group)
    return documents * 2 >= len(group)


def _without_columns(group: Sequence[_Anchor]) -> list[_Anchor]:
    """The links of a list without those that lead to columns, where most lead to documents."""
    documents = [anchor for anchor in group if anchor.worth >= _WORTH_COLUMN or anchor.date is not None]
    return documents if len(documents) * 2 > len(group) else list(group)


def _rows_of(chosen: Sequence[_Anchor]) -> dict[_Anchor, HtmlElement]:
    below = _below(chosen)
    return {anchor: _row(anchor.element, below) for anchor in chosen}


def _row(element: HtmlElement, below: Counter[HtmlElement]) -> HtmlElement:
    """The highest element around a link that holds no other link of the list."""
    node = element
    for _ in range(_LEVELS - 1):
        above = node.getparent()
        if above is None or below[above] > 1 or node.tag in _ROW or above.tag in {"body", "html"}:
            break
        node = above
    return node


def _add_others(
    anchors: Sequence[_Anchor],
    chosen: Sequence[_Anchor],
    rows: dict[_Anchor, HtmlElement],
) -> None:
    """Rows built otherwise: documents in the same list, and titles of reports anywhere in the content."""
    parents = {parent for row in rows.values() if (parent := row.getparent()) is not None}
    titles = {row: anchor.title for anchor, row in rows.items()}
    taken = set(chosen)
    urls = {anchor.url for anchor in chosen}
    for anchor in anchors:
        if anchor in taken or anchor.url in urls or anchor.factor < _AWAY:
            continue
        above = list(islice(anchor.element.iterancestors(), _DEEPEST))
        inside = next((node for node in above if node in titles), None)
        beside = (
            inside is None and anchor.date is not None and any(node in parents for node in above[:_LEVELS])
        )
        if (anchor.report and (inside is None or titles[inside] != anchor.title)) or (
            beside and anchor.worth > _WORTH_ROW + 1
        ):
            rows[anchor] = _row_tag(anchor.element) if inside is None else anchor.element


# --- what a row says


def _entry(anchor: _Anchor, row: HtmlElement, heads: dict[HtmlElement, list[str]]) -> Entry:
    words = _words()
    metadata = _cells(anchor, row, heads) or _labelled(row)
    published = next(
        (value for label, value in metadata.items() if words.published.fullmatch(label)), anchor.date
    )
    title = next((value for label, value in metadata.items() if words.title.fullmatch(label)), anchor.title)
    others = tuple(
        (label, value)
        for label, value in metadata.items()
        if not words.published.fullmatch(label) and not words.title.fullmatch(label)
    )
    return Entry(anchor.url, anchor.title if len(anchor.title) >= len(title) else title, published, others)


def _cells(anchor: _Anchor, row: HtmlElement, heads: dict[HtmlElement, list[str]]) -> dict[str, str]:
    """Cells of a table row under their heads; empty if the table has none or the row is built otherwise."""
    line = row if row.tag == "tr" else next((node for node in anchor.element.iterancestors("tr")), None)
    if line is None:
        return {}
    table = next(line.iterancestors("table"), None)
    if table is None:
        return {}
    if table not in heads:
        heads[table] = _heads(table)
    cells = _cells_of(line)
    if len(cells) != len(heads[table]):
        return {}
    return {
        label: value
        for label, cell in zip(heads[table], cells, strict=True)
        if label and (value := fold("".join(_texts(cell)))[:_MAX_TITLE])
    }


def _heads(table: HtmlElement) -> list[str]:
    """Labels of a table's columns, empty where one is none of ours; none at all if it has no title column."""
    words = _words()
    for count, line in enumerate(table.iter("tr")):
        labels = ["".join("".join(_texts(cell)).split()) for cell in _cells_of(line)]
        if any(words.title.fullmatch(label) for label in labels):
            return [
                label if words.title.fullmatch(label) or words.label.fullmatch(label) else ""
                for label in labels
            ]
        if count > 2:  # noqa: PLR2004 - heads stand on top
            break
    return []


def _labelled(row: HtmlElement) -> dict[str, str]:
    """Labels with their values in the text of a row (索引号：… 发布机构：…)."""
    label_of = _words().label
    found: dict[str, str] = {}
    waiting = ""
    texts = _texts(row)
    if not any("：" in text or ":" in text for text in texts):
        return found
    for text in texts:
        piece = fold(text)[:_MAX_TITLE]
        label, colon, value = piece.replace("：", ":").partition(":")
        label, value = "".join(label.split()), value.strip()
        if colon and label_of.fullmatch(label):
            waiting = "" if value else label
            if value:
                found.setdefault(label, value)
        elif waiting and piece:
            found.setdefault(waiting, piece)
            waiting = ""
    return found


# --- words around the list


def _stated(patterns: Iterable[re.Pattern[str]], text: str) -> int | None:
    """The number of the first pattern that matches; None if it matches with different numbers."""
    for pattern in patterns:
        numbers = {int(match[1]) for match in pattern.finditer(text)}
        if numbers:
            return numbers.pop() if len(numbers) == 1 else None
    return None


def _hidden(element: HtmlElement | None) -> bool:
    return element is not None and any(
        _HIDDEN.search(node.get("style") or "") for node in (element, *element.iterancestors())
    )
