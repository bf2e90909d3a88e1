"""The CMS families: one file each, found by looking into this package.

``recognise`` says which one a page belongs to. The registry's word and the family of the pages before it settle
what the page itself leaves open; the generic reader takes what no family claims.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Final

from crawler.platforms.base import Platform

if TYPE_CHECKING:
    from crawler.webpage import WebPage

GENERIC: Final = "generic"
_ENOUGH: Final = 2
"""Marks of this weight together make a family; a lone hint does not."""


@cache
def platforms() -> dict[str, Platform]:
    """Name → platform, all families of the package."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    return {kind.name: kind() for kind in _leaves(Platform)}


def _leaves(kind: type[Platform]) -> list[type[Platform]]:
    found = [kind] if "name" in vars(kind) else []
    for child in kind.__subclasses__():
        found += _leaves(child)
    return found


def recognise(page: WebPage, prior: str | None = None) -> Platform:
    """The family of a page.

    Args:
        page: any page of a portal.
        prior: the family that registry or earlier pages name; it wins ties and where the page says nothing.
    """
    known = platforms()
    strengths = {name: platform.strength(page) for name, platform in known.items() if name != GENERIC}
    best = max(strengths, key=lambda name: (strengths[name], name == prior))
    if strengths[best] >= _ENOUGH:
        return known[best]
    return known.get(prior or GENERIC, known[GENERIC])
