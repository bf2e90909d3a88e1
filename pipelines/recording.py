"""One run at the store and the archive: begun under a lock, every fact in a transaction, ended or adopted.

Whatever kills a run, what was committed stands and nothing else does. A document is committed after its bytes lie in
the archive; a portal is settled after its documents; the run is told of last. A run that never ended is found by the
next one, which cuts off the half-written end of its archive and calls it lost.
"""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack
from itertools import chain, count
from typing import TYPE_CHECKING, Any, Final, Self
from weakref import WeakKeyDictionary

from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from pipelines.archive import Archive, ArchiveError, read, repair
from pipelines.clock import now, stamp
from pipelines.store.connecting import explained, is_file, parse, path_of, shown
from pipelines.store.locking import StoreHeld, hold
from pipelines.store.memory import Memory, capture_of, newest_capture
from pipelines.store.opening import StoreError, open_store
from pipelines.store.schema import captures, runs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeVar

    from scrapy.crawler import Crawler
    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

    from pipelines.archive import Capture
    from pipelines.store.sightings import Mode

    Result = TypeVar("Result")

ARCHIVE: Final = "archive"
"""Name of the folder of all WARC files, beside the store."""
RUNNING: Final = "running"
LOST: Final = "lost"
UNSTORABLE: Final = (SQLAlchemyError, OSError, StoreError)
"""What is raised where something can't be stored."""
_PAUSES: Final = (0.2, 1.0, 4.0)
"""Seconds between attempts to reach a database whose connection was lost."""
_log = logging.getLogger(__name__)


class Recording:
    """One run.

    Attributes:
        id: its name.
        run: its number.
        engine: the store.
        archive: what is written of answers; None where the archive is off.
        failure: why nothing more can be stored, or None.
    """

    _of: Final[WeakKeyDictionary[Crawler, Recording]] = WeakKeyDictionary()

    def __init__(
        self,
        url: str,
        data: Path,
        *,
        name: str,
        spider: str,
        arguments: dict[str, Any],
        mode: Mode,
        taken: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """Begin a run.

        Args:
            url: of the store.
            data: the folder of the archive.
            name: of the run; numbered if the store knows a run of that name (its folder was deleted, the clock set back).
            spider: of the run.
            arguments: of the spider.
            mode: of the run.
            taken: whether a name can't be given for another reason.

        Raises:
            StoreError: another run holds the store, or it can't be opened.
        """
        self.id = name
        self.failure: BaseException | None = None
        self.on_failure: Callable[[], None] | None = None
        self._folder = data / ARCHIVE
        self._captured: list[dict[str, Any]] = []
        self._sizes: dict[str, int] = {}
        self._exits = ExitStack()
        with ExitStack() as begun:
            self._address = parse(url)
            self._lock = begun.enter_context(hold(url, name, spider))
            self.engine = open_store(url)
            begun.callback(self.engine.dispose)
            begun.enter_context(explained(self._address))
            self._file = _identity(self._address)
            self._adopt()
            started = stamp(now())
            with self.engine.begin() as connection:
                self.id = name = _unused(connection, name, taken)
                row = {"id": name, "spider": spider, "arguments": arguments, "mode": mode}
                self.run: int = connection.execute(
                    insert(runs).values(**row, state=RUNNING, started=started).returning(runs.c.seq)
                ).scalar_one()
            self.archive: Archive | None = Archive(self._folder, name, started=started)
            begun.callback(self.archive.close)
            self._exits = begun.pop_all()

    @classmethod
    def of(cls, crawler: Crawler) -> Self | None:
        """The run of a crawl, or None if it leaves nothing behind."""
        return cls._of.get(crawler)  # type: ignore[return-value]

    def attach(self, crawler: Crawler) -> None:
        """Make it known to the components of a crawl."""
        self._of[crawler] = self

    # --- the store

    def transact(self, work: Callable[[Connection], Result]) -> Result:
        """Do one thing entirely or not at all; what was archived until now becomes known with it.

        Raises:
            SQLAlchemyError: the store can't take it.
            StoreError: it can't be reached, or somebody else holds it by now.
            OSError: the archive can't.
        """
        if self.archive is not None and self._captured:
            self.archive.sync()
        for pause in (*_PAUSES, None):
            try:
                self._lock.keep()  # a server that was started anew has freed it
                return self._once(work)
            except (DBAPIError, StoreError) as error:
                if not _may_pass(error) or pause is None:
                    raise
                _log.warning("the connection to the store was lost, trying again in %s s", pause)
                time.sleep(pause)
        raise AssertionError  # pragma: no cover - the last pause is None

    def _once(self, work: Callable[[Connection], Result]) -> Result:
        if _identity(self._address) != self._file:
            raise StoreError("store_missing", store=shown(self._address))
        with self.engine.begin() as connection:
            if self._captured:
                connection.execute(insert(captures), self._captured)
            result = work(connection)
        self._captured.clear()
        return result

    def fail(self, error: BaseException) -> None:
        """Note that nothing more can be stored; the crawl is told once."""
        if self.failure is None:
            self.failure = error
            _log.error("nothing more can be stored: %s", getattr(error, "orig", None) or error)
            if self.on_failure is not None:
                self.on_failure()

    def memory(self, portal: int) -> Memory:
        """What earlier runs stored of a portal."""
        return Memory(self.engine, portal)

    # --- the archive

    def captured(self, capture: Capture, request: bytes) -> None:
        """Note where an answer lies; it is stored with the next transaction."""
        self._captured.append(
            {
                "digest": capture.digest,
                "request": request,
                "url": capture.url,
                "file": capture.file,
                "offset": capture.offset,
                "revisit": capture.revisit,
                "content_type": capture.content_type,
                "at": capture.at,
                "run": self.run,
            }
        )

    def first_capture(self, digest: str) -> tuple[str, str] | None:
        """Address and time at which these bytes were archived first, or None."""
        for one in self._captured:
            if one["digest"] == digest and not one["revisit"]:
                return one["url"], one["at"]
        with self.engine.connect() as connection:
            found = capture_of(connection, digest)
        return (found.url, found.at) if found and self._holds(found.file, found.offset) else None

    def _holds(self, file: str, offset: int) -> bool:
        """Whether a file of the archive is there and long enough: what was lost is archived anew, not referred to."""
        if file not in self._sizes:
            path = self._folder / file
            self._sizes[file] = path.stat().st_size if path.is_file() else 0
        # That of this run grows.
        return offset < self._sizes[file] or file.startswith(f"{self.id}-")

    def remembered(self, request: bytes) -> tuple[str, bytes, str | None] | None:
        """Address, bytes and media type of the last archived answer to a request, or None."""
        with self.engine.connect() as connection:
            found = newest_capture(connection, request)
        body = self.bytes_of(found[1]) if found else None
        return (found[0], body, found[2]) if found and body is not None else None

    def bytes_of(self, digest: str) -> bytes | None:
        """The archived bytes of a digest, or None if they can't be had any more."""
        with self.engine.connect() as connection:
            place = capture_of(connection, digest)
        if place is None:
            return None
        try:
            return read(self._folder, place.file, place.offset, digest=digest)
        except (ArchiveError, OSError) as error:
            _log.warning("archived bytes can't be read: %s", error)
            return None

    # --- the end

    def end(self, state: str, reason: str | None, **facts: Any) -> None:
        """Write how the run ended, if the store still takes it."""
        try:
            self.transact(
                lambda connection: connection.execute(
                    update(runs)
                    .where(runs.c.seq == self.run)
                    .values(state=state, reason=reason, ended=stamp(now()), **facts)
                )
            )
        except UNSTORABLE as error:
            self.fail(error)

    def close(self) -> None:
        """Let go of store, archive and lock."""
        self._exits.close()

    def _adopt(self) -> None:
        """Runs that never ended: cut the torn ends off their archives, and call them lost."""
        with self.engine.connect() as connection:
            dead = connection.execute(select(runs.c.id).where(runs.c.state == RUNNING)).scalars().all()
        for name in dead:
            for file in sorted(self._folder.glob(f"{name}-*.warc.gz")):
                _mend(file)
        if dead:
            with self.engine.begin() as connection:
                connection.execute(update(runs).where(runs.c.id.in_(dead)).values(state=LOST))


def _unused(connection: Connection, name: str, taken: Callable[[str], bool]) -> str:
    """The name, or the first numbered one that is free."""
    known = select(runs.c.seq)
    names = chain([name], (f"{name}-{number}" for number in count(2)))
    return next(
        one
        for one in names
        if not connection.execute(known.where(runs.c.id == one)).first() and (one == name or not taken(one))
    )


def _identity(address: URL) -> tuple[int, int] | None:
    """What tells the file of a store from another of its name; None for one that is no file, or is gone."""
    if not is_file(address):
        return None
    try:
        found = path_of(address).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _may_pass(error: DBAPIError | StoreError) -> bool:
    """Whether a moment's patience may help."""
    if isinstance(error, StoreError):
        return not isinstance(error, StoreHeld) and error.key != "store_missing"
    return error.connection_invalidated


def _mend(file: Path) -> None:
    """Cut off what a killed run left half-written; a file damaged otherwise is left, its whole records can be read."""
    try:
        if cut := repair(file):
            _log.warning("%s: %s bytes of an unfinished record cut off", file.name, cut)
    except ArchiveError as error:
        _log.warning("%s", error)
