"""What CenterNet knows of each part of a picture: 740 numbers for each of 64 × 64 cells, on which boxes are
learned.

They are taken from inside of the network of the pack, behind which some nodes are added when it is opened:
what lies in front of its own answers, at half that resolution.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from regard.vision.labels.objects import SIDE
from regard.vision.pixels import Floats, Pixels
from regard.vision.runner import Runner
from regard.vision.session import DerivedNetwork

if TYPE_CHECKING:  # importing onnx takes as long as starting a server
    import onnx

BACKBONE = "centernet"
NETWORK = "centernet-cells"
GRID = 64  # cells a side
CELL = SIDE // GRID  # px
SIZES = 4  # the last numbers of a cell: log of what CenterNet says of the distances of the box's sides
DIMENSION = 740
MIN_DISTANCE = 2.0  # numbers below are noise around 0: distances of px, before the logarithm

# Values of the pack's graph, channels first: what they are, and the node that makes them.
NECK, HEAT, EXTENT, DISTANCES = "value_429", "value_430", "value_458", "value_461"  # 128 × 128
LEVEL_16, LEVEL_32 = "value_376", "value_348"  # 32 × 32, 16 × 16


class CellReader:
    """Safe to share by threads."""

    networks = (NETWORK,)

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    @property
    def digest(self) -> str:
        """SHA-256 of CenterNet's file. Raises KeyError where the network isn't installed."""
        return self._runner.digest(NETWORK)

    def read(self, square: Pixels) -> Floats:
        """(740, GRID · GRID), of a square (512, 512, 3) that a picture was put into: a column for each cell,
        row by row. They lie as the network leaves them, since turning 12 MB takes longer than a head.
        """
        read = self._runner.run(NETWORK, {"input": square[None].astype(np.float32)})[0][0]
        cells = np.ascontiguousarray(read.reshape(DIMENSION, -1), np.float32)
        cells[-SIZES:] = np.log(np.maximum(cells[-SIZES:], MIN_DISTANCE))
        return cells


def with_cells(network: bytes) -> bytes:
    """CenterNet's file as one whose only output is `cells` (N, 740, GRID, GRID)."""
    import onnx
    from onnx import TensorProto, helper

    model = onnx.load_from_string(network)
    nodes = list(_nodes())
    made = {output for node in model.graph.node for output in node.output}
    missing = {name for node in nodes for name in node.input if name.startswith("value_")} - made
    if missing:
        raise ValueError(f"The network has no {sorted(missing)[0]}; it is another CenterNet.")
    del model.graph.output[:]
    model.graph.node.extend(nodes)
    model.graph.output.append(
        helper.make_tensor_value_info("cells", TensorProto.FLOAT, ["N", DIMENSION, GRID, GRID])
    )
    return bytes(model.SerializeToString(deterministic=True))


def _nodes() -> Iterator[onnx.NodeProto]:
    from onnx import helper, numpy_helper

    def half(value: str, output: str) -> onnx.NodeProto:
        return helper.make_node("AveragePool", [value], [output], kernel_shape=[2, 2], strides=[2, 2])

    yield half(NECK, "cells/neck")
    yield helper.make_node(
        "AveragePool", ["cells/neck"], ["cells/around"], kernel_shape=[5, 5], pads=[2, 2, 2, 2]
    )
    for value, name in ((HEAT, "heat"), (EXTENT, "extent"), (DISTANCES, "distances")):
        yield half(value, f"cells/{name}")
    for value, name, factor in ((LEVEL_16, "level16", 2), (LEVEL_32, "level32", 4)):
        scales = numpy_helper.from_array(np.array([1, 1, factor, factor], np.float32))
        yield helper.make_node("Constant", [], [f"cells/{name}/scales"], value=scales)
        yield helper.make_node(
            "Resize", [value, "", f"cells/{name}/scales"], [f"cells/{name}"], mode="linear"
        )
    parts = ("neck", "around", "heat", "extent", "level16", "level32", "distances")
    yield helper.make_node("Concat", [f"cells/{part}" for part in parts], ["cells"], axis=1)


DERIVED = DerivedNetwork(BACKBONE, with_cells)
