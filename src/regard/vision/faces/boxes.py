"""Arithmetic of face boxes (N, 4): left, top, right, bottom, in px."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from regard.vision.pixels import Floats


def square(boxes: Floats) -> Floats:
    """Squares (N, 4) about the same centres, of the longer side."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(1, keepdims=True) / 2
    return np.concatenate([centre - half, centre + half], 1).astype(np.float32)


def eye_rolls(landmarks: Floats) -> Floats:
    """Roll (N,) in radians, −π to π, positive clockwise, of the line from eye to eye; landmarks (N, 5, 2)."""
    eyes = landmarks[:, 1] - landmarks[:, 0]
    return np.asarray(np.arctan2(eyes[:, 1], eyes[:, 0]), np.float32)


def suppress(boxes: Floats, scores: Floats, iou: float) -> NDArray[np.intp]:
    """Non-maximum suppression by intersection over union; indices, best first."""
    if not len(boxes):
        return np.zeros(0, np.intp)
    corner_size = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1).astype(np.float64)
    above = (scores - scores.min() + 1).astype(np.float32)  # OpenCV wants them positive
    kept = cv2.dnn.NMSBoxes(corner_size, above, 0.0, iou)  # type: ignore[arg-type]
    return np.asarray(kept, np.intp).reshape(-1)


def overlaps(box: Floats, boxes: Floats, *, smaller: bool = False) -> Floats:
    """Intersection of `box` (4,) with `boxes` (N, 4) over their union, or over the smaller of the two."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), 1)
    area, areas = np.prod(box[2:] - box[:2]), np.prod(boxes[:, 2:] - boxes[:, :2], 1)
    whole = np.minimum(area, areas) if smaller else area + areas - shared
    return np.asarray(shared / np.maximum(whole, 1e-6), np.float32)


def covered(boxes: Floats, by: Floats, share: float = 0.5) -> NDArray[np.bool_]:
    """Which of `boxes` (N, 4) share more than that of the smaller area with one of `by` (M, 4)."""
    low = np.maximum(boxes[:, None, :2], by[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], by[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0), 2)
    areas = [np.prod(some[:, 2:] - some[:, :2], 1) for some in (boxes, by)]
    return np.asarray((shared > share * np.minimum(areas[0][:, None], areas[1][None])).any(1))


def suppress_nested(boxes: Floats, scores: Floats, share: float) -> NDArray[np.intp]:
    """Non-maximum suppression by intersection over the smaller box; indices, best first."""
    kept: list[int] = []
    for index in np.argsort(-scores, kind="stable").tolist():
        if not kept or overlaps(boxes[index], boxes[kept], smaller=True).max() <= share:
            kept.append(index)
    return np.array(kept, np.intp)
