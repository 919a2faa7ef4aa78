"""StartFaceLivenessSession: one check, from its challenge to its verdict, by events that come and go."""

from __future__ import annotations

import hashlib
import random
import re
import time
from dataclasses import dataclass
from typing import Any, Final

from regard.context import Context
from regard.errors import InternalServerError, ValidationException
from regard.evaluation.liveness.recapture_rates import measured_recapture
from regard.liveness.cards import CardInForce, card_in_force
from regard.liveness.records import LivenessImage, LivenessSession
from regard.liveness.streams import (
    RECORDING_SECONDS,
    STALL_SECONDS,
    STREAM_SECONDS,
    VERDICT_SECONDS,
    VIDEO_BYTES,
    WAIT_SECONDS,
    ClientStream,
)
from regard.operations.liveness.challenges import VERSIONS, choose_challenge, session_information
from regard.operations.liveness.client_events import ClientAccount, video_chunk
from regard.operations.liveness.outputs import put_images
from regard.video.reading.limits import VideoError
from regard.video.recording import Recording
from regard.vision.liveness.challenge import Challenge, ChallengeKind, draw_challenge
from regard.vision.liveness.identity import SamePersonRule
from regard.vision.liveness.images import EncodedFace
from regard.vision.liveness.recapture import NetworkUnfit
from regard.vision.liveness.verdict import LivenessVerdict, NoFaceInVideo, judge

_LATE: Final = "The check took too long. Make another session and try again."
_SAME_PERSON: Final = 80.0  # percent of similarity: two pictures of one camera, seconds apart
_SDK: Final = re.compile(
    r"[A-Za-z0-9_.\-]{0,40}liveness[A-Za-z0-9_.\-]{0,10}(?:/[0-9A-Za-z.\-]{1,12})?", re.ASCII
)


def start_face_liveness_session(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Puts a challenge to whoever is before a camera, takes their video and judges whether they are there.

    The client is never told what the check has come to: whoever made the session reads that with
    GetFaceLivenessSessionResults. Raises SessionNotFoundException for a session that can't be begun, and
    ValidationException for what the client sends wrong.
    """
    sessions = ctx.stores.liveness
    session = sessions.get(request["SessionId"], ctx.caller.key_id)
    kind = choose_challenge(session.settings.get("ChallengePreferences"), request["ChallengeVersions"])
    session = sessions.begin(session.session_id, ctx.caller.key_id, STREAM_SECONDS)
    told: dict[str, Any] = {"Challenge": {"Type": kind.value, "Version": VERSIONS[kind]}}
    sdk = _SDK.search(request["UserAgent"])
    if sdk is not None:
        told["Metadata"] = {"SDKType": sdk.group()}
    try:
        _check(ctx, session, kind, request, told)
    except BaseException:
        sessions.fail(session.session_id, told)
        raise
    return {}


def _check(
    ctx: Context, session: LivenessSession, kind: ChallengeKind, request: dict[str, Any], told: dict[str, Any]
) -> None:
    stream: ClientStream = request["Stream"]
    challenge = draw_challenge(kind, request["VideoWidth"], request["VideoHeight"], random.SystemRandom())
    stream.send("ChallengeEvent", {"Type": kind.value, "Version": VERSIONS[kind]})
    stream.send("ServerSessionInformationEvent", session_information(challenge))
    chosen = card_in_force(ctx.settings)
    with Recording(ctx.models.faces.runner) as recording:
        taken = _take(stream, challenge, recording)
        stream.finish()
        verdict = _judged(ctx, session, taken, recording, challenge, chosen)
    _note(ctx, challenge, taken, verdict, chosen)
    if time.monotonic() - taken.ended > VERDICT_SECONDS:
        raise InternalServerError(_LATE)
    result = {
        **told,
        "Confidence": round(verdict.confidence, 4),
        "Feedback": [{"Code": one.code.value, "Message": one.message} for one in verdict.feedback],
    }
    pictures = [_image(one) for one in (verdict.reference, *verdict.audit)]
    kept = put_images(ctx, session, pictures)
    if not ctx.stores.liveness.succeed(session.session_id, result, kept):
        raise InternalServerError(_LATE)


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a stream brought. `digest` is the video's SHA-256, hex, `ended` when it ended (monotonic)."""

    account: ClientAccount
    digest: str
    size: int
    ended: float


def _take(stream: ClientStream, challenge: Challenge, recording: Recording) -> _Taken:
    """Takes events until the video's end."""
    account, digest = ClientAccount(challenge), hashlib.sha256()
    size, began = 0, None
    while True:
        event = stream.receive(WAIT_SECONDS if began is None else STALL_SECONDS)
        if began is not None and time.monotonic() - began > RECORDING_SECONDS:
            raise ValidationException(f"A recording may last {RECORDING_SECONDS:.0f} seconds.")
        if event is None:
            raise ValidationException("The stream ended before the video did.")
        if event.kind == "ClientSessionInformationEvent":
            account.take(event)
            continue
        if event.kind != "VideoEvent":
            raise ValidationException("The stream takes VideoEvent and ClientSessionInformationEvent.")
        chunk = video_chunk(event)
        if not chunk:
            return _Taken(account, digest.hexdigest(), size, time.monotonic())
        began = time.monotonic() if began is None else began
        size += len(chunk)
        if size > VIDEO_BYTES:
            raise ValidationException(f"The video may have {VIDEO_BYTES} bytes.")
        digest.update(chunk)
        try:
            recording.append(chunk)
        except VideoError as error:
            raise ValidationException(str(error)) from error


def _judged(
    ctx: Context,
    session: LivenessSession,
    taken: _Taken,
    recording: Recording,
    challenge: Challenge,
    chosen: CardInForce,
) -> LivenessVerdict:
    """Raises ValidationException where there is no video, or nobody in it."""
    model, runner = ctx.face_models.default, ctx.models.faces.runner
    try:
        seen = recording.finish(VERDICT_SECONDS)
        return judge(
            seen,
            challenge,
            taken.account.report,
            ctx.models.faces,
            SamePersonRule(model.embedder, model.curve.distance_at(_SAME_PERSON)),
            chosen.card,
            audit_limit=session.settings["AuditImagesLimit"],
            recapture=measured_recapture(seen, chosen.adapter, runner),
        )
    except VideoError as error:
        raise ValidationException("The video can't be decoded.") from error
    except TimeoutError as error:
        raise InternalServerError(_LATE) from error
    except NetworkUnfit as error:
        raise InternalServerError(f"REGARD_LIVENESS_RECAPTURE describes another network. {error}") from error
    except NoFaceInVideo as error:
        raise ValidationException("The video shows no face.") from error


def _note(
    ctx: Context, challenge: Challenge, taken: _Taken, verdict: LivenessVerdict, chosen: CardInForce
) -> None:
    """What the audit record keeps: numbers, digests and what they rest on, no picture."""
    images = [one for one in (verdict.reference, *verdict.audit) if one is not None]
    ctx.note(
        liveness={
            "challenge": challenge.kind.value,
            "confidence": round(verdict.confidence, 4),
            "evidence": dict(verdict.evidence()),
            "basis": chosen.basis,
            "video_sha256": taken.digest,
            "video_bytes": taken.size,
            "images_sha256": [hashlib.sha256(one.jpeg).hexdigest() for one in images],
        }
    )


def _image(one: EncodedFace | None) -> LivenessImage:
    if one is None:
        return LivenessImage(b"")
    return LivenessImage(one.jpeg, (one.box.left, one.box.top, one.box.width, one.box.height))
