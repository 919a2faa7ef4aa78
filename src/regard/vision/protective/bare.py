"""How sure it is that nothing covers a part of the body, which is more than that no cover was found.

A cover that the head misses has a low probability, as a bare part has. So the curve is not that
probability's complement: it is set where hardly any covered part lies. training/fit_protective.py makes the
curves; their card is bare.json.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

SURE = 0.8
"""The probability at the limit of a curve, below which one in a hundred covered parts lies."""


@dataclass(frozen=True, slots=True)
class BareCurve:
    """`limit`: log-odds of a cover below which a hundredth of those lie that are covered. `min_side`: px, of
    the part's square, under which none is said to be bare.
    """

    limit: float
    min_side: float

    def probability(self, cover: float, side: float) -> float:
        """0 to 1, that a part is bare whose probability of a cover is `cover`, in a square of `side` px.

        It is SURE at the limit; with each unit of log-odds further down its own log-odds are one higher.
        """
        if side < self.min_side:
            return 0.0
        cover = min(max(cover, 1e-9), 1 - 1e-9)
        beyond = self.limit - math.log(cover / (1 - cover))
        return 1 / (1 + math.exp(-beyond) * (1 - SURE) / SURE)


def load_bare_curves() -> Mapping[str, BareCurve]:
    """The curves by the cover that they are of: helmet, mask, glove."""
    facts = json.loads(files("regard.vision.protective").joinpath("bare.json").read_text("utf-8"))
    return {name: BareCurve(**curve) for name, curve in facts["curves"].items()}
