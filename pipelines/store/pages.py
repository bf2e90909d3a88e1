"""Pages as the store knows them: one address, what stands there, which rows lead to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update

from pipelines.addresses import address_key, digest
from pipelines.store.schema import entries, portals, publications, reports
from pipelines.store.standing import host

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy import Row as AnyRow

    from pipelines.store.sightings import Here, Reading, Refusal, Row

    Found = AnyRow[*tuple[Any, ...]]

_PAGE: Final = select(
    publications.c.key,
    publications.c.address,
    publications.c.report,
    publications.c.version,
    publications.c.fate,
    publications.c.year,
    publications.c.state,
    publications.c.portal,
    publications.c.listed_run,
)


def key_of(url: str) -> bytes:
    """What stands for an address in the store."""
    return digest(address_key(url))


def page_at(connection: Connection, url: str) -> Found | None:
    """What is known of an address, or None."""
    return connection.execute(_PAGE.where(publications.c.address == key_of(url))).one_or_none()


def put(
    connection: Connection,
    here: Here,
    page: Found | None,
    seen: Reading | Refusal,
    **facts: Any,
) -> int:
    """Note that a page was asked and answered.

    Args:
        connection: in a transaction of the caller.
        here: where and when.
        page: what was known of its address.
        seen: what was read; validators and row are taken from it.
        facts: further columns: what stands there.

    Returns:
        Key of the page.
    """
    url: str = facts["url"]
    values = facts | {
        "etag": seen.etag,
        "last_modified": seen.last_modified,
        "checked_run": here.run,
        "checked": here.at,
        "failures": 0,
        "failed_run": None,
        "portal": owner(connection, url, page.portal if page else here.portal, here.portal),
    }
    if seen.row is not None:
        values["listed_run"] = here.run
    if page is not None:
        key: int = page.key
        connection.execute(update(publications).where(publications.c.key == key).values(**values))
        if values["portal"] != page.portal:
            connection.execute(update(reports).where(reports.c.key == page.report).values(dirty=True))
    else:
        key = connection.execute(
            insert(publications)
            .values(**values, address=key_of(url), first_run=here.run)
            .returning(publications.c.key)
        ).scalar_one()
    if seen.row is not None:
        stamp_row(connection, here, seen.row, key)
    return key


def owner(connection: Connection, url: str, one: int, other: int) -> int:
    """Which of two portals that show a page it belongs to: the one on its host, else always the same."""
    if one == other:
        return one
    known = connection.execute(
        select(portals.c.key, portals.c.url, portals.c.address).where(portals.c.key.in_((one, other)))
    )
    return min(known, key=lambda row: (host(row.url) != host(url), row.address)).key  # type: ignore[no-any-return]


def stamp_row(connection: Connection, here: Here, row: Row, page: int) -> None:
    """Note what a row says now that the page behind it is stored."""
    at = (entries.c.listing == key_of(row.listing), entries.c.address == key_of(row.url))
    values = {"fingerprint": row.fingerprint, "publication": page, "last_run": here.run, "url": row.url}
    if not connection.execute(update(entries).where(*at).values(**values)).rowcount:
        connection.execute(
            insert(entries).values(
                **values,
                listing=key_of(row.listing),
                address=key_of(row.url),
                portal=here.portal,
                first_run=here.run,
            )
        )
