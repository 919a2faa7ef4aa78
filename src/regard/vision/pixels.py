"""Resizing and cutting of pictures, with pixel centres at whole coordinates in every frame."""

from __future__ import annotations

import threading
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # (height, width, 3), RGB
Floats = NDArray[np.float32]

GREY = 128
MIN_SPAN, FLAT_SPAN = 12, 100  # grey levels; below the first there is but noise


def resize(pixels: Pixels, width: int, height: int) -> Pixels:
    """Halved as often as it goes, then interpolated: ten times as fast as OpenCV's area method.

    At half the size, linear interpolation is the average of two by two pixels.
    """
    while (pixels.shape[1], pixels.shape[0]) != (width, height):
        half = ((pixels.shape[1] + 1) // 2, (pixels.shape[0] + 1) // 2)
        size = half if half[0] >= width and half[1] >= height else (width, height)
        pixels = cast(Pixels, cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR))
    return pixels


def scaled(pixels: Pixels, scale: float) -> Pixels:
    """Both sides times `scale`, at least one pixel."""
    height, width = pixels.shape[:2]
    return resize(pixels, max(1, round(width * scale)), max(1, round(height * scale)))


def stretched(pixels: Pixels, max_span: float = FLAT_SPAN) -> Pixels | None:
    """A dark or hazy picture at full contrast; None where there is little to gain or nothing to see.

    Told from a sample: the span of its green values without the outer hundredth at either end, which must be
    under `max_span` grey levels.
    """
    step = max(1, max(pixels.shape[:2]) // 64)
    low, high = np.percentile(pixels[::step, ::step, 1], (1, 99))
    if not MIN_SPAN <= high - low < max_span:
        return None
    levels = (np.arange(256) - low) * (235 / (high - low)) + 10
    return cast(Pixels, cv2.LUT(pixels, np.clip(levels, 0, 255).astype(np.uint8)))


def warp(
    pixels: Pixels, inverse: NDArray[np.float64], width: int, height: int, *, outside: int = 0
) -> Pixels:
    """The picture (height, width, C) whose pixel q is `pixels` (H, W, C) at `inverse` (2, 3) · (q, 1)."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    border = (outside, outside, outside, outside)
    return cast(Pixels, cv2.warpAffine(pixels, inverse, (width, height), flags=flags, borderValue=border))


class Copies:
    """A picture and its halvings, made when needed, so that small cut-outs of large parts don't alias.
    Safe to share by threads.
    """

    def __init__(self, pixels: Pixels) -> None:
        self._lock = threading.Lock()
        self._levels = [pixels]
        self._wide: dict[int, Pixels] = {}
        self._last = max(0, int(np.log2(min(pixels.shape[:2]) / 4)))

    @classmethod
    def of(cls, picture: Pixels | Copies) -> Copies:
        """The copies of a picture, which may have some already."""
        return picture if isinstance(picture, Copies) else cls(picture)

    @property
    def pixels(self) -> Pixels:
        """The picture itself."""
        return self._levels[0]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the picture."""
        height, width = self._levels[0].shape[:2]
        return height, width

    def shrunk(self, width: int, height: int) -> Pixels:
        """The whole picture (height, width, 3), from the smallest copy that is as large.

        Copies of odd sizes lack their last row or column, so that halvings of those are not used.
        """
        level = 0
        while level < self._last:
            above, below = (side >> level for side in self.shape)
            if above % 2 or below % 2 or above // 2 < height or below // 2 < width:
                break
            level += 1
        return resize(self._copy(level), width, height)

    def cut(self, inverses: NDArray[np.float64], side: int, *, outside: int = 0) -> Pixels:
        """(N, side, side, 3) by the maps (N, 2, 3) as in `warp`.

        Each is taken from the smallest copy that still has the resolution of the cut-out.
        """
        linear = inverses[:, :, :2]
        step = np.sqrt(np.abs(linear[:, 0, 0] * linear[:, 1, 1] - linear[:, 0, 1] * linear[:, 1, 0]))
        levels = np.minimum(np.log2(np.maximum(step, 1.0)).astype(int), self._last)
        factors = (2.0**levels)[:, None]
        scaled_maps = inverses / factors[..., None]
        # A pixel at p in the picture is at (p + .5) / factor − .5 in the copy.
        scaled_maps[:, :, 2] += 0.5 / factors - 0.5
        cuts = np.empty((len(inverses), side, side, 3), np.uint8)
        flags, border = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, (outside, outside, outside, outside)
        warped = np.empty((side, side, 4), np.uint8)
        for into, inverse, level in zip(cuts, scaled_maps, levels.tolist(), strict=True):
            copy = self._wide_copy(level)
            cv2.warpAffine(copy, inverse, (side, side), dst=warped, flags=flags, borderValue=border)
            cv2.cvtColor(warped, cv2.COLOR_RGBA2RGB, dst=into)
        return cuts

    def strip(self, inverse: NDArray[np.float64], width: int, height: int) -> Pixels:
        """(height, width, 3) by the map (2, 3) as in `warp`, the picture's edge drawn on outside of it.

        Taken from the smallest copy that still has the resolution of the strip across its height.
        """
        step = max(1.0, float(np.linalg.norm(inverse[:, 1])))
        level = min(int(np.log2(step)), self._last)
        factor = 2.0**level
        inverse = inverse / factor
        inverse[:, 2] += 0.5 / factor - 0.5
        return cast(
            Pixels,
            cv2.warpAffine(
                self._copy(level),
                inverse,
                (width, height),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            ),
        )

    def _wide_copy(self, level: int) -> Pixels:
        """A copy with a fourth channel: OpenCV warps it to the same pixels in half the time."""
        if level not in self._wide:
            self._wide[level] = cast(Pixels, cv2.cvtColor(self._copy(level), cv2.COLOR_RGB2RGBA))
        return self._wide[level]

    def _copy(self, level: int) -> Pixels:
        with self._lock:
            while len(self._levels) <= level:
                last = self._levels[-1]
                height, width = last.shape[0] // 2, last.shape[1] // 2
                self._levels.append(resize(last[: 2 * height, : 2 * width], width, height))
            return self._levels[level]
