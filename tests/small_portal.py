"""A portal of one column for tests of runs: everything that may become of a row happens to one of its rows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from fixtures.portals.server import served
from fixtures.portals.site import NOT_FOUND, Answer, Asked, Site

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "fixtures" / "reports"
ROWS = {
    "market": ("云岭市市场监督管理局2024年政府信息公开工作年度报告", "yunling-market-2024-annotated"),
    "culture": ("云岭市文化和旅游局2022年政府信息公开工作年度报告", "yunling-culture-2022-gbk"),
    "copy": ("云岭市市场监督管理局2024年政府信息公开工作年度报告", "yunling-market-2024-annotated"),
    "grain": ("云岭市粮食和物资储备局2024年政府信息公开工作年度报告", "yunling-grain-2024-pdf-only"),
    "notice": ("云岭市水务局2024年政府信息公开工作年度报告", "not-filing-notice-2025"),
    "lost": ("云岭市司法局2024年政府信息公开工作年度报告", None),
    "form": ("云岭市2024年政府网站工作年度报表", None),
}
COMPLETE = ("market", "culture")


class SmallPortal(Site):
    """Home page, one column, its rows.

    Args:
        rows: keys of ``ROWS``.
        pause: seconds that every document takes.
        second: set when the second document is asked for.
    """

    def __init__(self, rows: tuple[str, ...], pause: float, second: Event) -> None:
        super().__init__(Path("small"))
        self._rows = rows
        self._pause = pause
        self._second = second
        self._asked = 0

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/":
            return _page("云岭市人民政府", '<a href="/gknb/">政府信息公开年报</a><a href="/xw/">新闻</a>')
        if asked.path == "/gknb/":
            rows = "".join(
                f'<li><a href="/gknb/{row}.html">{ROWS[row][0]}</a><span>2025-01-20</span></li>'
                for row in self._rows
            )
            return _page(
                "政府信息公开年报-云岭市人民政府",
                f'<ul class="list">{rows}</ul><div>共{len(self._rows)}条</div>',
            )
        name = asked.path.removeprefix("/gknb/").removesuffix(".html")
        if name not in self._rows:
            return NOT_FOUND
        self._asked += 1
        if self._asked > 1:
            self._second.set()
        time.sleep(self._pause)
        folder = ROWS[name][1]
        return (
            Answer("", 500)
            if folder is None
            else Answer((PAGES / folder / "page.html").read_bytes(), content_type="text/html")
        )


def _page(title: str, body: str) -> Answer:
    return Answer(f"<html><head><title>{title}</title></head><body>{body}</body></html>")


@contextmanager
def portal(*rows: str, pause: float = 0, second: Event | None = None) -> Iterator[str]:
    """Serve a portal; its address."""
    site = SmallPortal(rows, pause, second or Event())
    with served([site]):
        yield site.url["www"] + "/"


def command(data: Path, *arguments: str, **settings: str) -> list[str]:
    """``scrapy crawl`` without manners, as a command line."""
    manners = {
        "GONGKAI_DATA": str(data),
        "GONGKAI_LOOPBACK": "True",
        "DOWNLOAD_DELAY": "0",
        "AUTOTHROTTLE_ENABLED": "False",
        "RETRY_ENABLED": "False",
    }
    set_ = [part for name, value in (manners | settings).items() for part in ("-s", f"{name}={value}")]
    return [sys.executable, "-m", "scrapy", "crawl", *arguments, *set_]


def environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key != "GONGKAI_LANG"} | {
        "PYTHONIOENCODING": "utf-8"
    }


def crawl(data: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        command(data, *arguments, **settings),
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]
