"""What became of each image of a migration, in a file that only grows, so that the next run goes on there."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from regard.migration.records import NotCarried


class MigrationJournal:
    """The faces that were not carried, by image, with why. Faces that were are in the collection.

    It is written after the faces are: what a crash loses here is read again, and nothing is doubled.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._left: dict[str, dict[str, NotCarried]] = {}
        if file.exists():
            for line in file.read_text("ascii", errors="replace").splitlines():
                self._take(line)

    def _take(self, line: str) -> None:
        try:
            entry = json.loads(line)
            left = {face: NotCarried(reason) for face, reason in entry["left"].items()}
            self._left[entry["image"]] = left
        except (ValueError, KeyError, AttributeError, TypeError):
            return  # the last line of a run that was killed: its image is read again

    def left(self, image_id: str) -> Mapping[str, NotCarried] | None:
        """Why faces of an image were left, by FaceId; None where it wasn't read yet."""
        return self._left.get(image_id)

    def write(self, images: Sequence[tuple[str, Mapping[str, NotCarried]]]) -> None:
        """Images, each with the faces of it that were left. On disk when it returns."""
        with self._file.open("a", encoding="ascii") as out:
            for image_id, left in images:
                entry = {"image": image_id, "left": {face: reason.value for face, reason in left.items()}}
                out.write(json.dumps(entry) + "\n")
                self._left[image_id] = dict(left)
            out.flush()
            os.fsync(out.fileno())
