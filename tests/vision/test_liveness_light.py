"""What light on a face costs to measure."""

from __future__ import annotations

import random
import tracemalloc

import numpy as np

from regard.vision.liveness.challenge import ChallengeKind, draw_challenge
from regard.vision.liveness.client_report import ClientReport, ShownColour
from regard.vision.liveness.light import measure_light
from regard.vision.liveness.seen_frames import SeenFrame, SeenVideo

FRAMES = 4_000


def test_memory_grows_with_the_frames_and_not_with_their_square() -> None:
    challenge = draw_challenge(ChallengeKind.MOVEMENT_AND_LIGHT, 640, 480, random.Random(1))
    shown = tuple(
        ShownColour(number, colour.rgb, colour.rgb, 500.0 * number, 500.0 * number)
        for number, colour in enumerate(challenge.colours)
    )
    colours = np.random.default_rng(1).uniform(0.1, 0.9, (FRAMES, 2, 3)).astype(np.float32)
    frames = tuple(
        SeenFrame(time, None, None, face, surround, 0.0)
        for time, (face, surround) in zip(np.linspace(0, 3_500, FRAMES).tolist(), colours, strict=True)
    )
    tracemalloc.start()
    try:
        found = measure_light(SeenVideo(640, 480, frames, ()), challenge, ClientReport(0.0, colours=shown))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found is not None
    assert found.frames > FRAMES // 2
    assert peak < 8 * FRAMES**2 / 2
