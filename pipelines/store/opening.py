"""Opening a store: a new one is made, an older one is brought to today's form, anything else is left alone.

Both happen in one transaction, so a process that is killed on the way leaves the store as it was.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing, nullcontext
from typing import TYPE_CHECKING, Final

from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

from pipelines.store.connecting import (
    StoreError,
    explained,
    is_file,
    new_engine,
    parse,
    path_of,
    shown,
    store_url,
    writing,
)
from pipelines.store.locking import hold, is_held_here
from pipelines.store.migrations import VERSION_TABLE, VERSIONS, known_versions, upgrade

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import URL

__all__ = ["StoreError", "open_store", "store_url", "writing"]

_ENCODING: Final = "UTF8"
_TABLES_TOLD: Final = 3
_JOURNAL_MODE: Final = "PRAGMA journal_mode = WAL"
_TRIES: Final = 50
_PAUSE: Final = 0.1
_LOCK: Final = 0x676B0001
"""Advisory lock of PostgreSQL under which tables are made or changed."""


def open_store(url: str, *, create: bool = True, versions: Path = VERSIONS) -> Engine:
    """Open a store.

    An older store is upgraded only while no run holds it; of an SQLite store a copy is kept beside it before
    (``store.db.0001.bak``).

    Args:
        url: its address.
        create: make it if there is none.
        versions: folder of the migrations.

    Returns:
        An engine; the caller disposes of it.

    Raises:
        StoreHeld: it would have to be upgraded, and a run holds it.
        StoreError: it is newer than this program, not a store, or can't be opened.
    """
    address = parse(url)
    with explained(address):
        _prepare(address, create=create)
        engine = new_engine(address)
        try:
            _bring_up(engine, url, create=create, versions=versions)
        except BaseException:
            engine.dispose()
            raise
    return engine


def _prepare(address: URL, *, create: bool) -> None:
    """Folders, and what SQLite can't tell apart: a file that isn't there is made by a mere look."""
    if not is_file(address):
        return
    path = path_of(address)
    if not create and not path.exists():
        raise StoreError("store_missing", store=shown(address))
    path.parent.mkdir(parents=True, exist_ok=True)


def _bring_up(engine: Engine, url: str, *, create: bool, versions: Path) -> None:
    known = known_versions(versions)
    with engine.connect() as connection:
        version = _version(connection, known)
        _judge_encoding(connection)
    if version is None and not create:
        raise StoreError("store_missing", store=shown(engine.url))
    if is_file(engine.url):
        _keep_journal(engine)
    if version == known[-1]:
        return
    held = version is None or is_held_here(url)
    with nullcontext() if held else hold(url, f"{version} → {known[-1]}", "upgrade"):
        if version is not None and is_file(engine.url):
            _copy(path_of(engine.url), version)
        _migrate(engine.url, known, versions)


def _version(connection: Connection, known: tuple[str, ...]) -> str | None:
    """Version of a store; None for an empty database.

    Raises:
        StoreError: not a store, or one of a newer program.
    """
    store = shown(connection.engine.url)
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if VERSION_TABLE not in tables:
        named = ", ".join(sorted(tables)[:_TABLES_TOLD]) + (" …" if len(tables) > _TABLES_TOLD else "")
        raise StoreError("store_foreign", store=store, tables=named)
    found = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalars().all()  # noqa: S608
    if len(found) != 1:
        raise StoreError("store_damaged", store=store, reason=f"{VERSION_TABLE}: {len(found)}")
    version = str(found[0])
    if version not in known:
        raise StoreError("store_newer", store=store, version=version, known=known[-1])
    return version


def _judge_encoding(connection: Connection) -> None:
    """A PostgreSQL database made without a language holds bytes, not texts.

    Raises:
        StoreError: it isn't UTF-8.
    """
    if is_file(connection.engine.url):
        return
    encoding = str(connection.exec_driver_sql("SHOW server_encoding").scalar())
    if encoding != _ENCODING:
        raise StoreError("store_encoding", store=shown(connection.engine.url), encoding=encoding)


def _keep_journal(engine: Engine) -> None:
    """Write ahead: readers and the writer don't wait for each other.

    Raises:
        StoreError: the folder lies where this can't be done (network drives).
    """
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        for attempt in range(_TRIES):
            try:
                cursor.execute(_JOURNAL_MODE)
                break
            except sqlite3.OperationalError as error:  # the change doesn't wait for its turn by itself
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or attempt == _TRIES - 1:
                    raise
                time.sleep(_PAUSE)
        mode = cursor.fetchone()
        cursor.close()
    if mode != ("wal",):
        raise StoreError("store_no_journal", store=shown(engine.url))


def _copy(path: Path, version: str) -> None:
    """Keep what an upgrade starts from; it is complete or has another name."""
    part = path.with_name(f"{path.name}.{version}.bak.part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as target:
        source.backup(target)
    with part.open("r+b") as file:
        os.fsync(file.fileno())
    part.replace(part.with_suffix(""))


def _migrate(address: URL, known: tuple[str, ...], versions: Path) -> None:
    engine = new_engine(address, upgrading=True)
    with engine.begin() as connection:
        if not is_file(address):
            connection.exec_driver_sql("SET LOCAL lock_timeout = '60s'")  # somebody reads for hours
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        version = _version(connection, known)
        if version == known[-1]:  # another process was faster
            return
        try:
            upgrade(connection, versions)
            _judge_references(connection)
        except SQLAlchemyError as error:
            if version is None:
                raise
            reason = str(getattr(error, "orig", error))
            raise StoreError("store_upgrade_failed", store=shown(address), reason=reason) from error


def _judge_references(connection: Connection) -> None:
    """Foreign keys weren't enforced while tables were written anew.

    Raises:
        StoreError: a row refers to one that isn't there.
    """
    if not is_file(connection.engine.url):
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        reason = f"{broken[0]} → {broken[2]}"
        raise StoreError("store_upgrade_failed", store=shown(connection.engine.url), reason=reason)
