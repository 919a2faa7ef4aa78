"""By what numbers a score of light comes about. A card counts for those that it was measured with, alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from regard.vision.liveness.attempt_watch import EVERY, HELD
from regard.vision.liveness.challenge import FLAT, PALETTE, SCROLL, SHOWN
from regard.vision.liveness.light import LAGS, MIN_FRAMES, TREND
from regard.vision.liveness.scoring import DEFICIT, PROBABILITY, SHARE, STRENGTH, VERSION
from regard.vision.liveness.skin import AROUND, BESIDE, CLIPPED, PADDING, SIDE, SKIN

_DIGITS = 16


def score_parameters(recapture: str | None = None) -> Mapping[str, Any]:
    """Every number that a score depends on, by name, of the colours, of what is read of a frame, of the fit
    and of its margins; `version` stands for the code. `recapture` is the digest of the adapter that moves
    scores, where there is one."""
    regions = b"".join(region.tobytes() for region in (SKIN, BESIDE, AROUND))
    moved = {} if recapture is None else {"recapture": recapture}
    return {
        "version": VERSION,
        "colours": [PALETTE, SHOWN, FLAT, SCROLL],
        "frames": [EVERY, HELD, SIDE, PADDING, CLIPPED, hashlib.sha256(regions).hexdigest()],
        "fit": [LAGS.tolist(), TREND, MIN_FRAMES],
        "margins": [PROBABILITY, DEFICIT, STRENGTH, SHARE],
        **moved,
    }


def parameters_digest(recapture: str | None = None) -> str:
    """The beginning of the SHA-256, hex, of `score_parameters` as JSON."""
    told = json.dumps(score_parameters(recapture), sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:_DIGITS]
