"""Where a file lies among the buckets that are folders."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

BucketPlace = tuple[str, str]
"""A bucket and a key."""


def place_of_file(buckets: Mapping[str, Path], file: Path) -> BucketPlace | None:
    """The bucket and key of a file in the folder of one of the `buckets`; None where it is in none."""
    real = file.resolve()
    for name, folder in buckets.items():
        if real.is_relative_to(folder.resolve()):
            return name, real.relative_to(folder.resolve()).as_posix()
    return None
