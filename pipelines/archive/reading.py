"""Reads an archive back: one body by its place, or what a file holds.

The files may have been copied, cut or exchanged: every body is compared with its digest, and nothing is read that is
larger than expected.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from warcio.exceptions import ArchiveLoadFailed  # type: ignore[import-untyped]
from warcio.recordloader import ArcWarcRecordLoader  # type: ignore[import-untyped]
from warcio.statusandheaders import StatusAndHeadersParserException  # type: ignore[import-untyped]

from pipelines.archive.exchange import Capture
from pipelines.archive.members import STEP, ArchiveError, Member
from pipelines.archive.records import time_of
from pipelines.archive.writing import SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST: Final = 64 << 20
"""Bytes of a body: twice what a crawl accepts."""
_NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.+-]*" + re.escape(SUFFIX))
_DIGEST: Final = re.compile(r"sha256:([0-9a-f]{64})")
_LENGTH: Final = re.compile(r"[0-9]{1,18}")
_ANSWERS: Final = ("response", "revisit")
_LOADER: Final = ArcWarcRecordLoader(verify_http=True)


def read(folder: Path, file: str, offset: int, *, digest: str | None = None, most: int = MOST) -> bytes:
    """The body of an answer.

    Args:
        folder: of the archive.
        file: name of the file in it.
        offset: where the record begins.
        digest: sha256 that the body must have, hexadecimal; None trusts the record's own.
        most: bytes that it may have.

    Raises:
        ArchiveError: it can't be had; ``problem`` says why.
    """
    if not _NAME.fullmatch(file):
        raise ArchiveError("name", file, offset)
    path = folder / file
    try:
        if not path.is_file():
            raise ArchiveError("missing", file, offset)
        with path.open("rb") as stream:
            return _body(Member(stream, file, offset), digest, most)
    except OSError as error:
        raise ArchiveError("missing", file, offset) from error


def index(path: Path) -> Iterator[Capture]:
    """The answers in a file, in order, those that only refer to earlier bytes included.

    Raises:
        ArchiveError: from here on the file can't be read.
        OSError: it can't be opened.
    """
    with path.open("rb") as stream:
        offset, size = 0, path.stat().st_size
        while offset < size:
            member = Member(stream, path.name, offset)
            record = _record(member)
            if record.rec_type in _ANSWERS:
                yield _capture(member, record, path.name, offset)
            member.skip()
            offset = member.end


def _body(member: Member, digest: str | None, most: int) -> bytes:
    record = _record(member)
    if record.rec_type == "revisit":
        raise member.error("revisit")
    if record.rec_type != "response":
        raise member.error("not_a_record")
    own = _digest_of(member, record)
    if not _head(member, record):
        raise member.error("not_a_record")
    length = record.raw_stream.limit
    if length > most:
        raise member.error("too_large")
    body = bytearray()
    while part := record.raw_stream.read(min(STEP, length - len(body))):
        body += part
    if len(body) < length:
        raise member.error("not_a_record")
    if sha256(body).hexdigest() != own or digest not in (None, own):
        raise member.error("digest")
    return bytes(body)


def _capture(member: Member, record: Any, file: str, offset: int) -> Capture:
    headers = record.rec_headers
    head = _head(member, record)
    url = headers.get_header("WARC-Target-URI")
    try:
        at = time_of(headers.get_header("WARC-Date", ""))
    except ValueError as error:
        raise member.error("not_a_record") from error
    digest = _digest_of(member, record)
    kind = (head.get_header("Content-Type") or None) if head else None
    return Capture(file, offset, digest, record.rec_type == "revisit", kind, at, url)


def _record(member: Member) -> Any:
    """The WARC headers of a member, with a stream that ends where the record does."""
    try:
        record = _LOADER.parse_record_stream(member, known_format="warc", no_record_parse=True)
    except (ArchiveLoadFailed, EOFError) as error:
        raise member.error("not_a_record") from error
    headers = record.rec_headers
    if not _LENGTH.fullmatch(headers.get_header("Content-Length") or ""):
        raise member.error("not_a_record")
    if record.rec_type in _ANSWERS and not headers.get_header("WARC-Target-URI", ""):
        raise member.error("not_a_record")
    return record


def _head(member: Member, record: Any) -> Any:
    """Status line and headers of an answer; None where a revisit record has none."""
    uri = record.rec_headers.get_header("WARC-Target-URI")
    try:
        return _LOADER.load_http_headers(record.rec_type, uri, record.raw_stream, record.length)
    except (StatusAndHeadersParserException, EOFError) as error:
        raise member.error("not_a_record") from error


def _digest_of(member: Member, record: Any) -> str:
    found = _DIGEST.fullmatch(record.rec_headers.get_header("WARC-Payload-Digest") or "")
    if found is None:
        raise member.error("not_a_record")
    return found.group(1)
