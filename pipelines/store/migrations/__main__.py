"""Draft a migration: ``python -m pipelines.store.migrations <name>``, in the project's folder.

Compares ``schema.py`` with what the migrations so far make and writes the next file. A draft is to be read: renames
look like a loss and a gain, and rows have to be carried over by hand. While no release has a version, its file may be
deleted and drafted again.
"""

from __future__ import annotations

import sys

from alembic import command
from sqlalchemy import create_engine

from pipelines.store.migrations import config, known_versions, upgrade


def draft(name: str) -> str:
    """Write the next migration.

    Args:
        name: what changes, in a few words.

    Returns:
        Path of the new file.
    """
    number = len(known_versions()) + 1
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        if number > 1:
            upgrade(connection)
        settings = config()
        settings.attributes["connection"] = connection
        made = command.revision(settings, name, autogenerate=True, rev_id=f"{number:04}")
    engine.dispose()
    script = made[0] if isinstance(made, list) else made
    return str(script.path) if script else ""


if __name__ == "__main__":
    sys.stdout.write(draft(" ".join(sys.argv[1:]) or sys.exit(__doc__)) + "\n")
