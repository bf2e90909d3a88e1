"""One document as blocks, with what is known of the page around them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.blocks import Block
    from pipelines.decoding import Decoded
    from pipelines.document import Document
    from pipelines.record import Attachment


@dataclass(slots=True)
class Page:
    """One document as blocks.

    Attributes:
        document: what was handed in.
        form: ``html``, ``text``, or ``none`` when nothing could be read (``problem`` says why).
        blocks: all paragraphs and tables in order.
        body: start and end index of the report's body in ``blocks``.
        metas: ``<meta>`` name (lower case) → content, of the document's own head only.
        html_title: text of the first ``<title>`` of the head, or None.
        headings: texts of h1–h3, in order.
        links: files that the body links.
        images: number of pictures in the page's body.
        sha256: of the bytes (or of the text, encoded as UTF-8).
        decoded: how the bytes were decoded, or None for text.
        problem: reason code when the document cannot be read, or None.
        flags: what else is worth saying (``hidden_body``).
    """

    document: Document
    form: str
    blocks: list[Block]
    body: tuple[int, int] = (0, 0)
    metas: dict[str, str] = field(default_factory=dict)
    html_title: str | None = None
    headings: list[str] = field(default_factory=list)
    links: list[Attachment] = field(default_factory=list)
    images: int = 0
    sha256: str = ""
    decoded: Decoded | None = None
    problem: str | None = None
    flags: list[str] = field(default_factory=list)
