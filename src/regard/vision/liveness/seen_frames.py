"""What is kept of each frame of an attempt: its time, the faces in it, and the colours of one of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regard.vision.geometry import Box
from regard.vision.pixels import Floats

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class SeenFrame:
    """One frame. `time`: ms from the video's first.

    `face_count`: faces that could be somebody's before the camera; None where nobody counted them. `points`
    (468, 2), float32, px: the mesh of the followed face; None where it wasn't fitted. `face` (3,),
    `beside` (3,) and `surround` (3,), float32: mean linear red, green, blue of the face's skin, of what is
    close beside the head and of what is farther off, 0 to 1; NaN where no face is followed. `clipped`: the
    share of the skin's pixels at the end of their range, 0 to 1.
    """

    time: float
    face_count: int | None
    points: Floats | None
    face: Floats
    beside: Floats
    surround: Floats
    clipped: float


@dataclass(frozen=True, eq=False, slots=True)
class KeptPicture:
    """A frame that may become a reference or audit image: a JPEG in the video's size.

    `box`, px: the face's. `landmarks` (5, 2), float32, px, as `Face` has them. `worth`: how sharp and frontal
    the face is, the more the better.
    """

    time: float
    jpeg: bytes
    box: Box
    landmarks: Floats
    worth: float


@dataclass(frozen=True, eq=False, slots=True)
class SeenVideo:
    """All that was seen of an attempt. `width`, `height`: px. `frames` by time; `pictures` by time."""

    width: int
    height: int
    frames: tuple[SeenFrame, ...]
    pictures: tuple[KeptPicture, ...]

    @property
    def times(self) -> NDArray[np.float64]:
        """(N,): ms from the first frame."""
        return np.array([frame.time for frame in self.frames], np.float64)

    @property
    def colours(self) -> tuple[Doubles, Doubles, Doubles]:
        """(N, 3) each: mean linear colour of the face, of what is beside it, and of its surround; NaN where
        no face is followed."""
        rows = np.array([(one.face, one.beside, one.surround) for one in self.frames], np.float64)
        face, beside, surround = rows.reshape(-1, 3, 3).transpose(1, 0, 2)
        return face, beside, surround

    @property
    def fitted(self) -> list[SeenFrame]:
        """The frames whose face has a mesh."""
        return [frame for frame in self.frames if frame.points is not None]
