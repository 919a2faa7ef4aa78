"""Read a TensorFlow.js graph model: `model.json` and the weights beside it.

Source: the graph-model format of tfjs-converter. `modelTopology` is a TensorFlow GraphDef as JSON, in which
the weights are named constants; `weightsManifest` gives each one's dtype, shape and, where it was shrunk for
the download, its storage as float16. Weights lie one after the other in the .bin file.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.packs.importers.tensorflow_graph import ConversionError, Node, TensorFlowGraph

_STORED = {"float32": "<f4", "int32": "<i4"}


def read_graph(topology: bytes, weights: bytes) -> TensorFlowGraph:
    """Read the graph and its constants.

    Weights stored as float16 come back as float32, as TensorFlow.js computes with them.
    Raises ConversionError when these aren't a graph model and all of its weights.
    """
    try:
        model = json.loads(topology)
        nodes = [_read_node(entry) for entry in model["modelTopology"]["node"]]
        constants = dict(_read_weights(model["weightsManifest"], weights))
        signature = model.get("signature") or model["userDefinedMetadata"]["signature"]
        outputs = {
            _tensor(output["name"]): _shape(output["tensorShape"]) for output in signature["outputs"].values()
        }
    except (KeyError, TypeError, ValueError) as error:
        raise ConversionError(f"not a TensorFlow.js graph model ({error})") from error
    return TensorFlowGraph(
        {node.name: node for node in nodes if node.operator != "Const"},
        constants,
        dict(sorted(outputs.items())),
    )


def _read_node(entry: dict[str, Any]) -> Node:
    attributes = {name: _read_attribute(value) for name, value in entry.get("attr", {}).items()}
    inputs = tuple(_tensor(name) for name in entry.get("input", []))
    return Node(entry["name"], entry["op"], inputs, attributes)


def _read_attribute(value: dict[str, Any]) -> Any:
    """A protobuf AttrValue in JSON: integers are written as strings, and strings in base64."""
    if "list" in value:
        texts = [base64.b64decode(text).decode() for text in value["list"].get("s", [])]
        return texts or [int(number) for number in value["list"].get("i", [])]
    if "i" in value:
        return int(value["i"])
    if "s" in value:
        return base64.b64decode(value["s"]).decode()
    if "shape" in value:
        return _shape(value["shape"])
    return next(iter(value.values()), None)


def _shape(value: dict[str, Any]) -> tuple[int, ...]:
    return tuple(int(side["size"]) for side in value.get("dim", []))


def _read_weights(manifest: list[dict[str, Any]], data: bytes) -> Iterator[tuple[str, NDArray[Any]]]:
    offset = 0
    for weight in (weight for group in manifest for weight in group["weights"]):
        storage = weight.get("quantization", {}).get("dtype")
        if storage not in (None, "float16"):
            raise ConversionError(f"weights stored as {storage} are not known")
        dtype = np.dtype("<f2" if storage else _STORED[weight["dtype"]])
        count = math.prod(weight["shape"])
        array = np.frombuffer(data, dtype, count, offset).reshape(weight["shape"])
        offset += count * dtype.itemsize
        yield weight["name"], array.astype(_STORED[weight["dtype"]])
    if offset != len(data):
        raise ConversionError(f"the weights end at byte {offset} of {len(data)}")


def _tensor(name: str) -> str:
    """`node:0` and `node` are the same tensor."""
    return name.removesuffix(":0")
