"""Which addresses belong to a portal: its own hosts, and nothing that only looks like them."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from crawler import registry
from crawler.wire.hosts import address_of, allowed_hosts, is_private, is_private_host, slot_of

DATONG = registry.portal_of("www.dt.gov.cn")
UNKNOWN = "http://www.qingxi-county.gov.cn/"


@pytest.mark.parametrize(
    "url",
    [
        "http://www.dt.gov.cn/x.html",
        "https://www.dt.gov.cn:8443/x",
        "http://DT.gov.cn/",
        "http://gajj.dt.gov.cn/gaj/nb.shtml",
        "http://a.b.dt.gov.cn:8080/",
    ],
)
def test_hosts_of_a_registered_portal(url: str) -> None:
    assert DATONG is not None
    assert allowed_hosts(DATONG.home, portal=DATONG).allows(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://www.dt.gov.cn@evil.com/",
        "http://www.dt.gov.cn:80@evil.com/",
        "http://evil.com/www.dt.gov.cn/",
        "http://www.dt.gov.cn.evil.com/",
        "http://evildt.gov.cn/",
        "http://www.dt.gov.cn./",
        "http://www.dt.gov.cn\\@evil.com/",
        "http://evil.com\\.dt.gov.cn/",
        "http://evil.com#.dt.gov.cn/",
        "http://evil.com?.dt.gov.cn/",
        "http://www.dt.gоv.cn/",  # a Cyrillic о
        "http://www.dt。gov.cn/",
        "http://www.dt.gov.cn:99999/",
        "http://www.dt.gov.cn:0/",
        "ftp://www.dt.gov.cn/",
        "file:///www.dt.gov.cn/x",
        "http:///www.dt.gov.cn/",
        "http://www.ty.gov.cn/",
        "http://www.gov.cn/",
        "http://gov.cn/",
        "http://1.2.3.4/",
        "",
    ],
)
def test_what_only_looks_like_a_host_of_the_portal(url: str) -> None:
    assert DATONG is not None
    assert not allowed_hosts(DATONG.home, portal=DATONG).allows(url)


def test_a_province_does_not_own_the_portals_under_its_domain() -> None:
    hainan = registry.portal_of("www.hainan.gov.cn")
    county = registry.portal_of("wzs.hainan.gov.cn")
    assert hainan is not None
    assert county is not None
    assert hainan != county
    ours = allowed_hosts(hainan.home, portal=hainan)
    assert ours.allows("http://edu.hainan.gov.cn/")
    assert not ours.allows(county.home)
    assert not allowed_hosts(county.home, portal=county).allows(hainan.home)


def test_an_unregistered_government_owns_its_own_domain() -> None:
    hosts = allowed_hosts(UNKNOWN)
    assert hosts.allows("https://zfb.qingxi-county.gov.cn/nb.html")
    assert hosts.allows("http://qingxi-county.gov.cn:8088/")
    assert not hosts.allows("http://www.dt.gov.cn/")


@pytest.mark.parametrize("home", ["http://www.gov.cn/", "http://gov.cn/"])
def test_the_top_domain_is_nobodys(home: str) -> None:
    hosts = allowed_hosts(home)
    assert hosts.allows(home)
    assert not hosts.allows("http://www.qingxi-county.gov.cn/")


def test_any_other_home_is_exactly_what_was_given() -> None:
    hosts = allowed_hosts("http://127.0.0.1:8101/", ["127.0.0.1:8102", "Files.Example.com"])
    assert hosts.allows("http://127.0.0.1:8101/a")
    assert hosts.allows("http://127.0.0.1:8102/a")
    assert hosts.allows("https://files.example.com/a")
    for url in ("http://127.0.0.1:8103/", "http://127.0.0.1/", "http://localhost:8101/", "http://files.example.com:81/",
                "http://a.files.example.com/", "http://127.1:8101/"):  # fmt: skip
        assert not hosts.allows(url), url
    assert allowed_hosts("http://city.example.com/").allows("https://city.example.com/")
    assert not allowed_hosts("http://city.example.com/").allows("http://www.city.example.com/")


def test_a_registered_address_of_this_machine_has_its_port_only() -> None:
    portal = registry.Portal("140200", "大同市", "http://127.0.0.1:8101/", hosts=("127.0.0.1:8102",))
    hosts = allowed_hosts(portal.home, portal=portal)
    assert hosts.allows("http://127.0.0.1:8101/")
    assert hosts.allows("http://127.0.0.1:8102/")
    assert not hosts.allows("http://127.0.0.1:8103/")


@pytest.mark.parametrize("home", ["", "www.dt.gov.cn", "ftp://www.dt.gov.cn/", "http://a@b.gov.cn/"])
def test_a_home_that_is_none_is_refused(home: str) -> None:
    with pytest.raises(ValueError, match="portal"):
        allowed_hosts(home)


@pytest.mark.parametrize("extra", ["", "a b", "http://a.com", "a.com/x", "a@b.com", "a.com:x"])
def test_an_extra_host_that_is_none_is_refused(extra: str) -> None:
    with pytest.raises(ValueError, match="host"):
        allowed_hosts(UNKNOWN, [extra])


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "0x7f000001", "2130706433", "017700000001", "10.1.2.3", "192.168.0.1", "172.16.9.9", "169.254.169.254",
     "100.100.100.200", "0.0.0.0",  # noqa: S104
     "::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "localhost", "x.localhost"],
)  # fmt: skip
def test_private_hosts(host: str) -> None:
    assert is_private_host(host)


@pytest.mark.parametrize(
    "host", ["219.141.200.1", "2400:3200::1", "www.dt.gov.cn", "198.18.0.7", "10.gov.cn"]
)
def test_public_hosts(host: str) -> None:
    assert not is_private_host(host)


def test_addresses_are_read_as_a_resolver_reads_them() -> None:
    assert address_of("127.1") == ip_address("127.0.0.1")
    assert address_of("www.dt.gov.cn") is None
    assert is_private(ip_address("224.0.0.1"))


def test_one_queue_per_host_and_on_this_machine_per_port() -> None:
    assert slot_of("http://www.dt.gov.cn:8080/a") == slot_of("https://WWW.dt.gov.cn/b") == "www.dt.gov.cn"
    assert slot_of("http://127.0.0.1:8101/a") == "127.0.0.1:8101"
    assert slot_of("http://localhost:8101/a") == "localhost:8101"
