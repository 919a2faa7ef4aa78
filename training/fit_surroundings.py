"""Fit how likely an object is where the detector found it, by what the whole picture shows.

    python -m training.fit_surroundings ../shared/data --cache CACHE

On COCO's pictures, in the five folds of fit_labels.py. What the scene head says of a picture is that of a
head which has not seen it. Writes surroundings.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from regard.vision.labels.classes import label_shares
from regard.vision.labels.objects import COCO
from regard.vision.labels.surroundings import place, surroundings
from training.class_sets import TAXONOMY, read_set
from training.feature_head import fit_head, logistic, sigmoid, with_one
from training.fit_labels import FOLDS, MARGIN, SEED, held, judge_presence
from training.label_sets import OUTPUTS, PLACES, STEPS, annotated, views

TARGET = Path(__file__).parents[1] / "src/regard/vision/labels/surroundings.json"
RIDGE = np.array([0.1] * 3 + [3.0] * 2 * len(TAXONOMY.categories) + [0.0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, required=True)
    options = parser.parse_args()
    options.cache.mkdir(exist_ok=True, parents=True)
    pictures = annotated(options.data, options.cache)
    said = held(pictures)
    shares = [label_shares(one) for one in read_set(options.data / "coco/images", 1, options.cache)["logits"]]
    where = places(options.data, options.cache)
    facts = with_one(
        np.array(
            [
                surroundings(TAXONOMY, COCO[one], said.present[row], shares[number], where[number])
                for row, (number, one) in enumerate(zip(said.origin, said.classes, strict=True))
            ]
        )
    )
    free = np.array([COCO[one] != "person" for one in said.classes])
    fold, present = said.folds[said.origin], said.present.copy()
    for number in range(FOLDS):
        chosen, rest = free & (fold != number), free & (fold == number)
        present[rest] = sigmoid(facts[rest] @ _weights(facts[chosen], said.there[chosen]))
    card = {
        "weights": [round(float(value), 4) for value in _weights(facts[free], said.there[free])],
        "facts": [
            *("detector", "share", "classifier knows it"),
            *(f"place: {one}" for one in TAXONOMY.categories),
            *TAXONOMY.categories,
            "1",
        ],
        "says": "the probability that a picture shows a class of COCO, by detector, classifier and place",
        "fitted on": f"COCO train2017 (labels CC BY 4.0, Flickr's pictures), {len(pictures)} pictures",
        "split": f"{FOLDS} folds by picture",
        "margin": MARGIN,
        "labels of pictures, by the detector": judge_presence(
            pictures, said.origin, said.present, said.there
        ),
        "labels of pictures": judge_presence(pictures, said.origin, present, said.there),
        "limits": "CenterNet was trained on these very pictures, so a margin is taken off the log-odds.",
    }
    TARGET.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(json.dumps(card, indent=1, ensure_ascii=False))


def _weights(facts: np.ndarray, there: np.ndarray) -> np.ndarray:
    weights = logistic(facts, there, RIDGE)
    weights[-1] -= MARGIN
    return weights


def places(data: Path, cache: Path) -> list[float]:
    """Where each of COCO's pictures was taken, by heads that haven't seen it."""
    sets = {name: views(data, cache, name) for name in ("coco", "scenes", *STEPS)}
    features = np.concatenate([one.features for one in sets.values()])
    columns = [OUTPUTS.index(one) for one in PLACES]
    targets = np.concatenate([one.targets for one in sets.values()])[:, columns]
    folds = np.random.default_rng(SEED).permutation(len(features)) % FOLDS
    logits = np.zeros((len(features), len(PLACES)))
    for fold in range(FOLDS):
        weights, bias = fit_head(features[folds != fold], targets[folds != fold])
        logits[folds == fold] = np.sqrt(features[folds == fold, 0]) @ weights + bias
    coco = sigmoid(logits[: len(sets["coco"].files)])
    return [place(dict(zip(PLACES, row, strict=True))) for row in coco.tolist()]


if __name__ == "__main__":
    main()
