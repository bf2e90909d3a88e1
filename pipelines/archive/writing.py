"""Writes the archive of one run. A file only ever holds whole records, whatever happens to disk or program.

Several programs may write into one folder: no file is ever opened a second time for writing. One ``Archive`` belongs
to one thread.
"""

from __future__ import annotations

import errno
import os
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Self

from pipelines.archive import records
from pipelines.archive.exchange import Capture
from pipelines.archive.heads import address, content_type
from pipelines.archive.records import time_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from pipelines.archive.exchange import Exchange

LIMIT: Final = 1 << 30
"""Bytes of one file: what archives of the web use, and what copies in one go."""
SUFFIX: Final = ".warc.gz"
_RUN: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.+-]*")


class Archive:
    """What the portals answered in one run.

    Nothing is made on disk before the first answer. Leave the ``with`` block, or call ``close``, to end it.
    """

    def __init__(
        self,
        folder: Path,
        run: str,
        *,
        started: str,
        limit: int = LIMIT,
        software: str = "gongkai",
        robots: str = "obey",
    ) -> None:
        """An archive that has no file yet.

        Args:
            folder: of all archives; made when needed.
            run: begins the names of the files.
            started: when the run began, ISO 8601 with its zone.
            limit: bytes after which another file is begun; a single larger answer is not cut.
            software: what writes, with its version.
            robots: how robots.txt is treated, as ``warcinfo`` records have it.

        Raises:
            ValueError: ``run`` can't be part of a name.
        """
        if not _RUN.fullmatch(run):
            raise ValueError(f"not the name of a run: {run!r}")
        self._folder = folder
        self._run = run
        self._started = started
        self._limit = limit
        self._software = software
        self._robots = robots
        self._file: _File | None = None
        self._failure: OSError | None = None
        self._number = 0
        self._count = 0

    def write(
        self, exchange: Exchange, seen: Callable[[str], tuple[str, str] | None] | None = None
    ) -> Capture:
        """Append an answer and its question. When this returns, the operating system has the bytes.

        Args:
            exchange: what was asked and answered.
            seen: address and time of the first capture with this digest, None if there is none. Bytes
                that were captured before are not written again.

        Raises:
            OSError: the disk is full, or the like. Nothing of the exchange remains, and another may be written.
            ValueError: an address is none of the web, or a time is none.
        """
        self._check()
        digest = sha256(exchange.body).hexdigest()
        first = seen(digest) if seen is not None and exchange.body else None
        at, asked = time_of(exchange.at), address(exchange.url)
        name = "\n".join((self._run, str(self._count), at, digest, asked.url))
        data = records.response(exchange, asked, name, digest, first)
        data += records.request(exchange, asked, name, revisit=first is not None)
        file = self._file_for(len(data))
        try:
            offset = file.append(data)
        except BaseException:
            if not file.whole:
                self._leave()
            raise
        self._count += 1
        kind = content_type(exchange.response_headers)
        return Capture(file.path.name, offset, digest, first is not None, kind, at, asked.url)

    def sync(self) -> None:
        """Make what was written outlast a loss of power.

        Raises:
            OSError: it may not. What was written since the last time is in doubt, so the archive takes no more:
                from now on ``sync`` and ``write`` raise.
        """
        self._check()
        if self._file is not None:
            try:
                self._file.sync()
            except OSError as error:
                # What the system could not write it forgets: a second attempt would succeed and prove nothing.
                self._failure = error
                self._leave()
                raise

    def close(self) -> None:
        """End the file; another ``write`` would begin a new one.

        Raises:
            OSError: see ``sync``; once only.
        """
        if self._failure is None:
            self.sync()
        self._leave()

    def __enter__(self) -> Self:
        """Start."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, after a failure as well: what is written is true."""
        self.close()

    def _check(self) -> None:
        if self._failure is not None:
            raise OSError(self._failure.errno, self._failure.strerror, str(self._folder))

    def _leave(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _file_for(self, length: int) -> _File:
        if self._file is not None and self._file.used and self._file.size + length > self._limit:
            self.close()
        if self._file is None:
            self._file = self._begun()
        return self._file

    def _begun(self) -> _File:
        """A new file with its ``warcinfo``; none remains if that can't be written."""
        _make_folder(self._folder)
        file = self._opened()
        info = records.warcinfo(
            file.path.name, self._run, self._started, software=self._software, robots=self._robots
        )
        try:
            file.append(info)
        except BaseException:
            file.close()
            file.path.unlink(missing_ok=True)
            self._number -= 1
            raise
        file.used = False
        return file

    def _opened(self) -> _File:
        while True:
            path = self._folder / f"{self._run}-{self._number:05d}{SUFFIX}"
            self._number += 1
            try:
                return _File(path)
            except FileExistsError:
                continue  # an earlier part of the run wrote it; what stands there is not ours to touch


class _File:
    """A growing file.

    Attributes:
        path: where it is.
        size: bytes of whole pieces.
        used: something was appended that counts.
        whole: nothing but whole pieces stands in it.
    """

    def __init__(self, path: Path) -> None:
        """Make it; FileExistsError if it is there."""
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o666)
        self.path = path
        self.size = 0
        self.used = False
        self.whole = True
        self._fresh = True
        self._synced = 0

    def append(self, data: bytes) -> int:
        """Append one piece or nothing; its offset."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except BaseException as error:
            self._take_back()
            if isinstance(error, OSError):
                error.filename = error.filename or str(self.path)
            raise
        offset = self.size
        self.size += len(data)
        self.used = True
        return offset

    def sync(self) -> None:
        """Force bytes and name to disk, and make sure that they are still there."""
        self._judge()
        if self._synced < self.size:
            os.fsync(self._descriptor)
            self._synced = self.size
        if self._fresh:
            force_folder(self.path.parent)
            self._fresh = False

    def _judge(self) -> None:
        """A file that was deleted, cut or replaced while it is written would take bytes that nobody finds again."""
        mine = os.fstat(self._descriptor)
        if mine.st_size != self.size or not os.path.samestat(mine, self.path.stat()):
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(self.path))

    def close(self) -> None:
        """Give it back."""
        os.close(self._descriptor)

    def _take_back(self) -> None:
        """Cut a piece that was written in part; where even that fails, nothing may follow it: see ``repair``."""
        try:
            os.ftruncate(self._descriptor, self.size)
        except OSError:
            self.whole = False


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, each name durable."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        force_folder(one.parent)


def force_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
