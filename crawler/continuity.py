"""How the walk through a portal continues earlier ones: what it may rely on, what it leaves for the next.

Four decisions stand here, once for all portals:

* *full or not*: a portal is looked at in full when it was never read to its end, when its last full pass is too old, or
  when the clock says nonsense about it;
* *hubs*: pages that only lead to lists are answered from the archive between two full passes, unless the last visit
  ended badly; lists, and pages that link reports themselves, are always asked;
* *conditions*: validators go out for a document whose row changed, never in a full pass;
* *complete*: a list is complete if every row of it was seen beyond doubt; only then can a row be missing from it.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from crawler.ledger import FINE
from crawler.recall import Recall
from crawler.registry import province_key
from crawler.spiders.options import SHRUNK, OptionError
from crawler.wire.archived import DIGEST, REMEMBERED
from pipelines.addresses import address_key, digest
from pipelines.clock import now, stamp
from pipelines.document import Origin
from pipelines.recording import Recording
from pipelines.stages import stored
from pipelines.store.intake import begin_portal
from pipelines.store.memory import last_full
from pipelines.store.rereading import portal_key, unarchived, versions_of
from pipelines.store.schema import visits
from pipelines.store.settling import settle as settle_portal
from pipelines.store.sightings import Here, ListingRead, PortalEnd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.settings import BaseSettings
    from sqlalchemy import Connection

    from crawler.ledger import ColumnCount
    from crawler.steps import Ask, Found
    from crawler.walk import Visit

FULL_DAYS: Final = "GONGKAI_FULL_DAYS"
"""Setting: days after which a portal is looked at in full again."""
_MOST_DAYS: Final = 36_500
NOT_MODIFIED: Final = 304


def remember(crawler: Crawler, visit: Visit) -> None:
    """Give a walk what earlier runs stored of its portal.

    Raises:
        NotStored: the store can't be asked.
    """
    recording = Recording.of(crawler)
    if recording is None:
        return
    ledger = visit.ledger
    key = stored(
        recording,
        lambda connection: begin_portal(
            connection,
            visit.home,
            name=ledger.name,
            division=ledger.division,
            province=province_key(ledger.division),
        ),
    )
    options = crawler.spider.options  # type: ignore[union-attr]
    with recording.engine.connect() as connection:
        last = last_full(connection, key)
        settled = _ended_well(connection, key)
    old = last is not None and not _is_recent(last, full_days(crawler.settings))
    visit.key = key
    visit.explores = options.mode == "full" or last is None or old or not settled
    visit.mode = "full" if options.mode == "full" or last is None or old else "incremental"
    memory = recording.memory(key)
    visit.recall = Recall(
        memory=memory,
        run=recording.run,
        full=options.mode == "full" or old,
        shrinkage=SHRUNK in options.accept,
    )
    visit.linking = memory.linking()


def full_days(settings: BaseSettings) -> float:
    """Days after which a portal is looked at in full again.

    Raises:
        OptionError: that is no number of days.
    """
    value = settings.get(FULL_DAYS)
    try:
        days = float(value)
    except (TypeError, ValueError):
        days = -1.0
    if not 0 <= days <= _MOST_DAYS:
        raise OptionError("bad_days", name=FULL_DAYS, value=str(value))
    return days


def _ended_well(connection: Connection, portal: int) -> bool:
    outcome = connection.execute(
        select(visits.c.outcome)
        .where(visits.c.portal == portal, visits.c.mode != "replay")
        .order_by(visits.c.run.desc())
        .limit(1)
    ).scalar_one_or_none()
    return outcome in FINE


def _is_recent(then: str, days: float) -> bool:
    """Whether a time lies within the last days; one in the future is none: somebody set the clock."""
    return timedelta() <= now() - datetime.fromisoformat(then) <= timedelta(days=days)


# --- requests


def conditions(visit: Visit, ask: Ask) -> dict[str, str]:
    """Headers by which a server may say that a document is as we know it."""
    known = ask.known
    if known is None or not may_be_unmodified(visit, ask):
        return {}
    stated = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in stated.items() if value}


def may_be_unmodified(visit: Visit, ask: Ask) -> bool:
    """Whether validators of a document are sent."""
    known = ask.known
    return known is not None and not visit.recall.full and bool(known.etag or known.last_modified)


def sources(visit: Visit, ask: Ask) -> dict[str, Any]:
    """Whether a hub may be answered from the archive, as ``meta`` of its request."""
    from_archive = (
        ask.role == "hub" and not visit.explores and digest(address_key(ask.fetch.url)) not in visit.linking
    )
    return {REMEMBERED: True} if from_archive else {}


def origin_of(crawler: Crawler, visit: Visit, found: Found, response: Response | None) -> Origin | None:
    """How the store is to know a document again; None where nothing is stored."""
    if Recording.of(crawler) is None or visit.key is None:
        return None
    capture = response.meta.get("capture") if response is not None else None
    # What lies at two addresses can't be judged by the validators of one.
    own = response is not None and found.address is None
    return Origin(
        portal=visit.key,
        row=found.row,
        capture=capture.digest if capture else None,
        etag=_header(response, "ETag") if own else None,
        last_modified=_header(response, "Last-Modified") if own else None,
        asked=response.meta.get("redirect_urls", (None,))[0] if response is not None else None,
    )


def _header(response: Response | None, name: str) -> str | None:
    value = response.headers.get(name) if response is not None else None
    return value.decode("latin-1") if value else None


# --- the end of a walk


def settle(crawler: Crawler, visit: Visit, entry: dict[str, Any], *, entire: bool) -> None:
    """Tell the store what became of a portal.

    Args:
        crawler: of the run.
        visit: the walk.
        entry: what ``report.json`` says of it.
        entire: nothing was left out on the user's wish or by the end of the run.

    Raises:
        NotStored: the store can't take it.
    """
    recording = Recording.of(crawler)
    if recording is None or visit.key is None or recording.failure is not None:
        return
    end = portal_end(visit, entry, entire=entire)
    here = Here(recording.run, visit.key, stamp(now()))
    stored(recording, lambda connection: settle_portal(connection, here, end))


def portal_end(visit: Visit, entry: dict[str, Any], *, entire: bool) -> PortalEnd:
    """What a walk saw, as the store takes it."""
    ledger, recall = visit.ledger, visit.recall
    outcome, reason = ledger.outcome()
    columns = [_listing(visit, count, entire=entire) for count in ledger.columns.values()]
    hubs = [
        ListingRead(url, "", None, len(rows), complete=False, rows=tuple(rows.values()), hub=True)
        for url, rows in recall.rows.items()
        if url not in ledger.columns
    ]
    return PortalEnd(
        mode=visit.mode,
        outcome=outcome,
        reason=reason,
        fine=outcome in FINE,
        entire=entire and not ledger.limited and not ledger.unfinished,
        reports=ledger.reports,
        entry=entry,
        listings=(*columns, *hubs),
        confirmed=tuple(recall.confirmed),
        failures=tuple(recall.failures),
    )


def _listing(visit: Visit, count: ColumnCount, *, entire: bool) -> ListingRead:
    complete = bool(count.pages) and not count.shortfall and count.unread is None
    return ListingRead(
        url=count.url,
        label=count.label,
        declared=count.declared,
        found=count.found,
        # Rows are counted even where the user wanted few of them: a list is complete all the same.
        complete=complete and visit.complete and (entire or visit.ledger.limited),
        rows=tuple(visit.recall.rows.get(count.url, {}).values()),
    )


# --- replay


def archived(crawler: Crawler, visit: Visit) -> Iterator[tuple[str, str, dict[str, Any], Origin]]:
    """What lies in the archive of a portal's reports: address, what was known besides, ``meta``, origin."""
    recording = Recording.of(crawler)
    if recording is None:
        return
    with recording.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        key = portal_key(connection, digest(address_key(visit.home)))
        if key is None:
            return
        visit.key, visit.mode = key, "replay"
        years = visit.window.years
        if lacking := unarchived(connection, key):
            visit.ledger.issue("not_archived", visit.home, n=lacking)
        for version in versions_of(connection, key, years):
            origin = Origin(portal=key, capture=version.capture, version=version.key)
            yield json.loads(version.given)["url"], version.given, {DIGEST: version.capture}, origin
