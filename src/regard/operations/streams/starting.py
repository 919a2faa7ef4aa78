"""StartStreamProcessor, StopStreamProcessor."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from regard.context import Context
from regard.errors import InvalidParameterException
from regard.governance.permissions import Permission
from regard.governance.purpose import STREAM_MATCH
from regard.operations.operation import Area, Bill, Operation
from regard.operations.streams.definitions import COVERED
from regard.operations.streams.expectation import Expectations
from regard.operations.subjects import SEARCHING_STREAM, STREAM
from regard.streams.records import StreamKind, StreamProcessor, StreamStart
from regard.video.live.address import SourceAddress, SourceKind

_SECONDS: Final = 10
"""For how long a label processor is at work that is told nothing else."""


def start_stream_processor(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Has a worker run a stream processor: it is STARTING until one has it.

    Raises ResourceInUseException unless it has stopped or failed, InvalidParameterException for selectors
    that it doesn't take, ResourceNotFoundException where its collection is gone, and AccessDeniedException
    where a strict purpose wants a notice beside the camera.
    """
    stream = ctx.stream
    if stream.kind is StreamKind.FACE_SEARCH:
        _check_face_search(ctx, request)
        selector, seconds = None, None
    else:
        selector, seconds = _selectors(stream, request)
    if ctx.strict is not None:
        _check_notice(ctx, stream)
    grant = ctx.grant
    started = ctx.stores.streams.start(
        stream,
        StreamStart(
            session=str(uuid.uuid4()),
            caller=ctx.caller,
            request_id=ctx.request_id,
            case_id=ctx.case if ctx.open_case is None else ctx.open_case.case_id,
            authorization_id=None if grant is None else grant.authorization_id,
            authorized_until=None if grant is None else grant.until,
            purpose=ctx.purpose,
            match_threshold=ctx.threshold or None,
            start_selector=selector,
            stop_seconds=seconds,
        ),
    )
    ctx.note(session=started.session, camera=started.camera_id)
    if stream.kind is StreamKind.FACE_SEARCH:
        listed = None if grant is None or grant.faces is None else len(grant.faces)
        ctx.note(false_alerts=Expectations(ctx).noted(started, ctx.threshold, listed))
    return {"SessionId": started.session}


def stop_stream_processor(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """Has a stream processor's worker let it go; without a worker it has stopped."""
    stopped = ctx.stores.streams.stop(ctx.stream)
    ctx.note(session=stopped.session, camera=stopped.camera_id)
    return {}


def _check_face_search(ctx: Context, request: Mapping[str, Any]) -> None:
    for member in ("StartSelector", "StopSelector"):
        if request.get(member) is not None:
            raise _invalid(f"a stream processor of FaceSearch takes no {member}")
    _ = ctx.face_model.embedder  # raises where faces of a video can't be compared with the collection's


def _check_notice(ctx: Context, stream: StreamProcessor) -> None:
    """Raises AccessDeniedException where nothing tells people of what the camera does to them."""
    notices, camera_id = ctx.stores.accountability.camera_notices, str(stream.camera_id)
    notices.check(camera_id, [COVERED[stream.kind]], ctx.grant)
    notice = notices.newest(camera_id)
    ctx.note(notice="covert" if notice is None else str(notice.version))


def _selectors(stream: StreamProcessor, request: Mapping[str, Any]) -> tuple[Mapping[str, Any] | None, int]:
    """Where labels are looked for, and for how many seconds. What is live begins now, whatever is asked."""
    start, stop = request.get("StartSelector"), request.get("StopSelector")
    if SourceAddress.parse(stream.source).kind is SourceKind.KINESIS:
        for member, selector in (("StartSelector", start), ("StopSelector", stop)):
            if selector is None:
                raise _invalid(f"a stream processor of ConnectedHome needs a {member}")
    chosen = (start or {}).get("KVSStreamStartSelector", {})
    if start is not None and len(chosen) != 1:
        raise _invalid("KVSStreamStartSelector has either ProducerTimestamp or FragmentNumber")
    return chosen or None, int((stop or {}).get("MaxDurationInSeconds", _SECONDS))


def _invalid(what: str) -> InvalidParameterException:
    return InvalidParameterException(f"Request has invalid parameters: {what}")


OPERATIONS = (
    Operation(
        name="StartStreamProcessor",
        run=start_stream_processor,
        area=Area.STREAMS,
        permission=Permission.RUN_STREAMS,
        about=SEARCHING_STREAM,
        matches=STREAM_MATCH,
        bills=Bill.STREAM_MS,
    ),
    Operation(
        name="StopStreamProcessor",
        run=stop_stream_processor,
        area=Area.STREAMS,
        permission=Permission.RUN_STREAMS,
        about=STREAM,
    ),
)
