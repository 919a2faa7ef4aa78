"""MTCNN's three networks, from the weights in the PyPI package `mtcnn` 1.0.0 (MIT) to ONNX.

Architecture: Zhang et al., "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional
Networks", 2016, as in the package's `network/pnet.py`, `rnet.py` and `onet.py`. Each graph takes pixels as
they are (uint8, NHWC, RGB, any batch); the normalisation (x − 127.5) / 128 is folded into its first
convolution. The two-class softmax becomes one logit (face minus background), which keeps its resolution
where the probability is all nines.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from typing import Any

import lz4.frame
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Weights = list[NDArray[np.float32]]


def import_mtcnn(files: Mapping[str, bytes]) -> Mapping[str, onnx.ModelProto]:
    """Convert `pnet.lz4`, `rnet.lz4` and `onet.lz4`, given as the keys pnet, rnet and onet, to ONNX.

    Inputs are named `input`. Outputs, with N the batch:

    * pnet (any H, W): `logit` (N, h, w), `offsets` (N, h, w, 4); cells are 2 px apart and 12 px wide;
    * rnet (24 × 24): `logit` (N,), `offsets` (N, 4);
    * onet (48 × 48): `logit` (N,), `offsets` (N, 4), `landmarks` (N, 5, 2).

    Offsets (left, top, right, bottom) and landmarks (x, y) are fractions of the box; float32.
    Raises ValueError when a file isn't the expected list of arrays, and pickle.UnpicklingError when it names
    anything but arrays.
    """
    weights = {name: _read_weights(files[name]) for name in ("pnet", "rnet", "onet")}
    return {"pnet": _pnet(weights["pnet"]), "rnet": _rnet(weights["rnet"]), "onet": _onet(weights["onet"])}


def _read_weights(data: bytes) -> Weights:
    """The arrays of an LZ4-compressed joblib pickle; nothing that it names is run but numpy's dtype."""
    stream = io.BytesIO(lz4.frame.decompress(data))

    class Array:
        """Stands in for joblib's NumpyArrayWrapper: the raw array follows its state in the stream."""

        values: NDArray[np.float32]

        def __setstate__(self, state: dict[str, Any]) -> None:
            if state["order"] != "C" or state["dtype"] != np.dtype("<f4"):
                raise ValueError(f"unexpected array layout {state['order']} {state['dtype']}")
            if state.get("numpy_array_alignment_bytes") is not None:
                stream.seek(stream.read(1)[0], io.SEEK_CUR)
            raw = stream.read(4 * int(np.prod(state["shape"])))
            self.values = np.frombuffer(raw, np.dtype("<f4")).reshape(state["shape"])

    class Unpickler(pickle.Unpickler):
        allowed: Mapping[tuple[str, str], Any] = {
            ("joblib.numpy_pickle", "NumpyArrayWrapper"): Array,
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): np.dtype,
        }

        def find_class(self, module: str, name: str) -> Any:
            try:
                return self.allowed[module, name]
            except KeyError:
                raise pickle.UnpicklingError(f"the weights name {module}.{name}") from None

    loaded = Unpickler(stream).load()
    if not isinstance(loaded, list) or not all(isinstance(item, Array) for item in loaded):
        raise ValueError("the weights are not a list of arrays")
    return [item.values for item in loaded]


class _Graph:
    """A chain of layers; each method appends to the current tensor and moves on."""

    def __init__(self, name: str, weights: Weights, side: int | None) -> None:
        self.name = name
        self.weights = iter(weights)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []
        height, width = ("height", "width") if side is None else (side, side)
        self.input = helper.make_tensor_value_info("input", TensorProto.UINT8, ["N", height, width, 3])
        self.current = "input"
        self.node("Cast", to=TensorProto.FLOAT)
        self.node("Transpose", perm=[0, 3, 1, 2])

    def constant(self, values: NDArray[Any]) -> str:
        name = f"w{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, kind: str, *constants: NDArray[Any], output: str | None = None, **attributes: Any) -> str:
        output = output or f"t{len(self.nodes)}"
        inputs = [self.current, *(self.constant(values) for values in constants)]
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        self.current = output
        return output

    def convolution(self, *, of_pixels: bool = False) -> None:
        kernel = next(self.weights).transpose(3, 2, 0, 1).astype(np.float64)  # HWIO to OIHW
        bias = next(self.weights).astype(np.float64)
        if of_pixels:
            bias = bias - kernel.sum((1, 2, 3)) * (127.5 / 128)
            kernel = kernel / 128
        self.node("Conv", kernel.astype(np.float32), bias.astype(np.float32))
        self.node("PRelu", next(self.weights).reshape(-1, 1, 1))

    def pool(self, size: int, *, same: bool) -> None:
        padding = "SAME_UPPER" if same else "VALID"
        self.node("MaxPool", kernel_shape=[size, size], strides=[2, 2], auto_pad=padding)

    def dense(self) -> None:
        self.node("Transpose", perm=[0, 3, 2, 1])  # the package flattens width, height, channels
        self.node("Flatten")
        self.node("Gemm", next(self.weights), next(self.weights))
        self.node("PRelu", next(self.weights))

    def head(self, name: str, columns: list[int] | None = None, shape: list[int] | None = None) -> None:
        """An output of a fully connected layer, its columns reordered and reshaped."""
        kernel, bias = next(self.weights), next(self.weights)
        if columns is not None:
            kernel, bias = kernel[:, columns], bias[columns]
        trunk = self.current
        if name == "logit":
            kernel, bias = kernel[:, 1:] - kernel[:, :1], bias[1:] - bias[:1]
        self.node("Gemm", kernel, bias, output=None if shape else name)
        if shape:
            self.node("Reshape", np.array([-1, *shape[1:]], np.int64), output=name)
            self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape[1:]]))
        else:
            self.outputs.append(
                helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", kernel.shape[1]])
            )
        self.current = trunk

    def model(self) -> onnx.ModelProto:
        if next(self.weights, None) is not None:
            raise ValueError(f"{self.name} has more weights than layers")
        graph = helper.make_graph(self.nodes, self.name, [self.input], self.outputs, self.constants)
        model = helper.make_model(graph, producer_name="regard", opset_imports=[helper.make_opsetid("", 18)])
        model.ir_version = 10
        onnx.checker.check_model(model, full_check=True)
        return model


def _pnet(weights: Weights) -> onnx.ModelProto:
    graph = _Graph("mtcnn-pnet", weights, None)
    graph.convolution(of_pixels=True)
    graph.pool(2, same=True)
    graph.convolution()
    graph.convolution()
    trunk = graph.current
    kernel, bias = next(graph.weights), next(graph.weights)
    graph.node("Conv", kernel.transpose(3, 2, 0, 1), bias)
    graph.node("Transpose", perm=[0, 2, 3, 1], output="offsets")
    graph.current = trunk
    kernel, bias = next(graph.weights), next(graph.weights)
    margin = (kernel[..., 1:] - kernel[..., :1]).transpose(3, 2, 0, 1)
    graph.node("Conv", margin, bias[1:] - bias[:1])
    graph.node("Squeeze", np.array([1], np.int64), output="logit")
    cells = ["N", "rows", "columns"]
    graph.outputs = [
        helper.make_tensor_value_info("logit", TensorProto.FLOAT, cells),
        helper.make_tensor_value_info("offsets", TensorProto.FLOAT, [*cells, 4]),
    ]
    return graph.model()


def _rnet(weights: Weights) -> onnx.ModelProto:
    graph = _Graph("mtcnn-rnet", weights, 24)
    graph.convolution(of_pixels=True)
    graph.pool(3, same=True)
    graph.convolution()
    graph.pool(3, same=False)
    graph.convolution()
    graph.dense()
    graph.head("offsets")
    graph.head("logit", shape=[-1])
    return graph.model()


def _onet(weights: Weights) -> onnx.ModelProto:
    graph = _Graph("mtcnn-onet", weights, 48)
    graph.convolution(of_pixels=True)
    graph.pool(3, same=True)
    graph.convolution()
    graph.pool(3, same=False)
    graph.convolution()
    graph.pool(2, same=True)
    graph.convolution()
    graph.dense()
    graph.head("offsets")
    # The package gives five x, then five y.
    graph.head("landmarks", columns=[0, 5, 1, 6, 2, 7, 3, 8, 4, 9], shape=[-1, 5, 2])
    graph.head("logit", shape=[-1])
    return graph.model()
