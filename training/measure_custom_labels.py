"""Measure custom labels: how many pictures of each label they need, and what they say of other pictures.

    python -m training.measure_custom_labels ../shared/data --cache CACHE --packages PACKAGES

Of each set, so many pictures a label are drawn at random and learned, a quarter as many (10 at the fewest)
are the test set that thresholds are chosen on, and all others judge; three draws. Averages of pictures of
anything else are made of one half of these, the other half is judged, and the other way round. Prints
Markdown.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from regard.vision.custom.evaluation import evaluate_labels
from regard.vision.custom.examples import LabelExamples
from regard.vision.custom.labels import fit_labels
from regard.vision.custom.thresholds import assumed_thresholds
from regard.vision.features import NETWORK
from training.custom_sets import NETWORKS, SETS, Seen, others, seen
from training.fit_none_of_these import centroids, joined

COUNTS = (10, 30, 100)
DRAWS = 3
BINS = 10
MIN_TEST = 10  # pictures of a label that thresholds are chosen on
MAX_SHARE = 0.7  # of a label's pictures that are learned, where there are few

# Where a label means the rest ("neg": people without a hat), no picture shows something else.
STRANGE = ("scenes", "insects", "flowers", "steel defects")


@dataclass(frozen=True)
class Result:
    """Of one draw: shares of pictures, 0 to 1; `labelled`: of other pictures."""

    right: float
    f1: float
    off: float
    labelled: float
    knows_none: bool


def split(examples: LabelExamples, count: int, draw: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows to learn, to choose thresholds on, and to judge by."""
    random = np.random.default_rng(draw)
    parts: tuple[list[int], list[int], list[int]] = ([], [], [])
    for name in sorted(examples.counts):
        rows = random.permutation([row for row, some in enumerate(examples.labels) if name in some]).tolist()
        learned = min(count, int(MAX_SHARE * len(rows)))
        tested = min(max(MIN_TEST, count // 4), (len(rows) - learned) // 2)
        for part, chosen in zip(
            parts, (rows[:learned], rows[learned : learned + tested], rows[learned + tested :]), strict=True
        ):
            part += chosen
    learned_, tested_, judged = (np.array(part) for part in parts)
    return learned_, tested_, judged


def measure(examples: LabelExamples, strange: Seen, none: np.ndarray, count: int, draw: int) -> Result:
    learned, tested, judged = (examples.take(rows) for rows in split(examples, count, draw))
    fit = fit_labels(learned, none, seed=draw)
    thresholds = assumed_thresholds(fit, tested)
    said = fit.model.confidences(judged.features)
    truth = np.array([fit.model.names.index(label) for (label,) in judged.labels])
    bars = np.array([thresholds[name] for name in fit.model.names])
    right = said.argmax(1) == truth
    return Result(
        float(right.mean()),
        evaluate_labels(fit.model, thresholds, judged).f1,
        calibration_error(said.max(1), right),
        float((fit.model.confidences(strange.features) >= bars).any(1).mean()),
        fit.model.knows_none,
    )


def calibration_error(said: np.ndarray, right: np.ndarray) -> float:
    """By how much confidences (N,) differ from how often they are right (N,), in tenths, weighted."""
    bins = np.minimum((said * BINS).astype(int), BINS - 1)
    return float(
        sum(
            abs(said[bins == one].mean() - right[bins == one].mean()) * (bins == one).mean()
            for one in np.unique(bins)
        )
    )


@dataclass(frozen=True, eq=False)
class Half:
    """Averages made of one half of other pictures, and the other half."""

    none: np.ndarray
    strange: Seen


def halves(every: Mapping[str, Seen]) -> list[Half]:
    random = np.random.default_rng(0)
    parts: list[list[Seen]] = [[], []]
    for part in every.values():
        order = random.permutation(len(part.files))
        for number in (0, 1):
            parts[number].append(part.take(order[number::2]))
    return [Half(centroids(joined(parts[number])), _joined(parts[1 - number])) for number in (0, 1)]


def _joined(parts: Sequence[Seen]) -> Seen:
    files = [file for part in parts for file in part.files]
    return Seen(files, np.concatenate([part.features for part in parts]))


def results(examples: LabelExamples, half: Sequence[Half], count: int) -> list[Result]:
    return [measure(examples, one.strange, one.none, count, draw) for draw in range(DRAWS) for one in half]


def mean(every: Sequence[Result], measure: str) -> float:
    return float(np.mean([getattr(one, measure) for one in every]))


def table(every: Mapping[str, Mapping[int, list[Result]]], measure: str) -> Iterator[str]:
    yield "| set | " + " | ".join(f"{count} a label" for count in COUNTS) + " |"
    yield "|---" * (len(COUNTS) + 1) + "|"
    for name, found in every.items():
        yield f"| {name} | " + " | ".join(f"{mean(found[count], measure):.3f}" for count in COUNTS) + " |"


def strange_table(
    every: Mapping[str, Mapping[int, list[Result]]], without: Mapping[str, list[Result]], count: int
) -> Iterator[str]:
    yield "| set | labelled without none of these | with it | F1 without | with | kept in |"
    yield "|---|---|---|---|---|---|"
    for name, plain in without.items():
        found = every[name][count]
        cells = [
            f"{100 * mean(plain, 'labelled'):.0f} %",
            f"{100 * mean(found, 'labelled'):.1f} %",
            f"{mean(plain, 'f1'):.3f}",
            f"{mean(found, 'f1'):.3f}",
            f"{sum(one.knows_none for one in found)} of {len(found)}",
        ]
        yield f"| {name} | " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--network", choices=NETWORKS, default=NETWORK)
    options = parser.parse_args()
    half = halves(others(options.data, options.packages, options.cache, options.network))
    nothing = [Half(one.none[:0], one.strange) for one in half]
    sets = {
        name: seen(options.data / folder, options.cache, options.network).examples(name)
        for name, folder in SETS.items()
    }
    every = {
        name: {count: results(examples, half, count) for count in COUNTS} for name, examples in sets.items()
    }
    without = {name: results(sets[name], nothing, COUNTS[1]) for name in STRANGE}
    print("Right, of all pictures that judge:\n", *table(every, "right"), sep="\n")
    print("\nMean F1 at the assumed thresholds:\n", *table(every, "f1"), sep="\n")
    print("\nExpected calibration error:\n", *table(every, "off"), sep="\n")
    print(f"\nPictures of something else, {COUNTS[1]} a label:\n", sep="")
    print(*strange_table(every, without, COUNTS[1]), sep="\n")


if __name__ == "__main__":
    main()
