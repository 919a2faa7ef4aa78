"""Fine-tunes boxes: epoch by epoch, so that who trains may stop, and go on from what is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

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
from regard.vision.custom.tuning.state import Arrays, TuningState
from regard.vision.custom.tuning.torch_graph import TorchGraph
from regard.vision.custom.tuning.torch_losses import box_loss
from regard.vision.labels.objects import letterboxed

_HEAD_RATE: Final = 2e-3
_RATE: Final = 5e-4
_DECAY: Final = 1e-2
_LONGEST: Final = 10.0  # of the gradient
_SHARES: Final = 2  # of a batch, each with a thread


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
        return self.device == "cpu" or (self.device == "cuda" and torch.cuda.is_available())

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
        with ThreadPoolExecutor(_SHARES, "tuning", torch.set_num_threads, (1,)) as threads:
            course = _TuningCourse(self, threads)
            course.resume(state)
            while not state.is_done:
                state = course.epoch(state)
                yield state

    def fit(self, state: TuningState) -> TunedFit:
        """The network with the weights that did best, its confidences calibrated on what it finds in the
        pictures that judge.
        """
        with ThreadPoolExecutor(_SHARES, "tuning", torch.set_num_threads, (1,)) as threads:
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
        self._optimizer = torch.optim.AdamW(_groups(self.graph), weight_decay=_DECAY)
        self._source = ViewSource(tuning.learned, tuning.names, self._schedule.side)

    def resume(self, state: TuningState) -> None:
        """Puts the network and the optimizer where a state has them."""
        if not state.done:
            return
        self.graph.load(state.weights)
        for name, parameter in self._named():
            self._optimizer.state[parameter] = {
                "step": torch.tensor(float(state.done * EPOCH)),
                "exp_avg": torch.from_numpy(state.means[name].copy()).to(self._device),
                "exp_avg_sq": torch.from_numpy(state.squares[name].copy()).to(self._device),
            }

    def epoch(self, state: TuningState) -> TuningState:
        """The state after one more epoch."""
        for batch in range(state.done * EPOCH, (state.done + 1) * EPOCH):
            self._step(batch)
        done = state.done + 1
        weights = self.graph.weights()
        means, squares = (self._moments(name) for name in ("exp_avg", "exp_avg_sq"))
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
        rate = self._schedule.rate(batch)
        for group in self._optimizer.param_groups:
            group["lr"] = group["highest"] * rate
        size = BATCH // _SHARES
        begins = range(batch * BATCH, (batch + 1) * BATCH, size)
        shares = list(self._threads.map(self._gradients, (range(begin, begin + size) for begin in begins)))
        for parameter, *gradients in zip(self.graph.trained, *shares, strict=True):
            parameter.grad = torch.stack(gradients).mean(0)
        torch.nn.utils.clip_grad_norm_(self.graph.trained, _LONGEST)
        self._optimizer.step()

    def _gradients(self, places: Sequence[int]) -> tuple[torch.Tensor, ...]:
        """Of the loss on views; which pictures and which views follow from the seed and their places."""
        squares, targets = [], []
        for place in places:
            random = np.random.default_rng([self._tuning.seed, place])
            square, target = self._source.view(self._drawn(place), random)
            squares.append(square)
            targets.append(target)
        logits, sides = self.graph.run(self._input(squares))
        heat, distances, weights = (
            torch.from_numpy(np.stack([getattr(one, name) for one in targets])).to(self._device)
            for name in ("heat", "distances", "weights")
        )
        loss = box_loss(logits, sides, heat, distances, weights)
        return tuple(torch.autograd.grad(loss, self.graph.trained))

    def _drawn(self, place: int) -> int:
        """Which picture comes at a place: each once, in random order, then each once more."""
        count = len(self._tuning.learned)
        turn, number = divmod(place, count)
        return int(np.random.default_rng([self._tuning.seed, turn, count]).permutation(count)[number])

    def _input(self, squares: Sequence[np.ndarray]) -> torch.Tensor:
        return torch.from_numpy(np.stack(squares)).to(self._device).float()

    def _named(self) -> Iterator[tuple[str, torch.Tensor]]:
        return iter(zip(self.graph.names, self.graph.trained, strict=True))

    def _moments(self, kind: str) -> Arrays:
        return {
            name: self._optimizer.state[parameter][kind].cpu().numpy().copy()
            for name, parameter in self._named()
        }


def _groups(graph: TorchGraph) -> list[dict[str, Any]]:
    """The parameters by how fast they learn: those of the head, then the others."""
    pairs = list(zip(graph.names, graph.trained, strict=True))
    head = [parameter for name, parameter in pairs if name in HEAD]
    others = [parameter for name, parameter in pairs if name not in HEAD]
    return [{"params": head, "highest": _HEAD_RATE}, {"params": others, "highest": _RATE}]
