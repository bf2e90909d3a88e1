"""The registry of portals: which government publishes where, as data.

A crawl must know its doors: the home page of every government, and what has been learnt of it. That is data
(``crawler/data/portals/<province>.toml``, one row a portal), so that a municipality is added without code, and
a wrong row would give one government's figures to another, so ``lint`` checks each row against GB/T 2260.
A platform is written down only where there is evidence; the province's usual one is kept apart as a hint.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Literal, get_args
from urllib.parse import SplitResult, urlsplit

from crawler.data import load
from pipelines.agencies import divisions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipelines.agencies import Division

Row = Mapping[str, Any]
Depth = Literal["prefecture", "county"]

_HOST: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z]{2,20}")
_SITE_ID_LENGTH: Final = 10
_SCHEMES: Final = ("http", "https")
_PORTAL_WORD: Final = "www."


class RegistryError(Exception):
    """A registry file that can't be read: its name, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column where a portal lists its annual reports.

    Attributes:
        label: what the portal calls it.
        url: its address.
        notes: codes: how it is known, whose reports it holds.
    """

    label: str
    url: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limit:
    """What keeps us from a portal.

    Attributes:
        reason: code of the reason.
        since: day it was seen.
    """

    reason: str
    since: date


@dataclass(frozen=True, slots=True)
class PortalException:
    """Where a portal is treated unlike all others.

    Attributes:
        kind: ``scheme``, ``tls`` or ``charset``.
        value: what holds for this portal.
        reason: code of the reason.
        since: day it was seen.
    """

    kind: str
    value: str
    reason: str
    since: date


@dataclass(frozen=True, slots=True)
class Portal:
    """One portal of one government.

    Attributes:
        division: code of its division (GB/T 2260).
        name: the division's name.
        home: address of the home page.
        platform: CMS family, or None where nobody has established it.
        site: alias of the site in its addresses, where the platform serves several.
        site_id: 网站标识码 as the portal's pages state it.
        hosts: further hosts of the same portal: former names, twins.
        columns: report columns known beforehand; a crawl finds them by label all the same.
        exceptions: departures from how portals are treated.
        limits: what keeps us out.
        proof: why a host outside gov.cn is a government's.
        valid_from: first day of this address, if known.
        valid_to: last day of this address; None while it stands.
    """

    division: str
    name: str
    home: str
    platform: str | None = None
    site: str | None = None
    site_id: str | None = None
    hosts: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    exceptions: tuple[PortalException, ...] = ()
    limits: tuple[Limit, ...] = ()
    proof: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def host(self) -> str:
        """Host of the home page; empty if the address has none."""
        return _host(self.home)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A division whose portal is not known: better no row than a guessed address.

    Attributes:
        division: its code.
        name: its name.
        reason: code of the reason.
        since: day it was looked for.
    """

    division: str
    name: str
    reason: str
    since: date


@dataclass(frozen=True, slots=True)
class Province:
    """One file of the registry.

    Attributes:
        key: its name in pinyin, also that of the spider.
        code: code of the province.
        name: its name.
        prefixes: how the codes of its divisions begin.
        portals: its rows.
        depth: level down to which every standing division must have a row.
        usual: platform that most portals of the province run: a hint, evidence for no single portal.
        limits: what holds for all portals of the province.
        unknown: divisions whose portal is not known.
    """

    key: str
    code: str
    name: str
    prefixes: tuple[str, ...]
    portals: tuple[Portal, ...]
    depth: Depth = "prefecture"
    usual: str | None = None
    limits: tuple[Limit, ...] = ()
    unknown: tuple[Unknown, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the registry.

    Attributes:
        province: key of the file.
        place: division and name of the row; empty if it concerns the file.
        code: what is wrong, a key of ``[problem]`` in ``registry.toml``.
        details: the words its sentence needs.
    """

    province: str
    place: str
    code: str
    details: Mapping[str, str]


# --- reading


@cache
def facts() -> dict[str, Any]:
    """Platforms, reasons, and their wording."""
    return load("registry")


@cache
def provinces() -> tuple[Province, ...]:
    """All provinces in order of code, read once.

    Raises:
        RegistryError: a file is no TOML, lacks a key, has one too many, or a value of another type.
    """
    folder = files("crawler.data").joinpath("portals")
    found = (
        parse_province(entry.name.removesuffix(".toml"), entry.read_text("utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    )
    return tuple(sorted(found, key=lambda province: province.code))


def parse_province(key: str, text: str) -> Province:
    """Read the text of one file.

    Raises:
        RegistryError: see ``provinces``.
    """
    try:
        province: Province = _built(Province, {"key": key} | tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RegistryError) as error:
        raise RegistryError(f"{key}.toml: {error}") from error
    return province


_PARTS: Final[dict[str, type]] = {
    "portals": Portal,
    "columns": Column,
    "exceptions": PortalException,
    "limits": Limit,
    "unknown": Unknown,
}
_DATES: Final = ("since", "valid_from", "valid_to")
_LISTS: Final = ("prefixes", "hosts", "notes")


def _built(kind: type, row: Row) -> Any:
    """An object of a row; keys that are unknown or lack, and values of a wrong type, are refused."""
    known = {field.name: field for field in fields(kind)}
    place = row.get("division", "")
    if surplus := row.keys() - known.keys():
        raise RegistryError(f"{place} unknown key: {', '.join(sorted(surplus))}")
    needed = {name for name, field in known.items() if field.default is MISSING}
    if lacking := needed - row.keys():
        raise RegistryError(f"{place} lacks: {', '.join(sorted(lacking))}")
    return kind(**{name: _value(name, value, place) for name, value in row.items()})


def _value(name: str, value: object, place: str) -> object:
    if name in _PARTS or name in _LISTS:
        part = Mapping if name in _PARTS else str
        if not isinstance(value, list) or not all(isinstance(entry, part) for entry in value):
            raise RegistryError(f"{place} {name}: a list is expected, not {value!r}")
        return tuple(_built(_PARTS[name], entry) for entry in value) if name in _PARTS else tuple(value)
    expected = date if name in _DATES else str
    if type(value) is not expected or (name == "depth" and value not in get_args(Depth)):
        raise RegistryError(f"{place} {name}: {expected.__name__} is expected, not {value!r}")
    return value


# --- finding


def find_province(text: str) -> Province | None:
    """The province of a file name (``shanxi``), code (``140000``), name (山西省) or short name (山西)."""
    for province in provinces():
        if text in (province.key, province.code, province.name):
            return province
    if len(text) < 2:  # noqa: PLR2004 - no Chinese short name has one character
        return None
    return next((province for province in provinces() if province.name.startswith(text)), None)


def portals(province: str | None = None) -> tuple[Portal, ...]:
    """All portals, or those of one province.

    Raises:
        KeyError: there is no such province.
    """
    if province is None:
        return tuple(portal for entry in provinces() for portal in entry.portals)
    found = find_province(province)
    if found is None:
        raise KeyError(province)
    return found.portals


def portal_of(host: str) -> Portal | None:
    """The portal a host belongs to: its own host, or one under the same government domain.

    ``info.xingtai.gov.cn`` belongs to 邢台; a county that has its own host under the domain of its city or
    province (``wzs.hainan.gov.cn``) is found before that one. A port is left aside.
    """
    labels = host.partition(":")[0].lower().rstrip(".").split(".")
    index = _by_domain()
    for start in range(len(labels)):
        if portal := index.get(".".join(labels[start:])):
            return portal
    return None


def portals_of_division(code: str) -> tuple[Portal, ...]:
    """The portals of one division."""
    return tuple(portal for portal in portals() if portal.division == code)


def province_of(portal: Portal) -> Province | None:
    """The province whose file holds a portal."""
    return next((province for province in provinces() if portal in province.portals), None)


def province_key(division: str | None) -> str | None:
    """Key of the province that a division belongs to (``hebei``), or None where its code names none."""
    return next(
        (province.key for province in provinces() if division and division.startswith(province.prefixes)),
        None,
    )


@cache
def _by_domain() -> dict[str, Portal]:
    """Government domain → portal; where several share a host, the one whose address is shortest."""
    index: dict[str, Portal] = {}
    for portal in sorted(portals(), key=lambda portal: (portal.valid_to is not None, len(portal.home))):
        for host in (portal.host, *portal.hosts):
            index.setdefault(_domain(host), portal)
    return index


@lru_cache(maxsize=4096)
def _split(url: str) -> SplitResult | None:
    """The parts of an address, or None if it has none that can be told apart."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises on what is no port
    except ValueError:
        return None
    return parts


def _host(url: str) -> str:
    parts = _split(url)
    return (parts.hostname if parts else None) or ""


def _domain(host: str) -> str:
    return host.removeprefix(_PORTAL_WORD)


# --- checking


def lint(registry: Sequence[Province] | None = None) -> list[Problem]:
    """Everything that is wrong with the registry, in the order of its files; empty when all is well.

    Args:
        registry: what to check in place of the registry itself.
    """
    checked = provinces() if registry is None else registry
    prefixes = {prefix: province.key for province in checked for prefix in province.prefixes}
    standing: dict[str | None, list[Division]] = {}
    for division in divisions().values():
        if division.valid_to is None:
            standing.setdefault(_owner(division.code, prefixes), []).append(division)
    problems: list[Problem] = []
    for province in checked:
        problems += _file_problems(province)
        for portal in province.portals:
            problems += _portal_problems(province, portal, prefixes)
        problems += _missing(province, standing.get(province.key, ()))
    problems += _repeated(checked)
    return problems + _absent(checked)


def _owner(code: str, prefixes: Mapping[str, str]) -> str | None:
    """Key of the province a code belongs to, by the longest prefix: 兵团's cities have codes of 新疆."""
    return next((prefixes[code[:end]] for end in range(len(code), 0, -1) if code[:end] in prefixes), None)


def _file_problems(province: Province) -> Iterator[Problem]:
    if province.usual is not None and province.usual not in facts()["platform"]:
        yield _problem(province, None, "platform_unknown", value=province.usual)
    yield from _reasons(province, None, (*province.limits, *province.unknown))
    for gap in province.unknown:
        division = divisions().get(gap.division)
        if division is None or division.name != gap.name:
            yield _problem(province, None, "gap_differs", value=f"{gap.division} {gap.name}")
    for before, portal in pairwise(province.portals):
        if (portal.division, portal.home) < (before.division, before.home):
            yield _problem(province, portal, "unordered", value=_place(before))


def _portal_problems(province: Province, portal: Portal, prefixes: Mapping[str, str]) -> Iterator[Problem]:
    if _owner(portal.division, prefixes) != province.key:
        yield _problem(province, portal, "code_elsewhere", value=portal.division)
    yield from _place_problems(province, portal)
    yield from _address_problems(province, portal)
    yield from _column_problems(province, portal)
    yield from _knowledge_problems(province, portal)


def _place_problems(province: Province, portal: Portal) -> Iterator[Problem]:
    """A wrong code shows itself: the name beside it is that of another division."""
    division = divisions().get(portal.division)
    if division is None:
        yield _problem(province, portal, "code_unknown", value=portal.division)
        return
    if portal.name != division.name:
        yield _problem(province, portal, "name_differs", value=portal.name, expected=division.name)
    if division.valid_to is not None and portal.valid_to is None:
        yield _problem(province, portal, "code_ended", value=portal.division, year=str(division.valid_to))


def _address_problems(province: Province, portal: Portal) -> Iterator[Problem]:
    if not _is_page(portal.home):
        yield _problem(province, portal, "bad_url", value=portal.home)
    for host in portal.hosts:
        if not _HOST.fullmatch(host):
            yield _problem(province, portal, "bad_host", value=host)
    top = "." + facts()["top_domain"]
    for host in (portal.host, *portal.hosts):
        if host and not host.endswith(top) and not (portal.proof or "").strip():
            yield _problem(province, portal, "not_government", value=host)


def _column_problems(province: Province, portal: Portal) -> Iterator[Problem]:
    domains = {_domain(host) for host in (portal.host, *portal.hosts)}
    for column in portal.columns:
        host = _host(column.url)
        if not column.label.strip():
            yield _problem(province, portal, "column_without_label", value=column.url)
        if not _is_page(column.url, query=True):
            yield _problem(province, portal, "bad_url", value=column.url)
        elif not any(host == domain or host.endswith("." + domain) for domain in domains):
            yield _problem(province, portal, "column_elsewhere", value=column.url)
        for note in column.notes:
            if note not in facts()["note"]:
                yield _problem(province, portal, "note_unknown", value=note)


def _knowledge_problems(province: Province, portal: Portal) -> Iterator[Problem]:
    if portal.platform is not None and portal.platform not in facts()["platform"]:
        yield _problem(province, portal, "platform_unknown", value=portal.platform)
    if portal.site_id is not None and not _is_site_id(portal.site_id, portal.division):
        yield _problem(province, portal, "site_id_differs", value=portal.site_id)
    for exception in portal.exceptions:
        if exception.value not in facts()["exception_values"].get(exception.kind, ()):
            yield _problem(province, portal, "exception_unknown", value=f"{exception.kind}={exception.value}")
    yield from _reasons(province, portal, (*portal.exceptions, *portal.limits))
    if portal.valid_from and portal.valid_to and portal.valid_to < portal.valid_from:
        yield _problem(province, portal, "bad_dates", value=f"{portal.valid_from} > {portal.valid_to}")


def _reasons(
    province: Province, portal: Portal | None, stated: Iterable[Limit | PortalException | Unknown]
) -> Iterator[Problem]:
    for entry in stated:
        if not entry.reason.strip():
            yield _problem(province, portal, "without_reason")
        elif entry.reason not in facts()["reason"]:
            yield _problem(province, portal, "reason_unknown", value=entry.reason)


def _missing(province: Province, standing: Iterable[Division]) -> Iterator[Problem]:
    present = {portal.division for portal in province.portals if portal.valid_to is None}
    excused = {unknown.division for unknown in province.unknown}
    for division in standing:
        due = division.level != "county" or province.depth == "county"
        value = f"{division.code} {division.name}"
        if division.code in excused & present:
            yield _problem(province, None, "not_missing", value=value)
        elif due and division.code not in excused | present:
            yield _problem(province, None, "missing", value=value)


def _repeated(checked: Iterable[Province]) -> Iterator[Problem]:
    """One address in two rows: the figures of one government would pass for the other's."""
    owners: dict[str, Portal] = {}
    for province in checked:
        for portal in province.portals:
            for address in {_address(portal.home), *(_domain(host) for host in portal.hosts)}:
                if other := owners.get(address):
                    place = _place(other)
                    yield _problem(province, portal, "duplicate_address", value=address, other=place)
                owners.setdefault(address, portal)


def _absent(checked: Iterable[Province]) -> list[Problem]:
    """Provinces without a file."""
    present = {province.code for province in checked} | set(facts()["provinces_without_portals"])
    return [
        Problem("", "", "missing", {"value": f"{division.code} {division.name}"})
        for division in divisions().values()
        if division.level == "province" and division.code not in present
    ]


def _is_page(url: str, *, query: bool = False) -> bool:
    """Whether this is a plain address of a page: no port, user, fragment, nor (for a home) query."""
    parts = _split(url)
    return (
        parts is not None
        and parts.scheme in _SCHEMES
        and parts.netloc == parts.hostname
        and _HOST.fullmatch(parts.netloc) is not None
        and parts.path.startswith("/")
        and not re.search(r"\s", url)
        and not parts.fragment
        and (query or not parts.query)
    )


def _address(url: str) -> str:
    """Host and path: http and https, with and without www, are one address."""
    parts = _split(url)
    path = parts.path if parts else url
    return f"{_domain(_host(url))}/{path.strip('/')}".rstrip("/")


def _is_site_id(site_id: str, division: str) -> bool:
    return (
        site_id.isascii()
        and site_id.isdigit()
        and len(site_id) == _SITE_ID_LENGTH
        and site_id.startswith(division)
    )


def _place(portal: Portal) -> str:
    return f"{portal.division} {portal.name}"


def _problem(province: Province, portal: Portal | None, code: str, **details: str) -> Problem:
    return Problem(province.key, _place(portal) if portal else "", code, details)
