"""Cell values: what one printed cell says (see docs/data-dictionary.md)."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.record import CellStatus, Number


@dataclass(frozen=True, slots=True)
class Value:
    """What one printed cell says.

    Attributes:
        value: the number, or None; never invented.
        raw: the exact printed text, spaces included.
        status: why there is a number, or why there is none.
        flags: what a reader must know about the number (``unit_repeated``, ``sign_word`` …).
        unit: unit printed with the value (元, 万元, 件 …), or None.
        candidates: the readings that fit, when status is ``ambiguous``.
        where: table, row and cell in the source (from 1).
    """

    value: Number | None
    raw: str
    status: CellStatus
    flags: tuple[str, ...] = ()
    unit: str | None = None
    candidates: tuple[Number | None, ...] = ()
    where: str | None = None
