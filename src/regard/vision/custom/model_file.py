"""A model of labels as a file: ONNX, so that its owner may take it anywhere, with what Regard needs to know
of it in its metadata. The same model gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from regard.vision.custom.label_model import LabelModel
from regard.vision.pixels import Floats

if TYPE_CHECKING:  # importing onnx takes as long as starting a server
    import onnx

FORMAT = 1
KEY = "regard"  # of the metadata
_OPSET, _IR_VERSION = 18, 10
_HEAD = "custom/"  # before the names of the head's values, which others of the file must not have


class ModelFileError(ValueError):
    """A file is no model of labels that can be read; the message says why, in one sentence."""


@dataclass(frozen=True, slots=True)
class Backbone:
    """The network whose features a model reads: its name, and the SHA-256 of its file, hex."""

    network: str
    digest: str


@dataclass(frozen=True, eq=False, slots=True)
class StoredLabelModel:
    """What a model's file holds. `thresholds`: of each label, 0 to 1, from which on it is assumed."""

    model: LabelModel
    thresholds: Mapping[str, float]
    backbone: Backbone


def write_label_model(stored: StoredLabelModel) -> bytes:
    """An ONNX file that makes `confidences` (N, L), 0 to 1, of the backbone's `features` (N, D), float32."""
    from onnx import TensorProto, helper

    model = stored.model
    graph = helper.make_graph(
        _nodes(model, "features"),
        "custom labels",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", model.dimension])],
        [helper.make_tensor_value_info("confidences", TensorProto.FLOAT, ["N", len(model.names)])],
        _constants(model),
    )
    return _sealed(graph, _facts(stored))


def write_whole_model(stored: StoredLabelModel, backbone: bytes) -> bytes:
    """An ONNX file that makes `confidences` (N, L), 0 to 1, of pictures by itself: its input is that of the
    backbone's file, which becomes part of it.
    """
    import onnx
    from onnx import TensorProto, helper

    graph, model = onnx.load_from_string(backbone).graph, stored.model
    graph.name = "custom labels"
    graph.node.extend(_nodes(model, graph.output[0].name))
    graph.initializer.extend(_constants(model))
    del graph.output[:]
    said = helper.make_tensor_value_info("confidences", TensorProto.FLOAT, ["N", len(model.names)])
    graph.output.append(said)
    return _sealed(graph, _facts(stored) | {"input": _input_of(graph)})


def read_label_model(data: bytes) -> StoredLabelModel:
    """What `write_label_model` or `write_whole_model` wrote. The file's graph isn't run. Raises
    ModelFileError for any other file.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        proto = onnx.load_from_string(data)
        facts = _checked_facts({one.key: one.value for one in proto.metadata_props})
        weights, bias = (_constant(proto, name) for name in ("weights", "bias"))
        names = tuple(facts["labels"])
        thresholds = dict(zip(names, map(float, facts["thresholds"]), strict=True))
        backbone = Backbone(str(facts["backbone"]["network"]), str(facts["backbone"]["digest"]))
        model = LabelModel(
            names,
            bool(facts["is_exclusive"]),
            weights,
            bias,
            bool(facts["knows_none"]),
            None if facts["none_label"] is None else str(facts["none_label"]),
        )
    except DecodeError as error:
        raise ModelFileError("The file is no ONNX model, or is damaged; export it again.") from error
    except ModelFileError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError("The model is incomplete, or is damaged; export it again.") from error
    stored = StoredLabelModel(model, thresholds, backbone)
    _check(stored)
    return stored


def _constant(model: onnx.ModelProto, name: str) -> Floats:
    """The numbers that the file itself has under that name: it may name no other file."""
    [found] = [one for one in model.graph.initializer if one.name == f"{_HEAD}{name}"]
    return np.frombuffer(found.raw_data, "<f4").astype(np.float32).reshape(tuple(found.dims))


def _checked_facts(metadata: Mapping[str, str]) -> Mapping[str, Any]:
    if KEY not in metadata:
        raise ModelFileError("The ONNX model is none of Regard's custom labels: its metadata lacks `regard`.")
    try:
        facts = json.loads(metadata[KEY])
        kind, format_ = facts["kind"], facts["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFileError("The model's metadata can't be read; export it again.") from error
    if kind != "labels" or format_ != FORMAT:
        raise ModelFileError(
            f"The model is of kind {str(kind)[:40]!r}, format {str(format_)[:20]}; this version of Regard "
            f"reads labels of format {FORMAT}."
        )
    return cast(Mapping[str, Any], facts)


def _check(stored: StoredLabelModel) -> None:
    """Raises ModelFileError where parts of a model don't fit each other."""
    model, names = stored.model, stored.model.names
    columns = {len(names), len(names) + 1} if model.is_exclusive else {len(names)}
    arrays = (model.weights, model.bias)
    fits = (
        all(isinstance(name, str) for name in names)
        and 1 <= len(set(names)) == len(names)
        and all(np.isfinite(array).all() for array in arrays)
        and model.weights.ndim == 2
        and model.weights.shape[1:] == model.bias.shape
        and len(model.bias) in columns
        and all(0 <= threshold <= 1 for threshold in stored.thresholds.values())
    )
    if not fits:
        raise ModelFileError("The model's weights and labels don't fit each other; export it again.")


def _facts(stored: StoredLabelModel) -> dict[str, Any]:
    model = stored.model
    return {
        "kind": "labels",
        "format": FORMAT,
        "labels": model.names,
        "thresholds": [stored.thresholds[name] for name in model.names],
        "is_exclusive": model.is_exclusive,
        "knows_none": model.knows_none,
        "none_label": model.none_label,
        "backbone": {"network": stored.backbone.network, "digest": stored.backbone.digest},
        "input": "features of the backbone, of the whole picture stretched to its square, RGB",
    }


def _input_of(graph: onnx.GraphProto) -> str:
    return (
        f"{graph.input[0].name}: whole pictures (N, height, width, 3), RGB, 0 to 255, stretched to a square"
    )


def _nodes(model: LabelModel, features: str) -> list[onnx.NodeProto]:
    from onnx import helper

    last = ("Softmax", {"axis": 1}) if model.is_exclusive else ("Sigmoid", {})
    steps: list[tuple[str, list[str], str, dict[str, Any]]] = [
        ("Relu", [features], "amounts", {}),
        ("Sqrt", ["amounts"], "roots", {}),
        ("MatMul", ["roots", "weights"], "products", {}),
        ("Add", ["products", "bias"], "logits", {}),
        (last[0], ["logits"], "shares", last[1]),
        ("Gather", ["shares", "answered"], "confidences", {"axis": 1}),
    ]
    outer = {features, "confidences"}
    return [
        helper.make_node(
            kind,
            [name if name in outer else f"{_HEAD}{name}" for name in inputs],
            [output if output in outer else f"{_HEAD}{output}"],
            f"{_HEAD}{kind}",
            **attributes,
        )
        for kind, inputs, output, attributes in steps
    ]


def _constants(model: LabelModel) -> list[onnx.TensorProto]:
    from onnx import numpy_helper

    answered = np.arange(len(model.names), dtype=np.int64)  # all but none of these
    arrays: dict[str, NDArray[Any]] = {"weights": model.weights, "bias": model.bias, "answered": answered}
    return [numpy_helper.from_array(array, f"{_HEAD}{name}") for name, array in arrays.items()]


def _sealed(graph: onnx.GraphProto, facts: Mapping[str, Any]) -> bytes:
    from onnx import helper

    model = helper.make_model(
        graph,
        producer_name="regard",
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
    )
    helper.set_model_props(model, {KEY: json.dumps(facts, ensure_ascii=False, sort_keys=True)})
    return bytes(model.SerializeToString(deterministic=True))
