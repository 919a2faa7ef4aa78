"""Fit what makes labels of a picture: the confidences of objects, and the head that reads scenes.

    python -m training.fit_labels ../shared/data --cache CACHE

Objects: two logistic functions, on COCO pictures with their boxes. Scenes: a logistic function an output on
EfficientNet-Lite2's features, on SUN's scenes, on COCO's pictures with marks by eye
(labels/coco_scenes.csv), and on pictures of neither. Both are judged in five folds by picture; intervals hold
95 % of what comes out when other pictures are drawn. Writes objects.json, scenes.npz and scenes.json.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from regard.vision.geometry import boxes_of
from regard.vision.labels.activities import activities
from regard.vision.labels.label import Instance
from regard.vision.labels.objects import COCO, FoundClass, ObjectDetector, any_odds, evidence
from training.card_metrics import calibration
from training.feature_head import fit_head, logistic, save_head, sigmoid, with_one
from training.label_sets import (
    OUTPUTS,
    PLACES,
    SCENES,
    STEPS,
    STRANGE,
    Annotated,
    annotated,
    sessions,
    views,
)
from training.wilson import wilson

WEIGHTS = Path(__file__).parents[1] / "src/regard/vision/labels"
FOLDS, SEED = 5, 0
SAID = 0.55  # DetectLabels' default
# CenterNet was trained on these pictures. On COCO's validation pictures, boxes of a score of .3, .4 and .5
# are right for 65, 82 and 93 %, here for 71, 87 and 95 %: the log-odds are taken down by about as much.
MARGIN = 0.3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, required=True)
    options = parser.parse_args()
    options.cache.mkdir(exist_ok=True, parents=True)
    fit_objects(annotated(options.data, options.cache))
    fit_scenes(options.data, options.cache)


# --- Objects ---


@dataclass(frozen=True, eq=False)
class Held:
    """What is said of COCO's pictures by functions that were fitted on other folds. `folds` (P,); of each
    picture's candidates `facts`, whether they are `right`, and their `probabilities`; and for each pair of a
    picture (`origin`) and a class that has a candidate there: `classes`, `present`, the probability that the
    picture shows it, less the margin, and whether it does (`there`)."""

    folds: np.ndarray
    facts: list[np.ndarray]
    right: list[np.ndarray]
    probabilities: list[np.ndarray]
    origin: np.ndarray
    classes: np.ndarray
    present: np.ndarray
    there: np.ndarray


def held(pictures: list[Annotated]) -> Held:
    folds = np.random.default_rng(SEED).permutation(len(pictures)) % FOLDS
    facts = [evidence(picture.found) for picture in pictures]
    right = [matched(picture) for picture in pictures]
    probabilities: list[np.ndarray] = [np.zeros(0)] * len(pictures)
    for fold in range(FOLDS):
        weights = _instance_weights(facts, right, folds != fold)
        for number in np.flatnonzero(folds == fold):
            probabilities[number] = sigmoid(with_one(facts[number]) @ weights)
    rows = [
        row
        for number, picture in enumerate(pictures)
        for row in _classes(number, picture, probabilities[number])
    ]
    origin, odds, there = (np.array(column) for column in zip(*rows, strict=True))
    present = np.zeros(len(rows))
    for fold in range(FOLDS):
        inside = folds[origin.astype(int)] == fold
        weights = logistic(with_one(odds[~inside, None]), there[~inside], np.array([0.1, 0]))
        present[inside] = sigmoid(with_one(odds[inside, None]) @ weights)
    # any_odds of lowered probabilities is lower by itself: what is left of the margin is the picture's.
    lowered = np.array([_shift(value) for value in present])
    classes = np.concatenate([np.unique(picture.found.classes) for picture in pictures])
    return Held(folds, facts, right, probabilities, origin.astype(int), classes, lowered, there)


def fit_objects(pictures: list[Annotated]) -> None:
    said = held(pictures)
    facts, right, probabilities = said.facts, said.right, said.probabilities
    instance = _instance_weights(facts, right, np.ones(len(pictures), bool))
    final = [sigmoid(with_one(one) @ instance) for one in facts]
    rows = [
        row for number, picture in enumerate(pictures) for row in _classes(number, picture, final[number])
    ]
    picture_weights = logistic(
        with_one(np.array([[row[1]] for row in rows])),
        np.array([row[2] for row in rows]),
        np.array([0.1, 0]),
    )
    card = {
        "instance": _rounded(instance - np.array([0, 0, 0, 0, MARGIN])),
        "picture": _rounded(_matched_margin(picture_weights, rows, final, pictures)),
        "says": "the probability that a box is an object of its class (IoU .5), and that a picture has one",
        "fitted on": f"COCO train2017 (labels CC BY 4.0, Flickr's pictures), {len(pictures)} pictures",
        "split": f"{FOLDS} folds by picture",
        "margin": MARGIN,
        "mAP50": round(mean_precision(pictures, probabilities, right), 3),
        "boxes": judge_instances(pictures, probabilities, right),
        "labels of pictures": judge_presence(pictures, said.origin, said.present, said.there),
        "calibration of labels": calibration(said.present, said.there),
        "activities": judge_activities(pictures),
        "limits": "CenterNet was trained on these very pictures, so a margin is taken off its log-odds. "
        "Small objects in crowds are missed.",
    }
    (WEIGHTS / "objects.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(json.dumps(card, indent=1, ensure_ascii=False))


def matched(picture: Annotated) -> np.ndarray:
    """(N,): 1 for boxes that are annotated objects, 0 for others, −1 for those in a crowd of their class."""
    found, result, used = picture.found, np.zeros(len(picture.found.scores)), set()
    for row in np.argsort(-found.scores):
        corner = np.maximum(found.boxes[row, :2], picture.boxes[:, :2])
        shared = np.clip(np.minimum(found.boxes[row, 2:], picture.boxes[:, 2:]) - corner, 0, None).prod(1)
        own, theirs = _area(found.boxes[row][None]), _area(picture.boxes)
        overlap = shared / np.maximum(own + theirs - shared, 1e-9)
        same = picture.classes == found.classes[row]
        fits = [g for g in np.flatnonzero(same & ~picture.crowds & (overlap >= 0.5)) if g not in used]
        if fits:
            used.add(max(fits, key=lambda g: overlap[g]))
            result[row] = 1
        elif (shared[same & picture.crowds] > own / 2).any():
            result[row] = -1
    return result


def _area(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2:] - boxes[:, :2]).prod(1)


def _instance_weights(facts: list[np.ndarray], right: list[np.ndarray], chosen: np.ndarray) -> np.ndarray:
    every = np.concatenate([one for one, taken in zip(facts, chosen, strict=True) if taken])
    truth = np.concatenate([one for one, taken in zip(right, chosen, strict=True) if taken])
    known = truth >= 0
    return logistic(with_one(every[known]), truth[known], np.array([0.3, 0.3, 0.3, 0.3, 0]))


def _classes(number: int, picture: Annotated, probabilities: np.ndarray) -> list[tuple[float, float, float]]:
    """For each class that may be there: the picture's number, the log-odds of any instance, whether it is
    there."""
    return [
        (number, any_odds(probabilities[picture.found.classes == one]), float(one in picture.classes))
        for one in np.unique(picture.found.classes)
    ]


def _matched_margin(
    weights: np.ndarray,
    rows: list[tuple[float, float, float]],
    final: list[np.ndarray],
    pictures: list[Annotated],
) -> np.ndarray:
    """The picture's weights for instances that were lowered by the margin: they say MARGIN less than
    `weights` did of those that were not, on average."""
    lowered = [
        row[1]
        for number, picture in enumerate(pictures)
        for row in _classes(number, picture, _shift(final[number]))
    ]
    wanted = np.array([row[1] for row in rows]) * weights[0] + weights[1] - MARGIN
    return np.polyfit(np.array(lowered), wanted, 1)


def _shift(probabilities: np.ndarray) -> np.ndarray:
    probabilities = np.clip(probabilities, 1e-6, 1 - 1e-6)
    return sigmoid(np.log(probabilities / (1 - probabilities)) - MARGIN)


def mean_precision(
    pictures: list[Annotated], probabilities: list[np.ndarray], right: list[np.ndarray]
) -> float:
    """mAP50, averaged over the classes that are there, with 101 points of recall."""
    said, truth = np.concatenate(probabilities), np.concatenate(right)
    classes = np.concatenate([picture.found.classes for picture in pictures])
    total = np.bincount(np.concatenate([p.classes[~p.crowds] for p in pictures]), minlength=len(COCO))
    values = []
    for one in np.flatnonzero(total):
        rows = np.flatnonzero((classes == one) & (truth >= 0))
        hits = np.cumsum(truth[rows[np.argsort(-said[rows])]])
        precision, recall = hits / np.arange(1, len(hits) + 1), hits / total[one]
        best = [precision[recall >= level].max(initial=0) for level in np.linspace(0, 1, 101)]
        values.append(np.mean(best))
    return float(np.mean(values))


def judge_instances(
    pictures: list[Annotated], probabilities: list[np.ndarray], right: list[np.ndarray]
) -> dict:
    """Precision and recall of boxes of 40 and 55 %."""
    total = np.array([int((~picture.crowds).sum()) for picture in pictures])
    result = {}
    for least in (0.4, SAID):
        said = [
            (_shift(one) >= least) & (truth >= 0) for one, truth in zip(probabilities, right, strict=True)
        ]
        counts = np.array([[one.sum(), truth[one].sum()] for one, truth in zip(said, right, strict=True)])
        result[f"at {100 * least:.0f} %"] = _shares(counts[:, 0], counts[:, 1], total)
    return result


def judge_presence(
    pictures: list[Annotated], origin: np.ndarray, present: np.ndarray, there: np.ndarray
) -> dict:
    total = np.array([len(np.unique(picture.classes)) for picture in pictures])
    result = {}
    for least in (SAID, 0.8, 0.9):
        said = present >= least
        counts = np.bincount(origin[said], minlength=len(pictures))
        hits = np.bincount(origin[said], weights=there[said], minlength=len(pictures))
        result[f"at {100 * least:.0f} %"] = _shares(counts, hits, total)
    return result


def judge_activities(pictures: list[Annotated]) -> dict[str, list[int]]:
    """How many pictures each activity is said of, of how many the annotated boxes say it, and of both."""
    detector = ObjectDetector(sessions())
    said, there = [], []
    for picture in pictures:
        said.append(_likely(detector.classes(picture.found, 1, 1)))
        there.append(_likely([_whole(picture, one) for one in np.unique(picture.classes[~picture.crowds])]))
    return {
        name: [
            sum(name in one for one in said),
            sum(name in one for one in there),
            sum(name in one and name in other for one, other in zip(said, there, strict=True)),
        ]
        for name in sorted(set().union(*said, *there))
    }


def _likely(objects: list[FoundClass]) -> set[str]:
    return {name for name, probability in activities(objects).items() if probability >= SAID}


def _whole(picture: Annotated, number: int) -> FoundClass:
    """A class as it is annotated."""
    boxes = picture.boxes[(picture.classes == number) & ~picture.crowds]
    instances = tuple(Instance(box, 100) for box in boxes_of(boxes))
    return FoundClass(COCO[number], 100, instances, ())


def _shares(said: np.ndarray, hits: np.ndarray, total: np.ndarray) -> dict:
    """Precision and recall with intervals, from drawing other pictures."""
    random = np.random.default_rng(SEED)
    drawn = random.integers(0, len(said), (2000, len(said)))
    spread = [
        np.percentile(hits[drawn].sum(1) / np.maximum(base[drawn].sum(1), 1), (2.5, 97.5)).round(3).tolist()
        for base in (said, total)
    ]
    return {
        "said": int(said.sum()),
        "precision": [round(float(hits.sum() / said.sum()), 3), *spread[0]],
        "recall": [round(float(hits.sum() / total.sum()), 3), *spread[1]],
    }


# --- Scenes ---


def fit_scenes(data: Path, cache: Path) -> None:
    names = ["coco", "scenes", *STEPS]
    sets = {name: views(data, cache, name) for name in names}
    features = np.concatenate([one.features for one in sets.values()])
    targets = np.concatenate([one.targets for one in sets.values()])
    source = np.repeat(names, [len(one.files) for one in sets.values()])
    random, folds = np.random.default_rng(SEED), np.zeros(len(source), int)
    for name in names:
        folds[source == name] = random.permutation(int((source == name).sum())) % FOLDS
    logits = np.zeros(targets.shape)
    for fold in range(FOLDS):
        weights, bias = fit_head(features[folds != fold], targets[folds != fold])
        logits[folds == fold] = np.sqrt(features[folds == fold, 0]) @ weights + bias
    weights, bias = fit_head(features, targets)
    target = WEIGHTS / "scenes.npz"
    size = save_head(target, OUTPUTS, weights, bias)
    probabilities, scenes = sigmoid(logits), np.array([name in SCENES.values() for name in OUTPUTS])
    sun = source == "scenes"
    best = int((logits[sun][:, scenes].argmax(1) == targets[sun][:, scenes].argmax(1)).sum())
    places = [OUTPUTS.index(place) for place in PLACES]
    neither = (targets[:, places] == 0).all(1)
    for place in places:
        targets[neither, place] = -1  # not wrong either, and counted apart
    card = {
        "head": "scenes",
        "says": "what a picture shows as a whole; every output for itself",
        "trained on": [
            f"SUN, 8 scenes, {int(sun.sum())} pictures",
            f"COCO train2017 (labels CC BY 4.0, Flickr's pictures), {int((source == 'coco').sum())} "
            "pictures, with their boxes and marks by eye",
            f"pictures of neither: {int((~sun & (source != 'coco')).sum())} of " + ", ".join(STEPS),
        ],
        "research-only data": "SUN, LFW, FairFace's and the other sets' pictures were given out for research",
        "split": f"{FOLDS} folds by picture; mirror images go with their picture",
        "scene of SUN's pictures, top 1": _share(best, int(sun.sum())),
        "by output": {
            name: _output(probabilities[:, column], targets[:, column]) for column, name in enumerate(OUTPUTS)
        },
        "Outdoors or Indoors said of pictures of neither": [
            int((probabilities[neither][:, places] >= SAID).any(1).sum()),
            int(neither.sum()),
        ],
        "scenes said of COCO's pictures that show none": _said_of_none(
            probabilities, targets, source == "coco", scenes
        ),
        "scenes said of sets that were not trained on": {
            name: _strange(views(data, cache, name).features[:, 0], weights, bias, scenes) for name in STRANGE
        },
        "limits": "Kitchen, Bathroom, Snow, Grass and Road have few examples: they are missed more often "
        "than not. SUN's scenes are typical ones.",
        "bytes": size,
    }
    (WEIGHTS / "scenes.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(json.dumps(card, indent=1, ensure_ascii=False))


def _output(probabilities: np.ndarray, truth: np.ndarray) -> dict:
    said = (truth >= 0) & (probabilities >= SAID)
    hits, there = int((truth[said] == 1).sum()), int((truth == 1).sum())
    return {
        "examples": there,
        "said": int(said.sum()),
        "precision": _share(hits, int(said.sum())),
        "recall": _share(hits, there),
    }


def _said_of_none(
    probabilities: np.ndarray, targets: np.ndarray, chosen: np.ndarray, scenes: np.ndarray
) -> list:
    none = chosen & (targets[:, scenes] == 0).all(1)
    return [int((probabilities[none][:, scenes] >= SAID).any(1).sum()), int(none.sum())]


def _strange(features: np.ndarray, weights: np.ndarray, bias: np.ndarray, scenes: np.ndarray) -> list:
    probabilities = sigmoid(np.sqrt(features) @ weights + bias)[:, scenes]
    return [int((probabilities >= SAID).any(1).sum()), len(features)]


# --- Both ---


def _share(hits: int, total: int) -> list[float]:
    """The share, and its interval."""
    low, high = wilson(hits, total)
    return [round(hits / max(total, 1), 3), round(low, 3), round(high, 3)]


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), 4) for value in values]


if __name__ == "__main__":
    main()
