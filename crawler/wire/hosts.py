"""Which hosts belong to a portal: everything else is a clone, a mirror or a trap, and is not asked.

Portals link to each other, are copied by strangers and carry links that somebody else put there. A report is only
this portal's if it comes from a host of this portal, so the list is strict: named hosts, and hosts under the portal's
own government domain that the registry doesn't give to another portal.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from crawler import registry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawler.registry import Portal

Address = IPv4Address | IPv6Address

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_LABEL: Final = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_HOST: Final = re.compile(rf"(?:{_LABEL}\.){{0,10}}{_LABEL}|\[[0-9a-f:.]{{2,45}}\]")
_OWN_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.)+gov\.cn")
"""A domain somebody owns: never ``gov.cn`` itself, which would allow every government."""
_WWW: Final = "www."
_LOCALHOST: Final = "localhost"
_FAKE_ADDRESSES: Final = ip_network("198.18.0.0/15")
"""Tunnelling proxies answer every name with an address of this test network; nobody has a server there."""


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """The hosts of one portal.

    Attributes:
        home: address of its home page.
        exact: hosts as addresses have them: ``host`` (on the usual ports) or ``host:port``.
        anywhere: hosts that are allowed on every port.
        domains: government domains; hosts under them are allowed unless they are another portal's.
        owners: divisions and homes of the portals that these domains belong to in the registry.
    """

    home: str
    exact: frozenset[str]
    anywhere: frozenset[str] = frozenset()
    domains: tuple[str, ...] = ()
    owners: frozenset[Portal | None] = frozenset()

    def allows(self, url: str) -> bool:
        """Whether an address is on a host of this portal; an address with a trick in it never is."""
        place = place_of(url)
        if place is None:
            return False
        host, port = place
        if host in self.anywhere or _joined(host, port) in self.exact:
            return True
        under = any(host == domain or host.endswith(f".{domain}") for domain in self.domains)
        return under and registry.portal_of(host) in self.owners

    def is_given(self, host: str) -> bool:
        """Whether the user named this host and nothing but that allows it.

        A government's name is not of these: that it leads to a public address can be asked of it.
        """
        if host in self.anywhere or any(
            host == domain or host.endswith(f".{domain}") for domain in self.domains
        ):
            return False
        return any(_host_of(entry) == host for entry in self.exact)


def _host_of(entry: str) -> str:
    """The host of a ``host`` or ``host:port``."""
    place = place_of(f"http://{entry}/")
    return place[0] if place else ""


def allowed_hosts(home: str, extra: Iterable[str] = (), portal: Portal | None = None) -> AllowedHosts:
    """The hosts of the portal with a home page.

    Args:
        home: address of the home page.
        extra: further ``host`` or ``host:port``, given by a person.
        portal: its row in the registry; None if it has none.

    Raises:
        ValueError: ``home`` is no http(s) address, or an ``extra`` is no host.
    """
    place = place_of(home)
    if place is None:
        raise ValueError(f"not an address of a portal: {home!r}")
    registered = (
        {_entry(host) for host in (portal.home.split("//")[-1].split("/")[0], *portal.hosts)}
        if portal
        else set()
    )
    names = {host for host, port in registered if port is None and address_of(host) is None}
    stems = {host.removeprefix(_WWW) for host in (place[0], *names)}
    domains = tuple(sorted(stem for stem in stems if _OWN_DOMAIN.fullmatch(stem)))
    return AllowedHosts(
        home=home,
        exact=frozenset(
            _joined(*entry) for entry in ({place} | registered | {_entry(host) for host in extra})
        ),
        anywhere=frozenset(names),
        domains=domains,
        owners=frozenset(registry.portal_of(domain) for domain in domains),
    )


@lru_cache(maxsize=4096)
def place_of(url: str) -> tuple[str, int | None] | None:
    """Host in lower case and port (None: the usual one) of an http(s) address; None if it is no plain one.

    User names, backslashes, letters beyond ASCII, a dot at the end and anything that two programs could read
    differently make an address that isn't plain.
    """
    try:
        url.encode()  # halves of characters, as data of scripts may hold them, can't be sent
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    usual = _DEFAULT_PORTS.get(parts.scheme)
    host, _, stated = parts.netloc.lower().rpartition(":")
    if not host or (stated and not stated.isdigit()):
        host = parts.netloc.lower()
    if usual is None or port == 0 or not _HOST.fullmatch(host):
        return None
    return host.strip("[]"), None if port == usual else port


def slot_of(url: str) -> str:
    """Queue that a request waits in: one per host, as ports are doors of one house; on this machine one per port."""
    place = place_of(url)
    if place is None:
        return urlsplit(url).hostname or ""
    host, port = place
    return _joined(host, port) if is_loopback(host) else host


def address_of(host: str) -> Address | None:
    """The address that a host name literally is, in any spelling that a resolver takes (``127.1``, ``0x7f000001``)."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    if not host.isascii() or not host[:1].isdigit():
        return None
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def is_private(address: Address) -> bool:
    """Whether an address is not one of the public internet: this machine, a local network, a cloud's inner services."""
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        return is_private(mapped)
    return (not address.is_global or address.is_multicast) and address not in _FAKE_ADDRESSES


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    address = address_of(host)
    return host == _LOCALHOST or (address is not None and address.is_loopback)


def is_private_host(host: str) -> bool:
    """Whether a host is literally a private address; names are judged when they are resolved."""
    address = address_of(host)
    return (
        host == _LOCALHOST or host.endswith(f".{_LOCALHOST}") or (address is not None and is_private(address))
    )


def _entry(host: str) -> tuple[str, int | None]:
    """Host and port of ``host`` or ``host:port``."""
    place = place_of(f"http://{host}")
    if place is None or not re.fullmatch(r"[^/?#@\s]+", host):
        raise ValueError(f"not a host: {host!r}")
    return place


def _joined(host: str, port: int | None) -> str:
    return host if port is None else f"{host}:{port}"
