"""A TensorFlow graph as the importers of its formats read it, and as `tensorflow_model` writes it in ONNX."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


class ConversionError(ValueError):
    """The files hold something that the converter doesn't know."""


@dataclass(frozen=True, slots=True)
class Node:
    """One operation. `inputs` name tensors: `node`, or `node:1` for the second output of that node."""

    name: str
    operator: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TensorFlowGraph:
    """A TensorFlow graph: operations and constants by name, outputs with their shapes for one image."""

    nodes: Mapping[str, Node]
    constants: Mapping[str, NDArray[Any]]
    outputs: Mapping[str, tuple[int, ...]]

    def in_order(self) -> Iterator[Node]:
        """The nodes that the outputs need, each after its inputs.

        Without recursion, because graphs are deeper than Python's stack.
        """
        done: set[str] = set()
        pending = [_node_of(tensor) for tensor in reversed(list(self.outputs))]
        while pending:
            node = self.nodes[pending[-1]]
            sources = [_node_of(tensor) for tensor in node.inputs if tensor not in self.constants]
            missing = [source for source in sources if source not in done]
            if missing:
                pending.extend(missing)
                continue
            pending.pop()
            if node.name not in done:
                done.add(node.name)
                yield node


def _node_of(tensor: str) -> str:
    return tensor.partition(":")[0]
