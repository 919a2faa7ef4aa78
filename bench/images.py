"""Text, parts of the body and objects: Regard beside its peers, picture by picture in turn.

What is measured is processor time, one thread each, the decoding of the picture not counted: this holds on a
machine that does other work, where the clock on the wall does not.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tests.conftest import PICTURES

from bench.measurement import Row, Tables
from bench.peers import nudenet, rapidocr
from bench.peers.peer import Peer, PeerProcess
from regard.packs.install import InstalledPack
from regard.packs.manifest import PackError
from regard.vision.body_parts import BodyPartDetector
from regard.vision.image import Image, decode_image
from regard.vision.labels.objects import SIDE, ObjectDetector
from regard.vision.session import SessionPool, one_thread_each
from regard.vision.text import TextAnalyzer

Look = Callable[[Path, Image], float]  # seconds of processor time
_PARTS = "parts of the body"
_KINDS = {".jpg", ".jpeg", ".png"}


def run(chosen: argparse.Namespace) -> Tables:
    yield "images", measure(chosen.photos, full=chosen.full)


def measure(folder: Path | None, *, full: bool) -> list[Row]:
    """A row for each engine. Every picture goes through all engines of a task, several times in turn."""
    one_thread_each()
    files = [file for file in sorted((folder or PICTURES).rglob("*")) if file.suffix.lower() in _KINDS]
    some = files[:: max(1, len(files) // (40 if full else 8))]
    networks = dict(InstalledPack.load().paths())
    try:
        networks |= InstalledPack.load("nudenet").paths()
    except PackError as error:  # its licence is the operator's decision
        print(f"Parts of the body are left out. {error}")
    pool = _TimedPool(networks)
    texts, parts, objects = TextAnalyzer(pool), BodyPartDetector(pool), ObjectDetector(pool)
    tasks: dict[str, tuple[Callable[[Image], object], str, Look]] = {
        "text": (texts.read, "rapidocr", _look(rapidocr.PEER)),
        _PARTS: (parts.detect, "nudenet", _look(nudenet.PEER)),
        "objects": (
            lambda image: objects.detect(image.pixels),
            "CenterNet, bare",
            lambda _, image: _bare(pool, image),
        ),
    }
    pictures = [(file, decode_image(file.read_bytes(), min_side=1)) for file in some]
    rows: list[Row] = []
    for task, (own, name, peer) in tasks.items():
        if task == _PARTS and "nudenet" not in pool:
            continue
        rows += _rows(task, pool, own, name, peer, pictures, rounds=5 if full else 3)
    return rows


def _rows(
    task: str,
    pool: _TimedPool,
    own: Callable[[Image], object],
    name: str,
    peer: Look,
    pictures: Sequence[tuple[Path, Image]],
    *,
    rounds: int,
) -> list[Row]:
    own(pictures[0][1])  # opens the models
    peer(*pictures[0])
    took = np.empty((len(pictures), rounds, 3))  # Regard's seconds, those of them in the networks, the peer's
    for number, (file, image) in enumerate(pictures):
        for turn in range(rounds):
            pool.seconds = 0.0
            started = time.process_time()
            own(image)
            took[number, turn] = time.process_time() - started, pool.seconds, peer(file, image)
    whole, networks, others = np.moveaxis(np.median(took, 1), -1, 0)
    return [
        _row(task, "regard", whole) | {"outside the networks, %": _percent(whole.sum(), networks.sum())},
        _row(task, name, others)
        | {
            "regard takes, median": float(np.median(whole / others)),
            "quartiles": _quartiles(whole / others, 1),
        },
    ]


def _row(task: str, engine: str, seconds: NDArray[np.float64]) -> Row:
    return {
        "task": task,
        "engine": engine,
        "pictures": len(seconds),
        "CPU ms, median": float(np.median(seconds)) * 1000,
        "quartiles, ms": _quartiles(seconds, 1000),
        "outside the networks, %": "",
        "regard takes, median": "",
        "quartiles": "",
    }


def _quartiles(values: NDArray[np.float64], scale: float) -> str:
    low, high = np.percentile(values, (25, 75)) * scale
    return f"{low:.3g} - {high:.3g}"


def _percent(whole: float, networks: float) -> float:
    """What is not spent in the networks, by what is."""
    return 100 * (whole - networks) / networks


class _TimedPool(SessionPool):
    """Knows how much processor time its networks took."""

    seconds = 0.0

    def run(self, name: str, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        started = time.process_time()
        outputs = super().run(name, feeds)
        self.seconds += time.process_time() - started
        return outputs


def _look(peer: Peer) -> Look:
    process = PeerProcess(peer)
    return lambda file, _: process.look(file)[0]


def _bare(pool: _TimedPool, image: Image) -> float:
    """CenterNet as its graph comes: a picture of its size in, boxes and scores out."""
    started = time.process_time()
    small = cv2.resize(image.pixels, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    pool.run("centernet", {"input": small[None].astype(np.float32)})
    return time.process_time() - started
