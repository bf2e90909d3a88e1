"""``scrapy crawl`` as a person uses it: exit codes, words on screen, what remains after an interruption."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from crawler.ledger import PortalLedger
from crawler.progress import duration, progress_line, rows_word
from tests.small_portal import COMPLETE, ROOT, command, crawl, environment, lines, portal

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def report_of(data: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((data / "runs" / "latest" / "report.json").read_text("utf-8"))
    return report


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["shaxi"], "shanxi"),
        (["nosuchplace"], "scrapy list"),
        (["www.dt.gov.cn"], "portal -a url=http://www.dt.gov.cn/"),
        ([], "scrapy crawl portal"),
        (["山西", "-a", "city=不存在市"], "本省登记表中没有“不存在市”"),
        (["portal", "-a", "url=http://a.example/", "-a", "yaer=2024"], "yaer"),
        (["portal", "-a", "url=http://a.example/", "-a", "year=24"], "24"),
        (["portal", "--lang", "fr"], "fr"),
    ],
)
def test_mistakes_of_the_user_end_in_one_sentence(arguments: list[str], words: str, tmp_path: Path) -> None:
    done = crawl(tmp_path, *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert not list(tmp_path.rglob("*.json*"))


def test_folder_that_cannot_be_written_is_found_out_beforehand(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    done = crawl(tmp_path / "data", "portal", "-a", "url=http://a.example/")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert str(tmp_path / "data") in done.stderr


def test_complete_portal(tmp_path: Path) -> None:
    with portal(*COMPLETE) as url:
        done = crawl(tmp_path, "portal", "-a", f"url={url}")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "✓ 完整   云岭市人民政府" in done.stdout
    assert "2/2" in done.stdout
    assert str(tmp_path / "runs") in done.stdout
    assert report_of(tmp_path)["portals"][0]["outcome"] == "ok"


def test_records_on_standard_output_leave_the_ledger_to_standard_error(tmp_path: Path) -> None:
    with portal(*COMPLETE) as url:
        done = crawl(tmp_path, "portal", "-a", f"url={url}", "-O", "-:jsonl", "--lang", "en")
    assert done.returncode == 0, done.stderr
    assert {json.loads(line)["kind"] for line in done.stdout.splitlines()} == {"report"}
    assert "✓ ok" in done.stderr


def test_unreachable_portal_is_no_success(tmp_path: Path) -> None:
    done = crawl(tmp_path, "portal", "-a", "url=http://127.0.0.1:9/", "--lang", "en")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "✗ unreachable" in done.stdout
    assert "connection refused" in done.stdout


def interrupted(data: Path, **settings: str) -> tuple[int, str]:
    """Interrupt a crawl of three slow documents when it has had time for about two; exit code, words on screen."""
    # Without any delay Scrapy takes a whole queue at once, whatever the concurrency.
    settings = {"CONCURRENT_REQUESTS_PER_DOMAIN": "1", "DOWNLOAD_DELAY": "0.05"} | settings
    asked = Event()
    with portal("market", "culture", "grain", pause=1.0, second=asked) as url:
        run = subprocess.Popen(  # noqa: S603 - our own command
            command(data, "portal", "-a", f"url={url}", **settings),
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert asked.wait(30)
        os.kill(run.pid, signal.SIGINT)
        out, _ = run.communicate(timeout=60)
    return run.returncode, out.decode()


def test_interrupted_crawl_keeps_what_it_found(tmp_path: Path) -> None:
    code, out = interrupted(tmp_path)
    assert code == 130
    assert "已中断" in out
    report = report_of(tmp_path)
    assert report["run"]["finish_reason"] == "shutdown"
    (books,) = report["portals"]
    assert (books["outcome"], books["reason"]) == ("partial", "interrupted")
    assert 0 < books["reports"] < 3
    assert len(lines(tmp_path / "runs" / "latest" / "items.jsonl")) == books["reports"]
    assert not list(tmp_path.rglob("*.part"))


# --- words on screen


def test_progress_tells_what_is_left() -> None:
    books = [PortalLedger(f"http://{n}.example/", responses=30, reports=2) for n in range(4)]
    assert progress_line(books, 60, "en") == "portals 0/4  pages 120  reports 8  120 pages/min  1:00 so far"
    books[0].ended = NOW
    assert progress_line(books, 60, "en").endswith("about 3:00 left")


def test_rows_found_of_declared() -> None:
    books = PortalLedger("http://a.example/")
    assert rows_word(books) == "-"
    books.column("http://a.example/1").found = 7
    assert rows_word(books) == "7/?"
    books.column("http://a.example/2").declared = 5
    books.column("http://a.example/2").found = 5
    assert rows_word(books) == "12/5+"
    books.column("http://a.example/1").declared = 8
    assert rows_word(books) == "12/13"


@pytest.mark.parametrize(
    ("seconds", "text"), [(7, "0:07"), (750, "12:30"), (11_100, "3:05:00"), (59.6, "1:00")]
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text
