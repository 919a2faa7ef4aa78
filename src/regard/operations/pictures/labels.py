"""DetectLabels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from regard.context import Context
from regard.errors import InvalidParameterException
from regard.governance.permissions import Permission
from regard.operations.inputs.images import load_picture
from regard.operations.operation import Area, Bill, Operation
from regard.operations.shapes.labels import label_shape, properties_shape
from regard.vision.findings import PictureFindings
from regard.vision.properties import measure_properties
from regard.vision.taxonomy import Concept, Taxonomy

_MAX_LABELS = 1000
_MIN_CONFIDENCE = 55.0
_COLOURS = 10


def detect_labels(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Objects, scenes and concepts of a picture with their ancestors, and its light, focus and colours."""
    detector = ctx.models.labels
    features = request.get("Features") or ["GENERAL_LABELS"]
    settings = request.get("Settings") or {}
    filters = Filters.read(settings.get("GeneralLabels") or {}, detector.taxonomy)
    colours = None
    if "IMAGE_PROPERTIES" in features:
        colours = (settings.get("ImageProperties") or {}).get("MaxDominantColors", _COLOURS)
    picture = load_picture(ctx, request["Image"])
    image = picture.image
    answer: dict[str, Any] = {"Labels": [], "LabelModelVersion": detector.version}
    if "GENERAL_LABELS" in features:
        min_confidence = request.get("MinConfidence", _MIN_CONFIDENCE)
        max_labels = min(request.get("MaxLabels", _MAX_LABELS), _MAX_LABELS)
        labels = [
            label
            for label in picture.labels()
            if label.confidence >= min_confidence and filters.pass_(detector.taxonomy.concepts[label.name])
        ]
        answer["Labels"] = [
            label_shape(label, detector.taxonomy, image, min_confidence=min_confidence, colours=colours)
            for label in labels[:max_labels]
        ]
    if colours is not None:
        answer["ImageProperties"] = _properties(picture, colours)
    return answer


@dataclass(frozen=True, slots=True)
class Filters:
    """Which labels are wanted. What is excluded stays out, whatever includes it."""

    names: frozenset[str]
    categories: frozenset[str]
    no_names: frozenset[str]
    no_categories: frozenset[str]

    @classmethod
    def read(cls, settings: Mapping[str, Any], taxonomy: Taxonomy) -> Filters:
        """Raises InvalidParameterException for a category that Rekognition doesn't have."""
        values = {
            key: frozenset(settings.get(f"Label{key}Filters") or ())
            for key in ("Inclusion", "Exclusion", "CategoryInclusion", "CategoryExclusion")
        }
        unknown = (values["CategoryInclusion"] | values["CategoryExclusion"]) - set(taxonomy.categories)
        if unknown:
            raise InvalidParameterException(
                f"Request has invalid parameters: {sorted(unknown)[0]!r} is not a label category"
            )
        return cls(
            values["Inclusion"],
            values["CategoryInclusion"],
            values["Exclusion"],
            values["CategoryExclusion"],
        )

    def pass_(self, concept: Concept) -> bool:
        """Names are exact: `Vehicle` is the label Vehicle, not every car."""
        if concept.name in self.no_names or concept.category in self.no_categories:
            return False
        if self.names or self.categories:
            return concept.name in self.names or concept.category in self.categories
        return True


def _properties(picture: PictureFindings, colours: int) -> dict[str, Any]:
    """Objects and faces are the foreground."""
    objects = [instance.box for one in picture.objects() for instance in one.instances]
    boxes = [*objects, *(face.box for face in picture.faces())]
    return properties_shape(measure_properties(picture.image.pixels, boxes, colours))


OPERATIONS = (
    Operation(
        name="DetectLabels",
        run=detect_labels,
        area=Area.PICTURES,
        permission=Permission.ANALYZE,
        bills=Bill.IMAGE_2,
        features={"GENERAL_LABELS": Bill.IMAGE_2, "IMAGE_PROPERTIES": Bill.IMAGE_PROPERTIES},
    ),
)
