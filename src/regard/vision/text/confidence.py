"""How sure a word is, in percent."""

from __future__ import annotations

from regard.vision.pixels import Floats


def confidence_of(probabilities: Floats) -> float:
    """0 to 100 from the probabilities (N,) of a word's characters."""
    return 100 * float(probabilities.mean())
