"""A fine-tuned model of boxes: a network of its own, which finds labelled boxes in a picture by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regard.vision.custom.box_evaluation import BoxOutcome
from regard.vision.custom.box_file import StoredBoxModel, read_box_model
from regard.vision.custom.box_model import BoxFinding, FoundBoxes, highest_cells
from regard.vision.custom.onnx_file import Backbone, ModelFileError, open_model, refusing_damage, seal
from regard.vision.custom.tuning.box_network import LOGITS, SIDES, STRIDE
from regard.vision.custom.tuning.outcome import TuningOutcome
from regard.vision.image import Image
from regard.vision.labels.objects import letterboxed
from regard.vision.pixels import Floats
from regard.vision.session import OwnNetwork

KIND = "tuned boxes"
_SHORTEST = 0.5  # px, of the distance of a box's side
_MAX_SIDE = 1024  # px, of a canvas


@dataclass(frozen=True, eq=False, slots=True)
class TunedBoxModel:
    """`network` makes of a canvas of `side` px the log-odds of `names` and the distances of sides, as
    `box_network` has them. `thresholds`: of each label, 0 to 1, from which on a box is assumed. `backbone`:
    the network that it was made from, and doesn't need any more.
    """

    names: tuple[str, ...]
    side: int
    thresholds: Mapping[str, float]
    backbone: Backbone
    tuning: TuningOutcome | None
    network: OwnNetwork

    def find(self, image: Image) -> list[BoxFinding]:
        """The labelled boxes of a picture, the most confident first."""
        square, corner, size = letterboxed(image.pixels, self.side)
        logits, sides = self.network.run({"input": square[None].astype(np.float32)})
        return decoded(logits[0], sides[0]).findings(self.names, corner, size)


@dataclass(frozen=True, eq=False, slots=True)
class TunedFit:
    """A network that was fine-tuned, as bytes, with calibrated log-odds of `names`; the outcomes of the
    pictures that were held out, with what it finds in them.
    """

    names: tuple[str, ...]
    side: int
    network: bytes
    held_out: Sequence[Sequence[BoxOutcome]]


def decoded(logits: Floats, sides: Floats) -> FoundBoxes:
    """The boxes, px of the canvas, of a network that says `logits` (L, G, G) and `sides` (4, G, G)."""
    grid = logits.shape[1]
    where, columns, confidences = highest_cells(logits.reshape(len(logits), -1), grid)
    rows, places = np.divmod(where, grid)
    centres = (np.stack([places, rows], 1) + 0.5) * STRIDE
    lengths = np.maximum(sides.reshape(4, -1)[:, where].T, _SHORTEST).astype(np.float64)
    return FoundBoxes.about(centres, lengths, confidences, columns)


def write_tuned_boxes(
    fit: TunedFit, thresholds: Mapping[str, float], backbone: Backbone, tuning: TuningOutcome
) -> bytes:
    """An ONNX file that makes of pictures in the middle of black squares `side` px large log-odds LOGITS
    (N, L, G, G) and distances SIDES (N, 4, G, G), px, for cells of 4 px.
    """
    import onnx

    facts = {
        "kind": KIND,
        "labels": fit.names,
        "thresholds": [thresholds[name] for name in fit.names],
        "backbone": {"network": backbone.network, "digest": backbone.digest},
        "side": fit.side,
        "tuning": tuning.facts,
        "input": "pictures in the middle of black squares (N, side, side, 3), RGB, 0 to 255",
        "outputs": {
            LOGITS: "log-odds (N, labels, side / 4, side / 4) that a cell is the middle of a box",
            SIDES: "px (N, 4, side / 4, side / 4) from a cell's middle to a box's left, top, right, bottom",
        },
    }
    return seal(onnx.load_from_string(fit.network).graph, facts)


def read_tuned_boxes(data: bytes) -> TunedBoxModel:
    """What `write_tuned_boxes` wrote, opened. Raises ModelFileError for any other file."""
    opened = open_model(data, KIND)
    with refusing_damage():
        side = side_of(opened.facts)
        return TunedBoxModel(
            opened.names,
            side,
            opened.thresholds,
            opened.backbone,
            TuningOutcome.of(opened.facts["tuning"]),
            _checked(OwnNetwork(data), len(opened.names), side),
        )


def open_boxes(data: bytes) -> StoredBoxModel | TunedBoxModel:
    """A model of boxes of either kind. Raises ModelFileError."""
    try:
        return read_box_model(data)
    except ModelFileError:
        return read_tuned_boxes(data)


def side_of(facts: Mapping[str, Any]) -> int:
    """px, of the canvas that a file's metadata tell. Raises KeyError and ValueError."""
    side = int(facts["side"])
    if not 0 < side <= _MAX_SIDE:
        raise ValueError("the canvas is of no size")
    return side


def _checked(network: OwnNetwork, labels: int, side: int) -> OwnNetwork:
    """The network, tried on a black square. Raises ModelFileError where it says something else."""
    try:
        logits, sides = network.run({"input": np.zeros((1, side, side, 3), np.float32)})
    except ValueError as error:
        raise ModelFileError("The network takes another canvas; export it again.") from error
    cells = side // STRIDE
    if (logits.shape, sides.shape) != ((1, labels, cells, cells), (1, 4, cells, cells)):
        raise ModelFileError("The network is one of other labels; export it again.")
    return network
