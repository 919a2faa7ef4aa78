"""Train the appearance head: glasses, sunglasses, beard, moustache, smile, mouth, eyes, occlusion.

    python -m training.fit_appearance ../shared/data --cache CACHE

Trained on the faces of FairFace (CC BY 4.0) that training/labels/fairface.csv labels, as they are, mirrored
and disturbed, and with glasses, sunglasses, masks and other covers drawn on. Every confidence is calibrated
on faces that the network that judged them had not seen (four folds; the drawn copies of a face stay in its
fold). Judged, never trained, on LFW (training/labels/lfw.csv, and its smile labels) and on the photos of face
masks.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from regard.vision.faces.mesh_geometry import MeanFace, shape_features
from training.card_metrics import platt, share
from training.disturbing import disturbed
from training.drawn import draw_cover, draw_glasses, draw_mask
from training.facesets import FaceSet, face_set, labelled, read_chips, sessions
from training.head_training import (
    Network,
    Plan,
    Samples,
    binary_loss,
    crossed,
    logits_of,
    save,
    train,
    windowed,
)

OUTPUTS = ("eyeglasses", "sunglasses", "beard", "mustache", "smile", "mouth_open", "eyes_open", "occluded")
WINDOW = (2, 12, 3, 11)
PLAN = Plan(OUTPUTS, {"faceres": (WINDOW, 24)}, dropout=0.35, decay=0.2, epochs=8)
FOLDS = 4
HERE = Path(__file__).parent


def targets(codes: str) -> np.ndarray:
    """(8,): 1 yes, 0 no, −1 not known, for OUTPUTS."""
    dark = "S" in codes

    def of(yes: str, doubtful: str) -> int:
        return 1 if yes in codes else -1 if doubtful in codes else 0

    return np.array(
        [
            -1 if dark else int("G" in codes),
            int(dark),
            of("B", "b"),
            of("M", "m"),
            of("Y", "y"),
            of("T", "t"),
            0 if "C" in codes else -1 if "c" in codes else 1,
            int("O" in codes or dark),  # dark glasses hide the eyes
        ]
    )


def copies(
    faces: FaceSet, truth: np.ndarray, random: np.random.Generator
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Which face, its changed chip, and what is true of it then."""
    place = {name: number for number, name in enumerate(OUTPUTS)}
    lower = [place[name] for name in ("beard", "mustache", "smile", "mouth_open")]
    for number, mesh in enumerate(faces.meshes_in_chips()):
        chip, true = np.array(faces.chips[number]), truth[number]
        other = np.array(faces.chips[random.integers(len(faces.names))])
        changed = [(chip[:, ::-1], true), (disturbed(chip, random), true)]
        if true[0] == 0 and true[1] == 0:
            seen = true.copy()
            seen[place["eyeglasses"]] = 1
            changed.append((draw_glasses(chip, mesh, random, dark=False), seen))
            dark = true.copy()
            dark[[place["eyeglasses"], place["eyes_open"]]] = -1
            dark[[place["sunglasses"], place["occluded"]]] = 1
            changed.append((draw_glasses(chip, mesh, random, dark=True), dark))
        masked = true.copy()
        masked[lower] = -1
        masked[place["occluded"]] = 1
        changed.append((draw_mask(chip, mesh, random), masked))
        covered = np.full(len(OUTPUTS), -1)
        covered[place["occluded"]] = 1
        changed.append((draw_cover(chip, mesh, other, random), covered))
        for order, (picture, labels) in enumerate(changed):
            if order > 1 and random.random() < 0.5:
                picture = disturbed(np.ascontiguousarray(picture), random)
            if order > 0 and random.random() < 0.5:
                picture = picture[:, ::-1]
            yield number, np.ascontiguousarray(picture), labels


def shape_of(faces: FaceSet) -> np.ndarray:
    return shape_features(faces.meshes, MeanFace().align(faces.meshes.points))


def samples_of(faces: FaceSet, truth: np.ndarray) -> Samples:
    return Samples({"faceres": windowed(faces.readings.middles, WINDOW)}, shape_of(faces), truth)


def changed_samples(faces: FaceSet, truth: np.ndarray, cache: Path) -> tuple[Samples, np.ndarray]:
    """The copies, and which face each is of. The mesh of a copy is that of its face: what is drawn or blurred
    moves the product's own mesh a little, which training makes up for by its noise.
    """
    kept = cache / "appearance_copies.npz"
    if not kept.exists():
        random = np.random.default_rng(PLAN.seed)
        made = list(copies(faces, truth, random))
        middles, _ = read_chips(sessions(), np.array([picture for _, picture, _ in made]))
        np.savez(
            kept,
            middles=windowed(middles, WINDOW),
            base=np.array([number for number, _, _ in made]),
            truth=np.array([labels for _, _, labels in made]),
        )
    with np.load(kept) as read:
        base = read["base"]
        shape = shape_of(faces)[base]
        shape = shape + np.random.default_rng(1).normal(0, 0.01, shape.shape).astype(np.float32)
        return Samples({"faceres": read["middles"]}, shape, read["truth"]), base


def judge(said: np.ndarray, truth: np.ndarray, data: str) -> list[dict[str, str | float | int]]:
    """Accuracy of each output with its interval, how many who have it are found, how many others are said to
    to have it; where the truth is known. `said` (N, 8): logits.
    """
    rows = []
    for place, name in enumerate(OUTPUTS):
        known = truth[:, place] >= 0
        yes, true = said[known, place] > 0, truth[known, place] == 1
        if not known.any():
            continue
        rows.append(share(name, "right, %", yes == true, data))
        if true.any():
            rows.append(share(name, "said where true, %", yes[true], data))
        if (~true).any():
            rows.append(share(name, "said where not, %", yes[~true], data))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--own", type=Path, help="folder for what no other script keeps; else CACHE")
    options = parser.parse_args()
    codes = {row["file"]: row["codes"] for row in labelled(HERE / "labels/fairface.csv")}
    usable = [name for name, code in codes.items() if "X" not in code]
    faces = face_set(options.data, "fairface", options.cache).of(usable)
    truth = np.array([targets(codes[name]) for name in faces.names])
    plain = samples_of(faces, truth)
    changed, base = changed_samples(faces, truth, options.own or options.cache)
    every = Samples.join([plain, changed])
    person = np.concatenate([np.arange(len(plain)), base])
    fold = np.random.default_rng(PLAN.seed).permutation(len(plain))[person] % FOLDS
    original = np.arange(len(every)) < len(plain)
    unseen = crossed(PLAN, every, binary_loss, fold, judged=original)[original]
    curves = [platt(unseen[known, n], truth[known, n]) for n, known in enumerate((truth >= 0).T)]
    scale, shift = (np.array(values) for values in zip(*curves, strict=True))
    final = train(PLAN, every, binary_loss)
    metrics = judge(unseen * scale + shift, truth, "FairFace, unseen faces, labelled by eye")
    metrics += elsewhere(final, scale, shift, options.data, options.cache)
    card = {
        "says": "what is worn, grown and done with a face, as most would see it",
        "trained on": [
            f"FairFace (CC BY 4.0): {len(plain)} faces labelled by eye (training/labels/fairface.csv)",
            f"{len(changed)} mirrored, disturbed and drawn-on copies of them, made by training/drawn.py",
        ],
        "research-only data": "none in training; LFW and the photos of masks only to judge",
        "split": f"{FOLDS} folds by face, copies with their face",
        "limits": "One rater a face. Few sunglasses, closed eyes and covers are real; most covers are drawn. "
        "Of real covers that are neither mask nor sunglasses only half are noticed.",
        "metrics": metrics,
    }
    file = save("appearance", final, scale, shift, card)
    print(*metrics, f"{file.stat().st_size} bytes", sep="\n")


def elsewhere(
    network: Network, scale: np.ndarray, shift: np.ndarray, data: Path, cache: Path
) -> list[dict[str, str | float | int]]:
    """The same on sets that nothing was trained or calibrated on."""
    codes = {row["file"]: row["codes"] for row in labelled(HERE / "labels/lfw.csv")}
    usable = [name for name, code in codes.items() if "X" not in code]
    smiles = {row["file"]: row["smile"] for row in labelled(data / "lfw/labels.csv") if row["smile"]}
    rows = []
    for name, names, title in (
        ("lfw", usable, "LFW, labelled by eye"),
        ("lfw", list(smiles), "LFW, its own labels"),
        ("facemask", None, "photos with and without a face mask"),
    ):
        faces = face_set(data, name, cache, names=names)
        truth = np.full((len(faces.names), len(OUTPUTS)), -1)
        if names is usable:
            truth = np.array([targets(codes[file]) for file in faces.names])
        elif name == "lfw":
            truth[:, OUTPUTS.index("smile")] = [int(smiles[file]) for file in faces.names]
        else:
            truth[:, OUTPUTS.index("occluded")] = [file.startswith("with_mask") for file in faces.names]
        said = logits_of(network, samples_of(faces, truth)) * scale + shift
        rows += judge(said, truth, title)
    return rows


if __name__ == "__main__":
    main()
