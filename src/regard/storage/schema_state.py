"""Where a database's schema stands among the migrations of this version."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import alembic.config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

MIGRATIONS = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class SchemaState:
    """`current` is the last migration that has run, None in an empty database; `newest` the last that this
    version has; `pending` those between, the oldest first.
    """

    current: str | None
    newest: str
    pending: tuple[str, ...]

    @property
    def is_newer(self) -> bool:
        """Whether a newer version of Regard has been here: this one doesn't know what it did."""
        return self.current is not None and self.current != self.newest and not self.pending


def alembic_config() -> alembic.config.Config:
    """How Alembic finds the migrations."""
    config = alembic.config.Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def schema_state(connection: Connection) -> SchemaState:
    """The state as a connection sees it; nothing is changed."""
    scripts = ScriptDirectory.from_config(alembic_config())
    newest_first = [str(one.revision) for one in scripts.walk_revisions()]
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None:
        pending = newest_first
    elif current in newest_first:
        pending = newest_first[: newest_first.index(current)]
    else:
        pending = []
    return SchemaState(current, newest_first[0], tuple(reversed(pending)))
