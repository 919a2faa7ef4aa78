"""Small networks of our own on features that the pack's networks have computed anyway.

A head sees feature maps through windows, brings each cell down to a few numbers, and adds up all cells
and a vector of further features, at once or by way of one hidden layer. training/ makes them; each has a card
beside its weights.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.vision.pixels import Floats


@dataclass(frozen=True, eq=False, slots=True)
class MapWindow:
    """What a head sees of one map (N, H, W, C): the cells `rows` and `columns`, first and behind the last;
    `weights` (C, K) and `bias` (K,) bring each down to K numbers, of which the negative become 0.
    """

    rows: tuple[int, int]
    columns: tuple[int, int]
    weights: Floats
    bias: Floats

    def features(self, maps: Floats) -> Floats:
        """(N, rows · columns · K)."""
        seen = maps[:, slice(*self.rows), slice(*self.columns)]
        cells = np.maximum(seen @ self.weights + self.bias, 0)
        return np.asarray(cells.reshape(len(maps), -1), np.float32)


@dataclass(frozen=True, eq=False, slots=True)
class MapHead:
    """`outputs` names the columns of what `logits` gives. `layers`, each (weights, bias), the negative made 0
    between them, make them of the windows' features, in the order of `windows`, and of the vector brought to
    `centre` 0 and `spread` 1.
    """

    outputs: tuple[str, ...]
    windows: Mapping[str, MapWindow]
    centre: Floats
    spread: Floats
    layers: tuple[tuple[Floats, Floats], ...]

    def logits(self, maps: Mapping[str, Floats], vector: Floats) -> NDArray[np.float64]:
        """(N, O) for maps by the windows' names, and vectors (N, V)."""
        parts = [window.features(maps[name]) for name, window in self.windows.items()]
        parts.append(np.clip((vector - self.centre) / self.spread, -8, 8))
        values = np.concatenate(parts, 1)
        for number, (weights, bias) in enumerate(self.layers):
            values = (np.maximum(values, 0) if number else values) @ weights + bias
        return np.asarray(values, np.float64)


def load_head(name: str) -> MapHead:
    """The head whose weights are `heads/NAME.npz`."""
    with files("regard.vision.faces").joinpath(f"heads/{name}.npz").open("rb") as file:
        stored = np.load(file, allow_pickle=False)
        facts: dict[str, Any] = json.loads(str(stored["facts"]))
        arrays = {key: stored[key].astype(np.float32) for key in stored.files if key != "facts"}
    windows = {
        key: MapWindow(
            (window[0], window[1]), (window[2], window[3]), arrays[f"{key}.weights"], arrays[f"{key}.bias"]
        )
        for key, window in facts["looks"].items()
    }
    layers = tuple((arrays[f"layer{n}.weights"], arrays[f"layer{n}.bias"]) for n in range(facts["layers"]))
    return MapHead(tuple(facts["outputs"]), windows, arrays["centre"], arrays["spread"], layers)


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Over the last axis."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True), np.float64)
