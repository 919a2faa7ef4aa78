"""Weights that are too small for a processor's fast path."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from regard.packs.importers.subnormal import without_subnormals
from regard.packs.install import InstalledPack

SMALLEST = np.finfo(np.float32).smallest_normal


def network(weights: NDArray[np.float32]) -> bytes:
    """The product of a row of numbers with these weights."""
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, weights.shape[0]])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, weights.shape[1]])],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return bytes(model.SerializeToString())


def weights_of(content: bytes) -> NDArray[np.float32]:
    return np.asarray(numpy_helper.to_array(onnx.load_model_from_string(content).graph.initializer[0]))


def test_a_subnormal_weight_becomes_nought_and_others_stay() -> None:
    weights = np.array([[1.5, SMALLEST / 2], [-SMALLEST / 1000, -SMALLEST]], np.float32)
    changed = weights_of(without_subnormals(network(weights)))
    assert changed.tolist() == [[1.5, 0.0], [0.0, float(-SMALLEST)]]


def test_a_file_without_subnormal_weights_keeps_its_bytes() -> None:
    content = network(np.array([[1.5, 0.0], [SMALLEST, -3.0]], np.float32))
    assert without_subnormals(content) == content


def test_what_is_no_onnx_file_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="no ONNX file"):
        without_subnormals(b"\xff\xff\xff no network")


def test_no_network_of_the_default_pack_has_subnormal_weights() -> None:
    for name, path in InstalledPack.load("default").paths().items():
        for tensor in onnx.load(path).graph.initializer:
            if tensor.data_type == TensorProto.FLOAT:
                weights = np.abs(numpy_helper.to_array(tensor))
                assert not ((weights > 0) & (weights < SMALLEST)).any(), f"{name}: {tensor.name}"


def test_text_detection_answers_as_the_published_network_does() -> None:
    """Put back what was taken out: numbers of which nothing is left in any sum."""
    path = InstalledPack.load("default").path("ppocr-detection")
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            weights = numpy_helper.to_array(tensor)
            tensor.CopyFrom(
                numpy_helper.from_array(np.where(weights == 0, SMALLEST / 3, weights), tensor.name)
            )
    feed = {"x": np.random.default_rng(0).normal(size=(1, 3, 64, 96)).astype(np.float32)}
    before, after = (
        onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"]).run(None, feed)[0]
        for content in (model.SerializeToString(), path.read_bytes())
    )
    assert np.array_equal(before, after)
