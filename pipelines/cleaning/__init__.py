"""From what was served to blocks: markup by HTML5's rules, text by its lines; chrome and decoys out."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from pipelines.blocks import Table
from pipelines.cleaning.embedded import embedded_body, spelt_out
from pipelines.cleaning.guard import suspicious
from pipelines.cleaning.markup import read_html
from pipelines.cleaning.page import Page
from pipelines.cleaning.plain_text import text_blocks, text_body
from pipelines.decoding import decode

if TYPE_CHECKING:
    from pipelines.document import Document

__all__ = ["Page", "clean"]

MAX_BYTES: Final = 32 * 2**20
"""Largest page that is read; the longest real pages (pictures inlined by Word) stay far below."""
MAX_LINES: Final = 300_000
"""Most lines of a text."""
_MARKUP: Final = re.compile(
    r"<(?:!doctype|html|head|body|table|tr|td|div|p|br|span|section|article|h[1-6])\b[^<]*>", re.IGNORECASE
)
_MAGIC: Final = (
    b"%PDF",
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"Rar!",
    b"BM",
    b"\x1f\x8b",
)
_TABLE_3: Final = "新收政府信息公开申请"
_LONG_LINE: Final = 400
_LABEL_CELLS: Final = 24
"""Cells of the largest table of labels; the smallest statutory table has 40."""


def clean(document: Document) -> Page:
    """Turn a document into blocks. Never raises on content: ``Page.problem`` says what was wrong."""
    raw = document.body if document.text is None else document.text.encode("utf-8", "surrogatepass")
    page = Page(document=document, form="none", blocks=[], sha256=hashlib.sha256(raw).hexdigest())
    if len(raw) > MAX_BYTES:
        page.problem = "too_large"
    elif document.text is None and raw.startswith(_MAGIC):
        page.problem = "attachment_not_supported"
    elif not raw.strip():
        page.problem = "empty"
    if page.problem:
        return page
    text = document.text
    if text is None:
        page.decoded = decode(raw, document.content_type)
        text = page.decoded.text
    if not _MARKUP.search(text, 0, 200_000):
        if text.count("\n") > MAX_LINES:
            page.problem = "too_large"
            return page
        page.form = "text"
        page.blocks = text_blocks(text)
        page.body = text_body(page.blocks)
    elif problem := suspicious(raw, text):
        page.problem = problem
    else:
        page.form = "html"
        wide = page.decoded is not None and page.decoded.encoding.startswith("utf-16")
        read_html(page, text, text.encode("utf-8", "replace") if wide else raw)
    if page.problem is None and (inner := _carried(page, text)) is not None:
        page.flags.append("body_from_script")
        _read_embedded(page, inner)
    return page


def _carried(page: Page, text: str) -> str | None:
    """The report where it stands as a string in script or as escaped markup, and not in the page's own tree."""
    if any(isinstance(block, Table) and not _is_small(block) for block in page.blocks) or (
        _TABLE_3 not in text and "\\u672c\\u5e74" not in text
    ):
        return None
    shown = "\n".join(
        block for block in page.blocks if isinstance(block, str) and ("<" in block or "&lt;" in block)
    )
    if _TABLE_3 in shown and (inner := spelt_out(shown)) is not None:
        return inner
    if any(isinstance(block, str) and _TABLE_3 in block and "<" not in block for block in page.blocks):
        return None
    return embedded_body(text)


def _is_small(table: Table) -> bool:
    """Whether a table is too small for a statutory one: the labels above a document (索引号, 发布机构 …)."""
    return sum(map(len, table.rows)) <= _LABEL_CELLS


def _read_embedded(page: Page, inner: str) -> None:
    """Put a body that a script carries behind what the page itself shows."""
    shown = [block for block in page.blocks if isinstance(block, Table) or len(block) < _LONG_LINE]
    carried = Page(document=page.document, form="html", blocks=[])
    if _MARKUP.search(inner, 0, 200_000) and suspicious(inner.encode("utf-8", "replace"), inner) is None:
        read_html(carried, inner, inner.encode("utf-8", "replace"))
        page.form = "html"
    else:
        carried.blocks = text_blocks(inner)
        carried.body = text_body(carried.blocks)
    page.blocks = [*shown, *carried.blocks]
    for index, table in enumerate((block for block in page.blocks if isinstance(block, Table)), 1):
        table.index = index
    page.body = (carried.body[0] + len(shown), carried.body[1] + len(shown))
    page.links += carried.links
    page.images += carried.images
