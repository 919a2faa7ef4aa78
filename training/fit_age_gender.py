"""Train the head for age and gender as they appear.

    python -m training.fit_age_gender ../shared/data --cache CACHE

Trained on FairFace (CC BY 4.0; ages in nine ranges) and UTKFace (ages in years; research only: without it,
ages over 60 are far off). A network says a mean and a spread; the loss is the probability of the range that
the label names, under a logistic distribution. Judged in five folds on faces that the network had not seen.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from regard.vision.faces.describer import (
    AGE_MIDDLE,
    AGE_STEP,
    RANGE,
    age_gender_vector,
    age_of,
    age_spread_of,
)
from regard.vision.faces.descriptors import FaceReadings
from training.card_metrics import metric, platt, share
from training.facesets import FaceSet, face_set, labelled, mirrored_readings
from training.head_training import Plan, Samples, crossed, save, train, windowed

WINDOW = (2, 12, 2, 12)
PLAN = Plan(
    ("age", "spread", "male"), {"faceres": (WINDOW, 32)}, hidden=96, dropout=0.45, decay=0.2, epochs=10
)
FOLDS = 5
RANGES = {
    "0-2": (0, 3),
    "3-9": (3, 10),
    "10-19": (10, 20),
    "20-29": (20, 30),
    "30-39": (30, 40),
    "40-49": (40, 50),
    "50-59": (50, 60),
    "60-69": (60, 70),
    "more than 70": (70, 110),
}
ADULT = 20
GENDER_WEIGHT = 3.0
CHILD_WEIGHT = 0.2  # what a child's gender counts in training: few could tell it from the face
LEAST_SPREAD = 1.0


def loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """`targets`: the first year, the one behind the last, male."""
    first, behind, male = targets.T
    middle = AGE_MIDDLE + AGE_STEP * logits[:, 0]
    spread = LEAST_SPREAD + 3 * torch.nn.functional.softplus(logits[:, 1] + 2)
    # The logistic distribution with the spread of a normal one: its slope is π / √3.
    within = torch.sigmoid(1.8138 * (behind - middle) / spread) - torch.sigmoid(
        1.8138 * (first - middle) / spread
    )
    gender = torch.nn.functional.binary_cross_entropy_with_logits(logits[:, 2], male, reduction="none")
    weight = torch.where(behind > 10, 1.0, CHILD_WEIGHT)
    return -within.clamp_min(1e-6).log().mean() + GENDER_WEIGHT * (gender * weight).mean()


def samples(readings: FaceReadings, truth: np.ndarray) -> Samples:
    return Samples({"faceres": windowed(readings.middles, WINDOW)}, age_gender_vector(readings), truth)


def truth_of(data: Path, name: str, faces: FaceSet) -> tuple[np.ndarray, np.ndarray]:
    """(N, 3) for `loss`, and the group (N,) that the set names."""
    rows: Mapping[str, dict[str, str]] = {row["file"]: row for row in labelled(data / name / "labels.csv")}
    chosen = [rows[file] for file in faces.names]
    if name == "fairface":
        ages = [RANGES[row["age"]] for row in chosen]
    else:
        ages = [(int(row["age"]), int(row["age"]) + 1) for row in chosen]
    male = [row["gender"].startswith("M") for row in chosen]
    return np.column_stack([ages, male]).astype(float), np.array([row["race"] for row in chosen])


def measured(
    said: np.ndarray, truth: np.ndarray, group: np.ndarray, data: str, *, exact: bool
) -> list[dict[str, str | float | int]]:
    """Rows of the card for a set: `said` (N, 3) age, spread, logit of male."""
    age, spread = said[:, 0], said[:, 1]
    true = truth[:, 0] if exact else np.minimum(truth[:, :2].mean(1), 75)
    error = age - true
    adult = truth[:, 0] >= ADULT
    right = (said[:, 2] > 0) == (truth[:, 2] == 1)
    inside = np.abs(error) <= RANGE * spread

    def off(name: str, rows: np.ndarray) -> dict[str, str | float | int]:
        far = np.abs(error[rows])
        half = 1.96 * far.std() / np.sqrt(len(far))
        return metric("age", name, far.mean(), data, len(far), far.mean() - half, far.mean() + half)

    decades = {f"{low} to {low + 9}": (true >= low) & (true < low + 10) for low in range(0, 100, 10)}
    groups = {name: group == name for name in np.unique(group).tolist()}
    return [
        off("years off", np.ones(len(age), bool)),
        off("years off, adults", adult),
        *(off(f"years off, {name}", rows) for name, rows in decades.items() if rows.any()),
        *(off(f"years off, {name}", rows) for name, rows in groups.items()),
        share("age", "in the range that is said, %", inside, data),
        share("gender", "right, adults, %", right[adult], data),
        share("gender", "right, women, %", right[adult & (truth[:, 2] == 0)], data),
        share("gender", "right, men, %", right[adult & (truth[:, 2] == 1)], data),
        *(share("gender", f"right, {name}, %", right[adult & rows], data) for name, rows in groups.items()),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, required=True)
    options = parser.parse_args()
    sets, mirrored, truths, groups = [], [], [], []
    for name in ("fairface", "utkface"):
        faces = face_set(options.data, name, options.cache)
        truth, group = truth_of(options.data, name, faces)
        sets.append(samples(faces.readings, truth))
        mirrored.append(samples(mirrored_readings(faces.chips, options.cache, name), truth))
        truths.append(truth)
        groups.append(group)
    every = Samples.join([*sets, *mirrored])
    count = sum(len(part) for part in sets)
    source = np.repeat([0, 1], [len(part) for part in sets])
    random = np.random.default_rng(PLAN.seed)
    fold = np.tile(random.permutation(count) % FOLDS, 2)
    original = np.arange(len(every)) < count
    unseen = crossed(PLAN, every, loss, fold, judged=original)[original]
    truth = np.concatenate(truths)
    adult = truth[:, 0] >= ADULT
    slope, offset = platt(unseen[adult, 2], truth[adult, 2])
    said = np.column_stack([age_of(unseen[:, 0]), age_spread_of(unseen[:, 1]), slope * unseen[:, 2] + offset])
    titles = ("FairFace, unseen faces (true age: the middle of a range)", "UTKFace, unseen faces")
    metrics = [
        row
        for n, title in enumerate(titles)
        for row in measured(said[source == n], truths[n], groups[n], title, exact=bool(n))
    ]
    final = train(PLAN, every, loss)
    card = {
        "says": "age and gender as most would read them from the face; not who a person is",
        "trained on": [
            f"FairFace (CC BY 4.0), {len(sets[0])} faces",
            f"UTKFace (non-commercial research), {len(sets[1])} faces",
        ],
        "research-only data": "UTKFace, in training: with FairFace alone, ages over 60 are some 12 years off",
        "split": f"{FOLDS} folds by picture; the sets don't say who is who",
        "limits": "Children's gender can't be read from a face. Its confidence is calibrated on adults.",
        "metrics": metrics,
    }
    file = save("age_gender", final, np.array([1.0, 1.0, slope]), np.array([0.0, 0.0, offset]), card)
    print(*metrics, f"{file.stat().st_size} bytes", sep="\n")


if __name__ == "__main__":
    main()
