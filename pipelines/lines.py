"""Records on disk: one JSON line each, complete or not at all.

A run writes beside its target and takes the target's place only when everything is written, so a reader
never meets half a file and a run that fails leaves the last good one. What is no ordinary file (standard
output, a pipe, ``/dev/null``) can't be replaced and is written straight through.
"""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Self

from pipelines.record import Report, to_json

if TYPE_CHECKING:
    from types import TracebackType

_NAME_LENGTH: Final = 48
"""Characters of the target's name in that of the unfinished file: both must fit into 255 bytes."""


class LineFile:
    """Writes the records of one run; leave the ``with`` block without an exception to publish them.

    Attributes:
        part: the file that holds the finished records until then, and after a failure; None when streaming
            and when nothing is kept.
    """

    def __init__(self, target: Path | IO[bytes]) -> None:
        """Open the file.

        Args:
            target: the file to write or replace, or an open binary stream.

        Raises:
            OSError: the folder can't be made or written, or the target is a folder.
        """
        self.part: Path | None = None
        self._target: Path | None = None
        self._also_at: dict[int, list[str]] = {}
        self._owned = isinstance(target, Path)
        if not isinstance(target, Path):
            self._file = target
        elif _is_special(target):
            self._file = target.open("wb")
        else:
            # A link keeps pointing: the file behind it is replaced.
            self._target = target.resolve()
            if self._target.is_dir():
                raise IsADirectoryError(21, os.strerror(21), str(target))
            self._target.parent.mkdir(parents=True, exist_ok=True)
            self.part, self._file = _new_part(self._target)
        self._empty = True

    def add(self, line: str) -> None:
        """Append one serialised record.

        Raises:
            OSError: the disk is full or the reader of a stream is gone.
        """
        self._file.write(line.encode() + b"\n")
        self._empty = False
        if self.part is None:
            self._file.flush()

    def also_at(self, number: int, url: str) -> None:
        """Note another address of the record ``number`` (from 0); written when the store closes.

        A stream has already passed its record on: there the note is lost.
        """
        if self.part is not None:
            self._also_at.setdefault(number, []).append(url)

    def commit(self) -> None:
        """Publish: patch the noted addresses in, force the bytes to disk, take the target's place.

        Raises:
            OSError: the disk is full or the folder no longer writable; the target is as before.
        """
        if self.part is None or self._target is None:
            self._file.flush()
            if self._owned:
                self._file.close()
            return
        if self._also_at:
            self._patch()
        _force(self._file)
        self._file.close()
        self.part.replace(self._target)
        _force_folder(self._target.parent)
        self.part = None

    def abort(self) -> None:
        """Leave the target as it was; keep the finished records in ``part`` if there are any."""
        if self._owned:
            # Why the run failed is known; that the last bytes don't fit either is no news.
            with suppress(OSError):
                self._file.close()
        if self.part is not None and self._empty:
            self.part.unlink(missing_ok=True)
            self.part = None

    def __enter__(self) -> Self:
        """Start writing."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Publish after success, keep the old file after a failure."""
        if error is None:
            try:
                self.commit()
            except OSError:
                self.abort()
                raise
        else:
            self.abort()

    def _patch(self) -> None:
        assert self.part is not None  # noqa: S101
        assert self._target is not None  # noqa: S101
        self._file.close()
        patched, out = _new_part(self._target)
        try:
            with self.part.open("rb") as lines:
                for number, line in enumerate(lines):
                    urls = self._also_at.get(number)
                    out.write(_with_addresses(line, urls) if urls else line)
        except OSError:
            out.close()
            patched.unlink(missing_ok=True)
            raise
        self.part.unlink()
        self.part, self._file = patched, out


def _with_addresses(line: bytes, urls: list[str]) -> bytes:
    report = Report.model_validate_json(line)
    known = {report.url, *report.also_at}
    report.also_at += [url for url in dict.fromkeys(urls) if url not in known]
    return to_json(report).encode() + b"\n"


def _is_special(target: Path) -> bool:
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _new_part(target: Path) -> tuple[Path, IO[bytes]]:
    descriptor, name = tempfile.mkstemp(".part", f"{target.name[:_NAME_LENGTH]}.", target.parent)
    os.fchmod(descriptor, _mode_for(target))
    return Path(name), os.fdopen(descriptor, "wb")


def _mode_for(target: Path) -> int:
    """The mode of the file that is replaced, or what the user's umask gives a new one."""
    if target.exists():
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _force(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _force_folder(folder: Path) -> None:
    """Make the new name itself durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
