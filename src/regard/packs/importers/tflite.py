"""Convert a TensorFlow Lite model to ONNX."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from regard.packs.importers.tensorflow_graph import Node, TensorFlowGraph
from regard.packs.importers.tensorflow_model import write_model
from regard.packs.importers.tflite_graph import read_graph


def import_tflite(model: bytes) -> onnx.ModelProto:
    """Convert one model of floats. N is free even where the original fixes it; input and outputs: see
    `write_model`. Raises ConversionError for what this converter doesn't know.
    """
    return write_model(join_rectifiers(read_graph(model)))


def join_rectifiers(graph: TensorFlowGraph) -> TensorFlowGraph:
    """The same graph with each rectifier that is spelt out, relu(x) + a · (x − |x|), joined to the
    convolution before it as one with the slopes 2a: one pass over the values instead of five.
    """
    nodes, constants = dict(graph.nodes), dict(graph.constants)
    used = Counter(tensor for node in nodes.values() for tensor in node.inputs)
    for name, convolution, half in list(_rectifiers(graph)):
        before = nodes[convolution]
        if used[convolution] != 3 or before.attributes.get("fused_ops") != ["BiasAdd"]:
            continue  # relu, minus and |x|, and nobody else
        slopes = f"{name}/slopes"
        constants[slopes] = (2 * half).reshape(1, 1, -1)
        nodes[name] = Node(
            name,
            before.operator,
            (*before.inputs, slopes),
            {**before.attributes, "fused_ops": ["BiasAdd", "Prelu"]},
        )
    return TensorFlowGraph(nodes, constants, graph.outputs)


def _rectifiers(graph: TensorFlowGraph) -> Iterator[tuple[str, str, NDArray[np.float32]]]:
    """The name of each sum that is such a rectifier, that of the convolution before it, and a."""
    for node in graph.nodes.values():
        if node.operator != "Add" or not all(tensor in graph.nodes for tensor in node.inputs):
            continue
        positive, scaled = (graph.nodes[tensor] for tensor in node.inputs)
        half, negative = _scaled(graph, scaled)
        if positive.operator == "Relu" and half is not None and negative is not None:
            (source,) = positive.inputs
            absolute = graph.nodes.get(negative.inputs[1])
            if negative.inputs[0] == source and absolute == Node(negative.inputs[1], "Abs", (source,), {}):
                yield node.name, source, half


def _scaled(graph: TensorFlowGraph, node: Node) -> tuple[NDArray[Any] | None, Node | None]:
    """The constant and the difference of a product of the two."""
    if node.operator != "Mul" or node.inputs[0] not in graph.constants:
        return None, None
    difference = graph.nodes.get(node.inputs[1])
    return graph.constants[
        node.inputs[0]
    ], difference if difference and difference.operator == "Sub" else None
