"""Reads one gzip member of an archive, trusting nothing: what it unpacks to is bounded by what is asked for."""

from __future__ import annotations

import os
import zlib
from typing import IO, Final, Literal

Problem = Literal[
    "name",  # no file of an archive has such a name
    "missing",  # the file isn't there, or the system doesn't give it
    "truncated",  # the file ends within a record, or before it
    "damaged",  # the bytes are not those that were written
    "not_a_record",  # whole, but nothing that this program writes
    "revisit",  # the bytes lie where they were captured first
    "too_large",  # more than was asked for
    "digest",  # whole, but other bytes than its digest or the caller names
]

GZIP: Final = 31
STEP: Final = 1 << 14
_MOST_HEAD: Final = 1 << 22
"""Bytes of lines in one record: twice what ``heads`` lets pass."""


class ArchiveError(Exception):
    """A record can't be read.

    Attributes:
        problem: why.
        file: name of the file.
        offset: where in it the record begins.
    """

    def __init__(self, problem: Problem, file: str, offset: int) -> None:
        """A record that can't be read."""
        super().__init__(f"{file} @ {offset}: {problem}")
        self.problem = problem
        self.file = file
        self.offset = offset


class Member:
    """One member, as a stream that warcio can read from.

    Attributes:
        done: it is unpacked to its end, and its checksum is right.
    """

    def __init__(self, file: IO[bytes], name: str, offset: int) -> None:
        """Begin at ``offset``; until the member is done nobody else may move in ``file``.

        Raises:
            ArchiveError: ``truncated``: there is nothing at this place.
        """
        self._file = file
        self._name = name
        self._offset = offset
        self._inflater = zlib.decompressobj(GZIP)
        self._ready = memoryview(b"")
        self._head_left = _MOST_HEAD
        self.done = False
        if not 0 <= offset < os.fstat(file.fileno()).st_size:
            raise self.error("truncated")
        file.seek(offset)

    @property
    def end(self) -> int:
        """Where the next member begins; of a member that is done."""
        return self._file.tell() - len(self._inflater.unused_data)

    def error(self, problem: Problem) -> ArchiveError:
        """An error at this member's place."""
        return ArchiveError(problem, self._name, self._offset)

    def read(self, length: int) -> bytes:
        """At most ``length`` bytes; none at the end.

        Raises:
            ArchiveError: ``truncated`` or ``damaged``.
        """
        while not self._ready and not self.done:
            self._fill()
        part = bytes(self._ready[:length])
        self._ready = self._ready[length:]
        return part

    def readline(self, length: int | None = None) -> bytes:
        """One line with its end; warcio reads heads so.

        Raises:
            ArchiveError: ``truncated`` or ``damaged``; ``not_a_record``: too long for a head.
        """
        limit = self._head_left if length is None else min(length, self._head_left)
        line = bytearray()
        while limit > 0 and (part := self._part_of_line(limit)):
            line += part
            limit -= len(part)
            self._head_left -= len(part)
            if line.endswith(b"\n"):
                break
        if self._head_left <= 0:
            raise self.error("not_a_record")
        return bytes(line)

    def skip(self) -> None:
        """Unpack the rest, for its checksum and its end.

        Raises:
            ArchiveError: ``truncated`` or ``damaged``.
        """
        self._ready = memoryview(b"")
        while not self.done:
            self._fill()
            self._ready = memoryview(b"")

    def _part_of_line(self, limit: int) -> bytes:
        while not self._ready and not self.done:
            self._fill()
        there = bytes(self._ready[: min(limit, STEP)])
        part = there[: there.find(b"\n") + 1] or there
        self._ready = self._ready[len(part) :]
        return part

    def _fill(self) -> None:
        packed = self._inflater.unconsumed_tail or self._file.read(STEP)
        try:
            plain = self._inflater.decompress(packed, STEP)
        except zlib.error as error:
            raise self.error("damaged") from error
        self.done = self._inflater.eof
        if not packed and not plain and not self.done:
            raise self.error("truncated")
        self._ready = memoryview(plain)
