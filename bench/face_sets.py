"""Annotated pictures for face detection, and what makes them harder: turned, dark, hazy, covered, distant."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from regard.vision.image import decode_image

Annotated = tuple[np.ndarray, np.ndarray, np.ndarray]  # pixels; boxes (N, 4); must be found (N,)
Pictures = Iterator[Annotated]


def read(file: Path) -> np.ndarray:
    return decode_image(file.read_bytes()).pixels


def dlib_faces(data: Path) -> Pictures:
    tree = ElementTree.parse(data / "dlib/faces/testing.xml")  # noqa: S314 - a file of our own
    for image in tree.iter("image"):
        boxes = [
            [float(box.get(key, 0)) for key in ("left", "top", "width", "height")]
            for box in image.iter("box")
        ]
        corners = np.array(boxes, float).reshape(-1, 4)
        corners[:, 2:] += corners[:, :2]
        yield read(data / "dlib/faces" / str(image.get("file"))), corners, np.ones(len(corners), bool)


def wider(data: Path, smallest: float) -> Pictures:
    """Wanted: faces of at least `smallest` px that are valid and not heavily hidden."""
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
        yield read(next((data / "wider/images").rglob(name))), corners, wanted


def without_faces(files: list[Path]) -> Pictures:
    for file in files:
        yield read(file), np.zeros((0, 4)), np.zeros(0, bool)


# Landscapes with hikers whose faces can be seen.
HIKERS = ("sun_atdqnorklqlglpvi.jpg", "sun_awizvltfovpkcfkd.jpg", "sun_bdkmeqpnbssrimbm.jpg")


def landscapes(data: Path) -> Pictures:
    folders = ("mountain", "ocean", "garden")
    files = [file for name in folders for file in sorted((data / "scenes" / name).glob("*.jpg"))]
    return without_faces([file for file in files if file.name not in HIKERS])


def without_people(data: Path) -> list[Path]:
    """COCO's pictures in which nobody is annotated."""
    entries = json.loads((data / "coco/labels.json").read_text())
    return [
        next((data / "coco/images").rglob(name))
        for name, entry in sorted(entries.items())
        if all(item["name"] != "person" for item in entry["objects"])
    ]


def noises(pictures: int = 60) -> Pictures:
    """Noise of many grains and contrasts."""
    random = np.random.default_rng(0)
    for number in range(pictures):
        grain = 2 ** (number % 6)
        coarse = random.normal(128, 10 + 10 * (number % 7), (480 // grain, 640 // grain, 3))
        pixels = cv2.resize(
            np.clip(coarse, 0, 255).astype(np.uint8), (640, 480), interpolation=cv2.INTER_CUBIC
        )
        yield pixels, np.zeros((0, 4)), np.zeros(0, bool)


def whole(folder: Path, most: int = 10_000, side: int = 0) -> Pictures:
    """Pictures that hold a face somewhere, at most `most`, spread over the folder; enlarged to `side` px."""
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in (".jpg", ".jpeg", ".png"))
    for file in files[:: max(1, len(files) // most)][:most]:
        if side:  # read by OpenCV, since Regard takes no picture under 80 px
            small = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)
            pixels = cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC)
        else:
            pixels = read(file)
        height, width = pixels.shape[:2]
        yield pixels, np.array([[0.0, 0.0, width, height]]), np.ones(1, bool)


def turned(pictures: Pictures, degrees: float) -> Pictures:
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


def changed(pictures: Pictures, change: Callable[[np.ndarray], np.ndarray]) -> Pictures:
    for pixels, boxes, wanted in pictures:
        yield change(pixels), boxes, wanted


def gamma(pixels: np.ndarray) -> np.ndarray:
    """Dark as by a gamma of 2.5."""
    return np.round(255 * (pixels / 255.0) ** 2.5).astype(np.uint8)


def night(pixels: np.ndarray) -> np.ndarray:
    """A quarter of the light, with a sensor's noise of 4 levels."""
    noise = np.random.default_rng(0).normal(0, 4, pixels.shape)
    return np.clip(pixels * 0.25 + noise, 0, 255).astype(np.uint8)


def flat(pixels: np.ndarray) -> np.ndarray:
    """A fifth of the contrast, as in haze."""
    return np.round(0.2 * pixels + 110).astype(np.uint8)


def distant(pictures: Pictures, least: float = 12, most: float = 20) -> Pictures:
    """Shrunk so that the median wanted face is between `least` and `most` px; wanted: those that now are."""
    for pixels, boxes, wanted in pictures:
        if not wanted.any():
            continue
        sizes = (boxes[:, 2:] - boxes[:, :2]).min(1)
        scale = min(1.0, np.sqrt(least * most) / float(np.median(sizes[wanted])))
        size = (max(12, round(pixels.shape[1] * scale)), max(12, round(pixels.shape[0] * scale)))
        small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        now = wanted & (sizes * scale >= least)
        yield small, boxes * np.tile(np.array(size) / pixels.shape[1::-1], 2), now


def covered(pictures: Pictures, part: str, smallest: float = 40) -> Pictures:
    """A plain or textured sheet over the `lower` or `upper` part or one `side` of larger wanted faces."""
    random = np.random.default_rng(0)
    for pixels, boxes, wanted in pictures:
        wanted = wanted & ((boxes[:, 2:] - boxes[:, :2]).min(1) >= smallest)
        if not wanted.any():
            continue
        copy = pixels.copy()
        for number, (left, top, right, bottom) in enumerate(boxes[wanted]):
            width, height = right - left, bottom - top
            if part == "lower":
                top = bottom - 0.38 * height
            elif part == "upper":
                bottom = top + 0.38 * height
            elif number % 2:
                right = left + 0.5 * width
            else:
                left = right - 0.5 * width
            rows = slice(max(0, round(top)), max(0, round(bottom)))
            columns = slice(max(0, round(left)), max(0, round(right)))
            shape = copy[rows, columns].shape
            tone = random.integers(30, 226, 3)
            noise = random.normal(0, 25, shape) if number % 3 == 0 else np.zeros(shape)
            copy[rows, columns] = np.clip(tone + noise, 0, 255)
        yield copy, boxes, wanted
