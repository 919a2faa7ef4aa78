"""The text model that the rest of Regard uses: find, read, turn, split into words, order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from regard.vision.image import Image
from regard.vision.pixels import Copies
from regard.vision.runner import Runner
from regard.vision.text import detector, recognizer
from regard.vision.text.detector import Region, TextDetector
from regard.vision.text.order import in_reading_order
from regard.vision.text.overlaps import without_overlaps
from regard.vision.text.recognizer import TextRecognizer
from regard.vision.text.scripts import is_stranger
from regard.vision.text.strips import cut
from regard.vision.text.text import Line
from regard.vision.text.turning import View, Ways, chosen, followers, is_lone, may_be_lone, runs_down
from regard.vision.text.words import lines_of

MIN_CERTAINTY = 0.5  # mean probability of its characters that a line must have


class TextAnalyzer:
    """PP-OCR's three networks: detection, which way up, recognition. Safe to share by threads."""

    version = "3.0"
    networks = (detector.NETWORK, recognizer.ANGLE_NETWORK, recognizer.NETWORK)

    def __init__(self, sessions: Runner) -> None:
        self._detector = TextDetector(sessions)
        self._recognizer = TextRecognizer(sessions)

    def read(self, image: Image) -> list[Line]:
        """The lines of a picture, from top to bottom and from left to right."""
        copies = image.copies
        regions = self._as_supposed(copies, self._detector.detect(image.pixels))
        doubtful = (row for row, one in enumerate(regions) if one.view.is_doubtful and one.other is None)
        regions = self._turned_over(copies, regions, doubtful)
        regions = self._turned_over(copies, regions, followers(regions))
        lines = [
            line
            for view in _believed(chosen(regions))
            for line in lines_of(view.reading, view.strip, view.region)
        ]
        return in_reading_order(without_overlaps(lines))

    def _as_supposed(self, copies: Copies, regions: Sequence[Region]) -> list[Ways]:
        """What is much higher than wide is supposed to run downwards, unless it is one upright character."""
        vertical = [runs_down(region) for region in regions]
        lone = [row for row, region in enumerate(regions) if may_be_lone(region)]
        views = self._views(
            copies,
            [
                *(region.turned(1 if down else 0) for region, down in zip(regions, vertical, strict=True)),
                *(regions[row].turned(3) for row in lone),
                *(regions[row] for row in lone),
            ],
        )
        ways = [Ways(view, down) for view, down in zip(views, vertical, strict=False)]
        upwards, upright = views[len(ways) :][: len(lone)], views[len(ways) :][len(lone) :]
        for row, up, straight in zip(lone, upwards, upright, strict=True):
            ways[row] = (
                Ways(straight, vertical=False)
                if is_lone(straight, ways[row].view, up)
                else replace(ways[row], other=up)
            )
        return ways

    def _turned_over(self, copies: Copies, regions: Sequence[Ways], rows: Iterable[int]) -> list[Ways]:
        """The same, with some read the other way up as well."""
        result, chosen_rows = list(regions), list(rows)
        views = self._views(copies, [result[row].view.region.turned(2) for row in chosen_rows])
        for row, view in zip(chosen_rows, views, strict=True):
            result[row] = replace(result[row], other=view)
        return result

    def _views(self, copies: Copies, regions: Sequence[Region]) -> list[View]:
        strips = [cut(copies, region.margin) for region in regions]
        readings, upside_down = self._recognizer.read(strips), self._recognizer.upside_down(strips)
        return [
            View(region, strip, reading, share)
            for region, strip, reading, share in zip(
                regions, strips, readings, upside_down.tolist(), strict=True
            )
        ]


def _believed(views: Sequence[View]) -> list[View]:
    read = [view for view in views if view.certainty >= MIN_CERTAINTY]
    texts = [(view.reading.text, view.certainty) for view in read]
    return [view for view in read if not is_stranger(view.reading.text, view.certainty, texts)]
