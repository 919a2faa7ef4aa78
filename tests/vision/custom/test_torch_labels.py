"""Fine-tuning of labels with PyTorch. Skipped where that isn't installed: `pip install regard[train]`, then
`make test-all`.
"""

from __future__ import annotations

import importlib.util
from functools import partial

import numpy as np
import onnxruntime
import pytest

from regard.packs.install import InstalledPack
from regard.vision.custom.embedding import PictureFeatures
from regard.vision.custom.examples import LabelExamples
from regard.vision.custom.labels import fit_labels
from regard.vision.custom.onnx_file import Backbone
from regard.vision.custom.tuned_labels import read_tuned_labels, write_tuned_labels
from regard.vision.custom.tuning import outcome
from regard.vision.custom.tuning.label_judges import LabelJudges
from regard.vision.custom.tuning.label_network import FIRST_TRAINED, LOGITS, first_head, tunable_labels
from regard.vision.custom.tuning.label_schedule import LabelSchedule
from regard.vision.custom.tuning.label_state import LabelTuningState
from regard.vision.custom.tuning.plan import plan_graph
from regard.vision.features import NETWORK
from regard.vision.session import SessionPool
from tests.vision.custom.made import drawn
from tests.vision.custom.test_label_tuning import frozen_model

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("torch") is None, reason="PyTorch (regard[train]) is not installed"
    ),
]

KINDS = ("disc", "square", "stripes")
SHORT = LabelSchedule(96, 2)


@pytest.fixture(scope="module")
def mobilenet(installed_pack: InstalledPack) -> bytes:
    return installed_pack.paths()[NETWORK].read_bytes()


@pytest.fixture(scope="module")
def examples(installed_pack: InstalledPack) -> LabelExamples:
    features = PictureFeatures(SessionPool(installed_pack.paths()))
    pictures = [drawn(kind, number) for kind in KINDS for number in range(10)]
    return LabelExamples(features.read_all(pictures), tuple((kind,) for kind in KINDS for _ in range(10)))


def test_pytorch_says_what_onnx_runtime_says_of_labels(mobilenet: bytes) -> None:
    import torch

    from regard.vision.custom.tuning.torch_graph import TorchGraph

    network = tunable_labels(mobilenet, 2)
    plan = plan_graph(network, (LOGITS,))
    graph = TorchGraph(plan, plan.weights(FIRST_TRAINED), "cpu")
    graph.load({**graph.weights(), **first_head(frozen_model(is_exclusive=True))})
    chips = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3), np.uint8)
    (said,) = graph.run(torch.from_numpy(chips).float())
    from regard.vision.custom.tuning.box_network import with_weights

    session = onnxruntime.InferenceSession(
        with_weights(network, graph.weights()), providers=["CPUExecutionProvider"]
    )
    np.testing.assert_allclose(said.detach().numpy(), session.run(None, {"input": chips})[0], atol=1e-3)


@pytest.mark.parametrize(("margin", "epochs"), [(-1.0, 4), (1.0, 2)], ids=["tuned is kept", "frozen is kept"])
def test_a_tuning_of_labels_that_is_broken_off_goes_on_to_the_same_weights(
    mobilenet: bytes,
    examples: LabelExamples,
    monkeypatch: pytest.MonkeyPatch,
    margin: float,
    epochs: int,
) -> None:
    from regard.vision.custom.tuning import torch_labels
    from regard.vision.custom.tuning.torch_labels import LabelTuner

    monkeypatch.setattr(torch_labels, "EPOCH", 4)
    monkeypatch.setattr(outcome, "MARGIN", margin)
    fit = fit_labels(examples, np.zeros((0, 1280)), seed=5)
    pictures = [partial(drawn, kind, number) for kind in KINDS for number in range(10)]

    def tuner() -> LabelTuner:
        return LabelTuner(pictures, LabelJudges.of(fit, 5), mobilenet, fit.model, 5, given=SHORT)

    undisturbed = list(tuner().run(LabelTuningState()))
    assert [state.is_done for state in undisturbed] == [False] * (epochs - 1) + [True]
    state = LabelTuningState()
    while not state.is_done:
        state = next(tuner().run(state))
        state = LabelTuningState.kept(state.written())
    assert state.written() == undisturbed[-1].written()
    if margin < 0:
        tuned = tuner().judges.fit(fit.model, state, SHORT.side)
        backbone = Backbone(NETWORK, "a" * 64)
        model = read_tuned_labels(write_tuned_labels(tuned, dict.fromkeys(KINDS, 0.5), backbone, mobilenet))
        said = model.confidences(drawn(kind, number) for kind in KINDS for number in range(50, 55))
        assert (said.argmax(1) == np.repeat(range(3), 5)).mean() > 0.6
