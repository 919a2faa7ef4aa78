"""What isn't there before a server has first started, told from what is lost or is looked for elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from regard.doctor.network import version_at
from regard.doctor.symptom import Symptom, fault, not_yet
from regard.settings import Settings
from regard.wire.listeners import authority

_FIRST_START: Final = "The first start of `regard serve` makes it; where a server has run, "
_LEFT_BEHIND: Final = ("credentials", "encryption.key", "audit.key", "index", "enrolments", "erasures.jsonl")
"""What a server that has run leaves in its data folder beside the database."""


def miss_database(settings: Settings) -> Symptom:
    """Why there is no database: nothing has started yet, it is gone, or it is in another folder."""
    if settings.database is not None:
        said = "There is nothing of Regard in the PostgreSQL database."
        return not_yet("database", said, f"{_FIRST_START}check REGARD_DATABASE.")
    folder = settings.data.absolute()
    left = [name for name in _LEFT_BEHIND if (folder / name).exists()]
    if left:
        return fault(
            "database",
            f"{folder} has {left[0]} of a server, and no database.",
            "Name the PostgreSQL that the server has (REGARD_DATABASE), or restore a backup: docs/backup.md.",
        )
    version = version_at(settings.host, settings.port) if settings.port else None
    if version is not None:
        return fault(
            "database",
            f"There is none in {folder}, and Regard {version} answers on "
            f"{authority(settings.host, settings.port)}: its data are elsewhere.",
            "Name its data folder, which it says when it starts, with --data (REGARD_DATA), "
            "or its REGARD_DATABASE.",
        )
    return not_yet("database", f"There is none in {folder}.", f"{_FIRST_START}name its folder with --data.")


def place_of(folder: Path) -> Path:
    """The folder itself, or the nearest above it that there is: where it would be made."""
    whole = folder.absolute()
    return next(one for one in (whole, *whole.parents) if one.exists())
