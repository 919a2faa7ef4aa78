"""Fit how likely a label of the whole picture is, by what classifier and object detector say together.

    python -m training.fit_classes ../shared/data --cache CACHE

On pictures whose labels are known by folder, by COCO's boxes, or by eye (labels/classes.csv). Each set is
judged with what was fitted on all the others. Writes classes.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from regard.vision.labels.agreement import agreement
from regard.vision.labels.classes import kind_labels, label_shares
from training.card_metrics import calibration
from training.class_sets import TAXONOMY, judged
from training.feature_head import logistic, sigmoid, with_one
from training.wilson import wilson

TARGET = Path(__file__).parents[1] / "src/regard/vision/labels/classes.json"
MIN_SHARE = 0.05  # of the belief, in a label that is learned from
SAID = 0.55  # DetectLabels' default
RIDGE = np.array([0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--packages", type=Path, help="folder for fetched pictures; else in CACHE")
    options = parser.parse_args()
    options.cache.mkdir(exist_ok=True, parents=True)
    pictures = list(judged(options.data, options.packages or options.cache / "packages", options.cache))
    facts, truth, source, own = [], [], [], []
    for picture in pictures:
        shares = label_shares(picture.logits)
        known = {
            name: shows
            for name, share in shares.items()
            if share >= MIN_SHARE and (shows := picture.shows(name)) is not None
        }
        names = list(known)
        facts.append(agreement(TAXONOMY, names, shares, picture.objects, picture.width, picture.height))
        truth += known.values()
        source += [picture.source] * len(names)
        own += [name in kind_labels() for name in names]
    every = with_one(np.concatenate(facts))
    card = fitted(every, np.array(truth, float), np.array(source), np.array(own))
    card["pictures"] = {name: sum(one.source == name for one in pictures) for name in card["by set"]}
    TARGET.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(json.dumps(card, indent=1, ensure_ascii=False))


def fitted(facts: np.ndarray, truth: np.ndarray, source: np.ndarray, own: np.ndarray) -> dict:
    """`own`: labels that are kinds, not only what several kinds are."""
    said = np.zeros(len(truth))
    for name in np.unique(source):
        others = source != name
        weights = logistic(facts[others], truth[others], RIDGE)
        said[~others] = sigmoid(facts[~others] @ weights)
    weights = logistic(facts, truth, RIDGE)
    return {
        "weights": [round(float(value), 4) for value in weights],
        "facts": [
            "share",
            "a kind",
            "detector knows it",
            "detector",
            "other object",
            "person",
            "small",
            "1",
        ],
        "says": "the probability that a picture shows a label, by the classifier and the object detector",
        "fitted on": "pictures whose labels are known by folder, by COCO's boxes, or by eye "
        "(training/labels/classes.csv, one rater)",
        "split": "each set judged with what was fitted on all the others",
        "at 55 %": {
            "kinds": _precision(said[own], truth[own]),
            "what they are kinds of": _precision(said[~own], truth[~own]),
        },
        "by set": {
            str(name): {
                "kinds": _precision(said[own & (source == name)], truth[own & (source == name)]),
                "what they are kinds of": _precision(
                    said[~own & (source == name)], truth[~own & (source == name)]
                ),
            }
            for name in dict.fromkeys(source)
        },
        "calibration": calibration(said, truth),
        "limits": "The classifier knows one subject a picture. What belongs to none of its classes gets the "
        "name of what resembles it. Pictures under 260 px, drawings and patterns are often misread.",
    }


def _precision(said: np.ndarray, truth: np.ndarray) -> list[float]:
    """How many are said, the share that is right, and its interval."""
    rows = said >= SAID
    hits, total = int(truth[rows].sum()), int(rows.sum())
    low, high = wilson(hits, total)
    return [total, round(hits / max(total, 1), 3), round(low, 3), round(high, 3)]


if __name__ == "__main__":
    main()
