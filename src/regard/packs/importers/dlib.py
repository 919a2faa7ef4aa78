"""dlib's face recognition network, from its own serialization to ONNX.

The file is `dlib_face_recognition_resnet_model_v1.dat` (CC0, by Davis King), as in the PyPI package
`face_recognition_models`. The format is that of dlib's `serialize.h` and `dnn/core.h`; the file doesn't
describe the architecture, which is `anet_type` of dlib's `examples/dnn_face_recognition_ex.cpp`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[np.float32]

CHIP = 150  # px, the side of the aligned face that the network takes


class FormatError(ValueError):
    """The bytes are not the network that this importer knows."""


def import_resnet(data: bytes) -> onnx.ModelProto:
    """Convert the network to ONNX.

    `input`: uint8 (N, 150, 150, 3), RGB aligned faces. `embedding`: float32 (N, 128), to be compared by
    Euclidean distance. The means and the division by 256 are folded into the first convolution, the affine
    layers into theirs. Raises FormatError when the file has another form or does not end where it should.
    """
    return _DlibGraph(_read_network(data)).model()


# --- dlib's serialization ---------------------------------------------------------------------------------


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.data):
            raise FormatError("the file ends too early")
        self.at += count
        return self.data[self.at - count : self.at]

    def integer(self) -> int:
        """A control byte (low nibble: bytes that follow; 0x80: negative), then the magnitude."""
        control = self.take(1)[0]
        size = control & 0x0F
        if not 1 <= size <= 8 or control & 0x70:
            raise FormatError(f"no integer at byte {self.at - 1}")
        value = int.from_bytes(self.take(size), "little")
        return -value if control & 0x80 else value

    def real(self) -> float:
        """An integer mantissa and a binary exponent."""
        mantissa, exponent = self.integer(), self.integer()
        if abs(exponent) >= 1100:  # 32000 and above mark infinities and NaN
            raise FormatError("a number is not finite")
        return float(mantissa) * 2.0**exponent

    def boolean(self) -> bool:
        value = self.take(1)
        if value not in (b"0", b"1"):
            raise FormatError(f"no truth value at byte {self.at - 1}")
        return value == b"1"

    def string(self) -> str:
        return self.take(max(0, self.integer())).decode("latin-1")

    def expect(self, *allowed: int) -> int:
        value = self.integer()
        if value not in allowed:
            raise FormatError(f"{value} at byte {self.at}, expected one of {allowed}")
        return value

    def tensor(self) -> Array:
        self.expect(2)
        shape = [self.integer() for _ in range(4)]
        if min(shape) < 0:
            raise FormatError("a tensor has a negative size")
        count = shape[0] * shape[1] * shape[2] * shape[3]
        return np.frombuffer(self.take(4 * count), "<f4").reshape(shape)

    def alias(self) -> None:
        self.expect(1)
        for _ in range(4):
            self.integer()


@dataclass(frozen=True)
class _Layer:
    """One layer's parameters, as float64 where they will be folded."""

    kind: str
    weights: NDArray[np.float64] | None = None  # (out, in, rows, columns), or (in, out) of the last layer
    bias: NDArray[np.float64] | None = None
    means: tuple[float, ...] = ()


def _block(stride: int) -> list[str]:
    return [f"conv3s{stride}", "affine", "relu", "conv3s1", "affine"]


def _architecture() -> list[str]:
    """The layers from the input to the output; tags and skips hold nothing but their version."""
    layers = ["conv7s2", "affine", "relu", "max_pool"]
    for plain, down in [(3, False), (3, True), (2, True), (2, True), (0, True)]:
        if down:
            layers += ["tag", *_block(2), "tag", "skip", "avg_pool", "add_prev", "relu"]
        for _ in range(plain):
            layers += ["tag", *_block(1), "add_prev", "relu"]
    return [*layers, "avg_pool_everything", "fc"]


def _read_network(data: bytes) -> list[_Layer]:
    """The layers with parameters, from the input to the output."""
    reader = _Reader(data)
    reader.expect(1)
    if reader.string() != "loss_metric_2":
        raise FormatError("the network's loss is another")
    reader.real(), reader.real()  # margin, distance threshold
    architecture = _architecture()
    for name in reversed(architecture[1:]):
        reader.expect(1 if name in ("tag", "skip") else 2)
    first_version = reader.expect(2, 3)
    layers = [_read_input(reader)]
    for position, name in enumerate(architecture):
        if name in ("tag", "skip"):
            continue
        layers.append(_read_details(reader, name))
        for _ in range(3):
            reader.boolean()
        for _ in range(3):  # the gradient, the cached output and the gradient of the parameters
            reader.tensor()
        if position == 0 and first_version == 3:
            reader.integer()
    if reader.at != len(data):
        raise FormatError(f"{len(data) - reader.at} bytes follow the network")
    return [layer for layer in layers if layer.weights is not None or layer.means]


def _read_input(reader: _Reader) -> _Layer:
    if reader.string() != "input_rgb_image_sized":
        raise FormatError("the network's input is another")
    means = tuple(reader.real() for _ in range(3))
    if (reader.integer(), reader.integer()) != (CHIP, CHIP):
        raise FormatError("the network's input has another size")
    return _Layer("input", means=means)


def _read_details(reader: _Reader, name: str) -> _Layer:
    kind = reader.string()
    if name.startswith("conv") and kind == "con_4":
        return _read_convolution(reader, side=int(name[4]), stride=int(name[6]))
    if name == "affine" and kind == "affine_":
        parameters = reader.tensor().astype(np.float64)
        reader.alias()
        reader.alias()
        reader.integer()
        gamma, beta = parameters.reshape(2, -1)
        return _Layer("affine", gamma, beta)
    if name == "fc" and kind == "fc_2":
        return _read_dense(reader)
    if "pool" in name and kind == f"{name[:3]}_pool_2":
        for _ in range(6):
            reader.integer()
        return _Layer(name)
    if name in ("relu", "add_prev") and kind == f"{name}_":
        return _Layer(name)
    raise FormatError(f"{kind!r} where {name} should be")


def _read_convolution(reader: _Reader, side: int, stride: int) -> _Layer:
    parameters = reader.tensor().astype(np.float64).ravel()
    filters, rows, columns, *strides = (reader.integer() for _ in range(5))
    if (rows, columns, *strides) != (side, side, stride, stride):
        raise FormatError("a convolution has another shape")
    reader.integer(), reader.integer()  # padding
    reader.alias()
    reader.alias()
    for _ in range(4):  # multipliers of the learning rate and the weight decay
        reader.real()
    weights, bias = parameters[:-filters], parameters[-filters:]
    return _Layer("conv", weights.reshape(filters, -1, side, side), bias)


def _read_dense(reader: _Reader) -> _Layer:
    outputs, inputs = reader.integer(), reader.integer()
    parameters = reader.tensor().astype(np.float64)
    reader.alias()
    reader.alias()
    reader.integer()  # bias mode: none
    for _ in range(4):
        reader.real()
    return _Layer("fc", parameters.reshape(inputs, outputs))


# --- ONNX -------------------------------------------------------------------------------------------------


class _DlibGraph:
    def __init__(self, layers: list[_Layer]) -> None:
        self.layers = iter(layers)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, values: NDArray[Any]) -> str:
        name = f"w{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        output = output or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def convolution(self, x: str, *, stride: int = 1, means: tuple[float, ...] = ()) -> str:
        """A convolution with its affine layer, and the input's normalisation where there is one."""
        layer, affine = next(self.layers), next(self.layers)
        if layer.weights is None or layer.bias is None or affine.weights is None or affine.bias is None:
            raise FormatError("a convolution without parameters")
        weights, bias = layer.weights, layer.bias
        if means:
            weights = weights / 256.0
            bias = bias - np.einsum("oirc,i->o", weights, np.array(means))
        weights = weights * affine.weights[:, None, None, None]
        bias = bias * affine.weights + affine.bias
        padding = [0 if stride > 1 else weights.shape[2] // 2] * 4
        constants = (self.constant(weights.astype(np.float32)), self.constant(bias.astype(np.float32)))
        return self.node("Conv", x, *constants, strides=[stride, stride], pads=padding)

    def pad(self, x: str, channels: int = 0, border: int = 0) -> str:
        """Zeros after the last channel, and below and to the right."""
        pads = np.array([0, 0, 0, 0, 0, channels, border, border], np.int64)
        return self.node("Pad", x, self.constant(pads)) if pads.any() else x

    def residual(self, x: str, *, down: bool = False, grow: int = 0, border: int = 0) -> str:
        main = self.node("Relu", self.convolution(x, stride=2 if down else 1))
        main = self.pad(self.convolution(main), border=border)
        shortcut = self.node("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2]) if down else x
        return self.node("Relu", self.node("Add", main, self.pad(shortcut, channels=grow)))

    def model(self) -> onnx.ModelProto:
        means = next(self.layers).means
        x = self.node("Cast", "input", to=TensorProto.FLOAT)
        x = self.node("Transpose", x, perm=[0, 3, 1, 2])
        x = self.node("Relu", self.convolution(x, stride=2, means=means))
        x = self.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2])
        # Sides: 35, 17, 8, 3 padded to its shortcut's 4, 1 padded to 2.
        for plain, down, grow, border in [
            (3, 0, 0, 0),
            (3, 1, 32, 0),
            (2, 1, 64, 0),
            (2, 1, 128, 1),
            (0, 1, 0, 1),
        ]:
            if down:
                x = self.residual(x, down=True, grow=grow, border=border)
            for _ in range(plain):
                x = self.residual(x)
        x = self.node("Flatten", self.node("GlobalAveragePool", x))
        dense = next(self.layers).weights
        if dense is None or next(self.layers, None) is not None:
            raise FormatError("the network's last layer is another")
        self.node("MatMul", x, self.constant(dense.astype(np.float32)), output="embedding")
        source = helper.make_tensor_value_info("input", TensorProto.UINT8, ["N", CHIP, CHIP, 3])
        target = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", 128])
        graph = helper.make_graph(self.nodes, "dlib-resnet", [source], [target], self.constants)
        model = helper.make_model(graph, producer_name="regard", opset_imports=[helper.make_opsetid("", 18)])
        model.ir_version = 10
        onnx.checker.check_model(model, full_check=True)
        return model
