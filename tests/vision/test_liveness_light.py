"""Light on a face: whose colours it follows, what a camera does to it, and what it costs to measure."""

from __future__ import annotations

import random
import tracemalloc

import numpy as np

from regard.vision.liveness.challenge import Challenge, ChallengeKind, draw_challenge
from regard.vision.liveness.client_report import ClientReport, ShownColour
from regard.vision.liveness.light import LightFindings, measure_light
from regard.vision.liveness.scoring import light_score
from regard.vision.liveness.seen_frames import SeenFrame, SeenVideo

FRAMES = 4_000


def test_memory_grows_with_the_frames_and_not_with_their_square() -> None:
    challenge = draw_challenge(ChallengeKind.MOVEMENT_AND_LIGHT, 640, 480, random.Random(1))
    shown = tuple(
        ShownColour(number, colour.rgb, colour.rgb, 500.0 * number, 500.0 * number)
        for number, colour in enumerate(challenge.colours)
    )
    colours = np.random.default_rng(1).uniform(0.1, 0.9, (FRAMES, 3, 3)).astype(np.float32)
    frames = tuple(
        SeenFrame(time, None, None, face, beside, surround, 0.0)
        for time, (face, beside, surround) in zip(
            np.linspace(0, 3_500, FRAMES).tolist(), colours, strict=True
        )
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


LIGHT = ChallengeKind.MOVEMENT_AND_LIGHT
STEP = 40.0  # ms from one frame to the next
LATE = 160.0  # ms by which the camera sees what the screen shows


def challenge_of(seed: int) -> Challenge:
    return draw_challenge(LIGHT, 640, 480, random.Random(seed))


def lit(
    shown: Challenge,
    *,
    told: Challenge | None = None,
    face: float = 0.1,
    beside: float = 0.02,
    beside_level: float = 0.3,
    gains: float = 0.0,
    seed: int = 1,
) -> LightFindings:
    """What is found where the screen shows one challenge's colours and the client is told another's.

    `face`, `beside`: the screen's light there by the room's, of which there is as much as `beside_level` says
    beside the head and .3 on it. `gains`: how strongly the camera's gain wanders,
    by channel, over the whole picture.
    """
    noise = np.random.default_rng(seed)
    told = told or shown
    starts = [1_000.0 + 500 * number for number in range(len(shown.colours))]
    events = tuple(
        ShownColour(number, colour.rgb, colour.rgb, start, start)
        for number, (colour, start) in enumerate(zip(told.colours, starts, strict=True))
    )
    frames = []
    wander = np.cumsum(noise.normal(0, 0.1, (140, 3)), 0)
    for number in range(140):
        time = number * STEP
        place = int(np.clip((time - LATE - 1_000) // 500, 0, len(starts) - 1))
        screen = np.array(shown.colours[place].rgb) / 255
        gain = np.exp(gains * wander[number])
        parts = [
            (level * gain * (1 + share * screen) * noise.normal(1, 0.002, 3)).astype(np.float32)
            for level, share in ((0.3, face), (beside_level, beside), (0.3, 0.0))
        ]
        frames.append(SeenFrame(time, None, None, parts[0], parts[1], parts[2], 0.0))
    found = measure_light(SeenVideo(640, 480, tuple(frames), ()), told, ClientReport(0.0, colours=events))
    assert found is not None
    return found


def test_the_colours_that_were_shown_rank_first() -> None:
    for seed in range(1, 6):
        found = lit(challenge_of(seed), seed=seed)
        assert found.rank <= 20
        assert light_score(found) >= 1


def test_the_strength_is_the_screens_light_by_the_rooms() -> None:
    weakest = lit(challenge_of(1), face=0.1).weakest
    assert 0.07 < weakest < 0.1  # the logarithm of 1.1 is .095


def test_a_gain_that_wanders_over_the_whole_picture_changes_little() -> None:
    still, wandering = (lit(challenge_of(2), gains=gains) for gains in (0.0, 1.0))
    assert wandering.rank <= 20
    assert abs(wandering.weakest - still.weakest) < 0.01


def test_a_face_lit_by_another_sequence_scores_under_one() -> None:
    for seed in range(1, 11):
        assert light_score(lit(challenge_of(seed), told=challenge_of(seed + 200), seed=seed)) < 1


def test_a_face_that_nothing_lights_scores_under_one() -> None:
    for seed in range(1, 11):
        assert light_score(lit(challenge_of(seed), face=0.0, beside=0.0, seed=seed)) < 1


def test_what_is_lit_beside_the_head_as_on_it_scores_under_one() -> None:
    found = lit(challenge_of(1), face=0.1, beside=0.1)
    assert found.rank <= 20
    assert found.beside_share > 0.9
    assert light_score(found) < 1


def test_light_that_glass_adds_to_a_bright_picture_beside_the_head_scores_under_one() -> None:
    found = lit(challenge_of(1), face=0.1, beside=0.05, beside_level=0.6)
    assert found.rank <= 20
    assert found.beside_share > 0.9
    assert light_score(found) < 1
