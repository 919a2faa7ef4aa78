"""The label model that the rest of Regard uses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regard.vision.faces.face import Face
from regard.vision.image import Image
from regard.vision.labels.agreement import class_probabilities
from regard.vision.labels.classes import PictureClassifier
from regard.vision.labels.derive import label_probabilities
from regard.vision.labels.label import Label
from regard.vision.labels.objects import FoundClass
from regard.vision.labels.scenes import SceneHead
from regard.vision.labels.surroundings import weigh_objects
from regard.vision.people import bodies_with_faces
from regard.vision.runner import Runner
from regard.vision.taxonomy import load_taxonomy

_MIN_PROBABILITY = 1e-4  # a label of less is not given, whatever is asked for


class LabelDetector:
    """Classes of the whole picture, scenes, and what follows from them, objects and faces. Safe to share by
    threads.
    """

    version = "3.0"  # Rekognition's LabelModelVersion whose names these are
    networks = PictureClassifier.networks

    def __init__(self, runner: Runner) -> None:
        self._classifier = PictureClassifier(runner)
        self._scenes = SceneHead()
        self.taxonomy = load_taxonomy()

    def label(self, image: Image, faces: Sequence[Face], objects: Sequence[FoundClass]) -> list[Label]:
        """The labels of a picture, the most certain first. `faces` and `objects` are those found in it."""
        whole = self._classifier.read(image.pixels)
        scenes = self._scenes.read(whole.features)
        classes = class_probabilities(self.taxonomy, whole.shares, objects, image.width, image.height)
        objects = weigh_objects(self.taxonomy, objects, whole.shares, scenes)
        instances = {
            self.taxonomy.objects[one.name].name: (
                bodies_with_faces(one.instances, faces) if one.name == "person" else one.instances
            )
            for one in objects
        }
        found = label_probabilities(
            self.taxonomy, objects, classes, scenes, faces, image.height, _luma(image)
        )
        labels = [
            Label.of(name, 100 * probability, instances.get(name, ()))
            for name, probability in found.items()
            if probability >= _MIN_PROBABILITY
        ]
        return sorted(labels, key=lambda label: (-label.confidence, label.name))


def _luma(image: Image) -> float:
    """The average luma (Rec. 601), 0 to 255, of a sample."""
    step = max(1, max(image.pixels.shape[:2]) // 256)
    return float((image.pixels[::step, ::step].reshape(-1, 3) @ np.array([0.299, 0.587, 0.114])).mean())
