"""From a document to its checked record, in three pure steps: clean → read → check.

``extract`` composes them; Scrapy's pipelines call them one by one. Nothing here raises on content: what
cannot be read is said in the record.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from pipelines.agencies import AgencyFinding, may_make_rules, report_id, resolve_agency
from pipelines.checks import CheckContext, CheckOutcome
from pipelines.checks import check as check_rules
from pipelines.classify import Classification, Evidence, classify, find_anchors
from pipelines.cleaning import Page, clean
from pipelines.facts import extract_facts
from pipelines.headline import choose_title
from pipelines.metadata import page_facts, read_metadata
from pipelines.normalise import squeeze
from pipelines.prose_checks import check_prose
from pipelines.record import (
    CellNote,
    CellStatus,
    Checks,
    Completeness,
    Fact,
    Metadata,
    Number,
    Quality,
    Report,
    Section,
    Source,
    TemplateLabel,
    Templates,
)
from pipelines.sections import Sections, split_sections
from pipelines.statutory.extractor import Extraction, extract_tables
from pipelines.statutory.templates import TABLES, TableName
from pipelines.years import Year, report_year

if TYPE_CHECKING:
    from pipelines.document import Document
    from pipelines.titles import Title

__all__ = ["Draft", "check", "clean", "extract", "read"]

_ABOVE_THE_BODY: Final = 60
"""Blocks before the body in which the label block is sought; what stands higher is navigation."""
_UNREAD: Final[frozenset[CellStatus]] = frozenset(
    {"absent", "ambiguous", "garbled", "unreadable", "merged_span"}
)
_SECTION_OF: Final[dict[TableName, int]] = {"proactive": 2, "applications": 3, "disputes": 4}


@dataclass(slots=True)
class Draft:
    """A document read, before the rules have judged it."""

    page: Page
    metadata: Metadata
    title: Title
    year: Year
    agency: AgencyFinding
    sections: Sections
    records: list[Section]
    paragraphs: list[str]
    classification: Classification
    extraction: Extraction
    facts: list[Fact]


def extract(document: Document) -> Report:
    """Turn one document into its record."""
    return check(read(clean(document)))


def read(page: Page) -> Draft:
    """Read everything that a page says: labels, title, body, year, agency, sections, tables, facts."""
    extra = {**page.document.metadata}
    if page.document.published:
        extra.setdefault("发布日期", page.document.published)
    start, end = page.body
    metadata = read_metadata(page.blocks[max(0, start - _ABOVE_THE_BODY) :], page.metas, extra)
    title = choose_title(page, metadata)
    sections = split_sections(page.blocks[start:end], year=title.year)
    records = sections.records()
    extraction = extract_tables(sections.blocks, drawn=page.form == "html", year=title.year)
    preamble = sections.preamble_paragraphs()
    paragraphs = sections.paragraphs()
    year = report_year(title, paragraphs, metadata.published)
    site = page_facts(page.metas)
    agency = resolve_agency(
        title=title,
        publisher=metadata.publisher,
        source=metadata.source or site.source,
        portal=page.document.portal,
        paragraphs=paragraphs,
    )
    classification = classify(
        _evidence(page, title, year, agency, extraction=extraction, paragraphs=paragraphs)
    )
    facts = (
        []
        if classification.kind == "not_a_report"
        else extract_facts(records, preamble, year.year, agency=agency.agency.name)
    )
    return Draft(
        page,
        metadata,
        title,
        year,
        agency,
        sections,
        records,
        paragraphs,
        classification,
        extraction,
        facts,
    )


def check(draft: Draft) -> Report:
    """Judge a draft by all rules and write its record."""
    reading = draft.extraction.reading
    report_kind = draft.classification.kind
    keeps_cells = report_kind == "report"
    values = reading.values if keeps_cells else {}
    cells: dict[str, Number | None] = {name: value.value for name, value in values.items()}
    notes = {
        name: CellNote(
            value.raw, value.status, value.flags, draft.extraction.where(name), value.candidates, value.unit
        )
        for name, value in values.items()
        if value.value is None or value.flags or value.unit
    }
    templates = _templates(draft)
    sections = draft.records
    context = CheckContext(
        cells=cells,
        notes=notes,
        templates=templates,
        year=draft.year.year,
        agency=draft.agency.agency,
        may_make_rules=may_make_rules(draft.agency.agency),
        sections=sections,
        paragraphs=draft.paragraphs,
        year_conflicts=draft.year.conflicts,
        title_flags=draft.title.flags,
        impossible=reading.impossible,
        reread=draft.extraction.reread,
    )
    outcome = check_rules(context) if keeps_cells else CheckOutcome(Checks(), {})
    for name, (first, second) in outcome.doubtful.items():
        note = notes.get(name)
        cells[name] = None
        notes[name] = CellNote(
            raw=note.raw if note else str(first),
            status="ambiguous",
            flags=("readings_differ",),
            where=note.where if note else None,
            candidates=(first, second),
        )
    checks = outcome.checks
    if keeps_cells:
        checks.findings += check_prose(draft.facts, cells, notes)
    return Report(
        id=_id(draft),
        kind=report_kind,
        kind_reason=draft.page.problem or draft.classification.reason,
        url=draft.page.document.url,
        portal=draft.page.document.portal,
        title=draft.title.text or None,
        agency=draft.agency.agency,
        year=draft.year.year,
        year_from=draft.year.from_,
        scope=draft.agency.scope,
        metadata=draft.metadata,
        sections=sections,
        templates=templates,
        cells=cells,
        cell_notes=notes,
        extra_rows=reading.extra_rows if keeps_cells else [],
        checks=checks,
        facts=draft.facts,
        attachments=[*draft.page.document.attachments, *draft.page.links],
        source=_source(draft),
        quality=_quality(draft, templates, notes),
    )


def _evidence(
    page: Page,
    title: Title,
    year: Year,
    agency: AgencyFinding,
    *,
    extraction: Extraction,
    paragraphs: list[str],
) -> Evidence:
    text = extraction.text[:_LOOK_AT]
    anchors, heads = find_anchors(text)
    return Evidence(
        title=title,
        anchors=anchors,
        section_heads=heads,
        tables_found=tuple(extraction.reading.versions),
        cells_read=sum(value.value is not None for value in extraction.reading.values.values()),
        year=year.year,
        agency_known=agency.agency.name is not None,
        text_length=len(text),
        links=len(page.links),
        listed=sum(
            "信息公开" in block and block.endswith(_ENDINGS)
            for block in page.blocks
            if isinstance(block, str)
        ),
        images=page.images,
        statistics_annex="情况统计表" in text,
        problem=page.problem,
        sample="\n".join(paragraphs)[:2_000],
    )


_LOOK_AT: Final = 100_000
_ENDINGS: Final = ("报告", "年报")


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(files("pipelines.data").joinpath("extraction.toml").read_text("utf-8"))


def _templates(draft: Draft) -> Templates:
    if draft.classification.kind == "not_a_report":
        return Templates()
    if draft.classification.kind == "legacy_report":
        return Templates(proactive="legacy", applications="legacy", disputes="legacy")
    found: dict[TableName, TemplateLabel] = draft.extraction.reading.versions
    return Templates(**{table: found.get(table, "none") for table in TABLES})


def _id(draft: Draft) -> str:
    agency = draft.agency
    known = agency.agency.name and agency.agency.division and draft.year.year
    return report_id(
        division=agency.agency.division,
        name=agency.agency.name,
        scope=agency.scope,
        year=draft.year.year,
        fallback="" if known else _content_digest(draft),
    )


def _content_digest(draft: Draft) -> str:
    """Digest of what the report says: the text of its body, without white space."""
    return hashlib.sha256("".join(draft.extraction.text.split()).encode("utf-8", "surrogatepass")).hexdigest()


def _source(draft: Draft) -> Source:
    page = draft.page
    kind = page.form
    if page.form == "html":
        kind = "html_table" if draft.extraction.primary == "grid" else "html_text"
    return Source(
        kind=kind,
        sha256=page.sha256,
        encoding=page.decoded.encoding if page.decoded else None,
        fetched=page.document.fetched,
    )


def _quality(draft: Draft, templates: Templates, notes: dict[str, CellNote]) -> Quality:
    """How complete the reading is: every table read or replaced by a sentence, every printed cell read."""
    reasons = [draft.page.problem] if draft.page.problem else []
    reasons += [*draft.page.flags, *draft.classification.flags]
    if draft.classification.kind != "report":
        return Quality(extraction="none", reasons=reasons)
    missing = 0
    for table in TABLES:
        if getattr(templates, table) != "none":
            continue
        if _stated_in_words(draft, table):
            reasons.append(f"{table}:stated_in_words")
        else:
            missing += 1
            reasons.append(f"{table}:table_not_found")
    reasons += draft.extraction.reading.reasons
    unread: dict[str, int] = {}
    for note in notes.values():
        if note.status in _UNREAD:
            unread[note.status] = unread.get(note.status, 0) + 1
    reasons += [f"cells_{status}:{count}" for status, count in sorted(unread.items())]
    level: Completeness = "complete"
    if missing or unread:
        level = "none" if missing == len(TABLES) else "partial"
    return Quality(extraction=level, reasons=list(dict.fromkeys(reasons)))


def _stated_in_words(draft: Draft, table: TableName) -> bool:
    """Whether the section says in a sentence that there was nothing to put in the table."""
    part = draft.sections.part(_SECTION_OF[table])
    if part is None:
        return False
    text = squeeze(" ".join(str(draft.sections.blocks[i]) for i in part.prose))[:600]
    return any(word in text for word in _words()["nothing"][table])
