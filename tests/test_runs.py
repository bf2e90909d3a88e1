"""The folder of a run, as a real crawl leaves it: report, issues, records and feeds agree with each other."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest

from crawler.feeds import columns, defused
from crawler.runs import LATEST, new_folder, point_to
from pipelines.record import Report
from tests.small_portal import ROWS, crawl, lines, portal

if TYPE_CHECKING:
    from pathlib import Path

FEEDS = ("jsonl", "json", "csv")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the crawl of a portal leaves behind on which everything happens once."""
    data = tmp_path_factory.mktemp("data")
    with portal(*ROWS) as url:
        feeds = [part for feed in FEEDS for part in ("-O", str(data / f"out.{feed}"))]
        done = crawl(data, "portal", "-a", f"url={url}", "-a", "year=2021-2025", *feeds)
    assert done.returncode == 1, done.stderr
    return data


@pytest.fixture(scope="module")
def report(data: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((data / "runs" / LATEST / "report.json").read_text("utf-8"))
    return report


def test_run(data: Path, report: dict[str, Any]) -> None:
    run = report["run"]
    assert (data / "runs" / LATEST).resolve().name == run["id"]
    assert run["id"].endswith("Z-portal")
    assert run["spider"] == "portal"
    assert run["arguments"].keys() == {"url", "year"}
    assert run["finish_reason"] == "finished"
    assert run["started"] <= run["ended"]
    assert run["versions"].keys() == {"gongkai", "schema", "scrapy", "python"}
    assert run["counts"]["outcomes"] == {"partial": 1}


def test_portal(report: dict[str, Any]) -> None:
    (portal,) = report["portals"]
    keys = [
        "url",
        "name",
        "division",
        "platform",
        "outcome",
        "reason",
        "columns",
        "reports",
        "refused",
        "requests",
        "bytes",
    ]
    assert list(portal)[: len(keys)] == keys
    assert (portal["outcome"], portal["reason"]) == ("partial", "server_error")
    assert portal["reports"] == 3
    assert portal["duplicates"] == 1
    assert portal["refused"] == {"website_report": 1}
    # A row that names a report and leads to a notice: the report is missing.
    assert portal["lost"] == {"server_error": 1, "other_report": 1}
    assert (
        portal["requests"] == 2 + len(ROWS) - 1
    )  # home, column, every row but the form, which its title refuses
    assert portal["bytes"] > 10_000
    (column,) = portal["columns"]
    assert list(column)[:4] == ["url", "declared", "found", "pages"]
    assert (column["declared"], column["found"], column["pages"]) == (len(ROWS), len(ROWS), 1)


def test_every_row_is_accounted_for(report: dict[str, Any]) -> None:
    (portal,) = report["portals"]
    fate = (
        portal["reports"]
        + portal["duplicates"]
        + sum(portal["refused"].values())
        + sum(portal["lost"].values())
    )
    assert fate == len(ROWS)


def test_issues(data: Path) -> None:
    issues = lines(data / "runs" / LATEST / "issues.jsonl")
    assert {(issue["code"], issue["severity"], issue["url"].rpartition("/")[2]) for issue in issues} == {
        ("report_lost", "ERROR", "lost.html"),
        ("report_lost", "ERROR", "notice.html"),
        ("extraction_none", "ERROR", "grain.html"),
    }
    for issue in issues:
        assert set(issue["message"]) == {"zh", "en"}
        assert "<" not in issue["message"]["en"]


def test_records(data: Path) -> None:
    records = lines(data / "runs" / LATEST / "items.jsonl")
    names = [{url.rpartition("/")[2] for url in (record["url"], *record["also_at"])} for record in records]
    assert sorted(map(sorted, names)) == [["copy.html", "market.html"], ["culture.html"], ["grain.html"]]
    for record in records:
        Report.model_validate(record)


def test_only_finished_files_stand_in_the_folder(data: Path) -> None:
    folder = data / "runs" / LATEST
    names = {"items.jsonl", "changes.jsonl", "issues.jsonl", "report.json"}
    assert {path.name for path in folder.iterdir()} == names
    assert sorted(path.name for path in folder.parent.iterdir()) == sorted({folder.resolve().name, LATEST})


def test_feeds_are_the_contract(data: Path) -> None:
    records = lines(data / "out.jsonl")
    assert json.loads((data / "out.json").read_text("utf-8")) == records
    stored = lines(data / "runs" / LATEST / "items.jsonl")
    # The store decides at the end which address of a report comes first; a feed gets records as they come.
    assert {one["id"]: one["cells"] for one in records} == {one["id"]: one["cells"] for one in stored}
    assert len(records) == len(stored)
    assert "from" in records[0]["agency"]


def test_csv_has_one_row_per_report_and_every_cell(data: Path) -> None:
    with (data / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["url"]: row for row in csv.DictReader(file)}
    for record in lines(data / "out.jsonl"):
        row = rows.pop(record["url"])
        assert row["agency"] == record["agency"]["name"]
        for name, value in record["cells"].items():
            assert row[name] == ("" if value is None else str(value))
    assert not rows
    assert len(columns()) == len(set(columns())) > 200


@pytest.mark.parametrize("text", ["=1+1", "+86", "-1 x", "@SUM(A1)", "\t=1", " =1", "＝1"])
def test_spreadsheets_run_nothing(text: str) -> None:
    assert defused(text) == "'" + text


@pytest.mark.parametrize("value", [-5, 0, 1.5, "市水务局", "2024-01-20", ""])
def test_numbers_and_ordinary_text_stay(value: object) -> None:
    assert defused(value) == value


def test_runs_of_one_second_have_folders_of_their_own(tmp_path: Path) -> None:
    folders = [new_folder(tmp_path, "portal") for _ in range(5)]
    assert len(set(folders)) == 5
    assert all(folder.is_dir() for folder in folders)


def test_latest_moves_on(tmp_path: Path) -> None:
    first, second = (new_folder(tmp_path, "portal") for _ in range(2))
    point_to(first)
    point_to(second)
    latest = first.parent / LATEST
    assert latest.is_symlink()
    assert latest.resolve() == second.resolve()
    assert not latest.readlink().is_absolute()


def test_latest_where_there_are_no_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("links are not possible here")

    monkeypatch.setattr("pathlib.Path.symlink_to", refuse)
    folder = new_folder(tmp_path, "portal")
    point_to(folder)
    assert (folder.parent / LATEST).read_text("utf-8").strip() == folder.name
