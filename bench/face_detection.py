"""How many annotated faces are found, how many finds are no faces, and how long a picture takes.

    python -m bench --only detection --data ../shared/data [--sets WIDER dark] [--max-pictures 500]

Needs the default model pack. Sets: dlib's example photos and WIDER FACE (validation, squashed to 416²), as
they are, turned, dark, hazy, shrunk, and with covered faces; pictures that hold a face somewhere (masks, hard
hats, tight crops), of which the share with a find is given; pictures without faces (SUN's landscapes, COCO
without people, noise) for false finds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.face_sets import (
    Pictures,
    changed,
    covered,
    distant,
    dlib_faces,
    flat,
    gamma,
    landscapes,
    night,
    noises,
    turned,
    whole,
    wider,
    without_faces,
    without_people,
)
from bench.measurement import Row, Tables
from regard.packs.install import install
from regard.packs.manifest import find_pack
from regard.vision.faces.appearance import confidence_of
from regard.vision.faces.detector import FaceDetector
from regard.vision.session import SessionPool, one_thread_each


def matched(found: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which of `truth` are found, which of `found` are true: centres within half a face of each other."""
    if not len(found) or not len(truth):
        return np.zeros(len(truth), bool), np.zeros(len(found), bool)
    apart = (truth[:, None, :2] + truth[:, None, 2:] - found[None, :, :2] - found[None, :, 2:]) / 2
    size = np.sqrt(np.prod(truth[:, 2:] - truth[:, :2], 1))[:, None]
    near = np.linalg.norm(apart, axis=-1) < 0.5 * size
    return near.any(1), near.any(0)


def measure(name: str, detector: FaceDetector, pictures: Pictures) -> Row:
    hits = sure_hits = wanted_count = pictures_count = 0
    times, false = [], []
    for pixels, truth, wanted in pictures:
        begin = time.perf_counter()
        found = detector.detect(pixels)
        times.append(1000 * (time.perf_counter() - begin))
        confidences = confidence_of(found.logits)
        hit, true = matched(found.boxes, truth)
        sure_hit, _ = matched(found.boxes[confidences >= 90], truth)
        hits, wanted_count = hits + int(hit[wanted].sum()), wanted_count + int(wanted.sum())
        sure_hits, pictures_count = sure_hits + int(sure_hit[wanted].sum()), pictures_count + 1
        false.extend(confidences[~true].tolist())
    shares = [f"{number / wanted_count:.3f}" if wanted_count else "–" for number in (hits, sure_hits)]
    counts = [sum(confidence >= at for confidence in false) for at in (0, 80, 90)]
    return {
        "set": name,
        "pictures": pictures_count,
        "faces": wanted_count,
        "found": shares[0],
        "at 90 %": shares[1],
        "unannotated": counts[0],
        "unannotated at 80 %": counts[1],
        "unannotated at 90 %": counts[2],
        "ms (median)": f"{np.median(times):.0f}",
    }


def sets(data: Path, max_pictures: int) -> dict[str, Callable[[], Pictures]]:
    """Every set by its name."""
    few = 5 * max_pictures // 8
    return {
        "dlib": lambda: dlib_faces(data),
        **{
            f"dlib, turned by {degrees}°": lambda degrees=degrees: turned(dlib_faces(data), degrees)
            for degrees in (20, 45, 90, 180)
        },
        "WIDER, 20 px and more": lambda: wider(data, 20),
        "WIDER, 12 px and more": lambda: wider(data, 12),
        **{
            f"WIDER, 20 px, turned by {degrees}°": lambda degrees=degrees: turned(wider(data, 20), degrees)
            for degrees in (45, 90)
        },
        **{
            f"{name}, {change.__name__}": lambda source=source, change=change: changed(source(), change)
            for name, source in (
                ("dlib", lambda: dlib_faces(data)),
                ("WIDER, 20 px", lambda: wider(data, 20)),
            )
            for change in (gamma, night, flat)
        },
        "dlib, shrunk to 12–20 px": lambda: distant(dlib_faces(data)),
        "WIDER, shrunk to 12–20 px": lambda: distant(wider(data, 40)),
        **{
            f"{name}, 40 px, {part} covered": lambda source=source, part=part: covered(source(), part)
            for name, source in (("dlib", lambda: dlib_faces(data)), ("WIDER", lambda: wider(data, 20)))
            for part in ("lower", "upper", "side")
        },
        "with a mask": lambda: whole(data / "facemask/with_mask", max_pictures),
        "without a mask": lambda: whole(data / "facemask/without_mask", max_pictures),
        "hard hats": lambda: whole(data / "hardhat/pos", max_pictures),
        "no hard hats": lambda: whole(data / "hardhat/neg", max_pictures),
        "FER2013 at 96 px": lambda: whole(data / "fer2013", max_pictures, 96),
        "FER2013 at 200 px": lambda: whole(data / "fer2013", max_pictures, 200),
        "UTKFace": lambda: whole(data / "utkface", few),
        "FairFace": lambda: whole(data / "fairface", few),
        "landscapes": lambda: landscapes(data),
        "COCO without people": lambda: without_faces(without_people(data)),
        "noise": noises,
    }


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--max-pictures", type=int, default=800, help="pictures of the large sets")


def run(chosen: argparse.Namespace) -> Tables:
    one_thread_each()
    detector = FaceDetector(SessionPool(install(find_pack("default")).paths()))
    wanted = {
        name: pictures
        for name, pictures in sets(chosen.data, chosen.max_pictures).items()
        if any(part in name for part in chosen.sets)
    }
    yield "Faces found", (measure(name, detector, pictures()) for name, pictures in wanted.items())
