"""The converted graphs compute what TensorFlow.js computes, as reference/make_tfjs.mjs recorded it."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from regard.packs.importers.tensorflow_graph import ConversionError
from regard.packs.importers.tfjs import import_tfjs
from regard.packs.importers.tfjs_graph import read_graph
from regard.packs.install import InstalledPack
from regard.packs.manifest import find_pack
from tests.packs.reference.drawing import draw

RECORDED: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "reference" / "tfjs.json").read_text()
)

# Scale and offset of each input, and how far outputs may be off: absolutely, in their own units (logits
# and pixels of 256 for BlazeFace, crop pixels for the meshes, pixels of 512 for CenterNet), and relatively.
MODELS = {
    "blazeface": (127.5, 1, 3e-4, 4e-6),  # logits reach -700, where the sigmoid is long nothing
    "facemesh": (255, 0, 2e-4, 0),
    "iris": (255, 0, 2e-4, 0),
    "faceres": (1, 0, 4e-6, 0),
    "emotion": (127.5, 1, 5e-7, 0),
    "centernet": (1, 0, 4e-3, 0),
    "movenet": (1, 0, 1e-5, 0),
}
FIXED_CLASS_AND_SCORE = 3e-7  # CenterNet's scores are much smaller than its pixels


def drawn(model: str, session: onnxruntime.InferenceSession) -> NDArray[Any]:
    """The two drawn inputs as one batch."""
    scale, offset, *_ = MODELS[model]
    (declared,) = session.get_inputs()
    _, side, _, channels = declared.shape
    dtype = np.int32 if declared.type == "tensor(int32)" else np.float32
    return np.stack([(draw(side, channels, seed) / scale - offset).astype(dtype) for seed in (0, 1)])


def recorded(model: str) -> list[dict[str, Any]]:
    return RECORDED["movenet-lightning" if model == "movenet" else model]


def values(output: dict[str, Any]) -> NDArray[np.float32]:
    return np.frombuffer(base64.b64decode(output["data"]), "<f4")


@pytest.fixture(params=MODELS, scope="module")
def model(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def session(model: str, installed_pack: InstalledPack) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(installed_pack.path(model), providers=["CPUExecutionProvider"])


def test_the_drawing_is_the_one_that_was_recorded(model: str, session: onnxruntime.InferenceSession) -> None:
    for image, record in zip(drawn(model, session), recorded(model), strict=True):
        assert hashlib.sha256(image.tobytes()).hexdigest() == record["input"]


def test_a_batch_gives_what_tensorflow_js_gives_for_each_image(
    model: str, session: onnxruntime.InferenceSession
) -> None:
    *_, absolute, relative = MODELS[model]
    outputs = session.run(None, {"input": drawn(model, session)})
    for position, record in enumerate(recorded(model)):
        taps = find_pack("default").models[model].taps.keys()
        assert {output.name for output in session.get_outputs()} == (record.keys() - {"input"}) | taps
        for declared, output in zip(session.get_outputs(), outputs, strict=True):
            if declared.name in taps:  # TensorFlow.js gives no inner tensors to compare with
                continue
            expected = record[declared.name]
            assert list(output[position].shape) == expected["shape"][1:]
            sampled = output[position].reshape(-1)[:: expected["step"]]
            np.testing.assert_allclose(sampled, values(expected), rtol=relative, atol=absolute)


def test_centernet_ranks_and_scores_objects_as_tensorflow_js_does(installed_pack: InstalledPack) -> None:
    session = onnxruntime.InferenceSession(
        installed_pack.path("centernet"), providers=["CPUExecutionProvider"]
    )
    (detections,) = session.run(["detections"], {"input": drawn("centernet", session)})
    for found, record in zip(detections, recorded("centernet"), strict=True):
        expected = values(record["detections"]).reshape(100, 6)
        np.testing.assert_allclose(found[:, 4:], expected[:, 4:], rtol=0, atol=FIXED_CLASS_AND_SCORE)


def test_movenet_chooses_the_same_cell_for_every_key_point(installed_pack: InstalledPack) -> None:
    session = onnxruntime.InferenceSession(installed_pack.path("movenet"), providers=["CPUExecutionProvider"])
    (people,) = session.run(None, {"input": drawn("movenet", session)})
    for person, record in zip(people, recorded("movenet"), strict=True):
        expected = values(record["Identity"]).reshape(17, 3)
        np.testing.assert_array_equal(np.round(person[0, :, :2] * 48), np.round(expected[:, :2] * 48))


def topology(operator: str, **weight: Any) -> bytes:
    """A graph of one operation on the input and one constant."""
    size = [{"size": side} for side in ("-1", "2")]
    output = {"name": "output:0", "tensorShape": {"dim": size}}
    nodes = [
        {
            "name": "x",
            "op": "Placeholder",
            "attr": {"dtype": {"type": "DT_FLOAT"}, "shape": {"shape": {"dim": size}}},
        },
        {"name": "w", "op": "Const"},
        {"name": "output", "op": operator, "input": ["x", "w"]},
    ]
    manifest = [{"weights": [{"name": "w", "shape": [2], "dtype": "float32"} | weight]}]
    signature = {"outputs": {"output": output}}
    return json.dumps(
        {"modelTopology": {"node": nodes}, "weightsManifest": manifest, "signature": signature}
    ).encode()


def test_weights_stored_as_float16_are_computed_with_as_float32() -> None:
    stored = np.array([0.1, 2], "<f2")
    model = import_tfjs(topology("Mul", quantization={"dtype": "float16"}), stored.tobytes())
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (output,) = session.run(None, {"input": np.array([[1, 1]], np.float32)})
    np.testing.assert_array_equal(output, [stored.astype(np.float32)])


def test_an_unknown_operator_is_refused_by_its_name() -> None:
    with pytest.raises(ConversionError, match="Atan"):
        import_tfjs(topology("Atan"), bytes(8))


def test_weights_that_are_too_long_are_refused() -> None:
    with pytest.raises(ConversionError, match="end at byte 8 of 9"):
        read_graph(topology("Mul"), bytes(9))


def test_something_else_than_a_graph_model_is_refused() -> None:
    with pytest.raises(ConversionError, match="not a TensorFlow.js graph model"):
        read_graph(b'{"format": "layers-model"}', b"")


def test_a_tapped_tensor_is_an_output_under_its_new_name() -> None:
    stored = np.array([0.5, 2], "<f4")
    graph = json.loads(topology("Mul"))
    graph["modelTopology"]["node"].append({"name": "last", "op": "Relu", "input": ["output"]})
    graph["signature"]["outputs"]["output"]["name"] = "last:0"
    model = import_tfjs(json.dumps(graph).encode(), stored.tobytes(), {"inner": "output"})
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    assert [output.name for output in session.get_outputs()] == ["last", "inner"]
    last, inner = session.run(None, {"input": np.array([[-1, 1]], np.float32)})
    np.testing.assert_array_equal(inner, [[-0.5, 2]])
    np.testing.assert_array_equal(last, [[0, 2]])


def test_a_tap_that_the_graph_does_not_have_is_refused_by_its_name() -> None:
    with pytest.raises(ConversionError, match="no tensor nowhere"):
        import_tfjs(topology("Mul"), np.zeros(2, "<f4").tobytes(), {"inner": "nowhere"})
