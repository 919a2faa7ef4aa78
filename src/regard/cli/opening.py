"""Opening the data folder of a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from regard.errors import RegardError
from regard.settings import Settings
from regard.storage.database import Database, database_exists


@contextmanager
def opened_database(data: Path | None, *, existing: bool) -> Iterator[Database]:
    """The database of a data folder. With `existing`, RegardError is raised where there is none."""
    settings = Settings.load(data=data)
    if existing:
        check_database(settings)
    database = Database.open(settings.data, settings.database)
    try:
        yield database
    finally:
        database.close()


def check_database(settings: Settings) -> None:
    """Raises RegardError where there is no database: a mistyped folder must not become a new one."""
    if database_exists(settings.data, settings.database):
        return
    if settings.database is not None:
        raise RegardError(
            "There is nothing of Regard in the PostgreSQL database yet; check REGARD_DATABASE, or start "
            "`regard serve` once."
        )
    raise RegardError(
        f"There is no database of Regard in {settings.data}; name its folder with --data or REGARD_DATA."
    )
