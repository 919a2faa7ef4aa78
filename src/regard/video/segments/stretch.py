"""The last frames of a video, as far as shots are told from them, and the evidence that one ends there."""

from __future__ import annotations

import base64
import zlib
from typing import Any, NamedTuple

import numpy as np

from regard.video.segments.likeness import (
    GREY_HEIGHT,
    GREY_WIDTH,
    MIN_CONTRAST,
    SIZE,
    Signature,
    changed,
    recoloured,
    unlike,
)
from regard.vision.pixels import Floats, Pixels

HALVES = (4, 8, 14, 22, 34)  # half the frames of a gradual transition that is searched for
BEFORE, AFTER = 3, 6  # frames on either side of a cut that are compared: a flash is shorter
KEPT = 2 * HALVES[-1] + 40  # frames; two sides of a run of one colour and a second of it fit as well
PLAIN = 3.0  # grey levels; a picture of less contrast is of one colour
MIN_CUT = 4.0  # grey levels of mean change; a cut has more
CUT_PLAIN = 40.0  # from one colour to another
MIN_GRADUAL = 0.15  # a gradual transition's ends are less alike
CUT_FEATURES, GRADUAL_FEATURES, PLAIN_FEATURES = 13, 20, 8
_FLOOR = MIN_CONTRAST**2


class FramePlace(NamedTuple):
    """A frame in the video, by number and timestamp (ms), and the frame before it."""

    number: int
    timestamp: int
    number_before: int
    timestamp_before: int


class Stretch:
    """A window on a video. Frames are numbered as they were added, from 0."""

    def __init__(self) -> None:
        self.count = 0  # frames added so far
        self._sights: list[Signature] = []
        self._places: list[FramePlace] = []
        self._changes: list[float] = []  # from the frame before, in grey levels
        self._centred = np.zeros((KEPT, SIZE), np.float32)
        self._gram = np.zeros((KEPT, KEPT), np.float32)
        self._unlike: dict[tuple[int, int], float] = {}

    def add(self, pixels: Pixels, place: FramePlace) -> None:
        """The next frame, by its `signature`."""
        sight = Signature(pixels)
        if len(self._sights) == KEPT:
            del self._sights[0], self._places[0], self._changes[0]
            self._centred[:-1] = self._centred[1:]
            self._gram[:-1, :-1] = self._gram[1:, 1:]
            gone = self.count - KEPT
            self._unlike = {pair: value for pair, value in self._unlike.items() if pair[0] > gone}
        at = len(self._sights)
        self._changes.append(changed(self._sights[-1], sight) if self._sights else 0.0)
        self._sights.append(sight)
        self._places.append(place)
        self._centred[at] = sight.centred
        row = self._centred[: at + 1] @ sight.centred / SIZE
        self._gram[at, : at + 1] = row
        self._gram[: at + 1, at] = row
        self.count += 1

    @property
    def first(self) -> int:
        """The first frame that is still known."""
        return self.count - len(self._sights)

    def place(self, at: int) -> FramePlace:
        return self._places[at - self.first]

    def change(self, at: int) -> float:
        return self._changes[at - self.first]

    def contrast(self, at: int) -> float:
        return self._sights[at - self.first].contrast

    def brightness(self, at: int) -> float:
        return float(self._sights[at - self.first].mean.mean())

    def unlike(self, one: int, other: int) -> float:
        pair = (one, other)
        if pair not in self._unlike:
            self._unlike[pair] = unlike(self._sights[one - self.first], self._sights[other - self.first])
        return self._unlike[pair]

    def recoloured(self, one: int, other: int) -> float:
        return recoloured(self._sights[one - self.first], self._sights[other - self.first])

    def changed(self, one: int, other: int) -> float:
        return changed(self._sights[one - self.first], self._sights[other - self.first])

    def apart(self, one: int, other: int) -> float:
        """1 less the correlation of two coarse pictures, place by place."""
        one, other = one - self.first, other - self.first
        gram = self._gram
        return 1 - float(gram[one, other] / (np.sqrt(gram[one, one] * gram[other, other]) + _FLOOR))

    def cut(self, at: int) -> Floats:
        """(CUT_FEATURES,): does a new shot begin at once with frame `at`?

        How much changes there, how much more than around it, and whether every frame before is unlike every
        frame after: those on both sides of a flash are alike.
        """
        before = [n for n in range(at - BEFORE, at) if n >= self.first]
        after = [n for n in range(at, at + AFTER) if n < self.count]
        change = self.change(at)
        around = [
            self.change(n) for n in range(max(self.first + 1, at - 5), min(self.count, at + AFTER)) if n != at
        ] or [0.0]
        pairs = [(one, other) for one in before for other in after]
        within = [self.unlike(n, n + 1) for side in (before, after) for n in side[:-1]] or [0.0]
        unlike = self.unlike(at - 1, at)
        features = [
            unlike,
            change / 40,
            self.recoloured(at - 1, at),
            np.log((change + 1) / (max(around) + 1)),
            np.log((change + 1) / (np.mean(around) + 1)),
            min(self.unlike(*pair) for pair in pairs),
            min(self.changed(*pair) for pair in pairs) / 40,
            min(self.recoloured(*pair) for pair in pairs),
            max(within),
            np.mean(within),
            unlike - max(within),
            np.log(min(self.contrast(at - 1), self.contrast(at)) + 2),
            np.log(max(self.contrast(at - 1), self.contrast(at)) + 2),
        ]
        return np.array(features, np.float32)

    def gradual(self, middle: int, half: int) -> Floats:
        """(GRADUAL_FEATURES,): does one shot pass into another from `middle` − `half` to `middle` + `half`?

        In a dissolve, and in a fade by way of one colour, each picture between is a mixture of the first and
        the last, with shares that rise and fall steadily; in motion it is not. Pictures are taken less their
        mean colour, so that the colour of a fade doesn't count.
        """
        begin, end = middle - half, middle + half
        i, j = begin - self.first, end - self.first
        gram = self._gram
        gi, gj, gij = float(gram[i, i]), float(gram[j, j]), float(gram[i, j])
        ki, kj, kk = gram[i : j + 1, i], gram[i : j + 1, j], np.diagonal(gram)[i : j + 1]
        # Least squares on the two ends, with a little weight against shares of pictures of no contrast.
        ridge = 0.025 * _FLOOR
        scale = (gi + ridge) * (gj + ridge) - gij * gij + 1e-3
        first = (ki * (gj + ridge) - kj * gij) / scale
        second = (kj * (gi + ridge) - ki * gij) / scale
        rest = kk - 2 * (first * ki + second * kj) + first**2 * gi + second**2 * gj + 2 * first * second * gij
        rest = np.maximum(rest, 0)[1:-1] * 2 / (min(gi, gj) + np.sqrt(gi * gj) + 2 * _FLOOR)
        rises, falls = np.diff(second), np.diff(first)
        aside = max(3, half // 2)
        left, right = max(self.first, begin - aside), min(self.count - 1, end + aside)
        inside = np.array(self._changes[i + 1 : j + 1])
        outside = np.array(
            self._changes[max(1, left - self.first) : i + 1] + self._changes[j + 1 : right - self.first + 1]
            or [0.0]
        )
        means = np.abs(self._sights[i].mean - self._sights[j].mean).mean()
        features = [
            self.apart(begin, end),
            rest.mean(),
            rest.max(),
            max(np.abs(rises).max(), np.abs(falls).max()),
            np.maximum(falls, 0).sum() + np.maximum(-rises, 0).sum(),
            kk.min() / (min(gi, gj) + _FLOOR),
            self.apart(left, begin),
            self.apart(end, right),
            self.recoloured(begin, end),
            np.log((inside.max() + 1) / (np.median(inside) + 1)),
            np.log(np.sqrt(max(0.0, min(gi, gj))) + 1),
            means / 40,
            self.unlike(begin, end),
            np.log(half),
            np.log((inside.mean() + 0.5) / (outside.mean() + 0.5)),
            # Where in the stretch it is.
            np.clip(second.mean(), 0, 1),
            np.clip(first.mean(), 0, 1),
            second[half // 2] - first[half // 2],
            second[half] - first[half],
            second[-1 - half // 2] - first[-1 - half // 2],
        ]
        return np.array(features, np.float32)

    def plain(self, begin: int, end: int) -> Floats:
        """(PLAIN_FEATURES,): do the frames of one colour from `begin` to `end` part two shots?

        A fade comes and goes; a flash comes at once, and the picture after it is that before.
        """
        earlier = range(max(self.first, begin - HALVES[-1]), begin)
        later = range(end + 1, min(self.count, end + 1 + HALVES[-1]))
        before = max(earlier, key=self.contrast)
        after = max(later, key=self.contrast)
        contrast = min(self.contrast(before), self.contrast(after))
        features = [
            np.log(end - begin + 1),
            self.unlike(before, after),
            self.recoloured(before, after),
            np.log((max(self.change(n) for n in range(before + 1, begin + 1)) + 1) / (contrast + 2)),
            np.log((max(self.change(n) for n in range(end + 1, after + 1)) + 1) / (contrast + 2)),
            self.brightness((begin + end) // 2) / 128 - 1,
            np.log(contrast + 2),
            np.log(begin - before),
        ]
        return np.array(features, np.float32)

    def state(self) -> dict[str, Any]:
        """What `restore` makes it from again; JSON-able."""
        pixels = np.stack([sight.pixels for sight in self._sights]) if self._sights else np.empty(0, np.uint8)
        packed = zlib.compress(pixels.tobytes(), 1)
        return {
            "count": self.count,
            "places": self._places,
            "pixels": base64.b64encode(packed).decode("ascii"),
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Stretch:
        stretch = cls()
        data = zlib.decompress(base64.b64decode(state["pixels"]))
        pixels = np.frombuffer(data, np.uint8).reshape(-1, GREY_HEIGHT, GREY_WIDTH, 3)
        for picture, place in zip(pixels, state["places"], strict=True):
            stretch.add(picture, FramePlace(*place))
        stretch.count = state["count"]
        return stretch
