from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import jsonschema
import pytest
from scrapy.cmdline import execute
from scrapy.settings import Settings

from crawler.addon import STAGES, GongkaiAddon
from crawler.display import fit, plain, tail
from crawler.parallel import CHUNK_ITEMS, ordered_map
from pipelines.record import json_schema

ROOT = Path(__file__).parent.parent
REPORTS = ROOT / "fixtures" / "reports"
COMPLETE = REPORTS / "datong-health-2025-html" / "page.html"
SAME_AS_TEXT = REPORTS / "datong-health-2025-text" / "page.txt"
PARTIAL = REPORTS / "yunling-water-2025-joined" / "page.txt"
LEGACY = REPORTS / "yunling-land-2016-legacy" / "page.html"
NO_REPORT = REPORTS / "not-infographic-2025" / "page.html"
WRONG_SUM = REPORTS / "yunling-justice-2025-wrong-sum" / "page.html"
GBK = REPORTS / "yunling-culture-2022-gbk" / "page.html"
SCRAPY = (sys.executable, "-m", "scrapy")


@pytest.fixture
def scrapy(capfd, monkeypatch):
    """``scrapy ...`` in this process → exit code, standard output, standard error."""
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("GONGKAI_LANG", raising=False)
    monkeypatch.setenv("COLUMNS", "140")
    before = signal.getsignal(signal.SIGTERM)

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            execute(["scrapy", *map(str, arguments)])
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return int(stop.value.code or 0), out, err

    yield run
    signal.signal(signal.SIGTERM, before)


def records(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def without_addresses(record: dict) -> dict:
    return {key: value for key, value in record.items() if key not in ("url", "also_at")}


# --- results


def test_a_report_becomes_a_line_for_people_and_a_record_for_machines(scrapy, tmp_path):
    target = tmp_path / "out.jsonl"
    code, out, err = scrapy("extract", COMPLETE, "-o", target)
    assert (code, err) == (0, "")
    (line,) = [line for line in out.splitlines() if "大同市卫生健康委员会" in line]
    assert line.split()[:5] == ["✓", "完整", "大同市卫生健康委员会", "2025", "v2"]
    assert "200/200" in line
    (record,) = records(target)
    jsonschema.validate(record, json_schema())
    assert record["url"] == COMPLETE.as_uri()
    assert record["cells"]["proactive.fees.amount_wanyuan"] == 14.15


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (COMPLETE, (0, 1, "complete")),
        (PARTIAL, (1, 1, "partial")),
        (LEGACY, (0, 1, "legacy")),
        (NO_REPORT, (0, 0, "no report")),
    ],
)
def test_the_exit_code_says_whether_everything_was_read(scrapy, tmp_path, page, expected):
    code, out, _ = scrapy("extract", page, "--lang", "en", "-o", tmp_path / "out.jsonl")
    assert (code, len(records(tmp_path / "out.jsonl"))) == expected[:2]
    assert expected[2] in out


def test_one_unreadable_input_stops_nobody(scrapy, tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "b.html").write_bytes(COMPLETE.read_bytes())
    code, out, _ = scrapy("extract", tmp_path, "-o", tmp_path / "out.jsonl")
    assert code == 1
    assert "attachment_not_supported" in out
    assert [record["year"] for record in records(tmp_path / "out.jsonl")] == [2025]


def test_a_page_that_can_not_be_taken_apart_is_not_passed_over(scrapy, tmp_path):
    (tmp_path / "deep.html").write_text("<div>" * 200_000 + "x")
    code, out, _ = scrapy("extract", tmp_path / "deep.html")
    assert code == 1
    assert "嵌套太深" in out


def test_what_is_not_a_report_is_written_only_when_asked_for(scrapy, tmp_path):
    code, out, _ = scrapy("extract", NO_REPORT, "--all", "-o", tmp_path / "out.jsonl")
    assert (code, [record["kind"] for record in records(tmp_path / "out.jsonl")]) == (0, ["not_a_report"])
    assert "图解" in out


def test_copies_become_one_record_with_both_addresses(scrapy, tmp_path):
    (tmp_path / "copy.html").write_bytes(COMPLETE.read_bytes())
    scrapy("extract", COMPLETE, SAME_AS_TEXT, tmp_path / "copy.html", "-o", tmp_path / "out.jsonl")
    (record,) = records(tmp_path / "out.jsonl")
    assert record["also_at"] == [SAME_AS_TEXT.as_uri(), (tmp_path / "copy.html").as_uri()]


def test_another_report_of_the_same_body_and_year_is_kept_and_said(scrapy, tmp_path):
    changed = COMPLETE.read_text("utf-8").replace("14.15", "15.15")
    (tmp_path / "other.html").write_text(changed, "utf-8")
    scrapy("extract", COMPLETE, tmp_path / "other.html", "-o", tmp_path / "out.jsonl")
    first, second = records(tmp_path / "out.jsonl")
    assert first["id"] == second["id"]
    assert [f["rule"] for f in second["checks"]["findings"]] == ["QL.CONFLICT"]
    assert first["checks"]["findings"] == []
    assert second["cells"]["proactive.fees.amount_wanyuan"] == 15.15


def test_records_on_standard_output_are_alone_there(scrapy):
    code, out, err = scrapy("extract", COMPLETE, NO_REPORT, "-o", "-")
    assert code == 0
    assert [json.loads(line)["year"] for line in out.splitlines()] == [2025]
    assert "大同市卫生健康委员会" in err


def test_the_number_of_processes_changes_no_byte(scrapy, tmp_path):
    pages = sorted(REPORTS.glob("*/page.*"))
    assert len(pages) > CHUNK_ITEMS
    one = scrapy("extract", *pages, "--jobs", 1, "--all", "-o", tmp_path / "1.jsonl")
    three = scrapy("extract", *pages, "--jobs", 3, "--all", "-o", tmp_path / "3.jsonl")
    assert one[0] == three[0]
    assert (tmp_path / "1.jsonl").read_bytes() == (tmp_path / "3.jsonl").read_bytes()
    shown = [{line for line in out.splitlines() if "fixtures" in line} for _, out, _ in (one, three)]
    assert shown[0] == shown[1]


def test_an_earlier_scrape_is_read_by_its_columns(scrapy, tmp_path):
    text = SAME_AS_TEXT.read_text("utf-8").replace('"', '""')
    dump = tmp_path / "dump.csv"
    dump.write_bytes(f'标题,网页,全文内容\n某页,https://a.example/1,"{text}"\n'.encode("gb18030"))
    code, out, _ = scrapy(
        "extract", dump, "--text-column", "全文内容", "--url-column", "网页", "-o", tmp_path / "out.jsonl"
    )
    (record,) = records(tmp_path / "out.jsonl")
    assert code == 0
    assert record["url"] == "https://a.example/1"
    assert record["cells"]["proactive.fees.amount_wanyuan"] == 14.15
    assert "正文=全文内容" in out
    assert "GB18030" in out


def test_a_page_in_gbk_is_read_as_it_is(scrapy, tmp_path):
    assert scrapy("extract", GBK, "-o", tmp_path / "out.jsonl")[0] == 0
    (record,) = records(tmp_path / "out.jsonl")
    assert record["agency"]["name"] == "云岭市文化广电和旅游局"


# --- usage


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ["scrapy extract"]),
        (("nowhere.html",), ["nowhere.html", "检查路径"]),
        (("nowhere/*.html",), ["nowhere/*.html", "通配符"]),
        ((COMPLETE, "--frobnicate"), ["--frobnicate", "scrapy extract -h"]),
        ((COMPLETE, "--jobs", "0"), ["--jobs", "正整数"]),
        ((COMPLETE, "--jobs", "many"), ["--jobs", "many"]),
        ((COMPLETE, "-o", "out.csv"), ["out.csv", ".jsonl"]),
        ((COMPLETE, "-o", "fixtures"), ["fixtures"]),
        ((COMPLETE, "--text-column", "内容"), ["内容", ".csv"]),
        (("--lang", "en", "nowhere.html"), ["nowhere.html does not exist", "Check the path"]),
    ],
)
def test_unusable_arguments_end_in_one_clear_line(scrapy, arguments, words):
    code, out, err = scrapy("extract", *arguments)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert all(word in err for word in words)


def test_an_unknown_column_is_answered_with_those_that_exist(scrapy, tmp_path):
    (tmp_path / "dump.csv").write_text("标题,内容\n甲,乙\n", "utf-8")
    code, _, err = scrapy("extract", tmp_path / "dump.csv", "--text-column", "正文")
    assert code == 2
    assert all(word in err for word in ("dump.csv", "正文", "--text-column", "标题, 内容"))


def test_the_language_comes_from_option_or_environment(scrapy, monkeypatch):
    monkeypatch.setenv("GONGKAI_LANG", "en")
    assert "complete" in scrapy("extract", COMPLETE)[1]
    assert "完整" in scrapy("extract", COMPLETE, "--lang", "zh")[1]
    monkeypatch.setenv("GONGKAI_LANG", "fr")
    code, _, err = scrapy("extract", COMPLETE)
    assert code == 2
    assert "GONGKAI_LANG" in err


def test_the_schema_is_printed(scrapy):
    code, out, _ = scrapy("schema")
    assert code == 0
    assert json.loads(out) == json_schema()
    assert scrapy("schema", "x")[0] == 2


# --- the screen


def test_explain_shows_a_report_as_a_person_checks_it(scrapy):
    code, out, _ = scrapy("extract", WRONG_SUM, "--explain")
    assert code == 0
    for word in (
        "云岭市司法局",
        "本年制发件数",
        "一、本年新收政府信息公开申请数量",
        "复议后起诉",
        "图例",
        "✗",
        "T3.",
    ):
        assert word in out
    failing = [line for line in out.splitlines() if line.rstrip().endswith("✗")]
    assert failing, "the total that does not add up is marked where it stands"
    assert "identities: 40 hold" in scrapy("extract", WRONG_SUM, "--explain", "--lang", "en")[1]


def test_explain_shows_what_is_printed_beside_what_is_recorded(scrapy):
    out = scrapy("extract", COMPLETE, "--explain")[1]
    assert "14.15万元 → 14.15" in out
    doubtful = scrapy("extract", PARTIAL, "--explain")[1]
    assert "存疑的单元格" in doubtful
    assert "可能为" in doubtful


def test_hostile_words_never_steer_the_terminal(scrapy, tmp_path):
    hostile = "甲\x1b[2J\x1b]0;x\x07\u202e[red]乙"
    dump = tmp_path / "dump.jsonl"
    record = {"正文": SAME_AS_TEXT.read_text("utf-8"), "标题": hostile, hostile: hostile}
    dump.write_text(json.dumps(record), "utf-8")
    for option in ("--all", "--explain"):
        _, out, _ = scrapy("extract", dump, option)
        assert not {"\x1b", "\x07", "\u202e"} & set(out)
    assert plain("[red]\tx\u2028") == "[red] x\ufffd"


def test_columns_stand_under_each_other_whatever_the_width_of_their_letters():
    assert fit("县a", 5) == "县a  "
    assert fit("县级市", 5) == "县级…"
    assert fit("县级市", 4) == "县… "
    assert tail("文件夹/甲.html", 8) == "…甲.html"
    assert tail("甲.html", 8) == "甲.html"


# --- failures


def fragile(number: int) -> int:
    if number == 5:
        os._exit(9)
    if number == 7:
        raise ValueError("seven")
    return number * 2


@pytest.mark.parametrize("jobs", [2, 3])
def test_a_dying_worker_takes_nobody_with_it(jobs):
    numbers = range(5 * CHUNK_ITEMS)
    results = list(ordered_map(fragile, numbers, lambda _: 0, jobs=jobs))
    assert [number for number, _ in results] == list(numbers)
    failed = {
        number: type(result).__name__ for number, result in results if isinstance(result, BaseException)
    }
    assert failed == {5: "BrokenProcessPool", 7: "ValueError"}
    assert all(result == number * 2 for number, result in results if number not in failed)


def test_an_error_in_this_process_is_a_result_too():
    results = dict(ordered_map(fragile, [6, 7, 8], lambda _: 0, jobs=1))
    assert (results[6], results[8]) == (12, 16)
    assert isinstance(results[7], ValueError)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/dev/full is a device of Linux")
def test_a_full_disk_is_said_in_one_line(scrapy):
    code, _, err = scrapy("extract", COMPLETE, "-o", "/dev/full")
    assert code == 1
    (line,) = err.splitlines()
    assert "/dev/full" in line


def test_a_reader_that_leaves_is_no_accident():
    pages = [str(page) for page in REPORTS.glob("*/page.*")]
    run = subprocess.Popen(  # noqa: S603
        [*SCRAPY, "extract", *pages, "-o", "-"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert run.stdout is not None
    assert run.stderr is not None
    run.stdout.close()
    err = run.stderr.read().decode()
    run.stderr.close()
    assert run.wait(60) == 1
    assert "Traceback" not in err
    assert "Exception ignored" not in err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_says_where_its_records_are(tmp_path, number, code):
    target = tmp_path / "out.jsonl"
    target.write_text("old\n")
    with (tmp_path / "dump.jsonl").open("w", encoding="utf-8") as dump:
        text = SAME_AS_TEXT.read_text("utf-8")
        for year in range(4000):
            dump.write(json.dumps({"正文": text.replace("2025", str(year + 2019))}) + "\n")
    run = subprocess.Popen(  # noqa: S603
        [*SCRAPY, "extract", str(dump.name), "-o", str(target)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not any(part.stat().st_size for part in tmp_path.glob("*.part")) and time.monotonic() < deadline:
        time.sleep(0.02)
    run.send_signal(number)
    out, err = run.communicate(timeout=60)
    assert run.returncode == code, err
    assert "Traceback" not in err
    (part,) = tmp_path.glob("*.part")
    assert str(part) in out
    assert f"{len(records(part))} 条" in out
    assert target.read_text() == "old\n"


# --- the crawl

SPIDER = """
from scrapy import Request, Spider
from scrapy.exceptions import CloseSpider
from crawler.wire.hosts import allowed_hosts
from pipelines.document import Document

class PagesSpider(Spider):
    '''One page after the other, so that the order is known.'''
    name = "pages"

    async def start(self):
        yield self.request(self.urls.split())

    def request(self, urls):
        hosts = allowed_hosts(urls[0])
        return Request(urls[0], self.parse, cb_kwargs={"rest": urls[1:]}, meta={"hosts": hosts})

    def parse(self, response, rest):
        content_type = response.headers.get("Content-Type", b"").decode("latin-1")
        yield Document(url=response.url, body=response.body, content_type=content_type)
        if getattr(self, "stop", ""):
            raise CloseSpider("enough")
        if rest:
            yield self.request(rest)
"""


class Portal(SimpleHTTPRequestHandler):
    extensions_map: ClassVar = {".html": "text/html", ".txt": "text/plain"}

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def portal():
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Portal, directory=str(REPORTS)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def crawl(folder: Path, pages: list[Path], portal: str, *options: str) -> str:
    """A real crawl with the project's own settings, apart from the delay → its log."""
    spider = folder / "pages_spider.py"
    spider.write_text(SPIDER)
    urls = " ".join(f"{portal}/{page.relative_to(REPORTS).as_posix()}" for page in pages)
    run = subprocess.run(  # noqa: S603
        [
            sys.executable, "-W", "error::scrapy.exceptions.ScrapyDeprecationWarning", *SCRAPY[1:], "runspider",
            str(spider), "-a", f"urls={urls}", "-s", "DOWNLOAD_DELAY=0", "-s", "AUTOTHROTTLE_ENABLED=False",
            "-O", str(folder / "crawl.jsonl"), *options,
        ],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return run.stderr


def test_a_crawl_stores_what_the_command_extracts(scrapy, tmp_path, portal):
    pages = [COMPLETE, GBK, NO_REPORT, PARTIAL, LEGACY]
    log = crawl(tmp_path, pages, portal)
    scrapy("extract", *pages, "-o", tmp_path / "command.jsonl")
    crawled, extracted = records(tmp_path / "crawl.jsonl"), records(tmp_path / "command.jsonl")
    assert len(crawled) == 4
    assert [without_addresses(one) for one in crawled] == [without_addresses(one) for one in extracted]
    assert crawled[0]["url"] == f"{portal}/{COMPLETE.relative_to(REPORTS).as_posix()}"
    assert "ERROR" not in log
    assert "'gongkai/kind/report': 3" in log
    assert "'item_scraped_count': 4" in log
    assert "本年新收" not in log


OTHER = "scrapy.pipelines.files.FilesPipeline"


def test_the_add_on_puts_the_stages_in_order_and_keeps_what_others_set():
    settings = Settings({"ITEM_PIPELINES": {OTHER: 50, "pipelines.stages.StorePipeline": None}})
    GongkaiAddon().update_settings(settings)
    pipelines = settings.getdict("ITEM_PIPELINES")
    assert pipelines.pop(OTHER) == 50
    assert pipelines.pop("pipelines.stages.StorePipeline") is None
    assert sorted(pipelines, key=pipelines.__getitem__) == list(STAGES[:-1])
