"""Where captions go, so that none covers another: next to what they name, or a little way off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rectangle = tuple[float, float, float, float]  # left, top, right, bottom; px
_Rows = NDArray[np.float64]  # (N, 4), rectangles

_HAIR = 1e-6  # px
_SMALL = 0.1  # share of the picture; captions stay off what is smaller, where they can


@dataclass(frozen=True, slots=True)
class Place:
    """Where a caption goes, and which of its forms: 0 for the full one."""

    box: Rectangle
    form: int


def place_captions(
    boxes: Sequence[Rectangle],
    captions: Sequence[Sequence[tuple[float, float]]],
    width: float,
    height: float,
) -> list[Place | None]:
    """A place for a caption at each of `boxes`, in a picture of that size.

    `captions`: for each box the sizes (width, height) of its caption in full and in briefer forms; the
    fullest that covers no small box is taken. Small boxes choose first, since they have the fewest places.
    No two places overlap, and none leaves the picture; None for a caption that there is no room for.
    """
    rows = np.array(boxes, np.float64).reshape(-1, 4)
    areas = _areas(rows)
    small = rows[areas < _SMALL * width * height]
    taken = np.zeros((0, 4))
    places: list[Place | None] = [None] * len(boxes)
    for number in np.argsort(areas, kind="stable").tolist():
        sizes = captions[number]
        found = _beside(rows[number], sizes, width, height, taken, small) or _anywhere(
            rows[number], sizes, width, height, taken
        )
        if found is not None:
            row, form = found
            taken = np.vstack([taken, row])
            left, top, right, bottom = row.tolist()
            places[number] = Place((left, top, right, bottom), form)
    return places


def _beside(
    box: _Rows,
    sizes: Sequence[tuple[float, float]],
    width: float,
    height: float,
    taken: _Rows,
    small: _Rows,
) -> tuple[_Rows, int] | None:
    """The best free place at the edges of a box (4,), and the form of the caption there."""
    best: tuple[_Rows, int] | None = None
    least = np.inf
    for form, size in enumerate(sizes):
        places = _free(_at(_corners(box, size), size), width, height, taken)
        if not len(places):
            continue
        covered = _shared(places, small).sum(1)
        if covered.min() < least:
            best, least = (places[int(covered.argmin())], form), covered.min()
        if least == 0:
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
) -> tuple[_Rows, int] | None:
    """The free place in the picture that is nearest to a box's top left corner, for the fullest form."""
    for form, size in enumerate(sizes):
        across, down = size
        lefts = np.arange(0, width - across + _HAIR, across / 4)
        tops = np.arange(0, height - down + _HAIR, down / 2)
        places = _free(_at(np.stack(np.meshgrid(lefts, tops), -1).reshape(-1, 2), size), width, height, taken)
        if len(places):
            return places[int(np.argmin(np.square(places[:, :2] - box[:2]).sum(1)))], form
    return None


def _at(corners: NDArray[np.float64], size: tuple[float, float]) -> _Rows:
    return np.concatenate([corners, corners + size], 1)


def _free(places: _Rows, width: float, height: float, taken: _Rows) -> _Rows:
    inside = (
        (places[:, :2] >= -_HAIR).all(1) & (places[:, 2] <= width + _HAIR) & (places[:, 3] <= height + _HAIR)
    )
    free: _Rows = places[inside & ~(_shared(places, taken) > _HAIR).any(1)]
    return free


def _shared(places: _Rows, others: _Rows) -> NDArray[np.float64]:
    """The area that every two rectangles share, (N, M)."""
    low = np.maximum(places[:, None, :2], others[None, :, :2])
    high = np.minimum(places[:, None, 2:], others[None, :, 2:])
    shared: NDArray[np.float64] = np.maximum(high - low, 0).prod(2)
    return shared


def _areas(rows: _Rows) -> NDArray[np.float64]:
    areas: NDArray[np.float64] = np.maximum(rows[:, 2:] - rows[:, :2], 0).prod(1)
    return areas
