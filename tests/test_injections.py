"""What breaks on portals and around crawls, each as a story over HTTP with a real store.

Every story begins with a good first run over the portal of ``shifting_portal`` (18 reports in two columns). After each
misfortune: the right outcome and exit code, no report lost, none declared missing that is not, the file that consumers
read untouched by a bad run, and a next run that asks for robots.txt, the home page and lists only.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from fixtures.portals.shell import Row
from fixtures.portals.site import NOT_FOUND, Answer
from fixtures.portals.writing import cells_of
from pipelines.store.migrations import VERSION_TABLE
from tests.preloaded import preloaded
from tests.shifting_portal import (
    BODIES,
    BROKEN,
    CHALLENGE,
    CITY,
    DAY,
    DEPARTMENTS,
    HUB,
    HUBS,
    NOON,
    Crawler,
    standing,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.preloaded import Preloaded
    from tests.shifting_portal import Run, ShiftingPortal

FULL = ("-a", "mode=full")
OK = ("ok", None)
TEXT = ("title", "agency", "figures")
"""What makes two pages say the same."""


@pytest.fixture(scope="module")
def standing_portal() -> Iterator[ShiftingPortal]:
    """The portal, at the same address for all stories."""
    with standing() as portal:
        yield portal


@pytest.fixture(scope="module")
def home() -> Iterator[Preloaded]:
    """Where crawls begin."""
    with preloaded() as home:
        yield home


@pytest.fixture(scope="module")
def first(standing_portal: ShiftingPortal, home: Preloaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a good first run left behind."""
    data = tmp_path_factory.mktemp("first")
    run = Crawler(standing_portal, data, clock=NOON, home=home)()
    assert (run.code, run.outcome) == (0, OK), run.words
    assert run.told == {"new": set(standing_portal.shown)}
    assert Crawler(standing_portal, data).latest
    return data


@pytest.fixture
def portal(standing_portal: ShiftingPortal) -> ShiftingPortal:
    """The portal in its first state."""
    standing_portal.restore()
    return standing_portal


@pytest.fixture
def crawl(portal: ShiftingPortal, home: Preloaded, first: Path, tmp_path: Path) -> Crawler:
    """Crawls the portal, a day after the good first run."""
    data = tmp_path / "data"
    shutil.copytree(first, data, symlinks=True)
    return Crawler(portal, data, clock=NOON + DAY, home=home)


@pytest.fixture
def anew(portal: ShiftingPortal, home: Preloaded, tmp_path: Path) -> Crawler:
    """Crawls the portal for the first time."""
    return Crawler(portal, tmp_path / "data", clock=NOON, home=home)


def good(run: Run) -> dict[str, set[str]]:
    """What a run told that read the portal completely."""
    assert (run.code, run.outcome) == (0, OK), run.words
    return run.told


def bad(run: Run, crawl: Crawler, first: Path, *outcome: str) -> dict[str, set[str]]:
    """What a run told that didn't: it says so, and consumers keep what they have."""
    assert run.code == 1, run.words
    assert run.outcome == outcome
    assert "Traceback" not in run.words
    assert crawl.latest == Crawler(crawl.portal, first).latest
    return run.told


def quiet(run: Run) -> None:
    """Nothing is new, and to know that the run asked for nothing but robots.txt, the home page and the lists."""
    assert good(run) == {}
    assert run.documents == {}
    assert run.others == Counter({"/robots.txt", "/"} | run.portal.lists())


def recovered(crawl: Crawler) -> None:
    """A run after a bad one also looks for lists that may have moved, asks for no report, and then all is quiet."""
    run = crawl()
    assert good(run) == {}
    assert run.documents == {}
    assert run.others == Counter({"/robots.txt", "/"} | HUBS | run.portal.lists())
    quiet(crawl())


def whole(crawl: Crawler, *more: str) -> None:
    """Every report that was ever found is still in the store."""
    assert {name for name, _ in crawl.stored} >= {*crawl.portal.first, *more}


# --- the twelve of the issue


def test_classes_are_renamed(portal: ShiftingPortal, crawl: Crawler) -> None:
    portal.classes = {
        "news_list": "x71",
        "trs_editor_view TRS_UEDITOR": "a93",
        'class="article"': "",
        "xxgk_head": "h5",
    }
    assert good(crawl(*FULL)) == {}
    quiet(crawl())


def test_lists_are_drawn_by_a_script_from_now_on(portal: ShiftingPortal, crawl: Crawler, first: Path) -> None:
    portal.drawn = True
    assert bad(crawl(), crawl, first, "layout-changed", "no_rows") == {}
    portal.drawn = False
    recovered(crawl)


def test_page_3_answers_500_while_a_report_vanishes(
    portal: ShiftingPortal, crawl: Crawler, first: Path
) -> None:
    portal.answers[f"{BODIES}index_2.html"] = BROKEN
    portal.withdraw("water-2024")
    assert bad(crawl(), crawl, first, "partial", "page_failed") == {}
    portal.restore()
    recovered(crawl)


def test_every_page_is_a_challenge_with_status_200(
    portal: ShiftingPortal, crawl: Crawler, first: Path
) -> None:
    portal.answers |= dict.fromkeys(["/", HUB, *portal.lists(), *portal.names], CHALLENGE)
    assert bad(crawl(*FULL), crawl, first, "blocked", "challenge_js") == {}
    portal.answers.clear()
    recovered(crawl)


def test_new_report_is_a_challenge_with_status_200(
    portal: ShiftingPortal, crawl: Crawler, first: Path
) -> None:
    portal.publish("water-2025")
    portal.answers[portal.path("water-2025")] = CHALLENGE
    assert bad(crawl(), crawl, first, "partial", "challenge_js") == {}
    portal.answers.clear()
    run = crawl()
    assert good(run) == {"new": {"water-2025"}}
    assert run.documents == {"water-2025": 1}
    quiet(crawl())


def test_pages_turn_to_gbk_under_a_header_that_says_utf_8(portal: ShiftingPortal, crawl: Crawler) -> None:
    portal.garbled = {HUB, *portal.lists(), *portal.names}
    assert good(crawl(*FULL)) == {}
    portal.publish("water-2025")
    portal.garbled = {HUB, *portal.lists(), *portal.names}
    run = crawl()
    assert good(run) == {"new": {"water-2025"}}
    assert run.items["water-2025"]["agency"]["name"] == DEPARTMENTS["water"]
    quiet(crawl())


def test_report_is_replaced_at_its_address_and_its_row_says_so(
    portal: ShiftingPortal, crawl: Crawler
) -> None:
    portal.correct("water-2024")
    portal.edit("water-2024", published="2025-03-03")
    run = crawl()
    assert good(run) == {"changed": {"water-2024"}}
    assert run.documents == {"water-2024": 1}
    assert run.items["water-2024"]["version"] == 2
    assert [number for number, _ in crawl.versions("water-2024")] == [1, 2]
    quiet(crawl())


def test_report_is_replaced_silently(portal: ShiftingPortal, crawl: Crawler) -> None:
    portal.correct("water-2024")
    quiet(crawl())
    assert good(crawl(*FULL)) == {"changed": {"water-2024"}}
    quiet(crawl())


def test_silent_replacement_is_found_when_a_full_pass_is_due(portal: ShiftingPortal, crawl: Crawler) -> None:
    portal.correct("water-2024")
    run = crawl(clock=NOON + 40 * DAY)
    assert good(run) == {"changed": {"water-2024"}}
    assert set(run.documents) == set(portal.shown)
    quiet(crawl(clock=NOON + 41 * DAY))


def test_report_moves(portal: ShiftingPortal, crawl: Crawler) -> None:
    portal.move("water-2024", f"{BODIES}202502/t20250214_777.html")
    run = crawl()
    assert good(run) == {"moved": {"water-2024"}}
    assert run.items["water-2024"]["url"].endswith("_777.html")
    assert run.items["water-2024"]["version"] == 1
    quiet(crawl())
    whole(crawl)


def test_order_of_a_list_is_unstable(portal: ShiftingPortal, crawl: Crawler) -> None:
    portal.shuffled = True
    for _ in range(2):
        run = crawl()
        assert run.outcome in {OK, ("partial", "fewer_than_declared")}
        assert run.code == (run.outcome != OK)
        assert run.told == {}
        assert run.documents == {}
    portal.shuffled = False
    if run.outcome == OK:
        quiet(crawl())
    else:
        recovered(crawl)


def test_list_shifts_while_it_is_read(portal: ShiftingPortal, crawl: Crawler) -> None:
    begun = len(portal.log)

    def publish(number: int) -> None:
        if any(one.path == BODIES for one in portal.log[begun:number]) and "water-2025" not in portal.shown:
            portal.publish("water-2025")

    portal.on_request = publish
    assert crawl().told.keys() <= {"new"}
    portal.on_request = None
    assert crawl().told.keys() <= {"new"}
    whole(crawl, "water-2025")
    quiet(crawl())


def test_row_promises_another_year_than_its_page_has(
    portal: ShiftingPortal, crawl: Crawler, first: Path
) -> None:
    portal.publish("audit-2022").row = f"{DEPARTMENTS['audit']}2025年政府信息公开工作年度报告"
    run = crawl()
    assert bad(run, crawl, first, "partial", "other_report") == {"new": {"audit-2022"}}
    assert run.items["audit-2022"]["year"] == 2022
    portal.shown["audit-2022"].row = None
    assert good(crawl()) == {}
    quiet(crawl())


def test_other_years_than_those_asked_for_are_not_missing(portal: ShiftingPortal, crawl: Crawler) -> None:
    portal.publish("water-2025")
    run = crawl("-a", "year=2025")
    assert good(run) == {"new": {"water-2025"}}
    assert set(run.documents) == {"water-2025"}
    quiet(crawl())
    whole(crawl)


def test_list_shrinks_by_half(portal: ShiftingPortal, crawl: Crawler, first: Path) -> None:
    hidden = [name for name in portal.shown if name.endswith("-2023")]
    for name in hidden:
        portal.shown[name].listed = False
    assert bad(crawl(), crawl, first, "partial", "shrunk") == {}
    portal.restore()
    recovered(crawl)
    for name in hidden:
        portal.withdraw(name)
    assert good(crawl("-a", "accept=shrunk,reports_floor")) == {"missing": set(hidden)}
    whole(crawl)


def test_list_says_that_it_is_empty(portal: ShiftingPortal, crawl: Crawler, first: Path) -> None:
    for shown in portal.shown.values():
        shown.listed = shown.column == CITY
    run = crawl()
    assert bad(run, crawl, first, *run.outcome) == {}
    portal.restore()
    recovered(crawl)


def test_attachment_lies_on_another_host(portal: ShiftingPortal, crawl: Crawler) -> None:
    file = f"{portal.url['files']}/P020260120_1.pdf"
    portal.publish("water-2025").far = (file,)
    run = crawl()
    assert good(run) == {"new": {"water-2025"}}
    assert file in {attachment["url"] for attachment in run.items["water-2025"]["attachments"]}
    assert {request.host for request in run.asked} == {"www"}
    quiet(crawl())


def test_run_is_killed(portal: ShiftingPortal, anew: Crawler) -> None:
    portal.pause = 0.05
    run = anew.killed(16, CONCURRENT_REQUESTS_PER_DOMAIN="1")
    assert run.code == -signal.SIGKILL
    assert anew.latest == ""
    run = anew()
    assert good(run) == {"new": set(portal.shown)}  # nobody had been told of any
    assert 0 < run.documents.total() < len(portal.shown)
    quiet(anew())


def test_runs_without_change(crawl: Crawler) -> None:
    for _ in range(2):
        run = crawl()
        quiet(run)
        assert run.books["reports"] == len(run.portal.shown)
    whole(crawl)
    assert crawl.latest.count("\n") == len(crawl.portal.shown)


# --- reports that go, come back and change


def test_report_vanishes_and_is_gone_after_two_404_and_returns(
    portal: ShiftingPortal, crawl: Crawler
) -> None:
    portal.withdraw("water-2024")
    run = crawl()
    assert good(run) == {"missing": {"water-2024"}}
    assert run.documents == {"water-2024": 1}
    assert good(crawl()) == {"gone": {"water-2024"}}
    quiet(crawl())
    whole(crawl)
    portal.put_back("water-2024")
    assert good(crawl()) == {"returned": {"water-2024"}}
    quiet(crawl())


def test_one_404_is_not_two(portal: ShiftingPortal, crawl: Crawler) -> None:
    for _ in range(2):
        portal.withdraw("water-2024")
        assert good(crawl()) == {"missing": {"water-2024"}}
        portal.put_back("water-2024")
        assert good(crawl()) == {"returned": {"water-2024"}}
    quiet(crawl())


def test_report_that_is_listed_answers_404(portal: ShiftingPortal, crawl: Crawler, first: Path) -> None:
    portal.answers[portal.path("water-2024")] = NOT_FOUND
    assert bad(crawl(*FULL), crawl, first, "partial", "not_found") == {}
    assert bad(crawl(*FULL), crawl, first, "partial", "not_found") == {"gone": {"water-2024"}}
    whole(crawl)


def test_report_answers_500_and_recovers(portal: ShiftingPortal, crawl: Crawler, first: Path) -> None:
    portal.publish("water-2025")
    portal.answers |= dict.fromkeys([portal.path("water-2025"), portal.path("audit-2023")], BROKEN)
    assert bad(crawl(*FULL), crawl, first, "partial", "server_error") == {}
    portal.answers.clear()
    assert good(crawl()) == {"new": {"water-2025"}}
    quiet(crawl())
    whole(crawl)


def test_vanished_row_whose_page_breaks_is_not_gone(portal: ShiftingPortal, crawl: Crawler) -> None:
    portal.withdraw("water-2024")
    portal.answers[portal.path("water-2024")] = BROKEN
    assert good(crawl()) == {"missing": {"water-2024"}}
    for _ in range(2):
        assert good(crawl()) == {}


def test_number_is_corrected_and_the_correction_taken_back(portal: ShiftingPortal, crawl: Crawler) -> None:
    before = portal.shown["water-2024"].report
    portal.correct("water-2024")
    (change,) = crawl(*FULL).changes
    assert (change["change"], change["version"]) == ("changed", 2)
    portal.shown["water-2024"].report = before
    (change,) = crawl(*FULL).changes
    assert change["change"] == "changed"
    records = [record for _, record in crawl.versions("water-2024")]
    key = "proactive.penalties.decisions"
    numbers = [record["cells"][key] for record in records]
    assert numbers[1] == numbers[0] + 1
    assert change["version"] in {1, 3}


def test_title_is_edited(portal: ShiftingPortal, crawl: Crawler) -> None:
    portal.edit("water-2024", title="迁安市水务局2024年度政府信息公开工作年度报告")
    run = crawl()
    assert good(run) == {"changed": {"water-2024"}}
    assert run.documents == {"water-2024": 1}
    quiet(crawl())


def test_address_is_used_again_for_the_report_of_the_next_year(
    portal: ShiftingPortal, crawl: Crawler
) -> None:
    path = portal.path("water-2024")
    del portal.shown["water-2024"]
    portal.publish("water-2025", path=path)
    run = crawl()
    told = {(change["change"], change["id"][-4:]) for change in run.changes}
    assert (run.code, run.outcome) == (0, OK)
    assert ("new", "2025") in told
    assert told <= {("new", "2025"), ("missing", "2024")}
    assert len({record["id"] for _, record in crawl.stored}) == len(portal.first) + 1
    quiet(crawl())


def test_report_is_posted_late(portal: ShiftingPortal, crawl: Crawler) -> None:
    portal.publish("water-2019", published="2026-11-20", format="v1")
    before = crawl.latest
    run = crawl()
    assert good(run) == {"new": {"water-2019"}}
    assert run.documents == {"water-2019": 1}
    assert crawl.latest.count("\n") == before.count("\n") + 1
    quiet(crawl())


# --- the same report at several addresses


def test_mobile_twin(portal: ShiftingPortal, crawl: Crawler) -> None:
    twin = portal.url["m"]
    report = portal.shown["water-2024"].report
    portal.extra[BODIES] = [Row(twin + report.path, report.title, "2025-01-20")]
    hosts = ("-a", f"hosts={twin.removeprefix('http://')}")
    run = crawl(*hosts)
    assert good(run) == {}
    assert run.documents == {"water-2024": 1}
    (record,) = (record for name, record in crawl.stored if name == "water-2024")
    assert {record["url"], *record["also_at"]} == {url + report.path for url in (twin, portal.url["www"])}
    quiet(crawl(*hosts))


def test_copy_in_another_column(portal: ShiftingPortal, crawl: Crawler) -> None:
    portal.publish(
        "copy-2024", CITY, **{key: getattr(portal.shown["water-2024"].report, key) for key in TEXT}
    )
    run = crawl()
    assert good(run) == {}
    assert run.documents == {"copy-2024": 1}
    assert (run.books["reports"], run.books["duplicates"]) == (18, 1)
    (record,) = (record for name, record in crawl.stored if name in {"copy-2024", "water-2024"})
    addresses = {portal.url["www"] + portal.path(name) for name in ("copy-2024", "water-2024")}
    assert {record["url"], *record["also_at"]} == addresses
    quiet(crawl())


# --- columns


def test_column_appears_on_the_home_page(portal: ShiftingPortal, crawl: Crawler) -> None:
    towns = "/zfxxgk/xznb/"
    portal.columns[towns] = "乡镇（街道）政府信息公开年报"
    portal.entrances = [(towns, "乡镇（街道）政府信息公开年报")]
    portal.publish("town-2024", towns)
    run = crawl()
    assert good(run) == {"new": {"town-2024"}}
    assert run.documents == {"town-2024": 1}
    quiet(crawl())


def test_column_behind_a_hub_is_found_with_the_next_full_pass(portal: ShiftingPortal, crawl: Crawler) -> None:
    towns = "/zfxxgk/xznb/"
    portal.columns[towns] = "乡镇（街道）政府信息公开年报"
    portal.publish("town-2024", towns)
    assert good(crawl()) == {}
    assert good(crawl(clock=NOON + 31 * DAY)) == {"new": {"town-2024"}}
    quiet(crawl(clock=NOON + 32 * DAY))


def test_column_is_renamed(portal: ShiftingPortal, crawl: Crawler) -> None:
    portal.columns[BODIES] = "政府部门信息公开年度报告"
    assert good(crawl(*FULL)) == {}
    quiet(crawl())


def test_column_moves(portal: ShiftingPortal, crawl: Crawler, first: Path) -> None:
    old = portal.lists()
    moved = [name for name, shown in portal.shown.items() if shown.column == BODIES]
    for name in moved:
        portal.move(name, portal.path(name).replace("/bmnb/", "/bm/"))
        portal.shown[name].column = "/zfxxgk/bm/"
    portal.columns = {CITY: portal.columns[CITY], "/zfxxgk/bm/": "部门信息公开年报"}
    run = crawl()
    assert run.told == {} or run.told == {"moved": set(moved)}
    if not run.told:
        assert bad(run, crawl, first, *run.outcome) == {}
        assert crawl(*FULL).told == {"moved": set(moved)}
    assert old
    whole(crawl)


# --- servers


def test_robots_txt_forbids_everything_of_a_sudden(
    portal: ShiftingPortal, crawl: Crawler, first: Path
) -> None:
    portal.robots = "User-agent: *\nDisallow: /\n"
    run = crawl()
    assert bad(run, crawl, first, "blocked", "robots") == {}
    assert run.others == {"/robots.txt": 1}
    portal.robots = ""
    recovered(crawl)


def test_home_page_answers_500(portal: ShiftingPortal, crawl: Crawler) -> None:
    portal.answers["/"] = BROKEN
    run = crawl()
    assert run.told == {}
    assert "door_failed" in run.issues
    assert set(run.others) == {"/robots.txt", "/"} | portal.lists()  # they are known
    portal.answers.clear()
    quiet(crawl())


def test_server_tells_the_truth_about_age(portal: ShiftingPortal, crawl: Crawler) -> None:
    portal.validators = "right"
    assert good(crawl(*FULL)) == {}
    portal.shown["water-2024"].row = "迁安市水务局2024年度政府信息公开工作年度报告"
    run = crawl()
    assert good(run) == {}
    assert [(one.path, one.status) for one in run.asked if one.conditional] == [
        (portal.path("water-2024"), 304)
    ]
    quiet(crawl())


def test_server_lies_about_age(portal: ShiftingPortal, crawl: Crawler) -> None:
    portal.validators = "stale"
    assert good(crawl(*FULL)) == {}
    portal.correct("water-2024")
    portal.edit("water-2024", published="2025-03-03")
    assert good(crawl()) == {}  # 304, although it is another text now
    run = crawl(*FULL)
    assert good(run) == {"changed": {"water-2024"}}
    assert not any(one.conditional for one in run.asked)
    quiet(crawl())


def test_server_answers_304_to_whom_it_told_nothing(
    portal: ShiftingPortal, crawl: Crawler, first: Path
) -> None:
    portal.publish("water-2025")
    portal.answers |= dict.fromkeys([portal.path("water-2025"), portal.path("audit-2023")], Answer("", 304))
    run = crawl(*FULL)
    assert bad(run, crawl, first, "partial", "bad_status") == {}
    portal.answers.clear()
    assert good(crawl()) == {"new": {"water-2025"}}
    quiet(crawl())


# --- the machine that crawls


def test_ctrl_c(portal: ShiftingPortal, anew: Crawler) -> None:
    portal.pause = 0.2
    run = anew.killed(14, signal.SIGINT, CONCURRENT_REQUESTS_PER_DOMAIN="1", DOWNLOAD_DELAY="0.05")
    assert run.code == 130
    assert run.outcome == ("partial", "interrupted")
    told = run.told.get("new", set())
    assert 0 < len(told) < len(portal.shown)
    assert anew.latest == ""
    portal.pause = 0.0
    run = anew()
    assert good(run) == {"new": set(portal.shown) - told}
    assert set(run.documents) == set(portal.shown) - told
    quiet(anew())


def test_two_runs_at_once(portal: ShiftingPortal, crawl: Crawler) -> None:
    portal.publish("water-2025")
    portal.pause = 4.0
    running = crawl.begin()
    portal.wait(lambda: any(one.path == portal.path("water-2025") for one in portal.log[running.first :]))
    before = len(portal.log)
    second = crawl()
    assert second.code == 2
    assert str(running.process.pid) in second.words
    assert "Traceback" not in second.words
    assert len(portal.log) == before
    assert crawl.end(running).code == 0
    portal.pause = 0.0
    quiet(crawl())


def test_clock_is_set_back(portal: ShiftingPortal, crawl: Crawler) -> None:
    quiet(crawl(clock=NOON + 5 * DAY))
    portal.publish("water-2025")
    run = crawl(clock=NOON - 400 * DAY)
    assert good(run) == {"new": {"water-2025"}}
    whole(crawl, "water-2025")
    assert crawl.latest.count("\n") == len(portal.shown)
    assert (
        good(crawl(clock=NOON + 6 * DAY)) == {}
    )  # all is looked at: the last full pass seems to be long ago
    quiet(crawl(clock=NOON + 7 * DAY))


@pytest.mark.parametrize("room", [1 << 10, 100 << 10])
def test_disk_is_full(portal: ShiftingPortal, anew: Crawler, room: int) -> None:
    running = anew.begin()
    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (room, room))
    run = anew.end(running)
    assert run.code not in {0, -signal.SIGXFSZ}
    assert run.words.strip()
    assert anew.latest == ""
    assert good(anew()) == {"new": set(portal.shown)}
    quiet(anew())


def test_store_of_a_newer_program_is_left_alone(crawl: Crawler, first: Path) -> None:
    with closing(sqlite3.connect(crawl.data / "store.db")) as store:
        store.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")  # noqa: S608 - our own name
        store.commit()
    before = len(crawl.portal.log)
    run = crawl()
    assert run.code == 2, run.words
    assert "Traceback" not in run.words
    assert len(crawl.portal.log) == before
    assert crawl.latest == Crawler(crawl.portal, first).latest


def test_store_is_damaged(crawl: Crawler, first: Path) -> None:
    for log in crawl.data.glob("store.db-*"):
        log.unlink()
    (crawl.data / "store.db").write_bytes(b"no database at all" * 1000)
    run = crawl()
    assert run.code == 2, run.words
    assert "Traceback" not in run.words
    assert (crawl.data / "store.db").read_bytes().startswith(b"no database")
    assert crawl.latest == Crawler(crawl.portal, first).latest


def test_store_is_lost(portal: ShiftingPortal, crawl: Crawler) -> None:
    for file in crawl.data.glob("store.db*"):
        file.unlink()
    assert good(crawl()) == {"new": set(portal.shown)}
    quiet(crawl())


def test_archive_is_lost(portal: ShiftingPortal, crawl: Crawler) -> None:
    shutil.rmtree(crawl.data / "archive")
    portal.publish("water-2025")
    run = crawl()
    assert good(run) == {"new": {"water-2025"}}
    assert run.others[HUB] == 1
    quiet(crawl())


def test_tail_of_the_archive_is_torn(portal: ShiftingPortal, crawl: Crawler) -> None:
    *_, last = sorted((crawl.data / "archive").rglob("*.warc.gz"))
    os.truncate(last, last.stat().st_size - 7)
    portal.publish("water-2025")
    run = crawl()
    assert good(run) == {"new": {"water-2025"}}
    assert good(crawl()) == {}


def test_replay_tells_nothing_where_the_program_is_the_same(portal: ShiftingPortal, crawl: Crawler) -> None:
    before = len(portal.log)
    run = crawl("-a", "mode=replay")
    assert run.code == 0, run.words
    assert run.told == {}
    assert len(portal.log) == before
    quiet(crawl())


def test_portal_on_which_everything_happens_at_once(portal: ShiftingPortal, crawl: Crawler) -> None:
    portal.publish("water-2025")
    portal.withdraw("audit-2023")
    portal.move("school-2024", f"{BODIES}202502/t20250214_778.html")
    portal.edit("health-2024", cells={"proactive.penalties.decisions": 4}, published="2025-04-01")
    assert cells_of(portal.shown["health-2024"].report)
    told = good(crawl())
    assert told == {
        "new": {"water-2025"},
        "missing": {"audit-2023"},
        "moved": {"school-2024"},
        "changed": {"health-2024"},
    }
    assert good(crawl()) == {"gone": {"audit-2023"}}
    quiet(crawl())


def test_folder_of_the_run_is_taken_away(portal: ShiftingPortal, crawl: Crawler) -> None:
    portal.publish("water-2025")
    known = set((crawl.data / "runs").iterdir())

    def take_away(_: int) -> None:
        for folder in set((crawl.data / "runs").iterdir()) - known:
            if folder.is_dir():
                shutil.rmtree(folder)
                folder.touch()

    portal.on_request = take_away
    run = crawl()
    portal.on_request = None
    assert run.code == 1, run.words
    (file,) = set((crawl.data / "runs").iterdir()) - known
    file.unlink()
    assert good(crawl(clock=NOON + 2 * DAY)).keys() <= {"new"}
    whole(crawl, "water-2025")


def test_folders_of_earlier_runs_were_deleted(crawl: Crawler) -> None:
    shutil.rmtree(crawl.data / "runs")
    quiet(crawl(clock=NOON))
