"""What is before the camera: a picture of a face that sways like a held head, and where light falls on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

import cv2
import numpy as np
from numpy.typing import NDArray

from regard.evaluation.liveness.camera import RATE, linear_light
from regard.vision.geometry import Box
from regard.vision.liveness.challenge import Challenge
from regard.vision.pixels import Floats, Pixels

FAR, APPROACH = 1.6, 1.8  # s for which the head is far, and comes closer
_BEHIND = 0.12  # of the light on the face, that falls on what is behind it
_HAIR = 0.5  # the same on hair
_SHEET = (1.9, 1.7)  # how far a sheet reaches, in the units of the plane on which light falls
_REACH = (7.0, 5.0)  # how far that plane does: beyond what the camera sees of it
_STEPS = 64  # px of the plane for a unit of it
WAVES = 6  # of which the sway is made


class Shape(Enum):
    """What it is that light falls on: a head before a room, or a sheet that is held up."""

    HEAD = auto()
    SHEET = auto()


@dataclass(frozen=True, eq=False, slots=True)
class PortraitSource:
    """A picture (H, W, 3), uint8, RGB, of one face, and the `box` of its mesh, px."""

    pixels: Pixels
    box: Box


@dataclass(frozen=True, eq=False, slots=True)
class CameraView:
    """What the camera has before it at `time`, s. `light` (3, H, W): linear, without the screen's.
    `shares` (H, W): how much of the screen's light falls on a shape there, 0 to 1."""

    time: float
    light: Floats
    shares: dict[Shape, Floats]


def views(
    source: PortraitSource,
    challenge: Challenge,
    shapes: Sequence[Shape],
    *,
    seconds: float,
    hair: float,
    phases: Sequence[float],
    moves: bool,
) -> Iterator[CameraView]:
    """One for each frame of a video of so many `seconds`. `hair`: its radius in half widths of the face;
    `phases` of the sway's WAVES, radians; `moves`: whether the face comes from afar."""
    size = challenge.video_width, challenge.video_height
    light = linear_light(source.pixels)
    falls = {shape: _falls_on(shape, hair) for shape in shapes}
    to_plane = _to_plane(source)
    for number in range(round(seconds * RATE)):
        time = number / RATE
        nearness = float(np.clip((time - FAR) / APPROACH, 0, 1)) if moves else 1.0
        placed = _placement(source, challenge, nearness, time, phases)
        planes = np.ascontiguousarray(_warped(light, placed, *size).transpose(2, 0, 1))
        on_plane = _chained(to_plane, placed)
        shares = {shape: _warped(share, on_plane, *size) for shape, share in falls.items()}
        yield CameraView(time, planes, shares)


def _placement(
    source: PortraitSource, challenge: Challenge, nearness: float, time: float, phases: Sequence[float]
) -> NDArray[np.float64]:
    """The map (2, 3) from pixels of the video to the picture's, with the sway of a held head."""
    oval = challenge.oval
    near = 0.78 * oval.height / (1.25 * source.box.height)
    scale = near * (0.52 + 0.48 * nearness)
    sway = [np.sin(2 * np.pi * (0.31 + 0.23 * at) * time + phase) for at, phase in enumerate(phases)]
    scale *= 1 + 0.006 * float(sway[0])
    middle_x = (
        source.box.left + source.box.width / 2 + 0.010 * source.box.width * float(sway[1] + sway[2] / 2)
    )
    middle_y = source.box.top + source.box.height * 0.42 + 0.006 * source.box.width * float(sway[3])
    turn = np.radians(0.8 * float(sway[4]))
    linear = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) / scale
    shift = np.array([middle_x, middle_y]) - linear @ np.array([oval.center_x, oval.center_y])
    return np.column_stack([linear, shift])


def _falls_on(shape: Shape, hair: float) -> Floats:
    """How much of the screen's light falls on each place about a face, 0 to 1: all of it on a sheet and none
    beside it; on a head by how its parts face the screen.

    Of the plane of `_to_plane`, which goes on where a portrait ends: else what is beside a face that fills
    its portrait would be lit like the portrait's edge.
    """
    width, height = (round(2 * reach * _STEPS) + 1 for reach in _REACH)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    across, down = columns / _STEPS - _REACH[0], rows / _STEPS - _REACH[1]
    if shape is Shape.SHEET:
        inside = (np.abs(across) < _SHEET[0]) & (np.abs(down) < _SHEET[1])
        return _blurred(np.where(inside, 1.0, 0.0), _STEPS / 60)
    distance = across**2 + down**2
    curved = np.sqrt(np.clip(1 - 0.8 * distance, 0.15, 1))  # a head turns away from the screen at its sides
    behind = np.where(distance < hair**2, _HAIR, _BEHIND)
    body = (down > 1) & (np.abs(across) < 1.9)
    falls = np.where(distance < 1.15, curved, np.where(body, 0.35, behind))
    return _blurred(falls, _STEPS / 20)


def _to_plane(source: PortraitSource) -> NDArray[np.float64]:
    """The map (2, 3) from pixels of the picture to those of `_falls_on`, which are _STEPS for half the width
    of the face across, and for .65 of its height down."""
    box = source.box
    across, down = _STEPS / (box.width / 2), _STEPS / (box.height * 0.65)
    left = _REACH[0] * _STEPS - (box.left + box.width / 2) * across
    top = _REACH[1] * _STEPS - (box.top + box.height * 0.42) * down
    return np.array([[across, 0, left], [0, down, top]])


def _chained(second: NDArray[np.float64], first: NDArray[np.float64]) -> NDArray[np.float64]:
    """The map (2, 3) that applies `first`, then `second`."""
    return np.asarray(second @ np.vstack([first, [0, 0, 1]]), np.float64)


def _blurred(values: NDArray[np.float64], sigma: float) -> Floats:
    return np.asarray(cv2.GaussianBlur(values.astype(np.float32), (0, 0), sigma), np.float32)


def _warped(values: Floats, placed: NDArray[np.float64], width: int, height: int) -> Floats:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(values, placed, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE),
        np.float32,
    )
