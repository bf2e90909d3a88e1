"""Inputs that a hostile or broken server could send, each built from its name.

Run as ``python -m tests.rendering.hostile NAME…`` this reads them one after the other under hard limits
of memory and processor time, and prints the outcome of each as a line of JSON: a crash or a hang then
costs a child process, never the test run.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Final

from pipelines.document import Document

if TYPE_CHECKING:
    from collections.abc import Callable

MEMORY: Final = 2 << 30
SECONDS: Final = 20

TITLE: Final = "大同市水务局2023年政府信息公开工作年度报告"
HEADS: Final = "自然人商业企业科研机构社会公益组织法律服务机构其他总计"
LABELS: Final = (
    "一、本年新收政府信息公开申请数量",
    "二、上年结转政府信息公开申请数量",
    "（一）予以公开",
    "1.属于国家秘密",
    "2.重复申请",
    "（七）总计",
    "四、结转下年度继续办理",
)
SECTION: Final = "三、收到和处理政府信息公开申请情况"


def page(body: str) -> bytes:
    return (
        f"<html><head><meta charset=utf-8><title>{TITLE}</title></head><body><h1>{TITLE}</h1>{body}".encode()
    )


def row(cells: str, label: str = LABELS[0]) -> bytes:
    return page(f"<p>{SECTION}</p><table><tr><td>{label}</td>{cells}</tr></table>")


# Name → bytes of a page.
PAGES: Final[dict[str, Callable[[], bytes]]] = {
    "empty": lambda: b"",
    "nul_bytes": lambda: b"\0" * 1_000_000 + page("\0").replace("报".encode(), "报\0".encode()),
    "all_bytes": lambda: bytes(range(256)) * 4000,
    "nested_div": lambda: page("<div>" * 100_000),
    "nested_table": lambda: page("<table><tr><td>" * 100_000),
    "nested_span": lambda: page("<span>" * 100_000),
    "nested_font": lambda: page("<b><i><font>" * 33_000 + "</b>" * 1000),
    "nested_list": lambda: page("<ul><li>" * 50_000),
    "nested_closed": lambda: page("<div>" * 100_000 + SECTION + "</div>" * 100_000),
    "misnested": lambda: page("<a><p><b></a></p>" * 30_000),
    "big_prose": lambda: page("<p>本单位全年召开会议十次，发布信息若干。</p>\n" * 850_000),
    "big_line": lambda: page("全年工作总体平稳有序" * 1_700_000),
    "big_attribute": lambda: page(f"<p title='{'公' * 4_000_000}'>{SECTION}</p>"),
    "many_attributes": lambda: page(f"<p {' '.join(f'a{i}=1' for i in range(100_000))}>{SECTION}</p>"),
    "colspan": lambda: row('<td colspan="1000000000">0</td>' * 7),
    "rowspan": lambda: row('<td rowspan="1000000000">0</td>' * 7 + "</tr><tr>" * 20_000),
    "both_spans": lambda: row('<td rowspan="65534" colspan="1000">0</td>' * 1000 + "</tr><tr><td>1" * 20_000),
    "odd_spans": lambda: row('<td colspan="2;" rowspan="100%">0</td><td colspan=-3 rowspan=0>0</td>' * 3),
    "digits_cell": lambda: row(f"<td>{'7' * 10_000}</td>" * 7),
    "digits_colspan": lambda: row(f"<td colspan={'9' * 10_000}>0</td>" * 7),
    "decimals_cell": lambda: row(f"<td>0.{'0' * 10_000}1</td>" * 7),
    "cjk_digits_cell": lambda: row(f"<td>{'九' * 10_000}</td><td>{'万' * 10_000}</td>"),
    "signs_cell": lambda: row(f"<td>{'-' * 100_000}1</td><td>{'1,' * 100_000}</td><td>{'减' * 99_999}4</td>"),
    "exponent_cell": lambda: row(
        "<td>1e999999999</td><td>1E9</td><td>0x7f</td><td>１_0</td><td>²</td><td>⑦</td>"
    ),
    "million_cells": lambda: page(f"<table><tr>{'<td>0' * 1_000_000}"),
    "million_rows": lambda: page(f"<table>{'<tr><td>0' * 500_000}"),
    "many_tables": lambda: row("<td>1</td>" * 7) * 8000,
    "label_tables": lambda: page(
        f"<p>{SECTION}</p><table>{''.join(f'<tr><td>{x}' + '<td>1' * 7 for x in LABELS) * 4000}"
    ),
    "long_label": lambda: row("<td>0</td>" * 7, LABELS[0] + "（注：" * 200_000),
    "entities": lambda: page("&amp;lt;&#0;&#x110000;&#xD800;&nbsp;&notanentity;" * 40_000),
    "entity_bomb": lambda: (
        b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>' + page("&b;" * 100_000)
    ),
    "unclosed_comment": lambda: page("<!-- " + SECTION * 50_000),
    "many_comments": lambda: page("<!---->" * 300_000),
    "unclosed_script": lambda: page("<script>" + "<table>" * 100_000),
    "unclosed_attribute": lambda: page('<p title="' + SECTION * 50_000),
    "unclosed_title": lambda: b"<title>" + TITLE.encode() * 20_000,
    "long_title": f"<title>{'政府信息公开' * 100_000}年度报告</title><h1>{'2023年' * 50_000}".encode,
    "many_metadata": lambda: page("<p>索引号：1　发布机构：水务局　发布日期：2023-01-01</p>" * 30_000),
    "many_headings": lambda: page("<p>一、总体情况</p><p>二、主动公开政府信息情况</p>" * 30_000),
    "many_facts": lambda: page(
        f"<p>一、总体情况</p><p>{'主动公开信息12条，收到申请3件，其中自然人2件，' * 40_000}</p>"
    ),
    "many_meta": lambda: b'<meta http-equiv="Content-Type" content="text/html; charset=utf-7">' * 20_000,
    "false_charset": lambda: b'<meta charset="zip">' + page(SECTION),
    "utf16_odd": lambda: "\ufeff".encode("utf-16-le") + page(SECTION).decode().encode("utf-16-le") + b"\x00",
    "gzip": lambda: b"\x1f\x8b\x08\x00" + bytes(range(255, -1, -1)) * 1000,
    "pdf": lambda: b"%PDF-1.7\n" + b"\xff\xd8\xff" * 100_000,
}

# Name → a text.
TEXTS: Final[dict[str, Callable[[], str]]] = {
    "text_labels": lambda: TITLE + "\n" + SECTION + "\n" + "\n".join(LABELS * 6000),
    "text_joined_labels": lambda: TITLE + SECTION + "".join(LABELS * 6000),
    "text_heads": lambda: TITLE + "\n" + SECTION + "\n" + HEADS * 15_000,
    "text_digits": lambda: TITLE + "\n" + SECTION + "\n" + HEADS + LABELS[0] + "7" * 10_000,
    "text_digits_rows": lambda: (
        TITLE + "\n" + SECTION + HEADS + "".join(f"{x}{'1234567' * 20}" for x in LABELS)
    ),
    "text_long_rows": lambda: TITLE + "\n" + SECTION + HEADS + "".join(f"{x}{'10' * 3000}" for x in LABELS),
    "text_spaces": lambda: TITLE + "\n" + SECTION + "\n" + LABELS[0] + " " * 1_000_000 + "0",
    "text_ideographic_spaces": lambda: TITLE + "　" * 1_000_000 + SECTION,
    "text_lines": lambda: TITLE + "\n" * 2_000_000 + SECTION,
    "text_tabs": lambda: TITLE + "\n" + (LABELS[0] + "\t0" * 50_000 + "\n") * 10,
    "text_pipes": lambda: TITLE + "\n" + ("|" * 1000 + "\n") * 500,
    "text_brackets": lambda: TITLE + "\n" + "（" * 300_000 + "）" * 300_000,
    "text_ordinals": lambda: TITLE + "\n" + SECTION + "\n" + "1." * 300_000 + "（一）" * 100_000,
    "text_zeros": lambda: TITLE + "\n" + SECTION + "\n" + LABELS[0] + "0\n" * 400_000,
    "text_surrogates": lambda: TITLE + "\ud800\udfff" * 1000 + SECTION,
    "text_combining": lambda: TITLE + "e" + "\u0301" * 500_000 + SECTION,
    "text_expanding": lambda: TITLE + "\ufdfa" * 200_000 + SECTION,  # eighteen signs each under NFKC
    "text_years": lambda: "二〇" * 300_000 + TITLE,
    "text_markup": lambda: "<" * 500_000 + TITLE + ">" * 500_000,
}

NAMES: Final = (*PAGES, *TEXTS)


def document(name: str) -> Document:
    """The input of this name."""
    url = f"https://www.example.gov.cn/{name}.html"
    if name in PAGES:
        return Document(url=url, body=PAGES[name](), content_type="text/html")
    return Document(url=url, text=TEXTS[name](), title=TITLE)


def main(names: list[str]) -> None:
    """Read the inputs of these names under the limits; one line of JSON for each."""
    import resource  # noqa: PLC0415 - POSIX only, and needed in the child alone

    from pipelines.extraction import extract  # noqa: PLC0415 - the limits must cover the import as well

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for name in names:
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(used.ru_utime + used.ru_stime) + SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
        report = extract(document(name))
        numbers = sum(value is not None for value in report.cells.values())
        spent = resource.getrusage(resource.RUSAGE_SELF)
        outcome = {
            "name": name,
            "kind": report.kind,
            "reasons": report.quality.reasons,
            "numbers": numbers,
            "seconds": round(spent.ru_utime + spent.ru_stime - used.ru_utime - used.ru_stime, 2),
        }
        sys.stdout.write(json.dumps(outcome) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
