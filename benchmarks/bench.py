"""What a page costs: ratios against public parsers in the same run, stages, solver, throughput, recall.

Run as ``python -m benchmarks.bench`` (``make bench``); ``--json`` prints the figures for a machine. Ratios, not
seconds, are the promise, because seconds depend on the machine: from bytes to checked record takes at most
four times what lxml needs for its tree alone, and less than pandas needs for the tables alone. A broken limit
ends with exit code 1. Times are the least of several rounds, with warm caches and the collector running.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import sys
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import lxml.html
import pandas as pd

from benchmarks import big_store, crawl_costs, pages, recrawl
from pipelines.document import Document
from pipelines.extraction import check, clean, extract, read
from tests.rendering import damage, form, html, text, values, verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LXML_LIMIT: Final = 4.0
PANDAS_LIMIT: Final = 1.0
SOLVER_MEDIAN_LIMIT: Final = 0.050
SOLVER_WORST_LIMIT: Final = 2.0
ROUNDS: Final = 7


@dataclass(frozen=True)
class Limit:
    """One promise: the figure measured and the most it may be."""

    name: str
    value: float
    most: float

    @property
    def holds(self) -> bool:
        """Whether the figure keeps its promise."""
        return self.value <= self.most


def best(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Seconds of the quickest of several rounds, after one to warm up."""
    work()
    times = []
    for _ in range(rounds):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return min(times)


def against_parsers(documents: Iterable[Document]) -> list[dict[str, float]]:
    """For each page the seconds of our record, of lxml's tree and of pandas' tables."""
    return [
        {
            "bytes": len(document.body),
            "extract": best(lambda d=document: extract(d)),  # type: ignore[misc]
            "lxml": best(lambda d=document: lxml.html.document_fromstring(d.body)),  # type: ignore[misc]
            "pandas": best(lambda d=document: pd.read_html(io.BytesIO(d.body)), rounds=2),  # type: ignore[misc]
        }
        for document in documents
    ]


def stages(documents: list[Document]) -> dict[str, float]:
    """Milliseconds a page of each step; pages and drafts are made anew, since a step may change what it takes."""
    times = {"clean": 0.0, "read": 0.0, "check": 0.0}
    for document in documents:
        rounds = []
        for _ in range(ROUNDS):
            start = perf_counter()
            page = clean(document)
            cleaned = perf_counter()
            draft = read(page)
            drafted = perf_counter()
            check(draft)
            rounds.append((cleaned - start, drafted - cleaned, perf_counter() - drafted))
        for name, quickest in zip(times, map(min, zip(*rounds, strict=True)), strict=True):
            times[name] += quickest * 1000 / len(documents)
    return times


def solver() -> dict[str, float]:
    """Seconds for whole texts with joined rows: median, worst."""
    times = [best(lambda d=document: extract(d), rounds=1) for document in pages.joined()]  # type: ignore[misc]
    return {"median": median(times), "worst": max(times)}


def throughput(documents: list[Document], processes: int, rounds: int = 4) -> float:
    """Pages a second with so many processes, after they have started."""
    work = documents * rounds
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        pool.map(_outcome, documents)  # imports and caches
        start = perf_counter()
        pool.map(_outcome, work, chunksize=8)
        return len(work) / (perf_counter() - start)


def recall(count: int = 40) -> dict[str, float]:
    """Share of printed numbers that come back, by form; the rest is null with a reason."""
    shares = {}
    for name in ("html", "lines", "rows", "joined", "damaged_html", "damaged_text"):
        total = missing = 0
        for seed in range(count):
            sheet, document = _sample(name, seed)
            missing += len(verdict.lost(sheet, extract(document)))
            total += sum(value is not None for value in sheet.expected.values())
        shares[name] = 1 - missing / total
    return shares


def main(arguments: list[str] | None = None) -> int:
    """Measure everything, print it, and say by the exit code whether the limits hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--portals", type=int, default=crawl_costs.SAMPLE, help="portals of the simulated country"
    )
    parser.add_argument(
        "--store", type=int, default=100_000, help="reports of the generated store (1000000: ten minutes)"
    )
    options = parser.parse_args(arguments)
    corpus = pages.corpus()
    real = [Document(url=f"file:{name}", body=body) for name, body in pages.real()]
    rows, real_rows = against_parsers(corpus), against_parsers(real)
    joined = solver()
    crawl = crawl_costs.figures(options.portals)
    ratios = {f"generated_{key}": _ratio(rows, key) for key in ("lxml", "pandas")}
    ratios |= {f"real_{key}": _ratio(real_rows, key) for key in ("lxml", "pandas") if real_rows}
    limits = [
        Limit(f"ratio_{name}", value, LXML_LIMIT if name.endswith("lxml") else PANDAS_LIMIT)
        for name, value in ratios.items()
    ]
    limits.append(Limit("solver_median_seconds", joined["median"], SOLVER_MEDIAN_LIMIT))
    limits.append(Limit("solver_worst_seconds", joined["worst"], SOLVER_WORST_LIMIT))
    again, store = recrawl.figures(), big_store.figures(options.store)
    for found, most_of in ((crawl, crawl_costs), (again, recrawl), (store, big_store)):
        limits += [Limit(name, found[name], most) for name, most in most_of.LIMITS.items()]
    figures = {
        "pages": len(rows),
        "mean_bytes": sum(row["bytes"] for row in rows) / len(rows),
        "milliseconds_a_page": {key: _mean(rows, key) * 1000 for key in ("extract", "lxml", "pandas")},
        "milliseconds_a_stage": stages(corpus),
        "worst_page_ratio_lxml": max(row["extract"] / row["lxml"] for row in rows + real_rows),
        "pages_a_second": {str(n): throughput(corpus, n) for n in (1, 2)},
        "recall": recall(),
        "crawl": crawl,
        "crawl_again": again,
        "store": store,
        "limits": {
            limit.name: {"value": limit.value, "most": limit.most, "holds": limit.holds} for limit in limits
        },
    }
    print(json.dumps(figures, indent=1) if options.json else _table(figures))
    return 0 if all(limit.holds for limit in limits) else 1


def _outcome(document: Document) -> str:
    return extract(document).kind


def _sample(name: str, seed: int) -> tuple[values.Sheet, Document]:
    rng = values.fixed(seed)
    kind = name.removeprefix("damaged_")
    _, change = damage.damage(rng) if kind != name else ("", form.unchanged)
    sheet = values.sheet(rng, fancy=kind == "html")
    if kind == "html":
        return sheet, html.document(sheet, html.unpadded(html.layout(rng)), change=change)
    return sheet, text.document(sheet, text.setting(rng, "lines" if kind == "text" else kind), change)


def _mean(rows: list[dict[str, float]], key: str) -> float:
    return sum(row[key] for row in rows) / len(rows)


def _ratio(rows: list[dict[str, float]], key: str) -> float:
    return sum(row["extract"] for row in rows) / sum(row[key] for row in rows)


def _table(figures: dict[str, Any]) -> str:
    lines = []
    for name, value in figures.items():
        if isinstance(value, dict):
            lines.append(f"{name}:")
            lines += [f"  {key:<28}{_shown(item)}" for key, item in value.items()]
        else:
            lines.append(f"{name:<30}{_shown(value)}")
    return "\n".join(lines)


def _shown(item: Any) -> str:
    if isinstance(item, dict) and "value" not in item:
        return ", ".join(f"{key} {_shown(value).strip()}" for key, value in item.items())
    if isinstance(item, dict):
        return f"{item['value']:>10.3f}  limit {item['most']:<6g}  {'ok' if item['holds'] else 'BROKEN'}"
    return f"{item:>10.3f}" if isinstance(item, float) else f"{item:>10}"


if __name__ == "__main__":
    sys.exit(main())
