"""Tables flattened into text: labels found in order, the digits between them cut into cells.

Where every cell kept a separator of its own the cells are read as they stand; where digits ran
together the solver (``solver.py``) returns what the identities of the form leave possible.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Final

from pipelines.normalise import fold
from pipelines.statutory.reading import Reading
from pipelines.statutory.solver import RowText, solve
from pipelines.statutory.templates import TableName, Version, cell_kinds, identities, tables
from pipelines.statutory.values import Value, parse_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_TEXT: Final = 400_000
"""Longest text (characters) that is searched for flattened tables."""
_MAX_RUN: Final = 2_000
_TOKEN: Final = (
    r"(?:[+\-−]?\d[\d,]*(?:\.\d+)?(?:万元|亿元|元|万|人次|[件条个份起次宗项例人])?(?:\((?:其中|含|包括|包含|另)[^()]{0,40}\))?\*?"
    r"|[增减↑↓]\s?\d+|[/\\]+|[-–—]{1,4}|无|没有|不适用|不涉及|零|N/A|#REF!)"
)
_RUN: Final = re.compile(rf"(?:\s*{_TOKEN})+")
_TO_VALUES: Final = re.compile(r"(?:\([^()]{0,80}\)|[^\d+\-−/\\增减(])*")
_WHITE: Final = re.compile(r"\S+")

# Row labels as they stand in running text (NFKC, no white space); the ordinal is cut off separately.
_T3_LABELS: Final = {
    "new_received": r"本年度?新收(?:到)?(?:的)?政府信息公开申请(?:数量|件数|总数)?",
    "carried_in": r"上一?年度?(?:结转|转结)(?:的)?政府信息公开申请(?:数量|件数|总数)?",
    "granted": r"\(一\)予以公开",
    "partly_granted": r"\(二\)部分公开(?:\([^()]{0,60}\))?",
    "denied.state_secret": r"属于国家秘密",
    "denied.other_law": r"其[他它]法律(?:法规)?[和、及或与]?行政法规(?:规定)?(?:的)?禁止公开",
    "denied.security_stability": r"危及[“\"]?三安全一稳定[”\"]?",
    "denied.third_party": r"保护第三方(?:的)?合法权益",
    "denied.internal_affairs": r"属于三类内部事务(?:性)?信息",
    "denied.process_info": r"属于四类过程性?信息",
    "denied.enforcement_file": r"属于行政执法案卷",
    "denied.admin_query": r"属于行政查询事项",
    "unavailable.not_held": r"本机关不掌握相关(?:政府)?信息",
    "unavailable.needs_creation": r"没有现成信息(?:需要)?(?:另行制作)?",
    "unavailable.unclear": r"补正后(?:申请内容)?仍?不明确",
    "not_processed.petition": r"信访、?举报、?投诉类申请",
    "not_processed.repeated": r"重复申请",
    "not_processed.publication": r"要求提供公开出版物",
    "not_processed.excessive": r"无正当理由大量反复申请",
    "not_processed.confirmation": r"要求行政机关确认或者?重新出具已获取(?:的)?信息",
    "other.all": r"\(六\)其[他它]处理",
    "other.correction_overdue": r"(?:申请人)?(?:无正当理由)?逾期不补正[、,]?(?:行政机关不再[处受]理其政府信息公开申请)?",
    "other.fee_overdue": r"(?:申请人)?逾期未按收费通知要求缴纳费用[、,]?(?:行政机关不再[处受]理其政府信息公开申请)?",
    "other.misc": r"(?<=3[.．、])其[他它](?:原因|情形|情况)?(?![^\d\s+\-−/\\(一二三四五六七])",
    "results_total": r"\(七\)(?:总计|合计)",
    "carried_out": r"(?:结转|转结)(?:至|到)?下一?年度?(?:继续)?(?:办理)?",
}
_T2_LABELS: Final = {
    "rules": r"规章(?![制建])",
    "normative_documents": r"(?:行政)?规范性文件",
    "licensing": r"行政许可",
    "other_services": r"其[他它]对外管理服务事项",
    "penalties": r"行政处罚",
    "coercion": r"行政强制(?:措施)?",
    "fees": r"行政事业性?收费",
    "procurement": r"政府集中采购",
}
_T2_HEADS: Final = {
    "issued": "本年制发件数",
    "repealed": "本年废止件数",
    "in_force": "现行有效件数?",
    "made_new": "本年新制作数量",
    "disclosed_new": "本年新公开数量",
    "disclosed_total": "对外公开总数量",
    "items_prev_year": "上一?年度?项目数量",
    "items_change": "本年度?增/?减",
    "decisions": "(?:本年度?)?处理决定数量",
    "amount_wanyuan": "本?年?收费金额",
    "projects": "采购项目数量",
    "amount": "采购总?金额",
}
_T3_START: Final = re.compile(_T3_LABELS["new_received"])
_T4_HEAD: Final = re.compile(r"(?:经)?复议后起诉")
_T4_LAST_HEAD: Final = re.compile(r"(?:尚未审结(?:总计|合计))")
_ORDINAL_BEFORE: Final = re.compile(r"(?:(\d)([.．、]?)|\([一二三四五六七]\)|[一二三四五六七]、)$")


@dataclass(frozen=True, slots=True)
class _Compact:
    """Text without white space, and the way back to the text with it."""

    text: str
    compact: str
    offsets: tuple[int, ...]
    starts: tuple[int, ...]

    def original(self, index: int) -> int:
        """Place in ``text`` of a place in ``compact``."""
        if index >= len(self.compact):
            return len(self.text)
        piece = bisect_right(self.offsets, index) - 1
        return self.starts[piece] + index - self.offsets[piece]

    def between(self, start: int, end: int) -> str:
        """The text, white space included, from behind ``compact[start-1]`` up to ``compact[end]``."""
        low = self.original(start - 1) + 1 if start else 0
        return self.text[low : self.original(end)]


@dataclass(frozen=True, slots=True)
class _Found:
    key: str
    start: int
    end: int
    alternative: int | None = None


def _compact(text: str) -> _Compact:
    offsets, starts, pieces, at = [], [], [], 0
    for match in _WHITE.finditer(text):
        offsets.append(at)
        starts.append(match.start())
        pieces.append(match[0])
        at += match.end() - match.start()
    return _Compact(text, "".join(pieces), tuple(offsets), tuple(starts))


def read_flat(text: str, wanted: Sequence[TableName] = ("proactive", "applications", "disputes")) -> Reading:
    """Read the statutory tables from running text, whatever separators survived."""
    reading = Reading()
    source = _compact(fold(text[:MAX_TEXT]))
    start = _applications_start(source.compact)
    end_of_t3 = start
    if start is not None:
        end_of_t3 = _applications(reading, source, start, wanted="applications" in wanted)
    if "proactive" in wanted:
        _proactive(reading, source, start)
    if "disputes" in wanted:
        _disputes(reading, source, end_of_t3 or 0)
    return reading


# --- table 3 --------------------------------------------------------------------------------------


def _applications_start(compact: str) -> int | None:
    """Where table 3 begins: the last first-row label that the second-row label follows closely."""
    carried = _pattern(_T3_LABELS["carried_in"])
    starts = [m.start() for m in _T3_START.finditer(compact) if carried.search(compact, m.end(), m.end() + 300)]
    return starts[-1] if starts else None


@cache
def _pattern(source: str) -> re.Pattern[str]:
    return re.compile(source)


def _applications(reading: Reading, source: _Compact, start: int, *, wanted: bool) -> int:
    found = _labels_in_order(source.compact, start, _T3_LABELS)
    keys = {item.key for item in found}
    version: Version = "v2" if keys & {"other.correction_overdue", "other.fee_overdue"} else "v1"
    if version == "v2":
        found = [item for item in found if item.key != "other.all"]
    elif "other.all" not in keys:
        reading.reasons.append("table3_format_undetermined")
    reading.versions["applications"] = version
    columns = tables()["applications"].columns
    rows = [
        (item, tuple(f"applications.{item.key}.{column}" for column in columns), runs)
        for item, runs in zip(found, _runs(source, found), strict=True)
    ]
    if wanted:
        _solve(reading, "applications", version, rows)
    last = found[-1]
    return last.end


def _labels_in_order(compact: str, start: int, labels: dict[str, str]) -> list[_Found]:
    """Row labels in the order of the form, from ``start`` on; labels that do not occur are left out."""
    found: list[_Found] = []
    position = start
    for key, source in labels.items():
        match = _pattern(source).search(compact, position, position + 1_500)
        if match is None:
            continue
        begin, alternative = _before_ordinal(compact, position, match.start(), key)
        found.append(_Found(key, begin, match.end(), alternative))
        position = match.end()
    return found


def _labels_anywhere(compact: str, start: int, end: int, labels: dict[str, str]) -> list[_Found]:
    """Row labels wherever they stand, sorted by place; of several the first that values follow."""
    found = []
    for key, source in labels.items():
        matches = list(_pattern(source).finditer(compact, start, end))
        if matches:
            match = next((m for m in matches if _RUN.match(compact, m.end())), matches[0])
            found.append(_Found(key, match.start(), match.end()))
    return sorted(found, key=lambda item: item.start)


def _before_ordinal(compact: str, low: int, start: int, key: str) -> tuple[int, int | None]:
    """Where the label begins with its printed ordinal; a bare digit may belong to the cells before it."""
    match = _ORDINAL_BEFORE.search(compact, max(low, start - 4), start)
    if match is None:
        return start, None
    if match[1] is None or match[2]:
        return match.start(), None
    expected = next((row.label[0] for row in tables()["applications"].rows.values() if row.key == key), "")
    return (start, match.start()) if match[1] == expected else (start, None)


def _runs(source: _Compact, found: Sequence[_Found]) -> Iterable[tuple[str, ...]]:
    """The printed values behind every label; two texts where a digit may be the next label's ordinal."""
    for here, after in zip(found, [*found[1:], None], strict=True):
        end = after.start if after else min(here.end + _MAX_RUN, len(source.compact))
        texts = [_run(source, here.end, end, last=after is None)]
        if after is not None and after.alternative is not None:
            texts.append(_run(source, here.end, after.alternative, last=False))
        yield tuple(dict.fromkeys(texts))


def _run(source: _Compact, start: int, end: int, *, last: bool) -> str:
    """The value characters between two places; what follows the last row of a table may be prose."""
    zone = source.between(start, end)
    if last and len(zone) > _MAX_RUN:
        zone = zone[:_MAX_RUN]
    lead = _TO_VALUES.match(zone)
    at = lead.end() if lead else 0
    if last and any(char.isalpha() for char in zone[:at]):
        return ""
    match = _RUN.match(zone, at)
    if match is None:
        return ""
    run = match[0]
    follows = zone[match.end() : match.end() + 1]
    if last and follows in ("年", "月", "日", ".", "、") and run.rstrip() == run:
        cut = re.search(r"\s+\S+$", run)
        return run[: cut.start()] if cut else "?"
    return run


# --- table 2 --------------------------------------------------------------------------------------


def _proactive(reading: Reading, source: _Compact, end: int | None) -> None:
    compact = source.compact
    stop = len(compact) if end is None else end
    starts = [m.start() for m in re.finditer(r"第?二十条第?\(一\)项?|信息内容本年", compact[:stop])]
    if not starts:
        return
    begin = next((at for at in reversed(starts) if "(一)" in compact[at : at + 12]), starts[0])
    found = _labels_anywhere(compact, begin, stop, _T2_LABELS)
    if not found:
        return
    versions: set[Version] = set()
    rows = []
    heads: list[str] = []
    position = begin
    runs = list(_runs(source, [*found, _Found("", stop, stop)]))
    for item, texts in zip(found, runs, strict=False):
        fresh = _heads(compact[position : item.start])
        heads = fresh or heads
        position = item.end
        for version, columns in tables()["proactive"].rows[item.key].columns.items():
            if set(columns) <= set(heads) and (len(columns) > 1 or len(heads) == len(columns)):
                versions.add(version)
                names = tuple(f"proactive.{item.key}.{column}" for column in columns)
                rows.append((item, names, texts))
                break
        else:
            if any(texts):
                reading.reasons.append("table2_head_unknown")
    if rows:
        reading.versions["proactive"] = "mixed" if len(versions) > 1 else next(iter(versions))
        _solve(reading, "proactive", next(iter(versions)), rows)


def _heads(zone: str) -> list[str]:
    """Column heads of a block of table 2 in printed order."""
    hits = [(m.start(), key) for key, source in _T2_HEADS.items() if (m := _pattern(source).search(zone))]
    return [key for _, key in sorted(hits)]


# --- table 4 --------------------------------------------------------------------------------------


def _disputes(reading: Reading, source: _Compact, start: int) -> None:
    compact = source.compact
    head = _T4_HEAD.search(compact, start)
    if head is None:
        return
    last = None
    for match in _T4_LAST_HEAD.finditer(compact, head.end(), head.end() + 200):
        last = match
    if last is None:
        return
    texts = (_run(source, last.end(), min(last.end() + _MAX_RUN, len(compact)), last=True),)
    reading.versions["disputes"] = "v2"
    table = tables()["disputes"]
    names = tuple(f"disputes.{row}.{column}" for row in table.rows for column in table.columns)
    _solve(reading, "disputes", "v2", [(_Found("disputes", last.start(), last.end()), names, texts)])


# --- cells ----------------------------------------------------------------------------------------


def _solve(
    reading: Reading,
    table: TableName,
    version: Version,
    rows: Sequence[tuple[_Found, tuple[str, ...], tuple[str, ...]]],
) -> None:
    """Separated cells are parsed as they stand; the rest is what the solver leaves."""
    kinds = cell_kinds()
    known = {name for _, names, _ in rows for name in names}
    system = [i for i in identities(table, version) if known.issuperset((*i.left, *i.right))]
    exact: dict[int, list[str]] = {}
    for index, (_, names, texts) in enumerate(rows):
        tokens = _separated(texts, len(names))
        if tokens is not None:
            exact[index] = tokens
    texts_for_solver = [
        RowText(
            key=item.key,
            cells=names,
            kinds=tuple(kinds[name] for name in names),
            texts=(" ".join(exact[index]),) if index in exact else tuple(_spaced(t) for t in texts),
        )
        for index, (item, names, texts) in enumerate(rows)
    ]
    solution = solve(texts_for_solver, system) if len(exact) < len(rows) else None
    for index, (item, names, texts) in enumerate(rows):
        where = f"text, row {item.key}"
        if index in exact:
            for name, token in zip(names, exact[index], strict=True):
                value = parse_value(token, kinds[name], "万元" if name.endswith("amount_wanyuan") else None)
                if value.value is None or value.flags:
                    value = replace(value, where=where)
                reading.put(name, value)
            continue
        assert solution is not None  # noqa: S101
        for name in names:
            cell = solution.cells[name]
            flags = ("solved",) if cell.status == "number" else ("joined",)
            candidates = cell.candidates if cell.status == "ambiguous" else ()
            raw = " ".join(texts[0].split())
            reading.put(name, Value(cell.value, raw, cell.status, flags, candidates=candidates, where=where))
            if cell.status == "number":
                reading.settled.add(name)
    if solution is not None:
        reading.impossible.extend(solution.impossible)


def _separated(texts: tuple[str, ...], width: int) -> list[str] | None:
    """One token a cell, where separators tell; else None."""
    if len(texts) != 1:
        return None
    text = texts[0].strip()
    lines = [line.strip() for line in re.split(r"[\n\t]+", text) if line.strip()]
    if len(lines) == width:
        return lines
    words = text.split()
    if len(words) == width:
        return words
    return None


def _spaced(text: str) -> str:
    return " ".join(text.split())
