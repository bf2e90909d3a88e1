"""Runs of text that no block element or line break interrupts."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from pipelines.cleaning.evidence import facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selectolax.lexbor import LexborNode

_TEXT: Final = "-text"
_BLANKS: Final = " \t\r\n\f\xa0\u3000"


def paragraphs(root: LexborNode) -> Iterator[tuple[LexborNode, str]]:
    """Runs of text that no block element or line break interrupts, each with its first text node.

    Walking in document order shows where elements begin, not where they end; a text whose nearest block
    element is another one than before has left or entered a block as well.
    """
    first: LexborNode | None = None
    pieces: list[str] = []
    for node, text, apart in _texts(root):
        if apart:
            if first is not None:
                yield first, "".join(pieces)
            first, pieces = node, [text]
        else:
            pieces.append(text)
    if first is not None:
        yield first, "".join(pieces)


def _texts(root: LexborNode) -> Iterator[tuple[LexborNode, str, bool]]:
    """Text nodes in document order, each with whether it begins a new run; white space never does."""
    inline = _inline()
    holder = -1
    broken = True
    for node in root.traverse(include_text=True):
        tag = node.tag
        if tag != _TEXT:
            broken = broken or not (tag in inline or _is_inline(tag, inline))
            continue
        text = node.text_content or ""
        if not text.strip(_BLANKS):
            if not broken:
                yield node, " ", False
            continue
        parent = node.parent
        while parent is not None and _is_inline(parent.tag, inline):
            parent = parent.parent
        block = parent.mem_id if parent is not None else -1
        yield node, text, broken or block != holder
        holder, broken = block, text[0] == _TABLE_MARK


_TABLE_MARK: Final = "\x02"


def _is_inline(tag: str | None, inline: frozenset[str]) -> bool:
    """Whether an element is part of the line around it; Word's prefixed elements (``o:p``) are."""
    return tag in inline or tag is None or ":" in tag or tag[0] == "-"


@cache
def _inline() -> frozenset[str]:
    return frozenset(facts()["inline"])
