"""What differs between two records of one report."""

from __future__ import annotations

from pipelines.record import Attachment, CellNote, Metadata, Quality, Section
from pipelines.revisions import Cell, Field, Passage, changed_lines, compare, narrowed
from tests.told_store import record


def test_equal_records_do_not_differ() -> None:
    assert not compare(record(), record())


def test_cells_differ_by_number_and_by_why_there_is_none() -> None:
    note = CellNote(raw="3 3", status="garbled")
    old = record(cells={"a": 1, "b": 2, "c": None, "gone": 5}, cell_notes={"c": note})
    new = record(
        cells={"a": 1, "b": None, "c": None, "new": 0},
        cell_notes={"b": CellNote(raw=" ", status="blank"), "c": CellNote(raw="3 4", status="garbled")},
    )
    assert compare(old, new).cells == (
        Cell("b", 2, None, None, "blank"),
        Cell("c", None, None, "3 3", "3 4"),
        Cell("new", None, 0, None, None),
        Cell("gone", 5, None, None, None),
    )


def test_head_labels_and_files() -> None:
    old = record(attachments=[Attachment(url="u1", name="一"), Attachment(url="u2", name="二")])
    new = record(
        title="新标题",
        quality=Quality(extraction="complete"),
        metadata=Metadata(published="2026-01-13", raw={"发布日期": "2026-01-13"}),
        attachments=[Attachment(url="u2", name="二改"), Attachment(url="u3")],
    )
    found = compare(old, new)
    assert [(field.name, field.new) for field in found.fields] == [
        ("title", "新标题"),
        ("extraction", "complete"),
    ]
    assert found.metadata == (Field("published", None, "2026-01-13"),)
    assert found.attachments == (Field("u2", "二", "二改"), Field("u3", None, "u3"), Field("u1", "一", None))


def test_sections_are_matched_by_number() -> None:
    first, second = Section(number=1, title="总体情况", text="甲"), Section(number=2, title="公开", text="乙")
    loose = Section(title="附", text="丙")
    renamed = Section(number=2, title="主动公开", text="乙")
    found = compare(record(sections=[first, second, loose]), record(sections=[first, renamed]))
    assert found.passages == (
        Passage("主动公开", "公开", "主动公开", ()),
        Passage("附", "附", None, (("-", "丙"),)),
    )
    twice = [Section(title="附", text="甲"), Section(title="附", text="乙")]
    assert not compare(record(sections=twice), record(sections=twice))


def test_only_what_differs_within_a_paragraph_is_shown() -> None:
    same = "今年以来我局认真贯彻落实条例规定，"
    lines = list(changed_lines(f"首段\n{same}公开12件。{same}", f"首段\n{same}公开15件。{same}\n末段"))
    assert lines == [
        ("-", f"{same}公开12件。{same}"),
        ("+", f"{same}公开15件。{same}"),
        ("+", "末段"),
    ]
    assert list(changed_lines(f"{same}公开12件。{same}", f"{same}公开15件。{same}")) == [
        ("-", "…贯彻落实条例规定，公开12件。今年以来我局认真贯彻…"),
        ("+", "…贯彻落实条例规定，公开15件。今年以来我局认真贯彻…"),
    ]
    assert list(changed_lines(" 一 \n\n二", "一\n二  ")) == []


def test_narrowing_keeps_repeats_apart() -> None:
    assert narrowed("aa", "aaa") == ("aa", "aaa")
    assert narrowed("", "x") == ("", "x")


def test_endless_texts_are_compared_as_a_whole() -> None:
    old = "\n".join(map(str, range(5_000)))
    lines = list(changed_lines(old, old + "\nx"))
    assert [sign for sign, _ in lines] == ["-", "+"]
    assert max(len(line) for _, line in lines) < 50
