"""From what was served to blocks: markup by HTML5's rules, text by its lines; chrome and decoys out.

The body is found by evidence (the phrases and tables that only a report carries), never by one
selector: the smallest element that holds all the evidence is the body, whatever the site calls it.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipelines.blocks import Block, Cell, Table
from pipelines.decoding import Decoded, decode
from pipelines.embedded import embedded_body, spelt_out
from pipelines.record import Attachment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.document import Document

MAX_BYTES: Final = 32 * 2**20
"""Largest page that is read; the longest real pages (pictures inlined by Word) stay far below."""
MAX_DEPTH: Final = 2_000
"""Deepest nesting that is parsed: HTML5's tree construction is quadratic in the depth."""
MAX_ATTRIBUTES: Final = 2_000
"""Most attributes of one tag; checking them for duplicates is quadratic."""
MAX_LINES: Final = 300_000
"""Most lines of a text."""
MAX_CELLS: Final = 50_000
"""Most table cells that are read; a report has about 300."""
_SUSPICIOUS_TAGS: Final = 20_000
_MAX_COLSPAN: Final = 1_000
_MAX_ROWSPAN: Final = 65_534
_BREAK: Final = "\x1e"
_LINKED: Final = re.compile(rb"\.(?:pdf|docx?|wps|xlsx?|ofd|zip|rar)(?=[\"'&?#\s>])", re.I)
_MARK: Final = re.compile(r"\x02(\d+)\x03")
_MARKUP: Final = re.compile(r"<(?:!doctype|html|head|body|table|tr|td|div|p|br|span|section|article|h[1-6])\b[^<]*>", re.I)
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][\w:-]*)")
_VOID: Final = frozenset("area base br col embed hr img input link meta param source track wbr p li dt dd option tr td th tbody thead tfoot".split())
_CONTROL: Final = {c: "\n" for c in (*range(1, 9), 0x0B, 0x0C, *range(0x0E, 0x20), 0x85, 0x2028, 0x2029)} | {0: None, 0x0D: "\n"}
_MAGIC: Final = (b"%PDF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"BM", b"\x1f\x8b")


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


@cache
def _facts() -> dict[str, Any]:
    return tomllib.loads(files("pipelines.data").joinpath("cleaning.toml").read_text("utf-8"))


@cache
def _footers() -> re.Pattern[str]:
    return re.compile(r"[\s【\[|]*(?:" + "|".join(map(re.escape, _facts()["footers"])) + ")")


@cache
def _anchors() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, _facts()["anchors"])))


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
        page.body = _text_body(page.blocks)
    elif len(raw) > _SUSPICIOUS_TAGS and (problem := _suspicious(raw, text)):
        page.problem = problem
    else:
        page.form = "html"
        wide = page.decoded is not None and page.decoded.encoding.startswith("utf-16")
        _read_html(page, text, text.encode("utf-8", "replace") if wide else raw)
    if page.problem is None and (inner := _carried(page, text)) is not None:
        page.flags.append("body_from_script")
        _read_embedded(page, inner)
    return page


def _carried(page: Page, text: str) -> str | None:
    """The report where it stands as a string in script or as escaped markup, and not in the page's own tree."""
    if any(isinstance(block, Table) for block in page.blocks) or _TABLE_3 not in text and "\\u672c\\u5e74" not in text:
        return None
    shown = "\n".join(block for block in page.blocks if isinstance(block, str) and ("<" in block or "&lt;" in block))
    if _TABLE_3 in shown and (inner := spelt_out(shown)) is not None:
        return inner
    if any(isinstance(block, str) and _TABLE_3 in block and "<" not in block for block in page.blocks):
        return None
    return embedded_body(text)


_TABLE_3: Final = "新收政府信息公开申请"


def _read_embedded(page: Page, inner: str) -> None:
    """Put a body that a script carries behind what the page itself shows."""
    shown = [block for block in page.blocks if isinstance(block, str) and len(block) < _LONG_LINE]
    carried = Page(document=page.document, form="html", blocks=[])
    if _MARKUP.search(inner, 0, 200_000) and _suspicious(inner.encode("utf-8", "replace"), inner) is None:
        _read_html(carried, inner, inner.encode("utf-8", "replace"))
        page.form = "html"
    else:
        carried.blocks = text_blocks(inner)
        carried.body = _text_body(carried.blocks)
    page.blocks = [*shown, *carried.blocks]
    page.body = (carried.body[0] + len(shown), carried.body[1] + len(shown))
    page.links += carried.links
    page.images += carried.images


_LONG_LINE: Final = 400


# --- text -----------------------------------------------------------------------------------------


def text_blocks(text: str) -> list[Block]:
    """Lines become paragraphs; runs of lines drawn with tabs or pipes become tables."""
    lines = text.translate(_CONTROL).split("\n")
    blocks: list[Block] = []
    count = 0
    least = _pipes_of_a_row(lines)
    if least is None:
        lines = [line.replace("|", " ") for line in lines]
    for drawn, group in groupby(lines, key=lambda line: _drawn(line, least or _NO_PIPES)):
        if not drawn:
            blocks.extend(" ".join(line.split()) for line in group if not _PAGE_NUMBER.match(line))
            continue
        drawn_lines = list(group)
        ruled = all(line.strip().startswith("|") for line in drawn_lines)
        rows = [
            [Cell(" ".join(cell.split())) for cell in cells]
            for cells in (_cells(line, ruled=ruled) for line in drawn_lines)
            if not _ruler(cells)
        ]
        count += 1
        blocks.append(Table(count, rows))
    return blocks


_PAGE_NUMBER: Final = re.compile(r"\s*[-–—－]{1,2}\s*\d{1,3}\s*[-–—－]{1,2}\s*$")


_NO_PIPES: Final = 10**9


def _pipes_of_a_row(lines: list[str]) -> int | None:
    """Fewest pipes that draw a row, or None where pipes stand between lines of one cell each."""
    cells = [sum(map(bool, map(str.strip, line.split("|")))) for line in lines if "|" in line]
    several = sum(count > 1 for count in cells)
    if several * 4 < len(cells):
        return None
    return 1 if any(line.count("|") > 1 and line.strip(" |\t") for line in lines) else 2


def _text_body(blocks: list[Block]) -> tuple[int, int]:
    last = max((i for i, block in enumerate(blocks) if _mentions(block)), default=None)
    return 0, len(blocks) if last is None else _body_end(blocks, last, len(blocks))


def _mentions(block: Block) -> bool:
    return _is_evidence(block) if isinstance(block, Table) else _anchors().search(block) is not None


def _drawn(line: str, least: int) -> str:
    """The character that draws this line as a table row (``|`` or tab), or an empty string."""
    if line.count("|") >= least and line.strip(" |\t"):
        return "|"
    return "\t" if sum(map(bool, map(str.strip, line.split("\t")))) >= 2 else ""


def _cells(line: str, *, ruled: bool) -> list[str]:
    if "|" not in line:
        return line.split("\t")
    if ruled:
        line = line.strip().removeprefix("|").removesuffix("|")
    return line.split("|")


def _ruler(cells: list[str]) -> bool:
    return all(not cell.strip(" :-+=") for cell in cells) and any("-" in cell for cell in cells)


# --- markup ---------------------------------------------------------------------------------------


def _suspicious(raw: bytes, text: str) -> str | None:
    """Reason code for markup that would cost more to parse than any report is worth, or None."""
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


_MANY_ATTRIBUTES: Final = 10_000
_CELL_TAG: Final = re.compile(r"<t[dhr]\b", re.I)
_LONG_TAG: Final = re.compile(r"<[a-zA-Z][^<>]{4000,}")


def _depth(text: str) -> int:
    """Upper estimate of the nesting depth, without parsing."""
    depth = deepest = 0
    for match in _TAG.finditer(text):
        if match[2].lower() in _VOID and match[2].lower() not in {"p"}:
            continue
        depth += -1 if match[1] else 1
        if depth > deepest:
            deepest = depth
            if deepest > MAX_DEPTH:
                break
        depth = max(depth, 0)
    return deepest


def _read_html(page: Page, text: str, raw: bytes) -> None:
    tree = LexborHTMLParser(text)
    _read_head(page, tree)
    if _LINKED.search(raw):
        page.links = _links(page, tree)
    _drop_hidden(page, tree, _hiding_words(raw))
    for node in tree.css(",".join(_facts()["dropped"])):
        node.decompose()
    body = tree.body
    if body is None:
        page.problem = "empty"
        return
    page.headings = [" ".join(node.text().split()) for node in body.css("h1,h2,h3")]
    page.images = len(body.css("img"))
    tables = _take_tables(body)
    if tables is None:
        page.problem = "too_large"
        return
    nodes: list[LexborNode] = []
    for node, piece in _paragraphs(body):
        mark = _MARK.fullmatch(piece)
        page.blocks.append(tables[int(mark[1]) - 1] if mark else " ".join(piece.split()))
        nodes.append(node)
    page.body = _body_range(page.blocks, nodes)


def _paragraphs(root: LexborNode) -> Iterator[tuple[LexborNode, str]]:
    """Runs of text that no block element or line break interrupts, each with its first text node.

    Walking in document order shows where elements begin, not where they end; a text whose nearest block
    element is another one than before has left or entered a block as well.
    """
    inline = _inline()
    first: LexborNode | None = None
    pieces: list[str] = []
    holder = -1
    broken = True
    for node in root.traverse(include_text=True):
        tag = node.tag
        if tag != _TEXT:
            if not broken and tag not in inline and not _is_inline(tag, inline):
                broken = True
            continue
        text = node.text_content or ""
        if not text.strip(_BLANKS):
            if pieces and not broken:
                pieces.append(" ")
            continue
        parent = node.parent
        while parent is not None and _is_inline(parent.tag, inline):
            parent = parent.parent
        block = parent.mem_id if parent is not None else -1
        if broken or block != holder:
            if first is not None:
                yield first, "".join(pieces)
            first, pieces, holder, broken = node, [text], block, False
        else:
            pieces.append(text)
        if text[0] == "\x02":
            broken = True
    if first is not None:
        yield first, "".join(pieces)


_TEXT: Final = "-text"
_BLANKS: Final = " \t\r\n\f\xa0\u3000"


def _is_inline(tag: str | None, inline: frozenset[str]) -> bool:
    """Whether an element is part of the line around it; Word's prefixed elements (``o:p``) are."""
    return tag in inline or tag is None or ":" in tag or tag[0] == "-"


@cache
def _inline() -> frozenset[str]:
    return frozenset(_facts()["inline"])


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


def _links(page: Page, tree: LexborHTMLParser) -> list[Attachment]:
    types: dict[str, str] = _facts()["attachments"]
    found: dict[str, Attachment] = {}
    for node in tree.css("a[href]"):
        href = (node.attributes["href"] or "").strip()
        path = href.partition("#")[0].lower()
        ending = next((e for e in types if path.endswith(e) or f"{e}&" in path), None)
        if ending is None or len(href) > 2_000:
            continue
        try:
            url = urljoin(page.document.url, href)
        except ValueError:
            continue
        if url.startswith(("http://", "https://", "file:")):
            name = " ".join(node.text().split()) or None
            found.setdefault(url, Attachment(url=url, name=name, media_type=types[ending], outcome="not_fetched"))
    return list(found.values())


def _drop_hidden(page: Page, tree: LexborHTMLParser, words: list[str]) -> None:
    """Remove what a reader does not see, unless the only report on the page is hidden until a script shows it."""
    hidden = [
        node
        for node in tree.css(",".join(["[hidden]", *(f'[style*="{word}"]' for word in words)]))
        if "hidden" in node.attributes or _HIDING.search(node.attributes.get("style") or "")
    ]
    if not hidden:
        return
    carriers = [node for node in hidden if len(text := node.text()) > _LEAST_REPORT and _anchored(text)]
    removed: list[LexborNode] = [node for node in hidden if node not in carriers]
    if carriers and tree.body is not None:
        seen = tree.body.text()
        for node in carriers:
            seen = seen.replace(node.text(), "", 1)
        if _anchored(seen):
            removed += carriers
        else:
            page.flags.append("hidden_body")
            removed += carriers[1:]
    hidden = removed
    for node in hidden:
        if node.parent is not None:
            node.decompose()


_LEAST_REPORT: Final = 300


def _anchored(text: str) -> bool:
    return _anchors().search("".join(text.split())) is not None


def _hiding_words(raw: bytes) -> list[str]:
    """The spellings in which the page may hide something; selectors for others would only cost time."""
    lowered = raw.lower()
    words = [word for word in ("display", "visibility", "line-through") if word.encode() in lowered]
    return [form for word in words for form in (word, word.upper(), word.title()) if form.encode() in raw]


_HIDING: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|line-through", re.I)


def _take_tables(body: LexborNode) -> list[Table] | None:
    """Replace every leaf data table by a mark; layout tables stay markup. None: too many cells."""
    nodes = body.css("table")
    outer = {id_ for node in nodes for id_ in _outer_tables(node)} if len(nodes) > 1 else set()
    limit = _facts()["layout_cell_length"]
    spanning = {cell.mem_id: cell.attributes for cell in body.css("[colspan],[rowspan]")}
    plain: dict[str, Cell] = {}
    tables: list[Table] = []
    cells = 0
    for node in nodes:
        if node.mem_id in outer:
            continue
        rows = [
            [
                plain.get(text := child.text(True, _BREAK, True, True)) or _cell(child, text, plain)
                if child.mem_id not in spanning
                else _spanning_cell(child, spanning[child.mem_id])
                for child in row.iter()
                if child.tag in _CELLS
            ]
            for row in node.css("tr")
        ]
        cells += sum(map(len, rows))
        if cells > MAX_CELLS:
            return None
        if not rows or any(len(cell.text) > limit for row in rows for cell in row):
            continue
        caption = node.css_first("caption")
        tables.append(Table(len(tables) + 1, rows))
        mark = f"\x02{len(tables)}\x03"
        if caption is not None and caption.text().strip():
            node.insert_before(caption.text())
        node.replace_with(mark)
    return tables


def _outer_tables(table: LexborNode) -> list[int]:
    found = []
    parent = table.parent
    while parent is not None:
        if parent.tag == "table":
            found.append(parent.mem_id)
            break
        parent = parent.parent
    return found


_CELLS: Final = ("td", "th")


def _cell(node: LexborNode, text: str, plain: dict[str, Cell]) -> Cell:
    """A cell without spans; where one run of text fills the cell, equal texts share one object."""
    pieces = [piece for piece in text.split(_BREAK) if piece]
    cell = Cell(_cell_text(node, pieces))
    if len(pieces) < _SEVERAL:
        plain[text] = cell
    return cell


_SEVERAL: Final = 2


def _spanning_cell(node: LexborNode, spans: dict[str, str | None]) -> Cell:
    text = node.text(separator=_BREAK, strip=True, skip_empty=True)
    return Cell(
        _cell_text(node, [piece for piece in text.split(_BREAK) if piece]),
        _span(spans.get("colspan"), 1, _MAX_COLSPAN),
        _span(spans.get("rowspan"), 0, _MAX_ROWSPAN),
    )


def _cell_text(node: LexborNode, pieces: list[str]) -> str:
    """The text of a cell from its stripped runs of text."""
    if len(pieces) > 1:
        return _joined(node, [" ".join(piece.split()) for piece in pieces])
    text = pieces[0] if pieces else ""
    return text if text.isalnum() else " ".join(text.split())


def _joined(node: LexborNode, pieces: list[str]) -> str:
    """The pieces of a cell; where figures are concerned it matters whether a break or only a span divides them."""
    if not any(piece[0].isdigit() or piece[-1].isdigit() for piece in pieces):
        return "\n".join(pieces)
    return "\n".join(" ".join(piece.split()) for _, piece in _paragraphs(node))


def _span(value: str | None, least: int, most: int) -> int:
    """A span by HTML5's rules for parsing integers: leading digits count, nonsense is 1."""
    if value is None:
        return 1
    match = _DIGITS.match(value)
    if match is None:
        return 1
    number = int(match[1])
    return min(number, most) if number >= least else 1


_DIGITS: Final = re.compile(r"\s*\+?(\d{1,9})")


def _body_range(blocks: list[Block], nodes: list[LexborNode]) -> tuple[int, int]:
    """The blocks below the smallest element that holds all evidence of a report, or else most of its prose."""
    evidence = [i for i, block in enumerate(blocks) if _is_evidence(block)]
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
    return held[0], _body_end(blocks, max(last, held[0]), held[-1] + 1)


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
    return next((n for n in _ancestors(nodes[longest[1]]) if weights[n.mem_id] >= 0.7 * total), None)


_LONG_PARAGRAPH: Final = 30


def _ancestors(node: LexborNode) -> list[LexborNode]:
    found = []
    parent = node.parent
    while parent is not None:
        found.append(parent)
        parent = parent.parent
    return found


def _is_evidence(block: Block) -> bool:
    if isinstance(block, Table):
        return any(_anchors().search(cell.text.replace("\n", "")) for row in block.rows[:6] for cell in row[:3])
    return len(block) < 40 and block[:1] in _HEADING_START and _anchors().search(block) is not None


_HEADING_START: Final = frozenset("一二三四五六七123456（(第")


def _body_end(blocks: list[Block], last: int, end: int) -> int:
    """The first line of page machinery after the last piece of evidence ends the body."""
    for i in range(last + 1, end):
        block = blocks[i]
        if isinstance(block, str) and _footers().match(block):
            return i
    return end
