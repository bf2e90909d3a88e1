"""Text to blocks: lines become paragraphs, runs of lines drawn with tabs or pipes become tables."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Final

from pipelines.blocks import Block, Cell, Table
from pipelines.cleaning.evidence import body_end, mentions

_CONTROL: Final[dict[int, str | None]] = {
    **dict.fromkeys((*range(1, 9), 0x0B, 0x0C, *range(0x0D, 0x20), 0x85, 0x2028, 0x2029), "\n"),
    0: None,
}
_PAGE_NUMBER: Final = re.compile(r"\s*[-–—－]{1,2}\s*\d{1,3}\s*[-–—－]{1,2}\s*$")
_CELLS_OF_A_ROW: Final = 2
_NO_PIPES: Final = 10**9


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


def text_body(blocks: list[Block]) -> tuple[int, int]:
    """Start and end of the report: all of it, but for page machinery behind the last evidence."""
    last = max((i for i, block in enumerate(blocks) if mentions(block)), default=None)
    return 0, len(blocks) if last is None else body_end(blocks, last, len(blocks))


def _pipes_of_a_row(lines: list[str]) -> int | None:
    """Fewest pipes that draw a row, or None where pipes stand between lines of one cell each."""
    cells = [sum(map(bool, map(str.strip, line.split("|")))) for line in lines if "|" in line]
    several = sum(count > 1 for count in cells)
    if several * 4 < len(cells):
        return None
    return 1 if any(line.count("|") > 1 and line.strip(" |\t") for line in lines) else 2


def _drawn(line: str, least: int) -> str:
    """The character that draws this line as a table row (``|`` or tab), or an empty string."""
    if line.count("|") >= least and line.strip(" |\t"):
        return "|"
    return "\t" if sum(map(bool, map(str.strip, line.split("\t")))) >= _CELLS_OF_A_ROW else ""


def _cells(line: str, *, ruled: bool) -> list[str]:
    if "|" not in line:
        return line.split("\t")
    if ruled:
        line = line.strip().removeprefix("|").removesuffix("|")
    return line.split("|")


def _ruler(cells: list[str]) -> bool:
    return all(not cell.strip(" :-+=") for cell in cells) and any("-" in cell for cell in cells)
