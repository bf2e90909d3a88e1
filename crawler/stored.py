"""What commands that read the store share: opening it, finding a run, sentences, lines for programs."""

from __future__ import annotations

import json
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.cells import cell_len
from sqlalchemy.exc import DBAPIError

from crawler.commands.extract import EXIT_INCOMPLETE, EXIT_INTERRUPTED, EXIT_USAGE
from crawler.data import load
from crawler.display import hush, plain
from crawler.messages import LANGUAGES, Language, wished_language
from crawler.runs import DATA_SETTING, STORE_SETTING
from pipelines.store.connecting import StoreError, explained, is_file, parse, path_of, shown, store_url
from pipelines.store.history import LOST, MOST, RUNNING, Run, find_runs
from pipelines.store.locking import holder
from pipelines.store.opening import open_store

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterator, Sequence

    from rich.text import Text
    from scrapy.settings import BaseSettings
    from sqlalchemy import Connection

    from crawler.display import Screen

NO_STORE: Final = "no_store"
"""Key of the sentence for a store that nobody has made yet."""
_DATA: Final = "data"
"""Folder of all data outside a project."""
_SNAPSHOT: Final = "REPEATABLE READ"
"""What makes PostgreSQL answer all questions from one state, as SQLite does by itself."""
_UNSAFE: Final = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What would steer a terminal, and what UTF-8 can't hold."""


class WrongError(Exception):
    """What the user has to put right.

    Attributes:
        key: key of a sentence (``[say]`` of ``history.toml``).
        words: what it needs.
    """

    def __init__(self, key: str, **words: object) -> None:
        """Say which sentence, and its words."""
        super().__init__(key)
        self.key = key
        self.words = words


@dataclass(frozen=True, slots=True)
class Place:
    """Where the data of a project lies.

    Attributes:
        data: folder of everything that is kept.
        url: address of the store.
        holder: id of the run that held the store before it was read, or None.
    """

    data: Path
    url: str
    holder: str | None

    @property
    def shown(self) -> str:
        """The store as people may see it: no password."""
        return shown(parse(self.url))

    def seen(self, run: Run) -> Run:
        """A run as it stands: one that claims to be running while nobody holds the store was killed."""
        if run.state != RUNNING or run.id == self.holder:
            return run
        held = holder(self.url)  # it may have begun since the store was looked at
        return run if held and held.run == run.id else replace(run, state=LOST)


@contextmanager
def reading(settings: BaseSettings) -> Iterator[tuple[Connection, Place]]:
    """The store, for reading; all questions see it as it is at the first one.

    Raises:
        WrongError: there is none.
        StoreError: it can't be read.
    """
    data = Path(settings.get(DATA_SETTING) or _DATA)
    url = store_url(settings.get(STORE_SETTING), data)
    address = parse(url)
    if is_file(address) and not path_of(address).exists():
        raise WrongError(NO_STORE, store=shown(address))
    held = holder(url)
    engine = open_store(url, create=False)
    try:
        with engine.connect() as connection:
            if not is_file(address):
                connection.execution_options(isolation_level=_SNAPSHOT)
            yield connection, Place(data, url, held.run if held else None)
    except DBAPIError:
        with explained(address):
            raise
    finally:
        engine.dispose()


def one_run(connection: Connection, name: str) -> Run:
    """The run that a name means: number, ``latest``, id, its beginning or end, or its folder.

    Raises:
        WrongError: none, or several.
    """
    found = find_runs(connection, re.split(r"[/\\]", name.rstrip("/\\"))[-1])
    if not found:
        raise WrongError("unknown_run", value=name)
    if len(found) > 1:
        raise WrongError("many_runs", value=name, names=listed([run.id for run in found]))
    return found[0]


def listed(names: Sequence[str]) -> str:
    """Names in a sentence, as many as are worth it."""
    return ", ".join(names[:MOST]) + (" …" if len(names) > MOST else "")


# --- words


def say(key: str, language: Language, **words: object) -> str:
    """The sentence of a key of ``[say]``, its gaps filled.

    Raises:
        KeyError: there is no such sentence, or a gap without a word.
    """
    wording: str = load("history")["say"][key][language]
    return wording.format(**words)


def word(group: str, code: str, language: Language) -> str:
    """The wording of a code; a code without one stands for itself."""
    wording: dict[str, str] | None = load("history")[group].get(code)
    return wording[language] if wording else code


def minute(time: str | None) -> str:
    """A time of the store to the minute; ``-`` for none."""
    return time[:16].replace("T", " ") if time else "-"


def show(screen: Screen, line: Text) -> None:
    """One line, folded on a terminal: a sentence, or what changed, must not be cut off."""
    console = screen.console
    if console.is_terminal and cell_len(line.plain) > console.width:
        console.print(line, overflow="fold")
    else:
        screen.line(line)


# --- how a command ends


def ending(act: Callable[[Language], int], opts: Namespace) -> int:
    """Do what a command does; whatever the user or the system got wrong ends in one sentence and an exit code."""
    language: Language = LANGUAGES[0]
    try:
        wished, value = wished_language(opts.lang)
        if wished is None:
            raise WrongError("bad_lang", value=value)  # noqa: TRY301 - told like all else
        language = wished
        return act(language)
    except WrongError as error:
        return complain(say(error.key, language, **error.words), language)
    except StoreError as error:
        return complain(store_sentence(error, language), language)
    except BrokenPipeError:
        # The reader has seen enough; but not all was told.
        hush(sys.stdout.fileno())
        return EXIT_INCOMPLETE
    except OSError as error:
        words = {"file": error.filename or "", "error": error.strerror or error}
        return complain(say("no_access", language, **words), language)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def complain(text: str, language: Language) -> int:
    """Say what is wrong on standard error."""
    sys.stderr.write(plain(say("error", language, text=text)) + "\n")
    return EXIT_USAGE


def store_sentence(error: StoreError, language: Language) -> str:
    """The sentence of a store that can't be used."""
    wording: str = load("store")["say"][error.key][language]
    return wording.format(**error.words)


def arguments_of(args: Sequence[str], command: str) -> list[str]:
    """The arguments; what Scrapy did not know as an option is refused.

    Raises:
        WrongError: there is such a one.
    """
    for argument in args:
        if argument.startswith("-"):
            raise WrongError("unknown_option", value=argument, command=command)
    return list(args)


# --- for programs


def write_line(value: dict[str, Any]) -> None:
    """One JSON object on standard output; characters that would steer a terminal are written as escapes.

    Raises:
        BrokenPipeError: the reader left.
    """
    text = json.dumps(value, ensure_ascii=False)
    safe = _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    sys.stdout.buffer.write(safe.encode() + b"\n")
    if sys.stdout.isatty():
        sys.stdout.buffer.flush()
