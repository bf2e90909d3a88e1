"""Crawls that are killed, and whether the next one makes good for it: the store must be that of an undisturbed crawl.

A moment is drawn in one of three parts of a crawl, so that the short ones get their share: before the first request
(imports, migrations, the first rows of the run), between two requests, and after the last answer (settling, telling,
exports). The clock stands still and the portal says the same to everybody, so that nothing but the kill can differ.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from dataclasses import dataclass
from itertools import chain
from random import Random
from threading import Event
from typing import TYPE_CHECKING, Literal

from pipelines.archive import index
from tests.shifting_portal import BODIES, CITY, DAY, NOON, Crawler, Run
from tests.small_portal import lines

if TYPE_CHECKING:
    from pathlib import Path

    from tests.shifting_portal import ShiftingPortal

Story = Literal["first", "again"]
"""The first crawl of a portal, or a later one that finds something new, changed and moved."""
_PARTS = ("begin", "middle", "end")
_SHARES = (2, 5, 3)


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """A crawl that nobody disturbed.

    Attributes:
        story: which crawl.
        before: folder of data that it began with.
        store: what the store held afterwards, as JSONL.
        latest: what consumers were given.
        told: what it told, change and id.
        requests: how many pages it asked.
        begin: seconds before the first of them.
        end: seconds after the last of them.
    """

    story: Story
    before: Path
    store: str
    latest: str
    told: frozenset[tuple[str, str]]
    requests: int
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Moment:
    """When a crawl is killed: so many seconds after it began, or after its server was asked so many times."""

    seconds: float
    requests: int = 0

    def __str__(self) -> str:
        """Show it in a message."""
        return f"{self.seconds:.3f} s after request {self.requests}"


def undisturbed(portal: ShiftingPortal, story: Story, room: Path) -> Undisturbed:
    """Crawl without a kill, in a folder that is kept."""
    before = room / f"before-{story}"
    data = room / f"undisturbed-{story}"
    _first_state(portal)
    if story == "again":
        run = Crawler(portal, before, clock=NOON)()
        assert run.code == 0, run.words
        _later_state(portal)
    else:
        before.mkdir(parents=True)
    shutil.copytree(before, data, symlinks=True)
    crawl = _crawler(portal, data, story)
    times: list[float] = []
    portal.on_request = lambda _: times.append(time.monotonic())
    started = time.monotonic()
    run = crawl()
    ended = time.monotonic()
    portal.on_request = None
    assert run.code == 0, run.words
    return Undisturbed(
        story,
        before,
        crawl.exported,
        crawl.latest,
        _told(run.folder),
        len(run.asked),
        times[0] - started,
        ended - times[-1],
    )


def moments(count: int, seed: int, crawl: Undisturbed) -> list[Moment]:
    """Random moments of a crawl; the same ones for the same seed."""
    chance = Random(seed)  # noqa: S311 - not for secrets
    found = []
    for part in chance.choices(_PARTS, _SHARES, k=count):
        if part == "begin":
            found.append(Moment(chance.uniform(0.3, 1) * crawl.begin))
        elif part == "end":
            found.append(Moment(chance.random() * crawl.end, crawl.requests))
        else:
            found.append(Moment(chance.random() * 0.03, chance.randint(1, crawl.requests)))
    return found


def harm(portal: ShiftingPortal, crawl: Undisturbed, moment: Moment, data: Path) -> list[str]:
    """Kill a crawl at a moment, crawl once more, and say what is not as it would be without the kill."""
    _first_state(portal)
    if crawl.story == "again":
        _later_state(portal)
    shutil.copytree(crawl.before, data, symlinks=True)
    again = _crawler(portal, data, crawl.story)
    _killed(again, moment)
    known = {folder.name for folder in crawl.before.glob("runs/*")}
    run = again()
    if run.code:
        return [f"exit code {run.code}: {run.words}"]
    found = []
    if again.exported != crawl.store:
        found.append(f"store differs: {_difference(crawl.store, again.exported)}")
    # Which run told of a change depends on when the first was killed; that one did, is seen below.
    if _unmarked(again.latest) != _unmarked(crawl.latest):
        found.append(f"latest differs: {_difference(crawl.latest, again.latest)}")
    folders = [one for one in (data / "runs").iterdir() if one.name not in known and not one.is_symlink()]
    told = list(chain.from_iterable(map(_told, folders)))
    if set(told) != crawl.told:
        found.append(f"told differs: {sorted(set(told) ^ crawl.told)}")
    if len(told) != len(set(told)):
        found.append(f"told twice: {len(told)} changes")
    if parts := [str(part) for part in data.rglob("*.part*")]:
        found.append(f"left behind: {parts}")
    for file in data.glob("archive/**/*.warc.gz"):
        list(index(file))
    return found


def _crawler(portal: ShiftingPortal, data: Path, story: Story) -> Crawler:
    return Crawler(portal, data, clock=NOON if story == "first" else NOON + DAY)


def _first_state(portal: ShiftingPortal) -> None:
    portal.restore()
    portal.chrome = False


def _later_state(portal: ShiftingPortal) -> None:
    for name in ("water-2025", "audit-2025", "school-2022"):
        portal.publish(name)
    portal.publish("city-2025", CITY)
    portal.move("school-2024", f"{BODIES}202502/t20250214_778.html")
    portal.correct("health-2024")
    portal.edit("health-2024", published="2025-04-01")


def _killed(crawl: Crawler, moment: Moment) -> Run:
    first = len(crawl.portal.log)
    asked = Event()

    def listen(number: int) -> None:
        if number - first + 1 >= moment.requests:
            asked.set()

    if moment.requests:
        crawl.portal.on_request = listen
    crawling = crawl.begin()
    if moment.requests:
        asked.wait(60)
    time.sleep(moment.seconds)
    crawling.process.kill()
    run = crawl.end(crawling)
    crawl.portal.on_request = None
    return run


def _told(folder: Path) -> frozenset[tuple[str, str]]:
    file = folder / "changes.jsonl"
    return frozenset((change["change"], change["id"]) for change in (lines(file) if file.exists() else ()))


def _unmarked(records: str) -> str:
    """Records without what their run found."""
    return re.sub(r'"change":"\w+"', '"change":""', records)


def _difference(one: str, other: str) -> str:
    """The first record and key in which two exports differ."""
    ours, theirs = one.splitlines(), other.splitlines()
    if len(ours) != len(theirs):
        return f"{len(ours)} records, {len(theirs)} after the kill"
    for mine, its in zip(ours, theirs, strict=True):
        if mine != its:
            left, right = json.loads(mine), json.loads(its)
            keys = [key for key in left if left[key] != right.get(key)]
            return f"{left['url']}: {[(key, left[key], right.get(key)) for key in keys][:3]}"
    return "nothing"
