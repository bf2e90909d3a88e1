"""What a second crawl of an unchanged portal costs against the first: requests, bytes, seconds; and what a kill costs.

``python -m benchmarks.recrawl`` crawls a portal of 2,000 reports twice, with the real command, over real HTTP, without
any delay: with one, time would only count requests. What surrounds a report changes with every answer.
``--kills 200`` kills crawls at random moments instead, and compares the store after the next one, byte for byte, with
that of a crawl that nobody disturbed.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count, product
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, Final

from fixtures.portals.server import served
from fixtures.portals.shell import PageSite, Row, anchors, article_metas, column_metas, leaves
from fixtures.portals.site import NOT_FOUND, Answer, Site
from fixtures.portals.writing import report_of, report_page_body
from tests.killing import harm, moments, undisturbed
from tests.shifting_portal import standing
from tests.small_portal import ROOT, command, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures.portals.site import Asked
    from tests.killing import Moment, Story

REPORTS: Final = 2_000
ROWS_A_PAGE: Final = 10
LIMITS: Final = {"rerun_requests": 1.01, "rerun_bytes": 0.03, "rerun_seconds": 0.10}
"""The most that an unchanged rerun may take: requests for each list page; bytes and seconds of the first run's."""
_YEARS: Final = (2024, 2023, 2022, 2021)
_FIRST: Final = "东西南北中上下大小新古长青白石金玉水木杨柳松梅李赵"
_SECOND: Final = "河山庄沟岭桥店寨营屯湖泉台坡塘渡关堡洼坪"
_COLUMN: Final = "/zfxxgk/nb/"
_MARK: Final = b"0000000000"
"""What is another number in every answer."""
_SEED: Final = 20261122
_AT_ONCE: Final = 2
_PATIENCE: Final = 3_600


class LargePortal(PageSite):
    """迁安市 with the reports of hundreds of towns in one column, ten rows a page; written before anybody asks.

    Attributes:
        asked: path → how often it was asked.
        sent: bytes of all bodies.
    """

    place: ClassVar[str] = "迁安市"
    division: ClassVar[str] = "130283"
    site_id: ClassVar[str] = "1302830002"

    def __init__(self, reports: int) -> None:
        """Write everything."""
        Site.__init__(self, Path("large"))
        rows = [_row(number) for number in range(reports)]
        self.parts = leaves(rows, ROWS_A_PAGE)
        self.written = {path: page.encode() for path, page in self._all(rows)}
        self._lock = Lock()
        self._number = count(1)
        self.forget()

    def forget(self) -> None:
        """Count from nothing."""
        self.asked: Counter[str] = Counter()
        self.sent = 0

    def answer(self, asked: Asked) -> Answer:
        """Send what was written, with another number in it."""
        page = self.written.get(asked.path)
        with self._lock:
            self.asked[asked.path] += 1
            self.sent += len(page or b"")
            number = next(self._number)
        return NOT_FOUND if page is None else Answer(page.replace(_MARK, b"%010d" % number))

    def _all(self, rows: list[Row]) -> Iterator[tuple[str, str]]:
        yield "/", self._framed("迁安市人民政府", "<h3>要闻</h3>")
        name = "政府信息公开年报"
        for at, part in enumerate(self.parts):
            lines = "".join(
                f'<li><a href="{row.url}">{row.title}</a><span>{row.date}</span></li>\n' for row in part
            )
            call = f'createPageHTML({len(self.parts)}, {at}, "index", "html");'
            body = (
                f'<ul class="list">{lines}</ul><div class="page">共{len(rows)}条<script>{call}</script></div>'
            )
            path = f"{_COLUMN}index_{at}.html" if at else _COLUMN
            yield path, self._framed(name, body, column_metas(name, "信息公开年报"))
        for number, row in enumerate(rows):
            yield row.url, self._article(number, row)

    def _article(self, number: int, row: Row) -> str:
        agency, year = _body(number)
        entry = {"path": row.url, "title": row.title, "agency": agency, "year": year}
        figures = {"figures": {"seed": number, "scale": "dept"}, "markup": "word"}
        body = report_page_body(report_of(entry | figures))
        labels = f"<p>发布机构：{agency}　发布日期：{row.date}　浏览次数：{_MARK.decode()}次</p>"
        text = f'<h1>{row.title}</h1>{labels}<div class="TRS_UEDITOR trs_editor_view">{body}</div>'
        return self._framed(row.title, text, article_metas(row.title, row.date, agency))

    def _framed(self, title: str, body: str, metas: dict[str, str] | None = None) -> str:
        nav = anchors([("/", "首页"), (_COLUMN, "政府信息公开年报")])
        token = f"<script>var token='{_MARK.decode()}';</script>"
        return self.html(title, f"<p>今日访问量：{_MARK.decode()}</p><div>{nav}</div>{body}", metas, token)


def _body(number: int) -> tuple[str, int]:
    town, year = divmod(number, len(_YEARS))
    names = list(product(_FIRST, _SECOND))
    return f"迁安市{''.join(names[town % len(names)])}镇人民政府", _YEARS[year] - 4 * (town // len(names))


def _row(number: int) -> Row:
    agency, year = _body(number)
    url = f"{_COLUMN}{year + 1}01/t{year + 1}0120_{number}.html"
    return Row(url, f"{agency}{year}年政府信息公开工作年度报告", f"{year + 1}-01-20")


def figures(reports: int = REPORTS) -> dict[str, Any]:
    """Crawl twice; what each took, and the ratios that are promised."""
    portal = LargePortal(reports)
    with served([portal]), tempfile.TemporaryDirectory() as room:
        first, second = (_crawled(portal, Path(room)) for _ in range(2))
    return {
        "reports": reports,
        "list_pages": len(portal.parts),
        "first": first,
        "second": second,
        "rerun_requests": second["requests"] / len(portal.parts),
        "rerun_bytes": second["bytes"] / first["bytes"],
        "rerun_seconds": second["seconds"] / first["seconds"],
        "rerun_cpu_seconds": second["cpu_seconds"] / first["cpu_seconds"],
    }


def _crawled(portal: LargePortal, data: Path) -> dict[str, Any]:
    portal.forget()
    start, before = perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(  # noqa: S603 - our own command
        command(data, "portal", "-a", f"url={portal.url['www']}/", "-a", f"division={portal.division}"),
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=_PATIENCE,
        check=False,
    )
    seconds, after = perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"exit code {done.returncode}: {done.stdout}{done.stderr}")
    books = json.loads((data / "runs" / "latest" / "report.json").read_text("utf-8"))["portals"][0]
    changes = (data / "runs" / "latest" / "changes.jsonl").read_text("utf-8").count("\n")
    return {
        "requests": portal.asked.total(),
        "bytes": portal.sent,
        "seconds": seconds,
        "cpu_seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "reports": books["reports"],
        "changes": changes,
    }


# --- kills


def kills(number: int, seed: int = _SEED) -> list[str]:
    """Kill so many crawls, two at a time, each pair on a portal of its own; everything that was not made good for."""
    halves = [number - number // 2, number // 2]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        harms = list(pool.map(_kills, halves, ("first", "again"), (seed, seed)))
    return [one for part in harms for one in part]


def _kills(number: int, story: Story, seed: int) -> list[str]:
    found = []
    with standing() as portal, _room() as room:
        crawled = undisturbed(portal, story, room)
        for at, moment in enumerate(moments(number, seed, crawled), 1):
            with _room() as data:
                harms = harm(portal, crawled, moment, data / "data")
            found += [f"{story}, {moment}: {one}" for one in harms]
            _say(story, at, moment, harms)
    return found


@contextmanager
def _room() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as room:
        yield Path(room)


def _say(story: str, at: int, moment: Moment, harms: list[str]) -> None:
    print(f"{story:<6}{at:>4}  {moment!s:<36}{'; '.join(harms) or 'ok'}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Measure, or kill; the exit code says whether everything is as promised."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reports", type=int, default=REPORTS)
    parser.add_argument("--kills", type=int, default=0, help="kill so many crawls instead")
    parser.add_argument("--seed", type=int, default=_SEED)
    options = parser.parse_args(arguments)
    if options.kills:
        found = kills(options.kills, options.seed)
        print(f"{options.kills} kills, {len(found)} without remedy")
        return 1 if found else 0
    measured = figures(options.reports)
    print(json.dumps(measured, indent=1))
    broken = [name for name, most in LIMITS.items() if measured[name] > most]
    print("\n".join(f"{name} BROKEN: {measured[name]:.4f}, limit {LIMITS[name]}" for name in broken))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
