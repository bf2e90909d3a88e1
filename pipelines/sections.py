"""Where the six sections of a report begin and end, and what they say outside their tables.

Headings are known by their words, not by their ordinals, which may be missing, restarted or shifted
and which table 3 uses for its own rows (一、本年新收 …). The best chain of headings in rising order
wins, later ones before earlier ones, so that a list of titles in the preamble or a table of contents
loses against the headings themselves.

Source: 国办公开办函〔2019〕60号 and 〔2021〕30号; reports before FY2019 have headings of their own.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pipelines.blocks import Table
from pipelines.record import Section
from pipelines.statutory.templates import tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipelines.blocks import Block

LEGACY_UNTIL: Final = 2018
"""Last year reported on in free form."""
_TITLE_LENGTH: Final = 60
_SHORTEST: Final = 11
"""Longest line that cannot be a heading with its text."""
_LABEL_LENGTH: Final = 80
_PATIENCE: Final = 8
"""Lines that are neither value nor label after which a table in text has ended."""
_ORDINALS: Final = "一二三四五六七八九十"
_HINT: Final = re.compile("情况|事项|问题|概述|概况|不足")
_ORDINAL: Final = rf"[{_ORDINALS}]\s*[、.．]\s*"
_ORDINAL_ALONE: Final = re.compile(_ORDINAL)
_LEGACY_HEAD: Final = re.compile(rf"([{_ORDINALS}]{{1,2}})\s*、(?=\s*\S)")
_HALF_WIDTH: Final = str.maketrans("（）：，．／", "():,./")
_AFTER_TITLE: Final = " \t\u3000\xa0:：。"
_TABLED: Final = frozenset({2, 3, 4})


@dataclass(frozen=True, slots=True)
class Part:
    """One section as a stretch of blocks.

    Attributes:
        number: 1 to 6, or None in a report of free form. Sections 2 and 3 under one heading are 2.
        title: as printed.
        body: indexes of its blocks, without the heading.
        prose: indexes of its paragraphs that belong to no table and are not empty.
    """

    number: int | None
    title: str
    body: range
    prose: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sections:
    """A report cut into preamble and sections.

    Attributes:
        blocks: the blocks given, paragraphs with headings inside cut up; all indexes refer to these.
        preamble: indexes of what stands before the first heading.
        parts: the sections found, in printed order; a missing one simply is not there.
    """

    blocks: list[Block]
    preamble: range
    parts: tuple[Part, ...]

    def records(self) -> list[Section]:
        """The sections as the record has them."""
        return [
            Section(number=part.number, title=part.title, text="\n".join(self._texts(part.prose)))
            for part in self.parts
        ]

    def preamble_paragraphs(self) -> list[str]:
        """What is said before the first heading."""
        return list(self._texts(self.preamble))

    def paragraphs(self) -> list[str]:
        """All prose in printed order, headings included, tables left out."""
        found = self.preamble_paragraphs()
        for part in self.parts:
            found.append(part.title)
            found.extend(self._texts(part.prose))
        return found

    def part(self, number: int) -> Part | None:
        """The section of that number, or None."""
        return next((part for part in self.parts if part.number == number), None)

    def _texts(self, indexes: Iterable[int]) -> Iterator[str]:
        for index in indexes:
            block = self.blocks[index]
            if isinstance(block, str) and (text := block.strip()):
                yield text


class _Head(NamedTuple):
    at: int
    number: int
    weight: int
    strong: bool
    title: str


@dataclass(frozen=True, slots=True)
class _Patterns:
    line: re.Pattern[str]
    numbered: re.Pattern[str]
    title_before_table: re.Pattern[str]
    numbers: tuple[tuple[int, bool], ...]
    not_before: str
    anchor: re.Pattern[str]
    table_start: re.Pattern[str]
    table_inside: re.Pattern[str]
    table_end: re.Pattern[str]
    values: re.Pattern[str]
    labels: str
    legacy_title: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    data: dict[str, Any] = tomllib.loads(files("pipelines.data").joinpath("sections.toml").read_text("utf-8"))
    titles = data["titles"]
    named = "|".join(f"(?P<t{i}>{title['pattern']})" for i, title in enumerate(titles))
    plain = "|".join(f"(?:{title['pattern']})" for title in titles)
    text = data["tables"]
    last = "|".join(map(re.escape, text["last_labels"]))
    return _Patterns(
        line=re.compile(f"(?P<ordinal>{data['ordinal']})?(?:{named})[:：。]?"),
        numbered=re.compile(rf"{_ORDINAL}(?=(?P<title>(?:{plain})(?!\s*[{data['not_after']}])))"),
        title_before_table=re.compile(rf"(?:{plain})\s*$"),
        numbers=tuple((title["number"], title.get("strong", False)) for title in titles),
        not_before=data["not_before"],
        anchor=re.compile("|".join(map(re.escape, text["anchors"]))),
        table_start=re.compile(text["start"]),
        table_inside=re.compile(text["start_inside"]),
        table_end=re.compile(rf"(?:{last})(?:(?!20\d\d\s*年)[\d\s./／—–\-－,，+万亿元])*"),
        values=re.compile(text["values"]),
        labels=_label_text(text["labels"]),
        legacy_title=re.compile(
            r"\s*[^。；，,;（(\d\s]{2,40}?(?:"
            + data["legacy"]["ending"]
            + r"|(?=\s|20\d\d\s*年|[（(]一[）)]|$))"
        ),
    )


def _label_text(more: Sequence[str]) -> str:
    labels = list(more)
    for table in tables().values():
        for row in table.rows.values():
            labels += [row.label, row.label_v1, row.heading or ""]
        labels += [column.label for column in table.columns.values()]
    return "\n".join(_squeeze(label) for label in labels)


def _squeeze(text: str) -> str:
    return "".join(text.split()).translate(_HALF_WIDTH)


def split_joined(paragraph: str) -> list[str]:
    """Cut a paragraph at the headings and around the tables that ran together with its prose.

    Returns:
        Heading, prose and table stretches in order; the paragraph itself where nothing is joined.
        Put together they are the paragraph, but for the space (and a heading's colon) at the cuts.
    """
    tabled = _patterns().anchor.search(paragraph) is not None
    cuts = list(_numbered_titles(paragraph))
    if tabled:
        cuts = sorted({*cuts, *_bare_titles(paragraph)})
    if not cuts:
        return _split_table(paragraph) if tabled else [paragraph]
    pieces: list[str] = []
    at = 0
    for start, end in cuts:
        if start < at:
            continue
        pieces += _split_table(paragraph[at:start].lstrip(_AFTER_TITLE if at else None))
        pieces.append(paragraph[start:end].strip())
        at = end
    pieces += _split_table(paragraph[at:].lstrip(_AFTER_TITLE if at else None))
    return pieces


def _numbered_titles(paragraph: str) -> Iterator[tuple[int, int]]:
    patterns = _patterns()
    for match in patterns.numbered.finditer(paragraph):
        before = paragraph[max(0, match.start() - 8) : match.start()].rstrip()[-1:]
        if not before or (before not in patterns.not_before and before not in _ORDINALS):
            yield match.start(), match.end("title")


def _bare_titles(paragraph: str) -> Iterator[tuple[int, int]]:
    """Titles without ordinal, known by the table that follows at once."""
    patterns = _patterns()
    for table in patterns.table_inside.finditer(paragraph):
        at = max(0, table.start() - _TITLE_LENGTH)
        title = patterns.title_before_table.search(paragraph[at : table.start()])
        if title is not None and not _ORDINAL_ALONE.fullmatch(
            paragraph[: at + title.start()][-3:].strip()[-2:]
        ):
            yield at + title.start(), table.start()


def _split_table(piece: str) -> list[str]:
    patterns = _patterns()
    match = patterns.table_inside.search(piece)
    if match is None:
        return [piece] if piece.strip() else []
    start = match.start()
    end = max((m.end() for m in patterns.table_end.finditer(piece, start)), default=len(piece))
    return [part for part in (piece[:start].strip(), piece[start:end].strip(), piece[end:].strip()) if part]


def split_sections(blocks: Sequence[Block], *, year: int | None = None) -> Sections:
    """Cut a report into preamble and sections.

    Args:
        blocks: the report's paragraphs and tables in order.
        year: the year reported on where it is known already; up to FY2018 reports have a free form,
            and their sections have no number.
    """
    if year is None or year > LEGACY_UNTIL:
        cut = _cut_up(blocks)
        heads = _chain(_heads(cut))
        if any(head.strong for head in heads):
            return _sections(cut, [(head.at, head.number, head.title) for head in heads])
    cut, legacy = _legacy(blocks)
    return _sections(cut, [(index, None, title) for index, title in legacy])


def _cut_up(blocks: Sequence[Block]) -> list[Block]:
    cut: list[Block] = []
    done = 0
    for index, block in enumerate(blocks):
        if isinstance(block, str) and len(block) > _SHORTEST:
            cut += blocks[done:index]
            cut += _split_line(block) if len(block) <= _TITLE_LENGTH else split_joined(block)
            done = index + 1
    return cut + list(blocks[done:])


@lru_cache(maxsize=1024)
def _split_line(line: str) -> tuple[str, ...]:
    """Same as ``split_joined`` for a short line; most of them stand in every report."""
    return tuple(split_joined(line))


@lru_cache(maxsize=1024)
def _headed(line: str) -> _Head | None:
    """What a line is as a heading, or None; most headings stand in every report."""
    patterns = _patterns()
    match = patterns.line.fullmatch("".join(line.split())) if _HINT.search(line) else None
    if match is None:
        return None
    number, strong = patterns.numbers[int(str(match.lastgroup)[1:])]
    return _Head(0, number, 2 if match["ordinal"] else 1, strong, line.strip().rstrip(":：。"))


def _heads(blocks: Sequence[Block]) -> list[_Head]:
    found: list[_Head] = []
    neighbours: set[int] = set()
    for index, block in enumerate(blocks):
        if not isinstance(block, str) or not 1 < len(block) <= _TITLE_LENGTH:
            continue
        if head := _headed(block):
            if found and not any(blocks[found[-1].at + 1 : index]):
                neighbours.add(found[-1].at)
            found.append(head._replace(at=index))
    # A title with nothing below it that comes again is a line of a table of contents.
    last = {head.number: head.at for head in found}
    return [head for head in found if head.at not in neighbours or last[head.number] == head.at]


def _chain(heads: Sequence[_Head]) -> list[_Head]:
    """The heaviest rising chain of headings; of equals the one that comes later."""
    if all(earlier.number < later.number for earlier, later in pairwise(heads)):
        return list(heads)
    best: dict[int, tuple[int, int]] = {}
    before: list[int | None] = []
    for position, head in enumerate(heads):
        weight, earlier = max((best[n] for n in best if n < head.number), default=(0, -1))
        before.append(earlier if earlier >= 0 else None)
        best[head.number] = max(best.get(head.number, (0, -1)), (weight + head.weight, position))
    at = max(best.values(), default=(0, None))[1]
    chain: list[_Head] = []
    while at is not None:
        chain.append(heads[at])
        at = before[at]
    return chain[::-1]


def _legacy(blocks: Sequence[Block]) -> tuple[list[Block], list[tuple[int, str]]]:
    cut: list[Block] = []
    heads: list[tuple[int, str]] = []
    expected = 0
    for block in blocks:
        if isinstance(block, Table):
            cut.append(block)
            continue
        at = 0
        for match in _LEGACY_HEAD.finditer(block):
            ordinal = _ORDINALS.find(match[1]) + 1
            joint = block[max(0, match.start() - 8) : match.start()].rstrip()[-1:]
            rises = ordinal == expected + 1 or (not expected and ordinal)
            if not rises or (joint and joint not in "。！？：:；;]】）)") or match.start() < at:
                continue
            expected = ordinal
            end = _title_end(block, match.end())
            if before := block[at : match.start()].strip():
                cut.append(before)
            heads.append((len(cut), block[match.start() : end].strip().rstrip(":：。")))
            cut.append(block[match.start() : end])
            at = end
        if at == 0 or block[at:].strip():
            cut.append(block[at:])
    return cut, heads


def _title_end(block: str, start: int) -> int:
    """Where a free title ends; where nobody can tell, the ordinal alone is the title."""
    if len(block) <= _TITLE_LENGTH and "。" not in block:
        return len(block)
    match = _patterns().legacy_title.match(block, start)
    return match.end() if match else start


def _sections(blocks: list[Block], heads: Sequence[tuple[int, int | None, str]]) -> Sections:
    parts = []
    for position, (index, number, title) in enumerate(heads):
        end = heads[position + 1][0] if position + 1 < len(heads) else len(blocks)
        body = range(index + 1, end)
        tabled = number in _TABLED
        parts.append(Part(number, title, body, _prose(blocks, body) if tabled else _said(blocks, body)))
    return Sections(blocks, range(heads[0][0] if heads else len(blocks)), tuple(parts))


def _said(blocks: Sequence[Block], body: Iterable[int]) -> tuple[int, ...]:
    return tuple(i for i in body if isinstance(text := blocks[i], str) and text.strip())


def _prose(blocks: Sequence[Block], body: range) -> tuple[int, ...]:
    """Paragraphs of a section that are not part of its table, wherever cells became lines."""
    start = next((i for i in body if _begins_table(blocks[i])), None)
    if start is None:
        return _said(blocks, body)
    end, strangers = start, 0
    inside: list[int] = []
    pending: list[int] = []
    for i in range(start, body.stop):
        block = blocks[i]
        if not block:
            continue
        if isinstance(block, Table) or block.isdecimal() or _is_tabular(block):
            end, strangers = i, 0
            if pending:
                inside += pending
                pending.clear()
            continue
        strangers += 1
        if strangers > _PATIENCE:
            break
        if "。" in block:
            pending.append(i)
    after = _said(blocks, range(end + 1, body.stop))
    return (*_said(blocks, range(body.start, start)), *inside, *after)


def _is_tabular(block: str) -> bool:
    """Whether a line is a value, a label (or part of one), or both run together."""
    return _is_tabular_line(block) if len(block) <= _LABEL_LENGTH else _begins_table(block)


@lru_cache(maxsize=4096)
def _is_tabular_line(block: str) -> bool:
    patterns = _patterns()
    line = _squeeze(block)
    return (
        patterns.values.fullmatch(line) is not None
        or line.rstrip("0123456789./-—") in patterns.labels
        or patterns.table_start.match(line) is not None
    )


def _begins_table(block: Block) -> bool:
    if isinstance(block, Table):
        return True
    start = _patterns().table_start
    return len(block) > 1 and start.match("".join(block[:_LABEL_LENGTH].split())) is not None
