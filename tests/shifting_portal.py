"""A portal that changes between runs, and what runs make of it: the workshop of the stories in ``test_injections``.

迁安市 with two report columns behind a hub, its own of two pages and that of its departments of three, static lists as
TRS writes them. A test changes what stands there as an office would (publishes, withdraws, moves, corrects) or as
misfortune would (500, challenges, renamed classes), and crawls it with the real command over real HTTP. Whatever
surrounds a report changes with every answer: date, weather, counters, tokens, order of links, and neighbours.
"""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from html import escape
from pathlib import Path
from random import Random
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal
from urllib.parse import urlsplit

from sqlalchemy import select

from fixtures.portals.server import served
from fixtures.portals.shell import PageSite, Row, anchors, article_metas, column_metas, leaves
from fixtures.portals.site import NOT_FOUND, Answer, Site
from fixtures.portals.writing import cells_of, report_of, report_page_body
from pipelines.clock import FIXED
from pipelines.record import to_json
from pipelines.store.export import reports_of_store
from pipelines.store.opening import open_store, store_url
from pipelines.store.schema import reports, versions
from tests.preloaded import Process
from tests.small_portal import ROOT, command, environment, lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from fixtures.portals.site import Asked
    from fixtures.portals.writing import ReportTruth
    from tests.preloaded import Preloaded

Validators = Literal["none", "right", "stale", "always"]
"""What the server says of its documents' age: nothing; the truth; the same ETag whatever they hold;
"not modified" to whoever asks on a condition."""

DIVISION: Final = "130283"
PROVINCE: Final = "hebei"
CITY: Final = "/zfxxgk/nb/"
BODIES: Final = "/zfxxgk/bmnb/"
HUB: Final = "/zfxxgk/"
LABELS: Final = {CITY: "政府信息公开年报", BODIES: "部门信息公开年报"}
ROWS_A_PAGE: Final = 4
NOON: Final = 1_764_000_000
"""A moment for ``SOURCE_DATE_EPOCH``."""
DAY: Final = 86_400
DEPARTMENTS: Final = {
    "water": "迁安市水务局",
    "school": "迁安市教育局",
    "justice": "迁安市司法局",
    "audit": "迁安市审计局",
    "health": "迁安市卫生健康局",
    "traffic": "迁安市交通运输局",
}
CHALLENGE: Final = Answer(
    '<html><head><script>var _0x1f=["cookie"];document[_0x1f[0]]="__jsl_clearance_s=17|0|x;path=/";'
    "location.href=location.pathname+location.search</script></head><body></body></html>"
)
BROKEN: Final = Answer("<html><body>Internal Server Error</body></html>", 500)
_AGENCIES: Final = (
    {"city": "迁安市人民政府", "office": "迁安市人民政府办公室"}
    | DEPARTMENTS
    | {"town": "迁安市杨各庄镇人民政府"}
)
OTHERS: Final = (
    Row(
        f"{CITY}202501/t20250103_900.html",
        "关于做好2024年政府信息公开工作年度报告编制工作的通知",
        "2025-01-03",
    ),
    Row(f"{CITY}202402/t20240203_901.html", "迁安市审计局2023年财政审计工作报告", "2024-02-03"),
)
"""Rows that lead to no report: the title of the first says so, the second must be read."""
HUBS: Final = frozenset({HUB, "/zfxxgk/zn/", "/zfxxgk/zd/"})
"""Pages asked only to find lists."""
_NAV: Final = (("/", "首页"), ("/xw/", "迁安要闻"), (HUB, "政府信息公开"), ("/hd/", "互动交流"))
_GUIDES: Final = (("/zfxxgk/zn/", "政府信息公开指南"), ("/zfxxgk/zd/", "政府信息公开制度"))
_WEATHER: Final = ("晴", "多云", "小雨", "阴转晴", "东北风3级")


@dataclass(slots=True)
class Shown:
    """A report on the portal.

    Attributes:
        report: what its page says.
        column: the list that shows it.
        listed: whether the list shows it.
        row: title of its row; None where it is that of the page.
        far: addresses of files on other hosts.
    """

    report: ReportTruth
    column: str
    listed: bool = True
    row: str | None = None
    far: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """What the server was asked."""

    host: str
    path: str
    status: int = 0
    conditional: bool = False
    size: int = 0


class ShiftingPortal(PageSite):
    """The portal; its attributes are what a test changes, ``restore`` takes all of it back.

    Attributes:
        first: names of the reports that stood there at first.
        names: path → name of the report that stands or stood there.
        shown: name (``water-2024``) → report, in the order of the lists.
        answers: path → answer in place of what stands there; a function where it depends (None: what stands there).
        columns: path of a list → its label, as the hub links it.
        entrances: further links of the home page, address and text.
        extra: path of a list → further rows.
        drawn: the lists are drawn by a script that nobody can read.
        declares: path of a list → rows that it says it has, where that is not the truth.
        shuffled: whether rows come in another order with every answer.
        chrome: whether what surrounds the reports changes with every answer.
        validators: what the server says of its documents' age.
        classes: class names, old → new.
        garbled: paths that are sent in GBK under a header that says UTF-8.
        robots: text of robots.txt; empty for none.
        pause: seconds that a document takes.
        on_request: is told the number of every request before it is answered.
        log: what was asked.
    """

    hosts: ClassVar[tuple[str, ...]] = ("www", "m", "files")
    place: ClassVar[str] = "迁安市"
    division: ClassVar[str] = DIVISION
    site_id: ClassVar[str] = "1302830001"
    plain: ClassVar[Sequence[tuple[str, str]]] = (*_GUIDES, ("/xw/", "迁安要闻"), ("/hd/", "互动交流"))

    def __init__(self, reports: Callable[[], dict[str, Shown]] | None = None) -> None:
        """A portal in its first state; ``reports`` gives others than the usual ones."""
        Site.__init__(self, Path("shifting"))
        self._reports = reports or first_reports
        self._lock = Lock()
        self.log: list[Request] = []
        self.restore()

    def restore(self) -> None:
        """Let everything be as it was at first."""
        self.shown = self._reports()
        self.first = frozenset(self.shown)
        self.names = {shown.report.path: name for name, shown in self.shown.items()}
        self.answers: dict[str, Answer | Callable[[Asked], Answer | None]] = {}
        self.columns = dict(LABELS)
        self.entrances: list[tuple[str, str]] = []
        self.extra: dict[str, list[Row]] = {}
        self.drawn = False
        self.declares: dict[str, int] = {}
        self.shuffled = False
        self.chrome = True
        self.validators: Validators = "none"
        self.classes: dict[str, str] = {}
        self.garbled: set[str] = set()
        self.robots = ""
        self.pause = 0.0
        self.on_request: Callable[[int], None] | None = None

    # --- what an office does

    def publish(self, name: str, column: str = BODIES, **facts: Any) -> Shown:
        """Put a report of a body and year (``water-2025``) on top of a list."""
        self.shown = {name: shown_report(name, column, **facts)} | self.shown
        self.names[self.path(name)] = name
        return self.shown[name]

    def withdraw(self, name: str) -> None:
        """Take a report away: no list shows it, and its page is not found."""
        self.shown[name].listed = False
        self.answers[self.path(name)] = NOT_FOUND

    def put_back(self, name: str) -> None:
        """Let a report stand again where it stood."""
        self.shown[name].listed = True
        self.answers.pop(self.path(name), None)

    def edit(self, name: str, **facts: Any) -> None:
        """Change what a page says without a word: ``title``, ``cells``, ``year``, ``published`` … as in ``truth.json``."""
        self.shown[name].report = replace(self.shown[name].report, **facts)

    def correct(self, name: str, more: int = 1) -> None:
        """Change one number of a report, so that the tables still balance."""
        cells = cells_of(self.shown[name].report)
        key = "proactive.penalties.decisions"
        self.edit(name, cells={key: (cells[key] or 0) + more})

    def move(self, name: str, path: str, *, leaves: Answer = NOT_FOUND) -> None:
        """Let a report stand at another address; the old one answers otherwise."""
        self.answers[self.path(name)] = leaves
        self.edit(name, path=path)
        self.names[path] = name

    def path(self, name: str) -> str:
        """Where a report stands."""
        return self.shown[name].report.path

    def name_at(self, url: str) -> str:
        """The report that stands or stood at an address; its path if none did."""
        path = urlsplit(url).path
        return self.names.get(path, path)

    def wait(self, until: Callable[[], bool], seconds: float = 60) -> None:
        """Wait for something that a crawl does."""
        end = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < end
            time.sleep(0.01)

    # --- answers

    def answer(self, asked: Asked) -> Answer:
        """Answer, and write down what was asked."""
        with self._lock:
            number = len(self.log)
            self.log.append(Request(asked.host, asked.path))
        if self.on_request:
            self.on_request(number)
        answer = self._answer(asked, Random(number))  # noqa: S311 - chrome
        conditional = bool({"if-none-match", "if-modified-since"} & set(asked.headers))
        self.log[number] = Request(asked.host, asked.path, answer.status, conditional, len(answer.body))
        return answer

    def _answer(self, asked: Asked, chance: Random) -> Answer:
        other = self.answers.get(asked.path)
        if callable(other):
            other = other(asked)
        if other is not None:
            return other
        if asked.path == "/robots.txt":
            return Answer(self.robots, content_type="text/plain") if self.robots else NOT_FOUND
        stands = {shown.report.path: shown for shown in self.shown.values()}.get(asked.path)
        if stands is not None:
            return self._document(stands, asked, chance)
        page = self._page(asked.path, chance)
        return NOT_FOUND if page is None else self._sent(asked.path, page)

    def _sent(self, path: str, page: str, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
        for old, new in self.classes.items():
            page = page.replace(old, new)
        body = page.encode("gb18030" if path in self.garbled else "utf-8")
        return Answer(body, headers=headers)

    def _document(self, shown: Shown, asked: Asked, chance: Random) -> Answer:
        if self.pause:
            time.sleep(self.pause)
        headers = self._validators(shown)
        held = asked.headers.get("if-none-match"), asked.headers.get("if-modified-since")
        if any(held) and (self.validators == "always" or dict(headers).get("ETag") == held[0] != None):  # noqa: E711
            return Answer("", 304, headers=headers)
        return self._sent(asked.path, self._article(shown, chance), headers)

    def _validators(self, shown: Shown) -> tuple[tuple[str, str], ...]:
        if self.validators == "none":
            return ()
        state = repr(shown.report) if self.validators == "right" else shown.report.path
        date = f"Mon, 20 Jan 2025 02:20:{len(state) % 60:02} GMT"
        return ("ETag", f'"{sha256(state.encode()).hexdigest()[:16]}"'), ("Last-Modified", date)

    # --- pages

    def _page(self, path: str, chance: Random) -> str | None:
        plain = dict(self.plain) | {row.url: row.title for row in OTHERS}
        if path in plain:
            return self._framed(plain[path], f"<h2>{plain[path]}</h2><p>由各单位按分工维护。</p>", chance)
        if path == "/":
            ways = f'<div class="yw"><h3>要闻</h3>{anchors(self.entrances)}</div>'
            return self._framed("迁安市人民政府", ways, chance)
        if path == HUB:
            labels = anchors([*_GUIDES, *self.columns.items()], "</li><li>")
            return self._framed("政府信息公开", f'<ul class="gk_menu"><li>{labels}</li></ul>', chance)
        folder, _, file = path.rpartition("/")
        column = f"{folder}/"
        if column not in self.columns:
            return None
        parts = self._parts(column, chance)
        number = {f"index_{at}.html": at for at in range(1, len(parts))} | {"": 0, "index.html": 0}
        return self._list(column, parts, number[file], chance) if file in number else None

    def rows(self, column: str) -> list[Row]:
        """The rows of a list: its reports, and what else stands there."""
        rows = [
            Row(shown.report.path, shown.row or shown.report.title, shown.report.published[:10])
            for shown in self.shown.values()
            if shown.listed and shown.column == column
        ]
        return [*self.extra.get(column, ()), *rows, *(row for row in OTHERS if row.url.startswith(column))]

    def lists(self) -> set[str]:
        """Addresses of all list pages."""
        return {
            f"{column}index_{at}.html" if at else column
            for column in self.columns
            for at in range(len(leaves(self.rows(column), ROWS_A_PAGE)))
        }

    def _parts(self, column: str, chance: Random) -> list[Sequence[Row]]:
        rows = self.rows(column)
        if self.shuffled:
            chance.shuffle(rows)
        return leaves(rows, ROWS_A_PAGE)

    def _list(self, column: str, parts: list[Sequence[Row]], at: int, chance: Random) -> str:
        total = self.declares.get(column, sum(map(len, parts)))
        lines_ = "".join(
            f'<li><a href="{escape(row.url)}" title="{escape(row.title)}">{escape(row.title)}</a>'
            f"<span>{row.date}</span></li>\n"
            for row in parts[at]
        )
        shown = f'<ul class="news_list">{lines_}</ul>'
        pager = (
            f'<div class="page">共{total}条<script>createPageHTML({len(parts)}, {at}, "index", "html");'
            "</script></div>"
        )
        if self.drawn:
            shown, pager = '<div id="app"></div>', "<script>new Vue({el:'#app',router,store})</script>"
        name = self.columns[column]
        return self._framed(
            name, f"<h2>{name}</h2>{shown}{pager}", chance, column_metas(name, "信息公开年报")
        )

    def _article(self, shown: Shown, chance: Random) -> str:
        report = shown.report
        read = chance.randint(100, 9999) if self.chrome else 7
        labels = (
            f'<div class="xxgk_head">发布机构：{report.agency}　发布日期：{report.published[:10]}　'
            f'浏览次数：<span id="hits">{read}</span>次</div>'
        )
        far = "".join(f'<p>附件：<a href="{url}">{url.rpartition("/")[2]}</a></p>' for url in shown.far)
        text = f"{report_page_body(report)}{far}<p>（阅读{read}次）</p>"
        article = (
            f'<div class="article"><h1>{escape(report.title)}</h1>{labels}'
            f'<div class="trs_editor_view TRS_UEDITOR">{text}</div>{self._beside(shown)}</div>'
        )
        metas = article_metas(report.title, report.published[:10], report.agency or "")
        return self._framed(report.title, article, chance, metas)

    def _beside(self, shown: Shown) -> str:
        """The report before and the one after: they change when another is published."""
        if not self.chrome:
            return ""
        rows = self.rows(shown.column)
        at = next((at for at, row in enumerate(rows) if row.url == shown.report.path), 0)
        near = {"上一篇": rows[at - 1 : at], "下一篇": rows[at + 1 : at + 2]}
        return "".join(
            f'<p class="near">{word}：<a href="{row.url}">{row.title}</a></p>'
            for word, found in near.items()
            for row in found
        )

    def _framed(self, title: str, body: str, chance: Random, metas: Mapping[str, str] | None = None) -> str:
        head = top = related = ""
        if self.chrome:
            token = chance.randbytes(12).hex()
            head = f'<script>var csrf="{token}",now={1_764_000_000 + chance.randint(0, 10**7)};</script>'
            news = [(f"/xw/{n}.html", f"要闻第{n}条") for n in range(1, 7)]
            chance.shuffle(news)
            top = (
                f'<div class="top">今天是2026年{chance.randint(1, 12)}月{chance.randint(1, 28)}日　'
                f"{chance.choice(_WEATHER)}　{chance.randint(-9, 35)}℃　本站访问量：{chance.randint(10**5, 10**6)}</div>"
            )
            related = f'<div class="related">相关链接：{anchors(news)}</div>'
        nav = f'<div class="nav">{anchors(_NAV)}</div>'
        return self.html(title, f"{top}{nav}\n{body}\n{related}", metas, head)


# --- its reports


def shown_report(name: str, column: str = BODIES, **facts: Any) -> Shown:
    """The report of a body and year; ``facts`` as in ``truth.json``."""
    body, _, year = name.rpartition("-")
    agency = _AGENCIES.get(body, body)
    number = 100 + list(_AGENCIES).index(body) if body in _AGENCIES else 100 + len(_AGENCIES)
    entry = {
        "path": f"{column}{int(year) + 1}01/t{int(year) + 1}0120_{number}.html",
        "title": f"{agency}{year}年政府信息公开工作年度报告",
        "agency": agency,
        "year": int(year),
        "published": f"{int(year) + 1}-01-20",
        "figures": {"seed": name, "scale": "dept"},
    }
    return Shown(report_of(entry | facts), column)


def first_reports() -> dict[str, Shown]:
    """What stands there at first: 18 reports, the latest on top."""
    city = [f"{body}-{year}" for year in (2024, 2023, 2022) for body in ("city", "office")]
    bodies = [f"{body}-{year}" for year in (2024, 2023) for body in DEPARTMENTS]
    return {name: shown_report(name, CITY) for name in city} | {name: shown_report(name) for name in bodies}


# --- crawling it


@dataclass(frozen=True, slots=True)
class Run:
    """One run over the portal.

    Attributes:
        portal: the portal.
        data: folder of all runs.
        code: exit code; negative after a signal.
        words: what the screen said.
        asked: what the server was asked.
    """

    portal: ShiftingPortal
    data: Path
    code: int
    words: str
    asked: tuple[Request, ...]

    @property
    def folder(self) -> Path:
        """Its folder."""
        return (self.data / "runs" / "latest").resolve()

    @property
    def report(self) -> dict[str, Any]:
        """What ``report.json`` says of the run."""
        report: dict[str, Any] = json.loads((self.folder / "report.json").read_text("utf-8"))
        return report

    @property
    def books(self) -> dict[str, Any]:
        """What ``report.json`` says of the portal."""
        (books,) = self.report["portals"]
        return books  # type: ignore[no-any-return]

    @property
    def outcome(self) -> tuple[str, str | None]:
        """Outcome and reason."""
        return self.books["outcome"], self.books["reason"]

    @property
    def changes(self) -> list[dict[str, Any]]:
        """Lines of ``changes.jsonl``."""
        return lines(self.folder / "changes.jsonl")

    @property
    def items(self) -> dict[str, dict[str, Any]]:
        """Records of the run by the name of the report."""
        return {self.portal.name_at(item["url"]): item for item in lines(self.folder / "items.jsonl")}

    @property
    def issues(self) -> set[str]:
        """Codes of what a person may have to look at."""
        return {issue["code"] for issue in lines(self.folder / "issues.jsonl")}

    @property
    def told(self) -> dict[str, set[str]]:
        """What it told: change → names of reports."""
        told: dict[str, set[str]] = {}
        for change in self.changes:
            told.setdefault(change["change"], set()).add(self.portal.name_at(change["url"]))
        return told

    @property
    def documents(self) -> Counter[str]:
        """Report pages asked, by name."""
        paths = (request.path for request in self.asked if request.host != "files")
        return Counter(self.portal.names[path] for path in paths if path in self.portal.names)

    @property
    def others(self) -> Counter[str]:
        """All other pages asked."""
        return Counter(request.path for request in self.asked if request.path not in self.portal.names)


@dataclass(slots=True)
class Crawler:
    """Crawls a portal into a folder of data, run after run.

    Attributes:
        portal: the portal.
        data: the folder.
        arguments: of every crawl.
        clock: seconds since 1970 at which the clock stands still.
        home: a process with everything imported, to save the time for that.
    """

    portal: ShiftingPortal
    data: Path
    arguments: tuple[str, ...] = ("-a", f"division={DIVISION}")
    clock: int | None = None
    home: Preloaded | None = None

    def __call__(self, *more: str, clock: int | None = None, **settings: str) -> Run:
        """Crawl.

        Args:
            more: further arguments of the command.
            clock: seconds since 1970 at which the clock stands still.
            settings: settings of Scrapy.
        """
        process = self.begin(*more, clock=clock, **settings)
        return self.end(process)

    def begin(self, *more: str, clock: int | None = None, **settings: str) -> Crawling:
        """Begin a crawl."""
        clock = self.clock if clock is None else clock
        url = f"url={self.portal.url['www']}/"
        variables = {} if clock is None else {FIXED: str(clock)}
        first = len(self.portal.log)
        whole = command(self.data, "portal", "-a", url, *self.arguments, *more, **settings)
        if self.home is not None:
            return Crawling(self.home.begin(whole[3:], variables), first)
        process = subprocess.Popen(  # noqa: S603 - our own command
            whole,
            cwd=ROOT,
            env=environment() | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        return Crawling(process, first)

    def end(self, crawling: Crawling) -> Run:
        """Wait for the end of a crawl."""
        process = crawling.process
        if isinstance(process, Process):
            code, words = process.wait()
        else:
            words, _ = process.communicate(timeout=120)
            code = process.returncode
        return Run(self.portal, self.data, code, words, tuple(self.portal.log[crawling.first :]))

    def killed(self, at: int, number: signal.Signals = signal.SIGKILL, **settings: str) -> Run:
        """Crawl, and send the process a signal when it asks for the ``at``-th page."""
        asked = Event()
        self.portal.on_request = lambda n: asked.set() if n >= first + at else None
        first = len(self.portal.log)
        crawling = self.begin(**settings)
        assert asked.wait(60)
        crawling.process.send_signal(number)
        run = self.end(crawling)
        self.portal.on_request = None
        return run

    @property
    def exported(self) -> str:
        """The whole store as JSONL."""
        engine = open_store(store_url(None, self.data))
        try:
            with engine.connect() as connection:
                return "".join(f"{to_json(report)}\n" for report in reports_of_store(connection))
        finally:
            engine.dispose()

    @property
    def stored(self) -> list[tuple[str, dict[str, Any]]]:
        """Name and record of every report in the store."""
        records = map(json.loads, self.exported.splitlines())
        return [(self.portal.name_at(record["url"]), record) for record in records]

    def versions(self, name: str) -> list[tuple[int, dict[str, Any]]]:
        """Number and record of every version of a report."""
        (record,) = (record for stored, record in self.stored if stored == name)
        query = (
            select(versions.c.number, versions.c.record)
            .join_from(versions, reports, versions.c.report == reports.c.key)
            .where(reports.c.id == record["id"])
            .order_by(versions.c.number)
        )
        engine = open_store(store_url(None, self.data))
        try:
            with engine.connect() as connection:
                return [(one.number, json.loads(one.record)) for one in connection.execute(query)]
        finally:
            engine.dispose()

    @property
    def latest(self) -> str:
        """The file of the province that consumers read; empty if there is none."""
        file = self.data / "latest" / f"{PROVINCE}.jsonl"
        return file.read_text("utf-8") if file.exists() else ""


@dataclass(frozen=True, slots=True)
class Crawling:
    """A crawl under way, and the number of the first request that may be its own."""

    process: subprocess.Popen[str] | Process
    first: int


@contextmanager
def standing(reports: Callable[[], dict[str, Shown]] | None = None) -> Iterator[ShiftingPortal]:
    """Serve a portal; its addresses stay the same as long as it stands."""
    portal = ShiftingPortal(reports)
    with served([portal]):
        yield portal
