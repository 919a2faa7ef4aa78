"""A model of labels as a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from regard.vision.custom.label_model import LabelModel
from regard.vision.custom.onnx_file import (
    Backbone,
    ModelFileError,
    Step,
    constants,
    nodes,
    open_model,
    refusing_damage,
    seal,
)
from regard.vision.custom.tuning.outcome import TuningOutcome

if TYPE_CHECKING:  # importing onnx takes as long as starting a server
    import onnx

__all__ = [
    "Backbone",
    "ModelFileError",
    "StoredLabelModel",
    "append_head",
    "read_label_model",
    "write_label_model",
    "write_whole_model",
]

_KIND = "labels"


@dataclass(frozen=True, eq=False, slots=True)
class StoredLabelModel:
    """What a model's file holds. `thresholds`: of each label, 0 to 1, from which on it is assumed. `tuning`:
    what came of fine-tuning; None in files from before there was any.
    """

    model: LabelModel
    thresholds: Mapping[str, float]
    backbone: Backbone
    tuning: TuningOutcome | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The labels."""
        return self.model.names


def write_label_model(stored: StoredLabelModel) -> bytes:
    """An ONNX file that makes `confidences` (N, L), 0 to 1, of the backbone's `features` (N, D), float32."""
    from onnx import TensorProto, helper

    model = stored.model
    graph = helper.make_graph(
        nodes(_steps(model, "features", "confidences"), {"features", "confidences"}),
        "custom labels",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", model.dimension])],
        [helper.make_tensor_value_info("confidences", TensorProto.FLOAT, ["N", len(model.names)])],
        constants(_arrays(model)),
    )
    reads = "features of the backbone, of the whole picture stretched to its square, RGB"
    return seal(graph, _facts(stored) | {"input": reads})


def write_whole_model(stored: StoredLabelModel, backbone: bytes) -> bytes:
    """An ONNX file that makes `confidences` (N, L), 0 to 1, of pictures by itself: its input is that of the
    backbone's file, which becomes part of it.
    """
    import onnx
    from onnx import TensorProto, helper

    graph, model = onnx.load_from_string(backbone).graph, stored.model
    graph.name = "custom labels"
    append_head(graph, model, "confidences")
    del graph.output[:]
    said = helper.make_tensor_value_info("confidences", TensorProto.FLOAT, ["N", len(model.names)])
    graph.output.append(said)
    reads = "whole pictures (N, height, width, 3), RGB, 0 to 255, stretched to a square"
    return seal(graph, _facts(stored) | {"input": reads})


def append_head(graph: onnx.GraphProto, model: LabelModel, output: str) -> None:
    """Has a backbone's graph make the value `output`, the model's confidences (N, L), of its features."""
    features = graph.output[0].name
    graph.node.extend(nodes(_steps(model, features, output), {features, output}))
    graph.initializer.extend(constants(_arrays(model)))


def read_label_model(data: bytes) -> StoredLabelModel:
    """What `write_label_model` or `write_whole_model` wrote. Raises ModelFileError for any other file."""
    opened = open_model(data, _KIND)
    with refusing_damage():
        facts, none_label = opened.facts, opened.facts["none_label"]
        model = LabelModel(
            opened.names,
            bool(facts["is_exclusive"]),
            opened.arrays["weights"],
            opened.arrays["bias"],
            bool(facts["knows_none"]),
            None if none_label is None else str(none_label),
        )
        check_weights(model)
        return StoredLabelModel(
            model, opened.thresholds, opened.backbone, TuningOutcome.of(facts.get("tuning"))
        )


def check_weights(model: LabelModel) -> None:
    """Raises ValueError where weights and labels don't fit each other."""
    columns = {len(model.names), len(model.names) + model.is_exclusive}
    if (
        model.weights.ndim != 2
        or model.weights.shape[1:] != model.bias.shape
        or len(model.bias) not in columns
    ):
        raise ValueError("the weights are of other labels")


def _facts(stored: StoredLabelModel) -> dict[str, Any]:
    model = stored.model
    return {
        "kind": _KIND,
        "labels": model.names,
        "thresholds": [stored.thresholds[name] for name in model.names],
        "is_exclusive": model.is_exclusive,
        "knows_none": model.knows_none,
        "none_label": model.none_label,
        "backbone": {"network": stored.backbone.network, "digest": stored.backbone.digest},
        "tuning": None if stored.tuning is None else stored.tuning.facts,
    }


def _steps(model: LabelModel, features: str, output: str) -> list[Step]:
    kind, attributes = ("Softmax", {"axis": 1}) if model.is_exclusive else ("Sigmoid", {})
    return [
        ("Relu", [features], "amounts", {}),
        ("Sqrt", ["amounts"], "roots", {}),
        ("MatMul", ["roots", "weights"], "products", {}),
        ("Add", ["products", "bias"], "logits", {}),
        (kind, ["logits"], "shares", attributes),
        ("Gather", ["shares", "answered"], output, {"axis": 1}),
    ]


def _arrays(model: LabelModel) -> dict[str, Any]:
    answered = np.arange(len(model.names), dtype=np.int64)  # all but none of these
    return {"weights": model.weights, "bias": model.bias, "answered": answered}
