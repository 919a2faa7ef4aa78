"""What each TensorFlow operator becomes in ONNX.

TensorFlow lays images out as (N, H, W, C), ONNX's spatial operators as (N, C, H, W). Each spatial operator is
therefore written between two transpositions; ONNX Runtime cancels those that meet when it loads the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx

from regard.packs.importers.tensorflow_graph import ConversionError, Node
from regard.packs.importers.tensorflow_writer import Writer

_TYPES = {"DT_FLOAT": onnx.TensorProto.FLOAT, "DT_INT32": onnx.TensorProto.INT32}


Converter = Callable[[Writer, Node], None]


# --- Spatial operators ------------------------------------------------------------------------------------


def _convolution(writer: Writer, node: Node) -> None:
    """Conv2D and DepthwiseConv2dNative, with what `fused_ops` adds: a bias, then an activation."""
    image, kernel, *extra = node.inputs
    weights = writer.array(kernel)  # (height, width, in, out); depthwise (height, width, in, multiplier)
    source, signs = writer.negated(writer.value(image))
    if signs is not None:
        weights = weights * signs[:, None]
    groups = 1
    if "Depthwise" in node.operator:
        height, width, groups, multiplier = weights.shape
        weights = weights.reshape(height, width, 1, groups * multiplier)
    fused = list(node.attributes.get("fused_ops", []))
    inputs = [writer.channels_first(source), writer.constant(weights.transpose(3, 2, 0, 1))]
    if fused[:1] == ["BiasAdd"]:
        inputs.append(writer.value(extra.pop(0)))
        fused.pop(0)
    if any(step != 1 for step in node.attributes.get("dilations", [])):
        raise ConversionError(f"{node.name} is dilated")
    value = writer.write("Conv", inputs, group=groups, **_window(node))
    for activation in fused:
        if activation == "Prelu":
            value = writer.rectify_by_channel(value, writer.array(extra.pop(0)))
        elif activation in _ACTIVATIONS:
            value = _ACTIVATIONS[activation](writer, value)
        else:
            raise ConversionError(f"the fused operator {activation} has no conversion")
    writer.bind(node.name, writer.channels_last(value))


def _max_pool(writer: Writer, node: Node) -> None:
    image = writer.channels_first(writer.value(node.inputs[0]))
    _, height, width, _ = node.attributes["ksize"]
    value = writer.write("MaxPool", [image], kernel_shape=[height, width], **_window(node))
    writer.bind(node.name, writer.channels_last(value))


def _window(node: Node) -> dict[str, Any]:
    """Strides and padding; TensorFlow's SAME puts the odd pixel after, as ONNX's SAME_UPPER does."""
    if node.attributes.get("data_format", "NHWC") != "NHWC":
        raise ConversionError(f"{node.name} has another layout than NHWC")
    padding = {"SAME": "SAME_UPPER", "VALID": "VALID"}.get(node.attributes["padding"])
    if padding is None:
        raise ConversionError(f"{node.name} has explicit padding")
    _, vertical, horizontal, _ = node.attributes["strides"]
    return {"auto_pad": padding, "strides": [vertical, horizontal]}


def _resize_bilinear(writer: Writer, node: Node) -> None:
    image = writer.channels_first(writer.value(node.inputs[0]))
    if node.attributes.get("align_corners"):
        mode = "align_corners"
    else:
        mode = "half_pixel" if node.attributes.get("half_pixel_centers") else "asymmetric"
    size = writer.integers(*writer.array(node.inputs[1]).tolist())
    value = writer.write(
        "Resize", [image, "", "", size], axes=[2, 3], mode="linear", coordinate_transformation_mode=mode
    )
    writer.bind(node.name, writer.channels_last(value))


# --- Operators on values ----------------------------------------------------------------------------------


def _as(operator: str, **attributes: Any) -> Converter:
    """The same operator under ONNX's name."""

    def convert(writer: Writer, node: Node) -> None:
        inputs = [writer.value(tensor) for tensor in node.inputs]
        writer.bind(node.name, writer.write(operator, inputs, **attributes))

    return convert


def _relu(writer: Writer, value: str) -> str:
    return writer.rectify(value)


def _relu6(writer: Writer, value: str) -> str:
    return writer.clip(value, 0, 6)


def _bound(writer: Writer, node: Node) -> None:
    """Minimum and Maximum, with a number as the second input."""
    bound = writer.array(node.inputs[1])
    if bound.size != 1:
        raise ConversionError(f"{node.name} has a bound that is not one number")
    low, high = (-np.inf, bound.item()) if node.operator == "Minimum" else (bound.item(), np.inf)
    writer.bind(node.name, writer.clip(writer.value(node.inputs[0]), low, high))


_ACTIVATIONS = {"Relu": _relu, "Relu6": _relu6}


def _activation(writer: Writer, node: Node) -> None:
    writer.bind(node.name, _ACTIVATIONS[node.operator](writer, writer.value(node.inputs[0])))


def _matrix_product(writer: Writer, node: Node) -> None:
    fused = node.attributes["fused_ops"]
    if fused[0] != "BiasAdd":
        raise ConversionError(f"{node.name} has no bias")
    value = writer.write(
        "Gemm",
        [writer.value(tensor) for tensor in node.inputs],
        transA=int(node.attributes["transpose_a"]),
        transB=int(node.attributes["transpose_b"]),
    )
    for activation in fused[1:]:
        value = _ACTIVATIONS[activation](writer, value)
    writer.bind(node.name, value)


def _prelu(writer: Writer, node: Node) -> None:
    image, slopes = node.inputs
    value = writer.rectify_by_channel(writer.channels_first(writer.value(image)), writer.array(slopes))
    writer.bind(node.name, writer.channels_last(value))


def _squared_difference(writer: Writer, node: Node) -> None:
    difference = writer.write("Sub", [writer.value(tensor) for tensor in node.inputs])
    writer.bind(node.name, writer.write("Mul", [difference, difference]))


def _cast(writer: Writer, node: Node) -> None:
    target = _TYPES[node.attributes["DstT"]]
    writer.bind(node.name, writer.write("Cast", [writer.value(node.inputs[0])], to=target))


def _mean(writer: Writer, node: Node) -> None:
    axes = writer.integers(*writer.array(node.inputs[1]).reshape(-1).tolist())
    keep = int(bool(node.attributes.get("keep_dims")))
    writer.bind(node.name, writer.write("ReduceMean", [writer.value(node.inputs[0]), axes], keepdims=keep))


def _arg_max(writer: Writer, node: Node) -> None:
    axis = int(writer.array(node.inputs[1]))
    index = writer.write("ArgMax", [writer.value(node.inputs[0])], axis=axis, keepdims=0)
    writer.bind(node.name, writer.write("Cast", [index], to=onnx.TensorProto.INT32))


def _top_k(writer: Writer, node: Node) -> None:
    count = writer.integers(int(writer.array(node.inputs[1])))
    outputs = [f"value_{len(writer.nodes)}", f"value_{len(writer.nodes)}_index"]
    values, index = writer.write_all("TopK", [writer.value(node.inputs[0]), count], outputs)
    writer.bind(node.name, values)
    writer.bind(f"{node.name}:1", writer.write("Cast", [index], to=onnx.TensorProto.INT32))


# --- Operators on shapes ----------------------------------------------------------------------------------


def _reshape(writer: Writer, node: Node) -> None:
    shape = writer.integers(*writer.array(node.inputs[1]).tolist())
    writer.bind(node.name, writer.write("Reshape", [writer.value(node.inputs[0]), shape]))


def _pad(writer: Writer, node: Node) -> None:
    before_after = writer.array(node.inputs[1])  # (axes, 2)
    pads = writer.integers(*before_after.T.reshape(-1).tolist())
    writer.bind(node.name, writer.write("Pad", [writer.value(node.inputs[0]), pads]))


def _concatenate(writer: Writer, node: Node) -> None:
    *parts, axis = node.inputs
    values = [writer.value(part) for part in parts]
    writer.bind(node.name, writer.write("Concat", values, axis=int(writer.array(axis))))


def _expand_dims(writer: Writer, node: Node) -> None:
    axis = writer.integers(int(writer.array(node.inputs[1])))
    writer.bind(node.name, writer.write("Unsqueeze", [writer.value(node.inputs[0]), axis]))


def _pack(writer: Writer, node: Node) -> None:
    axis = node.attributes["axis"]
    parts = [writer.write("Unsqueeze", [writer.value(part), writer.integers(axis)]) for part in node.inputs]
    writer.bind(node.name, writer.write("Concat", parts, axis=axis))


def _unpack(writer: Writer, node: Node) -> None:
    value, axis = writer.value(node.inputs[0]), node.attributes["axis"]
    for index in range(node.attributes["num"]):
        part = writer.write("Gather", [value, writer.constant(np.array(index))], axis=axis)
        writer.bind(f"{node.name}:{index}" if index else node.name, part)


def _strided_slice(writer: Writer, node: Node) -> None:
    """A slice along some axes; a bit of `begin_mask` or `end_mask` says that an axis is whole there."""
    if any(node.attributes.get(f"{mask}_mask") for mask in ("ellipsis", "new_axis", "shrink_axis")):
        raise ConversionError(f"{node.name} slices in a way that is not known")
    value, (begin, end, steps) = writer.value(node.inputs[0]), map(writer.array, node.inputs[1:])
    whole = node.attributes.get("begin_mask", 0)
    if whole != node.attributes.get("end_mask", 0) or np.any(steps < 1):
        raise ConversionError(f"{node.name} slices in a way that is not known")
    axes = [axis for axis in range(len(begin)) if not whole >> axis & 1]
    bounds = [writer.integers(*(int(side[axis]) for axis in axes)) for side in (begin, end)]
    strides = writer.integers(*(int(steps[axis]) for axis in axes))
    writer.bind(node.name, writer.write("Slice", [value, *bounds, writer.integers(*axes), strides]))


def _gather(writer: Writer, node: Node) -> None:
    """GatherV2: whole slices along one axis; with batch_dims 1, each image has its own list of them."""
    value, index = (writer.value(tensor) for tensor in node.inputs[:2])
    axis, batch_dims = int(writer.array(node.inputs[2])), node.attributes.get("batch_dims", 0)
    if batch_dims == 0:
        writer.bind(node.name, writer.write("Gather", [value, index], axis=axis))
    elif axis == batch_dims == 1:
        coordinates = writer.write("Unsqueeze", [index, writer.integers(-1)])
        writer.bind(node.name, _gather_at(writer, value, coordinates, batch_dims))
    else:
        raise ConversionError(f"{node.name} gathers in a way that is not known")


def _gather_nd(writer: Writer, node: Node) -> None:
    value, coordinates = (writer.value(tensor) for tensor in node.inputs)
    writer.bind(node.name, _gather_at(writer, value, coordinates, node.attributes.get("batch_dims", 0)))


def _gather_at(writer: Writer, value: str, coordinates: str, batch_dims: int) -> str:
    wide = writer.write(
        "Cast", [coordinates], to=onnx.TensorProto.INT64
    )  # the only type that ONNX takes here
    return writer.write("GatherND", [value, wide], batch_dims=batch_dims)


OPERATORS: Mapping[str, Converter] = {
    "Abs": _as("Abs"),
    "Add": _as("Add"),
    "AddV2": _as("Add"),
    "ArgMax": _arg_max,
    "Cast": _cast,
    "ConcatV2": _concatenate,
    "Conv2D": _convolution,
    "DepthwiseConv2dNative": _convolution,
    "Equal": _as("Equal"),
    "ExpandDims": _expand_dims,
    "FloorDiv": _as("Div"),  # of indices, which are never negative
    "FloorMod": _as("Mod"),
    "FusedDepthwiseConv2dNative": _convolution,
    "GatherNd": _gather_nd,
    "GatherV2": _gather,
    "Identity": _as("Identity"),
    "MaxPool": _max_pool,
    "Maximum": _bound,
    "Mean": _mean,
    "Minimum": _bound,
    "Mul": _as("Mul"),
    "Pack": _pack,
    "Pad": _pad,
    "Prelu": _prelu,
    "RealDiv": _as("Div"),
    "Relu": _activation,
    "Relu6": _activation,
    "Reshape": _reshape,
    "ResizeBilinear": _resize_bilinear,
    "Sigmoid": _as("Sigmoid"),
    "Softmax": _as("Softmax", axis=-1),
    "Sqrt": _as("Sqrt"),
    "SquaredDifference": _squared_difference,
    "StridedSlice": _strided_slice,
    "Sub": _as("Sub"),
    "TopKV2": _top_k,
    "Unpack": _unpack,
    "_FusedConv2D": _convolution,
    "_FusedMatMul": _matrix_product,
}
