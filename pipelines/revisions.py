"""What differs between two records of one report: cells, title, text, labels, files.

A pure comparison of what was recorded; nothing is read again and nothing is judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pipelines.record import Number, Report, Section

Sign = Literal["-", "+"]

_AROUND: Final = 12
"""Characters shown on either side of what differs within a paragraph."""
_MOST_LINES: Final = 2_000
"""Paragraphs beyond which texts are not compared line by line: that costs the square of their number."""
_CUT: Final = "…"


@dataclass(frozen=True, slots=True)
class Field:
    """One value that differs: None where there is none."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell that differs.

    Attributes:
        name: of the cell.
        old: number before, or None.
        new: number after, or None.
        old_note: why there was no number (text as printed, or a status), or None.
        new_note: the same of the new one.
    """

    name: str
    old: Number | None
    new: Number | None
    old_note: str | None
    new_note: str | None


@dataclass(frozen=True, slots=True)
class Passage:
    """A section whose title or text differs.

    Attributes:
        title: its title; the new one where it has both.
        old_title: its title before; None if there was no such section.
        new_title: its title now; None if there is none any more.
        lines: what went and what came, the equal parts of long paragraphs left out.
    """

    title: str
    old_title: str | None
    new_title: str | None
    lines: tuple[tuple[Sign, str], ...]


@dataclass(frozen=True, slots=True)
class Revision:
    """All that differs between two records.

    Attributes:
        fields: kind, title, year, body, address, how much could be read.
        cells: statutory cells.
        metadata: the label block of the page.
        passages: sections.
        attachments: files by address; the values are their names.
    """

    fields: tuple[Field, ...]
    cells: tuple[Cell, ...]
    metadata: tuple[Field, ...]
    passages: tuple[Passage, ...]
    attachments: tuple[Field, ...]

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return any((self.fields, self.cells, self.metadata, self.passages, self.attachments))


def compare(old: Report, new: Report) -> Revision:
    """What differs from the old record to the new one, in the order of the new one."""
    return Revision(
        fields=tuple(_fields(_heads(old), _heads(new))),
        cells=tuple(_cells(old, new)),
        metadata=tuple(_fields(_labels(old), _labels(new))),
        passages=tuple(_passages(old.sections, new.sections)),
        attachments=tuple(_fields(_files(old), _files(new))),
    )


def _heads(report: Report) -> dict[str, str | None]:
    return {
        "title": report.title,
        "kind": report.kind,
        "agency": report.agency.name,
        "year": str(report.year) if report.year is not None else None,
        "url": report.url,
        "extraction": report.quality.extraction,
    }


def _labels(report: Report) -> dict[str, str | None]:
    return report.metadata.model_dump(exclude={"raw"})


def _files(report: Report) -> dict[str, str | None]:
    return {file.url: file.name or file.url for file in report.attachments}


def _fields(old: Mapping[str, str | None], new: Mapping[str, str | None]) -> Iterator[Field]:
    for name in dict.fromkeys((*new, *old)):
        if old.get(name) != new.get(name):
            yield Field(name, old.get(name), new.get(name))


# --- cells


def _cells(old: Report, new: Report) -> Iterator[Cell]:
    for name in dict.fromkeys((*new.cells, *old.cells)):
        before, after = old.cells.get(name), new.cells.get(name)
        notes = _note(old, name), _note(new, name)
        if before != after or (before is None and notes[0] != notes[1]):
            yield Cell(name, before, after, *notes)


def _note(report: Report, name: str) -> str | None:
    """Why a cell has no number."""
    note = report.cell_notes.get(name)
    if note is None or report.cells.get(name) is not None:
        return None
    return (note.raw or "").strip() or note.status


# --- text


def _passages(old: Iterable[Section], new: Iterable[Section]) -> Iterator[Passage]:
    before, after = _keyed(old), _keyed(new)
    for key in dict.fromkeys((*after, *before)):
        was, now = before.get(key), after.get(key)
        lines = tuple(changed_lines(was.text if was else "", now.text if now else ""))
        titles = was.title if was else None, now.title if now else None
        if lines or titles[0] != titles[1]:
            yield Passage(titles[1] or titles[0] or "", *titles, lines)


def _keyed(sections: Iterable[Section]) -> dict[tuple[Any, ...], Section]:
    """Sections by number, or by title where they have none; and by how often that was met before."""
    keyed: dict[tuple[Any, ...], Section] = {}
    for section in sections:
        times = 0
        while (key := (section.number or section.title, times)) in keyed:
            times += 1
        keyed[key] = section
    return keyed


def changed_lines(old: str, new: str) -> Iterator[tuple[Sign, str]]:
    """What went and what came, paragraph by paragraph; white space at their ends counts for nothing."""
    before, after = _lines(old), _lines(new)
    if max(len(before), len(after)) > _MOST_LINES:
        before, after = [" ".join(before)], [" ".join(after)]
    for kind, i, j, k, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        went, came = before[i:j], after[k:end]
        if len(went) == len(came):
            for pair in zip(went, came, strict=True):
                yield from zip(("-", "+"), narrowed(*pair), strict=True)
            continue
        yield from (("-", line) for line in went)
        yield from (("+", line) for line in came)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def narrowed(old: str, new: str) -> tuple[str, str]:
    """Two paragraphs without what they have in common at their ends, but for a few characters around."""
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    return _around(old, head, tail), _around(new, head, tail)


def _alike(one: str, other: str) -> int:
    """How many characters at the beginning are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def _around(text: str, head: int, tail: int) -> str:
    first, last = max(0, head - _AROUND), min(len(text), len(text) - tail + _AROUND)
    return (_CUT if first else "") + text[first:last] + (_CUT if last < len(text) else "")
