"""What the commands share that check time-stamps of sealed days."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from cryptography.x509 import Certificate

from regard.errors import RegardError
from regard.governance.proof.day import SealedDay
from regard.governance.proof.timestamps import check_timestamp, read_authorities

Authority = Annotated[
    Path | None,
    typer.Option(
        "--authority", help="Certificates, in PEM, of the authority that stamped the day with the time."
    ),
]


def stamp_in_words(token: str, day: SealedDay, authority: Path | None) -> str:
    """When the seal of a day existed. Raises RegardError for a time-stamp that doesn't hold."""
    time = check_timestamp(token, day.signed, [] if authority is None else certificates(authority))
    told = f"The seal was stamped at {time:%Y-%m-%d %H:%M:%S} UTC"
    if authority is None:
        return f"{told}; give --authority to check by whom."
    return f"{told}, by the authority of {authority}."


def certificates(file: Path) -> list[Certificate]:
    """Those of a PEM file. Raises RegardError."""
    try:
        return read_authorities(file.read_bytes())
    except OSError as error:
        raise RegardError(f"{file} can't be read: {error.strerror}.") from error
