"""One spider per province, made from the registry: ``scrapy crawl shanxi``.

A portal that outgrows its row becomes a small subclass here; so far none has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from crawler.registry import provinces
from crawler.spiders.options import chosen
from crawler.spiders.walking import WalkingSpider

if TYPE_CHECKING:
    from crawler.registry import Province
    from crawler.walk import Visit


class ProvinceSpider(WalkingSpider):
    """Walks every portal registered for a province.

    Spider arguments:
        city: names or codes; a city comes with its counties.
    """

    province: ClassVar[Province]
    arguments: ClassVar[tuple[str, ...]] = ("city", *WalkingSpider.arguments)

    def __init__(self, *args: Any, city: str | None = None, **rest: Any) -> None:
        """Read the arguments.

        Raises:
            OptionError: one can't be used.
        """
        standing = [row for row in self.province.portals if row.valid_to is None]
        self.rows = chosen(standing, city)
        super().__init__(*args, **rest)

    def visits(self) -> list[Visit]:
        """One walk for each portal."""
        return [self.visit_of(row) for row in self.rows]


def _spider(province: Province) -> type[ProvinceSpider]:
    words = {"name": province.key, "province": province, "__module__": __name__, "__doc__": province.name}
    return type(f"{province.key.capitalize()}Spider", (ProvinceSpider,), words)


globals().update({kind.__name__: kind for kind in map(_spider, provinces())})
