"""What follows from a portal whose walk is over, and that none of it depends on the order or on interruptions."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, select
from sqlalchemy.pool import StaticPool

from pipelines.store.schema import (
    attempts,
    entries,
    listings,
    metadata,
    portals,
    publications,
    reports,
    visits,
)
from pipelines.store.sightings import Here, ListingRead, Row
from tests.stories import HOME, LIST, MOBILE, OTHER, SCHOOL, WATER, A, B, C, Doc, Sight, Story

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Engine

ELSEWHERE = "http://water.city.gov.cn/"
LATER = "2026-11-23T12:00:00+00:00"
BOTH = {LIST: [A], OTHER: [A, B]}


@pytest.fixture
def story(engine: Engine) -> Iterator[Story]:
    with engine.begin() as connection:
        yield Story(connection)


# --- what goes and comes back


def test_missing_and_returned(story: Story):
    story.crawl(Sight({A: Doc(), B: Doc(id=SCHOOL)}))
    story.crawl(Sight({B: Doc(id=SCHOOL)}, at=LATER))
    assert (story.told, story.state[A]) == ({("missing", WATER)}, "missing")
    one = story.record()
    assert (one["state"], one["url"], one["text"], one["last"] < LATER) == ("missing", A, "正文", True)
    story.crawl(Sight({B: Doc(id=SCHOOL)}))
    assert story.told == set()
    story.crawl(Sight({A: Doc(), B: Doc(id=SCHOOL)}))
    assert (story.told, story.state[A]) == ({("returned", WATER)}, "active")


def test_what_no_list_shows_but_still_answers_is_missing(story: Story):
    story.crawl(Sight({A: Doc(), B: Doc(id=SCHOOL)}))
    for told in ({("missing", WATER)}, set()):
        story.crawl(Sight({B: Doc(id=SCHOOL), A: Doc()}, {LIST: [B]}))
        assert (story.told, story.state[A]) == (told, "missing")


@pytest.mark.parametrize(
    ("sight", "end"),
    [
        pytest.param(Sight({B: Doc(id=SCHOOL)}, broken=[LIST]), {}, id="list not complete"),
        pytest.param(Sight({}, {}), {}, id="list not read"),
        pytest.param(Sight({}, {}), {"fine": False, "outcome": "blocked"}, id="blocked"),
        pytest.param(Sight({}, {}), {"mode": "full"}, id="list not read in a full pass"),
    ],
)
def test_absence_that_proves_nothing(story: Story, sight: Sight, end: dict[str, Any]):
    story.crawl(Sight({A: Doc(), B: Doc(id=SCHOOL)}))
    story.crawl(sight, **end)
    assert (story.told, set(story.state.values())) == (set(), {"active"})


@pytest.mark.parametrize(
    ("sight", "missing"),
    [
        pytest.param(Sight({B: Doc(id=SCHOOL)}, {LIST: [], OTHER: [B]}), True, id="no list shows it"),
        pytest.param(Sight({A: Doc(), B: Doc(id=SCHOOL)}, {LIST: [A], OTHER: [B]}), False, id="one does"),
        pytest.param(Sight({B: Doc(id=SCHOOL)}, {LIST: [], OTHER: [B]}, broken=[OTHER]), False, id="one may"),
        pytest.param(Sight({}, {LIST: []}, entire=False), False, id="one was not read"),
        pytest.param(Sight({}, {LIST: []}), True, id="one is no list any more"),
    ],
)
def test_two_lists_show_a_page(story: Story, sight: Sight, missing: bool):  # noqa: FBT001
    story.crawl(Sight({A: Doc(), B: Doc(id=SCHOOL)}, BOTH))
    story.crawl(sight)
    assert (("missing", WATER) in story.told) == missing
    assert story.state[A] == ("missing" if missing else "active")


def test_a_page_that_links_reports_is_no_list(story: Story):
    hub = ListingRead(
        HOME, "", None, 1, complete=False, hub=True, rows=(Row(HOME, A, b"home"), Row(HOME, B, b"home"))
    )
    story.crawl(Sight({A: Doc()}), listings=(hub, *story.listings(Sight({A: Doc()}))))
    story.crawl(Sight({}, {LIST: []}))
    assert story.told == {("missing", WATER)}
    assert story.connection.scalars(select(listings.c.url)).all() == [LIST]


def test_gone_after_two_runs_of_404(story: Story):
    story.crawl(Sight({A: Doc()}))
    for told, state in ((set(), "active"), ({("gone", WATER)}, "gone"), (set(), "gone")):
        story.crawl(Sight({A: "not_found"}))
        assert (story.told, story.state[A]) == (told, state)
    assert story.record()["state"] == "gone"
    story.crawl(Sight({A: Doc()}))
    assert story.told == {("returned", WATER)}


@pytest.mark.parametrize("between", [Doc(), "server_error"])
def test_two_404_with_something_between(story: Story, between: Doc | str):
    story.crawl(Sight({A: Doc()}))
    for page in ("not_found", between, "gone"):
        story.crawl(Sight({A: page}))
    assert story.state[A] == ("active" if between == Doc() else "gone")
    assert story.connection.scalars(select(attempts.c.outcome).order_by(attempts.c.key)).all() == [
        "new",
        "not_found",
        "unchanged" if between == Doc() else "server_error",
        "gone",
    ]


def test_a_run_that_was_killed_and_repeated_is_no_second_proof(story: Story):
    story.crawl(Sight({A: Doc()}))
    broken = Sight({A: "not_found"})
    here = story.here()
    story.settle(here, broken)
    story.lose(here.run)
    story.crawl(broken)
    assert (story.told, story.state[A]) == (set(), "active")
    story.crawl(broken)
    assert story.told == {("gone", WATER)}


def test_missing_then_gone(story: Story):
    story.crawl(Sight({A: Doc(), B: Doc(id=SCHOOL)}))
    for told in ({("missing", WATER)}, {("gone", WATER)}, set()):
        story.crawl(Sight({B: Doc(id=SCHOOL), A: "not_found"}, {LIST: [B]}))
        assert story.told == told


# --- moved, corrected


def test_moved(story: Story):
    story.crawl(Sight({A: Doc()}))
    story.crawl(Sight({B: Doc()}))
    assert (story.told, story.state) == ({("moved", WATER)}, {A: "moved", B: "active"})
    assert story.details("moved") == {"url": B, "was_url": A}
    assert (story.record()["url"], story.record()["number"], story.record()["also_at"]) == (B, 1, ())


def test_moved_with_another_text_and_the_same_numbers(story: Story):
    story.crawl(Sight({A: Doc()}))
    story.crawl(Sight({A: Doc(text="改过")}))
    story.crawl(Sight({B: Doc(text="搬家")}))
    assert story.told == {("moved", WATER)}
    assert story.record()["number"] == 2


def test_moved_with_its_list(story: Story):
    story.crawl(Sight({A: Doc()}))
    story.crawl(Sight({B: Doc()}, {OTHER: [B]}))
    assert (story.told, story.state) == ({("moved", WATER)}, {A: "moved", B: "active"})


def test_moved_and_corrected(story: Story):
    story.crawl(Sight({A: Doc()}))
    story.crawl(Sight({B: Doc(cells=2)}, at=LATER))
    assert story.told == {("changed", WATER), ("moved", WATER)}
    one = story.record()
    assert (one["url"], one["number"], one["changed"], one["cells"]) == (
        B,
        2,
        LATER,
        {"disputes.review.total": 2},
    )
    story.crawl(Sight({C: Doc(cells=3)}))
    assert (story.record()["number"], story.state) == (3, {A: "missing", B: "missing", C: "active"})
    story.crawl(Sight({C: Doc(cells=3)}))
    assert (story.record()["number"], story.told) == (3, set())


def test_corrected_while_the_old_page_still_stands(story: Story):
    story.crawl(Sight({A: Doc()}))
    story.crawl(Sight({A: Doc(), B: Doc(cells=2)}))
    assert [one["number"] for one in story.exported] == [1, 1]
    story.crawl(Sight({B: Doc(cells=2)}))
    assert story.told == {("changed", WATER), ("moved", WATER)}
    assert (story.record()["url"], story.record()["number"]) == (B, 2)


def test_one_of_two_contradicting_pages_is_withdrawn(story: Story):
    story.crawl(Sight({A: Doc(), B: Doc(cells=2)}))
    story.crawl(Sight({A: Doc()}))
    assert (story.record()["url"], story.record()["number"], story.told) == (A, 1, set())


def test_found_together_in_a_run_that_was_killed_and_its_repetition(story: Story):
    both = Sight({A: Doc(), B: Doc(cells=2)})
    here = story.here()
    story.read(here, both, [A])
    story.lose(here.run)
    story.crawl(both)
    story.crawl(Sight({B: Doc(cells=2)}))
    assert (story.record()["url"], story.record()["number"]) == (B, 1)  # as without the interruption


def test_a_contradiction_that_ends_is_one_version(story: Story):
    story.crawl(Sight({A: Doc(), B: Doc(cells=2)}))
    story.crawl(Sight({A: Doc(), B: Doc()}))
    one = story.record()
    assert (one["url"], one["number"], one["also_at"], story.told) == (A, 2, (B,), set())
    story.crawl(Sight({B: Doc()}))
    assert (story.record()["number"], story.told) == (2, {("moved", WATER)})


def test_pages_that_swap_what_they_say_contradict_each_other_still(story: Story):
    story.crawl(Sight({A: Doc(), B: Doc(cells=2)}))
    story.crawl(Sight({A: Doc(cells=2), B: Doc()}))
    assert [(one["url"], one["number"], one["also_at"]) for one in story.exported] == [(A, 2, ()), (B, 2, ())]


def test_a_twin_remains(story: Story):
    story.crawl(Sight({A: Doc(), B: Doc()}))
    story.crawl(Sight({B: Doc()}))
    assert (story.told, story.state[A]) == ({("moved", WATER)}, "moved")
    story.crawl(Sight({A: Doc(), B: Doc()}))
    assert (story.told, story.record()["url"], story.record()["also_at"]) == (set(), A, (B,))


# --- rows


def test_rows_of_pages_that_were_read_are_stamped_in_every_list(story: Story):
    story.crawl(Sight({A: Doc(), B: "not_found"}, BOTH))
    rows = story.connection.execute(select(entries)).all()
    page = story.connection.execute(select(publications)).one()
    assert [
        (row.url, row.publication, row.fingerprint is None) for row in sorted(rows, key=lambda r: r.url)
    ] == [
        (A, page.key, False),
        (A, page.key, False),
        (B, None, True),
    ]


def test_a_row_whose_page_was_not_read_keeps_what_it_said(story: Story):
    story.crawl(Sight({A: Doc()}))
    before = story.connection.scalar(select(entries.c.fingerprint))
    row = Row(LIST, A, b"another text")
    listing = ListingRead(LIST, "年报", None, 1, complete=True, rows=(row,))
    story.crawl(Sight({}), listings=(listing,))
    assert story.connection.scalar(select(entries.c.fingerprint)) == before
    story.crawl(Sight({}), listings=(listing,), confirmed=(row,))
    assert story.connection.scalar(select(entries.c.fingerprint)) == row.fingerprint
    assert story.connection.scalar(select(publications.c.checked_run)) == story.last


def test_rows_that_led_nowhere_go_with_their_list(story: Story):
    story.crawl(Sight({A: Doc(), B: "not_found", C: "no_title"}))
    story.crawl(Sight({}, {LIST: []}))
    assert story.connection.scalars(select(entries.c.url)).all() == [A]


def test_a_confirmed_page_that_was_gone_is_back(story: Story):
    story.crawl(Sight({A: Doc()}))
    for _ in range(2):
        story.crawl(Sight({A: "not_found"}))
    sight = Sight({A: Doc()})
    story.settle(here := story.here(), sight, confirmed=tuple(sight.rows(A)))
    story.tell(here.run, [here.portal])
    assert story.told == {("returned", WATER)}


# --- the portal


@pytest.mark.parametrize(
    ("end", "full"),
    [
        ({"mode": "full"}, True),
        ({"mode": "full", "outcome": "partial", "fine": False}, True),
        ({"mode": "full", "outcome": "blocked", "fine": False}, False),
        ({"mode": "full", "entire": False}, False),
        ({}, False),
    ],
)
def test_a_full_pass_is_noted(story: Story, end: dict[str, Any], full: bool):  # noqa: FBT001
    story.crawl(Sight({A: Doc()}, at=LATER), **end)
    portal = story.connection.execute(select(portals)).one()
    assert (portal.full_at, portal.full_run) == ((LATER, story.last) if full else (None, None))


def test_settling_and_telling_twice_changes_nothing(story: Story):
    story.crawl(Sight({A: Doc(), B: Doc(id=SCHOOL)}))
    sight = Sight({B: "not_found"})
    here = story.here()
    for _ in range(2):
        story.settle(here, sight)
        story.tell(here.run, [here.portal])
        assert story.told == {("missing", WATER)}
    assert story.connection.scalars(select(publications.c.failures)).all() == [0, 1]
    assert len(story.connection.execute(select(visits)).all()) == 2
    assert len(story.connection.execute(select(attempts)).all()) == 3


def test_telling_of_one_portal_leaves_the_others_untold(story: Story):
    here, sight = story.here(), Sight({A: Doc()})
    story.read(here, sight, [A])
    story.settle(here, sight)
    story.tell(here.run, [])
    assert story.told == set()
    story.tell(here.run, [here.portal])
    assert story.told == {("new", WATER)}
    assert story.connection.scalar(select(reports.c.told_run)) == here.run


def test_two_thousand_rows_are_settled_in_a_second(story: Story):
    urls = [f"{LIST}{number}.html" for number in range(2000)]
    stored = {url: Doc(id=f"140202-{number}-own-2024") for number, url in enumerate(urls[-300:])}
    sight = Sight(stored, {LIST: urls})
    here = story.here()
    story.read(here, sight, stored)
    story.settle(here, sight)
    story.tell(here.run, [here.portal])
    here = story.here()
    began = time.process_time()
    story.settle(here, Sight(stored, {LIST: urls[:-1]}))
    story.tell(here.run, [here.portal])
    assert time.process_time() - began < 1
    assert story.told == {("missing", "140202-299-own-2024")}


# --- order and interruptions

PAGES = (A, B, C, MOBILE)
DOCS = st.builds(
    Doc,
    id=st.sampled_from([WATER, WATER, "140202-water-own-2025"]),
    text=st.sampled_from(["甲", "乙"]),
    cells=st.sampled_from([None, 1, 2]),
    known=st.sampled_from([True, True, True, False]),
)
SIGHTS = st.builds(
    lambda pages, two, broken: Sight(
        pages,
        {LIST: [url for url in pages if url != C], OTHER: [url for url in pages if url == C or two]},
        broken=[LIST] if broken else [],
    ),
    st.dictionaries(st.sampled_from(PAGES), DOCS | st.sampled_from(["no_title", "not_found"]), max_size=4),
    st.booleans(),
    st.sampled_from([False, False, True]),
)


def parts(story: Story, sight: Sight) -> dict[str, Sight]:
    """The same two lists on one portal, or on two."""
    if not story.parted:
        return {HOME: sight}
    return {
        home: replace(sight, pages={url: sight.pages[url] for url in urls}, lists={column: urls})
        for home, (column, urls) in zip((HOME, ELSEWHERE), sight.columns.items(), strict=True)
    }


def finish(story: Story, run: int, sight: Sight, homes: Iterable[str]) -> None:
    """The portals end, one after the other."""
    for home in homes:
        story.settle(Here(run, story.portal(home), sight.at), parts(story, sight)[home])


def undisturbed(story: Story, sights: list[Sight]) -> Iterator[Any]:
    for sight in sights:
        run = story.begin()
        for home, part in parts(story, sight).items():
            story.read(Here(run, story.portal(home), sight.at), part, part.pages)
            finish(story, run, sight, [home])
        story.tell(run, [story.portal(home) for home in parts(story, sight)])
        yield story.told, story.exported


def disturbed(story: Story, sights: list[Sight], data: st.DataObject) -> Iterator[Any]:
    """The same, but in any order, with runs that are killed anywhere; what they stored is asked again or not."""
    for sight in sights:
        portals_ = parts(story, sight)
        todo = [(home, url) for home, part in portals_.items() for url in sorted(part.pages)]
        left = data.draw(st.permutations(todo))
        for killed in [*[True] * data.draw(st.integers(0, 2)), False]:
            cut = data.draw(st.integers(0, len(left))) if killed else len(left)
            run = story.begin()
            for home, url in left[:cut]:
                story.read(Here(run, story.portal(home), sight.at), portals_[home], [url])
            homes = data.draw(st.permutations(sorted(portals_)))
            if not killed:
                finish(story, run, sight, homes)
                story.tell(run, [story.portal(home) for home in homes])
                yield story.told, story.exported
                break
            if cut == len(left):
                finish(story, run, sight, homes[: data.draw(st.integers(0, len(homes)))])
            if data.draw(st.booleans()):
                left = left[cut:]
            story.lose(run)


@pytest.fixture(scope="module")
def memory() -> Iterator[Engine]:
    """A store without a disk: what is tried here is logic, and often."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@given(sights=st.lists(SIGHTS, min_size=1, max_size=4), parted=st.booleans(), data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_depends_on_order_or_interruptions(
    memory: Engine,
    sights: list[Sight],
    parted: bool,  # noqa: FBT001
    data: st.DataObject,
):
    results = []
    for tell in (undisturbed, lambda story, sights: disturbed(story, sights, data)):
        with memory.connect() as connection, connection.begin() as transaction:
            results.append(list(tell(Story(connection, parted=parted), sights)))
            transaction.rollback()
    assert results[0] == results[1]
