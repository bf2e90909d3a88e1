"""How a report stands: at which addresses, with which contents, and which of them is the one to name.

Everything here follows from what is stored, never from the order in which it came: pages are ordered by their state,
the lists that show them and their addresses, contents by their digests. So the exports of a crawl that was killed and
repeated are those of an undisturbed one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

from sqlalchemy import select

from pipelines.store.schema import portals, publications, versions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Row

    AnyRow = Row[*tuple[Any, ...]]

ACTIVE: Final = "active"
MISSING: Final = "missing"
GONE: Final = "gone"
MOVED: Final = "moved"
REPLACED: Final = "replaced"
_RANK: Final = {state: rank for rank, state in enumerate((ACTIVE, MISSING, GONE, REPLACED, MOVED))}
_CHUNK: Final = 500
"""Keys in one question; both databases take more, but not much more at every version."""
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Version:
    """One content of a report as one page showed it.

    Attributes:
        key: its key; those of one page grow with time, those of two pages prove nothing.
        address: digest of the page's address.
        number: 1 for the first content of the report, one more for each that took the place of another.
        previous: key of the content whose place it took, or None.
        content: digest of what the page says.
        numbers: digest of year and cells, or None where no cell holds a number.
        seen: when it was first seen.
        run: in which run.
    """

    key: int
    address: bytes
    number: int
    previous: int | None
    content: bytes
    numbers: bytes | None
    seen: str
    run: int


@dataclass(frozen=True, slots=True)
class Place:
    """One page that shows a report, or showed it once.

    Attributes:
        url: its address.
        address: digest of it.
        state: active, missing, gone, moved, or replaced: something else stands there now.
        listed: some list shows it, or showed it when it was last read.
        home: it lies on the host of its portal's home page.
        portal: key of its portal.
        version: what it showed last of this report.
    """

    url: str
    address: bytes
    state: str
    listed: bool
    home: bool
    portal: int
    version: Version


@dataclass(frozen=True, slots=True)
class Standing:
    """All that is stored of one report but its records.

    Attributes:
        report: its key.
        versions: all its contents, those of one page in the order of time.
        places: all its pages; at least one.
    """

    report: int
    versions: tuple[Version, ...]
    places: tuple[Place, ...]

    @property
    def active(self) -> tuple[Place, ...]:
        """The pages that show it now."""
        return tuple(place for place in self.places if place.state == ACTIVE)


@dataclass(frozen=True, slots=True)
class Shown:
    """One record to export.

    Attributes:
        place: the page to name; its version is the content.
        also_at: the other addresses of the same content, and of copies that were left behind.
    """

    place: Place
    also_at: tuple[str, ...]


def same(one: Version, other: Version) -> bool:
    """Whether two contents say the same: the same text, or the same numbers where there are any."""
    return one.content == other.content or (one.numbers is not None and one.numbers == other.numbers)


def primary(places: Iterable[Place]) -> Place:
    """The page to name: active before others, listed, on the portal's own host, the shortest, the first in the alphabet.

    Raises:
        ValueError: there are none.
    """
    return min(places, key=_order)


def state_of(standing: Standing) -> str:
    """``active`` if some page shows the report, ``gone`` if all that did are gone, else ``missing``."""
    states = {place.state for place in standing.places}
    if ACTIVE in states:
        return ACTIVE
    return GONE if states - {MOVED} == {GONE} else MISSING


def shown(standing: Standing) -> tuple[Shown, ...]:
    """The records to export of a report; the first is the one to compare and to tell of.

    There are several only where the body's own pages contradict each other. A page that still shows what another has
    replaced since contradicts nothing: it is a copy left behind, and counts as a further address.
    """
    groups = sorted(_groups(_eligible(standing)), key=lambda group: _order(group[0]))
    by_key = {version.key: version for version in standing.versions}
    lines = [_Line(group, _number(group), tuple(_ancestors(group, by_key))) for group in groups]
    kept = [line for line in lines if not any(_is_left_behind(line, by) for by in lines)]
    further = {id(line): [place.url for place in line.group[1:]] for line in kept}
    for line in lines:
        if id(line) not in further:
            heir = next((one for one in kept if _is_left_behind(line, one)), kept[0])
            further[id(heir)].extend(place.url for place in line.group)
    return tuple(Shown(line.group[0], tuple(sorted(further[id(line)]))) for line in kept)


@dataclass(frozen=True, slots=True)
class _Line:
    """Pages that say the same, and what they said before."""

    group: Sequence[Place]
    number: int
    former: tuple[Version, ...]


def _is_left_behind(line: _Line, by: _Line) -> bool:
    """Whether pages still show what others have replaced. The newest never do, so something is always kept."""
    if line.number >= by.number:
        return False
    return any(same(place.version, version) for place in line.group for version in by.former)


def _order(place: Place) -> tuple[int, bool, bool, int, str]:
    return _RANK[place.state], not place.listed, not place.home, len(place.url), place.url


def _eligible(standing: Standing) -> Sequence[Place]:
    """The pages whose contents count: those that show it now, or else those that nothing took the place of."""
    waiting = [place for place in standing.places if place.state in (MISSING, GONE)]
    return standing.active or waiting or standing.places


def _groups(places: Iterable[Place]) -> list[list[Place]]:
    """Pages that say the same, the one to name first."""
    groups: list[list[Place]] = []
    for place in sorted(places, key=_order):
        alike = [group for group in groups if any(same(place.version, other.version) for other in group)]
        groups = [group for group in groups if all(group is not one for one in alike)]
        groups.append(sorted((one for group in (*alike, [place]) for one in group), key=_order))
    return groups


def _number(group: Sequence[Place]) -> int:
    return max(place.version.number for place in group)


def _ancestors(group: Iterable[Place], by_key: Mapping[int, Version]) -> Iterator[Version]:
    """The contents whose place the contents of a group took."""
    met: set[int] = set()
    for place in group:
        step = place.version.previous
        while step is not None and step not in met and step in by_key:
            met.add(step)
            yield by_key[step]
            step = by_key[step].previous


# --- from the store


def standings(connection: Connection, keys: Collection[int]) -> dict[int, Standing]:
    """How reports stand; a fixed number of questions for each 500, records are not read."""
    found: dict[int, Standing] = {}
    for chunk in chunks(sorted(set(keys))):
        lines = _versions(connection, chunk)
        pages = _pages(connection, chunk, lines)
        for key, known in lines.items():
            last = {version.address: version for version in known}
            places = tuple(_place(pages[address], key, version) for address, version in sorted(last.items()))
            found[key] = Standing(key, tuple(known), places)
    return found


def current(connection: Connection, keys: Collection[int]) -> dict[int, int]:
    """Report → version at its primary address: what is compared with other reports."""
    return {
        key: shown(standing)[0].place.version.key for key, standing in standings(connection, keys).items()
    }


def chunks(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    """Parts of a size that one statement can hold."""
    return (items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK))


def host(url: str) -> str:
    """The host of an address, as it is compared: without ``www.``."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _versions(connection: Connection, keys: Sequence[int]) -> dict[int, list[Version]]:
    lines: dict[int, list[Version]] = defaultdict(list)
    asked = select(versions.c.report, *(versions.c[name] for name in Version.__slots__))
    for report, *values in connection.execute(
        asked.where(versions.c.report.in_(keys)).order_by(versions.c.key)
    ):
        lines[report].append(Version(*values))
    return lines


def _pages(
    connection: Connection, keys: Sequence[int], lines: Mapping[int, Sequence[Version]]
) -> dict[bytes, AnyRow]:
    """Digest of an address → its page; pages that show another report by now included."""
    pages = {row.address: row for row in _asked(connection, publications.c.report.in_(keys))}
    addresses = {version.address for known in lines.values() for version in known}
    for chunk in chunks(sorted(addresses - pages.keys())):
        pages.update((row.address, row) for row in _asked(connection, publications.c.address.in_(chunk)))
    return pages


def _asked(connection: Connection, where: ColumnElement[bool]) -> Sequence[AnyRow]:
    return connection.execute(_PAGES.where(where)).all()


_PAGES: Final = select(
    publications.c.address,
    publications.c.url,
    publications.c.report,
    publications.c.state,
    publications.c.listed_run,
    publications.c.portal,
    portals.c.url.label("home"),
).join_from(publications, portals, publications.c.portal == portals.c.key)


def _place(page: AnyRow, report: int, version: Version) -> Place:
    return Place(
        url=page.url,
        address=page.address,
        state=page.state if page.report == report else REPLACED,
        listed=page.listed_run is not None,
        home=host(page.url) == host(page.home),
        portal=page.portal,
        version=version,
    )
