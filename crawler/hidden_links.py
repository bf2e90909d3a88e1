"""Links of a page that no anchor spells out: menus, elements that scripts open, "more" under a heading.

Half of the ways to a report column run through such links on some portals. The words and shapes are in
``data/discovery.toml`` (``[hidden]``).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from crawler.data import load
from crawler.webpage import Link, fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

    from crawler.webpage import WebPage

_MOST: Final = 20_000
_LONG: Final = 200
_LABEL: Final = 80
_LONG_SCRIPT: Final = 1_000
_LONG_MENU: Final = 200_000
_SHORT: Final = 10
_CLIMB: Final = 4
_VALUE: Final = re.compile(r"[\w.-]{1,64}")
_HEADS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "dt", "legend", "caption"})


def scripted(page: WebPage) -> Iterator[Link]:
    """Links that are no anchors: choices of a menu, elements that open an address when clicked."""
    for count, element in enumerate(
        page.root.iter("option", "a", "li", "div", "span", "td", "p", "img", "button")
    ):
        if count >= _MOST:
            return
        url = page.join(_target(element))
        if url is not None:
            text = element.get("title") or "".join(element.itertext())
            yield Link(url, fold(text[:_LONG])[:_LABEL])


def _target(element: HtmlElement) -> str | None:
    """The address that an element keeps for a script; None for an ordinary link."""
    if element.tag == "option":
        return _choice(element)
    href = element.get("href") or ""
    if element.tag == "a" and href[:1] not in ("", "#") and href[:11].lower() != "javascript:":
        return None
    script = element.get("onclick") or (href if href[:11].lower() == "javascript:" else "")
    if script:
        match = _pattern("opened").search(script[:_LONG_SCRIPT])
        return match[1] if match else None
    return next((value for name in _words()["attributes"] if (value := element.get(name))), None)


def _choice(option: HtmlElement) -> str | None:
    """Where an entry of a menu leads: its value is an address, or the menu's script makes one of it."""
    value = (option.get("value") or "").strip()
    if _pattern("choice").fullmatch(value):
        return value
    menu = option.getparent()
    script = menu.get("onchange") if menu is not None else None
    match = _pattern("made").search(script[:_LONG_SCRIPT]) if script and _VALUE.fullmatch(value) else None
    return match[1] + value + (match[2] or "") if match else None


def headed(page: WebPage) -> Iterator[Link]:
    """Links that say only "more": what they lead to stands in the heading of their block."""
    for element in page.root.iter("a"):
        shown = fold("".join(element.itertext())[:_LONG])
        if len(shown) <= _SHORT and _pattern("more").fullmatch(shown or element.get("title") or ""):
            url, heading = page.join(element.get("href")), _heading(element)
            if url is not None and heading:
                yield Link(url, heading[:_LABEL])


def _heading(element: HtmlElement) -> str:
    """The heading of the block in which an element stands, or what stands before it in its line."""
    inner, block = element, element.getparent()
    for _ in range(_CLIMB):
        if block is None or block.tag in ("body", "html"):
            return ""
        if before := fold("".join(_before(block, inner))[-_LONG:]):
            heads = [part for part in _parts_before(block, inner) if _is_heading(part)]
            return fold("".join(heads[-1].itertext())[:_LONG]) if heads else before[-_LABEL:]
        inner, block = block, block.getparent()
    return ""


def _parts_before(block: HtmlElement, inner: HtmlElement) -> Iterator[HtmlElement]:
    for child in block:
        if child is inner:
            return
        yield from child.iter()


def _is_heading(element: HtmlElement) -> bool:
    if not isinstance(element.tag, str) or element.tag == "a":
        return False
    return element.tag in _HEADS or _pattern("heading").search(element.get("class") or "") is not None


def _before(block: HtmlElement, element: HtmlElement) -> Iterator[str]:
    """The text of a block before one of its children; none where that child stands deeper."""
    yield block.text or ""
    for child in block:
        if child is element:
            return
        yield "".join(child.itertext()) if isinstance(child.tag, str) else ""
        yield child.tail or ""


def menus(page: WebPage) -> Iterator[Link]:
    """Names with addresses in the data of inline scripts: menus that only a script draws."""
    for script in page.root.iter("script"):
        text = (script.text or "")[:_LONG_MENU]
        for match in _pattern("menu").finditer(text):
            name, address = match["name"] or match["name2"], match["url"] or match["url2"]
            url = page.join(address.replace("\\/", "/"))
            if url is not None:
                yield Link(url, fold(name)[:_LABEL])


@cache
def _words() -> dict[str, Any]:
    words: dict[str, Any] = load("discovery")["hidden"]
    return words


@cache
def _pattern(key: str) -> re.Pattern[str]:
    return re.compile(_words()[key], re.IGNORECASE)
