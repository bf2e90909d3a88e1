"""Cookies are kept for one portal at a time: some gates only want theirs back.

Scrapy looks a cookie's domain up in a public suffix list that it fetches from a third party. With a jar per portal
(``portal_hosts``) a cookie can't reach another portal anyway, so the list is not asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.downloadermiddlewares.cookies import CookiesMiddleware

if TYPE_CHECKING:
    from collections.abc import Iterable
    from http.cookiejar import Cookie

    from scrapy import Request
    from scrapy.http.cookies import CookieJar


class PortalCookiesMiddleware(CookiesMiddleware):
    """Scrapy's own, without the look-up."""

    def _process_cookies(self, cookies: Iterable[Cookie], *, jar: CookieJar, request: Request) -> None:
        for cookie in cookies:
            jar.set_cookie_if_ok(cookie, request)
