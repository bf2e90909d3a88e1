"""Heads of requests and answers as they are archived: true to what came, but in lines that nobody can break.

Header values are bytes from strangers. What could end a line becomes a space, everything else stays as it is,
so that what is no ASCII can be read in the coding that the portal used. The body is archived decoded; headers
that speak of its coding or of the connection would mislead a reader and stand under another name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

KEPT_AS: Final = b"X-Archive-Orig-"
"""Begins the name under which a header stands that isn't true of the archived body."""
LEFT_OUT: Final = b"X-Archive-Left-Out"
"""Says which headers were sent whose values are secrets, and how many didn't fit."""
LONGEST_URL: Final = 1 << 20
_MOST: Final = 1 << 19
"""Bytes of headers; a reader must know what a head may take."""
_OF_THE_CODING: Final = frozenset(
    (
        b"connection",
        b"content-encoding",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
_SECRET: Final = frozenset((b"authorization", b"cookie", b"cookie2", b"proxy-authorization"))
_LENGTH: Final = b"content-length"
_NO_CONTROLS: Final = bytes(
    32 if (byte < 32 and byte != 9) or byte == 127 else byte  # noqa: PLR2004 - ASCII
    for byte in range(256)
)
_NO_NAME: Final = re.compile(rb"[^!#$%&'*+.^_`|~0-9A-Za-z-]")
_PRINTED: Final = "".join(map(chr, range(33, 127))).replace("<", "").replace(">", "")
_ADDRESS: Final = re.compile(r"(https?)://([^/?#]+)([^#]*)(?:#.*)?", re.IGNORECASE)


class Address(NamedTuple):
    """An address as it is archived.

    Attributes:
        url: all of it.
        host: with its port.
        target: what stands in the request line.
    """

    url: str
    host: str
    target: str


def address(url: str) -> Address:
    """An address as it is archived.

    What a WARC header can't hold is percent-encoded; a name and password before the host and what follows
    ``#`` were never sent with the address and are left out.

    Raises:
        ValueError: it is no address of the web, or longer than ``LONGEST_URL``.
    """
    written = quote(url, safe=_PRINTED, errors="surrogatepass")
    parts = _ADDRESS.fullmatch(written)
    if parts is None or len(written) > LONGEST_URL:
        raise ValueError(f"not an address that can be archived: {url[:200]!r}")
    scheme, authority, target = parts.groups()
    host = authority.rpartition("@")[2]
    if not host:
        raise ValueError(f"not an address that can be archived: {url[:200]!r}")
    whole = f"{scheme.lower()}://{host}{target}"
    return Address(whole, host, target if target.startswith("/") else f"/{target}")


def request_head(method: str, asked: Address, headers: Sequence[tuple[bytes, bytes]], length: int) -> bytes:
    """Request line and headers; the values of cookies and credentials are left out, their names are told."""
    clean = list(_clean(headers))
    if all(name.lower() != b"host" for name, _ in clean):
        clean.insert(0, (b"Host", asked.host.encode("ascii")))
    secret = [name for name, _ in clean if name.lower() in _SECRET]
    if secret:
        clean = [(name, value) for name, value in clean if name.lower() not in _SECRET]
        clean.append((LEFT_OUT, b", ".join(secret)))
    line = b"%b %b HTTP/1.1" % (
        _name(method.upper().encode("utf-8", "replace")),
        asked.target.encode("ascii"),
    )
    return _head(line, _true_of(clean, length, stated=length > 0))


def response_head(status: int, reason: str, headers: Sequence[tuple[bytes, bytes]], length: int) -> bytes:
    """Status line and headers."""
    words = reason.encode("utf-8", "replace").translate(_NO_CONTROLS)
    line = b"HTTP/1.1 %03d %b" % (status, b" ".join(words.split()))
    return _head(line.rstrip(), _true_of(list(_clean(headers)), length, stated=True))


def content_type(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """What an answer calls itself, as a reader of its record will find it; None where it doesn't say."""
    value = next((value for name, value in _clean(headers) if name.lower() == b"content-type"), b"")
    return in_words(value) or None


def in_words(value: bytes) -> str:
    """A header's value: UTF-8, or else one character a byte. Readers of WARC files do the same."""
    try:
        return value.decode("utf-8").strip()
    except UnicodeDecodeError:
        return value.decode("latin-1").strip()


def _clean(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
    for name, value in headers:
        yield _name(name), value.translate(_NO_CONTROLS).strip(b" \t")


def _name(name: bytes) -> bytes:
    """A name that is one: a space or colon in it would move the value, none at all would lose it."""
    return _NO_NAME.sub(b"-", name.strip()) or b"-"


def _true_of(
    headers: list[tuple[bytes, bytes]], length: int, *, stated: bool
) -> Iterable[tuple[bytes, bytes]]:
    """Headers that are true of the archived body; ``stated``: its length is said even where it wasn't."""
    said = [value for name, value in headers if name.lower() == _LENGTH]
    right = said == [b"%d" % length]
    for name, value in headers:
        wrong = name.lower() in _OF_THE_CODING or (name.lower() == _LENGTH and not right)
        yield (KEPT_AS + name, value) if wrong else (name, value)
    if not right and (stated or said):
        yield b"Content-Length", b"%d" % length


def _head(line: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    lines = [b"%b: %b\r\n" % header for header in headers]
    room, kept = _MOST, 0
    while kept < len(lines) and len(lines[kept]) <= room:
        room -= len(lines[kept])
        kept += 1
    if kept < len(lines):
        lines[kept:] = [b"%b: %d\r\n" % (LEFT_OUT, len(lines) - kept)]
    return b"%b\r\n%b\r\n" % (line, b"".join(lines))
