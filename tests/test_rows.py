"""Rows of lists as portals draw them, told from everything around; and what pages say about their number."""

from __future__ import annotations

import re
from pathlib import Path
from time import process_time

import pytest

from crawler.platforms.base import Entry
from crawler.platforms.rows import entries, numbered, says_empty, states
from crawler.webpage import Fetch, WebPage

REAL = Path(__file__).parents[1].parent / "shared" / "real" / "portal-pages"
COLUMN = "http://www.lanhe.gov.cn/zwgk/nb/"
MENU = (
    '<div class="nav"><ul>'
    + "".join(f'<li><a href="/{x}/">{x}栏目</a></li>' for x in "abcdefgh")
    + "</ul></div>"
    '<div class="dqwz"><a href="/">首页</a>&gt;<a href="/zwgk/">政务公开</a></div>'
    '<div class="left"><a href="/zwgk/zn/">公开指南</a><a href="/zwgk/nb2/">年报</a></div>'
)
HOT = '<div class="hot"><ul>' + "".join(
    f'<li><a href="/news/202501/t20250101_{n}00.html">市领导调研第{n}次活动报道</a><span>2025-01-0{n}</span></li>'
    for n in range(1, 9)
) + "</ul></div>"  # fmt: skip


def page(body: str, url: str = COLUMN) -> WebPage:
    return WebPage(url, f"<html><body>{body}</body></html>", Fetch(url))


def around(rows: str) -> WebPage:
    return page(f'{MENU}<div class="right">{rows}</div>{HOT}')


def title(year: int, body: str = "水务局") -> str:
    return f"岚河市{body}{year}年政府信息公开工作年度报告"


def drawn(row: str, years: range = range(2017, 2024)) -> str:
    return "".join(
        row.replace("TITLE", title(y))
        .replace("CUT", title(y)[:12] + "...")
        .replace("YEAR", str(y))
        .replace("DAY", str(y - 2000))
        for y in years
    )


ROWS = {
    "li": '<li><a href="YEAR.html">TITLE</a><span>2024-01-DAY</span></li>',
    "p": '<p>·<a href="YEAR.html">TITLE</a>（2024-01-DAY）</p>',
    "bare links": '<a href="YEAR.html">TITLE</a> [2024-01-DAY]<br>',
    "dl": '<dl><dd><a href="YEAR.html">TITLE</a></dd><dd>2024-01-DAY</dd></dl>',
    "dt and dd": '<dt><a href="YEAR.html">TITLE</a></dt><dd>2024-01-DAY</dd>',
    "a table each": '<table><tr><td>·</td><td><a href="YEAR.html">TITLE</a></td><td>2024-01-DAY</td></tr></table>',
    "a list each": '<ul class="l"><li><a href="YEAR.html">TITLE</a></li><li>2024-01-DAY</li></ul>',
    "cut titles": '<div class="row rYEAR"><a href="YEAR.html" title="TITLE">CUT</a><i>2024-01-DAY</i></div>',
    "day above month": '<div><a href="YEAR.html">TITLE</a><div><b>DAY</b><span>2024-01</span></div></div>',
    "blocks": '<a href="content_YEAR"><h3>TITLE</h3><p>摘要一段</p><b>DAY</b><i>2024-01</i></a>',
    "pictures and details": '<li><a href="YEAR.html"><img src="x.png"></a><a href="YEAR.html">TITLE</a> 2024-01-DAY <a href="YEAR.html">[详细]</a> <a href="YEAR.pdf">下载</a></li>',
    "only a verb": '<table><tr><td>TITLE</td><td>2024-01-DAY</td><td><a href="YEAR.html">查看</a></td></tr></table>',
    "onclick": '<li><a href="javascript:;" onclick="window.open(\'YEAR.html\')">TITLE</a><em>2024-01-DAY</em></li>',
    "popup": '<li><a href="YEAR.html">TITLE</a><div><ul><li><a href="/jd/YEAR.html">相关解读</a></li></ul></div><span>2024-01-DAY</span></li>',
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_rows_however_drawn(row: str) -> None:
    found = entries(around(f"<div>{drawn(row)}</div>"))
    assert [(entry.title, entry.published) for entry in found] == [
        (title(year), f"2024-01-{year - 2000}") for year in range(2017, 2024)
    ]
    assert {entry.url for entry in found} <= {
        COLUMN + form for year in range(2017, 2024) for form in (f"{year}.html", f"content_{year}")
    }


def test_list_in_lots_and_rows_out_of_line() -> None:
    lots = "".join(
        f'<ul class="u{n}">{drawn(ROWS["li"], range(a, a + 3))}</ul><hr>' for n, a in ((1, 2010), (2, 2013))
    )
    top = f'<h2><a href="/zt/special.html">{title(2024)}</a></h2>'
    assert len(entries(around(f'<div class="list">{top}{lots}</div>'))) == 7


def test_one_row_without_date() -> None:
    assert entries(around(f'<ul><li><a href="/x/one">{title(2023)}</a></li></ul>')) == (
        Entry("http://www.lanhe.gov.cn/x/one", title(2023)),
    )


def test_mixed_column_keeps_all_its_documents() -> None:
    notices = "".join(
        f'<li><a href="t20240101_{n}.html">关于第{n}号工作方案的通知</a><span>2024-01-1{n}</span></li>'
        for n in range(9)
    )
    report = f'<li><a href="/zwgk/x/112.html">{title(2020)}</a><span>2020-01-01</span></li>'
    column = '<li><a href="/zwgk/gg/">更多公告栏目</a></li>'
    found = entries(around(f"<ul>{notices}{report}{column}</ul>"))
    assert len(found) == 10
    assert found[-1].title == title(2020)


@pytest.mark.parametrize(
    "rows",
    [
        "<p>暂无数据</p>",
        "<ul>" + "".join(f'<li><a href="/bm/{x}/">岚河市{x}局</a></li>' for x in "abcdefghijk") + "</ul>",
    ],
)
def test_no_list(rows: str) -> None:
    assert entries(around(rows)) == ()


def test_table_with_heads() -> None:
    head = "<tr><th>序号</th><th>名　称</th><th>索引号</th><th>发布机构</th><th>发布日期</th></tr>"
    row = f"<tr><td>1</td><td><a href='1.html'>{title(2023)}</a></td><td>A01/2024-1</td><td>岚河市水务局</td><td>2024年1月9日</td></tr>"
    (found,) = entries(around(f"<table>{head}{row}</table>"))
    assert found == Entry(
        f"{COLUMN}1.html",
        title(2023),
        "2024年1月9日",
        (("索引号", "A01/2024-1"), ("发布机构", "岚河市水务局")),
    )


@pytest.mark.parametrize(
    ("heads", "lines", "titles"),
    [
        (("单位", "2021年", "2022年度"), ("水务局", "教育局"),
         ["2021年水务局", "2022年度水务局", "2021年教育局", "2022年度教育局"]),
        (("年份", "水务局", "教育局"), ("2021年", "2022年"),
         ["2021年水务局", "2021年教育局", "2022年水务局", "2022年教育局"]),
        (("标题", "网页", "附件"), (title(2021), title(2022)), [title(2021), title(2022)]),
    ],
)  # fmt: skip
def test_a_matrix_has_a_row_in_every_cell(
    heads: tuple[str, ...], lines: tuple[str, ...], titles: list[str]
) -> None:
    top = "".join(f"<th>{head}</th>" for head in heads)
    rows = "".join(
        f"<tr><td>{line}</td><td><a href='{i}1.html'>查看</a></td><td><a href='{i}2.html'>下载</a></td></tr>"
        for i, line in enumerate(lines)
    )
    assert [entry.title for entry in entries(around(f"<table><tr>{top}</tr>{rows}</table>"))] == titles


def test_labels_in_a_row() -> None:
    popup = "<div><p><b>索 引 号：</b>A01</p><p>发布机构：岚河市水务局</p><p>发文日期：2023-12-30</p></div>"
    (found,) = entries(
        around(f'<ul><li><a href="1.html">{title(2023)}</a><i>2024-01-09</i>{popup}</li></ul>')
    )
    assert found.published == "2024-01-09"
    assert dict(found.metadata) == {"索引号": "A01", "发布机构": "岚河市水务局", "发文日期": "2023-12-30"}


@pytest.mark.parametrize(
    "link",
    [
        "<a href='1.html'>岚河市<font>水务局</font><b>2023年</b>政府信息公开工作年度报告</a>",
        "<a href='1.html'><span>[市水务局]</span>岚河市水务局2023年政府信息公开工作年度报告<i>2024-01-02</i></a>",
        "<a href='1.html' title='标题：岚河市水务局2023年政府信息公开工作年度报告&#10;作者：甲&#10;点击数：1'>岚河市水务局…</a>",
        "<a href='1.html' title='查看'>1、岚河市水务局2023年政府信息公开工作年度报告</a>",
    ],
)
def test_titles(link: str) -> None:
    assert [entry.title for entry in entries(around(f"<ul><li>{link}</li></ul>"))] == [title(2023)]


def test_the_row_that_stands_twice_is_twice() -> None:
    row = f'<li><a href="1.html">{title(2023)}</a></li>'
    assert len(entries(around(f"<ul>{row}{row}</ul>"))) == 2


def test_a_family_knows_its_documents() -> None:
    rows = "".join(f'<li><a href="/x/{n}">第{n}号决定</a></li>' for n in "abc")
    assert entries(page(f"<ul>{rows}</ul>")) == ()
    assert len(entries(page(f"<ul>{rows}</ul>"), re.compile(r"^/x/\w$"))) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("共<b>23</b>条", (23, None)),
        ("共 23 条记录 第1/3页", (23, 3)),
        ("<span>1/3</span>", (None, 3)),
        ("页次：1/12 每页15条 共172条", (172, 12)),
        ("总记录数：45 总页数：3", (45, 3)),
        ('<a class="a1">123条</a>', (123, None)),
        ("当前第 1 页，共 5 页", (None, 5)),
        ("每页15条记录 共3页", (None, 3)),
        ("共 45 条 3 页", (45, 3)),
        ("全市共受理 23 件，2024/05/06", (None, None)),
        ("共12条 … 共15条", (None, None)),
        ("<i>2022-01-28</i>12 条记录 1/3 页", (12, 3)),
        ("2022-01-28 12条记录", (12, None)),
        (f'<a href="1.html">{title(2023)}共收到23条信息</a>', (None, None)),
        ("<script>var s = '共23条';</script>", (None, None)),
    ],
)
def test_states(text: str, said: tuple[int | None, int | None]) -> None:
    assert states(page(f"<div>{text}</div>")) == said


def test_says_empty() -> None:
    assert says_empty(page("<p>暂 无 数 据</p>"))
    assert says_empty(page("<div>共<i>0</i>条</div>"))
    assert not says_empty(page('<p style="display: none">暂无数据</p><script>"暂无数据"</script>'))


def test_numbered() -> None:
    found = numbered(2, 4, lambda at: f"http://x.cn/{at}" if at != 3 else None, "http://x.cn/nb/")
    assert found == (
        Fetch("http://x.cn/2", page=2, base="http://x.cn/nb/"),
        Fetch("http://x.cn/4", page=4, base="http://x.cn/nb/"),
    )
    assert len(numbered(2, 10**9, lambda at: f"http://x.cn/{at}")) == 2_000


@pytest.mark.parametrize(
    ("file", "count", "first", "published"),
    [
        ("pingtan-list-trs.html", 10, "202603/t20260313_105587.htm", "2026-03-10"),
        ("ndrc-list-trs.html", 25, "202604/t20260409_1404577.html", "2026/04/09"),
        ("csrc-list-ucap.html", 20, "/csrc/c106256/c3217074/content.shtml", None),
        ("handan-list-table.html", 1, "/gszbm/auto23716/202008/t20200805_1353179.html", "2020-08-05"),
        ("excerpts/cq_jjxxw_list_trs_createPage.html", 2, "202607/t20260706_15802464.html", "2026-07-06"),
        ("excerpts/cq_kjj_list_trs_createPage.html", 2, "202607/t20260702_15795188.html", "2026-07-02"),
        ("sasac-detail.html", 0, "", None),
        ("most-detail-trs.html", 0, "", None),
        ("gov-cn-policy-1.html", 0, "", None),
    ],
)
def test_real_pages(file: str, count: int, first: str, published: str | None) -> None:
    """Numbers of rows counted in the source by hand."""
    if not (REAL / file).exists():
        pytest.skip("real pages are not part of the project")
    found = entries(WebPage(COLUMN, (REAL / file).read_text("utf-8"), Fetch(COLUMN)))
    assert len(found) == count
    if found:
        assert found[0].url.endswith(first)
        assert found[0].published == published


@pytest.mark.parametrize(
    "text",
    [
        "<ul>" + "<li><a href='1.html'>2024" * 20_000,
        "<div>" * 900 + f"<a href='1.html'>{title(2023)}</a>",
        "<a href='" + "(" * 200_000 + "'>共" + "1" * 100_000 + "</a>",
        "共" * 200_000 + "2024-" * 50_000,
        "<a title='标题：" + "　" * 100_000 + "'>x</a>" * 50,
    ],
)
def test_hostile_pages_cost_little(text: str) -> None:
    begin = process_time()
    hostile = page(text)
    entries(hostile), states(hostile), says_empty(hostile)
    assert process_time() - begin < 4
