"""AdamW for the weights of a graph: a batch is computed in shares side by side, its moments can be kept."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from regard.vision.custom.tuning.state import Arrays
from regard.vision.custom.tuning.torch_graph import TorchGraph

SHARES: Final = 2
"""Of a batch, each with a thread, whatever the machine has: so it comes to the same."""


@dataclass(frozen=True, slots=True)
class LearningRates:
    """The highest learning rate of the `head`, whose constants are named, and that of the `rest`."""

    names: Sequence[str]
    head: float
    rest: float


class GraphOptimizer:
    """The optimizer of a graph's trained weights."""

    def __init__(self, graph: TorchGraph, rates: LearningRates, *, decay: float, longest: float) -> None:
        """`longest`: of a gradient, which is shortened to it."""
        self._graph, self._longest = graph, longest
        pairs = list(zip(graph.names, graph.trained, strict=True))
        groups = [
            {"params": [one for name, one in pairs if name in rates.names], "highest": rates.head},
            {"params": [one for name, one in pairs if name not in rates.names], "highest": rates.rest},
        ]
        self._adam = torch.optim.AdamW(groups, weight_decay=decay)

    def step(self, shares: Sequence[Sequence[torch.Tensor]], rate: float) -> None:
        """One step along the mean of gradients, those of each share of a batch; `rate` in parts of the
        highest.
        """
        for group in self._adam.param_groups:
            group["lr"] = group["highest"] * rate
        for parameter, *gradients in zip(self._graph.trained, *shares, strict=True):
            parameter.grad = torch.stack(gradients).mean(0)
        torch.nn.utils.clip_grad_norm_(self._graph.trained, self._longest)
        self._adam.step()

    def resume(self, steps: int, means: Arrays, squares: Arrays) -> None:
        """Puts it where it was after so many steps, with these moments."""
        for name, parameter in zip(self._graph.names, self._graph.trained, strict=True):
            self._adam.state[parameter] = {
                "step": torch.tensor(float(steps)),
                "exp_avg": torch.from_numpy(means[name].copy()).to(parameter.device),
                "exp_avg_sq": torch.from_numpy(squares[name].copy()).to(parameter.device),
            }

    def moments(self) -> tuple[Arrays, Arrays]:
        """The means and the mean squares of the gradients, by the constants' names."""
        means, squares = (
            {
                name: self._adam.state[parameter][kind].cpu().numpy().copy()
                for name, parameter in zip(self._graph.names, self._graph.trained, strict=True)
            }
            for kind in ("exp_avg", "exp_avg_sq")
        )
        return means, squares


def tuning_threads() -> ThreadPoolExecutor:
    """A thread for each share of a batch, within which PyTorch uses no other."""
    return ThreadPoolExecutor(SHARES, "tuning", torch.set_num_threads, (1,))


def drawn_rows(rows: Sequence[int], place: int, seed: int) -> int:
    """Which of the rows comes at a place: each once, in random order, then each once more."""
    turn, number = divmod(place, len(rows))
    return rows[int(np.random.default_rng([seed, turn, len(rows)]).permutation(len(rows))[number])]


def has_device(device: str) -> bool:
    """Whether PyTorch has a device here."""
    return device == "cpu" or (device == "cuda" and torch.cuda.is_available())
