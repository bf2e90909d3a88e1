"""Opening, upgrading and holding a store, on both databases; whatever is refused is said in words."""

from __future__ import annotations

import itertools
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Boolean, LargeBinary, delete, func, insert, inspect, select

from crawler.data import load
from pipelines.store import opening
from pipelines.store.connecting import StoreError, new_engine, parse, shown, store_url
from pipelines.store.locking import StoreHeld, hold, holder
from pipelines.store.migrations import VERSION_TABLE, VERSIONS, config, known_versions
from pipelines.store.opening import open_store
from pipelines.store.schema import Json, Packed, Words, metadata, portals
from tests.stores import await_, holding, killed, opened, python, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Column, Connection, Engine

    from tests.stores import Server

ROOT = Path(__file__).parents[1]
NEXT = '''
"""Another form of the tables."""
import pathlib, time
import sqlalchemy as sa
from alembic import op
revision, down_revision = "9999", "{head}"
def upgrade():
    with op.batch_alter_table("portals") as table:
        table.add_column(sa.Column("climate", sa.String(), nullable=False, server_default="mild"))
        table.alter_column("url", nullable=True)
    {then}
'''


@pytest.fixture
def later(tmp_path: Path) -> Later:
    return Later(tmp_path / "in 100% 文件夹")


class Later:
    """The migrations of a later program, in a folder whose name is hard on configuration files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def with_step(self, then: str = "pass") -> Path:
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(VERSIONS, self.folder, ignore=shutil.ignore_patterns("__pycache__"))
        step = NEXT.format(head=known_versions()[-1], then=then)
        (self.folder / "v9999_next.py").write_text(step, "utf-8")
        return self.folder


def refused(url: str, key: str, **options: Any) -> str:
    with pytest.raises(StoreError) as caught:
        open_store(url, **options)
    assert caught.value.key == key
    return said(caught.value)


def fill(connection: Connection) -> None:
    """Three rows in every table, each row leads to those of the same number."""
    for number, table in itertools.product((1, 2, 3), metadata.sorted_tables):
        row = {column.name: value(column, number) for column in table.columns}
        connection.execute(insert(table).values(row))


def value(column: Column[Any], number: int) -> Any:
    made: dict[type, Any] = {
        Words: f"年报 {number}",
        Json: {"省": [number, None, "山西"]},
        Packed: f"正文 {number} " * 100,
        LargeBinary: bytes([number]) * 16,
        Boolean: True,
    }
    return made.get(type(column.type), number)


def contents(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    return {
        table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
        for table in metadata.sorted_tables
    }


# --- tables


def shape(engine: Engine) -> dict[str, Any]:
    """Everything that a database says of its tables."""
    look = inspect(engine)
    asked = (
        look.get_columns,
        look.get_pk_constraint,
        look.get_foreign_keys,
        look.get_unique_constraints,
        look.get_indexes,
    )
    tables = set(look.get_table_names()) - {VERSION_TABLE}
    return {table: [plain(ask(table)) for ask in asked] for table in tables}


def plain(told: Any) -> Any:
    if isinstance(told, dict):
        return {key: plain(part) for key, part in told.items()}
    if isinstance(told, list):
        parts = [plain(part) for part in told]
        return parts if parts and "type" in told[0] else sorted(parts, key=repr)
    return repr(told) if isinstance(told, sqlalchemy.types.TypeEngine) else str(told)


def test_migrations_make_what_the_schema_says(url: str, database: str, tmp_path: Path, request) -> None:
    other = (
        store_url(str(tmp_path / "other.db"), tmp_path)
        if database == "sqlite"
        else request.getfixturevalue("server").new()
    )
    direct = new_engine(parse(other))
    metadata.create_all(direct)
    with opened(url) as engine:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
            assert compare_metadata(context, metadata) == []
        assert shape(engine) == shape(direct)
    direct.dispose()


def test_versions_are_numbered_without_gaps_and_in_one_line() -> None:
    known = known_versions()
    assert known == tuple(f"{number:04}" for number in range(1, len(known) + 1))
    script = ScriptDirectory.from_config(config())
    assert tuple(reversed([step.revision for step in script.walk_revisions()])) == known
    assert script.get_heads() == [known[-1]]


def test_no_migration_reads_the_schema_of_today() -> None:
    for path in VERSIONS.glob("v*.py"):
        assert "pipelines" not in path.read_text("utf-8")


def test_a_migration_can_be_drafted(tmp_path: Path) -> None:
    """In a copy of the project: nothing has changed, so the draft changes nothing."""
    shutil.copytree(ROOT / "pipelines", tmp_path / "pipelines", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pipelines.store.migrations", "some words"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)  # noqa: S603
    number = len(known_versions()) + 1
    (draft,) = (tmp_path / "pipelines/store/migrations/versions").glob(f"v{number:04}_*.py")
    assert draft.name == f"v{number:04}_some_words.py"
    assert draft.read_text("utf-8").endswith(':\n    """Change the tables."""\n    pass\n')


# --- opening


def test_a_store_is_made_and_opened_again(url: str) -> None:
    with opened(url) as engine, engine.begin() as connection:
        fill(connection)
        before = contents(connection)
    with opened(url, create=False) as engine, engine.connect() as connection:
        assert contents(connection) == before
        assert before["runs"][0]["arguments"] == {"省": [1, None, "山西"]}


def test_many_make_the_same_store_at_once(url: str) -> None:
    code = "import sys; from pipelines.store.opening import open_store; open_store(sys.argv[1]).dispose()"
    started = [python(code, url) for _ in range(3)]
    for process in started:
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
    with opened(url, create=False) as engine:
        assert set(metadata.tables) < set(inspect(engine).get_table_names())


def test_a_store_that_is_not_there_is_not_made_by_a_reader(url: str, tmp_path: Path) -> None:
    refused(url, "store_missing", create=False)
    assert not (tmp_path / "store.db").exists()


def test_sqlite_is_told_what_durability_needs(tmp_path: Path) -> None:
    with opened(store_url(None, tmp_path)) as engine, engine.connect() as connection:
        values = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 60_000}


def test_addresses(tmp_path: Path) -> None:
    hard = tmp_path / "50% ?x#y 数据"
    assert parse(store_url(None, hard)).database == str(hard / "store.db")
    assert parse(store_url("", hard)).database == str(hard / "store.db")
    assert parse(store_url(str(hard / "a.db"), tmp_path)).database == str(hard / "a.db")
    assert parse(store_url("C:/data/a.db", tmp_path)).drivername == "sqlite"
    with opened(store_url(None, hard)):
        assert (hard / "store.db").exists()
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        assert parse(store_url(f"{scheme}://u@h/d", tmp_path)).drivername == "postgresql+psycopg"


# --- upgrading


def test_an_older_store_is_upgraded_without_loss(
    url: str, later: Later, database: str, tmp_path: Path
) -> None:
    with opened(url) as engine, engine.begin() as connection:
        fill(connection)
        before = contents(connection)
    with opened(url, versions=later.with_step()) as engine:
        with engine.begin() as connection:
            assert contents(connection) == before
            assert connection.exec_driver_sql("SELECT DISTINCT climate FROM portals").scalars().all() == [
                "mild"
            ]
        with pytest.raises(Exception, match=r"(?i)foreign key"), engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM portals")
    if database == "sqlite":
        copy = tmp_path / f"store.db.{known_versions()[-1]}.bak"
        with opened(store_url(str(copy), tmp_path), create=False) as engine, engine.connect() as connection:
            assert contents(connection) == before
    refused(url, "store_newer")
    with opened(url, versions=later.folder):
        pass


def test_an_upgrade_that_fails_changes_nothing(url: str, later: Later) -> None:
    with opened(url) as engine, engine.begin() as connection:
        fill(connection)
        before = contents(connection)
    words = refused(url, "store_upgrade_failed", versions=later.with_step('op.execute("SELECT nonsense")'))
    assert "nonsense" in words
    with opened(url) as engine, engine.connect() as connection:
        assert contents(connection) == before
        assert "climate" not in {column["name"] for column in inspect(engine).get_columns("portals")}


def test_an_upgrade_that_loses_what_others_refer_to_is_refused(url: str, later: Later) -> None:
    with opened(url) as engine, engine.begin() as connection:
        fill(connection)
    refused(url, "store_upgrade_failed", versions=later.with_step('op.execute("DELETE FROM portals")'))
    with opened(url) as engine, engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(portals)).scalar() == 3


def test_a_killed_upgrade_leaves_the_store_as_it_was(url: str, later: Later, tmp_path: Path) -> None:
    with opened(url) as engine, engine.begin() as connection:
        fill(connection)
        before = contents(connection)
    mark = tmp_path / "half"
    step = later.with_step(f'pathlib.Path(r"{mark}").touch(); time.sleep(60)')
    code = (
        "import sys, pathlib; from pipelines.store.opening import open_store;"
        "open_store(sys.argv[1], versions=pathlib.Path(sys.argv[2]))"
    )
    with killed(python(code, url, str(step))):
        await_(mark.exists)
    await_(lambda: holder(url) is None)
    with opened(url) as engine, engine.connect() as connection:
        assert contents(connection) == before
    with opened(url, versions=later.with_step()) as engine, engine.connect() as connection:
        assert contents(connection) == before


def test_a_store_that_is_held_is_not_upgraded_by_others(url: str, later: Later) -> None:
    opened(url).__enter__().dispose()
    step = later.with_step()
    with holding(url) as other, pytest.raises(StoreHeld) as caught:
        open_store(url, versions=step)
    assert caught.value.holder == other
    with hold(url, "r2", "portal"), opened(url, versions=step):  # the holder itself may
        pass


# --- what is refused


def test_not_a_database(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_text("报告\n" * 1000, "utf-8")
    before = path.read_bytes()
    assert str(path) in refused(store_url(None, tmp_path), "store_not_a_store")
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["store.db"]


def test_a_damaged_store(tmp_path: Path) -> None:
    url = store_url(None, tmp_path)
    with opened(url) as engine, engine.begin() as connection:
        fill(connection)
    path = tmp_path / "store.db"
    path.write_bytes(path.read_bytes()[:100] + b"\xff" * 8000)
    refused(url, "store_damaged")


@pytest.mark.parametrize("rows", [0, 2])
def test_a_store_of_no_version(url: str, rows: int) -> None:
    with opened(url) as engine, engine.begin() as connection:
        versions = sqlalchemy.table(VERSION_TABLE, sqlalchemy.column("version_num"))
        connection.execute(delete(versions))
        for number in range(rows):
            connection.execute(insert(versions).values(version_num=str(number)))
    refused(url, "store_damaged")


def test_the_database_of_another_program(url: str) -> None:
    engine = new_engine(parse(url))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE 顾客 (n INTEGER)")
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num TEXT)")
    assert "顾客" in refused(url, "store_foreign")
    assert len(inspect(engine).get_table_names()) == 2
    engine.dispose()


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "store.db").mkdir()
    refused(store_url(None, tmp_path), "store_cannot_open")
    with (
        pytest.raises(StoreError) as caught,
        hold(store_url("/proc/none/store.db", tmp_path), "r1", "portal"),
    ):
        pass
    assert caught.value.key == "store_cannot_open"
    said(caught.value)


@contextmanager
def as_nobody(*paths: Path) -> Iterator[None]:
    """Root may write everything: be somebody else for a while."""
    if os.geteuid() != 0:
        yield
        return
    for path in paths:
        for parent in path.parents:
            if not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_may_not_be_written(tmp_path: Path) -> None:
    url = store_url(None, tmp_path)
    path = tmp_path / "store.db"
    shutil.copy(shutil.which("true") or "/bin/true", path)
    path.chmod(0o000)
    with as_nobody(path):
        refused(url, "store_cannot_open")
    path.unlink()
    path.touch(0o444)
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    with as_nobody(path):
        refused(url, "store_read_only")
        with pytest.raises(StoreError) as caught, hold(url, "r1", "portal"):
            pass
    assert caught.value.key == "store_cannot_open"
    tmp_path.chmod(0o755)


def test_a_store_that_may_only_be_read(tmp_path: Path) -> None:
    url = store_url(None, tmp_path)
    opened(url).__enter__().dispose()
    (tmp_path / "store.db").chmod(0o444)
    tmp_path.chmod(0o555)
    with as_nobody(tmp_path / "store.db"), pytest.raises(StoreError) as caught:
        open_store(url)
    assert caught.value.key in {"store_read_only", "store_cannot_open"}
    said(caught.value)
    tmp_path.chmod(0o755)


def test_a_role_that_may_not_make_tables(server: Server) -> None:
    url = server.new()
    server.run("CREATE ROLE guest LOGIN")
    assert "permission denied" in refused(url.replace("gongkai@", "guest@"), "store_read_only")


def test_a_database_that_holds_bytes(server: Server) -> None:
    url = server.new(options="ENCODING 'SQL_ASCII' LOCALE 'C'")
    assert "SQL_ASCII" in refused(url, "store_encoding")


def test_a_disk_without_shared_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite answers the wish for a journal with the mode that it stays in."""
    url = store_url(None, tmp_path)
    monkeypatch.setattr(opening, "_JOURNAL_MODE", "PRAGMA journal_mode = DELETE")
    refused(url, "store_no_journal")


def test_a_file_that_another_program_keeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = store_url(None, tmp_path)
    opened(url).__enter__().dispose()
    monkeypatch.setattr("pipelines.store.connecting._PATIENCE", 0)
    with closing(sqlite3.connect(tmp_path / "store.db")) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        refused(url, "store_busy")


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("mysql://u:geheim@h/d", "store_kind_unknown"),
        ("postgresql+asyncpg://u:geheim@h/d", "store_kind_unknown"),
        ("postgresql://u:geheim@h:port/d", "store_url_invalid"),
        ("postgresql:/u:geheim@h/d", "store_url_invalid"),
        ("sqlite://", "store_url_invalid"),
        ("sqlite:///:memory:", "store_url_invalid"),
        ("postgresql://u:geheim@127.0.0.1:1/d", "store_unreachable"),
        ("postgresql://u@127.0.0.1:1/d?password=geheim", "store_unreachable"),
        ("postgresql://u@/d?host=/nowhere&geheim=geheim", "store_unreachable"),
    ],
)
def test_addresses_that_lead_nowhere(url: str, key: str) -> None:
    """And no password is shown."""
    assert "geheim" not in refused(url, key).replace('"geheim"', "")
    with pytest.raises(StoreError), hold(url, "r1", "portal"):
        pass


def test_a_database_that_is_not_there(server: Server) -> None:
    assert "nirgends" in refused(server.url("nirgends"), "store_unreachable")


def test_no_password_is_shown() -> None:
    assert shown(parse("postgresql://u:geheim@h:5/d?sslpassword=geheim&host=x")) == "postgresql://u@h:5/d"


def test_the_driver_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert "gongkai[postgresql]" in refused("postgresql://u@h/d", "store_driver_missing")


def test_every_sentence_is_used() -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "pipelines" / "store").glob("*.py"))
    assert {key for key in load("store")["say"] if f'"{key}"' not in code} == set()
