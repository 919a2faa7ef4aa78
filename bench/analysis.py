"""What it saves that requests about one picture share its pixels and detections, as `regard analyze` does."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.measurement import Row, Tables
from bench.photos import photos
from regard.app import Parts, build
from regard.caller import LOCAL
from regard.settings import Settings
from regard.vision.findings import Pictures

_OPERATIONS = {
    "detect_faces": {"Attributes": ["ALL"]},
    "detect_labels": {"Features": ["GENERAL_LABELS", "IMAGE_PROPERTIES"]},
    "recognize_celebrities": {},
    "detect_text": {},
}


def run(chosen: argparse.Namespace) -> Tables:
    yield "analysis", measure(chosen.photos, full=chosen.full)


def measure(folder: Path | None, *, full: bool) -> list[Row]:
    """Each photo through a group's operations one by one, then sharing what is found, in turn."""
    chosen = [photo.path.read_bytes() for photo in photos(folder, count=30 if full else 6)]
    groups = {
        "faces, labels": ["detect_faces", "detect_labels"],
        "faces, labels, text": ["detect_faces", "detect_labels", "detect_text"],
        "faces, labels, text, celebrities": list(_OPERATIONS),
    }
    with tempfile.TemporaryDirectory(prefix="regard-bench-") as data:
        parts = build(Settings.load({}, data=Path(data)))
        try:
            _seconds(parts, list(_OPERATIONS), chosen[0], shared=False)  # opens the models
            return [
                _row(parts, name, operations, chosen, rounds=3 if full else 1)
                for name, operations in groups.items()
            ]
        finally:
            parts.close()


def _row(
    parts: Parts, name: str, operations: Sequence[str], pictures: Sequence[bytes], *, rounds: int
) -> Row:
    took = np.array(
        [
            [
                [_seconds(parts, operations, picture, shared=shared) for shared in (False, True)]
                for _ in range(rounds)
            ]
            for picture in pictures
        ]
    )
    apart, together = np.median(took, 1).T
    low, high = np.percentile(together / apart, (25, 75))
    return {
        "operations": name,
        "pictures": len(pictures),
        "one by one, CPU ms": float(np.median(apart)) * 1000,
        "together": float(np.median(together)) * 1000,
        "together takes": float(np.median(together / apart)),
        "quartiles": f"{low:.2f} - {high:.2f}",
    }


def _seconds(parts: Parts, operations: Sequence[str], picture: bytes, *, shared: bool) -> float:
    pictures = Pictures(parts.models) if shared else None
    started = time.process_time()
    for operation in operations:
        params = {"Image": {"Bytes": picture}, **_OPERATIONS[operation]}
        parts.gate.call(operation, params, LOCAL, pictures=pictures)
    return time.process_time() - started
