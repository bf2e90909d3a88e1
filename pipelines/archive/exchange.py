"""One question to a portal with its answer, and where the answer lies afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from pipelines.addresses import address_key, digest

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what was answered.

    Attributes:
        url: address that answered, http or https.
        method: of the request.
        request_headers: name and value, in order; repeated ones stand repeatedly.
        request_body: empty for most.
        status: of the answer.
        reason: the words beside the status; may be empty.
        response_headers: as they came.
        body: of the answer, without transfer and content coding.
        at: time of the answer, ISO 8601 with its zone.
        ip: address of the machine that answered, or None.
    """

    url: str
    method: str
    request_headers: Sequence[tuple[bytes, bytes]]
    request_body: bytes
    status: int
    reason: str
    response_headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    at: str
    ip: str | None = None


@dataclass(frozen=True, slots=True)
class Capture:
    """Where an answer lies.

    Attributes:
        file: name in the folder of the archive.
        offset: of its record in that file.
        digest: sha256 of the body, hexadecimal.
        revisit: the record says only that these bytes were captured before; they lie there.
        content_type: what the answer called itself, or None.
        at: time, as ``pipelines.clock.stamp`` writes it.
        url: address that answered, as the record has it.
    """

    file: str
    offset: int
    digest: str
    revisit: bool
    content_type: str | None
    at: str
    url: str


def request_key(method: str, url: str, body: bytes) -> bytes:
    """Sixteen bytes that stand for a request: its method, its address as ``address_key`` has it, its body.

    Raises:
        ValueError: the address is none.
    """
    return digest(f"{method.upper()} {address_key(url)} {sha256(body).hexdigest()}")
