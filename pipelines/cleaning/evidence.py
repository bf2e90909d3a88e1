"""What tells a report's body from the page around it: the phrases that only a report carries."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Final

from pipelines.blocks import Block, Table

_LONGEST_HEADING: Final = 40
_HEADING_START: Final = frozenset("一二三四五六七123456（(第")


@cache
def facts() -> dict[str, Any]:
    """Word lists of ``data/cleaning.toml``, read once."""
    return tomllib.loads(files("pipelines.data").joinpath("cleaning.toml").read_text("utf-8"))


@cache
def footers() -> re.Pattern[str]:
    """How a line of page machinery below the body begins."""
    return re.compile(r"[\s【\[|]*(?:" + "|".join(map(re.escape, facts()["footers"])) + ")")


@cache
def anchors() -> re.Pattern[str]:
    """Phrases that only a report carries."""
    return re.compile("|".join(map(re.escape, facts()["anchors"])))


def anchored(text: str) -> bool:
    """Whether a text holds such a phrase, white space aside."""
    return anchors().search("".join(text.split())) is not None


def is_evidence(block: Block) -> bool:
    """Whether a block is a statutory table or looks like a heading of a report."""
    if isinstance(block, Table):
        return any(
            anchors().search(cell.text.replace("\n", "")) for row in block.rows[:6] for cell in row[:3]
        )
    return (
        len(block) < _LONGEST_HEADING and block[:1] in _HEADING_START and anchors().search(block) is not None
    )


def mentions(block: Block) -> bool:
    """Whether a block of a text holds any evidence; joined text has no headings of their own."""
    return is_evidence(block) if isinstance(block, Table) else anchors().search(block) is not None


def body_end(blocks: list[Block], last: int, end: int) -> int:
    """The first line of page machinery after the last piece of evidence ends the body."""
    for i in range(last + 1, end):
        block = blocks[i]
        if isinstance(block, str) and footers().match(block):
            return i
    return end
