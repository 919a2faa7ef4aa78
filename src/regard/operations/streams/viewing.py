"""GetStreamStill, WatchStream: what a running stream processor sees now. Each viewing is in the audit log."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from regard.context import Context
from regard.errors import ResourceNotFoundException
from regard.governance.permissions import Permission
from regard.operations.operation import Area, Operation
from regard.operations.shapes.times import moment
from regard.operations.subjects import STREAM
from regard.storage.clock import milliseconds
from regard.storage.encryption import Cipher
from regard.streams.live_view import LiveViewClient
from regard.streams.view_tickets import MINUTES, ViewTicket, ViewTickets

LIVE_PATH: Final = "/regard/v1/live"


def get_stream_still(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """What a processor last saw, with what it found there. Raises ResourceNotFoundException where it isn't
    run on this machine.
    """
    still = LiveViewClient(ctx.settings.data).still(ctx.stream)
    if still is None:
        raise ResourceNotFoundException(f"No worker of this machine runs {ctx.stream.name} now.")
    ctx.note(session=ctx.stream.session, camera=ctx.stream.camera_id)
    return {"Picture": still.picture, "Arrived": moment(round(still.arrived * 1000))}


def watch_stream(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """Where what a processor sees can be watched for some minutes. Raises ResourceNotFoundException where it
    isn't run.
    """
    stream = ctx.stream
    if stream.session is None or stream.holder is None:
        raise ResourceNotFoundException(f"No worker runs {stream.name} now.")
    until = milliseconds() + MINUTES * 60_000
    tickets = ViewTickets(Cipher(ctx.settings.keys))
    ctx.note(session=stream.session, camera=stream.camera_id)
    ticket = tickets.issue(ViewTicket(stream.name, stream.session, until))
    return {"Path": f"{LIVE_PATH}/{ticket}", "Expires": moment(until)}


_viewing = partial(Operation, area=Area.STREAMS, permission=Permission.RUN_STREAMS, about=STREAM, is_own=True)

OPERATIONS = (
    _viewing(name="GetStreamStill", run=get_stream_still),
    _viewing(name="WatchStream", run=watch_stream),
)
