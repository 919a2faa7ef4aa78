"""Processes that work on the stores until they are killed, and say what they begin and what was answered.

Run as `python -m tests.crashing FOLDER`. For each seed on standard input a process is forked, which saves it
the second of importing everything. It prints a JSON line with its number, one for each operation when it
begins, and one when that is done; a last line says that it is dead.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import numpy as np

from regard import logs
from regard.collections.fastscan import Sizes
from regard.collections.followed import FollowedIndexes
from regard.collections.gallery import Gallery
from regard.collections.records import NewFace
from regard.collections.store import CollectionStore
from regard.storage.database import Database
from regard.vision.geometry import Box
from tests.collections.made_models import models_of

DIMENSION = 16
FACES = 3  # of an image


def stores(folder: Path, url: str | None = None) -> tuple[Database, CollectionStore, Gallery]:
    database = Database.open(folder, url)
    indexes = FollowedIndexes(
        database, models_of(DIMENSION), folder=folder / "index", sizes=Sizes(tail=32, segment=256)
    )
    return database, CollectionStore(database, indexes), Gallery(database, indexes, max_faces=10_000)


def faces_of(image: int) -> list[NewFace]:
    """The faces of an image: each is known by its vector."""
    vectors = np.random.default_rng(image).normal(size=(FACES, DIMENSION)).astype(np.float32)
    return [NewFace(Box(0.3 * n, 0.1, 0.1, 0.1), 99.0, vector) for n, vector in enumerate(vectors)]


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
            collections.delete(collections.get(name))
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
    # In one piece: a process that is killed says a line or doesn't, and never half of one.
    os.write(sys.stdout.fileno(), f"{json.dumps(facts)}\n".encode())


class Workers:
    """The other side: starts processes one after another, and kills each."""

    def __init__(self, folder: Path) -> None:
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.crashing", str(folder)],
            cwd=Path(__file__).parent.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._nursery:
            self._nursery.kill()

    def run(self, seed: int, seconds: float) -> list[dict[str, Any]]:
        """Lets a process work for so long after its first operation began; answers what it said."""
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._nursery.stdin.write(f"{seed}\n")
        self._nursery.stdin.flush()
        process = json.loads(self._nursery.stdout.readline())["process"]
        said = [json.loads(self._nursery.stdout.readline())]
        time.sleep(seconds)
        os.kill(process, signal.SIGKILL)
        while "dead" not in said[-1]:
            said.append(json.loads(self._nursery.stdout.readline()))
        return said[:-1]


def main(folder: Path) -> None:
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            say(process=os.getpid())
            work(folder, int(line))
        os.waitpid(process, 0)
        say(dead=process)


if __name__ == "__main__":
    logs.configure_command()  # standard output is for what is said
    main(Path(sys.argv[1]))
