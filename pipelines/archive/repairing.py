"""Cuts what a killed program or a loss of power left behind the last whole record of a file.

Only a tail is ever cut. Whole records behind a damaged place are evidence: then the disk is at fault and nothing is
touched; every other record can still be read from its place.
"""

from __future__ import annotations

import os
import zlib
from typing import IO, TYPE_CHECKING, Final

from pipelines.archive.members import GZIP, STEP, ArchiveError, Member
from pipelines.archive.writing import SUFFIX, force_folder

if TYPE_CHECKING:
    from pathlib import Path

_MAGIC: Final = b"\x1f\x8b\x08"
_BEGINS: Final = b"WARC/"
_WINDOW: Final = 1 << 20


def repair(path: Path) -> int:
    """Cut the tail of a file that nobody writes any more; bytes cut off, 0 for an intact file.

    A file without one whole record is removed: nothing can refer to it.

    Raises:
        ArchiveError: ``damaged``: whole records follow the broken place, the file is left as it is;
            ``name``: the file is none of an archive.
        OSError: it can't be read or cut.
    """
    if not path.name.endswith(SUFFIX):
        raise ArchiveError("name", path.name, 0)
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        end, torn = _whole_to(file, path.name, size)
        if end < size and not torn and _goes_on(file, path.name, _break(file, end)):
            raise ArchiveError("damaged", path.name, end)
    if end == 0:
        path.unlink()
        force_folder(path.parent)
    elif end < size:
        with path.open("r+b") as file:
            file.truncate(end)
            os.fsync(file.fileno())
    return size - end


def _whole_to(file: IO[bytes], name: str, size: int) -> tuple[int, bool]:
    """Where whole records end, and whether the rest is a record's beginning that just stops."""
    end = 0
    while end < size:
        try:
            after = _passed(file, name, end)
        except ArchiveError as error:
            return end, error.problem == "truncated"
        end = after
    return end, False


def _passed(file: IO[bytes], name: str, offset: int) -> int:
    """Where the record at a place ends.

    Raises:
        ArchiveError: there is no whole one.
    """
    member = Member(file, name, offset)
    if member.read(len(_BEGINS)) != _BEGINS:
        raise member.error("not_a_record")
    member.skip()
    return member.end


def _break(file: IO[bytes], offset: int) -> int:
    """The byte at which the broken member at a place can't be unpacked any further.

    What stands before it belongs to the member: a page may well contain an archive of its own.
    """
    file.seek(offset)
    inflater = zlib.decompressobj(GZIP)
    while packed := file.read(STEP):
        before = inflater.copy()
        if _drained(inflater, packed):
            offset += len(packed)
            continue
        whole = (index for index in range(len(packed)) if not _drained(before, packed[index : index + 1]))
        return offset + next(whole, len(packed))
    return offset


def _drained(inflater: zlib._Decompress, packed: bytes) -> bool:
    try:
        while packed and not inflater.eof:
            inflater.decompress(packed, STEP)
            packed = inflater.unconsumed_tail
    except zlib.error:
        return False
    return not inflater.eof


def _goes_on(file: IO[bytes], name: str, offset: int) -> bool:
    """Whether a whole record begins at a place or anywhere behind it."""
    while True:
        file.seek(offset)
        window = file.read(_WINDOW)
        found = window.find(_MAGIC)
        while found >= 0:
            try:
                _passed(file, name, offset + found)
            except ArchiveError:
                found = window.find(_MAGIC, found + 1)
            else:
                return True
        if len(window) < _WINDOW:
            return False
        offset += len(window) - len(_MAGIC) + 1
