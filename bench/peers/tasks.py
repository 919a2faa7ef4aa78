"""What peers are compared at: on which items, how Regard does it, and what is right."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from tests.conftest import PICTURES

from bench.faces import detect_and_embed
from bench.made_clips import footage, made_shots
from bench.made_clips import photos as clip_photos
from bench.photos import photos, recall
from bench.segments import report, scored, shots_of
from bench.text import regard_reader
from bench.text_sets import SETS, Find, matched
from regard.packs.install import InstalledPack
from regard.packs.manifest import PackError
from regard.vision.body_parts import BodyPartDetector
from regard.vision.image import decode_image
from regard.vision.session import SessionPool

Look = Callable[[Path], tuple[float, Any]]
Score = Callable[[Sequence[Any], Sequence[Any]], str]

_IMAGES = {".jpg", ".jpeg", ".png"}


class Unmeasurable(Exception):
    """Why a task can't be measured here."""


@dataclass(frozen=True, slots=True)
class Task:
    """Items, each a file and what is known of it; Regard's own look at one; what finds of all are worth.

    A look answers seconds of processor time and what was found, in the form in which peers answer it.
    """

    items: Sequence[tuple[Path, Any]]
    own: Look
    score: Score


@dataclass(frozen=True, slots=True)
class Source:
    """Where items come from: `photos` of the user's, annotated `data`, and a `folder` for what is made."""

    photos: Path | None
    data: Path | None
    folder: Path
    count: int


def faces(source: Source) -> Task:
    """Decode, detect and embed; boxes."""

    def score(found: Sequence[Any], truths: Sequence[Any]) -> str:
        share, surplus = recall(list(found), list(truths))
        faces = sum(map(len, found))
        return f"{faces} found" if np.isnan(share) else f"recall {share:.2f}, {surplus} of no face"

    chosen = [(photo.path, photo.boxes) for photo in photos(source.photos, count=source.count)]
    return Task(chosen, detect_and_embed(), score)


def text(source: Source) -> Task:
    """Read words: of ICDAR 2015 where there is `--data`, else of drawn pages. Decoding is not timed."""
    kind = "drawn pages, turned by 0°" if source.data is None else "icdar2015, words"
    items = []
    for number, sample in enumerate(SETS[kind](source.data or source.folder)[: source.count]):
        file = source.folder / f"text-{number:03}.png"
        cv2.imwrite(str(file), np.ascontiguousarray(sample.image.pixels[..., ::-1]))
        items.append((file, sample.truth))
    reader = regard_reader()

    def own(file: Path) -> tuple[float, Any]:
        read = reader(decode_image(file.read_bytes(), min_side=1))
        return read.seconds, {"words": [[word.text, word.quad] for word in read.words]}

    def score(found: Sequence[Any], truths: Sequence[Any]) -> str:
        right, finds, wanted = np.sum(
            [
                matched([Find(text, np.float32(quad)) for text, quad in one["words"]], truth, same_text=True)
                for one, truth in zip(found, truths, strict=True)
            ],
            axis=0,
        )
        return f"F1 {2 * right / max(finds + wanted, 1):.2f} of {wanted} words"

    return Task(items, own, score)


def body_parts(source: Source) -> Task:
    """Parts of the body; nothing is known of the pictures. The decoding is not timed."""
    try:
        detector = BodyPartDetector(SessionPool(InstalledPack.load("nudenet").paths()))
    except PackError as error:
        raise Unmeasurable(str(error)) from error
    files = [
        file for file in sorted((source.photos or PICTURES).rglob("*")) if file.suffix.lower() in _IMAGES
    ]

    def own(file: Path) -> tuple[float, Any]:
        image = decode_image(file.read_bytes(), min_side=1)
        started = time.process_time()
        found = detector.detect(image)
        return time.process_time() - started, [str(part) for part in found]

    def score(found: Sequence[Any], _: Sequence[Any]) -> str:
        return f"{sum(map(len, found))} found"

    return Task([(file, None) for file in files[: source.count]], own, score)


def shots(source: Source) -> Task:
    """Where shots begin, in clips of which all is known. The decoding is not timed."""
    if source.data is None:
        raise Unmeasurable("shots are measured on clips made from the photos and films of --data")
    items = []
    for seed in range(source.count):
        made = made_shots(
            np.random.default_rng(70_000 + seed),
            clip_photos(source.data, half=1),
            filmed=footage(source.data, half=1),
        )
        file = source.folder / f"clip-{seed:03}.npy"
        np.save(file, np.stack(made.frames))
        items.append((file, made))

    def own(file: Path) -> tuple[float, Any]:
        frames = list(np.load(file))
        started = time.process_time()
        found = [shot.first_frame for shot in shots_of(frames)[1:]]
        return time.process_time() - started, found

    def score(found: Sequence[Any], truths: Sequence[Any]) -> str:
        counts: Counter[str] = Counter()
        for begins, made in zip(found, truths, strict=True):
            scored(made, begins, counts)
        return f"F1 {report('', counts)['F1']}"

    return Task(items, own, score)


TASKS: dict[str, Callable[[Source], Task]] = {
    "faces": faces,
    "text": text,
    "parts of the body": body_parts,
    "shots": shots,
}
