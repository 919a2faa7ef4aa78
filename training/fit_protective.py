"""Train what tells protective equipment: heads, helmets, faces, masks, hands and gloves, from chips of them.

    python -m training.fit_protective ../shared/data --cache CACHE

Trained on chips that were labelled by eye (labels/protective_*.csv) of the photos of hard hats, of COCO
(labels CC BY 4.0, Flickr's pictures) and of face masks, on heads of LFW that a first try took for helmets
(most wear caps), and on faces of FairFace (CC BY 4.0) that wear no mask; each as it is, mirrored, and
disturbed. Every confidence is calibrated on chips that the head had not seen: five folds by photo,
look-alikes in one. Masks are judged on LFW too, where nobody wears one. Writes head, face and hand (.npz and
.json), glove and bare (.json) of regard.vision.protective.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from regard.vision.image import decode_image
from regard.vision.pixels import Copies
from regard.vision.protective.equipment import face_chips, glove_evidence, hand_chips
from regard.vision.protective.parts import PartSquare
from training.card_metrics import calibration, platt, share
from training.facesets import labelled
from training.feature_head import fit_head, logistic, save_head, sigmoid, with_one
from training.fit_bare import Unseen, fit_bare
from training.protective_chips import Chips, chips
from training.protective_faces import faces_of

HERE = Path(__file__).parent
WEIGHTS = HERE.parent / "src/regard/vision/protective"
FOLDS, SEED = 5, 0
ALIKE = 6  # bits of 64 by which two photos' hashes differ at most when they are one photo
FAIRFACE, LFW = 1500, 1000  # faces
EDGES = (0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 1.01)  # of the table of what is said
DIMENSIONS = {"head": 400, "face": 200, "hand": 100}
OUTPUTS = {"head": ("head", "helmet"), "face": ("face", "mask", "nose"), "hand": ("hand", "glove")}
YES, NO, UNKNOWN = 1, 0, -1
HEADS = {
    "H": (YES, YES),
    "C": (YES, NO),
    "N": (YES, NO),
    "O": (YES, NO),
    "X": (NO, NO),
    "U": (UNKNOWN, UNKNOWN),
}
FACES = {"M": (YES, YES), "F": (YES, NO), "B": (NO, NO), "U": (UNKNOWN, UNKNOWN)}
MASKS = {"C": (YES, YES), "L": (YES, NO), "N": (NO, UNKNOWN), "H": (NO, UNKNOWN), "U": (UNKNOWN, UNKNOWN)}
HANDS = {"G": (YES, YES), "B": (YES, NO), "X": (NO, NO), "U": (UNKNOWN, UNKNOWN)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--faces", type=Path, help="folder for the faces found; CACHE where it isn't said")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    data, cache = options.data, options.cache
    rows = {
        name: labelled(HERE / f"labels/protective_{name}.csv") for name in ("heads", "masks", "hats", "hands")
    }
    places = {name: [(row["file"], region_of(row)) for row in some] for name, some in rows.items()}
    for name, count in (("fairface", FAIRFACE), ("lfw", LFW)):
        places[name] = faces_of(data, options.faces or cache, name, count)
    sets = {
        (kind, name): chips(data, cache, kind, name, places[name])
        for kind, name in (
            *(("head", name) for name in ("heads", "masks", "hats")),
            *(("face", name) for name in ("heads", "masks", "fairface", "lfw")),
            ("hand", "hands"),
        )
    }
    heads = np.array([HEADS[row["head"]] for row in rows["heads"]])
    hats = np.array([HEADS[row["head"]] for row in rows["hats"]])
    faces = np.array([(*FACES[row["face"]], UNKNOWN) for row in rows["heads"]])
    masks = np.array([(YES, *MASKS[row["mask"]]) for row in rows["masks"]])
    hands = np.array([HANDS[row["hand"]] for row in rows["hands"]])
    bare = np.tile([YES, NO, UNKNOWN], (len(sets["face", "fairface"].files), 1))
    bare_heads = np.tile([YES, NO], (len(masks), 1))  # nobody wears a helmet in the photos of masks
    sides = {name: np.array([region.side for _, region in some]) for name, some in places.items()}
    helmets = fit("head", {"heads": heads, "masks": bare_heads, "hats": hats}, sets, sides)
    covers = fit("face", {"heads": faces, "masks": masks, "fairface": bare}, sets, sides)
    likely = fit("hand", {"hands": hands}, sets, sides)
    gloves = fit_gloves(data, rows["hands"], likely, hands[:, 1])
    fit_bare(WEIGHTS / "bare.json", {"helmet": helmets, "mask": covers, "glove": gloves})


def region_of(row: dict[str, str]) -> PartSquare:
    x, y, side, up_x, up_y = (float(row[name]) for name in ("x", "y", "side", "up_x", "up_y"))
    return PartSquare(np.array([x, y]), side, np.array([up_x, up_y]))


def folds_of(hashes: np.ndarray) -> np.ndarray:
    """A fold for each chip; those of one photo, or of two that look the same, get the same."""
    unique, own = np.unique(hashes, axis=0, return_inverse=True)
    group = np.arange(len(unique))
    for row, one in enumerate(unique):
        for other in np.flatnonzero((unique != one).sum(1) <= ALIKE):
            group[group == group[other]] = group[row]
    numbers, group = np.unique(group, return_inverse=True)
    return np.random.default_rng(SEED).permutation(len(numbers))[group][own.ravel()] % FOLDS


def fit(
    kind: str,
    targets: dict[str, np.ndarray],
    sets: dict[tuple[str, str], Chips],
    sides: dict[str, np.ndarray],
) -> Unseen:
    """Writes a head and its card; what it says of the cover of chips that it had not seen, where it is known.

    Of hands all are given, known or not.
    """
    parts = [sets[kind, name] for name in targets]
    features = np.concatenate([part.features for part in parts])
    truth = np.concatenate(list(targets.values()))
    source = np.repeat(list(targets), [len(part.files) for part in parts])
    files = np.concatenate([part.files for part in parts])
    fold = folds_of(np.concatenate([part.hashes for part in parts]))
    logits = np.zeros(truth.shape)
    for number in range(FOLDS):
        weights, bias = fit_head(features[fold != number], truth[fold != number], DIMENSIONS[kind])
        logits[fold == number] = rooted(features[fold == number, 0]) @ weights + bias
    outputs = OUTPUTS[kind]
    curves = [platt(logits[known, n], truth[known, n]) for n, known in enumerate((truth >= 0).T)]
    scale, shift = (np.array(values) for values in zip(*curves, strict=True))
    probabilities = sigmoid(logits * scale + shift)
    weights, bias = fit_head(features, truth, DIMENSIONS[kind])
    weights, bias = weights * scale, bias * scale + shift
    metrics = []
    for name in targets:
        own = source == name
        metrics += judge(outputs, probabilities[own], truth[own], TITLES[name])
        metrics += by_photo(kind, files[own], probabilities[own], name)
    if kind == "face":
        said = sigmoid(rooted(sets["face", "lfw"].features[:, 0]) @ weights + bias)
        none = np.full(said.shape, UNKNOWN)
        none[:, outputs.index("mask")] = NO
        metrics += judge(outputs, said, none, TITLES["lfw"])
    size = save_head(WEIGHTS / f"{kind}.npz", outputs, weights, bias)
    card = {
        "head": kind,
        "says": SAYS[kind],
        "trained on": [f"{TITLES[name]}: {int((source == name).sum())} chips" for name in targets],
        "research-only data": "The photos of hard hats state no terms; LFW is for research.",
        "split": f"{FOLDS} folds by photo, look-alikes together",
        "limits": LIMITS[kind],
        "metrics": metrics,
        "calibration": {
            name: calibration(probabilities[truth[:, n] >= 0, n], truth[truth[:, n] >= 0, n], EDGES)
            for n, name in enumerate(outputs)
        },
        "bytes": size,
    }
    (WEIGHTS / f"{kind}.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(json.dumps(card, indent=1, ensure_ascii=False))
    worn = truth[:, 1]  # of a head and a hand the second output is their cover, of a face as well
    side = np.concatenate([sides[name] for name in targets])
    titles = np.array([TITLES[name] for name in source.tolist()])
    unseen = Unseen(probabilities[:, 1], worn == YES, fold, side, titles)
    return unseen if kind == "hand" else unseen.where(worn != UNKNOWN)


def fit_gloves(data: Path, rows: list[dict[str, str]], hands: Unseen, truth: np.ndarray) -> Unseen:
    """What a hand's colour beside its person's face adds; of hands whose person's face is seen."""
    chosen = [n for n, row in enumerate(rows) if truth[n] >= 0 and row["face_x"] and row["hand"] in "GB"]
    evidence = []
    for n in chosen:
        row = rows[n]
        owner = region_of({name: row[f"face_{name}"] for name in ("x", "y", "side", "up_x", "up_y")})
        copies = Copies(decode_image((data / row["file"]).read_bytes(), min_side=10).pixels)
        [face], [hand] = face_chips(copies, [owner]), hand_chips(copies, [region_of(row)])
        evidence.append(glove_evidence(face, hand, float(hands.cover[n])))
    features, gloved, fold = with_one(np.array(evidence)), truth[chosen].astype(float), hands.fold[chosen]
    ridge = np.array([0.3, 0.3, 0.3, 0])
    logits = np.zeros(len(chosen))
    for number in range(FOLDS):
        weights = logistic(features[fold != number], gloved[fold != number], ridge)
        logits[fold == number] = features[fold == number] @ weights
    weights = logistic(features, gloved, ridge)
    worn, title = gloved == YES, "hands of people whose face is seen, labelled by eye"
    said = logits >= 0
    card = {
        "head": "glove",
        "says": "whether a hand is gloved",
        "trained on": [f"hands of people whose face is seen: {len(chosen)}, {int(worn.sum())} in gloves"],
        "research-only data": "as for `hand`",
        "split": f"{FOLDS} folds by photo, look-alikes together",
        "limits": "Gloves are rare here, look like anything, and nearly all are missed: that none is found "
        "does not mean that none is worn.",
        "metrics": [
            share("glove", "said where true, %", said[worn], title),
            share("glove", "said where not, %", said[~worn], title),
        ],
        "weights": [round(float(weight), 4) for weight in weights],
    }
    (WEIGHTS / "glove.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(json.dumps(card, indent=1, ensure_ascii=False))
    return Unseen(sigmoid(logits), worn, fold, hands.side[chosen], np.full(len(chosen), title))


TITLES = {
    "heads": "photos of hard hats and COCO, labelled by eye",
    "masks": "photos with and without a face mask",
    "fairface": "FairFace, nobody masked",
    "lfw": "LFW, nobody masked",
    "hats": "LFW, the 300 of 4,087 heads that look most like helmets: caps and the like",
    "hands": "hands in photos of hard hats and COCO, labelled by eye",
}
SAYS = {
    "head": "whether there is a head, and whether it wears a rigid helmet; caps and hats are none",
    "face": "whether a face is seen; whether mask or cloth covers mouth or nose; whether it covers the nose",
    "hand": "whether there is a hand, and whether it is gloved",
}
LIMITS = {
    "head": "Helmets of builders, miners, riders and cyclists. Those of faces under 15 px are often missed.",
    "face": "Most masks are surgical or of cloth, worn by people of East Asia. 'nose' has few examples.",
    "hand": "'glove' alone tells little; it is evidence for `glove` below.",
}


def judge(outputs: Sequence[str], probabilities: np.ndarray, truth: np.ndarray, data: str) -> list[dict]:
    rows = []
    for place, name in enumerate(outputs):
        known = truth[:, place] >= 0
        said, true = probabilities[known, place] >= 0.5, truth[known, place] == YES
        if true.any() and (~true).any():
            rows.append(share(name, "right, %", said == true, data))
        if true.any():
            rows.append(share(name, "said where true, %", said[true], data))
        if (~true).any():
            rows.append(share(name, "said where not, %", said[~true], data))
    return rows


def by_photo(kind: str, files: np.ndarray, probabilities: np.ndarray, name: str) -> list[dict]:
    """Photos of hard hats by the set's own labels: whether somebody in them wears one."""
    if (kind, name) != ("head", "heads"):
        return []
    best: dict[str, float] = {}
    for file, probability in zip(files.tolist(), probabilities[:, 1].tolist(), strict=True):
        if file.startswith("hardhat/"):
            best[file] = max(probability, best.get(file, 0.0))
    worn = np.array([file.startswith("hardhat/pos") for file in best])
    said = np.array(list(best.values())) >= 0.5
    title = "photos of hard hats with people, by the photo"
    return [
        share("helmet", "right, %", said == worn, title),
        share("helmet", "said where true, %", said[worn], title),
        share("helmet", "said where not, %", said[~worn], title),
    ]


def rooted(features: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum(features, 0))


if __name__ == "__main__":
    main()
