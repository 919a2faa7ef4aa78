"""GetStream, ListStreams, ListStreamEvents, GetStreamEventPicture: how streams stand, and what they saw."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from regard.context import Context
from regard.errors import AccessDeniedException, ResourceNotFoundException
from regard.governance.permissions import Permission
from regard.governance.purpose import strict_of
from regard.operations.inputs.pagination import make_token, named_page_of, read_token
from regard.operations.operation import Area, Operation
from regard.operations.shapes.stream_events import described_event
from regard.operations.shapes.streams import detailed_stream
from regard.operations.streams.expectation import Expectations
from regard.operations.streams.reviewed_events import ReviewedEvents
from regard.operations.subjects import STREAM
from regard.operations.withholding import MatchPath
from regard.storage.clock import milliseconds
from regard.streams.events import EventPicture, StreamEvent
from regard.streams.store import processor_not_found

_PAGE: Final = 1000
_EVENTS: Final = 100


def get_stream(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """A stream processor: its camera, how its source stands, what it was started with, and how many false
    alerts are to be expected of it.
    """
    expected = Expectations(ctx).of(ctx.stream)
    return {"Stream": detailed_stream(ctx.stream, milliseconds(), expected)}


def list_streams(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The stream processors by name, a page at a time."""
    now, expectations = milliseconds(), Expectations(ctx)
    named = [(stream.name, stream) for stream in ctx.stores.streams.list()]
    page, token = named_page_of("streams", named, request, _PAGE)
    return {"Streams": [detailed_stream(stream, now, expectations.of(stream)) for stream in page], **token}


def list_stream_events(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """What a stream processor saw, the newest first; under a strict purpose those alone are named who were
    judged leads, on the case of whoever asks.

    Raises ResourceNotFoundException where there is no such processor, and nothing left of one.
    """
    name, kind = request["Name"], request.get("Kind")
    listing, limit = f"streamevents/{name}/{kind or ''}", request.get("MaxResults", _EVENTS)
    before = read_token(listing, request.get("NextToken")) or None
    found = ctx.stores.stream_events.page(name=name, kind=kind, before=before, limit=limit + 1)
    if not found and ctx.subject.stream is None:
        raise processor_not_found(name)
    reviewed = ReviewedEvents(ctx, found[:limit])
    page = [
        described_event(
            event,
            is_named=not _is_strict(ctx, event),
            review=reviewed.review(event),
            leads=reviewed.leads(event),
        )
        for event in found[:limit]
    ]
    ctx.note(reviews=reviewed.told or None)
    token = {"NextToken": make_token(listing, found[limit - 1].row)} if len(found) > limit else {}
    expected = None if ctx.subject.stream is None else Expectations(ctx).of(ctx.subject.stream)
    beside = {} if expected is None else {"FalseAlerts": expected}
    return {"Events": page, **beside, **token}


def get_stream_event_picture(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """A picture of an event, a JPEG. Raises ResourceNotFoundException for one that there isn't, and
    AccessDeniedException under a strict purpose.
    """
    event = ctx.stores.stream_events.find(request["EventId"])
    if event is None or event.name != request["Name"]:
        raise ResourceNotFoundException(f"There is no event {request['EventId']} of {request['Name']}.")
    if _is_strict(ctx, event):
        raise AccessDeniedException(
            "Under a strict purpose whoever judges the person sees the picture, on the sheet of its review."
        )
    picture = ctx.stores.stream_events.picture(event, EventPicture(request["Picture"]))
    if picture is None:
        raise ResourceNotFoundException(f"There is no {request['Picture']} of the event {event.event_id}.")
    return {"Picture": picture}


def _is_strict(ctx: Context, event: StreamEvent) -> bool:
    return ctx.strict is not None or strict_of(event.purpose) is not None


_reading = partial(Operation, area=Area.STREAMS, permission=Permission.READ, is_own=True)

OPERATIONS = (
    _reading(name="GetStream", run=get_stream, about=STREAM),
    _reading(name="ListStreams", run=list_streams),
    _reading(
        name="ListStreamEvents",
        run=list_stream_events,
        about=STREAM,
        shows=MatchPath(("Events", "MatchedFaces"), ("Similarity",)),
        notes=("Kind",),
    ),
    _reading(
        name="GetStreamEventPicture",
        run=get_stream_event_picture,
        about=STREAM,
        notes=("EventId",),
    ),
)
