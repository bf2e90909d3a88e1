"""A store filled by hand: what runs told, without a crawl."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from pipelines.addresses import address_key, digest
from pipelines.fingerprints import digest_of
from pipelines.record import Report, Section, Source, to_json
from pipelines.store import schema

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

SHA = "5e" * 32


def run_id(seq: int, spider: str = "shanxi") -> str:
    return f"202611{seq:02}T054602Z-{spider}"


def at(day: int) -> str:
    return f"2026-11-{day:02}T05:46:02+00:00"


def address(url: str) -> bytes:
    return digest(address_key(url))


def record(url: str = "http://www.yl.gov.cn/a.html", *, text: str = "一。\n二。", **fields: Any) -> Report:
    words: dict[str, Any] = {
        "id": "140200-aaaaaaaaaaaa-own-2025",
        "kind": "report",
        "kind_reason": "title",
        "url": url,
        "title": "云岭市水务局2025年政府信息公开工作年度报告",
        "year": 2025,
        "sections": [Section(number=1, title="总体情况", text=text)],
        "cells": {"proactive.penalties.decisions": 8, "applications.new_received.total": 3},
        "source": Source(kind="html_table", sha256=SHA),
    }
    return Report(**words | fields)


class Filled:
    """Puts rows into the tables; each method gives the key of its row."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def run(self, seq: int, **words: Any) -> int:
        spider = words.pop("spider", "shanxi")
        row = {
            "seq": seq,
            "id": run_id(seq, spider),
            "spider": spider,
            "arguments": {},
            "mode": "incremental",
            "state": "finished",
            "reason": "finished",
            "started": at(seq),
            "ended": f"2026-11-{seq:02}T06:56:02+00:00",
            "good": True,
            "counts": {},
            "assertions": [],
        }
        return self._put(schema.runs, row | words)

    def portal(self, url: str, name: str | None = None, division: str | None = "140200") -> int:
        row = {"address": address(url), "url": url, "name": name, "division": division, "province": "shanxi"}
        return self._put(schema.portals, row)

    def visit(self, run: int, portal: int, outcome: str = "ok", **words: Any) -> None:
        row = {
            "run": run,
            "portal": portal,
            "mode": "incremental",
            "outcome": outcome,
            "reason": None,
            "reports": 2,
            "entire": True,
            "entry": {"columns": [{"found": 12, "declared": 12}], "refused": {"no_report": 1}, "requests": 5},
        }
        self.connection.execute(insert(schema.visits), row | words)

    def report(self, portal: int, name: str = "aaaaaaaaaaaa", year: int = 2025, **words: Any) -> int:
        identity = f"140200-{name}-own-{year}"
        row = {
            "id": identity,
            "strand": "",
            "series": identity.rpartition("-")[0],
            "year": year,
            "division": "140200",
            "agency": f"云岭市{name}局",
            "kind": "report",
            "portal": portal,
            "state": "active",
            "first_seen": at(1),
            "last_seen": at(3),
            "changed": None,
            "dirty": False,
            "told_state": "active",
            "told_url": f"http://www.yl.gov.cn/{name}.html",
        }
        return self._put(schema.reports, row | words)

    def version(self, report: int, number: int, of: Report | None = None, **words: Any) -> int:
        of = of or record()
        row = {
            "report": report,
            "address": address(of.url),
            "number": number,
            "previous": None,
            "content": digest_of([number]),
            "numbers": None,
            "text": None,
            "record": to_json(of),
            "given": "{}",
            "capture": None,
            "seen": at(number),
            "run": number,
        }
        return self._put(schema.versions, row | words)

    def publication(self, report: int | None, portal: int, url: str, **words: Any) -> int:
        row = {
            "address": address(url),
            "url": url,
            "portal": portal,
            "report": report,
            "version": None,
            "fate": "report",
            "state": "active",
            "checked_run": 1,
            "checked": at(1),
            "first_run": 1,
        }
        return self._put(schema.publications, row | words)

    def capture(self, digest: str, file: str, offset: int, **words: Any) -> int:
        row = {
            "digest": digest,
            "request": b"r" * 16,
            "url": "http://www.yl.gov.cn/a.html",
            "file": file,
            "offset": offset,
            "revisit": False,
            "content_type": "text/html",
            "at": at(1),
            "run": 1,
        }
        return self._put(schema.captures, row | words)

    def change(self, run: int, report: int, change: str, **words: Any) -> None:
        row = {"run": run, "report": report, "change": change, "version": None, "was": None, "details": {}}
        self.connection.execute(insert(schema.changes), row | words)

    def finding(self, report: int, other: int, message: str) -> None:
        finding = {"rule": "XY.CARRY", "severity": "ERROR", "message": {"zh": message, "en": "carried"}}
        row = {"report": report, "rule": "XY.CARRY", "other": other, "finding": finding, "run": 1}
        self.connection.execute(insert(schema.findings), row)

    def _put(self, table: Table, row: dict[str, Any]) -> int:
        key = self.connection.execute(insert(table), row).inserted_primary_key
        assert key is not None
        return int(key[0])
