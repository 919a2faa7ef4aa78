"""From a region that was read to its lines and words, each where it stands.

A step of the reading network tells roughly where a character's middle is. Between two characters lies
background: the widest stretch of columns there without ink. Words are parted by the spaces that were read,
and by stretches that stand out although no space was read; lines by very wide ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from regard.vision.pixels import Floats, Pixels
from regard.vision.text.confidence import confidence_of
from regard.vision.text.detector import Region
from regard.vision.text.quads import part_of, size_of
from regard.vision.text.recognizer import Reading
from regard.vision.text.strips import HEIGHT
from regard.vision.text.text import Line, Word

BLANK = 0.25  # of the span between the least and the most ink around a gap: less is background
WORD_GAP = 0.22  # of the strip's height: the narrowest stretch that parts words without a space
WORD_GAP_STANDS_OUT = 2.5  # times the line's usual gap between characters
LINE_GAP = 0.9  # of the strip's height


@dataclass(frozen=True, slots=True)
class _Letter:
    """A character with its probability, and the stretch up to the next one: from, to, in px of the strip."""

    text: str
    probability: float
    gap: tuple[float, float]
    parted: bool  # a space was read behind it


def lines_of(reading: Reading, strip: Pixels, region: Region) -> list[Line]:
    """What a strip (48, width, 3), uint8, RGB, says; it shows `region.margin`. Empty when it says nothing."""
    letters = _letters(reading, _ink(strip))
    if not letters:
        return []
    outer, inner = size_of(region.margin)[0], size_of(region.quad)[0]

    def share(column: float) -> float:
        """Of the region's own width, that a column of the strip is at."""
        return float(np.clip(((column / strip.shape[1] - 0.5) * outer / inner) + 0.5, 0, 1))

    lines, words, first, begin = [], [], 0, 0.0
    min_gap = _min_gap(letters)
    for last, letter in enumerate(letters):
        left, right = letter.gap
        final = last == len(letters) - 1
        if not (final or letter.parted or right - left >= min_gap):
            continue
        some = letters[first : last + 1]
        end = 1.0 if final else share(left)
        words.append(
            Word(
                "".join(one.text for one in some),
                confidence_of(np.array([one.probability for one in some], np.float32)),
                part_of(region.quad, begin, max(end, begin)),
            )
        )
        if final or right - left >= LINE_GAP * HEIGHT:
            lines.append(Line.of(words))
            words = []
        first, begin = last + 1, share(right)
    return lines


def _letters(reading: Reading, ink: Floats) -> list[_Letter]:
    places = (reading.places * len(ink)).tolist()
    shown = [number for number, text in enumerate(reading.text) if text != " "]
    return [
        _Letter(
            reading.text[number],
            float(reading.probabilities[number]),
            _gap(ink, places[number], places[following]) if following is not None else (0.0, 0.0),
            following is not None and following > number + 1,
        )
        for number, following in zip(shown, [*shown[1:], None], strict=True)
    ]


def _min_gap(letters: list[_Letter]) -> float:
    """From how many px on a stretch parts words although no space was read."""
    usual = [letter.gap[1] - letter.gap[0] for letter in letters[:-1] if not letter.parted]
    if len(usual) < 2:
        return WORD_GAP_STANDS_OUT * WORD_GAP * HEIGHT
    return max(WORD_GAP * HEIGHT, WORD_GAP_STANDS_OUT * float(np.median(usual)))


def _ink(strip: Pixels) -> Floats:
    """How much each column changes from top to bottom, (width,), without the outer eighths."""
    grey = cv2.cvtColor(strip, cv2.COLOR_RGB2GRAY)
    inner = grey[len(grey) // 8 : -len(grey) // 8].astype(np.float32)
    return np.asarray(inner.max(0) - inner.min(0), np.float32)


def _gap(ink: Floats, left: float, right: float) -> tuple[float, float]:
    """The widest stretch without ink between two columns; what lies in their middle where there is none."""
    first, last = int(left), min(int(np.ceil(right)), len(ink))
    columns = ink[first:last]
    middle = (left + right) / 2
    if len(columns) < 2 or np.ptp(columns) <= BLANK * np.ptp(ink):  # letters that touch
        return middle, middle
    blank = columns <= columns.min() + BLANK * np.ptp(columns)
    changes = np.flatnonzero(np.diff(blank, prepend=False, append=False))
    begins, ends = changes[::2], changes[1::2]
    widest = int(np.argmax(ends - begins))
    return float(first + begins[widest]), float(first + ends[widest])
