"""CreateStreamProcessor, DescribeStreamProcessor, ListStreamProcessors, UpdateStreamProcessor,
DeleteStreamProcessor.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from regard.context import Context
from regard.errors import InvalidParameterException, ResourceInUseException
from regard.governance.camera_notices import camera_of
from regard.governance.permissions import Permission
from regard.governance.purpose import NEW_STREAM_MATCH
from regard.governance.responsibility import Act
from regard.operations.collections.tags import check_new_tags
from regard.operations.inputs.live_sources import check_source
from regard.operations.inputs.pagination import named_page_of
from regard.operations.inputs.stream_tags import check_stream_tags
from regard.operations.operation import Area, Operation
from regard.operations.shapes.streams import described_stream
from regard.operations.streams.definitions import COVERED, read_change, read_definition, source_text
from regard.operations.subjects import NEW_STREAM, STREAM, stream_arn
from regard.storage.clock import milliseconds
from regard.streams.leases import LEASE_SECONDS
from regard.streams.records import StreamKind, StreamStatus

_MAX_RESULTS: Final = 1000
_LISTING: Final = "streamprocessors"
_POLL_SECONDS: Final = 0.1


def create_stream_processor(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Makes a stream processor, which is stopped, and announces its camera: what it searches there.

    Under a strict purpose somebody posts a notice, and face search isn't announced in Regard's own words.
    """
    tags = request.get("Tags") or {}
    check_new_tags(tags)
    check_stream_tags(tags)
    address = check_source(ctx.settings, source_text(request))
    new = read_definition(ctx, request, address)
    covers = [COVERED[new.kind]] if ctx.strict is None else []

    def camera(connection: Connection) -> str:
        return camera_of(connection, address.bare_url, new.name, new.place, covers)

    made = ctx.stores.streams.create(new, camera)
    ctx.note(source=made.source_shown, camera=made.camera_id)
    return {"StreamProcessorArn": stream_arn(ctx.settings, made.name)}


def describe_stream_processor(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """A stream processor as it was made, and how it stands."""
    return described_stream(ctx.stream, ctx.settings, milliseconds())


def list_stream_processors(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The stream processors by their names, a page at a time."""
    named = [(stream.name, stream) for stream in ctx.stores.streams.list()]
    page, token = named_page_of(_LISTING, named, request, _MAX_RESULTS)
    return {"StreamProcessors": [{"Name": one.name, "Status": one.status.value} for one in page], **token}


def update_stream_processor(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Changes a label processor that is not at work."""
    if ctx.stream.kind is not StreamKind.LABELS:
        raise InvalidParameterException(
            "Request has invalid parameters: only a stream processor of ConnectedHome can be updated"
        )
    ctx.stores.streams.update(ctx.stream, read_change(request))
    return {}


def delete_stream_processor(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """Deletes a stream processor; one that is being stopped is waited for. Its events stay until they expire.

    Raises ResourceInUseException while it is at work.
    """
    patience = time.monotonic() + LEASE_SECONDS + 1
    while not ctx.stores.streams.delete(ctx.stream):
        if time.monotonic() > patience:
            raise ResourceInUseException(
                f"{ctx.stream.name} is {StreamStatus.STOPPING}. Try your call again."
            )
        time.sleep(_POLL_SECONDS)
    return {}


_managing = partial(Operation, area=Area.STREAMS, permission=Permission.RUN_STREAMS, about=STREAM)
_reading = partial(Operation, area=Area.STREAMS, permission=Permission.READ)

OPERATIONS = (
    Operation(
        name="CreateStreamProcessor",
        run=create_stream_processor,
        area=Area.STREAMS,
        permission=Permission.RUN_STREAMS,
        about=NEW_STREAM,
        matches=NEW_STREAM_MATCH,
        does=Act.SET_UP,
        rights={"Tags": "tag_resource"},
    ),
    _reading(name="DescribeStreamProcessor", run=describe_stream_processor, about=STREAM),
    _reading(name="ListStreamProcessors", run=list_stream_processors),
    _managing(name="UpdateStreamProcessor", run=update_stream_processor),
    _managing(name="DeleteStreamProcessor", run=delete_stream_processor),
)
