"""One input of ``scrapy extract``: a file to read, a document at hand, or a problem.

What turns out to be unreadable on the way becomes an input with a ``Problem``, so that one bad file never
stops the others; ``crawler.arguments`` finds the inputs, ``crawler.dumps`` reads them from tables.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from crawler.data import load
from pipelines.document import Document

_JSON: Final = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\{\s*"|\[\s*[{\["])')
"""Data, not a page: its text would be read with the marks of another language in it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an input can't be read: the key of a message and the words it needs."""

    code: str
    details: dict[str, str] = field(default_factory=dict)


class UnusableArgumentError(Exception):
    """An argument that can't be used; raised before any work begins."""

    def __init__(self, code: str, **details: str) -> None:
        """Keep the message's key and words."""
        super().__init__(code)
        self.problem = Problem(code, details)


@dataclass(frozen=True, slots=True)
class Input:
    """One thing to extract: a file to read, a document at hand, or a problem.

    Attributes:
        name: what a person sees: the path as given, with ``#row`` for a row of a dump.
        path: file that is still to be read (in the process that extracts it).
        document: what was read.
        problem: why nothing can be read.
    """

    name: str
    path: Path | None = None
    document: Document | None = None
    problem: Problem | None = None

    def weight(self) -> int:
        """Rough size in memory."""
        if self.document is None:
            return 0
        return len(self.document.body) + len(self.document.text or "")


@cache
def facts() -> dict[str, Any]:
    """Limits, suffixes, first bytes and column names, as read from the data file."""
    return load("inputs")


def max_bytes() -> int:
    """The size above which nothing is read."""
    limit: int = facts()["max_bytes"]
    return limit


def read_document(item: Input) -> Document | Problem:
    """The document of an input; reads its file if that was not done yet.

    Nothing above ``max_bytes`` is read, and formats that are not read yet are named by their first bytes.
    """
    if item.problem is not None:
        return item.problem
    if item.document is not None:
        return item.document
    assert item.path is not None  # noqa: S101
    try:
        with item.path.open("rb") as source:
            status = os.fstat(source.fileno())
            if not stat.S_ISREG(status.st_mode):
                return Problem("not_a_file")
            if status.st_size > max_bytes():
                return too_large(status.st_size)
            body = source.read(max_bytes() + 1)
    except OSError as error:
        return problem_of(error)
    return body_problem(body) or Document(url=file_url(item.path), body=body)


def file_url(path: Path) -> str:
    """The address of a local file, without ``..`` and with links as the user named them."""
    return Path(os.path.abspath(path)).as_uri()  # noqa: PTH100 - resolve() would follow links


def problem_of(error: OSError) -> Problem:
    """Say what the system refused."""
    codes = {
        FileNotFoundError: "missing_file",
        PermissionError: "not_permitted",
        IsADirectoryError: "not_a_file",
    }
    code = codes.get(type(error), "system_refused")
    return Problem(code, {"file": str(error.filename or ""), "error": error.strerror or str(error)})


def body_problem(body: bytes) -> Problem | None:
    """What keeps these bytes from being read, judged by size and first bytes; None when nothing does."""
    if len(body) > max_bytes():
        return too_large(len(body))
    if not body.strip():
        return Problem("empty")
    if _JSON.match(body):
        return Problem("json_document")
    found = _binary_format(body)
    return Problem("attachment_not_supported", {"format": found}) if found else None


def too_large(size: int) -> Problem:
    """Say that something is above the limit."""
    megabyte = 1 << 20
    return Problem("too_large", {"size": f"{size / megabyte:.0f}", "limit": str(max_bytes() // megabyte)})


def _binary_format(body: bytes) -> str | None:
    head = body[:64].lstrip()
    for known in facts()["formats"]:
        if head.startswith(bytes.fromhex(known["magic"])) and head.count(0) >= known.get("min_zeros", 0):
            name: str = known["name"]
            return name
    return None
