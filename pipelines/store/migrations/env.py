"""Run by Alembic: migrates the connection that the caller opened, inside the caller's transaction."""

from __future__ import annotations

from alembic import context

from pipelines.store.migrations import VERSION_TABLE, rendered
from pipelines.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,  # SQLite can, Alembic doesn't count on it
    render_as_batch=True,  # SQLite changes a table by writing it anew
    render_item=rendered,
)
with context.begin_transaction():
    context.run_migrations()
