"""Objects that are put together like a face, and are none: sockets, dials, keys, fronts of cars."""

from __future__ import annotations

import cv2
import numpy as np

SIDE = 320  # px


def drawn_object(seed: int) -> np.ndarray:
    """(SIDE, SIDE, 3), uint8, RGB: a round or square body with two parts side by side and one below."""
    random = np.random.default_rng(seed)
    pixels = _background(random)
    middle = (SIDE // 2 + random.integers(-20, 20, 2)).tolist()
    across = int(random.integers(40, 110))
    down = int(across * random.uniform(0.8, 1.5))
    body = random.integers(40, 240, 3)
    if random.random() < 0.5:
        cv2.ellipse(pixels, middle, (across, down), 0, 0, 360, body.tolist(), -1, cv2.LINE_AA)
    else:
        corner, far = (middle[0] - across, middle[1] - down), (middle[0] + across, middle[1] + down)
        cv2.rectangle(pixels, corner, far, body.tolist(), -1)
    tone = (body * random.uniform(0.15, 0.6)).astype(int).tolist()
    apart, above = int(across * random.uniform(0.25, 0.55)), int(down * random.uniform(0.1, 0.45))
    size = max(3, int(across * random.uniform(0.06, 0.25)))
    for side in (-1, 1):
        place = (middle[0] + side * apart, middle[1] - above)
        if random.random() < 0.6:
            cv2.circle(pixels, place, size, tone, -1, cv2.LINE_AA)
        else:
            cv2.rectangle(pixels, place, (place[0] + size, place[1] + 2 * size), tone, -1)
    below = (middle[0], middle[1] + int(down * random.uniform(0.25, 0.65)))
    wide = int(across * random.uniform(0.15, 0.6))
    cv2.ellipse(pixels, below, (wide, max(2, int(wide * random.uniform(0.1, 1)))), 0, 0, 360, tone, -1)
    light = np.linspace(random.uniform(0.6, 1), 1, SIDE)[:, None, None]
    noise = random.normal(0, random.uniform(0, 6), pixels.shape)
    blurred = cv2.GaussianBlur(pixels, (0, 0), random.uniform(0.5, 3))
    return np.clip(blurred * light + noise, 0, 255).astype(np.uint8)


def _background(random: np.random.Generator) -> np.ndarray:
    cells = int(random.integers(1, 12))
    coarse = random.integers(60, 230, 3) + random.normal(0, 20, (cells, cells, 3))
    return cv2.resize(np.clip(coarse, 0, 255).astype(np.uint8), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
