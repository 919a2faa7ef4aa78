"""Stream processors as Rekognition describes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from regard.operations.shapes.times import moment
from regard.operations.subjects import stream_arn
from regard.settings import Settings
from regard.streams.records import StreamKind, StreamProcessor

WAITING: Final = (
    "No stream worker has taken it yet: `regard serve` or `regard streams` runs one, and it may be full."
)
"""The StatusMessage of a processor that is started, and that nobody runs."""
_SOURCE: Final = {
    "Codec": "codec",
    "Width": "width",
    "Height": "height",
    "FramesPerSecond": "frames",
    "SamplesPerSecond": "rate",
    "Why": "why",
}
_SOURCE_TIMES: Final = {"LastPicture": "last_picture", "NextTry": "next_try"}


def described_stream(stream: StreamProcessor, settings: Settings, now: int) -> dict[str, Any]:
    """A processor as it was made, and how it stands at a moment, in milliseconds since the epoch.

    Of its source the user and the password are left out.
    """
    described: dict[str, Any] = {
        "Name": stream.name,
        "StreamProcessorArn": stream_arn(settings, stream.name),
        "Status": stream.status.value,
        "CreationTimestamp": moment(stream.created),
        "LastUpdateTimestamp": moment(stream.updated),
        "Input": {"KinesisVideoStream": {"Arn": stream.source_shown}},
        "Output": _output(stream),
        "RoleArn": stream.role_arn,
        "Settings": _settings(stream),
    }
    message = status_message(stream, now)
    if message is not None:
        described["StatusMessage"] = message
    if stream.channel is not None:
        described["NotificationChannel"] = {"SNSTopicArn": stream.channel}
    if stream.kms_key_id is not None:
        described["KmsKeyId"] = stream.kms_key_id
    if stream.regions:
        described["RegionsOfInterest"] = list(stream.regions)
    if stream.data_sharing is not None:
        described["DataSharingPreference"] = {"OptIn": stream.data_sharing}
    return described


def status_message(stream: StreamProcessor, now: int) -> str | None:
    """What its worker tells of it, or that none has it."""
    return WAITING if stream.waits_for_worker(now) else stream.message


def detailed_stream(
    stream: StreamProcessor, now: int, false_alerts: Mapping[str, Any] | None
) -> dict[str, Any]:
    """A processor with its camera, its newest session, and what false alerts are to be expected, None for
    none, in the shapes of Regard's own API.
    """
    told: dict[str, Any] = {
        "Name": stream.name,
        "Kind": stream.kind.value,
        "Status": stream.status.value,
        "StatusMessage": status_message(stream, now),
        "Source": stream.source_shown,
        "SourceState": _source_state(stream.state),
        "CameraId": stream.camera_id,
        "Place": stream.place,
        "CollectionId": stream.collection_id,
        "FaceMatchThreshold": stream.threshold,
        "Labels": list(stream.labels) or None,
        "Rate": stream.rate,
        "Created": moment(stream.created),
        "Updated": moment(stream.updated),
        "SessionId": stream.session,
        "Started": _moment(stream.started),
        "Purpose": None if stream.session is None else stream.purpose,
        "MatchThreshold": stream.match_threshold,
        "CaseId": stream.case_id,
        "AuthorizationId": stream.authorization_id,
        "AuthorizedUntil": _moment(stream.authorized_until),
        "FalseAlerts": false_alerts,
    }
    return {name: value for name, value in told.items() if value is not None}


def _source_state(state: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a worker last told of a source; its times are in seconds since the epoch."""
    if "word" not in state:
        return None
    told: dict[str, Any] = {"State": state["word"]}
    told |= {name: state.get(kept) for name, kept in _SOURCE.items()}
    told |= {
        name: None if state.get(kept) is None else moment(round(1000 * state[kept]))
        for name, kept in _SOURCE_TIMES.items()
    }
    return {name: value for name, value in told.items() if value is not None}


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else moment(milliseconds)


def _output(stream: StreamProcessor) -> dict[str, Any]:
    if stream.kind is StreamKind.FACE_SEARCH:
        return {"KinesisDataStream": {"Arn": stream.output}}
    destination = {"Bucket": stream.bucket}
    return {
        "S3Destination": destination
        if stream.key_prefix is None
        else {**destination, "KeyPrefix": stream.key_prefix}
    }


def _settings(stream: StreamProcessor) -> dict[str, Any]:
    if stream.kind is StreamKind.FACE_SEARCH:
        searched = {"CollectionId": stream.collection_id, "FaceMatchThreshold": stream.threshold}
        return {"FaceSearch": searched}
    labels: dict[str, Any] = {"Labels": list(stream.labels)}
    if stream.min_confidence is not None:
        labels["MinConfidence"] = stream.min_confidence
    return {"ConnectedHome": labels}
