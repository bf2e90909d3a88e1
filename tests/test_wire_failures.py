"""Every failure has a code, every code a kind and words in both languages."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import get_args

import pytest
from OpenSSL import SSL
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.internet import error as net
from twisted.python.failure import Failure
from twisted.web._newclient import ParseError, ResponseNeverReceived

from crawler.wire.failures import Kind, WireError, code_of, code_of_status, failure_text, kind_of

CODES = tomllib.loads(files("crawler.data").joinpath("failures.toml").read_text("utf-8"))


def _failed(reason: Exception) -> DownloadFailedError:
    error = DownloadFailedError("failed")
    error.__cause__ = ResponseNeverReceived([Failure(reason)])
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (WireError("soft_404", "x"), "soft_404"),
        (DownloadTimeoutError(), "timeout"),
        (net.TCPTimedOutError(), "timeout"),
        (CannotResolveHostError(), "dns"),
        (DownloadConnectionRefusedError(), "refused"),
        (net.NoRouteError(), "no_route"),
        (net.ConnectionLost(), "connection_lost"),
        (net.ConnectError(), "connection_lost"),
        (ResponseDataLossError(), "connection_lost"),
        (_failed(SSL.Error([("SSL routines", "", "unsupported protocol")])), "tls"),
        (_failed(net.ConnectionLost()), "connection_lost"),
        (_failed(ParseError("no", b"x")), "bad_answer"),
        (DownloadCancelledError(), "too_large"),
        (OSError("not a gzip file"), "bad_answer"),
        (IgnoreRequest("Forbidden by robots.txt"), "robots"),
        (IgnoreRequest("max redirections reached"), "redirect_loop"),
        (IgnoreRequest("whatever"), "program_error"),
        (KeyError("x"), "program_error"),
    ],
)
def test_code_of_an_exception(error: Exception, code: str) -> None:
    assert code_of(Failure(error)) == code


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "login"), (403, "forbidden"), (404, "not_found"), (410, "gone"), (412, "challenge_412"), (429, "too_many_requests"),
     (468, "challenge_468"), (500, "server_error"), (503, "server_error"), (521, "challenge_521"), (599, "server_error"),
     (304, "bad_status"), (418, "bad_status"), (600, "bad_status")],
)  # fmt: skip
def test_code_of_a_status(status: int, code: str) -> None:
    assert code_of(Failure(HttpError(Response("http://x.gov.cn/", status)))) == code
    assert code_of_status(status) == code


def test_every_code_is_complete() -> None:
    assert {entry["kind"] for entry in CODES["codes"].values()} == set(get_args(Kind))
    for code, entry in CODES["codes"].items():
        assert set(entry) == {"kind", "zh", "en"}, code
        assert failure_text(code, "zh") != failure_text(code, "en")
    assert set(CODES["status"].values()) <= set(CODES["codes"])


def test_a_code_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        WireError("soft404")
    with pytest.raises(KeyError):
        kind_of("")
