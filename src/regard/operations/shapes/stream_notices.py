"""What stream processors tell of, in the envelope of Rekognition's own notices.

LABEL_DETECTED and STREAM_PROCESSING_COMPLETE are Rekognition's; FACE_MATCHED, SOURCE_LOST and SOURCE_BACK are
Regard's. No notice holds a picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from regard.operations.shapes.stream_records import VideoMoment
from regard.vision.geometry import Box


@dataclass(frozen=True, slots=True)
class NoticeEnvelope:
    """What all notices of one session say. `stream_arn` is the source as anybody may be told; `request` is
    the StartStreamProcessor request.
    """

    stream_arn: str
    session: str
    request: Mapping[str, Any]
    tags: Mapping[str, str] = field(default_factory=dict)

    def notice(
        self,
        kind: str,
        event_id: str,
        facts: Mapping[str, Any],
        *,
        processed_ms: int | None = None,
    ) -> dict[str, Any]:
        """A notice of a kind, with the members `facts` that it has beside the envelope.

        `processed_ms` is how much video was processed, in ms, where the session is over.
        """
        processed = {} if processed_ms is None else {"processedVideoDurationMillis": processed_ms}
        return {
            "inputInformation": {"kinesisVideo": {"streamArn": self.stream_arn, **processed}},
            "eventNamespace": {"type": kind},
            **facts,
            "eventId": event_id,
            "tags": dict(self.tags),
            "sessionId": self.session,
            "startStreamProcessorRequest": start_request(self.request),
        }


def start_request(request: Mapping[str, Any]) -> dict[str, Any]:
    """A request as notices have it: its members begin with a small letter."""
    return {
        name[:1].lower() + name[1:]: start_request(value) if isinstance(value, Mapping) else value
        for name, value in request.items()
    }


def label_fact(
    name: str, label_id: str, box: Box, moment: VideoMoment, frame_uri: str | None, crop_uri: str | None
) -> dict[str, Any]:
    """One of a notice's labels; `box` in fractions of the picture's sides."""
    return {
        "id": label_id,
        "name": name,
        "frameImageUri": frame_uri,
        "croppedImageUri": crop_uri,
        "videoMapping": moment.video_mapping(),
        "boundingBox": notice_box(box),
    }


def face_fact(
    event_id: str,
    match: Mapping[str, Any],
    user_id: str | None,
    box: Box,
    moment: VideoMoment,
    event_uri: str,
) -> dict[str, Any]:
    """One of a notice's faces: whom it resembles most, and where it was seen; `match` is as in a record."""
    face = match["Face"]
    return {
        "id": event_id,
        "faceId": face["FaceId"],
        "externalImageId": face.get("ExternalImageId"),
        "userId": user_id,
        "similarity": match["Similarity"],
        "boundingBox": notice_box(box),
        "videoMapping": moment.video_mapping(),
        "eventUri": event_uri,
    }


def results_message(labels: Sequence[str]) -> dict[str, Any]:
    """What a session of labels has come to."""
    found = ", ".join(labels)
    said = f"Labels detected: {found}." if labels else "No labels were detected."
    return {"streamProcessingResults": {"message": said}}


def notice_box(box: Box) -> dict[str, float]:
    """A box in fractions, as notices have it."""
    return {"left": box.left, "top": box.top, "height": box.height, "width": box.width}
