"""What pictures of anything else are like: averages of the features of many, made by
training/fit_none_of_these.py.

Without them, a softmax has nothing to say of a picture but the user's labels, and says one.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np

from regard.vision.custom.coordinates import Doubles


@cache
def load_centroids(network: str, dimension: int) -> Doubles:
    """(32, D): averages of square roots of features of one network's; (0, D) for a network that there are
    none of.
    """
    file = files("regard.vision.custom").joinpath("none_of_these.npz")
    with file.open("rb") as opened:
        stored = np.load(opened, allow_pickle=False)
        if stored["network"] != network or stored["centroids"].shape[1] != dimension:
            return np.zeros((0, dimension))
        return np.asarray(stored["centroids"], np.float64)
