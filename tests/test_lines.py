from __future__ import annotations

import io
import json
import os
import stat
import sys
from pathlib import Path

import pytest

from pipelines.lines import LineFile
from pipelines.record import Report, Source, to_json


def line(number: int, **changes: object) -> str:
    fields = {
        "id": f"r{number}",
        "kind": "report",
        "kind_reason": "body",
        "url": f"https://a.example/{number}",
    }
    return to_json(Report(**fields | changes, source=Source(kind="text", sha256=str(number))))


def read(path) -> list[dict]:
    text = path.read_bytes().decode("utf-8")
    assert text.endswith("\n") or not text
    return [json.loads(one) for one in text.splitlines()]


def test_lines_come_out_in_order_unchanged_and_utf8(tmp_path):
    target = tmp_path / "新建" / "out.jsonl"
    lines = [line(1, title="大同市"), line(2)]
    with LineFile(target) as store:
        for one in lines:
            store.add(one)
    assert target.read_text("utf-8") == "\n".join(lines) + "\n"
    assert [path.name for path in target.parent.iterdir()] == ["out.jsonl"]


def test_other_addresses_are_patched_in_and_nothing_else_changes(tmp_path):
    target = tmp_path / "out.jsonl"
    with LineFile(target) as store:
        store.add(line(1, cells={"disputes.review.total": 14.15}))
        store.also_at(0, "https://b.example/1")
        store.add(line(2))
        store.also_at(0, "https://c.example/1")
        store.also_at(0, "https://b.example/1")
        store.also_at(0, "https://a.example/1")
    records = read(target)
    assert [record.pop("also_at") for record in records] == [
        ["https://b.example/1", "https://c.example/1"],
        [],
    ]
    untouched = [json.loads(line(1, cells={"disputes.review.total": 14.15})), json.loads(line(2))]
    for record in untouched:
        record.pop("also_at")
    assert records == untouched
    assert list(records[0]) == list(untouched[0])


def test_the_old_file_stands_until_the_end(tmp_path):
    target = tmp_path / "out.jsonl"
    target.write_text("old\n")
    with LineFile(target) as store:
        store.add(line(1))
        assert target.read_text() == "old\n"
        assert store.part is not None
        assert store.part.parent == tmp_path
    assert [record["id"] for record in read(target)] == ["r1"]


def interrupt(store: LineFile) -> None:
    store.add(line(1))
    raise KeyboardInterrupt


def test_a_failed_run_leaves_the_old_file_and_keeps_its_records_aside(tmp_path):
    target = tmp_path / "out.jsonl"
    target.write_text("old\n")
    store = LineFile(target)
    with pytest.raises(KeyboardInterrupt), store:
        interrupt(store)
    assert target.read_text() == "old\n"
    assert store.part is not None
    assert [record["id"] for record in read(store.part)] == ["r1"]


def test_a_failed_run_without_records_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="broken"), LineFile(tmp_path / "out.jsonl"):
        raise ValueError("broken")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_run_writes_an_empty_file(tmp_path):
    with LineFile(tmp_path / "out.jsonl"):
        pass
    assert (tmp_path / "out.jsonl").read_bytes() == b""


def test_a_stream_is_passed_on_at_once():
    stream = io.BytesIO()
    with LineFile(stream) as store:
        store.add(line(1))
        assert stream.getvalue() == (line(1) + "\n").encode()
        store.also_at(0, "https://b.example/1")
    assert not stream.closed


def test_a_link_keeps_pointing_and_rights_stay(tmp_path):
    real = tmp_path / "real.jsonl"
    real.write_text("old\n")
    real.chmod(0o640)
    link = tmp_path / "link.jsonl"
    link.symlink_to(real)
    with LineFile(link) as store:
        store.add(line(1))
    assert link.is_symlink()
    assert [record["id"] for record in read(real)] == ["r1"]
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_a_new_file_has_the_rights_of_the_users_mask(tmp_path):
    before = os.umask(0o027)
    try:
        with LineFile(tmp_path / "out.jsonl"):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out.jsonl").stat().st_mode) == 0o640


def test_a_folder_is_no_target(tmp_path):
    with pytest.raises(IsADirectoryError):
        LineFile(tmp_path)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/dev/full is a device of Linux")
def test_a_device_is_written_not_replaced():
    with pytest.raises(OSError, match="space"), LineFile(Path("/dev/full")) as store:
        store.add(line(1))
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)
