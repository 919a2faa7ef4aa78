"""How sure a word is, in percent."""

from __future__ import annotations

import numpy as np

from regard.vision.pixels import Floats

# The logistic curve that fits best to whether a text of ICDAR 2015, ICPR 2018 and drawn pages was read letter
# for letter (366 of bench/text.py's sets, 345 right), by the logit of its least sure character (Platt, 1999).
# That one tells more than the mean does.
OFFSET, SLOPE = 0.44, 0.43
_CERTAIN = 1e-6  # how near to 0 and 1 a probability is believed


def confidence_of(probabilities: Floats) -> float:
    """0 to 100 from the probabilities (N,) of a word's characters: how likely all of them are right."""
    lowest = float(np.clip(probabilities.min(), _CERTAIN, 1 - _CERTAIN))
    odds = np.exp(OFFSET) * (lowest / (1 - lowest)) ** SLOPE
    return float(100 * odds / (1 + odds))
