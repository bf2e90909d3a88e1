"""``scrapy history``: how a report came to be what it is.

Every version with what changed in it, every address with its state, where the bytes lie. What a newer program read
otherwise from the same bytes is told apart from what a portal edited.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError
from rich.text import Text
from scrapy.commands import ScrapyCommand

from crawler.display import Screen, fit, plain
from crawler.messages import LANGUAGE_VARIABLE
from crawler.messages import word as record_word
from crawler.stored import (
    WrongError,
    arguments_of,
    ending,
    listed,
    minute,
    reading,
    say,
    show,
    word,
    write_line,
)
from crawler.wording import reason
from pipelines.record import Report
from pipelines.revisions import Revision, compare
from pipelines.statutory.templates import tables
from pipelines.store.history import find_reports, histories, refusal_at, version_at, versions_of

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import TypeVar

    from sqlalchemy import Connection

    from crawler.messages import Language
    from pipelines.record import Number
    from pipelines.revisions import Cell, Field, Passage
    from pipelines.store.history import Archived, Change, Found, History, Publication, Version

    Item = TypeVar("Item")

SHOWN: Final = 12
"""Cells, passages, lines … of one kind that are shown unless all are asked for."""
_GAP: Final = "  "
_LABEL_WIDTH: Final = 14
_LINE: Final = 160
_REREAD: Final = "reread"
_MARKS: Final = {"active": "✓", "missing": "?", "gone": "✗", "moved": "→", "replaced": "→"}


class Command(ScrapyCommand):
    """Show all versions of a report."""

    requires_crawler_process = False

    def syntax(self) -> str:
        """Show the usage."""
        return "[options] <id|address>"

    def short_desc(self) -> str:
        """One line for the list of commands."""
        return "Show every version of a report: what changed, where it stands, where its bytes lie"

    def long_desc(self) -> str:
        """What a report may be called, and what the exit code says."""
        return (
            f"{self.short_desc()}. A report is named by its id, the beginning of its id or its address. "
            "Exit code: 0 fine, 1 the output could not be delivered, 2 no such report or no usable store."
        )

    def add_options(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        super().add_options(parser)
        parser.add_argument(
            "--all", action="store_true", help=f"show all changes, not only {SHOWN} of a kind"
        )
        parser.add_argument(
            "--json", action="store_true", help="for programs: one JSON object per report, records included"
        )
        parser.add_argument(
            "--lang", metavar="LANG", help=f"language on screen: zh, en (default: {LANGUAGE_VARIABLE} or zh)"
        )

    def run(self, args: list[str], opts: Namespace) -> None:
        """Do it, and leave the exit code."""
        self.exitcode = ending(lambda language: self._act(args, opts, language), opts)

    def _act(self, args: list[str], opts: Namespace, language: Language) -> int:
        names = arguments_of(args, "history")
        if not names:
            raise WrongError("missing_report")
        if len(names) > 1:
            raise WrongError("extra_argument", value=names[1])
        assert self.settings is not None  # noqa: S101 - set by Scrapy
        with reading(self.settings) as (connection, _):
            found = histories(connection, _identity(connection, names[0], language))
            if opts.json:
                for history in found:
                    write_line(history_entry(connection, history))
                return 0
            page = _Page(language, None if opts.all else SHOWN)
            if len(found) > 1:
                page.note("strands_note", n=len(found))
            for history in found:
                page.report(history, _steps(connection, history))
        return 0


def _identity(connection: Connection, name: str, language: Language) -> str:
    found = find_reports(connection, name)
    if len(found) == 1:
        return found[0]
    if found:
        raise WrongError("many_reports", value=name, names=listed(found))
    if code := refusal_at(connection, name):
        raise WrongError("refused_report", value=name, reason=reason(code, language))
    raise WrongError("unknown_report", value=name)


# --- versions one after another


@dataclass(frozen=True, slots=True)
class _Step:
    """One version, and what is new in it.

    Attributes:
        version: it.
        url: the address at which it was read.
        base: number of the version that it is compared with; None for the first.
        elsewhere: it took none's place: another address of the report shows it.
        revision: what differs; None for the first, and where a record can't be read.
        problem: why a record can't be read.
    """

    version: Version
    url: str
    base: int | None = None
    elsewhere: bool = False
    revision: Revision | None = None
    problem: str = ""


def _steps(connection: Connection, history: History) -> Iterator[_Step]:
    """The versions in order, each beside the one whose place it took; one that took none's beside the one before it."""
    last: Version | None = None
    for version in versions_of(connection, history.key):
        base = last
        if version.previous is not None and (last is None or last.key != version.previous):
            base = version_at(connection, version.previous)
        yield _step(version, base, elsewhere=version.previous is None)
        last = version


def _step(version: Version, base: Version | None, *, elsewhere: bool) -> _Step:
    url = str(json.loads(version.record).get("url") or "")
    if base is None:
        return _Step(version, url)
    try:
        revision = compare(
            Report.model_validate_json(base.record), Report.model_validate_json(version.record)
        )
    except ValidationError as error:
        return _Step(version, url, base.number, elsewhere, problem=error.errors()[0]["msg"])
    return _Step(version, url, base.number, elsewhere, revision)


# --- for programs


def history_entry(connection: Connection, history: History) -> dict[str, Any]:
    """All that is stored of a report, as one object; runs are named by their ids."""
    ids = history.runs
    entry = asdict(history)
    del entry["key"], entry["runs"]
    for place in entry["publications"]:
        for key in ("listed_run", "checked_run", "first_run"):
            place[key] = ids.get(place[key])
    for told in entry["changes"]:
        del told["key"]
    for told in (*entry["changes"], *entry["findings"]):
        told["run"] = ids.get(told["run"], told["run"])
    entry["versions"] = [_version_entry(step, ids) for step in _steps(connection, history)]
    return entry


def _version_entry(step: _Step, ids: Mapping[int, str]) -> dict[str, Any]:
    version = step.version
    archived = [asdict(place) for place in version.archived]
    for place in archived:
        place["run"] = ids.get(place["run"], place["run"])
    return {
        "number": version.number,
        "url": step.url,
        "compared_with": step.base,
        "at_another_address": step.base is not None and step.elsewhere,
        "seen": version.seen,
        "run": ids.get(version.run),
        "sha256": version.capture,
        "archived": archived,
        "differences": asdict(step.revision) if step.revision is not None else None,
        "record": json.loads(version.record),
        "given": json.loads(version.given),
    }


# --- for people


def cell_label(name: str) -> str:
    """Row and column of a cell in printed words; a name that no form knows stands for itself."""
    table_name, _, rest = name.partition(".")
    row, _, column = rest.rpartition(".")
    for table in tables().values():
        if table.name == table_name and row in table.rows and column in table.columns:
            return f"{table.rows[row].label}·{table.columns[column].label}"
    return name


class _Page:
    """What is shown, in one language."""

    def __init__(self, language: Language, most: int | None) -> None:
        self._language = language
        self._most = most
        self._screen = Screen(language, stderr=False)

    def report(self, history: History, steps: Iterable[_Step]) -> None:
        """One report from its head to its findings."""
        self._head(history)
        self._publications(history)
        for step in steps:
            self._version(step, history)
        self._told(history)
        self._findings(history.findings)
        if history.untold:
            self.note("untold_note")

    def note(self, key: str, **words: object) -> None:
        """A remark."""
        self._line(0, self._say(key, **words), "yellow")

    def _head(self, history: History) -> None:
        self._line(0, "")
        agency, year = history.agency or self._say("unknown"), str(history.year or "?")
        self._line(0, _GAP.join(filter(None, (agency, year, history.division))), "bold")
        self._pair("identity", history.id)
        if history.strand:
            self._pair("strand", history.strand)
        self._pair("portal", _GAP.join(filter(None, (history.portal_name, history.portal))))
        seen = self._say("seen", first=minute(history.first_seen), last=minute(history.last_seen))
        self._pair("standing", self._standing(history.state) + self._say("comma") + seen)

    def _publications(self, history: History) -> None:
        self._title("publications")
        for place in history.publications:
            self._line(1, self._publication(place))
        live = [place for place in history.publications if place.state == "active"]
        numbers = sorted({place.version for place in live if place.version is not None})
        if len(numbers) > 1:
            self._line(1, self._say("conflict_note", versions=", ".join(map(str, numbers))), "yellow")

    def _publication(self, place: Publication) -> str:
        text = self._say(
            "publication",
            state=self._standing(place.state),
            url=place.url,
            fate=word("fate", place.fate, self._language),
            version=place.version if place.version is not None else "-",
            checked=minute(place.checked),
        )
        return text + self._say("failures", n=place.failures) if place.failures else text

    def _standing(self, state: str) -> str:
        return f"{_MARKS.get(state, '?')} {word('standing', state, self._language)}"

    # --- versions

    def _version(self, step: _Step, history: History) -> None:
        version = step.version
        self._line(0, "")
        run = history.runs.get(version.run, str(version.run))
        self._line(0, self._say("version", n=version.number, seen=minute(version.seen), run=run), "bold")
        self._line(1, step.url, "dim")
        if step.base is None:
            self._line(1, self._say("first_version"))
        else:
            self._line(1, self._say("beside" if step.elsewhere else "instead_of", n=step.base))
        if step.problem:
            self._line(1, self._say("unreadable", error=step.problem), "red")
        elif step.revision is not None:
            self._revision(step.revision, elsewhere=step.elsewhere)
        for change in history.changes:
            if change.change == _REREAD and change.key == version.key:
                run = history.runs.get(change.run, str(change.run))
                self._line(1, f"{run}{self._say('colon')}{self._say('reread_note')}", "cyan")
        self._bytes(version)

    def _revision(self, revision: Revision, *, elsewhere: bool) -> None:
        fields = [field for field in revision.fields if not (elsewhere and field.name == "url")]
        for field in fields:
            self._field(1, field)
        if not (fields or revision.cells or revision.metadata or revision.passages or revision.attachments):
            self._line(1, self._say("same_record" if elsewhere else "no_difference"), "dim")
        self._titled("cells", revision.cells, self._cell)
        self._titled("metadata", revision.metadata, lambda field: self._field(2, field))
        self._titled("text", revision.passages, self._passage)
        self._titled("attachments", revision.attachments, self._attachment)

    def _titled(self, key: str, items: Sequence[Item], show: Callable[[Item], None]) -> None:
        if not items:
            return
        self._line(1, f"{self._say(key)} ({len(items)})", "bold")
        for item in items[: self._most]:
            show(item)
        self._rest(2, len(items))

    def _rest(self, level: int, number: int) -> None:
        if self._most is not None and number > self._most:
            self._line(level, self._say("more", n=number - self._most), "dim")

    def _field(self, level: int, field: Field) -> None:
        label = word("field", field.name, self._language)
        old, new = (self._value(field.name, value) for value in (field.old, field.new))
        self._line(level, f"{label}{self._say('colon')}{old} → {new}")

    def _value(self, name: str, value: str | None) -> str:
        if value is None:
            return self._say("none")
        return record_word(name, value, self._language) if name in ("kind", "extraction") else _cut(value)

    def _cell(self, cell: Cell) -> None:
        label = cell_label(cell.name)
        if self._language == "en":
            label = f"{cell.name} {label}" if label != cell.name else label
        old = self._number(cell.old, cell.old_note)
        new = self._number(cell.new, cell.new_note)
        self._line(2, f"{label}{self._say('colon')}{old} → {new}")

    def _number(self, value: Number | None, note: str | None) -> str:
        if value is not None:
            return str(value)
        return f"? {_cut(note)}" if note else self._say("blank")

    def _passage(self, passage: Passage) -> None:
        if passage.old_title is None or passage.new_title is None:
            key = "section_new" if passage.old_title is None else "section_lost"
            self._line(2, f"{self._say(key)}{self._say('colon')}{passage.title}")
        elif passage.old_title != passage.new_title:
            self._line(2, f"{passage.old_title} → {passage.new_title}")
        else:
            self._line(2, passage.title)
        for sign, text in passage.lines[: self._most]:
            self._line(3, f"{sign} {_cut(text)}", "red" if sign == "-" else "green")
        self._rest(3, len(passage.lines))

    def _attachment(self, field: Field) -> None:
        if field.old is not None and field.new is not None:
            self._line(2, f"≠ {field.old} → {field.new}  {field.name}")
        else:
            self._line(2, f"{'+' if field.old is None else '-'} {field.new or field.old}  {field.name}")

    def _bytes(self, version: Version) -> None:
        places: list[Archived] = [place for place in version.archived if not place.revisit]
        self._pair("bytes", f"sha256 {version.capture}" if version.capture else self._say("bytes_none"))
        for number, place in enumerate(places[: self._most]):
            text = self._say("bytes_at", file=place.file, offset=place.offset)
            again = len(version.archived) - len(places)
            self._pair("", text + (self._say("bytes_again", n=again) if again and not number else ""))

    # --- what was told, what was found

    def _told(self, history: History) -> None:
        if history.changes:
            self._title("told")
        for change in history.changes:
            run = history.runs.get(change.run, str(change.run))
            text = f"{run}{_GAP}{word('change', change.change, self._language)}{self._change(change)}"
            self._line(1, text, "cyan" if change.change == _REREAD else "")
            self._reread_cells(change)

    def _change(self, change: Change) -> str:
        if change.change == _REREAD:
            return self._say("colon") + self._say("reread_note")
        if change.change == "moved":
            return f"{_GAP}{change.details.get('was_url')} → {change.details.get('url')}"
        if change.was not in (None, change.version) and change.version is not None:
            return f"{_GAP}v{change.was}→v{change.version}"
        return ""

    def _reread_cells(self, change: Change) -> None:
        """The record that was read before is not kept: what it said otherwise stands in the change alone."""
        if change.change != _REREAD:
            return
        cells: Mapping[str, list[Number | None]] = change.details.get("cells") or {}
        for name, pair in list(cells.items())[: self._most]:
            old, new = (self._number(value, None) for value in pair)
            self._line(2, f"{cell_label(name)}{self._say('colon')}{old} → {new}")
        self._rest(2, len(cells))
        if fields := change.details.get("fields"):
            self._line(2, self._say("comma").join(word("field", name, self._language) for name in fields))

    def _findings(self, found: tuple[Found, ...]) -> None:
        if found:
            self._title("findings")
        for one in found:
            message = str((one.finding.get("message") or {}).get(self._language) or one.rule)
            self._line(1, f"{one.rule}{_GAP}{message}{self._say('finding_other', other=one.other)}")

    # --- form

    def _say(self, key: str, **words: object) -> str:
        return say(key, self._language, **words)

    def _title(self, key: str) -> None:
        self._line(0, "")
        self._line(0, self._say(key), "bold")

    def _pair(self, key: str, value: str) -> None:
        label = fit(self._say(key) if key else "", _LABEL_WIDTH)
        show(self._screen, Text(_GAP).append(label, "dim").append(plain(value)))

    def _line(self, level: int, text: str, style: str = "") -> None:
        show(self._screen, Text(_GAP * level).append(plain(text), style))


def _cut(text: str) -> str:
    return text if len(text) <= _LINE else text[:_LINE] + "…"
