"""Make what "none of these" is learned from: 32 averages of the features of pictures of anything.

    python -m training.fit_none_of_these ../shared/data --cache CACHE --packages PACKAGES

The pictures are none of those that docs/accuracy.md measures labels on. Writes none_of_these.npz and its
card.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from regard.vision.custom.coordinates import roots
from regard.vision.custom.embedding import PictureFeatures
from regard.vision.features import NETWORK
from training.custom_sets import OTHERS, STAMPS, Seen, others
from training.label_sets import sessions

WEIGHTS = Path(__file__).parents[1] / "src/regard/vision/custom"
COUNT, SEED = 32, 0
_STEPS = 50


def centroids(rows: np.ndarray, count: int = COUNT, seed: int = SEED) -> np.ndarray:
    """(count, D): means of the clusters of rows (N, D), by Lloyd's algorithm from k-means++."""
    random = np.random.default_rng(seed)
    chosen = [rows[random.integers(len(rows))]]
    for _ in range(1, count):
        far = _distances(rows, np.array(chosen)).min(1)
        chosen.append(rows[random.choice(len(rows), p=far / far.sum())])
    means = np.array(chosen)
    for _ in range(_STEPS):
        nearest = _distances(rows, means).argmin(1)
        moved = np.array(
            [rows[nearest == one].mean(0) if (nearest == one).any() else means[one] for one in range(count)]
        )
        if np.allclose(moved, means):
            break
        means = moved
    return means


def _distances(rows: np.ndarray, means: np.ndarray) -> np.ndarray:
    """(N, K), squared."""
    squares = (rows**2).sum(1)[:, None] + (means**2).sum(1)[None] - 2 * rows @ means.T
    return np.maximum(squares, 0)


def joined(parts: Iterable[Seen]) -> np.ndarray:
    """(N, D): roots of the features of several sets."""
    return roots(np.concatenate([part.features for part in parts]))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--packages", type=Path, required=True)
    options = parser.parse_args()
    found = others(options.data, options.packages, options.cache, NETWORK)
    means = centroids(joined(found.values())).astype(np.float16)
    target = WEIGHTS / "none_of_these.npz"
    np.savez_compressed(target, network=NETWORK, centroids=means)
    card = {
        "says": "what pictures are like that show none of a user's labels",
        "network": NETWORK,
        "network digest": PictureFeatures(sessions()).digest,
        "made of": {name: len(found[name].files) for name in (*OTHERS, STAMPS)},
        "terms": "Averages of 1,280 features over some 30 pictures each are kept, no picture. COCO, labels "
        "CC BY 4.0, pictures of Flickr; FairFace CC BY 4.0; dlib's example photos, Boost licence; raccoons, "
        "blood cells and the photos of deepface's tests, MIT; Tux Paint's stamps, GPL-2 and freer; LFW, "
        "WIDER FACE and street text, given out for research; kangaroos, no terms stated.",
        "method": f"k-means, {COUNT} centres, square roots of features",
        "limits": "Photos of daily life, animals, people, objects on white, text. Of drawings, screenshots, "
        "X-rays and satellites there are none: measure on your own, and teach pictures without a label where "
        "it matters.",
        "seed": SEED,
        "bytes": target.stat().st_size,
    }
    target.with_suffix(".json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(json.dumps(card, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
