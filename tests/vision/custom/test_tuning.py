"""Fine-tuning as far as it needs no PyTorch: plan, targets, what is kept on disk, and which model is kept."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

from regard.packs.install import InstalledPack
from regard.vision.custom.box_examples import BoxExample
from regard.vision.custom.onnx_file import Backbone, ModelFileError
from regard.vision.custom.tuned_boxes import TunedFit, decoded, read_tuned_boxes, write_tuned_boxes
from regard.vision.custom.tuning.box_network import FIRST_TRAINED, HEAD, LOGITS, SIDES, tunable, with_weights
from regard.vision.custom.tuning.box_targets import MapTargets, ViewSource
from regard.vision.custom.tuning.outcome import TuningLeftOut, TuningOutcome, why_left_out
from regard.vision.custom.tuning.plan import OPERATORS, UntrainableGraph, plan_graph
from regard.vision.custom.tuning.schedule import TuningSchedule
from regard.vision.custom.tuning.state import TuningState
from regard.vision.image import Image


@pytest.fixture(scope="module")
def centernet(installed_pack: InstalledPack) -> bytes:
    return installed_pack.paths()["centernet"].read_bytes()


def example(sides: float, label: str = "disc") -> BoxExample:
    """A black picture with one white square, whose box is known."""
    pixels = np.zeros((200, 300, 3), np.uint8)
    low, high = 0.4, 0.4 + sides
    pixels[int(low * 200) : int(high * 200), int(low * 300) : int(high * 300)] = 255
    return BoxExample(lambda: Image(pixels, ""), "0" * 64, np.array([[low, low, high, high]]), (label,))


def test_the_network_knows_no_label_yet_and_sides_as_centernet_does(centernet: bytes) -> None:
    network = tunable(centernet, labels=2, side=256)
    onnx.checker.check_model(onnx.load_from_string(network))
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    canvas = np.full((1, 256, 256, 3), 90, np.float32)
    canvas[:, 64:192, 64:192] = 230
    logits, sides = session.run(None, {"input": canvas})
    assert (logits.shape, sides.shape) == ((1, 2, 64, 64), (1, 4, 64, 64))
    assert np.allclose(logits, np.log(0.01 / 0.99), atol=1e-5)
    large = tunable(centernet, labels=1, side=512)
    wide = np.repeat(np.repeat(canvas, 2, 1), 2, 2)
    known = onnxruntime.InferenceSession(centernet, providers=["CPUExecutionProvider"])
    expected = known.run(["wh"], {"input": wide})[0][0]
    found = onnxruntime.InferenceSession(large, providers=["CPUExecutionProvider"])
    said = found.run([SIDES], {"input": wide})[0][0].transpose(1, 2, 0)
    assert np.allclose(said - [2, 2, -2, -2], expected, atol=1e-2)


def test_what_is_trained_lies_behind_the_first_blocks_and_ends_in_the_head(centernet: bytes) -> None:
    plan = plan_graph(tunable(centernet, labels=3, side=256), (LOGITS, SIDES))
    assert {node.operator for node in plan.nodes} <= OPERATORS
    assert plan.source == "input"
    trained = plan.weights(FIRST_TRAINED)
    convolutions = [node for node in plan.nodes if node.operator == "Conv"]
    assert set(HEAD) <= set(trained)
    assert convolutions[0].inputs[1] not in trained
    assert len(set(trained)) == len(trained)


def test_a_graph_that_can_t_be_trained_through_is_refused(
    centernet: bytes, installed_pack: InstalledPack
) -> None:
    with pytest.raises(UntrainableGraph, match="operator"):
        plan_graph(centernet, ["detections"])
    with pytest.raises(UntrainableGraph, match="another CenterNet"):
        tunable(installed_pack.paths()["mobilenetv2"].read_bytes(), labels=1, side=256)
    plan = plan_graph(tunable(centernet, labels=1, side=256), (LOGITS, SIDES))
    with pytest.raises(UntrainableGraph, match="no value nowhere"):
        plan.weights("nowhere")


def test_what_a_network_should_say_of_boxes_is_decoded_to_these_boxes() -> None:
    boxes = np.array([[20.0, 30.0, 90.0, 70.0], [150.0, 160.0, 158.0, 170.0]])
    targets = MapTargets.of(boxes, [1, 0], labels=2, side=256)
    assert targets.weights.sum() == pytest.approx(2)
    assert (targets.heat == 1).sum() == 2
    logits = np.log(targets.heat.clip(1e-4, 1 - 1e-4) / (1 - targets.heat.clip(1e-4, 1 - 1e-4)))
    found = decoded(logits, targets.distances)
    best = [int(np.flatnonzero(found.columns == column)[0]) for column in (1, 0)]
    np.testing.assert_allclose(found.boxes[best], boxes, atol=1e-3)


def test_boxes_of_views_lie_about_what_they_lay_about() -> None:
    source = ViewSource([example(0.2)], ("disc",), 256)
    seen = 0
    for seed in range(12):
        square, targets = source.view(0, np.random.default_rng(seed))
        if not targets.weights.any():
            continue
        found = decoded(np.where(targets.heat == 1, 9.0, -9.0).astype(np.float32), targets.distances)
        left, top, right, bottom = found.boxes[0]
        bright = np.argwhere(square[..., 0] > 90)
        assert bright.min(0) == pytest.approx([top, left], abs=3)
        assert bright.max(0) == pytest.approx([bottom, right], abs=3)
        seen += 1
    assert seen > 6


def test_small_boxes_of_any_label_get_the_larger_canvas() -> None:
    large, small = example(0.3), example(0.06, "dot")
    assert TuningSchedule.of([large]).side == 256
    assert TuningSchedule.of([large] * 30 + [small]).side == 384
    schedule = TuningSchedule.of([large])
    rates = [schedule.rate(batch) for batch in range(schedule.batches)]
    assert max(rates) == pytest.approx(1, abs=0.01)
    assert rates[0] < 0.1
    assert rates[-1] < 0.02
    assert schedule.is_evaluated(schedule.epochs)
    assert sum(map(schedule.is_evaluated, range(schedule.epochs + 1))) == 4


def test_a_state_is_written_and_read_as_it_was() -> None:
    random = np.random.default_rng(3)

    def arrays() -> dict[str, np.ndarray]:
        return {"a/b": random.normal(size=(2, 3)).astype(np.float32), "c": np.zeros(1, np.float32)}

    state = TuningState(3, False, arrays(), arrays(), arrays(), arrays(), 0.25, 1)
    read = TuningState.read(state.written())
    assert read.written() == state.written()
    assert (read.done, read.is_done, read.precision, read.worse) == (3, False, 0.25, 1)
    assert np.array_equal(read.squares["a/b"], state.squares["a/b"])
    assert TuningState.kept(None).done == 0


def test_the_frozen_model_is_kept_unless_the_other_is_clearly_better() -> None:
    assert TuningOutcome(0.6, 0.8, 4).is_tuned
    assert not TuningOutcome(0.6, 0.61, 4).is_tuned
    assert not TuningOutcome(0.9, 0.8, 4).is_tuned
    for outcome in (TuningOutcome(0.5, 0.75, 4), TuningOutcome(left_out=TuningLeftOut.NO_PYTORCH)):
        assert TuningOutcome.of(outcome.facts) == outcome
    assert TuningOutcome.of(None) is None


def test_nothing_is_tuned_without_pytorch_with_few_pictures_or_where_it_is_turned_off() -> None:
    there = {"has_boxes": True, "has_pytorch": True}
    assert why_left_out(10, "cpu", **there) is None
    assert why_left_out(9, "cpu", **there) is TuningLeftOut.FEW_PICTURES
    assert why_left_out(10, "none", **there) is TuningLeftOut.TURNED_OFF
    assert why_left_out(10, "cpu", has_boxes=False, has_pytorch=True) is TuningLeftOut.FEW_PICTURES
    assert why_left_out(10, "cpu", has_boxes=True, has_pytorch=False) is TuningLeftOut.NO_PYTORCH


def test_a_tuned_model_opens_from_its_one_file(centernet: bytes) -> None:
    weights = {"tuned/score_bias": np.array([-9.0, 3.0], np.float32)}
    network = with_weights(tunable(centernet, labels=2, side=256), weights)
    outcome = TuningOutcome(0.5, 0.75, 4)
    backbone = Backbone("centernet", "a" * 64)
    data = write_tuned_boxes(
        TunedFit(("cup", "dot"), 256, network, ()), {"cup": 0.5, "dot": 0.25}, backbone, outcome
    )
    model = read_tuned_boxes(data)
    assert (model.names, model.side, model.tuning) == (("cup", "dot"), 256, outcome)
    assert model.thresholds == {"cup": 0.5, "dot": 0.25}
    found = model.find(Image(np.full((256, 256, 3), 200, np.uint8), ""))
    assert {one.name for one in found} == {"dot"}
    assert found[0].confidence == pytest.approx(1 / (1 + np.exp(-3)), abs=1e-5)
    with pytest.raises(ModelFileError, match="kind"):
        read_tuned_boxes(data.replace(b'"kind": "tuned boxes"', b'"kind": "tuned masks"'))
    with pytest.raises(ModelFileError, match="another canvas"):
        read_tuned_boxes(data.replace(b'"side": 256', b'"side": 128'))
