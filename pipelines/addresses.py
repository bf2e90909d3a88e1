"""When two addresses of a portal are one: nothing is asked twice, no row is counted twice."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final
from urllib.parse import urlsplit


def address_key(url: str) -> str:
    """What tells two addresses of one portal apart: scheme, ``www.``, default ports and index files don't."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    path = parts.path
    for name in _INDEX:
        if path.endswith(name):
            path = path[: -len(name)] + "/"
            break
    return f"{host}{port}{path or '/'}?{parts.query}"


_INDEX: Final = ("/index.html", "/index.htm", "/index.shtml")


def digest(text: str) -> bytes:
    """Sixteen bytes that stand for a text: memory must not grow with the length of addresses."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
