"""A camera with automatic exposure and white balance, its noise, and the video file that it makes."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import av
import cv2
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


def draw_traits(source: random.Random) -> CameraTraits:
    """Some camera: fast or slow, quiet or noisy, with any share of white balance."""
    return CameraTraits(
        source.uniform(0.2, 1.0),
        source.uniform(0.4, 2.0),
        source.uniform(0.0, 1.0),
        source.uniform(0.01, 0.04),
        source.uniform(0.002, 0.008),
    )


class SimulatedCamera:
    """Turns scenes in linear light into pictures, one after the other, at RATE.

    Channels lie apart, and each step writes into the memory of the one before: arithmetic on interleaved
    channels, and memory that is asked for anew, took most of a rendering's time.
    """

    def __init__(self, traits: CameraTraits, seed: int) -> None:
        self._traits, self._random = traits, np.random.default_rng(seed)
        self._exposure: float | None = None
        self._balance = np.ones(3, np.float32)
        steps = np.arange(_TABLE) / (_TABLE - 1)
        curve = np.where(steps <= 0.0031308, 12.92 * steps, 1.055 * steps ** (1 / 2.4) - 0.055)
        self._curve = np.round(255 * curve).astype(np.uint8)
        self._field: Floats | None = None

    def take(self, scene: Floats) -> Pixels:
        """A picture (H, W, 3), uint8, sRGB, of a scene (3, H, W) in linear light, which is used up."""
        gains = self._adapted(scene[:, ::8, ::8].reshape(3, -1).T)
        noise = self._noise(scene.shape[1:])
        deviation, steps = np.empty(scene.shape[1:], np.float32), np.empty(scene.shape[1:], np.uint16)
        channels = []
        for light, gain, normal in zip(scene, gains, noise, strict=True):
            light *= gain
            np.multiply(light, self._traits.shot**2, out=deviation)
            deviation += self._traits.read**2
            np.sqrt(deviation, out=deviation)
            deviation *= normal
            light += deviation
            np.clip(light, 0, 1, out=light)
            light *= _TABLE - 1
            np.copyto(steps, light, casting="unsafe")
            channels.append(self._curve.take(steps, mode="clip"))
        return cast(Pixels, cv2.merge(channels))

    def _adapted(self, sample: Floats) -> Floats:
        """(3,): by what the light of each channel is multiplied now, when a scene shows `sample` (N, 3)."""
        mean = np.ascontiguousarray(sample).mean(0)
        wanted = float(np.clip(_TARGET / max(float(mean.mean()), 1e-4), 1 / _MAX_GAIN, _MAX_GAIN))
        cast_out = (mean.mean() / np.maximum(mean, 1e-4)) ** self._traits.balance
        if self._exposure is None:
            self._exposure, self._balance = wanted, cast_out
        self._exposure *= (wanted / self._exposure) ** (1 / (RATE * self._traits.exposure_s))
        self._balance = self._balance * (cast_out / self._balance) ** (1 / (RATE * self._traits.balance_s))
        return np.asarray(self._exposure * self._balance, np.float32)

    def _noise(self, shape: tuple[int, ...]) -> Floats:
        """Normal noise (3, H, W), a part of a larger field that is drawn once: to draw it for each frame took
        longer than all the rest."""
        height, width = shape
        if self._field is None:
            size = (height + _SPARE, width + _SPARE, 3)
            drawn = self._random.standard_normal(size, np.float32)
            self._field = np.ascontiguousarray(drawn.transpose(2, 0, 1))
        top, left = self._random.integers(0, _SPARE, 2)
        return self._field[:, top : top + height, left : left + width]


class VideoEncoder:
    """WebM, VP8 at 1 Mbit/s in real time's effort, as a browser's MediaRecorder makes it."""

    def __init__(self, width: int, height: int) -> None:
        self._out = io.BytesIO()
        self._container = av.open(self._out, "w", format="webm")
        self._stream = self._container.add_stream("libvpx", rate=Fraction(RATE), options=_REALTIME)
        self._stream.pix_fmt, self._stream.bit_rate = "yuv420p", BIT_RATE
        self._stream.width, self._stream.height = width, height
        self._stream.codec_context.thread_count = 1  # several wait for each other in loops that do nothing

    def add(self, picture: Pixels) -> None:
        """The next picture (H, W, 3), RGB."""
        self._container.mux(self._stream.encode(VideoFrame.from_ndarray(picture, format="rgb24")))

    def finish(self) -> bytes:
        """The file."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._out.getvalue()


def linear_light(picture: Pixels) -> NDArray[np.float32]:
    """What a picture (H, W, 3), sRGB, shows, in linear light, 0 to 1."""
    return LINEAR[picture]
