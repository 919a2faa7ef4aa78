"""MTCNN's cascade: proposals on a pyramid (PNet), refined (RNet), and given landmarks (ONet).

Zhang et al., "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks", 2016.
The box arithmetic is that of the PyPI package `mtcnn` 1.0.0, whose weights these are.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from regard.vision.model import Runner

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]

CELL = 12  # px, the window of a PNet cell
STEP = 0.709  # between levels of the pyramid: half the area
PROPOSALS = 2_000  # most candidates that RNet sees, best first: bounds the work on textures
RNET_BATCH, ONET_BATCH = 256, 64
GREY = (128, 128, 128)  # what lies outside the picture


def logit(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))


# Probabilities of .7, .8 and .9 after PNet, RNet and ONet.
THRESHOLDS = (logit(0.7), logit(0.8), logit(0.9))


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


class Pyramid:
    """A picture at falling sizes; each level is made from the one before."""

    def __init__(self, pixels: Pixels, min_face: float) -> None:
        height, width = pixels.shape[:2]
        while CELL / min_face <= 0.5:  # whole halvings are by far the fastest way down
            if min(pixels.shape[:2]) < 4 * CELL:
                break
            if CELL / min_face * width / pixels.shape[1] > 0.5:
                break
            pixels = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        self.base = pixels
        self.levels: list[Pixels] = []
        self.scales: list[tuple[float, float]] = []  # level px by picture px, across and down
        scale = CELL / min_face
        while min(height, width) * scale >= CELL:
            size = (max(CELL, round(width * scale)), max(CELL, round(height * scale)))
            pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
            self.levels.append(pixels)
            self.scales.append((size[0] / width, size[1] / height))
            scale *= STEP


class Crops:
    """Square crops of a picture, each taken from a copy shrunk to about the crop's size."""

    def __init__(self, pixels: Pixels) -> None:
        self.copies = [pixels]

    def take(self, boxes: Floats, side: int, rolls: Floats | None = None) -> Pixels:
        """(N, side, side, 3): the boxes (N, 4), corner to corner, turned upright by `rolls` (N,) in radians."""
        out = np.empty((len(boxes), side, side, 3), np.uint8)
        for index, (left, top, right, bottom) in enumerate(boxes.tolist()):
            roll = 0.0 if rolls is None else float(rolls[index])
            across, down = (right - left) / (side - 1), (bottom - top) / (side - 1)
            level = max(0, int(np.log2(max(min(across, down), 1.0))))
            shrunk = self._copy(level)
            ratio = shrunk.shape[1] / self.copies[0].shape[1]
            centre = np.array([(left + right) / 2, (top + bottom) / 2])
            cos, sin = np.cos(roll), np.sin(roll)
            matrix = np.array([[across * cos, -down * sin], [across * sin, down * cos]])
            origin = centre - matrix @ np.full(2, (side - 1) / 2)
            shift = (origin + 0.5) * ratio - 0.5
            warp = np.column_stack([matrix * ratio, shift])
            cv2.warpAffine(
                shrunk,
                warp,
                (side, side),
                dst=out[index],
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_CONSTANT,
                borderValue=GREY,
            )
        return out

    def _copy(self, level: int) -> Pixels:
        while len(self.copies) <= level and min(self.copies[-1].shape[:2]) >= 8:
            self.copies.append(
                cv2.resize(self.copies[-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            )
        return self.copies[min(level, len(self.copies) - 1)]


class Mtcnn:
    networks = ("mtcnn-pnet", "mtcnn-rnet", "mtcnn-onet")

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def detect(self, pixels: Pixels, min_face: float, crops: Crops | None = None) -> Candidates:
        """Faces of at least `min_face` px, best first. `pixels`: (H, W, 3), uint8, RGB; `crops`: of the same."""
        thresholds = THRESHOLDS
        proposals = self._propose(pixels, min_face, thresholds[0])
        if not len(proposals):
            return Candidates.none()
        crops = crops or Crops(pixels)
        boxes = self._refine(crops, proposals, thresholds[1])
        if not len(boxes):
            return Candidates.none()
        found = self.landmark(crops, boxes)
        found = found.take(found.logits > thresholds[2])
        return found.take(suppress_nested(found.boxes, found.logits, 0.7))

    def landmark(self, crops: Crops, boxes: Floats) -> Candidates:
        """ONet on square boxes (N, 4), without a threshold."""
        parts = []
        for batch in _batches(boxes, ONET_BATCH):
            offsets, landmarks, logits = self._run("mtcnn-onet", crops.take(batch, 48))
            sides = _sides(batch)
            corners = batch[:, None, :2] + landmarks * sides[:, None, :2] - 1
            parts.append(Candidates(batch + offsets * sides, logits, corners.astype(np.float32)))
        return Candidates.join(parts)

    def landmark_turned(self, crops: Crops, boxes: Floats, rolls: Floats) -> Candidates:
        """ONet on square boxes turned by `rolls` (N,), radians; the answer in the picture's own frame.

        A turned face is taken for an ellipse, and its box is the ellipse's.
        """
        parts = []
        for begin in range(0, len(boxes), ONET_BATCH):
            batch, roll = boxes[begin : begin + ONET_BATCH], rolls[begin : begin + ONET_BATCH]
            offsets, landmarks, logits = self._run("mtcnn-onet", crops.take(batch, 48, roll))
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
        pyramid = Pyramid(pixels, min_face)
        for level, scale in zip(pyramid.levels, pyramid.scales, strict=True):
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

    def _refine(self, crops: Crops, boxes: Floats, threshold: float) -> Floats:
        """RNet: the boxes that pass, moved, squared, without overlaps."""
        refined, logits = [], []
        for batch in _batches(boxes, RNET_BATCH):
            offsets, values = self._run("mtcnn-rnet", crops.take(batch, 24))
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
