"""What ``-a NAME=VALUE`` says, checked before anything is asked of anybody.

Each option is read once, into its type; what can't be understood is an ``OptionError`` that names the option, the
value and the remedy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from crawler.data import load
from crawler.registry import Portal, RegistryError, parse_province
from pipelines.addresses import address_key, digest
from pipelines.agencies import ancestors, divisions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipelines.store.sightings import Mode

MODES: Final[tuple[Mode, ...]] = ("incremental", "full", "replay")
"""How much a crawl asks: what may have changed, everything, nothing (the archive is read anew)."""
SHRUNK: Final = "shrunk"
"""``accept``: a list may have lost many rows."""
FIRST_YEAR: Final = 2008
"""The Regulation took effect on 1 May 2008: no report covers an earlier year."""
_LAST_YEAR: Final = 2100
_YEARS: Final = re.compile(r"(\d{4})(?:[-–~至](\d{4}))?")
_SEPARATORS: Final = re.compile(r"[,，、;；\s]+")
_HOST: Final = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[^\s/:@\[\]]+)(?::\d{1,5})?")
_SCHEMES: Final = frozenset({"http", "https"})


class OptionError(ValueError):
    """A spider argument that can't be used.

    Attributes:
        key: key of the sentence that explains it (``[say]`` of ``runs.toml``).
        words: what the sentence needs.
    """

    def __init__(self, key: str, **words: str) -> None:
        """Say which sentence, and its words."""
        super().__init__(f"{key}: {words}")
        self.key = key
        self.words = words


@dataclass(frozen=True, slots=True)
class Options:
    """What every spider of ours accepts.

    Attributes:
        years: years reported on; None for all.
        limit: reports in the whole run; None for all.
        sample: reports of each portal; None for all.
        mode: how much is asked.
        accept: codes of what the user accepts although an assertion objects.
        only: digests of the home pages to walk; None for all.
    """

    years: frozenset[int] | None = None
    limit: int | None = None
    sample: int | None = None
    mode: Mode = "incremental"
    accept: frozenset[str] = frozenset()
    only: frozenset[bytes] | None = None

    def includes(self, home: str) -> bool:
        """Whether the portal with this home page is wanted."""
        return self.only is None or digest(address_key(home)) in self.only


def read_options(
    year: str | None,
    limit: str | None,
    sample: str | None,
    *,
    mode: str | None = None,
    accept: str | None = None,
    only: str | None = None,
) -> Options:
    """Read the options that all spiders share.

    Raises:
        OptionError: one of them can't be understood.
    """
    return Options(
        years=_years(year) if year is not None else None,
        limit=_count("limit", limit),
        sample=_count("sample", sample),
        mode=_mode(mode),
        accept=_accepted(accept),
        only=_addresses(only),
    )


def _mode(text: str | None) -> Mode:
    mode = next((known for known in MODES if known == (text or MODES[0])), None)
    if mode is None:
        raise OptionError("bad_mode", value=text or "", known=", ".join(MODES))
    return mode


def _accepted(text: str | None) -> frozenset[str]:
    codes = frozenset(_parts(text or ""))
    known = {SHRUNK, *load("assertions")["assertion"]}
    for code in sorted(codes - known):
        raise OptionError("bad_accept", value=code, known=", ".join(sorted(known)))
    return codes


def _addresses(text: str | None) -> frozenset[bytes] | None:
    if text is None:
        return None
    return frozenset(digest(address_key(url)) for url in text.split())


def _years(text: str) -> frozenset[int]:
    years: set[int] = set()
    for part in _parts(text):
        match = _YEARS.fullmatch(part)
        if match is None:
            raise OptionError("bad_year", value=part)
        first, last = int(match[1]), int(match[2] or match[1])
        if not FIRST_YEAR <= first <= last <= _LAST_YEAR:
            raise OptionError("bad_year", value=part)
        years.update(range(first, last + 1))
    if not years:
        raise OptionError("bad_year", value=text)
    return frozenset(years)


def _count(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise OptionError("bad_count", option=name, value=text)
    return int(text)


def _parts(text: str) -> list[str]:
    return [part for part in _SEPARATORS.split(text.strip()) if part]


def unknown_options(given: Iterable[str], known: Sequence[str]) -> None:
    """Refuse what no spider knows: a mistyped option must not be ignored.

    Raises:
        OptionError: there is one.
    """
    for name in given:
        if name not in known:
            raise OptionError("unknown_argument", option=name, known=", ".join(known))


def chosen(rows: Sequence[Portal], city: str | None) -> list[Portal]:
    """The portals of the cities named: names or codes, each with the counties below it.

    Raises:
        OptionError: a name that is no portal's of this province, or that of several (城区).
    """
    if city is None:
        return list(rows)
    wanted: set[str] = set()
    for part in _parts(city):
        codes = {
            row.division for row in rows if part in (row.division, row.name) or _is_short(part, row.name)
        }
        if not codes:
            raise OptionError("unknown_city", value=part)
        if len(codes) > 1:
            raise OptionError("many_cities", value=part, codes=", ".join(sorted(codes)))
        wanted |= codes
    return [
        row
        for row in rows
        if row.division in wanted
        or any(above.code in wanted and above.level != "province" for above in ancestors(row.division))
    ]


def _is_short(part: str, name: str) -> bool:
    return (
        len(part) > 1
        and name.startswith(part)
        and name[len(part) :] in ("市", "县", "区", "省", "地区", "盟", "自治州")
    )


def portal_addresses(url: str) -> list[str]:
    """The addresses given, one or several.

    Raises:
        OptionError: one is no http(s) address.
    """
    addresses = _parts(url)
    if not addresses:
        raise OptionError("bad_url", value=url)
    for address in addresses:
        try:
            parts = urlsplit(address)
            parts.port  # noqa: B018 - raises on what is no port
        except ValueError as error:
            raise OptionError("bad_url", value=address) from error
        if parts.scheme not in _SCHEMES or not parts.hostname or parts.username is not None:
            raise OptionError("bad_url", value=address)
    return addresses


def extra_hosts(text: str | None) -> tuple[str, ...]:
    """Further hosts, ``host`` or ``host:port``.

    Raises:
        OptionError: one is none.
    """
    hosts = tuple(_parts(text)) if text else ()
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise OptionError("bad_host", value=host)
    return hosts


def division_code(text: str | None) -> str | None:
    """A code of GB/T 2260.

    Raises:
        OptionError: there is no such division.
    """
    if text is not None and text not in divisions():
        raise OptionError("unknown_division", value=text)
    return text


def rows_of(path: str) -> tuple[Portal, ...]:
    """Portals out of a file of one's own, in the form of the registry's files.

    Raises:
        OptionError: it can't be read.
    """
    try:
        return parse_province(Path(path).stem, Path(path).read_text("utf-8")).portals
    except (OSError, UnicodeDecodeError, RegistryError) as error:
        raise OptionError("bad_rows", value=path, error=str(error)) from error
