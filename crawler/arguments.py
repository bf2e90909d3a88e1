"""What the arguments of ``scrapy extract`` stand for: files, folders, patterns, standard input, dumps.

Arguments that can't be used are said before any work begins.
"""

from __future__ import annotations

import codecs
import glob
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from crawler.dumps import Dump, open_dump, rows
from crawler.inputs import (
    Input,
    UnusableArgumentError,
    body_problem,
    facts,
    file_url,
    max_bytes,
    problem_of,
)
from pipelines.document import Document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crawler.dumps import Kind, Role

STDIN: Final = "-"
_STDIN_NAME: Final = "stdin"
_BLOCK: Final = 1 << 20
_SPOOLS: Final[list[IO[bytes]]] = []
"""Copies of dumps that came through a pipe; they vanish with the process."""


@dataclass(slots=True)
class Plan:
    """What the arguments came to.

    Attributes:
        entries: inputs at hand and dumps still to be read, in the order given.
        dumps: the dumps among them.
    """

    entries: list[Input | Dump] = field(default_factory=list)

    @property
    def dumps(self) -> list[Dump]:
        """The dumps, in order."""
        return [entry for entry in self.entries if isinstance(entry, Dump)]

    @property
    def total(self) -> int | None:
        """How many inputs there are; None when a dump was not counted yet."""
        return None if self.dumps else len(self.entries)

    def inputs(self) -> Iterator[Input]:
        """All inputs, dumps row by row."""
        for entry in self.entries:
            if isinstance(entry, Dump):
                yield from rows(entry)
            else:
                yield entry


def plan(arguments: Sequence[str], named: Mapping[Role, str], *, target: Path | None = None) -> Plan:
    """Turn arguments into inputs.

    Args:
        arguments: files, folders, patterns, ``-`` for standard input.
        named: role → column of the dumps, as the user named them.
        target: the file that will be written; left out of folders.

    Raises:
        UnusableArgumentError: a missing file, a pattern without a match, an empty folder, the target among
            the inputs, a dump whose columns are unknown, named columns without a dump.
    """
    made = Plan()
    seen: set[str] = set()
    output = os.path.realpath(target) if target is not None else None
    for argument in arguments:
        for name, path, given in _paths(argument):
            real = os.path.realpath(path) if path else STDIN
            if real in seen:
                continue
            seen.add(real)
            if real != output:
                made.entries.append(_entry(name, path, named, given=given))
            elif given:
                raise UnusableArgumentError("target_is_input", file=name)
    if not made.entries:
        raise UnusableArgumentError("nothing_to_read", file=" ".join(arguments))
    if named and not made.dumps:
        raise UnusableArgumentError("columns_without_dump", column=", ".join(named.values()))
    return made


def _paths(argument: str) -> Iterator[tuple[str, Path | None, bool]]:
    """Name, path (None: standard input) and whether the user named this very file."""
    path = Path(argument)
    if argument == STDIN:
        yield argument, None, True
    elif path.is_dir():
        yield from _walk(argument)
    elif os.path.lexists(path):
        if not path.exists():
            raise UnusableArgumentError("missing_file", file=argument)
        yield argument, path, True
    else:
        matches = sorted(glob.glob(argument, recursive=True))  # noqa: PTH207 - keeps the names as typed
        if not matches:
            code = "no_match" if glob.has_magic(argument) else "missing_file"
            raise UnusableArgumentError(code, file=argument)
        for match in matches:
            if Path(match).is_dir():
                yield from _walk(match)
            else:
                yield match, Path(match), False


def _walk(folder: str) -> Iterator[tuple[str, Path | None, bool]]:
    """Files below a folder in sorted order: hidden ones left out, each folder once even if links loop."""
    visited: set[tuple[int, int]] = set()
    refused: list[str] = []
    for place, folders, names in os.walk(
        folder, followlinks=True, onerror=lambda error: refused.append(error.filename)
    ):
        status = Path(place).stat()
        if (status.st_dev, status.st_ino) in visited:
            folders.clear()
            continue
        visited.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if not name.startswith(".") and (path.is_file() or not path.exists()):
                yield str(path), path, False
    for place in refused:
        yield place, Path(place), False


def _entry(name: str, path: Path | None, named: Mapping[Role, str], *, given: bool) -> Input | Dump:
    if path is None:
        return _stream(_STDIN_NAME, "file:///dev/stdin", open(0, "rb", closefd=False), named)
    try:
        if not path.is_file() and path.exists() and not path.is_dir():
            return _stream(name, file_url(path), path.open("rb"), named)
        kind = _dump_kind(path)
        if kind is None:
            return Input(name, path=path)
        return open_dump(name, path, file_url(path), kind, named)
    except OSError as error:
        return Input(name, problem=problem_of(error))
    except UnusableArgumentError as error:
        if given:
            raise
        return Input(name, problem=error.problem)


def _dump_kind(path: Path) -> Kind | None:
    suffixes = facts()["suffixes"]
    suffix = path.suffix.lower()
    return "csv" if suffix in suffixes["csv"] else "jsonl" if suffix in suffixes["jsonl"] else None


def _stream(name: str, url: str, source: IO[bytes], named: Mapping[Role, str]) -> Input | Dump:
    """Standard input or a pipe: a dump when columns are named or it holds JSON objects, else one document."""
    with source:
        head = source.read(_BLOCK)
        is_json = head.lstrip(codecs.BOM_UTF8 + b" \t\r\n").startswith(b"{")
        if named or is_json:
            return open_dump(name, _spool(head, source), url, "jsonl" if is_json else "csv", named)
        body = head + source.read(max(0, max_bytes() + 1 - len(head)))
    found = body_problem(body)
    return Input(name, problem=found) if found else Input(name, document=Document(url=url, body=body))


def _spool(head: bytes, source: IO[bytes]) -> Path:
    """A dump is read twice, a pipe only once."""
    spool = tempfile.NamedTemporaryFile(prefix="gongkai-")  # noqa: SIM115 - lives as long as the process
    _SPOOLS.append(spool)
    spool.write(head)
    while block := source.read(_BLOCK):
        spool.write(block)
    spool.flush()
    return Path(spool.name)
