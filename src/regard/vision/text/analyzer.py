"""The text model that the rest of Regard uses: find, turn, read, split into words, order."""

from __future__ import annotations

from dataclasses import dataclass

from regard.vision.image import Image
from regard.vision.pixels import Copies, Pixels
from regard.vision.runner import Runner
from regard.vision.text import detector, recognizer
from regard.vision.text.detector import Region, TextDetector
from regard.vision.text.order import in_reading_order
from regard.vision.text.quads import size_of
from regard.vision.text.recognizer import TextRecognizer
from regard.vision.text.strips import cut
from regard.vision.text.text import Line
from regard.vision.text.words import lines_of

TALL = 1.5  # times as high as wide: the text runs downwards or upwards
DOUBTED = 0.9  # mean probability of its characters, under which a line is read the other way up as well
MIN_CERTAINTY = 0.5  # mean probability of its characters that a line must have


@dataclass(frozen=True, eq=False, slots=True)
class _View:
    """A region as it would be read in one direction: the place in the list, the region, and its strip."""

    number: int
    region: Region
    strip: Pixels


class TextAnalyzer:
    """PP-OCR's three networks: detection, which way up, recognition. Safe to share by threads."""

    version = "3.0"
    networks = (detector.NETWORK, recognizer.ANGLE_NETWORK, recognizer.NETWORK)

    def __init__(self, sessions: Runner) -> None:
        self._detector = TextDetector(sessions)
        self._recognizer = TextRecognizer(sessions)

    def read(self, image: Image) -> list[Line]:
        """The lines of a picture, from top to bottom and from left to right."""
        copies = Copies(image.pixels)
        views = [
            _view(copies, number, _as_it_runs(region))
            for number, region in enumerate(self._detector.detect(image.pixels))
        ]
        read = self._recognizer.read([view.strip for view in views])
        upside_down = self._recognizer.upside_down([view.strip for view in views])
        best = list(zip(views, read, strict=True))
        again = [
            _view(copies, number, view.region.turned(2))
            for number, (view, reading) in enumerate(best)
            if upside_down[number] or reading.certainty < DOUBTED
        ]
        for view, reading in zip(again, self._recognizer.read([view.strip for view in again]), strict=True):
            if reading.certainty > best[view.number][1].certainty:
                best[view.number] = view, reading
        lines = [
            line
            for view, reading in best
            if reading.certainty >= MIN_CERTAINTY
            for line in lines_of(reading, view.strip, view.region)
        ]
        return in_reading_order(lines)


def _as_it_runs(region: Region) -> Region:
    width, height = size_of(region.quad)
    return region.turned(1) if height >= TALL * width else region


def _view(copies: Copies, number: int, region: Region) -> _View:
    return _View(number, region, cut(copies, region.margin))
