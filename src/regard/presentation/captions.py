"""Where captions go, so that none covers another: next to what they name, or a little way off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regard.vision.geometry import areas, intersections

Rectangle = tuple[float, float, float, float]  # left, top, right, bottom; px
_Rows = NDArray[np.float64]  # (N, 4), rectangles

_HAIR = 1e-6  # px
_MUCH = 0.5  # of a caption's area, by which one that is kept may cover small boxes
_SMALL = 0.1  # share of the picture; captions stay off what is smaller, where they can


@dataclass(frozen=True, slots=True)
class Place:
    """Where a caption goes, and which of its forms: 0 for the full one. `corner`: at which of the places at
    its box's edges; None for one that lies apart."""

    box: Rectangle
    form: int
    corner: int | None = None


def place_captions(
    boxes: Sequence[Rectangle],
    captions: Sequence[Sequence[tuple[float, float]]],
    width: float,
    height: float,
    *,
    kept: Sequence[Place | None] | None = None,
    taken: Sequence[Rectangle] = (),
) -> list[Place | None]:
    """A place for a caption at each of `boxes`, in a picture of that size.

    `captions`: for each box the sizes (width, height) of its caption in full and in briefer forms; the
    fullest that covers no small box is taken. Small boxes choose first, since they have the fewest places.
    No two places overlap, and none leaves the picture; None for a caption that there is no room for.
    `kept`: the places in the frame before, which captions keep while they can, so that they stay calm.
    `taken`: where no caption may be.
    """
    rows = np.array(boxes, np.float64).reshape(-1, 4)
    extents = areas(rows)
    small = rows[extents < _SMALL * width * height]
    forbidden = np.array(taken, np.float64).reshape(-1, 4)
    places: list[Place | None] = [None] * len(boxes)
    before = kept if kept is not None else [None] * len(boxes)
    order = np.argsort(extents, kind="stable").tolist()
    for number in order:
        last = before[number]
        if last is not None and last.form < len(captions[number]):
            place = _again(rows[number], last, captions[number], width, height, forbidden, small)
            if place is not None:
                places[number] = place
                forbidden = np.vstack([forbidden, place.box])
    for number in (number for number in order if places[number] is None):
        sizes = captions[number]
        found = _beside(rows[number], sizes, width, height, forbidden, small) or _anywhere(
            rows[number], sizes, width, height, forbidden
        )
        if found is not None:
            row, form, corner = found
            forbidden = np.vstack([forbidden, row])
            places[number] = Place(_rectangle(row), form, corner)
    return places


def _again(
    box: _Rows,
    last: Place,
    sizes: Sequence[tuple[float, float]],
    width: float,
    height: float,
    taken: _Rows,
    small: _Rows,
) -> Place | None:
    """The place as it was, beside where its box is now; None where it isn't free, covers much, or could lie
    at the box again."""
    size = sizes[last.form]
    if last.corner is None:
        if _beside(box, sizes, width, height, taken, small) is not None:
            return None
        row = np.array([*last.box[:2], last.box[0] + size[0], last.box[1] + size[1]])
    else:
        row = _at(_corners(box, size)[last.corner : last.corner + 1], size)[0]
    if not len(_free(row[None], width, height, taken)):
        return None
    if last.corner is not None and intersections(row[None], small).sum() > _MUCH * size[0] * size[1]:
        return None
    return Place(_rectangle(row), last.form, last.corner)


def _rectangle(row: _Rows) -> Rectangle:
    left, top, right, bottom = row.tolist()
    return left, top, right, bottom


def _beside(
    box: _Rows,
    sizes: Sequence[tuple[float, float]],
    width: float,
    height: float,
    taken: _Rows,
    small: _Rows,
) -> tuple[_Rows, int, int] | None:
    """The best free place at the edges of a box (4,), the form of the caption there, and which corner."""
    best: tuple[_Rows, int, int] | None = None
    min_covered = np.inf
    for form, size in enumerate(sizes):
        places = _at(_corners(box, size), size)
        free = np.flatnonzero(_is_free(places, width, height, taken))
        if not len(free):
            continue
        covered = intersections(places[free], small).sum(1)
        if covered.min() < min_covered:
            corner = int(free[covered.argmin()])
            best, min_covered = (places[corner], form, corner), covered.min()
        if min_covered == 0:
            break
    return best


def _corners(box: _Rows, size: tuple[float, float]) -> NDArray[np.float64]:
    """Top left corners of places at a box's edges, the best first: above, below, beside, inside."""
    across, down = size
    left, top, right, bottom = box.tolist()
    return np.array(
        [
            (left, top - down),
            (right - across, top - down),
            (left, bottom),
            (right - across, bottom),
            (right, top),
            (left - across, top),
            (left, top),
            (right - across, top),
            (left, bottom - down),
            (right - across, bottom - down),
        ]
    )


def _anywhere(
    box: _Rows, sizes: Sequence[tuple[float, float]], width: float, height: float, taken: _Rows
) -> tuple[_Rows, int, None] | None:
    """The free place in the picture that is nearest to a box's top left corner, for the fullest form."""
    for form, size in enumerate(sizes):
        across, down = size
        lefts = np.arange(0, width - across + _HAIR, across / 4)
        tops = np.arange(0, height - down + _HAIR, down / 2)
        places = _free(_at(np.stack(np.meshgrid(lefts, tops), -1).reshape(-1, 2), size), width, height, taken)
        if len(places):
            return places[int(np.argmin(np.square(places[:, :2] - box[:2]).sum(1)))], form, None
    return None


def _at(corners: NDArray[np.float64], size: tuple[float, float]) -> _Rows:
    return np.concatenate([corners, corners + size], 1)


def _free(places: _Rows, width: float, height: float, taken: _Rows) -> _Rows:
    free: _Rows = places[_is_free(places, width, height, taken)]
    return free


def _is_free(places: _Rows, width: float, height: float, taken: _Rows) -> NDArray[np.bool_]:
    inside = (
        (places[:, :2] >= -_HAIR).all(1) & (places[:, 2] <= width + _HAIR) & (places[:, 3] <= height + _HAIR)
    )
    free: NDArray[np.bool_] = inside & ~(intersections(places, taken) > _HAIR).any(1)
    return free
