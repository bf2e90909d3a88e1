"""``scrapy crawl``: Scrapy's own command, with an honest exit code and a ledger on screen.

Scrapy's exit code is 0 after exceptions in callbacks, a refused connection or half a crawl; here it follows from the
outcomes of the portals. What a user gets wrong ends in one sentence, before anything is asked of anybody.
"""

from __future__ import annotations

import logging
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.text import Text
from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.downloadermiddlewares import robotstxt
from scrapy.utils.conf import arglist_to_dict

from crawler.commands.extract import EXIT_INCOMPLETE, EXIT_INTERRUPTED, EXIT_USAGE
from crawler.data import load
from crawler.display import Screen, plain
from crawler.ledger import FINE
from crawler.messages import LANGUAGE_VARIABLE, LANGUAGES, Language, wished_language
from crawler.progress import Progress, show_ledgers
from crawler.publishing import CHANGES
from crawler.publishing import LATEST as PUBLISHED
from crawler.registry import RegistryError, find_province
from crawler.runs import DATA_SETTING, FINISHED, ISSUES, REPORT, RUNS, RunExtension
from crawler.spiders.options import OptionError
from crawler.wording import say, store_sentence
from pipelines.stages import ITEMS
from pipelines.store.opening import StoreError

if TYPE_CHECKING:
    import asyncio
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping, Sequence

    from scrapy.crawler import Crawler

    from crawler.ledger import PortalLedger

INTERRUPTED: Final = "shutdown"
"""What Scrapy calls an end by Ctrl-C."""
_QUIET: Final = "WARNING"
_NEAREST: Final = 3
_STDOUT: Final = "-"


class _UsageError(Exception):
    """What the user has to put right: key of a sentence, and its words."""

    def __init__(self, key: str, **words: object) -> None:
        super().__init__(key)
        self.key = key
        self.words = words


class Command(ScrapyCrawl):
    """Crawl one spider and say what became of every portal."""

    def syntax(self) -> str:
        """Show the usage."""
        return "[options] <province|portal>"

    def short_desc(self) -> str:
        """One line for the list of commands."""
        return "Crawl the portals of a province, or any portal (portal -a url=...)"

    def long_desc(self) -> str:
        """What the exit code says belongs to the description."""
        return (
            f"{self.short_desc()}. Exit code: 0 every portal was read completely, 1 one was not, "
            "2 unusable arguments, 130 interrupted."
        )

    def add_options(self, parser: ArgumentParser) -> None:
        """Declare the options: Scrapy's own, and the language."""
        super().add_options(parser)
        parser.add_argument(
            "--lang", metavar="LANG", help=f"language on screen: zh, en (default: {LANGUAGE_VARIABLE} or zh)"
        )

    def process_options(self, args: list[str], opts: Namespace) -> None:
        """Keep the log quiet unless somebody asks: the screen belongs to progress and ledger."""
        loud = (
            opts.loglevel or opts.logfile or "LOG_LEVEL" in arglist_to_dict([v for v in opts.set if "=" in v])
        )
        super().process_options(args, opts)
        if not loud and self.settings is not None:
            self.settings.set("LOG_LEVEL", _QUIET, "cmdline")
            # One traceback for every dead host, whose outcome the ledger tells anyway.
            logging.getLogger(robotstxt.__name__).setLevel(logging.CRITICAL)

    def run(self, args: list[str], opts: Namespace) -> None:
        """Do it, and leave the exit code."""
        language: Language = LANGUAGES[0]
        try:
            language = _language(opts)
            self.exitcode = self._crawl(args, opts, language)
        except _UsageError as problem:
            self.exitcode = _complain(problem.key, problem.words, language)
        except OptionError as error:
            self.exitcode = _complain(error.key, error.words, language)
        except StoreError as error:
            self.exitcode = _complain_store(error, language)
        except RegistryError as error:
            self.exitcode = _complain("registry", {"error": error}, language)
        except OSError as error:
            words = {"file": error.filename or "", "error": error.strerror or error}
            self.exitcode = _complain("not_writable", words, language)

    def _crawl(self, args: list[str], opts: Namespace, language: Language) -> int:
        process = self.crawler_process
        assert process is not None  # noqa: S101 - Scrapy gives one to commands that want it
        name = _spider(args, sorted(process.spider_loader.list()), language)
        _check_folder(process.settings.get(DATA_SETTING))
        crawler = self._create_crawler(name)
        screen = Screen(language, stderr=_to_stdout(opts))
        progress = Progress(crawler, screen)
        task = process.crawl(crawler, **opts.spargs)
        process.start()
        if (error := _error(task)) is not None:
            raise error
        return _told(crawler, progress.seconds, screen)


def _language(opts: Namespace) -> Language:
    language, value = wished_language(opts.lang)
    if language is None:
        raise _UsageError("bad_lang", value=value)
    return language


def _complain(key: str, words: Mapping[str, object], language: Language) -> int:
    text = say(key, language, **words)
    sys.stderr.write(plain(say("error", language, text=text)) + "\n")
    return EXIT_USAGE


def _complain_store(error: StoreError, language: Language) -> int:
    sys.stderr.write(plain(say("error", language, text=store_sentence(error, language))) + "\n")
    return EXIT_USAGE


def _spider(args: Sequence[str], known: Sequence[str], language: Language) -> str:
    """The name of the spider that is meant; provinces also by name and code."""
    for argument in args:
        if argument.startswith("-"):
            raise _UsageError("unknown_option", value=argument)
    if not args:
        raise _UsageError("missing_spider")
    wanted, *surplus = args
    if surplus:
        raise _UsageError("extra_argument", value=surplus[0])
    if wanted in known:
        return wanted
    if (province := find_province(wanted)) is not None and province.key in known:
        return province.key
    raise _UsageError("unknown_spider", value=wanted, hint=_hint(wanted, known, language))


def _hint(wanted: str, known: Sequence[str], language: Language) -> str:
    if "://" in wanted or wanted.endswith(".cn"):
        address = wanted if "://" in wanted else f"http://{wanted}/"
        return say("url_for_portal", language, value=address)
    near = get_close_matches(wanted.lower(), known, _NEAREST)
    return say("nearest", language, names=", ".join(near)) if near else say("spider_list", language)


def _check_folder(data: str | None) -> None:
    """A folder that can't be written is found out before the crawl, not at its end.

    Raises:
        OSError: it can't be made.
    """
    if data:
        Path(data, RUNS).mkdir(parents=True, exist_ok=True)


def _to_stdout(opts: Namespace) -> bool:
    """Whether records go to standard output, which then must hold nothing else."""
    return any(
        target.partition(":")[0] == _STDOUT for target in (opts.output or []) + (opts.overwrite_output or [])
    )


def _error(task: asyncio.Task[None] | object) -> BaseException | None:
    """Why the crawl could not begin, or None."""
    done = getattr(task, "done", None)
    if done is None or not done() or task.cancelled():  # type: ignore[union-attr]
        return None
    error: BaseException | None = task.exception()  # type: ignore[union-attr]
    return error


def _told(crawler: Crawler, seconds: float, screen: Screen) -> int:
    """Show the ledger and where the files are; the exit code."""
    ledgers: Sequence[PortalLedger] = getattr(crawler.spider, "ledgers", ())
    run = crawler.get_extension(RunExtension)
    show_ledgers(ledgers, seconds, screen)
    if run is not None:
        _say_end(run, ledgers, screen)
        if run.reason in (INTERRUPTED, None):
            return EXIT_INTERRUPTED
    reason = run.reason if run is not None else crawler.stats.get_value("finish_reason")
    fine = reason == FINISHED and all(ledger.outcome()[0] in FINE for ledger in ledgers)
    kept = run is None or (run.whole and not run.ending.failed)
    return 0 if fine and kept else EXIT_INCOMPLETE


def _say_end(run: RunExtension, ledgers: Sequence[PortalLedger], screen: Screen) -> None:
    """How the run ended, and where its files lie."""

    def line(key: str, **words: object) -> None:
        screen.line(
            Text(plain(say(key, screen.language, **words)), style="yellow" if key in _ENDS else "dim")
        )

    if run.reason is None:
        line("no_run")
        return
    if run.reason != FINISHED:
        line("interrupted" if run.reason == INTERRUPTED else "stopped", reason=run.reason)
    if run.failure is not None:
        line("store_failed", error=run.failure[screen.language])
    for assertion in run.ending.failed:
        line("assertion", text=getattr(assertion.message, screen.language))
    if run.ending.told:
        line("changes", text=_changes(run.ending.changes, screen.language))
    for written in run.ending.published:
        line("published_at", file=run.folder.parents[1] / PUBLISHED / written["file"])
    issues = sum(len(ledger.issues) for ledger in ledgers)
    for key, name in _FILES.items():
        if (file := run.folder / name).exists():
            line(key, file=file, n=issues)


def _changes(counts: Mapping[str, int], language: Language) -> str:
    """How many of each kind, the usual ones always."""
    kinds = {**dict.fromkeys(("new", "changed", "missing", "gone"), 0), **counts}
    words = load("history")["change"]
    counted = [
        say("counted", language, what=words[kind][language], n=number) for kind, number in kinds.items()
    ]
    return say("comma", language).join(counted)


_FILES: Final = {"records_at": ITEMS, "changes_at": CHANGES, "report_at": REPORT, "issues_at": ISSUES}
_ENDS: Final = ("no_run", "interrupted", "stopped", "store_failed", "assertion")
