"""One writer, many readers: who holds a store, what frees it, and that nobody is turned away who only looks."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import OperationalError

from pipelines.store import locking
from pipelines.store.connecting import new_engine, parse, store_url, writing
from pipelines.store.locking import StoreHeld, hold, holder
from pipelines.store.schema import portals, runs
from tests.stores import HOLD, await_, holding, killed, opened, python, said

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stores import Server


def test_the_holder_is_named_and_its_death_frees_the_store(url: str) -> None:
    assert holder(url) is None
    with holding(url) as other:
        assert (other.run, other.spider) == ("20260101T000000Z-shanxi/*%:x", "shanxi")
        assert other.host == os.uname().nodename
        assert other.since.endswith("+00:00")
        with pytest.raises(StoreHeld) as caught, hold(url, "r2", "portal"):
            pass
        assert caught.value.holder == other
        words = said(caught.value)
        assert all(word in words for word in (other.run, other.spider, other.pid, other.host, other.since))
    await_(lambda: holder(url) is None)
    with hold(url, "r2", "portal"):
        mine = holder(url)
        assert mine
        assert (mine.run, mine.pid) == ("r2", str(os.getpid()))
        with pytest.raises(StoreHeld), hold(url, "r3", "portal"):
            pass
        assert locking.is_held_here(url)
    assert holder(url) is None
    assert not locking.is_held_here(url)


def test_of_many_that_start_at_once_one_wins(url: str) -> None:
    opened(url).__enter__().dispose()
    then = "sys.stdin.read()"
    started = [python(HOLD.format(then=then), url, f"r{number}") for number in range(3)]
    answers = [process.stdout.readline().split() for process in started if process.stdout]
    winner = f"r{next(number for number, answer in enumerate(answers) if answer == ['held'])}"
    assert sorted(answers) == [["held"], *[["refused", winner]] * 2]
    for process in started:
        process.communicate()


def test_workers_that_outlive_a_run_do_not_hold_the_store(url: str, tmp_path: Path) -> None:
    """A forked worker has copies of all descriptors, and may wait for a dead parent for ever."""
    mark = tmp_path / "forked"
    then = f"""
        import os, pathlib, time
        worker = os.fork()
        if not worker:
            pathlib.Path(r"{mark}").write_text(str(os.getpid()))
            time.sleep(60)
        sys.stdin.read()"""
    with holding(url, then.lstrip()):
        await_(lambda: mark.exists() and mark.read_text())
        assert holder(url) is not None
    try:
        await_(lambda: holder(url) is None)
    finally:
        os.kill(int(mark.read_text()), signal.SIGKILL)


def test_a_hold_is_kept_when_what_carries_it_is_lost(url: str, database: str, tmp_path: Path) -> None:
    def lose() -> None:
        if database == "sqlite":
            (tmp_path / "store.db.lock").unlink()
        else:
            others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            engine = new_engine(parse(url))
            with engine.begin() as connection:
                connection.exec_driver_sql("SELECT pg_terminate_backend(pid) " + others)
            engine.dispose()

    with hold(url, "r1", "portal") as held:
        held.keep()
        lose()
        held.keep()
        other = holder(url)
        assert other
        assert other.run == "r1"
        lose()
        await_(lambda: holder(url) is None)
        with holding(url) as other, pytest.raises(StoreHeld) as caught:
            held.keep()
        assert caught.value.holder == other


def test_a_connection_that_was_lost_is_replaced(server: Server) -> None:
    with opened(server.new("template_store")) as engine:
        with engine.connect() as connection:
            pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        server.run(f"SELECT pg_terminate_backend({pid})")
        with engine.connect() as connection:
            assert connection.execute(select(func.count()).select_from(runs)).scalar() == 0


# --- readers


WRITE = """
import itertools, sys
from sqlalchemy import insert
from pipelines.store.opening import open_store
from pipelines.store.schema import portals
engine = open_store(sys.argv[1])
for number in itertools.count():
    with engine.begin() as connection:
        rows = [{"address": (number * 500 + n).to_bytes(16), "url": "http://a.example/" * 20} for n in range(500)]
        connection.execute(insert(portals), rows)
    if number == 0:
        print("writing", flush=True)
"""


def test_readers_are_never_turned_away_while_a_run_writes(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.store.connecting._PATIENCE", 1)
    process = python(WRITE, url)
    with killed(process):
        assert process.stdout
        assert process.stdout.readline() == "writing\n"
        seen: list[int] = []
        until = time.monotonic() + 1
        while time.monotonic() < until:
            with opened(url, create=False) as engine, engine.connect() as connection:
                count = connection.execute(select(func.count()).select_from(portals)).scalar_one()
                assert count % 500 == 0
                time.sleep(0.01)
                assert connection.execute(select(func.count()).select_from(portals)).scalar_one() >= count
                seen.append(count)
    assert seen == sorted(seen)
    assert seen[-1] > seen[0]


def test_two_writers_wait_for_each_other(tmp_path: Path) -> None:
    """A transaction that reads first can't be made a writing one by SQLite when another wrote meanwhile."""
    with opened(store_url(None, tmp_path)) as engine:
        with engine.begin() as connection:
            connection.execute(insert(portals), [{"address": bytes([n]) * 16, "url": ""} for n in range(3)])
        count = select(func.count()).select_from(portals)
        change = update(portals).values(name="x")
        with engine.connect() as reader:
            reader.execute(count).scalar()
            with engine.begin() as other:
                other.execute(change)
            with pytest.raises(OperationalError, match="locked"):
                reader.execute(change)
        with writing(engine).begin() as writer:
            writer.execute(count).scalar()
            with engine.connect() as other:  # who only reads doesn't wait
                assert other.execute(count).scalar() == 3
            writer.execute(change)
