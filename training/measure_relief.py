"""Measure how far the parallax of an approach tells heads from flat pictures: it is no evidence of liveness.

    python -m training.measure_relief ../shared/data/fairface --count 200

A portrait is rendered twice before a pinhole camera, with its eyes 62 and 25 cm away: as a head, whose points
lie where the face mesh has them, its hair and ears 95 mm behind the eyes; and as a flat picture that comes as
much closer. Of each distance there are five pictures of 320 × 240 px with noise (2.5 grey levels), displaced
by up to 3 px, as JPEGs of quality 70, on which the mesh is fitted anew. Measured is by how much the outline
(points 234–454) narrows against the eyes (33–263), in logarithms, between the medians of both distances.

A video of somebody's approach, shown on a display, narrows as the person does: nothing here tells it.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from regard.packs.install import install
from regard.packs.manifest import find_pack
from regard.vision.faces import FaceAnalyzer
from regard.vision.faces.mesh import FaceMesh
from regard.vision.image import Image, decode_image
from regard.vision.liveness.attempt_watch import landmarks_of_mesh
from regard.vision.session import SessionPool, one_thread_each

Array = NDArray[np.float64]

WIDTH, HEIGHT = 320, 240
FAR, NEAR = 620.0, 250.0  # mm, from the camera to the eyes
EYE_SPAN = 90.0  # mm, between the outer corners of the eyes
NEAR_SPAN = 96.0  # px, the same when near
BEHIND = 95.0  # mm, from the eyes back to hair and ears
NOISE, QUALITY, SHIFT, TAKES = 2.5, 70, 3.0, 5
GRID = 6  # px between places whose source is computed
OUTER, OUTLINE = (33, 263), (234, 454)
FRONTAL = (12.0, 15.0, 12.0)  # degrees of yaw, pitch and roll at most
SMALLEST = 90  # px of a face's shorter side


class Portrait:
    """A picture of one face with its mesh (468, 3), px, which is scaled to mm about the eyes' middle."""

    def __init__(self, pixels: NDArray[np.uint8], mesh: Array) -> None:
        self.pixels, self.mesh = pixels, mesh
        left, right = (mesh[at] for at in OUTER)
        self.scale = EYE_SPAN / float(np.linalg.norm(left[:2] - right[:2]))  # mm a px
        self.middle = (left + right) / 2

    def sources(self, places: Array, distance: float) -> Array:
        """Where (N, 2), mm, of the portrait the camera sees at `places` (N, 2), mm on the eyes' plane."""
        points = (self.mesh - self.middle) * self.scale
        angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        around = np.stack([np.cos(angles), np.sin(angles)], 1)
        chosen = np.unique([*range(0, len(points), 3), *OUTER, *OUTLINE, 10, 152, 1])
        flat = np.concatenate([points[chosen, :2], around * (130, 150), around * 300])
        depth = np.concatenate([points[chosen, 2], np.full(2 * len(angles), BEHIND)])
        seen = flat * (distance / (distance + depth))[:, None]
        return 100 * _bent(seen / 100, flat / 100, places / 100)


def _bent(sources: Array, targets: Array, places: Array) -> Array:
    """The thin-plate spline that takes `sources` (N, 2) to `targets` (N, 2), at `places` (M, 2)."""

    def kernel(one: Array, other: Array) -> Array:
        squared = ((one[:, None] - other[None]) ** 2).sum(2)
        return squared * np.log(np.maximum(squared, 1e-12)) / 2

    def affine(points: Array) -> Array:
        return np.column_stack([np.ones(len(points)), points])

    inside, plane = kernel(sources, sources) + 1e-3 * np.eye(len(sources)), affine(sources)
    system = np.block([[inside, plane], [plane.T, np.zeros((3, 3))]])
    weights = np.linalg.solve(system, np.concatenate([targets, np.zeros((3, 2))]))
    return np.asarray(kernel(places, sources) @ weights[:-3] + affine(places) @ weights[-3:])


def rendered(
    portrait: Portrait, distance: float, *, is_flat: bool, shift: Array, noise: np.random.Generator
) -> NDArray[np.uint8]:
    """A picture (240, 320, 3) of a head, or of a flat picture of it."""
    scale = NEAR_SPAN / EYE_SPAN * NEAR / distance  # px a mm on the eyes' plane
    rows, columns = np.mgrid[0:HEIGHT:GRID, 0:WIDTH:GRID].astype(np.float64)
    middle = np.array([WIDTH / 2, HEIGHT * 0.42]) + shift
    places = (np.stack([columns.ravel(), rows.ravel()], 1) - middle) / scale
    found = places if is_flat else portrait.sources(places, distance)
    sources = (found / portrait.scale + portrait.middle[:2]).reshape(*rows.shape, 2).astype(np.float32)
    dense = cv2.resize(sources, (columns.shape[1] * GRID, rows.shape[0] * GRID))
    offset = (GRID - 1) / 2  # cv2.resize puts the first place in the middle of its cell
    moved = cv2.warpAffine(
        dense, np.array([[1, 0, -offset], [0, 1, -offset]]), (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE
    )
    smaller = 1 / (scale * portrait.scale)
    sharp = portrait.pixels
    pixels = sharp if smaller <= 1 else cv2.GaussianBlur(sharp, (0, 0), 0.45 * smaller)
    seen = cv2.remap(pixels, moved[..., 0], moved[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    noisy = np.clip(seen + noise.normal(0, NOISE, seen.shape), 0, 255).astype(np.uint8)
    _, jpeg = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)


def narrowing(
    portrait: Portrait, mesh: FaceMesh, *, is_flat: bool, noise: np.random.Generator
) -> float | None:
    """By how much the outline narrows against the eyes, in logarithms; None where the mesh is lost."""
    medians = []
    for distance in (FAR, NEAR):
        found = []
        for _ in range(TAKES):
            shift = noise.uniform(-SHIFT, SHIFT, 2)
            picture = rendered(portrait, distance, is_flat=is_flat, shift=shift, noise=noise)
            scale = NEAR_SPAN / EYE_SPAN * NEAR / distance * portrait.scale
            flat = landmarks_of_mesh(portrait.mesh[:, :2].astype(np.float32))
            start = (flat - portrait.middle[:2]) * scale + (WIDTH / 2, HEIGHT * 0.42) + shift
            ratio = _outline(mesh, Image(picture, ""), start)
            found += [] if ratio is None else [ratio]
        if len(found) <= TAKES // 2:
            return None
        medians.append(float(np.median(found)))
    return medians[0] - medians[1]


def _outline(mesh: FaceMesh, image: Image, start: Array) -> float | None:
    """The logarithm of outline by eyes, of the mesh that is fitted twice, as in a video's next frame."""
    landmarks = np.asarray(start, np.float32)
    for _ in range(2):
        points, scores = mesh.surface(image.copies, landmarks[None])
        if scores[0] < 0.5:
            return None
        landmarks = landmarks_of_mesh(points[0, :, :2])
    flat = points[0, :, :2]
    outline, eyes = (float(np.linalg.norm(flat[one] - flat[other])) for one, other in (OUTLINE, OUTER))
    return float(np.log(outline / eyes))


def read_frontal(file: Path, analyzer: FaceAnalyzer, mesh: FaceMesh) -> Portrait | None:
    """The portrait in a file, None where no large face looks at the camera."""
    image = decode_image(file.read_bytes(), max_side=8192, max_pixels=8192**2)
    faces = analyzer.detect_upright(image, longer=max(image.width, image.height), limit=1)
    if not faces or min(faces[0].box.width, faces[0].box.height) < SMALLEST:
        return None
    pose = faces[0].pose
    if any(abs(at) > limit for at, limit in zip((pose.yaw, pose.pitch, pose.roll), FRONTAL, strict=True)):
        return None
    points, scores = mesh.surface(image.copies, faces[0].landmarks[None])
    return Portrait(image.pixels, points[0].astype(np.float64)) if scores[0] >= 0.7 else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=200, help="portraits")
    parser.add_argument("--pack", default="default")
    chosen = parser.parse_args()
    one_thread_each()
    pool = SessionPool(install(find_pack(chosen.pack)).paths())
    analyzer, mesh, noise = FaceAnalyzer(pool), FaceMesh(pool), np.random.default_rng(1)
    files = sorted(chosen.folder.rglob("*.jpg"))
    random.Random(7).shuffle(files)
    heads, sheets = list[float](), list[float]()
    for file in files:
        if len(heads) == chosen.count:
            break
        portrait = read_frontal(file, analyzer, mesh)
        if portrait is None:
            continue
        head, sheet = (narrowing(portrait, mesh, is_flat=is_flat, noise=noise) for is_flat in (False, True))
        if head is not None and sheet is not None:
            heads.append(head)
            sheets.append(sheet)
    _tell(np.array(heads), np.array(sheets))


def _tell(heads: Array, sheets: Array) -> None:
    for name, values in (("heads", heads), ("flat", sheets)):
        low, middle, high = np.percentile(values, [25, 50, 75])
        sys.stdout.write(f"{name}: {len(values)}, median {middle:.3f}, quartiles {low:.3f} and {high:.3f}\n")
    sys.stdout.write(f"AUC {np.mean(heads[:, None] > sheets[None]):.3f}\n")
    for bpcer in (0.05, 0.12, 0.2):
        threshold = np.quantile(heads, bpcer)
        sys.stdout.write(f"BPCER {bpcer:.2f}: APCER of flat pictures {np.mean(sheets >= threshold):.3f}\n")


if __name__ == "__main__":
    main()
