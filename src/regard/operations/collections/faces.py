"""DetectFaces, IndexFaces, ListFaces, DeleteFaces."""

from __future__ import annotations

from typing import Any

from regard.collections.records import NewFace
from regard.context import Context
from regard.governance.permissions import Permission
from regard.governance.purpose import strict_of
from regard.operations.collections.consent import consent_to_enrol, note_deletion
from regard.operations.collections.face_choice import FaceChoice
from regard.operations.inputs.images import load_picture
from regard.operations.inputs.pagination import make_token, read_token
from regard.operations.operation import Area, Bill, Operation
from regard.operations.shapes.face_attributes import wanted
from regard.operations.shapes.faces import face_detail, stored_face
from regard.operations.subjects import COLLECTION
from regard.vision.faces.attributes import Attributes
from regard.vision.portraits import cut_portrait

_MAX_FACES_LISTED = 4096


def index_faces(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Enrols the faces that pass the quality filter, the largest first, and names those that don't.

    Where a face takes a consent, it is the face of the one person who has given theirs.
    """
    names = wanted(request.get("DetectionAttributes"))
    collection, embedder, following = ctx.collection, ctx.face_model.embedder, ctx.next_face_model
    consent = consent_to_enrol(ctx, request.get("ExternalImageId"))
    picture = load_picture(ctx, request["Image"])
    image = picture.image
    chosen = FaceChoice.of(request, alone=consent is not None).among(picture.faces())
    kept = chosen.kept
    described: list[Attributes | None] = [None] * len(kept)
    if names:
        described = list(picture.attributes(kept))
    vectors = picture.embeddings(embedder, kept)
    next_vectors = [None] * len(kept) if following is None else picture.embeddings(following.embedder, kept)
    stored = ctx.stores.gallery.add(
        collection,
        [
            NewFace(face.box.relative_to(image.width, image.height), face.confidence, vector, next_vector)
            for face, vector, next_vector in zip(kept, vectors, next_vectors, strict=True)
        ],
        image_digest=image.digest,
        external_image_id=request.get("ExternalImageId") or "",
        permit=consent,
        enroller=ctx.stores.enrollers.of(ctx.caller),
    )
    if strict_of(collection.purpose, ctx.settings.site_purpose) is not None:
        portraits = {one.row: cut_portrait(image, face.box) for one, face in zip(stored, kept, strict=True)}
        ctx.stores.accountability.examination.crops.put(portraits)
    version = collection.face_model_version
    return {
        "FaceRecords": [
            {
                "Face": stored_face(one, version),
                "FaceDetail": face_detail(face, image, attributes, names),
            }
            for one, face, attributes in zip(stored, kept, described, strict=True)
        ],
        "FaceModelVersion": version,
        "UnindexedFaces": [
            {"Reasons": reasons, "FaceDetail": face_detail(face, image)} for face, reasons in chosen.refused
        ]
        + [
            {"Reasons": ["EXCEEDS_MAX_FACES"], "FaceDetail": face_detail(face, image)}
            for face in chosen.surplus
        ],
    }


def list_faces(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The faces of a collection in the order they were enrolled, a page at a time; of one user, or by ids."""
    collection = ctx.collection
    listing = f"faces/{collection.row}"
    limit = request.get("MaxResults") or _MAX_FACES_LISTED
    found = ctx.stores.gallery.page(
        collection,
        after=read_token(listing, request.get("NextToken")),
        limit=limit + 1,
        user_id=request.get("UserId"),
        face_ids=request.get("FaceIds"),
    )
    response: dict[str, Any] = {
        "Faces": [stored_face(face, collection.face_model_version) for face in found[:limit]],
        "FaceModelVersion": collection.face_model_version,
    }
    if len(found) > limit:
        response["NextToken"] = make_token(listing, found[limit - 1].row)
    return response


def delete_faces(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Erases faces. A face that a user holds, or that is not there, is reported and changes nothing."""
    collection = ctx.collection
    wanted = list(dict.fromkeys(request["FaceIds"]))
    erased, held = ctx.stores.gallery.delete(collection, wanted)
    gone = {face.face_id for face in erased}
    note_deletion(ctx, [face.face_id for face in erased])
    users = {face.face_id: face.user_id for face in held}
    failures = [
        {"FaceId": face_id, "UserId": users[face_id], "Reasons": ["ASSOCIATED_TO_AN_EXISTING_USER"]}
        if face_id in users
        else {"FaceId": face_id, "Reasons": ["FACE_NOT_FOUND"]}
        for face_id in wanted
        if face_id not in gone
    ]
    return {
        "DeletedFaces": [face_id for face_id in wanted if face_id in gone],
        "UnsuccessfulFaceDeletions": failures,
    }


OPERATIONS = (
    Operation(
        name="IndexFaces",
        run=index_faces,
        area=Area.COLLECTIONS,
        permission=Permission.ENROL,
        about=COLLECTION,
        bills=Bill.IMAGE_1,
    ),
    Operation(
        name="ListFaces",
        run=list_faces,
        area=Area.COLLECTIONS,
        permission=Permission.READ,
        about=COLLECTION,
    ),
    Operation(
        name="DeleteFaces",
        run=delete_faces,
        area=Area.COLLECTIONS,
        permission=Permission.ENROL,
        about=COLLECTION,
    ),
)
