"""PutCameraNotice, ListNotices: what tells people that a camera sees their faces."""

from __future__ import annotations

from typing import Any

from regard.context import Context
from regard.governance.camera_notices import CameraNotice, Covers, NewNotice
from regard.governance.permissions import Permission
from regard.governance.presence import Presence
from regard.operations.inputs.pagination import page_of
from regard.operations.operation import Area, Operation
from regard.operations.shapes.times import in_milliseconds, moment

_LISTING = "notices"
_MAX_RESULTS = 1000


def put_camera_notice(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Records the notice that hangs beside a camera. Raises InvalidParameterException for another."""
    made = ctx.stores.accountability.camera_notices.put(
        NewNotice(
            camera_id=request["CameraId"],
            language=request["Language"],
            text=request["Text"],
            covers=tuple(map(Covers, request["Covers"])),
            posted=in_milliseconds(request["PostedAt"]),
        ),
        recorded_by=str(ctx.caller.person_id),
    )
    return _shape(made)


def list_notices(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The newest notice of each camera, a page at a time."""
    numbered = ctx.stores.accountability.camera_notices.announced()
    page, token = page_of(_LISTING, numbered, request, _MAX_RESULTS)
    return {"Notices": [_shape(notice) for notice in page], **token}


def _shape(notice: CameraNotice) -> dict[str, Any]:
    """Strangers read it: who recorded it is in the audit log alone."""
    return {
        "CameraId": notice.camera_id,
        "Version": notice.version,
        "Language": notice.language,
        "Text": notice.text,
        "Covers": [str(one) for one in notice.covers],
        "PostedAt": moment(notice.posted),
        "Recorded": moment(notice.recorded),
    }


OPERATIONS = (
    Operation(
        name="PutCameraNotice",
        run=put_camera_notice,
        area=Area.RESPONSIBLE_USE,
        permission=Permission.PROTECT_PRIVACY,
        notes=("CameraId", "Version", "Language", "Covers", "PostedAt"),
        is_own=True,
        presence=Presence.SESSION,
    ),
    Operation(name="ListNotices", run=list_notices, area=Area.RESPONSIBLE_USE, permission=None, is_own=True),
)
