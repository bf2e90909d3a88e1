"""How a crawl goes, and how it went: a line while it runs, the ledger as a table at its end.

The table is the honest part: one row per portal with its outcome, what the portal declares and what was found.
"""

from __future__ import annotations

import logging
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from rich import box
from rich.live import Live
from rich.table import Table
from rich.text import Text
from scrapy import signals
from scrapy.utils.asyncio import create_looping_call
from scrapy.utils.log import get_scrapy_root_handler

from crawler.display import Screen, plain
from crawler.ledger import FINE
from crawler.wording import say, sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scrapy.crawler import Crawler

    from crawler.ledger import Outcome, PortalLedger
    from crawler.messages import Language

LIVE_SECONDS: Final = 0.5
LINE_SECONDS: Final = 30.0
"""Between two lines where no terminal shows a live one."""
_MINUTE: Final = 60
MARKS: Final[dict[Outcome, tuple[str, str]]] = {
    "ok": ("✓", "green"),
    "ok-empty": ("✓", "green"),
    "partial": ("!", "yellow"),
    "layout-changed": ("✗", "red"),
    "blocked": ("✗", "red"),
    "unreachable": ("✗", "red"),
    "not-run": ("-", "dim"),
}
"""Outcome → symbol and colour; the word stands beside it."""


class Progress:
    """The line that says how far a crawl is."""

    def __init__(self, crawler: Crawler, screen: Screen) -> None:
        """Listen to a crawl."""
        self._crawler = crawler
        self._screen = screen
        self._started = time.monotonic()
        self._live = Live(console=screen.console, auto_refresh=False, transient=True)
        self._task: Any = None
        crawler.signals.connect(self._open, signals.spider_opened)
        crawler.signals.connect(self._close, signals.spider_closed)

    @property
    def seconds(self) -> float:
        """Since it was started."""
        return time.monotonic() - self._started

    def _open(self) -> None:
        live = self._screen.console.is_terminal
        if live:
            self._live.start()
            _log_to(sys.stderr)  # while it is live, rich stands there and writes above the line
        self._task = create_looping_call(self._show)
        self._task.start(LIVE_SECONDS if live else LINE_SECONDS, now=live)

    def _show(self) -> None:
        ledgers: Sequence[PortalLedger] = self._crawler.spider.ledgers  # type: ignore[union-attr]
        language = self._screen.language
        going = self._crawler.crawling
        line = progress_line(ledgers, self.seconds, language) if going else say("stopping", language)
        if self._live.is_started:
            self._live.update(Text(line, style="cyan", no_wrap=True, overflow="ellipsis"), refresh=True)
        else:
            self._screen.line(Text(line))

    def _close(self) -> None:
        if self._task is not None and self._task.running:
            self._task.stop()
        if self._live.is_started:
            self._live.stop()
            _log_to(sys.stderr)


def _log_to(stream: Any) -> None:
    handler = get_scrapy_root_handler()
    if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
        handler.setStream(stream)


def progress_line(ledgers: Sequence[PortalLedger], seconds: float, language: Language) -> str:
    """Portals done of all, pages, reports, speed, time left."""
    done = sum(ledger.ended is not None for ledger in ledgers)
    pages = sum(ledger.responses for ledger in ledgers)
    line = say(
        "progress",
        language,
        done=done,
        total=len(ledgers),
        pages=pages,
        reports=sum(ledger.reports for ledger in ledgers),
        rate=round(pages * _MINUTE / seconds) if seconds >= 1 else "-",
    )
    if 0 < done < len(ledgers):
        # Portals differ in size by thousands of pages: the mean of those done is all that is known.
        return line + say("left", language, time=duration(seconds / done * (len(ledgers) - done)))
    return line + say("elapsed", language, time=duration(seconds))


def duration(seconds: float) -> str:
    """``0:07``, ``12:30``, ``3:05:00``."""
    minutes, rest = divmod(round(seconds), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


# --- the end


_WIDE: Final = 100
_FILE: Final = 160


def show_ledgers(ledgers: Sequence[PortalLedger], seconds: float, screen: Screen) -> None:
    """The ledger as a table, and the sums."""
    language = screen.language
    console = screen.console
    if ledgers:
        if not console.is_terminal:
            console.width = max(console.width, _FILE)  # what goes to a file is as wide as it needs to be
        wide = console.width >= _WIDE
        console.print(ledger_table(ledgers, language, cut=console.is_terminal, wide=wide))
        screen.line(Text(say("guide", language), style="dim"))
    outcomes = Counter(ledger.outcome()[0] for ledger in ledgers)
    counts = [
        say("count", language, outcome=sentence("outcome", outcome, language), n=outcomes[outcome])
        for outcome in MARKS
        if outcomes[outcome]
    ]
    head = say(
        "total",
        language,
        portals=len(ledgers),
        reports=sum(ledger.reports for ledger in ledgers),
        requests=sum(ledger.requests for ledger in ledgers),
        time=duration(seconds),
    )
    fine = all(outcome in FINE for outcome in outcomes)
    text = head + say("comma", language).join(counts) + say("stop", language)
    console.print(Text(text, style="bold green" if fine else "bold"), soft_wrap=not console.is_terminal)


def ledger_table(
    ledgers: Sequence[PortalLedger], language: Language, *, cut: bool, wide: bool = True
) -> Table:
    """One row per portal, in the order of the run.

    Args:
        ledgers: the books.
        language: of the words.
        cut: long words are cut rather than broken.
        wide: there is room for all columns; a narrow screen gets what matters most.
    """
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    heads = ("state", "portal", "reports", "rows", *(("refused", "requests") if wide else ()), "why")
    overflow: Any = "ellipsis" if cut else "fold"
    for head in heads:
        number = head in ("reports", "rows", "refused", "requests")
        table.add_column(
            say(head, language),
            justify="right" if number else "left",
            no_wrap=head in ("state", "portal"),
            overflow=overflow,
            max_width=(36 if wide else 20) if head == "portal" else None,
        )
    for ledger in ledgers:
        outcome, code = ledger.outcome()
        mark, style = MARKS[outcome]
        table.add_row(
            Text(f"{mark} {sentence('outcome', outcome, language)}", style),
            Text(plain(ledger.name or ledger.url)),
            str(ledger.reports),
            rows_word(ledger),
            *((str(ledger.refused.total()), str(ledger.requests)) if wide else ()),
            Text(plain(sentence("reason", code, language)) if code else "", style),
        )
    return table


def rows_word(ledger: PortalLedger) -> str:
    """Rows found in all columns of those declared: ``12/12``, ``15/7+`` where only some say it, ``15/?`` where none."""
    columns = ledger.columns.values()
    if not columns:
        return "-"
    declared = [column.declared for column in columns if column.declared is not None]
    total = f"{sum(declared)}{'+' if len(declared) < len(columns) else ''}" if declared else "?"
    return f"{sum(column.found for column in columns)}/{total}"
