"""What of an ONNX graph is run to get some of its values, in the order in which it is run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

OPERATORS = frozenset(
    (
        "Add", "Cast", "Clip", "Concat", "Conv", "Flatten", "GlobalAveragePool", "Mul", "ReduceMean",
        "Relu", "Resize", "Sigmoid", "Sqrt", "Sub", "Transpose",
    )
)  # fmt: skip
"""Those that can be trained through."""


class UntrainableGraph(ValueError):
    """A graph has what can't be trained through; the message says what."""


@dataclass(frozen=True, slots=True)
class PlannedNode:
    """A node with one output. An empty input is one that was left out."""

    operator: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True, eq=False, slots=True)
class GraphPlan:
    """`nodes` in order, which make `outputs` of the value `source` and of the `constants`."""

    source: str
    outputs: tuple[str, ...]
    nodes: tuple[PlannedNode, ...]
    constants: Mapping[str, NDArray[Any]]

    def weights(self, behind: str) -> tuple[str, ...]:
        """The constants that are weights and biases of convolutions from the node on that makes the value
        `behind`. Raises UntrainableGraph where none makes it.
        """
        places = [place for place, node in enumerate(self.nodes) if node.output == behind]
        if not places:
            raise UntrainableGraph(f"The network has no value {behind}; it is another one.")
        later = (node for node in self.nodes[places[0] :] if node.operator == "Conv")
        return tuple(name for node in later for name in node.inputs[1:] if name in self.constants)


def plan_graph(network: bytes, outputs: Sequence[str]) -> GraphPlan:
    """The plan of an ONNX file. Raises UntrainableGraph."""
    import onnx
    from onnx import helper, numpy_helper

    graph = onnx.load_from_string(network).graph
    wanted, kept = set(outputs), []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            if node.op_type not in OPERATORS or len(node.output) != 1:
                raise UntrainableGraph(f"The operator {node.op_type} can't be trained through.")
            wanted.update(node.input)
            attributes = {one.name: helper.get_attribute_value(one) for one in node.attribute}
            kept.append(PlannedNode(node.op_type, tuple(node.input), node.output[0], attributes))
    kept.reverse()
    constants = {one.name: numpy_helper.to_array(one) for one in graph.initializer if one.name in wanted}
    sources = {one.name for one in graph.input if one.name in wanted}
    made = {node.output for node in kept} | constants.keys() | sources | {""}
    if len(sources) != 1 or not made.issuperset(outputs) or not made.issuperset(wanted):
        raise UntrainableGraph("The graph has another number of inputs than one, or lacks an output.")
    return GraphPlan(sources.pop(), tuple(outputs), tuple(kept), constants)
