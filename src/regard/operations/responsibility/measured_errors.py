"""ListFalseMatches, ResumeSearches, CreateKnownAnswer, ListProficiency: what errors there were, and whose."""

from __future__ import annotations

from typing import Any

from regard.context import Context
from regard.errors import InvalidParameterException
from regard.governance.examination.false_matches import FalseMatch
from regard.governance.examination.proficiency import KnownPicture
from regard.governance.permissions import Permission, permits
from regard.governance.presence import Presence
from regard.operations.inputs.images import load_picture
from regard.operations.inputs.pagination import page_of
from regard.operations.operation import Area, Operation
from regard.operations.shapes.times import moment
from regard.operations.subjects import COLLECTION
from regard.vision.portraits import cut_portrait

_MAX_RESULTS = 1000
_SEES_ALL = (Permission.MANAGE_PEOPLE, Permission.AUDIT)


def list_false_matches(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The leads that were wrong, in the order they were found, a page at a time."""
    numbered = ((one.row, one) for one in ctx.stores.accountability.examination.false_matches.all())
    found, token = page_of("false matches", numbered, request, _MAX_RESULTS)
    return {"FalseMatches": [_shape(one) for one in found], **token}


def _shape(one: FalseMatch) -> dict[str, Any]:
    quality = one.quality
    return {
        "CollectionId": one.collection_id,
        "FaceModelVersion": one.model,
        "GallerySize": one.gallery_size,
        "Similarity": one.similarity,
        "ProbeQuality": None
        if quality is None
        else {"Brightness": quality.brightness, "Sharpness": quality.sharpness},
        "Cause": one.cause,
        "Consequence": one.consequence,
        "Told": list(one.told),
        "Groups": [{"Attribute": name, "Group": group} for name, group in sorted(one.groups.items())],
        "Found": moment(one.found),
    }


def resume_searches(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Lets a collection be searched again. Raises ConflictException where nothing stops its searches."""
    collection = ctx.collection
    count = ctx.stores.accountability.examination.false_matches.resume(
        collection.row, collection.collection_id, request["Reason"], str(ctx.caller.person_id)
    )
    return {"CollectionId": collection.collection_id, "WrongLeads": count}


def create_known_answer(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Puts a sheet among the others whose answer is known.

    Raises InvalidParameterException for a picture without a face, and what `load_picture` raises.
    """
    probe = _portrait(ctx, request["Probe"])
    shown = [
        KnownPicture(_portrait(ctx, picture), is_same)
        for name, is_same in (("Same", True), ("Different", False))
        for picture in request.get(name, [])
    ]
    answers = ctx.stores.accountability.examination.known_answers
    made = answers.add(probe, shown, ctx.caller.person_id or "local", ctx.face_models.default.version)
    return {"ReviewId": made, "Candidates": len(shown)}


def list_proficiency(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """How reviewers did on sheets whose answer is known, a page at a time."""
    sees_all = any(permits(role, permission) for role in ctx.caller.roles for permission in _SEES_ALL)
    numbered = [
        (number, one)
        for number, one in enumerate(ctx.stores.accountability.examination.known_answers.all(), 1)
        if sees_all or one.person_id == ctx.caller.person_id
    ]
    found, token = page_of("proficiency", numbered, request, _MAX_RESULTS)
    shapes = [
        {
            "PersonId": one.person_id,
            "Sheets": one.sheets,
            "Same": one.same,
            "Different": one.different,
            "Missed": one.missed,
            "Mistaken": one.mistaken,
            "PairsLately": one.lately.pairs,
            "WrongLately": one.lately.wrong,
            "IsBarred": one.lately.is_barred,
        }
        for one in found
    ]
    return {"Proficiency": shapes, **token}


def _portrait(ctx: Context, picture: bytes) -> bytes:
    found = load_picture(ctx, {"Bytes": picture})
    faces = found.faces()
    if not faces:
        raise InvalidParameterException("There is no face in one of the pictures.")
    return cut_portrait(found.image, faces[0].box)


OPERATIONS = (
    Operation(
        name="ListFalseMatches",
        run=list_false_matches,
        area=Area.RESPONSIBLE_USE,
        permission=Permission.READ,
        is_own=True,
        presence=Presence.SESSION,
    ),
    Operation(
        name="ResumeSearches",
        run=resume_searches,
        area=Area.RESPONSIBLE_USE,
        permission=Permission.APPROVE,
        about=COLLECTION,
        notes=("CollectionId", "WrongLeads", "Reason"),
        is_own=True,
        presence=Presence.VERIFIED,
    ),
    Operation(
        name="CreateKnownAnswer",
        run=create_known_answer,
        area=Area.RESPONSIBLE_USE,
        permission=Permission.MANAGE_PEOPLE,
        notes=("ReviewId", "Candidates"),
        is_own=True,
        presence=Presence.OWNER,
    ),
    Operation(
        name="ListProficiency",
        run=list_proficiency,
        area=Area.RESPONSIBLE_USE,
        permission=Permission.READ,
        is_own=True,
    ),
)
