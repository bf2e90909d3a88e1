"""What a run hands on: its own records and changes always, the last good records of a province only when all holds.

``data/latest/<province>.jsonl`` is what readers use. It moves when every assertion on the run holds (or is accepted), all
its provinces together, each file in one step; otherwise nothing there is touched, not even its time.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from crawler.assertions import is_publishable
from crawler.registry import provinces
from pipelines.lines import LineFile
from pipelines.record import to_json
from pipelines.stages import ITEMS
from pipelines.store.export import changes_of_run, reports_of_province, reports_of_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from crawler.assertions import Judgement

LATEST: Final = "latest"
"""Folder of the last good records, beside those of the runs."""
CHANGES: Final = "changes.jsonl"
"""Name of the file of changes in the folder of a run."""
_SUFFIX: Final = ".jsonl"


class UnknownProvinceError(ValueError):
    """Not the key of a province: no file is named after it."""


@dataclass(frozen=True, slots=True)
class Written:
    """A file of lines that took its place.

    Attributes:
        file: where it stands.
        lines: how many it has.
        sha256: of its bytes.
        province: key of the registry; None for a file of the run.
    """

    file: Path
    lines: int
    sha256: str
    province: str | None = None

    def entry(self) -> dict[str, Any]:
        """As in ``report.json``; the name leaves out the folder, which may be moved."""
        return {
            "province": self.province,
            "file": self.file.name,
            "lines": self.lines,
            "sha256": self.sha256,
        }


def write_run(connection: Connection, folder: Path, run: int) -> dict[str, int]:
    """Write the records and the changes of a run into its folder.

    Args:
        connection: of the store; read only.
        folder: of the run.
        run: its number.

    Returns:
        Kind of change → how many the run told.

    Raises:
        OSError: they can't be written; what stood there is as before.
    """
    write_lines(folder / ITEMS, (to_json(report) for report in reports_of_run(connection, run)))
    told: Counter[str] = Counter()
    write_lines(folder / CHANGES, _counted(changes_of_run(connection, run), told))
    return dict(sorted(told.items()))


def _counted(changes: Iterable[dict[str, Any]], told: Counter[str]) -> Iterator[str]:
    for change in changes:
        told[change["change"]] += 1
        yield json.dumps(change, ensure_ascii=False)


def publish_run(
    connection: Connection, data: Path, run: int, judgements: Sequence[Judgement]
) -> list[Written]:
    """Publish every province that a run touched, if the run and each of them may be; otherwise nothing.

    Args:
        connection: of the store; read only.
        data: folder of everything that crawls leave behind.
        run: its number; its changes are stated in the records.
        judgements: on the run and on its provinces.

    Returns:
        What was published; nothing if an assertion fails.

    Raises:
        UnknownProvinceError: a province that the registry doesn't have.
        OSError: a file can't be written; if it is not the last step that fails, all are as before.
    """
    if not is_publishable(judgements):
        return []
    keys = [judgement.province for judgement in judgements if judgement.province is not None]
    return publish_all(
        data, {key: (to_json(report) for report in reports_of_province(connection, key, run)) for key in keys}
    )


def publish(data: Path, province: str, records: Iterable[str]) -> Written:
    """Let records take the place of the last good ones of a province.

    Args:
        data: folder of everything that crawls leave behind.
        province: key of the registry.
        records: lines without their ends.

    Raises:
        UnknownProvinceError: there is no such province.
        OSError: the file can't be written; the last good one is as before.
    """
    return publish_all(data, {province: records})[0]


def publish_all(data: Path, records: Mapping[str, Iterable[str]]) -> list[Written]:
    """Let records of several provinces take their places, once all of them are written.

    Raises:
        UnknownProvinceError: there is no such province.
        OSError: see ``publish_run``.
    """
    targets = {province: latest_file(data, province) for province in records}
    for target in targets.values():
        _sweep(target)
    return _written([(targets[province], province, lines) for province, lines in records.items()])


def latest_file(data: Path, province: str) -> Path:
    """Where the last good records of a province stand, or will.

    Raises:
        UnknownProvinceError: there is no such province; what is no name of the registry never becomes a path.
    """
    if all(entry.key != province for entry in provinces()):
        raise UnknownProvinceError(province)
    return data / LATEST / f"{province}{_SUFFIX}"


def write_lines(target: Path, lines: Iterable[str]) -> Written:
    """Write a file of lines, completely or not at all.

    Raises:
        OSError: it can't be written; what stood there is as before.
    """
    return _written([(target, None, lines)])[0]


def _written(files: Sequence[tuple[Path, str | None, Iterable[str]]]) -> list[Written]:
    """Write all files, then let each take its place; after a failure nothing half-written stays behind."""
    opened: list[LineFile] = []
    written: list[Written] = []
    try:
        with ExitStack() as stack:
            for target, province, lines in files:
                out = stack.enter_context(LineFile(target))
                opened.append(out)
                number, digest = _fill(out, lines)
                written.append(Written(target, number, digest, province))
    except BaseException:
        for out in opened:
            _drop(out)
        raise
    return written


def _fill(out: LineFile, lines: Iterable[str]) -> tuple[int, str]:
    number, digest = 0, sha256()
    for text in lines:
        out.add(text)
        digest.update(text.encode() + b"\n")
        number += 1
    return number, digest.hexdigest()


def _drop(out: LineFile) -> None:
    """The store holds every record: half an export is of no use to anybody."""
    if out.part is not None:
        # Why the run failed is known; that the rest can't be removed either is no news.
        with suppress(OSError):
            out.part.unlink()


def _sweep(target: Path) -> None:
    """Remove what a run that was killed left unfinished; whoever publishes holds the store, so nobody writes there."""
    for left in target.parent.glob(f"{target.name}.*.part"):
        left.unlink(missing_ok=True)
