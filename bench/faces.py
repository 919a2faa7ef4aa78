"""Detect and embed: Regard beside `face_recognition` (dlib), photo by photo in turn, one thread each, in
processor time, which other programs on the machine do not add to.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from bench.measurement import Row, Tables
from bench.peers.face_recognition import PEER
from bench.peers.peer import PeerProcess
from bench.photos import Boxes, photos, recall
from regard.collections.face_models import FaceModels
from regard.packs.install import InstalledPack
from regard.vision.faces import FaceAnalyzer
from regard.vision.image import decode_image
from regard.vision.session import SessionPool, one_thread_each


def run(chosen: argparse.Namespace) -> Tables:
    yield "faces", measure(chosen.photos, full=chosen.full)


def measure(folder: Path | None, *, full: bool) -> list[Row]:
    """Each photo goes through every engine before the next is begun, so that a slow moment hits all."""
    chosen = photos(folder, count=60 if full else 12)
    one_thread_each()
    peers = {
        f"face_recognition, upsample {options['upsample']}": PeerProcess(PEER, variant)
        for variant, options in PEER.variants.items()
    }
    engines: dict[str, Callable[[Path], tuple[float, Boxes]]] = {
        "regard": detect_and_embed(),
        **{name: peer.look for name, peer in peers.items()},
    }
    for engine in engines.values():
        engine(chosen[0].path)  # opens the models
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    found: dict[str, list[Boxes]] = {name: [] for name in engines}
    for photo in chosen:
        for name, engine in engines.items():
            took, boxes = engine(photo.path)
            seconds[name].append(took)
            found[name].append(boxes)
    for peer in peers.values():
        peer.close()
    labelled = [photo.boxes for photo in chosen]
    own = sum(seconds["regard"])
    rows: list[Row] = []
    for name in engines:
        share, surplus = recall(found[name], labelled)
        rows.append(
            {
                "engine": name,
                "photos": len(chosen),
                "faces found": sum(len(boxes) for boxes in found[name]),
                "recall": share,
                "surplus": surplus,
                "images/s": len(chosen) / sum(seconds[name]),
                "median ms": statistics.median(seconds[name]) * 1000,
                "regard is faster by": sum(seconds[name]) / own,
            }
        )
    return rows


def detect_and_embed() -> Callable[[Path], tuple[float, Boxes]]:
    """Regard's: seconds of processor time, and boxes (left, top, width, height; px)."""
    analyzer = FaceAnalyzer(SessionPool(InstalledPack.load().paths()))
    embedder = FaceModels().default.embedder

    def look(path: Path) -> tuple[float, Boxes]:
        started = time.process_time()
        image = decode_image(path.read_bytes())
        faces = analyzer.detect(image)
        embedder.embed(analyzer.descriptors(image), faces)
        took = time.process_time() - started
        return took, tuple((face.box.left, face.box.top, face.box.width, face.box.height) for face in faces)

    return look
