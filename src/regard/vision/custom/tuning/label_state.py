"""How far a fine-tuning of labels has come, as bytes that any machine goes on from."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from regard.vision.custom.tuning.state import Arrays, pack_state, unpack_state
from regard.vision.pixels import Floats

_PARTS = ("weights", "means", "squares")


@dataclass(frozen=True, eq=False, slots=True)
class LabelTuningState:
    """After `done` epochs, first those without the pictures that judge, then as many with all pictures, from
    the beginning. `weights` with their optimizer's `means` and `squares`, by the constants' names; `judged`
    (M, L): the log-odds that the network of the first ones says of the pictures that judge, empty before.
    """

    done: int = 0
    is_done: bool = False
    weights: Arrays = field(default_factory=dict)
    means: Arrays = field(default_factory=dict)
    squares: Arrays = field(default_factory=dict)
    judged: Floats = field(default_factory=lambda: np.zeros((0, 0), np.float32))

    @classmethod
    def kept(cls, content: bytes | None) -> LabelTuningState:
        """What `written` gave; one that has not begun where there is none."""
        if content is None:
            return cls()
        parts, (done, is_done) = unpack_state(content, (*_PARTS, "judged"))
        return cls(
            int(done),
            bool(is_done),
            parts["weights"],
            parts["means"],
            parts["squares"],
            parts["judged"]["odds"],
        )

    def written(self) -> bytes:
        """The state as bytes: the same state gives the same."""
        parts = {part: getattr(self, part) for part in _PARTS}
        return pack_state({**parts, "judged": {"odds": self.judged}}, (self.done, self.is_done))
