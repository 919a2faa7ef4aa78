"""CenterNet as a network of a user's own labels: two of its last convolutions are exchanged, and its canvas
may be smaller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from regard.vision.custom.cells import EXTENT, HEAT
from regard.vision.custom.tuning.plan import UntrainableGraph
from regard.vision.labels.objects import SIDE
from regard.vision.pixels import Floats

if TYPE_CHECKING:  # importing onnx takes as long as starting a server
    import onnx

STRIDE = 4  # px of the canvas between cells
LOGITS, SIDES = "tuned/logits", "tuned/sides"  # (N, L, G, G); (N, 4, G, G), px to left, top, right, bottom
SCORE_WEIGHTS, SCORE_BIAS, SIDE_WEIGHTS, SIDE_BIAS = (
    "tuned/score_weights",
    "tuned/score_bias",
    "tuned/side_weights",
    "tuned/side_bias",
)
HEAD = (SCORE_WEIGHTS, SCORE_BIAS, SIDE_WEIGHTS, SIDE_BIAS)
FIRST_TRAINED = "value_89"  # the weights behind it are trained, those in front of it stay
_PRETRAINED_SIDES = "value_461"  # what the pack's network has in the place of SIDES,
_UNIT = 16.0  # in units of so many px
_PRIOR = 0.01  # how often a cell is taken to be the middle of a box, to begin with


def tunable(network: bytes, labels: int, side: int) -> bytes:
    """CenterNet's file as one for `labels` labels and a canvas of `side` px, a multiple of 128: input `input`
    (N, side, side, 3), outputs LOGITS and SIDES, where G is side ÷ 4. It says nothing of labels yet, and of
    sides what CenterNet does. Raises UntrainableGraph for another network.
    """
    import onnx
    from onnx import TensorProto, helper

    model = onnx.load_from_string(network)
    graph = model.graph
    makers = {output: node for node in graph.node for output in node.output}
    if not makers.keys() >= {HEAT, EXTENT, _PRETRAINED_SIDES}:
        raise UntrainableGraph("The network is another CenterNet.")
    head = _head(graph, makers[_PRETRAINED_SIDES], labels)
    _keep_only(graph, makers, (HEAT, EXTENT))
    _shrink(graph, side)
    graph.name = "custom boxes"
    graph.node.extend(
        (
            helper.make_node("Conv", [HEAT, SCORE_WEIGHTS, SCORE_BIAS], [LOGITS]),
            helper.make_node("Conv", [EXTENT, SIDE_WEIGHTS, SIDE_BIAS], [SIDES]),
        )
    )
    graph.initializer.extend(_constants(head))
    del graph.output[:]
    del graph.value_info[:]
    cells = side // STRIDE
    for name, width in ((LOGITS, labels), (SIDES, 4)):
        shape: list[str | int | None] = ["N", width, cells, cells]
        graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    return bytes(model.SerializeToString(deterministic=True))


def with_weights(network: bytes, weights: Mapping[str, Floats]) -> bytes:
    """The network's file with other numbers in its constants."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load_from_string(network)
    for one in model.graph.initializer:
        if one.name in weights:
            one.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(weights[one.name]), one.name))
    return bytes(model.SerializeToString(deterministic=True))


def _head(graph: onnx.GraphProto, sides: onnx.NodeProto, labels: int) -> dict[str, Floats]:
    """The two convolutions to begin with. Cells are places of corners to CenterNet, and middles here."""
    from onnx import numpy_helper

    constants = {one.name: one for one in graph.initializer}
    weights, bias = (numpy_helper.to_array(constants[name]) for name in sides.input[1:3])
    middle = STRIDE / 2 * np.array([1, 1, -1, -1], np.float32)
    return {
        SCORE_WEIGHTS: np.zeros((labels, weights.shape[1], 1, 1), np.float32),
        SCORE_BIAS: np.full(labels, np.log(_PRIOR / (1 - _PRIOR)), np.float32),
        SIDE_WEIGHTS: weights * np.float32(_UNIT),
        SIDE_BIAS: bias * np.float32(_UNIT) + middle,
    }


def _constants(arrays: Mapping[str, Floats]) -> list[onnx.TensorProto]:
    from onnx import numpy_helper

    return [numpy_helper.from_array(array, name) for name, array in arrays.items()]


def _keep_only(graph: onnx.GraphProto, makers: Mapping[str, Any], values: Sequence[str]) -> None:
    """Leaves the nodes and constants that make these values."""
    wanted, open_ = set(values), list(values)
    while open_:
        node = makers.get(open_.pop())
        more = set(node.input if node is not None else ()) - wanted
        wanted |= more
        open_ += sorted(more)
    nodes = [node for node in graph.node if wanted.intersection(node.output)]
    constants = [one for one in graph.initializer if one.name in wanted]
    del graph.node[:]
    del graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(constants)


def _shrink(graph: onnx.GraphProto, side: int) -> None:
    """Has the graph take a canvas of `side` px: the sizes that maps are enlarged to are fixed in it."""
    from onnx import numpy_helper

    resized = {node.input[3] for node in graph.node if node.op_type == "Resize"}
    for one in graph.initializer:
        if one.name in resized:
            sizes = numpy_helper.to_array(one) * side // SIDE
            one.CopyFrom(numpy_helper.from_array(sizes, one.name))
    for dimension in graph.input[0].type.tensor_type.shape.dim[1:3]:
        dimension.dim_value = side
