"""The gate for whoever owns the data folder, and the options that every command shares."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regard.caller import LOCAL
from regard.errors import RegardError
from regard.settings import Settings

if TYPE_CHECKING:
    from regard.app import Parts

DataFolder = Annotated[
    Path | None, typer.Option("--data", help="Folder of the database; REGARD_DATA, else ./data.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print Rekognition's answer as JSON.")]
Case = Annotated[str | None, typer.Option("--case", help="Case reference for the audit log.")]


class LocalGate:
    """Calls operations as the local owner."""

    def __init__(self, parts: Parts, case: str | None) -> None:
        self.parts = parts
        self._case = case

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        return self.parts.gate.call(operation, params, LOCAL, case=self._case)


@contextmanager
def local_gate(data: Path | None, case: str | None = None) -> Iterator[LocalGate]:
    """Opens the data folder for one command. A file may be as large as an object in a bucket."""
    # The models' libraries take a second to import; `regard --help` should not.
    from regard.app import build

    settings = Settings.load(data=data)
    parts = build(replace(settings, image_bytes=settings.object_bytes))
    try:
        yield LocalGate(parts, case)
    finally:
        parts.close()


def read_picture(path: Path) -> bytes:
    """Raises RegardError when the file can't be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise RegardError(f"{path} can't be read: {error.strerror}.") from error


def print_json(answer: Any) -> None:
    typer.echo(json.dumps(answer, indent=2, default=str))
