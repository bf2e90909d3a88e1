"""The leaf data tables of a page as rows of physical cells; tables that only lay out a page stay markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pipelines.blocks import Cell, Table
from pipelines.cleaning.evidence import facts
from pipelines.cleaning.guard import MAX_CELLS
from pipelines.cleaning.paragraphs import paragraphs
from pipelines.statutory.values import PICTURE

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

MARK: Final = re.compile(r"\x02(\d+)\x03")
_MAX_COLSPAN: Final = 1_000
_MAX_ROWSPAN: Final = 65_534
_BREAK: Final = "\x1e"
_CELLS: Final = ("td", "th")
_SEVERAL: Final = 2
_DIGITS: Final = re.compile(r"\s*\+?(\d{1,9})")


def show_fields(body: LexborNode) -> None:
    """Give cells that hold only a picture or a form field a text: a mark, or the value that a reader sees."""
    for node in body.css("td img, td input, th img, th input"):
        if node.tag == "img":
            cell = node.parent
            while cell is not None and cell.tag not in _CELLS:
                cell = cell.parent
            if cell is not None and not cell.text().strip():
                node.replace_with(PICTURE)
        elif (node.attributes.get("type") or "text").lower() in ("text", "number"):
            node.replace_with(node.attributes.get("value") or "")


def take_tables(body: LexborNode) -> list[Table] | None:
    """Replace every leaf data table by a mark; layout tables stay markup. None: too many cells."""
    nodes = body.css("table")
    outer = {id_ for node in nodes for id_ in _outer_tables(node)} if len(nodes) > 1 else set()
    limit = facts()["layout_cell_length"]
    spanning = {cell.mem_id: cell.attributes for cell in body.css("[colspan],[rowspan]")}
    plain: dict[str, Cell] = {}
    tables: list[Table] = []
    cells = 0
    for node in nodes:
        if node.mem_id in outer:
            continue
        rows = [
            [
                plain.get(text := child.text(separator=_BREAK, strip=True, skip_empty=True))
                or _cell(child, text, plain)
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
        if not rows or max([len(cell.text) for row in rows for cell in row], default=0) > limit:
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


def _cell(node: LexborNode, text: str, plain: dict[str, Cell]) -> Cell:
    """A cell without spans; where one run of text fills the cell, equal texts share one object."""
    pieces = [piece for piece in text.split(_BREAK) if piece]
    cell = Cell(_cell_text(node, pieces))
    if len(pieces) < _SEVERAL:
        plain[text] = cell
    return cell


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
    return "\n".join(" ".join(piece.split()) for _, piece in paragraphs(node))


def _span(value: str | None, least: int, most: int) -> int:
    """A span by HTML5's rules for parsing integers: leading digits count, nonsense is 1."""
    if value is None:
        return 1
    match = _DIGITS.match(value)
    if match is None:
        return 1
    number = int(match[1])
    return min(number, most) if number >= least else 1
