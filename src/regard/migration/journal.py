"""What became of each image and user of a migration, in a file that only grows, to go on there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from regard.migration.lines import append_entries, read_entries
from regard.migration.records import NotCarried


class MigrationJournal:
    """The faces that were carried, those that weren't, by image, with why, and who their users are.

    It is written after the faces are: what a crash loses here is read again, and nothing is doubled. What it
    knows to have come over and is here no more was erased since.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._left: dict[str, dict[str, NotCarried]] = {}
        self._carried: set[str] = set()
        self._users: dict[str, set[str]] = {}
        for entry in read_entries(file):
            self._take(entry)

    def _take(self, entry: Mapping[str, Any]) -> None:
        try:
            self._carried.update(entry.get("carried", ()))
            for user, faces in entry.get("users", {}).items():
                self._users.setdefault(user, set()).update(faces)
            if "image" in entry:
                left = {face: NotCarried(reason) for face, reason in entry["left"].items()}
                self._left[entry["image"]] = left
        except (ValueError, KeyError, AttributeError, TypeError):
            return  # of another version: its image is read again

    @property
    def carried(self) -> AbstractSet[str]:
        """The FaceIds that were seen in the collection, whether they are still there or not."""
        return self._carried

    @property
    def users(self) -> Mapping[str, AbstractSet[str]]:
        """The users that were seen in the collection, with the FaceIds that were with each."""
        return self._users

    def left(self, image_id: str) -> Mapping[str, NotCarried] | None:
        """Why faces of an image were left, by FaceId; None where it wasn't read yet."""
        return self._left.get(image_id)

    def write(
        self, images: Sequence[tuple[str, Mapping[str, NotCarried]]], carried: Iterable[str] = ()
    ) -> None:
        """Images, each with the faces of it that were left, and the faces that were carried.

        On disk when it returns.
        """
        self._add(
            [
                {"carried": sorted(set(carried) - self._carried)},
                *(
                    {"image": image_id, "left": {face: reason.value for face, reason in left.items()}}
                    for image_id, left in images
                ),
            ]
        )

    def write_users(self, users: Mapping[str, Iterable[str]]) -> None:
        """Users that are here, with the faces of the source that are with them. On disk when it returns."""
        new = {
            user: sorted(set(faces) - self._users.get(user, set()))
            for user, faces in users.items()
            if user not in self._users or not self._users[user].issuperset(faces)
        }
        self._add([{"users": new}])

    def _add(self, entries: Sequence[Mapping[str, Any]]) -> None:
        written = [entry for entry in entries if "image" in entry or any(entry.values())]
        if written:
            append_entries(self._file, written)
            for entry in written:
                self._take(entry)
