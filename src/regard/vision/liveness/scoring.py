"""One number of light's four margins: the smallest, so that each of them has to hold."""

from __future__ import annotations

import math

from regard.vision.liveness.light import LightFindings

VERSION = 2
"""Of what a score means: a card of another version says nothing of it."""

# At each of these a margin is 1: the probability that the sequence ranks as high by accident, by how much it
# may fall behind the best, the weakest channel's strength, and how strongly what is beside the head follows
# the colours, as a share of the face.
PROBABILITY, DEFICIT, STRENGTH, SHARE = 0.01, 0.1, 0.012, 0.6


def light_score(light: LightFindings) -> float:
    """Rises with how high the sequence ranks, how close it is to the best, how strongly the weakest channel
    follows it, and how little what is beside the head does. 1 is where all four hold, 1.85 the most."""
    ranked = math.log(light.probability) / math.log(PROBABILITY)
    close = 2 - light.deficit / DEFICIT
    return min(ranked, close, light.weakest / STRENGTH, (1 - light.beside_share) / (1 - SHARE))
