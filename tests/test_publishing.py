"""What a run leaves for its readers: whole files, in their places only when everything holds."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from crawler.assertions import Facts, judge
from crawler.publishing import (
    UnknownProvinceError,
    latest_file,
    publish,
    publish_all,
    publish_run,
    write_lines,
    write_run,
)
from pipelines.record import Report
from tests.written_store import WrittenStore, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

GOOD = [judge(Facts(None)), judge(Facts("shanxi"))]


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


def failing() -> Iterator[str]:
    yield "one"
    raise OSError(28, "No space left on device")


def test_publish(tmp_path: Path) -> None:
    done = publish(tmp_path, "shanxi", iter(["{}", '{"a": "县"}']))
    file = tmp_path / "latest" / "shanxi.jsonl"
    assert file.read_text("utf-8") == '{}\n{"a": "县"}\n'
    assert (done.file, done.lines, done.province) == (file, 2, "shanxi")
    assert done.sha256 == sha256(file.read_bytes()).hexdigest()
    assert list(file.parent.iterdir()) == [file]
    assert json.loads(json.dumps(done.entry())) == done.entry()
    assert publish(tmp_path, "shanxi", []).lines == 0
    assert file.read_bytes() == b""


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../shanxi", "shanxi/../x", "/etc/passwd", "Shanxi", "a\0b", "latest"]
)
def test_names_come_from_the_registry_alone(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnknownProvinceError):
        publish(tmp_path, name, ["x"])
    assert list(tmp_path.iterdir()) == []


def test_failure_leaves_the_last_good_file_and_nothing_else(tmp_path: Path) -> None:
    publish(tmp_path, "shanxi", ["old"])
    before = tree(tmp_path)["latest/shanxi.jsonl"]
    with pytest.raises(OSError, match="No space"):
        publish(tmp_path, "shanxi", failing())
    assert tree(tmp_path).keys() == {"latest", "latest/shanxi.jsonl"}
    assert tree(tmp_path)["latest/shanxi.jsonl"] == before


def test_provinces_of_a_run_move_together(tmp_path: Path) -> None:
    publish_all(tmp_path, {"shanxi": ["old"], "hebei": ["old"]})
    before = tree(tmp_path)
    with pytest.raises(OSError, match="No space"):
        publish_all(tmp_path, {"shanxi": ["new"], "hebei": failing()})
    after = tree(tmp_path)
    assert {name: after[name] for name in before if name != "latest"} == {
        name: before[name] for name in before if name != "latest"
    }
    assert after.keys() == before.keys()
    with pytest.raises(UnknownProvinceError):
        publish_all(tmp_path, {"shanxi": ["new"], "nowhere": ["new"]})
    assert latest_file(tmp_path, "shanxi").read_text() == "old\n"


def test_what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    publish(tmp_path, "shanxi", ["old"])
    for name in ("shanxi.jsonl.x7_.part", "hebei.jsonl.x7_.part", "notes.part"):
        (tmp_path / "latest" / name).write_text("half")
    publish(tmp_path, "shanxi", ["new"])
    assert sorted(path.name for path in (tmp_path / "latest").iterdir()) == [
        "hebei.jsonl.x7_.part",
        "notes.part",
        "shanxi.jsonl",
    ]


def test_write_lines(tmp_path: Path) -> None:
    done = write_lines(tmp_path / "run" / "x.jsonl", ["a"])
    assert (done.file.read_text(), done.province) == ("a\n", None)
    with pytest.raises(OSError, match="No space"):
        write_lines(tmp_path / "run" / "y.jsonl", failing())
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["x.jsonl"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder that holds no store."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def store(engine: Engine) -> Iterator[WrittenStore]:
    with engine.begin() as connection:
        yield WrittenStore(connection)


def filled(store: WrittenStore) -> int:
    run, later = store.run(), store.run()
    portal, other = store.portal(), store.portal("b.gov.cn", "hebei", division="130200")
    store.published(portal, "a", record("http://www.dt.gov.cn/a", x=1), run)
    report = store.published(portal, "b", record("http://www.dt.gov.cn/b", x=2), later)
    store.published(other, "c", record("http://b.gov.cn/c"), run, division="130200")
    store.change(later, report, "new")
    return later


def test_run_writes_what_it_saw(store: WrittenStore, data: Path) -> None:
    run = filled(store)
    assert write_run(store.connection, data, run) == {"new": 1}
    (report,) = map(Report.model_validate_json, (data / "items.jsonl").read_text("utf-8").splitlines())
    assert (report.url, report.change) == ("http://www.dt.gov.cn/b", "new")
    (change,) = map(json.loads, (data / "changes.jsonl").read_text("utf-8").splitlines())
    assert (change["change"], change["run"]) == ("new", f"run-{run}")
    assert {path.name for path in data.iterdir()} == {"items.jsonl", "changes.jsonl"}


def test_good_run_publishes_all_that_is_known_of_its_provinces(store: WrittenStore, data: Path) -> None:
    run = filled(store)
    (done,) = publish_run(store.connection, data, run, GOOD)
    told = [json.loads(text) for text in done.file.read_text("utf-8").splitlines()]
    assert [(one["url"][-1], one["change"]) for one in told] == [("a", "unchanged"), ("b", "new")]
    assert [path.name for path in (data / "latest").iterdir()] == ["shanxi.jsonl"]


def test_failed_assertion_touches_nothing(store: WrittenStore, data: Path) -> None:
    run = filled(store)
    publish(data, "shanxi", ["last good"])
    before = tree(data)
    for bad in ([*GOOD, judge(Facts("hebei", changed=99))], [judge(Facts(None, entire=False)), GOOD[1]], []):
        assert publish_run(store.connection, data, run, bad) == []
    assert tree(data) == before
    fresh = data / "fresh"
    assert publish_run(store.connection, fresh, run, [judge(Facts("shanxi", finished=False))]) == []
    assert not fresh.exists()


def test_accepted_assertion_does_not_stand_in_the_way(store: WrittenStore, data: Path) -> None:
    run = filled(store)
    accepted = judge(Facts("shanxi", changed=99), {"changed_ceiling"})
    assert len(publish_run(store.connection, data, run, [accepted])) == 1
