"""What was known of a document besides its bytes: kept with every version, so that it can be read again years later."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipelines.document import Document
from pipelines.record import Portal

if TYPE_CHECKING:
    from pipelines.document import Origin


def given_of(document: Document) -> str:
    """A document without its bytes, as JSON."""
    return json.dumps(
        {
            "url": document.url,
            "content_type": document.content_type,
            "title": document.title,
            "published": document.published,
            "metadata": document.metadata,
            "fetched": document.fetched,
            "portal": document.portal.model_dump(),
        },
        ensure_ascii=False,
        sort_keys=True,
    )


def document_of(given: str, body: bytes, origin: Origin | None = None) -> Document:
    """The document as it was handed in.

    Raises:
        ValueError: ``given`` was not written by ``given_of``.
    """
    value: dict[str, Any] = json.loads(given)
    return Document(
        url=value["url"],
        body=body,
        content_type=value["content_type"],
        title=value["title"],
        published=value["published"],
        metadata=value["metadata"],
        fetched=value["fetched"],
        portal=Portal(**value["portal"]),
        origin=origin,
    )
