"""``scrapy retry``: crawl again only the portals that an earlier run could not read completely.

The same spider with the same arguments, cut down to those portals; what was stored is known, so only what is missing is
asked. Portals that a killed run never came to count as not read.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from crawler.commands.crawl import Command as Crawl
from crawler.commands.extract import EXIT_INCOMPLETE
from crawler.display import plain
from crawler.ledger import FINE
from crawler.spiders.options import OptionError
from crawler.stored import WrongError, arguments_of, complain, ending, one_run, reading, say
from crawler.wording import say as run_say
from crawler.wording import sentence
from pipelines.addresses import address_key, digest
from pipelines.store.history import REPLAY, RUNNING, last_crawl, visits_of

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Sequence

    from scrapy.crawler import CrawlerProcessBase
    from scrapy.settings import BaseSettings

    from crawler.ledger import PortalLedger
    from crawler.messages import Language
    from pipelines.store.history import Run

ONLY: Final = "only"
"""Spider argument: addresses of the portals to walk."""
MODE: Final = "mode"
"""Spider argument that a retry does not take over: what was asked in full once need not be again."""
NOT_RUN: Final = "not-run"


@dataclass(frozen=True, slots=True)
class Earlier:
    """The run whose portals are looked at.

    Attributes:
        run: it.
        outcomes: digest of a home page's address → outcome; portals that it never came to are not there.
        urls: the same → address.
    """

    run: Run
    outcomes: dict[bytes, str]
    urls: dict[bytes, str]


@dataclass(frozen=True, slots=True)
class Again:
    """What is to be crawled again.

    Attributes:
        wanted: address → outcome of portals to walk, in the order of the spider.
        vanished: addresses of portals that went wrong and that the spider does not know any more.
    """

    wanted: dict[str, str]
    vanished: tuple[str, ...]


class Command(Crawl):
    """Crawl failed portals again."""

    def syntax(self) -> str:
        """Show the usage."""
        return "[options] [run]"

    def short_desc(self) -> str:
        """One line for the list of commands."""
        return "Crawl again the portals that the last run (or another) could not read completely"

    def long_desc(self) -> str:
        """What the exit code says belongs to the description."""
        return (
            f"{self.short_desc()}. Spider and arguments are those of that run; -a adds or replaces one. Exit code: "
            "0 nothing to retry or every portal was read completely, 1 one was not, 2 unusable arguments, "
            "130 interrupted."
        )

    def add_options(self, parser: ArgumentParser) -> None:
        """Declare the options: those of a crawl, and a look beforehand."""
        super().add_options(parser)
        parser.add_argument("--list", action="store_true", help="only say which portals, and crawl nothing")

    def run(self, args: list[str], opts: Namespace) -> None:
        """Do it, and leave the exit code."""
        self.exitcode = ending(lambda language: self._retry(args, opts, language), opts)

    def _retry(self, args: list[str], opts: Namespace, language: Language) -> int:
        names = arguments_of(args, "retry")
        if len(names) > 1:
            raise WrongError("extra_argument", value=names[1])
        assert self.settings is not None  # noqa: S101 - set by Scrapy
        earlier = earlier_run(self.settings, names[0] if names else None)
        run = earlier.run
        arguments = {name: value for name, value in run.arguments.items() if name != MODE} | opts.spargs
        assert self.crawler_process is not None  # noqa: S101 - Scrapy gives one to commands that want it
        try:
            ledgers = _ledgers(self.crawler_process, run, arguments)
        except OptionError as error:
            return complain(run_say(error.key, language, **error.words), language)
        again = portals_to_retry(earlier, [ledger.url for ledger in ledgers])
        _tell(run, again, language, everything=opts.list)
        if opts.list or not again.wanted:
            return EXIT_INCOMPLETE if again.vanished and not again.wanted else 0
        opts.spargs = arguments | {ONLY: " ".join(again.wanted)}
        super().run([run.spider], opts)
        return self.exitcode


def earlier_run(settings: BaseSettings, name: str | None) -> Earlier:
    """The run to go by, and what became of its portals.

    Args:
        settings: where the store lies.
        name: of the run; None for the newest that asked portals.

    Raises:
        WrongError: there is none, it is still running, or it asked nobody.
        StoreError: the store can't be opened.
    """
    with reading(settings) as (connection, place):
        run = one_run(connection, name) if name else last_crawl(connection)
        if run is None:
            raise WrongError("no_run")
        run = place.seen(run)
        if run.state == RUNNING:
            raise WrongError("retry_running", run=run.id)
        if run.mode == REPLAY:
            raise WrongError("retry_replay", run=run.id)
        outcomes: dict[bytes, str] = {}
        urls: dict[bytes, str] = {}
        for visit in visits_of(connection, run.seq):
            key = digest(address_key(visit.url))
            outcomes[key], urls[key] = visit.outcome, visit.url
        return Earlier(run, outcomes, urls)


def portals_to_retry(earlier: Earlier, homes: Iterable[str]) -> Again:
    """Which of the portals that the spider would walk were not read completely, or not at all.

    Args:
        earlier: the run to go by.
        homes: addresses of the portals of the same spider with the same arguments.
    """
    keys = {digest(address_key(home)): home for home in homes}
    outcomes = {home: earlier.outcomes.get(key, NOT_RUN) for key, home in keys.items()}
    failed = [key for key, outcome in earlier.outcomes.items() if outcome not in FINE]
    return Again(
        wanted={home: outcome for home, outcome in outcomes.items() if outcome not in FINE},
        vanished=tuple(earlier.urls[key] for key in failed if key not in keys),
    )


def _ledgers(process: CrawlerProcessBase, run: Run, arguments: dict[str, str]) -> Sequence[PortalLedger]:
    """The portals that a spider would walk: it is built for a look, and crawls nothing.

    Raises:
        WrongError: there is no such spider any more.
        OptionError: an argument can't be used any more.
    """
    if run.spider not in process.spider_loader.list():
        raise WrongError("retry_spider", run=run.id, spider=run.spider)
    crawler = process.create_crawler(run.spider)
    ledgers: Sequence[PortalLedger] = crawler.spidercls.from_crawler(crawler, **arguments).ledgers  # type: ignore[attr-defined]
    return ledgers


def _tell(run: Run, again: Again, language: Language, *, everything: bool) -> None:
    """Say what is crawled again, and what can't be; on standard error, where records never go."""

    def line(text: str) -> None:
        sys.stderr.write(plain(text) + "\n")

    for url in again.vanished:
        line(say("retry_unknown", language, url=url, spider=run.spider))
    if not again.wanted:
        if not again.vanished:
            line(say("retry_nothing", language, run=run.id))
        return
    counts = Counter(again.wanted.values())
    words = [f"{sentence('outcome', outcome, language)} {number}" for outcome, number in counts.items()]
    listed = say("comma", language).join(words)
    line(say("retry_head", language, run=run.id, n=len(again.wanted), outcomes=listed))
    if everything:
        for url, outcome in again.wanted.items():
            line(f"  {sentence('outcome', outcome, language)}  {url}")
