"""Measure custom boxes: what is found of a user's labels after some pictures, with CenterNet as it is.

    python -m training.measure_custom_boxes ../shared/data [--draws 1]

Of each set so many pictures are drawn at random and learned, up to 100 others judge. Prints Markdown.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from regard.packs.install import InstalledPack
from regard.packs.manifest import find_pack
from regard.settings import Settings
from regard.vision.custom import cells
from regard.vision.custom.box_evaluation import evaluate_boxes
from regard.vision.custom.box_examples import BoxExample
from regard.vision.custom.box_model import find_boxes
from regard.vision.custom.boxes import assumed_box_thresholds, fit_boxes
from regard.vision.session import SessionPool, one_thread_each
from training.custom_boxes import SETS, examples

COUNTS = {"raccoons": (20, 50), "kangaroos": (20, 50), "blood cells": (20, 80), "steel defects": (120,)}
JUDGES = 100


@dataclass(frozen=True)
class Result:
    """Of one draw: boxes learned from; means over the labels; how far confidences are off; CPU seconds."""

    boxes: int
    average_precision: float
    precision: float
    recall: float
    f1: float
    off: float
    seconds: float


def measure(every: list[BoxExample], reader: cells.CellReader, count: int, draw: int) -> Result:
    order = np.random.default_rng(draw).permutation(len(every)).tolist()
    learned, judges = (
        [every[row] for row in rows] for rows in (order[:count], order[count : count + JUDGES])
    )
    begun = time.process_time()
    fit = fit_boxes(learned, reader, seed=draw)
    seconds = time.process_time() - begun
    found = [find_boxes(fit.model, reader, one.open()) for one in judges]
    thresholds = assumed_box_thresholds(fit, [])
    result = evaluate_boxes(fit.model.names, thresholds, [one.true for one in judges], found)
    labels = list(result.labels.values())
    said = [one for outcomes in result.pictures for one in outcomes if one.found is not None]
    return Result(
        sum(len(one.labels) for one in learned),
        float(np.mean(list(result.average_precision.values()))),
        *(
            float(np.mean([getattr(one, measure) for one in labels]))
            for measure in ("precision", "recall", "f1")
        ),
        calibration_error(
            np.array([one.confidence for one in said]), np.array([one.true is not None for one in said])
        ),
        seconds,
    )


def calibration_error(said: np.ndarray, right: np.ndarray) -> float:
    """As training.measure_custom_labels has it, of boxes that were found."""
    bins = np.minimum((said * 10).astype(int), 9)
    gaps = [
        abs(said[bins == one].mean() - right[bins == one].mean()) * (bins == one).mean()
        for one in np.unique(bins)
    ]
    return float(sum(gaps))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--draws", type=int, default=1)
    options = parser.parse_args()
    one_thread_each()
    pack = InstalledPack.load(find_pack("default").name, Settings.load().models)
    reader = cells.CellReader(SessionPool(pack.paths(), derived={cells.NETWORK: cells.DERIVED}))
    print("| set | pictures | boxes | mAP50 | precision | recall | F1 | calibration error | CPU s |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, counts in COUNTS.items():
        every = examples(options.data / SETS[name])
        for count in counts:
            found = [measure(every, reader, count, draw) for draw in range(options.draws)]

            def mean(measure: str, found: list[Result] = found) -> float:
                return float(np.mean([getattr(one, measure) for one in found]))

            cells_ = [f"{mean(one):.3f}" for one in ("average_precision", "precision", "recall", "f1", "off")]
            numbers = [name, str(count), f"{mean('boxes'):.0f}", *cells_, f"{mean('seconds'):.0f}"]
            print("| " + " | ".join(numbers) + " |", flush=True)


if __name__ == "__main__":
    main()
