"""Whatever a server sends: a clear outcome, within bounded time and memory, and no effect on the next page."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.document import Document
from pipelines.extraction import extract
from pipelines.record import Report, to_json
from tests.rendering import hostile, html, values, verdict

if TYPE_CHECKING:
    from random import Random

ROOT = Path(__file__).parent.parent
BATCH = 8  # inputs that one child process reads, one after the other


def _clear(report: Report) -> None:
    """A record that says what it is, in full, and that can be written and read again."""
    assert report.kind_reason
    assert report.kind == "not_a_report" or report.quality.reasons or report.quality.extraction == "complete"
    assert all(value is not None or name in report.cell_notes for name, value in report.cells.items())
    line = to_json(report)
    assert to_json(Report.model_validate_json(line)) == line


@pytest.mark.parametrize("names", [hostile.NAMES[i : i + BATCH] for i in range(0, len(hostile.NAMES), BATCH)])
def test_hostile_input_ends_within_limits(names: tuple[str, ...]) -> None:
    child = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "tests.rendering.hostile", *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=hostile.SECONDS * BATCH * 4,
        check=False,
    )
    outcomes = [json.loads(line) for line in child.stdout.splitlines()]
    assert [outcome["name"] for outcome in outcomes] == list(names), child.stderr[-2000:]
    assert child.returncode == 0, child.stderr[-2000:]
    unclear = [o for o in outcomes if o["kind"] != "not_a_report" and not o["reasons"]]
    assert unclear == []


@values.profile(60)
@given(
    st.binary(max_size=2000),
    st.sampled_from([None, "text/html", "text/html; charset=gbk", "application/pdf", ";=,"]),
)
def test_any_bytes_have_an_outcome(body: bytes, content_type: str | None) -> None:
    report = extract(Document(url="https://www.example.gov.cn/x", body=body, content_type=content_type))
    assert not any(value is not None for value in report.cells.values())
    _clear(report)


@values.profile(60)
@given(st.text(max_size=500), st.text(max_size=60))
def test_any_text_has_an_outcome(text: str, title: str) -> None:
    _clear(extract(Document(url="https://www.example.gov.cn/x", text=text, title=title)))


@values.profile(60)
@given(values.choices(), st.data())
def test_mutated_pages_have_an_outcome(rng: Random, data: st.DataObject) -> None:
    """Bytes of a good page cut out, doubled or overwritten anywhere."""
    page = html.page(values.sheet(rng), html.layout(rng)).encode()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(page)))
        end = at + data.draw(st.integers(0, 300))
        piece = data.draw(
            st.sampled_from([b"", page[at:end] * 2, b"<table>", b"</td>", b"<!--", b'"', b"\xff\x00", b"&#"])
        )
        page = page[:at] + piece + page[end:]
    _clear(extract(Document(url="https://www.example.gov.cn/x", body=page)))


@pytest.mark.parametrize(
    "junk",
    [
        "<div>" * 3000,
        "<!--",
        "<script>",
        "<td>9</td>" * 500,
        "</table>" * 500,
        "<table><tr><td>三、本年度办理结果",
    ],
)
def test_junk_after_a_report_changes_no_figure(junk: str) -> None:
    sheet = values.sheet(values.fixed(7))
    page = html.page(sheet, html.Layout()).replace("</body></html>", junk)
    report = extract(Document(url="https://www.example.gov.cn/x", body=page.encode()))
    assert verdict.wrong(sheet, report) == []


def test_a_bad_page_leaves_no_trace_in_the_next() -> None:
    sheet = values.sheet(values.fixed(3))
    good = html.document(sheet, html.Layout())
    before = to_json(extract(good))
    for name in ("nul_bytes", "odd_spans", "digits_cell", "text_digits_rows", "text_surrogates"):
        extract(hostile.document(name))
    assert to_json(extract(good)) == before
