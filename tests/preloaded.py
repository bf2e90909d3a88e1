"""The command in processes of its own that need not import everything anew: most of a short crawl is imports.

``python -m tests.preloaded`` has imported what a crawl needs and waits; for each line on its input it forks, and the
child goes on as ``scrapy`` with those arguments. What a process that is started as usual does before its first
request is tried in ``test_killed`` and ``test_command_crawl``.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.small_portal import ROOT, environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NEEDED: Final = (
    "scrapy.cmdline",
    "scrapy.crawler",
    "scrapy.core.engine",
    "scrapy.core.downloader.handlers.http11",
    "crawler.commands.crawl",
    "crawler.commands.runs",
    "crawler.spiders.portal",
    "crawler.publishing",
    "pipelines.store.migrations",
    "pipelines.recording",
    "sqlalchemy.dialects.sqlite",
)


@dataclass(frozen=True, slots=True)
class Process:
    """One command under way."""

    home: Preloaded
    pid: int
    output: Path

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        self.send_signal(signal.SIGKILL)

    def wait(self) -> tuple[int, str]:
        """Its exit code, negative after a signal, and its words."""
        code: int = self.home.ask(wait=self.pid)
        return code, self.output.read_text("utf-8")


class Preloaded:
    """The process that forks."""

    def __init__(self, folder: Path) -> None:
        """Start it; ``folder`` takes the words of its children."""
        self._folder = folder
        self._number = 0
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", __spec__.name],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def begin(self, arguments: list[str], variables: Mapping[str, str]) -> Process:
        """Begin a command of Scrapy."""
        self._number += 1
        output = self._folder / str(self._number)
        pid = self.ask(arguments=arguments, variables=variables, output=str(output))
        return Process(self, pid, output)

    def ask(self, **task: Any) -> int:
        """Give it something to do; a number comes back."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End it."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


@contextmanager
def preloaded() -> Iterator[Preloaded]:
    """A process that forks, for a while."""
    with tempfile.TemporaryDirectory() as folder:
        home = Preloaded(Path(folder))
        try:
            yield home
        finally:
            home.close()


def _serve() -> None:
    for name in _NEEDED:
        import_module(name)
    assert "twisted.internet.reactor" not in sys.modules
    for line in sys.stdin:
        task = json.loads(line)
        if "wait" in task:
            print(os.waitstatus_to_exitcode(os.waitpid(task["wait"], 0)[1]), flush=True)  # noqa: T201
            continue
        pid = os.fork()
        if not pid:
            _become(task)
            return
        print(pid, flush=True)  # noqa: T201


def _become(task: dict[str, Any]) -> None:
    """Go on as the command."""
    os.environ.update(task["variables"])
    output = os.open(task["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, file in ((0, nothing), (1, output), (2, output)):
        os.dup2(file, number)
    import_module("scrapy.cmdline").execute(["scrapy", *task["arguments"]])


if __name__ == "__main__":
    _serve()
