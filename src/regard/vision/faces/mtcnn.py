"""MTCNN's cascade: proposals on a pyramid (PNet), refined (RNet), and given landmarks (ONet).

Zhang et al., "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks", 2016.
The box arithmetic is that of the PyPI package `mtcnn` 1.0.0, whose weights these are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from regard.vision.model import Runner
from regard.vision.pixels import GREY, Copies, Floats, Pixels, resize

CELL = 12  # px, the window of a PNet cell
STEP = 0.6  # between levels of the pyramid; the package's .709 finds no more, and costs a third more
PROPOSALS = 2_000  # most candidates that RNet sees, best first: bounds the work on textures
RNET_BATCH, ONET_BATCH = 256, 64


def logit(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))


# Probabilities after PNet, RNet and ONet.
THRESHOLDS = (logit(0.75), logit(0.8), logit(0.9))


@dataclass(frozen=True, eq=False, slots=True)
class Candidates:
    """`boxes` (N, 4) left, top, right, bottom; `logits` (N,); `landmarks` (N, 5, 2); float32, px."""

    boxes: Floats
    logits: Floats
    landmarks: Floats

    def __len__(self) -> int:
        return len(self.boxes)

    def take(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> Candidates:
        return Candidates(self.boxes[which], self.logits[which], self.landmarks[which])

    def replaced(self, which: NDArray[np.intp], others: Candidates) -> Candidates:
        """A copy with `others` in the places `which`."""
        result = Candidates(self.boxes.copy(), self.logits.copy(), self.landmarks.copy())
        result.boxes[which], result.logits[which] = others.boxes, others.logits
        result.landmarks[which] = others.landmarks
        return result

    @staticmethod
    def none() -> Candidates:
        return Candidates(*(np.zeros((0, *shape), np.float32) for shape in ((4,), (), (5, 2))))

    @staticmethod
    def join(parts: list[Candidates]) -> Candidates:
        parts = [Candidates.none(), *parts]
        return Candidates(
            np.concatenate([part.boxes for part in parts]),
            np.concatenate([part.logits for part in parts]),
            np.concatenate([part.landmarks for part in parts]),
        )


def pyramid(pixels: Pixels, min_face: float) -> Iterator[tuple[Pixels, NDArray[np.float64]]]:
    """The picture at falling sizes, and their px by picture px, across and down."""
    height, width = pixels.shape[:2]
    scale = CELL / min_face
    while min(height, width) * scale >= CELL:
        pixels = resize(pixels, max(CELL, round(width * scale)), max(CELL, round(height * scale)))
        yield pixels, np.array([pixels.shape[1] / width, pixels.shape[0] / height])
        scale *= STEP


def cut_boxes(copies: Copies, boxes: Floats, side: int, rolls: Floats | None = None) -> Pixels:
    """(N, side, side, 3): boxes (N, 4), from corner to corner, turned upright by `rolls` (N,), radians."""
    corners = boxes.astype(np.float64)
    angles = np.zeros(len(boxes)) if rolls is None else rolls.astype(np.float64)
    cos, sin = np.cos(angles), np.sin(angles)
    turn = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)
    turn = turn * ((corners[:, 2:] - corners[:, :2]) / (side - 1))[:, None]
    origin = (corners[:, :2] + corners[:, 2:]) / 2 - turn.sum(2) * ((side - 1) / 2)
    return copies.cut(np.concatenate([turn, origin[..., None]], 2), side, outside=GREY)


class Mtcnn:
    networks = ("mtcnn-pnet", "mtcnn-rnet", "mtcnn-onet")

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def detect(self, pixels: Pixels, min_face: float, copies: Copies | None = None) -> Candidates:
        """Faces of at least `min_face` px, best first. `pixels`: (H, W, 3), uint8, RGB; `copies`: of them."""
        thresholds = THRESHOLDS
        proposals = self._propose(pixels, min_face, thresholds[0])
        if not len(proposals):
            return Candidates.none()
        copies = copies or Copies(pixels)
        boxes = self._refine(copies, proposals, thresholds[1])
        if not len(boxes):
            return Candidates.none()
        found = self.landmark(copies, boxes)
        found = found.take(found.logits > thresholds[2])
        return found.take(suppress_nested(found.boxes, found.logits, 0.7))

    def landmark(self, copies: Copies, boxes: Floats) -> Candidates:
        """ONet on square boxes (N, 4), without a threshold."""
        parts = []
        for batch in _batches(boxes, ONET_BATCH):
            offsets, landmarks, logits = self._run("mtcnn-onet", cut_boxes(copies, batch, 48))
            sides = _sides(batch)
            corners = batch[:, None, :2] + landmarks * sides[:, None, :2] - 1
            parts.append(Candidates(batch + offsets * sides, logits, corners.astype(np.float32)))
        return Candidates.join(parts)

    def landmark_turned(self, copies: Copies, boxes: Floats, rolls: Floats) -> Candidates:
        """ONet on square boxes turned by `rolls` (N,), radians; the answer in the picture's own frame.

        A turned face is taken for an ellipse, and its box is the ellipse's.
        """
        parts = []
        for begin in range(0, len(boxes), ONET_BATCH):
            batch, roll = boxes[begin : begin + ONET_BATCH], rolls[begin : begin + ONET_BATCH]
            offsets, landmarks, logits = self._run("mtcnn-onet", cut_boxes(copies, batch, 48, roll))
            sides = _sides(batch)
            centre = (batch[:, :2] + batch[:, 2:]) / 2
            cos, sin = np.cos(roll), np.sin(roll)
            turn = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)
            upright = batch + offsets * sides
            middle = (upright[:, :2] + upright[:, 2:]) / 2 - centre
            half = (upright[:, 2:] - upright[:, :2]) / 2
            middle = np.einsum("nij,nj->ni", turn, middle) + centre
            half = np.sqrt(np.einsum("nij,nj->ni", turn**2, half**2))
            points = batch[:, None, :2] + landmarks * sides[:, None, :2] - 1 - centre[:, None]
            points = np.einsum("nij,nkj->nki", turn, points) + centre[:, None]
            boxes_out = np.concatenate([middle - half, middle + half], 1).astype(np.float32)
            parts.append(Candidates(boxes_out, logits, points.astype(np.float32)))
        return Candidates.join(parts)

    def _propose(self, pixels: Pixels, min_face: float, threshold: float) -> Floats:
        """PNet on every level: square boxes (N, 4)."""
        boxes, logits = [], []
        for level, scale in pyramid(pixels, min_face):
            cells, offsets = self._run("mtcnn-pnet", level[None])
            rows, columns = np.nonzero(cells[0] > threshold)
            if not len(rows):
                continue
            values = cells[0, rows, columns]
            corner = np.stack([columns, rows], -1) * 2.0 + 1
            window = np.concatenate([corner, corner + (CELL - 1)], 1)
            window = (window + offsets[0, rows, columns] * (CELL - 1)) / np.tile(scale, 2)
            kept = suppress(window, values, 0.5)
            boxes.append(window[kept])
            logits.append(values[kept])
        if not boxes:
            return np.zeros((0, 4), np.float32)
        every, values = np.concatenate(boxes), np.concatenate(logits)
        kept = suppress(every, values, 0.7)[:PROPOSALS]
        return square(every[kept])

    def _refine(self, copies: Copies, boxes: Floats, threshold: float) -> Floats:
        """RNet: the boxes that pass, moved, squared, without overlaps."""
        refined, logits = [], []
        for batch in _batches(boxes, RNET_BATCH):
            offsets, values = self._run("mtcnn-rnet", cut_boxes(copies, batch, 24))
            passed = values > threshold
            refined.append((batch + offsets * _sides(batch))[passed])
            logits.append(values[passed])
        every, values = np.concatenate(refined), np.concatenate(logits)
        return square(every[suppress(every, values, 0.7)])

    def _run(self, name: str, pixels: Pixels) -> list[Floats]:
        return self._runner.run(name, {"input": np.ascontiguousarray(pixels)})


def _batches(boxes: Floats, size: int) -> list[Floats]:
    return [boxes[begin : begin + size] for begin in range(0, len(boxes), size)]


def _sides(boxes: Floats) -> Floats:
    """(N, 4): width + 1, height + 1, twice, as the package counts pixels."""
    return np.tile(boxes[:, 2:] - boxes[:, :2] + 1, 2)


def square(boxes: Floats) -> Floats:
    """Squares (N, 4) about the same centres, of the longer side."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(1, keepdims=True) / 2
    return np.concatenate([centre - half, centre + half], 1).astype(np.float32)


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


def suppress_nested(boxes: Floats, scores: Floats, share: float) -> NDArray[np.intp]:
    """Non-maximum suppression by intersection over the smaller box; indices, best first."""
    kept: list[int] = []
    for index in np.argsort(-scores, kind="stable").tolist():
        if not kept or overlaps(boxes[index], boxes[kept], smaller=True).max() <= share:
            kept.append(index)
    return np.array(kept, np.intp)
