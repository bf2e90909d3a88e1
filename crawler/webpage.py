"""One answer of a portal as the crawl reads it: decoded by evidence, parsed once, its links made whole.

Scrapy's own ``response.text`` trusts headers, which lie on these portals; this one decodes as the extractor does
(``pipelines.decoding``). Everything here is about *where to go next*; what a report says is read by ``pipelines``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urljoin, urlsplit

from lxml.etree import HTMLParser
from parsel import Selector
from parsel.selector import create_root_node

from pipelines.decoding import decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lxml.html import HtmlElement
    from scrapy.http import Response

MAX_TEXT: Final = 4_000_000
"""Characters of a page that are parsed; a list page has some 100,000."""
_LOOK_AT: Final = 400_000
"""Characters of a page that are looked at to know its family."""
_LOWER: Final = bytes(range(256)).lower().translate(bytes.maketrans(b"'<", b'""'))
"""Lower case, and one sign for everything that parts tags and attributes."""
_UNSEEN: Final = bytes(set(range(256)) - {*range(ord("!"), 0x7F)}) + b"0123456789"
_MAX_LINKS: Final = 20_000
_MAX_NAME: Final = 300
_FILES: Final = (b"%PDF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"Rar!", b"\x89PNG", b"\xff\xd8\xff", b"GIF8")
_HIDDEN: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_NOTHING_SHOWN: Final = 2
_WEB: Final = frozenset({"http", "https"})
_FOLDED: Final = re.compile(r"\s+")
_WHOLE: Final = re.compile(r"https?://[a-z0-9.-]+(?::[1-5]?\d{1,4})?/[\w/.=&%~?-]*", re.ASCII)
_ROOTED: Final = re.compile(r"/(?!/)[\w/.=&%~?-]*", re.ASCII)
_BESIDE: Final = re.compile(r"[\w-][\w/.=&%~?-]*", re.ASCII)
_IN_HREF: Final = re.compile(r"[\t\r\n]+")
_REFRESH: Final = re.compile(r"""^\s*\d{0,6}(?:\.\d*)?\s*[;,]?\s*url\s*=\s*['"]?\s*([^'"]+)""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fetch:
    """What to ask a portal for; hashable, so that nothing is asked twice.

    Attributes:
        url: absolute address.
        method: HTTP method.
        form: fields of a POST, sent URL-encoded.
        body: what is sent as it stands in place of ``form`` (JSON; its ``Content-Type`` stands in ``headers``).
        headers: headers that this endpoint needs (``Referer``, ``X-Requested-With``).
        page: which page of a list it is, from 1; the same request under another number is the same request.
        base: address that relative links of the answer are relative to, where it isn't ``url``: fragments are
            put into the page that asks for them.
    """

    url: str
    method: Literal["GET", "POST"] = "GET"
    form: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    page: int = field(default=1, compare=False)
    base: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a page.

    Attributes:
        url: absolute http(s) address without fragment.
        text: what is shown, or the ``title`` attribute where that says more; white space folded.
        area: where in the page it stands: tags and classes of the elements above it, innermost last. Links of one
            list have the same.
    """

    url: str
    text: str
    area: str = ""


@dataclass(eq=False)
class WebPage:
    """One answer, decoded; the rest is computed when it is first asked for.

    Attributes:
        url: its address after redirects.
        text: the decoded body.
        asked: what was asked for.
        status: HTTP status.
        content_type: as served.
        body: the bytes as served.
    """

    url: str
    text: str
    asked: Fetch
    status: int = 200
    content_type: str | None = None
    body: bytes = b""

    @cached_property
    def selector(self) -> Selector:
        """The page as parsel sees it; never fails, an empty page has an empty body.

        Its elements are lxml's own: those of ``lxml.html`` cost a call of Python each time one is touched.
        """
        text = self.text[:MAX_TEXT].replace("\0", "")
        return Selector(root=create_root_node(text or "<html></html>", HTMLParser), type="html")

    @property
    def root(self) -> HtmlElement:
        """The lxml tree under ``selector``: for walks over thousands of elements."""
        root: HtmlElement = self.selector.root
        return root

    @cached_property
    def head(self) -> str:
        """As much of its source as tells who made it."""
        return self.text[:_LOOK_AT]

    @cached_property
    def outline(self) -> str:
        """Its source in lower case, without digits, white space and all beyond ASCII, each attribute and tag once.

        A small part of the page, in which a word is found or missed in microseconds (``mentions``).
        """
        source = self.head.encode("utf-8", "surrogatepass").translate(_LOWER, _UNSEEN)
        return b'"'.join(set(source.split(b'"'))).decode("ascii")

    def mentions(self, word: str) -> bool:
        """Whether a word in lower case, without digits, quotes and white space, stands in the source of the page."""
        return word in (self.outline if word.isascii() else self.head)

    @cached_property
    def metas(self) -> Mapping[str, str]:
        """``<meta>`` name (lower case) → content, first one wins."""
        metas: dict[str, str] = {}
        for element in self.root.iter("meta"):
            name = (element.get("name") or "").strip().lower()
            if name:
                metas.setdefault(name, fold(element.get("content") or ""))
        return metas

    @cached_property
    def title(self) -> str:
        """Text of ``<title>``, folded; empty if there is none."""
        return fold(" ".join(self.selector.css("title ::text").getall()[:20]))[:_MAX_NAME]

    @cached_property
    def base(self) -> str:
        """What relative links are relative to: ``asked.base``, ``<base href>`` or the address itself."""
        if self.asked.base:
            return self.asked.base
        stated = self.selector.css("base::attr(href)").get()
        return absolute(self.url, stated) or self.url

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """All links, in order: anchors and areas with an http(s) address."""
        return tuple(self._read_links())

    @cached_property
    def frames(self) -> tuple[str, ...]:
        """Addresses of ``<iframe>`` and ``<frame>``; those that nobody sees only count visitors."""
        shown = (frame for frame in self.root.iter("iframe", "frame") if not _is_unseen(frame))
        return tuple(url for frame in shown if (url := self.join(frame.get("src"))))

    @cached_property
    def refresh(self) -> str | None:
        """Where ``<meta http-equiv="refresh">`` leads, or None."""
        for element in self.root.iter("meta"):
            if (element.get("http-equiv") or "").lower() == "refresh" and (
                match := _REFRESH.match(element.get("content") or "")
            ):
                return self.join(match[1])
        return None

    @cached_property
    def data(self) -> Any:
        """The body as JSON; ``JSONP`` wrappers and byte order marks are taken off.

        Raises:
            ValueError: it is not JSON.
        """
        return read_json(self.text)

    def join(self, href: str | None) -> str | None:
        """An ``href`` of this page as an absolute http(s) address without fragment, or None if it is none."""
        return absolute(self.base, href)

    def _read_links(self) -> Iterator[Link]:
        areas: dict[Any, str] = {}
        for count, element in enumerate(self.root.iter("a", "area")):
            if count >= _MAX_LINKS:
                return
            url = self.join(element.get("href"))
            if url is not None:
                yield Link(url, link_text(element), area_of(element, areas))


def of_response(response: Response, asked: Fetch) -> WebPage:
    """The page of a Scrapy response."""
    header = response.headers.get("Content-Type")
    content_type = header.decode("latin-1") if header else None
    return WebPage(
        url=response.url,
        text="" if _is_binary(response.body) else decode(response.body, content_type).text,
        asked=asked,
        status=response.status,
        content_type=content_type,
        body=response.body,
    )


def _is_binary(body: bytes) -> bool:
    """Whether a body is a file, by its first bytes: 32 MB of PDF are not decoded to find no link in them."""
    return body.startswith(_FILES)


def fold(text: str) -> str:
    """Text with every run of white space made one space, none at the ends."""
    return _FOLDED.sub(" ", text).strip()


def absolute(base: str, href: str | None) -> str | None:
    """An absolute http(s) address without fragment, or None for anything else (``javascript:``, ``#``, nonsense)."""
    return _absolute(base, href) if href else None


@lru_cache(maxsize=4096)
def _absolute(base: str, href: str) -> str | None:
    href = _IN_HREF.sub("", href).strip().replace("\\", "/")
    if not href or href.startswith("#"):
        return None
    if "/." not in href and not href.endswith("?"):  # nothing that urljoin would write differently
        if _WHOLE.fullmatch(href):
            return href
        above = "/x" if _ROOTED.fullmatch(href) else "x" if _BESIDE.fullmatch(href) else ""
        if above and (place := _place_of(base, above)):
            return place + href
    try:
        url = urljoin(base, href)
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises on what is no port
    except ValueError:
        return None
    if parts.scheme not in _WEB or not parts.hostname:
        return None
    return url.partition("#")[0]


@lru_cache(maxsize=1024)
def _place_of(base: str, href: str) -> str | None:
    """What stands before ``href`` in its absolute address; None where that is no http(s) address."""
    try:
        url = urljoin(base, href)
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises on what is no port
    except ValueError:
        return None
    return url.removesuffix(href) if parts.scheme in _WEB and parts.hostname else None


def link_text(element: HtmlElement) -> str:
    """What a link says: its ``title`` where the text is cut short, empty or merely a picture's."""
    shown = fold("".join(element.itertext()))[:_MAX_NAME]
    title = fold(element.get("title") or "")[:_MAX_NAME]
    if title and (
        len(shown) < _NOTHING_SHOWN
        or shown.endswith(("…", "...", ".."))
        or (len(title) > len(shown) and shown in title)
    ):
        return title
    if shown:
        return shown
    return fold(next((image.get("alt") or "" for image in element.iter("img")), ""))[:_MAX_NAME]


def area_of(element: HtmlElement, known: dict[Any, str]) -> str:
    """Tags and first classes of the elements above one, innermost last; ``known`` keeps what was computed."""
    parent = element.getparent()
    if parent is None:
        return ""
    area = known.get(parent)
    if area is None:
        style = (parent.get("class") or parent.get("id") or "").split()
        area = f"{area_of(parent, known)}/{parent.tag}{'.' + style[0] if style else ''}"[-400:]
        known[parent] = area
    return area


def _is_unseen(frame: Any) -> bool:
    """Whether a frame is hidden, or a dot."""
    if _HIDDEN.search(frame.get("style") or ""):
        return True
    return any(
        (frame.get(side) or "").strip().removesuffix("px") in ("0", "1") for side in ("width", "height")
    )


def read_json(text: str) -> Any:
    """JSON out of an answer: plain, or wrapped in a callback (``cb({…})``, ``;raw({…})``).

    Raises:
        ValueError: there is none in it.
    """
    text = text.strip().lstrip("\ufeff")
    if not text.startswith(("{", "[")):
        start = text.find("(")
        if start < 0 or start > 200:  # noqa: PLR2004 - longest name of a callback
            raise ValueError(f"no JSON: {text[:80]!r}")
        text = text[start + 1 :].lstrip()
    value, _ = json.JSONDecoder(strict=False).raw_decode(text)
    return value
