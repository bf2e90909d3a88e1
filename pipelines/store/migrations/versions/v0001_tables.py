"""Tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WORDS = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "captures",
        sa.Column("key", NUMBER, autoincrement=True, nullable=False),
        sa.Column("digest", WORDS, nullable=False),
        sa.Column("request", sa.LargeBinary(length=16), nullable=False),
        sa.Column("url", WORDS, nullable=False),
        sa.Column("file", WORDS, nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("revisit", sa.Boolean(), nullable=False),
        sa.Column("content_type", WORDS, nullable=True),
        sa.Column("at", WORDS, nullable=False),
        sa.Column("run", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_captures")),
        sa.UniqueConstraint("file", "offset", name=op.f("uq_captures_file_offset")),
    )
    with op.batch_alter_table("captures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_captures_digest"), ["digest"], unique=False)
        batch_op.create_index("ix_captures_request", ["request", "key"], unique=False)

    op.create_table(
        "portals",
        sa.Column("key", NUMBER, autoincrement=True, nullable=False),
        sa.Column("address", sa.LargeBinary(length=16), nullable=False),
        sa.Column("url", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=True),
        sa.Column("division", WORDS, nullable=True),
        sa.Column("province", WORDS, nullable=True),
        sa.Column("full_at", WORDS, nullable=True),
        sa.Column("full_run", NUMBER, nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_portals")),
        sa.UniqueConstraint("address", name=op.f("uq_portals_address")),
    )
    with op.batch_alter_table("portals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_portals_province"), ["province"], unique=False)

    op.create_table(
        "runs",
        sa.Column("seq", NUMBER, autoincrement=True, nullable=False),
        sa.Column("id", WORDS, nullable=False),
        sa.Column("spider", WORDS, nullable=False),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column("mode", WORDS, nullable=False),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("reason", WORDS, nullable=True),
        sa.Column("started", WORDS, nullable=False),
        sa.Column("ended", WORDS, nullable=True),
        sa.Column("good", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("counts", sa.Text(), nullable=True),
        sa.Column("assertions", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_runs")),
        sa.UniqueConstraint("id", name=op.f("uq_runs_id")),
    )
    op.create_table(
        "attempts",
        sa.Column("key", NUMBER, autoincrement=True, nullable=False),
        sa.Column("run", NUMBER, nullable=False),
        sa.Column("portal", NUMBER, nullable=False),
        sa.Column("address", sa.LargeBinary(length=16), nullable=False),
        sa.Column("url", WORDS, nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("at", WORDS, nullable=False),
        sa.ForeignKeyConstraint(["portal"], ["portals.key"], name=op.f("fk_attempts_portal")),
        sa.ForeignKeyConstraint(["run"], ["runs.seq"], name=op.f("fk_attempts_run")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_attempts")),
    )
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attempts_address"), ["address"], unique=False)
        batch_op.create_index(batch_op.f("ix_attempts_run"), ["run"], unique=False)

    op.create_table(
        "listings",
        sa.Column("key", NUMBER, autoincrement=True, nullable=False),
        sa.Column("portal", NUMBER, nullable=False),
        sa.Column("address", sa.LargeBinary(length=16), nullable=False),
        sa.Column("url", WORDS, nullable=False),
        sa.Column("label", WORDS, nullable=False),
        sa.Column("declared", sa.Integer(), nullable=True),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("read_run", NUMBER, nullable=False),
        sa.Column("complete_run", NUMBER, nullable=True),
        sa.ForeignKeyConstraint(["portal"], ["portals.key"], name=op.f("fk_listings_portal")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_listings")),
        sa.UniqueConstraint("portal", "address", name=op.f("uq_listings_portal_address")),
    )
    with op.batch_alter_table("listings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_listings_portal"), ["portal"], unique=False)

    op.create_table(
        "reports",
        sa.Column("key", NUMBER, autoincrement=True, nullable=False),
        sa.Column("id", WORDS, nullable=False),
        sa.Column("strand", WORDS, nullable=False),
        sa.Column("series", WORDS, nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("division", WORDS, nullable=True),
        sa.Column("agency", WORDS, nullable=True),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("portal", NUMBER, nullable=False),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("first_seen", WORDS, nullable=False),
        sa.Column("last_seen", WORDS, nullable=False),
        sa.Column("changed", WORDS, nullable=True),
        sa.Column("dirty", sa.Boolean(), nullable=False),
        sa.Column("told_run", NUMBER, nullable=True),
        sa.Column("told_state", WORDS, nullable=True),
        sa.Column("told_version", NUMBER, nullable=True),
        sa.Column("told_url", WORDS, nullable=True),
        sa.Column("told_others", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["portal"], ["portals.key"], name=op.f("fk_reports_portal")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_reports")),
        sa.UniqueConstraint("id", "strand", name=op.f("uq_reports_id_strand")),
    )
    with op.batch_alter_table("reports", schema=None) as batch_op:
        batch_op.create_index(
            "ix_reports_dirty",
            ["portal"],
            unique=False,
            sqlite_where=sa.text("dirty"),
            postgresql_where=sa.text("dirty"),
        )
        batch_op.create_index(batch_op.f("ix_reports_portal"), ["portal"], unique=False)
        batch_op.create_index("ix_reports_series_year", ["series", "year"], unique=False)

    op.create_table(
        "visits",
        sa.Column("run", NUMBER, nullable=False),
        sa.Column("portal", NUMBER, nullable=False),
        sa.Column("mode", WORDS, nullable=False),
        sa.Column("outcome", WORDS, nullable=False),
        sa.Column("reason", WORDS, nullable=True),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("entire", sa.Boolean(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["portal"], ["portals.key"], name=op.f("fk_visits_portal")),
        sa.ForeignKeyConstraint(["run"], ["runs.seq"], name=op.f("fk_visits_run")),
        sa.PrimaryKeyConstraint("run", "portal", name=op.f("pk_visits")),
    )
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.create_index("ix_visits_portal_run", ["portal", "run"], unique=False)

    op.create_table(
        "findings",
        sa.Column("report", NUMBER, nullable=False),
        sa.Column("rule", WORDS, nullable=False),
        sa.Column("other", NUMBER, nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("run", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["other"], ["reports.key"], name=op.f("fk_findings_other")),
        sa.ForeignKeyConstraint(["report"], ["reports.key"], name=op.f("fk_findings_report")),
        sa.PrimaryKeyConstraint("report", "rule", "other", name=op.f("pk_findings")),
    )
    with op.batch_alter_table("findings", schema=None) as batch_op:
        batch_op.create_index("ix_findings_other", ["other"], unique=False)

    op.create_table(
        "versions",
        sa.Column("key", NUMBER, autoincrement=True, nullable=False),
        sa.Column("report", NUMBER, nullable=False),
        sa.Column("address", sa.LargeBinary(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("previous", NUMBER, nullable=True),
        sa.Column("content", sa.LargeBinary(length=16), nullable=False),
        sa.Column("numbers", sa.LargeBinary(length=16), nullable=True),
        sa.Column("text", sa.LargeBinary(length=16), nullable=True),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("given", sa.LargeBinary(), nullable=False),
        sa.Column("capture", WORDS, nullable=True),
        sa.Column("seen", WORDS, nullable=False),
        sa.Column("run", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["previous"], ["versions.key"], name=op.f("fk_versions_previous")),
        sa.ForeignKeyConstraint(["report"], ["reports.key"], name=op.f("fk_versions_report")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_versions")),
    )
    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_versions_report"), ["report"], unique=False)
        batch_op.create_index(batch_op.f("ix_versions_text"), ["text"], unique=False)

    op.create_table(
        "changes",
        sa.Column("run", NUMBER, nullable=False),
        sa.Column("report", NUMBER, nullable=False),
        sa.Column("change", WORDS, nullable=False),
        sa.Column("version", NUMBER, nullable=True),
        sa.Column("was", NUMBER, nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["report"], ["reports.key"], name=op.f("fk_changes_report")),
        sa.ForeignKeyConstraint(["run"], ["runs.seq"], name=op.f("fk_changes_run")),
        sa.ForeignKeyConstraint(["version"], ["versions.key"], name=op.f("fk_changes_version")),
        sa.ForeignKeyConstraint(["was"], ["versions.key"], name=op.f("fk_changes_was")),
        sa.PrimaryKeyConstraint("run", "report", "change", name=op.f("pk_changes")),
    )
    with op.batch_alter_table("changes", schema=None) as batch_op:
        batch_op.create_index("ix_changes_report", ["report", "run"], unique=False)

    op.create_table(
        "publications",
        sa.Column("key", NUMBER, autoincrement=True, nullable=False),
        sa.Column("address", sa.LargeBinary(length=16), nullable=False),
        sa.Column("url", WORDS, nullable=False),
        sa.Column("portal", NUMBER, nullable=False),
        sa.Column("report", NUMBER, nullable=True),
        sa.Column("version", NUMBER, nullable=True),
        sa.Column("fate", WORDS, nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("etag", WORDS, nullable=True),
        sa.Column("last_modified", WORDS, nullable=True),
        sa.Column("listed_run", NUMBER, nullable=True),
        sa.Column("checked_run", NUMBER, nullable=False),
        sa.Column("checked", WORDS, nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failed_run", NUMBER, nullable=True),
        sa.Column("first_run", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["portal"], ["portals.key"], name=op.f("fk_publications_portal")),
        sa.ForeignKeyConstraint(["report"], ["reports.key"], name=op.f("fk_publications_report")),
        sa.ForeignKeyConstraint(["version"], ["versions.key"], name=op.f("fk_publications_version")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_publications")),
        sa.UniqueConstraint("address", name=op.f("uq_publications_address")),
    )
    with op.batch_alter_table("publications", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_publications_portal"), ["portal"], unique=False)
        batch_op.create_index(batch_op.f("ix_publications_report"), ["report"], unique=False)

    op.create_table(
        "entries",
        sa.Column("listing", sa.LargeBinary(length=16), nullable=False),
        sa.Column("address", sa.LargeBinary(length=16), nullable=False),
        sa.Column("portal", NUMBER, nullable=False),
        sa.Column("url", WORDS, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=16), nullable=True),
        sa.Column("publication", NUMBER, nullable=True),
        sa.Column("first_run", NUMBER, nullable=False),
        sa.Column("last_run", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["portal"], ["portals.key"], name=op.f("fk_entries_portal")),
        sa.ForeignKeyConstraint(["publication"], ["publications.key"], name=op.f("fk_entries_publication")),
        sa.PrimaryKeyConstraint("listing", "address", name=op.f("pk_entries")),
    )
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.create_index("ix_entries_address", ["address"], unique=False)
        batch_op.create_index(batch_op.f("ix_entries_portal"), ["portal"], unique=False)
        batch_op.create_index(batch_op.f("ix_entries_publication"), ["publication"], unique=False)
