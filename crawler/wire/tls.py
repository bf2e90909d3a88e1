"""Old TLS for the portals whose row in the registry says so, with the reason; for all others Scrapy's own.

Some servers speak TLS 1.0 or 1.1, ciphers and keys that OpenSSL refuses today, or renegotiate in the old way. To allow
that for everybody would weaken every connection, so there are two handlers with a pool of connections each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from OpenSSL import SSL
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.ssl import AcceptableCiphers, CertificateOptions, TLSVersion
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer  # type: ignore[import-untyped]

from crawler.wire.hosts import address_of

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.protocols.tls import TLSMemoryBIOProtocol

LEGACY: Final = "legacy"
_CIPHERS: Final = "ALL:!aNULL:!eNULL:@SECLEVEL=0"
_OP_LEGACY_SERVER_CONNECT: Final = 0x4
"""Old renegotiation; neither pyOpenSSL nor Python 3.11 has a name for it."""


class PortalTlsHandler(HTTP11DownloadHandler):
    """Handler for https; ``request.meta["tls"] == "legacy"`` takes the old ways."""

    lazy = True

    def __init__(self, crawler: Crawler) -> None:
        """Two handlers."""
        super().__init__(crawler)
        self._legacy = _LegacyHandler(crawler)

    async def download_request(self, request: Request) -> Response:
        """Download by the handler that fits the portal."""
        if request.meta.get("tls") == LEGACY:
            return await self._legacy.download_request(request)
        return await super().download_request(request)

    async def close(self) -> None:
        """Close both."""
        await self._legacy.close()
        await super().close()


class _LegacyHandler(HTTP11DownloadHandler):
    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._contextFactory = _LegacyPolicy()  # type: ignore[assignment]  # an interface of zope's


@implementer(IPolicyForHTTPS)
class _LegacyPolicy:
    """Takes what the server has; certificates are not verified, as in Scrapy's own handler."""

    def __init__(self) -> None:
        options = CertificateOptions(
            insecurelyLowerMinimumTo=TLSVersion.TLSv1_0,
            acceptableCiphers=AcceptableCiphers.fromOpenSSLCipherString(_CIPHERS),  # type: ignore[no-untyped-call]
            fixBrokenPeers=True,
        )
        self._context = options.getContext()
        self._context.set_cipher_list(
            _CIPHERS.encode()
        )  # Twisted lists the ciphers one by one, without their level
        self._context.set_options(_OP_LEGACY_SERVER_CONNECT)

    def creatorForNetloc(self, hostname: bytes, port: int) -> _LegacyCreator:  # noqa: ARG002, N802 - Twisted's interface
        return _LegacyCreator(self._context, hostname)


@implementer(IOpenSSLClientConnectionCreator)
class _LegacyCreator:
    def __init__(self, context: SSL.Context, hostname: bytes) -> None:
        self._context, self._hostname = context, hostname

    def clientConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:  # noqa: ARG002, N802, N803
        connection = SSL.Connection(self._context, None)
        if address_of(self._hostname.decode("ascii")) is None:
            connection.set_tlsext_host_name(self._hostname)
        return connection
