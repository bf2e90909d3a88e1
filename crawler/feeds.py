"""Feeds of ``scrapy crawl -o/-O``: JSON and JSON Lines are the contract itself, CSV is one flat row per report.

Scrapy's own exporters would name keys as Python does (``from_``) and choke on nested models.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from scrapy.exporters import BaseItemExporter, CsvItemExporter, JsonItemExporter, JsonLinesItemExporter

from pipelines.record import Report
from pipelines.statutory.templates import cell_names, tables

if TYPE_CHECKING:
    from collections.abc import Iterable
    from io import BytesIO

_COMPACT: Final = (",", ":")
_BYTE_ORDER_MARK: Final = "\ufeff"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Beginnings of text that spreadsheets execute."""


class _ContractExporter(BaseItemExporter):
    """Serialises a report as the contract says, anything else as Scrapy does."""

    def get_serialized_fields(
        self,
        item: Any,
        default_value: Any = None,
        include_empty: bool | None = None,  # noqa: FBT001 - Scrapy's signature
    ) -> Iterable[tuple[str, Any]]:
        """Keys and values of an item."""
        plain = item.model_dump(mode="json", by_alias=True) if isinstance(item, Report) else item
        return super().get_serialized_fields(plain, default_value, include_empty)


class LinesExporter(_ContractExporter, JsonLinesItemExporter):
    """One record per line, byte for byte as in ``items.jsonl``."""

    def __init__(self, file: BytesIO, **options: Any) -> None:
        """Write without blanks between keys and values, as the store does."""
        super().__init__(file, **{"separators": _COMPACT} | options)


class JsonExporter(_ContractExporter, JsonItemExporter):
    """One array of records."""


class CsvExporter(CsvItemExporter):
    """One row per report: what identifies it, then every statutory cell; text that a spreadsheet would run is quoted."""

    def __init__(self, file: BytesIO, **options: Any) -> None:
        """Fix the columns beforehand: every report has the same ones."""
        super().__init__(file, **options)
        self.fields_to_export = self.fields_to_export or columns()
        if file.tell() == 0:
            self.stream.write(_BYTE_ORDER_MARK)  # without it spreadsheets take UTF-8 for the local charset

    def export_item(self, item: Any) -> None:
        """Write one row."""
        super().export_item(flat(item) if isinstance(item, Report) else item)


@cache
def columns() -> tuple[str, ...]:
    """Names of the columns of a CSV feed."""
    cells = (name for table in tables() for version in ("v1", "v2") for name in cell_names(table, version))
    return (*_HEAD, *dict.fromkeys(cells))


_HEAD: Final = (
    "id",
    "url",
    "title",
    "agency",
    "agency_kind",
    "division",
    "portal",
    "year",
    "scope",
    "kind",
    "published",
    "extraction",
)


def flat(report: Report) -> dict[str, Any]:
    """A report as one row; a cell that was not read stays empty, which zero is not."""
    head = (
        report.id,
        report.url,
        report.title,
        report.agency.name,
        report.agency.kind,
        report.agency.division,
        report.portal.home,
        report.year,
        report.scope,
        report.kind,
        report.metadata.published,
        report.quality.extraction,
    )
    row = dict(zip(_HEAD, head, strict=True)) | dict(report.cells)
    return {name: "" if value is None else defused(value) for name, value in row.items()}


def defused(value: Any) -> Any:
    """Text that a spreadsheet takes for text; numbers stay numbers."""
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA):
        return "'" + value
    return value
