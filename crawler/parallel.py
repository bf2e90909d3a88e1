"""One function over many inputs, on all cores, with the results in the order of the inputs.

A failure belongs to the input that caused it: when a worker dies or raises, the inputs it held are run
again one by one, and only the guilty one is reported as failed.
"""

from __future__ import annotations

import itertools
import multiprocessing
import signal
import sys
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

T = TypeVar("T")
R = TypeVar("R")

CHUNK_ITEMS: Final = 16
"""Inputs per task: enough to hide what a task costs, few enough to keep all cores busy to the end."""
CHUNK_WEIGHT: Final = 1 << 20
"""Characters per task, so that a few tasks in flight never hold much memory."""
_TASKS_PER_WORKER: Final = 3


def ordered_map(
    function: Callable[[T], R], items: Iterable[T], weight: Callable[[T], int], *, jobs: int
) -> Generator[tuple[T, R | BaseException], None, None]:
    """Apply ``function`` to every item; yield item and result, or item and the exception it ended in.

    What fits into one task, or ``jobs=1``, stays in this process. ``function`` must be importable.
    """
    chunks = _chunks(items, weight)
    first = list(itertools.islice(chunks, 2))
    alone = jobs == 1 or len(first) < 2  # noqa: PLR2004
    pool = _Pool(1 if alone else jobs, processes=not alone)
    pending: deque[tuple[list[T], Future[list[R]]]] = deque()
    try:
        for chunk in itertools.chain(first, chunks):
            pending.append((chunk, pool.submit(function, chunk)))
            if len(pending) >= pool.jobs * _TASKS_PER_WORKER:
                yield from _results(function, pool, pending)
        while pending:
            yield from _results(function, pool, pending)
    finally:
        pool.stop()


class _Pool:
    """An executor that can be replaced when a worker died."""

    def __init__(self, jobs: int, *, processes: bool) -> None:
        self.jobs = jobs
        self._processes = processes
        self._executor = self._new(jobs)

    def _new(self, jobs: int) -> ProcessPoolExecutor | ThreadPoolExecutor:
        if not self._processes:
            return ThreadPoolExecutor(1)
        # Forked workers inherit everything that is loaded: no start-up cost. Elsewhere the platform decides.
        method = "fork" if sys.platform == "linux" else None
        return ProcessPoolExecutor(
            jobs,
            multiprocessing.get_context(method),
            initializer=signal.signal,
            initargs=(signal.SIGINT, signal.SIG_IGN),
        )

    def submit(self, function: Callable[[T], R], chunk: list[T]) -> Future[list[R]]:
        """Start one task; on a pool that broke meanwhile, the task fails like the ones before it."""
        try:
            return self._executor.submit(_each, function, chunk)
        except BrokenProcessPool as error:
            failed: Future[list[R]] = Future()
            failed.set_exception(error)
            return failed

    def alone(self, function: Callable[[T], R], item: T) -> R | BaseException:
        """Run one item where it can hurt nobody else."""
        executor = self._new(1)
        try:
            task = executor.submit(function, item)
            return task.exception() or task.result()
        finally:
            executor.shutdown(cancel_futures=True)

    def renew(self) -> None:
        """Replace a broken executor."""
        self.stop()
        self._executor = self._new(self.jobs)

    def stop(self) -> None:
        """Let running tasks end, start nothing more."""
        self._executor.shutdown(cancel_futures=True)


def _each(function: Callable[[T], R], chunk: list[T]) -> list[R]:
    return [function(item) for item in chunk]


def _results(
    function: Callable[[T], R], pool: _Pool, pending: deque[tuple[list[T], Future[list[R]]]]
) -> Iterator[tuple[T, R | BaseException]]:
    """Results of the oldest task, and new tasks for all others that a dead worker took down with it."""
    chunk, task = pending.popleft()
    error = task.exception()
    if error is None:
        yield from zip(chunk, task.result(), strict=True)
        return
    for item in chunk:
        yield item, pool.alone(function, item)
    if isinstance(error, BrokenProcessPool):
        pool.renew()
        again = [(waiting, pool.submit(function, waiting)) for waiting, _ in pending]
        pending.clear()
        pending.extend(again)


def _chunks(items: Iterable[T], weight: Callable[[T], int]) -> Iterator[list[T]]:
    chunk: list[T] = []
    size = 0
    for item in items:
        chunk.append(item)
        size += weight(item)
        if len(chunk) == CHUNK_ITEMS or size >= CHUNK_WEIGHT:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
