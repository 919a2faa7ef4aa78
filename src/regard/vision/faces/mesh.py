"""468 points of a face and its irises: FaceMesh on the upright face, Iris on each eye.

Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs", 2019; Ablavatski et
al., "Real-time Pupil Tracking from Monocular Video for Digital Puppetry", 2020; the graphs of the npm package
`@vladmandic/human`. The numbering of the points is MediaPipe's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regard.vision.faces.alignment import chip_maps
from regard.vision.pixels import Copies, Floats
from regard.vision.runner import Runner

MESH_SIDE, MESH_BATCH = 192, 4
MESH_PADDING = 0.5  # of the template's face on each side, which fills the crop as FaceMesh was trained
EYE_SIDE, EYE_BATCH = 64, 8
EYE_MARGIN = 2.3  # of the distance between an eye's corners
CORNERS = {"left": (263, 362), "right": (33, 133)}  # outer and inner, of the person's own left and right
CONTOUR = 16  # points of Iris: the lids, from the outer corner below the eye and above it


@dataclass(frozen=True, eq=False, slots=True)
class Meshes:
    """N faces in pixels of the upright picture, float32.

    `points` (N, 478, 3): x, y, and z in the same unit, growing away from the camera; 468 of FaceMesh, then
    five of either iris (the person's left, then right): centre, then four on its edge.
    `lids` (N, 2, 16, 2): the outline of the left and the right eye as Iris sees it.
    `scores` (N,): FaceMesh's own, 0 to 1, that the crop shows a face.
    """

    points: Floats
    lids: Floats
    scores: Floats


class FaceMesh:
    networks = ("facemesh", "iris")

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def fit(self, copies: Copies, landmarks: Floats) -> Meshes:
        """Meshes of the faces with `landmarks` (N, 5, 2), px of the picture that `copies` holds."""
        points, scores = self.surface(copies, landmarks)
        irises, lids = self._eyes(copies, points)
        return Meshes(np.concatenate([points, irises], 1), lids, scores)

    def surface(self, copies: Copies, landmarks: Floats) -> tuple[Floats, Floats]:
        """FaceMesh alone: points (N, 468, 3) and scores (N,), as `Meshes`."""
        points, scores = [np.zeros((0, 468, 3), np.float32)], [np.zeros(0, np.float32)]
        for begin in range(0, len(landmarks), MESH_BATCH):
            maps = chip_maps(landmarks[begin : begin + MESH_BATCH], MESH_SIDE, MESH_PADDING)
            crops = copies.cut(maps, MESH_SIDE).astype(np.float32) / np.float32(255)
            _, logits, found = self._runner.run("facemesh", {"input": crops})
            points.append(_placed(found.reshape(-1, 468, 3), maps))
            scores.append(logits[:, 0])
        return np.concatenate(points), np.concatenate(scores)

    def _eyes(self, copies: Copies, points: Floats) -> tuple[Floats, Floats]:
        """Irises (N, 10, 3) and lids (N, 2, 16, 2) of faces with `points` (N, 468, 3)."""
        maps = np.stack([eye_maps(points, *CORNERS["left"]), eye_maps(points, *CORNERS["right"])], 1)
        flat = maps.reshape(-1, 2, 3)
        mirrored = np.tile([True, False], len(points))  # Iris knows the right eye; the left is shown mirrored
        found = [np.zeros((0, 76, 3), np.float32)]
        for begin in range(0, len(flat), EYE_BATCH):
            crops = copies.cut(flat[begin : begin + EYE_BATCH], EYE_SIDE)
            flip = mirrored[begin : begin + EYE_BATCH]
            crops[flip] = crops[flip, :, ::-1]
            scaled = crops.astype(np.float32) / np.float32(255)
            found.append(self._runner.run("iris", {"input": scaled})[0].reshape(-1, 76, 3))
        eyes = np.concatenate(found)
        eyes[mirrored, :, 0] = EYE_SIDE - 1 - eyes[mirrored, :, 0]
        placed = _placed(eyes, flat).reshape(-1, 2, 76, 3)
        irises = placed[:, :, 71:].copy()
        # Iris gives no depth of its own worth having: an iris lies as deep as the corners of its eye.
        for eye, side in enumerate(CORNERS.values()):
            irises[:, eye, :, 2] = points[:, list(side), 2].mean(1, keepdims=True)
        return irises.reshape(-1, 10, 3), placed[:, :, :CONTOUR, :2]


def eye_maps(points: Floats, outer: int, inner: int) -> NDArray[np.float64]:
    """The maps (N, 2, 3) from a crop about the eye, level with its corners, to the picture."""
    ends = points[:, [outer, inner], :2].astype(np.float64)
    if outer == CORNERS["left"][0]:
        ends = ends[:, ::-1]
    across = ends[:, 1] - ends[:, 0]
    step = across * EYE_MARGIN / EYE_SIDE
    turn = np.stack([np.stack([step[:, 0], -step[:, 1]], -1), np.stack([step[:, 1], step[:, 0]], -1)], -2)
    origin = ends.mean(1) - turn.sum(2) * ((EYE_SIDE - 1) / 2)
    return np.concatenate([turn, origin[..., None]], 2)


def _placed(points: Floats, maps: NDArray[np.float64]) -> Floats:
    """Points (N, K, 3) of crops, in pixels of the picture, by the crops' maps (N, 2, 3)."""
    flat = np.einsum("nij,nkj->nki", maps[:, :, :2], points[..., :2]) + maps[:, None, :, 2]
    scale = np.sqrt(np.abs(np.linalg.det(maps[:, :, :2])))
    depth = points[..., 2] * scale[:, None]
    return np.concatenate([flat, depth[..., None]], 2).astype(np.float32)
