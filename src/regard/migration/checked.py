"""What a migration has come to: counts at the source and here, who is complete, whom a search finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from regard.evaluation.intervals import Rate

MAX_LISTED = 50


@dataclass(frozen=True, slots=True)
class Completeness:
    """How many groups of faces, such as a user's, came over whole, in part and not at all.

    `incomplete` names those that lack faces: the name, faces at the source, of those here. At most 50.
    """

    whole: int
    part: int
    none: int
    incomplete: Sequence[tuple[str, int, int]]

    @classmethod
    def of(cls, groups: Mapping[str, Iterable[str]], here: Mapping[str, str | None]) -> Completeness:
        """`groups` are FaceIds of the source by the group's name; `here` says of each FaceId that is here
        which group it is in here.
        """
        counts = [
            (name, len(ids), sum(face in here and here[face] == name for face in ids))
            for name, ids in ((name, list(faces)) for name, faces in groups.items())
        ]
        lacking = [one for one in counts if one[2] < one[1]]
        none = sum(not found for _, _, found in lacking)
        return cls(len(counts) - len(lacking), len(lacking) - none, none, tuple(lacking[:MAX_LISTED]))

    @property
    def groups(self) -> int:
        return self.whole + self.part + self.none


@dataclass(frozen=True, slots=True)
class MigrationCheck:
    """A collection compared with its source.

    `carried` faces are in both, with the same ImageId and ExternalImageId but for those that `changed`;
    `added` are here alone. `left` says for how many faces of the source each reason is on record why they
    aren't here, and `unexplained` of how many none is. `found` is how many faces, of `searched` that were
    drawn at random, a search with their own vector found first.
    """

    collection_id: str
    source: str
    face_model_version: str
    source_faces: int
    source_users: int
    faces: int
    users: int
    carried: int
    changed: int
    added: int
    left: Mapping[str, int]
    unexplained: int
    by_user: Completeness
    by_external_id: Completeness
    found: int
    searched: int

    @property
    def self_search(self) -> Rate | None:
        """The share of faces that a search with their own vector found; None where there was no face."""
        return Rate.counted(self.found, self.searched) if self.searched else None

    @property
    def is_complete(self) -> bool:
        """Whether every face and every user of the source is here, and every face is found."""
        lacking = self.source_faces - self.carried + self.changed
        return not lacking and self.by_user.whole == self.by_user.groups and self.found == self.searched
