"""Measure adapters: how many false alarms of a kind remain on pictures that an adapter never saw.

    python -m training.measure_adapters ../shared/data --cache CACHE

No set for moderation is at hand, so that a model stands in for the base: one label against the rest, learned
on half of a set by the features of another network (EfficientNet-Lite0) than adapters read. What it says, at
50 % or more, of pictures of another set is a false alarm. So many of these, drawn at random, are the
training's only pictures; the others judge what remains, and the set's other half the recall. Five draws.
Last, what remains of the default pack's own false alarms; at 50 % it has too few, so that those from 5 %
on are taken. Prints Markdown.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from regard.vision.custom.adapter import CorrectionExamples, ModerationAdapter, fit_correction
from regard.vision.custom.examples import LabelExamples
from regard.vision.custom.labels import fit_labels
from regard.vision.custom.none_of_these import load_centroids
from regard.vision.explicit import ExplicitClassifier
from regard.vision.features import NETWORK
from regard.vision.image import decode_image
from regard.vision.nudity import EVEN_EXPLICIT, percent
from training.custom_sets import SETS, seen
from training.label_sets import sessions

BASE, READ = "efficientnet", "mobilenetv2"
COUNTS = (10, 20, 50, 100)
DRAWS = 5
MIN_DRAWS = 3  # that have as many false alarms
THRESHOLD = 50.0
REAL, FAINT, REAL_COUNT = ("steel defects", "face masks"), 5.0, 20
MIN_JUDGED = 10  # false alarms that judge
STAND_INS = (
    ("face masks", "with_mask", ("hard hats",)),
    ("hard hats", "pos", ("face masks",)),
    ("insects", "ants", ("flowers",)),
    ("insects", "bees", ("flowers",)),
    ("scenes", "garden", ("flowers", "insects")),
)
"""The set of the base, its label, and the sets that false alarms come from."""


@dataclass(frozen=True, eq=False)
class StandIn:
    """Confidences of a base, percent, and features (N, 1280): of what shows its label, and of false alarms.
    `share` of the other sets' pictures are these, 0 to 1.
    """

    shown: np.ndarray
    shown_features: np.ndarray
    false: np.ndarray
    false_features: np.ndarray
    share: float


def stand_in(data: Path, cache: Path, name: str, label: str, others: tuple[str, ...], draw: int) -> StandIn:
    based, read = (seen(data / SETS[name], cache, network) for network in (BASE, READ))
    shows = np.array([labels == (label,) for labels in based.examples(name).labels])
    order = np.random.default_rng(draw).permutation(len(shows))
    half, rest = order[: len(order) // 2], order[len(order) // 2 :]
    labels = tuple(("label",) if one else ("rest",) for one in shows[half].tolist())
    learned = LabelExamples(based.features[half].astype(np.float32), labels)
    model = fit_labels(learned, np.zeros((0, learned.features.shape[1])), seed=draw).model

    def said(features: np.ndarray) -> np.ndarray:
        return 100 * model.confidences(features.astype(np.float32))[:, model.names.index("label")]

    judged = rest[shows[rest]]
    elsewhere, seen_elsewhere = (
        np.concatenate([seen(data / SETS[other], cache, network).features for other in others])
        for network in (BASE, READ)
    )
    confidences = said(elsewhere)
    is_false = confidences >= THRESHOLD
    return StandIn(
        said(based.features[judged]),
        read.features[judged],
        confidences[is_false],
        seen_elsewhere[is_false],
        float(is_false.mean()),
    )


def adapted(adapter: ModerationAdapter, base: np.ndarray, features: np.ndarray) -> np.ndarray:
    rows = zip(base.tolist(), features, strict=True)
    return np.array([adapter.confidences({"label": one}, row)["label"] for one, row in rows])


def measure(one: StandIn, count: int, draw: int, centroids: np.ndarray) -> tuple[float, float, float]:
    """What remains of the false alarms, and the recall without the adapter and with it, 0 to 1."""
    order = np.random.default_rng(draw).permutation(len(one.false))
    learned, judged = order[:count], order[count:]
    examples = CorrectionExamples(
        one.false[learned], one.false_features[learned], np.zeros(count, bool), is_said=True
    )
    adapter = ModerationAdapter({"label": fit_correction(examples, centroids, THRESHOLD)})
    remains = adapted(adapter, one.false[judged], one.false_features[judged]) >= THRESHOLD
    after = adapted(adapter, one.shown, one.shown_features) >= THRESHOLD
    return float(remains.mean()), float((one.shown >= THRESHOLD).mean()), float(after.mean())


def explicit(data: Path, cache: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """What the default pack says of a set's pictures, percent, and their features."""
    read, classifier = seen(data / SETS[name], cache, READ), ExplicitClassifier(sessions())
    images = (decode_image((data / SETS[name] / file).read_bytes(), min_side=10) for file in read.files)
    return np.array([percent(classifier.score(one), EVEN_EXPLICIT) for one in images]), read.features


def real(data: Path, cache: Path, name: str, centroids: np.ndarray) -> str:
    """A row: what remains of the default pack's own false alarms from FAINT on, of a set."""
    said, features = explicit(data, cache, name)
    rows = np.flatnonzero(said >= FAINT)
    remains = []
    for draw in range(DRAWS):
        order = np.random.default_rng(draw).permutation(rows)
        learned, judged = order[:REAL_COUNT], order[REAL_COUNT:]
        examples = CorrectionExamples(
            said[learned], features[learned], np.zeros(REAL_COUNT, bool), is_said=True
        )
        adapter = ModerationAdapter({"label": fit_correction(examples, centroids, FAINT)})
        remains.append(float((adapted(adapter, said[judged], features[judged]) >= FAINT).mean()))
    return f"| {name} | {len(rows)} of {len(said):,} | {100 * np.mean(remains):.1f} % |"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, required=True, help="Folder for features.")
    options = parser.parse_args()
    centroids, every = load_centroids(NETWORK, 1280), []
    print("| base says, of | false alarms | " + " | ".join(f"{count} examples" for count in COUNTS) + " |")
    print("|---|---|" + "---|" * len(COUNTS))
    for name, label, others in STAND_INS:
        drawn = [stand_in(options.data, options.cache, name, label, others, draw) for draw in range(DRAWS)]
        cells, found = [], {}
        for count in COUNTS:
            enough = [(draw, one) for draw, one in enumerate(drawn) if len(one.false) >= count + MIN_JUDGED]
            if len(enough) < MIN_DRAWS:
                cells.append("–")
                continue
            remains, before, after = np.mean(
                [measure(one, count, draw, centroids) for draw, one in enough], axis=0
            )
            found[count] = remains, before - after
            cells.append(f"{100 * remains:.1f} %, {before:.3f} → {after:.3f}")
        every.append(found)
        share = 100 * np.mean([one.share for one in drawn])
        print(f"| {label}, {' and '.join(others)} | {share:.0f} % | " + " | ".join(cells) + " |", flush=True)
    for count in COUNTS:
        some = np.array([found[count] for found in every if count in found])
        remains, lost = 100 * some.mean(0)
        print(
            f"\n{count} examples, mean of {len(some)}: {remains:.1f} % remain, recall falls by "
            f"{lost:.1f} points."
        )

    print(
        f"\n| Explicit from {FAINT:g} % on | false alarms | remain with {REAL_COUNT} examples |\n"
        "|---|---|---|"
    )
    for name in REAL:
        print(real(options.data, options.cache, name, centroids), flush=True)


if __name__ == "__main__":
    main()
