"""The published schema and the records agree: every key, in order, nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from pipelines.document import Document
from pipelines.extraction import extract
from pipelines.record import Report, json_schema, to_json

PAGES = sorted((Path(__file__).parents[1] / "fixtures" / "reports").glob("*/page.*"))
KEYS = (
    "schema_version id version change kind kind_reason url also_at portal title agency year year_from scope metadata sections "
    "templates cells cell_notes extra_rows checks facts attachments source quality seen"
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_records_keep_the_contract(page: Path) -> None:
    line = to_json(extract(Document(url=page.as_uri(), body=page.read_bytes())))
    record = json.loads(line)
    jsonschema.Draft202012Validator(json_schema()).validate(record)
    assert list(record) == KEYS.split()
    assert "\n" not in line
    assert to_json(Report.model_validate_json(line)) == line


def test_the_same_input_gives_the_same_record() -> None:
    document = Document(url="https://www.example.gov.cn/1.html", body=PAGES[0].read_bytes())
    assert to_json(extract(document)) == to_json(extract(document))


def test_the_schema_names_itself_and_requires_every_key() -> None:
    schema = json_schema()
    assert schema["title"] == "Gongkai report record"
    assert sorted(schema["required"]) == sorted(schema["properties"])
    jsonschema.Draft202012Validator.check_schema(schema)
