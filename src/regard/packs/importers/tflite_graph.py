"""Read a TensorFlow Lite model: a FlatBuffer that holds the graph and its weights.

Source: the public schema of the format, tensorflow/lite/schema/schema.fbs, version 3; the numbers of fields,
operators, activations and types below are those that it gives.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.packs.importers.flatbuffer import FlatTable
from regard.packs.importers.tensorflow_graph import ConversionError, Node, TensorFlowGraph

_IDENTIFIER, _VERSION = b"TFL3", 3
_TYPES = {0: "<f4", 2: "<i4"}
_PADDINGS = ("SAME", "VALID")
_ACTIVATIONS = {0: None, 1: "Relu", 3: "Relu6"}
_PLACEHOLDER = 127  # stands in the old field of an operator's number for one that only the new field holds


class _Tensors:
    """A subgraph's tensors: which name each goes by, and what is in those that are constants."""

    def __init__(self, model: FlatTable, graph: FlatTable) -> None:
        self._tables = graph.tables(0)
        self._buffers = model.tables(4)
        self._names = {index: f"tensor_{index}" for index in range(len(self._tables))}
        self._names |= {index: self._tables[index].text(3) for index in graph.numbers(2)}
        self.constants: dict[str, NDArray[Any]] = {}
        for index in range(len(self._tables)):
            content = self._content(index)
            if content:
                self.constants[self._names[index]] = self._array(index, content)

    def name(self, index: int) -> str:
        return self._names[index]

    def shape(self, index: int) -> tuple[int, ...]:
        return self._tables[index].numbers(0)

    def dtype(self, index: int) -> np.dtype[Any]:
        kind = self._tables[index].number(1, "b")
        if kind not in _TYPES:
            raise ConversionError(f"{self.name(index)} has numbers of the type {kind}, which is not known")
        return np.dtype(_TYPES[kind])

    def place(self, name: str, values: NDArray[Any]) -> str:
        """A constant in another layout than the file's, under a name of its own."""
        self.constants[name] = values
        return name

    def _content(self, index: int) -> bytes:
        return self._buffers[self._tables[index].number(2, "I")].content(0)

    def _array(self, index: int, content: bytes) -> NDArray[Any]:
        return np.frombuffer(content, self.dtype(index)).reshape(self.shape(index))


def read_graph(data: bytes) -> TensorFlowGraph:
    """The model's one graph, its operators under TensorFlow's names, the same for N images as for the
    number that the file fixes.

    Raises ConversionError when this isn't such a model, or holds what isn't known.
    """
    if data[4:8] != _IDENTIFIER:
        raise ConversionError("not a TensorFlow Lite model")
    try:
        return _read(FlatTable.root(data))
    except ConversionError:
        raise
    except (struct.error, IndexError, ValueError) as error:  # ValueError: a shape that its numbers don't fill
        raise ConversionError(f"the TensorFlow Lite model is damaged ({error})") from error


def _read(model: FlatTable) -> TensorFlowGraph:
    version, graphs = model.number(0, "I"), model.tables(2)
    if version != _VERSION or len(graphs) != 1:
        raise ConversionError(f"the model has version {version} and {len(graphs)} graphs, not 3 and one")
    graph = graphs[0]
    tensors = _Tensors(model, graph)
    inputs, outputs = graph.numbers(1), graph.numbers(2)
    operators = [_operator(code) for code in model.tables(1)]
    nodes = [_placeholder(tensors, index) for index in inputs]
    for entry in graph.tables(3):
        number = operators[entry.number(0, "I")]
        if number not in _READERS:
            raise ConversionError(f"the operator number {number} has no conversion")
        nodes.extend(_READERS[number](tensors, entry))
    fixed = {tensors.shape(index)[0] for index in inputs}
    for node in nodes:
        if node.operator == "Reshape":
            _free(tensors.constants, node.inputs[1], fixed)
    shapes = {tensors.name(index): tensors.shape(index) for index in outputs}
    return TensorFlowGraph({node.name: node for node in nodes}, tensors.constants, shapes)


def _operator(code: FlatTable) -> int:
    old = code.number(0, "b")
    return code.number(3, "i") if old == _PLACEHOLDER else old


def _placeholder(tensors: _Tensors, index: int) -> Node:
    dtype = "DT_FLOAT" if tensors.dtype(index).kind == "f" else "DT_INT32"
    return Node(tensors.name(index), "Placeholder", (), {"dtype": dtype, "shape": tensors.shape(index)})


def _free(constants: dict[str, NDArray[Any]], name: str, fixed: set[int]) -> None:
    """A shape that begins with the fixed number of images keeps what the input has there: 0 in ONNX."""
    shape = constants[name]
    if {int(shape[0])} == fixed:
        constants[name] = np.array([0, *shape[1:]], shape.dtype)


Reader = Callable[[_Tensors, FlatTable], Iterator[Node]]


def _plain(operator: str, *, activation_field: int | None = None) -> Reader:
    """The same operator under TensorFlow's name."""

    def read(tensors: _Tensors, entry: FlatTable) -> Iterator[Node]:
        options = entry.table(4)
        if activation_field is not None and options and _activation(options, activation_field):
            raise ConversionError(f"an activation behind {operator} is not known")
        yield Node(_output(tensors, entry), operator, _inputs(tensors, entry), {})

    return read


def _convolution(operator: str, *, strides: int, activation: int, dilations: int) -> Reader:
    """A convolution with its bias; the numbers are those of the fields of its options."""

    def read(tensors: _Tensors, entry: FlatTable) -> Iterator[Node]:
        name, options = _output(tensors, entry), entry.table(4)
        image, kernel, bias = _inputs(tensors, entry)
        if options is None:
            raise ConversionError(f"{name} has no strides")
        # (out, height, width, in), or by channel (1, height, width, out); TensorFlow has (h, w, in, out).
        axes = (1, 2, 3, 0)
        turned = tensors.place(f"{name}/kernel", tensors.constants[kernel].transpose(axes))
        fused = [kind for kind in ("BiasAdd", _activation(options, activation)) if kind]
        attributes = {
            "padding": _PADDINGS[options.number(0, "b")],
            "strides": [1, options.number(strides + 1, "i"), options.number(strides, "i"), 1],
            "dilations": [1, options.number(dilations + 1, "i", 1), options.number(dilations, "i", 1), 1],
            "fused_ops": fused,
        }
        yield Node(name, operator, (image, turned, bias), attributes)

    return read


def _activation(options: FlatTable, index: int) -> str | None:
    number = options.number(index, "b")
    if number not in _ACTIVATIONS:
        raise ConversionError(f"the activation number {number} is not known")
    return _ACTIVATIONS[number]


def _inputs(tensors: _Tensors, entry: FlatTable) -> tuple[str, ...]:
    return tuple(tensors.name(index) for index in entry.numbers(1))


def _output(tensors: _Tensors, entry: FlatTable) -> str:
    (index,) = entry.numbers(2)
    return tensors.name(index)


_READERS: Mapping[int, Reader] = {
    0: _plain("Add", activation_field=0),
    3: _convolution("_FusedConv2D", strides=1, activation=3, dilations=4),
    4: _convolution("FusedDepthwiseConv2dNative", strides=1, activation=4, dilations=5),
    18: _plain("Mul", activation_field=0),
    19: _plain("Relu"),
    22: _plain("Reshape"),
    41: _plain("Sub", activation_field=0),
    101: _plain("Abs"),
}
