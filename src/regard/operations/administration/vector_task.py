"""Photos of an upgrade, as tasks: what they are known by, and vectors of faces in them by another model."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from regard.collections.face_models import FaceModel
from regard.errors import RegardError, ServiceError
from regard.operations.administration.face_matching import same_faces, same_places
from regard.operations.bulk.picture_task import PictureLimits
from regard.operations.inputs.images import decoded
from regard.tasks.task_node import TaskNode
from regard.vision.findings import Pictures
from regard.vision.geometry import Box
from regard.vision.models import Models
from regard.vision.pixels import Floats

_REPLACED = "It was replaced while it was read."


@dataclass(frozen=True, slots=True)
class PhotoDigest:
    """The SHA-256 of a photo's bytes, hex; or the `problem`, a sentence."""

    digest: str = ""
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class DigestTask:
    """`photos` are buckets and keys, of `limit` bytes at most."""

    photos: tuple[tuple[str, str], ...]
    limit: int

    def run(self, node: TaskNode) -> list[PhotoDigest]:
        """In their order."""
        return [self._digest(node, *one) for one in self.photos]

    def _digest(self, node: TaskNode, bucket: str, key: str) -> PhotoDigest:
        try:
            content = node.objects.read(bucket, key, None, limit=self.limit)
        except RegardError as error:
            return PhotoDigest(problem=str(error))
        return PhotoDigest(hashlib.sha256(content).hexdigest())


@dataclass(frozen=True, eq=False, slots=True)
class WantedFaces:
    """Faces that a photo should show: their `boxes`, in fractions of its sides, and, where it may have been
    saved anew, their vectors (n, dimension) by the present model.
    """

    boxes: tuple[Box, ...]
    kept: Floats | None = None


@dataclass(frozen=True, eq=False, slots=True)
class FoundVectors:
    """The vectors (dimension,) by the next model, by the places of the faces among those wanted; or the
    `problem`, a sentence.
    """

    vectors: Mapping[int, Floats]
    problem: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class SoughtPhoto:
    """Where a photo is, the SHA-256 that it had, hex, and who should be in it."""

    bucket: str
    key: str
    digest: str
    wanted: WantedFaces


@dataclass(frozen=True, eq=False, slots=True)
class VectorTask:
    """`present` and `following` are the versions of the two face models."""

    photos: tuple[SoughtPhoto, ...]
    limits: PictureLimits
    present: str
    following: str

    def run(self, node: TaskNode) -> list[FoundVectors]:
        """In their order. Raises PackError where a network is damaged."""
        return [self._found(node, one) for one in self.photos]

    def _found(self, node: TaskNode, one: SoughtPhoto) -> FoundVectors:
        try:
            content = node.objects.read(one.bucket, one.key, None, limit=self.limits.size)
        except RegardError as error:
            return FoundVectors({}, str(error))
        if hashlib.sha256(content).hexdigest() != one.digest:
            return FoundVectors({}, _REPLACED)
        present, following = node.face_models[self.present], node.face_models[self.following]
        return vectors_in(content, one.wanted, node.models, present, following, self.limits)


def vectors_in(
    content: bytes,
    wanted: WantedFaces,
    models: Models,
    present: FaceModel,
    following: FaceModel,
    limits: PictureLimits,
) -> FoundVectors:
    """Those of the wanted faces that are found in a photo's bytes."""
    try:
        # Pictures of its own, since they are kept as long as what holds them: a photo at a time is.
        picture = decoded(Pictures(models), content, limits.side, limits.pixels)
    except ServiceError as error:
        return FoundVectors({}, error.message)
    faces = picture.faces()
    places = [face.box.relative_to(picture.image.width, picture.image.height) for face in faces]
    if wanted.kept is None:
        pairs = same_places(wanted.boxes, places)
    else:
        vectors = picture.embeddings(present.embedder, faces)
        pairs = same_faces(wanted.boxes, wanted.kept, places, vectors, present)
    made = picture.embeddings(following.embedder, [faces[found] for found in pairs.values()])
    return FoundVectors(dict(zip(pairs, made, strict=True)))
