"""People and pets in a live source: told once they are seen in two of three pictures."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regard.vision.geometry import Box, share_inside
from regard.vision.labels.objects import FoundClass

PERSON, PET, PACKAGE = "PERSON", "PET", "PACKAGE"

CLASSES: Mapping[str, frozenset[str]] = {
    PERSON: frozenset({"person"}),
    PET: frozenset({"cat", "dog", "bird"}),
}
"""The classes of COCO that a label stands for. PACKAGE is none of them: it is never seen."""

_PICTURES = 3  # that are remembered
_ENOUGH = 2  # of them
_INSIDE = 0.5  # share of a box that lies in a region


@dataclass(frozen=True, slots=True)
class SeenLabel:
    """A label in one picture. `box` in px; `confidence` in percent."""

    name: str
    confidence: float
    box: Box


class LabelWatch:
    """The labels of one source.

    `names` are those to watch for, `min_confidence` in percent. `regions` (N, 2) are outlines in fractions of
    the picture's sides; a box counts if more than half of it lies in any of them, or if there are none.
    """

    def __init__(
        self, names: Sequence[str], *, min_confidence: float, regions: Sequence[NDArray[np.float32]] = ()
    ) -> None:
        self._names = tuple(name for name in CLASSES if name in names)
        self._min = min_confidence
        self._regions = tuple(regions)
        self._seen: dict[str, deque[bool]] = {name: deque(maxlen=_PICTURES) for name in self._names}

    def observe(self, found: Sequence[FoundClass], width: int, height: int) -> list[SeenLabel]:
        """The labels that are certain now, each with its surest box in this picture of `width` × `height`
        px; a label that was seen before and isn't in this picture is left out.
        """
        certain = []
        for name in self._names:
            best = self._best(name, found, width, height)
            self._seen[name].append(best is not None)
            if best is not None and sum(self._seen[name]) >= _ENOUGH:
                certain.append(best)
        return certain

    def boxes(self, found: Sequence[FoundClass], width: int, height: int) -> list[SeenLabel]:
        """All that is in a picture and counts, the surest of each label first."""
        scale = np.array([width, height], np.float32)
        outlines = [region * scale for region in self._regions]
        seen = [
            SeenLabel(name, one.confidence, one.box)
            for name in self._names
            for group in found
            if group.name in CLASSES[name]
            for one in group.instances
            if one.confidence >= self._min and (not outlines or _is_inside(one.box, outlines))
        ]
        return sorted(seen, key=lambda one: -one.confidence)

    def _best(self, name: str, found: Sequence[FoundClass], width: int, height: int) -> SeenLabel | None:
        return next((one for one in self.boxes(found, width, height) if one.name == name), None)


def _is_inside(box: Box, outlines: Sequence[NDArray[np.float32]]) -> bool:
    quad = np.array(
        [[box.left, box.top], [box.right, box.top], [box.right, box.bottom], [box.left, box.bottom]],
        np.float32,
    )
    return share_inside(quad, outlines) > _INSIDE
