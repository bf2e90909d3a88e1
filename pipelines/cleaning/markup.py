"""Markup to blocks, by HTML5's rules: head, links, paragraphs, tables, and where the report's body is.

The body is found by evidence, never by one selector: the smallest element that holds all evidence of a report
is the body, whatever the site calls it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from selectolax.lexbor import LexborHTMLParser

from pipelines.cleaning.attachments import MENTIONED, attachments
from pipelines.cleaning.evidence import body_end, facts, is_evidence
from pipelines.cleaning.hidden import drop_hidden, hiding_words
from pipelines.cleaning.paragraphs import paragraphs
from pipelines.cleaning.tables import MARK, show_fields, take_tables

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from pipelines.blocks import Block
    from pipelines.cleaning.page import Page

_LONG_PARAGRAPH: Final = 30
_MOST_OF_THE_TEXT: Final = 0.7


def read_html(page: Page, text: str, raw: bytes) -> None:
    """Fill a page from markup; ``raw`` (ASCII-compatible bytes of the same) is searched where text would be slow."""
    tree = LexborHTMLParser(text)
    _read_head(page, tree)
    if MENTIONED.search(raw):
        page.links = attachments(page.document.url, tree, text)
    drop_hidden(page, tree, hiding_words(raw))
    for node in tree.css(",".join(facts()["dropped"])):
        node.decompose()
    body = tree.body
    if body is None:
        page.problem = "empty"
        return
    page.headings = [" ".join(node.text().split()) for node in body.css("h1,h2,h3")]
    page.images = len(body.css("img"))
    show_fields(body)
    tables = take_tables(body)
    if tables is None:
        page.problem = "too_large"
        return
    nodes: list[LexborNode] = []
    for node, piece in paragraphs(body):
        mark = MARK.fullmatch(piece)
        page.blocks.append(tables[int(mark[1]) - 1] if mark else " ".join(piece.split()))
        nodes.append(node)
    page.body = _body_range(page.blocks, nodes)


def _read_head(page: Page, tree: LexborHTMLParser) -> None:
    head = tree.head
    if head is None:
        return
    title = head.css_first("title")
    page.html_title = " ".join(title.text().split()) if title is not None else None
    for meta in head.css("meta"):
        attributes = meta.attributes
        name, content = attributes.get("name"), attributes.get("content")
        if name and content and content.strip():
            page.metas.setdefault(name.strip().lower(), content.strip())


def _body_range(blocks: list[Block], nodes: list[LexborNode]) -> tuple[int, int]:
    """The blocks below the smallest element that holds all evidence of a report, or else most of its prose."""
    evidence = [i for i, block in enumerate(blocks) if is_evidence(block)]
    if evidence:
        first, last = evidence[0], evidence[-1]
        above = {node.mem_id for node in _ancestors(nodes[last])}
        holder = next((node for node in _ancestors(nodes[first]) if node.mem_id in above), None)
    else:
        holder = _densest(blocks, nodes)
        last = 0
    if holder is None:
        return 0, len(blocks)
    inside = {node.mem_id for node in holder.traverse(include_text=True)}
    held = [i for i, node in enumerate(nodes) if node.mem_id in inside]
    return held[0], body_end(blocks, max(last, held[0]), held[-1] + 1)


def _densest(blocks: list[Block], nodes: list[LexborNode]) -> LexborNode | None:
    """The deepest element that holds 70 % of the text of all long paragraphs."""
    weights: dict[int, int] = {}
    total = 0
    longest: tuple[int, int] = (0, -1)
    for i, block in enumerate(blocks):
        if not isinstance(block, str) or len(block) < _LONG_PARAGRAPH:
            continue
        total += len(block)
        longest = max(longest, (len(block), i))
        for node in _ancestors(nodes[i]):
            weights[node.mem_id] = weights.get(node.mem_id, 0) + len(block)
    if longest[1] < 0:
        return None
    return next(
        (n for n in _ancestors(nodes[longest[1]]) if weights[n.mem_id] >= _MOST_OF_THE_TEXT * total), None
    )


def _ancestors(node: LexborNode) -> list[LexborNode]:
    found = []
    parent = node.parent
    while parent is not None:
        found.append(parent)
        parent = parent.parent
    return found
