"""A version's model in a file that another installation can take in.

The file is the ONNX file that `regard custom export` has always written, with a card in its metadata. Nothing
in it is trusted, and its graph is never run: numbers are read out of it, by name and shape, and the model is
written anew around them, as a training here would have written it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from regard.vision.custom.box_file import StoredBoxModel, read_box_model, write_box_model
from regard.vision.custom.carried_networks import (
    NetworkFile,
    WrittenAnew,
    check_names,
    tuned_boxes_anew,
    tuned_labels_anew,
)
from regard.vision.custom.embedding import PictureFeatures
from regard.vision.custom.model_file import StoredLabelModel, read_label_model, write_label_model
from regard.vision.custom.onnx_file import Backbone, ModelFileError, facts_of, load_model, refusing_damage
from regard.vision.custom.tuned_boxes import KIND as TUNED_BOXES
from regard.vision.custom.tuned_labels import KIND as TUNED_LABELS

CARD_KEY: Final = "regard-card"  # of the metadata
MAX_BYTES: Final = 64 * 1024 * 1024
"""Of a file that is taken in; the pack's largest network has a seventh of it."""
_LONGEST_TEXT: Final = 2048  # characters, of an ARN


@dataclass(frozen=True, slots=True)
class CarriedCard:
    """What is told of a version beside its model. `model` is the SHA-256 of the model as the database has it,
    hex; `arn` the version's; `f1` from 0 to 1; `trained` in milliseconds since the epoch.
    """

    model: str
    arn: str
    version: str
    f1: float
    trained: int

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> CarriedCard:
        """Raises KeyError, TypeError and ValueError for what is no card."""
        model, arn, version = (facts[name] for name in ("model", "arn", "version"))
        if not all(isinstance(text, str) and len(text) <= _LONGEST_TEXT for text in (model, arn, version)):
            raise TypeError("a card has texts")
        card = cls(model, arn, version, float(facts["f1"]), int(facts["trained"]))
        if not 0 <= card.f1 <= 1 or not 0 <= card.trained < 1 << 53:
            raise ValueError("a card has an F1 from 0 to 1 and a time")
        return card


@dataclass(frozen=True, eq=False, slots=True)
class CarriedModel:
    """A model that was taken out of a file: `content` as the database keeps it, with its `digest`."""

    content: bytes
    digest: str
    card: CarriedCard
    names: tuple[str, ...]
    backbone: Backbone
    has_boxes: bool


def with_card(content: bytes, card: CarriedCard) -> bytes:
    """The ONNX file of a model with a card."""
    model = load_model(content)
    model.metadata_props.add(key=CARD_KEY, value=json.dumps(asdict(card), sort_keys=True))
    return bytes(model.SerializeToString(deterministic=True))


def read_carried(data: bytes, network_file: NetworkFile) -> CarriedModel:
    """The model that a file holds, written anew. Raises ModelFileError for what is none, for a file that
    isn't as it was exported, and for a model of another base network than this installation's.
    """
    model = load_model(data)
    cards = [one.value for one in model.metadata_props if one.key == CARD_KEY]
    if not cards:
        raise ModelFileError("The file has no card: export the version again, by this version of Regard.")
    with refusing_damage():
        card = CarriedCard.of(json.loads(cards[0]))
        kind = str(facts_of(model)["kind"])
    if kind not in _WRITTEN_ANEW:
        raise ModelFileError(f"The file is a model of kind {kind[:40]!r}, which can't be taken in.")
    content, names, backbone = _WRITTEN_ANEW[kind](data, network_file)
    check_names(names)
    digest = hashlib.sha256(content).hexdigest()
    if digest != card.model:
        raise ModelFileError("The file isn't as it was exported, or is damaged; export it again.")
    return CarriedModel(content, digest, card, names, backbone, has_boxes=kind in _OF_BOXES)


def _labels_anew(data: bytes, network_file: NetworkFile) -> WrittenAnew:
    stored: StoredLabelModel = read_label_model(data)
    network_file(stored.backbone)
    if stored.model.dimension != PictureFeatures.dimension:
        raise ModelFileError("The model reads features that no network here has; export it again.")
    return write_label_model(stored), stored.model.names, stored.backbone


def _boxes_anew(data: bytes, network_file: NetworkFile) -> WrittenAnew:
    stored: StoredBoxModel = read_box_model(data)
    network_file(stored.backbone)
    return write_box_model(stored), stored.names, stored.backbone


_OF_BOXES: Final = ("boxes", TUNED_BOXES)
_WRITTEN_ANEW: Final[Mapping[str, Callable[[bytes, NetworkFile], WrittenAnew]]] = {
    "labels": _labels_anew,
    "boxes": _boxes_anew,
    TUNED_LABELS: tuned_labels_anew,
    TUNED_BOXES: tuned_boxes_anew,
}
