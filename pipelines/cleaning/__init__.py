"""From what was served to blocks: markup by HTML5's rules, text by its lines; chrome and decoys out."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from pipelines.blocks import Table
from pipelines.cleaning.attachments import listed
from pipelines.cleaning.embedded import carried_files, carried_text, embedded_body, is_data, spelt_out
from pipelines.cleaning.evidence import footers
from pipelines.cleaning.guard import suspicious
from pipelines.cleaning.markup import read_html
from pipelines.cleaning.page import Page
from pipelines.cleaning.plain_text import text_blocks, text_body
from pipelines.decoding import decode

if TYPE_CHECKING:
    from pipelines.blocks import Block
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
_A_SENTENCE: Final = 80
"""A page with less prose than this shows no report of its own."""
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
    if page.problem is None and not any(map(_is_large, page.blocks)):
        _add_carried(page, text)
    return page


def _add_carried(page: Page, text: str) -> None:
    """Add what the page carries in scripts where its own tree has no report."""
    inner = _with_tables(page, text)
    bare = inner is None and _shows_little(page, text)
    if bare:
        inner = carried_text(text)
    if inner or bare:
        known = {link.url for link in page.links}
        files = listed(page.document.url, carried_files(text))
        page.links += [file for file in files if file.url not in known]
    if inner:
        page.flags.append("body_from_script")
        if bare and is_data(text):
            page.blocks = []
        _read_embedded(page, inner, markup=bare)


def _shows_little(page: Page, text: str) -> bool:
    """Whether a page is a shell: data, or next to no sentences above its footer."""
    if is_data(text):
        return True
    left = _A_SENTENCE
    for block in page.blocks:
        if isinstance(block, str) and "。" in block and not footers().match(block):
            left -= len(block)
            if left <= 0:
                return False
    return True


def _with_tables(page: Page, text: str) -> str | None:
    """The report where it stands as a string in script or as escaped markup, and not in the page's own tree."""
    if _TABLE_3 not in text and "\\u672c\\u5e74" not in text:
        return None
    shown = "\n".join(
        block for block in page.blocks if isinstance(block, str) and ("<" in block or "&lt;" in block)
    )
    if _TABLE_3 in shown and (inner := spelt_out(shown)) is not None:
        return inner
    if any(isinstance(block, str) and _TABLE_3 in block and "<" not in block for block in page.blocks):
        return None
    return embedded_body(text)


def _is_large(block: Block) -> bool:
    """Whether it is a table of more than the labels above a document (索引号, 发布机构 …): perhaps a statutory one."""
    return isinstance(block, Table) and sum(map(len, block.rows)) > _LABEL_CELLS


def _read_embedded(page: Page, inner: str, *, markup: bool) -> None:
    """Put a body that a script carries behind what the page itself shows."""
    shown = [block for block in page.blocks if isinstance(block, Table) or len(block) < _LONG_LINE]
    carried = Page(document=page.document, form="html", blocks=[])
    if (markup or _MARKUP.search(inner, 0, 200_000)) and suspicious(
        inner.encode("utf-8", "replace"), inner
    ) is None:
        read_html(carried, inner, inner.encode("utf-8", "replace"))
        page.form = "html"
    else:
        carried.blocks = text_blocks(inner)
        carried.body = text_body(carried.blocks)
    page.blocks = [*shown, *carried.blocks]
    for index, table in enumerate((block for block in page.blocks if isinstance(block, Table)), 1):
        table.index = index
    page.body = (carried.body[0] + len(shown), carried.body[1] + len(shown))
    known = {link.url for link in page.links}
    page.links += [link for link in carried.links if link.url not in known]
    page.images += carried.images
