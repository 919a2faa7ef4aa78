"""Free the batch dimension of graphs that were saved for one image.

Most of a graph doesn't care how many images it gets. What does is in three places: shapes that begin with
a constant 1, and how two models decode their heat maps (CenterNet's objects, MoveNet's key points), where
indices of one image are flattened together with those of the batch. These are rewritten in TensorFlow's own
terms, with `batch_dims` = 1 for a look-up that is made in each image apart.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from regard.packs.importers.tensorflow_graph import Node, TensorFlowGraph

_CENTERNET = "tower_0/"
_MOVENET = "StatefulPartitionedCall/"


def free_batch(graph: TensorFlowGraph) -> TensorFlowGraph:
    """The same function for N images as for one."""
    edited = _Edit(graph)
    if f"{_CENTERNET}BatchGather/GatherV2" in graph.nodes:
        _free_centernet(edited)
    elif f"{_MOVENET}GatherNd_3" in graph.nodes:
        _free_movenet(edited)
    for node in list(edited.nodes.values()):
        if node.operator == "Reshape" and node.inputs[1] in edited.constants:
            shape = edited.constants[node.inputs[1]]
            if shape[0] == 1:  # in ONNX, 0 keeps what the input has there
                edited.constants[node.inputs[1]] = np.array([0, *shape[1:]], shape.dtype)
    return TensorFlowGraph(edited.nodes, edited.constants, graph.outputs)


class _Edit:
    """A graph that is being rewritten; names are given without the model's prefix."""

    def __init__(self, graph: TensorFlowGraph) -> None:
        self.nodes = dict(graph.nodes)
        self.constants = dict(graph.constants)
        self.prefix = ""

    def node(self, name: str, operator: str, *inputs: str, **attributes: Any) -> None:
        tensors = tuple(self.prefix + tensor for tensor in inputs)
        self.nodes[self.prefix + name] = Node(self.prefix + name, operator, tensors, attributes)

    def constant(self, name: str, value: ArrayLike) -> None:
        self.constants[self.prefix + name] = np.array(value, np.int32)

    def source(self, name: str, index: int = 0) -> str:
        return self.nodes[self.prefix + name].inputs[index].removeprefix(self.prefix)

    def bypass(self, *names: str) -> None:
        """Let each of these nodes hand on its first input as it is."""
        for name in names:
            self.node(name, "Identity", self.source(name))


def _free_centernet(edit: _Edit) -> None:
    """The 100 best cells look up their box sizes: index (N, 100) into sizes (N, 128 · 128, 4)."""
    edit.prefix = _CENTERNET
    edit.constant("BatchGather/concat", [-1, 128 * 128, 4])
    edit.bypass("BatchGather/Reshape_1", "BatchGather/Reshape_3")
    edit.constant("BatchGather/GatherV2/axis", 1)
    edit.node(
        "BatchGather/GatherV2",
        "GatherV2",
        "BatchGather/Reshape_2",
        "BatchGather/Reshape_1",
        "BatchGather/GatherV2/axis",
        batch_dims=1,
    )


def _free_movenet(edit: _Edit) -> None:
    """Decode the person's centre (N, 2), then each of the 17 key points near it (N, 17, 2), in each image."""
    edit.prefix = _MOVENET
    # The images are unstacked and stacked again around a resize that became nothing.
    edit.bypass("unstack", "ResizeImage/resize/ExpandDims", "ResizeImage/resize/Squeeze", "stack")

    # The centre's cell, (y, x), and from there the coarse offset of each key point.
    edit.constant("per_image", [-1, 1, 1, 1])
    for name in ("4", "5"):
        edit.node(f"Reshape_{name}", "Reshape", edit.source(f"Reshape_{name}"), "per_image")
        edit.node(f"Cast_{name}", "Cast", f"Reshape_{name}", DstT="DT_FLOAT")
    edit.node("stack_2", "Pack", "floordiv", "sub_4", axis=-1)
    edit.node("centre", "Reshape", "stack_2", "centre/shape")
    edit.constant("centre/shape", [-1, 2])
    edit.node("GatherNd", "GatherNd", edit.source("GatherNd"), "centre", batch_dims=1)
    edit.constant("Reshape_6/shape", [-1, 1, 1, 17, 2])
    edit.node("unstack_1", "Unpack", "Reshape_6", axis=4, num=2)

    # The best cell of each key point, (y, x, k), and there its fine offset and its score.
    edit.constant("nothing", 0)
    edit.constant("keypoints", np.arange(17))
    edit.node("zero", "Mul", "floordiv_1", "nothing")
    edit.node("keypoint", "AddV2", "zero", "keypoints")
    edit.node("concat", "Pack", "floordiv_1", "sub_7", "keypoint", axis=2)
    edit.constant("Reshape_11/shape", [-1, 48, 48, 17, 2])
    edit.node("Reshape_11", "Reshape", edit.source("GatherNd_1"), "Reshape_11/shape")
    edit.node("GatherNd_2", "GatherNd", "Reshape_11", "concat", batch_dims=1)
    edit.node("GatherNd_3", "GatherNd", edit.source("GatherNd_3"), "concat", batch_dims=1)
    edit.node("unstack_2", "Unpack", "GatherNd_2", axis=2, num=2)

    # Put together as (N, 1, 17, (y, x, score)): here the batch is already in front.
    edit.bypass("ExpandDims_2", "ExpandDims_3", "ExpandDims_6")
    for name in ("ExpandDims_4/dim", "ExpandDims_7/dim"):
        edit.constant(name, 1)
