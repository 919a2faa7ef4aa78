"""Fine-tuned networks in files of other installations: their weights are put into this installation's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from regard.vision.custom.embedding import PictureFeatures
from regard.vision.custom.label_blend import LabelBlend
from regard.vision.custom.label_model import HeldOut, LabelModel
from regard.vision.custom.model_file import check_weights
from regard.vision.custom.onnx_file import (
    Backbone,
    ModelFileError,
    load_model,
    numbers_of,
    open_model,
    refusing_damage,
)
from regard.vision.custom.tuned_boxes import KIND as TUNED_BOXES
from regard.vision.custom.tuned_boxes import TunedFit, side_of, write_tuned_boxes
from regard.vision.custom.tuned_labels import KIND as TUNED_LABELS
from regard.vision.custom.tuned_labels import OWN, TUNED_SIDE, TunedLabels, write_tuned_labels
from regard.vision.custom.tuning.box_network import STRIDE, tunable, with_weights
from regard.vision.custom.tuning.label_network import HEAD, tunable_labels
from regard.vision.custom.tuning.label_schedule import SIDES
from regard.vision.custom.tuning.outcome import TuningOutcome
from regard.vision.pixels import Floats

if TYPE_CHECKING:  # importing onnx takes as long as starting a server
    import onnx

NetworkFile = Callable[[Backbone], bytes]
"""Gives the file of this installation's network. Raises ModelFileError where that is another."""
WrittenAnew = tuple[bytes, tuple[str, ...], Backbone]
"""A model's file as a training here would have written it, the model's labels, and its base network."""
_MAX_LABELS: Final = 250
_LONGEST_NAME: Final = 256  # characters, of a label
_CANVAS: Final = 32 * STRIDE  # px, that a canvas is a multiple of


def tuned_labels_anew(data: bytes, network_file: NetworkFile) -> WrittenAnew:
    """A fine-tuned model of labels, written anew. Raises ModelFileError."""
    opened = open_model(data, TUNED_LABELS)
    with refusing_damage():
        names, thresholds, arrays = opened.names, opened.thresholds, opened.arrays
        check_names(names)
        tuning = TuningOutcome.of(opened.facts["tuning"])
        if tuning is None:
            raise ValueError("fine-tuning has an outcome")
        is_exclusive = "one" not in arrays  # which the odds of labels that stand for themselves are made with
        frozen = LabelModel(names, is_exclusive, arrays["weights"], arrays["bias"], True)
        _check_frozen(frozen)
        shares = float(arrays["tuned_share"]), float(arrays["frozen_share"])
        if arrays["shifts"].shape != (len(names),):
            raise ValueError("each label has a shift")
        blend = LabelBlend(*shares, arrays["shifts"].astype(np.float64), is_exclusive)
        side = _view_side(arrays)
        network = network_file(opened.backbone)
        weights = dict(_own_weights(tunable_labels(network, len(names)), data))
    held_out = HeldOut(np.zeros(0, np.intp), np.zeros((0, len(names)), np.float32), 0.0)
    fit = TunedLabels(frozen, side, weights, blend, held_out, tuning)
    return write_tuned_labels(fit, thresholds, opened.backbone, network), names, opened.backbone


def tuned_boxes_anew(data: bytes, network_file: NetworkFile) -> WrittenAnew:
    """A fine-tuned model of boxes, written anew. Raises ModelFileError."""
    opened = open_model(data, TUNED_BOXES)
    with refusing_damage():
        side, names, thresholds = side_of(opened.facts), opened.names, opened.thresholds
        if side % _CANVAS:
            raise ValueError("the canvas is of another size")
        check_names(names)
        tuning = TuningOutcome.of(opened.facts["tuning"])
        if tuning is None:
            raise ValueError("fine-tuning has an outcome")
        fresh = tunable(network_file(opened.backbone), len(names), side)
        weights = dict(_trained(load_model(fresh).graph, load_model(data).graph))
    fit = TunedFit(names, side, with_weights(fresh, weights), ())
    return write_tuned_boxes(fit, thresholds, opened.backbone, tuning), names, opened.backbone


def _check_frozen(model: LabelModel) -> None:
    """Raises ValueError unless a model of labels reads this network's features, and fits its labels."""
    check_weights(model)
    if model.dimension != PictureFeatures.dimension:
        raise ValueError("the weights read other features")


def _view_side(arrays: Mapping[str, Floats]) -> int:
    """px, of the views that a network was trained on. Raises ValueError unless a training here has such: a
    larger one takes memory without end.
    """
    scales = arrays.get("scales", np.ones(4, np.float32))
    side = round(float(scales[-1]) * TUNED_SIDE)
    if side not in SIDES or scales.shape != (4,):
        raise ValueError("the views are of another size")
    return side


def _own_weights(fresh: bytes, given: bytes) -> Iterator[tuple[str, Floats]]:
    """The constants of a fresh network that a file has of its own, under a name of its own. Raises ValueError
    where one is of another shape.
    """
    constants = {one.name: one for one in load_model(given).graph.initializer}
    for one in load_model(fresh).graph.initializer:
        own = one.name if one.name in HEAD else f"{OWN}{one.name}"
        if own in constants:
            yield one.name, _numbers(constants[own], one)


def _numbers(given: onnx.TensorProto, fresh: onnx.TensorProto) -> Floats:
    numbers = numbers_of(given)
    if numbers.shape != tuple(fresh.dims):
        raise ValueError("the weights are of another network")
    return numbers


def _trained(fresh: onnx.GraphProto, given: onnx.GraphProto) -> Iterator[tuple[str, Floats]]:
    """The constants of a fresh network in whose place a file has others. Raises KeyError and ValueError where
    it has none, or of another shape.
    """
    import onnx

    constants = {one.name: one for one in given.initializer}
    for one in fresh.initializer:
        if one.data_type == onnx.TensorProto.FLOAT and constants[one.name] != one:
            yield one.name, _numbers(constants[one.name], one)


def check_names(names: tuple[str, ...]) -> None:
    """Raises ModelFileError unless labels are such as a data set may have."""
    if len(names) > _MAX_LABELS or not all(_is_name(name) for name in names):
        raise ModelFileError("The labels of the file are none: 250 names of 1 to 256 characters at most.")


def _is_name(name: str) -> bool:
    return bool(name.strip()) and len(name) <= _LONGEST_NAME and name.isprintable()
