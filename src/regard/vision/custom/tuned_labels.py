"""A fine-tuned model of labels: a network of its own, which tells the labels of a picture by itself.

Both networks are in it, the frozen and the fine-tuned one; the layers that weren't trained are run once for
both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from regard.vision.custom.label_blend import SMALLEST, LabelBlend
from regard.vision.custom.label_model import HeldOut, LabelModel
from regard.vision.custom.model_file import StoredLabelModel, append_head, read_label_model
from regard.vision.custom.onnx_file import (
    Backbone,
    ModelFileError,
    Step,
    constants,
    nodes,
    open_model,
    refusing_damage,
    seal,
)
from regard.vision.custom.tuning.label_network import LOGITS, tunable_labels
from regard.vision.custom.tuning.outcome import TuningOutcome
from regard.vision.features import SIDE
from regard.vision.image import Image
from regard.vision.pixels import Floats, resize
from regard.vision.session import OwnNetwork

if TYPE_CHECKING:  # importing onnx takes as long as starting a server
    import onnx

KIND = "tuned labels"
OWN = "tuned/"  # before the names of what the fine-tuned network has to itself
_SAID, _FROZEN = "confidences", "frozen/confidences"
TUNED_SIDE: Final = SIDE
"""px of the square that pictures are stretched to."""


@dataclass(frozen=True, eq=False, slots=True)
class TunedLabelModel:
    """`network` makes of a picture the confidences of `names`. `thresholds`: of each label, 0 to 1, from
    which on it is assumed. `backbone`: the network that it was made from, and doesn't need any more.
    """

    names: tuple[str, ...]
    thresholds: Mapping[str, float]
    backbone: Backbone
    tuning: TuningOutcome | None
    network: OwnNetwork

    def confidences(self, images: Iterable[Image]) -> Floats:
        """(N, L), 0 to 1, of N pictures, each stretched to a square; they are run one by one."""
        said = [
            self.network.run({"input": resize(image.pixels, TUNED_SIDE, TUNED_SIDE)[np.newaxis]})[0]
            for image in images
        ]
        return np.concatenate([*said, np.zeros((0, len(self.names)), np.float32)])


@dataclass(frozen=True, eq=False, slots=True)
class TunedLabels:
    """What a fine-tuning of labels has come to: the `weights` that were trained, by the constants' names, how
    they are blended with the `frozen` model, what the blend says of pictures that were held out, and what
    became of it.
    """

    frozen: LabelModel
    side: int
    weights: Mapping[str, Floats]
    blend: LabelBlend
    held_out: HeldOut
    outcome: TuningOutcome


def write_tuned_labels(
    fit: TunedLabels, thresholds: Mapping[str, float], backbone: Backbone, network: bytes
) -> bytes:
    """An ONNX file that makes `confidences` (N, L), 0 to 1, of pictures; `network` is the backbone's file."""
    import onnx
    from onnx import TensorProto, helper

    names = fit.frozen.names
    graph = onnx.load_from_string(network).graph
    branch = onnx.load_from_string(tunable_labels(network, len(names))).graph
    append_head(graph, fit.frozen, _FROZEN)
    _append_branch(graph, branch, fit)
    graph.name = "custom labels"
    graph.node.extend(nodes(_blending(fit.blend), {LOGITS, _SAID, _FROZEN}))
    graph.initializer.extend(constants(_numbers(fit.blend)))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(_SAID, TensorProto.FLOAT, ["N", len(names)]))
    facts = {
        "kind": KIND,
        "labels": names,
        "thresholds": [thresholds[name] for name in names],
        "backbone": {"network": backbone.network, "digest": backbone.digest},
        "tuning": fit.outcome.facts,
        "input": f"whole pictures (N, {TUNED_SIDE}, {TUNED_SIDE}, 3), RGB, 0 to 255, stretched to a square",
    }
    return seal(graph, facts)


def read_tuned_labels(data: bytes) -> TunedLabelModel:
    """What `write_tuned_labels` wrote, opened. Raises ModelFileError for any other file."""
    opened = open_model(data, KIND)
    with refusing_damage():
        return TunedLabelModel(
            opened.names,
            opened.thresholds,
            opened.backbone,
            TuningOutcome.of(opened.facts["tuning"]),
            _checked(OwnNetwork(data), len(opened.names)),
        )


def open_labels(data: bytes) -> StoredLabelModel | TunedLabelModel:
    """A model of labels of either kind. Raises ModelFileError."""
    try:
        return read_label_model(data)
    except ModelFileError:
        return read_tuned_labels(data)


def _append_branch(graph: onnx.GraphProto, branch: onnx.GraphProto, fit: TunedLabels) -> None:
    """Adds what of `branch` depends on the trained weights, or on pictures of another size, under names of
    its own.
    """
    from onnx import numpy_helper

    there, weights = {one.name for one in graph.initializer}, fit.weights
    renamed = {name: _own(name) for name in weights}
    if fit.side != TUNED_SIDE:
        cast = next(node for node in branch.node if node.op_type == "Cast")
        renamed[cast.output[0]] = _own("shrunk")
        graph.node.extend(nodes(_shrinking(cast.output[0]), {cast.output[0], _own("shrunk")}))
        sizes = np.array([fit.side / TUNED_SIDE] * 2, np.float32)
        graph.initializer.extend(constants({"scales": np.concatenate([np.ones(2, np.float32), sizes])}))
    for node in branch.node:
        if not any(name in renamed for name in node.input):
            continue
        renamed |= {name: _own(name) for name in node.output}
        inputs, outputs = ([renamed.get(name, name) for name in names] for names in (node.input, node.output))
        added = graph.node.add()
        added.CopyFrom(node)
        added.name = _own(node.name) if node.name else ""
        del added.input[:]
        del added.output[:]
        added.input.extend(inputs)
        added.output.extend(outputs)
    graph.initializer.extend(
        numpy_helper.from_array(np.ascontiguousarray(weights[name]), _own(name)) for name in sorted(weights)
    )
    graph.initializer.extend(
        one for one in branch.initializer if one.name not in there and one.name not in weights
    )


def _shrinking(picture: str) -> list[Step]:
    return [("Resize", [picture, "", "scales"], _own("shrunk"), {"mode": "linear"})]


def _own(name: str) -> str:
    return name if name.startswith(OWN) else f"{OWN}{name}"


def _blending(blend: LabelBlend) -> list[Step]:
    """From the log-odds LOGITS and the confidences of the frozen network to those of both."""
    steps: list[Step] = [
        ("Clip", [_FROZEN, "smallest", "largest"], "clipped", {}),
        ("Log", ["clipped"], "logs", {}),
    ]
    odds = "logs"
    if not blend.is_exclusive:
        odds = "odds"
        steps += [
            ("Sub", ["one", "clipped"], "rest", {}),
            ("Log", ["rest"], "rest_logs", {}),
            ("Sub", ["logs", "rest_logs"], odds, {}),
        ]
    steps += [
        ("Mul", [odds, "frozen_share"], "frozen_part", {}),
        ("Mul", [LOGITS, "tuned_share"], "tuned_part", {}),
        ("Add", ["frozen_part", "tuned_part"], "mixed", {}),
        ("Add", ["mixed", "shifts"], "moved", {}),
    ]
    if not blend.is_exclusive:
        return [*steps, ("Sigmoid", ["moved"], _SAID, {})]
    return [
        *steps,
        ("Softmax", ["moved"], "parts", {"axis": 1}),
        ("ReduceSum", [_FROZEN, "axis"], "known", {"keepdims": 1}),
        ("Mul", ["parts", "known"], _SAID, {}),
    ]


def _numbers(blend: LabelBlend) -> dict[str, Any]:
    numbers: dict[str, Any] = {
        "smallest": np.float32(SMALLEST),
        "largest": np.float32(1 - SMALLEST),
        "frozen_share": np.float32(blend.frozen),
        "tuned_share": np.float32(blend.tuned),
        "shifts": blend.shifts.astype(np.float32),
    }
    if blend.is_exclusive:
        return numbers | {"axis": np.array([1], np.int64)}
    return numbers | {"one": np.float32(1)}


def _checked(network: OwnNetwork, labels: int) -> OwnNetwork:
    """The network, tried on a black square. Raises ModelFileError where it says something else."""
    try:
        (said,) = network.run({"input": np.zeros((1, TUNED_SIDE, TUNED_SIDE, 3), np.uint8)})
    except ValueError as error:
        raise ModelFileError("The network takes other pictures; export it again.") from error
    if said.shape != (1, labels):
        raise ModelFileError("The network is one of other labels; export it again.")
    return network
