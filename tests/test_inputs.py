from __future__ import annotations

import json
import os
import re
import sys
from importlib.resources import files
from pathlib import Path
from string import Formatter

import pytest

from crawler.arguments import plan
from crawler.dumps import Dump
from crawler.inputs import Input, Problem, UnusableArgumentError, max_bytes, read_document
from crawler.messages import LANGUAGES, _data, reason, say

ROWS = [
    ["标题", "时间", "内容", "访问地址", "栏目"],
    ["甲局年报", "2026-01-05", "正文一", "https://a.example/1", "年报"],
]


def csv_text(rows=ROWS, delimiter=","):
    return "".join(delimiter.join(row) + "\r\n" for row in rows)


def names(made) -> list[str]:
    return [item.name for item in made.inputs()]


def documents(made):
    return [item.document for item in made.inputs()]


def usage_error(*arguments: object, named=None, **options) -> Problem:
    with pytest.raises(UnusableArgumentError) as caught:
        plan([str(argument) for argument in arguments], named or {}, **options)
    return caught.value.problem


# --- files and folders


def test_folders_are_walked_in_order_without_hidden_files_and_loops(tmp_path):
    for name in ("b.html", "a.html", "sub/c.txt", ".hidden.html", ".git/x.html"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path, target_is_directory=True)
    made = plan([str(tmp_path)], {})
    assert names(made) == [f"{tmp_path}/a.html", f"{tmp_path}/b.html", f"{tmp_path}/sub/c.txt"]
    assert made.total == 3


def test_a_file_met_twice_is_read_once(tmp_path):
    (tmp_path / "a.html").write_text("x")
    (tmp_path / "b.html").symlink_to(tmp_path / "a.html")
    assert names(plan([str(tmp_path / "a.html"), str(tmp_path)], {})) == [f"{tmp_path}/a.html"]


def test_patterns_are_expanded_sorted_and_brackets_in_a_name_are_a_name(tmp_path):
    for name in ("b.html", "a.html", "[1].txt"):
        (tmp_path / name).write_text("x")
    assert names(plan([f"{tmp_path}/*.html", f"{tmp_path}/[1].txt"], {})) == [
        f"{tmp_path}/{name}" for name in ("a.html", "b.html", "[1].txt")
    ]


def test_the_output_file_is_left_out_of_its_folder_and_refused_by_name(tmp_path):
    (tmp_path / "a.html").write_text("x")
    (tmp_path / "out.jsonl").write_text("{}")
    assert names(plan([str(tmp_path)], {}, target=tmp_path / "out.jsonl")) == [f"{tmp_path}/a.html"]
    assert usage_error(tmp_path / "a.html", target=tmp_path / "a.html").code == "target_is_input"


def test_unusable_arguments_are_said_at_once(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.html").write_text("x")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    assert usage_error(tmp_path / "none.html").code == "missing_file"
    assert usage_error(tmp_path / "dangling").code == "missing_file"
    assert usage_error(tmp_path / "*.pdf").code == "no_match"
    assert usage_error(tmp_path / "empty").code == "nothing_to_read"
    assert usage_error(tmp_path / "a.html", named={"text": "内容"}).code == "columns_without_dump"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"%PDF-1.7\n", "attachment_not_supported"),
        (b"PK\x03\x04rest", "attachment_not_supported"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "attachment_not_supported"),
        (b"\x89PNG\r\n\x1a\n", "attachment_not_supported"),
        (b"\xff\xd8\xff\xe0", "attachment_not_supported"),
        (b'{"schema_version": "1.0"}', "json_document"),
        (b'\xef\xbb\xbf[\n {"title": "x"}]', "json_document"),
        (b" \r\n\t", "empty"),
        (b"", "empty"),
    ],
)
def test_what_can_not_be_read_yet_is_named_by_its_first_bytes(tmp_path, body, code):
    path = tmp_path / "report.html"
    path.write_bytes(body)
    found = read_document(Input("report.html", path=path))
    assert isinstance(found, Problem)
    assert found.code == code


@pytest.mark.parametrize(
    "body", ["BM 是两个字母", "[打印]", "{正文}", "<html>", "\ufeff索引号", "RIFF 也可以是文字"]
)
def test_text_is_not_taken_for_a_format(tmp_path, body):
    path = tmp_path / "report.txt"
    path.write_text(body, "utf-8")
    document = read_document(Input("x", path=path))
    assert not isinstance(document, Problem)
    assert document.body == body.encode()
    assert document.url == path.as_uri()


def test_a_huge_file_is_refused_unread(tmp_path):
    path = tmp_path / "huge.html"
    with path.open("wb") as file:
        file.truncate(max_bytes() + 1)
    found = read_document(Input("huge", path=path))
    assert isinstance(found, Problem)
    assert found.code == "too_large"


def test_a_file_that_vanished_or_is_no_file_is_a_problem(tmp_path):
    vanished = read_document(Input("x", path=tmp_path / "gone"))
    folder = read_document(Input("x", path=tmp_path))
    assert isinstance(vanished, Problem)
    assert isinstance(folder, Problem)
    assert (vanished.code, folder.code) == ("missing_file", "not_a_file")


# --- dumps


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_csv_is_read_whatever_its_encoding_and_delimiter(tmp_path, encoding, delimiter):
    path = tmp_path / "dump.csv"
    path.write_bytes(csv_text(delimiter=delimiter).encode(encoding))
    made = plan([str(path)], {})
    (document,) = documents(made)
    assert (document.text, document.title, document.published) == ("正文一", "甲局年报", "2026-01-05")
    assert (document.url, document.metadata) == ("https://a.example/1", {"栏目": "年报"})
    assert names(made) == [f"{path}#1"]
    assert made.dumps[0].guessed == ("text", "title", "url", "date")
    assert made.total is None


def test_named_columns_win_and_are_no_guess(tmp_path):
    path = tmp_path / "dump.csv"
    path.write_text(csv_text(), "utf-8")
    made = plan([str(path)], {"text": "栏目", "title": "内容"})
    (document,) = documents(made)
    assert (document.text, document.title) == ("年报", "正文一")
    assert made.dumps[0].guessed == ("url", "date")
    assert document.metadata == {"标题": "甲局年报"}


def test_without_an_address_a_row_has_that_of_its_place(tmp_path):
    path = tmp_path / "dump.csv"
    path.write_text("内容,网址\n正文,\n正文,内网\n", "utf-8")
    first, second = documents(plan([str(path)], {}))
    assert (first.url, first.metadata) == (f"{path.as_uri()}#row=1", {})
    assert (second.url, second.metadata) == (f"{path.as_uri()}#row=2", {"网址": "内网"})


@pytest.mark.parametrize("role", ["text", "title", "url", "date"])
def test_an_unknown_column_is_said_with_the_columns_that_exist(tmp_path, role):
    path = tmp_path / "dump.csv"
    path.write_text(csv_text(), "utf-8")
    problem = usage_error(path, named={role: "全文内容"})
    assert problem.code == "unknown_column"
    assert problem.details["option"] == f"--{role}-column"
    assert problem.details["columns"] == "标题, 时间, 内容, 访问地址, 栏目"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("甲,乙\n1,2\n", "no_text_column"),
        ("正文,内容\n1,2\n", "no_text_column"),
        ("内容,内容\n1,2\n", None),
        ("", "no_header"),
        ("\n\n", "no_header"),
        ('"内容\n', "no_header"),
    ],
)
def test_the_text_column_is_guessed_only_when_nothing_else_can_be_it(tmp_path, text, code):
    path = tmp_path / "dump.csv"
    path.write_text(text, "utf-8")
    if code is None:
        assert documents(plan([str(path)], {}))[0].text == "1"
    else:
        assert usage_error(path).code == code


def test_two_columns_for_one_role_leave_it_open(tmp_path):
    path = tmp_path / "dump.csv"
    path.write_text("内容,时间,日期\n正文,2026-01-01,2026-02-02\n", "utf-8")
    (document,) = documents(plan([str(path)], {}))
    assert document.published is None
    assert document.metadata == {"时间": "2026-01-01", "日期": "2026-02-02"}


def test_a_broken_row_is_a_problem_of_its_own(tmp_path):
    path = tmp_path / "dump.csv"
    path.write_text('标题,内容\n一,"甲\n乙"\n二,甲,乙\n三\n\n四,丁\n五,"x"y\n六,戊\n', "utf-8")
    items = list(plan([str(path)], {}).inputs())
    assert [item.document.text if item.document else item.problem.code for item in items if item] == [
        "甲\n乙", "row_shape", "row_shape", "丁", "csv_broken",
    ]  # fmt: skip


def test_bytes_that_no_encoding_reads_are_refused(tmp_path):
    path = tmp_path / "dump.csv"
    path.write_bytes("内容\n".encode() + b"\xff\xff\xff\n")
    assert usage_error(path).code == "unknown_encoding"


def test_an_unusable_dump_inside_a_folder_stops_nobody(tmp_path):
    (tmp_path / "a.csv").write_text("甲,乙\n1,2\n", "utf-8")
    (tmp_path / "b.html").write_text("x")
    first, second = plan([str(tmp_path)], {}).inputs()
    assert first.problem is not None
    assert first.problem.code == "no_text_column"
    assert second.path == tmp_path / "b.html"


def jsonl(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), "utf-8")
    return path


def test_jsonl_is_read_by_keys(tmp_path):
    records = [
        {"content": "正文", "title": "甲", "id": 7, "tags": ["x"], "none": None},
        {"title": "没有正文"},
        {"content": "乙\ud800", "url": "https://a.example/2"},
        ["不是对象"],
    ]
    path = tmp_path / "dump.jsonl"
    path.write_text("\n".join(json.dumps(record) for record in records) + "\n{坏\n\n", "utf-8")
    items = list(plan([str(path)], {}).inputs())
    assert [item.problem.code if item.problem else "" for item in items] == [
        "",
        "no_text",
        "",
        "bad_json",
        "bad_json",
    ]
    assert items[0].document is not None
    assert items[0].document.metadata == {"id": "7"}
    assert items[2].document is not None
    assert (items[2].document.text, items[2].document.url) == ("乙\ufffd", "https://a.example/2")


def test_our_own_output_is_no_input(tmp_path):
    path = jsonl(
        tmp_path / "out.jsonl", {"schema_version": "1.0", "cells": {}, "cell_notes": {}, "title": "x"}
    )
    assert usage_error(path).code == "own_output"


def test_what_is_no_jsonl_is_said(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text("[1, 2]\n")
    assert usage_error(path).code == "no_json"


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes")
def test_a_pipe_is_a_document_or_a_dump():
    made = []
    for body, named in (
        (b"<html>x", {}),
        (csv_text().encode("gb18030"), {"text": "内容"}),
        (b'{"text": "x"}', {}),
    ):
        reader, writer = os.pipe()
        os.write(writer, body)
        os.close(writer)
        made.append(plan([f"/dev/fd/{reader}"], named))
        os.close(reader)
    page, table, lines = made
    assert documents(page)[0].body == b"<html>x"
    assert documents(table)[0].text == "正文一"
    assert documents(lines)[0].text == "x"
    assert isinstance(lines.entries[0], Dump)


# --- sentences


def test_every_sentence_stands_in_both_languages_with_the_same_gaps():
    for key, sentences in _data()["say"].items():
        gaps = [{field for _, field, _, _ in Formatter().parse(sentences[one]) if field} for one in LANGUAGES]
        assert gaps[0] == gaps[1], key
        assert all(sentences[one].strip() or not gaps[0] for one in LANGUAGES), key


OWN_SENTENCES = ("crawler.wording", "crawler.stored", '"history"', "def say(key: str, language")


def test_every_sentence_that_the_code_asks_for_exists():
    # What speaks out of runs.toml has a test of its own (test_runs.py).
    sources = (path.read_text("utf-8") for path in Path(str(files("crawler"))).rglob("*.py"))
    code = "".join(
        text
        for text in sources
        if "from crawler.messages import" in text and not any(other in text for other in OWN_SENTENCES)
    )
    asked = set(re.findall(r'(?:\bsay|Problem|UnusableArgumentError)\(\s*"([a-z_]+)"', code))
    assert len(asked) > 40
    assert asked <= set(_data()["say"])


def test_reasons_have_words():
    assert reason("cells_absent:3", "zh") == "3 个单元格缺失"
    assert reason("disputes:table_not_found", "zh") == "复议诉讼表未找到"
    assert reason("never_heard_of", "zh") == "never_heard_of"
    assert say("stop", "en") == "."
