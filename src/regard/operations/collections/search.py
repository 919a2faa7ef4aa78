"""SearchFaces, SearchFacesByImage."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.collections.records import Collection, Match
from regard.collections.similarity import SimilarityCurve
from regard.context import Context
from regard.errors import InvalidParameterException
from regard.governance.permissions import Permission
from regard.governance.purpose import FACE_MATCH
from regard.operations.collections.face_choice import passing_quality
from regard.operations.inputs.images import load_picture
from regard.operations.operation import Area, Bill, Operation
from regard.operations.reviewing.searches import FaceSearchReviewed
from regard.operations.shapes.boxes import bounding_box_in
from regard.operations.shapes.faces import stored_face
from regard.operations.subjects import COLLECTION
from regard.operations.withholding import MatchPath

_NEARLY_ALL = 100 - 1e-9
_DEFAULT_MATCHES = 80
# Clients match this sentence.
_NO_FACES = "There are no faces in the image. Should be at least 1."


def search_faces(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Faces of a collection that resemble one of its own faces, which is not among them."""
    collection = ctx.collection
    face_id = request["FaceId"]
    probe = face_vector(ctx, collection, face_id)
    limit = request.get("MaxFaces", _DEFAULT_MATCHES)
    found = search_probe(ctx, collection, probe, limit + 1)
    others = [match for match in found if match.face.face_id != face_id][:limit]
    return {
        "SearchedFaceId": face_id,
        "FaceMatches": [face_match(ctx, match) for match in others],
        "FaceModelVersion": collection.face_model_version,
    }


def search_faces_by_image(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Faces of a collection that resemble the largest face of a picture."""
    collection, embedder = ctx.collection, ctx.face_model.embedder
    picture = load_picture(ctx, request["Image"])
    faces, _ = passing_quality(picture.faces(), request.get("QualityFilter", "NONE"))
    if not faces:
        raise InvalidParameterException(_NO_FACES)
    largest = faces[0]
    probe = picture.embeddings(embedder, [largest])[0]
    found = search_probe(ctx, collection, probe, request.get("MaxFaces", _DEFAULT_MATCHES))
    return {
        "SearchedFaceBoundingBox": bounding_box_in(picture.image, largest.box),
        "SearchedFaceConfidence": largest.confidence,
        "FaceMatches": [face_match(ctx, match) for match in found],
        "FaceModelVersion": collection.face_model_version,
    }


def face_vector(ctx: Context, collection: Collection, face_id: str) -> NDArray[np.float32]:
    """The embedding of an enrolled face. Raises InvalidParameterException where there is none."""
    vector = ctx.stores.gallery.vector(collection, face_id)
    if vector is None:
        raise InvalidParameterException("faceId was not found in the collection.")
    return vector


def search_radius(curve: SimilarityCurve, threshold: float) -> float:
    """The distance within which lies what reaches `threshold`, in percent; the similarity shown decides.

    It is a hair wider: vectors are stored in half precision, and not even the same picture is at distance 0.
    """
    return curve.distance_at(min(threshold, _NEARLY_ALL))


def search_probe(ctx: Context, collection: Collection, probe: NDArray[np.float32], limit: int) -> list[Match]:
    """The faces that reach the threshold that applies, the most alike first."""
    curve = ctx.face_model.curve
    radius = search_radius(curve, ctx.threshold)
    found = ctx.stores.gallery.search(collection, probe, limit=limit, radius=radius)
    return [match for match in found if curve.similarity(match.distance) >= ctx.threshold]


def search_listed(
    ctx: Context, collection: Collection, probe: NDArray[np.float32], limit: int
) -> list[Match]:
    """The same, but only those faces that the leave of this search lists, where it lists some.

    Others may be nearer: it is asked for more until none of the listed can be behind them.
    """
    listed = None if ctx.grant is None else ctx.grant.faces
    if listed is None:
        return search_probe(ctx, collection, probe, limit)
    asked = limit
    while True:
        found = search_probe(ctx, collection, probe, asked)
        kept = [match for match in found if match.face.face_id in listed]
        if len(found) < asked or len(kept) == len(listed):
            return kept[:limit]
        asked *= 4


def face_match(ctx: Context, match: Match) -> dict[str, Any]:
    """A FaceMatch."""
    return {
        "Similarity": ctx.face_model.curve.similarity(match.distance),
        "Face": stored_face(match.face, ctx.face_model.version),
    }


_MATCHES = MatchPath(("FaceMatches",), ("Similarity",))

OPERATIONS = (
    Operation(
        name="SearchFaces",
        run=search_faces,
        area=Area.COLLECTIONS,
        permission=Permission.SEARCH,
        about=COLLECTION,
        matches=FACE_MATCH,
        shows=_MATCHES,
        reviewed=FaceSearchReviewed(),
        bills=Bill.IMAGE_1,
    ),
    Operation(
        name="SearchFacesByImage",
        run=search_faces_by_image,
        area=Area.COLLECTIONS,
        permission=Permission.SEARCH,
        about=COLLECTION,
        matches=FACE_MATCH,
        shows=_MATCHES,
        reviewed=FaceSearchReviewed(),
        bills=Bill.IMAGE_1,
    ),
)
