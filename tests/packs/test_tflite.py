"""The converted graph computes what LiteRT computes, as reference/make_tflite.py recorded it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from regard.packs.importers.flatbuffer import FlatTable
from regard.packs.importers.tensorflow_graph import ConversionError, Node, TensorFlowGraph
from regard.packs.importers.tensorflow_model import write_model
from regard.packs.importers.tflite import import_tflite, join_rectifiers
from regard.packs.importers.tflite_graph import read_graph
from regard.packs.install import InstalledPack
from tests.packs.reference.drawing import draw

RECORDED = np.load(Path(__file__).parent / "reference" / "tflite.npz")["embeddings"]
ADD, MUL, RELU, RESHAPE, SUB, ABS = 0, 18, 19, 22, 41, 101
FLOAT, INT, HALF = 0, 2, 1


@pytest.fixture(scope="module")
def session(installed_pack: InstalledPack) -> onnxruntime.InferenceSession:
    path = installed_pack.path("mobilefacenet")
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def drawn(*seeds: int) -> NDArray[np.float32]:
    return (np.stack([draw(112, 3, seed) for seed in seeds]).astype(np.float32) - 127.5) / 128


def run(session: onnxruntime.InferenceSession, images: NDArray[np.float32]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = session.run(["embeddings"], {"input": images})[0]
    return found


def test_embeddings_are_those_of_litert(session: onnxruntime.InferenceSession) -> None:
    """The numbers reach 15, and are 39 long."""
    np.testing.assert_allclose(run(session, drawn(0, 1)), RECORDED, rtol=0, atol=5e-5)


def test_a_file_that_fixes_two_images_takes_any_number(session: onnxruntime.InferenceSession) -> None:
    for seeds in ((1,), (0, 1, 0)):
        expected = RECORDED[list(seeds)]
        np.testing.assert_allclose(run(session, drawn(*seeds)), expected, rtol=0, atol=5e-5)


@dataclass(frozen=True)
class Tensor:
    shape: tuple[int, ...]
    values: NDArray[Any] | None = None
    kind: int = FLOAT


@dataclass(frozen=True)
class Operator:
    number: int
    inputs: tuple[int, ...]
    output: int


class Built:
    """A TensorFlow Lite file, written by FlatBuffers' own builder."""

    def __init__(self) -> None:
        self._builder = flatbuffers.Builder()

    def table(self, fields: dict[int, Callable[[int], None]]) -> int:
        self._builder.StartObject(max(fields, default=-1) + 1)
        for slot, write in fields.items():
            write(slot)
        return int(self._builder.EndObject())

    def byte(self, value: int) -> Callable[[int], None]:
        return lambda slot: self._builder.PrependInt8Slot(slot, value, 0)

    def number(self, value: int) -> Callable[[int], None]:
        return lambda slot: self._builder.PrependInt32Slot(slot, value, 0)

    def offset(self, place: int) -> Callable[[int], None]:
        return lambda slot: self._builder.PrependUOffsetTRelativeSlot(slot, place, 0)

    def numbers(self, values: Sequence[int]) -> Callable[[int], None]:
        return self.offset(self._builder.CreateNumpyVector(np.array(values, np.int32)))

    def text(self, value: str) -> Callable[[int], None]:
        return self.offset(self._builder.CreateString(value))

    def content(self, values: NDArray[Any]) -> Callable[[int], None]:
        return self.offset(self._builder.CreateByteVector(values.tobytes()))

    def tables(self, places: Sequence[int]) -> Callable[[int], None]:
        self._builder.StartVector(4, len(places), 4)
        for place in reversed(places):
            self._builder.PrependUOffsetTRelative(place)
        return self.offset(self._builder.EndVector())

    def finish(self, root: int) -> bytes:
        self._builder.Finish(root, b"TFL3")
        return bytes(self._builder.Output())


def written(tensors: Sequence[Tensor], operators: Sequence[Operator], *, version: int = 3) -> bytes:
    """The file of a graph from the first tensor to the last."""
    built = Built()
    numbers = sorted({operator.number for operator in operators})
    codes = [built.table({0: built.byte(number)}) for number in numbers]
    buffers = [built.table({})]
    for tensor in tensors:
        buffers.append(built.table({} if tensor.values is None else {0: built.content(tensor.values)}))
    entries = [
        built.table(
            {
                0: built.numbers(tensor.shape),
                1: built.byte(tensor.kind),
                2: built.number(place + 1),
                3: built.text(f"name_{place}"),
            }
        )
        for place, tensor in enumerate(tensors)
    ]
    steps = [
        built.table(
            {
                0: built.number(numbers.index(operator.number)),
                1: built.numbers(operator.inputs),
                2: built.numbers([operator.output]),
            }
        )
        for operator in operators
    ]
    last = len(tensors) - 1
    parts = {0: built.tables(entries), 1: built.numbers([0]), 2: built.numbers([last])}
    graph = built.table({**parts, 3: built.tables(steps)})
    whole = {0: built.number(version), 1: built.tables(codes), 2: built.tables([graph])}
    return built.finish(built.table({**whole, 4: built.tables(buffers)}))


WEIGHTS = np.array([0.5, 2], "<f4")


def scaled(kind: int = FLOAT, values: NDArray[Any] = WEIGHTS) -> list[Tensor]:
    return [Tensor((2, 2)), Tensor((2,), values, kind), Tensor((2, 2))]


def test_a_model_written_by_flatbuffers_own_builder_is_read() -> None:
    model = import_tflite(written(scaled(), [Operator(MUL, (0, 1), 2)]))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (output,) = session.run(["name_2"], {"input": np.array([[1, 1], [3, -1], [0, 5]], np.float32)})
    np.testing.assert_array_equal(output, [[0.5, 2], [1.5, -2], [0, 10]])


def test_a_shape_that_begins_with_the_fixed_number_of_images_is_freed() -> None:
    tensors = [Tensor((2, 2)), Tensor((3,), np.array([2, 2, 1], "<i4"), INT), Tensor((2, 2, 1))]
    model = import_tflite(written(tensors, [Operator(RESHAPE, (0, 1), 2)]))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (output,) = session.run(None, {"input": np.zeros((5, 2), np.float32)})
    assert output.shape == (5, 2, 1)


def test_an_unknown_operator_is_refused_by_its_number() -> None:
    with pytest.raises(ConversionError, match="operator number 77"):
        read_graph(written(scaled(), [Operator(77, (0, 1), 2)]))


def test_weights_that_are_no_floats_are_refused() -> None:
    with pytest.raises(ConversionError, match="numbers of the type 1"):
        read_graph(written(scaled(HALF, WEIGHTS.astype("<f2")), [Operator(MUL, (0, 1), 2)]))


def test_weights_that_do_not_fill_their_shape_are_refused() -> None:
    with pytest.raises(ConversionError, match="damaged"):
        read_graph(written(scaled(values=WEIGHTS[:1]), [Operator(MUL, (0, 1), 2)]))


def test_another_version_of_the_format_is_refused() -> None:
    with pytest.raises(ConversionError, match="version 4"):
        read_graph(written(scaled(), [Operator(MUL, (0, 1), 2)], version=4))


def test_something_else_than_a_tensorflow_lite_model_is_refused() -> None:
    with pytest.raises(ConversionError, match="not a TensorFlow Lite model"):
        read_graph(b'{"format": "graph-model"}')


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_a_file_that_is_cut_off_is_refused(share: float) -> None:
    whole = written(scaled(), [Operator(MUL, (0, 1), 2)])
    with pytest.raises(ConversionError):
        read_graph(whole[: int(len(whole) * share)])


def test_a_field_that_is_not_there_has_its_default() -> None:
    built = Built()
    table = FlatTable.root(built.finish(built.table({1: built.number(7)})))
    assert (table.number(0, "i", 5), table.number(1, "i"), table.number(9, "i")) == (5, 7, 0)
    assert table.numbers(2) == ()
    assert table.table(3) is None


def rectified(*, shared: bool) -> TensorFlowGraph:
    """A convolution and the rectifier behind it, spelt out; `shared`: a third one uses what it rectifies."""
    window = {"padding": "SAME", "strides": [1, 1, 1, 1], "fused_ops": ["BiasAdd"]}
    random = np.random.default_rng(0)
    constants = {
        "kernel": random.standard_normal((3, 3, 3, 4)).astype(np.float32),
        "bias": random.standard_normal(4).astype(np.float32),
        "half": np.array([0.4, -2, 0, 0.05], np.float32),
    }
    nodes = [
        Node("input", "Placeholder", (), {"dtype": "DT_FLOAT", "shape": (2, 8, 8, 3)}),
        Node("conv", "_FusedConv2D", ("input", "kernel", "bias"), window),
        Node("positive", "Relu", ("conv",), {}),
        Node("absolute", "Abs", ("conv",), {}),
        Node("difference", "Sub", ("conv", "absolute"), {}),
        Node("scaled", "Mul", ("half", "difference"), {}),
        Node("sum", "Add", ("positive", "scaled"), {}),
        Node("end", "Add", ("sum", "conv" if shared else "sum"), {}),
    ]
    return TensorFlowGraph({node.name: node for node in nodes}, constants, {"end": (2, 8, 8, 4)})


@pytest.mark.parametrize("shared", [False, True])
def test_a_rectifier_that_is_spelt_out_gives_the_same_when_joined(shared: bool) -> None:
    graph = rectified(shared=shared)
    joined = join_rectifiers(graph)
    assert (joined.nodes["sum"].operator == "_FusedConv2D") is not shared
    images = np.random.default_rng(1).standard_normal((3, 8, 8, 3)).astype(np.float32)
    apart, together = (
        onnxruntime.InferenceSession(
            write_model(one).SerializeToString(), providers=["CPUExecutionProvider"]
        ).run(None, {"input": images})[0]
        for one in (graph, joined)
    )
    np.testing.assert_allclose(together, apart, rtol=0, atol=2e-5)


SLOPES = np.array([0.25, 1.5, -0.5, 1, 3], np.float32)


def sloped(*, depthwise: bool, seen: bool) -> tuple[TensorFlowGraph, TensorFlowGraph]:
    """A Prelu and the convolution that takes it, and the same with the slopes written as arithmetic; `seen`:
    something else takes it too.
    """
    shape = (2, 6, 6, len(SLOPES))
    kind, kernel = ("DepthwiseConv2dNative", (3, 3, 5, 1)) if depthwise else ("Conv2D", (3, 3, 5, 5))
    random = np.random.default_rng(2)
    constants = {"kernel": random.standard_normal(kernel).astype(np.float32)}
    constants |= {"slopes": SLOPES.reshape(1, 1, -1), "rest": 1 - SLOPES}
    image = Node("input", "Placeholder", (), {"dtype": "DT_FLOAT", "shape": shape})
    taken = [
        Node("conv", kind, ("rectified", "kernel"), {"padding": "SAME", "strides": [1, 1, 1, 1]}),
        Node("end", "Add", ("conv", "rectified" if seen else "conv"), {}),
    ]
    spelt_out = [
        Node("positive", "Relu", ("input",), {}),
        Node("upper", "Mul", ("rest", "positive"), {}),
        Node("lower", "Mul", ("slopes", "input"), {}),
        Node("rectified", "Add", ("upper", "lower"), {}),
    ]
    one, other = (
        TensorFlowGraph({node.name: node for node in (image, *nodes, *taken)}, constants, {"end": shape})
        for nodes in ([Node("rectified", "Prelu", ("input", "slopes"), {})], spelt_out)
    )
    return one, other


@pytest.mark.parametrize("depthwise", [False, True])
@pytest.mark.parametrize("seen", [False, True])
def test_slopes_on_either_side_of_one_give_what_arithmetic_gives(depthwise: bool, seen: bool) -> None:
    images = np.random.default_rng(3).standard_normal((2, 6, 6, len(SLOPES))).astype(np.float32)
    found, expected = (
        onnxruntime.InferenceSession(
            write_model(graph).SerializeToString(), providers=["CPUExecutionProvider"]
        ).run(None, {"input": images})[0]
        for graph in sloped(depthwise=depthwise, seen=seen)
    )
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5)
