"""Faces as real ones lie: identities between those of a data set, their pictures varied as real ones vary.

The embeddings of the data are the product's own. An identity is the sum of two real faces' deviations from
the average, shrunk by what pictures of one person vary, so that the clusters of real faces and the tail of
strangers who look alike are kept; a picture of it adds the deviations of two pictures of real persons.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regard.collections.face_models import FaceModels
from regard.packs.install import InstalledPack
from regard.vision.faces import FaceAnalyzer
from regard.vision.image import decode_image
from regard.vision.session import SessionPool

_PICTURES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True, slots=True, eq=False)
class FacePopulation:
    """`faces` float32 (n, d) of different people.

    `deviations` (m, d) are those of pictures from the average of their person.
    """

    faces: NDArray[np.float32]
    deviations: NDArray[np.float32]

    def identities(self, random: np.random.Generator, count: int) -> NDArray[np.float32]:
        """Centres (count, d) of so many identities."""
        average = self.faces.mean(axis=0)
        within = float(np.mean(np.sum(self.deviations**2, axis=1)))
        whole = float(np.mean(np.sum((self.faces - average) ** 2, axis=1)))
        share = np.float32(np.sqrt(max(1 - within / whole, 0.0) / 2))
        one, other = (self.faces[random.integers(len(self.faces), size=count)] for _ in range(2))
        centres: NDArray[np.float32] = average + share * (one + other - 2 * average)
        return centres

    def images(self, random: np.random.Generator, centres: NDArray[np.float32]) -> NDArray[np.float32]:
        """One picture of each identity, (count, d)."""
        one, other = (
            self.deviations[random.integers(len(self.deviations), size=len(centres))] for _ in range(2)
        )
        return centres + (one + other) / np.float32(np.sqrt(2))


def load_population(data: Path, cache: Path) -> FacePopulation:
    """Of LFW, whose folders are people, and of FairFace, each picture another person, under `data`.

    Embeddings are made once, which takes minutes, and kept in `cache`.
    """
    lfw, people = _embeddings(data / "lfw", cache)
    fairface, _ = _embeddings(data / "fairface", cache)
    names, first, counts = np.unique(people, return_index=True, return_counts=True)
    deviations = []
    for name in names[counts > 1]:
        pictures = lfw[people == name]
        unbiased = np.sqrt(len(pictures) / (len(pictures) - 1))
        deviations.append((pictures - pictures.mean(axis=0)) * np.float32(unbiased))
    return FacePopulation(np.concatenate([lfw[first], fairface]), np.concatenate(deviations))


def _embeddings(folder: Path, cache: Path) -> tuple[NDArray[np.float32], NDArray[np.str_]]:
    """Of the largest face of each picture; and the name of the folder that it lies in."""
    kept = cache / f"{folder.name}.npz"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        found = list(_embed(folder))
        np.savez(kept, vectors=[vector for vector, _ in found], who=[name for _, name in found])
    with np.load(kept) as held:
        return held["vectors"].astype(np.float32), held["who"]


def _embed(folder: Path) -> Iterator[tuple[NDArray[np.float32], str]]:
    analyzer = FaceAnalyzer(SessionPool(InstalledPack.load().paths()))
    embedder = FaceModels().default.embedder
    for file in sorted(folder.rglob("*")):
        if file.suffix.lower() not in _PICTURES:
            continue
        image = decode_image(file.read_bytes())
        faces = analyzer.detect(image)
        if faces:
            largest = max(faces, key=lambda face: face.box.width * face.box.height)
            yield embedder.embed(analyzer.descriptors(image), [largest])[0], file.parent.name
