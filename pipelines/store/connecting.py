"""Where a store lies, and connections to it: SQLite in a file, or PostgreSQL on a server.

Whatever goes wrong becomes a ``StoreError``: the key of a sentence, and its words. Passwords are in no word.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

FILE: Final = "store.db"
SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
_DRIVERS: Final = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(?=/)")
"""At least two letters: ``C:/data`` is a folder."""
_PATIENCE: Final = 60
"""Seconds that one writer waits for another; transactions take milliseconds."""
_CONNECT: Final = 15
"""Seconds in which a server has to answer."""
_JOURNAL: Final = 64 * 1024 * 1024
"""What the journal of SQLite is cut down to once it has been larger."""
_WRITES: Final = "store_writes"
_SQLITE_KEYS: Final = {
    "SQLITE_NOTADB": "store_not_a_store",
    "SQLITE_CORRUPT": "store_damaged",
    "SQLITE_READONLY": "store_read_only",
    "SQLITE_BUSY": "store_busy",
    "SQLITE_LOCKED": "store_busy",
    "SQLITE_CANTOPEN": "store_cannot_open",
    "SQLITE_PERM": "store_cannot_open",
    "SQLITE_IOERR": "store_cannot_open",
    "SQLITE_FULL": "store_cannot_open",
}
_POSTGRESQL_KEYS: Final = {
    "25006": "store_read_only",  # a standby
    "42501": "store_read_only",  # the role may not
    "55P03": "store_busy",
    "08": "store_unreachable",
    "28": "store_unreachable",  # wrong name or password
    "3D": "store_unreachable",  # no such database
    "53": "store_unreachable",  # too many connections, disk full
    "57": "store_unreachable",  # starting, stopping
}
_NO_SERVER: Final = "store_unreachable"


class StoreError(Exception):
    """A store that can't be used.

    Attributes:
        key: key of the sentence that explains it (``[say]`` of ``store.toml``).
        words: what the sentence needs.
    """

    def __init__(self, key: str, **words: str) -> None:
        """Say which sentence, and its words."""
        super().__init__(f"{key}: {words}")
        self.key = key
        self.words = words


def store_url(setting: str | None, data: Path) -> str:
    """The address of the store.

    Args:
        setting: what the user wishes: a file, or the address of a database; None or empty for the usual file.
        data: folder of everything that is kept.
    """
    if not setting:
        return _file_url(data / FILE)
    return setting if _SCHEME.match(setting) else _file_url(Path(setting).expanduser())


_HEAD: Final = b"SQLite format 3\0"


def parse(url: str) -> URL:
    """An address in parts, with the driver that is used here.

    Raises:
        StoreError: it is none, or of a database that isn't supported.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:  # the text may hold a password, so it isn't shown
        raise StoreError("store_url_invalid") from error
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None:
        raise StoreError("store_kind_unknown", kind=parsed.drivername)
    if driver == SQLITE and ((parsed.database or ":memory:") == ":memory:" or parsed.query):
        raise StoreError("store_url_invalid")
    return parsed.set(drivername=driver)


def is_file(address: URL) -> bool:
    """Whether the store is a file of SQLite."""
    return address.drivername == SQLITE


def path_of(address: URL) -> Path:
    """The file of an SQLite store; all links followed, so that two names of one file are one."""
    return Path(address.database or "").resolve()


def judge_file(address: URL) -> None:
    """Leave alone what is there and is no SQLite file; nothing is written beside it, either.

    Raises:
        StoreError: it is a folder, a device, or a file of another kind.
        OSError: it can't be read.
    """
    path = path_of(address)
    if not path.exists():
        return
    if not path.is_file():
        raise StoreError("store_not_a_store", store=shown(address))
    with path.open("rb") as file:
        head = file.read(len(_HEAD))
    if head and head != _HEAD:
        raise StoreError("store_not_a_store", store=shown(address))


def shown(address: URL) -> str:
    """An address as people may see it: a path, or server and database without user's secrets."""
    if is_file(address):
        return str(path_of(address))
    where = URL.create(POSTGRESQL, address.username, None, address.host, address.port, address.database)
    return where.render_as_string()


def new_engine(
    address: URL, *, name: str = "gongkai", upgrading: bool = False, pooled: bool = True
) -> Engine:
    """An engine; nothing is connected yet.

    Args:
        address: of the store.
        name: what a PostgreSQL server calls the connection.
        upgrading: write transactions only, foreign keys not enforced (tables are written anew).
        pooled: keep connections for the next use.

    Raises:
        StoreError: the driver isn't installed.
    """
    options: dict[str, Any] = {} if pooled and not upgrading else {"poolclass": NullPool}
    if is_file(address):
        options["connect_args"] = {"timeout": _PATIENCE}
    else:
        ours = {"application_name": name, "connect_timeout": _CONNECT, "client_encoding": "utf8"}
        options["connect_args"] = {key: value for key, value in ours.items() if key not in address.query}
        options["pool_pre_ping"] = True  # a connection may have been lost while portals were waited for
    try:
        engine = create_engine(address, **options)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise StoreError("store_driver_missing") from error
    if is_file(address):
        _tell_sqlite(engine, foreign_keys=not upgrading)
    return writing(engine) if upgrading else engine


def writing(engine: Engine) -> Engine:
    """The same engine for transactions that read before they write.

    SQLite refuses to make a reading transaction a writing one when somebody else has written in between; these
    wait for their turn at once. Transactions of this kind must not be open while the same thread starts another.
    """
    return engine.execution_options(**{_WRITES: True})


@contextmanager
def explained(address: URL) -> Iterator[None]:
    """Turn what a driver raises into a sentence; faults of this program pass as they are.

    Raises:
        StoreError: the database refused.
    """
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        key = _key(cause)
        if key is None:
            raise
        reason = _masked(str(cause).strip(), address)
        raise StoreError(key, store=shown(address), reason=reason) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError("store_cannot_open", store=shown(address), reason=reason) from error


def _file_url(path: Path) -> str:
    return URL.create(SQLITE, database=str(path.absolute())).render_as_string()


def _tell_sqlite(engine: Engine, *, foreign_keys: bool) -> None:
    """What SQLite has to be told on every connection and transaction."""

    def connected(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        del record
        connection.isolation_level = None  # Python's module would begin transactions where it likes
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        cursor.execute("PRAGMA synchronous = FULL")  # what is committed survives a power cut
        cursor.execute(f"PRAGMA journal_size_limit = {_JOURNAL}")
        cursor.close()

    def begins(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begins)


def _key(error: BaseException | None) -> str | None:
    """The sentence of a driver's error; None for what can only be a fault of this program."""
    if isinstance(error, sqlite3.Error):
        code, keys = str(getattr(error, "sqlite_errorname", "")), _SQLITE_KEYS
    else:
        code, keys = str(getattr(error, "sqlstate", None) or ""), _POSTGRESQL_KEYS
        if not code:  # it didn't come from a server
            return _NO_SERVER
    return next((key for start, key in keys.items() if code.startswith(start)), None)


def _masked(text: str, address: URL) -> str:
    secrets = [
        str(address.password or ""),
        *(str(value) for key, value in address.query.items() if "pass" in key),
    ]
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    return text
