"""Stored video: each analysis alone, all in one pass, and whether memory stays bounded.

    python -m bench --only video [--videos FILE …]

Without files a minute of 1,280 × 720 at 25 frames a second is made of the free portraits: a person walks, a
sign stands beside, another person stands, and it is dark, again and again. Analyses run in a process each.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bench.measurement import Tables

ROOT = Path(__file__).parent.parent
SECONDS, RATE = 60, 25
FAST = ("start_label_detection", "start_face_detection")  # a quick look


def run(chosen: argparse.Namespace) -> Tables:
    yield "video", measure(chosen.videos, full=chosen.full)


def measure(files: Sequence[Path] | None, *, full: bool) -> list[dict[str, Any]]:
    """A row a run: seconds of wall clock and of processor time for a minute of video, and the peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        videos = files or [_made(Path(folder) / "minute.mp4", SECONDS if full else 10)]
        rows = []
        for video in videos:
            names = _analyses() if full else FAST
            alone = [_row(video, (name,)) for name in names]
            together = _row(video, tuple(names))
            slowest = max(row["seconds a minute"] for row in alone)
            for row in (*alone, together):
                row["by the slowest alone"] = row["seconds a minute"] / slowest
            rows += [*alone, together]
        return rows


def _analyses() -> list[str]:
    from regard.operations import OPERATIONS
    from regard.operations.stored_video.runs import StoredAnalysis
    from regard.packs.install import InstalledPack
    from regard.packs.manifest import PackError

    names = [key for key, one in OPERATIONS.items() if isinstance(one.analysis, StoredAnalysis)]
    try:
        InstalledPack.load("nudenet", None)
    except PackError:
        names.remove("start_content_moderation")
    return names


def _row(video: Path, names: tuple[str, ...]) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.video", str(video), *names]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    facts: dict[str, float] = json.loads(done.stdout)
    title = "all in one pass" if len(names) > 1 else names[0].removeprefix("start_").replace("_", " ")
    return {
        "analysis": title,
        "video": video.stem,
        "seconds a minute": 60 * facts["wall"] / facts["duration"],
        "of a core": 60 * facts["cpu"] / facts["duration"],
        "peak MB": round(facts["peak"]),
    }


def _made(file: Path, seconds: int) -> Path:
    sys.path.insert(0, str(ROOT))
    from tests.video import clips, programme

    def frames() -> Iterator[np.ndarray]:
        for frame in islice(cycle(list(programme.frames())), seconds * RATE):
            yield cv2.resize(frame, (1280, 720), interpolation=cv2.INTER_LINEAR)

    return clips.write(file, frames(), rate=RATE, options={"crf": "20", "preset": "veryfast"})


def _run(video: Path, names: Sequence[str]) -> dict[str, float]:
    """One process's work: the analyses in one pass, without the time that it takes to load the models."""
    from regard.app import build
    from regard.caller import LOCAL
    from regard.settings import Settings

    with tempfile.TemporaryDirectory() as data:
        parts = build(Settings.load(data=Path(data)))
        parts.sessions.load()
        parts.gate.call("create_collection", {"CollectionId": "bench"}, LOCAL)
        request = {
            "SegmentTypes": ["SHOT", "TECHNICAL_CUE"],
            "CollectionId": "bench",
            "FaceMatchThreshold": 80.0,
        }
        wall, cpu = time.perf_counter(), time.process_time()
        duration = 0.0
        for steps in parts.gate.run_pass(dict.fromkeys(names, request), video, LOCAL):
            facts = next(iter(steps.values())).facts["VideoMetadata"]
            duration = (facts[0] if isinstance(facts, list) else facts)["DurationMillis"] / 1000
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        parts.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall": wall, "cpu": cpu, "duration": duration, "peak": peak}


if __name__ == "__main__":
    print(json.dumps(_run(Path(sys.argv[1]), sys.argv[2:])))
