"""Where the other pages of a list are, read from its pager: links, scripts, forms.

A pager names some pages by number and address (2, 3, 下一页, 尾页). The digits that change with the number give the
form of all addresses, so that pages nobody links are known too. Nothing is invented here: without a pager there is
no further page.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlencode, urlsplit, urlunsplit

from crawler.platforms.rows import MAX_PAGES, numbered, states
from crawler.webpage import Fetch, fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from lxml.html import HtmlElement

    from crawler.webpage import WebPage

_DIGITS: Final = re.compile(r"\d{1,9}")
_NUMBER: Final = re.compile(r"\[?第?(\d{1,4})页?\]?")
_NEXT: Final = re.compile(
    r"[\[(]?\s*(?:下\s*一?\s*页|后\s*一?\s*页|next(?:\s*page)?|[>›»]{1,2})\s*[>›»\])]*", re.IGNORECASE
)
_LAST: Final = re.compile(
    r"[\[(]?\s*(?:尾\s*页|末\s*页|最后一页|最末页|last(?:\s*page)?)\s*[\])]?", re.IGNORECASE
)
_BACK: Final = re.compile(
    r"[\[(<‹«]*\s*(?:首\s*页|第一页|(?:上|前)\s*一?\s*页|prev(?:ious)?(?:\s*page)?|first(?:\s*page)?)\s*[\])]?",
    re.IGNORECASE,
)
_LOADS: Final = re.compile(
    r"(?:点击|点此)?(?:加载|载入)(?:更多|下一页|全部)\S{0,3}|load\s*more", re.IGNORECASE
)
_SHOWS: Final = re.compile(r"(?:点击|点此)?(?:查看|显示|浏览|获取)更多\S{0,2}")
"""Says the same where it loads rows, but is mostly the link to a column."""
_HOLDS_MORE: Final = re.compile(r"load|more", re.IGNORECASE)
_OFF: Final = re.compile(
    r"(?i)disab|no-?(?:click|page|next|more)|gr[ae]y|forbid|\b(?:cur|current|active|off|end)\b"
)
_DEAD: Final = re.compile(
    r"javascript:\s*(?:void\s*\(?\s*0?\s*\)?)?\s*;?\s*$|\breturn\s+(?:false|true)\b;?", re.IGNORECASE
)
_PLUGIN: Final = re.compile(
    r"(?:[lL]aypage(?:\.render)?|[pP]agination|[pP]ager|[pP]aging|\bpage)\s*[(:]\s*(?:(\d{1,7})\s*,\s*)?\{"
)
"""Options of a pager that others wrote; some take the number of rows before them."""
_COUNT: Final = re.compile(r"""\bcount["']?\s*:\s*["']?(\d{1,7})\b""")
_OPTIONS: Final = 400
_MAX_PLUGINS: Final = 50
_GAP_FOR_PAGE: Final = re.compile(
    r"""["']([^"'\s<>{}\[\]]{1,200})(?:\{(?:page\w{0,8}|pn|p|n|num|index|0)\}|\[page\]|__page\w{0,6}__)([^"'\s<>{}]{0,80})["']""",
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(r"""['"]([^'"\s<>]{1,300})['"]""")
_ADDRESS: Final = re.compile(
    r"^(?:https?:/|\.{0,2})/|^\?|\.(?:s?html?|jsp|aspx?|php|do)(?:\?|$)", re.IGNORECASE
)
_CALL: Final = re.compile(
    r"(?:javascript:)?\s*(?:return\s+|void\s+)?([\w.$]{2,60})\s*\(([^()]{0,200})\)", re.IGNORECASE
)
_GO: Final = re.compile(
    r"""(?:location(?:\.href)?\s*=|location\.(?:assign|replace)\(|window\.open\()\s*"""
    r"""(?:(?P<head>['"][^'"]{0,300}['"])\s*\+\s*)?(?P<value>[\w.()+\- \[\]]{1,40}?)\s*(?:\+\s*(?P<tail>['"][^'"]{0,200}['"]))?\s*[;)\n}]"""
)
_PAGED: Final = re.compile(
    r"(?:page\w{0,8}|pn|p)=$|(?:index|list|page)\w{0,20}[_-]$|[_/-]page[/_-]?$", re.IGNORECASE
)
_TOTAL: Final = re.compile(
    r"""\b(?:total_?(?:count|records?|rows?|num|size)|record_?(?:count|total)|totals?|count_?num|rows?count|allcount)["']?\s*[:=]\s*["']?(\d{1,7})\b""",
    re.IGNORECASE,
)
_PAGES: Final = re.compile(
    r"""\b(?:total_?pages?|page_?(?:count|total|nums?)|count_?page|max_?page|all_?pages?|pages)["']?\s*[:=]\s*["']?(\d{1,5})\b""",
    re.IGNORECASE,
)
_LINE: Final = re.compile(r"(?<![:\"'\\])//[^\n]*")
_BLOCK: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
_FIELD: Final = re.compile(r"page(?:no|num|index|number)?|curr?(?:ent)?_?page(?:no)?|pn|p", re.IGNORECASE)
_YEARS: Final = range(1990, 2100)
_COUNTED: Final = re.compile(r"((?:index|list|page)\w{0,20}[_-])(\d{1,4})(\.\w{2,6})", re.IGNORECASE)
_MAX_FIELDS: Final = 60
_MAX_FIELD: Final = 200_000


class Pager(NamedTuple):
    """What a pager says.

    Attributes:
        pages: how many pages there are, where it tells.
        more: the pages it leads to, in order, the one it stands on left out.
        seen: whether there is a pager that goes on at all, readable or not.
        hinted: it has a 下一页 that only a script outside the page can follow, if it leads anywhere.
    """

    pages: int | None = None
    more: tuple[Fetch, ...] = ()
    seen: bool = False
    hinted: bool = False


@dataclass(frozen=True, slots=True)
class _Step:
    """One way on: which page (None for the last, whose number is not printed), and where or how.

    Neither is known where only a script outside the page may know. What it loads (``loads``) becomes part of the page.
    """

    page: int | None
    url: str | None
    call: str | None
    loads: bool = False


@lru_cache(maxsize=4)
def scripts(page: WebPage) -> str:
    """The page's own scripts, comments taken out: what is commented out is not called."""
    return "\n".join(_scripts(page))


@lru_cache(maxsize=4)
def counted(page: WebPage) -> tuple[int | None, int | None]:
    """Rows and pages of a list as the scripts of its page name them; None where they don't, or differ."""
    text = scripts(page)
    return _one([*_TOTAL.findall(text), *_plugged(text)]), _one(_PAGES.findall(text))


def _plugged(text: str) -> Iterator[str]:
    """Numbers of rows handed to a pager that others wrote (``laypage.render({count: 23``, ``pagination(23, {``)."""
    for match in islice(_PLUGIN.finditer(text), _MAX_PLUGINS):
        count = _COUNT.search(text, match.end(), match.end() + _OPTIONS)
        if found := match[1] or (count and count[1]):
            yield found


def pager(page: WebPage) -> Pager:
    """Read the pager of a list."""
    current = page.asked.page
    steps = list(_steps(page, current))
    declared = states(page)[1]
    back = {step.url for step in steps if step.url and step.page is not None and step.page <= current}
    ahead = [step for step in steps if (step.page is None or step.page > current) and step.url not in back]
    onward = [step for step in ahead if step.url or step.call]
    if not onward:
        hidden = _unlabelled(page)
        pages = declared or counted(page)[1] or (len(hidden) + 1 if hidden else None)
        return Pager(pages, hidden, hinted=bool(ahead))
    linked = {step.page: step.url for step in onward if step.page is not None and step.url is not None}
    last = next((step for step in onward if step.page is None), None)
    if last is None or last.url is None:
        declared = declared or counted(page)[1]
    if linked:
        return _linked(page, steps, linked, last, declared)
    return _called(page, onward, declared)


def _scripts(page: WebPage) -> Iterator[str]:
    for element in page.root.iter("script"):
        if element.text and "json" not in (element.get("type") or ""):
            yield _LINE.sub("", _BLOCK.sub("", element.text[:200_000].replace("<!--", "")))


def _one(found: Iterable[str]) -> int | None:
    numbers = {int(one) for one in found}
    return numbers.pop() if len(numbers) == 1 else None


def addresses_in_scripts(page: WebPage) -> Iterator[str]:
    """Addresses that scripts put together from a number of a page, as format strings with ``{0}`` for it."""
    for match in _GO.finditer(scripts(page)):
        head, tail = (match["head"] or "''")[1:-1], (match["tail"] or "''")[1:-1]
        url = page.join(f"{head}7777777{tail}") if _PAGED.search(head) else None
        if url is not None and url.count("7777777") == 1:
            yield url.replace("{", "%7B").replace("}", "%7D").replace("7777777", "{0}")
    for match in _GAP_FOR_PAGE.finditer(scripts(page)):
        url = page.join(f"{match[1]}7777777{match[2]}")
        if url is not None and url.count("7777777") == 1:
            yield url.replace("7777777", "{0}")


# --- links


def _steps(page: WebPage, current: int) -> Iterator[_Step]:
    """Everything on the page that says 2, 下一页, 尾页 or 加载更多, and what leads back."""
    for element in page.root.iter("a", "span", "button", "input", "li", "option", "em", "i", "div"):
        said = _said(element)
        at = None if said is None else _meant(said, current)
        if said is None or at is None:
            continue
        url, call = _leads(page, element)
        loads = _LOADS.fullmatch(said) is not None
        if _SHOWS.fullmatch(said):
            loads = page.join(element.get("href")) is None
            if not loads:
                continue
        if url is None and (_is_off(element) or (call is None and not _can_be_found(element))):
            continue
        if (url or call or (at == current + 1 and not said.isdecimal())) and url != page.url:
            yield _Step(at or None, url, call, loads)


def _meant(said: str, current: int) -> int | None:
    """The page that a step says it leads to, 0 for the last one; None for what is no step of a pager."""
    number = _NUMBER.fullmatch(said)
    if number:
        return (int(number[1]) or None) if int(number[1]) not in _YEARS else None
    if _NEXT.fullmatch(said) or _LOADS.fullmatch(said) or _SHOWS.fullmatch(said):
        return current + 1
    if _BACK.fullmatch(said):
        return 1
    return 0 if _LAST.fullmatch(said) else None


def _is_off(element: HtmlElement) -> bool:
    """Whether a step shows that it does nothing here."""
    above = element.getparent()
    around = (element, above) if above is not None and above.tag == "li" else (element,)
    return any(
        one.get("disabled") is not None
        or one.get("aria-disabled") == "true"
        or _OFF.search(one.get("class") or "")
        for one in around
    )


def _can_be_found(element: HtmlElement) -> bool:
    """Whether a script can know a step that has no address from any other link."""
    return any(name in ("id", "class") or name.startswith("data-") for name in element.keys())  # noqa: SIM118 - attributes


def _said(element: HtmlElement) -> str | None:
    """What a short element says, if it can be part of a pager."""
    if element.tag == "input":
        return fold(element.get("value") or "") if element.get("onclick") else None
    if element.tag not in {"a", "option", "button"} and not (
        element.get("onclick")
        or element.get("data-url")
        or _HOLDS_MORE.search(f"{element.get('class')} {element.get('id')}")
    ):
        return None
    text = fold("".join(element.itertext())[:40])
    if not text:
        image = next(element.iter("img"), None)
        text = fold((image.get("alt") if image is not None else None) or element.get("title") or "")
    return text if 0 < len(text) <= 10 else None  # noqa: PLR2004 - longer than any step of a pager


def _leads(page: WebPage, element: HtmlElement) -> tuple[str | None, str | None]:
    if element.tag == "option":
        value = element.get("value") or ""
        return (page.join(value) if _ADDRESS.search(value) else None), None
    for name in ("href", "data-url", "data-href", "tagname"):
        if (value := element.get(name)) and (url := page.join(value)):
            return url, None
    for name in ("data-next", "data-link", "data-src"):
        if _ADDRESS.search(value := element.get(name) or "") and (url := page.join(value)):
            return url, None
    call = " ".join(_DEAD.sub("", element.get(name) or "") for name in ("onclick", "href"))[:500]
    quoted = next((one for one in _QUOTED.findall(call) if _ADDRESS.search(one)), None)
    if quoted and (url := page.join(quoted)):
        return url, None
    return None, call if "(" in call else None


def _unlabelled(page: WebPage) -> tuple[Fetch, ...]:
    """Links that say nothing and count ``index_26_1.html``, ``index_26_2.html`` …: pages left for search engines.

    Systems whose pager is drawn by a script leave them; some count from the last page, so their order says nothing.
    """
    if page.asked.page > 1:
        return ()
    folder = page.url.partition("?")[0].rpartition("/")[0] + "/"
    found: dict[tuple[str, str], dict[int, str]] = {}
    for element in page.root.iter("a"):
        url = page.join(element.get("href"))
        if url is None or not url.startswith(folder) or len(element) or (element.text or "").strip():
            continue
        if match := _COUNTED.fullmatch(url[len(folder) :]):
            found.setdefault((match[1], match[3]), {})[int(match[2])] = url
    series = max(found.values(), key=len, default={})
    if set(series) != set(range(1, len(series) + 1)):
        return ()
    return tuple(
        Fetch(url, page=at + 1, base=page.asked.base) for at, url in sorted(series.items())[:MAX_PAGES]
    )


def _linked(
    page: WebPage, steps: list[_Step], linked: Mapping[int, str], last: _Step | None, declared: int | None
) -> Pager:
    known = {
        step.page: step.url
        for step in steps
        if step.page is not None and step.url is not None and step.page > 1
    }
    end = last.url if last is not None else None
    if end is not None and declared is not None and declared > page.asked.page:
        known[declared] = end
    form = _form(known)
    base = page.asked.base or (page.base if any(step.loads for step in steps) else None)
    pages = declared
    if pages is None and form is not None and end is not None:
        pages = form.page_of(end)
        form = form if pages is None or pages >= max(known) else None
    if form is None:
        direct = tuple(Fetch(url, page=at, base=base) for at, url in sorted(linked.items()))
        return Pager(declared, direct, seen=True)
    until = pages if pages is not None else max(linked)
    return Pager(pages, numbered(min(linked), max(until, *linked), form.url_of, base), seen=True)


class _Form(NamedTuple):
    """Addresses of a list's pages: what stands before and behind the number, and how the number counts."""

    head: str
    tail: str
    factor: int
    offset: int

    def url_of(self, page: int) -> str | None:
        value = self.factor * page + self.offset
        return f"{self.head}{value}{self.tail}" if value >= 0 else None

    def page_of(self, url: str) -> int | None:
        if not url.startswith(self.head) or not url.endswith(self.tail):
            return None
        value = url[len(self.head) : len(url) - len(self.tail)]
        if not value.isdecimal() or len(value) > 9:  # noqa: PLR2004
            return None
        page, rest = divmod(int(value) - self.offset, self.factor)
        return page if rest == 0 and 0 < page <= MAX_PAGES else None


def _form(known: Mapping[int, str]) -> _Form | None:
    """The form of a list's addresses, from some of its pages."""
    shapes = Counter(_DIGITS.sub("#", url) for url in known.values())
    shape = shapes.most_common(1)[0][0]
    alike = sorted((at, url) for at, url in known.items() if _DIGITS.sub("#", url) == shape)
    (first, url), (later, other) = alike[0], alike[-1]
    runs, others = list(_DIGITS.finditer(url)), list(_DIGITS.finditer(other))
    if first == later:
        fit = [run for run in runs if int(run[0]) in (first, first - 1)]
        run = next((run for run in reversed(fit) if int(run[0]) == first), fit[-1] if fit else None)
        return None if run is None else _Form(url[: run.start()], url[run.end() :], 1, int(run[0]) - first)
    changed = [(one, two) for one, two in zip(runs, others, strict=True) if one[0] != two[0]]
    if len(changed) != 1:
        return None
    (one, two) = changed[0]
    factor, rest = divmod(int(two[0]) - int(one[0]), later - first)
    if rest or not factor:
        return None
    form = _Form(url[: one.start()], url[one.end() :], factor, int(one[0]) - factor * first)
    return form if all(form.url_of(at) == address for at, address in alike) else None


# --- scripts and forms


def _called(page: WebPage, onward: list[_Step], declared: int | None) -> Pager:
    """A pager whose steps call a function: what the function does is read, not run."""
    for step in onward:
        match = _CALL.search(step.call or "")
        if match is None or (step.page is None and declared is None):
            continue
        name, arguments = match[1], match[2]
        url_of = _fetch_of(page, name, arguments, step.page or declared or 0)
        if url_of is None:
            continue
        first = page.asked.page + 1
        pages = declared or max((one.page for one in onward if one.page is not None), default=first)
        until = min(max(pages, first), first + MAX_PAGES - 1)
        more = tuple(one for at in range(first, until + 1) if (one := url_of(at)) is not None)
        return Pager(declared, more, seen=True)
    return Pager(declared, seen=True)


def _fetch_of(page: WebPage, name: str, arguments: str, at: int) -> Callable[[int], Fetch | None] | None:
    if name == "__doPostBack":
        return _post_back(page, arguments)
    body = _function(scripts(page), name.rpartition(".")[2])
    numbers = [int(one) for one in _DIGITS.findall(arguments)]
    offset = next((value - at for value in numbers if value in (at, at - 1)), None)
    if body is None or (offset is None and numbers):
        return None
    return _location(page, body, offset or 0) or _submission(page, body, offset or 0)


def _function(text: str, name: str) -> str | None:
    """The beginning of a function's body."""
    escaped = re.escape(name)
    match = re.search(rf"function\s+{escaped}\s*\(|\b{escaped}\s*[:=]\s*function\s*\(", text)
    if match is None:
        return None
    body = text[match.end() : match.end() + 1_500]
    end = re.search(r"\bfunction\s+\w+\s*\(", body)
    return body[: end.start()] if end else body


def _location(page: WebPage, body: str, offset: int) -> Callable[[int], Fetch | None] | None:
    match = _GO.search(body)
    if match is None or not (match["head"] or match["tail"]):
        return None
    head, tail = (match["head"] or "''")[1:-1], (match["tail"] or "''")[1:-1]

    def fetch(at: int) -> Fetch | None:
        url = page.join(f"{head}{at + offset}{tail}")
        return None if url is None else Fetch(url, page=at, base=page.asked.base)

    return fetch


def _submission(page: WebPage, body: str, offset: int) -> Callable[[int], Fetch | None] | None:
    """A function that puts the number into a field of a form and sends it."""
    for form in page.root.iter("form"):
        named = [
            element.get("name")
            for element in form.iter("input", "select")
            if any(
                one and re.search(rf"\b{re.escape(one)}\b", body)
                for one in (element.get("name"), element.get("id"))
            )
        ]
        wanted = [name for name in named if name and _FIELD.fullmatch(name)] or [
            name for name in named if name
        ]
        if wanted and "submit" in body:
            return _sent(page, form, wanted[0], offset)
    return None


def _sent(page: WebPage, form: HtmlElement, name: str, offset: int) -> Callable[[int], Fetch | None]:
    """What a form sends with the number of a page in one of its fields."""
    action = page.join(form.get("action")) or page.url
    fields = _fields(form)

    def fetch(at: int) -> Fetch:
        sent = {**fields, name: str(at + offset)}
        if (form.get("method") or "get").lower() == "post":
            return Fetch(action, "POST", tuple(sent.items()), page=at, base=page.asked.base)
        query = urlsplit(action)._replace(query=urlencode(sent))
        return Fetch(urlunsplit(query), page=at, base=page.asked.base)

    return fetch


def _post_back(page: WebPage, arguments: str) -> Callable[[int], Fetch | None] | None:
    """ASP.NET: the form goes back to its own page, with the name of the pager and the number."""
    quoted = re.findall(r"'([^']*)'", arguments)
    form = next((one for one in page.root.iter("form")), None)
    if form is None or len(quoted) != 2 or not quoted[1].isdecimal():  # noqa: PLR2004 - target and argument
        return None
    target = quoted[0]
    action = page.join(form.get("action")) or page.url
    fields = _fields(form)

    def fetch(at: int) -> Fetch:
        sent = {**fields, "__EVENTTARGET": target, "__EVENTARGUMENT": str(at)}
        return Fetch(action, "POST", tuple(sent.items()), page=at, base=page.asked.base)

    return fetch


def _fields(form: HtmlElement) -> dict[str, str]:
    fields: dict[str, str] = {}
    for element in form.iter("input"):
        name, value = element.get("name"), element.get("value") or ""
        kind = (element.get("type") or "text").lower()
        if name and kind in {"hidden", "text"} and len(fields) < _MAX_FIELDS and len(value) < _MAX_FIELD:
            fields.setdefault(name, value)
    return fields
