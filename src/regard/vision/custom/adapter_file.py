"""An adapter as a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from regard.vision.custom.adapter import LOWEST, MAX_LOGIT, LabelCorrection, ModerationAdapter
from regard.vision.custom.onnx_file import (
    Backbone,
    Step,
    constants,
    nodes,
    open_model,
    refusing_damage,
    seal,
)

_KIND = "adapter"


@dataclass(frozen=True, eq=False, slots=True)
class StoredAdapter:
    """What an adapter's file holds. `backbone` is the network whose features it reads, `base` the digest of
    all networks that it needs, hex.
    """

    adapter: ModerationAdapter
    backbone: Backbone
    base: str


def write_adapter(stored: StoredAdapter) -> bytes:
    """An ONNX file that makes `confidences` (N, L), 0 to 1, of the backbone's `features` (N, D) and of `base`
    (N, L), the base's own confidences, 0 to 1; all float32.
    """
    from onnx import TensorProto, helper

    corrections = stored.adapter.corrections
    dimension, names = len(next(iter(corrections.values())).weights), list(corrections)
    graph = helper.make_graph(
        nodes(_STEPS, {"features", "base", "confidences"}),
        "adapter",
        [
            helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", dimension]),
            helper.make_tensor_value_info("base", TensorProto.FLOAT, ["N", len(names)]),
        ],
        [helper.make_tensor_value_info("confidences", TensorProto.FLOAT, ["N", len(names)])],
        constants(_arrays(stored.adapter)),
    )
    facts = {
        "kind": _KIND,
        "labels": names,
        "is_said": [one.is_said for one in corrections.values()],
        "backbone": {"network": stored.backbone.network, "digest": stored.backbone.digest},
        "base": stored.base,
        "input": "features of the backbone, of the whole picture; what the base says of the labels",
    }
    return seal(graph, facts)


def read_adapter(data: bytes) -> StoredAdapter:
    """What `write_adapter` wrote. Raises ModelFileError for any other file."""
    opened = open_model(data, _KIND)
    with refusing_damage():
        weights = opened.arrays["weights"]
        columns = zip(
            opened.names,
            opened.arrays["scale"].tolist(),
            opened.arrays["bias"].tolist(),
            weights.T,
            map(bool, opened.facts["is_said"]),
            strict=True,
        )
        corrections = {name: LabelCorrection(*values) for name, *values in columns}
        if weights.ndim != 2 or not corrections:
            raise ValueError("an adapter corrects a label")
        base: Any = opened.facts["base"]
        return StoredAdapter(ModerationAdapter(corrections), opened.backbone, str(base))


def _arrays(adapter: ModerationAdapter) -> Mapping[str, Any]:
    every = adapter.corrections.values()
    surest = 1 / (1 + np.exp(-MAX_LOGIT))
    return {
        "weights": np.column_stack([one.weights for one in every]).astype(np.float32),
        "scale": np.array([one.scale for one in every], np.float32),
        "bias": np.array([one.bias for one in every], np.float32),
        "one": np.array(1, np.float32),
        "lowest": np.array(LOWEST, np.float32),
        "highest": np.array(surest, np.float32),
    }


_STEPS: list[Step] = [
    ("Clip", ["base", "lowest", "highest"], "said", {}),
    ("Sub", ["one", "said"], "unsaid", {}),
    ("Div", ["said", "unsaid"], "odds", {}),
    ("Log", ["odds"], "start", {}),
    ("Mul", ["start", "scale"], "scaled", {}),
    ("Relu", ["features"], "amounts", {}),
    ("Sqrt", ["amounts"], "roots", {}),
    ("MatMul", ["roots", "weights"], "products", {}),
    ("Add", ["products", "bias"], "moved", {}),
    ("Add", ["moved", "scaled"], "logits", {}),
    ("Sigmoid", ["logits"], "confidences", {}),
]
