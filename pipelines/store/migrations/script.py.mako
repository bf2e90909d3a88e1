"""${message.capitalize()}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WORDS = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """${"Make the tables." if down_revision is None else "Change the tables."}"""
    ${"\n".join(line for line in upgrades.split("\n") if "# ###" not in line).strip() or "pass"}
