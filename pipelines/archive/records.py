"""WARC records of an exchange, built with warcio and packed into one gzip member each.

WARC/1.1 (ISO 28500:2017). Digests are ``sha256:`` with hexadecimal figures, for the payload and for the block.
Ids are made from what a record holds, so that the same answers at the same time give the same file.
"""

from __future__ import annotations

import io
import zlib
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version
from typing import TYPE_CHECKING, Final
from uuid import NAMESPACE_URL, uuid5

from warcio.warcwriter import WARCWriter  # type: ignore[import-untyped]

from pipelines.archive.heads import address, request_head, response_head
from pipelines.clock import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.archive.exchange import Exchange
    from pipelines.archive.heads import Address

LEVEL: Final = 4
"""Of the compression; 9, warcio's own, takes twice as long and saves 5 to 9 %."""
_VERSION: Final = "1.1"
_GZIP: Final = 31
_SPECIFICATION: Final = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"


class _Head:
    """What warcio asks of a head; its own one percent-encodes whatever is no ASCII."""

    def __init__(self, head: bytes) -> None:
        self.headers_buff = head

    def compute_headers_buffer(self, header_filter: object) -> None:
        """The lines are there."""


def warcinfo(file: str, run: str, at: str, *, software: str, robots: str) -> bytes:
    """The record that every file begins with: what wrote it, for which run, in which manners."""
    fields = {
        "software": f"{software} warcio/{version('warcio')}",
        "format": "WARC File Format 1.1",
        "conformsTo": _SPECIFICATION,
        "isPartOf": run,
        "robots": robots,
    }
    block = "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode()
    headers = {
        "WARC-Type": "warcinfo",
        "WARC-Record-ID": _record_id("warcinfo", file, at),
        "WARC-Filename": file,
        "WARC-Date": _date(at),
        "WARC-Block-Digest": in_warc(sha256(block).hexdigest()),
    }
    return _packed("warcinfo", headers, b"", block)


def response(
    exchange: Exchange, asked: Address, name: str, digest: str, first: tuple[str, str] | None
) -> bytes:
    """The answer, or where ``first`` says that its bytes were captured before, a revisit record.

    Args:
        exchange: what was answered.
        asked: its address.
        name: tells the exchange from all others of its archive.
        digest: sha256 of the body, hexadecimal.
        first: address and time of the first capture of these bytes.

    Raises:
        ValueError: the address or time of ``first`` is none.
    """
    headers = _named("response" if first is None else "revisit", exchange, name, asked)
    headers["WARC-Payload-Digest"] = in_warc(digest)
    body = exchange.body
    if first is not None:
        headers["WARC-Profile"] = WARCWriter.REVISIT_PROFILE_1_1
        headers["WARC-Refers-To-Target-URI"] = address(first[0]).url
        headers["WARC-Refers-To-Date"] = _date(first[1])
        body = b""
    if exchange.ip:
        headers["WARC-IP-Address"] = exchange.ip
    head = response_head(exchange.status, exchange.reason, exchange.response_headers, len(exchange.body))
    return _packed(headers["WARC-Type"], headers, head, body)


def request(exchange: Exchange, asked: Address, name: str, *, revisit: bool) -> bytes:
    """The question that belongs to an answer."""
    headers = _named("request", exchange, name, asked)
    headers["WARC-Concurrent-To"] = _record_id("revisit" if revisit else "response", name)
    headers["WARC-Payload-Digest"] = in_warc(sha256(exchange.request_body).hexdigest())
    head = request_head(exchange.method, asked, exchange.request_headers, len(exchange.request_body))
    return _packed("request", headers, head, exchange.request_body)


def in_warc(digest: str) -> str:
    """A digest as WARC headers have it."""
    return f"sha256:{digest}"


def time_of(at: str) -> str:
    """A time as the store has it.

    Raises:
        ValueError: it is none, or lacks its zone.
    """
    time = datetime.fromisoformat(at)
    if time.tzinfo is None:
        raise ValueError(f"a time without its zone: {at}")
    try:
        return stamp(time)
    except OverflowError as error:
        raise ValueError(f"not a time: {at}") from error


def _named(kind: str, exchange: Exchange, name: str, asked: Address) -> dict[str, str]:
    return {
        "WARC-Type": kind,
        "WARC-Record-ID": _record_id(kind, name),
        "WARC-Target-URI": asked.url,
        "WARC-Date": _date(exchange.at),
    }


def _packed(kind: str, headers: Mapping[str, str], head: bytes, body: bytes) -> bytes:
    plain = io.BytesIO()
    writer = WARCWriter(plain, gzip=False, warc_version=_VERSION)
    block = sha256(head)
    block.update(body)
    record = writer.create_warc_record(
        headers.get("WARC-Target-URI", ""),
        kind,
        payload=io.BytesIO(body),
        length=len(body),
        warc_headers_dict={"WARC-Block-Digest": in_warc(block.hexdigest()), **headers},
        http_headers=_Head(head) if head else None,
    )
    writer.write_record(record)
    return zlib.compress(plain.getbuffer(), LEVEL, _GZIP)


def _record_id(*parts: str) -> str:
    return f"<urn:uuid:{uuid5(NAMESPACE_URL, chr(10).join(parts))}>"


def _date(at: str) -> str:
    """A time as WARC has it: UTC, with Z."""
    return time_of(at).replace("+00:00", "Z")
