"""How long a host is waited for, and which names are looked up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from scrapy.http import Response
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import DNSLookupError

from crawler.wire.failures import WireError
from crawler.wire.patience import Patience
from crawler.wire.resolver import PublicResolver, was_private
from crawler.wire.retrying import retry_after

if TYPE_CHECKING:
    from twisted.python.failure import Failure


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("120", 120, 120),
        (" 0 ", 0, 0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("9" * 5000, 1e8, 1e9),
    ],
)
def test_retry_after(header: str, least: float, most: float) -> None:
    wait = retry_after(Response("http://x.gov.cn/", 429, headers={"Retry-After": header}))
    assert wait is not None
    assert least <= wait <= most


def test_retry_after_a_moment() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    wait = retry_after(Response("http://x.gov.cn/", 429, headers={"Retry-After": later}))
    assert wait is not None
    assert 60 <= wait <= 90


@pytest.mark.parametrize("header", ["", "soon", "-5", "1.5", "²"])
def test_retry_after_without_sense(header: str) -> None:
    assert retry_after(Response("http://x.gov.cn/", 429, headers={"Retry-After": header})) is None
    assert retry_after(Response("http://x.gov.cn/", 429)) is None


def test_addresses_condemn_a_host_attempts_do_not() -> None:
    patience = Patience(most=3)
    assert not any(patience.failed("a.gov.cn", "http://a.gov.cn/search", "timeout") for _ in range(9))
    patience.failed("a.gov.cn", "http://a.gov.cn/2", "timeout")
    patience.answered("a.gov.cn")
    patience.failed("a.gov.cn", "http://a.gov.cn/3", "timeout")
    patience.failed("a.gov.cn", "http://a.gov.cn/4", "timeout")
    patience.check("a.gov.cn")
    assert patience.failed("a.gov.cn", "http://a.gov.cn/5", "refused")
    with pytest.raises(WireError, match="refused"):
        patience.check("a.gov.cn")
    patience.check("b.gov.cn")


def test_a_short_breakdown_condemns_nobody() -> None:
    patience = Patience(most=3, seconds=60)
    assert not any(patience.failed("a.gov.cn", f"http://a.gov.cn/{page}", "timeout") for page in range(100))


def test_only_a_host_that_never_answered_is_not_asked_twice() -> None:
    patience = Patience(most=3)
    patience.failed("a.gov.cn", "http://a.gov.cn/robots.txt", "timeout")
    assert not patience.is_dead("a.gov.cn", "http://a.gov.cn/robots.txt")
    assert patience.is_dead("a.gov.cn", "http://a.gov.cn/")
    patience.answered("a.gov.cn")
    patience.failed("a.gov.cn", "http://a.gov.cn/1", "timeout")
    assert not patience.is_dead("a.gov.cn", "http://a.gov.cn/2")


@pytest.mark.parametrize(
    ("name", "found", "loopback", "allowed"),
    [
        ("www.a.gov.cn", "219.141.200.1", False, True),
        ("proxy.a.gov.cn", "198.18.3.4", False, True),
        ("inner.a.gov.cn", "10.0.0.8", False, False),
        ("meta.a.gov.cn", "169.254.169.254", True, False),
        ("self.a.gov.cn", "127.0.0.1", False, False),
        ("demo.a.gov.cn", "127.0.0.1", True, True),
        ("127.0.0.1", "127.0.0.1", False, True),
    ],
)
def test_names_that_lead_inside_are_not_resolved(
    monkeypatch: pytest.MonkeyPatch, name: str, found: str, *, loopback: bool, allowed: bool
) -> None:
    def resolved(*_: object) -> Deferred[str]:
        return succeed(found)

    monkeypatch.setattr("scrapy.resolver.CachingThreadedResolver.getHostByName", resolved)
    resolver = PublicResolver.__new__(PublicResolver)
    resolver.loopback = loopback
    results: list[str | Failure | None] = []
    resolver.getHostByName(name).addBoth(results.append)
    if allowed:
        assert results == [found]
    else:
        assert getattr(results[0], "type", None) is DNSLookupError
    assert was_private(name) is not allowed
