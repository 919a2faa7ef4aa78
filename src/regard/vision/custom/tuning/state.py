"""How far a fine-tuning has come, as bytes that any machine goes on from."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regard.vision.pixels import Floats

Arrays = Mapping[str, Floats]
_PARTS = ("weights", "means", "squares", "best")


@dataclass(frozen=True, eq=False, slots=True)
class TuningState:
    """After `done` epochs: `weights` with their optimizer's `means` and `squares`, by the constants' names;
    `best`, those weights that did best on the pictures that judge, with an mAP50 of `precision`, 0 to 1; how
    many evaluations since were `worse`.
    """

    done: int
    is_done: bool
    weights: Arrays
    means: Arrays
    squares: Arrays
    best: Arrays
    precision: float
    worse: int

    @classmethod
    def begun(cls) -> TuningState:
        """That of a network as it comes."""
        return cls(0, False, {}, {}, {}, {}, 0.0, 0)

    @classmethod
    def kept(cls, content: bytes | None) -> TuningState:
        """What `written` gave; one as it comes where there is none."""
        return cls.begun() if content is None else cls.read(content)

    def written(self) -> bytes:
        """The state as bytes: the same state gives the same."""
        facts = (self.done, self.is_done, self.precision, self.worse)
        return pack_state({part: getattr(self, part) for part in _PARTS}, facts)

    @classmethod
    def read(cls, content: bytes) -> TuningState:
        """What `written` gave."""
        parts, (done, is_done, precision, worse) = unpack_state(content, _PARTS)
        return cls(
            int(done),
            bool(is_done),
            parts["weights"],
            parts["means"],
            parts["squares"],
            parts["best"],
            precision,
            int(worse),
        )


def pack_state(parts: Mapping[str, Arrays], facts: Sequence[float]) -> bytes:
    """Arrays by part and name, and numbers, as bytes: the same give the same."""
    arrays: dict[str, Any] = {
        f"{part}/{name}": array for part in parts for name, array in sorted(parts[part].items())
    }
    out = io.BytesIO()
    np.savez(out, facts=np.array(facts, np.float64), **arrays)
    return out.getvalue()


def unpack_state(content: bytes, parts: Sequence[str]) -> tuple[dict[str, dict[str, Floats]], list[float]]:
    """What `pack_state` was given."""
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        found: dict[str, dict[str, Floats]] = {part: {} for part in parts}
        for key in stored.files:
            part, _, name = key.partition("/")
            if part in found:
                found[part][name] = stored[key]
        return found, stored["facts"].tolist()
