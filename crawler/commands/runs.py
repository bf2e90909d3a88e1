"""``scrapy runs``: what was crawled when and what came of it; one run in full; what differs between two.

Only reads the store, also while a crawl writes it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text
from scrapy.commands import ScrapyCommand

from crawler.display import Screen, fit, plain
from crawler.messages import LANGUAGE_VARIABLE
from crawler.progress import MARKS, duration
from crawler.registry import find_province
from crawler.runs import RUNS
from crawler.stored import (
    NO_STORE,
    WrongError,
    arguments_of,
    ending,
    minute,
    one_run,
    reading,
    say,
    show,
    word,
    write_line,
)
from crawler.wording import sentence
from pipelines.clock import now
from pipelines.recording import ARCHIVE
from pipelines.store.history import (
    CHANGES,
    LOST,
    RUNNING,
    changes_counted,
    changes_of,
    differing_visits,
    list_runs,
    net_changes,
    number_of_runs,
    outcomes_of,
    reports_found,
    visits_of,
)

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from sqlalchemy import Connection

    from crawler.messages import Language
    from crawler.stored import Place
    from pipelines.store.history import Differing, Run, Told, Visited

SHOWN: Final = 50
"""Reports of a comparison that are shown unless all are asked for."""
_LIMIT: Final = 20
_GAP: Final = "  "
_LABEL_WIDTH: Final = 14
_NAME_WIDTH: Final = 36
_KIND_WIDTH: Final = 16
_YEAR_WIDTH: Final = 4
_USUAL: Final = 80
_MEDIUM: Final = 100
_ROOMY: Final = 115
_WIDE: Final = 145
_FILE: Final = 160
_LONGEST: Final = 300
_KILO: Final = 1024
_UNITS: Final = ("B", "KB", "MB", "GB")
_STATE_MARKS: Final = {
    "finished": ("✓", "green"),
    "running": ("…", "cyan"),
    "interrupted": ("!", "yellow"),
    "failed": ("✗", "red"),
    "lost": ("✗", "red"),
}
_CHANGE_MARKS: Final = {
    "new": ("+", "green"),
    "changed": ("≠", "yellow"),
    "conflict": ("!", "yellow"),
    "moved": ("→", "cyan"),
    "returned": ("↩", "green"),
    "missing": ("?", "yellow"),
    "gone": ("✗", "red"),
    "reread": ("=", "dim"),
}
_COUNTED: Final = ("new", "changed", "missing", "gone")
"""Changes with a column of their own."""


class Command(ScrapyCommand):
    """List runs, show one, compare two."""

    requires_crawler_process = False

    def syntax(self) -> str:
        """Show the usage."""
        return "[options] [list | show <run> | diff <run> <run>]"

    def short_desc(self) -> str:
        """One line for the list of commands."""
        return "List what was crawled when, show one run, compare two"

    def long_desc(self) -> str:
        """What a run may be called, and what the exit code says."""
        return (
            f"{self.short_desc()}. A run is named by its number, its id, the beginning or end of its id, or latest. "
            "Exit code: 0 fine, 1 the output could not be delivered, 2 unusable arguments or no usable store."
        )

    def add_options(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        super().add_options(parser)
        parser.add_argument("--limit", metavar="N", help=f"list: how many runs (default: {_LIMIT})")
        parser.add_argument("--changes", action="store_true", help="show: also every change that was told")
        parser.add_argument("--all", action="store_true", help=f"diff: all reports, not only {SHOWN}")
        parser.add_argument("--json", action="store_true", help="for programs: one JSON object per line")
        parser.add_argument(
            "--lang", metavar="LANG", help=f"language on screen: zh, en (default: {LANGUAGE_VARIABLE} or zh)"
        )

    def run(self, args: list[str], opts: Namespace) -> None:
        """Do it, and leave the exit code."""
        self.exitcode = ending(lambda language: self._act(args, opts, language), opts)

    def _act(self, args: list[str], opts: Namespace, language: Language) -> int:
        action, *names = arguments_of(args, "runs") or ["list"]
        wanted = {"list": 0, "show": 1, "diff": 2}
        if action not in wanted:
            raise WrongError("unknown_action", value=action)
        if len(names) < wanted[action]:
            raise WrongError("missing_run" if action == "show" else "missing_runs")
        if len(names) > wanted[action]:
            raise WrongError("extra_argument", value=names[wanted[action]])
        limit = _limit(opts.limit)
        try:
            self._read(action, names, opts, language, limit)
        except WrongError as error:
            if action != "list" or error.key != NO_STORE:
                raise
            if not opts.json:
                _Page(language).text(say("runs_none", language, **error.words))
        return 0

    def _read(self, action: str, names: list[str], opts: Namespace, language: Language, limit: int) -> None:
        assert self.settings is not None  # noqa: S101 - set by Scrapy
        with reading(self.settings) as (connection, place):
            if action == "list":
                _list(connection, place, limit, None if opts.json else _Page(language))
            elif action == "show":
                _show(connection, place, names[0], opts, language)
            else:
                _diff(connection, place, names, opts, language)


def _limit(text: str | None) -> int:
    if text is None:
        return _LIMIT
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 10**9):
        raise WrongError("bad_limit", value=text)
    return int(text)


# --- what is asked of the store


def _list(connection: Connection, place: Place, limit: int, page: _Page | None) -> None:
    found = [place.seen(run) for run in list_runs(connection, limit)]
    facts = _facts(connection, found)
    if page is None:
        for run in found:
            write_line(run_entry(run) | facts[run.seq])
    elif not found:
        page.text(page.say("runs_none", store=place.shown))
    else:
        page.runs(found, facts, total=number_of_runs(connection))


def _show(connection: Connection, place: Place, name: str, opts: Namespace, language: Language) -> None:
    run = place.seen(one_run(connection, name))
    facts = _facts(connection, [run])[run.seq]
    files = list(_files(place.data, run.id))
    if opts.json:
        portals = [portal_entry(visit) for visit in visits_of(connection, run.seq)]
        write_line(
            run_entry(run) | facts | {"visits": portals, "files": [_file_entry(file) for file in files]}
        )
        for told in changes_of(connection, run.seq) if opts.changes else ():
            write_line(told_entry(told))
        return
    page = _Page(language)
    page.head(run, facts)
    page.visits(list(visits_of(connection, run.seq)))
    page.assertions(run.assertions)
    page.files(files)
    if opts.changes:
        page.titled("changes")
        for told in changes_of(connection, run.seq):
            page.told(told)


def _diff(
    connection: Connection, place: Place, names: list[str], opts: Namespace, language: Language
) -> None:
    pair = [place.seen(one_run(connection, name)) for name in names]
    older, newer = sorted(pair, key=lambda run: run.seq)
    portals = list(differing_visits(connection, older.seq, newer.seq))
    told = net_changes(connection, older.seq, newer.seq) if older.seq < newer.seq else iter(())
    if opts.json:
        _write_difference(older, newer, portals, told)
        return
    _Page(language).difference(older, newer, portals, told, everything=opts.all)


def _write_difference(older: Run, newer: Run, portals: list[Differing], told: Iterator[Told]) -> None:
    write_line({"kind": "runs", "older": run_entry(older), "newer": run_entry(newer)})
    for portal in portals:
        write_line({"kind": "portal"} | asdict(portal))
    counts: Counter[str] = Counter()
    for one in told:
        counts.update(one.changes)
        write_line({"kind": "report"} | told_entry(one))
    write_line({"kind": "counts", "portals": len(portals), "changes": _ordered(counts)})


def _facts(connection: Connection, found: list[Run]) -> dict[int, dict[str, Any]]:
    """What the tables tell of runs besides their own rows."""
    seqs = [run.seq for run in found]
    outcomes, reports = outcomes_of(connection, seqs), reports_found(connection, seqs)
    # A run that wrote down how many changes it told spares counting a million of them.
    counted = {
        run.seq: Counter({kind: int(number) for kind, number in stated.items()})
        for run in found
        if isinstance(stated := run.counts.get("changes"), dict)
    }
    counted |= changes_counted(connection, [seq for seq in seqs if seq not in counted])
    return {
        seq: {
            "portals": dict(outcomes[seq]),
            "reports": reports[seq],
            "changes": _ordered(counted[seq]),
        }
        for seq in seqs
    }


def _ordered(counts: Mapping[str, int]) -> dict[str, int]:
    known = {kind: counts[kind] for kind in CHANGES if counts.get(kind)}
    return known | {kind: number for kind, number in counts.items() if kind not in known and number}


# --- for programs


def run_entry(run: Run) -> dict[str, Any]:
    """A run as a line of ``--json``."""
    return asdict(run) | {"seconds": seconds_of(run)}


def portal_entry(visit: Visited) -> dict[str, Any]:
    """A portal of a run: as in ``report.json``, and how it was walked."""
    found = {"url": visit.url, "name": visit.name, "outcome": visit.outcome, "reason": visit.reason}
    return visit.entry | found | {"reports": visit.reports, "mode": visit.mode}


def told_entry(told: Told) -> dict[str, Any]:
    """A report and its changes as a line of ``--json``."""
    return asdict(told) | {"changes": list(told.changes)}


def seconds_of(run: Run) -> int | None:
    """How long a run took, or has been going on; None where nobody knows."""
    if run.state == LOST or (run.ended is None and run.state != RUNNING):
        return None
    end = datetime.fromisoformat(run.ended) if run.ended else now()
    return round((end - datetime.fromisoformat(run.started)).total_seconds())


def _files(data: Path, run: str) -> Iterator[Path]:
    """What a run left behind: exports, and the archived answers."""
    for folder, pattern in ((data / RUNS / run, "*"), (data / ARCHIVE, f"{run}-*.warc.gz*")):
        if folder.is_dir():
            yield from sorted(file for file in folder.glob(pattern) if file.is_file())


def _file_entry(file: Path) -> dict[str, Any]:
    return {"file": str(file), "bytes": file.stat().st_size}


# --- for people


class _Page:
    """What is shown, in one language."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._screen = Screen(language, stderr=False)
        console = self._screen.console
        if not console.is_terminal:
            console.width = max(console.width, _FILE)
        self._width = console.width

    def say(self, key: str, **words: object) -> str:
        return say(key, self._language, **words)

    def text(self, text: str, style: str = "") -> None:
        show(self._screen, Text(plain(text), style=style))

    def titled(self, key: str) -> None:
        self.text("")
        self.text(self.say(key), "bold")

    # --- list

    def runs(self, found: list[Run], facts: Mapping[int, Mapping[str, Any]], total: int) -> None:
        """One row per run."""
        heads = [*self._run_heads()]
        table = self._table([(self._head(head), head not in _WORDS) for head in heads])
        for run in found:
            cells = self._run_cells(run, facts[run.seq])
            table.add_row(*(cells[head] for head in heads))
        self._screen.console.print(table)
        self.text(self.say("runs_guide"), "dim")
        if "changes" in heads:
            kinds = (
                (mark, word("change", kind, self._language)) for kind, (mark, _) in _CHANGE_MARKS.items()
            )
            self.text(
                self.say("changes_guide", kinds="  ".join(f"{mark} {name}" for mark, name in kinds)), "dim"
            )
        if any(run.state == LOST for run in found):
            self.text(self.say("lost_note"), "dim")
        if total > len(found):
            self.text(self.say("runs_more", total=total, n=len(found)), "dim")

    def _run_heads(self) -> Iterator[str]:
        """Columns for which there is room."""
        yield from ("number", "state")
        if self._width >= _WIDE:
            yield from ("run", "mode", "took", "portals", "reports", *_COUNTED, "good")
            return
        if self._width >= _USUAL:
            yield "started"
        if self._width >= _MEDIUM:
            yield from ("spider", "took")
        yield from ("portals", "reports", "changes")
        if self._width >= _ROOMY:
            yield "good"

    def _head(self, key: str) -> str:
        return word("change", key, self._language) if key in _COUNTED else self.say(key)

    def _run_cells(self, run: Run, facts: Mapping[str, Any]) -> dict[str, Text]:
        mark, style = _STATE_MARKS.get(run.state, ("?", ""))
        seconds = seconds_of(run)
        return {
            "number": Text(str(run.seq)),
            "state": Text(f"{mark} {word('state', run.state, self._language)}", style),
            "run": Text(plain(run.id)),
            "started": Text(minute(run.started)),
            "spider": Text(plain(run.spider)),
            "mode": Text(word("mode", run.mode, self._language)),
            "took": Text("-" if seconds is None else duration(seconds)),
            "portals": _portal_marks(facts["portals"]),
            "reports": Text(str(facts["reports"])),
            "good": self._good(run),
            "changes": _marked(facts["changes"], _CHANGE_MARKS),
            **{kind: Text(str(facts["changes"].get(kind, 0))) for kind in _COUNTED},
        }

    def _good(self, run: Run) -> Text:
        if run.state == RUNNING or not (run.good or run.assertions):
            return Text("-", "dim")
        return Text(self.say("good_yes"), "green") if run.good else Text(self.say("good_no"), "red")

    # --- show

    def head(self, run: Run, facts: Mapping[str, Any]) -> None:
        """What a run was, and its sums."""
        mark, style = _STATE_MARKS.get(run.state, ("?", ""))
        self.text(f"{run.id}  #{run.seq}", "bold")
        state = f"{mark} {word('state', run.state, self._language)}"
        if run.reason and run.reason != run.state:
            state += self.say("comma") + run.reason
        self._pair("state", state, style)
        if run.state == LOST:
            self._pair("", self.say("lost_note"), style)
        self._pair("spider", run.spider)
        arguments = " ".join(f"{name}={value}" for name, value in sorted(run.arguments.items()))
        self._pair("arguments", _cut(arguments) or self.say("none"))
        self._pair("mode", word("mode", run.mode, self._language))
        self._pair("started", minute(run.started))
        self._pair("ended", minute(run.ended))
        seconds = seconds_of(run)
        self._pair("took", "-" if seconds is None else duration(seconds))
        self._pair("reports", str(facts["reports"]))
        changes = self.counts(facts["changes"])
        self._pair("changes", changes or self.say("no_changes" if run.told else "untold"))

    def visits(self, visits: list[Visited]) -> None:
        """One row per portal."""
        self.text("")
        if not visits:
            self.text(self.say("no_visits"), "dim")
            return
        wide = self._width >= _MEDIUM
        heads = ["outcome", "portals", "mode", "reports", "rows"]
        heads += ["refused", "requests"] if wide else []
        table = self._table([(self.say(head), head in _NUMBERS) for head in [*heads, "why"]])
        for visit in visits:
            mark, style = _outcome_mark(visit.outcome)
            entry = visit.entry
            extra = (_total(entry.get("refused")), _number(entry.get("requests"))) if wide else ()
            table.add_row(
                Text(f"{mark} {sentence('outcome', visit.outcome, self._language)}", style),
                Text(plain(visit.name or entry.get("name") or visit.url)),
                Text(word("mode", visit.mode, self._language)),
                str(visit.reports),
                rows_word(entry),
                *extra,
                Text(plain(self._reason(visit.reason)), style),
            )
        self._screen.console.print(table)

    def _reason(self, code: str | None) -> str:
        return sentence("reason", code, self._language) if code else ""

    def assertions(self, judgements: Iterable[Mapping[str, Any]]) -> None:
        """What was asserted of the run and of each province."""
        judgements = list(judgements)
        if judgements:
            self.titled("assertions")
        for judgement in judgements:
            province = judgement.get("province")
            known = find_province(province) if province else None
            self.text(_GAP + (known.name if known else province or self.say("whole_run")))
            for entry in judgement.get("assertions") or ():
                self._assertion(entry)

    def _assertion(self, entry: Mapping[str, Any]) -> None:
        mark, style = ("✓", "green") if entry.get("holds") else ("✗", "red")
        text = str((entry.get("message") or {}).get(self._language) or entry.get("code") or "?")
        if entry.get("accepted"):
            mark, style, text = "~", "yellow", text + self.say("accepted")
        self.text(f"{_GAP * 2}{mark} {text}", style)

    def files(self, files: list[Path]) -> None:
        """Where the files of a run lie."""
        self.titled("files")
        for file in files:
            self.text(_GAP + self.say("file", file=file, size=_size(file.stat().st_size)))
        if not files:
            self.text(_GAP + self.say("no_files"), "dim")

    # --- changes

    def counts(self, counts: Mapping[str, int]) -> str:
        """How many of each kind, in words."""
        return self.say("comma").join(
            f"{word('change', kind, self._language)} {number}" for kind, number in _ordered(counts).items()
        )

    def told(self, told: Told) -> None:
        """One report and what became of it."""
        _, style = _CHANGE_MARKS.get(told.changes[0], ("?", ""))
        kinds = "+".join(word("change", kind, self._language) for kind in told.changes)
        mark = "".join(_CHANGE_MARKS.get(kind, ("?", ""))[0] for kind in told.changes)
        agency = told.agency or told.division or self.say("unknown")
        year = str(told.year or "?")
        line = (
            Text(_GAP)
            .append(fit(f"{mark} {kinds}", _KIND_WIDTH), style)
            .append(f"{_GAP}{fit(year, _YEAR_WIDTH)}{_GAP}")
        )
        line.append(fit(plain(agency), _NAME_WIDTH)).append(_GAP).append(plain(told.id), "dim")
        for part in (told.strand, *_steps(told)):
            line.append(plain(_GAP + part) if part else "")
        self._screen.line(line)

    def difference(
        self,
        older: Run,
        newer: Run,
        portals: list[Differing],
        told: Iterator[Told],
        *,
        everything: bool,
    ) -> None:
        """What the newer run left otherwise than the older one."""
        if older.seq == newer.seq:
            self.text(self.say("diff_same", value=older.id))
            return
        self.text(self.say("diff_head", older=older.id, newer=newer.id), "bold")
        for run in (older, newer):
            if not run.told:
                state = word("state", run.state, self._language)
                self.text(self.say("diff_untold", run=run.id, state=state), "yellow")
        self._differing(portals, everything=everything)
        self.text("")
        counts: Counter[str] = Counter()
        kept: list[Told] = []
        reports = 0
        for one in told:
            counts.update(one.changes)
            reports += 1
            if everything:
                self.told(one)
            elif len(kept) < SHOWN:
                kept.append(one)
        summary = self.say("diff_reports", counts=self.counts(counts)) if reports else self.say("diff_none")
        self.text(summary, "bold")
        for one in kept:
            self.told(one)
        if reports > len(kept) and not everything:
            self.text(self.say("shown", n=len(kept), total=reports), "dim")

    def _differing(self, portals: list[Differing], *, everything: bool) -> None:
        """Portals that both visited; those of one run alone are many after a retry, and only counted."""
        both = [portal for portal in portals if portal.older and portal.newer]
        alone = [portal for portal in portals if not (portal.older and portal.newer)]
        self.text("")
        self.text(self.say("diff_portals", n=len(both)), "bold")
        shown = both + (alone if everything else [])
        width = max((cell_len(plain(portal.name or portal.url)) for portal in shown), default=0)
        for portal in shown:
            name = fit(plain(portal.name or portal.url), min(width, _NAME_WIDTH))
            self.text(f"{_GAP}{name}{_GAP}{self._condition(portal.older)} → {self._condition(portal.newer)}")
        if alone:
            counts = {
                key: sum(getattr(portal, key) is not None for portal in alone) for key in ("older", "newer")
            }
            self.text(_GAP + self.say("diff_alone", **counts), "dim")

    def _condition(self, found: tuple[str, str | None, int] | None) -> str:
        if found is None:
            return self.say("not_visited")
        outcome, reason, reports = found
        text = f"{_outcome_mark(outcome)[0]} {sentence('outcome', outcome, self._language)} {reports}"
        return f"{text} ({self._reason(reason)})" if reason else text

    # --- form

    def _pair(self, key: str, value: str, style: str = "") -> None:
        label = fit(self.say(key) if key else "", _LABEL_WIDTH)
        show(self._screen, Text(_GAP).append(label, "dim").append(plain(value), style))

    def _table(self, heads: Iterable[tuple[str, bool]]) -> Table:
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
        cut = self._screen.console.is_terminal
        for head, number in heads:
            table.add_column(
                head,
                justify="right" if number else "left",
                no_wrap=True,
                overflow="ellipsis" if cut else "fold",
            )
        return table


_WORDS: Final = ("state", "run", "started", "spider", "mode", "portals", "changes", "good")
"""Columns of the list that hold words; the others hold numbers."""
_NUMBERS: Final = ("reports", "rows", "refused", "requests")


def _portal_marks(outcomes: Mapping[str, int]) -> Text:
    """Portals by the mark of their outcome: ``✓12 !3 ✗2``."""
    sums: Counter[str] = Counter()
    for outcome, number in outcomes.items():
        sums[_outcome_mark(outcome)[0]] += number
    return _marked(sums, {mark: (mark, style) for mark, style in MARKS.values()})


def _marked(counts: Mapping[str, int], marks: Mapping[str, tuple[str, str]]) -> Text:
    """Counts with their marks in place of words; ``-`` for none."""
    parts = [Text(f"{mark}{counts[key]}", style) for key, (mark, style) in marks.items() if counts.get(key)]
    return Text(" ").join(parts) if parts else Text("-", "dim")


def _outcome_mark(outcome: str) -> tuple[str, str]:
    return next((mark for known, mark in MARKS.items() if known == outcome), ("?", ""))


def rows_word(entry: Mapping[str, Any]) -> str:
    """Rows found in all columns of those declared, as in the ledger of a crawl."""
    columns = entry.get("columns") or []
    if not columns:
        return "-"
    declared = [column["declared"] for column in columns if column.get("declared") is not None]
    total = f"{sum(declared)}{'+' if len(declared) < len(columns) else ''}" if declared else "?"
    return f"{sum(column.get('found') or 0 for column in columns)}/{total}"


def _total(counts: Mapping[str, int] | None) -> str:
    return str(sum(counts.values())) if counts is not None else "-"


def _number(value: int | None) -> str:
    return "-" if value is None else str(value)


def _steps(told: Told) -> Iterator[str]:
    """What changed in figures and addresses: versions, and a move."""
    if told.version is not None and told.was not in (None, told.version):
        yield f"v{told.was}→v{told.version}"
    if "moved" in told.changes and told.details.get("was_url"):
        yield f"{told.details['was_url']} → {told.details.get('url')}"
    elif told.url:
        yield told.url


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _size(size: float) -> str:
    unit = 0
    while size >= _KILO and unit < len(_UNITS) - 1:
        size, unit = size / _KILO, unit + 1
    return f"{size:.0f} {_UNITS[unit]}" if not unit else f"{size:.1f} {_UNITS[unit]}"
