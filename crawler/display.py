"""The terminal: one line per input, sums, notes, progress.

What comes from pages and file names is hostile: control characters never reach the terminal, and nothing is
read as markup. Colour only repeats what symbol and word already say.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from crawler.messages import reason, say
from pipelines.classify import reason_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from crawler.dumps import Dump
    from crawler.inputs import Problem
    from crawler.messages import Language
    from crawler.outcomes import Outcome, Summary

_FILE_WIDTH: Final = 140
"""Width of what goes to a file or pipe, where no terminal sets one."""
_GAP: Final = "  "
_NAME_ROOM: Final = 24
"""Columns that a file name keeps at least beside its reason."""
_PATIENCE: Final = 0.5
"""Seconds before progress appears: short work needs none."""
_REFRESH: Final = 0.1

_TEMPLATE_WORDS: Final = {"none": "-", "legacy": "-", "mixed": "mix"}

_CONTROLS: Final = {
    **dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), "\ufffd"),
    **dict.fromkeys((0x09, 0x0A, 0x0D), " "),
    **dict.fromkeys(
        (0x200E, 0x200F, 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\ufffd"
    ),
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
}

MARKS: Final = {
    "complete": ("✓", "green"),
    "partial": ("!", "yellow"),
    "none": ("!", "yellow"),
    "legacy_report": ("~", "cyan"),
    "not_a_report": ("-", "dim"),
    "merged": ("=", "dim"),
    "problem": ("✗", "red"),
}
"""State → symbol and colour."""


def plain(text: str) -> str:
    """Text that can't steer a terminal: control and direction characters shown as U+FFFD, one line."""
    return text.translate(_CONTROLS)


def explanation(problem: Problem, language: Language) -> str:
    """The sentence of a problem."""
    return plain(say(problem.code, language, **problem.details))


class Screen:
    """Where people read."""

    def __init__(self, language: Language, *, stderr: bool) -> None:
        """Open the screen on standard output, or on standard error when records go to standard output."""
        self.language = language
        self.console = _console(stderr=stderr)
        self._cropped = self.console.is_terminal
        self._widths = _widths(self.console.width, language)
        self._headed = False
        self._counts: Counter[str] = Counter()
        self._progress: Progress | None = None
        self._started = self._refreshed = time.monotonic()
        self._done = 0

    @property
    def gone(self) -> bool:
        """Whether the reader closed the pipe."""
        return self.console.quiet

    def note_dump(self, dump: Dump) -> None:
        """Say how a dump is read."""
        language = self.language
        columns = say("comma", language).join(
            say(f"role_{role}", language, column=column) for role, column in dump.roles.items()
        )
        guessed = say("dump_guessed", language) if dump.guessed else ""
        note = say(
            "dump_note",
            language,
            file=dump.name,
            columns=columns,
            encoding=dump.encoding.removesuffix("-sig").upper(),
            guessed=guessed,
        )
        self.console.print(Text(plain(note), style="dim"), soft_wrap=not self._cropped)

    def outcome(
        self,
        outcome: Outcome,
        *,
        merged: str | None = None,
        conflict: bool = False,
        full: RenderableType | None = None,
    ) -> None:
        """Show what became of one input.

        Args:
            outcome: what became of it.
            merged: name of the input whose record it repeats.
            conflict: it contradicts an earlier record.
            full: the whole report, to show in place of its line.
        """
        summary = outcome.summary
        state = state_of(outcome) if merged is None else "merged"
        self._counts["partial" if state == "none" else state] += 1
        if summary is None:
            assert outcome.problem is not None  # noqa: S101
            self._remark(state, outcome.name, explanation(outcome.problem, self.language))
        elif merged is not None:
            self._remark(state, outcome.name, say("merged_into", self.language, name=merged))
        elif summary.kind == "not_a_report":
            remarks = [reason_text(summary.kind_reason, self.language)]
            remarks += [reason(code, self.language) for code in summary.unread]
            self._remark(state, outcome.name, say("semicolon", self.language).join(remarks))
        elif full is not None:
            self.console.print(full)
        else:
            self._row(state, outcome.name, summary)
            self._reasons(summary, conflict=conflict)

    def totals(self, *, seconds: float) -> None:
        """Show the sums of the run."""
        language = self.language
        counts = [
            say(f"count_{state}", language, n=self._counts[state])
            for state in ("complete", "partial", "legacy_report", "not_a_report", "merged", "problem")
            if self._counts[state]
        ]
        head = say("total", language, inputs=self._counts.total(), seconds=f"{seconds:.1f}")
        self.line(Text(""))
        self.line(Text(head + say("comma", language).join(counts) + say("stop", language), style="bold"))
        if self._headed:
            self.line(Text(say("guide", language), style="dim"))

    def line(self, text: Text) -> None:
        """Print one line; on a terminal it is cut rather than wrapped, elsewhere it is whole."""
        if self._cropped:
            self.console.print(text, no_wrap=True, crop=True, overflow="ignore")
        elif not self.console.quiet:
            # Nothing to colour or fold: the console's rendering would cost more than reading a small page.
            try:
                self.console.file.write(text.plain.rstrip() + "\n")
                self.console.file.flush()
            except BrokenPipeError:
                self.console.on_broken_pipe()

    def say(self, key: str, *, style: str = "", **words: object) -> None:
        """Print one sentence, wrapped where it must be."""
        text = Text(plain(say(key, self.language, **words)), style=style)
        self.console.print(text, soft_wrap=not self._cropped)

    # --- progress

    def advance(self, total: int | None) -> None:
        """Note one more input done; after a while, show how far the work is. Call ``close`` at the end."""
        self._done += 1
        now = time.monotonic()
        if self._progress is None:
            if now - self._started > _PATIENCE:
                self._progress = self._start_progress(total)
        elif now - self._refreshed > _REFRESH:
            self._refreshed = now
            self._progress.update(self._progress.task_ids[0], completed=self._done, refresh=True)

    def close(self) -> None:
        """Take the progress bar away."""
        if self._progress is not None:
            self._progress.stop()

    def _start_progress(self, total: int | None) -> Progress:
        # No refresh thread: workers may still be forked.
        progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
            auto_refresh=False,
            disable=not self.console.is_terminal,
        )
        progress.start()
        progress.add_task(say("working", self.language), total=total, completed=self._done)
        return progress

    # --- lines

    def _row(self, state: str, name: str, summary: Summary) -> None:
        if not self._headed:
            self._headed = True
            labels = ("state", "agency", "year", "template", "cells", "checks", "doubts", "source")
            self.line(self._columns([(say(label, self.language), "dim") for label in labels]))
        symbol, style = MARKS[state]
        self.line(
            self._columns(
                [
                    (f"{symbol} {say(state, self.language)}", style),
                    (plain(summary.agency or summary.title or say("unknown", self.language)), ""),
                    (str(summary.year or "?"), "" if summary.year else "yellow"),
                    (_templates(summary.templates), "dim"),
                    (
                        f"{summary.read}/{summary.cells}" if summary.cells else "-",
                        "yellow" if summary.doubts else "",
                    ),
                    (_checks(summary), "red" if summary.failed else ""),
                    (str(summary.doubts), "yellow" if summary.doubts else "dim"),
                    (plain(name), "dim"),
                ]
            )
        )

    def _columns(self, cells: Iterable[tuple[str, str]]) -> Text:
        line = Text()
        for index, (text, style) in enumerate(cells):
            width = self._widths[index]
            last = index == len(self._widths) - 1
            if last:
                line.append(tail(text, width) if self._cropped else text, style)
            else:
                line.append(fit(text, width), style).append(_GAP)
        return line

    def _remark(self, state: str, name: str, remark: str) -> None:
        symbol, style = MARKS[state]
        name, remark = plain(name), say("colon", self.language) + plain(remark)
        if self._cropped:
            room = self.console.width - self._widths[0] - len(_GAP) - cell_len(remark)
            name = tail(name, max(_NAME_ROOM, room))
        line = (
            Text().append(fit(f"{symbol} {say(state, self.language)}", self._widths[0]), style).append(_GAP)
        )
        self.console.print(line.append(name).append(remark, "dim"), soft_wrap=not self._cropped)

    def _reasons(self, summary: Summary, *, conflict: bool) -> None:
        reasons = [reason(code, self.language) for code in summary.reasons]
        if conflict:
            reasons.append(say("conflict", self.language))
        if reasons and (conflict or summary.extraction != "complete"):
            indent = " " * (self._widths[0] + len(_GAP))
            text = indent + say("semicolon", self.language).join(reasons)
            self.console.print(Text(plain(text), style="yellow"), soft_wrap=not self._cropped)


def state_of(outcome: Outcome) -> str:
    """What to call an outcome: its problem, its kind, or how much of the report was read."""
    summary = outcome.summary
    if summary is None:
        return "problem"
    return summary.extraction if summary.kind == "report" else summary.kind


def fit(text: str, width: int) -> str:
    """Text in exactly ``width`` columns, cut at its end."""
    if cell_len(text) > width:
        text = set_cell_size(text, width - 1).rstrip() + "…"
    return set_cell_size(text, width)


def tail(text: str, width: int) -> str:
    """Text in at most ``width`` columns, cut at its start: the end of a path says more than its start."""
    if cell_len(text) <= width:
        return text
    while cell_len(text) > width - 1:
        text = text[max(1, len(text) - width) :]
    return "…" + text


def _templates(templates: tuple[str, str, str]) -> str:
    """``v2``, or one word for each of the three tables; ``-`` where there is none."""
    shown = [_TEMPLATE_WORDS.get(template, template) for template in templates]
    return shown[0] if len(set(shown)) == 1 else " ".join(shown)


def _checks(summary: Summary) -> str:
    judged = summary.passed + summary.failed + summary.open
    return f"✓{summary.passed} ✗{summary.failed} ?{summary.open}" if judged else "-"


def _widths(width: int, language: Language) -> tuple[int, ...]:
    """Columns of a line: the words of the language decide those that hold words, body and source share the rest."""
    state = 2 + max(cell_len(say(state, language)) for state in MARKS)
    checks, doubts = (cell_len(say(key, language)) for key in ("checks", "doubts"))
    fixed = (4, 8, 7, max(11, checks), max(4, doubts))
    rest = max(24, width - state - sum(fixed) - 7 * len(_GAP))
    agency = min(36, rest * 2 // 3)
    return (state, agency, *fixed, rest - agency)


class _QuietOnBrokenPipe(Console):
    """A console whose reader may leave: what is still to be said is then dropped, the work goes on."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        hush(self.file.fileno())


def hush(descriptor: int) -> None:
    """Point a stream whose reader left at nothing, so that its last flush at exit can't fail."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, descriptor)
    os.close(nothing)


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")
    free = not stream.isatty() and "COLUMNS" not in os.environ
    return _QuietOnBrokenPipe(
        file=stream, highlight=False, markup=False, emoji=False, width=_FILE_WIDTH if free else None
    )
