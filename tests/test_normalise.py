"""Text normalisation: what is dropped, what stays, and the core of printed labels."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.normalise import fold, label_core, squeeze
from pipelines.statutory.templates import tables


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("２０２６年（（", "2026年(("),
        ("\u3000\u00a0总 计\u2003", "总 计"),
        ("总\u200b\u00ad\ufeff\x07\u2060计", "总计"),
        ("\u22128", "-8"),
        ("\uff0d8", "-8"),
        ("–—", "–—"),
        ("⾏政许可", "行政许可"),
        ("意⻅⻚⻔", "意见页门"),
        ("①规章②", "规章"),
        ("12²", "12"),
        ("⑴㈠", "(1)(一)"),
        ("〇○", "〇○"),
        ("一\r\n二\u2028三\r四", "一\n二\n三\n四"),
        ("一\t二", "一 二"),
        ("plain text ", "plain text"),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("label", "core"),
    [
        ("一、本年新收政府信息公开申请数量", "本年新收政府信息公开申请数量"),
        ("三、（一）予以公开", "予以公开"),
        ("（二）部分公开（区分处理的，只计这一情形，不计其他情形）", "部分公开"),
        ("（二）部分公开（区分处理的，只计", "部分公开"),
        ("部分公开区分处理的）", "部分公开区分处理的"),
        ("3.其他", "其他"),
        ("３．其他：", "其他"),
        ("3、其 他*", "其他"),
        ("③其他", "其他"),
        ("⒊其他", "其他"),
        ("3）其他", "其他"),
        ("(七)总计", "总计"),
        ("㈦总计", "总计"),
        ("（七）\n总　计", "总计"),
        ("3.危及“三安全一稳定”", "危及“三安全一稳定”"),
        ("三安全一稳定", "三安全一稳定"),
        ("十二项", "十二项"),
        ("规章（设区的市（州）以上填写）", "规章"),
        ("【注】规章", "规章"),
        ("本年增/减（减用负值，如-8）", "本年增/减"),
        ("本年增/", "本年增"),
        ("第二十条第（一）项", "第二十条第一项"),
        ("1.5倍", "1.5倍"),
        ("（没有右括号", "没有右括号"),
        ("（整句都是说明）", ""),
        ("（三）", ""),
        ("", ""),
    ],
)
def test_label_core(label: str, core: str) -> None:
    assert label_core(label) == core


def test_every_printed_label_of_the_tables_is_found_by_its_own_pattern() -> None:
    parts = [part for table in tables().values() for part in (*table.rows.values(), *table.columns.values())]
    assert [part.label for part in parts if not part.match.search(label_core(part.label))] == []


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_normal_forms_are_stable(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert squeeze(text) == squeeze(fold(text))
    assert not any(character.isspace() for character in squeeze(text))
    assert not any(unicodedata.category(character) == "Cc" and character != "\n" for character in fold(text))


@pytest.mark.parametrize("text", ["（" * 10**6, "一、" * 10**5, "1." * 10**5, " " * 10**6, "（）" * 10**5])
def test_hostile_labels_cost_little(text: str) -> None:
    started = time.perf_counter()
    assert len(label_core(text)) <= 512
    assert time.perf_counter() - started < 0.25
