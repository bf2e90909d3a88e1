"""The files that a page carries as part of its document: linked, framed, or handed to a viewer by a script.

Some reports exist only as a file, and portals hide it well: the name stands in the query of a download address, in
the text of the link, in the address of a viewer, in a call that draws one. What is found is listed, not fetched.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urljoin, urlsplit

from pipelines.cleaning.evidence import facts
from pipelines.record import Attachment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from selectolax.lexbor import LexborHTMLParser

MENTIONED: Final = re.compile(rb"\.(?:pdf|docx?|wps|xlsx?|ofd|zip|rar)(?=[\"'&?#\s<>)])", re.IGNORECASE)
"""A page without it has none."""
_LONGEST_ADDRESS: Final = 2_000
_MOST: Final = 200
_VIEWER: Final = re.compile(r"viewer|preview|pdfjs|officeapps", re.IGNORECASE)
_DRAWN: Final = re.compile(
    r"""\b(?:showVsbpdfIframe|PDFObject\.embed|showPdf|openPdf)\s*\(\s*["']([^"'\s]{1,500})["']"""
)
_SCHEMES: Final = ("http://", "https://", "file:")


def attachments(address: str, tree: LexborHTMLParser, text: str) -> list[Attachment]:
    """The files of a page, each once, in order.

    Args:
        address: of the page.
        tree: the whole page.
        text: its source, for viewers that a script draws.
    """
    return listed(address, _candidates(tree, text))


def listed(address: str, candidates: Iterable[tuple[str, str]]) -> list[Attachment]:
    """Those of the candidates that are files, each once, in order.

    Args:
        address: of the page.
        candidates: address as written, and the name shown.
    """
    found: dict[str, Attachment] = {}
    for href, name in candidates:
        if len(href) > _LONGEST_ADDRESS or len(found) >= _MOST:
            continue
        media_type = _media_type(href) or _type_of(name)
        url = _absolute(address, _behind_viewer(href))
        if media_type is not None and url is not None:
            found.setdefault(
                url, Attachment(url=url, name=name or None, media_type=media_type, outcome="not_fetched")
            )
    return list(found.values())


def _candidates(tree: LexborHTMLParser, text: str) -> Iterator[tuple[str, str]]:
    for node in tree.css("a[href]"):
        shown = " ".join(node.text().split()) or (node.attributes.get("title") or "").strip()
        yield (node.attributes["href"] or "").strip(), shown
    for node in tree.css("iframe[src],embed[src],object[data]"):
        yield (node.attributes.get("src") or node.attributes.get("data") or "").strip(), ""
    for match in _DRAWN.finditer(text):
        yield match[1], ""


def _media_type(href: str) -> str | None:
    """The kind of file that the path, or a value of the query, names."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return None
    values = (parts.path, *(value for _, value in parse_qsl(parts.query)))
    return next((media_type for value in values if (media_type := _type_of(value))), None)


def _type_of(name: str) -> str | None:
    types: dict[str, str] = facts()["attachments"]
    ending = name.lower().rpartition(".")[2].strip(" )）]】》”\"'")
    return types.get(f".{ending}")


def _behind_viewer(href: str) -> str:
    """The file that a viewer is given to show."""
    path, _, query = href.partition("?")
    if not _VIEWER.search(path):
        return href
    return next((value for _, value in parse_qsl(query) if _type_of(value)), href)


def _absolute(address: str, href: str) -> str | None:
    try:
        url = urljoin(address, href)
    except ValueError:
        return None
    return url if url.startswith(_SCHEMES) else None
