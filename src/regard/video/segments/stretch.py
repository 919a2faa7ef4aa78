"""The last frames of a video, as far as shots are told from them."""

from __future__ import annotations

import base64
import zlib
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from regard.video.segments.likeness import (
    BINS,
    GREY_HEIGHT,
    GREY_WIDTH,
    MIN_CONTRAST,
    PLACES,
    SIZE,
    WINDOW,
    changed,
    coarse,
    histograms,
    recoloured,
    unlike,
    windows,
)
from regard.vision.pixels import Floats, Pixels

BATCH = 64  # frames that are described at a time
KEPT = 2 * BATCH  # frames that are known before them: the longest transition, what is beside it, and some
_HELD = KEPT + BATCH  # frame n is held at n modulo _HELD

Frames = NDArray[np.intp]


class FramePlace(NamedTuple):
    """A frame in the video, by number and timestamp (ms), and the frame before it."""

    number: int
    timestamp: int
    number_before: int
    timestamp_before: int


class Stretch:
    """A window on a video. Frames are numbered as they were added, from 0; what is said of pairs of them is
    said of as many pairs as are asked for."""

    def __init__(self) -> None:
        self.count = 0  # frames added so far
        self.first = 0  # the first frame that is still known
        self._described = 0  # frames of which more is known than the signature, from the first added
        self._places: list[FramePlace] = []
        self._pixels = np.zeros((_HELD, GREY_HEIGHT, GREY_WIDTH, 3), np.uint8)
        self._changes = np.zeros(_HELD, np.float32)  # from the frame before, in grey levels
        self._means = np.zeros((_HELD, 3), np.float32)
        self._contrasts = np.zeros(_HELD, np.float32)
        self._centred = np.zeros((_HELD, SIZE), np.float32)
        self._gram = np.zeros((_HELD, _HELD), np.float32)
        self._histograms = np.zeros((_HELD, BINS), np.float32)
        # Windows, and how unlike two frames are, are made when they are first asked for.
        self._windowed = np.zeros(_HELD, bool)
        self._windows = np.zeros((_HELD, PLACES, WINDOW), np.float32)
        self._spreads = np.zeros((_HELD, PLACES), np.float32)
        self._unlike = np.full((_HELD, _HELD), np.nan, np.float32)

    def add(self, pixels: Pixels, place: FramePlace) -> bool:
        """The next frame, by its `signature`. Whether so many wait that they should be described."""
        if len(self._places) == _HELD:
            gone = BATCH - self.first % BATCH  # from a state of the version before fewer, the first time
            self.first += gone
            del self._places[:gone]
        self._pixels[self.count % _HELD] = pixels
        self._places.append(place)
        self.count += 1
        return self.count % BATCH == 0

    def describe(self) -> range:
        """Makes all known of the frames that were added since; says which they are."""
        new = range(self._described, self.count)
        while self._described < self.count:
            # From one whole batch to the next, so that sums are rounded alike wherever a reading begins.
            upto = min(self.count, self._described - self._described % BATCH + BATCH)
            self._describe(self._described, upto)
            self._described = upto
        return new

    def _describe(self, first: int, upto: int) -> None:
        new = slice(first % _HELD, first % _HELD + upto - first)
        pixels = self._pixels[new]
        self._centred[new], self._means[new] = coarse(pixels)
        self._contrasts[new] = np.sqrt(np.square(self._centred[new]).mean(1))
        self._histograms[new] = histograms(pixels)
        before = np.concatenate([self._pixels[None, (first - 1) % _HELD], pixels[:-1]])
        self._changes[new] = changed(before, pixels)
        products = self._centred @ self._centred[new].T / SIZE
        self._gram[:, new], self._gram[new] = products, products.T
        self._windowed[new] = False
        self._unlike[new] = self._unlike[:, new] = np.nan

    def place(self, at: int) -> FramePlace:
        return self._places[at - self.first]

    def changes(self, frames: Frames) -> Floats:
        """From the frame before each, in grey levels."""
        return self._changes[frames % _HELD]

    def contrasts(self, frames: Frames) -> Floats:
        """Root mean squares, in grey levels."""
        return self._contrasts[frames % _HELD]

    def means(self, frames: Frames) -> Floats:
        """(N, 3): mean colours."""
        return self._means[frames % _HELD]

    def products(self, ones: Frames, others: Frames) -> Floats:
        """Mean products of two coarse pictures less their mean colours; of one with itself, the square of its
        contrast."""
        return self._gram[ones % _HELD, others % _HELD]

    def apart(self, ones: Frames, others: Frames) -> Floats:
        """1 less the correlation of two coarse pictures, place by place."""
        ones, others = ones % _HELD, others % _HELD
        gram = self._gram
        scale = np.sqrt(gram[ones, ones] * gram[others, others]) + MIN_CONTRAST**2
        return cast(Floats, 1 - gram[ones, others] / scale)

    def unlike(self, ones: Frames, others: Frames) -> Floats:
        """See `likeness.unlike`."""
        ones, others = ones % _HELD, others % _HELD
        unknown = np.isnan(self._unlike[ones, others])
        if unknown.any():
            pairs = np.unique(ones[unknown] * _HELD + others[unknown])
            one, other = pairs // _HELD, pairs % _HELD
            asked = np.unique(np.concatenate([one, other]))
            new = asked[~self._windowed[asked]]
            if len(new):
                self._windows[new], self._spreads[new] = windows(self._pixels[new])
                self._windowed[new] = True
            listed = list(zip(one.tolist(), other.tolist(), strict=True))
            self._unlike[one, other] = unlike(self._windows, self._spreads, listed)
        return self._unlike[ones, others]

    def recoloured(self, ones: Frames, others: Frames) -> Floats:
        """See `likeness.recoloured`."""
        return recoloured(self._histograms[ones % _HELD], self._histograms[others % _HELD])

    def changed(self, ones: Frames, others: Frames) -> Floats:
        """See `likeness.changed`."""
        return changed(self._pixels[ones % _HELD], self._pixels[others % _HELD])

    def state(self) -> dict[str, Any]:
        """What `restore` makes it from again; JSON-able."""
        packed = zlib.compress(self._pixels[np.arange(self.first, self.count) % _HELD].tobytes(), 1)
        return {
            "first": self.first,
            "described": self._described,
            "places": self._places,
            "pixels": base64.b64encode(packed).decode("ascii"),
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Stretch:
        stretch, places = cls(), state["places"]
        if "count" in state:  # of the version before, which described frames one by one
            state = {**state, "first": state["count"] - len(places), "described": state["count"]}
        stretch.first = stretch.count = stretch._described = state["first"]
        data = zlib.decompress(base64.b64decode(state["pixels"]))
        pixels = np.frombuffer(data, np.uint8).reshape(-1, GREY_HEIGHT, GREY_WIDTH, 3)
        for picture, place in zip(pixels, places, strict=True):
            if stretch.count == state["described"]:
                stretch.describe()
            stretch.add(picture, FramePlace(*place))
        if stretch.count == state["described"]:
            stretch.describe()
        return stretch
