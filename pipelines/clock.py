"""The time, from one place: UTC, whole seconds in whatever is written.

``SOURCE_DATE_EPOCH`` (seconds since 1970, as reproducible builds use it) stands still for the clock, so that two runs
over the same pages leave the same bytes.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Final

FIXED: Final = "SOURCE_DATE_EPOCH"
_DIGITS: Final = 11
"""Of seconds until the year 5138; a longer number is none."""


def now() -> datetime:
    """The time, in UTC."""
    fixed = os.environ.get(FIXED, "")
    if fixed.isdecimal() and len(fixed) <= _DIGITS:
        return datetime.fromtimestamp(int(fixed), UTC)
    return datetime.now(UTC)


def stamp(time: datetime) -> str:
    """A time as it is written: ISO 8601 in UTC, whole seconds; such texts sort by time."""
    return time.astimezone(UTC).isoformat(timespec="seconds")
