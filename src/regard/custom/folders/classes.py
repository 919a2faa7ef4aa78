"""Class folders: a picture's label is the name of the folder that it is in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from regard.custom.folders.example import Example, pictures_in


def read_classes(folder: Path) -> Iterator[Example]:
    """Every picture below `folder`, by the first folder on its way; one that is in none has no label."""
    for file in pictures_in(folder):
        parts = file.relative_to(folder).parts
        yield Example(file, labels=parts[:1] if len(parts) > 1 else ())
