"""The users of collections: people with up to 100 faces each, found by one vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, insert, select

from regard.collections.changes import Space, model_changed
from regard.collections.face_models import FaceModel, FaceModels
from regard.collections.followed import FollowedIndexes
from regard.collections.records import (
    LOW_CONFIDENCE,
    NOT_FOUND,
    OF_ANOTHER_USER,
    Association,
    Collection,
    RefusedFace,
    User,
    UserMatch,
)
from regard.collections.store import find_collection, lock_collection, resource
from regard.collections.user_rows import (
    ACTIVE,
    CREATED,
    CandidateFace,
    count_users,
    erase_vector,
    erased_user,
    faces_named,
    find_user,
    held_faces,
    is_user,
    renew_vector,
    set_user,
)
from regard.collections.user_vector import admit
from regard.errors import ConflictException, ServiceQuotaExceededException
from regard.resources.request_tokens import IdempotentRequest, earlier_answer, remember
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import user_vectors, users

MAX_FACES = 100
_SEARCHES = 10


class Users:
    """The users of every collection of one database. What a method has answered survives a crash.

    Every change takes an `IdempotentRequest`: one that was answered before is answered so again, and changes
    nothing.
    All raise ResourceNotFoundException where the collection went away or, but for `create`, `page` and
    `search`, there is no such user, and IdempotentParameterMismatchException.
    """

    def __init__(
        self, database: Database, indexes: FollowedIndexes, models: FaceModels, *, max_users: int
    ) -> None:
        self._database = database
        self._indexes = indexes
        self._models = models
        self._max_users = max_users

    def create(self, collection: Collection, user_id: str, request: IdempotentRequest) -> None:
        """Makes a user without faces. Raises ConflictException, ServiceQuotaExceededException."""
        with self._database.write() as connection:
            current = lock_collection(connection, collection)
            if earlier_answer(connection, request) is not None:
                return
            if is_user(connection, current.row, user_id):
                raise ConflictException(f"The user id: {user_id} already exists")
            if current.user_count >= self._max_users:
                raise ServiceQuotaExceededException(
                    f"The collection {collection.collection_id} can't hold more than {self._max_users} users."
                )
            row = {
                "collection": current.row,
                "user_id": user_id,
                "status": CREATED,
                "created": milliseconds(),
            }
            connection.execute(insert(users).values(row))
            count_users(connection, current.row, 1)
            remember(connection, request, {}, resource=resource(current.collection_id))

    def delete(self, collection: Collection, user_id: str, request: IdempotentRequest) -> None:
        """Erases a user; its faces stay, and belong to nobody."""
        with self._database.write() as connection:
            current = lock_collection(connection, collection)
            if earlier_answer(connection, request) is None:
                user = find_user(connection, current.row, user_id)
                self._database.erasure_journal.note([erased_user(connection, current, user)])
                set_user(connection, held_faces(connection, current.row, user_id), None)
                erase_vector(connection, current.row, user)
                connection.execute(delete(users).where(users.c.row == user.row))
                count_users(connection, current.row, -1)
                remember(connection, request, {}, resource=resource(current.collection_id))
        self._forget(collection)  # where the request is repeated, too: the first may have ended before this

    def page(self, collection: Collection, *, after: int, limit: int) -> list[User]:
        """Users in the order they were made, those behind row `after`."""
        query = (
            select(users.c.row, users.c.user_id, users.c.status)
            .where(users.c.collection == collection.row, users.c.row > after)
            .order_by(users.c.row)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [User(**row) for row in connection.execute(query).mappings()]

    def associate(
        self,
        collection: Collection,
        user_id: str,
        face_ids: Sequence[str],
        request: IdempotentRequest,
        *,
        threshold: float,
    ) -> Association:
        """Gives a user those of the faces that resemble it by `threshold` percent: see `admit`.

        Raises ServiceQuotaExceededException when the user has 100 faces already; faces beyond the hundredth
        are refused without a reason.
        """
        with self._database.write() as connection:
            current = lock_collection(connection, collection)
            answer = earlier_answer(connection, request)
            if answer is not None:
                return Association.load(answer)
            model = self._models.of(current.face_model_version)
            user = find_user(connection, current.row, user_id)
            named = faces_named(connection, current.row, face_ids)
            held = held_faces(connection, current.row, user_id)
            free = [face for face in named if face.user_id is None]
            if free and len(held) >= MAX_FACES:
                raise ServiceQuotaExceededException(
                    f"The user {user_id} has {MAX_FACES} faces, and can't have more."
                )
            admission = admit(
                model.user_vectors,
                model.curve,
                _matrix(held, model),
                _matrix(free, model),
                threshold=threshold,
                room=MAX_FACES - len(held),
            )
            joined = [free[n] for n in admission.joined]
            if joined:
                set_user(connection, joined, user_id)
                vector = vector_of_faces(held + joined, model)
                renew_vector(connection, current.row, user, vector, len(held + joined))
            refused = _elsewhere(face_ids, named, user_id)
            for face, alike in zip(free, admission.similarities.tolist(), strict=True):
                if face not in joined:
                    reason = LOW_CONFIDENCE if alike < threshold else None
                    refused[face.face_id] = RefusedFace(face.face_id, reason, confidence=alike)
            ids = {face.face_id for face in joined}
            association = Association(
                done=tuple(face_id for face_id in face_ids if face_id in ids),
                refused=tuple(refused[face_id] for face_id in face_ids if face_id in refused),
                status=ACTIVE if held or joined else CREATED,
            )
            remember(connection, request, asdict(association), resource=resource(current.collection_id))
        if held and joined:
            self._forget(collection)
        return association

    def disassociate(
        self, collection: Collection, user_id: str, face_ids: Sequence[str], request: IdempotentRequest
    ) -> Association:
        """Takes faces away from a user; they stay in the collection and belong to nobody."""
        with self._database.write() as connection:
            current = lock_collection(connection, collection)
            answer = earlier_answer(connection, request)
            if answer is not None:
                return Association.load(answer)
            model = self._models.of(current.face_model_version)
            user = find_user(connection, current.row, user_id)
            named = faces_named(connection, current.row, face_ids)
            own = [face for face in named if face.user_id == user_id]
            set_user(connection, own, None)
            left = held_faces(connection, current.row, user_id)
            if own:
                renew_vector(connection, current.row, user, vector_of_faces(left, model), len(left))
            ids = {face.face_id for face in own}
            refused = _elsewhere(face_ids, named, user_id)
            association = Association(
                done=tuple(face_id for face_id in face_ids if face_id in ids),
                refused=tuple(refused.values()),
                status=ACTIVE if left else CREATED,
            )
            remember(connection, request, asdict(association), resource=resource(current.collection_id))
        if own:
            self._forget(collection)
        return association

    def vector(self, collection: Collection, user_id: str) -> NDArray[np.float32] | None:
        """The user's vector, float32 (dimension,), or None while it has no face."""
        with self._database.read() as connection:
            current = find_collection(connection, collection.collection_id)
            user = find_user(connection, collection.row, user_id)
            blob = connection.execute(
                select(user_vectors.c.vector).where(user_vectors.c.user == user.row)
            ).scalar()
        if current.face_model_version != collection.face_model_version:
            raise model_changed()
        return None if blob is None else np.frombuffer(blob, "<f2").astype(np.float32)

    def search(
        self, collection: Collection, probe: NDArray[np.float32], *, limit: int, radius: float
    ) -> list[UserMatch]:
        """The nearest users at most `radius` (L2) away, the nearest first."""
        return self.search_each(collection, probe[None], limit=limit, radius=radius)[0]

    def search_each(
        self, collection: Collection, probes: NDArray[np.float32], *, limit: int, radius: float
    ) -> list[list[UserMatch]]:
        """What `search` answers for each of the probes (n, dimension), all in one state of the collection."""
        found: list[list[UserMatch]] = []
        # A user whose faces change in this moment has a new row: it is searched for again, not missed.
        for _ in range(_SEARCHES):
            index = self._indexes.follow(collection, Space.USERS)
            near = [index.search(probe, limit=limit, radius=radius) for probe in probes]
            known = self._at(collection, sorted({row for one in near for row in one.rows.tolist()}))
            found = [
                [
                    UserMatch(known[row], distance)
                    for row, distance in zip(one.rows.tolist(), one.distances.tolist(), strict=True)
                    if row in known
                ]
                for one in near
            ]
            if all(len(users) == len(one.rows) for users, one in zip(found, near, strict=True)):
                break
        return found

    def _at(self, collection: Collection, rows: list[int]) -> dict[int, User]:
        """Users by the rows of their vectors."""
        query = (
            select(user_vectors.c.row.label("vector"), users.c.row, users.c.user_id, users.c.status)
            .join(users, users.c.row == user_vectors.c.user)
            .where(user_vectors.c.collection == collection.row, user_vectors.c.row.in_(rows))
        )
        with self._database.read() as connection:
            return {row.vector: User(row.row, row.user_id, row.status) for row in connection.execute(query)}

    def _forget(self, collection: Collection) -> None:
        """Takes an erased vector out of memory and out of the files."""
        self._indexes.forget_erased(collection, Space.USERS)
        self._database.forget()


def vector_of_faces(held: Sequence[CandidateFace], model: FaceModel) -> NDArray[np.float32] | None:
    """The vector of a user with these faces, float32 (dimension,); None where there are none."""
    return model.user_vectors.of(_matrix(held, model)) if held else None


def _matrix(held: Sequence[CandidateFace], model: FaceModel) -> NDArray[np.float32]:
    """The embeddings of faces, float32 (n, dimension)."""
    joined = np.frombuffer(b"".join(face.vector for face in held), "<f2")
    return joined.astype(np.float32).reshape(len(held), model.dimension)


def _elsewhere(
    face_ids: Sequence[str], named: Sequence[CandidateFace], user_id: str
) -> dict[str, RefusedFace]:
    """Faces that are not in the collection, or belong to another user, by their id."""
    known = {face.face_id: face for face in named}
    refused: dict[str, RefusedFace] = {}
    for face_id in face_ids:
        face = known.get(face_id)
        if face is None:
            refused[face_id] = RefusedFace(face_id, NOT_FOUND)
        elif face.user_id not in (None, user_id):
            refused[face_id] = RefusedFace(face_id, OF_ANOTHER_USER, user_id=face.user_id)
    return refused
