"""Train a head: what `regard.vision.faces.heads` runs, in PyTorch, and its file.

Needs PyTorch (`pip install 'regard[train]'`), which Regard itself does without.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

WEIGHTS = Path(__file__).parents[1] / "src/regard/vision/faces/heads"
BATCH = 64


@dataclass(frozen=True)
class Plan:
    """How a head is built and trained. `windows`: for each map its window (rows, then columns, first and
    behind the last) and the numbers that a cell is brought down to.
    """

    outputs: tuple[str, ...]
    windows: Mapping[str, tuple[tuple[int, int, int, int], int]]
    hidden: int = 0
    dropout: float = 0.4
    decay: float = 0.3
    epochs: int = 10
    rate: float = 1e-3
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Samples:
    """`maps`: by name (N, rows, columns, C), the windows alone; `vector` (N, V); `targets` (N, T)."""

    maps: Mapping[str, np.ndarray]
    vector: np.ndarray
    targets: np.ndarray

    def __len__(self) -> int:
        return len(self.vector)

    @staticmethod
    def join(parts: Sequence[Samples]) -> Samples:
        return Samples(
            {key: np.concatenate([part.maps[key] for part in parts]) for key in parts[0].maps},
            np.concatenate([part.vector for part in parts]),
            np.concatenate([part.targets for part in parts]),
        )


def windowed(maps: np.ndarray, window: tuple[int, int, int, int]) -> np.ndarray:
    top, bottom, left, right = window
    return np.asarray(maps[:, top:bottom, left:right], np.float16)


class Network(torch.nn.Module):
    def __init__(self, plan: Plan, samples: Samples) -> None:
        super().__init__()
        self.plan = plan
        self.windows = torch.nn.ModuleDict(
            {
                name: torch.nn.Linear(samples.maps[name].shape[-1], plan.windows[name][1])
                for name in plan.windows
            }
        )
        self.register_buffer("centre", torch.tensor(samples.vector.mean(0), dtype=torch.float32))
        self.register_buffer("spread", torch.tensor(samples.vector.std(0) + 1e-3, dtype=torch.float32))
        cells = sum(np.prod(samples.maps[name].shape[1:3]) * plan.windows[name][1] for name in plan.windows)
        width = int(cells) + samples.vector.shape[1]
        self.hidden = torch.nn.Linear(width, plan.hidden) if plan.hidden else None
        self.last = torch.nn.Linear(plan.hidden or width, len(plan.outputs))

    def forward(self, maps: Mapping[str, torch.Tensor], vector: torch.Tensor) -> torch.Tensor:
        parts = [torch.relu(reduce(maps[key].float())).flatten(1) for key, reduce in self.windows.items()]
        parts.append(((vector - self.centre) / self.spread).clamp(-8, 8))
        values = torch.nn.functional.dropout(torch.cat(parts, 1), self.plan.dropout, self.training)
        if self.hidden is not None:
            values = torch.nn.functional.dropout(torch.relu(self.hidden(values)), 0.3, self.training)
        return self.last(values)


Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # logits (N, O), targets (N, T) to a number


def train(plan: Plan, samples: Samples, loss: Loss) -> Network:
    torch.set_num_threads(1)
    torch.manual_seed(plan.seed)
    random = np.random.default_rng(plan.seed)
    network = Network(plan, samples)
    optimizer = torch.optim.AdamW(network.parameters(), lr=plan.rate, weight_decay=plan.decay)
    steps = plan.epochs * (len(samples) // BATCH + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2 * plan.rate, total_steps=steps)
    for _ in range(plan.epochs):
        network.train()
        order = random.permutation(len(samples))
        for begin in range(0, len(order), BATCH):
            chosen = np.sort(order[begin : begin + BATCH])
            batch = {name: torch.tensor(maps[chosen]) for name, maps in samples.maps.items()}
            logits = network(batch, torch.tensor(samples.vector[chosen], dtype=torch.float32))
            value = loss(logits, torch.tensor(samples.targets[chosen], dtype=torch.float32))
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            schedule.step()
    return network.eval()


def logits_of(network: Network, samples: Samples) -> np.ndarray:
    """(N, O)."""
    rows = []
    with torch.no_grad():
        for begin in range(0, len(samples), 256):
            part = slice(begin, begin + 256)
            maps = {name: torch.tensor(values[part]) for name, values in samples.maps.items()}
            rows.append(network(maps, torch.tensor(samples.vector[part], dtype=torch.float32)).numpy())
    return np.concatenate(rows)


def take(samples: Samples, rows: np.ndarray) -> Samples:
    return Samples(
        {name: maps[rows] for name, maps in samples.maps.items()}, samples.vector[rows], samples.targets[rows]
    )


def crossed(
    plan: Plan, samples: Samples, loss: Loss, fold: np.ndarray, *, judged: np.ndarray | None = None
) -> np.ndarray:
    """Logits (N, O) of each sample by a network that saw nothing of its fold; zeros where not `judged`."""
    result = np.zeros((len(samples), len(plan.outputs)))
    judged = np.ones(len(samples), bool) if judged is None else judged
    for number in np.unique(fold):
        network = train(plan, take(samples, np.flatnonzero(fold != number)), loss)
        rows = np.flatnonzero((fold == number) & judged)
        result[rows] = logits_of(network, take(samples, rows))
    return result


def save(name: str, network: Network, scale: np.ndarray, shift: np.ndarray, card: Mapping[str, Any]) -> Path:
    """Write the head and its card; logits leave it as `scale` · logit + `shift`, which calibrates them."""
    plan = network.plan
    state = {key: value.numpy() for key, value in network.state_dict().items()}
    layers = [network.hidden, network.last] if network.hidden is not None else [network.last]
    arrays: dict[str, np.ndarray] = {"centre": state["centre"], "spread": state["spread"]}
    for key in plan.windows:
        arrays[f"{key}.weights"] = state[f"windows.{key}.weight"].T
        arrays[f"{key}.bias"] = state[f"windows.{key}.bias"]
    for number, layer in enumerate(layers):
        weights, bias = layer.weight.detach().numpy().T, layer.bias.detach().numpy()
        if layer is network.last:
            weights, bias = weights * scale, bias * scale + shift
        arrays[f"layer{number}.weights"], arrays[f"layer{number}.bias"] = weights, bias
    facts = {
        "outputs": plan.outputs,
        "looks": {key: window for key, (window, _) in plan.windows.items()},
        "layers": len(layers),
    }
    WEIGHTS.mkdir(exist_ok=True)
    target = WEIGHTS / f"{name}.npz"
    np.savez_compressed(
        target,
        facts=np.array(json.dumps(facts)),
        **{key: value.astype(np.float16) for key, value in arrays.items()},
    )
    size = target.stat().st_size
    full = {"head": name, **card, "seed": plan.seed, "bytes": size}
    target.with_suffix(".json").write_text(json.dumps(full, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return target


def binary_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of each output; a target of −1 is not known and doesn't count."""
    each = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets.clamp(0, 1), reduction="none")
    return (each * (targets >= 0).float()).sum() / len(logits)
