"""Whether memory stays bounded when every picture has another size: labels, text and faces."""

from __future__ import annotations

import argparse
import multiprocessing
from pathlib import Path

import numpy as np
from tests import scenes

from bench.measurement import Row, Tables
from bench.server import memory_of
from regard.packs.install import InstalledPack
from regard.vision.findings import PictureFindings
from regard.vision.image import Image
from regard.vision.models import Models
from regard.vision.pixels import resize
from regard.vision.session import SessionPool, one_thread_each

_LEAST, _MOST = 100, 2000  # px of a side


def run(chosen: argparse.Namespace) -> Tables:
    yield "memory", measure(full=chosen.full)


def measure(*, full: bool) -> list[Row]:
    """Rows by how many pictures went by; the first is after the models were opened."""
    count = 200 if full else 40
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_grow, (count,))


def _grow(count: int) -> list[Row]:
    one_thread_each()
    sessions = SessionPool(InstalledPack.load().paths())
    models = Models.on(sessions)
    group = np.asarray(scenes.group([200, 150, 120, 90])[0], np.uint8)
    random = np.random.default_rng(3)
    rows: list[Row] = []
    for number in range(count + 1):
        width, height = random.integers(_LEAST, _MOST, 2).tolist() if number else (640, 480)
        image = Image(resize(group, width, height), str(number))
        findings = PictureFindings(image, models)
        findings.attributes()
        findings.labels()
        findings.text()
        if number in {0, 10, count // 4, count // 2, count}:
            now, most = memory_of(Path("/proc/self/status"))
            rows.append({"pictures": number, "resident MB": now, "at most so far": most})
    return rows
