"""The label block of a page: what the portal itself says about the document.

Portals print the same dozen facts (索引号, 发布机构, 发布日期 …) in every thinkable layout: tables of label and
value, list items, paragraphs with many labels, labels and values on lines of their own, labels padded with
spaces, labels without a colon. One reader turns all of them into pairs; what a pair means is data. A label that
is printed without a value stays empty: the next line is a value only where it looks like one.

Trust falls from what is printed above the text, to the ``<meta>`` tags that 国办发〔2017〕47号 prescribes, to what
was known from outside.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pipelines.agencies import names_a_body
from pipelines.blocks import Block, Table
from pipelines.dates import parse_date
from pipelines.record import Metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_MAX_TEXT: Final = 100_000
_MAX_ROWS: Final = 40
_MAX_CELLS: Final = 12
_MAX_CELL: Final = 500
_MAX_LINE: Final = 2_000
_MAX_VALUE: Final = 300
_STRONG: Final = 3
_GAP: Final = r"[\s\u200b\ufeff]{0,6}"
_UNKNOWN_LABEL: Final = re.compile(r"[\s】\]][\u3400-\u9fff]{2,8}[:：]")
_BEGINNING_OF_LABEL: Final = re.compile(r"\s[\u3400-\u9fff]{2,4}$")
_BRACKETS: Final = ("（）", "()", "【】", "[]", "《》")
_EDGES: Final = "{} \t\r\n\u3000\xa0\u200b\ufeff:：|｜,，;；\"“”'"
_COLONS: Final = (":", "：")
_DATES: Final = frozenset({"published", "created"})
_SITE_ID: Final = re.compile(r"\d{10}|bm\d{8}")


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What a page says of its site and column (国办发〔2017〕47号); None where it says nothing plausible.

    Attributes:
        site_name: 网站名称.
        site_id: 网站标识码: ten digits, or ``bm`` and eight digits for ministries.
        column_name: 栏目名称.
        column_type: 栏目类别; 信息公开年报 for annual reports.
        source: 内容来源.
    """

    site_name: str | None = None
    site_id: str | None = None
    column_name: str | None = None
    column_type: str | None = None
    source: str | None = None


class _Pair(NamedTuple):
    """A label with the text beside it; ``certain`` if a colon or a table makes it a label beyond doubt."""

    label: str
    value: str
    certain: bool = True


@dataclass(frozen=True, slots=True)
class _Lexicon:
    fields: dict[str, str]
    rank: dict[str, int]
    prefixes: frozenset[str]
    label: re.Pattern[str]
    chrome: re.Pattern[str]
    shapes: dict[str, re.Pattern[str]]
    nothing: frozenset[str]
    metas: dict[str, list[str]]
    implausible: frozenset[str]
    body: re.Pattern[str]
    body_tables: re.Pattern[str]
    prose: int


@cache
def _lexicon() -> _Lexicon:
    data: dict[str, Any] = tomllib.loads(files("pipelines.data").joinpath("metadata.toml").read_text("utf-8"))
    fields = {label: field for field, labels in data["fields"].items() for label in labels}
    fields |= dict.fromkeys(data["other"]["labels"], "")
    longest_first = sorted(fields, key=len, reverse=True)
    padded = "|".join(map(_padded, longest_first))
    chrome, certain = (
        "|".join(map(re.escape, sorted(data["chrome"][kind], key=len, reverse=True)))
        for kind in ("words", "certain")
    )
    openings = "|".join(map(re.escape, data["body"]["openings"]))
    shapes = data["shapes"]
    by_field = {
        **dict.fromkeys(_DATES, shapes["date"]),
        **dict.fromkeys(("publisher", "source"), shapes["agency"]),
        **{field: shapes[field] for field in ("index_number", "document_number", "validity")},
    }
    return _Lexicon(
        fields=fields,
        rank={label: i for i, label in enumerate(fields)},
        prefixes=frozenset(label[:2] for label in fields if len(label) >= _STRONG),
        label=re.compile(rf"({padded})(?:{_GAP}[\"”’】\])]?{_GAP}([:：]))?"),
        chrome=re.compile(
            rf"(?:(?:^|[\s\[【［(（|｜]{{1,8}})(?:{chrome})(?![\u3400-\u9fff])|{certain}).*", re.DOTALL
        ),
        shapes={field: re.compile(shape) for field, shape in by_field.items()},
        nothing=frozenset(data["nothing"]["values"]),
        metas={field: names for field, names in data["metas"].items() if field != "implausible"},
        implausible=frozenset(data["metas"]["implausible"]),
        body=re.compile(rf"[\s\u200b\ufeff]{{0,8}}(?:{data['body']['headings']}|{openings})"),
        body_tables=re.compile("|".join(map(re.escape, data["body"]["tables"]))),
        prose=data["body"]["prose"],
    )


def _padded(label: str) -> str:
    """Pattern of a label: a long one is padded between all its characters or none, as 长期公开 责任部门 is two words."""
    spaced = _GAP.join(map(re.escape, label))
    return spaced if len(label) <= _STRONG else f"{re.escape(label)}|{spaced.replace('{0,6}', '{1,6}')}"


def read_metadata(
    blocks: Sequence[Block], metas: Mapping[str, str], extra: Mapping[str, str] | None = None
) -> Metadata:
    """Read the label block of a page.

    Args:
        blocks: paragraphs and tables from the top of the page; what follows the opening of the text is ignored.
        metas: ``<meta>`` name (lower case) → content, of the document's own head.
        extra: labels known from outside (columns of a dump) → text; they speak where the page is silent.

    Returns:
        The fields, dates in ISO 8601 with the precision printed, and ``raw`` with every label found in the
        block or in ``extra``. A label printed without a value is in ``raw`` with an empty text. Where no label
        tells the publisher, 来源 does if it names a body.
    """
    pairs = [_without_label_as_value(pair) for pair in _block_pairs(_above_the_text(blocks))]
    raw: dict[str, str] = {}
    for pair in pairs:
        if not raw.get(pair.label):
            raw[pair.label] = pair.value
    fields = _fields(pairs)
    for field, value in _from_metas(metas):
        fields.setdefault(field, value)
    outside = [_Pair("".join(label.split()), _clean(value)) for label, value in (extra or {}).items()]
    for field, value in _fields(outside).items():
        fields.setdefault(field, value)
    for pair in outside:
        if len(pair.value) < _MAX_VALUE:  # a longer one is no label's text but a column of prose
            raw.setdefault(pair.label, pair.value)
    if "publisher" not in fields and (body := _body_as_source(fields, raw)):
        fields["publisher"] = body
    return Metadata(**fields, raw=raw)


def page_facts(metas: Mapping[str, str]) -> PageFacts:
    """What the ``<meta>`` tags say of site and column, for finding out whose report a page is."""

    def fact(name: str) -> str | None:
        value = " ".join(metas.get(name, "").split())
        return value[:_MAX_VALUE] or None

    site_id = fact("siteidcode")
    return PageFacts(
        site_name=fact("sitename"),
        site_id=site_id if site_id and _SITE_ID.fullmatch(site_id) else None,
        column_name=fact("columnname"),
        column_type=fact("columntype"),
        source=fact("contentsource"),
    )


# --- from blocks to pairs --------------------------------------------------------------------------


def _above_the_text(blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks up to the opening of the text: a heading, an opening phrase, prose, or a statutory table."""
    left = _MAX_TEXT
    for block in blocks:
        if _is_statutory(block) if isinstance(block, Table) else _opens_the_text(block):
            return
        yield block
        left -= _size(block) if isinstance(block, Table) else len(block) + 1
        if left < 0:
            return


def _size(table: Table) -> int:
    return sum(len(cell.text) + 1 for row in table.rows[:_MAX_ROWS] for cell in row[:_MAX_CELLS])


def _opens_the_text(line: str) -> bool:
    lexicon = _lexicon()
    if lexicon.body.match(line) or lexicon.body_tables.search(line):
        return True
    return len(line) >= lexicon.prose and "。" in line and not lexicon.label.match(line)


def _is_statutory(table: Table) -> bool:
    mark = _lexicon().body_tables
    return any(mark.search(cell.text) for row in table.rows[:3] for cell in row[:4])


def _block_pairs(blocks: Iterable[Block]) -> Iterator[_Pair]:
    lines: list[str] = []
    for block in blocks:
        if isinstance(block, Table):
            yield from _lines_pairs(lines)
            lines = []
            yield from _table_pairs(block)
        else:
            lines.append(block[:_MAX_LINE])
    yield from _lines_pairs(lines)


def _lines_pairs(lines: Sequence[str]) -> list[_Pair]:
    """Pairs from consecutive lines; a label without a value may find it on the next line."""
    found = [_line_pairs(line) for line in lines]
    pairs: list[_Pair] = []
    for i, (*complete, last) in ((i, in_line) for i, in_line in enumerate(found) if in_line):
        pairs += complete
        if not last.value and i + 1 < len(lines) and not found[i + 1]:
            after = found[i + 2] if i + 2 < len(lines) else []
            value = _next_line_value(last, lines[i + 1], between=_is_bare(after))
            with_colon = last.certain or lines[i + 1].lstrip().startswith(_COLONS)
            last = _Pair(last.label, value, certain=with_colon)  # noqa: PLW2901
        pairs.append(last)
    return _proved(pairs)


def _proved(pairs: Sequence[_Pair]) -> list[_Pair]:
    """Labels without a colon are labels only where one of them proves it by the shape of its value."""
    fields = _lexicon().fields
    if any(not pair.certain and _fits_strictly(fields[pair.label], pair.value) for pair in pairs):
        return [_Pair(pair.label, pair.value) for pair in pairs]
    return [pair for pair in pairs if pair.certain]


def _is_bare(pairs: Sequence[_Pair]) -> bool:
    return len(pairs) == 1 and not pairs[0].value


def _next_line_value(pair: _Pair, line: str, *, between: bool) -> str:
    """The next line as the value of a label that stands alone, if it is one.

    It is where it starts with the colon, where it looks like a value of this label, or where it stands
    between two labels that stand alone and is no title.
    """
    value = _clean(line)
    field = _lexicon().fields[pair.label]
    if line.lstrip().startswith(_COLONS) or _fits(field, value):
        return value
    free = field not in _lexicon().shapes or field in {"publisher", "source"}
    return value if between and free and (field == "title" or not _is_title(value)) else ""


_TITLE: Final = re.compile(r"[年度].{0,30}(?:报告|年报)|关于.{2,}")


def _is_title(text: str) -> bool:
    return len(text) > 30 or _TITLE.search(text) is not None  # noqa: PLR2004 - longest value of a short field


def _line_pairs(line: str) -> list[_Pair]:
    """All labels of one line with the text up to the next label."""
    lexicon = _lexicon()
    compact = "".join(line[:24].split()).lstrip("[【")
    if (
        ":" not in line
        and "：" not in line
        and compact[:2] not in lexicon.prefixes
        and compact not in lexicon.fields
    ):
        return []
    matches: list[re.Match[str]] = []
    for match in lexicon.label.finditer(line):
        if _may_be_label(match, line, matches[-1].end() if matches else None):
            matches.append(match)
    if not matches:
        return []
    pairs = _cut_at(matches, line)
    if all(pair.certain for pair in pairs) or _is_alone(pairs, line):
        return pairs
    proved = _proved(pairs)
    return proved if len(proved) == len(pairs) else _cut_at([match for match in matches if match[2]], line)


def _cut_at(matches: Sequence[re.Match[str]], line: str) -> list[_Pair]:
    ends = [*(match.start() for match in matches[1:]), len(line)]
    return [
        _Pair("".join(match[1].split()), _clean(line[match.end() : end]), certain=match[2] is not None)
        for match, end in zip(matches, ends, strict=False)
    ]


def _is_alone(pairs: Sequence[_Pair], line: str) -> bool:
    return len(pairs) == 1 and len("".join(line.split())) == len(pairs[0].label)


def _may_be_label(match: re.Match[str], line: str, previous: int | None) -> bool:
    """Whether a known word may be a label here: not the tail of a longer word.

    Args:
        match: the word, with a colon or without.
        line: the line that it stands in.
        previous: end of the label before it, if there is one.
    """
    before = line[match.start() - 1] if match.start() else " "
    label = "".join(match[1].split())
    if match[2] is None:
        return before in " \t\u3000\xa0|｜;；[【" and (len(label) >= _STRONG or match.end() == len(line))
    if not before.isalpha():
        return True
    # Spans that ran together: 来源：某局时间：2024-03-08. But 原文发布日期 after a space is a longer, unknown label.
    if previous is None or _BEGINNING_OF_LABEL.search(line, previous, match.start()):
        return False
    is_date = _lexicon().fields[label] in _DATES and _lexicon().shapes["published"].match(
        line[match.end() :].lstrip()
    )
    return len(label) >= _STRONG or is_date is not None


def _table_pairs(table: Table) -> list[_Pair]:
    """Pairs of a table of labels and values; nothing of any other table."""
    rows = [[cell.text[:_MAX_CELL] for cell in row[:_MAX_CELLS]] for row in table.rows[:_MAX_ROWS]]
    if (header := _header_row(rows)) is not None:
        labels, values = map(_compact_label, rows[header]), map(_clean, rows[header + 1])
        pairs = [_Pair(label, value) for label, value in zip(labels, values, strict=True)]
        # Labels above their values belong to one document; a table of documents has more rows, or names them.
        one = header + 2 == len(rows) and all(_lexicon().fields[pair.label] != "title" for pair in pairs)
        return pairs if one else []
    pairs = [pair for row in rows for pair in _row_pairs(row)]
    known = {_lexicon().fields.get(pair.label) for pair in pairs} - {None, ""}
    colons = any(cell.rstrip().endswith(_COLONS) for row in rows for cell in row)
    return pairs if len(known) > 1 or (known and colons) else []


def _header_row(rows: Sequence[Sequence[str]]) -> int | None:
    for i, row in enumerate(rows[:-1]):
        if len(row) > 1 and all(_is_known(cell) for cell in row) and len(rows[i + 1]) == len(row):
            return None if any(_is_known(cell) for cell in rows[i + 1]) else i
    return None


def _row_pairs(row: Sequence[str]) -> Iterator[_Pair]:
    has_known = any(_is_known(cell) for cell in row)
    i = 0
    while i < len(row):
        text = row[i]
        if _is_known(text) or (has_known and _is_label_like(text, i, row)):
            value = row[i + 1] if i + 1 < len(row) and not _is_known(row[i + 1]) else ""
            yield _Pair(_compact_label(text), _clean(value))
            i += 2 if i + 1 < len(row) and not _is_known(row[i + 1]) else 1
            continue
        yield from _lines_pairs(text.split("\n"))
        i += 1


def _is_known(cell: str) -> bool:
    return _compact_label(cell) in _lexicon().fields


def _is_label_like(cell: str, index: int, row: Sequence[str]) -> bool:
    """An unknown label beside known ones: it has a colon at its end, or stands where labels stand."""
    label = _compact_label(cell)
    if not label or len(label) > 8 or any(c.isdigit() for c in label):  # noqa: PLR2004 - longest label
        return False
    if cell.rstrip().endswith(_COLONS):
        return True
    return len(row) > 2 and len(row) % 2 == 0 and index % 2 == 0  # noqa: PLR2004 - label, value, label, value


def _compact_label(cell: str) -> str:
    return "".join(cell[:40].split()).strip("\u200b\ufeff[]【】〔〕").rstrip(":：").rstrip("]】〕")


def _without_label_as_value(pair: _Pair) -> _Pair:
    value = _compact_label(pair.value)
    return _Pair(pair.label, "") if len(value) >= _STRONG and value in _lexicon().fields else pair


# --- from pairs to fields --------------------------------------------------------------------------


def _clean(text: str) -> str:
    """A value folded to one line, without page machinery, the next label, and separators around it."""
    text = " ".join(text[:_MAX_LINE].split()).lstrip(_EDGES + "】]").rstrip(_EDGES)
    for end in (_lexicon().chrome, _UNKNOWN_LABEL):
        if match := end.search(text):
            text = text[: match.start()].rstrip(_EDGES)
    for opening, closing in _BRACKETS:
        while text.endswith((opening, closing)) and text.count(opening) != text.count(closing):
            text = text[:-1].rstrip(_EDGES)
    return text[:_MAX_VALUE]


def _fits(field: str, value: str) -> bool:
    shape = _lexicon().shapes.get(field)
    return bool(shape and shape.fullmatch(value) and (field not in _DATES or parse_date(value)))


def _fits_strictly(field: str, value: str) -> bool:
    return field not in {"publisher", "source"} and _fits(field, value)


def _fields(pairs: Sequence[_Pair]) -> dict[str, str]:
    """The value of each field: the better label first, then the earlier; empty values say nothing."""
    lexicon = _lexicon()
    known = [pair for pair in pairs if lexicon.fields.get(pair.label)]
    known.sort(key=lambda pair: lexicon.rank[pair.label])
    index_shape = lexicon.shapes["index_number"]
    fields: dict[str, str] = {}
    misplaced: str | None = None
    for label, value, _ in known:
        field = lexicon.fields[label]
        if not value or value.lower() in lexicon.nothing:
            continue
        if field == "document_number" and index_shape.fullmatch(value):
            misplaced = misplaced or value
        elif field in _DATES:
            if date := parse_date(value):
                fields[field] = _more_precise(fields.get(field), date)
        elif field == "index_number" and not any(c.isdigit() for c in value):
            continue
        else:
            fields.setdefault(field, value)
    if misplaced:
        fields.setdefault("index_number", misplaced)
    return fields


def _body_as_source(fields: Mapping[str, str], raw: Iterable[str]) -> str | None:
    """来源 where it names a body and the page has no label for the publisher: many portals print only that."""
    source = fields.get("source")
    labelled = any(_lexicon().fields.get(label) == "publisher" for label in raw)
    return source if source and not labelled and names_a_body(source) else None


def _more_precise(known: str | None, date: str) -> str:
    """The first date, unless the other one is the same moment in more detail."""
    return date if known is None or date.startswith(known) else known


def _from_metas(metas: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    lexicon = _lexicon()
    for field, names in lexicon.metas.items():
        for name in names:
            value = " ".join(metas.get(name, "").split())[:_MAX_VALUE]
            if not value or value in lexicon.implausible:
                continue
            if field in _DATES:
                if date := parse_date(value):
                    yield field, date
            else:
                yield field, value
