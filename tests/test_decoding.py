"""Decoding: valid bytes win, declarations only settle what validity leaves open."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.decoding import decode

REAL = Path(__file__).parents[1].parent / "shared" / "real"
PROSE = "二〇二五年，我局主动公开信息三十六条，未收到申请。"
PAGE = f"<html><head><title>{PROSE}</title></head><body><p>{PROSE * 40}</p></body></html>"
TRADITIONAL = "政府信息公開工作年度報告：本年度沒有收到申請，公開的文件有三件。"


@pytest.mark.parametrize("text", [PAGE, PROSE, "公开", "联通", "部门规章", "目录", "一目", "0件，無"])
@pytest.mark.parametrize(
    ("codec", "encoding"),
    [("utf-8", "utf-8"), ("gbk", "gb18030"), ("gb18030", "gb18030"), ("utf-8-sig", "utf-8")],
)
@pytest.mark.parametrize("header", [None, "text/html", "text/html; charset=ISO-8859-1"])
def test_undeclared(text: str, codec: str, encoding: str, header: str | None) -> None:
    got = decode(text.encode(codec), header)
    assert (got.text, got.encoding, got.replaced, got.disagreement) == (text, encoding, 0, ())


@pytest.mark.parametrize(
    ("codec", "header", "meta", "encoding", "lies"),
    [
        ("gbk", "text/html; charset=utf-8", "utf-8", "gb18030", ("header: utf-8", "page: utf-8")),
        ("gbk", "text/html;charset=GB2312", "gb2312", "gb18030", ()),
        ("utf-8", "text/html; charset=GBK", "utf-8", "utf-8", ("header: GBK",)),
        ("utf-8", 'text/html; charset="UTF-8"', "gb2312", "utf-8", ("page: gb2312",)),
        ("utf-8", None, "utf8", "utf-8", ()),
        ("utf-16", None, "gb2312", "utf-16-le", ("page: gb2312",)),
        ("utf-16", None, "utf-16", "utf-16-le", ()),
    ],
)
def test_lying_declarations(
    codec: str, header: str | None, meta: str, encoding: str, lies: tuple[str, ...]
) -> None:
    page = PAGE.replace(
        "<title>", f'<meta http-equiv="Content-Type" content="text/html; charset={meta}"><title>'
    )
    got = decode(page.encode(codec), header)
    assert (got.text, got.encoding, got.disagreement) == (page, encoding, lies)


def test_a_declaration_in_a_comment_declares_nothing() -> None:
    assert decode(PAGE.replace("<title>", "<!-- <meta charset=gbk> --><title>").encode()).disagreement == ()


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("bom", ["\ufeff", ""])
def test_utf_16(codec: str, bom: str) -> None:
    got = decode((bom + PAGE).encode(codec), "text/html; charset=utf-8")
    assert (got.text, got.encoding, got.how) == (PAGE, codec, "bom" if bom else "nul_pattern")


def test_utf_16_cut_in_the_middle_of_a_character() -> None:
    got = decode(("\ufeff" + PAGE).encode("utf-16-le")[:-1])
    assert (got.text, got.replaced) == (PAGE[:-1] + "\ufffd", 1)


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda b: b[:-1],
        lambda b: b + b"\xff",
        lambda b: b[:201] + b"\xff\xfe" + b[201:],
        lambda b: b"\xff" + b,
        lambda b: b[:100] + b[101:],
    ],
    ids=["cut tail", "bad end", "bad middle", "bad start", "lost byte"],
)
def test_few_broken_bytes_do_not_flip_the_choice(codec: str, damage) -> None:
    line = f"<p>{PROSE}</p>"
    got = decode(damage(line.encode(codec) * 40))
    assert got.encoding == codec
    assert line * 30 in got.text  # GBK finds its step again at the next tag
    assert got.replaced <= 5


def test_broken_utf_8_that_is_valid_gbk() -> None:
    body = ("公开信息" * 3).encode()
    damaged = body[:1] + body[3:]
    assert damaged.decode("gb18030")  # valid, and gibberish
    got = decode(damaged)
    assert (got.encoding, got.text) == ("utf-8", "\ufffd" + ("公开信息" * 3)[1:])


@pytest.mark.parametrize(
    ("body", "header", "encoding"),
    [
        ("路".encode("gbk"), "text/html; charset=gbk", "gb18030"),  # also U+00B7 in UTF-8
        ("路".encode("gbk"), None, "utf-8"),
        ("目录".encode("gbk"), "text/html; charset=utf-8", "utf-8"),
        ("© 2025 – café".encode(), None, "utf-8"),
        (TRADITIONAL.encode("big5"), "text/html; charset=big5", "big5hkscs"),
        (TRADITIONAL.encode("gbk"), "text/html; charset=big5", "gb18030"),
        (PROSE.encode("gbk"), "text/html; charset=big5", "gb18030"),
        (PROSE.encode(), "text/html; charset=big5", "utf-8"),
        (PROSE.encode("utf-16-le"), "text/html; charset=utf-16", "utf-16-le"),
    ],
)
def test_declaration_as_tie_breaker(body: bytes, header: str | None, encoding: str) -> None:
    assert decode(body, header).encoding == encoding


@pytest.mark.parametrize("body", [b"", b"0", b"<td>12</td>\r\n"])
def test_ascii(body: bytes) -> None:
    got = decode(body, "text/html; charset=gbk")
    assert (got.text, got.encoding, got.how, got.replaced, got.disagreement) == (
        body.decode(),
        "utf-8",
        "ascii",
        0,
        (),
    )


def test_mark_of_utf_8_before_gbk() -> None:
    got = decode(b"\xef\xbb\xbf" + PROSE.encode("gbk"))
    assert (got.text, got.encoding) == (PROSE, "gb18030")


def test_nul_keeps_digits_apart() -> None:
    """A NUL between two digits hides something: the two must not become one number."""
    got = decode("新收1\x002件\x00\x00\x00".encode())
    assert (got.text, got.replaced) == ("新收1\ufffd2件", 1)


def test_replaced_counts_what_was_already_lost() -> None:
    assert decode("公开\ufffd条".encode()).replaced == 1


@settings(max_examples=80, deadline=None)
@given(
    st.binary(max_size=300), st.one_of(st.none(), st.text(max_size=40), st.just("text/html; charset=big5"))
)
def test_any_bytes_become_text(body: bytes, header: str | None) -> None:
    got = decode(body, header)
    assert got.replaced == got.text.count("\ufffd")
    assert "\0" not in got.text
    got.text.encode("utf-8")  # no lone surrogates


@pytest.mark.parametrize("unit", [b"\xff", b"\xd6\xd0\x00", b"\x81\x30", b"\xe4\xb8", b"<!--"])
def test_hostile_bytes_take_linear_time(unit: bytes) -> None:
    body = unit * (4_000_000 // len(unit))
    start = time.perf_counter()
    decode(body, "text/html; charset=" + "x" * 100_000)
    assert time.perf_counter() - start < 3


@pytest.mark.skipif(not REAL.is_dir(), reason="real pages are not part of the repository")
class TestRealPages:
    def test_utf_16_that_declares_gb2312(self) -> None:
        body = (REAL / "portal-pages/templates/clone-utf16-xiangtan_utf16le.html").read_bytes()
        got = decode(body)
        assert (got.encoding, got.how, got.replaced) == ("utf-16-le", "bom", 0)
        assert "发布时间：2024-09-30 09:24" in got.text

    @pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
    @pytest.mark.parametrize(
        "name", [f"{p.parent.name}/{p.name}" for p in sorted(REAL.glob("*/*.html"))] if REAL.is_dir() else []
    )
    def test_page_in_both_encodings(self, name: str, codec: str) -> None:
        text = (REAL / name).read_text("utf-8-sig")
        got = decode(text.encode(codec), "text/html; charset=utf-8")
        assert (got.text, got.replaced) == (text, text.count("\ufffd"))
