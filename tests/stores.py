"""Databases for tests: an SQLite file, and a PostgreSQL server of our own where one is installed.

The server belongs to the test session: it listens on a socket in a folder of its own, forgets everything when
the session ends, and dies with it. Its databases sort by the rules of a language, so that an order which depends on the
database shows itself.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import string
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from crawler.data import load
from pipelines.store.connecting import StoreError, store_url
from pipelines.store.locking import Holder, holder
from pipelines.store.opening import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

ROOT = Path(__file__).parents[1]
KINDS = ("sqlite", "postgresql")
USER = "gongkai"
TEMPLATE = "template_store"
LANGUAGE = "LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
DURABILITY = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum", "jit")
"""What a test that pulls no plug can do without."""
START = 20.0
"""Seconds in which the server has to answer."""


@dataclass
class Server:
    """A PostgreSQL server; names of databases are given once."""

    socket: Path
    options: str = ""
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://{USER}@/{name}?host={self.socket}"

    def new(self, template: str = "template0", options: str = "") -> str:
        """Address of a fresh database."""
        name = f"t{next(self.numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} {options or self.options}")
        return self.url(name)

    def run(self, statement: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One server for the session, with a template that holds an empty store."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    with (
        tempfile.TemporaryDirectory(prefix="gongkai-pg-") as folder,
        _served(programs, Path(folder)) as server,
    ):
        new = (
            _version(programs) >= 15
        )  # it sorts as an English dictionary does; copies of files are faster than its log
        server.run(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0 {LANGUAGE if new else ''}")
        server.options = "STRATEGY FILE_COPY" if new else ""
        open_store(server.url(TEMPLATE)).dispose()
        yield server


@pytest.fixture(scope="session")
def made_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store in a file, to be copied."""
    folder = tmp_path_factory.mktemp("store")
    open_store(store_url(None, folder)).dispose()
    return folder / "store.db"


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> str:
    """Every test that takes a store is run on both databases."""
    kind: str = request.param
    return kind


@pytest.fixture
def url(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Address of an empty database."""
    if database == "sqlite":
        return store_url(None, tmp_path)
    server: Server = request.getfixturevalue("server")
    return server.new()


@pytest.fixture
def engine(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A new store, nothing in it."""
    if database == "sqlite":
        shutil.copy(request.getfixturevalue("made_file"), tmp_path / "store.db")
        url = store_url(None, tmp_path)
    else:
        url = request.getfixturevalue("server").new(TEMPLATE)
    engine = open_store(url)
    yield engine
    engine.dispose()


def _programs() -> Path | None:
    """Folder of the newest PostgreSQL that is installed; distributions don't put it on the path."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(
        versions, key=lambda path: [int(part) for part in path.parent.name.split(".") if part.isdecimal()]
    )
    whole = [folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()]
    return whole[-1] if whole else None


def _version(programs: Path) -> int:
    said = subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True)  # noqa: S603
    return int(said.stdout.split()[2].split(b".")[0])


@contextmanager
def _served(programs: Path, folder: Path) -> Iterator[Server]:
    prefix = _unprivileged(folder)
    data = folder / "data"
    options = ["--username", USER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"]
    subprocess.run(  # noqa: S603
        [*prefix, programs / "initdb", "--pgdata", data, *options],
        check=True,
        capture_output=True,
        cwd=folder,
    )
    settings = {f"-c{name}=off" for name in DURABILITY} | {"-clisten_addresses=", "-cshared_buffers=32MB"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603
            [*prefix, programs / "postgres", "-D", data, "-k", folder, *sorted(settings)],
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    try:
        _await(process, data / "postmaster.pid", folder / "log")
        yield Server(folder)
    finally:
        process.send_signal(signal.SIGQUIT)  # at once, nothing is worth keeping
        process.wait(START)


def _unprivileged(folder: Path) -> list[str]:
    """What makes a command run as somebody who isn't root, and end when the tests do."""
    tool = shutil.which("setpriv")
    if tool is None:
        if os.geteuid() == 0:
            pytest.skip("PostgreSQL refuses to run as root, and there is no setpriv")
        return []
    command = [tool, "--pdeathsig", "QUIT"]
    if os.geteuid() == 0:
        account = pwd.getpwnam("nobody")
        os.chown(folder, account.pw_uid, account.pw_gid)
        command += ["--reuid", str(account.pw_uid), "--regid", str(account.pw_gid), "--clear-groups"]
    return command


def _await(process: subprocess.Popen[bytes], status: Path, log: Path) -> None:
    """Until the server says in its own file that it is ready."""
    until = time.monotonic() + START
    while not (status.exists() and "ready" in status.read_text("utf-8")):
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(log.read_text("utf-8", "replace"))
        time.sleep(0.02)


# --- what tests of the store share


@contextmanager
def opened(url: str, **options: Any) -> Iterator[Engine]:
    engine = open_store(url, **options)
    try:
        yield engine
    finally:
        engine.dispose()


def said(error: StoreError) -> str:
    """Both sentences of an error; every gap has its word."""
    sentence = load("store")["say"][error.key]
    gaps = {name for text in sentence.values() for _, name, _, _ in string.Formatter().parse(text) if name}
    assert gaps <= error.words.keys()
    return " ".join(text.format(**error.words) for text in sentence.values())


def python(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def killed(process: subprocess.Popen[str]) -> Iterator[None]:
    """A process that is killed, as -9 does it, when the block is left."""
    try:
        yield
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()


def await_(holds: Callable[[], object], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


HOLD = """
import sys
from pipelines.store.locking import StoreHeld, hold
try:
    with hold(sys.argv[1], sys.argv[2], "shanxi"):
        print("held", flush=True)
        {then}
except StoreHeld as error:
    print("refused", error.holder.run, flush=True)
"""


@contextmanager
def holding(url: str, then: str = "sys.stdin.read()") -> Iterator[Holder]:
    """Another process that holds the store until it is killed."""
    process = python(HOLD.format(then=then), url, "20260101T000000Z-shanxi/*%:x")
    with killed(process):
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == "held\n", process.stderr.read()
        other = holder(url)
        assert other
        yield other
