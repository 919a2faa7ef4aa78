"""The gate for whoever owns the data folder, and the options that every command shares."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regard import logs
from regard.caller import LOCAL
from regard.client import check_case
from regard.errors import RegardError
from regard.settings import Settings

if TYPE_CHECKING:
    from regard.app import Parts
    from regard.vision.looks import Looks

DataFolder = Annotated[
    Path | None, typer.Option("--data", help="Folder of the database; REGARD_DATA, else ./data.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print Rekognition's answer as JSON.")]
Case = Annotated[str | None, typer.Option("--case", help="Case reference for the audit log.")]


class LocalGate:
    """Calls operations as the local owner."""

    def __init__(self, parts: Parts, case: str | None, looks: Looks | None = None) -> None:
        self.parts = parts
        self._case = case
        self._looks = looks

    def sharing(self, looks: Looks) -> LocalGate:
        """The same for several operations on one picture, which is decoded and looked at once."""
        return LocalGate(self.parts, self._case, looks)

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        """The operation's answer. Raises ServiceError, for a request that HTTP would refuse as well."""
        self.check(operation, **params)
        return self.parts.gate.call(operation, params, LOCAL, case=self._case, looks=self._looks)

    def own(self, operation: str, **params: Any) -> dict[str, Any]:
        """The answer of an operation that Rekognition doesn't have. Raises ServiceError."""
        return self.parts.gate.call(operation, params, LOCAL, case=self._case)

    def incarnation(self) -> str:
        """Which database this is: another one once a backup was restored, which may hold less."""
        from sqlalchemy import select

        from regard.storage.schema import facts

        with self.parts.database.read() as connection:
            query = select(facts.c.value).where(facts.c.name == "incarnation")
            return str(connection.execute(query).scalar_one())

    def check(self, operation: str, **params: Any) -> None:
        """Holds a request to the API's constraints, as HTTP does, without making it."""
        from regard.wire.validate import validate

        for name, value in params.items():
            if isinstance(value, float) and not math.isfinite(value):
                raise RegardError(f"{name} must be a number, not {value}.")
        validate(operation, params, image_bytes=self.parts.settings.image_bytes)


@contextmanager
def local_gate(data: Path | None, case: str | None = None, *, existing: bool = False) -> Iterator[LocalGate]:
    """Opens the data folder for one command. A file may be as large as an object in a bucket.

    `existing` is for a command that has nothing to do in an empty folder: there RegardError is raised.
    """
    # The models' libraries take a second to import; `regard --help` should not.
    from regard.app import build
    from regard.storage.folder import in_use

    logs.configure_command()
    check_case(case, "--case")
    settings = Settings.load(data=data)
    if existing:
        check_database(settings)
    with in_use(settings.data):
        parts = build(replace(settings, image_bytes=settings.object_bytes))
        try:
            yield LocalGate(parts, case)
        finally:
            parts.close()


def check_database(settings: Settings) -> None:
    """Raises RegardError where there is no database: a mistyped folder must not become a new one."""
    from regard.storage.database import database_exists

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


def read_picture(path: Path) -> bytes:
    """Raises RegardError when the file can't be read, is empty, or larger than an object in a bucket."""
    most = Settings.load().object_bytes
    try:
        with path.open("rb") as file:
            picture = file.read(most + 1)
    except OSError as error:
        raise RegardError(f"{path} can't be read: {error.strerror}.") from error
    if not picture:
        raise RegardError(f"{path} is empty.")
    if len(picture) > most:
        raise RegardError(f"{path} is larger than {most:,} bytes, the limit of REGARD_OBJECT_BYTES.")
    return picture
