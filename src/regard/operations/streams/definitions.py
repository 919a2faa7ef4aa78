"""What a CreateStreamProcessor request makes, and what an UpdateStreamProcessor request changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from regard.context import Context
from regard.errors import InvalidParameterException
from regard.governance.camera_notices import Covers
from regard.notifications.channel import check_channel
from regard.operations.inputs.live_sources import check_output
from regard.operations.inputs.regions import corners_of
from regard.operations.inputs.stream_tags import place_of, rate_of
from regard.storage.buckets.objects import NotWritten
from regard.streams.records import NewStream, StreamChange, StreamKind
from regard.video.live.address import SourceAddress

DEFAULT_CONFIDENCE: Final = 50.0
"""Percent, of a label processor that names no MinConfidence."""
COVERED: Final[Mapping[StreamKind, Covers]] = {
    StreamKind.FACE_SEARCH: Covers.FACE_SEARCH,
    StreamKind.LABELS: Covers.LABELS,
}
"""What a notice beside a camera tells people about."""
_LABELS: Final = ("PERSON", "PET", "PACKAGE", "ALL")
_OF_LABELS: Final = ("KmsKeyId", "RegionsOfInterest")


def read_definition(ctx: Context, request: Mapping[str, Any], address: SourceAddress) -> NewStream:
    """The processor that a request makes, of the source at `address`.

    Raises InvalidParameterException for what doesn't go together, or for an output or a channel that can't be
    used.
    """
    tags = request.get("Tags") or {}
    channel = request.get("NotificationChannel", {}).get("SNSTopicArn")
    if channel is not None:
        check_channel(channel, ctx.settings, ctx.caller.key_id)
    kind, members = _of_kind(ctx, request)
    return NewStream(
        name=request["Name"],
        kind=kind,
        source=source_text(request),
        source_shown=address.shown,
        role_arn=request["RoleArn"],
        caller=ctx.caller,
        place=place_of(tags),
        rate=rate_of(tags),
        channel=channel,
        kms_key_id=request.get("KmsKeyId"),
        data_sharing=request.get("DataSharingPreference", {}).get("OptIn"),
        tags=tags,
        **members,
    )


def source_text(request: Mapping[str, Any]) -> str:
    """The source as the request gives it. Raises InvalidParameterException where it gives none."""
    source = request["Input"].get("KinesisVideoStream", {}).get("Arn")
    if source is None:
        raise _invalid("Input names no KinesisVideoStream")
    return str(source)


def read_change(request: Mapping[str, Any]) -> StreamChange:
    """What a request changes. Raises InvalidParameterException."""
    wanted = request.get("SettingsForUpdate", {}).get("ConnectedHomeForUpdate", {})
    deleted = request.get("ParametersToDelete") or []
    regions = request.get("RegionsOfInterestForUpdate")
    if "RegionsOfInterest" in deleted:
        _refuse(regions is not None, "RegionsOfInterest can't be changed and deleted")
        regions = []
    forgets = "ConnectedHomeMinConfidence" in deleted
    _refuse(forgets and "MinConfidence" in wanted, "MinConfidence can't be changed and deleted")
    labels = wanted.get("Labels")
    return StreamChange(
        labels=None if labels is None else _labels(labels),
        min_confidence=wanted.get("MinConfidence"),
        regions=None if regions is None else _regions(regions),
        data_sharing=request.get("DataSharingPreferenceForUpdate", {}).get("OptIn"),
        forgets_confidence=forgets,
    )


def _of_kind(ctx: Context, request: Mapping[str, Any]) -> tuple[StreamKind, dict[str, Any]]:
    face_search = request["Settings"].get("FaceSearch")
    labels = request["Settings"].get("ConnectedHome")
    if (face_search is None) == (labels is None):
        raise _invalid("Settings has either FaceSearch or ConnectedHome")
    if labels is None:
        return StreamKind.FACE_SEARCH, _face_search(ctx, request, face_search or {})
    return StreamKind.LABELS, _label_search(ctx, request, labels)


def _face_search(ctx: Context, request: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    output = request["Output"].get("KinesisDataStream", {}).get("Arn")
    _refuse("CollectionId" not in wanted, "FaceSearch names no CollectionId")
    _refuse("S3Destination" in request["Output"], "FaceSearch has no S3Destination")
    _refuse(output is None, "FaceSearch needs a KinesisDataStream for its Output")
    for member in _OF_LABELS:
        _refuse(bool(request.get(member)), f"FaceSearch has no {member}")
    check_output(ctx, output)
    return {"collection_id": wanted["CollectionId"], "threshold": ctx.threshold, "output": output}


def _label_search(ctx: Context, request: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    destination = request["Output"].get("S3Destination", {})
    _refuse("KinesisDataStream" in request["Output"], "ConnectedHome has no KinesisDataStream")
    _refuse("Bucket" not in destination, "ConnectedHome needs an S3Destination with a Bucket")
    bucket, prefix = destination["Bucket"], destination.get("KeyPrefix")
    example = "/".join(filter(None, ((prefix or "").rstrip("/"), request["Name"], "results.json")))
    try:
        ctx.stores.objects.check_output(bucket, example, kms_key=request.get("KmsKeyId"))
    except NotWritten as error:
        raise _invalid(str(error)) from error
    return {
        "labels": _labels(wanted["Labels"]),
        "min_confidence": wanted.get("MinConfidence"),
        "regions": _regions(request.get("RegionsOfInterest") or []),
        "bucket": bucket,
        "key_prefix": prefix,
    }


def _labels(names: Sequence[str]) -> tuple[str, ...]:
    unknown = [name for name in names if name not in _LABELS]
    if unknown:
        raise _invalid(f"the label {unknown[0][:64]!r} is none of {', '.join(_LABELS)}")
    return tuple(dict.fromkeys(names))


def _regions(regions: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    for region in regions:
        corners_of(region)
    return tuple(regions)


def _refuse(is_wrong: bool, what: str) -> None:
    if is_wrong:
        raise _invalid(what)


def _invalid(what: str) -> InvalidParameterException:
    return InvalidParameterException(f"Request has invalid parameters: {what}")
