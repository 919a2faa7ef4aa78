"""Compare embeddings: what each part of the default one gains, and what was tried and is not in it.

    python -m training.compare_embeddings ../shared/data --model 3.0 --features features.npz

Prints Markdown. By the protocol of training/lfw.py, on the development folds of LFW; whatever is fitted is
fitted on FairFace, so none of the people is in both. A gain over the first row (2.0: over version 1.0) is in
points, with the interval that holds 95 % of the gains with other people drawn; all rows are judged on the
same draws. The last column is how often the gain at 1e-4 was above zero on random halves of the people, of
20. `--features` keeps the networks' descriptors. The rows are those of training/embedding_variants.py.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.embedding_variants import FIRST, VARIANTS, VIEWS, Features
from training.lfw import Faces, accuracy, all_pairs, interval, redrawn, true_match_rates

RATES = [1e-3, 1e-4, 1e-5, 1e-6]
GAINS = [1e-4, 1e-5]
HALVES = 20


@dataclass(frozen=True, eq=False)
class Measured:
    """What one embedding's vectors give; `drawn` (draws, rates) and `halves` (HALVES,) are for gains."""

    listed: float
    shares: np.ndarray
    drawn: np.ndarray
    halves: np.ndarray

    @classmethod
    def of(cls, faces: Faces, rows: np.ndarray, folder: Path) -> Measured:
        impostors, genuine = all_pairs(faces.names, rows)
        count, halves = int(impostors.people.max()) + 1, []
        near = impostors.nearest(0.01)
        for seed in range(HALVES // 2):
            chosen = np.random.default_rng(seed).permutation(count) < count // 2
            halves += [
                genuine.among(half).share_below(near.among(half).distance_at(1e-4))
                for half in (chosen, ~chosen)
            ]
        return cls(
            accuracy(Faces(faces.keys, rows), folder),
            true_match_rates(impostors, genuine, RATES),
            redrawn(impostors, genuine, RATES, draws=100),
            np.array(halves),
        )

    def cells(self, first: Measured | None) -> str:
        cells = [f"{self.listed:.4f}"] + [f"{share:.3f}" for share in self.shares]
        if first is None or first is self:
            return " | ".join([*cells, *["–"] * (len(GAINS) + 1)])
        for rate in GAINS:
            place = RATES.index(rate)
            low, high = 100 * interval(self.drawn[:, place] - first.drawn[:, place])
            gain = 100 * (self.shares[place] - first.shares[place])
            cells.append(f"{gain:+.1f} ({low:+.1f} to {high:+.1f})")
        return " | ".join([*cells, str(int((self.halves > first.halves).sum()))])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument(
        "--features", type=Path, help="keep the descriptors in this .npz, or take them from it"
    )
    parser.add_argument("--limit", type=int, default=3000, help="pictures of the cohort")
    parser.add_argument("--model", choices=VARIANTS, default="3.0")
    options = parser.parse_args()
    features = Features.of(options.data, options.features, options.limit, VIEWS[options.model])
    heads = [f"at {rate:.0e}" for rate in RATES] + [f"gain at {rate:.0e}" for rate in GAINS]
    print("| embedding | listed pairs | " + " | ".join(heads) + " | halves |")
    print("|---|---|" + "---|" * (len(heads) + 1))
    first: Measured | None = None
    for name, rows in VARIANTS[options.model](features):
        found = Measured.of(features.faces, rows, options.data / "lfw")
        if name == FIRST[options.model]:
            first = found
        print(f"| {name} | {found.cells(first)} |", flush=True)


if __name__ == "__main__":
    main()
