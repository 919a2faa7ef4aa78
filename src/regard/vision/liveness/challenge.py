"""What a person is asked to do before the camera: come into an oval, and be lit by colours of the screen.

The measures are those that the browser's component understands (`FaceLivenessDetectorCore` 3.6.8).
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

RATIO = 1.618  # of an oval's height to its width
FIT_TIMEOUT = 7_000  # ms that a person has to come into the oval
BLACK = (0, 0, 0)
PALETTE = (
    (255, 255, 255),
    (255, 0, 0),
    (255, 255, 0),
    (0, 255, 0),
    (0, 255, 255),
    (0, 0, 255),
    (255, 0, 255),
)
SHOWN = 6  # of the palette's colours, none twice
FLAT, SCROLL = (300, 450), 200  # ms: two colours a second, where WCAG 2.3.1 allows three flashes

# The eyes' distance at which a person may start, as a share of .8 × ¾ height (landscape) or .8 × width
# (portrait), for the widest oval: the head has yet to come 1.6 times as near.
_START_LANDSCAPE, _START_PORTRAIT = 0.3, 0.225
_NARROWEST = 0.85  # of the widest oval's width
_ASIDE = 1 / 16  # of the picture's sides, that the oval's centre may lie aside of theirs

Rgb = tuple[int, int, int]


class ChallengeKind(StrEnum):
    """Kinds of challenges, by the names that Rekognition gives them."""

    MOVEMENT = "FaceMovementChallenge"
    MOVEMENT_AND_LIGHT = "FaceMovementAndLightChallenge"


@dataclass(frozen=True, slots=True)
class Oval:
    """Where the face shall be at the end, px of the unmirrored video."""

    width: float
    height: float
    center_x: float
    center_y: float


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour of the screen: it scrolls down over the one before for `scroll_ms`, then stays `flat_ms`."""

    rgb: Rgb
    scroll_ms: int
    flat_ms: int


@dataclass(frozen=True, slots=True)
class FitThresholds:
    """What the component measures a face's place by; none may be 0. `face_distance`: under which a person may
    start."""

    face_distance: float
    oval_iou: float = 0.6
    oval_iou_width: float = 0.25
    oval_iou_height: float = 0.25
    face_iou_width: float = 0.15
    face_iou_height: float = 0.15
    height_width_ratio: float = RATIO


@dataclass(frozen=True, slots=True)
class Challenge:
    """One person's challenge. `video_width`, `video_height`: px, as the client said it records. `colours` are
    in the order in which they are shown; the component shows the first one for no time."""

    kind: ChallengeKind
    identifier: str
    video_width: int
    video_height: int
    oval: Oval
    colours: tuple[Colour, ...]
    thresholds: FitThresholds
    fit_timeout_ms: int = FIT_TIMEOUT

    def to_json(self) -> str:
        """As it is kept with its session."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` gave."""
        kept: Mapping[str, Any] = json.loads(text)
        colours = tuple(
            Colour(rgb_of(colour["rgb"]), colour["scroll_ms"], colour["flat_ms"])
            for colour in kept["colours"]
        )
        return cls(
            ChallengeKind(kept["kind"]),
            kept["identifier"],
            kept["video_width"],
            kept["video_height"],
            Oval(**kept["oval"]),
            colours,
            FitThresholds(**kept["thresholds"]),
            kept["fit_timeout_ms"],
        )


def rgb_of(values: Any) -> Rgb:
    """Red, green, blue of a sequence of three numbers."""
    red, green, blue = values
    return int(red), int(green), int(blue)


def draw_challenge(
    kind: ChallengeKind, video_width: int, video_height: int, source: random.Random
) -> Challenge:
    """A challenge that nobody can foresee when `source` is a `random.SystemRandom`.

    The oval's place and size and the colours' order and times are drawn. Raises ValueError for a video
    without a side.
    """
    if min(video_width, video_height) < 1:
        raise ValueError("a video has a width and a height")
    landscape = video_width >= video_height
    narrowing = source.uniform(_NARROWEST, 1)
    width = narrowing * (0.8 * 0.75 * video_height if landscape else 0.6 * video_width)
    height = RATIO * width
    aside_x = min(_ASIDE * video_width, max(0.0, (video_width - width) / 2))
    aside_y = min(_ASIDE * video_height, max(0.0, (video_height - height) / 2))
    oval = Oval(
        width,
        height,
        video_width / 2 + source.uniform(-aside_x, aside_x),
        video_height / 2 + source.uniform(-aside_y, aside_y),
    )
    colours = draw_colours(source) if kind is ChallengeKind.MOVEMENT_AND_LIGHT else ()
    start = narrowing * (_START_LANDSCAPE if landscape else _START_PORTRAIT)
    identifier = str(uuid.UUID(int=source.getrandbits(128), version=4))
    return Challenge(kind, identifier, video_width, video_height, oval, colours, FitThresholds(start))


def draw_colours(source: random.Random) -> tuple[Colour, ...]:
    """Black, which is never seen, then six colours in one of 5,040 orders."""
    chosen = source.sample(PALETTE, SHOWN)
    return tuple(Colour(rgb, SCROLL, source.randint(*FLAT)) for rgb in (BLACK, *chosen))
