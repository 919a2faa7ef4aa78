"""The options that commands share, and what is read and checked for them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regard.errors import RegardError
from regard.settings import Settings

DataFolder = Annotated[
    Path | None, typer.Option("--data", help="Folder of the database; REGARD_DATA, else ./data.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print Rekognition's answer as JSON.")]
Case = Annotated[str | None, typer.Option("--case", help="Case reference for the audit log.")]
KeyFile = Annotated[Path | None, typer.Option("--key", help="Act with the key in this AWS credentials file.")]
AsPerson = Annotated[
    str | None,
    typer.Option("--as", metavar="NAME", help="Act as this person; asks for a code of their second factor."),
]


def joined_buckets(buckets: list[str] | None) -> str | None:
    """Every --bucket as REGARD_BUCKETS has them. Raises RegardError for one that would become two."""
    for bucket in buckets or ():
        if "," in bucket:
            raise RegardError(
                f"--bucket {bucket} holds a comma: give each bucket its own --bucket, and a folder with "
                "a comma in its name through a link without."
            )
    return ",".join(buckets) if buckets else None


def read_picture(path: Path) -> bytes:
    """Raises RegardError when the file can't be read, is empty, or larger than an object in a bucket."""
    max_bytes = Settings.load().object_bytes
    try:
        with path.open("rb") as file:
            picture = file.read(max_bytes + 1)
    except OSError as error:
        raise RegardError(f"{path} can't be read: {error.strerror}.") from error
    if not picture:
        raise RegardError(f"{path} is empty.")
    if len(picture) > max_bytes:
        raise RegardError(f"{path} is larger than {max_bytes:,} bytes, the limit of REGARD_OBJECT_BYTES.")
    return picture
