"""What is handed in: one page, file or row, as it came."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.record import Attachment, Portal

if TYPE_CHECKING:
    from pipelines.store.sightings import Row


@dataclass(frozen=True, slots=True)
class Origin:
    """How a crawl came by a document.

    Attributes:
        portal: key of its portal in the store.
        row: the row that led to it, or None.
        capture: sha256 (hexadecimal) of its bytes in the archive, or None.
        etag: validator of its page, or None.
        last_modified: validator of its page, or None.
        asked: the address that was asked, if it led to another one.
        version: key of the version that these bytes are read for once more; None for what was just fetched.
    """

    portal: int
    row: Row | None = None
    capture: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    asked: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One page, file or row of a dump, before anything was read from it.

    Attributes:
        url: where it is published; a ``file:`` URL for a local file.
        body: the bytes as served; empty when only text is known.
        text: the text, where no bytes are known (a column of an earlier scrape); may hold markup.
        content_type: HTTP ``Content-Type`` as served, or None.
        title: title known from outside (list entry, dump column), or None.
        published: publication date known from outside, as printed, or None.
        metadata: other labels known from outside, label → text as printed.
        fetched: time of the fetch, ISO 8601, or None.
        portal: the portal it belongs to.
        attachments: files that the page links, where the crawler knows them.
        origin: how a crawl came by it; None for a local file.
    """

    url: str
    body: bytes = b""
    text: str | None = None
    content_type: str | None = None
    title: str | None = None
    published: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    fetched: str | None = None
    portal: Portal = field(default_factory=Portal)
    attachments: list[Attachment] = field(default_factory=list)
    origin: Origin | None = None
