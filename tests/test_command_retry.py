"""``scrapy retry``: only portals that were not read completely are crawled again, as they were crawled before."""

from __future__ import annotations

import json
import shutil
import subprocess
from argparse import ArgumentParser
from typing import TYPE_CHECKING, Any

import pytest
from scrapy.crawler import CrawlerRunner
from scrapy.settings import Settings

from crawler.commands.crawl import Command as Crawl
from crawler.commands.retry import Command, Earlier, portals_to_retry
from pipelines.store.connecting import store_url
from pipelines.store.history import Run
from pipelines.store.locking import hold
from pipelines.store.opening import open_store
from tests.small_portal import COMPLETE, ROOT, command, crawl, environment, portal
from tests.told_store import Filled, address, run_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Call = Callable[..., tuple[int, str, list[tuple[list[str], dict[str, str]]]]]
URLS = tuple(f"http://{name}.example.gov.cn/" for name in "abcd")


@pytest.fixture(autouse=True)
def _chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GONGKAI_LANG", raising=False)


@pytest.fixture
def store(tmp_path: Path, made_file: Path) -> Iterator[Filled]:
    shutil.copy(made_file, tmp_path / "store.db")
    engine = open_store(store_url(None, tmp_path))
    with engine.connect() as connection:
        yield Filled(connection)
    engine.dispose()


@pytest.fixture
def call(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Call:
    """The command up to the crawl: exit code, words, and what would be crawled."""
    crawled: list[tuple[list[str], dict[str, str]]] = []

    def noted(self: Crawl, args: list[str], opts: Any) -> None:
        crawled.append((args, opts.spargs))
        self.exitcode = 1

    monkeypatch.setattr(Crawl, "run", noted)

    def called(*arguments: str) -> tuple[int, str, list[tuple[list[str], dict[str, str]]]]:
        if "store" in request.fixturenames:
            request.getfixturevalue("store").connection.commit()
        settings = Settings({"GONGKAI_DATA": str(tmp_path)})
        settings.setmodule("crawler.settings", priority="default")
        command = Command()
        command.settings = settings
        command.crawler_process = CrawlerRunner(settings)  # type: ignore[assignment]  # what the command needs of it
        parser = ArgumentParser()
        command.add_options(parser)
        opts, args = parser.parse_known_args(arguments)
        command.process_options(args, opts)
        command.run(args, opts)
        said = capsys.readouterr()
        assert said.out == ""
        return command.exitcode, said.err, crawled

    return called


def fill(store: Filled, outcomes: dict[str, str], **words: Any) -> None:
    """A run over four portals, and what became of those that it came to."""
    given = {"url": " ".join(URLS), "year": "2025", "limit": "9", "mode": "full"}
    run = store.run(1, spider="portal", **{"arguments": given} | words)
    for name, outcome in outcomes.items():
        store.visit(run, store.portal(f"http://{name}.example.gov.cn/"), outcome)


def test_failed_and_unvisited_portals_with_the_same_arguments(store: Filled, call: Call) -> None:
    fill(store, {"a": "ok", "b": "partial", "c": "ok-empty"}, state="running", ended=None)
    code, said, crawled = call()
    assert code == 1
    assert said == f"重抓 {run_id(1, 'portal')} 中的 2 个门户：不全 1，未抓 1\n"
    arguments = {"url": " ".join(URLS), "year": "2025", "limit": "9", "only": f"{URLS[1]} {URLS[3]}"}
    assert crawled == [(["portal"], arguments)]


def test_arguments_can_be_replaced(store: Filled, call: Call) -> None:
    fill(store, {"a": "ok", "b": "blocked", "c": "ok", "d": "unreachable"})
    (_, arguments) = call("-a", "limit=99", "-a", "mode=full")[2][0]
    assert (arguments["limit"], arguments["mode"], arguments["only"]) == (
        "99",
        "full",
        f"{URLS[1]} {URLS[3]}",
    )


def test_retry_of_a_retry_stays_within_it(store: Filled, call: Call) -> None:
    fill(store, dict.fromkeys("abcd", "blocked"))
    arguments = {"url": " ".join(URLS), "only": f"{URLS[1]} {URLS[2]}"}
    run = store.run(2, spider="portal", arguments=arguments, state="lost")
    store.visit(run, 2)
    assert call()[2] == [(["portal"], arguments | {"only": URLS[2]})]
    assert call("1")[2][1][1]["only"] == " ".join(URLS)


def test_nothing_to_retry(store: Filled, call: Call) -> None:
    fill(store, dict.fromkeys("abcd", "ok"))
    code, said, crawled = call()
    assert (code, crawled) == (0, [])
    assert "无需重抓" in said


def test_only_told_which(store: Filled, call: Call) -> None:
    fill(store, {"a": "ok", "b": "blocked"})
    code, said, crawled = call("--list", "--lang", "en")
    assert (code, crawled) == (0, [])
    assert said.splitlines()[1:] == [
        f"  blocked  {URLS[1]}",
        f"  not run  {URLS[2]}",
        f"  not run  {URLS[3]}",
    ]


def test_replay_is_not_the_last_crawl(store: Filled, call: Call) -> None:
    fill(store, {"a": "blocked", "b": "ok", "c": "ok", "d": "ok"})
    store.run(2, mode="replay")
    assert call()[2][0][1]["only"] == URLS[0]
    code, said, _ = call("2")
    assert code == 2
    assert "重放" in said


def test_province_leaves_out_portals_that_are_no_longer_registered(store: Filled, call: Call) -> None:
    run = store.run(1, spider="shanxi", arguments={"city": "大同市"})
    store.visit(run, store.portal("http://old.example.gov.cn/"), "unreachable")
    store.visit(run, store.portal("http://www.dt.gov.cn/"), "blocked")
    _, said, crawled = call()
    (name,), arguments = crawled[0]
    assert name == "shanxi"
    assert "http://old.example.gov.cn/ 已不在任务 shanxi 中" in said
    assert "https://www.dt.gov.cn/" in arguments["only"].split()
    assert arguments["city"] == "大同市"


def test_failed_portals_that_nobody_knows_any_more_are_no_success(store: Filled, call: Call) -> None:
    run = store.run(1, spider="portal", arguments={"url": URLS[0]})
    store.visit(run, store.portal(URLS[0]))
    store.visit(run, store.portal(URLS[1]), "blocked")
    code, said, crawled = call()
    assert (code, crawled) == (1, [])
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "arguments", "sentence"),
    [
        ({}, ["9"], "没有抓取“9”"),
        ({}, ["1", "2"], "2"),
        ({}, ["--nothing"], "--nothing"),
        ({}, ["--lang", "fr"], "fr"),
        ({"spider": "atlantis"}, [], "atlantis"),
        ({"arguments": {"url": "ftp://a/"}}, [], "ftp://a/"),
        ({"arguments": {"url": URLS[0], "yaer": "2025"}}, [], "yaer"),
        ({"mode": "replay"}, [], "还没有抓取记录"),
    ],
)
def test_mistakes_of_the_user_end_in_one_sentence(
    store: Filled, call: Call, words: dict[str, Any], arguments: list[str], sentence: str
) -> None:
    store.run(1, **{"spider": "portal", "arguments": {"url": URLS[0]}} | words)
    code, said, crawled = call(*arguments)
    assert (code, crawled) == (2, [])
    assert sentence in said
    assert said.count("\n") == 1


def test_no_store_yet(call: Call) -> None:
    code, said, _ = call()
    assert code == 2
    assert "还没有存储" in said


def test_run_that_goes_on_is_left_alone(store: Filled, call: Call, tmp_path: Path) -> None:
    fill(store, {}, state="running", ended=None)
    with hold(store_url(None, tmp_path), run_id(1, "portal"), "portal"):
        code, said, crawled = call()
    assert (code, crawled) == (2, [])
    assert "还在进行" in said


def test_addresses_that_differ_only_in_form_are_one_portal() -> None:
    run = Run(1, "r", "portal", {}, "full", "lost", None, "", None, good=False, counts={}, assertions=[])
    earlier = Earlier(run, {address("http://www.a.cn/"): "ok"}, {})
    assert portals_to_retry(earlier, ["https://a.cn/", "http://b.cn/"]).wanted == {"http://b.cn/": "not-run"}


def test_only_the_failed_portal_is_asked_again(tmp_path: Path) -> None:
    """From the crawl to the retry as an operator sees them."""
    with portal(*COMPLETE) as url:
        assert crawl(tmp_path, "portal", "-a", f"url={url} http://127.0.0.1:9/").returncode == 1
        line = ["retry" if part == "crawl" else part for part in command(tmp_path)]
        done = subprocess.run(  # noqa: S603 - our own command
            line, cwd=ROOT, env=environment(), capture_output=True, encoding="utf-8", timeout=120, check=False
        )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "1 个门户：不通 1" in done.stderr
    reports = [json.loads(file.read_text("utf-8")) for file in sorted(tmp_path.glob("runs/2*/report.json"))]
    assert [[books["url"] for books in report["portals"]] for report in reports] == [
        [url, "http://127.0.0.1:9/"],
        ["http://127.0.0.1:9/"],
    ]
