"""A store written by hand, row by row: what exports and assertions read, without a crawl."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, update

from pipelines.addresses import address_key, digest
from pipelines.fingerprints import digest_of, numbers_digest
from pipelines.record import Agency, Quality, Report, Section, Source, to_json
from pipelines.rules import finding
from pipelines.store.schema import (
    changes,
    findings,
    portals,
    publications,
    reports,
    runs,
    versions,
    visits,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from pipelines.record import Completeness, Number

STARTED = "2026-11-22T05:00:00+00:00"
SEEN = "2026-11-22T05:01:00+00:00"


class WrittenStore:
    """Writes rows and gives their keys back."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def run(self, *, arguments: Mapping[str, str] | None = None, **values: Any) -> int:
        row = {"spider": "shanxi", "mode": "incremental", "state": "finished", "started": STARTED}
        number = self._add(runs, **{"id": "?", **row, "arguments": dict(arguments or {}), **values})
        self.connection.execute(update(runs).where(runs.c.seq == number).values(id=f"run-{number}"))
        return number

    def portal(self, host: str = "www.dt.gov.cn", province: str | None = "shanxi", **values: Any) -> int:
        url = f"http://{host}/"
        row = {"name": "大同市", "division": "140200", "province": province} | values
        return self._add(portals, address=digest(address_key(url)), url=url, **row)

    def visit(self, run: int, portal: int, outcome: str = "ok", reports: int = 10, **values: Any) -> None:
        row = {"mode": "incremental", "reason": None, "entire": True, "entry": {}} | values
        self.connection.execute(
            insert(visits).values(run=run, portal=portal, outcome=outcome, reports=reports, **row)
        )

    def report(self, portal: int, name: str = "卫健委", year: int | None = 2024, **values: Any) -> int:
        row = {
            "id": f"140200-{name}-own-{year}",
            "strand": "",
            "series": f"140200-{name}-own",
            "division": "140200",
            "agency": name,
            "kind": "report",
            "state": "active",
            "first_seen": STARTED,
            "last_seen": SEEN,
            "changed": None,
            "dirty": False,
        }
        return self._add(reports, portal=portal, year=year, **(row | values))

    def version(self, report: int, record: Report, number: int = 1, run: int = 1, **values: Any) -> int:
        row = {
            "previous": None,
            "address": digest(address_key(record.url)),
            "content": digest_of([record.title, record.cells, record.url]),
            "numbers": numbers_digest(record.year, record.cells),
            "text": None,
            "given": "{}",
            "capture": None,
            "seen": SEEN,
        }
        return self._add(
            versions, report=report, number=number, run=run, record=to_json(record), **(row | values)
        )

    def publication(
        self, portal: int, report: int | None, version: int | None, url: str, run: int = 1, **values: Any
    ) -> int:
        row = {"fate": "report", "year": None, "state": "active", "listed_run": run, "checked_run": run}
        row |= {"checked": SEEN, "first_run": run} | values
        address = digest(address_key(url))
        return self._add(
            publications, address=address, url=url, portal=portal, report=report, version=version, **row
        )

    def change(self, run: int, report: int, change: str, **values: Any) -> None:
        row = {"version": None, "was": None, "details": {}} | values
        self.connection.execute(insert(changes).values(run=run, report=report, change=change, **row))

    def finding(self, report: int, other: int, rule: str = "QL.CONFLICT", actual: str = "?") -> None:
        stated = finding(rule, actual=actual).model_dump(by_alias=True)
        self.connection.execute(
            insert(findings).values(report=report, other=other, rule=rule, finding=stated, run=1)
        )

    def page(
        self, portal: int, report: int, record: Report, run: int = 1, state: str = "active", **version: Any
    ) -> int:
        """A page that shows a report: every page has contents of its own."""
        key = self.version(report, record, run=run, **version)
        self.publication(portal, report, key, record.url, run, state=state)
        return key

    def published(self, portal: int, name: str, record: Report, run: int = 1, **values: Any) -> int:
        """One report at one address, as nearly all are."""
        report = self.report(portal, name, record.year, **values)
        self.page(portal, report, record, run)
        return report

    def _add(self, table: Any, **values: Any) -> int:
        key: int = self.connection.execute(insert(table).values(**values)).inserted_primary_key[0]
        return key


def record(
    url: str = "http://www.dt.gov.cn/a.html",
    title: str = "2024年度报告",
    year: int | None = 2024,
    *,
    id_: str = "140200-卫健委-own-2024",
    text: str = "一、总体情况",
    extraction: Completeness = "complete",
    **cells: Number | None,
) -> Report:
    """A record as small as they come; cells by a name without dots."""
    return Report(
        id=id_,
        kind="report",
        kind_reason="title",
        url=url,
        title=title,
        agency=Agency(name="大同市卫生健康委员会", kind="dept", division="140200", confidence="high"),
        year=year,
        sections=[Section(number=1, title="总体情况", text=text)],
        cells=dict(cells),
        source=Source(kind="html_table", sha256="0" * 64),
        quality=Quality(extraction=extraction),
    )
