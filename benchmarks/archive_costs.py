"""What the archive costs: bytes and milliseconds a page, written, read and checked.

Pages are those of ``benchmarks.pages`` (whole portal pages), of ``fixtures/reports`` (bare reports), and the real ones
where their folder stands beside the project. CPU time of this process; waiting for the disk is told apart.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Final

from benchmarks import pages
from pipelines.archive import Archive, Exchange, index, read, repair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.archive import Capture

FIXTURES: Final = Path(__file__).resolve().parents[1] / "fixtures" / "reports"
AT: Final = "2026-01-01T00:00:00+00:00"
_ROUNDS: Final = 3
"""Rounds of which the least counts: other work on the machine slows this one down."""
_PAGES: Final = 300
"""Pages written in one round, so that the beginning of a file doesn't count."""
_SYNCS: Final = 20
_ASKED: Final = (
    (b"Accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    (b"Accept-Language", b"zh-CN,zh;q=0.9"),
    (b"User-Agent", b"gongkai/0.1 (Scrapy; research on government information disclosure reports)"),
    (b"Accept-Encoding", b"gzip, deflate"),
)
_ANSWERED: Final = (
    (b"Server", b"nginx"),
    (b"Date", b"Thu, 01 Jan 2026 00:00:00 GMT"),
    (b"Content-Type", b"text/html; charset=utf-8"),
    (b"Last-Modified", b"Wed, 22 Jan 2025 08:00:00 GMT"),
    (b"Etag", b'W/"6790a680-12f5c"'),
    (b"X-Frame-Options", b"SAMEORIGIN"),
    (b"Set-Cookie", b"arialoadData=true; path=/"),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What archiving some pages took.

    Attributes:
        pages: how many different ones.
        plain: bytes of a page.
        packed: bytes a page in the archive, question and answer.
        again: bytes a page in the archive when it is seen a second time.
        writing: milliseconds a page.
        reading: milliseconds a page by its place.
        listing: milliseconds a page to list a file.
        checking: milliseconds a page to look for a torn tail.
        sync: milliseconds of one ``sync`` after each page, on the clock.
    """

    pages: int
    plain: float
    packed: float
    again: float
    writing: float
    reading: float
    listing: float
    checking: float
    sync: float


def measured(bodies: Sequence[bytes]) -> Cost:
    """The least of some rounds."""
    many = list(islice(cycle(bodies), _PAGES))
    rounds = [_round(many) for _ in range(_ROUNDS)]
    least = {
        name: min(getattr(one, name) for one in rounds)
        for name in ("writing", "reading", "listing", "checking", "sync")
    }
    first = rounds[0]
    return Cost(pages=len(bodies), plain=first.plain, packed=first.packed, again=first.again, **least)


def _round(bodies: Sequence[bytes]) -> Cost:
    count = len(bodies)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Archive(folder, "run", started=AT) as archive:
            begun = process_time()
            captures = [archive.write(_exchange(number, body)) for number, body in enumerate(bodies)]
            writing = process_time() - begun
        path = folder / captures[0].file
        packed = path.stat().st_size
        begun = process_time()
        assert [read(folder, one.file, one.offset) for one in captures] == list(bodies)
        reading = process_time() - begun
        begun = process_time()
        assert list(index(path)) == captures
        listing = process_time() - begun
        begun = process_time()
        assert repair(path) == 0
        checking = process_time() - begun
        again = _again(folder, bodies, captures)
        sync = _synced(folder, bodies[:_SYNCS])
    thousand = 1000 / count
    return Cost(
        count,
        sum(map(len, bodies)) / count,
        packed / count,
        again / count,
        writing * thousand,
        reading * thousand,
        listing * thousand,
        checking * thousand,
        sync,
    )


def _again(folder: Path, bodies: Sequence[bytes], captures: Sequence[Capture]) -> int:
    known = {capture.digest: (capture.url, capture.at) for capture in captures}
    with Archive(folder, "again", started=AT) as archive:
        for number, body in enumerate(bodies):
            archive.write(_exchange(number, body), known.get)
    return (folder / "again-00000.warc.gz").stat().st_size


def _synced(folder: Path, bodies: Sequence[bytes]) -> float:
    with Archive(folder, "synced", started=AT) as archive:
        spent = 0.0
        for number, body in enumerate(bodies):
            archive.write(_exchange(number, body))
            begun = perf_counter()
            archive.sync()
            spent += perf_counter() - begun
    return spent * 1000 / len(bodies)


def _exchange(number: int, body: bytes) -> Exchange:
    url = f"http://www.lanhe.gov.cn/zwgk/nb/202501/t20250122_{number:07d}.html"
    return Exchange(url, "GET", _ASKED, b"", 200, "OK", _ANSWERED, body, AT)


def main() -> None:
    """Print one line for each kind of pages."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    kinds = {
        "whole pages": [bytes(page.body) for page in pages.corpus()],
        "bare reports": [path.read_bytes() for path in sorted(FIXTURES.glob("*/page.html"))],
        "real pages": [body for _, body in pages.real()],
    }
    print(f"{'':14}pages    plain   packed    again  write   read   list  check   sync")
    for name, bodies in kinds.items():
        if bodies:
            cost = measured(bodies)
            print(
                f"{name:14}{cost.pages:5}{cost.plain:9.0f}{cost.packed:9.0f}{cost.again:9.0f}{cost.writing:7.2f}"
                f"{cost.reading:7.2f}{cost.listing:7.2f}{cost.checking:7.2f}{cost.sync:7.2f}"
            )


if __name__ == "__main__":
    main()
