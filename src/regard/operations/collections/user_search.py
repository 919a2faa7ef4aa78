"""SearchUsers, SearchUsersByImage."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.collections.records import Collection, UserMatch
from regard.context import Context
from regard.errors import InvalidParameterException
from regard.governance.permissions import Permission
from regard.governance.purpose import USER_MATCH
from regard.operations.collections.face_choice import passing_quality
from regard.operations.collections.search import face_vector, search_radius
from regard.operations.inputs.images import load_picture
from regard.operations.operation import Area, Bill, Operation
from regard.operations.reviewing.searches import UserSearchReviewed
from regard.operations.shapes.faces import face_detail
from regard.operations.subjects import COLLECTION
from regard.operations.withholding import MatchPath

_MAX_USERS = 500


def search_users(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Users that resemble a face of the collection, or another user, who is not among them."""
    given = [name for name in ("FaceId", "UserId") if request.get(name) is not None]
    if len(given) != 1:
        raise InvalidParameterException(
            "Request has invalid parameters: SearchUsers takes either FaceId or UserId"
        )
    collection = ctx.collection
    if given == ["FaceId"]:
        found, searched = (
            _like_face(ctx, collection, request),
            {"SearchedFace": {"FaceId": request["FaceId"]}},
        )
    else:
        found, searched = (
            _like_user(ctx, collection, request),
            {"SearchedUser": {"UserId": request["UserId"]}},
        )
    return {
        "UserMatches": [_user_match(ctx, match) for match in found],
        "FaceModelVersion": collection.face_model_version,
        **searched,
    }


def search_users_by_image(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Users that resemble the largest face of a picture; the other faces are named with reasons."""
    collection, embedder = ctx.collection, ctx.face_model.embedder
    picture = load_picture(ctx, request["Image"])
    image = picture.image
    faces, refused = passing_quality(picture.faces(), request.get("QualityFilter", "NONE"))
    unsearched = [(face, ["FACE_NOT_LARGEST"]) for face in faces[1:]] + refused
    response: dict[str, Any] = {
        "UserMatches": [],
        "FaceModelVersion": collection.face_model_version,
        "UnsearchedFaces": [
            {"FaceDetails": face_detail(face, image), "Reasons": reasons} for face, reasons in unsearched
        ],
    }
    if not faces:
        return response  # unlike SearchFacesByImage, which refuses such a picture
    probe = picture.embeddings(embedder, faces[:1])[0]
    found = _search(ctx, collection, probe, request.get("MaxUsers", _MAX_USERS))
    response["UserMatches"] = [_user_match(ctx, match) for match in found]
    response["SearchedFace"] = {"FaceDetail": face_detail(faces[0], image)}
    return response


def _like_face(ctx: Context, collection: Collection, request: dict[str, Any]) -> list[UserMatch]:
    probe = face_vector(ctx, collection, request["FaceId"])
    return _search(ctx, collection, probe, request.get("MaxUsers", _MAX_USERS))


def _like_user(ctx: Context, collection: Collection, request: dict[str, Any]) -> list[UserMatch]:
    """The other users, nearest first; nobody where the user has no face to compare."""
    probe = ctx.stores.users.vector(collection, request["UserId"])
    if probe is None:
        return []
    limit = request.get("MaxUsers", _MAX_USERS)
    near = _search(ctx, collection, probe, limit + 1)
    return [match for match in near if match.user.user_id != request["UserId"]][:limit]


def _search(ctx: Context, collection: Collection, probe: NDArray[np.float32], limit: int) -> list[UserMatch]:
    curve = ctx.face_model.curve
    radius = search_radius(curve, ctx.threshold)
    found = ctx.stores.users.search(collection, probe, limit=limit, radius=radius)
    return [match for match in found if curve.similarity(match.distance) >= ctx.threshold]


def _user_match(ctx: Context, match: UserMatch) -> dict[str, Any]:
    return {
        "Similarity": ctx.face_model.curve.similarity(match.distance),
        "User": {"UserId": match.user.user_id, "UserStatus": match.user.status},
    }


_MATCHES = MatchPath(("UserMatches",), ("Similarity",))

OPERATIONS = (
    Operation(
        name="SearchUsers",
        run=search_users,
        area=Area.USERS,
        permission=Permission.SEARCH,
        about=COLLECTION,
        matches=USER_MATCH,
        shows=_MATCHES,
        reviewed=UserSearchReviewed(),
        bills=Bill.IMAGE_1,
    ),
    Operation(
        name="SearchUsersByImage",
        run=search_users_by_image,
        area=Area.USERS,
        permission=Permission.SEARCH,
        about=COLLECTION,
        matches=USER_MATCH,
        shows=_MATCHES,
        reviewed=UserSearchReviewed(),
        bills=Bill.IMAGE_1,
    ),
)
