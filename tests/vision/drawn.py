"""Drawn pictures, how they are encoded, and whether they came back."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image as Pillow

from regard.vision.image import Image


def gradient(width: int = 120, height: int = 90) -> Pillow.Image:
    """Red grows to the right, green downwards, blue is a bright corner at the top left."""
    across, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    blue = ((across < 60) & (down < 60)) * 255.0
    return Pillow.fromarray(np.stack([across, down, blue], -1).astype(np.uint8))


def encoded(picture: Pillow.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def close(image: Image, expected: Pillow.Image, tolerance: float = 6) -> bool:
    difference = np.abs(image.pixels.astype(int) - np.asarray(expected.convert("RGB")).astype(int))
    return image.pixels.shape == np.asarray(expected.convert("RGB")).shape and difference.mean() < tolerance
