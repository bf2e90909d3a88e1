"""One writer at a time: a run holds the store from its first look at it to its last word.

SQLite: a lock of the operating system on ``<store>.lock``, in which the holder is described. PostgreSQL: an
advisory lock on a connection of its own, whose last statement describes the holder (``pg_stat_activity``). Both are
freed by the system when the holder dies, however it dies. Readers need no lock.
"""

from __future__ import annotations

import json
import os
import re
import socket
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final, Protocol

from sqlalchemy.exc import DBAPIError

from pipelines.clock import now, stamp
from pipelines.store.connecting import (
    StoreError,
    explained,
    is_file,
    judge_file,
    new_engine,
    parse,
    path_of,
    shown,
)

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

UNKNOWN: Final = "?"
_SUFFIX: Final = ".lock"
_CLASS: Final = 0x676B
"""First half of the key of the advisory lock; the second is the schema, so that two stores may share a database."""
_LOCK: Final = f"{_CLASS}, hashtext(coalesce(current_schema(), ''))"
_DESCRIBED: Final = re.compile(r"\A/\* (\{.*\}) \*/")
_PATIENCE: Final = 1.0
"""Seconds in which a new holder has described itself."""
_PAUSE: Final = 0.02
_FAR: Final = 1 << 30
"""Windows lets nobody read what is locked, so a byte behind the text is."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a store; what isn't known is ``?``.

    Attributes:
        run: id of the run.
        spider: what it crawls.
        pid: process.
        host: machine.
        since: time at which it took the store, ISO 8601 in UTC.
    """

    run: str = UNKNOWN
    spider: str = UNKNOWN
    pid: str = UNKNOWN
    host: str = UNKNOWN
    since: str = UNKNOWN


class StoreHeld(StoreError):  # noqa: N818  a state, and the name that everybody uses
    """Somebody else is writing into the store.

    Attributes:
        holder: who.
    """

    def __init__(self, store: str, holder: Holder) -> None:
        """Name the holder."""
        super().__init__("store_held", store=store, **asdict(holder))
        self.holder = holder


class Hold(Protocol):
    """A store that is held."""

    def keep(self) -> None:
        """Make sure that it still is; what was lost (a connection, a deleted file) is taken again.

        Raises:
            StoreHeld: somebody else took it meanwhile.
            StoreError: it can't be reached.
        """


@contextmanager
def hold(url: str, run_id: str, spider: str) -> Iterator[Hold]:
    """Hold a store; it need not exist yet.

    Args:
        url: address of the store.
        run_id: id of the run that wants it.
        spider: what it crawls.

    Raises:
        StoreHeld: somebody else has it.
        StoreError: it can't be reached or written.
    """
    address = parse(url)
    me = Holder(run_id, spider, str(os.getpid()), socket.gethostname(), stamp(now()))
    if is_file(address):
        with explained(address):
            judge_file(address)
    held = _File(address, me) if is_file(address) else _Session(address, me)
    held.keep()
    _here.add(_named(address))
    try:
        yield held
    finally:
        _here.discard(_named(address))
        held.release()


def is_held_here(url: str) -> bool:
    """Whether this process holds the store."""
    return _named(parse(url)) in _here


def holder(url: str) -> Holder | None:
    """Who holds a store now; None for nobody. Takes and creates nothing.

    Raises:
        StoreError: the store can't be reached.
    """
    address = parse(url)
    with explained(address):
        return _holder_of_file(_lock_file(address)) if is_file(address) else _holder_of_session(address)


_here: Final[set[str]] = set()
"""Stores that this process holds."""
_shared: Final[set[int]] = set()
"""Descriptors that carry a lock. A forked worker has copies, and would keep the lock when its parent is dead."""


def _named(address: URL) -> str:
    return shown(address) if is_file(address) else address.render_as_string()


def _let_go() -> None:
    """In a forked worker: what holds the store is the parent's alone."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in _shared:
        os.dup2(nothing, number, inheritable=False)
    os.close(nothing)
    _shared.clear()
    _here.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)


# --- a file


class _File:
    """The lock beside an SQLite store. The file stays when it is freed: a name that comes and goes can be held twice."""

    def __init__(self, address: URL, me: Holder) -> None:
        self._address = address
        self._path = _lock_file(address)
        self._me = me
        self._file: int | None = None

    def keep(self) -> None:
        """See ``Hold``."""
        if self._file is not None and _is_at(self._file, self._path):
            return
        self.release()
        with explained(self._address):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._take()
        _shared.add(self._file)

    def release(self) -> None:
        """Free it."""
        if self._file is None:
            return
        _shared.discard(self._file)
        with suppress(OSError):  # a full disk must not hide what else went wrong
            os.ftruncate(self._file, 0)
        os.close(self._file)
        self._file = None

    def _take(self) -> int:
        until = time.monotonic() + _PATIENCE
        while True:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
            if _seize(file) and _is_at(file, self._path):
                os.ftruncate(file, 0)
                os.write(file, _described(self._me).encode())
                return file
            other = _read(file)
            os.close(file)
            if _lives(other) or time.monotonic() > until:
                raise StoreHeld(shown(self._address), other)
            time.sleep(_PAUSE)


if sys.platform == "win32":

    def _seize(file: int) -> bool:
        """Lock an open file, if nobody else has."""
        os.lseek(file, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        os.lseek(file, 0, os.SEEK_SET)
        return True

    def _is_at(file: int, path: Path) -> bool:
        """Whether a name still leads to an open file: such a file can't be deleted here."""
        del file, path
        return True

    def _runs(pid: str) -> bool:
        """Whether a process lives; asking would end it here."""
        del pid
        return True

else:

    def _seize(file: int) -> bool:
        """Lock an open file, if nobody else has."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _is_at(file: int, path: Path) -> bool:
        """Whether a name still leads to an open file; somebody may have deleted it."""
        with suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(file), path.stat())
        return False

    def _runs(pid: str) -> bool:
        """Whether a process of this machine lives."""
        try:
            os.kill(int(pid), 0)
        except (ProcessLookupError, ValueError):
            return False
        except PermissionError:  # somebody else's
            return True
        return True


def _lock_file(address: URL) -> Path:
    path = path_of(address)
    return path.with_name(path.name + _SUFFIX)


def _holder_of_file(path: Path) -> Holder | None:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            file = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return None
        free, other = _seize(file), _read(file)
        os.close(file)
        if free:
            return None
        if _lives(other) or time.monotonic() > until:
            return other
        time.sleep(_PAUSE)


def _read(file: int) -> Holder:
    os.lseek(file, 0, os.SEEK_SET)
    return _told(os.read(file, 4096).decode("utf-8", "replace"))


def _lives(other: Holder) -> bool:
    """Whether a description is of one who may hold the lock: a new holder needs a moment to write it."""
    if other.pid == UNKNOWN:
        return False
    return other.host != socket.gethostname() or _runs(other.pid)


# --- a session


class _Session:
    """The lock of a PostgreSQL store; it lives as long as its connection."""

    def __init__(self, address: URL, me: Holder) -> None:
        self._address = address
        self._me = me
        self._connection: Connection | None = None

    def keep(self) -> None:
        """See ``Hold``."""
        if self._connection is not None:
            with suppress(DBAPIError):
                if self._ask(_MINE):
                    return
            self.release()
        with explained(self._address):
            self._take()

    def release(self) -> None:
        """Free it."""
        if self._connection is None:
            return
        _shared.difference_update(_descriptors(self._connection))
        with suppress(DBAPIError):  # the server has freed it already
            self._connection.close()
        self._connection = None

    def _take(self) -> None:
        self._connection = _session(self._address, f"gongkai {self._me.run}")
        until = time.monotonic() + _PATIENCE
        while not self._ask(f"SELECT pg_try_advisory_lock({_LOCK})"):
            other = _describing(self._connection)
            if other or time.monotonic() > until:
                self.release()
                raise StoreHeld(shown(self._address), other or Holder())
            time.sleep(_PAUSE)
        _shared.update(_descriptors(self._connection))

    def _ask(self, question: str) -> Any:
        """Every statement of this connection describes the holder: the last one is what others see."""
        if self._connection is None:
            return None
        return self._connection.exec_driver_sql(f"/* {_described(self._me)} */ {question}").scalar()


_HELD: Final = (  # of this database alone
    f" FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = {_CLASS}"  # noqa: S608
    " AND objid::bigint = hashtext(coalesce(current_schema(), ''))::bigint & 4294967295"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_MINE: Final = f"SELECT count(*){_HELD} AND pid = pg_backend_pid()"
_TELLING: Final = f"SELECT query, application_name FROM pg_stat_activity WHERE pid IN (SELECT pid{_HELD})"  # noqa: S608


def _session(address: URL, name: str) -> Connection:
    engine = new_engine(address, name=name, pooled=False)
    return engine.connect().execution_options(isolation_level="AUTOCOMMIT", no_parameters=True)


def _holder_of_session(address: URL) -> Holder | None:
    with _session(address, "gongkai") as connection:
        return _describing(connection)


def _describing(connection: Connection) -> Holder | None:
    """Who has the lock; None for nobody."""
    row = connection.exec_driver_sql(_TELLING).first()
    if row is None:
        return None
    described = _DESCRIBED.match(row[0] or "")
    if described:
        return _told(described[1])
    return Holder(run=(row[1] or UNKNOWN).removeprefix("gongkai "))  # another role's statement is not shown


def _descriptors(connection: Connection) -> set[int]:
    with suppress(DBAPIError):
        driver: Any = None if connection.invalidated else connection.connection.driver_connection
        if driver is not None and not driver.closed:
            return {driver.fileno()}
    return set()


# --- what is told of a holder


def _described(who: Holder) -> str:
    """As JSON that may stand in a comment of SQL."""
    return json.dumps(asdict(who)).replace("*", r"\u002a")


def _told(text: str) -> Holder:
    with suppress(ValueError):
        told = json.loads(text)
        if isinstance(told, dict):
            names = [field.name for field in fields(Holder)]
            return Holder(**{name: str(told.get(name) or UNKNOWN) for name in names})
    return Holder()
