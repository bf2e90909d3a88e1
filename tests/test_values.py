"""Cell values: every line of docs/cell-values.md, and what no list of examples can show."""

from __future__ import annotations

import re
import time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.statutory.values import Value, parse_value

_DOC = Path(__file__).parents[1] / "docs" / "cell-values.md"
_COLUMNS = {
    "count": ("count", None),
    "signed": ("signed", None),
    "万元": ("decimal", "万元"),
    "amount": ("decimal", None),
}
_FULL_WIDTH = str.maketrans("0123456789,.-", "０１２３４５６７８９，．－")
few = settings(max_examples=60, deadline=None)


def _documented() -> list[tuple[str, str, str, str, str]]:
    examples = []
    for line in _DOC.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("| `"):
            continue
        for printed in re.findall(r"`([^`]+)`", cells[0]):
            raw = printed.replace("⏎", "\n").replace("␣", "\u00a0")
            examples.append((raw, *cells[1:5]))
    return examples


def count(raw: str) -> Value:
    return parse_value(raw, "count", None)


def test_the_document_has_its_examples() -> None:
    assert len(_documented()) > 150


@pytest.mark.parametrize(("raw", "column", "value", "status", "flags"), _documented())
def test_documented_example(raw: str, column: str, value: str, status: str, flags: str) -> None:
    kind, unit = _COLUMNS[column]
    read = parse_value(raw, kind, unit)  # type: ignore[arg-type]
    assert read.raw == raw
    assert read.value == (None if value == "null" else float(value))
    assert read.status == status
    assert set(flags.split(", ")) - {""} == set(read.flags)


@pytest.mark.parametrize(
    ("raw", "kind", "unit", "printed_unit"),
    [
        ("14.15万元", "decimal", "万元", "万元"),
        ("141500元", "decimal", "万元", "元"),
        ("251000元", "decimal", None, "元"),
        ("¥251000", "decimal", None, "元"),
        ("1.2亿元", "decimal", None, "亿元"),
        ("12件", "count", None, "件"),
        ("12 人次", "count", None, "人次"),
        ("12", "count", None, None),
    ],
)
def test_the_printed_unit_is_kept(raw: str, kind: str, unit: str | None, printed_unit: str | None) -> None:
    assert parse_value(raw, kind, unit).unit == printed_unit  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raw", "candidates"),
    [
        ("1\n2", (12,)),
        ("12 3", (123,)),
        ("1\n,234", (1234,)),
        ("0\n1", ()),
        ("1O", (10,)),
        ("I2", (12,)),
        ("一", (1, None)),
        ("—0", (0,)),
        ("约100", ()),
        ("012", ()),
    ],
)
def test_candidates_are_offered_only_where_they_fit(raw: str, candidates: tuple[int | None, ...]) -> None:
    read = count(raw)
    assert (read.value, read.candidates) == (None, candidates)


def test_a_currency_sign_leaves_the_unit_open() -> None:
    assert parse_value("¥14.15", "decimal", "万元").candidates == (14.15, 0.001415)


def test_integers_stay_integers_and_flags_keep_their_order() -> None:
    assert type(parse_value("14.00万元", "decimal", "万元").value) is int
    assert type(count("12.0").value) is int
    assert parse_value("减少二项（见注）", "signed", None).flags == (
        "sign_word",
        "unit_suffix",
        "cjk_numeral",
        "annotated",
    )


def test_equal_cells_share_one_frozen_value() -> None:
    assert count("37") is count("37")
    with pytest.raises(AttributeError):
        count("37").value = 38  # type: ignore[misc]


def test_a_hidden_override_of_direction_is_not_read() -> None:
    assert count("\u202e21").status == "garbled"  # shown as 12
    assert count("1\u200b2").value == 12


def test_a_tab_never_groups_digits() -> None:
    assert count("1\t234").value is None


def _printed_forms(number: int) -> list[str]:
    grouped = f"{number:,}"
    return [
        str(number),
        str(number).translate(_FULL_WIDTH),
        f"\u3000{number}\u00a0",
        f"\n{number}\n",
        f"{number}.00",
        grouped,
        grouped.translate(_FULL_WIDTH),
        grouped.replace(",", " "),
        f"{number}件",
        f"{number} 件。",
        f"{number}（另有说明）",
        f"{number}*",
    ]


@given(st.integers(0, 10**12))
@few
def test_every_printed_form_gives_the_number(number: int) -> None:
    assert [count(raw).value for raw in _printed_forms(number)] == [number] * 12


@given(st.integers(-(10**9), 10**9))
@few
def test_signs_in_every_form(number: int) -> None:
    word = "减少" if number < 0 else "增加"
    forms = [f"{number:+d}", f"{number:+d}".translate(_FULL_WIDTH), f"{word}{abs(number)}项"]
    assert [parse_value(raw, "signed").value for raw in forms] == [number] * 3


@given(st.decimals(0, 10**8, places=2, allow_nan=False, allow_infinity=False))
@few
def test_money_is_converted_exactly(yuan: Decimal) -> None:
    for printed, unit in ((yuan, "元"), (yuan / 10_000, "万元"), (yuan / 10**8, "亿元")):
        read = parse_value(f"{printed:f}{unit}", "decimal", "万元")
        assert Decimal(repr(read.value)) == yuan / 10_000


def _chinese(number: int) -> str:
    """Independent speller: figure by figure, then the zeros folded."""
    digits = f"{number:04}"
    text = "".join(
        "零一二三四五六七八九"[int(d)] + (u if d != "0" else "")
        for d, u in zip(digits, "千百十 ", strict=True)
    )
    return re.sub("零+", "零", text.replace(" ", "")).strip("零") or "零"


@given(st.integers(2, 9999))
@few
def test_chinese_numerals_round_trip(number: int) -> None:
    assert count(_chinese(number)).value == number
    assert count(f"{_chinese(number)}件").value == number


@given(
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.sampled_from(["\n", "/", "、", "；", "-", "\t", " / ", "件"]),
)
@few
def test_two_numbers_are_never_one(first: int, second: int, between: str) -> None:
    assert count(f"{first}{between}{second}").value is None


@given(
    st.text(
        st.sampled_from("0123456789,.-+ \n零一二十百约余减增元万亿件（）()*①/无Ol¥&;\u3000\u200b"),
        max_size=12,
    )
)
@settings(max_examples=300, deadline=None)
def test_a_value_always_comes_from_the_digits_printed(raw: str) -> None:
    for kind, unit in _COLUMNS.values():
        read = parse_value(raw, kind, unit)  # type: ignore[arg-type]
        assert read.raw == raw
        assert (read.value is None) == (read.status != "number")
        if read.value is not None:
            assert re.search("[0-9零一二十百]", raw)
        if kind == "count" and read.value is not None and not re.search("[零一二十百.]", raw):
            head = re.split(r"[（(①]", raw.strip(), maxsplit=1)[0]
            assert str(abs(int(read.value))) == "".join(re.findall("[0-9]", head))


@given(st.text(max_size=40))
@few
def test_no_text_is_too_odd(raw: str) -> None:
    read = parse_value(raw, "decimal", "万元")
    assert isinstance(read, Value)
    assert read.raw == raw


@pytest.mark.parametrize(
    "raw",
    [
        "9" * 5000,
        "1," * 120,
        "（" * 256,
        "一" * 256,
        "1 " * 128,
        "*1" * 128,
        "\n" * 100_000 + "x",
        "a" * 10**6,
    ],
)
def test_hostile_cells_cost_little(raw: str) -> None:
    started = time.perf_counter()
    read = count(raw)
    assert read.value is None
    assert time.perf_counter() - started < 0.25
