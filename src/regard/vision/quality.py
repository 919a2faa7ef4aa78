"""What speaks against recognising a face."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from regard.vision.faces.face import Face


class QualityBar(Enum):
    """How much is asked of a face."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class Flaw(Enum):
    """What speaks against recognising a face."""

    LOW_CONFIDENCE = "LOW_CONFIDENCE"
    SMALL = "SMALL"
    POSE = "POSE"
    BLUR = "BLUR"
    DARK = "DARK"


# Minimum confidence and side (px), maximum |yaw| and |pitch| (degrees), minimum sharpness and brightness. The
# last is kept low: dark skin must not read as a dark picture.
_BARS: dict[QualityBar, tuple[float, float, float, float, float]] = {
    QualityBar.LOW: (60.0, 24.0, 75.0, 5.0, 5.0),
    QualityBar.MEDIUM: (75.0, 40.0, 55.0, 20.0, 12.0),
    QualityBar.HIGH: (90.0, 60.0, 35.0, 45.0, 20.0),
}


def fit_faces(faces: Sequence[Face], limit: int) -> list[Face]:
    """Those of the first `limit` that are fit to be recognised: of a face of a few pixels strangers are told
    apart far worse than a threshold says.
    """
    return [face for face in faces[:limit] if not flaws(face, bar=QualityBar.LOW)]


def flaws(face: Face, *, bar: QualityBar) -> tuple[Flaw, ...]:
    """What keeps `face` under `bar`; empty when nothing does.

    Faces under 40 px are where recognition fails: measured false match rates rise hundredfold.
    """
    confidence, side, turn, sharpness, brightness = _BARS[bar]
    checks = {
        Flaw.LOW_CONFIDENCE: face.confidence < confidence,
        Flaw.SMALL: face.box.side < side,
        Flaw.POSE: max(abs(face.pose.yaw), abs(face.pose.pitch)) > turn,
        Flaw.BLUR: face.quality.sharpness < sharpness,
        Flaw.DARK: face.quality.brightness < brightness,
    }
    return tuple(flaw for flaw, present in checks.items() if present)
