"""The protocol that identity is measured by: every pair of pictures of LFW's people, weighted by people.

A pair of pictures of two people is an impostor pair, weighted so that each pair of people counts the same;
genuine pairs are weighted so that each person does. Intervals come from drawing people with replacement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from regard.collections.face_models import FaceModel
from regard.packs.install import install
from regard.packs.manifest import find_pack
from regard.vision.faces import Face, FaceAnalyzer
from regard.vision.faces.descriptors import FaceDescriptors
from regard.vision.image import Image, decode_image
from regard.vision.session import SessionPool, one_thread_each

Key = tuple[str, int]  # a person's name and the picture's number

# People whom LFW has under two names, and pictures that are of somebody else, seen among the nearest pairs.
ONE_PERSON = {
    "Hasan_Wirayuda": "Hassan_Wirajuda",
    "Doc_Rivers": "Glenn_Rivers",
    "Andrew_Caldecott": "Andrew_Gilligan",
}
MISLABELLED = {("Carlos_Ruckauf", 1), ("Anja_Paerson", 1)}


@dataclass(frozen=True, eq=False)
class Faces:
    """N faces: whose picture each is of, and its vector (N, D)."""

    keys: list[Key]
    rows: np.ndarray

    @property
    def names(self) -> np.ndarray:
        return np.array([ONE_PERSON.get(name, name) for name, _ in self.keys])

    def take(self, chosen: np.ndarray) -> Faces:
        return Faces([key for key, keep in zip(self.keys, chosen, strict=True) if keep], self.rows[chosen])

    def split(self, folder: Path) -> tuple[Faces, Faces]:
        """Those of the development folds' people, and those of the others, without the wrong ones."""
        people = {key[0] for pair in listed_pairs(folder) for key in pair}
        listed = np.array([name in people for name, _ in self.keys])
        wrong = np.array([key in MISLABELLED for key in self.keys])
        return self.take(listed & ~wrong), self.take(~listed & ~wrong)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs by rising distance: `distance` (N,), `weight` (N,), and the two `people` (N, 2), as numbers.

    `total` is the weight of all pairs, of which these may be the nearest.
    """

    distance: np.ndarray
    weight: np.ndarray
    people: np.ndarray
    total: float

    def share_below(self, distance: float) -> float:
        return float(self.weight[: np.searchsorted(self.distance, distance)].sum() / self.total)

    def distance_at(self, rate: float) -> float:
        return float(self.distance[np.searchsorted(np.cumsum(self.weight) / self.total, rate)])

    def nearest(self, rate: float) -> Pairs:
        """Those up to the distance of a rate."""
        end = np.searchsorted(np.cumsum(self.weight) / self.total, rate)
        return Pairs(self.distance[:end], self.weight[:end], self.people[:end], self.total)

    def among(self, chosen: np.ndarray) -> Pairs:
        """Those of two `chosen` people, bool (P,), of whom each pair, or each alone, has the weight 1."""
        kept = chosen[self.people].all(1)
        genuine = (self.people[:, 0] == self.people[:, 1]).all()
        total = self.weight[kept].sum() if genuine else chosen.sum() * (chosen.sum() - 1) / 2
        return Pairs(self.distance[kept], self.weight[kept], self.people[kept], float(total))


def listed_pairs(folder: Path) -> list[tuple[Key, Key]]:
    pairs = []
    for line in (folder / "pairs_dev_folds1-3.txt").read_text().splitlines()[1:]:
        first, number, *rest = line.split("\t")
        second = rest[0] if len(rest) == 2 else first
        pairs.append(((first, int(number)), (second, int(rest[-1]))))
    return pairs


def pictures(folder: Path) -> list[tuple[Key, Path]]:
    return [
        ((file.parent.name, int(file.stem.rsplit("_", 1)[1])), file)
        for file in sorted(folder.glob("*/*.jpg"))
    ]


def look(folder: Path, describe: Callable[[SessionPool, Image, Face], np.ndarray]) -> Faces:
    """`describe`'s vector of the face that each picture of the folder is about."""
    one_thread_each()
    sessions = SessionPool(install(find_pack("default")).paths())
    analyzer, keys, rows = FaceAnalyzer(sessions), [], []
    for key, file in pictures(folder):
        image = decode_image(file.read_bytes())
        faces = analyzer.detect(image)
        if not faces:
            print(f"no face in {file.name}")
            continue
        keys.append(key)
        rows.append(describe(sessions, image, protagonist(image, faces)))
    return Faces(keys, np.array(rows, np.float32))


def protagonist(image: Image, faces: list[Face]) -> Face:
    """The face nearest the middle, of those at least half as wide as the largest."""
    middle = np.array([image.width, image.height]) / 2
    large = [face for face in faces if face.box.width >= faces[0].box.width / 2]
    return min(large, key=lambda face: float(np.linalg.norm(face.landmarks.mean(0) - middle)))


def embedded(folder: Path, kept: Path | None, model: FaceModel) -> Faces:
    """The model's embeddings of all pictures, from the file `kept`, or kept there once they are made."""
    if kept and kept.exists():
        with np.load(kept) as file:
            keys = list(zip(file["names"].tolist(), file["numbers"].tolist(), strict=True))
            return Faces(keys, file["rows"])
    faces = look(
        folder,
        lambda sessions, image, face: model.embedder.embed(FaceDescriptors(sessions, image.pixels), [face])[
            0
        ],
    )
    if kept:
        names, numbers = zip(*faces.keys, strict=True)
        np.savez(kept, names=names, numbers=numbers, rows=faces.rows)
    return faces


def all_pairs(names: np.ndarray, rows: np.ndarray) -> tuple[Pairs, Pairs]:
    """Impostor and genuine pairs."""
    _, person, count = np.unique(names, return_inverse=True, return_counts=True)
    squares = (rows**2).sum(1)
    first, second = np.triu_indices(len(rows), 1)
    apart = (squares[:, None] + squares - 2 * rows @ rows.T)[first, second]
    order = np.argsort(apart)
    distance = np.sqrt(np.maximum(apart[order], 0))
    people = np.stack([person[first[order]], person[second[order]]], 1)
    own = people[:, 0] == people[:, 1]
    pictures_of = count[people]
    weight = np.where(
        own, 2 / (pictures_of[:, 0] * np.maximum(pictures_of[:, 0] - 1, 1)), 1 / pictures_of.prod(1)
    )
    return tuple(
        Pairs(distance[kind], weight[kind], people[kind], float(weight[kind].sum())) for kind in (~own, own)
    )


def true_match_rates(impostors: Pairs, genuine: Pairs, rates: list[float]) -> np.ndarray:
    return np.array([genuine.share_below(impostors.distance_at(rate)) for rate in rates])


def redrawn(
    impostors: Pairs, genuine: Pairs, rates: list[float], draws: int = 200, seed: int = 0
) -> np.ndarray:
    """The true match rates (draws, len(rates)) with other people; `rates` up to some 1e-3.

    People are drawn with replacement: one who is drawn twice counts twice, and is no impostor to himself.
    The same seed draws the same people whatever their vectors are.
    """
    random, count = np.random.default_rng(seed), int(impostors.people.max()) + 1
    impostors, shares = impostors.nearest(10 * max(rates)), []
    for _ in range(draws):
        times = np.bincount(random.integers(count, size=count), minlength=count).astype(np.float64)
        pairs = (times.sum() ** 2 - (times**2).sum()) / 2
        others = Pairs(
            impostors.distance, impostors.weight * times[impostors.people].prod(1), impostors.people, pairs
        )
        weight = genuine.weight * times[genuine.people[:, 0]]
        own = Pairs(genuine.distance, weight, genuine.people, float(weight.sum()))
        shares.append(true_match_rates(others, own, rates))
    return np.array(shares)


def interval(shares: np.ndarray) -> np.ndarray:
    """Of 95 % of the draws: (2, ...) of (draws, ...)."""
    return np.percentile(shares, [2.5, 97.5], 0)


def accuracy(faces: Faces, folder: Path) -> float:
    """On the listed pairs, at the best threshold."""
    where = {key: place for place, key in enumerate(faces.keys)}
    listed = [(a, b) for a, b in listed_pairs(folder) if a in where and b in where]
    same = np.array([a[0] == b[0] for a, b in listed])
    distance = np.array([np.linalg.norm(faces.rows[where[a]] - faces.rows[where[b]]) for a, b in listed])
    return max(float(((distance < limit) == same).mean()) for limit in distance)
