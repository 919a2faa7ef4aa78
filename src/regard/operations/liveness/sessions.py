"""CreateFaceLivenessSession, GetFaceLivenessSessionResults, and the credentials of a session's browser."""

from __future__ import annotations

from typing import Any, Final

from regard.context import Context
from regard.errors import InvalidParameterException, SessionNotFoundException
from regard.liveness.records import LivenessImage, LivenessSession, LivenessStatus
from regard.operations.liveness.outputs import object_name
from regard.operations.shapes.boxes import bounding_box
from regard.operations.shapes.times import moment
from regard.resources.request_tokens import IdempotentRequest
from regard.storage.buckets.objects import NotWritten
from regard.vision.geometry import Box

_AUDIT_IMAGES: Final = 4
_OUTLAST: Final = 7 * 60_000  # ms: so that more than five minutes are left while a check runs


def create_face_liveness_session(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Makes a session for one check of whether a person is there, which may begin within three minutes."""
    settings = dict(request.get("Settings", {}))
    settings["AuditImagesLimit"] = min(max(settings.get("AuditImagesLimit", 0), 0), _AUDIT_IMAGES)
    if "KmsKeyId" in request:
        settings["KmsKeyId"] = request["KmsKeyId"]
    _check_output(ctx, settings)
    token = IdempotentRequest.read(ctx.caller.key_id, ctx.operation, request)
    session_id = ctx.stores.liveness.create(settings, token)
    ctx.note(session=session_id)
    return {"SessionId": session_id}


def get_face_liveness_session_results(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """What a check has come to. Its images are erased three minutes after the session was made, or a minute
    after the check where that is later.
    """
    sessions = ctx.stores.liveness
    session = sessions.get(request["SessionId"], ctx.caller.key_id)
    answer: dict[str, Any] = {"SessionId": session.session_id, "Status": session.status.value}
    if session.result is None:
        return answer
    answer |= session.result
    if session.status is LivenessStatus.SUCCEEDED:
        answer |= _images(session, sessions.images(session))
    return answer


def create_face_liveness_credentials(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Credentials with which the browser of whoever is checked opens the stream of one session, and nothing
    else; the same key each time. They outlast the session, which bounds what they are good for: AWS's SDKs
    ask anew at each signature for such as end within five minutes. Raises SessionNotFoundException for a
    session that is over.
    """
    session = ctx.stores.liveness.get(request["SessionId"], ctx.caller.key_id)
    if session.status not in (LivenessStatus.CREATED, LivenessStatus.IN_PROGRESS):
        raise SessionNotFoundException(
            f"The session {session.session_id} can't be begun any more; make another one."
        )
    until = session.expires + _OUTLAST
    issued = ctx.stores.liveness_credentials.issue(session.session_id, ctx.caller.key_id, until)
    return {
        "AccessKeyId": issued.access_key_id,
        "SecretAccessKey": issued.secret,
        "SessionToken": issued.token,
        "Expiration": moment(issued.expires),
    }


def _images(session: LivenessSession, images: list[LivenessImage]) -> dict[str, Any]:
    shapes = [_image(session, position, image) for position, image in enumerate(images)]
    answer: dict[str, Any] = {"AuditImages": shapes[1:]}
    if shapes and shapes[0]:
        answer["ReferenceImage"] = shapes[0]
    return answer


def _image(session: LivenessSession, position: int, image: LivenessImage) -> dict[str, Any]:
    output = session.settings.get("OutputConfig")
    shape: dict[str, Any] = {}
    if output is not None and image.is_written:
        name = object_name(output, session.session_id, position)
        shape["S3Object"] = {"Bucket": output["S3Bucket"], "Name": name}
    elif image.content:
        shape["Bytes"] = image.content
    if image.box is not None:
        shape["BoundingBox"] = bounding_box(Box(*image.box))
    return shape


def _check_output(ctx: Context, settings: dict[str, Any]) -> None:
    """Raises InvalidParameterException where the images couldn't be written."""
    output = settings.get("OutputConfig")
    if output is None:
        return
    name = object_name(output, "00000000-0000-0000-0000-000000000000", 0)
    try:
        ctx.stores.objects.check_output(output["S3Bucket"], name, kms_key=settings.get("KmsKeyId"))
    except NotWritten as error:
        raise InvalidParameterException(f"Request has invalid parameters: {error}") from error
