"""Chips as a worse photo would show them, for heads to learn from."""

from __future__ import annotations

import cv2
import numpy as np


def disturbed(chip: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Shifted, turned, scaled, blurred or coarse, darker or lighter, at times without colour."""
    scale, angle = random.uniform(0.9, 1.12), np.radians(random.normal(0, 4))
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    side = chip.shape[0]
    origin = np.full(2, side / 2) - turn @ np.full(2, side / 2) + random.normal(0, 5, 2)
    chip = cv2.warpAffine(chip, np.column_stack([turn, origin]), (side, side))
    kind = random.random()
    if kind < 0.35:
        chip = cv2.GaussianBlur(chip, (0, 0), random.uniform(0.5, 2.5))
    elif kind < 0.6:
        small = int(random.integers(28, 90))
        chip = cv2.resize(chip, (small, small), interpolation=cv2.INTER_AREA)
        chip = cv2.resize(chip, (side, side), interpolation=cv2.INTER_CUBIC)
    bright = 255 * (chip / 255.0) ** random.uniform(0.6, 1.6) * random.uniform(0.75, 1.1)
    chip = bright.clip(0, 255).astype(np.uint8)
    if random.random() < 0.15:
        chip = np.repeat(cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY)[..., None], 3, 2)
    return np.ascontiguousarray(chip)
