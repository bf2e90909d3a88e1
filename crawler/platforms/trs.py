"""TRS WCM (拓尔思): static directories whose pages are ``index``, ``index_1`` …, and three kinds of scripted lists.

The number of pages stands in a call on the page, ``createPageHTML(pages, current, "index", "html")``, with the
current page counted from 0; the name of the function and the way the numbers are handed over vary, what they mean
doesn't. Scripted lists get their rows as JSON: from the catalogue of the disclosure platform (``getDocuments``) or
from the search server (``was5``), whose first page is often printed as well.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from crawler.platforms.base import Entry, LayoutError, Listing, Platform, text_mark, url_mark
from crawler.platforms.generic import read
from crawler.platforms.pagers import counted, scripts
from crawler.platforms.records import ADDRESS
from crawler.platforms.rows import entries, numbered, says_empty, states
from crawler.webpage import Fetch, absolute, fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crawler.webpage import WebPage

_NUMBER: Final = r"""\s*["']?(\d{1,5}|[A-Za-z_$][\w$]{0,40})["']?\s*"""
_TEXT: Final = r"""\s*["']([^"']{1,80})["']\s*"""
_CALL: Final = re.compile(
    rf"(?<![\w.$])\w{{0,20}}createPage\w{{0,12}}\s*\({_NUMBER},{_NUMBER},{_TEXT},{_TEXT}[,)]"
)
_VARIABLE: Final = re.compile(
    r"""(?:\bvar\s+|^|[;,\s])([A-Za-z_$][\w$]{0,40})\s*=\s*["']?(\d{1,7})["']?\s*(?=[;,\n\r]|$)"""
)
_INLINE: Final = re.compile(r"""["']\s*\\?["']?(\w{1,40})\\?["']\s*\+\s*\\?["']_""")
_INLINE_TYPE: Final = re.compile(r"""["']\.["']?\s*\+?\s*["']?(s?html?)\b""")
_WCM_TOTAL: Final = re.compile(r"wcm\s*分页\s*[,，]?\s*总记录数?\s*[:：]\s*(\d{1,7})")
_OPTION: Final = r"""\b{}\s*:\s*["']?(\d{{1,7}})\b"""
_CATALOGUE: Final = re.compile(r"""["']([^"'\s]{0,120}govChanInfo/getDocuments[^"'\s]{0,300})["']""")
_CATALOGUE_FIELDS: Final = (
    "siteId",
    "ChannelType",
    "KeyWord",
    "KeyWordType",
    "chanId",
    "id",
    "typeId",
    "order",
)
_PAGE_SIZE: Final = 20
_ROWS: Final = ("list", "docs", "data", "rows", "documents", "records", "result", "page")
_TITLES: Final = ("title", "doctitle", "DOCTITLE", "docTitle", "name", "metatitle")
_URLS: Final = ("chnldocurl", "url", "docpuburl", "docPubUrl", "DOCPUBURL", "docurl", "link", "href")
_DATES: Final = (
    "openTime",
    "docreltime",
    "docRelTime",
    "DOCRELTIME",
    "pubdate",
    "pubtime",
    "time",
    "publishTime",
    "pubDate",
    "crtime",
)
_TOTALS: Final = (
    "total",
    "totalCount",
    "totalcount",
    "recordCount",
    "count",
    "totalRecord",
    "rowCount",
    "num",
)
_PAGES: Final = ("pageCount", "totalPage", "totalPages", "pagecount", "pagenum", "pages")
_LABELS: Final = {
    "索引号": ("indexNum", "indexnum", "idxid", "idxID", "syh", "fileIndex"),
    "发布机构": ("publisher", "organ", "openUnit", "fwdw", "pubUnit"),
    "文号": ("fileno", "fileNum", "filenum", "docNum"),
}


class Trs(Platform):
    """Columns ``/a/b/``, documents ``/a/b/202401/t20240112_123.html``."""

    name: ClassVar[str] = "trs"
    marks = (
        text_mark(
            r"createPage(?<!\wcreatePage)(?<!function createPage)(?:HTML)?\w{0,8}\s*\(\s*[\"']?\d+[\"']?\s*,\s*[\"']?\d+[\"']?\s*,\s*[\"'][^\"']*[\"']\s*,\s*[\"']\w+[\"']\s*[,)]",
            3,
        ),
        text_mark(
            r"TRS_Editor|TRS_UEDITOR|trs_editor_view|trs_paper_default|TRS_PreAppend|TRS_Aut", 2
        ),  # texts keep it when they move
        text_mark(r"/t20\d{6}_\d+\.s?html?\b", 2),
        text_mark(r"\./(?:20\d{4}/)?t\d{5,}\.s?html?\b", 1),
        text_mark(r"was5/web/search|trsapi(?<!\wtrsapi)\b|wcm分页|igs/front/search|irs/front", 2),
        text_mark(r"govChanInfo/getDocuments", 6),  # even where a folder is called gkmlpt, as in 太原
        text_mark(r"countPage(?<!\wcountPage)\s*=\s*\d+", 2),
        text_mark(
            r"trs[_-](?<=[\"'/]trs.)\w+\.js|TRS[_-](?<=[\"'/]TRS.)\w+\.js|class=[\"']?trs_|CurrChnlCls|ms-controller=",
            1,
        ),
        text_mark(r"/P0\d{16,}\.\w{3,4}", 1),
        url_mark(r"/t20\d{6}_\d+\.s?html?$", 3),
        url_mark(r"_\d{2,6}/(?:index(?:_\d+)?\.s?html?)?$", 1),
    )
    detail = re.compile(r"/t(?:20\d{6}_)?\d{4,}\.s?html?$|/[PW]0\d{14,}\.\w{2,5}$")
    column = re.compile(r"(?:/|/index(?:_\d+)?\.s?html?)$")

    def listing(self, page: WebPage) -> Listing:
        """Read one answer of a list; see ``Platform.listing``."""
        if page.text.lstrip("\ufeff \r\n\t;").startswith(("{", "[")):
            return _documents(page)
        rows = entries(page, self.detail)
        static = _static(page)
        if static is not None:
            return _static_listing(page, rows, static)
        scripted = _search(page, rows) or _catalogue(page)
        if scripted is not None:
            return scripted
        return read(page, rows)


class _Static(NamedTuple):
    """What the call of a pager says: number of pages, number of this one, stem and suffix of their files."""

    pages: int
    current: int
    stem: str
    suffix: str


def _static(page: WebPage) -> _Static | None:
    """The call of the pager, if one is made; a function that is only defined says nothing.

    Raises:
        LayoutError: several calls that differ.
    """
    text = scripts(page)
    values = {name: int(value) for name, value in _VARIABLE.findall(text)}
    calls = list(dict.fromkeys(_called(text, values)))
    if len(calls) > 1:
        raise LayoutError(page.url, "createPageHTML", calls[:5])
    if calls:
        return calls[0]
    if "countPage" in values and values["countPage"] > 0:
        stem, suffix = _INLINE.search(text), _INLINE_TYPE.search(text)
        return _Static(
            values["countPage"],
            values.get("currentPage", page.asked.page - 1),
            stem[1] if stem else "index",
            suffix[1] if suffix else "html",
        )
    return None


def _called(text: str, values: Mapping[str, int]) -> Iterator[_Static]:
    for match in _CALL.finditer(text):
        pages, current = (int(one) if one.isdecimal() else values.get(one) for one in (match[1], match[2]))
        if pages is not None and current is not None:
            yield _Static(pages, current, match[3], match[4].lstrip("."))


def _static_listing(page: WebPage, rows: tuple[Entry, ...], static: _Static) -> Listing:
    pages = max(static.pages, 1)
    counts_from_one = static.current == page.asked.page
    folder = _folder(page)
    total = _total(page, len(rows), pages)

    # Page 1 names all others, each of them the next one: a list of 500 pages is not written down 500 times.
    last = pages if page.asked.page == 1 else min(pages, page.asked.page + 1)

    def paged(less: int) -> tuple[Fetch, ...]:
        first = page.asked.page + 1
        return numbered(
            first, last, lambda at: absolute(folder, f"{static.stem}_{at - less}.{static.suffix}")
        )

    less = 0 if counts_from_one else 1
    return Listing(
        entries=rows,
        declared=total,
        pages=pages,
        more=paged(less),
        alternatives=(paged(1 - less),) if pages > 1 and page.asked.page == 1 else (),
        says_empty=not rows and (total == 0 or static.pages == 0 or says_empty(page)),
    )


def _folder(page: WebPage) -> str:
    """Where the files of a column lie, also if its address was written without the last slash."""
    parts = urlsplit(page.base)
    head, _, file = parts.path.rpartition("/")
    path = f"{parts.path}/" if file and "." not in file else f"{head}/"
    return urlunsplit(parts._replace(path=path, query="", fragment=""))


def _total(page: WebPage, rows: int, pages: int) -> int | None:
    """Rows of all pages together; a number too small for so many pages counts something else."""
    printed = _WCM_TOTAL.search(page.text)
    stated = (int(printed[1]) if printed else None, states(page)[0], counted(page)[0])
    if page.asked.page > 1:
        return None
    fits = (total for total in stated if total is not None and total > (pages - 1) * rows and total >= rows)
    return next(fits, 0 if not rows and 0 in stated else None)


# --- rows from the search server


def _search(page: WebPage, rows: tuple[Entry, ...]) -> Listing | None:
    """A list whose first page is printed and whose others come from the search server."""
    text = scripts(page)
    count = _option(text, "recordCount")
    if count is None:
        return None
    size = _option(text, "prepage") or len(rows)
    channel, condition = _option(text, "channelid"), re.search(r"\bclasssql\s*:\s*([^\n]{1,200})", text)
    where = re.search(r"""["']([^"']*=[^"']*)["']""", condition[1]) if condition else None
    sort = re.search(r"""\bsortfield\s*:\s*["']([^"']{1,100})["']""", text)
    if channel is None:
        named = re.search(r"\bchannelid\s*:\s*[\w$]+\.([\w$]+)", text)
        channel = _option(text, re.escape(named[1])) if named else None
    more: tuple[Fetch, ...] = ()
    pages = -(-count // size) if size else None
    if count > len(rows) and pages and channel is not None and where is not None:
        fields = {
            "channelid": channel,
            "templet": "docs.jsp",
            "sortfield": sort[1] if sort else "-docreltime",
        }
        query = urlencode({**fields, "classsql": where[1], "prepage": size})
        more = numbered(
            1 if not rows else 2, pages, lambda at: page.join(f"/was5/web/search?{query}&page={at}")
        )
    return Listing(
        entries=rows,
        declared=count,
        pages=pages,
        more=more,
        says_empty=not rows and (count == 0 or (not more and says_empty(page))),
    )


def _option(text: str, name: str) -> int | None:
    match = re.search(_OPTION.format(name), text)
    return int(match[1]) if match else None


# --- rows from the catalogue


def _catalogue(page: WebPage) -> Listing | None:
    """A list that a script asks of the disclosure platform's catalogue."""
    text = scripts(page)
    match = _CATALOGUE.search(text)
    url = page.join(match[1]) if match else None
    if url is None:
        return None
    parts = urlsplit(url)
    asked = dict(parse_qsl(urlsplit(page.url).query))
    fields = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name in _CATALOGUE_FIELDS:
        if not fields.get(name) and (value := _named(text, name) or asked.get(name)) is not None:
            fields[name] = value
    fields.setdefault("chanId", asked.get("chan", ""))
    if not fields["chanId"]:
        raise LayoutError(page.url, "chanId", match[1] if match else None)
    size = _named(text, "pageSize")
    fields |= {"pageIndex": "1", "pageSize": size if size and size.isdecimal() else str(_PAGE_SIZE)}
    path = urlunsplit(parts._replace(query=""))
    posted = re.search(r"""\$\.post\(|\btype\s*:\s*["']post|\bmethod\s*:\s*["']post""", text, re.IGNORECASE)
    get, post = Fetch(f"{path}?{urlencode(fields)}"), Fetch(path, "POST", tuple(fields.items()))
    first, second = (post, get) if posted else (get, post)
    return Listing(more=(first,), alternatives=((second,),))


def _named(text: str, name: str) -> str | None:
    match = re.search(rf"""["']?\b{name}["']?\s*[:=]\s*["']?([\w-]{{0,40}})["']?\s*[,;}}\n]""", text)
    if match is None:
        return None
    value = match[1]
    if (
        value
        and not value[0].isdecimal()
        and (variable := re.search(rf"""\b{re.escape(value)}\s*=\s*["']?(\d{{1,9}})""", text))
    ):
        return variable[1]
    return value if value[:1].isdecimal() or not value else None


def _documents(page: WebPage) -> Listing:
    """Rows of a JSON answer, and the next page of it while pages are full.

    Raises:
        LayoutError: it has no list of documents.
    """
    try:
        data = page.data
    except ValueError as error:
        raise LayoutError(page.url, "JSON", page.text[:80]) from error
    holder, records = _records(page.url, data)
    rows = tuple(row for record in records if (row := _row(page, record)) is not None)
    total, pages = _counter(holder, _TOTALS), _counter(holder, _PAGES)
    if total is not None and total < len(rows):
        total = None
    return Listing(
        entries=rows,
        declared=total,
        pages=pages,
        more=_following(page.asked, len(records), total, pages),
        says_empty=not rows and (total == 0 or not records),
    )


def _records(url: str, data: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The list of documents in an answer, and the object that holds it."""
    holder: dict[str, Any] = {}
    for _ in range(4):
        if isinstance(data, list):
            return holder, [one for one in data if isinstance(one, dict)]
        if not isinstance(data, dict):
            break
        holder = {**holder, **data}
        data = next((data[name] for name in _ROWS if isinstance(data.get(name), dict | list)), None)
    raise LayoutError(url, "list of documents", sorted(holder)[:10])


def _row(page: WebPage, record: Mapping[str, Any]) -> Entry | None:
    title = _first(record, _TITLES)
    address = _first(record, _URLS) or _first(record, tuple(filter(ADDRESS.fullmatch, record)))
    url = page.join(address)
    if title is None or url is None:
        return None
    labels = tuple((label, value) for label, names in _LABELS.items() if (value := _first(record, names)))
    return Entry(url, fold(re.sub(r"<[^>]{0,200}>", "", title)), _first(record, _DATES), labels)


def _first(record: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    return next(
        (fold(value) for name in names if isinstance(value := record.get(name), str) and value.strip()), None
    )


def _counter(holder: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    found = (str(holder.get(name)) for name in names)
    return next((int(one) for one in found if one.isdecimal() and len(one) < 9), None)  # noqa: PLR2004


def _following(asked: Fetch, rows: int, total: int | None, pages: int | None) -> tuple[Fetch, ...]:
    """The pages after this one: all of them where their number is known, else the next one after a full page."""
    fields = dict(asked.form) or dict(parse_qsl(urlsplit(asked.url).query, keep_blank_values=True))
    name = next((one for one in ("pageIndex", "page") if one in fields), None)
    size = next(
        (int(fields[one]) for one in ("pageSize", "prepage") if fields.get(one, "").isdecimal()), rows
    )
    if name is None or not rows:
        return ()
    if pages is None and total is not None and size:
        pages = -(-total // size)
    last = pages if pages is not None else asked.page + (rows >= size)
    return tuple(
        _at(asked, fields, name, at) for at in range(asked.page + 1, min(last, asked.page + 2_000) + 1)
    )


def _at(asked: Fetch, fields: Mapping[str, str], name: str, page: int) -> Fetch:
    sent = {**fields, name: str(page)}
    if asked.form:
        return Fetch(asked.url, "POST", tuple(sent.items()), page=page, base=asked.base)
    query = urlsplit(asked.url)._replace(query=urlencode(sent))
    return Fetch(urlunsplit(query), page=page, base=asked.base)
