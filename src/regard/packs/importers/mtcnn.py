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
from collections.abc import Mapping, Sequence
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
    Raises ValueError when a file isn't the expected list of arrays, or a slope is larger than it may be, and
    pickle.UnpicklingError when it names anything but arrays.
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


BLOCK = 16  # channels that ONNX Runtime's fast convolutions take at once, where the processor has AVX-512


class _CascadeGraph:
    """A chain of layers; each method appends to the current tensor and moves on.

    ONNX Runtime's fast convolutions work in blocks of channels, where it has no PReLU and takes no part of a
    tensor, so PReLU is written in convolutions and ReLU, and channels are filled up to whole blocks with
    zeros. Each way is an identity, exact up to rounding.
    """

    def __init__(self, name: str, weights: Weights, side: int | None) -> None:
        self.name = name
        self.weights = iter(weights)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []
        height, width = ("height", "width") if side is None else (side, side)
        self.input = helper.make_tensor_value_info("input", TensorProto.UINT8, ["N", height, width, 3])
        self.current = "input"
        self.signs: NDArray[np.float64] | None = None  # of the current channels, where some are negated
        self.node("Cast", to=TensorProto.FLOAT)
        self.node("Transpose", perm=[0, 3, 1, 2])

    def constant(self, values: NDArray[Any]) -> str:
        name = f"w{len(self.constants)}"
        exact = values if values.dtype == np.int64 else values.astype(np.float32)
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(exact), name))
        return name

    def node(
        self, kind: str, *inputs: str | NDArray[Any], output: str | None = None, **attributes: Any
    ) -> str:
        """Append a node on the current tensor and `inputs`; arrays become constants."""
        output = output or f"t{len(self.nodes)}"
        names = [item if isinstance(item, str) else self.constant(item) for item in inputs]
        self.nodes.append(helper.make_node(kind, [self.current, *names], [output], **attributes))
        self.current = output
        return output

    def kernel(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The next convolution's weights (out, in, rows, columns), for the current channels, and bias."""
        kernel, bias = next(self.weights).transpose(3, 2, 0, 1).astype(np.float64), next(self.weights)
        if self.signs is not None:
            kernel = _filled(kernel * self.signs[:, None, None], 1)
            self.signs = None
        return kernel, bias.astype(np.float64)

    def pool(self, size: int, *, same: bool) -> None:
        padding = "SAME_UPPER" if same else "VALID"
        self.node("MaxPool", kernel_shape=[size, size], strides=[2, 2], auto_pad=padding)

    def pooled_pixels(self, size: int) -> None:
        """The convolution of the pixels, its PReLU and a max-pool, with the pool before the PReLU.

        A PReLU with slope a ≥ 0 is monotone and commutes with the maximum; it is a·x + relu((1 − a)·x), and
        with a > 1 the negative of −a·x + relu((a − 1)·x). One with a < 0 is max(x, a·x), so its channel is
        computed twice, as u = x and as v = a·x; after both were pooled, their maximum is v + relu(u − v).
        """
        kernel, bias = self.kernel()
        bias = bias - kernel.sum((1, 2, 3)) * (127.5 / 128)
        kernel = kernel / 128
        slope = next(self.weights).reshape(-1).astype(np.float64)
        falling, count = np.flatnonzero(slope < 0), len(slope)
        kernel = np.concatenate([kernel, kernel[falling] * slope[falling, None, None, None]])
        bias = np.concatenate([bias, bias[falling] * slope[falling]])
        self.node("Conv", _filled(kernel, 0), _filled(bias, 0))
        self.pool(size, same=True)
        pooled, twice = self.current, count + np.arange(len(falling))
        linear = np.diag(np.where(slope > 1, -slope, slope))
        linear[falling, falling] = 0
        rectified = np.diag(np.abs(1 - slope))
        rectified[falling, falling] = 1
        linear, rectified = (np.pad(part, ((0, 0), (0, len(falling)))) for part in (linear, rectified))
        linear[falling, twice], rectified[falling, twice] = 1, -1
        self.node("Conv", _filled(_filled(rectified, 0), 1)[..., None, None])
        rectified_part = self.node("Relu")
        self.current = pooled
        self.node("Conv", _filled(_filled(linear, 0), 1)[..., None, None])
        self.node("Add", rectified_part)
        self.signs = np.where(slope > 1, -1.0, 1.0)

    def convolution(self) -> None:
        """A convolution and its PReLU, whose slopes a must be under 1.

        The convolution gives z = (1 − a)·x, and a·x + (1 − a)·relu(x) is a / (1 − a)·z + relu(z).
        """
        kernel, bias = self.kernel()
        slope = next(self.weights).reshape(-1).astype(np.float64)
        if slope.max() >= 1:
            raise ValueError(f"{self.name} has a slope of {slope.max()}, where less than 1 was expected")
        factor = 1 - slope
        scaled = self.node("Conv", kernel * factor[:, None, None, None], bias * factor)
        rectified = self.node("Relu")
        self.current = scaled
        self.node("Conv", (slope / factor).reshape(-1, 1, 1, 1), group=len(slope))
        self.node("Add", rectified)

    def cell_outputs(self) -> None:
        """PNet's last convolution, its PReLU and the two heads, 1 × 1 convolutions.

        The PReLU is a·x + (1 − a)·relu(x), and both factors fold into the heads.
        """
        self.node("Conv", *self.kernel())
        slope = next(self.weights).reshape(1, -1, 1, 1).astype(np.float64)
        offsets, offsets_bias = self.kernel()
        classes, classes_bias = self.kernel()
        heads = np.concatenate([offsets, classes[1:] - classes[:1]])
        bias = np.concatenate([offsets_bias, classes_bias[1:] - classes_bias[:1]])
        trunk = self.current
        linear = self.node("Conv", heads * slope, bias)
        self.current = trunk
        self.node("Relu")
        self.node("Conv", heads * (1 - slope))
        self.node("Add", linear)
        self.node("Transpose", perm=[0, 2, 3, 1])
        split = helper.make_node(
            "Split", [self.current, self.constant(np.array([4, 1], np.int64))], ["offsets", "margin"], axis=3
        )
        self.nodes.append(split)
        self.current = "margin"
        self.node("Squeeze", np.array([3], np.int64), output="logit")

    def dense(self, side: int) -> None:
        """The first fully connected layer, of `side` × `side` places, and its PReLU."""
        weights = next(self.weights)
        by_place = weights.reshape(side, side, -1, weights.shape[1])  # column, row, channel
        self.node("Flatten")
        self.node("Gemm", by_place.transpose(2, 1, 0, 3).reshape(weights.shape), next(self.weights))
        self.node("PRelu", next(self.weights))

    def head(self, name: str, *shape: int, columns: Sequence[int] | None = None) -> None:
        """An output of the fully connected layer; `columns` reorders, `shape` is that of one face."""
        kernel, bias = next(self.weights), next(self.weights)
        if name == "logit":
            kernel, bias = kernel[:, 1:] - kernel[:, :1], bias[1:] - bias[:1]
        elif columns is not None:
            kernel, bias = kernel[:, list(columns)], bias[list(columns)]
        trunk = self.current
        self.node("Gemm", kernel, bias)
        self.node("Reshape", np.array([-1, *shape], np.int64), output=name)
        self.current = trunk
        self.output(name, *shape)

    def output(self, name: str, *shape: int | str) -> None:
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape]))

    def model(self) -> onnx.ModelProto:
        if next(self.weights, None) is not None:
            raise ValueError(f"{self.name} has more weights than layers")
        graph = helper.make_graph(self.nodes, self.name, [self.input], self.outputs, self.constants)
        model = helper.make_model(graph, producer_name="regard", opset_imports=[helper.make_opsetid("", 18)])
        model.ir_version = 10
        onnx.checker.check_model(model, full_check=True)
        return model


def _filled(values: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """The same, with zeros behind them along `axis` up to a whole number of blocks."""
    widths = [(0, 0)] * values.ndim
    widths[axis] = (0, -values.shape[axis] % BLOCK)
    return np.pad(values, widths)


def _pnet(weights: Weights) -> onnx.ModelProto:
    graph = _CascadeGraph("mtcnn-pnet", weights, None)
    graph.pooled_pixels(2)
    graph.convolution()
    graph.cell_outputs()
    graph.output("logit", "rows", "columns")
    graph.output("offsets", "rows", "columns", 4)
    return graph.model()


def _rnet(weights: Weights) -> onnx.ModelProto:
    graph = _CascadeGraph("mtcnn-rnet", weights, 24)
    graph.pooled_pixels(3)
    graph.convolution()
    graph.pool(3, same=False)
    graph.convolution()
    graph.dense(3)
    graph.head("offsets", 4)
    graph.head("logit")
    return graph.model()


def _onet(weights: Weights) -> onnx.ModelProto:
    graph = _CascadeGraph("mtcnn-onet", weights, 48)
    graph.pooled_pixels(3)
    graph.convolution()
    graph.pool(3, same=False)
    graph.convolution()
    graph.pool(2, same=True)
    graph.convolution()
    graph.dense(3)
    graph.head("offsets", 4)
    graph.head("landmarks", 5, 2, columns=[0, 5, 1, 6, 2, 7, 3, 8, 4, 9])  # five x, then five y
    graph.head("logit")
    return graph.model()
