"""Which challenge a session puts to a client, and how the streaming API writes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from regard.errors import ValidationException
from regard.vision.liveness.challenge import Challenge, ChallengeKind

VERSIONS: Final[Mapping[ChallengeKind, str]] = {
    ChallengeKind.MOVEMENT_AND_LIGHT: "2.0.0",
    ChallengeKind.MOVEMENT: "1.0.0",
}
"""The version of each challenge that is put here."""

_DEFAULT: Final[Sequence[Mapping[str, Any]]] = ({"Type": ChallengeKind.MOVEMENT_AND_LIGHT.value},)
_BLAZE_FACE_THRESHOLD: Final = 0.75  # of the phones' SDKs; the browsers' takes no notice of it
_DISTANCE_MAX_SHARE: Final = 1.0


def choose_challenge(
    preferences: Sequence[Mapping[str, Any]] | None, offered: Iterable[str]
) -> ChallengeKind:
    """The first preferred challenge of which the client offers our version.

    `preferences` are those of CreateFaceLivenessSession; `offered` are like `FaceMovementChallenge_1.0.0`.
    Raises ValidationException where they have none in common.
    """
    known = set(offered)
    for preference in preferences or _DEFAULT:
        kind = ChallengeKind(preference["Type"])
        version = VERSIONS[kind]
        bounds: Mapping[str, str] = preference.get("Versions", {})
        lowest, highest = bounds.get("Minimum", version), bounds.get("Maximum", version)
        is_within = _parts(lowest) <= _parts(version) <= _parts(highest)
        if is_within and f"{kind.value}_{version}" in known:
            return kind
    raise ValidationException(
        "The client supports none of the session's challenges: "
        f"{', '.join(f'{kind.value}_{version}' for kind, version in VERSIONS.items())} are put here."
    )


def session_information(challenge: Challenge) -> dict[str, Any]:
    """The body of ServerSessionInformationEvent."""
    oval, limits = challenge.oval, challenge.thresholds
    put: dict[str, Any] = {
        "OvalParameters": {
            "Width": oval.width,
            "Height": oval.height,
            "CenterX": oval.center_x,
            "CenterY": oval.center_y,
        },
        "ChallengeConfig": {
            "BlazeFaceDetectionThreshold": _BLAZE_FACE_THRESHOLD,
            "FaceDistanceThresholdMin": limits.face_distance,
            "FaceDistanceThreshold": limits.face_distance,
            "FaceDistanceThresholdMax": _DISTANCE_MAX_SHARE,
            "OvalIouThreshold": limits.oval_iou,
            "OvalHeightWidthRatio": limits.height_width_ratio,
            "OvalIouWidthThreshold": limits.oval_iou_width,
            "OvalIouHeightThreshold": limits.oval_iou_height,
            "FaceIouWidthThreshold": limits.face_iou_width,
            "FaceIouHeightThreshold": limits.face_iou_height,
            "OvalFitTimeout": challenge.fit_timeout_ms,
        },
    }
    if challenge.kind is ChallengeKind.MOVEMENT_AND_LIGHT:
        put["LightChallengeType"] = "SEQUENTIAL"
        put["ColorSequences"] = [
            {
                "FreshnessColor": {"RGB": list(colour.rgb)},
                "DownscrollDuration": float(colour.scroll_ms),
                "FlatDisplayDuration": float(colour.flat_ms),
            }
            for colour in challenge.colours
        ]
    return {"SessionInformation": {"Challenge": {challenge.kind.value: put}}}


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
