"""Fine-tuning with PyTorch. Skipped where that isn't installed: `pip install regard[train]`, then
`make test-all`.
"""

from __future__ import annotations

import importlib.util

import numpy as np
import onnxruntime
import pytest

from regard.packs.install import InstalledPack
from regard.vision.custom.onnx_file import Backbone
from regard.vision.custom.tuned_boxes import read_tuned_boxes, write_tuned_boxes
from regard.vision.custom.tuning.box_network import (
    FIRST_TRAINED,
    LOGITS,
    SCORE_WEIGHTS,
    SIDES,
    tunable,
    with_weights,
)
from regard.vision.custom.tuning.outcome import TuningOutcome
from regard.vision.custom.tuning.plan import plan_graph
from regard.vision.custom.tuning.schedule import TuningSchedule
from regard.vision.custom.tuning.state import TuningState
from tests.vision.custom.test_boxes import drawn_example

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="PyTorch (regard[train]) is not installed"
)


@pytest.fixture(scope="module")
def centernet(installed_pack: InstalledPack) -> bytes:
    return installed_pack.paths()["centernet"].read_bytes()


def drawn_weights() -> np.ndarray:
    return np.random.default_rng(1).normal(0, 0.1, (3, 128, 1, 1)).astype(np.float32)


@pytest.mark.slow
def test_pytorch_says_what_onnx_runtime_says(centernet: bytes) -> None:
    import torch

    from regard.vision.custom.tuning.torch_graph import TorchGraph

    network = with_weights(tunable(centernet, labels=3, side=256), {SCORE_WEIGHTS: drawn_weights()})
    plan = plan_graph(network, (LOGITS, SIDES))
    graph = TorchGraph(plan, plan.weights(FIRST_TRAINED), "cpu")
    canvas = np.random.default_rng(0).integers(0, 256, (2, 256, 256, 3)).astype(np.float32)
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    expected = session.run([LOGITS, SIDES], {"input": canvas})
    said = [one.detach().numpy() for one in graph.run(torch.from_numpy(canvas))]
    np.testing.assert_allclose(said[0], expected[0], atol=1e-3)
    np.testing.assert_allclose(said[1], expected[1], atol=5e-3)


@pytest.mark.slow
def test_a_tuning_that_is_broken_off_goes_on_to_the_same_weights_to_the_last_bit(centernet: bytes) -> None:
    from regard.vision.custom.tuning.torch_boxes import BoxTuner

    def tuner() -> BoxTuner:
        learned = [drawn_example(seed) for seed in range(6)]
        judges = [drawn_example(seed) for seed in range(6, 8)]
        schedule = TuningSchedule(128, 3)
        return BoxTuner(learned, judges, ("disc",), centernet, seed=5, given=schedule)

    undisturbed = list(tuner().run(TuningState.begun()))
    assert [state.is_done for state in undisturbed] == [False, False, True]
    state = TuningState.begun()
    while not state.is_done:
        state = next(tuner().run(state))
        state = TuningState.read(state.written())
    assert state.written() == undisturbed[-1].written()


@pytest.mark.slow
def test_a_tuned_network_finds_what_it_learned_from_its_one_file(centernet: bytes) -> None:
    from regard.vision.custom.box_evaluation import matched, mean_precision
    from regard.vision.custom.tuning.torch_boxes import BoxTuner

    learned, judges = ([drawn_example(seed) for seed in seeds] for seeds in (range(8), range(8, 12)))
    tuner = BoxTuner(learned, judges, ("disc",), centernet, seed=5, given=TuningSchedule(128, 12))
    *_, state = tuner.run(TuningState.begun())
    fit = tuner.fit(state)
    outcome = TuningOutcome(0.1, state.precision, len(judges))
    model = read_tuned_boxes(write_tuned_boxes(fit, {"disc": 0.5}, Backbone("centernet", "a" * 64), outcome))
    found = [matched(one.true, model.find(one.open())) for one in judges]
    assert mean_precision(found) == pytest.approx(state.precision, abs=0.01)
    assert state.precision > 0.5
    for ours, theirs in zip(found, fit.held_out, strict=True):
        sure = [one.confidence for one in ours if one.confidence > 0.1]
        assert sure == pytest.approx([one.confidence for one in theirs if one.confidence > 0.1], abs=0.01)
