"""The models that Regard sees pictures with."""

from __future__ import annotations

from dataclasses import dataclass, field

from regard.measurements import Timings
from regard.vision.body_parts import BodyPartDetector
from regard.vision.custom.cells import CellReader
from regard.vision.custom.embedding import PictureFeatures
from regard.vision.explicit import ExplicitClassifier
from regard.vision.faces import FaceAnalyzer
from regard.vision.labels import LabelDetector
from regard.vision.labels.objects import ObjectDetector
from regard.vision.nudity import NudityDetector
from regard.vision.persons import PersonEmbedder
from regard.vision.protective import ProtectiveDetector
from regard.vision.runner import Runner
from regard.vision.text import TextAnalyzer


@dataclass(frozen=True, slots=True)
class Models:
    """One of each kind, built once in a process. Safe to share by threads."""

    faces: FaceAnalyzer
    text: TextAnalyzer
    objects: ObjectDetector
    labels: LabelDetector
    nudity: NudityDetector
    protective: ProtectiveDetector
    persons: PersonEmbedder
    features: PictureFeatures
    cells: CellReader
    decoding: Timings = field(default_factory=Timings)  # how long pictures take, once each

    @classmethod
    def on(cls, runner: Runner, decoding: Timings | None = None) -> Models:
        """All of them on one runner, which opens a network when it is first run."""
        return cls(
            faces=FaceAnalyzer(runner),
            text=TextAnalyzer(runner),
            objects=ObjectDetector(runner),
            labels=LabelDetector(runner),
            nudity=NudityDetector(ExplicitClassifier(runner), BodyPartDetector(runner)),
            protective=ProtectiveDetector(runner),
            persons=PersonEmbedder(runner),
            features=PictureFeatures(runner),
            cells=CellReader(runner),
            decoding=decoding or Timings(),
        )
