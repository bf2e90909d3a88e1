"""Golden cases: whole pages with the answers that a person read out of them.

A folder under ``fixtures/reports`` holds ``page.html`` or ``page.txt`` (the bytes as served), ``request.json``
(address, Content-Type, time of the fetch) and ``expected.json``: every key but ``note`` is compared.

* ``cells``: all cells; those that are not listed have the ``default`` (one value, or one per table);
* ``nulls``: how many cells are null, by status; ``flags`` and ``units``: of single cells;
* ``metadata``: all fields that are not null; ``sections``: their titles;
* ``findings``: rules of severity ERROR and WARN; ``checks``: the counts; ``attachments``: addresses;
* ``facts``: name, value and qualifier of those that must be among the facts.

A folder without ``expected.json`` fails and leaves ``expected.draft.json`` beside the page: somebody has to compare
it with the page before it becomes the expectation.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.document import Document
from pipelines.extraction import extract
from pipelines.statutory.templates import TABLES

if TYPE_CHECKING:
    from pipelines.record import Report

CASES = Path(__file__).parents[1] / "fixtures" / "reports"


def load(case: Path) -> Document:
    request = json.loads((case / "request.json").read_text("utf-8"))
    (page,) = case.glob("page.*")
    return Document(
        url=request["url"],
        body=page.read_bytes(),
        content_type=request["content_type"],
        fetched=request["fetched"],
    )


def seen(report: Report) -> dict[str, Any]:
    """The record in the form of ``expected.json``."""
    return {
        "kind": report.kind,
        "title": report.title,
        "agency": {"name": report.agency.name, "confidence": report.agency.confidence},
        "year": report.year,
        "year_from": report.year_from,
        "metadata": report.metadata.model_dump(exclude={"raw"}, exclude_none=True),
        "templates": report.templates.model_dump(),
        "cells": dict(report.cells),
        "nulls": dict(
            Counter(note.status for cell, note in report.cell_notes.items() if report.cells[cell] is None)
        ),
        "flags": {cell: list(note.flags) for cell, note in report.cell_notes.items() if note.flags},
        "units": {cell: note.unit for cell, note in report.cell_notes.items() if note.unit},
        "sections": [section.title for section in report.sections],
        "checks": report.checks.model_dump(exclude={"findings"}),
        "findings": sorted({f.rule for f in report.checks.findings if f.severity != "INFO"}),
        "facts": [[fact.name, fact.value, fact.qualifier] for fact in report.facts],
        "attachments": [attachment.url for attachment in report.attachments],
        "encoding": report.source.encoding,
        "quality": report.quality.extraction,
    }


def expand(expected: dict[str, Any], got: dict[str, Any]) -> dict[str, Any]:
    """The expectation with every cell spelled out; keys inside ``agency`` and ``templates`` may be left out."""
    full = {key: value for key, value in expected.items() if key != "note"}
    for partial in ("agency", "templates", "units", "flags"):
        if partial in full:
            full[partial] = {key: got[partial].get(key) for key in got[partial]} | full[partial]
    if "cells" in full:
        default, listed = full["cells"]["default"], full["cells"]["cells"]
        of_table = default if isinstance(default, dict) else dict.fromkeys(TABLES, default)
        names = got["cells"] if listed or full["quality"] != "none" else {}
        full["cells"] = {name: of_table[name.partition(".")[0]] for name in names} | listed
    return full


@pytest.mark.parametrize("case", sorted(p for p in CASES.iterdir() if p.is_dir()), ids=lambda case: case.name)
def test_golden(case: Path) -> None:
    report = extract(load(case))
    got = seen(report)
    if not (case / "expected.json").exists():
        draft = case / "expected.draft.json"
        draft.write_text(json.dumps(got, ensure_ascii=False, indent=1) + "\n", "utf-8")
        pytest.fail(f"no expectation: compare {draft.name} with the page and rename it")
    expected = expand(json.loads((case / "expected.json").read_text("utf-8")), got)
    missing = [fact for fact in expected.pop("facts", []) if fact not in got["facts"]]
    assert {key: got[key] for key in expected} | {"missing facts": missing} == expected | {
        "missing facts": []
    }


SIZES = {"proactive": {"v1": 22, "v2": 10, "none": 0}, "applications": {"v1": 161, "v2": 175, "none": 0}}


@pytest.mark.parametrize("case", sorted(p for p in CASES.iterdir() if p.is_dir()), ids=lambda case: case.name)
def test_every_cell_of_the_forms_found(case: Path) -> None:
    """The defaults of an expectation must not hide a cell that is missing."""
    report = extract(load(case))
    count = Counter(cell.partition(".")[0] for cell in report.cells)
    templates = report.templates.model_dump()
    if report.kind != "report":
        assert not count
        return
    for table, sizes in SIZES.items():
        assert count[table] == sizes[templates[table]]
    assert count["disputes"] == (0 if templates["disputes"] == "none" else 15)
