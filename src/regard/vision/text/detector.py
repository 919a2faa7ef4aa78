"""Where text stands: the probability map of a DB network, and the rectangles in it.

The network (PP-OCRv6, "small") is trained by differentiable binarization: text is drawn shrunk, so that lines
keep apart, and grown again by a distance that follows from its area and perimeter (Liao et al., Real-time
Scene Text Detection with Differentiable Binarization, AAAI 2020, section 3.3).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from regard.vision.geometry import quads_share
from regard.vision.pixels import Floats, Pixels, resize
from regard.vision.runner import Runner
from regard.vision.text.quads import direction_of, quarter_turned, rectangle, size_of, upright

NETWORK = "ppocr-detection"
STEP = 32  # px: the network's sides are multiples
MIN_SIDE, MAX_SIDE = 736, 1600  # px of the searched copy: its shorter side at least, its longer at most
MAX_TILE, OVERLAP = 1024, 192  # px of the searched copy: longer sides are seen in parts
CUT = 64  # px: so near to an edge where text goes on, what a tile says doesn't count
COARSE_SIDE = 640  # px: the longer side of the second copy of a picture that is seen in parts
LARGE = 200.0  # px of the searched copy: text so high is left to the second copy
TEXT = 0.3  # probability of a pixel
SURE = 0.5  # mean probability of a region
TIGHT, LOOSE = 1.0, 1.6  # growth to the text's own outline, measured; and with the margin that reading wants
MIN_HEIGHT = 3.0  # px of the searched copy, before it is grown
MAX_REGIONS = 1000
SHARED = 0.2  # of the smaller of two regions: those that share more are one


@dataclass(frozen=True, eq=False, slots=True)
class Region:
    """Text that was found: `quad` (4, 2) is its outline, `margin` the same with room around it; px.

    Their width is the side that lies flattest, whatever direction the text has, unless `turned` was called.
    """

    quad: Floats
    margin: Floats

    def turned(self, quarters: int) -> Region:
        """The same place for text that was turned clockwise by so many quarters."""
        return Region(quarter_turned(self.quad, quarters), quarter_turned(self.margin, quarters))


class TextDetector:
    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def detect(self, pixels: Pixels) -> list[Region]:
        """The text of the picture (H, W, 3), uint8, RGB, at most 1,000 regions, in no order."""
        height, width = pixels.shape[:2]
        size = _searched_size(width, height)
        found = self._search(pixels, size)
        if max(size) > MAX_TILE:  # text that is large for a tile
            coarse = self._search(pixels, _rounded(width, height, COARSE_SIDE / max(width, height)))
            found = _together(found, coarse, large=LARGE * max(width, height) / max(size))
        return found[:MAX_REGIONS]

    def _search(self, pixels: Pixels, size: tuple[int, int]) -> list[Region]:
        """The regions of `pixels` that show in a copy of `size`, width and height in px."""
        height, width = pixels.shape[:2]
        small = resize(pixels, *size)
        scale = np.array([width / small.shape[1], height / small.shape[0]], np.float32)

        def placed(core: Floats, growth: float) -> Floats:
            # A pixel at p in the copy is at (p + .5) · scale − .5 in the picture.
            return upright((_grown(core, growth) + 0.5) * scale - 0.5)

        return [Region(placed(core, TIGHT), placed(core, LOOSE)) for core in cores(self._map(small))]

    def _map(self, pixels: Pixels) -> Floats:
        """The probability of each pixel (H, W) to be text; sides are multiples of 32.

        Tile by tile: a network that sees a large picture at once misses a lone line in it, and needs memory
        with its area. Where tiles overlap, the surer one counts, so that text across an edge stays whole.
        """
        probabilities = np.zeros(pixels.shape[:2], np.float32)
        for top, bottom in tiles(pixels.shape[0]):
            for left, right in tiles(pixels.shape[1]):
                tile = pixels[None, top:bottom, left:right, ::-1]
                feed = np.ascontiguousarray(tile.transpose(0, 3, 1, 2), np.float32)
                feed *= 1 / 127.5
                feed -= 1
                (answer,) = self._runner.run(NETWORK, {"x": feed})
                upper, lower = _inner(top, bottom, pixels.shape[0])
                first, last = _inner(left, right, pixels.shape[1])
                part = probabilities[upper:lower, first:last]
                np.maximum(
                    part, answer[0, 0, upper - top : lower - top, first - left : last - left], out=part
                )
        return probabilities


def tiles(length: int) -> list[tuple[int, int]]:
    """Begin and end of tiles of one length that overlap and cover `length` px, a multiple of 32."""
    count = 1 if length <= MAX_TILE else -(-(length - OVERLAP) // (MAX_TILE - OVERLAP))
    side = -(-(length + (count - 1) * OVERLAP) // (count * STEP)) * STEP
    step = (length - side) / max(count - 1, 1)
    begins = [round(step * number) for number in range(count)]
    return [(begin, begin + side) for begin in begins]


def _inner(begin: int, end: int, length: int) -> tuple[int, int]:
    """A tile without what lies near its edges, but for the picture's own."""
    return begin + CUT * (begin > 0), end - CUT * (end < length)


def _together(near: list[Region], coarse: list[Region], *, large: float) -> list[Region]:
    """All of `near`, and what is new in `coarse`; what is over `large` px high is in pieces in `near`."""
    near = _apart(near, [region for region in coarse if min(size_of(region.quad)) > large])
    return near + _apart(coarse, near)


def _apart(regions: list[Region], others: list[Region]) -> list[Region]:
    """Those that share no more than a fifth of the smaller one with any of the others."""
    shares = quads_share(_quads(regions), _quads(others))
    return [region for region, own in zip(regions, shares, strict=True) if not (own > SHARED).any()]


def _quads(regions: list[Region]) -> Floats:
    return np.array([region.quad for region in regions], np.float32).reshape(-1, 4, 2)


def cores(probabilities: Floats) -> list[Floats]:
    """The rectangles (4, 2) of a probability map (H, W), in its pixels."""
    mask = cv2.dilate((probabilities > TEXT).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for contour in sorted(contours, key=len, reverse=True)[:MAX_REGIONS]:
        quad = upright(np.asarray(cv2.boxPoints(cv2.minAreaRect(contour)), np.float32))
        width, height = size_of(quad)
        if min(width, height) >= MIN_HEIGHT and _mean_inside(probabilities, quad) >= SURE:
            found.append(quad)
    return found


def _searched_size(width: int, height: int) -> tuple[int, int]:
    """Of the copy that is searched, in px."""
    scale = max(1.0, MIN_SIDE / min(width, height))
    return _rounded(width, height, min(scale, MAX_SIDE / max(width, height)))


def _rounded(width: int, height: int, scale: float) -> tuple[int, int]:
    """Width and height, in px, of a copy at about that scale; both are multiples of 32."""
    sides = (max(STEP, round(side * scale / STEP) * STEP) for side in (width, height))
    return next(sides), next(sides)


def _grown(quad: Floats, growth: float) -> Floats:
    """Moved outwards on every side by area · growth / perimeter."""
    width, height = size_of(quad)
    more = width * height * growth / (width + height)
    return rectangle(quad.mean(0), direction_of(quad), width + more, height + more)


def _mean_inside(probabilities: Floats, quad: Floats) -> float:
    """The map's mean over the pixels of the rectangle."""
    height, width = probabilities.shape
    left, top = np.clip(np.floor(quad.min(0)).astype(int), 0, (width - 1, height - 1)).tolist()
    right, bottom = np.clip(np.ceil(quad.max(0)).astype(int), 0, (width - 1, height - 1)).tolist()
    mask = np.zeros((bottom - top + 1, right - left + 1), np.uint8)
    cv2.fillPoly(mask, [np.round(quad - (left, top)).astype(np.int32)], [1])
    return cv2.mean(probabilities[top : bottom + 1, left : right + 1], mask)[0]
