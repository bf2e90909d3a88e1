"""Whole pages for the benchmark: invented reports in the markup that portals really serve.

The figures and layouts come from the renderers of the tests; this file adds what surrounds an article on a
portal (scripts, menus, link lists, pages of prose), so that size and mix of work are those of a real page.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.rendering import html, text, values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.document import Document

REAL: Final = Path(__file__).resolve().parents[2] / "shared" / "real" / "reports"
COUNT: Final = 24

SCRIPT: Final = (
    "<script>var page={id:1000,col:[1,2,3]};function go(u){window.location.href=u;return false}</script>\n"
)
MENU: Final = (
    '<li class="menu-item"><a href="/zwgk/col{0}/" target="_blank" title="栏目{0}">栏目{0}</a></li>\n'
)
PARAGRAPH: Final = (
    "加强信息管理方面。本年度组织各科室对公开目录逐条核对，补充遗漏条目，更正失效链接，并把核对结果写入台账；"
    "对拟公开的文件先由起草科室提出意见，再由办公室复核，最后由分管负责人签发，做到每一条信息都有人负责、有据可查。"
    "在平台建设方面，门户网站按栏目设定更新周期，到期未更新的自动提醒；公众号与网站同步发布，避免两处口径不一。"
)


def corpus() -> list[Document]:
    """Generated pages of 25 to 120 KB, every second one in word-processor markup."""
    return [_page(seed) for seed in range(COUNT)]


def joined(count: int = 60) -> list[Document]:
    """Texts in which the cells of every row run together, for the solver."""

    def one(seed: int) -> Document:
        rng = values.fixed(seed)
        return text.document(values.sheet(rng, blanks=seed % 3 == 2), text.setting(rng, "joined"))

    return [one(seed) for seed in range(count)]


def real() -> Iterator[tuple[str, bytes]]:
    """Real pages, where the folder with them stands beside the project."""
    for path in sorted(REAL.glob("*.html")) if REAL.is_dir() else ():
        yield path.name, path.read_bytes()


def _page(seed: int) -> Document:
    rng = values.fixed(seed)
    sheet = values.sheet(rng, fancy=seed % 3 == 0, blanks=seed % 4 == 3)
    look = html.layout(rng)
    look = replace(
        look, markup="word" if seed % 2 else look.markup, chrome=True, decoy="", split=seed % 5 == 0
    )
    look = replace(look, style=replace(look.style, trailing=seed % 2))
    page = html.page(sheet, look)
    page = page.replace("</style>", "</style>\n" + SCRIPT * 60)
    page = page.replace("<h1>", f"<ul>{''.join(MENU.format(n) for n in range(100))}</ul><h1>")
    page = page.replace("<p>机构改革", f"<p>{PARAGRAPH}</p>" * 12 + "<p>机构改革")
    body, content_type = html.encoded(page, "gbk" if seed % 6 == 0 else "utf-8")
    return replace(html.document(sheet, look), body=body, content_type=content_type)
