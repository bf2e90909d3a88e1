"""One report as a person would check it: the statutory tables redrawn, and beside them every doubt.

The record alone is drawn, nothing is read again; so what is shown here is what the record says.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from crawler.display import fit, plain
from crawler.messages import reason, say, word
from crawler.outcomes import DOUBTFUL, is_identity
from pipelines.classify import reason_text
from pipelines.statutory.templates import TABLES, VERSIONS, Row, TableName, Version, identities, tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from crawler.messages import Language
    from pipelines.record import CellNote, Finding, Number, Report

_FAILED: Final = "bold red"
_INVOLVED: Final = "red"
_DOUBT: Final = "bold yellow"
_NOTE: Final = "cyan"
_RAW_LENGTH: Final = 16
_TEXT_LENGTH: Final = 60
_LABEL_WIDTH: Final = 40
_NAME_WIDTH: Final = 32
_LABEL_MIN: Final = 22
_VALUE_WIDTHS: Final[dict[TableName, int]] = {"proactive": 20, "applications": 9, "disputes": 10}
_SEVERITY_STYLES: Final = {"ERROR": "red", "WARN": "yellow", "INFO": "dim"}


def explain(report: Report, name: str, language: Language) -> Group:
    """Everything that the record says, for the eye."""
    return Group(*_parts(report, name, language))


def _parts(report: Report, name: str, language: Language) -> Iterator[RenderableType]:
    yield Text()
    yield Rule(Text(plain(report.title or name), style="bold"), style="dim", align="left")
    yield _identity(report, name, language)
    yield from _titled("metadata", _pairs(sorted(report.metadata.raw.items())), language)
    drawn = [part for table in TABLES for part in _statutory(report, table, language)]
    yield from drawn
    if drawn:
        yield _legend(language)
    elif report.kind == "report":
        yield Padding(Text(say("no_tables", language), style="yellow"), (1, 0, 0, 0))
    yield from _titled("doubt_list", _doubts(report, language), language)
    yield from _titled("extra_rows", _extra_rows(report), language)
    yield from _titled("findings", _findings(report, language), language)
    yield from _titled("sections", _sections(report, language), language)
    yield from _titled("facts", _facts(report, language), language)
    yield from _titled("attachments", _pairs((a.name or "", a.url) for a in report.attachments), language)


# --- head ----------------------------------------------------------------------------------------------


def _identity(report: Report, name: str, language: Language) -> Table:
    agency = report.agency
    quality = word("extraction", report.quality.extraction, language)
    reasons = [reason(code, language) for code in report.quality.reasons]
    if reasons:
        quality += say("colon", language) + say("semicolon", language).join(reasons)
    lines = {
        "source": name,
        "address": report.url,
        "kind": word("kind", report.kind, language)
        + say("colon", language)
        + reason_text(report.kind_reason, language),
        "agency": say(
            "agency_line",
            language,
            name=agency.name or say("unknown", language),
            kind=word("agency_kind", agency.kind, language),
            division=agency.division or say("unknown", language),
            confidence=word("confidence", agency.confidence, language),
            evidence=word("evidence", agency.from_, language),
        ),
        "year": say(
            "year_line",
            language,
            year=report.year or say("unknown", language),
            evidence=word("evidence", report.year_from, language),
        ),
        "scope": word("scope", report.scope, language),
        "quality": quality,
        "origin": say(
            "origin_line",
            language,
            kind=report.source.kind,
            encoding=report.source.encoding or say("unknown", language),
            digest=report.source.sha256[:12],
        ),
        "identity": report.id,
    }
    return _pairs((say(key, language), text) for key, text in lines.items())


def _pairs(pairs: Iterable[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True, max_width=_LABEL_WIDTH)
    grid.add_column(overflow="fold")
    for label, text in pairs:
        grid.add_row(Text(plain(label)), Text(plain(text)))
    return grid


def _titled(key: str, content: Table, language: Language) -> Iterator[RenderableType]:
    """A headed part; nothing at all when it is empty."""
    if content.row_count:
        yield Padding(Text(say(key, language), style="bold"), (1, 0, 0, 0))
        yield Padding(content, (0, 0, 0, 2))


# --- tables --------------------------------------------------------------------------------------------


def _statutory(report: Report, name: TableName, language: Language) -> Iterator[RenderableType]:
    """The table in each format whose cells the record has; a cell is drawn once."""
    label = getattr(report.templates, name)
    drawn: set[str] = set()
    for version in VERSIONS if label not in VERSIONS else (label,):
        rows = [
            row
            for row in tables()[name].rows_of(version)
            if any(cell in report.cells and cell not in drawn for cell in _names(name, row, version))
        ]
        drawn.update(cell for row in rows for cell in _names(name, row, version))
        if rows:
            title = f"{word('table', name, language)}  {version if name != 'disputes' else ''}".rstrip()
            yield Padding(Text(title, style="bold"), (1, 0, 0, 0))
            yield _drawn(report, name, version, rows, language)


def _names(table: TableName, row: Row, version: Version) -> list[str]:
    return [f"{table}.{row.key}.{column}" for column in row.columns[version]]


def _suspects(report: Report) -> tuple[set[str], set[str]]:
    """Cells of identities that fail; and among them the totals and what two such identities share."""
    met: Counter[str] = Counter()
    marked: set[str] = set()
    totals = {
        identity.rule: identity.left
        for table in TABLES
        for version in VERSIONS
        for identity in identities(table, version)
    }
    for finding in report.checks.findings:
        if finding.result == "FAIL" and is_identity(finding.rule):
            met.update(finding.cells)
            marked.update(totals.get(finding.rule, ()))
    return set(met), marked | {cell for cell, times in met.items() if times > 1}


def _drawn(report: Report, name: TableName, version: Version, rows: list[Row], language: Language) -> Table:
    """Rows in printed order; a new head of columns and the group heads where the form prints them."""
    suspects = _suspects(report)
    width = max(len(row.columns[version]) for row in rows)
    drawn = Table.grid(padding=(0, 2))
    drawn.add_column(overflow="fold", min_width=_LABEL_MIN)
    for _ in range(width):
        drawn.add_column(justify="right", overflow="fold", min_width=4, max_width=_VALUE_WIDTHS[name])
    labels = tables()[name].columns
    blocks = groupby(rows, key=lambda row: (row.columns[version], row.article if name == "proactive" else ""))
    for (columns, article), block in blocks:
        first = word("article", article, language) if article else say("item", language)
        heads = [Text(labels[column].label, style="dim") for column in columns]
        if drawn.row_count:
            drawn.add_row()
        drawn.add_row(Text(first, style="dim"), *heads)
        heading = None
        for row in block:
            if row.heading != heading:
                heading = row.heading
                if heading:
                    drawn.add_row(Text(heading))
            label = row.label_v1 if version == "v1" else row.label
            values = [_cell(report, cell, suspects, language) for cell in _names(name, row, version)]
            drawn.add_row(Text("  " + label if heading else label), *values)
    return drawn


def _cell(report: Report, name: str, suspects: tuple[set[str], set[str]], language: Language) -> Text:
    """A number as recorded, or what is printed instead of one; marked when it is in doubt."""
    if name not in report.cells:
        return Text()
    value = report.cells[name]
    note = report.cell_notes.get(name)
    text = Text(style="dim" if value == 0 else "")
    if note is not None and note.status in DOUBTFUL:
        text = Text(f"? {_raw(note)}".rstrip(), style=_DOUBT)
    elif value is None:
        raw = _raw(note) if note is not None else ""
        text = Text(raw or say("blank_mark", language), style="dim")
    elif note is not None and _raw(note) not in ("", str(value)):
        text.append(f"{_raw(note)} → ", _NOTE).append(str(value))
    else:
        text.append(str(value))
    failing, marked = suspects
    if name in marked:
        text.append(" ✗")
    if name in failing:
        text.stylize(_FAILED if name in marked else _INVOLVED)
    return text


def _raw(note: CellNote) -> str:
    raw = plain(note.raw or "").strip()
    return fit(raw, _RAW_LENGTH) if len(raw) > _RAW_LENGTH else raw


def _legend(language: Language) -> Text:
    return (
        Text(say("legend", language), style="dim")
        .append("✗ ", _FAILED)
        .append(say("legend_failed", language) + "  ")
        .append("? ", _DOUBT)
        .append(say("legend_doubt", language) + "  ")
        .append(say("blank_mark", language) + " ")
        .append(say("legend_blank", language) + "  ")
        .append("a → b ", _NOTE)
        .append(say("legend_note", language))
    )


# --- below the tables ----------------------------------------------------------------------------------


def _doubts(report: Report, language: Language) -> Table:
    """One line per doubt; cells of which the same is to be said share one."""
    same: dict[str, list[str]] = {}
    for name, note in report.cell_notes.items():
        if note.status in DOUBTFUL:
            same.setdefault(_doubt(note, language), []).append(_cell_label(name))
    return _pairs(
        (labels[0] if len(labels) == 1 else say("and_more", language, label=labels[0], n=len(labels)), doubt)
        for doubt, labels in same.items()
    )


def _doubt(note: CellNote, language: Language) -> str:
    parts = [word("status", note.status, language)]
    if note.raw:
        parts.append(say("printed_as", language, raw=note.raw[:_TEXT_LENGTH]))
    if note.candidates:
        numbers = (_number(candidate, language) for candidate in note.candidates)
        parts.append(say("may_be", language, candidates=" / ".join(numbers)))
    if note.where:
        parts.append(say("at_place", language, where=note.where))
    return say("comma", language).join(parts)


def _number(value: Number | None, language: Language) -> str:
    return say("blank_mark", language) if value is None else str(value)


def _cell_label(name: str) -> str:
    """Row and column in printed words."""
    table_name, _, rest = name.partition(".")
    row_key, _, column_key = rest.rpartition(".")
    for table in tables().values():
        if table.name == table_name and row_key in table.rows and column_key in table.columns:
            return f"{table.rows[row_key].label}·{table.columns[column_key].label}"
    return name


def _extra_rows(report: Report) -> Table:
    return _pairs((row.label, " | ".join(row.values)) for row in report.extra_rows)


def _findings(report: Report, language: Language) -> Table:
    checks = report.checks
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    if report.kind != "report":
        return grid
    for finding in checks.findings:
        severity = Text(
            word("severity", finding.severity, language), style=_SEVERITY_STYLES[finding.severity]
        )
        grid.add_row(severity, finding.rule, Text(plain(_message(finding, language))))
    sums = say(
        "checks_line",
        language,
        passed=checks.passed,
        blank=checks.passed_if_blank_zero,
        failed=checks.failed,
        open=checks.not_evaluable,
    )
    if not checks.findings:
        sums += say("stop", language) + say("no_findings", language)
    grid.add_row(Text("="), Text(), Text(sums))
    return grid


def _message(finding: Finding, language: Language) -> str:
    return finding.message.zh if language == "zh" else finding.message.en


def _sections(report: Report, language: Language) -> Table:
    return _pairs(
        (section.title, say("section_length", language, length=f"{len(section.text):,}"))
        for section in report.sections
    )


def _facts(report: Report, language: Language) -> Table:
    grid = Table.grid(padding=(0, 2), expand=True)
    grid.add_column(style="dim", no_wrap=True, max_width=_NAME_WIDTH)
    grid.add_column(no_wrap=True, max_width=_NAME_WIDTH)
    grid.add_column(overflow="ellipsis", no_wrap=True, style="dim", ratio=1)
    for fact in report.facts:
        value = say("unknown", language) if fact.value is None else fact.value
        shown = f"{word('qualifier', fact.qualifier, language)}{value}{fact.unit or ''}"
        grid.add_row(fact.name.removeprefix("facts."), Text(plain(shown)), Text(plain(fact.sentence)))
    return grid
