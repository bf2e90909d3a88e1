"""Pages as portals serve them: real tables in every layout and markup habit that we claim to read."""

from __future__ import annotations

import html
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pipelines.document import Document
from tests.rendering import form, prose
from tests.rendering.form import PLAIN, Box, Change, Rows, Style, unchanged
from tests.rendering.values import fixed

if TYPE_CHECKING:
    from random import Random

    from tests.rendering.values import Sheet

CELL_STYLE: Final = "width:48.2pt;padding:3.75pt;border-left:none;mso-border-left-alt:none;border-top:none;"
SPAN_STYLE: Final = "font-family:仿宋_GB2312;font-size:14.0000pt;"

MARKUPS: Final = ("plain", "paragraph", "word", "breaks")
CLOSINGS: Final = ("full", "no_cell_end", "no_row_start", "none")
SECTIONINGS: Final = ("tbody", "none", "thead")
ARRANGEMENTS: Final = ("three", "blocks", "cut", "cut_head", "one", "nested")
DECOYS: Final = ("", "hidden", "attribute", "script", "comment", "template")
METADATA: Final = ("none", "table", "list", "line")


@dataclass(frozen=True)
class Layout:
    """How a page is drawn.

    Attributes:
        arrangement: three tables; table 2 in blocks; table 3 cut in two, also with its head printed again;
            all three in one table; each inside a layout table.
        cut_at: row of table 3 before which it is cut.
        restart: merged cells are printed again after the cut.
        spans: span attributes are kept.
        markup: what stands inside a cell.
        closing: which tags are left out.
        sectioning: tbody, none, or thead and tbody.
        head_cells: head cells are ``th``.
        split: labels are split over spans and breaks, numbers over spans.
        decoy: where last year's tables hide.
        metadata: form of the label block.
        chrome: navigation, related links, footer.
        seed: for the places of breaks and splits.
    """

    style: Style = PLAIN
    arrangement: str = "three"
    cut_at: int = 10
    restart: bool = True
    spans: bool = True
    markup: str = "plain"
    closing: str = "full"
    sectioning: str = "tbody"
    head_cells: bool = False
    split: bool = False
    decoy: str = ""
    metadata: str = "none"
    chrome: bool = False
    seed: int = 0


def layout(rng: Random) -> Layout:
    """Any combination of the layouts that we claim to read."""
    return Layout(
        style=style(rng),
        arrangement=rng.choice(ARRANGEMENTS),
        cut_at=4 + rng.randrange(20),
        restart=rng.choice((True, False)),
        spans=rng.choice((True, True, False)),
        markup=rng.choice(MARKUPS),
        closing=rng.choice(CLOSINGS),
        sectioning=rng.choice(SECTIONINGS),
        head_cells=rng.choice((False, True)),
        split=rng.choice((False, True)),
        decoy=rng.choice(DECOYS),
        metadata=rng.choice(METADATA),
        chrome=rng.choice((False, True)),
        seed=rng.randrange(1000),
    )


def style(rng: Random) -> Style:
    """Any combination of local habits; at most a few wordings differ from the form."""
    labels = [rng.choice(tuple(form.VARIANTS)) for _ in range(rng.choice((0, 0, 2, 6)))]
    return Style(
        words={label: rng.choice(form.VARIANTS[label]) for label in labels},
        five_columns=rng.choice((True, False)),
        local_row=rng.choice((False, False, True)),
        subtotal=rng.choice((False, False, False, True)),
        empty_label=rng.choice((False, False, True)),
        trailing=rng.choice((0, 0, 0, 1, 12)),
    )


def unpadded(look: Layout) -> Layout:
    """The layout without empty cells: beside them nobody can tell a blank or a lost figure from padding."""
    return replace(look, style=replace(look.style, trailing=0, empty_label=False))


def page(sheet: Sheet, look: Layout, change: Change = unchanged) -> str:
    """A whole page, its tables changed by ``change`` before they are drawn."""
    block = _metadata(sheet, look.metadata)
    nav, foot = (prose.NAV, prose.FOOT) if look.chrome else ("", "")
    return (
        f'<!DOCTYPE html>\n<html lang="zh"><head><meta charset="utf-8"><title>{sheet.title}</title>'
        "<style>.a{color:#333}</style></head>\n<body>"
        f'{nav}{block}<div class="article"><h1>{sheet.title}</h1>{_decoy(sheet, look)}'
        f'<div class="TRS_Editor">{content(sheet, look, change)}</div></div>{foot}</body></html>\n'
    )


def content(sheet: Sheet, look: Layout, change: Change = unchanged) -> str:
    """The article: prose and tables."""
    rng = fixed(look.seed)
    second, third, fourth = (
        [draw(rows, look, rng) for rows in tables] for tables in _arranged(sheet, look, change)
    )
    parts = [_paragraph(text, look) for text in prose.opening(sheet.agency, sheet.year)]
    heads = prose.HEADS
    if look.arrangement == "one":
        parts += [*second]
    else:
        parts += [_paragraph(heads[1], look), *second, _paragraph(heads[2], look), *third]
        parts += [_paragraph(heads[3], look), *fourth]
    parts += [_paragraph(text, look) for text in prose.closing(sheet.year)]
    return "\n".join(parts)


def document(sheet: Sheet, look: Layout, encoding: str = "utf-8", change: Change = unchanged) -> Document:
    """The page as it is handed in, in one of the encodings of ``encoded``."""
    body, content_type = encoded(page(sheet, look, change), encoding)
    return Document(url="https://www.example.gov.cn/zfxxgk/nb/t1.html", body=body, content_type=content_type)


ENCODINGS: Final = (
    "utf-8",
    "utf-8-bom",
    "gbk",
    "gb18030",
    "utf-16",
    "lying_header",
    "lying_meta",
    "undeclared",
)


def encoded(text: str, encoding: str) -> tuple[bytes, str | None]:
    """Bytes and ``Content-Type`` for a page, honest or not about its encoding."""
    utf8 = '<meta charset="utf-8">'
    gbk = text.replace(utf8, '<meta http-equiv="Content-Type" content="text/html; charset=gb2312">')
    return {
        "utf-8": (text.encode(), "text/html; charset=utf-8"),
        "utf-8-bom": (text.encode("utf-8-sig"), "text/html"),
        "gbk": (gbk.encode("gbk", "xmlcharrefreplace"), "text/html; charset=GBK"),
        "gb18030": (gbk.encode("gb18030"), "text/html"),
        "utf-16": (text.encode("utf-16"), None),
        "lying_header": (gbk.encode("gbk", "xmlcharrefreplace"), "text/html; charset=utf-8"),
        "lying_meta": (gbk.encode(), "text/html"),
        "undeclared": (text.replace(utf8, "").encode(), None),
    }[encoding]


def draw(rows: Rows, look: Layout, rng: Random) -> str:
    """One table in markup."""
    if not look.spans:
        rows = form.without_spans(rows)
    heads = next((i for i, row in enumerate(rows) if any(b.role in ("label", "value") for b in row)), 0)
    lines = [_row(row, look, rng, first=index == 0) for index, row in enumerate(rows)]
    body = "\n".join(lines)
    match look.sectioning:
        case "tbody":
            body = f"<tbody>{body}</tbody>"
        case "thead" if heads and not any(
            b.rowspan > heads - i for i, r in enumerate(rows[:heads]) for b in r
        ):
            body = f"<thead>{''.join(lines[:heads])}</thead><tbody>{''.join(lines[heads:])}</tbody>"
    table = f'<table border="1" cellspacing="0" style="border-collapse:collapse">{body}</table>'
    if look.arrangement == "nested":
        return f'<table class="layout"><tr><td class="l"></td><td><div>{table}</div></td></tr></table>'
    return table


def _arranged(
    sheet: Sheet, look: Layout, change: Change = unchanged
) -> tuple[list[Rows], list[Rows], list[Rows]]:
    """The pieces of tables 2, 3 and 4 (``one``: everything in the first)."""
    blocks = [change("proactive", block) for block in form.proactive(sheet, look.style)]
    second = [[row for block in blocks for row in block]]
    third = [change("applications", form.applications(sheet, look.style))]
    fourth = [change("disputes", form.disputes(sheet, look.style))]
    match look.arrangement:
        case "blocks":
            second = blocks
        case "cut" | "cut_head":
            heads = 3 if look.arrangement == "cut_head" else 0
            third = list(form.cut(third[0], look.cut_at, heads=heads, restart=look.restart))
        case "one":
            title = [[[Box(head, "group", colspan=10)]] for head in prose.HEADS[1:4]]
            return [title[0] + second[0] + title[1] + third[0] + title[2] + fourth[0]], [], []
    return second, third, fourth


def _row(row: list[Box], look: Layout, rng: Random, *, first: bool) -> str:
    cells = "".join(_cell(box, look, rng) for box in row)
    height = ' style="height:25.5pt"' if look.markup == "word" else ""
    match look.closing:
        case "no_row_start" if not first and row:  # a cell outside a row opens one by itself
            return f"{cells}</tr>"
        case "none":
            return f"<tr{height}>{cells}"
    return f"<tr{height}>{cells}</tr>"


def _cell(box: Box, look: Layout, rng: Random) -> str:
    tag = "th" if look.head_cells and box.role == "head" else "td"
    spans = "".join(
        f' {name}="{span}"' for name, span in (("colspan", box.colspan), ("rowspan", box.rowspan)) if span > 1
    )
    attributes = f' valign="center" style="{CELL_STYLE}"' if look.markup == "word" else ""
    end = f"</{tag}>" if look.closing in ("full", "no_row_start") else ""
    return f"<{tag}{attributes}{spans}>{_inside(box, look, rng)}{end}"


def _inside(box: Box, look: Layout, rng: Random) -> str:
    text = _split(box, look, rng) if look.split else _escaped(box.text)
    match look.markup:
        case "paragraph":
            return f'\n<p style="text-align:center;">\n  {text or "&nbsp;"}\n</p>\n'
        case "word":
            pad = "&nbsp;&nbsp;" if rng.random() < 0.2 else ""
            return (
                f'<p class="MsoNormal" style="line-height:21.0000pt"><span style="{SPAN_STYLE}">{pad}'
                f'<font face="仿宋_GB2312">{text}</font></span><o:p></o:p></p>'
            )
        case "breaks":
            return f"<br/>{text}<br>" if text else "<br/>"
    return text


def _split(box: Box, look: Layout, rng: Random) -> str:
    """A label broken over lines or spans; the digits of a number in several spans, never broken."""
    text = box.text
    if len(text) < 2:
        return _escaped(text)
    at = 1 + rng.randrange(len(text) - 1)
    parts = [_escaped(part) for part in (text[:at], text[at:])]
    if box.role in ("value", "extra"):
        joints = ["</span><span>", "</span><!-- x --><span>", "</font></span><span><font>"]
    else:
        joints = ["<br>", "</span><span>", "<br/>\n", "</p><p>" if look.markup == "paragraph" else "<br>"]
    joint = rng.choice(joints)
    if "span" in joint:
        font = "font" in joint
        return f"<span>{'<font>' * font}{parts[0]}{joint}{parts[1]}{'</font>' * font}</span>"
    return joint.join(parts)


def _escaped(text: str) -> str:
    return html.escape(text, quote=False).replace("\n", "<br>")


def _paragraph(text: str, look: Layout) -> str:
    if look.markup == "word":
        return f'<p class="MsoNormal" style="text-indent:32pt"><span style="{SPAN_STYLE}">{text}<o:p></o:p></span></p>'
    return f"<p>{text}</p>"


def _decoy(sheet: Sheet, look: Layout) -> str:
    """Tables with other figures that no reader of the page sees."""
    if not look.decoy:
        return ""
    other = sheet.reprinted(dict.fromkeys(sheet.printed, "7"))
    plain = replace(Layout(), style=look.style)
    tables = "".join(draw(rows, plain, fixed(0)) for piece in _arranged(other, plain) for rows in piece)
    return {
        "hidden": f'<div style="display: none">{tables}</div>',
        "attribute": f"<div hidden>{tables}</div>",
        "script": f"<script>var last = '{tables}';</script>",
        "comment": f"<!-- {tables} -->",
        "template": f"<template>{tables}</template>",
    }[look.decoy]


def _metadata(sheet: Sheet, kind: str) -> str:
    pairs = prose.metadata(sheet.agency, sheet.title, sheet.year)
    match kind:
        case "table":
            items = [f"<td><b>{label}：</b></td><td>{value}</td>" for label, value in pairs]
            rows = "".join(f"<tr>{''.join(items[i : i + 2])}</tr>" for i in range(0, len(items), 2))
            return f'<table class="xxgk_table" width="100%">{rows}</table>'
        case "list":
            return f"<ul>{''.join(f'<li><span>{k}：</span><span>{v}</span></li>' for k, v in pairs)}</ul>"
        case "line":
            return f"<p>{'　'.join(f'{k}：{v}' for k, v in pairs)}</p>"
    return ""
