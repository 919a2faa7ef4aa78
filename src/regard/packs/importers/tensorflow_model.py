"""Write a TensorFlow graph as an ONNX model, whatever file the graph was read from."""

from __future__ import annotations

from collections.abc import Mapping

import onnx
from onnx import helper

from regard.packs.importers.tensorflow_graph import ConversionError, Node, TensorFlowGraph
from regard.packs.importers.tensorflow_operators import OPERATORS
from regard.packs.importers.tensorflow_writer import Writer

OPSET = 18
IR_VERSION = 8  # the one that came with opset 18; ONNX Runtime 1.20 reads up to 10

_TYPES = {"DT_FLOAT": onnx.TensorProto.FLOAT, "DT_INT32": onnx.TensorProto.INT32}


def write_model(graph: TensorFlowGraph, taps: Mapping[str, str] | None = None) -> onnx.ModelProto:
    """The ONNX model of a graph that gives the same for N images as for one.

    The input is called `input` and keeps TensorFlow's layout (N, H, W, C) and dtype, with N free. Outputs
    keep the last part of TensorFlow's names: `Identity_1`, `Softmax`. `taps` names inner tensors that become
    outputs too, behind the graph's own and in their order: what each is to be called, and what TensorFlow
    calls it. Raises ConversionError for what has no conversion.
    """
    for tensor in (taps or {}).values():
        if tensor not in graph.nodes:
            raise ConversionError(f"the graph has no tensor {tensor} to tap")
    writer = Writer(graph.constants)
    inputs = []
    for node in graph.in_order():
        if node.operator == "Placeholder":
            inputs.append(_input(node))
            writer.bind(node.name, "input")
        elif node.operator in OPERATORS:
            OPERATORS[node.operator](writer, node)
        else:
            raise ConversionError(f"the operator {node.operator} has no conversion")
    if len(inputs) != 1:
        raise ConversionError(f"the graph has {len(inputs)} inputs, not one")
    outputs = [_output(writer, tensor, shape) for tensor, shape in graph.outputs.items()]
    outputs += _tapped(writer, inputs, taps or {})
    nodes = writer.needed([output.name for output in outputs])
    used = {name for node in nodes for name in node.input}
    constants = [constant for constant in writer.initializers if constant.name in used]
    body = helper.make_graph(nodes, "graph", inputs, outputs, constants)
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(body, opset_imports=[opset], ir_version=IR_VERSION, producer_name="regard")
    onnx.checker.check_model(model, full_check=True)
    return model


def _input(node: Node) -> onnx.ValueInfoProto:
    shape = ["N", *node.attributes["shape"][1:]]
    return helper.make_tensor_value_info("input", _TYPES[node.attributes["dtype"]], shape)


def _output(writer: Writer, tensor: str, shape: tuple[int, ...]) -> onnx.ValueInfoProto:
    """Give the tensor its short name."""
    name = tensor.rpartition("/")[2]
    writer.write("Identity", [writer.value(tensor)], output=name)
    return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["N", *shape[1:]])


def _tapped(
    writer: Writer, inputs: list[onnx.ValueInfoProto], taps: Mapping[str, str]
) -> list[onnx.ValueInfoProto]:
    """Give inner tensors names, and find their shapes, which the topology doesn't say."""
    if not taps:
        return []
    for name, tensor in taps.items():
        writer.write("Identity", [writer.value(tensor)], output=name)
    body = helper.make_graph(writer.needed(list(taps)), "graph", inputs, [], writer.initializers)
    opset = helper.make_opsetid("", OPSET)
    inferred = onnx.shape_inference.infer_shapes(helper.make_model(body, opset_imports=[opset]))
    types = {value.name: value.type.tensor_type for value in inferred.graph.value_info}
    shapes = {name: ["N", *(side.dim_value for side in types[name].shape.dim[1:])] for name in taps}
    return [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name, shape in shapes.items()
    ]
