"""Digests by which things are known again: what a row says, what a report says, its numbers, its text.

None is a measure of likeness: two digests are equal or they prove nothing. The reports of one body in two years are
97 % alike, so likeness would merge what must stay apart.
"""

from __future__ import annotations

import json
import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.record import Number, Report

_COUNTER: Final = re.compile(
    r"(?:浏览|阅读|点击|访问|查看|打印|下载|点赞|分享|转发)(?:次数|人数|量|数|率)?[:：]?\d+(?:次|人)?"
)
"""What counts readers changes with every look at a page."""
_YEAR: Final = re.compile(r"(?:19|20)\d\d(?=年)?")
_SHORTEST: Final = 400
"""Characters below which two texts may well be alike by chance: 内容见附件."""


def digest_of(value: object) -> bytes:
    """Sixteen bytes that stand for a value made of lists, mappings, texts and numbers."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def row_digest(title: str, published: str | None, metadata: Sequence[tuple[str, str]]) -> bytes:
    """What a row of a list says, wherever it stands in the list."""
    return digest_of([title, published, sorted(metadata)])


def content_digest(report: Report, text: str) -> bytes:
    """What a page says of itself: title, body, labels, files; not what surrounds it, and no counter of readers.

    Args:
        report: its record.
        text: the text of its body, tables included.
    """
    metadata = report.metadata.model_dump(exclude={"raw"})
    files = [[attachment.url, attachment.name] for attachment in report.attachments]
    return digest_of([report.kind, report.title, report.year, metadata, files, without_counters(text)])


def numbers_digest(year: int | None, cells: Mapping[str, Number | None]) -> bytes | None:
    """Year and cells; None where no cell holds a number: nothing proves nothing."""
    if all(value is None for value in cells.values()):
        return None
    return digest_of([year, {name: _plain(value) for name, value in cells.items()}])


def text_digest(report: Report, text: str) -> bytes | None:
    """The text without its years and the name of its body; None where it is too short to prove anything."""
    folded = without_counters(text)
    if report.agency.name:
        folded = folded.replace(report.agency.name, "")
    masked = _YEAR.sub("", folded)
    return digest_of(masked) if len(masked) >= _SHORTEST else None


def without_counters(text: str) -> str:
    """A text without white space and without what counts its readers."""
    return _COUNTER.sub("", "".join(text.split()))


def _plain(value: Number | None) -> Number | None:
    """``3`` and ``3.0`` are one number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
