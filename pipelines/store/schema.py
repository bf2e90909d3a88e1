"""The tables of the store: what each holds, and what of it is evidence.

The store is the truth of the project; every JSONL file is an export of it. Times are ISO 8601 texts in UTC (they sort),
addresses are known again by the digest of ``pipelines.addresses.address_key``, runs by their number ``seq``: a clock may
be set back, a sequence may not. Nothing here is ever deleted but entries that a list no longer shows.

``migrations/`` brings an older store to this form; the two are compared in the tests.
"""

from __future__ import annotations

import json
import re
import zlib
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import BigInteger, TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.types import TypeEngine

_LEVEL: Final = 6
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_MOST: Final = 256 * 1024 * 1024

Key = LargeBinary(16)
"""Digest of an address: ``pipelines.addresses.digest``."""
Number = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts rows by itself only where the type is INTEGER."""


class Words(TypeDecorator[str]):
    """A text in the order of its code points in both databases; what neither can hold becomes U+FFFD."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """PostgreSQL sorts by the language of the database unless told otherwise."""
        return dialect.type_descriptor(String(collation="C" if dialect.name == "postgresql" else None))

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Clean."""
        del dialect
        return None if value is None else storable(value)


def storable(text: str) -> str:
    """A text without NUL and lone surrogates, which come from pages and which databases refuse."""
    return _UNSTORABLE.sub("\ufffd", text)


class Packed(TypeDecorator[str]):
    """A long text, deflated: a record of 9 KB takes 2."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Deflate."""
        del dialect
        return None if value is None else zlib.compress(value.encode("utf-8", "surrogatepass"), _LEVEL)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        """Inflate; a store that was tampered with can't fill the memory."""
        del dialect
        if value is None:
            return None
        return zlib.decompressobj().decompress(bytes(value), _MOST).decode("utf-8", "surrogatepass")


class Json(TypeDecorator[Any]):
    """A value as JSON text: equal in both databases, keys sorted, Chinese readable."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Write."""
        del dialect
        return None if value is None else storable(json.dumps(value, ensure_ascii=False, sort_keys=True))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Read."""
        del dialect
        return None if value is None else json.loads(value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

runs = Table(
    "runs",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=True),
    Column("id", Words, nullable=False, unique=True),  # name of its folder
    Column("spider", Words, nullable=False),
    Column("arguments", Json, nullable=False),  # -a of the command line
    Column("mode", Words, nullable=False),  # incremental, full, replay
    Column("state", Words, nullable=False),  # running, finished, interrupted, failed, lost (killed)
    Column("reason", Words),  # how Scrapy says that it ended
    Column("started", Words, nullable=False),
    Column("ended", Words),
    Column("good", Boolean, nullable=False, server_default=text("false")),  # every assertion held
    Column("counts", Json),
    Column("assertions", Json),
)

portals = Table(
    "portals",
    metadata,
    Column("key", Number, primary_key=True, autoincrement=True),
    Column("address", Key, nullable=False, unique=True),  # digest of the home page's address
    Column("url", Words, nullable=False),
    Column("name", Words),
    Column("division", Words),
    Column("province", Words, index=True),  # key of the registry (hebei); null where it has none
    Column("full_at", Words),  # when the last complete pass over every page began
    Column("full_run", Number),
)

visits = Table(  # what became of a portal in a run
    "visits",
    metadata,
    Column("run", ForeignKey("runs.seq"), primary_key=True),
    Column("portal", ForeignKey("portals.key"), primary_key=True),
    Column("mode", Words, nullable=False),
    Column("outcome", Words, nullable=False),
    Column("reason", Words),
    Column("reports", Integer, nullable=False),
    Column("entire", Boolean, nullable=False),  # nothing was left out: what it did not show was not there
    Column("entry", Json, nullable=False),  # as in report.json
    Index("ix_visits_portal_run", "portal", "run"),
)

listings = Table(  # report columns
    "listings",
    metadata,
    Column("key", Number, primary_key=True, autoincrement=True),
    Column("portal", ForeignKey("portals.key"), nullable=False, index=True),
    Column("address", Key, nullable=False),
    Column("url", Words, nullable=False),
    Column("label", Words, nullable=False),
    Column("declared", Integer),
    Column("found", Integer, nullable=False),
    Column("read_run", Number, nullable=False),  # last run in which it answered
    Column("complete_run", Number),  # last run in which every row was seen
    UniqueConstraint("portal", "address"),
)

entries = Table(  # rows of a listing as last seen; a hub that links reports is a listing without a row in `listings`
    "entries",
    metadata,
    Column("listing", Key, primary_key=True),  # digest of the listing's address
    Column("address", Key, primary_key=True),  # digest of the address that the row leads to
    Column("portal", ForeignKey("portals.key"), nullable=False, index=True),
    Column("url", Words, nullable=False),
    Column("fingerprint", LargeBinary(16)),  # of what the row said when its document was stored; null before
    Column("publication", ForeignKey("publications.key"), index=True),  # what it led to; null before
    Column("first_run", Number, nullable=False),
    Column("last_run", Number, nullable=False),
    Index("ix_entries_address", "address"),
)

publications = Table(  # one address at which something was read
    "publications",
    metadata,
    Column("key", Number, primary_key=True, autoincrement=True),
    Column("address", Key, nullable=False, unique=True),
    Column("url", Words, nullable=False),
    Column("portal", ForeignKey("portals.key"), nullable=False, index=True),
    Column("report", ForeignKey("reports.key"), index=True),  # null: no report stands there
    Column("version", ForeignKey("versions.key")),
    Column("fate", Words, nullable=False),  # report, duplicate, or why it was refused
    Column("year", Integer),
    Column("state", Words, nullable=False),  # active, missing, gone, moved, replaced
    Column("etag", Words),
    Column("last_modified", Words),
    Column("listed_run", Number),  # last run in which a list showed it
    Column("checked_run", Number, nullable=False),  # last run in which its page was asked and answered
    Column("checked", Words, nullable=False),
    Column("failures", Integer, nullable=False, server_default=text("0")),  # runs in a row with 404 or 410
    Column("failed_run", Number),
    Column("first_run", Number, nullable=False),
)

reports = Table(
    "reports",
    metadata,
    Column("key", Number, primary_key=True, autoincrement=True),
    Column("id", Words, nullable=False),
    Column("strand", Words, nullable=False),  # empty; for a body that can't be placed, what keeps it apart
    Column("series", Words, nullable=False),  # the id without its year: the same body in other years
    Column("year", Integer),
    Column("division", Words),
    Column("agency", Words),
    Column("kind", Words, nullable=False),
    Column("portal", ForeignKey("portals.key"), nullable=False, index=True),
    Column("state", Words, nullable=False),  # active, missing, gone
    Column("first_seen", Words, nullable=False),
    Column("last_seen", Words, nullable=False),
    Column("changed", Words),  # when its content last changed
    Column("dirty", Boolean, nullable=False),  # not yet told of in a finished run's changes
    Column("told_run", Number),  # the last run that told of it; until then its versions may be numbered anew
    Column("told_state", Words),  # what that run told: state, version, address
    Column("told_version", Number),
    Column("told_url", Words),
    Column("told_others", Json),  # what stood beside it and contradicted it: address → version
    UniqueConstraint("id", "strand"),
    Index("ix_reports_series_year", "series", "year"),
    Index("ix_reports_dirty", "portal", sqlite_where=text("dirty"), postgresql_where=text("dirty")),
)

versions = Table(  # every content of a report that was ever seen
    "versions",
    metadata,
    Column("key", Number, primary_key=True, autoincrement=True),
    Column("report", ForeignKey("reports.key"), nullable=False, index=True),
    Column("address", Key, nullable=False),  # where it was read: every page keeps its own
    Column("number", Integer, nullable=False),
    Column("previous", ForeignKey("versions.key")),  # the content whose place it took
    Column("content", LargeBinary(16), nullable=False),  # digest of what the report says
    Column("numbers", LargeBinary(16)),  # digest of year and cells; null where no cell holds a number
    Column(
        "text", LargeBinary(16), index=True
    ),  # digest of the text without years and names; null for short ones
    Column(
        "record", Packed, nullable=False
    ),  # as in the contract; version, change, seen, also_at are filled in later
    Column("given", Packed, nullable=False),  # what was known of the document besides its bytes, for replay
    Column("capture", Words),  # sha256 of the archived bytes; null where the archive is off
    Column("seen", Words, nullable=False),
    Column("run", Number, nullable=False),
)

captures = Table(  # where archived bytes lie
    "captures",
    metadata,
    Column("key", Number, primary_key=True, autoincrement=True),
    Column("digest", Words, nullable=False, index=True),  # sha256 of the payload, hexadecimal
    Column("request", Key, nullable=False),  # digest of method, address and body asked
    Column("url", Words, nullable=False),
    Column("file", Words, nullable=False),  # in the folder of the archive
    Column("offset", BigInteger, nullable=False),
    Column("revisit", Boolean, nullable=False),  # the bytes lie where this digest was captured first
    Column("content_type", Words),
    Column("at", Words, nullable=False),
    Column("run", Number, nullable=False),
    UniqueConstraint("file", "offset"),
    Index("ix_captures_request", "request", "key"),
)

attempts = Table(  # report pages asked, and what became of it
    "attempts",
    metadata,
    Column("key", Number, primary_key=True, autoincrement=True),
    Column("run", ForeignKey("runs.seq"), nullable=False, index=True),
    Column("portal", ForeignKey("portals.key"), nullable=False),
    Column("address", Key, nullable=False, index=True),
    Column("url", Words, nullable=False),
    Column(
        "outcome", String, nullable=False
    ),  # new, changed, unchanged, duplicate; code of a refusal or failure
    Column("at", Words, nullable=False),
)

findings = Table(  # what only the store can tell: other years, other bodies, other addresses
    "findings",
    metadata,
    Column("report", ForeignKey("reports.key"), primary_key=True),
    Column("rule", Words, primary_key=True),
    Column("other", ForeignKey("reports.key"), primary_key=True),
    Column("finding", Json, nullable=False),  # as in checks.findings
    Column("run", Number, nullable=False),
    Index("ix_findings_other", "other"),
)

changes = Table(  # what runs told
    "changes",
    metadata,
    Column("run", ForeignKey("runs.seq"), primary_key=True),
    Column("report", ForeignKey("reports.key"), primary_key=True),
    Column(
        "change", Words, primary_key=True
    ),  # new, changed, conflict, moved, returned, missing, gone, reread
    Column("version", ForeignKey("versions.key")),  # what it is now
    Column("was", ForeignKey("versions.key")),  # what it was before; null for new ones
    Column("details", Json, nullable=False),
    Index("ix_changes_report", "report", "run"),
)
