"""What there is at the source of a migration, as its List and Describe operations tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from regard.vision.geometry import Box


@dataclass(frozen=True, slots=True)
class SourceFace:
    """A face of ListFaces: `box` in fractions of the picture's sides, `external_image_id` empty for none."""

    face_id: str
    image_id: str
    external_image_id: str
    box: Box


@dataclass(frozen=True, slots=True)
class SourceUser:
    """A user of ListUsers, with the ids of the faces that ListFaces gives it."""

    user_id: str
    face_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceCollection:
    """What DescribeCollection and ListTagsForResource say of a collection."""

    collection_id: str
    arn: str
    face_model_version: str
    face_count: int
    user_count: int
    tags: Mapping[str, str]


class NotCarried(StrEnum):
    """Why a face of the source has no vector here."""

    NO_PICTURE = "no picture"
    NO_FACE = "no face there"
    LOW_QUALITY = "below the quality here"
    BYSTANDER = "another person in the picture"
    """Where each face takes a consent: the picture shows somebody else as well."""
    AMBIGUOUS = "ambiguous"
    """Pictures that may be of different people fit about as well."""
    ERASED = "erased since"
    """It came over, and was erased here."""


@dataclass(frozen=True, slots=True)
class MigrationOutcome:
    """What a run of a migration has come to, earlier runs included.

    `faces` are those of the source; `enrolled` came in this run, `known` were here before it. `left` says of
    each other face why. `associated` faces are with their users, of which there are `users`;
    `full` couldn't join, since their users have as many faces as a user may. `users_erased` were here, and
    were erased since.
    """

    faces: int
    enrolled: int
    known: int
    left: Mapping[str, NotCarried]
    users: int
    associated: int
    full: int
    users_erased: int = 0

    def reasons(self) -> dict[str, int]:
        """How many faces were left for each reason."""
        reasons = list(self.left.values())
        return {reason.value: reasons.count(reason) for reason in NotCarried if reason in reasons}


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that the source has beside collections: a stream processor, a project, a version, a data set.

    `anew` says whether it can be made anew here, and `how`, in a sentence; `buckets` are those that what it
    is made of lies in, as its description names them.
    """

    kind: str
    name: str
    anew: bool
    how: str
    buckets: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inventory:
    """All that a source has. `unread` says of what could not be listed why, in a sentence each."""

    endpoint: str
    collections: Sequence[SourceCollection]
    resources: Sequence[Resource]
    unread: Sequence[str]
