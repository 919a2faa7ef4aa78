"""What fine-tunings of boxes and of labels have in common: whether PyTorch is there, and the steps that tell
how far they are.
"""

from __future__ import annotations

import importlib.util
import math
import time
from collections.abc import Mapping
from typing import Any, Final

from regard.jobs.records import Step

STAGE: Final = "tune"
"""The stage of a training in which it is fine-tuned."""
_BEGUN, _ENDED = 0.9, 0.95  # of the progress


def has_pytorch() -> bool:
    """Whether PyTorch is installed. It may still lack a library that it needs, which importing it shows."""
    return importlib.util.find_spec("torch") is not None


class TuningProgress:
    """How far a fine-tuning is, and by what it has taken so far, how long it will take yet."""

    def __init__(self, share: float) -> None:
        """`share`, 0 to 1, is done before it goes on."""
        self._first, self._begun = share, time.monotonic()

    def step(self, state: Mapping[str, Any], share: float) -> Step:
        """The step after which `share` is done."""
        told = f"Training: {share:.0%} of the fine-tuning{self._left(share)}."
        return Step([], dict(state), _BEGUN + (_ENDED - _BEGUN) * share, {"StatusMessage": told})

    def _left(self, share: float) -> str:
        if share <= self._first or share >= 1:
            return ""
        seconds = (time.monotonic() - self._begun) * (1 - share) / (share - self._first)
        return f", at most {math.ceil(seconds / 60)} min left"
