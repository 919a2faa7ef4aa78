"""Which way up a region is read.

The reading network is as sure of a 6 as of a 9 that stands on its head, and the one that says which way up
text is knows lines of letters. So what is short, or makes sense both ways, says nothing about itself: it
stands on its head only if the rest of the picture does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from regard.vision.pixels import Pixels
from regard.vision.text.detector import Region
from regard.vision.text.quads import size_of
from regard.vision.text.recognizer import Reading

TALL = 1.5  # times as high as wide: the text may run downwards or upwards
LONE = 3.0  # times as high as wide, up to which it may be one upright character
LONE_MARGIN = 0.1  # by how much surer than that one a text must be that runs sideways
DOUBTED = 0.9  # certainty under which a region is read the other way up as well
MIN_LETTERS = 3  # of a text that says which way up it is
MAJORITY = 2.0  # times as many letters on their heads as upright: so is the picture
MARGIN = 0.1  # of certainty, that text gains which is turned over though the network that tells is unsure
NUMBER_MARGIN = 0.02  # the same, of a number
# What that network must say of numbers, and of what makes sense both ways, before they are turned over alone.
SURE_UPSIDE_DOWN, SURE_UPRIGHT = 0.98, 0.02

# On their heads these characters are each other or themselves; 2 and 5 as seven segments show them.
_BOTH_WAYS = frozenset("0125689oOxXsSzZHINnuUlipdbqWMwmQ|-–—.,:;'·•+=*/%() ")
_NUMBER = frozenset("0123456789.,:;-–/ ")


@dataclass(frozen=True, eq=False, slots=True)
class View:
    """A region as it is read in one direction; `strip` (48, W, 3) shows it.

    `upside_down`: 0 to 1, how likely it stands on its head by the network that tells.
    """

    region: Region
    strip: Pixels
    reading: Reading
    upside_down: float

    @property
    def certainty(self) -> float:
        return self.reading.certainty

    @property
    def is_doubtful(self) -> bool:
        """Whether it is worth reading the other way up."""
        return self.upside_down > 0.5 or self.certainty < DOUBTED


@dataclass(frozen=True, eq=False, slots=True)
class Ways:
    """A region as it is supposed to run, and the other way up where it was read so.

    `vertical`: whether it runs downwards, which is no likelier than upwards.
    """

    view: View
    vertical: bool
    other: View | None = None

    @property
    def says_turned(self) -> bool | None:
        """Whether the text itself says that it stands on its head; None when it doesn't tell."""
        if self.other is not None and _is_turned(self.view, self.other):
            return True
        return None if self.view.is_doubtful or not _is_telling(self.view.reading.text) else False


def runs_down(region: Region) -> bool:
    """Whether a region is so much higher than wide that its text is supposed to run downwards."""
    width, height = size_of(region.quad)
    return height >= TALL * width


def may_be_lone(region: Region) -> bool:
    """Whether a region that is higher than wide may all the same be one upright character."""
    width, height = size_of(region.quad)
    return TALL * width <= height < LONE * width


def is_lone(upright: View, downwards: View, upwards: View) -> bool:
    """Whether a region that `may_be_lone` is."""
    sideways = max(downwards.certainty, upwards.certainty)
    return len(_letters(upright.reading.text)) == 1 and upright.certainty >= sideways - LONE_MARGIN


def followers(regions: Sequence[Ways]) -> list[int]:
    """Rows of those that have to be read the other way up because the rest of the picture is."""
    turned = _directions(regions)
    return [
        row
        for row, one in enumerate(regions)
        if turned[one.vertical] and one.other is None and one.says_turned is None
    ]


def chosen(regions: Sequence[Ways]) -> list[View]:
    """Each region as it is read in the end: as it says itself, else as the others that run the same way."""
    turned = _directions(regions)
    return [_settled(one, turned[one.vertical]) for one in regions]


def _directions(regions: Sequence[Ways]) -> dict[bool, bool | None]:
    """By whether it is vertical: is text turned, by the letters of what says so? None when nothing does."""
    counts = {(vertical, turned): 0 for vertical in (False, True) for turned in (False, True)}
    for one in regions:
        turned = one.says_turned
        if turned is not None:
            view = one.other if turned and one.other else one.view
            counts[one.vertical, turned] += len(_letters(view.reading.text))
    return {
        vertical: counts[vertical, True] > MAJORITY * counts[vertical, False]
        if counts[vertical, True] or counts[vertical, False]
        else None
        for vertical in (False, True)
    }


def _settled(one: Ways, picture: bool | None) -> View:
    """`picture`: whether the rest is turned; None when it doesn't tell."""
    if one.other is None:
        return one.view
    turned, gain = one.says_turned, one.other.certainty - one.view.certainty
    if turned is None:
        turned = gain >= -MARGIN if picture else picture is None and one.vertical and gain > 0
    return one.other if turned else one.view


def _is_turned(view: View, other: View) -> bool:
    """Whether a text is surely read the right way up as `other`."""
    if len(_letters(other.reading.text)) < MIN_LETTERS:
        return False
    gain = other.certainty - view.certainty
    sure = view.upside_down >= SURE_UPSIDE_DOWN and other.upside_down <= SURE_UPRIGHT
    if any(set(one.reading.text) <= _NUMBER for one in (view, other)):
        return _is_telling(other.reading.text) and sure and gain >= NUMBER_MARGIN
    if not _is_telling(other.reading.text):
        return sure and gain >= MARGIN
    return other.upside_down < 0.5 and gain > (0 if view.upside_down > 0.5 else MARGIN)


def _is_telling(text: str) -> bool:
    return len(_letters(text)) >= MIN_LETTERS and not set(text) <= _BOTH_WAYS


def _letters(text: str) -> str:
    return text.replace(" ", "")
