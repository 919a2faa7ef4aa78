"""What read text is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, slots=True)
class Word:
    """Characters without a space between them.

    `confidence`: 0 to 100, the probability in percent that the text is right, letter for letter.
    `quad`: (4, 2) float32, x and y in pixels of the upright picture: the text's own top left, top right,
    bottom right and bottom left corner, as its reader sees them. It may lie partly outside.
    """

    text: str
    confidence: float
    quad: NDArray[np.float32]


@dataclass(frozen=True, eq=False, slots=True)
class Line:
    """Words that follow each other in one direction; at least one. `quad` as a word's."""

    words: tuple[Word, ...]
    quad: NDArray[np.float32]

    @classmethod
    def of(cls, words: Sequence[Word]) -> Line:
        """From the first of `words`, at least one, to the last."""
        (left, _, _, below), (_, right, lower, _) = words[0].quad, words[-1].quad
        return cls(tuple(words), np.stack([left, right, lower, below]))

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def confidence(self) -> float:
        """0 to 100: the mean of its words'."""
        return sum(word.confidence for word in self.words) / len(self.words)
