"""What a strip of text says: a network with connectionist temporal classification, and which way up it is.

At every step of eight pixels the network (PP-OCRv6, "small") gives a probability to each character it knows
and to the blank. The likeliest path is read: repetitions fall together, blanks fall out (Graves et al.,
Connectionist Temporal Classification, ICML 2006). The steps say where along the strip a character stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from regard.vision.pixels import Floats, Pixels
from regard.vision.runner import Runner
from regard.vision.text.scripts import Script, script_of, strangers_in
from regard.vision.text.strips import HEIGHT, batches, stacked

NETWORK = "ppocr-recognition"
ANGLE_NETWORK = "ppocr-angle"
ANGLE_WIDTH = 192  # px
ANGLE_BATCH = 32
MIN_PROBABILITY = 0.1  # of a character that stands in for a doubtful one of another script
MIN_WIDTH = 160  # px: narrower batches are filled up


@dataclass(frozen=True, eq=False, slots=True)
class Reading:
    """A strip's text: for each character its probability and where its middle is.

    `probabilities`: (N,) float32, 0 to 1. `places`: (N,) float32, shares of the strip's width.
    """

    text: str
    probabilities: Floats
    places: Floats

    @property
    def certainty(self) -> float:
        """The mean probability of the characters that are no spaces; 0 when there is none."""
        letters = [letter != " " for letter in self.text]
        return float(self.probabilities[letters].mean()) if any(letters) else 0.0


class TextRecognizer:
    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def read(self, strips: Sequence[Pixels]) -> list[Reading]:
        """The text of each strip (48, width, 3), uint8, RGB."""
        readings: dict[int, Reading] = {}
        widths = [strip.shape[1] for strip in strips]
        for batch in batches(widths):
            width = max(MIN_WIDTH, widths[batch[-1]])
            width += -width % 8
            (answer,) = self._runner.run(NETWORK, {"x": stacked([strips[index] for index in batch], width)})
            for index, steps in zip(batch, answer, strict=True):
                readings[index] = self._decoded(steps, width / widths[index])
        return [readings[index] for index in range(len(strips))]

    def upside_down(self, strips: Sequence[Pixels]) -> Floats:
        """How likely strips (48, width, 3) stand on their heads, (N,), 0 to 1."""
        answers = [np.zeros((0, 2), np.float32)]
        for begin in range(0, len(strips), ANGLE_BATCH):
            shown = [_shortened(strip) for strip in strips[begin : begin + ANGLE_BATCH]]
            answers += self._runner.run(ANGLE_NETWORK, {"x": stacked(shown, ANGLE_WIDTH)})
        return np.asarray(np.concatenate(answers)[:, 1])

    def _decoded(self, steps: Floats, stretch: float) -> Reading:
        """`steps` (T, classes): probabilities over `stretch` times the strip's width."""
        path = steps.argmax(1)
        begins, ends = _runs(path)
        probabilities = _peaks(steps, path, begins, ends)
        strange = strangers_in([self._scripts[index] for index in path[begins]], probabilities)
        if strange.any():
            for begin, end in zip(begins[strange], ends[strange], strict=True):
                path[begin:end] = (steps[begin:end] * self._is_usual).argmax(1)
                path[begin:end][steps[range(begin, end), path[begin:end]] < MIN_PROBABILITY] = 0
            begins, ends = _runs(path)
            probabilities = _peaks(steps, path, begins, ends)
        places = (begins + ends) / 2 / len(path) * stretch
        return Reading(
            "".join(self._characters[index] for index in path[begins].tolist()),
            probabilities,
            np.minimum(places, 1).astype(np.float32),
        )

    @cached_property
    def _scripts(self) -> list[Script]:
        return [script_of(character) for character in self._characters]

    @cached_property
    def _is_usual(self) -> NDArray[np.bool_]:
        """Which classes a Latin text has."""
        return np.isin(self._scripts, (Script.COMMON, Script.LATIN))

    @cached_property
    def _characters(self) -> list[str]:
        """By class: the blank, what the network's own file names, and the space."""
        return ["", *self._runner.metadata(NETWORK)["character"].split("\n"), " "]


def _runs(path: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where along the steps (T,) characters begin and end; blanks are none."""
    begins = np.flatnonzero(np.diff(path, prepend=-1))
    ends = np.append(begins[1:], len(path))
    kept = path[begins] != 0
    return begins[kept], ends[kept]


def _peaks(steps: Floats, path: NDArray[np.intp], begins: NDArray[np.intp], ends: NDArray[np.intp]) -> Floats:
    """The greatest probability of each character (N,)."""
    taken = steps[np.arange(len(path)), path]
    return np.array([taken[begin:end].max() for begin, end in zip(begins, ends, strict=True)], np.float32)


def _shortened(strip: Pixels) -> Pixels:
    """As much as the network takes, squeezed where it is longer."""
    if strip.shape[1] <= ANGLE_WIDTH:
        return strip
    return np.asarray(cv2.resize(strip, (ANGLE_WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR), np.uint8)
