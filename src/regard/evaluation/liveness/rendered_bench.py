"""Rendered presentations, scored by the light on them as a real attempt's video would be."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator

from regard.errors import RegardError
from regard.evaluation.liveness.camera import draw_traits
from regard.evaluation.liveness.presentations import ATTACKS, Presentation, Species, render_together
from regard.evaluation.liveness.scenes import PortraitSource
from regard.evaluation.liveness.species_rates import ScoredPresentation
from regard.vision.liveness.challenge import ChallengeKind, draw_challenge
from regard.vision.liveness.light import measure_light
from regard.vision.liveness.recapture import RecaptureFindings
from regard.vision.liveness.scoring import light_score
from regard.vision.liveness.seen_frames import SeenVideo

STRENGTHS = (0.2, 0.1, 0.05)
"""The screen's light on people's faces by the room's, each for every third portrait."""
_ATTACKED = (0.1, 0.2, 0.5)  # the same, drawn for each attack
_SIZE = (320, 240)  # px, the smallest that the component records: colours are means over a face


def _unseen(_seen: SeenVideo) -> None:
    """Where there is no network against recaptures."""


def presentation_count(portraits: int, wanted: int | None) -> int:
    """How many presentations of each species so many portraits give: each portrait one, since repeats of one
    aren't independent and would narrow a bound that rests on their being so. Raises RegardError where more
    are `wanted` than there are portraits.
    """
    if wanted is not None and wanted > portraits:
        raise RegardError(
            f"{wanted} presentations need portraits of as many people; the folder has {portraits}. Repeats "
            "of one person aren't independent, and prove nothing more: add portraits, or ask for fewer."
        )
    return portraits if wanted is None else wanted


def scored_portrait(
    source: PortraitSource,
    watch: Callable[[bytes], SeenVideo],
    number: int,
    seed: int,
    ask: Callable[[SeenVideo], RecaptureFindings | None] = _unseen,
) -> Iterator[ScoredPresentation]:
    """A presentation of the person and one of each attack, by the same camera, sway and challenge, which
    `seed` and the portrait's `number` draw. `watch` sees a video, `ask` says what a network against
    recaptures makes of it."""
    draws = random.Random(f"{seed} {number}")  # noqa: S311 - a simulation
    challenge = draw_challenge(ChallengeKind.MOVEMENT_AND_LIGHT, *_SIZE, draws)
    person = Presentation(Species.BONA_FIDE, STRENGTHS[number % len(STRENGTHS)])
    attacks = [Presentation(species, draws.choice(_ATTACKED)) for species in ATTACKS]
    traits = draw_traits(draws)
    presented = [person, *attacks]
    attempts = render_together(
        presented, source, challenge, seed=draws.getrandbits(32), traits=traits, moves=False
    )
    for one, attempt in zip(presented, attempts, strict=True):
        seen = watch(attempt.video)
        light, recapture = measure_light(seen, challenge, attempt.report), ask(seen)
        score = -math.inf if light is None else light_score(light)
        if recapture is not None:
            score += recapture.shift
        is_person = one.species is Species.BONA_FIDE
        name = f"{one.species}, {one.k:g}" if is_person else one.species.value
        yield ScoredPresentation(name, not is_person, score, None if recapture is None else recapture.is_live)
