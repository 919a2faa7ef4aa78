"""Fine-tunes boxes: epoch by epoch, so that who trains may stop, and go on from what is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import torch

from regard.vision.custom.box_evaluation import BoxOutcome, matched, mean_precision
from regard.vision.custom.box_examples import BoxExample
from regard.vision.custom.boxes import fit_box_scale, scaled_outcome
from regard.vision.custom.tuned_boxes import TunedFit, decoded
from regard.vision.custom.tuning.box_network import (
    FIRST_TRAINED,
    HEAD,
    LOGITS,
    SCORE_BIAS,
    SCORE_WEIGHTS,
    SIDES,
    tunable,
    with_weights,
)
from regard.vision.custom.tuning.box_targets import ViewSource
from regard.vision.custom.tuning.plan import plan_graph
from regard.vision.custom.tuning.schedule import BATCH, EPOCH, PATIENCE, TOLERANCE, TuningSchedule
from regard.vision.custom.tuning.state import TuningState
from regard.vision.custom.tuning.torch_graph import TorchGraph
from regard.vision.custom.tuning.torch_losses import box_loss
from regard.vision.custom.tuning.torch_optimizer import (
    SHARES,
    GraphOptimizer,
    LearningRates,
    drawn_rows,
    has_device,
    tuning_threads,
)
from regard.vision.labels.objects import letterboxed

_HEAD_RATE: Final = 2e-3
_RATE: Final = 5e-4
_DECAY: Final = 1e-2
_LONGEST: Final = 10.0  # of the gradient


@dataclass(frozen=True, eq=False)
class BoxTuner:
    """What is trained, on which pictures: `learned`, judged by `judges`. `names` are the labels, `network`
    CenterNet's file. `given` is the schedule where it doesn't follow from the pictures.
    """

    learned: Sequence[BoxExample]
    judges: Sequence[BoxExample]
    names: tuple[str, ...]
    network: bytes
    seed: int
    device: str = "cpu"
    given: TuningSchedule | None = None

    @property
    def has_device(self) -> bool:
        """Whether PyTorch has the device here."""
        return has_device(self.device)

    @cached_property
    def schedule(self) -> TuningSchedule:
        """How long it takes, and on what canvas."""
        return self.given or TuningSchedule.of(self.learned)

    def run(self, state: TuningState) -> Iterator[TuningState]:
        """The states after each epoch that is left behind `state`; the last one is done.

        The same pictures and seed give the same states on a processor of the same make, however many cores
        it has.
        """
        torch.set_num_threads(1)  # of this thread: sums come out another way on more
        with tuning_threads() as threads:
            course = _TuningCourse(self, threads)
            course.resume(state)
            while not state.is_done:
                state = course.epoch(state)
                yield state

    def fit(self, state: TuningState) -> TunedFit:
        """The network with the weights that did best, its confidences calibrated on what it finds in the
        pictures that judge.
        """
        with tuning_threads() as threads:
            course = _TuningCourse(self, threads)
            course.graph.load(state.best)
            found = course.judge()
        scale = fit_box_scale([one for outcomes in found for one in outcomes])
        weights = {
            **state.best,
            SCORE_WEIGHTS: (state.best[SCORE_WEIGHTS] * scale.scale).astype(np.float32),
            SCORE_BIAS: scale.of(state.best[SCORE_BIAS].astype(np.float64)).astype(np.float32),
        }
        network = tunable(self.network, len(self.names), self.schedule.side)
        held_out = [[scaled_outcome(one, scale) for one in outcomes] for outcomes in found]
        return TunedFit(self.names, self.schedule.side, with_weights(network, weights), held_out)


class _TuningCourse:
    """The network with its optimizer, while it is trained."""

    def __init__(self, tuning: BoxTuner, threads: ThreadPoolExecutor) -> None:
        self._tuning, self._schedule, self._threads = tuning, tuning.schedule, threads
        self._device = torch.device(tuning.device)
        plan = plan_graph(tunable(tuning.network, len(tuning.names), self._schedule.side), (LOGITS, SIDES))
        names = plan.weights(FIRST_TRAINED)
        self.graph = TorchGraph(plan, names, tuning.device)
        rates = LearningRates(HEAD, _HEAD_RATE, _RATE)
        self._optimizer = GraphOptimizer(self.graph, rates, decay=_DECAY, longest=_LONGEST)
        self._rows = range(len(tuning.learned))
        self._source = ViewSource(tuning.learned, tuning.names, self._schedule.side)

    def resume(self, state: TuningState) -> None:
        """Puts the network and the optimizer where a state has them."""
        if not state.done:
            return
        self.graph.load(state.weights)
        self._optimizer.resume(state.done * EPOCH, state.means, state.squares)

    def epoch(self, state: TuningState) -> TuningState:
        """The state after one more epoch."""
        for batch in range(state.done * EPOCH, (state.done + 1) * EPOCH):
            self._step(batch)
        done = state.done + 1
        weights = self.graph.weights()
        means, squares = self._optimizer.moments()
        best, precision, worse = state.best, state.precision, state.worse
        if self._schedule.is_evaluated(done):
            found = mean_precision(self.judge())
            if not best or found >= precision - TOLERANCE:
                best, precision, worse = weights, found, 0
            else:
                worse += 1
        is_done = done >= self._schedule.epochs or worse >= PATIENCE
        return TuningState(done, is_done, weights, means, squares, best, precision, worse)

    def judge(self) -> list[list[BoxOutcome]]:
        """What the network finds in the pictures that judge."""
        return list(self._threads.map(self._judged, self._tuning.judges))

    def _judged(self, example: BoxExample) -> list[BoxOutcome]:
        square, corner, size = letterboxed(example.open().pixels, self._schedule.side)
        with torch.no_grad():
            logits, sides = self.graph.run(self._input([square]))
        found = decoded(logits[0].cpu().numpy(), sides[0].cpu().numpy())
        return matched(example.true, found.findings(self._tuning.names, corner, size))

    def _step(self, batch: int) -> None:
        """One batch, in two halves side by side, whatever the machine has: so it comes to the same."""
        size = BATCH // SHARES
        begins = range(batch * BATCH, (batch + 1) * BATCH, size)
        shares = list(self._threads.map(self._gradients, (range(begin, begin + size) for begin in begins)))
        self._optimizer.step(shares, self._schedule.rate(batch))

    def _gradients(self, places: Sequence[int]) -> tuple[torch.Tensor, ...]:
        """Of the loss on views; which pictures and which views follow from the seed and their places."""
        squares, targets = [], []
        for place in places:
            random = np.random.default_rng([self._tuning.seed, place])
            square, target = self._source.view(drawn_rows(self._rows, place, self._tuning.seed), random)
            squares.append(square)
            targets.append(target)
        logits, sides = self.graph.run(self._input(squares))
        heat, distances, weights = (
            torch.from_numpy(np.stack([getattr(one, name) for one in targets])).to(self._device)
            for name in ("heat", "distances", "weights")
        )
        loss = box_loss(logits, sides, heat, distances, weights)
        return tuple(torch.autograd.grad(loss, self.graph.trained))

    def _input(self, squares: Sequence[np.ndarray]) -> torch.Tensor:
        return torch.from_numpy(np.stack(squares)).to(self._device).float()
