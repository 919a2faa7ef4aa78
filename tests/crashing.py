"""A process that works on the stores until it is killed, and says what it begins and what it was answered.

Run as `python -m tests.crashing FOLDER SEED`; a JSON line for each operation when it begins, and one when it
is done.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np

from regard.collections.followed import FollowedIndexes
from regard.collections.gallery import Gallery
from regard.collections.records import FaceBox, NewFace
from regard.collections.store import CollectionStore
from regard.storage.database import Database

DIMENSION = 16
FACES = 3  # of an image


def stores(folder: Path, url: str | None = None) -> tuple[Database, CollectionStore, Gallery]:
    database = Database.open(folder, url)
    indexes = FollowedIndexes(database, DIMENSION)
    return database, CollectionStore(database, indexes), Gallery(database, indexes, most_faces=10_000)


def faces_of(image: int) -> list[NewFace]:
    """The faces of an image: each is known by its vector."""
    vectors = np.random.default_rng(image).normal(size=(FACES, DIMENSION)).astype(np.float32)
    return [NewFace(FaceBox(0.3 * n, 0.1, 0.1, 0.1), 99.0, vector) for n, vector in enumerate(vectors)]


def work(folder: Path, seed: int) -> None:
    _, collections, gallery = stores(folder)
    chance = random.Random(seed)
    number = seed * 1_000_000
    held: dict[str, list[str]] = {found.collection_id: [] for found in collections.page(after=0, limit=100)}
    for name, faces in held.items():
        found = gallery.page(collections.get(name), after=0, limit=10_000)
        faces += [face.face_id for face in found]
    while True:
        number += 1
        choice = chance.random()
        name = chance.choice(list(held)) if held else ""
        if not held or (choice < 0.05 and len(held) < 5):
            name = f"c{number}"
            say(begin="create", name=name)
            collections.create(name, "1")
            held[name] = []
            say(done=[])
        elif choice < 0.08:
            say(begin="drop", name=name)
            collections.delete(name)
            del held[name]
            say(done=[])
        elif choice < 0.3 and len(held[name]) > 3:
            chosen = chance.sample(held[name], 2)
            say(begin="erase", name=name, faces=chosen)
            gallery.delete(collections.get(name), chosen)
            held[name] = [face for face in held[name] if face not in chosen]
            say(done=[])
        else:
            say(begin="enrol", name=name, image=number)
            stored = gallery.add(
                collections.get(name),
                faces_of(number),
                image_digest=str(number),
                external_image_id=str(number),
            )
            held[name] += [face.face_id for face in stored]
            say(done=[face.face_id for face in stored])


def say(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    work(Path(sys.argv[1]), int(sys.argv[2]))
