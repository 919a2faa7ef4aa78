"""Convert a TensorFlow.js graph model to ONNX."""

from __future__ import annotations

from collections.abc import Mapping

import onnx

from regard.packs.importers.tensorflow_model import write_model
from regard.packs.importers.tfjs_batching import free_batch
from regard.packs.importers.tfjs_graph import read_graph


def import_tfjs(topology: bytes, weights: bytes, taps: Mapping[str, str] | None = None) -> onnx.ModelProto:
    """Convert one graph model. `topology` is the model.json, `weights` the .bin file that it names.

    N is free even where the original fixes it at 1; input, outputs and `taps`: see `write_model`. Raises
    ConversionError when the files hold something that this converter doesn't know.
    """
    return write_model(free_batch(read_graph(topology, weights)), taps)
