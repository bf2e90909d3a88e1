"""The end of a run at the store: what changed is told, what was found is exported, what is good is published.

In this order: changes are settled against what the last finished run told; the files of the run are written from the
store; the run is measured by its assertions; only then may ``latest/`` move.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from crawler.assertions import Circumstances, Judgement, is_publishable, judge_run
from crawler.publishing import publish_run, write_run
from pipelines.clock import now
from pipelines.store.announcing import announce, contradictions, named_pages
from pipelines.store.schema import runs, visits

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from scrapy.crawler import Crawler
    from sqlalchemy import Connection

    from crawler.assertions import Assertion
    from crawler.ledger import PortalLedger
    from crawler.spiders.options import Options
    from pipelines.recording import Recording

_CHINA: Final = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Ending:
    """What a run amounts to.

    Attributes:
        judgements: of the run as a whole, then of its provinces.
        changes: kind of change → how many were told.
        published: what moved under ``latest/``.
        told: the store was told everything; False for a run that could not store.
    """

    judgements: tuple[Judgement, ...] = ()
    changes: dict[str, int] = field(default_factory=dict)
    published: tuple[dict[str, Any], ...] = ()
    told: bool = False

    @property
    def good(self) -> bool:
        """Whether later runs may measure themselves by this one."""
        return self.told and is_publishable(self.judgements)

    @property
    def failed(self) -> tuple[Assertion, ...]:
        """Assertions that say that something went wrong, each once."""
        broken = [one for judgement in self.judgements for one in judgement.assertions if one.fails]
        return tuple({one.message.zh: one for one in broken}.values())

    def entries(self) -> list[dict[str, Any]]:
        """Judgements as in ``report.json`` and in the store."""
        return [judgement.entry() for judgement in self.judgements]


def tell(recording: Recording, books: Mapping[int, PortalLedger], years: Collection[int] | None) -> None:
    """Settle what changed, and correct the books by what only now is known.

    Args:
        recording: of the run.
        books: key of a portal → its ledger.
        years: years asked for; None for all.

    Raises:
        SQLAlchemyError: the store can't be written or read.
    """
    run = recording.run
    recording.transact(lambda connection: announce(connection, run, list(books)))
    with recording.engine.connect() as connection:
        named = named_pages(connection, run, years)
        beside = list(contradictions(connection, run))
    for portal, url, other in beside:
        if (ledger := books.get(portal)) is not None:
            ledger.issue("conflict", url, other=other)
    for portal, ledger in books.items():
        more = named.get(portal, 0) - ledger.reports
        if more > 0 and not ledger.limited and not ledger.replayed:
            ledger.reports += more
            ledger.duplicates = max(0, ledger.duplicates - more)


def close_run(
    crawler: Crawler, recording: Recording, folder: Path, portals: Collection[int], *, finished: bool
) -> Ending:
    """End a run at the store.

    Args:
        crawler: of the run.
        recording: of the run.
        folder: of the run.
        portals: keys of the portals whose books are closed.
        finished: it came to its end.

    Raises:
        SQLAlchemyError: the store can't be written or read.
        OSError: the files can't be written.
    """
    run = recording.run
    options: Options = crawler.spider.options  # type: ignore[union-attr]
    around = Circumstances(
        finished=finished,
        entire=options.limit is None and options.sample is None,
        today=now().astimezone(_CHINA).date(),
        years=options.years,
    )
    with recording.engine.connect() as connection:
        told = write_run(connection, folder, run)
        judgements = tuple(judge_run(connection, run, around, options.accept))
        data = Path(crawler.settings.get("GONGKAI_DATA"))
        held = options.mode == "replay" and not _was_good(connection, portals)
        published = [] if held else publish_run(connection, data, run, judgements)
    return Ending(judgements, dict(told), tuple(one.entry() for one in published), told=True)


def _was_good(connection: Connection, portals: Collection[int]) -> bool:
    """Whether the last run that asked each of these portals was good: reading anew makes nothing of a bad one."""
    last = (
        select(func.max(visits.c.run))
        .where(visits.c.portal.in_(portals), visits.c.mode != "replay")
        .group_by(visits.c.portal)
    )
    good = select(runs.c.good).where(runs.c.seq.in_(last))
    return all(connection.execute(good).scalars())
