"""``kill -9`` at any moment loses nothing and doubles nothing; ``python -m benchmarks.recrawl --kills 200`` tries more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.killing import Moment, harm, moments, undisturbed
from tests.shifting_portal import ShiftingPortal, standing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.killing import Undisturbed

SEED = 20261122
KILLS = 3


@pytest.fixture(scope="module")
def portal() -> Iterator[ShiftingPortal]:
    """The portal, at the same address for all crawls."""
    with standing() as portal:
        yield portal


@pytest.fixture(scope="module")
def first(portal: ShiftingPortal, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """A first crawl."""
    return undisturbed(portal, "first", tmp_path_factory.mktemp("room"))


@pytest.fixture(scope="module")
def again(portal: ShiftingPortal, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """A later crawl that finds changes."""
    return undisturbed(portal, "again", tmp_path_factory.mktemp("room"))


def test_first_crawl_killed(portal: ShiftingPortal, first: Undisturbed, tmp_path: Path) -> None:
    for number, moment in enumerate(moments(KILLS, SEED, first)):
        assert harm(portal, first, moment, tmp_path / str(number)) == [], moment


def test_later_crawl_killed(portal: ShiftingPortal, again: Undisturbed, tmp_path: Path) -> None:
    for number, moment in enumerate(moments(KILLS, SEED, again)):
        assert harm(portal, again, moment, tmp_path / str(number)) == [], moment


def test_killed_before_anything_was_asked(portal: ShiftingPortal, first: Undisturbed, tmp_path: Path) -> None:
    """The store is being made."""
    assert harm(portal, first, Moment(0.9 * first.begin), tmp_path / "data") == []


def test_killed_at_the_end(portal: ShiftingPortal, first: Undisturbed, tmp_path: Path) -> None:
    """Everything is stored, and is being told and exported."""
    for number, share in enumerate((0.3, 0.6)):
        moment = Moment(share * first.end, first.requests)
        assert harm(portal, first, moment, tmp_path / str(number)) == [], moment
