"""Measure how many ordinary pictures get a moderation label.

    python -m training.measure_moderation ../shared/data

No picture of the sets is known to show nudity, so that every label is a false alarm. Of LFW, FairFace and
UTKFace some are drawn at random. "As a whole" is what is said of the picture by the default pack alone; "any"
counts body parts and swimwear too, by the pack nudenet, which is installed where it is missing. Prints
Markdown; in brackets the interval that holds the rate with 95 % confidence.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from regard.evaluation.intervals import Rate
from regard.packs.install import install
from regard.packs.manifest import find_pack
from regard.vision.body_parts import BodyPartDetector
from regard.vision.explicit import ExplicitClassifier
from regard.vision.faces import FaceAnalyzer
from regard.vision.image import decode_image
from regard.vision.nudity import NudityDetector, NudityKind
from regard.vision.session import SessionPool, one_thread_each
from training.facesets import pictures

WHOLE = ("coco", "deepface_tests", "dlib", "facemask", "hardhat", "scenes", "text", "wider")
CUSTOM = ("bccd", "flowers", "insects", "kangaroo", "neu", "raccoon")
DRAWN, COUNT = ("fairface", "lfw", "utkface"), 600
BARS = (50, 80)  # percent


def chosen(data: Path) -> Iterator[tuple[str, list[str]]]:
    """The sets with their pictures, by their names in the set's folder."""
    for name in (*WHOLE, *(f"custom/{one}" for one in CUSTOM)):
        yield name, pictures(data, name)
    for name in DRAWN:
        every = pictures(data, name)
        yield name, sorted(np.random.default_rng(0).permutation(every)[:COUNT].tolist())


def confidences(
    detector: NudityDetector, analyzer: FaceAnalyzer, data: Path, name: str, files: list[str]
) -> np.ndarray:
    """Percent (N, 2): of each picture as a whole, and the surest of all that is found in it."""
    rows = []
    for file in files:
        image = decode_image((data / name / file).read_bytes(), min_side=10)
        found = detector.detect(image, lambda image=image: analyzer.detect(image))
        whole = [one.confidence for one in found if one.kind is NudityKind.EXPLICIT]
        rows.append((max(whole), max(one.confidence for one in found)))
    return np.array(rows).reshape(-1, 2)


def row(name: str, said: np.ndarray) -> str:
    cells = [name, f"{len(said):,}"]
    for column in said.T:
        for bar in BARS:
            rate = Rate.counted(int((column >= bar).sum()), len(said))
            cells.append(f"{rate.events} ({100 * rate.low:.2f}–{100 * rate.high:.2f} %)")
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    options = parser.parse_args()
    one_thread_each()
    runner = SessionPool({**install(find_pack("default")).paths(), **install(find_pack("nudenet")).paths()})
    detector = NudityDetector(ExplicitClassifier(runner), BodyPartDetector(runner))
    analyzer, every = FaceAnalyzer(runner), []
    heads = [f"{what} at {bar} %" for what in ("as a whole", "any") for bar in BARS]
    print("| set | pictures | " + " | ".join(heads) + " |\n|---|---|" + "---|" * len(heads))
    for name, files in chosen(options.data):
        said = confidences(detector, analyzer, options.data, name, files)
        every.append(said)
        print(row(name, said), flush=True)
        print(f"{name}: {len(said)}", file=sys.stderr)
    print(row("all", np.concatenate(every)))


if __name__ == "__main__":
    main()
