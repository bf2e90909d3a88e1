"""Bodies that a page carries somewhere else than in its tree: JSON, CDATA, escaped markup in scripts and fields.

Portals that draw a page by script keep the report as a string: a JSON answer, ``"content": "<p>…"`` in a
script, a ``<textarea>``, a hidden field. Only a string that holds the first row of table 3 is taken.
"""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARKER: Final = "新收政府信息公开申请"
_ESCAPED_MARKER: Final = json.dumps(_MARKER)[1:-1].lower()
_LITERAL: Final = re.compile(r'"((?:[^"\\]|\\.){200,})"|\'((?:[^\'\\]|\\.){200,})\'', re.DOTALL)
_VALUE: Final = re.compile(
    r"""[:=(\[,{+?]\s{0,99}(?:"((?:[^"\\]|\\.){200,})"|'((?:[^'\\]|\\.){200,})')""", re.DOTALL
)
_CDATA: Final = re.compile(r"<!\[CDATA\[(.{200,}?)\]\]>", re.DOTALL)
_RAW_ELEMENT: Final = re.compile(
    r"<(textarea|noscript|script)\b[^>]{0,500}>(.{200,}?)</\1\s*>", re.DOTALL | re.IGNORECASE
)
_ATTRIBUTE: Final = re.compile(
    r"""\b(?:value|srcdoc|content)\s*=\s*(?:"([^"]{200,})"|'([^']{200,})')""", re.IGNORECASE
)
_ESCAPED_TAG: Final = re.compile(r"&lt;(?:table|tr|td|p|div)\b", re.IGNORECASE)
_LONGEST: Final = 2_000_000
_DEEPEST: Final = 4


def embedded_body(source: str) -> str | None:
    """The longest embedded string that holds table 3, as markup or text; None when there is none.

    Args:
        source: the page as served: markup, script or JSON.
    """
    if len(source) > _LONGEST or not _marked(source):
        return None
    return max(_candidates(source, 0), key=len, default=None)


def _marked(text: str) -> bool:
    return _MARKER in text or _ESCAPED_MARKER in text.lower() or _MARKER in html.unescape(text[:_LONGEST])


def _candidates(text: str, depth: int) -> Iterator[str]:
    """Strings within a text that hold the marker, unescaped; the innermost ones."""
    if depth > _DEEPEST:
        return
    found = False
    for inner in _strings(text):
        if _marked(inner):
            found = True
            yield from _candidates(inner, depth + 1)
    if not found and depth and _MARKER in text:
        yield text


def _strings(text: str) -> Iterator[str]:
    stripped = text.strip()
    if stripped[:1] in ("{", "["):
        try:
            yield from _leaves(json.loads(stripped))
        except (ValueError, RecursionError):
            pass
        else:
            return
    for match in _RAW_ELEMENT.finditer(text):
        yield match[2]
    for match in _CDATA.finditer(text):
        yield match[1]
    for match in _ATTRIBUTE.finditer(text):
        yield html.unescape(match[1] or match[2])
    if not stripped.startswith("<"):
        yield from map(_unescaped, _literals(text))
        if _ESCAPED_TAG.search(text):
            yield html.unescape(text)


def _literals(text: str) -> list[str]:
    """Strings of a script; where values stand first, because a closing quote looks like an opening one."""
    for pattern in (_VALUE, _LITERAL):
        found = [match[1] or match[2] for match in pattern.finditer(text)]
        if any(map(_marked, found)):
            return found
    return []


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)


def _unescaped(literal: str) -> str:
    try:
        return str(json.loads(f'"{literal}"', strict=False))
    except ValueError:
        return literal.replace("\\'", "'").replace('\\"', '"').replace("\\/", "/").replace("\\n", "\n")


def spelt_out(text: str) -> str | None:
    """Markup that is shown as text because it was escaped once too often, unescaped; None when it is not."""
    if _ESCAPED_TAG.search(text):
        return html.unescape(text)
    return text if _TAG_AS_TEXT.search(text) else None


_TAG_AS_TEXT: Final = re.compile(
    r"<t(?:able|r|d)\b[^<>]{0,500}>.{0,5000}?</t(?:able|r|d)>", re.IGNORECASE | re.DOTALL
)
