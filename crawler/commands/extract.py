"""``scrapy extract``: reports on disk or in an earlier scrape → checked records.

The same functions as in a crawl, one process per core. One line per input for people, JSONL for machines;
the exit code says whether everything was read.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from scrapy.commands import ScrapyCommand

from crawler.arguments import STDIN, Plan, plan
from crawler.display import Screen, explanation, hush, plain
from crawler.dumps import ROLES, Role
from crawler.explain import explain
from crawler.inputs import Input, Problem, UnusableArgumentError, problem_of
from crawler.messages import LANGUAGE_VARIABLE, LANGUAGES, Language, say, wished_language
from crawler.outcomes import Outcome, failed_outcome, outcome_of
from crawler.parallel import ordered_map
from pipelines.deduplication import Deduplicator, with_finding
from pipelines.lines import LineFile
from pipelines.record import Report, to_json

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXIT_INCOMPLETE: Final = 1
EXIT_USAGE: Final = 2
EXIT_INTERRUPTED: Final = 130
EXIT_TERMINATED: Final = 143
STDOUT: Final = "-"
"""``-o -``: records to standard output."""
_OTHER_FORMATS: Final = (".csv", ".tsv", ".xlsx", ".xls", ".parquet", ".html", ".htm", ".txt", ".pdf")


class Command(ScrapyCommand):
    """Extract reports from files, folders, patterns, standard input, CSV and JSONL."""

    requires_crawler_process = False

    def syntax(self) -> str:
        """Show the usage."""
        return "[options] <file|folder|pattern|-> ..."

    def short_desc(self) -> str:
        """One line for the list of commands."""
        return "Extract annual reports from files, folders or an earlier scrape (CSV, JSONL)"

    def long_desc(self) -> str:
        """What the exit code says belongs to the description."""
        return (
            f"{self.short_desc()}. Exit code: 0 all read completely, 1 something could not be read, "
            "2 unusable arguments."
        )

    def add_options(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        super().add_options(parser)
        parser.add_argument("-o", "--output", metavar="FILE", help="write records as JSONL (- for stdout)")
        parser.add_argument("--all", action="store_true", help="also write what is not a report")
        parser.add_argument("--explain", action="store_true", help="show each report in full, for checking")
        parser.add_argument("--jobs", metavar="N", help="processes (default: all cores)")
        parser.add_argument(
            "--lang", choices=LANGUAGES, help=f"language on screen (default: {LANGUAGE_VARIABLE} or zh)"
        )
        for role in ROLES:
            parser.add_argument(
                f"--{role}-column", metavar="NAME", help=f"column or key of a dump that holds the {role}"
            )

    def run(self, args: list[str], opts: Namespace) -> None:
        """Do it, and leave the exit code."""
        language: Language = opts.lang or LANGUAGES[0]
        signal.signal(signal.SIGTERM, _terminate)
        try:
            language = _language(opts)
            self.exitcode = _Run(_options(args, opts, language)).execute()
        except UnusableArgumentError as error:
            self.exitcode = _complain(explanation(_usage(error.problem), language), language, EXIT_USAGE)
        except OSError as error:
            self.exitcode = _complain(explanation(problem_of(error), language), language, EXIT_USAGE)
        except KeyboardInterrupt:
            self.exitcode = EXIT_INTERRUPTED


@dataclass(frozen=True, slots=True)
class _Options:
    plan: Plan
    target: Path | None
    stream: bool
    everything: bool
    explain: bool
    jobs: int
    language: Language


def _options(args: list[str], opts: Namespace, language: Language) -> _Options:
    stream = opts.output == STDOUT
    target = Path(opts.output) if opts.output and not stream else None
    if target is not None and target.suffix.lower() in _OTHER_FORMATS:
        raise UnusableArgumentError("not_jsonl", file=str(target))
    named: dict[Role, str] = {
        role: column for role in ROLES if (column := getattr(opts, f"{role}_column")) is not None
    }
    return _Options(
        plan=plan(_inputs(args), named, target=target),
        target=target,
        stream=stream,
        everything=opts.all,
        explain=opts.explain,
        jobs=_jobs(opts.jobs),
        language=language,
    )


def _inputs(args: list[str]) -> list[str]:
    """Scrapy hands unknown options through: they must not pass for files. After ``--`` all are files."""
    cut = args.index("--") if "--" in args else len(args)
    for argument in args[:cut]:
        if argument.startswith("-") and argument != STDIN:
            raise UnusableArgumentError("unknown_option", option=argument)
    inputs = args[:cut] + args[cut + 1 :]
    if not inputs:
        raise UnusableArgumentError("missing_argument")
    return inputs


def _jobs(value: str | None) -> int:
    if value is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        raise UnusableArgumentError("bad_jobs", value=value)
    return int(value)


def _language(opts: Namespace) -> Language:
    language, value = wished_language(opts.lang)
    if language is None:
        raise UnusableArgumentError("bad_lang", value=value)
    return language


def _usage(problem: Problem) -> Problem:
    """A missing file that the user named gets a remedy."""
    return Problem("missing_input", problem.details) if problem.code == "missing_file" else problem


def _complain(text: str, language: Language, code: int) -> int:
    sys.stderr.write(plain(say("error", language, text=text)) + "\n")
    return code


def _terminate(*_: object) -> NoReturn:
    """Leave as after Ctrl-C, so that workers and unfinished files are looked after."""
    raise SystemExit(EXIT_TERMINATED)


class _Run:
    """One run over all inputs."""

    def __init__(self, options: _Options) -> None:
        self._options = options
        self._screen = Screen(options.language, stderr=options.stream)
        self._deduplicator = Deduplicator()
        self._store: LineFile | None = None
        self._names: list[str] = []
        self._complete = True

    def execute(self) -> int:
        """Work through all inputs; whatever goes wrong ends in one line and an exit code."""
        options = self._options
        started = time.monotonic()
        try:
            with self._opened() as self._store:
                self._work()
        except BrokenPipeError:
            # The reader left: nobody is to be told, but not all was delivered.
            hush(sys.stdout.fileno())
            return EXIT_INCOMPLETE
        except (KeyboardInterrupt, SystemExit) as stop:
            self._screen.say("interrupted", style="yellow")
            self._say_kept()
            return EXIT_TERMINATED if isinstance(stop, SystemExit) else EXIT_INTERRUPTED
        except OSError as error:
            if self._store is not None and self._store.part is not None:
                self._screen.say("kept_some", file=self._store.part)
            text = say(
                "output_failed",
                options.language,
                file=options.target or STDOUT,
                error=error.strerror or error,
            )
            return _complain(text, options.language, EXIT_INCOMPLETE if self._store else EXIT_USAGE)
        self._screen.totals(seconds=time.monotonic() - started)
        if options.target is not None:
            self._screen.say("written", file=options.target, records=len(self._names), style="bold")
        return 0 if self._complete else EXIT_INCOMPLETE

    def _opened(self) -> AbstractContextManager[LineFile | None]:
        if self._options.stream:
            return LineFile(sys.stdout.buffer)
        return LineFile(self._options.target) if self._options.target is not None else nullcontext()

    def _work(self) -> None:
        options, screen = self._options, self._screen
        for dump in options.plan.dumps:
            screen.note_dump(dump)
        results = ordered_map(outcome_of, options.plan.inputs(), Input.weight, jobs=options.jobs)
        with closing(results), closing(screen):
            for item, result in results:
                self._take(failed_outcome(item, result) if isinstance(result, BaseException) else result)
                screen.advance(options.plan.total)
                if screen.gone and self._store is None:
                    raise BrokenPipeError

    def _take(self, outcome: Outcome) -> None:
        """Write the record if there is one to write, and show what became of the input."""
        self._complete = self._complete and outcome.complete
        if outcome.key is None or (outcome.kind == "not_a_report" and not self._options.everything):
            self._screen.outcome(outcome)
            return
        verdict = self._deduplicator.admit(outcome.key)
        if verdict.merged:
            if self._store is not None:
                self._store.also_at(verdict.number, outcome.key.url)
            self._screen.outcome(outcome, merged=self._names[verdict.number])
            return
        line = outcome.line
        if verdict.finding is not None:
            line = to_json(with_finding(Report.model_validate_json(line), verdict.finding))
        if self._store is not None:
            self._store.add(line)
        self._names.append(outcome.name)
        full = None
        if self._options.explain and outcome.kind != "not_a_report":
            full = explain(Report.model_validate_json(line), outcome.name, self._options.language)
        self._screen.outcome(outcome, conflict=verdict.finding is not None, full=full)

    def _say_kept(self) -> None:
        if self._store is not None and self._store.part is not None:
            with self._store.part.open("rb") as kept:
                self._screen.say("kept_part", records=sum(1 for _ in kept), file=self._store.part)
