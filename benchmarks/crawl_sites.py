"""Portals for measuring the crawl: one with 10,000 rows and 500 reports, and any number of tiny ones.

One process serves them all on the loopback network: every address 127.a.b.c is a host of its own, so that a whole
country of portals needs neither names nor a resolver. Answers are written before the first request comes, so that
what is measured is the crawl.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import re
import socket
from contextlib import contextmanager
from functools import cache
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Final

from benchmarks.pages import MENU, SCRIPT, corpus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

ROWS: Final = 10_000
ROWS_A_PAGE: Final = 20
REPORTS: Final = 500
PAGES: Final = ROWS // ROWS_A_PAGE
COLUMN: Final = "/zwgk/zfxxgknb/"
_FIRST: Final = int(IPv4Address("127.1.0.1"))
_BIG: Final = IPv4Address("127.0.0.1")
_PAGE: Final = """<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="SiteName" content="岚河市人民政府"><meta name="ColumnName" content="{name}">{meta}<title>{name}_岚河市人民政府</title>
{script}</head><body><div class="head"><ul class="menu">{menu}</ul></div>
<div class="main">{body}</div><div class="footer"><p>主办单位：岚河市人民政府办公室</p></div></body></html>"""
_COLUMN_TYPE: Final = '<meta name="ColumnType" content="政府信息公开年报">'
_ROW: Final = '<li><a href="{url}" target="_blank" title="{title}">{title}</a><span>{date}</span></li>\n'
_TITLE: Final = re.compile(rb"<title>([^<]+)</title>")
_HEAD: Final = "HTTP/1.1 {status}\r\nServer: nginx\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n\r\n"


def list_urls() -> list[str]:
    """Paths of the list pages of the large portal."""
    return [COLUMN, *(f"{COLUMN}index_{at}.html" for at in range(1, PAGES))]


def report_urls() -> list[str]:
    """Paths of the reports of the large portal."""
    return [_row(number)[0] for number in range(0, ROWS, ROWS // REPORTS)]


def homes(count: int, port: int) -> list[str]:
    """Home pages of tiny portals, each on a host of its own."""
    return [f"http://{IPv4Address(_FIRST + number)}:{port}/" for number in range(count)]


@contextmanager
def served() -> Iterator[int]:
    """Serve all of them from a process of its own; gives the port."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    try:
        yield ours.recv()
    finally:
        server.terminate()
        server.join()


def _row(number: int) -> tuple[str, str, str]:
    """Address, title and date of a row; every twentieth is a report."""
    group, rest = divmod(number, ROWS // REPORTS)
    date = f"20{24 - number % 5}-{1 + number % 12:02}-{1 + number % 28:02}"
    url = f"{COLUMN}{date[:7].replace('-', '')}/t{date.replace('-', '')}_{100_000 + number}.html"
    if rest:
        return url, f"岚河市第{number}号关于加强乡村道路养护和防汛排涝工作的通知", date
    return url, _reports()[group % len(_reports())][0], date


@cache
def _reports() -> tuple[tuple[str, bytes], ...]:
    """Title and source of some reports."""
    pages = [document.body for document in corpus() if (document.content_type or "").endswith("utf-8")]
    return tuple((match[1].decode(), page) for page in pages if (match := _TITLE.search(page)))


def _list_page(at: int) -> str:
    rows = "".join(
        _ROW.format(url=url, title=title, date=date)
        for url, title, date in map(_row, range(at * ROWS_A_PAGE, (at + 1) * ROWS_A_PAGE))
    )
    pager = (
        f'<div class="page">共{ROWS}条<script>createPageHTML({PAGES}, {at}, "index", "html");</script></div>'
    )
    return _page("政府信息公开年报", f'<ul class="list">{rows}</ul>{pager}', _COLUMN_TYPE)


def _page(name: str, body: str, meta: str = "", links: int = 60) -> str:
    menu = "".join(MENU.format(at) for at in range(130, 130 + links))
    return _PAGE.format(name=name, meta=meta, script=SCRIPT * (links // 2), menu=menu, body=body)


@cache
def _large() -> dict[str, bytes]:
    """Path → answer of the large portal."""
    reports = _reports()
    answers = {path: reports[number % len(reports)][1] for number, path in enumerate(report_urls())}
    answers |= {path: _list_page(at).encode() for at, path in enumerate(list_urls())}
    answers["/"] = _page("首页", f'<a href="{COLUMN}">政府信息公开年报</a>').encode()
    return {path: _answer(body) for path, body in answers.items()}


@cache
def _tiny() -> dict[str, bytes]:
    """Path → answer of a tiny portal: home page, column, one report."""
    title, report = min(_reports(), key=lambda one: len(one[1]))
    url = f"{COLUMN}202501/t20250120_1.html"
    row = _ROW.format(url=url, title=title, date="2025-01-20")
    answers = {
        "/": _page("首页", f'<a href="{COLUMN}">政府信息公开年报</a>').encode(),
        COLUMN: _page("政府信息公开年报", f'<ul class="list">{row}</ul>', _COLUMN_TYPE).encode(),
        url: report,
    }
    return {path: _answer(page) for path, page in answers.items()}


def _answer(body: bytes, status: str = "200 OK") -> bytes:
    return _HEAD.format(status=status, length=len(body)).encode() + body


class _Protocol(asyncio.Protocol):
    """As little of HTTP as a crawl needs: GET on a connection that stays open."""

    _NOT_FOUND: Final = _answer(b"<html><title>404 Not Found</title></html>", "404 Not Found")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._waiting = b""
        host = IPv4Address(transport.get_extra_info("sockname")[0])
        if not host.is_loopback:
            transport.close()
        self._answers = _large() if host == _BIG else _tiny()

    def data_received(self, data: bytes) -> None:
        *requests, self._waiting = (self._waiting + data).split(b"\r\n\r\n")
        for request in requests:
            path = request.split(b" ", 2)[1].decode("ascii")
            self._transport.write(self._answers.get(path, self._NOT_FOUND))


def _serve(pipe: Connection) -> None:
    _large()
    _tiny()

    async def run() -> None:
        listening = socket.create_server(("0.0.0.0", 0), backlog=4096)  # noqa: S104 - others are hung up on
        server = await asyncio.get_running_loop().create_server(_Protocol, sock=listening)
        pipe.send(listening.getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())
