"""The statutory tables as physical cells, before they are drawn in any markup.

Spans follow the printed forms: table 2 of v1 has five physical columns, and its data rows merge other
columns than the head above them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from pipelines.statutory.templates import tables

if TYPE_CHECKING:
    from pipelines.statutory.templates import TableName, Version
    from tests.rendering.values import Sheet

Role = Literal["head", "label", "group", "value", "extra", "empty"]

CORNER: Final = "（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）"
RESULTS_HEAD: Final = "三、本年度办理结果"
CLAUSES: Final = {
    "art. 20(1)": "一",
    "art. 20(5)": "五",
    "art. 20(6)": "六",
    "art. 20(8)": "八",
    "art. 20(9)": "九",
}
# Span of each head and of each value cell in the five-column v1 form, by number of value columns.
V1_HEAD_SPANS: Final = {3: (1, 2, 1), 2: (2, 2)}
V1_VALUE_SPANS: Final = {"art. 20(1)": (1, 2, 1), "art. 20(5)": (2, 1, 1), "art. 20(6)": (2, 1, 1)}

# Official label → wordings met in the wild that mean the same.
VARIANTS: Final[Mapping[str, tuple[str, ...]]] = {
    "总计": ("合计",),
    "（七）总计": ("(七)总计", "（七）合计", "（七） 总计"),
    "（六）其他处理": ("(六)其他处理", "（六）其它处理"),
    "（一）予以公开": ("(一)予以公开",),
    "（二）部分公开（区分处理的，只计这一情形，不计其他情形）": (
        "（二）部分公开(区分处理的,只计这一情形,不计其他情形)",
        "（二）部分公开",
    ),
    "一、本年新收政府信息公开申请数量": ("一、本年度新收政府信息公开申请数量",),
    "二、上年结转政府信息公开申请数量": (
        "二、上年度结转政府信息公开申请数量",
        "二、上一年度转结政府信息公开申请数量",
    ),
    "2.其他法律行政法规禁止公开": ("2.其他法律和行政法规禁止公开", "2．其他法律、行政法规禁止公开"),
    "3.危及“三安全一稳定”": ('3.危及"三安全一稳定"', "3．危及三安全一稳定"),
    "4.保护第三方合法权益": ("4、保护第三方的合法权益",),
    "5.属于三类内部事务信息": ("5.属于三类内部事务性信息",),
    "1.信访举报投诉类申请": ("1．信访举报投诉类申请", "1 .信访举报投诉类申请"),
    "1.申请人无正当理由逾期不补正、行政机关不再处理其政府信息公开申请": (
        "1.申请人无正当理由逾期不补正、行政机关不再受理其政府信息公开申请",
    ),
    "3.其他": ("3．其他", "3.其他情形", "3.其它"),
    "四、结转下年度继续办理": ("四、结转下一年度继续办理", "四、转结下年度继续办理"),
    "行政规范性文件": ("规范性文件",),
    "规章": ("规章（有规章制定权的机关填写，没有的填0）",),
    "本年增/减": ("本年增/减（减用负值表示，如-8）", "本年增/", "本年度增/减"),
    "现行有效件数": ("现行有效件",),
    "本年收费金额（单位：万元）": ("本年收费金额(单位:万元)", "本年收费金额（万元）"),
    "社会公益组织": ("社会公益机构",),
    "未经复议直接起诉": ("未经复议起诉",),
}


@dataclass(frozen=True, slots=True)
class Box:
    """One physical cell."""

    text: str
    role: Role
    colspan: int = 1
    rowspan: int = 1
    name: str | None = None


Rows = list[list[Box]]
Change = Callable[["TableName", Rows], Rows]
"""A change to one table (to one block, of table 2) before it is drawn."""


def unchanged(_table: TableName, rows: Rows) -> Rows:
    """No change."""
    return rows


@dataclass(frozen=True)
class Style:
    """Local habits of a form.

    Attributes:
        words: official label → wording used instead.
        five_columns: table 2 of v1 in its five physical columns, else in four.
        local_row: a row that the form does not have, in table 2.
        subtotal: a column that the form does not have, in table 3.
        empty_label: (六) and (七) have a cell of their own for the item, left empty.
        trailing: empty cells after the last value of some rows.
    """

    words: Mapping[str, str]
    five_columns: bool = True
    local_row: bool = False
    subtotal: bool = False
    empty_label: bool = False
    trailing: int = 0


PLAIN: Final = Style(words={})


def proactive(sheet: Sheet, style: Style = PLAIN) -> list[Rows]:
    """Table 2 as its blocks, one for each clause of article 20."""
    table, version = tables()["proactive"], sheet.versions["proactive"]
    width = 5 if version == "v1" and style.five_columns else 4
    blocks: list[Rows] = []
    for article, clause in CLAUSES.items():
        rows = [row for row in table.rows_of(version) if row.article == article]
        if not rows:
            continue
        keys = rows[0].columns[version]
        heads = [_head_label(table.columns[key].label, version) for key in keys]
        block = [
            [Box(f"第二十条第（{clause}）项", "group", colspan=width)],
            [
                Box("信息内容", "head"),
                *_spread(heads, _spans(article, len(heads), width, head=True), "head"),
            ],
        ]
        for row in rows:
            label = row.label_v1 if version == "v1" else row.label
            names = [f"proactive.{row.key}.{key}" for key in row.columns[version]]
            values = _spread(
                [sheet.printed[n] for n in names],
                _spans(article, len(names), width, head=False),
                "value",
                names,
            )
            empties = [Box("", "empty")] * style.trailing if len(names) < 3 else []
            block.append([Box(label, "label"), *values, *empties])
        if style.local_row and article == "art. 20(1)":
            extra = [Box("6", "extra", colspan=box.colspan) for box in block[-1][1:]]
            block.append([Box("其他主动公开文件", "label"), *extra])
        blocks.append(_worded(block, style))
    return blocks


def applications(sheet: Sheet, style: Style = PLAIN) -> Rows:
    """Table 3."""
    table, version = tables()["applications"], sheet.versions["applications"]
    heads = [column.label for column in table.columns.values()]
    local = [Box("小计", "head")] if style.subtotal else []
    head: Rows = [
        [Box(CORNER, "head", 3, 3), Box("申请人情况", "head", 7 + len(local))],
        [
            Box(heads[0], "head", 1, 2),
            Box("法人或其他组织", "head", 5 + len(local)),
            Box(heads[-1], "head", 1, 2),
        ],
        [*(Box(text, "head") for text in heads[1:-1]), *local],
    ]
    body: Rows = []
    rows = table.rows_of(version)
    results = [row for row in rows if row.group != "flow"]
    for row in rows:
        label = row.label_v1 if version == "v1" else row.label
        if row.group == "flow":
            stub = [Box(label, "label", 3)]
        elif row.heading:
            peers = [r for r in rows if r.heading == row.heading]
            stub = [Box(label, "label")]
            if row is peers[0]:
                stub.insert(0, Box(row.heading, "group", 1, len(peers)))
        elif style.empty_label and label[1] in "六七":
            stub = [Box(label, "label"), Box("", "empty")]
        else:
            stub = [Box(label, "label", 2)]
        if results and row is results[0]:
            stub.insert(0, Box(RESULTS_HEAD, "group", 1, len(results)))
        names = [f"applications.{row.key}.{column}" for column in table.columns]
        values = [Box(sheet.printed[name], "value", name=name) for name in names]
        if style.subtotal:
            subtotal = sum(int(sheet.expected[name] or 0) for name in names[1:6])
            values.insert(6, Box(str(subtotal), "extra"))
        body.append([*stub, *values, *[Box("", "empty")] * style.trailing])
    return _worded(head + body, style)


def disputes(sheet: Sheet, style: Style = PLAIN) -> Rows:
    """Table 4: three heads, one row of fifteen values."""
    table = tables()["disputes"]
    heads = [column.label for column in table.columns.values()]
    names = sheet.names("disputes")
    rows = list(table.rows.values())
    return _worded(
        [
            [Box(rows[0].label, "group", 5), Box("行政诉讼", "group", 10)],
            [*(Box(text, "head", 1, 2) for text in heads), *(Box(row.label, "group", 5) for row in rows[1:])],
            [Box(text, "head") for text in heads * 2],
            [Box(sheet.printed[name], "value", name=name) for name in names],
        ],
        style,
    )


def cut(rows: Rows, at: int, *, heads: int = 0, restart: bool = True) -> tuple[Rows, Rows]:
    """A table cut in two before row ``at``, as a page break or an editor does.

    Args:
        rows: the table.
        at: the first row of the second part.
        heads: how many head rows are printed again.
        restart: merged cells that reach over the cut are printed again.
    """
    first: Rows = []
    open_cells: list[tuple[int, Box]] = []
    for index, row in enumerate(rows[:at]):
        kept = []
        for box in row:
            rest = index + box.rowspan - at
            if rest > 0:
                open_cells.append((rest, box))
            kept.append(replace(box, rowspan=min(box.rowspan, at - index)))
        first.append(kept)
    second = [list(row) for row in rows[at:]]
    if restart and second:
        second[0] = [replace(box, rowspan=rest) for rest, box in open_cells] + second[0]
    return first, [list(row) for row in rows[:heads]] + second


def without_spans(rows: Rows) -> Rows:
    """The same cells with all span attributes lost."""
    return [[replace(box, colspan=1, rowspan=1) for box in row] for row in rows]


def _worded(rows: Rows, style: Style) -> Rows:
    def worded(box: Box) -> Box:
        if box.role in ("head", "label", "group"):
            return replace(box, text=style.words.get(box.text, box.text))
        return box

    return [[worded(box) for box in row] for row in rows]


def _head_label(label: str, version: Version) -> str:
    return label.removeprefix("本年") if version == "v1" and label == "本年处理决定数量" else label


def _spans(article: str, count: int, width: int, *, head: bool) -> Sequence[int]:
    if width == 5:
        return V1_HEAD_SPANS[count] if head or count == 2 else V1_VALUE_SPANS[article]
    return {1: (3,), 2: (1, 2), 3: (1, 1, 1)}[count]


def _spread(
    texts: Sequence[str], spans: Sequence[int], role: Role, names: Sequence[str | None] | None = None
) -> list[Box]:
    return [
        Box(text, role, colspan=span, name=name)
        for text, span, name in zip(texts, spans, names or [None] * len(texts), strict=True)
    ]
