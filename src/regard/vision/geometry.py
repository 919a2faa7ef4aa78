"""Rectangles, directions and log-odds: the arithmetic that all models and all that goes by boxes share.

Boxes are rows (N, 4) of an array of floats: left, top, right, bottom, y downwards, whether in pixels of the
upright picture or in fractions of its sides. A box whose right is not beyond its left, or whose bottom is not
below its top, is empty: its area is 0. What is computed has the dtype of what is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

F = TypeVar("F", bound=np.floating)

Rows = NDArray[np.intp]  # places in an array
Mask = NDArray[np.bool_]

_RASTER = 256  # parts of a shape's width and height by which its area is counted


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the upright picture or in fractions of its sides, as whoever holds it says. It
    may lie partly outside of the picture.
    """

    left: float
    top: float
    width: float
    height: float

    @classmethod
    def between(cls, left: float, top: float, right: float, bottom: float) -> Box:
        """The box with these corners."""
        return cls(left, top, right - left, bottom - top)

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def side(self) -> float:
        """The smaller of width and height."""
        return min(self.width, self.height)

    def relative_to(self, width: float, height: float) -> Box:
        """From pixels to fractions of a picture of `width` × `height` px."""
        return Box(self.left / width, self.top / height, self.width / width, self.height / height)

    def moved(self, right: float, down: float) -> Box:
        return Box(self.left + right, self.top + down, self.width, self.height)

    def clipped(self, width: float, height: float) -> Box:
        """The part from 0 to `width` and from 0 to `height`; an empty box where there is none."""
        left, right = (min(max(x, 0.0), width) for x in (self.left, self.right))
        top, bottom = (min(max(y, 0.0), height) for y in (self.top, self.bottom))
        return Box.between(left, top, right, bottom)

    def touches(self, other: Box) -> bool:
        """Whether the two share a point; those on the edge count."""
        return not (
            self.right < other.left
            or other.right < self.left
            or self.bottom < other.top
            or other.bottom < self.top
        )


def corners(boxes: Sequence[Box]) -> NDArray[np.float64]:
    """(N, 4), float64."""
    rows = [(box.left, box.top, box.right, box.bottom) for box in boxes]
    return np.array(rows, np.float64).reshape(-1, 4)


def boxes_of(rows: NDArray[np.floating]) -> list[Box]:
    """The boxes of rows (N, 4)."""
    return [Box.between(*row) for row in rows.tolist()]


def squares(boxes: NDArray[F]) -> NDArray[F]:
    """Squares (N, 4) about the same middles, of the longer side."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(1, keepdims=True) / 2
    return np.concatenate([middle - half, middle + half], 1)


def areas(boxes: NDArray[F]) -> NDArray[F]:
    """(N,), not negative."""
    return _products(boxes[:, 2:] - boxes[:, :2])


def intersections(one: NDArray[F], other: NDArray[F]) -> NDArray[F]:
    """(N, M): the area that each of `one` (N, 4) shares with each of `other` (M, 4)."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    return _products(np.minimum(one[:, None, 2:], other[None, :, 2:]) - low)


def iou(one: NDArray[F], other: NDArray[F]) -> NDArray[F]:
    """(N, M), 0 to 1: the intersection of each of `one` (N, 4) with each of `other` (M, 4) over their union;
    0 where both are empty.
    """
    shared = intersections(one, other)
    return _shares(shared, areas(one)[:, None] + areas(other)[None] - shared)


def share_of_smaller(one: NDArray[F], other: NDArray[F]) -> NDArray[F]:
    """(N, M), 0 to 1: the intersection of each of `one` (N, 4) with each of `other` (M, 4) over the area of
    the smaller of the two; 0 where that is empty.
    """
    return _shares(intersections(one, other), np.minimum(areas(one)[:, None], areas(other)[None]))


def share_covered(boxes: NDArray[F], by: NDArray[F]) -> NDArray[F]:
    """(N, M), 0 to 1: the share of each of `boxes` (N, 4) that each of `by` (M, 4) covers; 0 of an empty
    one.
    """
    return _shares(intersections(boxes, by), areas(boxes)[:, None])


def quads_share(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    """(N, M), 0 to 1: the intersection of each of the convex quadrilaterals `one` (N, 4, 2) with each of
    `other` (M, 4, 2) over the area of the smaller of the two; 0 where that is empty. Corners are in the order
    of the outline.

    OpenCV's intersectConvexConvex is not used: where edges lie on one line it is wrong by any amount.
    """
    bounds = [np.concatenate([quads.min(1), quads.max(1)], 1) for quads in (one, other)]
    first, second = ([_area(quad) for quad in quads.tolist()] for quads in (one, other))
    shares = np.zeros((len(one), len(other)))
    for row, column in zip(*np.nonzero(intersections(*bounds)), strict=True):
        smaller = min(first[row], second[column])
        if smaller > 0:
            shares[row, column] = _area(_clipped(one[row].tolist(), other[column].tolist())) / smaller
    return shares


def share_inside(quad: NDArray[np.float32], polygons: Sequence[NDArray[np.float32]]) -> float:
    """0 to 1, to about a hundredth: the share of a convex quadrilateral (4, 2) that lies in any of the
    `polygons` (N, 2), convex or not. Corners are in the order of the outline. It is counted on a raster.
    """
    low = quad.min(0)
    scale = _RASTER / np.maximum(quad.max(0) - low, 1e-9)
    own, inside = np.zeros((2, _RASTER, _RASTER), np.uint8)

    def drawn(points: NDArray[np.float32]) -> NDArray[np.int32]:
        """In steps of the raster, no farther than OpenCV can count."""
        return np.asarray(np.round(np.clip((points - low) * scale, -1e6, 1e6)), np.int32)

    cv2.fillPoly(own, [drawn(quad)], [1])
    for polygon in polygons:
        cv2.fillPoly(inside, [drawn(polygon)], [1])
    return float((own & inside).sum() / max(int(own.sum()), 1))


def nested(boxes: NDArray[F], others: NDArray[F], min_share: float = 0.5) -> Mask:
    """(N,): which of `boxes` (N, 4) share more than that of the smaller area with any of `others` (M, 4)."""
    return np.asarray((share_of_smaller(boxes, others) > min_share).any(1))


def nms(boxes: NDArray[F], scores: NDArray[np.floating], max_iou: float) -> Rows:
    """Non-maximum suppression: of boxes (N, 4) with an IoU of more than `max_iou` the one with the highest of
    the `scores` (N,) is kept. The rows that are, the highest score first.
    """
    if not len(boxes):
        return np.zeros(0, np.intp)
    left_top_size = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1).astype(np.float64)
    positive = (scores - scores.min() + 1).astype(np.float32)  # OpenCV leaves out those up to 0
    kept = cv2.dnn.NMSBoxes(left_top_size, positive, 0.0, max_iou)  # type: ignore[arg-type]
    return np.asarray(kept, np.intp).reshape(-1)


def nms_by_class(
    boxes: NDArray[F], scores: NDArray[np.floating], classes: NDArray[np.integer], max_iou: float
) -> Rows:
    """`nms` within each of the `classes` (N,). The rows that are kept, the highest score first."""
    kept = np.zeros(0, np.intp)
    for one in np.unique(classes).tolist():
        rows = np.flatnonzero(classes == one)
        kept = np.concatenate([kept, rows[nms(boxes[rows], scores[rows], max_iou)]])
    kept.sort()
    return kept[np.argsort(-scores[kept], kind="stable")]


def nms_nested(boxes: NDArray[F], scores: NDArray[np.floating], max_share: float) -> Rows:
    """As `nms`, but two boxes are one where they share more than `max_share` of the smaller one: so a box
    within another goes, however small it is.
    """
    order = np.argsort(-scores, kind="stable")
    rivals = share_of_smaller(boxes[order], boxes[order]) > max_share
    kept: list[int] = []
    open_ = np.ones(len(order), bool)
    for place in range(len(order)):
        if open_[place]:
            kept.append(place)
            open_ &= ~rivals[place]
    return np.asarray(order[kept], np.intp)


def filled(boxes: NDArray[np.floating], width: int, height: int) -> Mask:
    """(height, width): the pixels that lie in any of `boxes` (N, 4), px, their corners rounded."""
    mask = np.zeros((height, width), bool)
    for left, top, right, bottom in np.maximum(np.round(boxes), 0).astype(int).tolist():
        mask[top:bottom, left:right] = True
    return mask


def unit_rows(rows: NDArray[F]) -> NDArray[F]:
    """(N, D) at unit length; a row of zeros stays one."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), rows.dtype)


def sigmoid(logits: NDArray[F]) -> NDArray[F]:
    """Probabilities, 0 to 1, for log-odds of any shape."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -60, 60))), logits.dtype)


def _products(sides: NDArray[F]) -> NDArray[F]:
    """(…,) of sides (…, 2), of which the negative count as 0."""
    sides = np.maximum(sides, 0)
    return np.asarray(sides[..., 0] * sides[..., 1], sides.dtype)


def _shares(parts: NDArray[F], wholes: NDArray[F]) -> NDArray[F]:
    wholes = np.broadcast_to(wholes, parts.shape)
    shares = np.zeros_like(parts)
    np.divide(parts, wholes, out=shares, where=wholes > 0)
    return shares


Outline = list[list[float]]  # x and y of the corners of a polygon


def _area(outline: Outline) -> float:
    """Of a polygon, by Gauss's formula."""
    behind = outline[1:] + outline[:1]
    return abs(sum(x * v - u * y for (x, y), (u, v) in zip(outline, behind, strict=True))) / 2


def _clipped(outline: Outline, window: Outline) -> Outline:
    """The part of a convex polygon within another, maybe without a corner (Sutherland and Hodgman, "Reentrant
    Polygon Clipping", 1974).
    """
    turn = sum(x * v - u * y for (x, y), (u, v) in zip(window, window[1:] + window[:1], strict=True))
    for (x, y), (u, v) in zip(window, window[1:] + window[:1], strict=True):
        # How far each corner is on the inner side of this edge, in lengths of the edge.
        depths = [((u - x) * (q - y) - (v - y) * (p - x)) * (1 if turn > 0 else -1) for p, q in outline]
        inner: Outline = []
        for number, (p, q) in enumerate(outline):
            depth, before = depths[number], depths[number - 1]
            if (depth > 0) != (before > 0):
                share = before / (before - depth)
                o, n = outline[number - 1]
                inner.append([o + share * (p - o), n + share * (q - n)])
            if depth > 0:
                inner.append([p, q])
        outline = inner
    return outline
