"""What an answer really is: a page, or something that stands in its place.

Challenges, captchas, login and maintenance pages come with any status, pages that don't exist come with 200. Taken
for pages they would end as "a portal without reports". The other error is worse: a page taken for a challenge is
lost. So every rule but those of the status looks at pages that show next to nothing but the message itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from html import unescape
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from crawler.data import load
from pipelines.decoding import decode

if TYPE_CHECKING:
    from collections.abc import Mapping

_MISSING: Final = frozenset({404, 410})
_OK: Final = range(200, 300)
_SERVER_ERRORS: Final = range(500, 600)
_UNSEEN: Final = ["script", "style", "noscript", "template", "title"]
_SCRIPT_TAGS: Final = frozenset(
    {"html", "head", "body", "meta", "script", "noscript", "style", "link", "title"}
)
_SPACE: Final = re.compile(r"\s+")
_MARKUP: Final = re.compile(rb"\s*<")
_TITLE: Final = re.compile(r"<title(?:\s[^<>]{0,200})?>([^<]{0,1000})", re.IGNORECASE)
_FULL: Final = 40
"""Anchors that no page of one message has, commented ones included."""
_DOCUMENT: Final = re.compile(r"<(?:!doctype html|html|body|title)\b", re.IGNORECASE)


@dataclass
class Sight:
    """What a reader would see of an answer, computed when it is asked for.

    Attributes:
        text: the decoded body.
        head: its beginning, where markers stand.
    """

    text: str
    head: str

    @cached_property
    def _tree(self) -> LexborHTMLParser:
        return LexborHTMLParser(self.text)

    @cached_property
    def scripts(self) -> str:
        """Inline scripts and the addresses of the others."""
        return "\n".join(
            f"{node.attributes.get('src') or ''}\n{node.text()}" for node in self._tree.css("script")
        )

    @cached_property
    def title(self) -> str:
        """Text of ``<title>``."""
        match = _TITLE.search(self.text)
        return _SPACE.sub(" ", unescape(match[1])).strip() if match else ""

    @cached_property
    def shown(self) -> str:
        """Text of the body."""
        tree = LexborHTMLParser(self.text)
        tree.strip_tags(_UNSEEN)
        return _SPACE.sub(" ", tree.body.text(separator=" ")).strip() if tree.body else ""

    @cached_property
    def links(self) -> int:
        """Links that lead somewhere; of a page full of anchors, how many anchors: it is not parsed to count them."""
        anchors = self.text.count("<a ")
        if anchors > _FULL:
            return anchors
        return len(self._tree.css("a[href], frame[src], iframe[src]"))

    @cached_property
    def asks_password(self) -> bool:
        """Whether there is a field for a password."""
        return self._tree.css_first("input[type='password' i]") is not None

    @cached_property
    def scripts_only(self) -> bool:
        """Whether there is nothing but scripts."""
        root = self._tree.root
        return root is not None and all(node.tag in _SCRIPT_TAGS for node in root.traverse())


def verdict(  # noqa: PLR0911 - a cascade, one answer per line
    status: int,
    headers: Mapping[str, str],
    body: str | bytes,
    url: str,
    *,
    asked: str | None = None,
    home: str = "",
) -> str | None:
    """What stands in the place of a page, as a code of ``failures.toml``; None for a page, or a plain HTTP error.

    Args:
        status: HTTP status.
        headers: name in lower case → value.
        body: the whole body, decompressed.
        url: address that answered.
        asked: address that was asked, where redirects lie between.
        home: address of the portal's home page.
    """
    facts = _facts()
    if code := facts["status"].get(str(status)):
        return str(code)
    if asked is not None and status in _OK and leads_astray(asked, url, home):
        return "soft_404"
    if len(body) > facts["whole"] or not _is_markup(headers, body):
        return None
    text = body if isinstance(body, str) else decode(body, headers.get("content-type")).text
    if text.count("<") > facts["tags"]:
        return None
    sight = Sight(text, text[: facts["head"]])
    if _is_challenge(sight):
        return "challenge_js"
    if status in _MISSING or not _DOCUMENT.search(sight.head) or _cms_page().search(sight.head):
        return None
    return _message(sight, status)


def leads_astray(asked: str, final: str, home: str = "") -> bool:
    """Whether a redirect led from a page to an error page or to a home page: the page asked for isn't there.

    The front page of another host is no such home page: 信息公开 often has moved to a host of its own.
    """
    if _stem(final) in _facts()["soft_404"]["stems"]:
        return _stem(asked) != _stem(final)
    return _is_deep(asked) and _is_home(final) and _server(final) in (_server(asked), _server(home))


def _is_markup(headers: Mapping[str, str], body: str | bytes) -> bool:
    """Whether this can be HTML, whatever it is called; data and files are looked at by those who asked for them."""
    if "html" in headers.get("content-type", "").lower():
        return True
    head = body[:256].encode("utf-8", "ignore") if isinstance(body, str) else body[:256]
    return _MARKUP.match(head) is not None and not head.lstrip().startswith(b"<?xml")


def _is_challenge(sight: Sight) -> bool:
    """Scripts in the place of a page: those of a known challenge, or any that set a cookie and ask again."""
    facts = _facts()
    if sight.links > facts["doors"] or not sight.scripts or len(sight.shown) > facts["short"]:
        return False
    if _words("challenge").search(f"{sight.title}\n{sight.shown}"):
        return True
    if len(sight.shown) > facts["bare"]:
        return False
    rules = facts["challenge"]
    if _has(rules["markers"], sight.head):
        return True
    if sight.links or not _has(rules["again"], sight.scripts):
        return False
    return _has(rules["cookie"], sight.scripts) or (
        sight.scripts_only and _has(rules["disguise"], sight.scripts)
    )


def _message(sight: Sight, status: int) -> str | None:  # noqa: PLR0911 - a cascade, one answer per line
    """The code of a page that consists of one message."""
    facts = _facts()
    if status in _OK and _fits("soft_404", sight.title):
        return "soft_404"
    if sight.links > facts["links"] or len(sight.shown) > facts["short"]:
        return None
    said = f"{sight.title}\n{sight.shown}"
    if status in _SERVER_ERRORS:
        return _first(said, "maintenance")
    if sight.asks_password:
        return "login"
    if _has(facts["captcha"]["markers"], sight.head):
        return "captcha"
    if status not in _OK:
        return _first(said, "captcha")
    if _fits("maintenance", sight.title):
        return "maintenance"
    if not sight.shown and "alert(" in sight.scripts:
        said = sight.scripts
    return _first(said, "captcha", "forbidden", "soft_404", "waiting_room", "maintenance")


def _first(said: str, *codes: str) -> str | None:
    return next((code for code in codes if _words(code).search(said)), None)


def _is_deep(url: str) -> bool:
    """Whether an address is a page inside a portal rather than a door of it."""
    parts = urlsplit(url)
    names = [name for name in parts.path.split("/") if name]
    if names and _stem(url) in _facts()["home"]["stems"]:
        names.pop()
    return len(names) > 1 or (len(names) == 1 and "." in names[0]) or bool(parts.query)


def _is_home(url: str) -> bool:
    parts = urlsplit(url)
    return parts.path.count("/") <= 1 and not parts.query and _stem(url) in _facts()["home"]["stems"]


def _server(url: str) -> str:
    return urlsplit(url).netloc.lower().removeprefix("www.")


def _stem(url: str) -> str:
    """Last part of an address without its ending."""
    return urlsplit(url).path.rstrip("/").rpartition("/")[2].partition(".")[0].lower() if url else ""


def _has(markers: list[str], text: str) -> bool:
    return any(marker in text for marker in markers)


def _fits(code: str, title: str) -> bool:
    return bool(title) and _pattern(code, "titles").fullmatch(title) is not None


def _words(code: str) -> re.Pattern[str]:
    return _pattern(code, "words")


@cache
def _cms_page() -> re.Pattern[str]:
    return re.compile(_facts()["page"], re.IGNORECASE)


@cache
def _pattern(code: str, kind: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{expression})" for expression in _facts()[code][kind]), re.MULTILINE)


@cache
def _facts() -> dict[str, Any]:
    return load("detection")
