"""Which contents of a report took the place of which, and how they are numbered.

The facts are the contents of each page in the order of time. How pages relate to each other follows from these facts
alone, whatever came first:

* a content takes the place of the one that its page showed before;
* a page that says what is known already is another address of that content, with its number;
* a page that says otherwise, found after another one went, is that one posted again and corrected: the next number;
* pages that say otherwise at the same time contradict each other: each keeps its own number.

What a run has told stays: such a version never gets a smaller number nor loses what it followed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pipelines.store.standing import ACTIVE, MOVED, same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pipelines.store.standing import Place, Standing, Version

Age = tuple[int, int | None]
"""Number of a version, and key of the content whose place it took."""
_FIRST: Final[Age] = (1, None)


@dataclass(slots=True)
class _Work:
    """The versions of one report while they are numbered.

    Attributes:
        standing: the report.
        told: last run that told of it, or None.
        era: of a portal and a run.
        chains: digest of an address → what its page showed, in the order of time.
        ages: key of a version → its age.
    """

    standing: Standing
    told: int | None
    era: Callable[[int, int], float]
    chains: dict[bytes, list[Version]] = field(default_factory=lambda: defaultdict(list))
    ages: dict[int, Age] = field(default_factory=dict)

    def is_told(self, version: Version) -> bool:
        """Whether readers know its number."""
        return self.told is not None and version.run <= self.told

    def began(self, place: Place) -> float:
        """When a page began to show the report."""
        return self.era(place.portal, self.chains[place.address][0].run)


def ages(standing: Standing, told: int | None, era: Callable[[int, int], float]) -> dict[int, Age]:
    """Number and predecessor of every version of a report.

    Args:
        standing: the report.
        told: last run that told of it, or None.
        era: portal and run → what tells the times apart at which things were first seen; equal for all that one walk
            to the end found, however often it was begun.
    """
    work = _Work(standing, told, era)
    for version in standing.versions:
        work.chains[version.address].append(version)
    for chain in work.chains.values():
        _follow(work, chain)
    opening = {place.address: _opening(work, place) for place in standing.places}
    for place in standing.places:
        if (age := opening[place.address]) is not None:
            work.ages[place.version.key] = age
    _level(work)
    return work.ages


def _follow(work: _Work, chain: Sequence[Version]) -> None:
    """Each content of a page after the one before."""
    before: Version | None = None
    for version in chain:
        stands = (version.number, version.previous) if work.is_told(version) else _FIRST
        if before is not None:
            stands = (max(stands[0], work.ages[before.key][0] + 1), before.key)
        work.ages[version.key] = stands
        before = version


def _opening(work: _Work, place: Place) -> Age | None:
    """The age of the only content that a page showed so far, where other pages determine it."""
    version = place.version
    if len(work.chains[place.address]) > 1:
        return None
    if alike := _alike(work, version):
        return None if work.is_told(version) else _best(work, alike)
    if place.state != ACTIVE or work.ages[version.key] != _FIRST:
        return None
    former = [other for other in work.standing.places if _gave_way(work, other, place)]
    if not former:
        return None
    last = max(former, key=lambda one: (work.ages[one.version.key][0], work.began(one), one.address))
    return work.ages[last.version.key][0] + 1, last.version.key


def _alike(work: _Work, version: Version) -> list[Version]:
    """Contents of other pages that say the same, and whose age is known; the same text before the same numbers."""
    others = [
        other
        for other in work.standing.versions
        if other.address != version.address and (work.ages[other.key] != _FIRST or work.is_told(other))
    ]
    equal = [other for other in others if other.content == version.content]
    return equal or [other for other in others if same(other, version)]


def _best(work: _Work, alike: Iterable[Version]) -> Age:
    """The latest age; what followed something before what did not."""

    def order(version: Version) -> tuple[int, bool, bytes]:
        number, previous = work.ages[version.key]
        return number, previous is not None, version.address

    return work.ages[max(alike, key=order).key]


def _gave_way(work: _Work, other: Place, place: Place) -> bool:
    """Whether a page stopped to show the report, was there first, and nothing is known to have followed it."""
    return (
        other.state not in (ACTIVE, MOVED)
        and work.began(other) < work.began(place)
        and not same(other.version, place.version)
        and not any(
            version.previous == other.version.key and work.is_told(version)
            for version in work.standing.versions
        )
    )


def _level(work: _Work) -> None:
    """Pages that show one text now show one version of it: the latest."""
    texts: dict[bytes, list[Version]] = defaultdict(list)
    for place in work.standing.active:
        texts[place.version.content].append(place.version)
    for alike in texts.values():
        number, previous = _best(work, alike)
        for version in alike:
            own = work.ages[version.key][1]
            work.ages[version.key] = number, previous if own is None else own
