"""Fine-tuning of labels as far as it needs no PyTorch: which pictures judge, what both networks say together,
and the file of the model.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest

from regard.packs.install import InstalledPack
from regard.vision.custom.examples import targets_of
from regard.vision.custom.label_blend import LabelBlend
from regard.vision.custom.label_model import HeldOut, LabelFit, LabelModel
from regard.vision.custom.labels import fit_labels
from regard.vision.custom.model_file import StoredLabelModel, write_label_model, write_whole_model
from regard.vision.custom.onnx_file import Backbone, ModelFileError
from regard.vision.custom.tuned_labels import (
    TunedLabels,
    open_labels,
    read_tuned_labels,
    write_tuned_labels,
)
from regard.vision.custom.tuning.label_judges import LabelJudges
from regard.vision.custom.tuning.label_network import (
    FIRST_TRAINED,
    HEAD,
    HEAD_BIAS,
    LOGITS,
    first_head,
    tunable_labels,
)
from regard.vision.custom.tuning.label_schedule import BATCH, EPOCH, LabelSchedule
from regard.vision.custom.tuning.label_state import LabelTuningState
from regard.vision.custom.tuning.label_views import LabelViews
from regard.vision.custom.tuning.outcome import TuningLeftOut, TuningOutcome, why_labels_left_out
from regard.vision.custom.tuning.plan import UntrainableGraph, plan_graph
from regard.vision.features import NETWORK
from regard.vision.pixels import resize
from tests.vision.custom.made import NOTHING, clusters, drawn

BACKBONE = Backbone(NETWORK, "a" * 64)
NO_ROWS = HeldOut(np.zeros(0, np.intp), np.zeros((0, 2), np.float32), 0.0)


@pytest.fixture(scope="module")
def mobilenet(installed_pack: InstalledPack) -> bytes:
    return installed_pack.paths()[NETWORK].read_bytes()


def frozen_model(*, is_exclusive: bool) -> LabelModel:
    """A model of two labels, whose weights are drawn."""
    weights = np.random.default_rng(2).normal(0, 0.05, (1280, 2 + is_exclusive)).astype(np.float32)
    return LabelModel(("ant", "bee"), is_exclusive, weights, np.zeros(2 + is_exclusive, np.float32), True)


def fitted(*counts: int, seed: int = 1) -> LabelFit:
    return fit_labels(clusters(dict(zip(("ant", "bee", ""), counts, strict=False))), NOTHING, seed=seed)


def tuned_weights(network: bytes, model: LabelModel) -> dict[str, np.ndarray]:
    """What a training might come to: other weights behind the layers that stay."""
    plan = plan_graph(tunable_labels(network, len(model.names)), (LOGITS,))
    weights = {name: 1.02 * plan.constants[name] for name in plan.weights(FIRST_TRAINED)}
    return weights | first_head(model) | {HEAD_BIAS: np.array([0.5, -0.5], np.float32)}


def test_a_fifth_of_the_pictures_judges_and_the_others_are_learned_from() -> None:
    judges = LabelJudges.of(fitted(20, 20), seed=1)
    assert len(judges.judging) == len(judges.frozen) == 8
    assert judges.targets[judges.judging].sum(0).tolist() == [4, 4]
    assert sorted([*judges.learned, *judges.judging]) == list(range(40)) == sorted(judges.everything())


def test_pictures_of_no_label_are_left_to_the_frozen_network() -> None:
    judges = LabelJudges.of(fitted(20, 20, 10), seed=1)
    assert judges.is_exclusive
    assert judges.targets[judges.everything()].sum() == len(judges.everything()) == 40
    assert not judges.targets[judges.judging].any(1).all()


def test_the_fifth_is_the_same_in_whatever_order_the_pictures_come() -> None:
    examples = clusters({"ant": 15, "bee": 15})
    order = np.random.default_rng(0).permutation(30)
    one, other = (
        LabelJudges.of(fit_labels(some, NOTHING, seed=1), seed=1) for some in (examples, examples.take(order))
    )
    assert order[other.judging].tolist() == one.judging.tolist()
    assert order[other.learned].tolist() == one.learned.tolist()


def test_the_better_network_shows_in_the_outcome() -> None:
    fit = fit_labels(clusters({"ant": 50, "bee": 50}, spread=1.5), NOTHING, seed=1)
    judges = LabelJudges.of(fit, seed=1)
    right = 4 * judges.targets[judges.judging] - 2
    assert judges.outcome(right).tuned == 1
    assert judges.outcome(right).frozen < 1
    assert judges.outcome(right).is_tuned
    assert not judges.outcome(-right).is_tuned


def test_a_blend_of_what_tells_nothing_is_judged_by_pictures_that_it_was_not_fitted_on() -> None:
    fit = fit_labels(clusters({f"label {at}": 20 for at in range(10)}), NOTHING, seed=1)
    judges = LabelJudges.of(fit, seed=1)
    flat = replace(judges, frozen=np.full_like(judges.frozen, 0.1))
    compared, fitted_on = list[float](), list[float]()
    for seed in range(10):
        noise = np.random.default_rng(seed).normal(size=judges.frozen.shape)
        outcome = flat.outcome(noise)
        assert flat.outcome(noise) == outcome
        compared.append(outcome.tuned)
        fitted_on.append(flat.fit(fit.model, LabelTuningState(1, True, {}, {}, {}, noise), 224).held_out.f1)
    assert np.mean(compared) < np.mean(fitted_on)


@pytest.mark.parametrize("is_exclusive", [True, False])
def test_a_blend_is_calibrated_on_pictures_that_were_held_out(is_exclusive: bool) -> None:
    random = np.random.default_rng(0)
    labels = [("ant",) if one else ("bee",) for one in random.random(400) < 0.5]
    targets = targets_of(labels, ("ant", "bee"))
    right = np.where(random.random((400, 1)) < 0.8, targets, 1 - targets)  # four of five, and far too sure
    frozen = np.full((400, 2), 0.45, np.float32)
    blend = LabelBlend.fitted(20 * right - 10, frozen, targets, is_exclusive=is_exclusive)
    said = blend.confidences(20 * right - 10, frozen)
    expected = 0.8 * (0.9 if is_exclusive else 1.0)
    assert said[right > 0].mean() == pytest.approx(expected, abs=0.04)


def test_the_frozen_network_alone_says_how_probable_it_is_that_no_label_is_there() -> None:
    blend = LabelBlend(0.8, 0.3, np.array([0.2, -0.1]), is_exclusive=True)
    frozen = np.array([[0.02, 0.03], [0.5, 0.5], [0.0, 0.0]], np.float32)
    said = blend.confidences(np.array([[9.0, -9.0]] * 3), frozen)
    assert said.sum(1).tolist() == pytest.approx([0.05, 1, 0], abs=1e-6)


@pytest.mark.parametrize(("is_exclusive", "side"), [(True, 160), (False, 224)])
def test_a_tuned_model_answers_from_its_one_file_as_both_networks_together(
    mobilenet: bytes, is_exclusive: bool, side: int
) -> None:
    model, outcome = frozen_model(is_exclusive=is_exclusive), TuningOutcome(0.6, 0.7, 40)
    weights = tuned_weights(mobilenet, model)
    blend = LabelBlend(0.8, 0.3, np.array([0.2, -0.1]), is_exclusive)
    fit = TunedLabels(model, side, weights, blend, NO_ROWS, outcome)
    data = write_tuned_labels(fit, {"ant": 0.5, "bee": 0.25}, BACKBONE, mobilenet)
    onnx.checker.check_model(onnx.load_from_string(data))
    trained = read_tuned_labels(data)
    assert (trained.names, trained.thresholds) == (("ant", "bee"), {"ant": 0.5, "bee": 0.25})
    assert (trained.backbone, trained.tuning) == (BACKBONE, outcome)
    image = drawn("disc", 3)
    chip = resize(image.pixels, 224, 224)[np.newaxis]
    frozen = run(write_whole_model(StoredLabelModel(model, trained.thresholds, BACKBONE), mobilenet), chip)
    tuned = onnx.load_from_string(tunable_labels(mobilenet, 2))
    for one in tuned.graph.initializer:
        if one.name in weights:
            one.CopyFrom(onnx.numpy_helper.from_array(weights[one.name], one.name))
    odds = run(tuned.SerializeToString(), LabelViews([lambda: image], side).whole(0)[np.newaxis])
    expected = np.repeat(blend.confidences(odds, frozen), 2, 0)
    tolerance = 1e-5 if side == 224 else 5e-3  # a view that is shrunk has whole numbers of pixels
    np.testing.assert_allclose(trained.confidences([image, image]), expected, atol=tolerance)
    assert trained.confidences([]).shape == (0, 2)
    with pytest.raises(ModelFileError, match="kind"):
        read_tuned_labels(data.replace(b'"kind": "tuned labels"', b'"kind": "tuned models"'))


def run(network: bytes, chips: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"input": chips})[0])


def test_a_frozen_model_tells_why_it_is_not_fine_tuned() -> None:
    model = fitted(10, 10).model
    outcome = TuningOutcome(left_out=TuningLeftOut.GOOD_ENOUGH)
    for tuning in (outcome, None):
        stored = StoredLabelModel(model, {"ant": 0.5, "bee": 0.5}, BACKBONE, tuning)
        assert open_labels(write_label_model(stored)).tuning == tuning


def test_the_head_begins_with_what_was_fitted_on_frozen_features(mobilenet: bytes) -> None:
    model = frozen_model(is_exclusive=True)
    network = onnx.load_from_string(tunable_labels(mobilenet, 2))
    head = first_head(model)
    for one in network.graph.initializer:
        if one.name in HEAD:
            one.CopyFrom(onnx.numpy_helper.from_array(head[one.name], one.name))
    chip = resize(drawn("square", 1).pixels, 224, 224)[np.newaxis]
    features = run(mobilenet, chip)
    expected = model.logits(np.maximum(features, 1e-3))[:, :2]
    np.testing.assert_allclose(run(network.SerializeToString(), chip), expected, atol=1e-4)


def test_another_network_is_refused(installed_pack: InstalledPack) -> None:
    with pytest.raises(UntrainableGraph):
        tunable_labels(installed_pack.paths()["centernet"].read_bytes(), 2)


def test_views_are_the_same_of_the_same_numbers_and_differ_otherwise() -> None:
    views = LabelViews([lambda: drawn("disc", 1)], 224)
    one, again, other = (views.drawn(0, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one.shape == (224, 224, 3)
    assert one.dtype == np.float32
    assert one.min() >= 0
    assert one.max() <= 255
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_the_time_is_bounded_however_many_pictures_there_are() -> None:
    for size, side, highest in ((128, 160, 6400), (640, 224, 4000)):
        schedules = [LabelSchedule.of(count, [size]) for count in (20, 400, 10_000)]
        assert [one.epochs * EPOCH * BATCH for one in schedules] == [1600, 3200, highest]
        assert {one.side for one in schedules} == {side}
    rates = [LabelSchedule(224, 10).rate(batch) for batch in range(10 * EPOCH)]
    assert max(rates) <= 1
    assert rates[0] < 0.05
    assert rates[-1] < 0.02


def test_a_state_is_read_as_it_was_written() -> None:
    arrays = {"a/b": np.ones((2, 3), np.float32)}
    state = LabelTuningState(3, False, arrays, arrays, arrays, np.array([[0.5, -1]], np.float32))
    read = LabelTuningState.kept(state.written())
    assert read.written() == state.written()
    assert (read.done, read.is_done, read.judged.tolist()) == (3, False, [[0.5, -1.0]])
    assert LabelTuningState.kept(None).done == 0


def test_labels_are_fine_tuned_only_where_that_can_help() -> None:
    assert why_labels_left_out(100, 0.7, "cpu", has_pytorch=True) is None
    assert why_labels_left_out(99, 0.7, "cpu", has_pytorch=True) is TuningLeftOut.FEW_PICTURES
    assert why_labels_left_out(100, 0.9, "cpu", has_pytorch=False) is TuningLeftOut.GOOD_ENOUGH
    assert why_labels_left_out(100, 0.7, "cpu", has_pytorch=False) is TuningLeftOut.NO_PYTORCH
    assert why_labels_left_out(100, 0.7, "none", has_pytorch=True) is TuningLeftOut.TURNED_OFF
