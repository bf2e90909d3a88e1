"""Which body reports: its name, kind, place, and whether it speaks for itself or for all bodies below it.

The name comes from the label block and the title, then from signature and preamble, last from hints in the
text. A relative name (市人民政府办公室, 螅镇) means another body on every portal, so it is resolved
against the place it was found in, or stays unknown: a wrong body would give its figures to somebody else.
Names, suffixes and evidence are data (``agencies.toml``), places too (``divisions.csv``, GB/T 2260).
"""

from __future__ import annotations

import csv
import hashlib
import re
import tomllib
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Literal

from pipelines.normalise import squeeze
from pipelines.record import Agency, AgencyKind, Confidence, Portal, Scope
from pipelines.titles import FROM_TEXT, announced_title, compact, has_wide_digit, unspaced

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.titles import Title

Level = Literal["province", "prefecture", "county"]

MAX_NAME: Final = 60
_HEAD: Final = 4_000
_FOOT: Final = 300
_PREAMBLE: Final = 2_000
_LEVELS: Final = "省市县区州旗盟"
_SENTENCE = re.compile(r"[。;；!！?？\n]")
_WIDE_BRACKETS = str.maketrans("()", "（）")
_ENOUGH: Final = 2
_LONGEST_SHORT: Final = 8
_SITE_LINES: Final = 15
_SITE_LINE: Final = 120
_GENERIC_DISTRICTS: Final = ("城区", "矿区", "郊区")


@dataclass(frozen=True, slots=True)
class Division:
    """One administrative division of GB/T 2260.

    Attributes:
        code: six digits.
        parent: code of the division above; empty for a province.
        valid_from: year it came into being, where that was after 2010.
        valid_to: year it ended, or None while it stands.
    """

    code: str
    name: str
    level: Level
    parent: str
    valid_from: int | None
    valid_to: int | None


@dataclass(frozen=True, slots=True)
class Name:
    """A body's name taken apart.

    Attributes:
        text: the name, squeezed, in NFKC.
        place: leading place names as printed; empty if there is none.
        code: division of the innermost place; None where it is unlisted or ambiguous.
        rest: what follows the place.
        absolute: whether it names one body in the country.
        proper: whether it at least has a name of its own (太平镇, not 镇人民政府): no relative name, but
            perhaps the name of several bodies in the country.
    """

    text: str
    place: str
    code: str | None
    rest: str
    absolute: bool
    proper: bool = True


@dataclass(frozen=True, slots=True)
class AgencyFinding:
    """What is known of the reporting body.

    Attributes:
        agency: name, kind, division, confidence and deciding evidence, as the record has it.
            ``from``: ``metadata`` (label, alone or agreeing with the title), ``title``, ``source`` (来源),
            ``signature``, ``preamble``, ``contact``, ``body`` (inferred). Without a name it tells which
            evidence named a body that could not be resolved, or is None.
        scope: whose figures, or None when the text does not tell.
        aliases: other names of the same body that were met.
    """

    agency: Agency
    scope: Scope | None
    aliases: tuple[str, ...] = ()


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files("pipelines.data").joinpath("agencies.toml").read_text("utf-8"))


@cache
def divisions() -> dict[str, Division]:
    """Code → division: all provinces and prefectures, and the counties of the provinces covered."""
    text = files("pipelines.data").joinpath("divisions.csv").read_text("utf-8")
    return {
        row["code"]: Division(
            code=row["code"],
            name=row["name"],
            level=row["level"],  # type: ignore[arg-type]
            parent=row["parent"],
            valid_from=int(row["valid_from"]) if row["valid_from"] else None,
            valid_to=int(row["valid_to"]) if row["valid_to"] else None,
        )
        for row in csv.DictReader(text.splitlines())
    }


@cache
def _by_name() -> dict[str, tuple[str, ...]]:
    """Full name, former name, or usual short form (临夏州) → codes."""
    index: dict[str, list[str]] = {}
    for division in divisions().values():
        index.setdefault(division.name, []).append(division.code)
        if division.level == "prefecture" and division.name.endswith("自治州"):
            index.setdefault(_short_name(division.name) + "州", []).append(division.code)
    for former in _data()["former"]:
        index.setdefault(former["name"], []).append(former["code"])
    return {name: tuple(codes) for name, codes in index.items()}


@cache
def _by_short_name() -> dict[str, tuple[str, ...]]:
    """Name without its suffix (迁安, 内蒙古) → codes of standing divisions."""
    index: dict[str, list[str]] = {}
    for division in divisions().values():
        short = _short_name(division.name)
        if len(short) >= _ENOUGH and division.valid_to is None:
            index.setdefault(short, []).append(division.code)
    return {name: tuple(codes) for name, codes in index.items()}


def _short_name(name: str) -> str:
    short = re.sub(_data()["place"]["autonomous"], "", name)
    return short if short != name else re.sub("(?:特别行政区|生产建设兵团|地区|省|市|县|区|盟)$", "", name)


@cache
def _longest_name() -> int:
    return max(map(len, _by_name()))


@cache
def _pattern(section: str, key: str) -> re.Pattern[str]:
    """A pattern of the data file, its stand-ins ZONE and SHORT filled in."""
    return _compiled(_data()[section][key])


@cache
def _kind_patterns() -> tuple[tuple[AgencyKind, re.Pattern[str]], ...]:
    return tuple((entry["kind"], _compiled(entry["match"])) for entry in _data()["kind"])


def _compiled(pattern: str) -> re.Pattern[str]:
    data = _data()
    if "SHORT" in pattern:
        names = sorted({*data["short"], *data["department"]["names"]}, key=len, reverse=True)
        pattern = pattern.replace("SHORT", "|".join(names))
    return re.compile(pattern.replace("ZONE", data["place"]["zone"]))


def ancestors(code: str) -> Iterator[Division]:
    """The division itself and those above it, innermost first; nothing for an unknown code."""
    division = divisions().get(code)
    while division is not None:
        yield division
        division = divisions().get(division.parent)


@lru_cache(maxsize=4096)
def parse_name(text: str) -> Name:
    """Take the name of a body apart into place and rest."""
    text = squeeze(text[: 2 * MAX_NAME])[:MAX_NAME]
    if _is_national(text):
        return Name(text, "", None, text, absolute=True)
    position, code = 0, None
    while match := _listed(text, position, code):
        position += match[0]
        code = match[1]
        if code is None:
            break
    unlisted = _pattern("place", "unlisted").match(text[position:])
    if unlisted and not _pattern("place", "not_place").search(unlisted[0]):
        position, code = position + unlisted.end(), None
    absolute = position > 0 or _has_proper_zone(text) or _is_local_arm(text)
    proper = absolute or _pattern("place", "proper").search(text) is not None
    return Name(text, text[:position], code, text[position:], absolute, proper)


def _listed(text: str, position: int, within: str | None) -> tuple[int, str | None] | None:
    """Length and code of the longest listed place at this position, inside the place before it.

    Many districts share a name (新华区, 和平区), so a district alone has no code.
    """
    for length in range(min(_longest_name(), len(text) - position), 1, -1):
        name = text[position : position + length]
        codes = _by_name().get(name)
        if codes is None or text.startswith("场", position + length):
            continue
        if within is not None:
            codes = tuple(c for c in codes if c != within and any(a.code == within for a in ancestors(c)))
        elif name in _GENERIC_DISTRICTS:
            continue
        if codes:
            alone = within is None and _is_district(codes[0])
            return length, (codes[0] if len(codes) == 1 and not alone else None)
    return None


def _is_district(code: str) -> bool:
    division = divisions()[code]
    return division.level == "county" and division.name.endswith("区") and not division.name.endswith("新区")


def _is_national(text: str) -> bool:
    return bool(_pattern("national", "prefix").match(text)) or text.startswith(_national_names())


@cache
def _national_names() -> tuple[str, ...]:
    return tuple(_data()["national"]["names"])


def _is_local_arm(text: str) -> bool:
    """A vertically led body under a short place name: 大同海关, 山西证监局."""
    kind, pattern = _kind_patterns()[0]
    return kind == "vertical" and bool(pattern.search(text)) and _leading_short(text) is not None


def _has_proper_zone(text: str) -> bool:
    """Whether the name of a zone holds a name of its own, not only 经济技术开发区."""
    zone = _pattern("place", "zone").search(text)
    if zone is None:
        return False
    proper = _pattern("place", "zone_generic").sub("", text[: zone.end()])
    return len(proper) >= _ENOUGH and proper[0] not in _LEVELS


@lru_cache(maxsize=4096)
def kind_of(name: str) -> AgencyKind | None:
    """Kind of a body by the suffix of its name (§7.3 of the data dictionary); None when it has none known."""
    parsed = parse_name(name)
    if arm := _pattern("national", "arm").match(parsed.text):
        local = arm["local"]
        if parse_name(local).place or _leading_short(local):
            return "vertical"
    if not parsed.place and _is_national(parsed.text):
        return "central_dept"
    if not parsed.rest:
        return "gov"
    for kind, pattern in _kind_patterns():
        if pattern.search(parsed.rest):
            return kind
    single = re.sub(r"(?<=.)\([^()]*\)$", "", parsed.text)
    return kind_of(single) if single != parsed.text else None


def names_a_body(text: str) -> bool:
    """Whether the text of a label (发布机构, 来源) is the name of a body, and of no editor or medium."""
    name = parse_name(text).text
    return kind_of(name) is not None and not _pattern("publisher", "ignore").search(name)


def _leading_short(text: str) -> str | None:
    """Code of the province or prefecture whose short name the text begins with."""
    for length in range(min(_LONGEST_SHORT, len(text)), 1, -1):
        codes = [c for c in _by_short_name().get(text[:length], ()) if divisions()[c].level != "county"]
        if codes:
            return min(codes) if len(codes) == 1 or min(codes).endswith("0000") else None
    return None


def resolve_agency(
    *,
    title: Title,
    publisher: str | None,
    source: str | None,
    portal: Portal,
    paragraphs: Sequence[str],
) -> AgencyFinding:
    """Decide which body reports.

    An absolute name in the title decides, even against a differing publisher (an office publishes for its
    government); the publisher decides where the title names nobody, or only relatively; then signature,
    preamble and contact; last the hints of the text, with low confidence.

    Args:
        title: the title taken apart.
        publisher: 发布机构 as printed, or None.
        source: 来源 as printed, or None; stands in for a missing publisher.
        portal: the portal it was found on.
        paragraphs: the text outside the tables, in order.

    Returns:
        The finding; ``agency.name`` is None rather than relative or guessed.
    """
    body = _Body(paragraphs)
    label, label_from = _label(publisher, "metadata")
    if label is None:
        label, label_from = _label(source, "source")
    named = parse_name(title.agency) if title.agency else None
    if named is not None:
        decided = _from_title(named, label, label_from, portal, body)
        if FROM_TEXT in title.flags and decided.from_ == "title":
            decided = replace(
                decided, confidence="low" if decided.confidence == "low" else "medium", from_="preamble"
            )
    elif label is not None:
        decided = _from_label(label, label_from, portal, body)
    else:
        decided = _from_body(portal, body)
    return _finding(decided, portal, body, aggregate="aggregate" in title.flags)


@dataclass(frozen=True, slots=True)
class _Decision:
    name: str | None
    confidence: Confidence
    from_: str | None
    aliases: tuple[str, ...] = ()


class _Body:
    """The text of a report, squeezed only when somebody asks."""

    __slots__ = ("_foot", "_head", "_paragraphs")

    def __init__(self, paragraphs: Sequence[str]) -> None:
        self._paragraphs = paragraphs
        self._head: str | None = None
        self._foot: str | None = None

    @property
    def head(self) -> str:
        """The beginning, line by line."""
        if self._head is None:
            text = "\n".join(self._paragraphs)[: 2 * _HEAD]
            lines = map(compact if has_wide_digit(text) else unspaced, text.split("\n"))
            self._head = "\n".join(lines)[:_HEAD]
        return self._head

    @property
    def foot(self) -> str:
        """The end, in one line."""
        if self._foot is None:
            self._foot = compact(";".join(self._paragraphs[-8:])[-2 * _FOOT :])[-_FOOT:]
        return self._foot

    def named(self) -> Iterator[tuple[str, Name]]:
        """Bodies that the text presents as the author: evidence and name, best first."""
        for evidence, names in (
            ("signature", _names("signature", self.foot)),
            ("preamble", _names("compiled_by", self.head)),
            ("preamble", _names("own_title", self.head)),
            ("preamble", _announced(self.head)),
            ("contact", _names("contact", self.head)),
        ):
            for name in names:
                if kind_of(name) is not None:
                    yield evidence, parse_name(name)


def _names(key: str, text: str) -> Iterator[str]:
    return (match["name"] for match in _pattern("evidence", key).finditer(text))


def _announced(text: str) -> Iterator[str]:
    if (told := announced_title(text)) and told.agency:
        yield told.agency


def _label(text: str | None, evidence: str) -> tuple[Name | None, str]:
    return (parse_name(text) if text and names_a_body(text) else None), evidence


def _from_title(named: Name, label: Name | None, label_from: str, portal: Portal, body: _Body) -> _Decision:
    if named.absolute:
        return _absolute_title(named, label, label_from)
    if label is not None and label.absolute and _ends_alike(label, named):
        return _Decision(label.text, "high", label_from, (named.text,))
    for evidence, name in body.named():
        if name.absolute and _ends_alike(name, named):
            return _Decision(name.text, "medium", evidence, (named.text,))
    if resolved := _resolved(named, label, portal) or _on_site(named, body):
        return _Decision(resolved, "medium", "title", (named.text,))
    if agreed := _agreed(named, label, portal, body):
        return replace(agreed, from_="title")
    return _Decision(named.text if named.proper else None, "low", "title", (named.text,))


def _absolute_title(named: Name, label: Name | None, label_from: str) -> _Decision:
    if label is None:
        return _Decision(named.text, "high", "title")
    if not named.rest and kind_of(label.text) == "gov" and label.rest and label.place.endswith(named.text):
        return _Decision(named.text + label.rest, "high", label_from, (named.text,))
    if _same(named, label):
        aliases = (label.text,) if label.text != named.text else ()
        return _Decision(named.text, "high", label_from, aliases)
    related = named.text in label.text or label.text in named.text
    return _Decision(named.text, "high" if related else "medium", "title")


def _from_label(label: Name, label_from: str, portal: Portal, body: _Body) -> _Decision:
    for_others = bool(_pattern("publisher", "for_others").search(label.text))
    if for_others:
        for evidence, name in body.named():
            if name.absolute and evidence != "contact" and not _same(name, label):
                return _Decision(name.text, "medium", evidence)
    if label.absolute:
        return _Decision(label.text, "medium" if for_others else "high", label_from)
    if resolved := _resolved(label, None, portal) or _on_site(label, body):
        return _Decision(resolved, "medium", label_from, (label.text,))
    if agreed := _agreed(label, None, portal, body):
        return replace(agreed, from_=label_from)
    return _Decision(label.text if label.proper else None, "low", label_from, (label.text,))


def _from_body(portal: Portal, body: _Body) -> _Decision:
    unresolved: _Decision | None = None
    for evidence, name in body.named():
        confidence: Confidence = "low" if evidence == "contact" else "medium"
        if name.absolute:
            return _Decision(name.text, confidence, evidence)
        if resolved := _resolved(name, None, portal) or _on_site(name, body):
            return _Decision(resolved, "low", evidence, (name.text,))
        kept = name.text if name.proper else None
        unresolved = unresolved or _Decision(kept, "low", evidence, (name.text,))
    if inferred := _inferred(body.head, portal):
        return inferred
    return unresolved or _Decision(None, "low", None)


def _same(one: Name, other: Name) -> bool:
    """Whether two names mean one body; a leading province or an abbreviation makes no other body."""
    if _identity(one) == _identity(other):
        return True
    return bool(one.absolute and other.absolute and one.place and other.place) and (
        _canonical(one.text).endswith(_canonical(other.text))
        or _canonical(other.text).endswith(_canonical(one.text))
    )


def _ends_alike(absolute: Name, relative: Name) -> bool:
    rest = relative.text.lstrip(_LEVELS)
    return len(rest) >= _ENOUGH and _canonical(absolute.text).endswith(_canonical(rest))


def _canonical(text: str) -> str:
    """A name with abbreviations written out and without 和: for comparison and identity only."""
    head, full = text, ""
    for length in range(min(6, len(text)), 1, -1):
        if written_out := _data()["short"].get(text[-length:]):
            head, full = text[:-length], written_out
            break
    if full.startswith("人民政府") and head.endswith("人民"):
        head = head.removesuffix("人民")
    return (head + full).replace("和", "").replace("街道办事处", "街道").replace("镇人民政府", "镇")


def _resolved(name: Name, label: Name | None, portal: Portal) -> str | None:
    """A relative name made absolute by the place of the publisher or of the portal."""
    level = name.text[0] if name.text[:1] in tuple(_LEVELS) and len(name.text) > 1 else ""
    rest = name.text[len(level) :]
    for place in _places(label, portal):
        if name.text.startswith(place):
            return name.text if name.text != place else f"{place}人民政府"
        if not level:
            return place + _written_out(rest)
        if standing := _of_level(place, level):
            return standing + _written_out(rest)
    return None


def _on_site(name: Name, body: _Body) -> str | None:
    """A proper name under the one county whose site the text itself says it is on."""
    if not name.proper:
        return None
    sites = _pattern("evidence", "site")
    found = (sites.match(line[:_SITE_LINE]) for line in body.head.split("\n")[:_SITE_LINES])
    places = {parse_name(match["place"]) for match in found if match}
    counties = {place.text for place in places if place.place and not place.rest and _is_county(place)}
    return counties.pop() + name.text if len(counties) == 1 else None


def _agreed(name: Name, label: Name | None, portal: Portal, body: _Body) -> _Decision | None:
    """A name whose place alone could be a common noun, where other evidence of the page has the same place.

    An unlisted district (岩城区) is a place then; of a town there may be several in the country.
    """
    match = _pattern("place", "doubtful").match(name.text)
    place = match["place"] if match else ""
    if not place or _pattern("place", "noun").search(place):
        return None
    others = (other.text for _, other in body.named())
    published = bool(label and label.text.startswith(place))
    if (
        not published
        and not _site_of(portal).startswith(place)
        and not any(o.startswith(place) for o in others)
    ):
        return None
    if name.text == place:
        return _Decision(f"{place}人民政府", "medium", None, (place,)) if place.endswith("区") else None
    if kind_of(name.text) is None:
        return None
    return _Decision(name.text, "medium" if place.endswith("区") else "low", None)


def _site_of(portal: Portal) -> str:
    """The government whose site the portal is by its name, if that begins so."""
    site = _pattern("place", "own_site").match(squeeze(portal.name)) if portal.name else None
    return site[0] if site else ""


def _is_county(place: Name) -> bool:
    if place.code is not None:
        return divisions()[place.code].level == "county"
    return place.text not in _by_name() or place.text.endswith(("县", "区"))


def _places(label: Name | None, portal: Portal) -> Iterator[str]:
    if label is not None and label.place:
        yield label.place
    if portal.division:
        yield from filter(None, [_place_text(portal.division)])
    if portal.name and (name := parse_name(portal.name)).place:
        yield name.place
    elif portal.name and (site := _pattern("place", "own_site").match(name.text)):
        yield site["place"]


def _place_text(code: str) -> str:
    """Name of a division as it leads a body's name: a district needs its city, a county does not."""
    chain = list(ancestors(code))
    if len(chain) > 1 and chain[0].level == "county" and chain[0].name.endswith("区"):
        return chain[1].name + chain[0].name
    return chain[0].name if chain else ""


def _of_level(place: str, level: str) -> str | None:
    """The place, or the one above it, that is a 市, 县 or 区."""
    name = parse_name(place)
    if place.endswith(level):
        return place
    if name.code is not None:
        for division in ancestors(name.code):
            if division.name.endswith(level) or (level == "省" and division.name.endswith("自治区")):
                return _place_text(division.code)
    return None


def _written_out(rest: str) -> str:
    return str(_data()["short"].get(rest, rest))


def _inferred(text: str, portal: Portal) -> _Decision | None:
    """Place and abbreviated self-designation from the text; None when either is not beyond doubt."""
    selves = Counter(match["end"] for match in _pattern("evidence", "self").finditer(text))
    if not selves:
        return None
    end = selves.most_common(1)[0][0]
    found = {match for match in _pattern("evidence", "relative").findall(text) if match.endswith(end)}
    if len(found) != 1:
        return None
    relative = parse_name(found.pop())
    place = _place_text(portal.division) if portal.division else _hinted_place(text, relative.text[0])
    standing = _of_level(place, relative.text[0]) if place else None
    if standing is None:
        return None
    return _Decision(standing + _written_out(relative.text[1:]), "low", "body", (relative.text,))


def _hinted_place(text: str, level: str) -> str | None:
    """The one place that names of sites and accounts point to, at least twice."""
    hints: Counter[str] = Counter()
    for match in _pattern("evidence", "site_of_place").finditer(text):
        before = text[max(0, match.start() - _LONGEST_SHORT) : match.start()]
        hints.update(_short_at(before.rstrip(_LEVELS), at_end=True, level=level))
    for match in _pattern("evidence", "account_of_place").finditer(text):
        hints.update(_short_at(match["after"], at_end=False, level=level))
    if len(hints) == 1 and hints.total() >= _ENOUGH:
        return _place_text(next(iter(hints)))
    return None


def _short_at(text: str, *, at_end: bool, level: str) -> Sequence[str]:
    for length in range(min(_LONGEST_SHORT, len(text)), 1, -1):
        codes = _by_short_name().get(text[-length:] if at_end else text[:length], ())
        if fitting := [code for code in codes if divisions()[code].name.endswith(level)]:
            return fitting
    return ()


def _finding(decided: _Decision, portal: Portal, body: _Body, *, aggregate: bool) -> AgencyFinding:
    if decided.name is None:
        agency = Agency(confidence=decided.confidence, from_=decided.from_)
        return AgencyFinding(agency, "government_aggregate" if aggregate else None, decided.aliases)
    name = parse_name(decided.name)
    kind = kind_of(decided.name)
    agency = Agency(
        name=name.text.translate(_WIDE_BRACKETS),
        kind=kind,
        division=_division(name, kind, portal),
        confidence=decided.confidence,
        from_=decided.from_,
    )
    scope = "government_aggregate" if aggregate and kind == "gov" else _scope(kind, body)
    bracketed = re.match(r"(.+?)\((.+?)\)$", name.text)
    aliases = (*decided.aliases, *(bracketed.groups() if bracketed else ()))
    return AgencyFinding(agency, scope, tuple(dict.fromkeys(aliases)))


def _division(name: Name, kind: AgencyKind | None, portal: Portal) -> str | None:
    """Code of the place in the name; of the portal where the name has no place or an unlisted one.

    A name whose innermost place is unlisted must not get the code of the place above it: the figures of
    a county would pass for those of its city.
    """
    if name.code is not None:
        return name.code
    if kind == "central_dept":
        return None
    if kind == "vertical" and not name.place:
        arm = _pattern("national", "arm").match(name.text)
        local = arm["local"] if arm else name.text
        return parse_name(local).code or _leading_short(local)
    if not name.place or portal.division is None:
        return portal.division
    inside = [
        code
        for code in _by_name().get(name.place, ())
        if any(a.code == portal.division for a in ancestors(code))
    ]
    if len(inside) == 1:
        return inside[0]
    of_portal = parse_name(portal.name).place if portal.name else ""
    return portal.division if of_portal and of_portal.endswith(name.place[-len(of_portal) :]) else None


def _scope(kind: AgencyKind | None, body: _Body) -> Scope | None:
    if kind is None:
        return None
    if kind not in ("gov", "zone", "central_dept", "vertical"):
        return "own"
    preamble = body.head[:_PREAMBLE]
    sentences = [s for s in _SENTENCE.split(preamble) if _pattern("scope", "data").search(s)]
    if kind in ("central_dept", "vertical"):
        return "system" if any(map(_pattern("scope", "system").search, sentences)) else "own"
    aggregate = any(map(_pattern("scope", "aggregate").search, sentences))
    own = any(map(_pattern("scope", "own").search, sentences))
    if aggregate == own:
        return None
    return "government_aggregate" if aggregate else "own"


def may_make_rules(agency: Agency) -> bool | None:
    """Whether the body may make rules (规章), so that a figure above 0 in that row is plausible.

    Legislation Law (立法法) 2015 arts. 80-82: departments of the State Council; governments of provinces,
    of districted cities and of autonomous prefectures. Their general offices file on their behalf. None
    when kind or place is unknown.
    """
    if agency.kind is None:
        return None
    if agency.kind == "central_dept":
        return True
    if agency.kind not in ("gov", "gov_office"):
        return False
    division = divisions().get(agency.division or "")
    if division is None:
        # All provinces and prefectures are listed: another place is a county, unless abbreviated (巴州).
        place = parse_name(agency.name).place if agency.name else ""
        return False if place and not place.endswith(("州", "盟")) else None
    if division.level == "county":
        return False
    return not division.name.endswith(("地区", "盟", "兵团"))


def _identity(name: Name) -> str:
    """What makes a body the same under a shorter or longer place, an abbreviation, or 人民政府 left out."""
    if name.code is not None:
        return name.code + (_canonical(name.rest) or "人民政府")
    return _canonical(name.text) if name.rest else name.text + "人民政府"


def report_id(
    division: str | None, name: str | None, scope: Scope | None, year: int | None, fallback: str
) -> str:
    """A stable, readable identity: place, body, scope and year; never the address.

    Args:
        division: code of the place, or None.
        name: the body, or None.
        scope: whose figures; the office's own report and the whole city's stay apart.
        year: the year reported on, or None.
        fallback: digest of the content, which keeps two unknown bodies (or years) from being taken for one.
    """
    parsed = parse_name(name) if name else None
    known = f"name:{_identity(parsed)}" if parsed else f"content:{fallback}"
    if year is None or (parsed and not parsed.absolute and division is None):
        known += f":{fallback}"
    digest = hashlib.sha256(known.encode()).hexdigest()[:12]
    return f"{division or '000000'}-{digest}-{scope or 'unknown'}-{year or 'undated'}"
