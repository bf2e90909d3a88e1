"""The archive: what portals answered, byte for byte, in WARC files that other tools read as well.

A report that was read wrongly is read again from here, without asking the portal a second time. One folder, files of
one run each (``<run>-00000.warc.gz``), one gzip member a record; only ever appended to. ``docs/archive.md``
says what a record holds.
"""

from __future__ import annotations

from pipelines.archive.exchange import Capture, Exchange, request_key
from pipelines.archive.members import ArchiveError
from pipelines.archive.reading import index, read
from pipelines.archive.repairing import repair
from pipelines.archive.writing import Archive

__all__ = ["Archive", "ArchiveError", "Capture", "Exchange", "index", "read", "repair", "request_key"]
