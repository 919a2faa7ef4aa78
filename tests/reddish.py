"""A small network that finds what is red alive, and its description: a site's own against recaptures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

DESCRIPTION = """
network = "reddish.onnx"
input = "pixels"
margin = 2.0
size = 16
threshold = 0.5
live = 1
"""
CARD = """
[card]
people = 60
people_refused = 0
attacks = [
  { species = "phone", presentations = 60, accepted = 0 },
  { species = "print", presentations = 60, accepted = 1 },
]
"""


def network(
    path: Path, weight: float = 8.0, *, bias: float = 0.0, classes: int = 2, last: str | None = "Identity"
) -> Path:
    """Class 1 grows with the first channel's mean less the last one's. `last` is the operation that makes the
    output of the logits; None for a network that answers its input.
    """
    weights = np.array([[0, weight], [0, 0], [0, -weight]], np.float32)[:, -classes:]
    biases = np.array([-bias, bias], np.float32)[-classes:]
    answered = helper.make_tensor_value_info("answer", TensorProto.FLOAT, None)
    if last is None:
        nodes = [helper.make_node("Identity", ["pixels"], ["answer"])]
    else:
        nodes = [
            helper.make_node("GlobalAveragePool", ["pixels"], ["means"]),
            helper.make_node("Flatten", ["means"], ["flat"]),
            helper.make_node("Gemm", ["flat", "weights", "biases"], ["logits"]),
            helper.make_node(last, ["logits"], ["answer"]),
        ]
    graph = helper.make_graph(
        nodes,
        "reddish",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [1, 3, 16, 16])],
        [answered],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(biases, "biases")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path
