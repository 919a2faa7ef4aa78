"""Face Liveness: whether somebody is before the camera themself."""

from __future__ import annotations

from functools import partial

from regard.governance.permissions import Permission
from regard.operations.liveness.checking import start_face_liveness_session
from regard.operations.liveness.sessions import (
    create_face_liveness_credentials,
    create_face_liveness_session,
    get_face_liveness_session_results,
)
from regard.operations.operation import Area, Bill, Operation
from regard.operations.subjects import LIVENESS, NOTHING

_checking = partial(Operation, area=Area.LIVENESS, permission=Permission.ANALYZE, about=LIVENESS)

OPERATIONS = (
    _checking(name="CreateFaceLivenessSession", run=create_face_liveness_session, about=NOTHING),
    _checking(name="GetFaceLivenessSessionResults", run=get_face_liveness_session_results),
    _checking(
        name="CreateFaceLivenessCredentials",
        run=create_face_liveness_credentials,
        rights={"SessionId": "start_face_liveness_session"},
        is_own=True,
    ),
    _checking(
        name="StartFaceLivenessSession",
        run=start_face_liveness_session,
        bills=Bill.LIVENESS,
        is_streamed=True,
        is_long=True,
    ),
)
