"""Opening the data folder of a command."""

from __future__ import annotations

from regard.errors import RegardError
from regard.settings import Settings
from regard.storage.database import database_exists


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
        f"There is no database of Regard in {settings.data.absolute()}. Name the server's data folder, "
        "which it says when it starts, with --data or REGARD_DATA."
    )
