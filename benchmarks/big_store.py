"""What questions to a store of 1,000,000 reports cost: look-ups of a crawl, differences of runs, exports.

The store is made by writing rows straight into its tables: 500 reports a portal, a twentieth of the portals in one
province, small records. Every measurement runs in a process of its own, so that its memory is its own; look-ups are
compared with those in a store of a hundredth of the size, because what grows with the store would end the project.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sqlite3
import sys
import tempfile
import zlib
from contextlib import closing
from functools import cache
from pathlib import Path
from random import Random
from statistics import mean
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from pipelines.addresses import address_key, digest
from pipelines.record import Report, Source, to_json
from pipelines.store.export import changes_of_run, reports_of_province
from pipelines.store.history import net_changes
from pipelines.store.memory import Memory
from pipelines.store.opening import open_store, store_url
from pipelines.store.sightings import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import Connection

REPORTS: Final = 1_000_000
A_PORTAL: Final = 500
SMALL_SHARE: Final = 100
PROVINCE: Final = "hebei"
EVERY: Final = 20
"""One portal in so many stands in the province that is exported."""
FEW: Final = 10_000
LOOKUPS: Final = 5_000
LIMITS: Final = {
    "lookup_milliseconds": 1.0,
    "lookup_worst_milliseconds": 50.0,
    "lookup_growth": 3.0,
    "listings_seconds": 0.1,
    "diff_seconds_few": 2.0,
    "diff_seconds_all": 60.0,
    "diff_growth_mb": 32.0,
    "export_milliseconds_a_report": 2.0,
    "export_growth_mb": 32.0,
    "changes_growth_mb": 32.0,
}
"""Figures that are promised, with the most that each may be."""
_MEGABYTE: Final = 1 << 20
_AT: Final = "2026-11-22T00:00:00+00:00"
_DIVISIONS: Final = ("130283", "130200", "140200", "370100")
_FIRST, _SECOND, _THIRD = 1, 2, 3
"""Runs: everything is new; a few changed; everything is read anew."""


# --- making it


def build(data: Path, count: int) -> None:
    """Make a store of so many reports in a folder of data."""
    url = store_url(None, data)
    open_store(url).dispose()
    with closing(sqlite3.connect(data / "store.db")) as store:
        store.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA foreign_keys=OFF; PRAGMA cache_size=-1000000"
        )
        _insert(store, "runs", _RUNS, map(_run, (_FIRST, _SECOND, _THIRD)))
        portals = range(1, _portals(count) + 1)
        _insert(store, "portals", _PORTALS, map(_portal, portals))
        _insert(store, "listings", _LISTINGS, map(_listing, portals))
        visits = ((run, portal) for run in (_FIRST, _SECOND, _THIRD) for portal in portals)
        _insert(store, "visits", _VISITS, (_visit(*one) for one in visits))
        for table, columns, row in _TABLES:
            _insert(store, table, columns, map(row, range(1, count + 1)))
        few = range(1, min(FEW, count) + 1)
        _insert(store, "versions", _VERSIONS, (_version(key, count) for key in few))
        for run, rows in ((_FIRST, range(1, count + 1)), (_SECOND, few), (_THIRD, range(1, count + 1))):
            _insert(store, "changes", _CHANGES, (_change(run, key, count) for key in rows))
        store.execute("ANALYZE")
        store.commit()
        store.execute("PRAGMA journal_mode=WAL")


def _insert(store: sqlite3.Connection, table: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> None:
    names = [f'"{name}"' for name in columns.split()]
    marks = ", ".join("?" * len(names))
    store.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)  # noqa: S608 - our own words


def _portals(count: int) -> int:
    return -(-count // A_PORTAL)


def _portal_of(key: int) -> int:
    return 1 + (key - 1) // A_PORTAL


def _home(portal: int) -> str:
    return f"http://www.portal{portal}.invalid/"


def _url(key: int) -> str:
    return f"{_home(_portal_of(key))}zfxxgk/nb/202501/t20250120_{key}.html"


def _address(url: str) -> bytes:
    return digest(address_key(url))


def _list(portal: int) -> str:
    return f"{_home(portal)}zfxxgk/nb/"


def _fingerprint(key: int) -> bytes:
    return digest(f"row {key}")


def _division(key: int) -> str:
    return _DIVISIONS[_portal_of(key) % len(_DIVISIONS)]


_RUNS: Final = "seq id spider arguments mode state started ended good"
_PORTALS: Final = "key address url name division province full_at full_run"
_LISTINGS: Final = "portal address url label declared found read_run complete_run"
_VISITS: Final = "run portal mode outcome reports entire entry"
_REPORTS: Final = (
    "key id strand series year division agency kind portal state first_seen last_seen dirty "
    "told_run told_state told_version told_url"
)
_VERSIONS: Final = "key report address number content numbers text record given capture seen run"
_PUBLICATIONS: Final = "key address url portal report version fate year state etag listed_run checked_run checked failures first_run"
_ENTRIES: Final = "listing address portal url fingerprint publication first_run last_run"
_CAPTURES: Final = "digest request url file offset revisit content_type at run"
_CHANGES: Final = "run report change version was details"


def _run(seq: int) -> tuple[Any, ...]:
    return seq, f"2026112{seq}T000000Z-hebei", "hebei", "{}", "incremental", "finished", _AT, _AT, True


def _portal(key: int) -> tuple[Any, ...]:
    province = PROVINCE if key % EVERY == 0 else f"other{key % EVERY}"
    home = _home(key)
    return key, _address(home), home, f"第{key}市", _DIVISIONS[key % len(_DIVISIONS)], province, _AT, _THIRD


def _listing(key: int) -> tuple[Any, ...]:
    url = _list(key)
    return key, _address(url), url, "政府信息公开年报", A_PORTAL, A_PORTAL, _THIRD, _THIRD


def _visit(run: int, portal: int) -> tuple[Any, ...]:
    return run, portal, "incremental", "ok", A_PORTAL, True, "{}"


def _report(key: int) -> tuple[Any, ...]:
    year = 2000 + key % 25
    series = f"{_division(key)}-{key:012x}-own"
    agency = f"第{key}局"
    seen = (_AT, _AT, False, _THIRD, "active", key, _url(key))
    return (
        key,
        f"{series}-{year}",
        "",
        series,
        year,
        _division(key),
        agency,
        "report",
        _portal_of(key),
        "active",
        *seen,
    )


def _version(key: int, more: int = 0) -> tuple[Any, ...]:
    content = digest(f"content {key + more}")
    number = 2 if more else 1
    digests = (content, content, content)
    return (
        key + more,
        key,
        _address(_url(key)),
        number,
        *digests,
        _packed(),
        _given(),
        _capture(key),
        _AT,
        number,
    )


def _publication(key: int) -> tuple[Any, ...]:
    url = _url(key)
    fate = ("report", 2000 + key % 25, "active", '"etag"', _THIRD, _FIRST, _AT, 0, _FIRST)
    return key, _address(url), url, _portal_of(key), key, key, *fate


def _entry(key: int) -> tuple[Any, ...]:
    url, portal = _url(key), _portal_of(key)
    return _address(_list(portal)), _address(url), portal, url, _fingerprint(key), key, _FIRST, _THIRD


def _captured(key: int) -> tuple[Any, ...]:
    url = _url(key)
    return (
        _capture(key),
        _address(url),
        url,
        f"{key // 1000}.warc.gz",
        key % 1000 * 9_000,
        False,
        "text/html",
        _AT,
        1,
    )


def _change(run: int, key: int, count: int) -> tuple[Any, ...]:
    match run:
        case 1:
            return run, key, "new", key, None, "{}"
        case 2:
            return run, key, "changed", key + count, key, "{}"
        case _:
            return run, key, "reread", key, key, "{}"


_TABLES: Final = (
    ("reports", _REPORTS, _report),
    ("versions", _VERSIONS, _version),
    ("publications", _PUBLICATIONS, _publication),
    ("entries", _ENTRIES, _entry),
    ("captures", _CAPTURES, _captured),
)


def _capture(key: int) -> str:
    return digest(f"bytes {key}").hex() * 2


@cache
def _packed() -> bytes:
    """A small record; all reports have the same, deflated as the store does it."""
    record = Report(
        id="130283-000000000001-own-2024",
        kind="report",
        kind_reason="title",
        url="http://www.portal1.invalid/",
        title="迁安市水务局2024年政府信息公开工作年度报告",
        year=2024,
        cells={f"proactive.penalties.number{n}": n for n in range(20)},
        source=Source(kind="html_table", sha256="0" * 64),
    )
    return zlib.compress(to_json(record).encode())


@cache
def _given() -> bytes:
    return zlib.compress(b'{"title": null, "published": null, "metadata": {}}')


# --- asking it


def lookups(data: Path, count: int) -> dict[str, float]:
    """Is this row as it was? Milliseconds for rows anywhere in the store, and seconds for a whole portal's lists."""
    engine = open_store(store_url(None, data))
    chance = Random(count)  # noqa: S311 - not for secrets
    keys = [chance.randint(1, count) for _ in range(LOOKUPS)]
    rows = [(key, Row(_list(_portal_of(key)), _url(key), _fingerprint(key))) for key in keys]
    for key, row in rows[:100]:
        known = Memory(engine, _portal_of(key)).known(row)
        assert known is not None
        assert known.settled
    times = []
    for key, row in rows:
        memory = Memory(engine, _portal_of(key))
        start = perf_counter()
        memory.known(row)
        times.append((perf_counter() - start) * 1000)
    start = perf_counter()
    (listing,) = Memory(engine, _portal_of(keys[0])).listings()
    seconds = perf_counter() - start
    assert len(listing.rows) == min(A_PORTAL, count)
    engine.dispose()
    return {"mean": mean(times), "worst": max(times), "listings": seconds}


def differences(data: Path, older: int, newer: int) -> dict[str, float]:
    """What two runs differ in, one after another, as ``scrapy runs diff`` reads it."""
    return _streamed(data, lambda connection: net_changes(connection, older, newer))


def export(data: Path) -> dict[str, float]:
    """A province as JSONL."""
    return _streamed(data, lambda connection: map(to_json, reports_of_province(connection, PROVINCE, _THIRD)))


def changes(data: Path, run: int) -> dict[str, float]:
    """``changes.jsonl`` of a run."""
    return _streamed(data, lambda connection: changes_of_run(connection, run))


def _streamed(data: Path, ask: Callable[[Connection], Iterator[object]]) -> dict[str, float]:
    """How many values came, in how many seconds, and by how much the process grew after the first thousandth."""
    engine = open_store(store_url(None, data))
    with engine.connect() as connection:
        start = perf_counter()
        number, early = 0, 0
        for number, _ in enumerate(ask(connection), 1):
            if number == 2_000:
                early = _peak()
        seconds = perf_counter() - start
    engine.dispose()
    return {"number": number, "seconds": seconds, "growth": (_peak() - early if early else 0) / _MEGABYTE}


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def figures(count: int = REPORTS) -> dict[str, Any]:
    """Make two stores and ask them; all figures, those of ``LIMITS`` among them."""
    with tempfile.TemporaryDirectory() as room:
        large, small = Path(room, "large"), Path(room, "small")
        start = perf_counter()
        build_in(large, count)
        seconds = perf_counter() - start
        build_in(small, max(count // SMALL_SHARE, A_PORTAL))
        size = sum(file.stat().st_size for file in large.iterdir())
        known, near = (
            _apart(lookups, large, count),
            _apart(lookups, small, max(count // SMALL_SHARE, A_PORTAL)),
        )
        few = _apart(differences, large, _FIRST, _SECOND)
        everything = _apart(differences, large, _SECOND, _THIRD)
        exported = _apart(export, large)
        told = _apart(changes, large, _SECOND)
    return {
        "reports": count,
        "build_seconds": seconds,
        "bytes_a_report": size / count,
        "lookup_milliseconds": known["mean"],
        "lookup_worst_milliseconds": known["worst"],
        "lookup_growth": known["mean"] / near["mean"],
        "listings_seconds": known["listings"],
        "diff_few": few["number"],
        "diff_seconds_few": few["seconds"],
        "diff_all": everything["number"],
        "diff_seconds_all": everything["seconds"],
        "diff_growth_mb": max(few["growth"], everything["growth"]),
        "exported": exported["number"],
        "export_milliseconds_a_report": exported["seconds"] / max(exported["number"], 1) * 1000,
        "export_growth_mb": exported["growth"],
        "changes_told": told["number"],
        "changes_seconds": told["seconds"],
        "changes_growth_mb": told["growth"],
    }


def build_in(data: Path, count: int) -> None:
    """Make the folder and the store in it."""
    data.mkdir()
    build(data, count)


def _apart(work: Callable[..., dict[str, float]], *arguments: Any) -> dict[str, float]:
    """Run work in a new process; its exceptions are ours."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; the exit code says whether every bound holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reports", type=int, default=REPORTS)
    measured = figures(parser.parse_args(arguments).reports)
    print(json.dumps(measured, indent=1))
    broken = [name for name, most in LIMITS.items() if measured[name] > most]
    print("\n".join(f"{name} BROKEN: {measured[name]:.3f}, limit {LIMITS[name]}" for name in broken))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
