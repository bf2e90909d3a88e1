"""Bodies that a page carries somewhere else than in its tree: JSON, CDATA, escaped markup in scripts and fields.

Portals that draw a page by script keep the report as a string: a JSON answer, ``"content": "<p>…"`` in a
script, a ``<textarea>``, a hidden field. A string that holds the first row of table 3 is taken wherever it stands.
Older reports and mere wrappers of a file have no such mark: theirs is the one string with markup under a name that
bodies have (``[carried]`` in ``data/cleaning.toml``), and the files beside it are theirs too.
"""

from __future__ import annotations

import html
import json
import re
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from pipelines.cleaning.evidence import facts

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARKER: Final = "新收政府信息公开申请"
_ESCAPED_MARKER: Final = json.dumps(_MARKER)[1:-1].lower()
_LITERAL: Final = re.compile(r'"((?:[^"\\]|\\.){200,})"|\'((?:[^\'\\]|\\.){200,})\'', re.DOTALL)
_VALUE: Final = re.compile(
    r"""[:=(\[,{+?]\s{0,99}(?:"((?:[^"\\]|\\.){200,})"|'((?:[^'\\]|\\.){200,})')""", re.DOTALL
)
_CDATA: Final = re.compile(r"<!\[CDATA\[(.{200,}?)\]\]>", re.DOTALL)
_RAW_ELEMENT: Final = re.compile(
    r"<(textarea|noscript|script)\b[^>]{0,500}>(.{200,}?)</\1\s*>", re.DOTALL | re.IGNORECASE
)
_ATTRIBUTE: Final = re.compile(
    r"""\b(?:value|srcdoc|content)\s*=\s*(?:"([^"]{200,})"|'([^']{200,})')""", re.IGNORECASE
)
_ESCAPED_TAG: Final = re.compile(r"&lt;(?:table|tr|td|p|div)\b", re.IGNORECASE)
_LONGEST: Final = 2_000_000
_DEEPEST: Final = 4
_SCRIPT: Final = re.compile(r"<script\b[^>]{0,500}>", re.IGNORECASE)
_SCRIPT_END: Final = re.compile(r"</script", re.IGNORECASE)
_DATA: Final = re.compile(r"\s{0,99}(?:[\w.$]{1,60}\s?\(\s{0,9})?[{\[]")
_STRING: Final = r""""(?:[^"\\]++|\\.)*+"|'(?:[^'\\]++|\\.)*+'|`(?:[^`\\]++|\\.)*+`"""
_ANY_STRING: Final = re.compile(rf"[:=(]\s{{0,9}}({_STRING})", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_CONTROLS: Final = {"n": "\n", "r": "\n", "t": "\t", "b": "", "f": "", "\n": ""}
_TAG: Final = re.compile(
    r"<(?:p|div|br|a|span|img|table|section|article|ul|ol|h[1-6]|iframe)\b[^<>]*>", re.IGNORECASE
)
_PICTURE: Final = r"""<img\b[^<>]{0,300}?\bsrc\s?=\s?["']?[^"'<>\s][^<>]{0,300}>"""
_TAGS: Final = re.compile(r"<[^<>]*>")
_CJK: Final = re.compile("[\u4e00-\u9fff]")
_NAME_BEFORE: Final = re.compile(r"\w{1,30}$")
_SHORTEST: Final = 20
_SAYS_SOMETHING: Final = 10
"""Characters of text that make more of a string than the frame of a widget."""
_MOST_VALUES: Final = 200
_MOST_LISTS: Final = 20


def embedded_body(source: str) -> str | None:
    """The longest embedded string that holds table 3, as markup or text; None when there is none.

    Args:
        source: the page as served: markup, script or JSON.
    """
    if len(source) > _LONGEST or not _marked(source):
        return None
    return max(_candidates(source, 0), key=len, default=None)


def _marked(text: str) -> bool:
    return _MARKER in text or _ESCAPED_MARKER in text.lower() or _MARKER in html.unescape(text[:_LONGEST])


def _candidates(text: str, depth: int) -> Iterator[str]:
    """Strings within a text that hold the marker, unescaped; the innermost ones."""
    if depth > _DEEPEST:
        return
    found = False
    for inner in _strings(text):
        if _marked(inner):
            found = True
            yield from _candidates(inner, depth + 1)
    if not found and depth and _MARKER in text:
        yield text


def _strings(text: str) -> Iterator[str]:
    stripped = text.strip()
    if stripped[:1] in ("{", "["):
        try:
            yield from _leaves(json.loads(stripped))
        except (ValueError, RecursionError):
            pass
        else:
            return
    for match in _RAW_ELEMENT.finditer(text):
        yield match[2]
    for match in _CDATA.finditer(text):
        yield match[1]
    for match in _ATTRIBUTE.finditer(text):
        yield html.unescape(match[1] or match[2])
    if not stripped.startswith("<"):
        yield from map(_unescaped, _literals(text))
        if _ESCAPED_TAG.search(text):
            yield html.unescape(text)


def _literals(text: str) -> list[str]:
    """Strings of a script; where values stand first, because a closing quote looks like an opening one."""
    for pattern in (_VALUE, _LITERAL):
        found = [match[1] or match[2] for match in pattern.finditer(text)]
        if any(map(_marked, found)):
            return found
    return []


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)


def _unescaped(literal: str) -> str:
    try:
        return str(json.loads(f'"{literal}"', strict=False))
    except ValueError:
        text = _ESCAPE.sub(_character, literal)
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _character(escape: re.Match[str]) -> str:
    if code := escape[1] or escape[2]:
        return chr(int(code, 16))
    return _CONTROLS.get(escape[3], escape[3])


def carried_text(text: str) -> str:
    """The markup of the document that a page keeps in the data of a script; an empty text if there is none.

    What counts is a string with markup under one of the names that bodies have. Several different ones under one
    name are rows of a list: then none of them is the document. Takes time in proportion to the length of the scripts.

    Args:
        text: the page as served: markup, script or JSON.
    """
    if len(text) > _LONGEST:
        return ""
    found: dict[str, dict[str, str]] = {}
    for script in _scripts(text):
        for key, markup in _bodies(script, 0):
            shown = "".join(html.unescape(_TAGS.sub("", markup)).split())
            if len(_CJK.findall(shown)) >= _SAYS_SOMETHING or _file_in().search(markup):
                found.setdefault(key, {}).setdefault(shown or markup, markup)
    single = (bodies for bodies in found.values() if len(bodies) == 1)
    return max((next(iter(bodies.values())) for bodies in single), key=len, default="")


def carried_files(text: str) -> list[tuple[str, str]]:
    """The files that the data of a page lists beside its document: address and name.

    Lists of several documents on one page leave it open whose files they are; then there is none.
    """
    if len(text) > _LONGEST:
        return []
    lists: list[list[tuple[str, str]]] = []
    for script in _scripts(text):
        for match in islice(_file_lists().finditer(script), _MOST_LISTS):
            if (files := _files(script, match.end() - 1)) and files not in lists:
                lists.append(files)
    return lists[0] if len(lists) == 1 else []


def is_data(text: str) -> bool:
    """Whether a document is data as a whole: JSON, or a call with it."""
    return _DATA.match(text) is not None


def _scripts(text: str) -> Iterator[str]:
    """What scripts hold; a document that is data is one."""
    if is_data(text):
        yield text
        return
    position = 0
    while start := _SCRIPT.search(text, position):
        end = _SCRIPT_END.search(text, start.end())
        position = end.end() if end else len(text)
        if position - start.end() >= _SHORTEST:
            yield text[start.end() : end.start() if end else len(text)]


def _bodies(script: str, depth: int) -> Iterator[tuple[str, str]]:
    """Strings with markup under the names of bodies, and those names; also in data that is a string itself."""
    keyed, quoted = _body_keys()
    for match in islice(keyed.finditer(script), _MOST_VALUES):
        if (markup := _as_markup(match["value"])) is not None:
            before = _NAME_BEFORE.search(script, max(0, match.start() - 30), match.start())
            yield f"{before[0] if before else ''}{match['key']}", markup
    if depth < _DEEPEST and quoted.search(script):
        for match in _ANY_STRING.finditer(script):
            if len(match[1]) >= _SHORTEST and quoted.search(match[1]):
                yield from _bodies(_unescaped(match[1][1:-1]), depth + 1)


def _as_markup(literal: str) -> str | None:
    if len(literal) < _SHORTEST or not any(sign in literal for sign in ("<", "\\u003", "\\x3", "&lt;")):
        return None
    text = _unescaped(literal[1:-1])
    if not _TAG.search(text) and _ESCAPED_TAG.search(text):
        text = html.unescape(text)
    return text if _TAG.search(text) else None


def _files(script: str, start: int) -> list[tuple[str, str]]:
    try:
        rows, _ = json.JSONDecoder(strict=False).raw_decode(script, start)
    except (ValueError, RecursionError):
        return []
    return [file for row in rows if isinstance(row, dict) and (file := _file(row))]


def _file(row: dict[str, Any]) -> tuple[str, str] | None:
    names: dict[str, list[str]] = facts()["carried"]
    path, name, host = (
        next((row[key] for key in names[part] if isinstance(row.get(key), str) and row[key]), "")
        for part in ("path", "name", "host")
    )
    if not path:
        return None
    return (path if "://" in path else f"{host}{path}", name)


@cache
def _body_keys() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A body's name with the string behind it; and such a name inside of a string."""
    keys = "|".join(facts()["carried"]["keys"])
    keyed = rf"""(?P<key>{keys})["'\]]{{0,2}}\s{{0,9}}[:=(]\s{{0,9}}(?P<value>{_STRING})"""
    return (
        re.compile(keyed, re.DOTALL),
        re.compile(rf"""(?:{keys})\\{{1,15}}["']\s{{0,9}}:"""),
    )


@cache
def _file_lists() -> re.Pattern[str]:
    return re.compile(rf"""\b(?:{"|".join(facts()["carried"]["files"])})["']?\s{{0,9}}[:=]\s{{0,9}}\[""")


@cache
def _file_in() -> re.Pattern[str]:
    endings = "|".join(map(re.escape, facts()["attachments"]))
    return re.compile(rf"(?:{endings})(?=[\"'&?#\s<>)])|{_PICTURE}", re.IGNORECASE)


def spelt_out(text: str) -> str | None:
    """Markup that is shown as text because it was escaped once too often, unescaped; None when it is not."""
    if _ESCAPED_TAG.search(text):
        return html.unescape(text)
    return text if _TAG_AS_TEXT.search(text) else None


_TAG_AS_TEXT: Final = re.compile(
    r"<t(?:able|r|d)\b[^<>]{0,500}>.{0,5000}?</t(?:able|r|d)>", re.IGNORECASE | re.DOTALL
)
