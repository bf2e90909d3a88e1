"""Which of the texts on a page is its title.

A page names itself several times: in the label block, in a heading, in ``<title>``, in the first lines
of the text; and it shows titles of other pages beside. Each candidate is taken apart
(``titles.py``); the most telling one wins, the most trusted place first.
"""

from __future__ import annotations

import re
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from pipelines.agencies import kind_of
from pipelines.normalise import squeeze
from pipelines.titles import Title, adds_nothing, announced_title, is_cut, parse_title, unspaced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.cleaning import Page
    from pipelines.record import Metadata

_LINES_BEFORE: Final = 40
_LINES_AFTER: Final = 12
_LONGEST: Final = 80
_OPENING_LINES: Final = 3
_OPENING: Final = 400
_OPENING_BLOCKS: Final = 40
_BODY_NAME: Final = re.compile(
    r"(?:局|委|厅|府|办|会|院|镇|乡|街道|处|区|县|市|省|部|署|中心|公室|委员会|管委会)(?:20\d\d年度?)?$"
)
# Where text and title are one line, the title ends where the text begins.
_TEXT_BEGINS: Final = r"\s*(?:[（(]20\d\d年度?[）)]\s*)?(?:$|[一1][、.．]|本年?度?报告|本年报|根据|按照|依据|依照|遵照|为|现将|现公布|20\d\d年)"
_RUN_ON_TITLE: Final = re.compile(rf"[^。；;，,]{{4,90}}?(?:报告|年报)(?={_TEXT_BEGINS})")
_SENTENCE: Final = re.compile(
    "本(?:年度?)?(?:报告|年报)|根据|按照|依[据照]|遵照|为(?:了|切实|进一步|做好|全面|深入|贯彻)|现(?!代)|一、"
)
_OF_EVERY_CORE: Final = "公开报"
_HINT: Final = re.compile("信息公开|政务公开|报告|年报|报表")


def choose_title(page: Page, metadata: Metadata) -> Title:
    """The title of the page: the candidate that says most of the report, its body and its year.

    A trusted place (dump column, label block, heading, the page's own ``<meta>``) decides; lines around the
    body only add what it leaves out. A refused title in a trusted place stands, whatever else the page shows.
    """
    best = _trusted_title(page, metadata)
    if best.refused or _weight(best) == _FULL:
        return best
    if not best.core_found and (refused := _opening_refused(page)):
        return refused
    best = _completed(best, page)
    return best if best.core_found else _told(page) or best


def _opening_refused(page: Page) -> Title | None:
    """A notice or infographic by its first line (text) or ``<title>``: what it prints below is no title of its own."""
    own = _openings(page) if page.form == "text" else [page.html_title or ""]
    titles = (
        parse_title(text)
        for text in own
        if not _goes_on(text) and _may_name_it(text) and not _SENTENCE.match(text)
    )
    return next((title for title in titles if title.core_found and title.refused), None)


def _told(page: Page) -> Title | None:
    """The title that the first sentences tell, where none is printed."""
    start, end = page.body
    opening = page.blocks[start : min(end, start + _OPENING_BLOCKS)]
    told = announced_title("\n".join(unspaced(block) for block in opening if isinstance(block, str)))
    return told if told and told.agency and kind_of(told.agency) is not None else None


def _trusted_title(page: Page, metadata: Metadata) -> Title:
    best = Title("")
    outside = page.document.title or ""
    for text in filter(None, _trusted(page, metadata)):
        if best.core_found and text == outside and is_cut(outside):
            break
        title = parse_title(text)
        if title.refused:
            return title
        if _weight(title) > _weight(best) or not best.text:
            best = title
    return _undecorated(best, page, metadata) if outside and not is_cut(outside) else best


def _undecorated(best: Title, page: Page, metadata: Metadata) -> Title:
    """The title as the page itself has it, where a list only shows more around it."""
    outside = page.document.title or ""
    if best.text != parse_title(outside).text:
        return best
    for text in _own(page, metadata):
        own = parse_title(text) if text and _may_name_it(text) else best
        if own.text != best.text and _tells_all(own, best) and adds_nothing(outside, own.text):
            return own
    return best


def _tells_all(own: Title, shown: Title) -> bool:
    """Whether nothing is lost with what one of two titles has more."""
    return own.refused is None and own.flags == shown.flags and _weight(own) >= _weight(shown)


def _completed(best: Title, page: Page) -> Title:
    for text in chain(_run_on(page), _lines(page), [page.html_title or ""]):
        if not _may_name_it(text) or _SENTENCE.match(text):
            continue
        title = parse_title(text)
        if best.core_found and not _completes(title, best):
            continue
        if _weight(title) > _weight(best):
            best = title
        if _weight(best) == _FULL:
            break
    return best


_FULL: Final = 7


def _weight(title: Title) -> int:
    """How much a title tells; a name that is no body's is chrome that hangs on."""
    if title.refused or not title.core_found:
        return 0
    named = title.agency is not None and kind_of(title.agency) is not None
    return 4 + (2 if named else 0) + (1 if title.year else 0) - (1 if title.agency and not named else 0)


def _weight_of(text: str) -> int:
    return _weight(parse_title(text)) if _may_name_it(text) else 0


def _may_name_it(text: str) -> bool:
    """Whether the core phrase can stand in a text: nearly all lines of a page fail here."""
    return all(character in text for character in _OF_EVERY_CORE) and _HINT.search(text) is not None


def _completes(title: Title, trusted: Title) -> bool:
    """Whether a line is the trusted title with more around it, not another page's."""
    return (trusted.agency is None or trusted.agency == title.agency) and trusted.year in (None, title.year)


def _trusted(page: Page, metadata: Metadata) -> Iterator[str]:
    outside = page.document.title or ""
    cut = is_cut(outside)
    yield "" if cut else outside
    yield from _own(page, metadata)
    yield outside if cut else ""


def _own(page: Page, metadata: Metadata) -> Iterator[str]:
    """What the page calls itself: label block, headings, its ``<meta>``."""
    yield metadata.title or ""
    yield from page.headings[:10]
    yield page.metas.get("articletitle", "")


def _openings(page: Page) -> list[str]:
    """The first lines of the body that say anything."""
    start, end = page.body
    texts = (block for block in page.blocks[start:end] if isinstance(block, str) and block)
    return [text[:_OPENING] for text in islice(texts, _OPENING_LINES)]


def _run_on(page: Page) -> Iterator[str]:
    """Titles at the beginning of lines that go on with the text."""
    for line in _openings(page):
        if _goes_on(line) and (match := _RUN_ON_TITLE.match(line)):
            yield match[0]


def _goes_on(line: str) -> bool:
    """Whether a line is text, or holds text behind its title."""
    return len(line) >= _LONGEST or "。" in line


def _lines(page: Page) -> Iterator[str]:
    """Short lines around the top of the body; two in a row where a title was broken."""
    start = page.body[0]
    lines = [
        block
        for block in page.blocks[max(0, start - _LINES_BEFORE) : start + _LINES_AFTER]
        if isinstance(block, str) and block and not _goes_on(block)
    ]
    for i, line in enumerate(lines):
        before = lines[i - 1] if i else ""
        if "：" in before or ":" in before or "：" in line:
            before = ""
        if not _HINT.search(line):
            continue
        if before and (_HINT.search(before) or _BODY_NAME.search(squeeze(before))):
            joined = before + line
            if _weight_of(joined) > max(_weight_of(line), _weight_of(before)):
                yield joined
        yield line
