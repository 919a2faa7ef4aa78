"""How many annotated faces are found, how many finds are no faces, and how long a picture takes.

    python bench/face_detection.py ../shared/data

Needs the default model pack. Sets: dlib's example photos, WIDER FACE (validation, squashed to 416²), both
also turned; landscapes (SUN: mountain, ocean, garden) for false finds.
"""

from __future__ import annotations

import argparse
import json
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from regard.packs.install import install
from regard.packs.manifest import find_pack
from regard.vision.faces.detector import FaceDetector
from regard.vision.image import decode_image
from regard.vision.session import SessionPool

Annotated = tuple[np.ndarray, np.ndarray, np.ndarray]  # pixels; boxes (N, 4); must be found (N,)


def dlib_faces(data: Path) -> Iterator[Annotated]:
    tree = ElementTree.parse(data / "dlib/faces/testing.xml")  # noqa: S314 - a file of our own
    for image in tree.iter("image"):
        boxes = [
            [float(box.get(key, 0)) for key in ("left", "top", "width", "height")]
            for box in image.iter("box")
        ]
        corners = np.array(boxes, float).reshape(-1, 4)
        corners[:, 2:] += corners[:, :2]
        file = data / "dlib/faces" / str(image.get("file"))
        yield decode_image(file.read_bytes()).pixels, corners, np.ones(len(corners), bool)


def wider(data: Path, smallest: float) -> Iterator[Annotated]:
    for name, entry in json.loads((data / "wider/labels_416.json").read_text()).items():
        faces = entry["faces"]
        corners = np.array([face["bbox416"] for face in faces], float).reshape(-1, 4)
        wanted = np.array(
            [
                min(face["bbox416"][2:]) >= smallest and not face["invalid"] and face["occlusion"] < 2
                for face in faces
            ],
            bool,
        )
        corners[:, 2:] += corners[:, :2]
        file = next((data / "wider/images").rglob(name))
        yield decode_image(file.read_bytes()).pixels, corners, wanted


def landscapes(data: Path) -> Iterator[Annotated]:
    for folder in ("mountain", "ocean", "garden"):
        for file in sorted((data / "scenes" / folder).glob("*.jpg")):
            yield decode_image(file.read_bytes()).pixels, np.zeros((0, 4)), np.zeros(0, bool)


def turned(pictures: Iterator[Annotated], degrees: float) -> Iterator[Annotated]:
    """Every picture turned clockwise, whole, on black; a box becomes the square about its turned centre."""
    for pixels, boxes, wanted in pictures:
        height, width = pixels.shape[:2]
        warp = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -degrees, 1.0)
        cos, sin = abs(warp[0, 0]), abs(warp[0, 1])
        size = (round(height * sin + width * cos), round(height * cos + width * sin))
        warp[:, 2] += (np.array(size) - (width, height)) / 2
        centre = (boxes[:, :2] + boxes[:, 2:]) / 2 @ warp[:, :2].T + warp[:, 2]
        half = np.sqrt(np.prod(boxes[:, 2:] - boxes[:, :2], 1, keepdims=True)) / 2
        yield cv2.warpAffine(pixels, warp, size), np.concatenate([centre - half, centre + half], 1), wanted


def matched(found: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which of `truth` are found, which of `found` are true: centres within half a face of each other."""
    if not len(found) or not len(truth):
        return np.zeros(len(truth), bool), np.zeros(len(found), bool)
    apart = (truth[:, None, :2] + truth[:, None, 2:] - found[None, :, :2] - found[None, :, 2:]) / 2
    size = np.sqrt(np.prod(truth[:, 2:] - truth[:, :2], 1))[:, None]
    near = np.linalg.norm(apart, axis=-1) < 0.5 * size
    return near.any(1), near.any(0)


def measure(name: str, detector: FaceDetector, pictures: Iterator[Annotated]) -> None:
    hits = wanted_count = false = pictures_count = 0
    times = []
    for pixels, truth, wanted in pictures:
        begin = time.perf_counter()
        found = detector.detect(pixels)
        times.append(1000 * (time.perf_counter() - begin))
        hit, true = matched(found.boxes, truth)
        hits, wanted_count = hits + int(hit[wanted].sum()), wanted_count + int(wanted.sum())
        false, pictures_count = false + int((~true).sum()), pictures_count + 1
    share = f"{hits / wanted_count:.3f}" if wanted_count else "-"
    print(
        f"| {name} | {pictures_count} | {wanted_count} | {share} | {false} | {np.median(times):.0f} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    options = parser.parse_args()
    detector = FaceDetector(SessionPool(install(find_pack("default")).paths()))
    print("| set | pictures | faces | found | unannotated finds | ms (median) |\n|---|---|---|---|---|---|")
    measure("dlib", detector, dlib_faces(options.data))
    for degrees in (20, 45, 90, 180):
        measure(f"dlib, turned by {degrees}°", detector, turned(dlib_faces(options.data), degrees))
    measure("WIDER, 20 px and more", detector, wider(options.data, 20))
    measure("WIDER, 12 px and more", detector, wider(options.data, 12))
    for degrees in (45, 90):
        measure(f"WIDER, 20 px, turned by {degrees}°", detector, turned(wider(options.data, 20), degrees))
    measure("landscapes", detector, landscapes(options.data))


if __name__ == "__main__":
    main()
