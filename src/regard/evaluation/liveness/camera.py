"""A camera with automatic exposure and white balance, its noise, and the video file that it makes."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from regard.vision.liveness.skin import LINEAR
from regard.vision.pixels import Floats, Pixels

RATE = 25  # frames a second
BIT_RATE = 1_000_000  # as the component records
_REALTIME = {"deadline": "realtime", "cpu-used": "-8", "lag-in-frames": "0"}
_TARGET = 0.18  # mean linear luminance that exposure aims at
_MAX_GAIN = 4.0
_SPARE = 64  # px by which the field of noise is larger than a picture
_TABLE = 4096  # steps of the table from linear light to sRGB


@dataclass(frozen=True, slots=True)
class CameraTraits:
    """`exposure_s`, `balance_s`: time constants of automatic exposure and white balance, s. `balance`: the
    share of a colour cast that white balance takes out, 0 to 1. `shot`, `read`: noise in linear light, of a
    full pixel and of a dark one."""

    exposure_s: float = 0.5
    balance_s: float = 1.0
    balance: float = 0.5
    shot: float = 0.02
    read: float = 0.004


class SimulatedCamera:
    """Turns scenes in linear light into pictures, one after the other, at RATE."""

    def __init__(self, traits: CameraTraits, seed: int) -> None:
        self._traits, self._random = traits, np.random.default_rng(seed)
        self._exposure: float | None = None
        self._balance = np.ones(3, np.float32)
        steps = np.arange(_TABLE) / (_TABLE - 1)
        curve = np.where(steps <= 0.0031308, 12.92 * steps, 1.055 * steps ** (1 / 2.4) - 0.055)
        self._curve = np.round(255 * curve).astype(np.uint8)
        self._field: Floats | None = None

    def take(self, scene: Floats) -> Pixels:
        """A picture (H, W, 3), uint8, sRGB, of a scene (H, W, 3) in linear light."""
        traits = self._traits
        mean = scene[::8, ::8].reshape(-1, 3).mean(0)
        wanted = float(np.clip(_TARGET / max(float(mean.mean()), 1e-4), 1 / _MAX_GAIN, _MAX_GAIN))
        cast = (mean.mean() / np.maximum(mean, 1e-4)) ** traits.balance
        if self._exposure is None:
            self._exposure, self._balance = wanted, cast
        self._exposure *= (wanted / self._exposure) ** (1 / (RATE * traits.exposure_s))
        self._balance = self._balance * (cast / self._balance) ** (1 / (RATE * traits.balance_s))
        light = scene * (self._exposure * self._balance).astype(np.float32)
        light += np.sqrt(traits.read**2 + traits.shot**2 * light) * self._noise(light.shape)
        return self._curve[(np.clip(light, 0, 1) * (_TABLE - 1)).astype(np.uint16)]

    def _noise(self, shape: tuple[int, ...]) -> Floats:
        """Normal noise of that shape, a part of a larger field that is drawn once: to draw it for each frame
        took longer than all the rest."""
        height, width = shape[:2]
        if self._field is None:
            size = (height + _SPARE, width + _SPARE, 3)
            self._field = self._random.standard_normal(size, np.float32)
        top, left = self._random.integers(0, _SPARE, 2)
        return self._field[top : top + height, left : left + width]


def encode_video(pictures: Iterable[Pixels]) -> bytes:
    """WebM, VP8 at 1 Mbit/s in real time's effort, as a browser's MediaRecorder makes it."""
    out = io.BytesIO()
    with av.open(out, "w", format="webm") as container:
        stream = container.add_stream(
            "libvpx",
            rate=Fraction(RATE),
            options=_REALTIME,
        )
        stream.pix_fmt, stream.bit_rate = "yuv420p", BIT_RATE
        for picture in pictures:
            if not stream.codec_context.is_open:
                stream.height, stream.width = picture.shape[:2]
            container.mux(stream.encode(VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return out.getvalue()


def linear_light(picture: Pixels) -> NDArray[np.float32]:
    """What a picture (H, W, 3), sRGB, shows, in linear light, 0 to 1."""
    return LINEAR[picture]
