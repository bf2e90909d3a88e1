"""What a reader does not see: hidden copies and decoys go, unless the only report is hidden until a script shows it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pipelines.cleaning.evidence import anchored

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

    from pipelines.cleaning.page import Page

_LEAST_REPORT: Final = 300
_HIDING: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|line-through", re.IGNORECASE)


def drop_hidden(page: Page, tree: LexborHTMLParser, words: list[str]) -> None:
    """Remove what a reader does not see, unless the only report on the page is hidden until a script shows it."""
    hidden = [
        node
        for node in tree.css(",".join(["[hidden]", *(f'[style*="{word}"]' for word in words)]))
        if "hidden" in node.attributes or _HIDING.search(node.attributes.get("style") or "")
    ]
    if not hidden:
        return
    carriers = [node for node in hidden if len(text := node.text()) > _LEAST_REPORT and anchored(text)]
    removed: list[LexborNode] = [node for node in hidden if node not in carriers]
    if carriers and tree.body is not None:
        seen = tree.body.text()
        for node in carriers:
            seen = seen.replace(node.text(), "", 1)
        if anchored(seen):
            removed += carriers
        else:
            page.flags.append("hidden_body")
            removed += carriers[1:]
    hidden = removed
    for node in hidden:
        if node.parent is not None:
            node.decompose()


def hiding_words(raw: bytes) -> list[str]:
    """The spellings in which the page may hide something; selectors for others would only cost time."""
    lowered = raw.lower()
    words = [word for word in ("display", "visibility", "line-through") if word.encode() in lowered]
    return [form for word in words for form in (word, word.upper(), word.title()) if form.encode() in raw]
