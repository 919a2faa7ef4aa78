"""What a face costs after detection: its vector by each model, and attributes, one by one and in batches."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from bench.measurement import Row, Tables
from regard.collections.face_models import FACE_MODELS, FaceModel, FaceModels
from regard.packs.install import InstalledPack
from regard.vision.faces import Face, FaceAnalyzer
from regard.vision.image import decode_image
from regard.vision.session import SessionPool, one_thread_each

PORTRAIT = Path(__file__).parent.parent / "tests" / "pictures" / "astronaut.jpg"
BATCHES = (1, 4, 16, 48)


def run(chosen: argparse.Namespace) -> Tables:
    yield "attributes", measure(full=chosen.full)


def measure(*, full: bool) -> list[Row]:
    """Time of one core. What is measured takes turns, so that a slow moment hits all."""
    one_thread_each()
    analyzer = FaceAnalyzer(SessionPool(InstalledPack.load().paths()))
    image = decode_image(PORTRAIT.read_bytes())
    (face,) = analyzer.detect(image)

    embedder = FaceModels().default.embedder

    def embed(model: FaceModel, faces: list[Face]) -> None:
        model.embedder.embed(analyzer.descriptors(image), faces)

    def describe(faces: list[Face]) -> None:
        analyzer.describe(image, faces)

    def both(faces: list[Face]) -> None:
        descriptors = analyzer.descriptors(image)
        embedder.embed(descriptors, faces)
        analyzer.describe(image, faces, descriptors)

    work: dict[str, Callable[[list[Face]], None]] = {
        **{
            f"embedding {version}": partial(embed, model)
            for version, model in FACE_MODELS.items()
            if not model.is_retired
        },
        "attributes": describe,
        "both": both,
    }
    seconds: dict[tuple[str, int], list[float]] = {(name, n): [] for name in work for n in BATCHES}
    for turn in range(1 + (15 if full else 5)):
        for name, call in work.items():
            for count in BATCHES:
                begin = time.process_time()
                call([replace(face) for _ in range(count)])  # of one face a network is asked once
                if turn:  # the first opens the models
                    seconds[name, count].append(time.process_time() - begin)
    rows: list[Row] = []
    for name in work:
        alone = statistics.median(seconds[name, 1])
        for count in BATCHES:
            each = statistics.median(seconds[name, count]) / count
            rows.append(
                {
                    "what": name,
                    "faces": count,
                    "ms a face": 1000 * each,
                    "faces/s": 1 / each,
                    "times one by one": alone / each,
                }
            )
    return rows
