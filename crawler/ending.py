"""The end of a run at the store: what changed is told, what was found is exported, what is good is published.

In this order: changes are settled against what the last finished run told; the files of the run are written from the
store; the run is measured by its assertions; only then may ``latest/`` move.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipelines.store.settling import announce

from crawler.assertions import Circumstances, Judgement, is_publishable, judge_run
from crawler.publishing import publish
from pipelines.clock import now
from pipelines.lines import LineFile
from pipelines.record import to_json
from pipelines.stages import ITEMS
from pipelines.store.export import changes_of_run, reports_of_province, reports_of_run

if TYPE_CHECKING:
    from collections.abc import Collection

    from scrapy.crawler import Crawler

    from crawler.assertions import Assertion
    from crawler.spiders.options import Options
    from pipelines.recording import Recording

CHANGES: Final = "changes.jsonl"
"""Name of the file of changes in the folder of a run."""
_CHINA: Final = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Ending:
    """What a run amounts to.

    Attributes:
        judgements: of the run as a whole, then of its provinces.
        changes: kind of change → how many were told.
        published: files under ``latest/`` that moved.
        told: the store was told everything; False for a run that could not store.
    """

    judgements: tuple[Judgement, ...] = ()
    changes: dict[str, int] = field(default_factory=dict)
    published: tuple[str, ...] = ()
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
    recording.transact(lambda connection: announce(connection, run, portals))
    options: Options = crawler.spider.options  # type: ignore[union-attr]
    with recording.engine.connect() as connection:
        with LineFile(folder / ITEMS) as out:
            for report in reports_of_run(connection, run):
                out.add(to_json(report))
        told: Counter[str] = Counter()
        with LineFile(folder / CHANGES) as out:
            for change in changes_of_run(connection, run):
                told[change["change"]] += 1
                out.add(json.dumps(change, ensure_ascii=False))
        around = Circumstances(
            finished=finished,
            entire=options.limit is None and options.sample is None,
            today=now().astimezone(_CHINA).date(),
            years=options.years,
        )
        judgements = tuple(judge_run(connection, run, around, options.accept))
        published = []
        if is_publishable(judgements):
            data = Path(crawler.settings.get("GONGKAI_DATA"))
            for province in (one.province for one in judgements if one.province is not None):
                lines = (to_json(report) for report in reports_of_province(connection, province, run))
                published.append(str(publish(data, province, lines)))
    return Ending(judgements, dict(told), tuple(published), told=True)


def entries(judgements: Collection[Judgement]) -> list[dict[str, Any]]:
    """Assertions as in ``report.json`` and in the store."""
    return [judgement.entry() for judgement in judgements]
