"""``scrapy runs`` as a person and as a program use it."""

from __future__ import annotations

import json
import re
import shutil
from argparse import ArgumentParser
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len
from scrapy.settings import Settings

from crawler.commands import runs
from crawler.commands.runs import Command
from crawler.data import load
from pipelines.store.connecting import store_url
from pipelines.store.locking import hold
from pipelines.store.opening import open_store
from tests.told_store import Filled, run_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    Call = Callable[..., tuple[int, str, str]]
HOSTILE = "岚\x1b]0;x\x07\x9b31m\u202e和县"


@pytest.fixture(autouse=True)
def _chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GONGKAI_LANG", raising=False)
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def store(tmp_path: Path, made_file: Path) -> Iterator[Filled]:
    """Open for the time of a test, so that rows can be added; committed by ``call``."""
    shutil.copy(made_file, tmp_path / "store.db")
    engine = open_store(store_url(None, tmp_path))
    with engine.connect() as connection:
        yield Filled(connection)
    engine.dispose()


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> Call:
    def called(*arguments: str, **settings: str) -> tuple[int, str, str]:
        if "store" in request.fixturenames:
            request.getfixturevalue("store").connection.commit()
        command = Command()
        command.settings = Settings({"GONGKAI_DATA": str(tmp_path), **settings})
        parser = ArgumentParser()
        command.add_options(parser)
        opts, args = parser.parse_known_args(arguments)
        command.run(args, opts)
        said = capsys.readouterr()
        return command.exitcode, said.out, said.err

    return called


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def fill(store: Filled) -> None:
    judged = {
        "province": "shanxi",
        "good": False,
        "assertions": [
            {"code": "a", "holds": False, "accepted": False, "message": {"zh": "年报少了", "en": "fewer"}},
            {"code": "b", "holds": False, "accepted": True, "message": {"zh": "栏目少了", "en": "columns"}},
        ],
    }
    store.run(1, arguments={"city": "大同"}, mode="full", good=False, assertions=[judged])
    store.run(2, state="interrupted", reason="shutdown", good=False)
    store.run(3, counts={"changes": {"new": 7}})
    one, other = store.portal("http://a.gov.cn/", "云岭市"), store.portal("http://b.gov.cn/", HOSTILE)
    for run in (1, 2, 3):
        store.visit(run, one)
    store.visit(1, other)
    store.visit(3, other, "blocked", reason="captcha", reports=0)
    water, grain = store.report(one, "water"), store.report(one, "grain", agency=HOSTILE)
    first = store.version(water, 1)
    second = store.version(water, 2, previous=first)
    store.change(1, water, "new", version=first)
    store.change(2, water, "changed", version=second, was=first)
    store.change(2, grain, "new")
    store.change(3, grain, "missing")


# --- list


def test_runs_newest_first(store: Filled, call: Call) -> None:
    fill(store)
    code, out, err = call()
    assert (code, err) == (0, "")
    rows = [line.split() for line in out.splitlines()[2:5]]
    assert [row[0] for row in rows] == ["3", "2", "1"]
    assert rows[0][3:] == [run_id(3), "增量", "1:10:00", "✓1", "✗1", "2", "7", "0", "0", "0", "✓", "通过"]
    assert rows[1][1:3] == ["!", "中断"]
    assert rows[2][-2:] == ["✗", "未过"]
    assert "最近" not in out


def test_only_so_many_runs_as_are_asked_for(store: Filled, call: Call) -> None:
    fill(store)
    out = call("--limit", "1", "--lang", "en")[1]
    assert "3 runs, the last 1 are shown" in out
    assert run_id(2) not in out


def test_runs_for_programs(store: Filled, call: Call) -> None:
    fill(store)
    newest, *_, oldest = lines(call("--json")[1])
    assert newest["portals"] == {"ok": 1, "blocked": 1}
    assert newest["changes"] == {"new": 7}
    assert (oldest["id"], oldest["mode"], oldest["seconds"]) == (run_id(1), "full", 4200)
    assert oldest["changes"] == {"new": 1}


def test_run_that_nobody_holds_was_killed(store: Filled, call: Call, tmp_path: Path) -> None:
    store.run(1, state="running", ended=None, good=False, reason=None)
    _, out, _ = call()
    assert "✗ 被杀" in out
    assert "进程已不在" in out
    assert lines(call("--json")[1])[0]["state"] == "lost"
    assert "被杀" in call("show", "1")[1]
    with hold(store_url(None, tmp_path), run_id(1), "shanxi"):
        (run,) = lines(call("--json")[1])
        assert run["state"] == "running"
        assert run["seconds"] > 0
        assert "… 进行中" in call()[1]


@pytest.mark.parametrize("made", [False, True])
def test_no_run_yet_is_no_mistake(call: Call, tmp_path: Path, *, made: bool) -> None:
    if made:
        open_store(store_url(None, tmp_path)).dispose()
    code, out, err = call()
    assert (code, err) == (0, "")
    assert "还没有抓取记录" in out
    assert str(tmp_path) in out
    assert (tmp_path / "store.db").exists() is made
    assert call("--json")[:2] == (0, "")


@pytest.mark.parametrize("width", ["60", "80", "110", "140"])
def test_table_fits_narrow_screens(
    store: Filled, call: Call, monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    fill(store)
    monkeypatch.setenv("COLUMNS", width)
    monkeypatch.setattr("rich.console.Console.is_terminal", True)
    for language in ("zh", "en"):
        out = re.sub(r"\x1b\[[\d;]*m", "", call("--lang", language)[1])
        assert max(map(cell_len, out.splitlines())) <= int(width)
        assert "…" not in out


# --- show


def test_run_in_full(store: Filled, call: Call, tmp_path: Path) -> None:
    fill(store)
    (tmp_path / "runs" / run_id(1)).mkdir(parents=True)
    (tmp_path / "runs" / run_id(1) / "items.jsonl").write_text("x" * 3000)
    (tmp_path / "archive").mkdir()
    for run in (1, 2):
        (tmp_path / "archive" / f"{run_id(run)}-00000.warc.gz").write_bytes(b"x")
    code, out, err = call("show", "1")
    assert (code, err) == (0, "")
    for words in (
        "city=大同",
        "全量",
        "1:10:00",
        "新增 1",
        "12/12",
        "山西省",
        "✗ 年报少了",
        "~ 栏目少了（已由人接受）",
    ):
        assert words in out
    assert f"{tmp_path / 'runs' / run_id(1) / 'items.jsonl'}（2.9 KB）" in out
    assert f"{run_id(1)}-00000.warc.gz（1 B）" in out
    assert f"{run_id(2)}-00000.warc.gz" not in out
    assert "water" not in out
    assert "140200-water-own-2025" in call("show", "1", "--changes")[1]


def test_outcomes_of_portals_are_worded(store: Filled, call: Call) -> None:
    fill(store)
    out = call("show", "latest", "--lang", "en")[1]
    assert "✗ blocked" in out
    assert "asks for a captcha" in out
    assert "no files" in out


def test_run_for_programs(store: Filled, call: Call) -> None:
    fill(store)
    run, *told = lines(call("show", run_id(2)[:9], "--json", "--changes")[1])
    assert run["visits"][0]["columns"] == [{"found": 12, "declared": 12}]
    assert (run["visits"][0]["url"], run["files"]) == ("http://a.gov.cn/", [])
    assert [(one["id"].split("-")[1], one["changes"], one["was"], one["version"]) for one in told] == [
        ("water", ["changed"], 1, 2),
        ("grain", ["new"], None, None),
    ]


def test_folder_of_a_run_names_it(store: Filled, call: Call) -> None:
    fill(store)
    assert run_id(2) in call("show", f"data/runs/{run_id(2)}/")[1]


# --- diff


def test_order_of_the_two_does_not_matter(store: Filled, call: Call) -> None:
    fill(store)
    code, out, _ = call("diff", "1", "3")
    assert code == 0
    assert call("diff", "3", "1")[1] == out
    assert f"从 {run_id(1)}（较早）到 {run_id(3)}（较晚）" in out
    assert "结果不同的门户：1" in out
    assert "✓ 完整 2 → ✗ 被拒 0 (要求输入验证码)" in out
    assert "年报：新增 1，改动 1，缺失 1" in out
    assert "v1→v2" in out
    assert "中断" not in out


def test_portals_of_one_run_alone_are_only_counted(store: Filled, call: Call) -> None:
    fill(store)
    assert "较早 1 个，较晚 0 个" in call("diff", "1", "2")[1]
    assert "未涉及" not in call("diff", "1", "2")[1]
    assert "✓ 完整 2 → 未涉及" in call("diff", "1", "2", "--all")[1]


def test_run_that_told_nothing_is_said_to(store: Filled, call: Call) -> None:
    fill(store)
    store.run(4, state="running", ended=None)
    assert f"{run_id(4)} 没有收尾（被杀）" in call("diff", "3", "4")[1]
    assert "年报：没有变化" in call("diff", "3", "4")[1]
    assert "同一次抓取" in call("diff", "3", "3")[1]


def test_difference_for_programs(store: Filled, call: Call) -> None:
    fill(store)
    head, *rest, sums = lines(call("diff", "1", "3", "--json")[1])
    assert (head["older"]["seq"], head["newer"]["seq"]) == (1, 3)
    assert [one["kind"] for one in rest] == ["portal", "report", "report"]
    assert sums == {"kind": "counts", "portals": 1, "changes": {"new": 1, "changed": 1, "missing": 1}}
    assert len(lines(call("diff", "1", "1", "--json")[1])) == 2


def test_long_differences_are_cut_unless_all_is_wanted(
    store: Filled, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    monkeypatch.setattr(runs, "SHOWN", 1)
    short, full = call("diff", "1", "3")[1], call("diff", "1", "3", "--all")[1]
    assert "只列前 1 份，共 2 份" in short
    assert (short.count("-own-2025"), full.count("-own-2025")) == (1, 2)
    assert "新增 1，改动 1，缺失 1" in full


# --- whatever comes


@pytest.mark.parametrize(
    "arguments", [["show", "3"], ["diff", "1", "3", "--all"], ["show", "2", "--changes"]]
)
@pytest.mark.parametrize("json_wanted", [False, True])
def test_what_pages_say_steers_no_terminal(
    store: Filled, call: Call, arguments: list[str], *, json_wanted: bool
) -> None:
    fill(store)
    code, out, _ = call(*arguments, *(["--json"] if json_wanted else []))
    assert code == 0
    assert "和县" in out
    assert not set(out) & set("\x1b\x07\x9b\u202e")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show"], "scrapy runs show latest"),
        (["show", "99"], "没有抓取“99”"),
        (["show", "shanxi"], f"{run_id(3)}, {run_id(2)}, {run_id(1)}"),
        (["show", "1", "2"], "2"),
        (["diff", "1"], "两次抓取"),
        (["diff", "1", "nothing"], "nothing"),
        (["list", "1"], "1"),
        (["shwo", "1"], "shwo"),
        (["--nothing"], "--nothing"),
        (["--limit", "0"], "0"),
        (["--limit", "9" * 30], "9"),
        (["--lang", "fr"], "fr"),
        (["show", "\x1b[31m"], "\ufffd[31m"),
    ],
)
def test_mistakes_of_the_user_end_in_one_sentence(
    store: Filled, call: Call, arguments: list[str], words: str
) -> None:
    fill(store)
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "key"),
    [(b"this is no database, and never was" * 99, "store_not_a_store"), (None, "no_store")],
)
def test_store_that_cannot_be_read(call: Call, tmp_path: Path, content: bytes | None, key: str) -> None:
    if content:
        (tmp_path / "store.db").write_bytes(content)
    code, _, err = call("show", "1")
    assert code == 2
    assert err.count("\n") == 1
    sentences = load("store" if content else "history")["say"]
    assert sentences[key]["zh"].partition("{store}")[2][:4] in err


def test_store_of_another_name_and_kind(engine: Engine, call: Call) -> None:
    with engine.begin() as connection:
        fill(Filled(connection))
    url = engine.url.render_as_string(hide_password=False)
    code, out, err = call("diff", "1", "3", "--json", GONGKAI_STORE=url)
    assert (code, err) == (0, "")
    assert lines(out)[-1]["changes"] == {"new": 1, "changed": 1, "missing": 1}
    assert call("show", "1", GONGKAI_STORE=url)[0] == 0


def test_every_sentence_has_both_languages() -> None:
    for group in load("history").values():
        for wording in group.values():
            assert set(wording) == {"zh", "en"}
            assert wording["zh"].count("{") == wording["en"].count("{")
