"""Fit the similarity in percent to false match rates, and measure recognition, on the LFW development folds.

    python training/fit_similarity.py ../shared/data/lfw

Uses the pictures of the people in `pairs_dev_folds1-3.txt`. Every pair of pictures of two people is an
impostor pair, weighted so that each pair of people counts the same; genuine pairs are weighted so that each
person does. Prints the constants of src/regard/collections/similarity.py, what they give, and the same fitted
on one half of the people and judged on the other.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from regard.packs.install import install
from regard.packs.manifest import find_pack
from regard.vision.faces import FaceAnalyzer
from regard.vision.image import decode_image
from regard.vision.session import SessionPool

# Similarity in percent, and the false match rate that it is to mean.
ANCHORS = {80.0: 1e-4, 95.0: 1e-5, 99.0: 1e-6}

Pairs = tuple[np.ndarray, np.ndarray]  # distances, weights


def people_of(pairs_file: Path) -> list[tuple[tuple[str, int], tuple[str, int]]]:
    pairs = []
    for line in pairs_file.read_text().splitlines()[1:]:
        first, number, *rest = line.split("\t")
        second = rest[0] if len(rest) == 2 else first
        pairs.append(((first, int(number)), (second, int(rest[-1]))))
    return pairs


def embed_all(folder: Path, people: set[str]) -> tuple[list[tuple[str, int]], np.ndarray]:
    """The embedding of the face nearest the middle of every picture."""
    analyzer = FaceAnalyzer(SessionPool(install(find_pack("default")).paths()))
    keys, rows = [], []
    for file in sorted(path for person in people for path in (folder / person).glob("*.jpg")):
        image = decode_image(file.read_bytes())
        faces = analyzer.detect(image)
        if not faces:
            print(f"no face in {file.name}")
            continue
        middle = np.array([image.width, image.height]) / 2
        face = min(faces, key=lambda face: float(np.linalg.norm(face.landmarks.mean(0) - middle)))
        keys.append((file.parent.name, int(file.stem.rsplit("_", 1)[1])))
        rows.append(analyzer.embed(image, [face])[0])
    return keys, np.array(rows, np.float32)


def all_pairs(names: np.ndarray, rows: np.ndarray) -> tuple[Pairs, Pairs]:
    """Impostor and genuine pairs."""
    _, person, count = np.unique(names, return_inverse=True, return_counts=True)
    squares = (rows**2).sum(1)
    apart = np.sqrt(np.maximum(squares[:, None] + squares[None] - 2 * rows @ rows.T, 0))
    first, second = np.triu_indices(len(rows), 1)
    same = person[first] == person[second]
    distance = apart[first, second]
    a, b = count[person[first]], count[person[second]]
    weight = np.where(same, 2 / (a * np.maximum(b - 1, 1)), 1 / (a * b))
    return (distance[~same], weight[~same]), (distance[same], weight[same])


def share_below(pairs: Pairs, distance: float) -> float:
    return float(pairs[1][pairs[0] < distance].sum() / pairs[1].sum())


def distance_at_rate(pairs: Pairs, rate: float) -> float:
    order = np.argsort(pairs[0])
    share = np.cumsum(pairs[1][order]) / pairs[1].sum()
    return float(pairs[0][order][np.searchsorted(share, rate)])


def fit(impostors: Pairs) -> tuple[float, float]:
    """a and b of 100 / (1 + (d / a)^b): least squares in log d over the anchors."""
    log_odds = [np.log((100 - percent) / percent) for percent in ANCHORS]
    log_distance = [np.log(distance_at_rate(impostors, rate)) for rate in ANCHORS.values()]
    slope, offset = np.polyfit(log_odds, log_distance, 1)
    return float(np.exp(offset)), float(1 / slope)


def report(title: str, constants: tuple[float, float], impostors: Pairs, genuine: Pairs) -> None:
    print(f"\n{title}: {len(impostors[0])} impostor pairs, {len(genuine[0])} genuine pairs")
    print("| similarity | distance | false match rate | true match rate |\n|---|---|---|---|")
    for percent in (50, 80, 90, 95, 99, 99.9):
        distance = constants[0] * ((100 - percent) / percent) ** (1 / constants[1])
        rates = share_below(impostors, distance), share_below(genuine, distance)
        print(f"| {percent} % | {distance:.3f} | {rates[0]:.1e} | {rates[1]:.3f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--save", type=Path, help="keep the embeddings in this .npz")
    options = parser.parse_args()
    listed = people_of(options.folder / "pairs_dev_folds1-3.txt")
    keys, rows = embed_all(options.folder, {key[0] for pair in listed for key in pair})
    names = np.array([key[0] for key in keys])
    if options.save:
        np.savez(options.save, names=names, rows=rows)
    where = {key: index for index, key in enumerate(keys)}
    usable = [(where[a], where[b], a[0] == b[0]) for a, b in listed if a in where and b in where]
    distance = np.array([np.linalg.norm(rows[a] - rows[b]) for a, b, _ in usable])
    same = np.array([pair[2] for pair in usable])
    accuracy = max(float(((distance < limit) == same).mean()) for limit in distance)
    print(f"{len(rows)} faces; {len(usable)} listed pairs, accuracy at the best threshold {accuracy:.4f}")
    impostors, genuine = all_pairs(names, rows)
    for rate in ANCHORS.values():
        limit = distance_at_rate(impostors, rate)
        print(f"true match rate at {rate:.0e}: {share_below(genuine, limit):.3f} (distance {limit:.3f})")
    constants = fit(impostors)
    print(f"MIDDLE, STEEPNESS = {constants[0]:.4f}, {constants[1]:.3f}")
    report("all people", constants, impostors, genuine)
    half = np.random.RandomState(0).permutation(np.unique(names))
    chosen = np.isin(names, half[: len(half) // 2])
    for title, train, test in (
        ("first half's fit on the second", chosen, ~chosen),
        ("the reverse", ~chosen, chosen),
    ):
        report(title, fit(all_pairs(names[train], rows[train])[0]), *all_pairs(names[test], rows[test]))


if __name__ == "__main__":
    main()
