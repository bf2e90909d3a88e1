"""Markup that would cost more to parse than any report is worth is refused before it is parsed."""

from __future__ import annotations

import re
from typing import Final

MAX_DEPTH: Final = 2_000
"""Deepest nesting that is parsed: HTML5's tree construction is quadratic in the depth."""
MAX_ATTRIBUTES: Final = 2_000
"""Most attributes of one tag; checking them for duplicates is quadratic."""
MAX_CELLS: Final = 50_000
"""Most table cells that are read; a report has about 300."""
_SUSPICIOUS_TAGS: Final = 20_000
_MANY_ATTRIBUTES: Final = 10_000
_CELL_TAG: Final = re.compile(r"<t[dhr]\b", re.IGNORECASE)
_LONG_TAG: Final = re.compile(r"<[a-zA-Z][^<>]{4000,}")
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][\w:-]*)")
_VOID: Final = frozenset(
    {
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    }
    | {"li", "dt", "dd", "option", "tr", "td", "th", "tbody", "thead", "tfoot"}
)


def suspicious(raw: bytes, text: str) -> str | None:
    """Reason code for markup that would cost more to parse than any report is worth, or None."""
    if len(raw) < _SUSPICIOUS_TAGS:
        return None
    tags = raw.count(b"<")
    if tags > MAX_CELLS and len(_CELL_TAG.findall(text)) > MAX_CELLS:
        return "too_large"
    if raw.count(b"=") > _MANY_ATTRIBUTES and any(
        tag[0].count("=") + tag[0].count(" ") > MAX_ATTRIBUTES for tag in _LONG_TAG.finditer(text)
    ):
        return "hostile_markup"
    if tags > _SUSPICIOUS_TAGS and _depth(text) > MAX_DEPTH:
        return "too_deep"
    return None


def _depth(text: str) -> int:
    """Upper estimate of the nesting depth, without parsing."""
    depth = deepest = 0
    for match in _TAG.finditer(text):
        if match[2].lower() in _VOID:
            continue
        depth += -1 if match[1] else 1
        if depth > deepest:
            deepest = depth
            if deepest > MAX_DEPTH:
                break
        depth = max(depth, 0)
    return deepest
