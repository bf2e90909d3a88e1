"""The output contract: one report, one JSON line.

The types below *are* the contract; ``scrapy schema`` prints the JSON Schema generated from them.
Key order is the order of declaration; no key is ever left out. Two promises stand above all: a number
in ``cells`` was read, never guessed or filled in; and the same input gives the same record, byte for
byte, apart from ``source.fetched``, ``seen``, ``change`` and ``version``.
"""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003  pydantic reads it at run time
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION: Final = "1.0"

Number = int | float
Change = Literal["new", "changed", "unchanged", "missing", "gone"]
Kind = Literal["report", "legacy_report", "not_a_report"]
AgencyKind = Literal[
    "central_dept", "gov", "gov_office", "dept", "town", "subdistrict", "zone", "authorised_body", "vertical"
]
Confidence = Literal["high", "medium", "low"]
Scope = Literal["own", "government_aggregate", "system"]
TemplateLabel = Literal["v1", "v2", "mixed", "legacy", "none"]
CellStatus = Literal[
    "number",
    "blank",
    "placeholder",
    "placeholder_none",
    "not_applicable",
    "text",
    "garbled",
    "absent",
    "unreadable",
    "merged_span",
    "ambiguous",
]
CheckResult = Literal["PASS", "PASS_IF_BLANK_ZERO", "FAIL", "NOT_EVALUABLE"]
Severity = Literal["ERROR", "WARN", "INFO"]
Origin = Literal["source", "extraction", "unknown"]
Completeness = Literal["complete", "partial", "none"]


class _Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid", populate_by_name=True, json_schema_serialization_defaults_required=True
    )


class Portal(_Strict):
    """Where a report was published; all null for a local file."""

    division: str | None = Field(None, description="6-digit GB/T 2260 code")
    name: str | None = None
    home: str | None = None
    platform: str | None = Field(None, description="name of the CMS family")
    site_id: str | None = Field(None, description="网站标识码")


class Agency(_Strict):
    """The body that reports."""

    name: str | None = None
    kind: AgencyKind | None = None
    division: str | None = Field(None, description="6-digit GB/T 2260 code")
    confidence: Confidence = "low"
    from_: str | None = Field(None, alias="from", description="which evidence decided")


class Metadata(_Strict):
    """The label block of the page; dates ISO 8601 (+08:00) with only the precision that was printed."""

    index_number: str | None = Field(None, description="索引号")
    category: str | None = Field(None, description="信息分类/主题分类/组配分类")
    publisher: str | None = Field(None, description="发布机构")
    published: str | None = Field(None, description="发布日期")
    created: str | None = Field(None, description="成文日期")
    title: str | None = Field(None, description="标题/名称")
    document_number: str | None = Field(None, description="文号")
    validity: str | None = Field(None, description="时效/有效性")
    keywords: str | None = Field(None, description="主题词/关键词")
    source: str | None = Field(None, description="来源")
    raw: dict[str, str] = Field(default_factory=dict, description="every label found → its text as printed")


class Section(_Strict):
    """One section of the report, tables left out."""

    number: Annotated[int, Field(ge=1, le=6)] | None = None
    title: str
    text: str


class Templates(_Strict):
    """Format of each statutory table."""

    proactive: TemplateLabel = "none"
    applications: TemplateLabel = "none"
    disputes: TemplateLabel = "none"


@dataclass(slots=True)
class CellNote:
    """What there is to say of one cell: its raw text, status, flags and place.

    Attributes:
        raw: text as printed.
        status: why there is a number, or why there is none.
        flags: what a reader must know about the number.
        where: table, row and value (from 1) in the source.
        candidates: the readings that fit when status is ``ambiguous`` or ``garbled``.
        unit: unit as printed with the value.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", json_schema_serialization_defaults_required=True
    )

    raw: str | None
    status: CellStatus
    flags: Sequence[str] = ()
    where: str | None = None
    candidates: Sequence[Number | None] = ()
    unit: str | None = None


class ExtraRow(_Strict):
    """A row or column beyond the template, kept as printed."""

    table: str
    label: str
    values: list[str]


class Message(_Strict):
    """One plain sentence, in Chinese and in English."""

    zh: str
    en: str


class Finding(_Strict):
    """One rule that did not pass."""

    rule: str
    severity: Severity
    result: CheckResult
    cells: list[str] = Field(default_factory=list)
    expected: Number | str | None = None
    actual: Number | str | None = None
    origin: Origin = "unknown"
    diagnosis: str | None = None
    message: Message


class Checks(_Strict):
    """Counts over all identities that apply, and the findings of all rules."""

    passed: int = 0
    passed_if_blank_zero: int = 0
    failed: int = 0
    not_evaluable: int = 0
    findings: list[Finding] = Field(default_factory=list)


class Fact(_Strict):
    """A number stated in prose."""

    name: str
    value: Number | str | None
    unit: str | None = None
    qualifier: Literal["exact", "at_least", "about", "at_most"] = "exact"
    sentence: str


class Attachment(_Strict):
    """A file that the page links as part of the report."""

    url: str
    name: str | None = None
    media_type: str | None = None
    sha256: str | None = None
    archived: str | None = None
    outcome: str | None = None


class Source(_Strict):
    """The bytes that the cells came from."""

    kind: str
    sha256: str
    encoding: str | None = None
    fetched: str | None = None
    archived: str | None = None


class Quality(_Strict):
    """How much could be read, and why not more."""

    extraction: Completeness = "none"
    reasons: list[str] = Field(default_factory=list)


class Seen(_Strict):
    """When this report was met (ISO 8601)."""

    first: str | None = None
    last: str | None = None
    changed: str | None = None


class Report(_Strict):
    """One report."""

    schema_version: str = SCHEMA_VERSION
    id: str = Field(description="derived from division, agency, scope and year; never from the URL")
    version: int = 1
    change: Change = "new"
    kind: Kind
    kind_reason: str
    url: str
    also_at: list[str] = Field(default_factory=list)
    portal: Portal = Field(default_factory=Portal)
    title: str | None = None
    agency: Agency = Field(default_factory=Agency)
    year: int | None = Field(None, description="the year reported on")
    year_from: Literal["title", "period", "body"] | None = None
    scope: Scope | None = None
    metadata: Metadata = Field(default_factory=Metadata)
    sections: list[Section] = Field(default_factory=list)
    templates: Templates = Field(default_factory=Templates)
    cells: dict[str, Number | None] = Field(default_factory=dict)
    cell_notes: dict[str, CellNote] = Field(default_factory=dict)
    extra_rows: list[ExtraRow] = Field(default_factory=list)
    checks: Checks = Field(default_factory=Checks)
    facts: list[Fact] = Field(default_factory=list)
    attachments: list[Attachment] = Field(default_factory=list)
    source: Source
    quality: Quality = Field(default_factory=Quality)
    seen: Seen = Field(default_factory=Seen)


def to_json(report: Report) -> str:
    """Serialise one record as a line of JSONL, without the line end."""
    return report.model_dump_json(by_alias=True)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of one record; every key is required."""
    schema = Report.model_json_schema(by_alias=True, mode="serialization")
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return dialect | schema | {"title": "Gongkai report record"}
