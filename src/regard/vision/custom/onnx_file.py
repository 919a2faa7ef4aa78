"""ONNX files of what users teach, so that they may take it anywhere: what Regard needs to know is in their
metadata, and the same model gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regard.vision.pixels import Floats

if TYPE_CHECKING:  # importing onnx takes as long as starting a server
    import onnx

FORMAT = 1
KEY = "regard"  # of the metadata
_OPSET, _IR_VERSION = 18, 10
_HEAD = "custom/"  # before the names of the head's values, which others of the file must not have

Step = tuple[str, Sequence[str], str, Mapping[str, Any]]  # an operator, its inputs, output and attributes


class ModelFileError(ValueError):
    """A file is no model that can be read; the message says why, in one sentence."""


@dataclass(frozen=True, slots=True)
class Backbone:
    """The network whose features a model reads: its name, and the SHA-256 of its file, hex."""

    network: str
    digest: str


@dataclass(frozen=True, eq=False, slots=True)
class OpenedModel:
    """The metadata and the head's constants of a file that Regard wrote."""

    facts: Mapping[str, Any]
    arrays: Mapping[str, Floats]

    @property
    def names(self) -> tuple[str, ...]:
        """The labels. Raises TypeError where they are no texts."""
        if not all(isinstance(name, str) for name in self.facts["labels"]):
            raise TypeError("labels are texts")
        return tuple(self.facts["labels"])

    @property
    def thresholds(self) -> dict[str, float]:
        """By label. Raises ValueError where their number is another, or one isn't from 0 to 1."""
        found = dict(zip(self.names, map(float, self.facts["thresholds"]), strict=True))
        if len(found) != len(self.names) or not found or not all(0 <= one <= 1 for one in found.values()):
            raise ValueError("labels are unique, and thresholds from 0 to 1")
        return found

    @property
    def backbone(self) -> Backbone:
        return Backbone(str(self.facts["backbone"]["network"]), str(self.facts["backbone"]["digest"]))


def open_model(data: bytes, kind: str) -> OpenedModel:
    """What `seal` made of facts of this kind. The graph isn't run, and no other file is read. Raises
    ModelFileError.
    """
    import onnx

    with refusing_damage():
        model = load_model(data)
        facts = facts_of(model)
        if facts["kind"] != kind or facts["format"] != FORMAT:
            raise ModelFileError(
                f"The model is of kind {str(facts['kind'])[:40]!r}, format {str(facts['format'])[:20]}; "
                f"{kind} of format {FORMAT} can be read here."
            )
        arrays = {
            one.name.removeprefix(_HEAD): numbers_of(one)
            for one in model.graph.initializer
            if one.name.startswith(_HEAD) and one.data_type == onnx.TensorProto.FLOAT
        }
        return OpenedModel(facts, arrays)


def load_model(data: bytes) -> onnx.ModelProto:
    """The ONNX model in `data`; no other file is read. Raises ModelFileError."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        return onnx.load_from_string(data)
    except DecodeError as error:
        raise ModelFileError("The file is no ONNX model, or is damaged; export it again.") from error


def facts_of(model: onnx.ModelProto) -> dict[str, Any]:
    """What `seal` was given. Raises ModelFileError for another's model, and ValueError."""
    metadata = {one.key: one.value for one in model.metadata_props}
    if KEY not in metadata:
        raise ModelFileError("The ONNX model is none of Regard's: its metadata lacks `regard`.")
    facts: dict[str, Any] = json.loads(metadata[KEY])
    return facts


@contextmanager
def refusing_damage() -> Iterator[None]:
    """What is missing or doesn't fit within raises ModelFileError."""
    try:
        yield
    except ModelFileError:
        raise
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ModelFileError("The model is incomplete, or is damaged; export it again.") from error


def numbers_of(constant: onnx.TensorProto) -> Floats:
    """The numbers of a constant, float32, that lie in the file itself. Raises ValueError where they don't
    fill the shape, or one is no number.
    """
    found = np.frombuffer(constant.raw_data, "<f4").astype(np.float32).reshape(tuple(constant.dims))
    if not np.isfinite(found).all():
        raise ValueError("weights are finite")
    return found


def nodes(steps: Sequence[Step], outer: set[str]) -> list[onnx.NodeProto]:
    """Nodes of a head. Values that are not `outer` get names that no backbone has."""
    from onnx import helper

    def name(value: str) -> str:
        return value if value in outer or not value else f"{_HEAD}{value}"

    return [
        helper.make_node(
            kind,
            [name(value) for value in inputs],
            [name(output)],
            f"{_HEAD}{kind}_{output}",
            **attributes,
        )
        for kind, inputs, output, attributes in steps
    ]


def constants(arrays: Mapping[str, NDArray[Any]]) -> list[onnx.TensorProto]:
    """Constants of a head, by the names that its steps have for them."""
    from onnx import numpy_helper

    return [numpy_helper.from_array(array, f"{_HEAD}{name}") for name, array in arrays.items()]


def seal(graph: onnx.GraphProto, facts: Mapping[str, Any]) -> bytes:
    """The file of a graph."""
    from onnx import helper

    model = helper.make_model(
        graph,
        producer_name="regard",
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
    )
    text = json.dumps({**facts, "format": FORMAT}, ensure_ascii=False, sort_keys=True)
    helper.set_model_props(model, {KEY: text})
    return bytes(model.SerializeToString(deterministic=True))
