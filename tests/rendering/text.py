"""Reports as text: one cell a line, rows on lines, or the cells of a row run together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipelines.document import Document
from tests.rendering import form, prose
from tests.rendering.form import PLAIN, Box, Change, Rows, Style, unchanged
from tests.rendering.html import style
from tests.rendering.values import fixed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from tests.rendering.values import Sheet

LINE_BREAKS: Final = ("\n", "\n\n", "\r\n", "\n　\n", "\n \t\n", "\n\x0b\n", "\n\xa0\n")
GAPS: Final = ("\t", " | ", "  ", "　")
WRAPPED: Final = ("商业企业", "科研机构", "其他结果", "尚未审结", "结果维持", "结果纠正", "社会公益组织")


@dataclass(frozen=True)
class Setting:
    """How a text is set.

    Attributes:
        kind: ``lines`` (one cell a line), ``rows`` (one row a line), ``joined`` (cells run together).
        line: what ends a line in ``lines``.
        gap: what separates the cells of a row in ``rows``.
        wrap: head labels are wrapped over two lines (``lines``).
        ruled: Markdown rules and outer pipes (``rows`` with pipes).
        spaces: some spaces survive between the values (``joined``).
        sections: ``joined`` runs the whole text into one line, else sections stand on lines.
        metadata: a label block stands above.
        seed: for the places of breaks.
    """

    kind: str = "lines"
    style: Style = PLAIN
    line: str = "\n"
    gap: str = "\t"
    wrap: bool = False
    ruled: bool = False
    spaces: bool = False
    sections: bool = True
    metadata: bool = False
    seed: int = 0


def setting(rng: Random, kind: str) -> Setting:
    """Any text setting of one kind that we claim to read."""
    return Setting(
        kind=kind,
        style=_plain_columns(style(rng)),
        line=rng.choice(LINE_BREAKS),
        gap=rng.choice(GAPS),
        wrap=rng.choice((False, True)),
        ruled=rng.choice((False, True)),
        spaces=rng.choice((False, True)),
        sections=rng.choice((True, False)),
        metadata=rng.choice((False, True)),
        seed=rng.randrange(1000),
    )


def shows_blanks(look: Setting) -> bool:
    """Whether an empty cell leaves a trace in this setting."""
    return look.kind == "rows" and look.gap in ("\t", " | ")


def page(sheet: Sheet, look: Setting, change: Change = unchanged) -> str:
    """The whole text, its tables changed by ``change`` before they are set."""
    rng = fixed(look.seed)
    labels = prose.metadata(sheet.agency, sheet.title, sheet.year) if look.metadata else []
    above = [*(f"{label}：{value}" for label, value in labels), sheet.title, ""]
    parts = prose.opening(sheet.agency, sheet.year)
    for head, rows in zip(prose.HEADS[1:4], _tables(sheet, look.style, change), strict=True):
        parts += [head, _set(rows, look, rng)]
    parts += prose.closing(sheet.year)
    return "\n".join(above) + ("\n" if look.sections or look.kind != "joined" else "").join(parts) + "\n"


def document(sheet: Sheet, look: Setting, change: Change = unchanged) -> Document:
    """The text as a row of an earlier scrape."""
    return Document(
        url="https://www.example.gov.cn/zfxxgk/nb/t1.html", text=page(sheet, look, change), title=sheet.title
    )


def told(sheet: Sheet, tables: Iterable[int] = (1, 2, 3)) -> str:
    """A report in which a sentence stands in place of some tables (1 to 3: of sections 2 to 4)."""
    parts = [sheet.title, *prose.opening(sheet.agency, sheet.year)]
    for number, (head, rows) in enumerate(zip(prose.HEADS[1:4], _tables(sheet, PLAIN), strict=True), start=1):
        look = Setting()
        parts += [head, prose.sentence(sheet.year) if number in tables else _set(rows, look, fixed(0))]
    return "\n".join(parts + prose.closing(sheet.year)) + "\n"


def _tables(sheet: Sheet, habits: Style, change: Change = unchanged) -> tuple[Rows, Rows, Rows]:
    blocks = [change("proactive", block) for block in form.proactive(sheet, habits)]
    return (
        [row for block in blocks for row in block],
        change("applications", form.applications(sheet, habits)),
        change("disputes", form.disputes(sheet, habits)),
    )


def _set(rows: Rows, look: Setting, rng: Random) -> str:
    match look.kind:
        case "lines":
            cells = [_wrapped(box, look) for row in rows for box in row if box.text.strip()]
            return look.line.join(cells)
        case "rows":
            return _rows(rows, look)
        case "joined":
            return "".join(_joined(row, look, rng) for row in rows)
    raise ValueError(look.kind)


def _wrapped(box: Box, look: Setting) -> str:
    if look.wrap and box.role == "head" and box.text in WRAPPED:
        return f"{box.text[:2]}{look.line}{box.text[2:]}"
    return box.text


def _rows(rows: Rows, look: Setting) -> str:
    lines = [look.gap.join(box.text for box in row) for row in rows]
    if look.gap == " | " and look.ruled:
        lines = [f"| {line} |" for line in lines]
        lines.insert(1, "|" + "---|" * 10)
    return "\n".join(lines)


def _joined(row: list[Box], look: Setting, rng: Random) -> str:
    """Labels and figures without a gap; an ordinal of the next row touches the last figure."""
    text = ""
    for box in row:
        text += " " if look.spaces and box.role == "value" and rng.random() < 0.15 else ""
        text += box.text
    return text


def _plain_columns(habits: Style) -> Style:
    # Without borders nobody can tell a local column or row from the form, so text has none.
    return Style(words=habits.words, five_columns=habits.five_columns)
