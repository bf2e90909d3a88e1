"""Golden pages of portals: which family a page is taken for, and which report columns it leads to.

A folder under ``fixtures/pages`` holds ``page.html`` (the bytes as served), ``request.json`` (address and
Content-Type) and ``expected.json``. ``scrapy portals add`` writes the first two; a folder without ``expected.json``
fails and leaves ``expected.draft.json`` beside the page: somebody has to compare it with the page before it becomes
the expectation.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crawler.discovery import leads
from crawler.platforms import recognise
from crawler.webpage import Fetch, WebPage
from pipelines.decoding import decode

PAGES = Path(__file__).parents[1] / "fixtures" / "pages"


def load(case: Path) -> WebPage:
    request = json.loads((case / "request.json").read_text("utf-8"))
    body = (case / "page.html").read_bytes()
    text = decode(body, request["content_type"]).text
    return WebPage(url=request["url"], text=text, asked=Fetch(request["url"]), body=body)


def seen(page: WebPage) -> dict[str, Any]:
    found = leads(page)
    return {
        "platform": recognise(page).name,
        "report_columns": [lead.link.url for lead in found if lead.kind == "report"],
        "hubs": sum(lead.kind == "hub" for lead in found),
    }


def check(case: Path) -> None:
    expected = case / "expected.json"
    answer = seen(load(case))
    if not expected.exists():
        draft = case / "expected.draft.json"
        draft.write_text(json.dumps(answer, ensure_ascii=False, indent=2) + "\n", "utf-8")
        pytest.fail(f"compare {draft} with the page, then name it expected.json")
    assert answer == json.loads(expected.read_text("utf-8"))


@pytest.mark.parametrize(
    "case", sorted(path.parent for path in PAGES.glob("*/request.json")), ids=lambda case: case.name
)
def test_page(case: Path) -> None:
    check(case)
