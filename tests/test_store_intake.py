"""What one page adds to the store: reports, versions, further addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from pipelines.store.schema import attempts, entries, publications, reports, versions
from tests.stories import HOME, LIST, MOBILE, NOON, OTHER, SCHOOL, WATER, A, B, C, Doc, Sight, Story

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

NEXT = "140202-water-own-2025"
LATER = "2026-11-23T12:00:00+00:00"
EARLIER = "2020-01-01T00:00:00+00:00"


@pytest.fixture
def story(engine: Engine) -> Iterator[Story]:
    with engine.begin() as connection:
        yield Story(connection)


def test_first_sight_and_no_change(story: Story):
    (taken,) = story.crawl(Sight({A: Doc()}))
    assert (taken.result, taken.report.version, taken.report.change) == ("new", 1, "new")
    assert taken.report.seen.model_dump() == {"first": NOON, "last": NOON, "changed": None}
    assert story.told == {("new", WATER)}
    (again,) = story.crawl(Sight({A: Doc()}, at=LATER))
    assert (again.result, again.report.version, again.report.change) == ("unchanged", 1, "unchanged")
    assert again.report.seen.model_dump() == {"first": NOON, "last": LATER, "changed": None}
    assert story.told == set()
    assert story.connection.scalar(select(func.count()).select_from(versions)) == 1


@pytest.mark.parametrize("edited", [Doc(cells=2), Doc(text="别的正文")], ids=["number", "text"])
def test_a_content_that_changed_is_a_version(story: Story, edited: Doc):
    story.crawl(Sight({A: Doc()}))
    (taken,) = story.crawl(Sight({A: edited}, at=LATER))
    assert (taken.result, taken.report.version, taken.report.change) == ("changed", 2, "changed")
    assert story.told == {("changed", WATER)}
    assert story.record()["changed"] == LATER
    story.crawl(Sight({A: Doc()}))
    assert (story.outcomes, story.record()["number"]) == (["changed"], 3)  # taken back is a change, too


def test_what_our_program_reads_otherwise_is_no_change_of_the_page(story: Story):
    story.crawl(Sight({A: Doc(capture="f00d")}))
    better = Doc(text="正文", cells=7, capture="f00d")

    def reread(capture: str, given: str) -> bytes:
        assert (capture, given) == ("f00d", '{"text":"正文"}')
        return better.content

    (taken,) = story.crawl(Sight({A: better}), reread)
    assert (taken.result, taken.report.version, taken.report.change) == ("reread", 1, "unchanged")
    assert story.told == {("reread", WATER)}
    assert story.details("reread")["cells"] == {"disputes.review.total": [1, 7]}
    assert story.record()["cells"] == {"disputes.review.total": 7}


def test_what_was_read_anew_in_a_lost_run_is_told_by_the_next(story: Story):
    sight = Sight({A: Doc(capture="f00d")})
    story.crawl(sight)
    better = Sight({A: Doc(cells=7, capture="f00d")})
    here = story.here()
    story.read(here, better, [A], lambda *_: better.pages[A].content)
    story.lose(here.run)
    story.crawl(better)
    assert story.outcomes == ["unchanged"]
    assert story.told == {("reread", WATER)}


def test_an_address_used_again_for_another_year(story: Story):
    story.crawl(Sight({A: Doc()}))
    story.crawl(Sight({A: Doc(id=NEXT, cells=5)}))
    assert story.outcomes == ["new"]
    assert story.told == {("new", NEXT), ("missing", WATER)}
    assert (story.record()["state"], story.record(NEXT)["state"]) == ("missing", "active")
    story.crawl(Sight({A: Doc(id=NEXT, cells=5), B: Doc()}))
    assert story.told == {("returned", WATER), ("moved", WATER)}
    assert (story.record()["url"], story.record()["number"]) == (B, 1)
    story.crawl(Sight({A: Doc(), B: Doc()}))
    assert story.record()["number"] == 1


def test_an_id_that_is_read_otherwise_stays(story: Story):
    story.crawl(Sight({A: Doc(name="青溪县水务局")}))
    story.crawl(Sight({A: Doc(id="140202-xxx-own-2024", name="青溪县 水务局", text="改了")}))
    assert (story.outcomes, story.record()["number"]) == (["changed"], 2)


def test_a_page_that_speaks_of_another_body_is_another_report(story: Story):
    story.crawl(Sight({A: Doc()}))
    story.crawl(Sight({A: Doc(id=SCHOOL)}))
    assert story.told == {("new", SCHOOL), ("missing", WATER)}


@pytest.mark.parametrize(
    ("other", "records"),
    [
        (Doc(known=False, text="另一个卫生局"), 2),
        (Doc(known=False), 1),
        (Doc(known=False, text="x", cells=None), 2),
    ],
    ids=["other text, same numbers", "same text", "no numbers"],
)
def test_bodies_that_cannot_be_placed_never_merge_but_on_the_same_text(
    story: Story, other: Doc, records: int
):
    story.crawl(Sight({A: Doc(known=False), B: other}))
    assert len(story.exported) == records
    story.crawl(Sight({A: Doc(known=False, text="改了", cells=9), B: other}))
    assert len(story.exported) == records  # copies of one page that differ now are versions


def test_a_placed_body_is_not_one_that_is_not(story: Story):
    story.crawl(Sight({A: Doc(), B: Doc(known=False)}))
    assert len(story.exported) == 2


def test_twin_and_mobile_twin_with_another_text(story: Story):
    story.crawl(Sight({A: Doc(), B: Doc(), MOBILE: Doc(text="手机版")}))
    assert story.outcomes == ["new", "duplicate", "duplicate"]
    story.crawl(Sight({A: Doc(), B: Doc(), MOBILE: Doc(text="手机版,改了")}))
    assert story.outcomes == ["unchanged", "duplicate", "duplicate"]
    assert story.told == set()
    assert (story.record()["url"], story.record()["also_at"]) == (A, (MOBILE, B))
    fates = dict(story.connection.execute(select(publications.c.url, publications.c.fate)).all())
    assert fates == {A: "report", B: "duplicate", MOBILE: "duplicate"}


@pytest.mark.parametrize("first", [A, B])
def test_a_conflict_is_kept_twice_whatever_came_first(story: Story, first: str):
    pages = {A: Doc(), B: Doc(cells=2)}
    story.crawl(Sight({url: pages[url] for url in sorted(pages, reverse=first == B)}))
    assert [(one["url"], one["number"], one["also_at"]) for one in story.exported] == [(A, 1, ()), (B, 1, ())]
    assert story.told == {("new", WATER), ("conflict", WATER)}


def test_a_copy_left_behind_is_no_conflict(story: Story):
    story.crawl(Sight({A: Doc(), B: Doc()}))
    story.crawl(Sight({A: Doc(), B: Doc(cells=2)}))
    assert story.told == {("changed", WATER)}
    one = story.record()
    assert (one["url"], one["number"], one["also_at"]) == (B, 2, (A,))
    story.crawl(Sight({A: Doc(cells=2), B: Doc(cells=2)}))
    assert (story.record()["url"], story.record()["number"]) == (A, 2)
    assert story.told == set()


def test_a_page_that_is_no_report_any_more(story: Story):
    story.crawl(Sight({A: Doc()}))
    story.crawl(Sight({A: "no_title"}))
    assert (story.state[A], story.told) == ("replaced", {("missing", WATER)})
    assert story.record()["url"] == A
    story.crawl(Sight({A: Doc()}))
    assert (story.state[A], story.told) == ("active", {("returned", WATER)})
    assert story.outcomes == ["unchanged"]


def test_a_page_that_never_was_a_report_is_remembered(story: Story):
    story.crawl(Sight({A: "no_title"}))
    page = story.connection.execute(select(publications)).one()
    assert (page.fate, page.report, page.state) == ("no_title", None, "active")
    row = story.connection.execute(select(entries)).one()
    assert (row.publication, row.fingerprint) == (page.key, Sight({A: "no_title"}).rows(A)[0].fingerprint)


def test_a_report_of_a_year_that_was_not_asked_for_stays(story: Story):
    story.crawl(Sight({A: Doc()}))
    story.refuse(A, "outside_window", 2024)
    assert (story.state[A], story.record()["state"]) == ("active", "active")
    story.refuse(A, "outside_window", 2025)
    assert (story.state[A], story.fate(A)) == ("replaced", "outside_window")


def test_the_clock_is_set_back(story: Story):
    story.crawl(Sight({A: Doc()}))
    story.crawl(Sight({A: Doc(cells=2)}, at=EARLIER))
    one = story.record()
    assert (one["first"], one["last"], one["number"]) == (NOON, NOON, 2)
    assert story.told == {("changed", WATER)}


def test_a_page_that_two_portals_show_belongs_to_the_one_on_its_host(story: Story):
    other = "http://water.city.gov.cn/"
    page = f"{other}nb/1.html"
    for home in (HOME, other):
        story.home = home
        story.crawl(Sight({page: Doc()}, {f"{home}l/": [page]}))
        assert story.told == ({("new", WATER)} if home == HOME else set())
    assert story.record()["portal"] == other


def test_attempts_and_portals(story: Story):
    story.crawl(Sight({A: Doc(), B: Doc(), C: "no_title"}, {LIST: [A, C], OTHER: [B]}))
    outcomes = story.connection.execute(select(attempts.c.url, attempts.c.outcome)).all()
    assert dict(outcomes) == {A: "new", B: "duplicate", C: "no_title"}
    assert story.portal() == story.portal("https://city.gov.cn/index.html")
    assert story.connection.scalar(select(func.count()).select_from(reports)) == 1
