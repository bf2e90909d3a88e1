"""How an older store becomes one of today's form.

The history is fixed: what once stood in a release is never edited, and no migration reads ``schema``, which
moves on. A change of the tables is a change of ``schema.py`` and a new file in ``versions/``, which
``python -m pipelines.store.migrations <name>`` drafts. Versions are numbered without gaps.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pipelines.store.schema import Json, Number, Packed, Words

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.config import Config
    from sqlalchemy import Connection

VERSION_TABLE: Final = "store_version"
"""Holds the version of a store. Our own name: by ``alembic_version`` other programs' databases would look like ours."""
HERE: Final = Path(__file__).parent
VERSIONS: Final = HERE / "versions"
_NAME: Final = re.compile(r"v(\d{4})_\w+\.py")


def known_versions(versions: Path = VERSIONS) -> tuple[str, ...]:
    """The versions that this program knows, oldest first; the last is today's."""
    names = (_NAME.fullmatch(path.name) for path in versions.iterdir())
    return tuple(sorted(name[1] for name in names if name))


def upgrade(connection: Connection, versions: Path = VERSIONS) -> None:
    """Bring the tables to today's form, inside the transaction that the connection is in.

    Args:
        connection: in a transaction; nothing is committed here.
        versions: folder of the migrations.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: a step failed; the caller's transaction is of no use any more.
    """
    from alembic import command  # noqa: PLC0415  slow to import, needed once in a store's life

    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells how it works, not what happened
    configuration = config(versions)
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "head")


def config(versions: Path = VERSIONS) -> Config:
    """Alembic's settings, without a file; folders may have any name."""
    from alembic.config import Config  # noqa: PLC0415

    made = Config()
    options = {
        "script_location": str(HERE),
        "version_locations": str(versions),
        "path_separator": "newline",
        "file_template": "v%(rev)s_%(slug)s",
    }
    for name, value in options.items():
        made.set_main_option(name, value.replace("%", "%%"))
    return made


def rendered(kind: str, thing: Any, context: AutogenContext) -> str | Literal[False]:
    """How a draft writes our own types: as the plain ones that they are in the database (``script.py.mako``)."""
    del context
    if kind != "type":
        return False
    if thing is Number:
        return "NUMBER"
    return {Json: "sa.Text()", Packed: "sa.LargeBinary()", Words: "WORDS"}.get(type(thing), False)
