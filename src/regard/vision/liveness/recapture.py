"""A network of a site's own that tells a camera's first picture from one of a display or of a print.

None comes with Regard: those that can be had either don't separate the two across cameras, or may not be
passed on. A site that is licensed for one describes it (`recapture_description.py`): how much around the face
is cut out, how large, in which order of colours, which output is the living one, and what was measured of it,
its card. Without a card it is noted and moves nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from regard.vision.geometry import Box
from regard.vision.image import decode_image
from regard.vision.liveness.seen_frames import KeptPicture, SeenVideo
from regard.vision.pixels import Floats, Pixels, resize
from regard.vision.runner import Runner

RECAPTURE: Final = "recapture"
"""The network's name among a process's networks."""
MAX_PICTURES: Final = 5
"""Pictures of an attempt that the network is shown, spread over the video."""

_UNIT: Final = math.log(
    100
)  # of a score: where light's is 1, a sequence ranks as high by accident once in 100
_LARGEST: Final = 8192  # px of a side


@dataclass(frozen=True, slots=True)
class RecaptureCounts:
    """What was measured of a network at its threshold: of how many people it refused so many, and the same of
    each species of attack, of which it accepted some. Presentations are independent of each other.
    """

    people: int
    people_refused: int
    attacks: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class RecaptureAdapter:
    """A network and what is to be known of it.

    `input` is what the network calls its input. A square of `margin` times the face box's longer side is cut
    out around its middle and scaled to `size` px; values v of 0 to 255 become (v / 255 − mean) / deviation,
    by channel, in `order`. Output 0 has one number for each class; with `is_softmax` their softmax is taken
    first. `live` is the class of the living: from `threshold` (0 to 1) on an attempt counts as one. `digest`
    is that of file and network.
    """

    network: Path
    input: str
    margin: float
    size: int
    order: str
    layout: str
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    live: int
    is_softmax: bool
    threshold: float
    counts: RecaptureCounts | None
    digest: str

    @property
    def moves(self) -> str | None:
        """Its digest where a score depends on it, None where it moves none: without a card."""
        return None if self.counts is None else self.digest

    def input_of(self, picture: Pixels, box: Box) -> Floats:
        """What the network takes (1, 3, size, size) or (1, size, size, 3), float32, of a face `box` (px) in a
        picture (height, width, 3), uint8, RGB. Beyond the picture's edge its last pixels go on.
        """
        side = max(2, round(self.margin * max(box.width, box.height)))
        left = round(box.left + box.width / 2 - side / 2)
        top = round(box.top + box.height / 2 - side / 2)
        height, width = picture.shape[:2]
        rows = np.clip(np.arange(top, top + side), 0, height - 1)
        columns = np.clip(np.arange(left, left + side), 0, width - 1)
        crop = resize(np.ascontiguousarray(picture[rows][:, columns]), self.size, self.size)
        values = crop.astype(np.float32) / 255
        if self.order == "BGR":
            values = values[:, :, ::-1]
        values = (values - np.array(self.mean, np.float32)) / np.array(self.deviation, np.float32)
        ordered = values.transpose(2, 0, 1) if self.layout == "NCHW" else values
        return np.ascontiguousarray(ordered[None], np.float32)


@dataclass(frozen=True, slots=True)
class RecaptureFindings:
    """What a network says of an attempt: `live`, 0 to 1, the mean over its pictures; `shift`: by how much
    that moves the attempt's score; `is_live`: whether it reaches the threshold. `digest` is the adapter's,
    `moves` too, which is None where it moves no score.
    """

    live: float
    is_live: bool
    shift: float
    digest: str
    moves: str | None


class NetworkUnfit(ValueError):
    """A network that answers something else than its description says."""


def observe_recapture(
    seen: SeenVideo, adapter: RecaptureAdapter, runner: Runner, *, up: float, down: float
) -> RecaptureFindings | None:
    """What the network says of an attempt's pictures; None where there are none.

    `up` and `down` are by how much a score rises where it says live, and falls where it doesn't. Raises
    NetworkUnfit, and KeyError where the network isn't there.
    """
    count = min(MAX_PICTURES, len(seen.pictures))
    places = sorted({round(at) for at in np.linspace(0, len(seen.pictures) - 1, count)}) if count else []
    if not places:
        return None
    live = float(np.mean([_live(seen.pictures[at], adapter, runner) for at in places]))
    is_live = live >= adapter.threshold
    return RecaptureFindings(live, is_live, up if is_live else -down, adapter.digest, adapter.moves)


def shift_of(accepting: float, refusing: float) -> float:
    """By how much an answer moves a score that is `accepting` as probable of people as it is `refusing` of
    attacks: never against its sense, and not at all where it tells nothing.

    Scores are logarithms to the base of 100, as `light_score` has them of ranks.
    """
    if accepting <= 0 or refusing <= 0:
        return 0.0
    return max(0.0, math.log(accepting / refusing) / _UNIT)


def _live(picture: KeptPicture, adapter: RecaptureAdapter, runner: Runner) -> float:
    image = decode_image(picture.jpeg, max_side=_LARGEST, max_pixels=_LARGEST**2)
    [answer, *_] = runner.run(RECAPTURE, {adapter.input: adapter.input_of(image.pixels, picture.box)})
    return live_probability(answer, adapter)


def live_probability(answer: object, adapter: RecaptureAdapter) -> float:
    """How probably it is the living class, of the network's output 0. Raises NetworkUnfit."""
    values = class_numbers(answer)
    if adapter.live >= len(values) or not np.isfinite(values).all():
        raise NetworkUnfit(
            f"The network answers {len(values)} numbers; its class {adapter.live} is none of them."
        )
    if adapter.is_softmax:
        powers = np.exp(values - values.max())
        values = powers / powers.sum()
    value = float(values[adapter.live])
    if not 0 <= value <= 1:
        raise NetworkUnfit("The network answers no probability; say softmax = true in its description.")
    return value


def class_numbers(answer: object) -> NDArray[np.float64]:
    """One number for each class. Raises NetworkUnfit."""
    try:
        values = np.asarray(answer, np.float64)
    except (TypeError, ValueError) as error:
        raise NetworkUnfit("The network's first output is no array of numbers.") from error
    if values.size != max(values.shape, default=1):
        shape = " × ".join(map(str, values.shape))
        raise NetworkUnfit(f"The network's first output, {shape}, isn't one number for each class.")
    return values.reshape(-1)
