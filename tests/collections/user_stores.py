"""The stores of one process, and photos of four people, for the tests of users."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from regard.collections.face_models import FACE_MODELS
from regard.collections.followed import FollowedIndexes
from regard.collections.gallery import Gallery
from regard.collections.records import Association, Collection, NewFace
from regard.collections.store import CollectionStore
from regard.collections.users import Users
from regard.resources.request_tokens import IdempotentRequest
from regard.storage.database import Database
from regard.vision.geometry import Box
from tests.collections.made_models import models_of
from tests.collections.test_user_vector import DIMENSION, VECTORS, photos

PEOPLE = {person: photos(person, 130, noise=0.05) for person in range(4)}  # any two photos match
RADIUS = FACE_MODELS["2.0"].curve.distance_at(80)


def named(operation: str, token: str | None, parameters: dict[str, object]) -> IdempotentRequest:
    return IdempotentRequest("KEY", operation, token, parameters)


@dataclass
class Stores:
    """What one process has of a database, with one collection `c`."""

    database: Database
    max_users: int = 1000
    collections: CollectionStore = field(init=False)
    gallery: Gallery = field(init=False)
    users: Users = field(init=False)

    def __post_init__(self) -> None:
        models = models_of(DIMENSION, VECTORS)
        indexes = FollowedIndexes(self.database, models)
        self.collections = CollectionStore(self.database, indexes)
        self.gallery = Gallery(self.database, indexes, max_faces=10_000)
        self.users = Users(self.database, indexes, models, max_users=self.max_users)

    @property
    def collection(self) -> Collection:
        return self.collections.get("c")

    def enrol(self, person: int, count: int, first: int = 0) -> list[str]:
        """Photos of a person, each of its own picture; answers the faces' ids."""
        return [
            self.gallery.add(
                self.collection,
                [NewFace(Box(0.1, 0.1, 0.1, 0.1), 99.0, PEOPLE[person][place])],
                image_digest=f"{person}-{place}",
                external_image_id="e",
            )[0].face_id
            for place in range(first, first + count)
        ]

    def create(self, user_id: str, token: str | None = None) -> None:
        self.users.create(self.collection, user_id, named("create_user", token, {"UserId": user_id}))

    def delete(self, user_id: str, token: str | None = None) -> None:
        self.users.delete(self.collection, user_id, named("delete_user", token, {"UserId": user_id}))

    def associate(
        self, user_id: str, face_ids: list[str], token: str | None = None, threshold: float = 75.0
    ) -> Association:
        request = named("associate_faces", token, {"UserId": user_id, "FaceIds": face_ids})
        return self.users.associate(self.collection, user_id, face_ids, request, threshold=threshold)

    def disassociate(self, user_id: str, face_ids: list[str], token: str | None = None) -> Association:
        request = named("disassociate_faces", token, {"UserId": user_id, "FaceIds": face_ids})
        return self.users.disassociate(self.collection, user_id, face_ids, request)

    def found(self, probe: np.ndarray) -> list[str]:
        matches = self.users.search(self.collection, probe, limit=50, radius=RADIUS)
        return [match.user.user_id for match in matches]

    def listed(self) -> dict[str, str]:
        return {one.user_id: one.status for one in self.users.page(self.collection, after=0, limit=1000)}

    def owners(self) -> dict[str, str | None]:
        return {
            face.face_id: face.user_id for face in self.gallery.page(self.collection, after=0, limit=5000)
        }
