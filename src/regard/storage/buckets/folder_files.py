"""Files of a folder that stands for a bucket, as objects: plain ones below it, each by one name."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from regard.errors import InvalidS3ObjectException

UNAVAILABLE: Final = (
    "Unable to get object metadata from S3. Check object key, region and/or access permissions."
)
"""What AWS says of an object that can't be read, whatever the reason."""
_UNVERSIONED: Final = "null"  # what S3 lists as VersionId where a bucket keeps no versions


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """How many bytes an object has, and a tag that changes with them.

    `content` changes with them too, and is the same where a file was moved or restored with its time: it
    tells months later whether an object is still the one that it was.
    """

    size: int
    tag: str
    content: str


def facts_of(file: BinaryIO) -> ObjectFacts:
    """What tells an open file from another in its place."""
    found = os.fstat(file.fileno())
    content = f"{found.st_size:x}-{found.st_mtime_ns:x}"
    return ObjectFacts(found.st_size, f"{found.st_ino:x}-{content}", content)


def names_below(root: Path, prefix: str) -> Iterator[str]:
    """The names of objects that begin with `prefix`, sorted: with slashes, whatever paths have here."""
    names = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    yield from sorted(name for name in names if name.startswith(prefix))


def open_file(root: Path, name: str, version: str | None) -> BinaryIO:
    """A plain file below `root`; what lies outside it, through `..` or a link, does not exist.

    As in S3, an object has one name: authorizations and cases are held to it, so `a/../b` is not `b`. Raises
    InvalidS3ObjectException.
    """
    if version not in (None, _UNVERSIONED):
        raise InvalidS3ObjectException(UNAVAILABLE)  # a folder keeps no versions
    if not {"", ".", ".."}.isdisjoint(name.split("/")):
        raise InvalidS3ObjectException(UNAVAILABLE)
    try:
        path = (root / name).resolve(strict=True)
        if not path.is_relative_to(root):
            raise InvalidS3ObjectException(UNAVAILABLE)
        # Never block on a pipe that somebody left in the folder, nor follow a link made since the check.
        file = open(  # noqa: SIM115 - whoever asked for it closes it
            os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb"
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise InvalidS3ObjectException(UNAVAILABLE) from error
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise InvalidS3ObjectException(UNAVAILABLE)
    return file
