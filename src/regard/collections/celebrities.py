"""Celebrities: people with names whom the operator has enrolled, in a collection that is kept for them.

Nobody comes with Regard. A celebrity is a user of that collection, so that all its photos are one vector, and
a similarity means what it means for every face; no operation on collections reaches it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from regard.collections.celebrity_rows import (
    GALLERY,
    celebrity_of,
    change_model,
    check_celebrity,
    face_ids_of,
    has_user,
    listed,
    put_celebrity,
)
from regard.collections.face_models import FaceModel, FaceModels
from regard.collections.gallery import Gallery
from regard.collections.records import Association, Celebrity, Collection, NewFace
from regard.collections.store import find_collection, insert_collection
from regard.collections.users import MAX_FACES, Users
from regard.errors import (
    RegardError,
    ResourceNotFoundException,
    ServiceQuotaExceededException,
    ThrottlingException,
)
from regard.resources.request_tokens import IdempotentRequest
from regard.storage.database import Database
from regard.storage.erasure_journal import Erasable, Erased
from regard.storage.schema import celebrities

# How well a photo must fit the others of its celebrity, in percent: a photo of somebody else stays outside.
_CURATION = 75.0
_NEARLY_ALL = 100 - 1e-9  # vectors are stored in half precision: not even the same photo is at distance 0
_REQUEST = IdempotentRequest("", "celebrities", None, {})  # what users are changed by when no client asked


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """The face of one photo; `digest` is that of the picture."""

    digest: str
    face: NewFace


@dataclass(slots=True)
class Joined:
    """Which photos, by their places, a celebrity has now, which don't fit, which came when it was full."""

    done: list[int] = field(default_factory=list)
    unlike: list[int] = field(default_factory=list)
    surplus: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Recognised:
    """Whom a face resembles most, and how much, in percent."""

    celebrity: Celebrity
    similarity: float


class Celebrities:
    """The celebrities of one database. What a method has answered survives a crash."""

    def __init__(self, database: Database, gallery: Gallery, users: Users, models: FaceModels) -> None:
        self._database = database
        self._models = models
        self._gallery = gallery
        self._users = users

    @property
    def model(self) -> FaceModel:
        """The face model by which celebrities are known: that of the photos that there are, or the one of new
        collections. Raises InvalidParameterException where this version of Regard doesn't know it.
        """
        collection = self._collection()
        if collection is None or not collection.face_count:
            return self._models.default
        return self._models.of(collection.face_model_version)

    @property
    def next_model(self) -> FaceModel | None:
        """The face model that their vectors are being made anew by."""
        collection = self._collection()
        version = None if collection is None else collection.next_model
        return None if version is None else self._models.of(version)

    def put(self, name: str, *, urls: Sequence[str] | None, known_gender: str | None) -> Celebrity:
        """The celebrity of this name, made where there is none, with these facts; None leaves one as it is.

        Raises RegardError for what a celebrity can't be called or have.
        """
        check_celebrity(name, urls, known_gender)
        self._make()
        with suppress(IntegrityError), self._database.write() as connection:
            put_celebrity(connection, name, urls, known_gender)
        return self.find(name)

    def enrol(self, celebrity: Celebrity, photos: Sequence[Photo]) -> Joined:
        """Gives a celebrity those of the photos that fit together; no trace is kept of the others.

        Their vectors are by `model`, and by `next_model` where there is one. A photo that it has already is
        done. A celebrity has 100 photos at most.
        """
        collection = self._collection()
        if collection is None:
            raise RegardError("There is no celebrity yet.")
        with self._database.read() as connection:
            known = has_user(connection, collection, celebrity)
        if not known:
            self._users.create(collection, celebrity.celebrity_id, _REQUEST)
        joined = Joined()
        for first in range(0, len(photos), MAX_FACES):
            self._enrol_some(collection, celebrity, photos[first : first + MAX_FACES], first, joined)
        return joined

    def all(self) -> list[Celebrity]:
        """Every celebrity, by name."""
        with self._database.read() as connection:
            return [celebrity_of(row) for row in connection.execute(listed().order_by(celebrities.c.name))]

    def get(self, celebrity_id: str) -> Celebrity:
        """Raises ResourceNotFoundException."""
        found = self._at([celebrity_id])
        if not found:
            raise ResourceNotFoundException(f"The celebrity id: {celebrity_id} does not exist")
        return found[celebrity_id]

    def find(self, name: str) -> Celebrity:
        """The celebrity of this name, or of this id. Raises RegardError."""
        query = listed().where((celebrities.c.name == name) | (celebrities.c.celebrity_id == name))
        with self._database.read() as connection:
            found = [celebrity_of(row) for row in connection.execute(query)]
        if not found:
            raise RegardError(
                f"There is no celebrity {name}; `regard celebrities list` names those there are."
            )
        return next((one for one in found if one.name == name), found[0])

    def remove(self, celebrity: Celebrity) -> None:
        """Erases a celebrity, its vector and every face of it."""
        collection = self._collection()
        if collection is not None:
            with suppress(ResourceNotFoundException):
                self._users.delete(collection, celebrity.celebrity_id, _REQUEST)
            with self._database.read() as connection:
                face_ids = face_ids_of(connection, collection, celebrity)
            self._gallery.delete(collection, face_ids)
        with self._database.write() as connection:
            gone = Erased(kind=Erasable.CELEBRITY, name=celebrity.celebrity_id)
            self._database.erasure_journal.note([gone])
            connection.execute(delete(celebrities).where(celebrities.c.row == celebrity.row))

    def recognise(
        self, probes: NDArray[np.float32], *, model: FaceModel, threshold: float
    ) -> list[Recognised | None]:
        """Whom each of the embeddings (n, dimension) by `model` resembles most, by at least `threshold`
        percent. Raises ThrottlingException where the celebrities have just got another model.
        """
        collection = self._collection()
        if collection is None or not collection.face_count or not len(probes):
            return [None] * len(probes)
        if collection.face_model_version != model.version:
            raise ThrottlingException(
                "The celebrities' face model has just been changed. Try your call again."
            )
        curve = model.curve
        radius = curve.distance_at(min(threshold, _NEARLY_ALL))
        found = self._users.search_each(collection, probes, limit=1, radius=radius)
        known = self._at([match.user.user_id for matches in found for match in matches])
        best: list[Recognised | None] = []
        for matches in found:
            nearest = next((match for match in matches if match.user.user_id in known), None)
            alike = curve.similarity(nearest.distance) if nearest else 0.0
            fits = nearest is not None and alike >= threshold
            best.append(Recognised(known[nearest.user.user_id], alike) if nearest and fits else None)
        return best

    def _enrol_some(
        self,
        collection: Collection,
        celebrity: Celebrity,
        photos: Sequence[Photo],
        first: int,
        joined: Joined,
    ) -> None:
        """Enrols photos, of which the first has the place `first`."""
        places: dict[str, list[int]] = {}
        held: set[str] = set()
        for place, photo in enumerate(photos, first):
            [face] = self._gallery.add(
                collection,
                [photo.face],
                image_digest=photo.digest,
                external_image_id=celebrity.celebrity_id,
            )
            places.setdefault(face.face_id, []).append(place)  # the same picture twice is one face
            if face.user_id is not None:
                held.add(face.face_id)
        new = [face_id for face_id in places if face_id not in held]
        try:
            refused = {
                face.face_id: face.reason for face in self._associate(collection, celebrity, new).refused
            }
        except ServiceQuotaExceededException:
            refused = dict.fromkeys(new)
        for face_id, of_face in places.items():
            if face_id not in refused:
                joined.done += of_face
            elif refused[face_id] is None:
                joined.surplus += of_face
            else:
                joined.unlike += of_face
        self._gallery.delete(collection, list(refused))

    def _associate(self, collection: Collection, celebrity: Celebrity, face_ids: list[str]) -> Association:
        return self._users.associate(
            collection, celebrity.celebrity_id, face_ids, _REQUEST, threshold=_CURATION
        )

    def _collection(self) -> Collection | None:
        with self._database.read() as connection, suppress(ResourceNotFoundException):
            return find_collection(connection, GALLERY)
        return None

    def _make(self) -> None:
        """Makes the celebrities' collection where there is none; without a face it gets the default model."""
        collection, default = self._collection(), self._models.default.version
        if collection is None:
            with suppress(IntegrityError), self._database.write() as connection:
                insert_collection(connection, GALLERY, default)
        elif collection.face_model_version != default and not collection.face_count:
            with self._database.write() as connection:
                change_model(connection, collection, default)

    def _at(self, ids: Sequence[str]) -> dict[str, Celebrity]:
        """Celebrities by their ids."""
        query = listed().where(celebrities.c.celebrity_id.in_(sorted(set(ids))))
        with self._database.read() as connection:
            return {row.celebrity_id: celebrity_of(row) for row in connection.execute(query)}
