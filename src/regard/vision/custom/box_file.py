"""A model of boxes as a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from regard.vision.custom.box_model import MAX_LOG, MAX_SPREADS, BoxModel
from regard.vision.custom.cells import DIMENSION, GRID, MIN_DISTANCE, SIZES, with_cells
from regard.vision.custom.onnx_file import (
    Backbone,
    Step,
    constants,
    nodes,
    open_model,
    refusing_damage,
    seal,
)
from regard.vision.custom.tuning.outcome import TuningOutcome

_KIND = "boxes"
_OUTPUTS = ("confidences", "sides")
_ARRAYS = ("centre", "spread", "score_weights", "score_bias", "side_weights", "side_bias")


@dataclass(frozen=True, eq=False, slots=True)
class StoredBoxModel:
    """What a model's file holds. `thresholds`: of each label, 0 to 1, from which on a box is assumed;
    `tuning`: what came of fine-tuning.
    """

    model: BoxModel
    thresholds: Mapping[str, float]
    backbone: Backbone
    tuning: TuningOutcome | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The labels."""
        return self.model.names


def write_box_model(stored: StoredBoxModel) -> bytes:
    """An ONNX file that makes of `cells` (N, 740, 64, 64), as `cells.with_cells` gives them, `confidences`
    (N, 64, 64, L), 0 to 1, that a cell is the middle of a box, and `sides` (N, 64, 64, 4), px of the square
    from its middle to the left, top, right and bottom of the box.
    """
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        nodes(_steps(), {"cells", *_OUTPUTS}),
        "custom boxes",
        [helper.make_tensor_value_info("cells", TensorProto.FLOAT, ["N", DIMENSION, GRID, GRID])],
        _outputs(stored.model),
        constants(_arrays(stored.model)),
    )
    return seal(graph, _facts(stored) | {"input": "cells of the backbone, of a square of 512 px"})


def write_whole_box_model(stored: StoredBoxModel, backbone: bytes) -> bytes:
    """An ONNX file that makes the same of pictures by itself: its input is that of the backbone's file, which
    becomes part of it. Peaks and suppression are left to who runs it.
    """
    import onnx

    graph = onnx.load_from_string(with_cells(backbone)).graph
    graph.name = "custom boxes"
    graph.node.extend(nodes(_steps(), {"cells", *_OUTPUTS}))
    graph.initializer.extend(constants(_arrays(stored.model)))
    del graph.output[:]
    graph.output.extend(_outputs(stored.model))
    reads = "pictures in the middle of black squares (N, 512, 512, 3), RGB, 0 to 255"
    return seal(graph, _facts(stored) | {"input": reads})


def read_box_model(data: bytes) -> StoredBoxModel:
    """What `write_box_model` or `write_whole_box_model` wrote. Raises ModelFileError for any other file."""
    opened = open_model(data, _KIND)
    with refusing_damage():
        model = BoxModel(opened.names, *(opened.arrays[name] for name in _ARRAYS))
        width, labels = DIMENSION, len(model.names)
        shapes = ((width,), (width,), (width, labels), (labels,), (width, 4), (4,))
        if tuple(getattr(model, name).shape for name in _ARRAYS) != shapes or (model.spread <= 0).any():
            raise ValueError("the weights are of other labels")
        tuning = TuningOutcome.of(opened.facts.get("tuning"))
        return StoredBoxModel(model, opened.thresholds, opened.backbone, tuning)


def _facts(stored: StoredBoxModel) -> dict[str, Any]:
    tuning = {} if stored.tuning is None else {"tuning": stored.tuning.facts}
    return tuning | {
        "kind": _KIND,
        "labels": stored.model.names,
        "thresholds": [stored.thresholds[name] for name in stored.model.names],
        "backbone": {"network": stored.backbone.network, "digest": stored.backbone.digest},
    }


def _outputs(model: BoxModel) -> list[Any]:
    from onnx import TensorProto, helper

    return [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", GRID, GRID, width])
        for name, width in zip(_OUTPUTS, (len(model.names), 4), strict=True)
    ]


def _steps() -> list[Step]:
    return [
        ("Transpose", ["cells"], "rows", {"perm": [0, 2, 3, 1]}),
        ("Slice", ["rows", "zero", "sizes", "last"], "seen", {}),
        ("Slice", ["rows", "sizes", "end", "last"], "distances", {}),
        ("Max", ["distances", "nearest"], "far", {}),
        ("Log", ["far"], "logs", {}),
        ("Concat", ["seen", "logs"], "every", {"axis": 3}),
        ("Sub", ["every", "centre"], "moved", {}),
        ("Div", ["moved", "spread"], "scaled", {}),
        ("Clip", ["scaled", "low", "high"], "standard", {}),
        ("MatMul", ["standard", "score_weights"], "scores", {}),
        ("Add", ["scores", "score_bias"], "logits", {}),
        ("Sigmoid", ["logits"], "confidences", {}),
        ("MatMul", ["standard", "side_weights"], "lengths", {}),
        ("Add", ["lengths", "side_bias"], "log_sides", {}),
        ("Min", ["log_sides", "longest"], "bounded", {}),
        ("Exp", ["bounded"], "sides", {}),
    ]


def _arrays(model: BoxModel) -> dict[str, Any]:
    places = {"zero": 0, "sizes": DIMENSION - SIZES, "end": DIMENSION, "last": 3}
    limits = {"nearest": MIN_DISTANCE, "low": -MAX_SPREADS, "high": MAX_SPREADS, "longest": MAX_LOG}
    return (
        {name: getattr(model, name) for name in _ARRAYS}
        | {name: np.array([value], np.int64) for name, value in places.items()}
        | {name: np.array(value, np.float32) for name, value in limits.items()}
    )
