"""Tables flattened into text: labels found in order, the digits between them cut into cells.

Where every cell kept a separator of its own the cells are read as they stand; where digits ran
together the solver (``solver.py``) returns what the identities of the form leave possible.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, Final

from pipelines.normalise import fold
from pipelines.statutory.labels import unit_of
from pipelines.statutory.ordered import read_in_order, sound
from pipelines.statutory.reading import Reading
from pipelines.statutory.solver import CellSolution, RowText, Solution, solve
from pipelines.statutory.templates import Identity, TableName, Version, cell_kinds, identities, tables
from pipelines.statutory.values import Value, parse_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.record import CellStatus, Number

MAX_TEXT: Final = 400_000
"""Longest text (characters) that is searched for flattened tables."""
_MAX_RUN: Final = 2_000
_PIECE: Final = (
    r"(?:[+\-−]?\d[\d,]*(?:\.\d+)?(?:万元|亿元|元|万|人次|[件条个份起次宗项例人])?(?:\((?:其中|含|包括|包含|另)[^()]{0,40}\))?\*?"
    r"|[增减↑↓]\s?\d+|[/\\]+|[-–—]{1,4}|无|没有|不适用|不涉及|零|N/A|#REF!)"
)
_RUN: Final = re.compile(rf"(?:\s*{_PIECE})+")
_STRUCTURE: Final = re.compile(
    r"(?:[一二三四五六七]、|本年度?办理结果|\([一二三四五六七]\)|不予公开|无法提供|不予处理|其[他它]处理|第?二十条第?|项|信息内容"
    r"|本年度?(?:制发|废止)件数|现行有效(?:件数)?|(?:本年度?)?处理决定数量|本年度?收费金额|上一?年度?项目数量|本年度?增/?减?|采购项目数量|采购总金额"
    r"|本年度?新(?:制作|公开)数量|对外公开总数量|申请人情况|自然人|法人或其[他它]组织|总计|合计|商业企业|科研机构|社会公益组织|法律服务机构"
    r"|其[他它]|(?:行政机关)?(?:主动公开|收到和处理)政府信息(?:公开申请)?情况|#|表[一二三四2-4]|\([^()]{0,80}\)?|单位|续表|万元|[,.:;、。|·\-—_\[\]])*"
)
_LEFTOVER: Final = frozenset(
    '政府信息公开申请数量件情况的个受理处其行机关不再类所要求属于、,.:;。|·_“”"（）() \n\t'
)
_LEFTOVER_CLASS: Final = re.escape("".join(sorted(_LEFTOVER - {"(", ")", "."})))
_GUIDANCE: Final = re.compile(rf"(?:\([^()\n]{{0,80}}\)|[{_LEFTOVER_CLASS}]|\.(?!\d))*")
_AFTER_LAST: Final = re.compile(r"\s|[一二三四五六七八九十(注备说附、。;行政]|$")
_MOST_PLACEMENTS: Final = 200
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
    "issued": "本年度?制发件数",
    "repealed": "本年度?废止件数",
    "in_force": "现行有效件数?",
    "made_new": "本年度?新制作数量",
    "disclosed_new": "本年度?新公开数量",
    "disclosed_total": "对外公开总数量",
    "items_prev_year": "上一?年度?项目数量",
    "items_change": "本年度?增/?减?",
    "decisions": "(?:本年度?)?处理决定数量",
    "amount_wanyuan": "本?年?度?收费金额",
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


def read_flat(
    text: str, wanted: Sequence[TableName] = ("proactive", "applications", "disputes"), *, whole: bool = False
) -> Reading:
    """Read the statutory tables from running text, whatever separators survived.

    Args:
        text: the text.
        wanted: the tables to read.
        whole: whether every separated number is known to be one cell (the text comes from drawn tables).
    """
    reading = Reading(whole=whole)
    source = _compact(fold(text[:MAX_TEXT]))
    start = _applications_start(source.compact)
    end_of_t3 = start
    if start is not None:
        end_of_t3 = _applications(reading, source, start, wanted="applications" in wanted)
    if "proactive" in wanted:
        _proactive(reading, source, start)
    if "disputes" in wanted:
        _disputes(reading, source, end_of_t3 or 0)
    _in_order(reading, source, start, end_of_t3, wanted)
    return reading


def _in_order(
    reading: Reading, source: _Compact, start: int | None, end: int | None, wanted: Sequence[TableName]
) -> None:
    """Let the order of the value lines speak where labels did not settle tables 3 and 4."""
    stop = _T4_START.search(source.compact, end or 0)
    zones: dict[TableName, str] = {}
    if start is not None and end is not None:
        zones["applications"] = source.between(start, stop.start() if stop else end + 200)
    if stop:
        zones["disputes"] = source.between(stop.start(), min(stop.start() + _MAX_RUN, len(source.compact)))
    for table, zone in zones.items():
        cells = reading.table_cells(table)
        version = reading.versions.get(table)
        if table not in wanted or (version in ("v1", "v2") and sound(cells, table, version)):
            continue
        if table == "disputes" and not all(
            word in "".join(zone.split()) for word in ("维持", "纠正", "审结")
        ):
            continue
        found = read_in_order(zone, table)
        if found is not None:
            version, values = found
            reading.versions[table] = version
            reading.values = {
                name: value for name, value in reading.values.items() if name not in cells
            } | values
            reading.impossible = [rule for rule in reading.impossible if not rule.startswith(_RULES[table])]


_T4_START: Final = re.compile(r"行政复议[、和及,]?(?:提起)?行政诉讼(?:情况)?")
_RULES: Final[dict[TableName, str]] = {"applications": "T3.", "disputes": "T4.", "proactive": "T2."}


# --- table 3 --------------------------------------------------------------------------------------


def _applications_start(compact: str) -> int | None:
    """Where table 3 begins: the last first-row label that the second-row label follows closely."""
    carried = _pattern(_T3_LABELS["carried_in"])
    starts = [
        m.start() for m in _T3_START.finditer(compact) if carried.search(compact, m.end(), m.end() + 300)
    ]
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
        (item, tuple(f"applications.{item.key}.{column}" for column in columns), zone)
        for item, zone in zip(found, _zones(source, found, [len(columns)] * len(found)), strict=True)
    ]
    if wanted:
        _solve(reading, "applications", version, rows)
        _other_printings(reading, source, start, rows)
        if not _T3_HEADS.search(source.compact, max(0, start - _HEADS_REACH), start):
            reading.reasons.append("applications:heads_missing")
    last = found[-1]
    return last.end


_T3_HEADS: Final = re.compile(r"自然人.{0,40}?法律服务")
_HEADS_REACH: Final = 400
_AMBIGUOUS_LABELS: Final = frozenset({"other.misc", "other.all", "results_total"})


def _other_printings(
    reading: Reading, source: _Compact, start: int, rows: Sequence[tuple[_Found, tuple[str, ...], _Zone]]
) -> None:
    """A row that stands in the text once more with other figures is not read at all."""
    stop = rows[-1][0].end
    first = next(_T3_START.finditer(source.compact)).start()
    for item, names, zone in rows:
        if item.key in _AMBIGUOUS_LABELS:
            continue
        for match in _pattern(_T3_LABELS[item.key]).finditer(source.compact, first, stop + _MAX_RUN):
            if match.end() != item.end and (
                match.start() < start or match.end() > stop or match.start() > item.end
            ):
                _once_more(reading, source, match.end(), names, zone)


def _once_more(reading: Reading, source: _Compact, at: int, names: Sequence[str], zone: _Zone) -> None:
    other = _RUN.match(source.between(at, min(at + 120, len(source.compact))))
    if other is None:
        return
    here = "".join((zone.lines and " ".join(zone.lines)) or zone.texts[0])
    figures = "".join(other[0].split())
    if (
        figures
        and not "".join(here.split()).startswith(figures)
        and not figures.startswith("".join(here.split()))
    ):
        for name in names:
            reading.values[name] = Value(
                None, f"{here} | {other[0].strip()}"[:200], "ambiguous", ("printed_twice",)
            )


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


@dataclass(frozen=True, slots=True)
class _Zone:
    """What stands behind one label: cells with borders of their own, or text to be cut."""

    lines: tuple[str, ...] | None
    texts: tuple[str, ...]


_Row = tuple[_Found, tuple[str, ...], _Zone]


def _zones(source: _Compact, found: Sequence[_Found], widths: Sequence[int]) -> list[_Zone]:
    """The printed values behind every label; two texts where a digit may be the next label's ordinal."""
    zones = []
    for here, after, width in zip(found, [*found[1:], None], widths, strict=True):
        end = after.start if after else min(here.end + _MAX_RUN, len(source.compact))
        zone = source.between(here.end, end)[:_MAX_RUN]
        lines = _lines(zone, width, last=after is None)
        texts = [_run(zone, last=after is None)]
        if after is not None and after.alternative is not None:
            texts.append(_run(source.between(here.end, after.alternative), last=False))
        zones.append(_Zone(lines, tuple(dict.fromkeys(texts))))
    return zones


def _lines(zone: str, width: int, *, last: bool) -> tuple[str, ...] | None:
    """One line a cell, where there are as many lines as cells; printed structure between rows does not count."""
    found: list[str] = []
    for line in zone.split("\n"):
        text = line.strip()
        if not text or _is_structure(text):
            continue
        if last and not _may_be_value(text):
            break
        found.append(text)
        if len(found) > width:
            return None
    return tuple(found) if len(found) == width and all(map(_may_be_value, found)) else None


def _is_structure(text: str) -> bool:
    if text[0].isdigit() or set(text) <= set("-—–_/|"):
        return False
    squeezed = "".join(text.split())
    return _STRUCTURE.fullmatch(squeezed) is not None or set(squeezed) <= _LEFTOVER


def _may_be_value(text: str) -> bool:
    if len(text) > _LONGEST_VALUE:
        return False
    value = parse_value(text, "decimal", None)
    return value.status != "text" or "approximate" in value.flags


_LONGEST_VALUE: Final = 40


def _run(zone: str, *, last: bool) -> str:
    """The value characters of a zone. Anything besides values and printed structure makes it unreadable."""
    if not last and _STRUCTURE.fullmatch("".join(zone.split())):
        return ""
    at = _GUIDANCE.match(zone).end()  # type: ignore[union-attr]
    match = _RUN.match(zone, at)
    if match is None:
        rest = "".join(zone[at:].split())
        return "" if last or _STRUCTURE.fullmatch(rest) else _unreadable(zone)
    run, rest = match[0], zone[match.end() :]
    if not last:
        return run if _STRUCTURE.fullmatch("".join(rest.split())) else _unreadable(zone)
    if _AFTER_LAST.match(rest):
        return run
    cut = re.search(r"\s+\S+$", run)
    return run[: cut.start()] if cut and rest[0] in "年月日.、件个条" else _unreadable(zone)


def _unreadable(zone: str) -> str:
    """A text that no reading fits, for the row to be null with its raw text."""
    return "?" + " ".join(zone.split())[:100]


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
    placed = _with_columns(reading, compact, begin, found)
    if not placed:
        return
    versions = {version for _, version, _ in placed}
    reading.versions["proactive"] = "mixed" if len(versions) > 1 else next(iter(versions))
    widths = {item.key: len(columns) for item, _, columns in placed}
    read = _zones(source, found, [widths.get(item.key, 1) for item in found])
    zones = dict(zip((item.key for item in found), read, strict=True))
    fees = next((item for item in found if item.key == "fees"), None)
    if fees is not None:
        zones = _with_unit(zones, compact[max(begin, fees.start - 40) : fees.start])
    rows = [
        (item, tuple(f"proactive.{item.key}.{column}" for column in columns), zones[item.key])
        for item, _, columns in placed
    ]
    _solve(reading, "proactive", next(iter(versions)), rows)
    for item, names, zone in rows:
        for match in _pattern(_T2_LABELS[item.key]).finditer(compact, begin, stop):
            if match.end() != item.end:
                _once_more(reading, source, match.end(), names, zone)


def _with_columns(
    reading: Reading, compact: str, position: int, found: Sequence[_Found]
) -> list[tuple[_Found, Version, tuple[str, ...]]]:
    """The rows whose block has heads that tell format and columns."""
    placed = []
    heads: list[str] = []
    for item in found:
        heads = _heads(compact[position : item.start]) or heads
        position = item.end
        fitting = _fitting(item.key, heads)
        if fitting is None:
            reading.reasons.append("table2_head_unknown")
        else:
            placed.append((item, *fitting))
    return placed


def _fitting(key: str, heads: list[str]) -> tuple[Version, tuple[str, ...]] | None:
    for version, columns in tables()["proactive"].rows[key].columns.items():
        if set(columns) <= set(heads) and (len(columns) > 1 or len(heads) == len(columns)):
            return version, columns
    return None


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
    table = tables()["disputes"]
    here = _Found("disputes", last.start(), last.end())
    zone = _zones(source, [here], [len(table.rows) * len(table.columns)])[0]
    if zone.lines is None and not any(zone.texts):
        return
    reading.versions["disputes"] = "v2"
    names = tuple(f"disputes.{row}.{column}" for row in table.rows for column in table.columns)
    _solve(reading, "disputes", "v2", [(here, names, zone)])


# --- cells ----------------------------------------------------------------------------------------


def _solve(
    reading: Reading,
    table: TableName,
    version: Version,
    rows: Sequence[tuple[_Found, tuple[str, ...], _Zone]],
) -> None:
    """Separated cells are parsed as they stand; the rest is what the solver leaves."""
    known = {name for _, names, _ in rows for name in names}
    system = [i for i in identities(table, version) if known.issuperset((*i.left, *i.right))]
    exact = {i: cells for i, (_, names, zone) in enumerate(rows) if (cells := _separated(zone, len(names)))}
    if table == "applications":
        reading.whole = reading.whole or _stand_alone([zone for _, _, zone in rows])
    whole = reading.whole or ("applications" not in reading.versions and _mostly_apart(rows))
    for index, cells in exact.items():
        _put_exact(reading, rows[index], cells)
    if len(exact) == len(rows):
        return
    solution = solve(
        [*_for_solver(rows, exact, whole=whole), *([_BLANKS_MAY_HIDE] if reading.dropped else ())], system
    )
    reading.dropped = reading.dropped or solution.blanks_dropped
    joined = {
        item.key: (names, zone.texts[0]) for i, (item, names, zone) in enumerate(rows) if i not in exact
    }
    unproved = _unproved(solution, joined, system, whole=whole)
    for key, (names, text) in joined.items():
        for name in names:
            cell = solution.cells[name]
            if key in unproved and cell.status != "garbled":
                cell = CellSolution(None, "ambiguous", cell.candidates or (cell.value,))
            reading.put(name, _solved(cell, name, text, key))
            if cell.status == "number":
                reading.settled.add(name)
    reading.impossible.extend(solution.impossible)
    reading.reasons.extend(f"{table}:{reason}" for reason in _reasons(solution))


def _put_exact(reading: Reading, row: _Row, cells: Sequence[str]) -> None:
    """Cells with borders of their own, as they stand."""
    item, names, _ = row
    kinds = cell_kinds()
    for name, token in zip(names, cells, strict=True):
        value = parse_value(token, kinds[name], _unit(name))
        if value.value is None or value.flags:
            value = replace(value, where=f"text, row {item.key}")
        reading.put(name, value)


def _for_solver(rows: Sequence[_Row], exact: dict[int, tuple[str, ...]], *, whole: bool) -> list[RowText]:
    kinds = cell_kinds()
    return [
        RowText(
            key=item.key,
            cells=names,
            kinds=tuple(kinds[name] for name in names),
            texts=_placeable(exact[i]) if i in exact else _alternatives(zone.texts, len(names), whole=whole),
        )
        for i, (item, names, zone) in enumerate(rows)
    ]


def _reasons(solution: Solution) -> list[str]:
    told = {
        "blanks_dropped": solution.blanks_dropped,
        "solver_exhausted": solution.exhausted,
        "identities_contradict": bool(solution.possibly_impossible),
    }
    return [reason for reason, present in told.items() if present]


def _unproved(
    solution: Solution,
    rows: dict[str, tuple[tuple[str, ...], str]],
    system: Sequence[Identity],
    *,
    whole: bool,
) -> set[str]:
    """Rows whose numbers nothing proves although the text has one reading.

    A row of whole numbers that is short of cells needs a sum that its own total confirms; a row that was cut
    must not contradict the sums all around it.
    """
    found = set()
    numbers = {name: cell.value for name, cell in solution.cells.items() if cell.status == "number"}
    for key, (names, text) in rows.items():
        mine = set(names)
        through = [identity for identity in system if mine.intersection((*identity.left, *identity.right))]
        inner = [identity for identity in through if mine.issuperset((*identity.left, *identity.right))]
        statuses = {solution.cells[name].status for name in names}
        short = "number" in statuses and not statuses.isdisjoint(("placeholder", "blank"))
        if short and not (inner and all(_confirmed(identity, numbers) for identity in inner)):
            found.add(key)
        contradicted = bool(solution.impossible or solution.possibly_impossible)
        partial = solution.blanks_dropped and statuses not in ({"number"}, {"blank"})
        if inner and partial and ("ambiguous" in statuses or contradicted):
            found.add(key)
        tokens = text.split()
        complete = len(tokens) == len(names) or (len(tokens) == 1 and len(text.strip()) == len(names))
        if solution.exhausted and not complete:
            found.add(key)
        verdicts = {i.rule: _verdict(i, numbers) for i in through}
        failing = {rule for rule, verdict in verdicts.items() if verdict is False}
        failing |= verdicts.keys() & {*solution.impossible, *solution.possibly_impossible}
        own = any(identity.rule in failing for identity in inner)
        unknown = any(verdict is None for verdict in verdicts.values())
        if own and len(inner) > 1:
            found.add(key)
        if not whole and (
            len(failing) >= _MANY_FAILURES
            or (own and (unknown or _blank_explains(text, names, numbers, through)))
        ):
            found.add(key)
    return found


_MANY_FAILURES: Final = 3
_MOST_CUTS: Final = 4_000


def _blank_explains(
    text: str, names: Sequence[str], numbers: dict[str, Number | None], through: Sequence[Identity]
) -> bool:
    """Whether one dropped blank makes a row sound that without it contradicts its own total.

    Then the printed mistake is no mistake for certain, and the row has two readings.
    """
    digits = "".join(text.split())
    width = len(names)
    if not digits.isdigit() or comb(max(len(digits) - 1, 0), width - 2) > _MOST_CUTS:
        return True
    others = {name: value for name, value in numbers.items() if name not in names}
    for cuts in combinations(range(1, len(digits)), width - 2):
        pieces = [digits[a:b] for a, b in zip((0, *cuts), (*cuts, len(digits)), strict=True)]
        if any(len(piece) > 1 and piece[0] == "0" for piece in pieces):
            continue
        for gap in range(width):
            row: list[Number | None] = [int(piece) for piece in pieces]
            row.insert(gap, None)
            cells = {**others, **dict(zip(names, row, strict=True))}
            if all(_possible(identity, cells) for identity in through):
                return True
    return False


def _possible(identity: Identity, cells: dict[str, Number | None]) -> bool:
    """Whether some filling of the cells without a number makes the identity hold."""
    left = sum(cells.get(name) or 0 for name in identity.left)
    right = sum(cells.get(name) or 0 for name in identity.right)
    open_left = any(cells.get(name) is None for name in identity.left)
    open_right = any(cells.get(name) is None for name in identity.right)
    return left == right or (open_left and left < right) or (open_right and right < left)


def _confirmed(identity: Identity, numbers: dict[str, Number | None]) -> bool:
    """Whether the total is printed and the printed parts make it up."""
    total = numbers.get(identity.left[0])
    return total is not None and total == sum(numbers.get(name) or 0 for name in identity.right)


def _verdict(identity: Identity, numbers: dict[str, Number | None]) -> bool | None:
    """Whether the identity holds; None where a cell is no number."""
    left = [numbers.get(name) for name in identity.left]
    right = [numbers.get(name) for name in identity.right]
    known = [value for value in (*left, *right) if value is not None]
    if len(known) < len(left) + len(right):
        return None
    return sum(known[: len(left)]) == sum(known[len(left) :])


def _stand_alone(zones: Sequence[_Zone]) -> bool:
    """Whether the values of a table stand apart from each other: nothing looks like cells run together."""
    tokens = [tuple(zone.lines) if zone.lines else tuple(zone.texts[0].split()) for zone in zones]
    if any(len(token) > 1 and token[0] == "0" and token.isdigit() for row in tokens for token in row):
        return False
    filled = [row for row in tokens if row]
    return sum(len(row) > 1 for row in filled) * 2 > len(filled)


def _mostly_apart(rows: Sequence[tuple[_Found, tuple[str, ...], _Zone]]) -> bool:
    """Whether the widest row has more separated numbers than half its cells."""
    _, names, zone = max(rows, key=lambda row: len(row[1]))
    return len(zone.texts[0].split()) * 2 > len(names) > 1


def _solved(cell: CellSolution, name: str, text: str, row: str) -> Value:
    """What the solver says of a cell; its printed characters are read like those of any other cell."""
    where = f"text, row {row}"
    if cell.status == "number" and cell.raw:
        value = parse_value(cell.raw, cell_kinds()[name], _unit(name))
        return replace(value, flags=(*value.flags, "solved"), where=where)
    status: CellStatus = "blank" if cell.status in ("blank", "placeholder") else cell.status
    flags = ("solved",) if status == "number" else ("joined",)
    raw = " ".join(text.removeprefix("?").split())
    return Value(cell.value, raw, status, flags, candidates=cell.candidates, where=where)


def _with_unit(zones: dict[str, _Zone], heads: str) -> dict[str, _Zone]:
    """The money cell with the unit that its head prints, where that is not the form's."""
    unit = unit_of(heads)
    zone = zones.get("fees")
    if unit in (None, "万元") or zone is None:
        return zones
    lines = zone.lines and tuple(f"{line}{unit}" if line[-1:].isdigit() else line for line in zone.lines)
    texts = tuple(f"{text.rstrip()}{unit}" if text.rstrip()[-1:].isdigit() else text for text in zone.texts)
    return {**zones, "fees": _Zone(lines, texts)}


def _unit(name: str) -> str | None:
    return "万元" if name.endswith("amount_wanyuan") else None


def _placeable(cells: Sequence[str]) -> tuple[str, ...]:
    """A row with known borders for the solver: whole numbers, everything else a cell without one."""
    parsed = (parse_value(cell, "decimal", None).value for cell in cells)
    return (" ".join(_GAP if value is None else repr(value) for value in parsed),)


def _alternatives(texts: tuple[str, ...], width: int, *, whole: bool) -> tuple[str, ...]:
    """What the solver may choose from; where every cell has a line of its own, numbers are never cut."""
    spaced = tuple(" ".join(text.split()) for text in texts)
    if not whole or not spaced[0] or spaced[0].startswith("?"):
        return spaced
    words = spaced[0].split(" ")
    if len(words) >= width or comb(width, len(words)) > _MOST_PLACEMENTS:
        return ("?" + spaced[0],)
    return tuple(
        " ".join(words[places.index(k)] if k in places else _GAP for k in range(width))
        for places in combinations(range(width), len(words))
    )


_GAP: Final = "/"
_BLANKS_MAY_HIDE: Final = RowText("", ("",), ("count",), ("",))
"""A row without any value: it tells the solver that this document drops its blank cells."""


def _separated(zone: _Zone, width: int) -> tuple[str, ...] | None:
    """One token a cell, where separators tell; else None."""
    if zone.lines is not None:
        return zone.lines
    if len(zone.texts) != 1 or zone.texts[0].startswith("?"):
        return None
    words = tuple(zone.texts[0].split())
    return words if len(words) == width else None
