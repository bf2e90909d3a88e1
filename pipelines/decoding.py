"""Bytes become text by what they are, not by what they say they are.

Portals serve GBK under a UTF-8 header, UTF-16 that declares gb2312, and pages that declare nothing. A wrong
choice is silent: nearly every pair of UTF-8 bytes is also a GBK character. So the bytes decide, in this
order: byte order mark, NULs where UTF-16 has them, valid UTF-8, valid GB 18030 (which holds GB 2312 and
GBK), fewer broken characters. What a header or ``<meta>`` declares only settles what validity leaves open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Evidence = Literal["bom", "nul_pattern", "ascii", "valid", "fewer_broken", "declared", "no_chinese"]

_BOMS: Final = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_HEAD: Final = 4096
_DECLARED_IN_HEADER: Final = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_DECLARED_IN_PAGE: Final = re.compile(
    r"<!--.*?-->"
    r"|<meta\b[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})"
    r"|<\?xml\b[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]{1,40})",
    re.IGNORECASE | re.DOTALL,
)
_BEYOND_LATIN_AND_CYRILLIC: Final = re.compile("[\u0800-\U0010ffff]")
_LATIN_1: Final = re.compile("[\x00-\xff]*")
_ASCII: Final = bytes(range(128))
# Markup and the most frequent characters of official prose, in both scripts: a right reading is full of them.
_FREQUENT: Final = "<=，。、的年一公不和有在信府政机开開務务"


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text with the reason for its encoding.

    Attributes:
        text: the text, without byte order mark; what could not be read is U+FFFD, and so is NUL.
        encoding: the encoding used, by its Python name.
        how: the evidence that decided.
        replaced: number of U+FFFD in the text.
        disagreement: declarations that name another encoding, as ``header: gbk`` or ``page: gb2312``. The
            ISO-8859-1 that servers send by default declares nothing.
    """

    text: str
    encoding: str
    how: Evidence
    replaced: int = 0
    disagreement: tuple[str, ...] = ()


def decode(body: bytes, content_type: str | None = None) -> Decoded:
    """Decode a page or a text file.

    Args:
        body: the bytes as served.
        content_type: HTTP ``Content-Type`` as served, or None.

    Returns:
        The text with the encoding and the evidence; never fails.
    """
    declared = _declared(body, content_type)
    names = [name for _, name in declared]
    text, encoding, how = _choose(body, names)
    if b"\0" in body:
        # A digit lost to a NUL must not close the gap between its neighbours.
        text = text.rstrip("\0").replace("\0", "\ufffd")
    ascii_only = how == "ascii"
    return Decoded(
        text=text,
        encoding=encoding,
        how=how,
        replaced=text.count("\ufffd") if "\ufffd" in text else 0,
        disagreement=tuple(
            f"{place}: {name}"
            for place, name in declared
            if not _agree(name, encoding, ascii_only=ascii_only)
        ),
    )


def _choose(body: bytes, declared: list[str]) -> tuple[str, str, Evidence]:
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            text = body[len(bom) :].decode(encoding, "replace")
            # An editor put a UTF-8 mark before text that never was UTF-8.
            if encoding == "utf-8" and "\ufffd" in text:
                return _by_bytes(body[len(bom) :], declared)
            return text, encoding, "bom"
    if b"\0" in body[:_HEAD] and (wide := _utf_16_by_nuls(body[:_HEAD])):
        return body.decode(wide, "replace"), wide, "nul_pattern"
    return _by_bytes(body, declared)


def _by_bytes(body: bytes, declared: list[str]) -> tuple[str, str, Evidence]:
    if body.isascii():
        return body.decode("ascii"), "utf-8", "ascii"
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return _not_utf_8(body, declared)
    if not _BEYOND_LATIN_AND_CYRILLIC.search(text):
        return _utf_8_without_chinese(body, text, declared)
    return text, "utf-8", "valid"


def _utf_8_without_chinese(body: bytes, text: str, declared: list[str]) -> tuple[str, str, Evidence]:
    """Decide on valid UTF-8 in which no Chinese stands: a few GBK words are valid UTF-8 by accident."""
    families = {_family(name) for name in declared}
    try:
        chinese = body.decode("gb2312")
    except UnicodeDecodeError:
        return text, "utf-8", "valid"
    if "utf-8" in families or (_LATIN_1.fullmatch(text) and "gb18030" not in families):
        return text, "utf-8", "valid"
    return chinese, "gb18030", "declared" if "gb18030" in families else "no_chinese"


def _not_utf_8(body: bytes, declared: list[str]) -> tuple[str, str, Evidence]:
    as_utf_8 = body.decode("utf-8", "replace")
    three_byte = _characters_of_three_bytes(body, as_utf_8)
    broken = as_utf_8.count("\ufffd")
    if three_byte > broken:
        # Validity as GBK proves nothing here: UTF-8 with one bad byte is often valid GBK, as gibberish.
        return as_utf_8, "utf-8", "fewer_broken"
    if (other := _other_declared(declared)) and (text := _settled_by_declaration(body, other)) is not None:
        return text, other, "declared"
    as_gb = body.decode("gb18030", "replace")
    broken_gb = as_gb.count("\ufffd")
    if not broken_gb:
        return as_gb, "gb18030", "valid"
    if broken_gb < broken or (broken_gb == broken and not three_byte):
        return as_gb, "gb18030", "fewer_broken"
    return as_utf_8, "utf-8", "fewer_broken"


def _characters_of_three_bytes(body: bytes, text: str) -> int:
    """Characters of three bytes that UTF-8 found whole; GBK text holds hardly any by accident.

    Counted from lengths alone: with `a` one-byte, `b` two-byte and `c` three-byte characters the text has
    ``a + b + c`` characters and ``a + 2b + 3c`` bytes (four-byte ones are rare enough to count as three).
    """
    one_byte = len(body) - len(body.translate(None, _ASCII))
    bad = text.count("\ufffd")
    characters = len(text) - one_byte - bad
    size = len(text.encode()) - one_byte - 3 * bad
    return size - 2 * characters


def _other_declared(declared: list[str]) -> str | None:
    return next(
        (f for name in declared if (f := _family(name)) in {"big5hkscs", "utf-16-le", "utf-16-be"}), None
    )


def _settled_by_declaration(body: bytes, encoding: str) -> str | None:
    """Read by a declared encoding whose bytes look like GBK; None unless it reads better than GBK."""
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError:
        return None
    return text if _frequent(text) > _frequent(body.decode("gb18030", "replace")) else None


def _frequent(text: str) -> int:
    sample = text[:65536]
    return sum(sample.count(character) for character in _FREQUENT)


def _utf_16_by_nuls(head: bytes) -> str | None:
    """UTF-16 without a mark: many NULs, and a reading that makes more sense than bytes with NULs in them."""
    if head.count(0) < max(4, len(head) // 128):
        return None
    even = head[: len(head) // 2 * 2]
    readings = {
        encoding: _frequent(even.decode(encoding, "replace")) for encoding in ("utf-16-le", "utf-16-be")
    }
    best = max(readings, key=readings.__getitem__)
    return (
        best if readings[best] > _frequent(head.decode("utf-8", "replace").replace("\0", "")) // 2 else None
    )


def _declared(body: bytes, content_type: str | None) -> list[tuple[str, str]]:
    """Declarations in order: ``(header|page, name)``."""
    found = []
    header = _DECLARED_IN_HEADER.search(content_type) if content_type else None
    if header and _family(header[1]) != "iso-8859-1":
        found.append(("header", header[1]))
    head = body[:_HEAD].replace(b"\0", b"").decode("latin-1")
    found += [("page", m[1] or m[2]) for m in _DECLARED_IN_PAGE.finditer(head) if m[1] or m[2]]
    return list(dict.fromkeys(found))


def _family(name: str) -> str:
    name = name.lower().replace("_", "-")
    if name.startswith(("gb", "x-gb", "cp936", "ms936", "windows-936")):
        return "gb18030"
    if name in {"utf8", "utf-8", "unicode-1-1-utf-8"}:
        return "utf-8"
    if name.startswith(("utf-16be", "utf-16-be")):
        return "utf-16-be"
    if name.startswith(("utf-16", "utf16", "unicode", "ucs-2")):
        return "utf-16-le"
    if name.startswith(("big5", "x-x-big5", "cp950")):
        return "big5hkscs"
    return "iso-8859-1" if name in {"latin1", "latin-1", "iso8859-1", "iso-8859-1"} else name


def _agree(declared: str, encoding: str, *, ascii_only: bool) -> bool:
    family = _family(declared)
    if family.startswith("utf-16"):
        return encoding.startswith("utf-16")
    return ascii_only or family == encoding
