"""What the stores hand out: collections, faces, users and matches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.vision.geometry import Box


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection as it was when it was read.

    `created` is in milliseconds since the epoch; `row` is its database row; `version` grows with each change
    of its faces and users; `purpose` is the value of its tag `regard:purpose`, `general` without one.
    `next_model` is the version of the face model that its vectors are being made anew by, or None.
    `consent_since` is since when each face takes a consent, in milliseconds since the epoch, and `face_days`
    for how long faces are kept; None where its tags say nothing of it.
    """

    row: int
    collection_id: str
    face_model_version: str
    created: int
    face_count: int
    user_count: int
    version: int
    purpose: str
    next_model: str | None = None
    consent_since: int | None = None
    face_days: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class NewFace:
    """A face to enrol: `box` in fractions of the picture's sides, `confidence` in percent, `vector` float32
    (dimension,) by the collection's model, and `next_vector` by its next one, where it has one.
    """

    box: Box
    confidence: float
    vector: NDArray[np.float32]
    next_vector: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class StoredFace:
    """An enrolled face, without its vector. `box` in fractions of the picture's sides."""

    row: int
    face_id: str
    image_id: str
    external_image_id: str
    user_id: str | None
    box: Box
    confidence: float


@dataclass(frozen=True, slots=True)
class Match:
    """A face that a search found and its L2 distance from the probe."""

    face: StoredFace
    distance: float


@dataclass(frozen=True, slots=True)
class User:
    """A person whose faces are searched as one. `status` is Rekognition's UserStatus."""

    row: int
    user_id: str
    status: str


@dataclass(frozen=True, slots=True)
class UserMatch:
    """A user that a search found and the L2 distance of its vector from the probe."""

    user: User
    distance: float


@dataclass(frozen=True, slots=True)
class Celebrity:
    """Somebody whom RecognizeCelebrities knows by `photos` photos. `known_gender` is Rekognition's."""

    row: int
    celebrity_id: str
    name: str
    urls: tuple[str, ...]
    known_gender: str
    photos: int


# Why a face did not join or leave a user.
NOT_FOUND = "not found"
OF_ANOTHER_USER = "of another user"
LOW_CONFIDENCE = "low confidence"


@dataclass(frozen=True, slots=True)
class RefusedFace:
    """A face that did not join or leave a user, and why; no `reason` where the user was full by then.

    `user_id` is the other user that has it; `confidence` how well it matches the user, in percent.
    """

    face_id: str
    reason: str | None
    user_id: str | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Association:
    """Which faces joined or left a user, which did not, and the user's status then.

    `is_repeated` says that this was answered before, and nothing was changed now.
    """

    done: tuple[str, ...]
    refused: tuple[RefusedFace, ...]
    status: str
    is_repeated: bool = False

    @classmethod
    def load(cls, fields: Mapping[str, Any]) -> Association:
        """What `dataclasses.asdict` made of an earlier answer, back from JSON."""
        refused = tuple(RefusedFace(**face) for face in fields["refused"])
        return cls(tuple(fields["done"]), refused, fields["status"], is_repeated=True)
