"""Somebody's earlier scrape as inputs: the rows of a CSV, the lines of a JSONL.

Nothing is guessed from likeness: the encoding is the first that reads every byte, a column plays a role when
its name is in the list and no other column's is, a row that has not the cells of its header is a problem.
"""

from __future__ import annotations

import codecs
import csv
import itertools
import json
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final, Literal

from crawler.inputs import Input, Problem, UnusableArgumentError, facts, max_bytes, too_large
from pipelines.document import Document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Kind = Literal["csv", "jsonl"]
Role = Literal["text", "title", "url", "date"]
ROLES: Final[tuple[Role, ...]] = ("text", "title", "url", "date")
_BLOCK: Final = 1 << 20
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SHOWN_COLUMNS: Final = 30
_SHOWN_LENGTH: Final = 24


@dataclass(frozen=True, slots=True)
class Dump:
    """An earlier scrape: where it lies, how it is written, which column plays which role.

    Attributes:
        name: what a person sees.
        path: the file.
        url: its address.
        kind: how it is written.
        encoding: name of the codec that reads all of it.
        delimiter: what parts the columns of a CSV.
        columns: all columns, in order.
        roles: role → column.
        guessed: the roles that nobody named.
    """

    name: str
    path: Path
    url: str
    kind: Kind
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    roles: dict[Role, str]
    guessed: tuple[Role, ...]


def open_dump(name: str, path: Path, url: str, kind: Kind, named: Mapping[Role, str]) -> Dump:
    """Find out how a dump is written and which of its columns is the text.

    Raises:
        UnusableArgumentError: no encoding reads it, no header, a named column that does not exist, no
            column that can only be the text, or a file that this program wrote itself.
        OSError: it can't be read.
    """
    encoding = _encoding(name, path)
    if kind == "csv":
        header, delimiter = _csv_header(name, path, encoding)
    else:
        header, delimiter = _jsonl_keys(name, path, encoding), ""
    roles, guessed = _roles(name, header, named)
    return Dump(name, path, url, kind, encoding, delimiter, header, roles, guessed)


def rows(dump: Dump) -> Iterator[Input]:
    """The rows of a dump as inputs, numbered from 1 as a reader counts them (the header is not a row)."""
    reader = _csv_rows(dump) if dump.kind == "csv" else _jsonl_rows(dump)
    for number, row in enumerate(reader, 1):
        name = f"{dump.name}#{number}"
        if isinstance(row, Problem):
            yield Input(name, problem=row)
        else:
            yield Input(name, document=_document(dump, number, row))


def _document(dump: Dump, number: int, row: dict[str, str]) -> Document:
    rest = {label: text for label, text in row.items() if label not in dump.roles.values() and text.strip()}
    published_at = _value(dump, row, "url")
    if published_at and not published_at.lower().startswith(("http://", "https://")):
        rest[dump.roles["url"]] = published_at
        published_at = None
    return Document(
        url=published_at or f"{dump.url}#row={number}",
        text=row[dump.roles["text"]],
        title=_value(dump, row, "title"),
        published=_value(dump, row, "date"),
        metadata=rest,
    )


def _value(dump: Dump, row: dict[str, str], role: Role) -> str | None:
    column = dump.roles.get(role)
    return (row.get(column, "").strip() or None) if column else None


def _encoding(name: str, path: Path) -> str:
    """The first of the mark, UTF-8 and GB18030 that reads every byte; nothing is replaced or skipped."""
    with path.open("rb") as source:
        head = source.read(4)
    marked = next((encoding for mark, encoding in _BOMS if head.startswith(mark)), None)
    for encoding in (marked,) if marked else ("utf-8", "gb18030"):
        if _decodes(path, encoding):
            return encoding
    raise UnusableArgumentError("unknown_encoding", file=name)


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as source:
        try:
            while block := source.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _open_text(path: Path, encoding: str) -> IO[str]:
    return path.open(encoding=encoding, newline="")


def _csv_header(name: str, path: Path, encoding: str) -> tuple[tuple[str, ...], str]:
    with _open_text(path, encoding) as source:
        line = source.readline(_BLOCK)
    delimiter = max(facts()["csv"]["delimiters"], key=line.count)
    csv.field_size_limit(max_bytes())
    with _open_text(path, encoding) as source:
        try:
            header = next(csv.reader(source, delimiter=delimiter, strict=True), [])
        except csv.Error:
            header = []
    if not any(cell.strip() for cell in header):
        raise UnusableArgumentError("no_header", file=name)
    return tuple(cell.strip().lstrip("\ufeff") for cell in header), delimiter


def _csv_rows(dump: Dump) -> Iterator[dict[str, str] | Problem]:
    """Rows by column; a row that has not as many cells as the header is no row: its text may be cut."""
    csv.field_size_limit(max_bytes())
    with _open_text(dump.path, dump.encoding) as source:
        reader = csv.reader(source, delimiter=dump.delimiter, strict=True)
        next(reader, None)
        try:
            for row in reader:
                if len(row) == len(dump.columns):
                    # Columns of one name: the first counts.
                    yield dict(zip(reversed(dump.columns), reversed(row), strict=True))
                elif row:
                    yield Problem("row_shape", {"found": str(len(row)), "expected": str(len(dump.columns))})
        except (csv.Error, UnicodeDecodeError) as error:
            yield Problem("csv_broken", {"line": str(reader.line_num), "error": str(error)})


def _jsonl_lines(path: Path, encoding: str) -> Iterator[str | Problem]:
    """Lines that are not blank; one that is too long is skipped without being held."""
    limit = max_bytes()
    with _open_text(path, encoding) as source:
        while line := source.readline(limit):
            if len(line) == limit and not line.endswith("\n"):
                while (rest := source.readline(_BLOCK)) and not rest.endswith("\n"):
                    pass
                yield too_large(limit)
            elif line.strip():
                yield line


def _jsonl_rows(dump: Dump) -> Iterator[dict[str, str] | Problem]:
    for line in _jsonl_lines(dump.path, dump.encoding):
        record = line if isinstance(line, Problem) else _json_object(line)
        if isinstance(record, Problem):
            yield record
        elif not isinstance(record.get(dump.roles["text"]), str):
            yield Problem("no_text", {"column": dump.roles["text"]})
        else:
            yield {label: text for label, value in record.items() if (text := _scalar(value)) is not None}


def _json_object(line: str) -> dict[str, Any] | Problem:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Problem("bad_json", {"error": str(error)})
    return record if isinstance(record, dict) else Problem("bad_json", {"error": type(record).__name__})


def _scalar(value: object) -> str | None:
    """Text and numbers as text; lone surrogates, which no UTF-8 can carry, as the replacement character."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _jsonl_keys(name: str, path: Path, encoding: str) -> tuple[str, ...]:
    known = facts()["jsonl"]
    lines = itertools.islice(_jsonl_lines(path, encoding), known["sample_records"])
    records = [line if isinstance(line, Problem) else _json_object(line) for line in lines]
    keys = tuple(dict.fromkeys(key for record in records if isinstance(record, dict) for key in record))
    if not keys:
        raise UnusableArgumentError("no_json", file=name)
    if set(known["own_keys"]) <= set(keys):
        raise UnusableArgumentError("own_output", file=name)
    return keys


def _roles(
    name: str, columns: tuple[str, ...], named: Mapping[Role, str]
) -> tuple[dict[Role, str], tuple[Role, ...]]:
    for role, column in named.items():
        if column not in columns:
            raise UnusableArgumentError(
                "unknown_column", file=name, column=column, option=f"--{role}-column", columns=_shown(columns)
            )
    roles: dict[Role, str] = dict(named)
    taken = set(named.values())
    for role in ROLES:
        candidates = [column for column in dict.fromkeys(columns) if _plays(role, column)]
        if role not in roles and len(candidates) == 1 and candidates[0] not in taken:
            roles[role] = candidates[0]
    if "text" not in roles:
        raise UnusableArgumentError("no_text_column", file=name, columns=_shown(columns))
    return roles, tuple(role for role in ROLES if role in roles and role not in named)


def _plays(role: Role, column: str) -> bool:
    return "".join(column.split()).casefold() in facts()["columns"][role]


def _shown(columns: tuple[str, ...]) -> str:
    names = [column[:_SHOWN_LENGTH] for column in columns[:_SHOWN_COLUMNS]]
    return ", ".join(names) + (" …" if len(columns) > _SHOWN_COLUMNS else "")
