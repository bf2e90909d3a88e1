"""A new portal: its row in the registry, and its page as a fixture that fails until a person has looked.

The row goes into the file of its province, in order, and is refused if the lint would find anything wrong with it:
a wrong row would give one government's figures to another.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

from crawler.platforms import GENERIC, recognise
from crawler.registry import Province, facts, lint, parse_province
from pipelines.agencies import divisions
from pipelines.lines import LineFile
from pipelines.metadata import page_facts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawler.registry import Problem
    from crawler.webpage import WebPage
    from pipelines.agencies import Division

ROOT: Final = Path(__file__).parents[1]
"""The project that this is run from."""
REGISTRY: Final = Path("crawler", "data", "portals")
PAGES: Final = Path("fixtures", "pages")
_ROW: Final = re.compile(r'^\s*\{\s*division = "(\d{6})".*?\bhome = "([^"]*)"')
_GAP: Final = re.compile(r'^\s*\{\s*division = "(\d{6})".*\breason = "')
_LIST: Final = re.compile(r"^(\w+) = \[")
_UNSAFE: Final = re.compile(r"[^a-z0-9.-]+")


class AddingError(Exception):
    """A portal that can't be added.

    Attributes:
        key: key of the sentence that explains it (``[say]`` of ``runs.toml``).
        words: what the sentence needs.
        problems: what the lint says.
    """

    def __init__(self, key: str, *, problems: Sequence[Problem] = (), **words: str) -> None:
        """Say which sentence, and its words."""
        super().__init__(f"{key}: {words}")
        self.key = key
        self.words = words
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the registry as far as a page tells it."""

    division: str
    name: str
    home: str
    platform: str | None = None
    site_id: str | None = None

    def text(self) -> str:
        """As the files of the registry have it."""
        keys = {key: getattr(self, key) for key in self.__slots__ if getattr(self, key) is not None}
        return "  { " + ", ".join(f"{key} = {_quoted(value)}" for key, value in keys.items()) + " },"


@dataclass(frozen=True, slots=True)
class Added:
    """What was written.

    Attributes:
        row: the new row.
        province: file that it went into.
        fixture: folder of the saved page.
    """

    row: Row
    province: Path
    fixture: Path


def row_of(page: WebPage, url: str, division: str | None = None, name: str | None = None) -> Row:
    """The row of a portal: division as given, or from the 网站标识码 of its page; platform where there is evidence.

    Raises:
        AddingError: the division is not known, or name and code are those of different ones.
    """
    site_id = page_facts(page.metas).site_id
    place = _division(site_id, division, name)
    platform = recognise(page).name
    parts = urlsplit(url)
    return Row(
        division=place.code,
        name=place.name,
        home=urlunsplit((parts.scheme, parts.netloc, parts.path or "/", "", "")),
        platform=platform if platform != GENERIC and platform in facts()["platform"] else None,
        site_id=site_id if site_id and site_id.startswith(place.code) else None,
    )


def _division(site_id: str | None, code: str | None, name: str | None) -> Division:
    known = divisions()
    if code is None and name is not None:
        named = [one for one in known.values() if one.name == name and one.valid_to is None]
        if len(named) != 1:
            codes = ", ".join(one.code for one in named)
            raise AddingError("many_divisions" if named else "no_such_name", value=name, codes=codes)
        return named[0]
    wanted = code or (site_id or "")[:6]
    if not wanted:
        raise AddingError("division_unknown")
    if wanted not in known:
        raise AddingError("unknown_division", value=wanted)
    if name is not None and known[wanted].name != name:
        raise AddingError("name_differs", value=name, expected=known[wanted].name)
    return known[wanted]


def add(row: Row, page: WebPage, root: Path = ROOT) -> Added:
    """Write row and fixture.

    Raises:
        AddingError: no province has such codes, or the lint finds something wrong with the row.
        OSError: the files can't be read or written.
    """
    files = sorted((root / REGISTRY).glob("*.toml"))
    before = {file: parse_province(file.stem, file.read_text("utf-8")) for file in files}
    file = _file_of(row.division, before)
    text = with_row(file.read_text("utf-8"), row)
    after = before | {file: parse_province(file.stem, text)}
    known = {(problem.place, problem.code) for problem in lint(list(before.values()))}
    problems = [one for one in lint(list(after.values())) if (one.place, one.code) not in known]
    if problems:
        raise AddingError("row_refused", problems=problems)
    _write(file, text)
    return Added(row, file, save(page, root))


def _file_of(division: str, provinces: Mapping[Path, Province]) -> Path:
    """The file of the longest prefix: 兵团's cities have codes of 新疆."""
    prefixes = {prefix: file for file, province in provinces.items() for prefix in province.prefixes}
    for end in range(len(division), 0, -1):
        if division[:end] in prefixes:
            return prefixes[division[:end]]
    raise AddingError("no_province", value=division)


def with_row(text: str, row: Row) -> str:
    """The text of a file with one more row, in order of code and address; a gap that it fills is taken out."""
    kept: list[str] = []
    section, place = "", None
    for line in text.splitlines():
        section = match[1] if (match := _LIST.match(line)) else section
        if section == "unknown" and (gap := _GAP.match(line)) and gap[1] == row.division:
            continue
        if section == "portals" and place is None and _comes_after(line, row):
            place = len(kept)
        kept.append(line)
    if place is None:
        raise AddingError("no_list")
    kept.insert(place, row.text())
    return "\n".join(kept) + "\n"


def _comes_after(line: str, row: Row) -> bool:
    match = _ROW.match(line)
    return line.startswith("]") if match is None else (match[1], match[2]) > (row.division, row.home)


def save(page: WebPage, root: Path = ROOT) -> Path:
    """Keep a page as a fixture: bytes as served, and how they were asked for. Without an expectation its test fails."""
    parts = urlsplit(page.url)
    name = _UNSAFE.sub("-", f"{parts.netloc}{parts.path}".lower()).strip("-.")
    folder = root / PAGES / name
    folder.mkdir(parents=True, exist_ok=True)
    request = {"url": page.url, "content_type": page.content_type}
    (folder / "page.html").write_bytes(page.body)
    _write(folder / "request.json", json.dumps(request, ensure_ascii=False, indent=2) + "\n")
    return folder


def _write(file: Path, text: str) -> None:
    with LineFile(file) as out:
        out.add(text.removesuffix("\n"))


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
