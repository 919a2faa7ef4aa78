"""Fit the similarity in percent to false match rates, and measure recognition, on the LFW development folds.

    python -m training.fit_similarity ../shared/data/lfw --model 3.0

By the protocol of training/lfw.py, on the people in `pairs_dev_folds1-3.txt`. Prints the curve of a model
in src/regard/collections/face_models.py, what it gives, the same fitted on one half of the people and judged
on the other, and what it gives for the folder's other people, who had no part in any choice.

The rates that are wanted lie beyond what this many people can tell one by one: a millionth of the pairs of
1,240 people is less than one pair of people. So the rate is taken for a power of the distance below the
distance of a rate of `TAIL`: R(d) = TAIL · (d / u)^k, the generalised Pareto tail for what can't be below 0
(Pickands, 1975), with Hill's estimate of the exponent, 1 / k = mean of log(u / d) over the pairs below u
(Hill, "A Simple General Approach to Inference About the Tail of a Distribution", 1975).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from regard.collections.face_models import FACE_MODELS, FaceModels
from regard.collections.similarity import SimilarityCurve
from training.lfw import Pairs, accuracy, all_pairs, embedded, interval, redrawn, true_match_rates

# Similarity in percent, and the false match rate that it is to mean.
ANCHORS = {80.0: 1e-4, 95.0: 1e-5, 99.0: 1e-6}
TAIL = 3e-4


def fit_tail(impostors: Pairs) -> tuple[float, float]:
    """u and k, see above."""
    start = impostors.distance_at(TAIL)
    below = impostors.nearest(TAIL)
    return start, float(below.weight.sum() / (below.weight @ np.log(start / below.distance)))


def fit(impostors: Pairs) -> SimilarityCurve:
    """Least squares in the logarithm of the distance over the anchors."""
    start, exponent = fit_tail(impostors)
    log_odds = [np.log((100 - percent) / percent) for percent in ANCHORS]
    log_distance = [np.log(start) + np.log(rate / TAIL) / exponent for rate in ANCHORS.values()]
    slope, offset = np.polyfit(log_odds, log_distance, 1)
    return SimilarityCurve(float(np.exp(offset)), float(1 / slope))


def report(title: str, calibration: SimilarityCurve, impostors: Pairs, genuine: Pairs) -> None:
    print(f"\n{title}: {len(impostors.distance)} impostor pairs, {len(genuine.distance)} genuine pairs")
    print("| similarity | distance | false match rate | true match rate |\n|---|---|---|---|")
    for percent in (50, 80, 90, 95, 99, 99.9):
        distance = calibration.distance_at(percent)
        rates = impostors.share_below(distance), genuine.share_below(distance)
        print(f"| {percent} % | {distance:.3f} | {rates[0]:.1e} | {rates[1]:.3f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--embeddings", type=Path, help="keep the embeddings in this .npz, or take them from it"
    )
    parser.add_argument("--model", choices=FACE_MODELS, default=FaceModels().default.version)
    options = parser.parse_args()
    model = FACE_MODELS[options.model]
    faces, others = embedded(options.folder, options.embeddings, model).split(options.folder)
    print(f"{len(faces.rows)} faces, accuracy on the listed pairs {accuracy(faces, options.folder):.4f}")
    impostors, genuine = all_pairs(faces.names, faces.rows)
    rates = list(ANCHORS.values())
    true = true_match_rates(impostors, genuine, rates)
    bounds = interval(redrawn(impostors, genuine, rates)).T
    for rate, share, (low, high) in zip(rates, true, bounds, strict=True):
        limit = impostors.distance_at(rate)
        print(f"true match rate at {rate:.0e}: {share:.3f} ({low:.3f} to {high:.3f}), distance {limit:.3f}")
    start, exponent = fit_tail(impostors)
    print(f"R(d) = {TAIL:.0e} · (d / {start:.4f})^{exponent:.2f}")
    for rate in rates:
        limit = start * (rate / TAIL) ** (1 / exponent)
        print(
            f"true match rate where R is {rate:.0e}: {genuine.share_below(limit):.3f} (distance {limit:.3f})"
        )
    calibration = fit(impostors)
    print(calibration)
    report("all people", calibration, impostors, genuine)
    report("the other people", calibration, *all_pairs(others.names, others.rows))
    order = np.random.RandomState(0).permutation(np.unique(faces.names))
    chosen = np.isin(faces.names, order[: len(order) // 2])
    for title, train, test in (
        ("first half's fit on the second", chosen, ~chosen),
        ("the reverse", ~chosen, chosen),
    ):
        fitted = fit(all_pairs(faces.names[train], faces.rows[train])[0])
        report(title, fitted, *all_pairs(faces.names[test], faces.rows[test]))


if __name__ == "__main__":
    main()
