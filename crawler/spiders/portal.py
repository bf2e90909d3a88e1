"""``scrapy crawl portal``: any portal, from any page of it, with nothing configured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from crawler.registry import portal_of
from crawler.spiders.options import (
    OptionError,
    division_code,
    extra_hosts,
    portal_addresses,
    rows_of,
    unknown_options,
)
from crawler.spiders.walking import WalkingSpider
from pipelines.agencies import divisions
from pipelines.record import Portal as PortalField

if TYPE_CHECKING:
    from crawler.registry import Portal
    from crawler.walk import Visit


class PortalSpider(WalkingSpider):
    """Walks the portal of an address, registered or not.

    Spider arguments:
        url: a home page, a column page or a single report; several with commas.
        hosts: further hosts that belong to it, ``host`` or ``host:port``.
        division: its code of GB/T 2260.
        rows: in place of ``url``: a file of portals in the form of the registry's files.
    """

    name = "portal"
    arguments: ClassVar[tuple[str, ...]] = ("url", "hosts", "division", "rows", *WalkingSpider.arguments)

    def __init__(
        self,
        *args: Any,
        url: str | None = None,
        hosts: str | None = None,
        division: str | None = None,
        rows: str | None = None,
        **rest: Any,
    ) -> None:
        """Read the arguments.

        Raises:
            OptionError: one can't be used, or neither ``url`` nor ``rows`` is given.
        """
        unknown_options(rest, self.arguments)
        if (url is None) == (rows is None):
            raise OptionError("url_or_rows")
        self.addresses = portal_addresses(url) if url is not None else []
        self.rows: tuple[Portal, ...] = rows_of(rows) if rows is not None else ()
        self.hosts = extra_hosts(hosts)
        self.division = division_code(division)
        super().__init__(*args, **rest)

    def visits(self) -> list[Visit]:
        """One walk for each address or row."""
        return [self._of_row(row) for row in self.rows] + [self._of_address(url) for url in self.addresses]

    def _of_row(self, row: Portal) -> Visit:
        return self.visit_of(row, extra=(*row.hosts, *self.hosts))

    def _of_address(self, url: str) -> Visit:
        row = portal_of(urlsplit(url).netloc)
        division = self.division or (row.division if row else None)
        known = divisions().get(division or "")
        portal = PortalField(
            division=division,
            name=(row.name if row else None) or (known.name if known else None),
            home=url,
            platform=row.platform if row else None,
            site_id=row.site_id if row else None,
        )
        return self.visit(url, portal, extra=self.hosts, row=row)
