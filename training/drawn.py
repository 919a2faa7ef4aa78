"""Glasses, sunglasses, masks and other covers, drawn onto upright faces along their mesh.

Labels for these are few; what is drawn has its label for nothing. Shapes, colours, sizes, shading and blur
are random, so that a network can't learn the drawing itself.
"""

from __future__ import annotations

import cv2
import numpy as np

Pixels = np.ndarray  # (H, W, 3), uint8, RGB
JAW = (234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454)
SCALE = 4  # pictures are drawn that much larger, for smooth edges


def colour(random: np.random.Generator, darkest: int = 0, brightest: int = 256) -> np.ndarray:
    """Mostly greys, at times a colour."""
    grey = random.integers(darkest, brightest)
    spread = random.choice([4, 12, 90], p=[0.5, 0.3, 0.2])
    return np.clip(grey + random.normal(0, spread, 3), 0, 255)


def _lens(random: np.random.Generator, size: float) -> np.ndarray:
    """The outline (K, 2) of a lens about 0, `size` px to each side: a superellipse, at times drooping."""
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    power = random.uniform(0.45, 1.0)
    tall = random.uniform(0.55, 1.0)
    x = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** power
    y = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** power * tall
    droop = random.uniform(0, 0.35) if random.random() < 0.4 else 0.0
    y = y + droop * (y > 0) * y * np.cos(angle) * random.choice([-1, 1])
    return size * np.stack([x, y], 1)


def _layer(height: int, width: int) -> np.ndarray:
    return np.zeros((height * SCALE, width * SCALE), np.uint8)


def _down(layer: np.ndarray, blur: float) -> np.ndarray:
    """An alpha layer (H, W) from 0 to 1 at the picture's size."""
    small = cv2.resize(layer, None, fx=1 / SCALE, fy=1 / SCALE, interpolation=cv2.INTER_AREA)
    small = small.astype(np.float32) / 255
    return cv2.GaussianBlur(small, (0, 0), blur) if blur > 0.15 else small


def _blend(pixels: np.ndarray, paint: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return pixels * (1 - alpha[..., None]) + paint * alpha[..., None]


def draw_glasses(pixels: Pixels, mesh: np.ndarray, random: np.random.Generator, *, dark: bool) -> Pixels:
    """Eyeglasses, or sunglasses when `dark`, on a face whose mesh (478, 3) is in px of `pixels`."""
    height, width = pixels.shape[:2]
    eyes = [mesh[[33, 133, 159, 145], :2].mean(0), mesh[[263, 362, 386, 374], :2].mean(0)]
    across = eyes[1] - eyes[0]
    span = float(np.linalg.norm(mesh[263, :2] - mesh[33, :2]))
    angle = np.arctan2(across[1], across[0])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    size = span * random.uniform(0.2, 0.31)
    outline = _lens(random, size)
    drop = span * random.uniform(-0.01, 0.06)
    frame, glass = _layer(height, width), _layer(height, width)
    thick = max(1, round(SCALE * span * random.choice([0.012, 0.022, 0.04, 0.07])))
    rimless = not dark and random.random() < 0.12
    inner, centres = [], []
    for place, eye in enumerate(eyes):
        side = 1 if place else -1
        # A turned head shows its far lens narrower, as far apart as the eye's corners seem.
        corners = mesh[[263, 362], :2] if place else mesh[[33, 133], :2]
        seen = np.linalg.norm(corners[0] - corners[1]) / (span * 0.33)
        lens = outline * [side * np.clip(seen, 0.4, 1.1), 1] @ turn.T
        centre = eye + turn @ np.array([0, drop])
        points = ((centre + lens) * SCALE).astype(np.int32)
        cv2.fillPoly(glass, [points], 255)
        if not rimless:
            cv2.polylines(frame, [points], True, 255, thick, cv2.LINE_AA)
        centres.append(centre)
        inner.append(centre - side * size * np.clip(seen, 0.4, 1.1) * turn[:, 0] * 0.97)
    lift = turn @ np.array([0, -size * random.uniform(0, 0.35)])
    ends = [tuple(((point + lift) * SCALE).astype(int).tolist()) for point in inner]
    cv2.line(frame, ends[0], ends[1], 255, thick, cv2.LINE_AA)
    for place, ear in enumerate((127, 356)):
        side = 1 if place else -1
        hinge = centres[place] + side * size * turn[:, 0] + lift
        towards = mesh[ear, :2]
        if (towards - hinge) @ turn[:, 0] * side > 0:
            begin, end = ((point * SCALE).astype(int).tolist() for point in (hinge, towards))
            cv2.line(frame, tuple(begin), tuple(end), 255, max(1, round(thick * 0.8)), cv2.LINE_AA)
    blur = random.uniform(0, 0.9)
    result = pixels.astype(np.float32)
    clear = _down(glass, blur)
    if dark:
        paint = np.empty_like(result)
        paint[:] = colour(random, 0, 60)
        fade = np.linspace(random.uniform(0.75, 1.0), random.uniform(0.7, 1.0), height)[:, None]
        result = _blend(result, _reflected(paint, centres, size, random), clear * fade.astype(np.float32))
    else:
        tint = np.empty_like(result)
        tint[:] = colour(random, 60, 240)
        result = _blend(result, tint, clear * random.uniform(0, 0.14))
        if random.random() < 0.4:
            result = _blend(
                result, np.full_like(result, 255), clear * _glint(height, width, centres, size, random)
            )
    paint = np.empty_like(result)
    paint[:] = colour(random, 0, 90 if random.random() < 0.7 else 230)
    result = _blend(result, paint, _down(frame, blur) * random.uniform(0.7, 1.0))
    return np.clip(result, 0, 255).astype(np.uint8)


def _glint(
    height: int, width: int, centres: list[np.ndarray], size: float, random: np.random.Generator
) -> np.ndarray:
    """A soft bright streak on each lens, as alpha."""
    layer = np.zeros((height, width), np.float32)
    offset = random.uniform(-0.5, 0.5, 2) * size
    for centre in centres:
        at = tuple((centre + offset).astype(int).tolist())
        axes = (max(1, int(size * random.uniform(0.1, 0.5))), max(1, int(size * random.uniform(0.1, 0.3))))
        cv2.ellipse(layer, at, axes, random.uniform(0, 180), 0, 360, 1, -1)
    return cv2.GaussianBlur(layer, (0, 0), size / 6 + 0.5) * random.uniform(0.2, 0.8)


def _reflected(
    paint: np.ndarray, centres: list[np.ndarray], size: float, random: np.random.Generator
) -> np.ndarray:
    if random.random() < 0.6:
        glint = _glint(*paint.shape[:2], centres, size, random)
        paint = _blend(paint, np.full_like(paint, 235), glint * random.uniform(0.2, 0.8))
    return paint


def draw_mask(pixels: Pixels, mesh: np.ndarray, random: np.random.Generator) -> Pixels:
    """A face mask from the bridge of the nose to below the chin."""
    height, width = pixels.shape[:2]
    span = float(np.linalg.norm(mesh[263, :2] - mesh[33, :2]))
    bridge = mesh[random.choice([6, 197, 195, 5, 4]), :2]
    jaw = mesh[list(JAW), :2]
    begin = int(random.integers(1, 4))
    edge = jaw[begin : len(jaw) - begin]
    low = mesh[152, :2] + (mesh[152, :2] - mesh[1, :2]) * random.uniform(0.0, 0.18)
    lower = edge.copy()
    middle = slice(len(edge) // 2 - 3, len(edge) // 2 + 4)
    lower[middle] += (low - mesh[152, :2])[None]
    outline = np.concatenate([lower, (lower[-1] * 0.4 + bridge * 0.6)[None], bridge[None]])
    outline = np.concatenate([outline, (lower[0] * 0.4 + bridge * 0.6)[None]])
    layer = _layer(height, width)
    cv2.fillPoly(layer, [(outline * SCALE).astype(np.int32)], 255)
    paint = np.empty((height, width, 3), np.float32)
    paint[:] = colour(random, 15, 256) if random.random() < 0.5 else _surgical(random)
    rows = np.arange(height)[:, None]
    if random.random() < 0.5:  # pleats
        step = span * random.uniform(0.12, 0.3)
        paint += (random.uniform(3, 18) * np.sin(rows / step * 2 * np.pi))[..., None]
    columns = (np.arange(width)[None] - bridge[0]) / span
    paint -= (random.uniform(10, 60) * columns**2)[..., None]  # a mask is round
    if random.random() < 0.3:
        paint += cv2.GaussianBlur(random.normal(0, 60, paint.shape).astype(np.float32), (0, 0), span / 10)
    light = cv2.GaussianBlur(pixels, (0, 0), span / 4).astype(np.float32).mean(2, keepdims=True)
    paint = paint * np.clip(light / max(float(light.mean()), 1.0), 0.5, 1.3)
    result = _blend(pixels.astype(np.float32), np.clip(paint, 0, 255), _down(layer, random.uniform(0, 1.2)))
    straps = _layer(height, width)
    for ear, place in ((127, 0), (356, len(lower) - 1)):
        for corner in (lower[place], lower[place] * 0.5 + low * 0.5):
            ends = ((mesh[ear, :2] * SCALE).astype(int).tolist(), (corner * SCALE).astype(int).tolist())
            cv2.line(straps, tuple(ends[0]), tuple(ends[1]), 255, max(1, round(SCALE * span * 0.015)))
    if random.random() < 0.6:
        result = _blend(result, np.clip(paint, 0, 255), _down(straps, 0.5))
    return np.clip(result, 0, 255).astype(np.uint8)


def _surgical(random: np.random.Generator) -> np.ndarray:
    return np.array([150, 195, 220]) + random.normal(0, 22, 3)


def draw_cover(pixels: Pixels, mesh: np.ndarray, others: np.ndarray, random: np.random.Generator) -> Pixels:
    """Something before the face: a bar, an ellipse or a fist of skin colour over eyes, nose, mouth or one
    half.

    `others`: (H, W, 3), another picture of the same size, whose texture the thing takes.
    """
    height, width = pixels.shape[:2]
    span = float(np.linalg.norm(mesh[263, :2] - mesh[33, :2]))
    spots = (
        mesh[[33, 133], :2],
        mesh[[263, 362], :2],
        mesh[[13, 14], :2],
        mesh[[1, 4], :2],
        mesh[[205, 50], :2],
    )
    centre = spots[random.integers(len(spots))].mean(0) + random.normal(0, 0.08, 2) * span
    layer = _layer(height, width)
    angle = random.uniform(0, 180)
    if random.random() < 0.5:
        axes = (span * random.uniform(0.25, 0.7) * SCALE, span * random.uniform(0.22, 0.5) * SCALE)
        cv2.ellipse(
            layer,
            tuple((centre * SCALE).astype(int).tolist()),
            tuple(int(a) for a in axes),
            angle,
            0,
            360,
            255,
            -1,
        )
    else:
        for finger in range(int(random.integers(1, 5))):
            direction = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
            aside = np.array([-direction[1], direction[0]]) * finger * span * 0.16
            begin, end = centre + aside, centre + aside + direction * span * random.uniform(0.8, 2.0)
            ends = ((begin * SCALE).astype(int).tolist(), (end * SCALE).astype(int).tolist())
            cv2.line(
                layer, tuple(ends[0]), tuple(ends[1]), 255, int(SCALE * span * random.uniform(0.13, 0.24))
            )
    kind = random.random()
    if kind < 0.4:  # the face's own skin, as a hand has it
        cheek = np.clip(mesh[[50, 280, 151], :2].mean(0).astype(int), 0, [width - 1, height - 1])
        skin = pixels[cheek[1], cheek[0]].astype(np.float32)
        paint = np.empty((height, width, 3), np.float32)
        paint[:] = skin * random.uniform(0.7, 1.2)
        paint += cv2.GaussianBlur(random.normal(0, 80, paint.shape).astype(np.float32), (0, 0), span / 12)
    elif kind < 0.75:
        paint = np.roll(others, random.integers(0, height, 2), (0, 1)).astype(np.float32)
    else:
        paint = np.empty((height, width, 3), np.float32)
        paint[:] = colour(random)
    alpha = _down(layer, random.uniform(0.2, 1.5))
    return np.clip(_blend(pixels.astype(np.float32), np.clip(paint, 0, 255), alpha), 0, 255).astype(np.uint8)
