"""What was found in one frame, so that all analyses of a video share it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from regard.video.persons import ThingDetector, Things
from regard.vision.faces import FaceAnalyzer
from regard.vision.image import Image
from regard.vision.labels import Label, LabelDetector
from regard.vision.labels.objects import FoundClass
from regard.vision.looks import Looks
from regard.vision.nudity import NudityDetector
from regard.vision.text import Line, TextAnalyzer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Detectors:
    """The models that look at frames."""

    faces: FaceAnalyzer
    labels: LabelDetector
    nudity: NudityDetector
    texts: TextAnalyzer
    things: ThingDetector


class FrameLooks(Looks):
    """One frame's. The things in it are found once, for labels and persons alike. Safe to share by threads,
    of which one looks at a time.
    """

    def __init__(self, detectors: Detectors, image: Image) -> None:
        super().__init__(detectors.faces, detectors.labels, detectors.nudity)
        self._lock = threading.RLock()
        self._detectors = detectors
        self.frame = image

    def lines(self) -> Sequence[Line]:
        """The text in it."""
        return self._once("lines", "", lambda: self._detectors.texts.read(self.frame))

    def labels(self) -> Sequence[Label]:
        """What it shows, the most certain first."""
        return self._once(
            "labels",
            "",
            lambda: self._detectors.labels.label(
                self.frame, self.faces(self.frame), self.objects(self.frame)
            ),
        )

    def things(self) -> Things:
        """What may be in it, persons and objects."""
        return self._once("things", "", lambda: self._detectors.things.detect(self.frame.pixels))

    def objects(self, image: Image) -> list[FoundClass]:
        """The classes of COCO in it."""
        return self._once("objects", image.digest, lambda: self.things().objects())

    def _once(self, what: str, digest: str, look: Callable[[], T]) -> T:
        with self._lock:
            return super()._once(what, digest, look)

    def embeddings(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """(K, D) of these K of its faces. None is made twice."""
        faces = self.faces(self.frame)
        with self._lock:
            kept: dict[int, NDArray[np.float32]] = self._once("embeddings", "", dict)
            missing = [row for row in rows.tolist() if row not in kept]
            if missing:
                made = self._detectors.faces.embed(self.frame, [faces[row] for row in missing])
                kept.update(zip(missing, made, strict=True))
            return np.array([kept[row] for row in rows.tolist()], np.float32)
