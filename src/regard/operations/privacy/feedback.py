"""SendFeedback, GetFeedback, ListFeedback, SearchFeedback, DecideFeedback: what people ask or complain of."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from regard.context import Context
from regard.errors import (
    ConflictException,
    ImageTooLargeException,
    InvalidImageFormatException,
    InvalidParameterException,
)
from regard.governance.permissions import Permission
from regard.governance.presence import Presence
from regard.governance.privacy.feedback import Decision, Feedback, FeedbackState, NewFeedback
from regard.governance.purpose import FACE_MATCH
from regard.operations.collections.search import search_probe
from regard.operations.inputs.images import load_picture
from regard.operations.inputs.pagination import page_of
from regard.operations.operation import Area, Operation
from regard.operations.shapes.times import moment
from regard.operations.subjects import COLLECTION
from regard.storage.clock import milliseconds

_LISTING: Final = "feedback"
_MAX_RESULTS: Final = 1000
_MAX_MATCHES: Final = 10
_PICTURES: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_EXTENDED: Final = "EXTENDED"


def send_feedback(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Takes in what anybody asks or complains of, and answers the code that the answer is read with."""
    picture = request.get("Picture")
    if picture is not None and not picture.startswith(_PICTURES):  # no stranger's bytes are decoded here
        raise InvalidParameterException("The Picture is no JPEG or PNG.")
    matter, code = ctx.stores.privacy.feedback.send(
        NewFeedback(
            kind=request["Kind"],
            text=request["Text"],
            contact=request.get("Contact"),
            picture=picture,
            address=ctx.caller.address,
        )
    )
    return {"Code": code, "Received": moment(matter.received), "Due": moment(matter.due)}


def get_feedback(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Where a matter stands, for whoever has its code."""
    return _public_shape(ctx.stores.privacy.feedback.by_code(request["Code"]))


def list_feedback(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Every matter in the order they came, a page at a time."""
    matters = ctx.stores.privacy.feedback.all()
    numbered = [(int(matter.feedback_id.replace("F-", "").replace("-", "")), matter) for matter in matters]
    found, token = page_of(_LISTING, numbered, request, _MAX_RESULTS)
    return {"Feedback": [_shape(matter) for matter in found], **token}


def search_feedback(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Whom in a collection the picture of a matter shows, by the strict threshold whatever the collection is
    for: who is meant, not how alike they are.

    Raises ConflictException once it is answered.
    """
    box = ctx.stores.privacy.feedback
    matter = box.get(request["FeedbackId"])
    if not matter.is_open:
        raise ConflictException(f"{matter.feedback_id} is answered, and its picture is gone.")
    try:
        picture = load_picture(ctx, {"Bytes": box.picture(matter.feedback_id)})
    except (InvalidImageFormatException, ImageTooLargeException) as error:
        raise InvalidParameterException("The picture that was sent can't be read.") from error
    faces = picture.faces()[:1]
    if not faces:
        return {"FeedbackId": matter.feedback_id, "Matches": []}
    collection = ctx.collection
    probe = picture.embeddings(ctx.face_model.embedder, faces)[0]
    strict = replace(ctx, threshold=FACE_MATCH.floor)
    found = [match.face for match in search_probe(strict, collection, probe, _MAX_MATCHES)]
    matches = [
        {"FaceId": face.face_id, "ExternalImageId": face.external_image_id, "UserId": face.user_id}
        for face in found
    ]
    return {
        "FeedbackId": matter.feedback_id,
        "Matches": [{name: value for name, value in match.items() if value} for match in matches],
    }


def decide_feedback(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Takes a matter a step on: who it is, more time, or the answer."""
    box, wanted = ctx.stores.privacy.feedback, request["Decision"]
    reason = request.get("Reason")
    if wanted in (_EXTENDED, FeedbackState.REFUSED, FeedbackState.PARTLY) and not reason:
        raise InvalidParameterException(f"{wanted} takes a Reason, which the person is told.")
    if wanted == _EXTENDED:
        return _shape(box.extend(request["FeedbackId"], str(reason)))
    decision = Decision(
        state=FeedbackState(wanted),
        answer=request.get("Answer"),
        reason=reason,
        complain_to=request.get("ComplainTo"),
        receipts=request.get("ReceiptIds", ()),
    )
    if decision.state in (FeedbackState.REFUSED, FeedbackState.PARTLY) and not decision.complain_to:
        raise InvalidParameterException("Say in ComplainTo whom the person may complain to.")
    if decision.state in (FeedbackState.GRANTED, FeedbackState.PARTLY) and not decision.answer:
        raise InvalidParameterException("Say in Answer what was done.")
    for receipt_id in decision.receipts:
        if ctx.stores.privacy.erasures.find(receipt_id) is None:
            raise InvalidParameterException("One of the ReceiptIds is none.")
    return _shape(box.decide(request["FeedbackId"], decision, str(ctx.caller.person_id)))


def _public_shape(matter: Feedback) -> dict[str, Any]:
    """A matter as whoever sent it sees it."""
    shape = {
        "Kind": matter.kind,
        "State": matter.state,
        "Received": moment(matter.received),
        "Due": moment(matter.due),
        "Overdue": matter.is_open and matter.due < milliseconds(),
        "ExtendedFor": matter.extended_for,
        "Decided": _moment(matter.decided),
        "Answer": matter.answer,
        "Reason": matter.reason,
        "ComplainTo": matter.complain_to,
        "ReceiptIds": list(matter.receipts),
    }
    return {name: value for name, value in shape.items() if value is not None}


def _shape(matter: Feedback) -> dict[str, Any]:
    """A matter as whoever protects privacy sees it."""
    shape = {
        "FeedbackId": matter.feedback_id,
        "Text": matter.text,
        "Contact": matter.contact,
        "HasPicture": matter.has_picture,
        "DecidedBy": matter.decided_by,
    }
    return {
        **_public_shape(matter),
        **{name: value for name, value in shape.items() if value is not None},
    }


def _moment(time: int | None) -> datetime | None:
    return None if time is None else moment(time)


def _operation(name: str, run: Any, *notes: str, **more: Any) -> Operation:
    return Operation(
        name=name,
        run=run,
        area=Area.RESPONSIBLE_USE,
        permission=Permission.PROTECT_PRIVACY,
        notes=notes,
        is_own=True,
        presence=Presence.VERIFIED,
        **more,
    )


OPERATIONS = (
    Operation(
        name="SendFeedback",
        run=send_feedback,
        area=Area.RESPONSIBLE_USE,
        permission=None,
        is_own=True,
    ),
    Operation(
        name="GetFeedback",
        run=get_feedback,
        area=Area.RESPONSIBLE_USE,
        permission=None,
        is_own=True,
    ),
    _operation("ListFeedback", list_feedback),
    _operation("SearchFeedback", search_feedback, "FeedbackId", about=COLLECTION),
    _operation("DecideFeedback", decide_feedback, "FeedbackId", "Decision", "ReceiptIds"),
)
