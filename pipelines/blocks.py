"""The one intermediate form: a document as paragraphs and tables in order.

HTML, text, and every later source become blocks; everything that reads a report reads blocks.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cell:
    """One physical cell of a table; equal cells may be one object.

    Attributes:
        text: its text; a line feed where a block element or line break stood, other space folded.
        colspan: as in HTML5 (1 to 1000).
        rowspan: as in HTML5 (0 to 65534; 0 reaches to the end of its group).
    """

    text: str
    colspan: int = 1
    rowspan: int = 1


@dataclass(slots=True)
class Table:
    """A table without nested tables: its rows of physical cells.

    Attributes:
        index: number of the table in the document, from 1.
        rows: physical cells by row, in source order; rows may be empty.
    """

    index: int
    rows: list[list[Cell]]


Block = str | Table
"""A paragraph or line (space folded, ``""`` for a blank line of a text source), or a table."""
