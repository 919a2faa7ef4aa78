"""Fine-tunes labels: epoch by epoch, so that who trains may stop, and go on from what is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import torch
from torch.nn import functional

from regard.vision.custom.label_model import LabelModel
from regard.vision.custom.tuning.label_judges import LabelJudges
from regard.vision.custom.tuning.label_network import (
    FIRST_TRAINED,
    HEAD,
    LOGITS,
    first_head,
    tunable_labels,
)
from regard.vision.custom.tuning.label_schedule import BATCH, EPOCH, LabelSchedule
from regard.vision.custom.tuning.label_state import LabelTuningState
from regard.vision.custom.tuning.label_views import LabelViews
from regard.vision.custom.tuning.plan import plan_graph
from regard.vision.custom.tuning.torch_graph import TorchGraph
from regard.vision.custom.tuning.torch_optimizer import (
    SHARES,
    GraphOptimizer,
    LearningRates,
    drawn_rows,
    has_device,
    tuning_threads,
)
from regard.vision.image import Image
from regard.vision.pixels import Floats

_HEAD_RATE: Final = 1e-3
_RATE: Final = 3e-4
_DECAY: Final = 5e-2
_LONGEST: Final = 5.0  # of the gradient
_MEASURED: Final = 50  # pictures, whose size tells how large all are
_SMOOTHING: Final = 0.1  # of the labels that people gave: some are wrong


@dataclass(frozen=True, eq=False)
class LabelTuner:
    """What is trained, on which pictures: each of the examples of `judges` is opened by `pictures`. `network`
    is the backbone's file, `start` the model that was fitted on its features. `given` is the schedule where
    it doesn't follow from the pictures.

    Raises UntrainableGraph, once it is run, for another backbone than MobileNetV2.
    """

    pictures: Sequence[Callable[[], Image]]
    judges: LabelJudges
    network: bytes
    start: LabelModel
    seed: int
    device: str = "cpu"
    given: LabelSchedule | None = None

    @property
    def has_device(self) -> bool:
        """Whether PyTorch has the device here."""
        return has_device(self.device)

    @cached_property
    def schedule(self) -> LabelSchedule:
        """How long it takes, without the pictures that judge and then again with them."""
        if self.given is not None:
            return self.given
        some = [self.pictures[row]() for row in self.judges.learned[:_MEASURED].tolist()]
        return LabelSchedule.of(len(self.judges.learned), [max(one.width, one.height) for one in some])

    def run(self, state: LabelTuningState) -> Iterator[LabelTuningState]:
        """The states after each epoch that is left behind `state`; the last one is done: after the epochs
        without the pictures that judge, where these find the frozen network as good.

        The same pictures and seed give the same states on a processor of the same make, however many cores
        it has.
        """
        torch.set_num_threads(1)  # of this thread: sums come out another way on more
        with tuning_threads() as threads:
            course: _LabelCourse | None = None
            while not state.is_done:
                if course is None or state.done == self.schedule.epochs:
                    course = _LabelCourse(self, threads, state)
                state = course.epoch(state)
                yield state


class _LabelCourse:
    """The network with its optimizer, while it is trained, on the first pictures or on all."""

    def __init__(self, tuner: LabelTuner, threads: ThreadPoolExecutor, state: LabelTuningState) -> None:
        self._tuner, self._threads, self._schedule = tuner, threads, tuner.schedule
        self._device = torch.device(tuner.device)
        judges = tuner.judges
        is_second = state.done >= self._schedule.epochs
        self._before = self._schedule.epochs if is_second else 0
        self._rows: list[int] = (judges.everything() if is_second else judges.learned).tolist()
        plan = plan_graph(tunable_labels(tuner.network, len(tuner.start.names)), (LOGITS,))
        self._graph = TorchGraph(plan, plan.weights(FIRST_TRAINED), tuner.device)
        rates = LearningRates(HEAD, _HEAD_RATE, _RATE)
        self._optimizer = GraphOptimizer(self._graph, rates, decay=_DECAY, longest=_LONGEST)
        self._views = LabelViews(tuner.pictures, self._schedule.side)
        done = state.done - self._before
        if done:
            self._graph.load(state.weights)
            self._optimizer.resume(done * EPOCH, state.means, state.squares)
        else:
            self._graph.load({**self._graph.weights(), **first_head(tuner.start)})

    def epoch(self, state: LabelTuningState) -> LabelTuningState:
        """The state after one more epoch."""
        for batch in range((state.done - self._before) * EPOCH, (state.done - self._before + 1) * EPOCH):
            self._step(batch)
        done, judged = state.done + 1, state.judged
        is_done = done == 2 * self._schedule.epochs
        if done == self._schedule.epochs:
            judged = np.concatenate(
                list(self._threads.map(self._judged, self._tuner.judges.judging.tolist()))
            )
            is_done = not self._tuner.judges.outcome(judged).is_tuned
        return LabelTuningState(
            done, is_done, self._graph.weights(), *self._optimizer.moments(), judged=judged
        )

    def _judged(self, row: int) -> Floats:
        """(1, L): the log-odds of a picture that judges."""
        with torch.no_grad():
            (odds,) = self._graph.run(self._input([self._views.whole(row)]))
        return np.asarray(odds.cpu().numpy(), np.float32)

    def _step(self, batch: int) -> None:
        """One batch, in two halves side by side, whatever the machine has: so it comes to the same."""
        size = BATCH // SHARES
        begins = range(batch * BATCH, (batch + 1) * BATCH, size)
        shares = list(self._threads.map(self._gradients, (range(begin, begin + size) for begin in begins)))
        self._optimizer.step(shares, self._schedule.rate(batch))

    def _gradients(self, places: Sequence[int]) -> tuple[torch.Tensor, ...]:
        """Of the loss on views; which pictures and which views follow from the seed and their places."""
        seed = self._tuner.seed
        rows = [drawn_rows(self._rows, place, seed) for place in places]
        views = [
            self._views.drawn(row, np.random.default_rng([seed, place]))
            for row, place in zip(rows, places, strict=True)
        ]
        targets = torch.from_numpy(self._tuner.judges.targets[rows]).to(self._device).float()
        (odds,) = self._graph.run(self._input(views))
        loss = label_loss(odds, targets, is_exclusive=self._tuner.judges.is_exclusive)
        return tuple(torch.autograd.grad(loss, self._graph.trained))

    def _input(self, views: Sequence[np.ndarray]) -> torch.Tensor:
        return torch.from_numpy(np.stack(views)).to(self._device).float()


def label_loss(odds: torch.Tensor, targets: torch.Tensor, *, is_exclusive: bool) -> torch.Tensor:
    """The mean cross-entropy of log-odds (N, L), with targets (N, L), 0 or 1, that are smoothed (Szegedy et
    al. 2016, section 7).
    """
    if is_exclusive:
        smooth = targets * (1 - _SMOOTHING) + _SMOOTHING / targets.shape[1]
        return -(smooth * functional.log_softmax(odds, 1)).sum(1).mean()
    smooth = targets * (1 - _SMOOTHING) + _SMOOTHING / 2
    return functional.binary_cross_entropy_with_logits(odds, smooth, reduction="none").sum(1).mean()
