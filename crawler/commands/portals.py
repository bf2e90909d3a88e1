"""``scrapy portals``: which governments are registered, what is known of their portals, whether the rows are sound.

``probe`` looks at a portal without storing anything; ``add`` registers one.

Chinese by default, English with ``--lang en``; the exit code of ``lint`` says whether anything was found.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.text import Text
from scrapy.commands import ScrapyCommand

from crawler.adding import ROOT, AddingError, add, row_of
from crawler.commands.extract import EXIT_INCOMPLETE, EXIT_USAGE
from crawler.display import Screen, fit, plain
from crawler.messages import LANGUAGE_VARIABLE, LANGUAGES, wished_language
from crawler.probe import PAGES, probe
from crawler.registry import (
    RegistryError,
    Unknown,
    facts,
    find_province,
    lint,
    portal_of,
    portals,
    portals_of_division,
    province_of,
    provinces,
)
from crawler.spiders.options import OptionError, portal_addresses
from crawler.webpage import Fetch, WebPage
from crawler.wording import say as run_say
from crawler.wording import sentence
from pipelines.agencies import ancestors, divisions
from pipelines.decoding import decode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from crawler.adding import Added
    from crawler.messages import Language
    from crawler.probe import Sight
    from crawler.registry import Limit, Portal, PortalException, Problem, Province

_GAP: Final = "  "
_LABEL_WIDTH: Final = 14
_NAME_WIDTH: Final = 28
_CODE_WIDTH: Final = 6
_FILE_WIDTH: Final = 12
_COUNT_WIDTH: Final = 6


class _UsageError(Exception):
    """An argument that can't be used: the key of a sentence, and its words."""

    def __init__(self, key: str, **words: str) -> None:
        super().__init__(key)
        self.key = key
        self.words = words


class Command(ScrapyCommand):
    """List, show and check the registered portals."""

    requires_crawler_process = False

    def syntax(self) -> str:
        """Show the usage."""
        return "[options] [list [province ...] | show <host|code> | lint | probe <url> | add <url>]"

    def short_desc(self) -> str:
        """One line for the list of commands."""
        return "List, show, check, probe and add government portals"

    def long_desc(self) -> str:
        """What the exit code says belongs to the description."""
        return (
            f"{self.short_desc()}. Without an action: the provinces. Exit code: 0 fine, 1 lint found something or "
            "probe no report column, 2 unusable arguments or an unreadable registry."
        )

    def add_options(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        super().add_options(parser)
        parser.add_argument("--platform", metavar="NAME", help="list: only portals of this platform (- none)")
        parser.add_argument("--limited", action="store_true", help="list: only portals with limits")
        parser.add_argument("--columns", action="store_true", help="list: only portals with known columns")
        parser.add_argument("--pages", metavar="N", help=f"probe: pages that may be asked (default: {PAGES})")
        parser.add_argument(
            "--page", metavar="FILE", help="add: the saved home page, in place of asking for it"
        )
        parser.add_argument(
            "--division", metavar="CODE", help="add: code of the division (default: from the page)"
        )
        parser.add_argument("--name", metavar="NAME", help="add: name of the division")
        parser.add_argument("--root", metavar="DIR", help="add: folder of the project (default: this one)")
        parser.add_argument(
            "--lang", metavar="LANG", help=f"language on screen: zh, en (default: {LANGUAGE_VARIABLE} or zh)"
        )

    def run(self, args: list[str], opts: Namespace) -> None:
        """Do it, and leave the exit code."""
        language: Language = LANGUAGES[0]
        try:
            language = _language(opts)
            self.exitcode = self._act(args, opts, _Page(language))
        except _UsageError as error:
            self.exitcode = _complain(_say(error.key, language, **error.words), language)
        except OptionError as error:
            self.exitcode = _complain(run_say(error.key, language, **error.words), language)
        except AddingError as error:
            self.exitcode = _refuse(error, language)
        except OSError as error:
            words = {"file": error.filename or "", "error": error.strerror or error}
            self.exitcode = _complain(run_say("no_access", language, **words), language)
        except RegistryError as error:
            self.exitcode = _complain(_say("unreadable", language, value=str(error)), language)

    def _act(self, args: list[str], opts: Namespace, page: _Page) -> int:
        for argument in args:
            if argument.startswith("-"):
                raise _UsageError("unknown_option", value=argument)
        action, *rest = args or ["list" if _filtered(opts) else "summary"]
        actions: dict[str, Callable[[list[str]], int]] = {
            "summary": lambda _: page.summary(),
            "list": lambda names: page.list(_chosen(names, opts)),
            "show": lambda names: page.show(_wanted(names)),
            "lint": page.lint,
            "probe": lambda urls: page.seen(self._probe(_one(urls), _pages(opts.pages))),
            "add": lambda urls: self._add(_one(urls), opts, page),
        }
        if action not in actions:
            raise _UsageError("unknown_action", value=action)
        return actions[action](rest)

    def _probe(self, url: str, pages: int) -> Sight:
        assert self.settings is not None  # noqa: S101 - set by Scrapy
        return probe(self.settings, url, pages)

    def _add(self, url: str, opts: Namespace, page: _Page) -> int:
        door = _saved(opts.page, url) if opts.page else self._probe(url, 1).door
        if door is None:
            raise AddingError("page_unread", value=url)
        return page.added(add(row_of(door, url, opts.division, opts.name), door, Path(opts.root or ROOT)))


def _language(opts: Namespace) -> Language:
    language, value = wished_language(opts.lang)
    if language is None:
        raise _UsageError("bad_lang", value=value)
    return language


def _complain(text: str, language: Language) -> int:
    sys.stderr.write(plain(_say("error", language, text=text)) + "\n")
    return EXIT_USAGE


def _say(key: str, language: Language, **words: object) -> str:
    return _word("say", key, language).format(**words)


def _word(group: str, code: str, language: Language) -> str:
    """The wording of a code; a code without one stands for itself."""
    wording: dict[str, str] | None = facts()[group].get(code)
    return wording[language] if wording else code


def _refuse(error: AddingError, language: Language) -> int:
    """Say why a portal can't be added, with all that the lint finds."""
    _complain(run_say(error.key, language, **error.words), language)
    for problem in error.problems:
        sys.stderr.write("  " + plain(_sentence(problem, language)) + "\n")
    return EXIT_USAGE


def _sentence(problem: Problem, language: Language) -> str:
    where = f"{problem.province}.toml {problem.place}".strip() + _say("colon", language)
    return where + _word("problem", problem.code, language).format(**problem.details)


def _one(args: Sequence[str]) -> str:
    """The one argument of an action."""
    if not args:
        raise _UsageError("missing_url")
    if len(args) > 1:
        raise _UsageError("extra_argument", value=args[1])
    return args[0]


def _pages(text: str | None) -> int:
    if text is None:
        return PAGES
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise OptionError("bad_count", option="--pages", value=text)
    return int(text)


def _saved(file: str, url: str) -> WebPage:
    """A page out of a file, as if it had just been asked for."""
    (address,) = portal_addresses(url)
    body = Path(file).read_bytes()
    return WebPage(url=address, text=decode(body, None).text, asked=Fetch(address), body=body)


def _filtered(opts: Namespace) -> bool:
    return bool(opts.platform or opts.limited or opts.columns)


def _chosen(names: Iterable[str], opts: Namespace) -> list[Portal | Unknown]:
    """The portals of the provinces named (or of all) that pass the filters; without a filter also the gaps."""
    platform = opts.platform
    if platform not in (None, "-", *facts()["platform"]):
        raise _UsageError("unknown_platform", value=platform, known=" ".join(facts()["platform"]))
    keys = [_province(name).key for name in names]
    chosen: list[Portal | Unknown] = []
    for province in provinces():
        if not keys or province.key in keys:
            chosen += [portal for portal in province.portals if _passes(portal, opts)]
            chosen += () if _filtered(opts) else province.unknown
    return sorted(chosen, key=lambda entry: entry.division)


def _passes(portal: Portal, opts: Namespace) -> bool:
    return (
        (opts.platform is None or (portal.platform or "-") == opts.platform)
        and (bool(portal.limits) or not opts.limited)
        and (bool(portal.columns) or not opts.columns)
    )


def _province(name: str) -> Province:
    if province := find_province(name):
        return province
    raise _UsageError("unknown_province", value=name)


def _wanted(names: list[str]) -> Sequence[Portal | Unknown]:
    """The portals of a division, or the one a host or an address belongs to."""
    if not names:
        raise _UsageError("missing_argument")
    wanted, *surplus = names
    if surplus:
        raise _UsageError("extra_argument", value=surplus[0])
    found: list[Portal | Unknown] = [*portals_of_division(wanted)]
    found += [entry for province in provinces() for entry in province.unknown if entry.division == wanted]
    if found:
        return found
    host = wanted.partition("://")[2].partition("/")[0] or wanted.partition("/")[0]
    if portal := portal_of(host):
        return [portal]
    raise _UsageError("unknown_portal", value=wanted)


class _Page:
    """What is shown, in one language."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._screen = Screen(language, stderr=False)

    def summary(self) -> int:
        """One line a province."""
        heads = ("portals", "platforms", "columns", "limited", "gaps")
        widths = [max(_COUNT_WIDTH, cell_len(self._say(head))) for head in heads]
        head = [fit(self._say("code"), _CODE_WIDTH), fit(self._say("file"), _FILE_WIDTH)]
        head += [_right(self._say(key), width) for key, width in zip(heads, widths, strict=True)]
        self._line([*head, self._say("province")], "dim")
        for province in provinces():
            counts = (
                len(province.portals),
                sum(portal.platform is not None for portal in province.portals),
                sum(bool(portal.columns) for portal in province.portals),
                sum(bool(portal.limits) for portal in province.portals),
                len(province.unknown),
            )
            cells = [province.code, fit(province.key, _FILE_WIDTH)]
            cells += [_right(str(count), width) for count, width in zip(counts, widths, strict=True)]
            self._line([*cells, province.name])
        self._text(self._say("total", n=len(portals())), "bold")
        self._text(self._say("guide"), "dim")
        return 0

    def list(self, chosen: Sequence[Portal | Unknown]) -> int:
        """One line a portal."""
        rows = [
            (entry.division, entry.name, "?", self._reason(entry))
            if isinstance(entry, Unknown)
            else (entry.division, entry.name, self._platform(entry), entry.home)
            for entry in chosen
        ]
        width = max((cell_len(platform) for _, _, platform, _ in rows), default=0)
        for code, name, platform, home in rows:
            self._line([code, fit(name, _NAME_WIDTH), fit(platform, width), home])
        found = sum(not isinstance(entry, Unknown) for entry in chosen)
        self._text(self._say("total", n=found), "bold")
        return 0

    def show(self, found: Sequence[Portal | Unknown]) -> int:
        """All that is known of a portal."""
        for entry in found:
            self._text(f"{entry.name}  {self._place(entry.division)}", "bold")
            for key, value in self._known(entry):
                label = fit(self._say(key), _LABEL_WIDTH)
                self._screen.line(Text(_GAP).append(label, "dim").append(plain(value)))
        return 0

    def lint(self, surplus: Sequence[str]) -> int:
        """Every problem on a line, then how many."""
        if surplus:
            raise _UsageError("extra_argument", value=surplus[0])
        problems = lint()
        for problem in problems:
            self._text(_sentence(problem, self._language), "red")
        if problems:
            self._text(self._say("lint_bad", n=len(problems)), "bold red")
            return EXIT_INCOMPLETE
        self._text(self._say("lint_ok", n=len(portals())), "green")
        return 0

    def seen(self, sight: Sight) -> int:
        """What a probe saw: family and why, report columns with their first rows."""
        ledger = sight.ledger
        if ledger is None or sight.door is None:
            code = ledger.outcome()[1] if ledger else None
            self._text(
                self._run(
                    "probe_nothing", reason=sentence("reason", code or "no_usable_page", self._language)
                ),
                "red",
            )
            return EXIT_INCOMPLETE
        self._text(f"{sight.door.title}  {sight.door.url}", "bold")
        self._text(
            self._run("probe_platform", name=_word("platform", ledger.platform or "-", self._language))
        )
        for found in sight.evidence:
            self._text(
                self._run(
                    "probe_mark", platform=found.platform, n=found.strength, marks="  ".join(found.marks)
                ),
                "dim",
            )
        self._text(self._run("probe_columns", n=len(ledger.columns), pages=ledger.requests))
        for column in ledger.columns.values():
            declared = "?" if column.declared is None else column.declared
            self._text(f"{_GAP}{column.label or '-'}  {column.url}", "bold")
            self._text(
                _GAP * 2 + self._run("probe_rows", found=column.found, declared=declared, pages=column.pages)
            )
            for entry, refused in sight.rows.get(column.url, ()):
                note = f"  [{sentence('reason', refused, self._language)}]" if refused else ""
                self._text(
                    f"{_GAP * 2}{'-' if refused else '✓'} {entry.published or '-'}  {entry.title}{note}"
                )
        if ledger.limited or not ledger.columns:
            self._text(self._run("probe_end" if ledger.columns else "probe_none"), "dim")
        return 0 if any(column.found for column in ledger.columns.values()) else EXIT_INCOMPLETE

    def added(self, added: Added) -> int:
        """What was written, and what is left to do."""
        self._text(self._run("added_row", file=added.province, row=added.row.text().strip()), "green")
        self._text(self._run("added_page", folder=added.fixture), "green")
        self._text(self._run("added_next"), "dim")
        return 0

    def _run(self, key: str, **words: object) -> str:
        return run_say(key, self._language, **words)

    def _known(self, entry: Portal | Unknown) -> Iterator[tuple[str, str]]:
        if isinstance(entry, Unknown):
            yield "missing", self._reason(entry)
            return
        yield "home", entry.home
        yield "platform", self._platform(entry, usual=True)
        for key in ("site", "site_id", "proof"):
            if value := getattr(entry, key):
                yield key, value
        if entry.hosts:
            yield "hosts", self._say("comma").join(entry.hosts)
        if entry.valid_from or entry.valid_to:
            yield "valid", f"{entry.valid_from or ''} – {entry.valid_to or ''}"
        for column in entry.columns:
            notes = self._say("comma").join(_word("note", note, self._language) for note in column.notes)
            yield (
                "column",
                f"{column.label} {column.url}" + (self._say("notes", notes=notes) if notes else ""),
            )
        for exception in entry.exceptions:
            yield "exception", f"{exception.kind}={exception.value} {self._reason(exception)}"
        province = province_of(entry)
        for limit in (*entry.limits, *(province.limits if province else ())):
            yield "limit", self._reason(limit)

    def _reason(self, entry: Limit | PortalException | Unknown) -> str:
        return _word("reason", entry.reason, self._language) + self._say("since", date=entry.since)

    def _platform(self, portal: Portal, *, usual: bool = False) -> str:
        if portal.platform is not None:
            return _word("platform", portal.platform, self._language)
        province = province_of(portal) if usual else None
        if province is None or province.usual is None:
            return self._say("unrecorded") if usual else "-"
        platform = _word("platform", province.usual, self._language)
        return self._say("unrecorded") + self._say("usual", platform=platform)

    def _place(self, code: str) -> str:
        """Code, divisions above, level."""
        division = divisions()[code]
        above = " ".join(reversed([parent.name for parent in ancestors(division.parent)]))
        return _GAP.join(filter(None, (code, above, _word("level", division.level, self._language))))

    def _say(self, key: str, **words: object) -> str:
        return _say(key, self._language, **words)

    def _line(self, cells: Iterable[str], style: str = "") -> None:
        self._text(_GAP.join(cells), style)

    def _text(self, text: str, style: str = "") -> None:
        self._screen.line(Text(plain(text), style=style))


def _right(text: str, width: int) -> str:
    return " " * (width - cell_len(text)) + text
