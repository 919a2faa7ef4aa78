"""What is said of an attempt in the end: Confidence, Feedback and the numbers that they rest on.

Movement and identity are gates. Behind them, Confidence is a statement about attacks: 100 less the upper
bound of the worst species' APCER, in percent, at the attempt's score. It isn't the probability that the
person is live.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from regard.vision.faces import FaceAnalyzer
from regard.vision.liveness.card import LivenessCard
from regard.vision.liveness.challenge import Challenge, ChallengeKind
from regard.vision.liveness.client_report import ClientReport
from regard.vision.liveness.eyes import are_eyes_closed
from regard.vision.liveness.identity import IdentityFindings, SamePersonRule, compare_ends
from regard.vision.liveness.images import EncodedFace, audit_images, reference_image
from regard.vision.liveness.light import LightFindings, measure_light
from regard.vision.liveness.movement import MAX_GAP, MovementFindings, observe_movement
from regard.vision.liveness.parameters import parameters_digest
from regard.vision.liveness.recapture import RecaptureFindings
from regard.vision.liveness.scoring import VERSION, light_score
from regard.vision.liveness.seen_frames import SeenVideo

GATE_LIMIT = 20.0
"""The highest Confidence behind a gate that isn't passed."""
NO_LIGHT_LIMIT = 40.0
"""The Confidence behind the gates where light gave no evidence: a video of the person passes them too."""
_DARK = 0.012  # linear light, of 1, under which a face is too dark
_BRIGHT = 0.15  # of the skin overexposed
_SLOW = 12.0  # frames a second, under which a video is of low quality
_OVEREXPOSED = "The face is overexposed: move away from the light."
_TOO_WEAK = (
    "The screen's light on the face couldn't be told from the room's: make the screen brighter, or go where "
    "it is darker."
)


class NoFaceInVideo(ValueError):
    """No frame of the video shows a face."""


class FeedbackCode(StrEnum):
    """Rekognition's codes."""

    FACE_NOT_VISIBLE = "FACE_NOT_VISIBLE"
    FACE_OBSTRUCTION_DETECTED = "FACE_OBSTRUCTION_DETECTED"
    LOW_VIDEO_QUALITY_DETECTED = "LOW_VIDEO_QUALITY_DETECTED"
    FACE_NOT_ALIGNED = "FACE_NOT_ALIGNED"
    EYES_CLOSED_DETECTED = "EYES_CLOSED_DETECTED"
    LOW_LIGHTING_DETECTED = "LOW_LIGHTING_DETECTED"
    HIGH_LIGHTING_DETECTED = "HIGH_LIGHTING_DETECTED"


@dataclass(frozen=True, slots=True)
class AttemptFeedback:
    """What was wrong with an attempt, and in a sentence what to do."""

    code: FeedbackCode
    message: str


_CLOSED = AttemptFeedback(FeedbackCode.EYES_CLOSED_DETECTED, "The eyes were closed: open them.")


@dataclass(frozen=True, slots=True)
class LivenessVerdict:
    """`confidence`, 0 to 100; `is_echoed`: whether the client showed the challenge's colours, at times that
    fit their arrival; `recapture`: what a site's own network says, None without one; `score`: light's, moved
    by that; None where there is no evidence of light."""

    confidence: float
    feedback: tuple[AttemptFeedback, ...]
    movement: MovementFindings
    identity: IdentityFindings
    light: LightFindings | None
    is_echoed: bool
    score: float | None
    reference: EncodedFace | None
    audit: tuple[EncodedFace, ...]
    recapture: RecaptureFindings | None = None

    @property
    def passes_gates(self) -> bool:
        """Whether movement, identity and the client's own account are what they should be."""
        return self.movement.passes and self.identity.passes and self.is_echoed

    def evidence(self) -> Mapping[str, float | int | bool | str | None]:
        """What an audit record has, by name: numbers, and by which version and parameters they came about."""
        light, recapture = self.light, self.recapture
        return {
            "growth": round(self.movement.growth, 3),
            "oval_iou": round(self.movement.oval_iou, 3),
            "one_track": self.movement.is_one_track,
            "same_person_distance": _rounded(self.identity.distance),
            "colours_echoed": self.is_echoed,
            "light_rank": None if light is None else light.rank,
            "light_fit": None if light is None else round(light.fit, 3),
            "light_weakest": None if light is None else round(light.weakest, 4),
            "light_beside_share": None if light is None else round(light.beside_share, 3),
            "light_score": _rounded(self.score),
            "light_version": VERSION,
            "light_parameters": parameters_digest(None if recapture is None else recapture.moves),
            "gates_passed": self.passes_gates,
            **({} if recapture is None else _of_recapture(recapture)),
        }


def judge(
    seen: SeenVideo,
    challenge: Challenge,
    report: ClientReport,
    analyzer: FaceAnalyzer,
    rule: SamePersonRule,
    card: LivenessCard | None,
    *,
    audit_limit: int = 0,
    recapture: RecaptureFindings | None = None,
) -> LivenessVerdict:
    """The verdict of all that was seen. Without a `card` light gives no evidence. What `recapture` found
    moves light's score; it stands for none. Raises NoFaceInVideo."""
    if not seen.fitted:
        raise NoFaceInVideo("No frame of the video shows a face.")
    movement = observe_movement(seen, challenge)
    identity = compare_ends(seen, analyzer, rule)
    light = measure_light(seen, challenge, report)
    echoed = report.is_echo_of(challenge)
    score = None if light is None else light_score(light) + (0.0 if recapture is None else recapture.shift)
    first_colour = _first_colour(report)
    reference = reference_image(seen, before=first_colour) if movement.is_one_track else None
    passes = movement.passes and identity.passes and echoed
    confidence = _confidence(passes=passes, score=score, card=card)
    feedback = tuple(_feedback(seen, challenge, movement, light, score))
    if are_eyes_closed(seen, analyzer):
        feedback = (*feedback, _CLOSED)
    audit = audit_images(seen, audit_limit)
    found = (movement, identity, light, echoed, score)
    return LivenessVerdict(confidence, feedback, *found, reference, audit, recapture)


def _of_recapture(recapture: RecaptureFindings) -> Mapping[str, float | bool | str]:
    return {
        "recapture_live": round(recapture.live, 4),
        "recapture_is_live": recapture.is_live,
        "recapture_shift": round(recapture.shift, 4),
        "recapture_network": recapture.digest,
    }


def _confidence(*, passes: bool, score: float | None, card: LivenessCard | None) -> float:
    measured = 0.0 if card is None or score is None else card.confidence(score)
    confidence = max(measured, NO_LIGHT_LIMIT)
    return confidence if passes else min(confidence, GATE_LIMIT)


def _first_colour(report: ClientReport) -> float:
    """ms of the video until which the screen showed no colour."""
    if not report.colours or report.video_start is None:
        return np.inf
    return report.colours[0].started - report.video_start


def _feedback(
    seen: SeenVideo,
    challenge: Challenge,
    movement: MovementFindings,
    light: LightFindings | None,
    score: float | None,
) -> Iterator[AttemptFeedback]:
    if not movement.passes:
        yield from _of_movement(movement)
    face, *_ = seen.colours
    brightness = float(np.nanmedian(face)) if np.isfinite(face).any() else 0.0
    if brightness < _DARK:
        yield AttemptFeedback(FeedbackCode.LOW_LIGHTING_DETECTED, "The face is too dark: turn on a light.")
    if _frame_rate(seen) < _SLOW:
        yield AttemptFeedback(
            FeedbackCode.LOW_VIDEO_QUALITY_DETECTED,
            "The video has too few frames a second: close other programs, or use another device.",
        )
    if challenge.kind is ChallengeKind.MOVEMENT_AND_LIGHT and (score is None or score <= 0):
        overexposed = light is not None and light.clipped > _BRIGHT
        message = _OVEREXPOSED if overexposed else _TOO_WEAK
        yield AttemptFeedback(FeedbackCode.HIGH_LIGHTING_DETECTED, message)


def _of_movement(movement: MovementFindings) -> Iterator[AttemptFeedback]:
    if movement.longest_gap > MAX_GAP:
        yield AttemptFeedback(FeedbackCode.FACE_NOT_VISIBLE, "The face was not visible all the time.")
    if not movement.is_one_track and movement.longest_gap <= MAX_GAP:
        yield AttemptFeedback(
            FeedbackCode.FACE_OBSTRUCTION_DETECTED, "There was another face, or something before the face."
        )
    if movement.is_one_track:
        yield AttemptFeedback(FeedbackCode.FACE_NOT_ALIGNED, "The face did not come from afar into the oval.")


def _frame_rate(seen: SeenVideo) -> float:
    times = seen.times
    return 1000 * (len(times) - 1) / max(float(times[-1] - times[0]), 1.0) if len(times) > 1 else 0.0


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
