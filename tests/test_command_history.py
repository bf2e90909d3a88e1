"""``scrapy history``: every version of a report, for people and for programs."""

from __future__ import annotations

import json
import shutil
from argparse import ArgumentParser
from typing import TYPE_CHECKING

import pytest
from scrapy.settings import Settings

from crawler.commands.history import Command, cell_label
from pipelines.record import Attachment, CellNote, Metadata, Report, Section
from pipelines.store.connecting import store_url
from pipelines.store.opening import open_store
from tests.told_store import SHA, Filled, address, record, run_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    Call = Callable[..., tuple[int, str, str]]
ID = "140200-water-own-2025"
HERE, TWIN = "http://www.yl.gov.cn/a.html", "http://m.yl.gov.cn/a.html"
HOSTILE = "\x1b]0;x\x07\x9b31m\u202e"


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


def edited() -> Report:
    """The record with something changed everywhere."""
    return record(
        text="一。\n今年主动公开15件。\n二。",
        title="改后标题",
        cells={"proactive.penalties.decisions": 9, "applications.new_received.total": None},
        cell_notes={"applications.new_received.total": CellNote(raw=f"3{HOSTILE}", status="garbled")},
        attachments=[Attachment(url="http://x/2.doc", name="附件二")],
        metadata=Metadata(published="2026-01-13"),
    )


def fill(store: Filled) -> int:
    """A report edited once, read anew later, and shown by a mobile twin that says otherwise."""
    for seq in (1, 2, 3, 4):
        store.run(seq)
    home = store.portal("http://www.yl.gov.cn/", "云岭市")
    report = store.report(home, "water", dirty=True)
    first = store.version(report, 1, record(text="一。\n今年主动公开12件。\n二。"), capture=SHA)
    second = store.version(report, 2, edited(), previous=first, run=2)
    twin = store.version(report, 2, edited().model_copy(update={"url": TWIN}), run=3, capture="11" * 32)
    store.capture(SHA, f"{run_id(1)}-00000.warc.gz", 77)
    store.capture(SHA, f"{run_id(3)}-00000.warc.gz", 5, revisit=True, run=3)
    store.publication(report, home, HERE, version=second, listed_run=4)
    store.publication(report, home, TWIN, version=twin, state="missing", failures=2)
    store.change(1, report, "new", version=first)
    store.change(2, report, "changed", version=second, was=first)
    details = {"cells": {"proactive.penalties.decisions": [8, 9]}, "fields": ["sections"]}
    store.change(4, report, "reread", version=second, was=second, details=details)
    earlier = store.report(home, "water", 2024)
    store.finding(report, earlier, "上年结转不符")
    return report


def test_every_version_says_what_changed(store: Filled, call: Call) -> None:
    fill(store)
    code, out, err = call(ID)
    assert (code, err) == (0, "")
    for words in (
        f"[✓ 在列] {HERE}",
        f"[? 缺失] {TWIN}",
        "连续 2 次取不到",
        f"版本 1  2026-11-01 05:46  {run_id(1)}",
        "取代版本 1",
        "标题：云岭市水务局2025年政府信息公开工作年度报告 → 改后标题",
        "行政处罚·本年处理决定数量：8 → 9",
        "申请数量·总计：3 → ? 3",
        "发布日期：无 → 2026-01-13",
        "- 今年主动公开12件。",
        "+ 今年主动公开15件。",
        "+ 附件二  http://x/2.doc",
        f"sha256 {SHA}",
        f"{run_id(1)}-00000.warc.gz 第 77 字节起，此后 1 次相同",
        "另一网址所载，与版本 2 相比",
        "记录相同",
        "没有存档",
        "XY.CARRY  上年结转不符（另见 140200-water-own-2024）",
        "尚未由一次完成的抓取报告",
    ):
        assert words in out, words
    assert not set(out) & set(HOSTILE) - set("]0;x31m")


def test_what_was_read_anew_is_no_edit(store: Filled, call: Call) -> None:
    fill(store)
    out = call(ID)[1]
    told = out[out.index("历次报告") :]
    assert told.splitlines()[1:5] == [
        f"  {run_id(1)}  新增",
        f"  {run_id(2)}  改动  v1→v2",
        f"  {run_id(4)}  重读：程序更新后对同一原文重读，不是网站改动",
        "    行政处罚·本年处理决定数量：8 → 9",
    ]
    # At the version that it concerns, and only there.
    assert out.count("不是网站改动") == 2
    first, second, twin = out.split("\n版本 ")[1:]
    assert ["重读" in part for part in (first, second, twin.partition("历次报告")[0])] == [False, True, False]


def test_contradicting_addresses_are_told(store: Filled, call: Call) -> None:
    store.run(1)
    home = store.portal("http://www.yl.gov.cn/")
    report = store.report(home, "water")
    for number, url in ((1, HERE), (2, TWIN)):
        version = store.version(report, number, record(url, cells={"x.y.z": number}), run=1)
        store.publication(report, home, url, version=version)
    out = call(TWIN)[1]
    assert "各网址内容不一：版本 1, 2" in out
    assert "x.y.z：1 → 2" in out


def test_move_is_told_with_both_addresses(store: Filled, call: Call) -> None:
    store.run(1)
    home = store.portal("http://www.yl.gov.cn/")
    report = store.report(home, "water")
    old = store.version(report, 1, run=1)
    store.publication(report, home, HERE, state="moved", version=old)
    store.publication(report, home, TWIN, version=old)
    store.change(1, report, "moved", version=old, was=old, details={"was_url": HERE, "url": TWIN})
    out = call(ID)[1]
    assert f"移址  {HERE} → {TWIN}" in out
    assert f"[→ 已移走] {HERE}" in out


def test_strands_are_shown_one_by_one(store: Filled, call: Call) -> None:
    store.run(1)
    home = store.portal("http://www.yl.gov.cn/")
    for strand in ("a", "b"):
        store.version(store.report(home, "water", strand=strand), 1)
    out = call(ID, "--lang", "en")[1]
    assert "2 reports share this id" in out
    assert out.count(ID) == 2
    assert [json.loads(line)["strand"] for line in call(ID, "--json")[1].splitlines()] == ["a", "b"]


def test_history_for_programs_holds_everything(store: Filled, call: Call) -> None:
    fill(store)
    history = json.loads(call("www.yl.gov.cn/a.html", "--json")[1])
    assert (history["id"], history["untold"], history["portal"]) == (ID, True, "http://www.yl.gov.cn/")
    assert [one["change"] for one in history["changes"]] == ["new", "changed", "reread"]
    assert history["changes"][1] == {
        "run": run_id(2),
        "change": "changed",
        "version": 2,
        "was": 1,
        "details": {},
    }
    assert {place["url"]: place["listed_run"] for place in history["publications"]} == {
        HERE: run_id(4),
        TWIN: None,
    }
    first, second, twin = history["versions"]
    assert (first["sha256"], first["differences"], first["compared_with"]) == (SHA, None, None)
    assert (first["archived"][0]["file"], first["archived"][0]["offset"]) == (
        f"{run_id(1)}-00000.warc.gz",
        77,
    )
    assert first["archived"][1]["run"] == run_id(3)
    assert second["record"]["title"] == "改后标题"
    assert {cell["name"]: (cell["old"], cell["new"]) for cell in second["differences"]["cells"]} == {
        "proactive.penalties.decisions": (8, 9),
        "applications.new_received.total": (3, None),
    }
    assert (twin["at_another_address"], twin["url"], second["at_another_address"]) == (True, TWIN, False)
    assert history["findings"][0]["other"] == "140200-water-own-2024"


def test_long_lists_are_cut_unless_all_is_wanted(store: Filled, call: Call) -> None:
    store.run(1)
    home = store.portal("http://www.yl.gov.cn/")
    report = store.report(home, "water")
    first = store.version(report, 1, record(cells={f"x.y.{n}": 0 for n in range(99)}), run=1)
    sections = [Section(number=1, title="总体情况", text="\n".join(map(str, range(99))))]
    changed = record(cells={f"x.y.{n}": 1 for n in range(99)}, sections=sections)
    store.version(report, 2, changed, previous=first, run=1)
    short, full = call(ID)[1], call(ID, "--all")[1]
    assert "单元格 (99)" in short
    assert (short.count("0 → 1"), full.count("0 → 1")) == (12, 99)
    assert "另有 87 处，全部见 --all" in short
    assert len(short.splitlines()) < 60
    assert len(full.splitlines()) > 190


def test_record_of_another_form_is_no_end(store: Filled, call: Call) -> None:
    store.run(1)
    home = store.portal("http://www.yl.gov.cn/")
    report = store.report(home, "water")
    first = store.version(report, 1, run=1, record='{"url": "http://old/", "form": "of old"}')
    store.version(report, 2, previous=first, run=1)
    code, out, _ = call(ID)
    assert code == 0
    assert "无法比较" in out
    assert "http://old/" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "标识或网址"),
        (["nothing"], "没有年报“nothing”"),
        (["http://www.yl.gov.cn/none.html"], "没有年报"),
        (["http://www.yl.gov.cn/b.html"], "读过，不是年报"),
        (["140200-water"], "140200-water-own-2024, 140200-water-own-2025"),
        ([ID, "x"], "x"),
        (["--nothing"], "--nothing"),
        ([ID, "--lang", "fr"], "fr"),
        (["\x1b[31m"], "\ufffd[31m"),
        (["a\0b.c"], "没有年报"),
    ],
)
def test_mistakes_of_the_user_end_in_one_sentence(
    store: Filled, call: Call, arguments: list[str], words: str
) -> None:
    fill(store)
    key = store.portal("http://b.gov.cn/")
    store.publication(None, key, "http://www.yl.gov.cn/b.html", fate="no_report")
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_other_databases(engine: Engine, call: Call) -> None:
    with engine.begin() as connection:
        fill(Filled(connection))
    url = engine.url.render_as_string(hide_password=False)
    code, out, err = call(ID, "--json", GONGKAI_STORE=url)
    assert (code, err) == (0, "")
    assert len(json.loads(out)["versions"]) == 3


def test_cells_are_named_as_printed() -> None:
    assert cell_label("proactive.penalties.decisions") == "行政处罚·本年处理决定数量"
    assert cell_label("nothing") == "nothing"
    assert address(HERE) == address("https://yl.gov.cn/a.html")
