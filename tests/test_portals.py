"""The crawl from the home page alone: every bundled portal over real HTTP, against what is published there.

One crawl of all portals, in a process of its own as an operator starts it; then one test for each portal, whose
failure names pages and cells. A new portal under ``fixtures/portals`` joins by being there.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from fixtures.portals.demo import crawl, differences, rows
from fixtures.portals.server import bundled, names, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fixtures.portals.demo import Run
    from fixtures.portals.site import Answer, Asked, Site

ALONE = [name for name in names() if bundled(name).hosts == ("www",)]


class Visitors:
    """Hears what is asked of the portals, and how often."""

    def __init__(self) -> None:
        self.answered: Counter[str] = Counter()
        """Requests that were answered with a page → how often, since the last ``clear``."""

    def __call__(self, site: Site, asked: Asked, answer: Answer) -> None:
        if answer.status == 200:
            place = f"{asked.host}{asked.path}{asked.query and '?'}{asked.query}"
            self.answered[f"{site.name}: {asked.method} {place} {asked.body!r}"] += 1


@pytest.fixture(scope="session")
def visitors() -> Visitors:
    return Visitors()


@pytest.fixture(scope="session")
def portals(visitors: Visitors) -> Iterator[dict[str, Site]]:
    """All bundled portals, served."""
    found = {name: bundled(name) for name in names()}
    with served(found.values(), listener=visitors):
        yield found


@pytest.fixture(scope="session")
def run_and_visits(
    portals: dict[str, Site], visitors: Visitors, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Run, Counter[str]]:
    """One crawl of all of them, and what it asked for."""
    folder = tmp_path_factory.mktemp("crawl")
    file = folder / "rows.toml"
    file.write_text(rows(portals.values()), "utf-8")
    visitors.answered.clear()
    run = crawl({"rows": str(file)}, folder / "data")
    return run, visitors.answered.copy()


@pytest.fixture(scope="session")
def run(run_and_visits: tuple[Run, Counter[str]]) -> Run:
    return run_and_visits[0]


@pytest.mark.parametrize("name", names())
def test_everything_found_nothing_invented(name: str, portals: dict[str, Site], run: Run) -> None:
    if wrong := differences(portals[name], run):
        pytest.fail("\n".join(wrong), pytrace=False)


def test_nothing_is_asked_twice(run_and_visits: tuple[Run, Counter[str]]) -> None:
    _, visits = run_and_visits
    assert len(visits) > len(names())
    # A document of soft404 is redirected to the home page: that one is asked twice by the portal itself.
    assert [visit for visit, count in visits.items() if count > 1 and visit != "soft404: GET www/ b''"] == []


@pytest.fixture(scope="session")
def bare_run(portals: dict[str, Site], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One crawl of all portals that have a single host, of which nothing but the address is known."""
    homes = [portals[name].url["www"] + portals[name].home for name in ALONE]
    return crawl({"url": ",".join(homes)}, tmp_path_factory.mktemp("bare"))


@pytest.mark.parametrize("name", ALONE)
def test_found_from_the_address_alone(name: str, portals: dict[str, Site], bare_run: Run) -> None:
    if wrong := differences(portals[name], bare_run):
        pytest.fail("\n".join(wrong), pytrace=False)


@pytest.mark.parametrize("name", ["qianan", "datong"])
def test_seed_portal_in_a_run_of_its_own(name: str, portals: dict[str, Site], tmp_path: Path) -> None:
    site = portals[name]
    run = crawl({"url": site.url["www"] + site.home}, tmp_path)
    assert [portal["url"] for portal in run.portals] == [site.url["www"] + site.home]
    if wrong := differences(site, run):
        pytest.fail("\n".join(wrong), pytrace=False)
