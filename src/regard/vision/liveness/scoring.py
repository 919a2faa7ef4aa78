"""One number of light's three margins: the smallest, so that each of them has to hold."""

from __future__ import annotations

from regard.vision.liveness.light import LightFindings

# What each margin is measured in.
LEAD, STRENGTH, SHARE = 0.05, 0.05, 0.5


def light_score(light: LightFindings) -> float:
    """Rises with how far the sequence leads the alternatives, how strongly the weakest channel follows it,
    and how little the surround does. 0 or less where one of them says no."""
    return min(light.lead / LEAD, light.weakest / STRENGTH, (1 - light.surround_share) / SHARE)
