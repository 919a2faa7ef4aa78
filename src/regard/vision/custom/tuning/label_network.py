"""MobileNetV2 as a network of a user's own labels: the features get a head that is trained with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regard.vision.custom.label_model import LabelModel
from regard.vision.custom.tuning.plan import UntrainableGraph
from regard.vision.pixels import Floats

if TYPE_CHECKING:  # importing onnx takes as long as starting a server
    import onnx

LOGITS = "tuned/label_logits"  # (N, L)
HEAD_WEIGHTS, HEAD_BIAS = "tuned/label_weights", "tuned/label_bias"
HEAD = (HEAD_WEIGHTS, HEAD_BIAS)
FIRST_TRAINED = "t24"  # the weights from the node on that makes it are trained, those in front of it stay
_POOLED = "GlobalAveragePool"
_SMALLEST = 1e-3  # of a feature, so that the slope of its root is finite


def tunable_labels(backbone: bytes, labels: int) -> bytes:
    """MobileNetV2's file as one for `labels` labels: input `input` (N, height, width, 3), output LOGITS,
    which says nothing of them yet. Raises UntrainableGraph for another network.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load_from_string(backbone)
    graph = model.graph
    pooled = [node.output[0] for node in graph.node if node.op_type == _POOLED]
    if len(pooled) != 1 or graph.node[-1].op_type != "Flatten" or list(graph.node[-1].input) != pooled:
        raise UntrainableGraph("The network is another one than MobileNetV2.")
    width = graph.output[0].type.tensor_type.shape.dim[1].dim_value
    del graph.node[-1]
    del graph.output[:]
    graph.node.extend(_head(pooled[0]))
    arrays = {
        "tuned/smallest": np.array(_SMALLEST, np.float32),
        HEAD_WEIGHTS: np.zeros((labels, width, 1, 1), np.float32),
        HEAD_BIAS: np.zeros(labels, np.float32),
    }
    graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in arrays.items())
    graph.output.append(helper.make_tensor_value_info(LOGITS, TensorProto.FLOAT, ["N", labels]))
    return bytes(model.SerializeToString(deterministic=True))


def first_head(model: LabelModel) -> dict[str, Floats]:
    """The head to begin with: what the fit on frozen features has come to."""
    count = len(model.names)
    weights = np.ascontiguousarray(model.weights[:, :count].T, np.float32)
    return {HEAD_WEIGHTS: weights[:, :, np.newaxis, np.newaxis], HEAD_BIAS: model.bias[:count].copy()}


def _head(pooled: str) -> list[onnx.NodeProto]:
    from onnx import helper

    return [
        helper.make_node("Clip", [pooled, "tuned/smallest", ""], ["tuned/amounts"]),
        helper.make_node("Sqrt", ["tuned/amounts"], ["tuned/roots"]),
        helper.make_node("Conv", ["tuned/roots", HEAD_WEIGHTS, HEAD_BIAS], ["tuned/products"]),
        helper.make_node("Flatten", ["tuned/products"], [LOGITS]),
    ]
