"""Which of the texts on a page is its title.

A page names itself several times: in the label block, in a heading, in ``<title>``, in the first lines
of the text; and it shows titles of other pages beside. Each candidate is taken apart
(``titles.py``); the most telling one wins, the most trusted place first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pipelines.normalise import squeeze
from pipelines.titles import Title, parse_title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.cleaning import Page
    from pipelines.record import Metadata

_LINES_BEFORE: Final = 40
_LINES_AFTER: Final = 12
_LONGEST: Final = 80
_BODY_NAME: Final = re.compile(r"(?:局|委|厅|府|办|会|院|镇|乡|街道|处|区|县|市|省|部|署|中心|公室|委员会|管委会)$")
_HINT: Final = re.compile("信息公开|政务公开|报告|年报|报表")


def choose_title(page: Page, metadata: Metadata) -> Title:
    """The title of the page: the first candidate that names the report, its body and its year, or most of them.

    A refused title in a trusted place (label block, heading, dump column) stands, whatever else the page shows.
    """
    best = Title("")
    trusted = True
    for text, trusted in _candidates(page, metadata):
        if not text or not _HINT.search(squeeze(text[:200])):
            if trusted and not best.text and text:
                best = parse_title(text)
            continue
        title = parse_title(text)
        if trusted and title.refused:
            return title
        if _weight(title) > _weight(best):
            best = title
        if _weight(best) == _FULL:
            break
    return best


_FULL: Final = 7


def _weight(title: Title) -> int:
    if title.refused or not title.core_found:
        return 0
    return 4 + (2 if title.agency else 0) + (1 if title.year else 0)


def _candidates(page: Page, metadata: Metadata) -> Iterator[tuple[str, bool]]:
    yield page.document.title or "", True
    yield metadata.title or "", True
    for heading in page.headings[:10]:
        yield heading, True
    yield page.metas.get("articletitle", ""), True
    yield from ((line, False) for line in _lines(page))
    yield page.html_title or "", False


def _lines(page: Page) -> Iterator[str]:
    """Short lines around the top of the body; two in a row where a title was broken."""
    start = page.body[0]
    lines = [
        block
        for block in page.blocks[max(0, start - _LINES_BEFORE) : start + _LINES_AFTER]
        if isinstance(block, str) and 0 < len(block) < _LONGEST and "。" not in block
    ]
    for i, line in enumerate(lines):
        before = lines[i - 1] if i else ""
        if "：" in before or ":" in before or "：" in line:
            before = ""
        if not _HINT.search(line):
            continue
        if before and (_BODY_NAME.search(squeeze(before)) or _HINT.search(before)):
            joined = parse_title(before + line)
            alone = parse_title(line), parse_title(before)
            if _weight(joined) > max(map(_weight, alone)):
                yield before + line
        yield line
