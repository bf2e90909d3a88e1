"""Real reports against their annotated answers. They lie beside the project and are never part of it."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pipelines.document import Document
from pipelines.extraction import extract

REAL = Path(__file__).resolve().parents[2] / "shared" / "real"
TRUTH = sorted((REAL / "truth").glob("*.json"))
NOT_READ_YET = (".pdf", ".docx")

pytestmark = pytest.mark.skipif(not TRUTH, reason="the folder of real reports is not there")


@cache
def _rows(path: Path) -> dict[str, dict[str, str]]:
    csv.field_size_limit(10**8)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["标题"]: row for row in csv.DictReader(file)}


def _document(truth: dict[str, Any]) -> Document:
    path = REAL / truth["file"]
    if path.suffix != ".csv":
        return Document(url=path.resolve().as_uri(), body=path.read_bytes())
    row = _rows(path)[truth["selector"]]
    published = row.get("时间") or row.get("日期")
    return Document(url=row["访问地址"], text=row["内容"], title=row["标题"], published=published)


@pytest.mark.parametrize("path", TRUTH, ids=lambda path: path.stem)
def test_annotated_report(path: Path) -> None:
    truth = json.loads(path.read_text("utf-8"))
    if truth["file"].endswith(NOT_READ_YET):
        pytest.skip("this kind of file is not read yet")
    report = extract(_document(truth))
    open_cells = set(truth["undetermined"])
    determined = {name: value for name, value in truth["cells"].items() if name not in open_cells}

    assert (report.kind != "not_a_report") == truth["is_report"]
    assert {name: report.cells.get(name) for name in determined} == determined
    assert [name for name in open_cells if report.cells.get(name) is not None] == []
    assert all(name in report.cell_notes for name, value in report.cells.items() if value is None)
    for name, likely in truth.get("likely", {}).items():
        if name in open_cells:
            assert likely in report.cell_notes[name].candidates or not report.cell_notes[name].candidates
    failing = {f.rule for f in report.checks.findings if f.result == "FAIL" and f.rule[:3] in ("T3.", "T4.")}
    assert failing == set(truth["printed_wrong"])
    if not truth["is_report"]:
        return
    assert (report.title, report.year) == (truth["title"], truth["year"])
    assert report.agency.name == (truth["agency"] or truth.get("agency_inferred"))
    for key in ("index_number", "publisher"):
        if key in truth["metadata"]:
            assert getattr(report.metadata, key) == truth["metadata"][key]
    if published := truth["metadata"].get("published"):
        assert (report.metadata.published or "")[: len(published)].replace("T", " ") == published
    for table, label in truth["templates"].items():
        if label in ("v1", "v2"):
            assert getattr(report.templates, table) in ((label,) if table != "disputes" else ("v1", "v2"))


def test_two_forms_of_one_report_agree() -> None:
    """The same report as markup and as text with its cells run together: no cell may differ."""
    markup = extract(_document({"file": "reports/pingtan-2023.html"}))
    text = extract(_document({"file": "reports/pingtan-2023.txt"}))
    assert {n for n, v in text.cells.items() if v is not None and v != markup.cells[n]} == set()
    assert (markup.year, markup.agency.name) == (text.year, text.agency.name)
