"""Behaviour on the wire in a real crawl: a real server on loopback, a small spider, all middlewares in their places.

The servers run in threads here and write down what they were asked and when; the crawl runs in a process of its own
(``python -m tests.test_wire_crawl``) and writes down what became of each request.
"""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import scrapy
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.exceptions import DownloadConnectionRefusedError
from scrapy.http import HtmlResponse, Request, Response

from crawler import wire
from crawler.wire.failures import code_of
from crawler.wire.hosts import allowed_hosts
from crawler.wire.tls import PortalTlsHandler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent
PAGE = (
    "<html><head><title>岚河市人民政府</title></head><body>"
    + "<a href='/x.html'>政务公开</a>" * 30
    + "</body></html>"
)
GATE = "<html><body><script>document.cookie='a='+(1+[2]);location.reload()</script></body></html>"


class Site:
    """One server on a port of its own."""

    def __init__(self, answer: Callable[[Site, Any, str], None]) -> None:
        self.asked: list[tuple[float, str]] = []
        self.target = ""
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.asked.append((time.monotonic(), self.path))
                answer(site, self, self.path)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def times(self, path: str) -> list[float]:
        return [moment for moment, asked in self.asked if asked == path]

    def count(self, path: str) -> int:
        return len(self.times(path))


def send(handler: Any, status: int = 200, body: str | bytes = PAGE, **headers: str) -> None:
    data = body.encode() if isinstance(body, str) else body
    handler.send_response(status)
    usual = {"Content_Type": "text/html; charset=utf-8", "Content_Length": str(len(data))}
    for name, value in (usual | headers).items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(data)


def drop(handler: Any) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def slowly(_: Site, handler: Any) -> None:
    time.sleep(2.5)
    send(handler)


def moment(_: Site, handler: Any) -> None:
    time.sleep(0.1)
    send(handler)


def cookie(_: Site, handler: Any) -> None:
    if "seen=1" in handler.headers.get("Cookie", ""):
        send(handler)
    else:
        send(handler, 302, "", Location="/cookie", Set_Cookie="seen=1")


def cut(_: Site, handler: Any) -> None:
    send(handler, Content_Length="99999")
    handler.close_connection = True


def garbage(_: Site, handler: Any) -> None:
    handler.wfile.write(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
    handler.close_connection = True


def stream(_: Site, handler: Any) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(b"x" * 300_000)
    handler.close_connection = True


ROUTES: dict[str, Callable[[Site, Any], None]] = {
    "/gate": lambda _, handler: send(handler, body=GATE),
    "/flaky": lambda site, handler: send(handler, 200 if site.count("/flaky") > 2 else 503),
    "/busy": lambda site, handler: send(handler, 200 if site.count("/busy") > 1 else 429, Retry_After="1"),
    "/long": lambda _, handler: send(handler, 429, Retry_After="9999"),
    "/to": lambda site, handler: send(handler, 302, "", Location=site.target),
    "/loop": lambda _, handler: send(handler, 302, "", Location="/loop"),
    "/cookie": cookie,
    "/a/gone.html": lambda _, handler: send(handler, 302, "", Location="/"),
    "/slow": slowly,
    "/short": cut,
    "/garbage": garbage,
    "/large": lambda _, handler: send(handler, body=b"x" * 300_000),
    "/stream": stream,
    "/bomb": lambda _, handler: send(handler, body=gzip.compress(b"x" * 3_000_000), Content_Encoding="gzip"),
    "/moment": moment,
}


def plain(robots: str = "") -> Callable[[Site, Any, str], None]:
    """Serves pages, and what the path says."""

    def answer(site: Site, handler: Any, path: str) -> None:
        if path == "/robots.txt":
            send(handler, 200 if robots else 404, robots, Content_Type="text/plain")
        elif path.startswith("/status/"):
            send(handler, int(path[8:11]), "<html><body>no</body></html>")
        elif path.startswith("/drop"):
            drop(handler)
        else:
            ROUTES.get(path, lambda _, handler: send(handler))(site, handler)

    return answer


def old_tls(folder: Path) -> Iterator[str]:
    """A server that speaks TLS 1.0 with a weak key, as some offices still do."""
    key, certificate = folder / "key.pem", folder / "cert.pem"
    made = subprocess.run(  # noqa: S603 - a fixed command
        ["openssl", "req",  # noqa: S607
          "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
         "-subj", "/CN=old.test", "-sha1"],
        capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("openssl is needed to make a certificate")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(certificate, key)
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    site = Site(plain())
    site.server.socket = context.wrap_socket(site.server.socket, server_side=True)
    yield site.url.replace("http:", "https:")


class Outcomes(dict[str, Any]):
    """Label → what became of the request."""

    def code(self, label: str) -> str:
        return str(self[label]["code"])


@pytest.fixture(scope="module")
def sites() -> dict[str, Site]:
    names = ("main", "other", "moment", "drop", "long", "busy", "too_many", "barred", "flaky")
    found = {name: Site(plain()) for name in names}
    found["closed"] = Site(plain("User-agent: *\nDisallow: /a/\n"))
    found["slowly"] = Site(plain("User-agent: *\nCrawl-delay: 0.4\n"))
    found["never"] = Site(plain("User-agent: *\nCrawl-delay: 1000\n"))
    found["away"], found["inside"] = Site(plain()), Site(plain())
    found["away"].target = found["other"].url + "/stolen"
    found["inside"].target = "http://10.0.0.1/admin"
    return found


@pytest.fixture(scope="module")
def outcomes(sites: dict[str, Site], tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    asks: list[dict[str, Any]] = []

    def ask(label: str, url: str, home: str | None = None, **meta: Any) -> None:
        asks.append({"label": label, "url": url, "home": home or url, "meta": meta})

    main = sites["main"].url
    ask("/a/gone.html", main + "/a/gone.html", home=main)
    for path in (
        "/",
        "/gate",
        "/loop",
        "/cookie",
        "/slow",
        "/short",
        "/garbage",
        "/large",
        "/stream",
        "/bomb",
    ):
        ask(path, main + path)
    for status in (403, 404, 410, 412, 418, 500):
        ask(str(status), f"{main}/status/{status}")
    ask("flaky", sites["flaky"].url + "/flaky")
    ask("closed", sites["closed"].url + "/a/1.html")
    ask("open", sites["closed"].url + "/b/1.html")
    ask("busy", sites["busy"].url + "/busy")
    ask("too_many", sites["too_many"].url + "/status/429")
    for page in range(4):
        ask(f"slowly{page}", f"{sites['slowly'].url}/{page}.html")
        ask(f"moment{page}", f"{sites['moment'].url}/moment?{page}".replace("?", "#"))
    ask("never", sites["never"].url + "/1.html")
    ask("long", sites["long"].url + "/long")
    ask("away", sites["away"].url + "/to")
    ask("inside", sites["inside"].url + "/to")
    for page in range(12):
        ask(f"drop{page}", f"{sites['drop'].url}/drop{page}", home=sites["drop"].url)
        ask(f"barred{page}", f"{sites['barred'].url}/status/412?{page}", home=sites["barred"].url)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{unused.getsockname()[1]}/"
    ask("nobody", nobody)
    ask("localhost", main.replace("127.0.0.1", "localhost") + "/")
    ask("to_localhost", main.replace("127.0.0.1", "localhost") + "/", home=main)
    ask("no_tls", main.replace("http:", "https:") + "/")
    ask("foreign", sites["other"].url + "/foreign", home=main)
    ask("homeless", main + "/homeless")
    asks[-1]["home"] = ""
    tls = next(old_tls(tmp_path_factory.mktemp("tls")))
    ask("old_tls", tls + "/", home=tls)
    ask("old_tls_allowed", tls + "/page", home=tls, tls="legacy")
    for name in ("only_http", "only_https", "neither"):
        for page in range(2):
            first = "https" if name == "only_http" else "http"
            ask(f"{name}{page}", f"{first}://{name.replace('_', '-')}.test/{page}.html")
    ask("told", "https://told.test/", scheme="http")
    done = subprocess.run(
        [sys.executable, "-W", "error::scrapy.exceptions.ScrapyDeprecationWarning", "-m", "tests.test_wire_crawl"],
        input=json.dumps(asks).encode(), cwd=ROOT, capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    said = done.stderr.decode()
    assert "Traceback" not in said, said[-6000:]
    return Outcomes(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("/", "200"), ("/cookie", "200"), ("flaky", "200"), ("busy", "200"), ("open", "200"), ("moment0", "200"),
        ("/gate", "challenge_js"), ("412", "challenge_412"), ("/loop", "redirect_loop"), ("/a/gone.html", "soft_404"),
        ("/slow", "timeout"), ("/short", "connection_lost"), ("drop0", "connection_lost"), ("/garbage", "bad_answer"),
        ("/large", "too_large"), ("/stream", "too_large"), ("/bomb", "too_large"), ("403", "forbidden"),
        ("404", "not_found"), ("410", "gone"), ("418", "bad_status"), ("500", "server_error"), ("closed", "robots"),
        ("never", "robots"), ("too_many", "too_many_requests"), ("long", "too_many_requests"), ("away", "foreign_host"),
        ("inside", "private_address"), ("nobody", "refused"), ("localhost", "200"), ("to_localhost", "private_address"), ("no_tls", "tls"),
        ("foreign", "foreign_host"), ("homeless", "private_address"), ("old_tls", "tls"), ("old_tls_allowed", "200"),
        ("only_http0", "200"), ("only_http1", "200"), ("only_https1", "200"), ("neither0", "refused"), ("told", "200"),
    ],
)  # fmt: skip
def test_every_request_ends_with_its_code(outcomes: Outcomes, label: str, code: str) -> None:
    assert outcomes.code(label) == code, outcomes[label]


def test_challenges_and_refusals_are_asked_once(sites: dict[str, Site], outcomes: Outcomes) -> None:
    assert outcomes.code("412") == "challenge_412"
    counts = {
        path: sites["main"].count(path) for path in ("/gate", "/status/412", "/status/403", "/status/404")
    }
    assert set(counts.values()) == {1}, counts
    assert sites["too_many"].count("/status/429") == 1
    assert sites["long"].count("/long") == 1


def test_what_is_not_ours_is_never_asked(sites: dict[str, Site], outcomes: Outcomes) -> None:
    assert outcomes["away"]["detail"] == sites["other"].url + "/stolen"
    assert outcomes["inside"]["detail"] == "http://10.0.0.1/admin"
    assert sites["other"].asked == []
    assert sites["main"].count("/homeless") == 0


def test_robots_is_obeyed_and_asked_once(sites: dict[str, Site], outcomes: Outcomes) -> None:
    assert outcomes.code("closed") == "robots"
    assert [path for _, path in sites["closed"].asked] == ["/robots.txt", "/b/1.html"]
    assert [path for _, path in sites["never"].asked] == ["/robots.txt"]


def test_crawl_delay_is_kept(sites: dict[str, Site], outcomes: Outcomes) -> None:
    assert outcomes.code("slowly3") == "200"
    moments = [moment for moment, path in sites["slowly"].asked if path != "/robots.txt"]
    assert len(moments) == 4
    assert min(later - earlier for earlier, later in pairwise(moments)) >= 0.38


def test_one_request_at_a_time_for_each_host(sites: dict[str, Site], outcomes: Outcomes) -> None:
    assert outcomes.code("moment3") == "200"
    moments = sites["moment"].times("/moment")
    assert len(moments) == 4
    assert min(later - earlier for earlier, later in pairwise(moments)) >= 0.1  # as long as an answer takes


def test_retries_are_few_and_later_each_time(sites: dict[str, Site], outcomes: Outcomes) -> None:
    assert outcomes.code("flaky") == "200"
    first, second, third = sites["flaky"].times("/flaky")
    assert 0.1 <= second - first < 1.5
    assert 0.2 <= third - second < 1.9
    assert sites["main"].count("/status/500") == 3


def test_retry_after_is_waited_for(sites: dict[str, Site], outcomes: Outcomes) -> None:
    assert outcomes.code("busy") == "200"
    first, second = sites["busy"].times("/busy")
    assert 1.0 <= second - first < 2.5


def test_a_host_that_fails_again_and_again_is_left_alone(sites: dict[str, Site], outcomes: Outcomes) -> None:
    assert {outcomes.code(f"drop{page}") for page in range(12)} == {"connection_lost"}
    assert len(sites["drop"].asked) <= 18  # three tries of each of twelve pages would be 36
    assert {outcomes.code(f"barred{page}") for page in range(12)} == {"challenge_412"}
    assert len(sites["barred"].asked) <= 8  # robots.txt, six pages, one that was under way


def test_the_scheme_that_works_is_remembered(outcomes: Outcomes) -> None:
    asked = outcomes["asked"]
    assert [url for url in asked if "only-http." in url and "https" in url] == [
        "https://only-http.test/robots.txt"
    ]
    assert outcomes["only_http1"]["url"] == "http://only-http.test/1.html"
    assert [url for url in asked if "only-https." in url and "http:" in url] == [
        "http://only-https.test/robots.txt"
    ]
    assert sum("https://neither" in url for url in asked) == 1
    assert not [url for url in asked if "https://told" in url]


# --- the crawl, in a process of its own


def main() -> None:  # noqa: C901 - a spider and two handlers in one place
    """Ask for everything that standard input names, and print what became of it."""
    asks = json.load(sys.stdin)
    outcomes: dict[str, Any] = defaultdict(dict)
    outcomes["asked"] = []  # type: ignore[assignment]

    def invented(request: Request) -> Response | None:
        """Hosts without ports can't be served here: they answer on one scheme, or on none."""
        if not (request.url.split("/")[2]).endswith(".test"):
            return None
        outcomes["asked"].append(request.url)  # type: ignore[union-attr,attr-defined]
        works = {"http": ("only-http.", "told."), "https": ("only-https.",)}
        scheme, _, host = request.url.partition("://")
        if not host.startswith(works[scheme]):
            raise DownloadConnectionRefusedError(request.url)
        return HtmlResponse(request.url, 404 if "robots" in request.url else 200, body=PAGE.encode())

    class Http(HTTP11DownloadHandler):
        async def download_request(self, request: Request) -> Response:
            return invented(request) or await super().download_request(request)

    class Https(PortalTlsHandler):
        async def download_request(self, request: Request) -> Response:
            return invented(request) or await super().download_request(request)

    class Asking(scrapy.Spider):
        name = "asking"

        async def start(self) -> Any:
            for ask in asks:
                meta = dict(ask["meta"])
                if ask["home"]:
                    meta["hosts"] = allowed_hosts(ask["home"])
                yield Request(
                    ask["url"],
                    meta=meta,
                    cb_kwargs={"label": ask["label"]},
                    errback=self.failed,
                    dont_filter=True,
                )

        def parse(self, response: Response, label: str) -> None:
            outcomes[label] = {"code": str(response.status), "url": response.url}

        def failed(self, failure: Any) -> None:
            outcomes[failure.request.cb_kwargs["label"]] = {
                "code": code_of(failure),
                "detail": getattr(failure.value, "detail", ""),
                "error": repr(failure.value),
            }

    middlewares: dict[str, int | None] = {**wire.MIDDLEWARES, **dict.fromkeys(wire.REPLACED)}
    process = AsyncCrawlerProcess(
        {
            "DOWNLOADER_MIDDLEWARES": middlewares,
            "DOWNLOAD_HANDLERS": {"http": Http, "https": Https},
            "TWISTED_DNS_RESOLVER": "crawler.wire.resolver.PublicResolver",
            "ROBOTSTXT_OBEY": True,
            "COOKIES_ENABLED": True,
            "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
            "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
            "DOWNLOAD_DELAY": 0,
            "DOWNLOAD_TIMEOUT": 1.5,
            "DOWNLOAD_MAXSIZE": 200_000,
            "REDIRECT_MAX_TIMES": 5,
            "RETRY_HTTP_CODES": [500, 502, 503, 504, 522, 524, 408],
            "RETRY_GIVE_UP_LOG_LEVEL": "INFO",
            "GONGKAI_RETRY_DELAY": 0.1,
            "GONGKAI_GIVE_UP_SECONDS": 0.5,
            "LOG_LEVEL": "WARNING",
            "TELNETCONSOLE_ENABLED": False,
            "REMOTE_CONTROL_ENABLED": False,
        }
    )
    process.crawl(Asking)
    process.start()
    sys.stdout.write(json.dumps(outcomes))


if __name__ == "__main__":
    main()
