"""One report, one record: what to do when a report is met a second time in a run.

Reports are published on several addresses (mobile twin, department copy, http and https), and an earlier
scrape often holds them several times. Only two proofs of sameness count: equal bytes, or the same
identity (agency, scope, year) with the same numbers. Likeness of text is no proof: bodies publish the
same sentences year after year. What contradicts is kept twice and said, never merged, never dropped.

Only digests and addresses are kept, so memory does not grow with the size of the reports.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from pipelines.rules import finding

if TYPE_CHECKING:
    from pipelines.record import Finding, Number, Report

CONFLICT_RULE: Final = "QL.CONFLICT"


@dataclass(frozen=True, slots=True)
class Key:
    """What is needed of a record to know it again.

    Attributes:
        id: identity of the report.
        url: where it was found.
        content: digest of identity, year and source bytes.
        numbers: digest of year and cells, or None when no cell holds a number: nothing proves nothing.
        known: whether ``id`` names one body; without that, only equal bytes are the same report.
    """

    id: str
    url: str
    content: bytes
    numbers: bytes | None
    known: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a record.

    Attributes:
        number: place of the kept record in the output, from 0.
        merged: the record is another copy of that one; only its address is new.
        finding: what to add to the record (kept beside an earlier one with the same ``id``), or None.
    """

    number: int
    merged: bool = False
    finding: Finding | None = None


@dataclass(slots=True)
class _Kept:
    """One record kept under an id."""

    number: int
    url: str
    numbers: bytes | None


@dataclass(slots=True)
class Deduplicator:
    """Remembers the records of one run; ask ``admit`` for each, in the order of the output."""

    _count: int = 0
    _by_content: dict[bytes, int] = field(default_factory=dict)
    _by_id: dict[str, list[_Kept]] = field(default_factory=dict)

    def admit(self, key: Key) -> Verdict:
        """Decide on the next record: keep it, merge it into an earlier one, or keep it with a finding."""
        same_bytes = self._by_content.get(key.content)
        if same_bytes is not None:
            return Verdict(same_bytes, merged=True)
        earlier = self._by_id.get(key.id, []) if key.known else []
        for kept in earlier:
            if key.numbers is not None and kept.numbers == key.numbers:
                self._by_content[key.content] = kept.number
                return Verdict(kept.number, merged=True)
        verdict = Verdict(self._count, finding=_contradiction(key, earlier))
        self._by_content[key.content] = self._count
        if key.known:
            self._by_id.setdefault(key.id, []).append(_Kept(self._count, key.url, key.numbers))
        self._count += 1
        return verdict


def _contradiction(key: Key, earlier: list[_Kept]) -> Finding | None:
    if not earlier:
        return None
    first = earlier[0]
    return conflict(first.url, comparable=key.numbers is not None or first.numbers is not None)


def key_of(report: Report) -> Key:
    """Digest one record."""
    cells = report.cells
    some = any(value is not None for value in cells.values())
    return Key(
        id=report.id,
        url=report.url,
        content=_digest([report.id, report.kind, report.year, report.source.sha256]),
        numbers=_digest([report.year, _plain(cells)]) if some else None,
        known=is_placed(report),
    )


def with_finding(report: Report, finding: Finding) -> Report:
    """The record with one finding more; the counts of identities stay."""
    checks = report.checks.model_copy(update={"findings": [*report.checks.findings, finding]})
    return report.model_copy(update={"checks": checks})


def is_placed(report: Report) -> bool:
    """Whether an identity names one body. A bare name such as 市卫生健康局 exists in every city: only a placed body is a known one."""
    agency = report.agency
    return (
        report.kind != "not_a_report"
        and report.year is not None
        and agency.name is not None
        and agency.confidence != "low"
        and (agency.division is not None or agency.kind == "central_dept")
    )


def _plain(cells: dict[str, Number | None]) -> dict[str, Number | None]:
    """``3`` and ``3.0`` are one number."""
    whole = {name: int(v) for name, v in cells.items() if isinstance(v, float) and v.is_integer()}
    return cells | whole if whole else cells


def _digest(value: object) -> bytes:
    return blake2b(json.dumps(value, sort_keys=True).encode(), digest_size=16).digest()


def conflict(other: str, *, comparable: bool) -> Finding:
    """The finding that another address shows another report of the same body and year.

    Args:
        other: that address.
        comparable: at least one of the two has numbers.
    """
    if comparable:
        return finding(CONFLICT_RULE, actual=other)
    return finding(CONFLICT_RULE, result="NOT_EVALUABLE", actual=other, variant="nothing_to_compare")
