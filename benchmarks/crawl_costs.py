"""What a crawl costs: CPU a page over that of a bare spider, memory with pages and with portals, portals a second.

Each measurement runs in a process of its own against the portals of ``crawl_sites``. CPU time is that of the crawling
process alone, so that other work on the machine doesn't count; extraction is left out, as it is measured by itself.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any, Final

import scrapy
from scrapy import signals
from scrapy.crawler import CrawlerProcess
from scrapy.utils.project import get_project_settings

from benchmarks import crawl_sites
from crawler.addon import STAGES
from crawler.spiders.portal import PortalSpider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from multiprocessing.connection import Connection

    from scrapy.http import Response
    from scrapy.settings import Settings

COUNTRY: Final = 14_000
"""Portals in the country's directory."""
SAMPLE: Final = 400
REQUESTS_A_PORTAL: Final = 4
"""robots.txt, home page, column, report."""
AT_ONCE: Final = 40
"""Portals under way at a time where politeness is measured, a second between two requests to one."""
LIMITS: Final = {
    "cpu_ratio": 1.5,
    "memory_growth_mb": 16.0,
    "kilobytes_a_portal": 24.0,
    "polite_shortfall": 0.3,
    "not_found": 0.0,
}
"""Figures that are promised, with the most that each may be."""
_ROUNDS: Final = 2
"""Rounds of which the least counts: other work on the machine slows this one down."""
_SAMPLES: Final = 20
_MEGABYTE: Final = 1 << 20
_SETTINGS: Final = {
    "GONGKAI_LOOPBACK": True,
    "DOWNLOAD_DELAY": 0,
    "AUTOTHROTTLE_ENABLED": False,
    "LOG_LEVEL": "ERROR",
    "TELNETCONSOLE_ENABLED": False,
}
_TOGETHER: Final = {"CONCURRENT_REQUESTS_PER_DOMAIN": 16, "CONCURRENT_REQUESTS": 16}
_NO_STAGES: Final = {"ITEM_PIPELINES": dict.fromkeys(STAGES)}


@dataclass(slots=True)
class Cost:
    """What one crawl took.

    Attributes:
        pages: answers that came, robots.txt included.
        cpu: seconds of the process.
        wall: seconds on the clock.
        items: documents handed on.
        memory: bytes held after every twentieth part of the pages.
        times: seconds on the clock then.
        peak: bytes held at most.
    """

    pages: int = 0
    cpu: float = 0.0
    wall: float = 0.0
    items: int = 0
    memory: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    peak: int = 0


class BareSpider(scrapy.Spider):
    """The same pages with the least that a spider does: all links, with their texts or without, and the title."""

    name = "bare"

    def __init__(self, port: str, texts: str = "", **rest: Any) -> None:
        """Take the port of the server, and whether the texts of links are read."""
        super().__init__(**rest)
        self.port = port
        self.texts = bool(texts)

    async def start(self) -> AsyncIterator[Any]:
        """Ask for everything at once."""
        for path in ("/", *crawl_sites.list_urls(), *crawl_sites.report_urls()):
            yield scrapy.Request(f"http://127.0.0.1:{self.port}{path}")

    def parse(self, response: Response) -> dict[str, Any]:
        """Read links and title."""
        links = response.css("a")
        texts = ["".join(link.css("::text").getall()) for link in links] if self.texts else []
        return {
            "links": [link.attrib.get("href") for link in links],
            "texts": texts,
            "title": response.css("title::text").get(),
        }


def large_portal(port: int) -> dict[str, Cost]:
    """The crawl of the large portal, and the bare spider on the same pages."""
    home = f"http://127.0.0.1:{port}/"
    expected = crawl_sites.PAGES + crawl_sites.REPORTS + 2
    bare: dict[str, str] = {"port": str(port)}
    plain = _TOGETHER | {"ADDONS": {}}
    crawls: dict[str, tuple[type[scrapy.Spider], dict[str, str], dict[str, Any]]] = {
        "ours": (PortalSpider, {"url": home}, _TOGETHER | _NO_STAGES),
        "texts": (BareSpider, bare | {"texts": "yes"}, plain),
        "links": (BareSpider, bare, plain),
    }
    costs = [
        {name: _apart(_crawl, *crawl, expected) for name, crawl in crawls.items()} for _ in range(_ROUNDS)
    ]
    return {name: min((cost[name] for cost in costs), key=_milliseconds) for name in crawls}


def many_portals(port: int, count: int, at_once: int, delay: float) -> Cost:
    """The crawl of many tiny portals."""
    settings = {"DOWNLOAD_DELAY": delay, "GONGKAI_PORTALS_AT_ONCE": at_once} | _NO_STAGES
    urls = ",".join(crawl_sites.homes(count, port))
    return _apart(_crawl, PortalSpider, {"url": urls}, settings, count * REQUESTS_A_PORTAL)


def figures(country: int = SAMPLE) -> dict[str, Any]:
    """All measurements of the crawl, as ``benchmarks.bench`` prints them."""
    with crawl_sites.served() as port:
        large = large_portal(port)
        free = many_portals(port, country, 200, 0)
        polite = many_portals(port, 4 * AT_ONCE, AT_ONCE, 1.0)
    ours, bare, least = large["ours"], large["texts"], large["links"]
    rate = _rate(polite)
    # The first request to a host needn't wait: a portal of four requests takes three delays.
    bound = AT_ONCE * REQUESTS_A_PORTAL / (REQUESTS_A_PORTAL - 1)
    return {
        "pages": ours.pages,
        "documents": ours.items,
        "milliseconds_a_page": _milliseconds(ours),
        "milliseconds_a_page_bare": _milliseconds(bare),
        "milliseconds_a_page_bare_without_texts": _milliseconds(least),
        "cpu_ratio": _milliseconds(ours) / _milliseconds(bare),
        "memory_growth_mb": _growth(ours) / _MEGABYTE,
        "memory_growth_mb_bare": _growth(bare) / _MEGABYTE,
        "memory_peak_mb": ours.peak / _MEGABYTE,
        "portals": country,
        "not_found": crawl_sites.REPORTS - ours.items + country - free.items,
        "requests_a_cpu_second": free.pages / free.cpu,
        "kilobytes_a_portal": _growth(free) / 1024 / (country * 3 / 4),
        "memory_peak_mb_portals": free.peak / _MEGABYTE,
        "polite_requests_a_second": rate,
        "polite_bound": bound,
        "polite_shortfall": 1 - rate / bound,
        "polite_load": polite.cpu / polite.wall,
    }


def _growth(cost: Cost) -> int:
    """Bytes by which the process grew after the first quarter of its pages, when pools and caches are full."""
    return cost.memory[-1] - cost.memory[len(cost.memory) // 4]


def _rate(cost: Cost) -> float:
    """Answers a second in the middle half of a crawl, without its beginning and its end."""
    early, late = len(cost.times) // 4, len(cost.times) * 3 // 4
    return cost.pages / len(cost.times) * (late - early) / (cost.times[late] - cost.times[early])


def _milliseconds(cost: Cost) -> float:
    return cost.cpu / cost.pages * 1000


def _apart(work: Callable[..., Cost], *arguments: Any) -> Cost:
    """Run work in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_report, args=(theirs, work, arguments))
    process.start()
    theirs.close()
    try:
        return Cost(**ours.recv())
    finally:
        process.join()


def _report(pipe: Connection, work: Callable[..., Cost], arguments: tuple[Any, ...]) -> None:
    pipe.send(asdict(work(*arguments)))


def _crawl(
    spider: type[scrapy.Spider], arguments: dict[str, Any], settings: dict[str, Any], expected: int
) -> Cost:
    cost = Cost()
    with tempfile.TemporaryDirectory() as folder:
        process = CrawlerProcess(_settings(settings | {"GONGKAI_DATA": folder}))
        crawler = process.create_crawler(spider)
        every = max(expected // _SAMPLES, 1)

        def count_page() -> None:
            cost.pages += 1
            if cost.pages % every == 0:
                cost.memory.append(_held())
                cost.times.append(perf_counter())

        def count_item() -> None:
            cost.items += 1

        crawler.signals.connect(count_page, signals.response_received, weak=False)
        crawler.signals.connect(count_item, signals.item_scraped, weak=False)
        process.crawl(crawler, **arguments)
        cpu, wall = process_time(), perf_counter()
        process.start()
        cost.cpu, cost.wall = process_time() - cpu, perf_counter() - wall
    cost.memory.append(_held())
    cost.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return cost


def _settings(changes: dict[str, Any]) -> Settings:
    os.chdir(Path(__file__).parents[1])
    settings = get_project_settings()
    settings.setdict({**_SETTINGS, **changes}, priority="cmdline")
    return settings


def _held() -> int:
    """Bytes of memory that the process holds now."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()


def main() -> int:
    """Measure the crawl alone, with as many portals as wished."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--portals", type=int, default=SAMPLE, help=f"tiny portals (all: {COUNTRY})")
    print(json.dumps(figures(parser.parse_args().portals), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
