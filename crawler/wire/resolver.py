"""Names that lead into private networks are not resolved.

A stranger's name may point to this machine, to the network around it or to a cloud's inner services; the allow-list
sees names only. So the resolver looks at what they stand for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

from scrapy.resolver import CachingThreadedResolver
from twisted.internet.error import DNSLookupError

from crawler.wire.hosts import address_of, is_private

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scrapy.crawler import Crawler
    from twisted.internet.base import ReactorBase
    from twisted.internet.defer import Deferred

_MOST: Final = 10_000
_PRIVATE: Final[set[str]] = set()
"""Names that were refused: Twisted keeps no more of a failed look-up than that it failed."""


_GIVEN: Final[set[str]] = set()
"""Names that the user gave: whoever names ``localhost`` means it."""


def permit(name: str) -> None:
    """Resolve a name whatever it leads to: the user gave it."""
    _GIVEN.add(name)


def was_private(name: str) -> bool:
    """Whether a name was refused for the address it leads to."""
    return name in _PRIVATE


class PublicResolver(CachingThreadedResolver):
    """Scrapy's resolver for names of the public internet; with ``GONGKAI_LOOPBACK`` also of this machine."""

    loopback = False

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        """Build it for the process."""
        resolver = super().from_crawler(crawler, reactor)
        resolver.loopback = crawler.settings.getbool("GONGKAI_LOOPBACK")
        return resolver

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:  # noqa: N802 - Twisted's name
        """Resolve a name; fails with ``DNSLookupError`` where it leads to a private address."""
        return super().getHostByName(name, timeout).addCallback(self._public, name)

    def _public(self, found: str, name: str) -> str:
        """The address, unless it is private; one that was asked for literally was judged before."""
        address = address_of(found)
        if address is None or address_of(name) is not None or not is_private(address):
            return found
        if name in _GIVEN or (self.loopback and address.is_loopback):
            return found
        if len(_PRIVATE) < _MOST:
            _PRIVATE.add(name)
        raise DNSLookupError(f"{name} is a private address: {found}")
