"""Events of stream processors as Regard's own API has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from regard.governance.examination.records import Review
from regard.operations.reviewing.sightings import REVIEW
from regard.operations.shapes.times import moment
from regard.streams.events import StreamEvent

_SIDES: Final = ("Left", "Top", "Width", "Height")


def described_event(
    event: StreamEvent,
    *,
    is_named: bool,
    review: Review | None = None,
    leads: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """An event; unless `is_named` without whom a face resembles, and without pictures.

    `review` is that of an alert under a strict purpose, and `leads` are the matches that it has judged leads,
    where the reader may know them, the most alike first.

    Its body has MatchedFaces and BoundingBox as records have them, `labels` as notices have them, or a
    `message`.
    """
    body = event.body
    described: dict[str, Any] = {
        "EventId": event.event_id,
        "Kind": event.kind.value,
        "At": moment(event.at),
        "SessionId": event.session,
        "Purpose": event.purpose,
        "Pictures": sorted(one.value for one in event.pictures) if is_named else [],
        "Expires": moment(event.expires),
    }
    if is_named and "MatchedFaces" in body:
        described["MatchedFaces"] = [
            _match(one, body.get("UserId") if number == 0 else None)
            for number, one in enumerate(body["MatchedFaces"])
        ]
    if "BoundingBox" in body:
        described["BoundingBox"] = {side: _fraction(body["BoundingBox"].get(side, 0)) for side in _SIDES}
    if body.get("labels"):
        described["Labels"] = [{"Name": _name(label)} for label in body["labels"]]
    if body.get("message"):
        described["Message"] = body["message"]
    if REVIEW in body:
        described["ReviewId"] = body[REVIEW]
    if review is not None:
        described["ReviewStatus"] = review.status.value
    if leads:
        described["MatchedFaces"] = [_match(one, None) for one in leads]
    return described


def _match(match: Mapping[str, Any], user_id: str | None) -> dict[str, Any]:
    """A match, and the user whom it belongs to: an alert is about the first one's."""
    face = match["Face"]
    described = {"FaceId": face["FaceId"], "Similarity": match["Similarity"]}
    if face.get("ExternalImageId") is not None:
        described["ExternalImageId"] = face["ExternalImageId"]
    if user_id is not None:
        described["UserId"] = user_id
    return described


def _name(label: Any) -> str:
    return str(label["name"]) if isinstance(label, Mapping) else str(label)


def _fraction(value: float) -> float:
    """A side of a box, which may reach beyond the picture, within it."""
    return min(max(float(value), 0.0), 1.0)
