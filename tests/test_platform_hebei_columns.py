from __future__ import annotations

import pytest

from crawler.platforms import recognise
from crawler.platforms.hebei_columns import HebeiColumns
from crawler.webpage import Fetch, WebPage

HOST = "http://www.example.gov.cn"
COLUMN, TEMPLATE, BLOCK = (f"{one * 8}-1111-4111-8111-{one * 12}" for one in "abc")
PATH = f"/zfxxgk/columns/{COLUMN}"
BLOCKS = f"{HOST}{PATH}/templates/{TEMPLATE}/blocks/{BLOCK}"
TITLES = [f"某市{year}年政府信息公开工作年度报告" for year in range(2019, 2024)]
WHOLE = f"<script>$('#list').load('{PATH}/templates/{TEMPLATE}/blocks/{BLOCK}?page=1&fix=0');</script>"


def page(
    body: str, url: str = f"{HOST}{PATH}/index.html", number: int = 1, base: str | None = None
) -> WebPage:
    return WebPage(url, f"<html><body>{body}</body></html>", Fetch(url, page=number, base=base))


def block(pager: str = "") -> str:
    items = "".join(
        f'<li class="xxgk_gfxwjk-list-li"><p>{n}</p><p><a href="/zfxxgk/columns/{COLUMN}/202401/1{n}/{n * 8}-2222-4222-8222-{n * 12}.html"'
        f' title="{title}">{title[:8]}…</a></p><p>2024-01-1{n}</p></li>'
        for n, title in zip("12345", TITLES, strict=True)
    )
    return f"<ul>{items}</ul>{pager}"


@pytest.mark.parametrize(
    ("url", "body"),
    [
        (f"{HOST}{PATH}/index.html", ""),
        (f"{HOST}/columns/{COLUMN}/", ""),
        (f"{HOST}/columns/{COLUMN.upper()}/202401/22/{BLOCK}.html", ""),
        (f"{HOST}/", f'<a href="/zfxxgk/columns/{COLUMN}/index.html">年报</a>'),
        (f"{HOST}/", f'<a href="./columns/{COLUMN}/index.html">年报</a>'),
    ],
)
def test_its_pages_are_known(url: str, body: str) -> None:
    assert recognise(page(body, url)).name == "hebei_columns"


def test_a_link_to_the_province_is_no_sign() -> None:
    body = f'<a href="https://www.hebei.gov.cn/columns/{COLUMN}/index.html">河北省人民政府</a>'
    assert HebeiColumns().strength(page(body, f"{HOST}/")) == 0


@pytest.mark.parametrize(
    "script",
    [
        WHOLE,
        f"<script>var url = '../../../zfxxgk/columns/{COLUMN}/templates/{TEMPLATE}/blocks/{BLOCK}';</script>",
        f"<script>var templateId='{TEMPLATE}'; var blockId = \"{BLOCK}\";</script>",
        f"<script>init({{column: '{COLUMN}', template: '{TEMPLATE}', block: '{BLOCK}'}})</script>",
        f'<div data-column-id="{COLUMN}" data-template-id="{TEMPLATE}" data-block-id="{BLOCK}"></div>',
    ],
)
def test_rows_that_only_the_script_asks_for(script: str) -> None:
    listing = HebeiColumns().listing(page(script))
    assert listing.entries == ()
    assert listing.more == (Fetch(f"{BLOCKS}?page=1&fix=0", base=f"{HOST}{PATH}/index.html"),)


@pytest.mark.parametrize(
    "counter",
    [
        "<span>共 12 条</span>",
        '<input type="hidden" id="totalCount" value="12">',
        "<script>pager({total: 12, size: 5});</script>",
        "<span>第 1/3 页</span>",
        '<input type="hidden" id="pages" name="totalPages" value="3" />',
    ],
)
def test_a_block_says_how_much_there_is(counter: str) -> None:
    base = f"{HOST}{PATH}/index.html"
    listing = HebeiColumns().listing(page(block(counter), f"{BLOCKS}?page=1&fix=0", base=base))
    assert [entry.title for entry in listing.entries] == TITLES
    assert listing.entries[0].published == "2024-01-11"
    assert [fetch.url for fetch in listing.more] == [f"{BLOCKS}?page={k}&fix=0" for k in (2, 3)]
    assert {fetch.base for fetch in listing.more} == {base}


def test_without_a_count_page_after_page_until_nothing_is_left() -> None:
    listing = HebeiColumns().listing(page(block(), f"{BLOCKS}?page=4&fix=0", 4))
    assert listing.more == (Fetch(f"{BLOCKS}?page=5&fix=0", page=5, base=f"{BLOCKS}?page=4&fix=0"),)
    nothing = HebeiColumns().listing(page("<ul></ul>", f"{BLOCKS}?page=5&fix=0", 5))
    assert (nothing.entries, nothing.more) == ((), ())


def test_the_first_page_may_stand_in_the_column_page() -> None:
    listing = HebeiColumns().listing(page(block("共 12 条") + WHOLE))
    assert len(listing.entries) == 5
    assert listing.declared == 12
    assert [fetch.page for fetch in listing.more] == [2, 3]


def test_an_empty_block_is_said_to_be_empty() -> None:
    listing = HebeiColumns().listing(page('<input id="totalCount" value="0">', f"{BLOCKS}?page=1&fix=0"))
    assert listing.says_empty
    assert listing.declared == 0


def test_several_blocks_are_all_asked() -> None:
    other = WHOLE.replace(BLOCK, COLUMN)
    listing = HebeiColumns().listing(page(WHOLE + other))
    assert [fetch.page for fetch in listing.more] == [1, 1]


def test_a_column_without_a_block_is_an_ordinary_page() -> None:
    listing = HebeiColumns().listing(page(block('<a href="index_2.html">下一页</a>')))
    assert listing.more[0].url == f"{HOST}{PATH}/index_2.html"
