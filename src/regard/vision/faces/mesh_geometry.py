"""How a face's mesh lies in space, and what its eyes and mouth do, whichever way the head is turned."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from regard.vision.faces.face import Pose
from regard.vision.faces.mesh import Meshes
from regard.vision.pixels import Floats

# Places in the mesh, in MediaPipe's numbering. The person's left is the picture's right.
OUTER_LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
INNER_LIPS = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)
BROWS = (70, 63, 105, 66, 107, 46, 53, 52, 65, 55, 300, 293, 334, 296, 336, 276, 283, 282, 295, 285)
EYES = (33, 159, 133, 145, 263, 386, 362, 374)
NOSE_AND_CHIN = (1, 98, 327, 152, 205, 425)
EXPRESSIVE = (*OUTER_LIPS, *INNER_LIPS, *BROWS, *EYES, *NOSE_AND_CHIN)

NEAR, TURNED = 20.0, 40.0  # degrees

EYEBALL = 12.0  # mm, radius
SUNK = 6.5  # mm, from the middle between an eye's corners back to the eyeball's centre
# mm: how far outwards and up of the middle between its corners the iris of an eye lies whose gaze is straight
# ahead; the medians of faces of FairFace and LFW that are turned to the camera lie between .9 and 1.4, and
# 1.3 and 1.5.
REST = (1.1, 1.45)
EYE_SPAN = 90.0  # mm, between the outer corners of the eyes


@dataclass(frozen=True, eq=False, slots=True)
class Alignment:
    """Where N heads are. A point of the mean face p appears at `scales` · `rotations` · p + shift.

    `rotations` (N, 3, 3), `scales` (N,) px by the mean face's unit, which is the distance of its eyes' outer
    corners; `frontal` (N, 478, 3): the meshes, turned to face the camera, in that unit.
    """

    rotations: NDArray[np.float64]
    scales: NDArray[np.float64]
    frontal: NDArray[np.float64]


class MeanFace:
    """The average mesh of FairFace's faces (training/fit_mean_face.py): (468, 3), x right, y down, z away
    from the camera; and which of its points hardly move when a face does.
    """

    def __init__(self) -> None:
        with files("regard.vision.faces").joinpath("mean_face.npz").open("rb") as file:
            constants = np.load(file, allow_pickle=False)
            self.points = constants["points"].astype(np.float64)
            self.stiff = constants["stiff"].astype(np.intp)

    def align(self, points: Floats) -> Alignment:
        """Rotation, scale and shift from the mean face to meshes `points` (N, 478, 3), px.

        Least squares over the stiff points, Umeyama's solution (1991).
        """
        model = self.points[self.stiff] - self.points[self.stiff].mean(0)
        meshes = points.astype(np.float64)
        middles = meshes[:, self.stiff].mean(1, keepdims=True)
        seen = meshes[:, self.stiff] - middles
        left, spread, right = np.linalg.svd(np.einsum("nki,kj->nij", seen, model))
        sign = np.ones_like(spread)
        sign[:, 2] = np.sign(np.linalg.det(left) * np.linalg.det(right))
        rotations = np.einsum("nij,nj,njk->nik", left, sign, right)
        scales = np.maximum((spread * sign).sum(1) / (model**2).sum(), 1e-9)
        frontal = np.einsum("nkj,nji->nki", meshes - middles, rotations) / scales[:, None, None]
        return Alignment(rotations, scales, frontal)


def poses_of(rotations: NDArray[np.float64]) -> list[Pose]:
    """Poses of rotations (N, 3, 3), with the signs of `pose.estimate_poses`: roll · yaw · pitch."""
    forward = -rotations[:, :, 2]
    roll = np.arctan2(rotations[:, 1, 0], rotations[:, 0, 0])
    cos, sin = np.cos(roll), np.sin(roll)
    x = cos * forward[:, 0] + sin * forward[:, 1]
    y = -sin * forward[:, 0] + cos * forward[:, 1]
    yaw, pitch = np.arctan2(x, -forward[:, 2]), np.arcsin(np.clip(-y, -1, 1))
    return [Pose(*angles) for angles in np.degrees(np.stack([roll, yaw, pitch], 1)).tolist()]


def combined_poses(five: list[Pose], mesh: list[Pose]) -> list[Pose]:
    """Poses by five landmarks and by the mesh of the same faces, made one.

    Of yaw the mesh is the better judge while a face is turned ahead; but that of a face turned far is that of
    one turned less, and from `NEAR` to `TURNED` degrees the landmarks take over. Of roll and pitch the mean
    has smaller errors than either (training/measure_geometry.py).
    """
    a, b = (
        np.array([(pose.roll, pose.yaw, pose.pitch) for pose in poses], np.float64).reshape(-1, 3)
        for poses in (five, mesh)
    )
    share = np.full_like(a, 0.5)
    share[:, 1] = np.clip((TURNED - np.abs(a[:, 1])) / (TURNED - NEAR), 0, 1)
    apart = (b - a + 180) % 360 - 180
    return [Pose(*angles) for angles in ((a + share * apart + 180) % 360 - 180).tolist()]


def openings(meshes: Meshes, alignment: Alignment) -> NDArray[np.float64]:
    """(N, 3): the person's left eye, right eye and mouth, height by width of the opening."""
    lids = meshes.lids.astype(np.float64)
    width = np.linalg.norm(lids[:, :, 0] - lids[:, :, 8], axis=2)
    below, above = lids[:, :, 2:7].mean(2), lids[:, :, 10:15].mean(2)
    eyes = np.linalg.norm(below - above, axis=2) / np.maximum(width, 1e-6)
    inner = alignment.frontal[:, [13, 14, 78, 308]]
    height = np.linalg.norm(inner[:, 0] - inner[:, 1], axis=1)
    mouth = height / np.maximum(np.linalg.norm(inner[:, 2] - inner[:, 3], axis=1), 1e-6)
    return np.concatenate([eyes, mouth[:, None]], 1)


def shape_features(meshes: Meshes, alignment: Alignment) -> Floats:
    """(N, F) float32: the expressive points and the lids, head turned to the camera, and the openings."""
    points = alignment.frontal[:, list(EXPRESSIVE)].reshape(len(meshes.points), -1)
    corners = meshes.lids[:, :, [0, 8]].astype(np.float64)
    across = corners[:, :, 1] - corners[:, :, 0]
    # Each lid in a frame of its own eye: the corners level and at −.5 and .5.
    turn = np.stack([across, np.stack([-across[..., 1], across[..., 0]], -1)], -2)
    turn = turn / np.maximum((across**2).sum(-1), 1e-9)[..., None, None]
    lids = np.einsum("neij,nekj->neki", turn, meshes.lids - corners.mean(2, keepdims=True))
    flat = lids.reshape(len(meshes.points), -1)
    return np.concatenate([points, flat, openings(meshes, alignment)], 1).astype(np.float32)


def gazes(meshes: Meshes, alignment: Alignment) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Directions of both eyes' gaze (N, 2, 2), yaw and pitch in degrees with the signs of `Pose`; and (N, 2)
    how far each iris lies from where an eyeball can carry it, 0 for one that fits.

    An eyeball turns about a centre that lies `SUNK` behind the middle of the eye's corners; its iris lies
    `EYEBALL` in front of that centre along the gaze, and by `REST` aside. Seen from afar, the iris' place in
    the picture is then the gaze's x and y. Sizes are an adult's; the span of the eyes gives the scale.
    """
    forward = -alignment.rotations[:, :2, 2]
    by_mm = EYE_SPAN / alignment.scales[:, None, None]
    irises = meshes.points[:, [468, 473], :2].astype(np.float64)
    corners = meshes.lids[:, :, [0, 8]].mean(2)
    outwards = np.array([1, -1])[None, :, None] * alignment.rotations[:, None, :2, 0]
    rest = REST[0] * outwards - REST[1] * alignment.rotations[:, None, :2, 1]
    gaze = ((irises - corners) * by_mm - rest + SUNK * forward[:, None]) / EYEBALL
    length = np.linalg.norm(gaze, axis=2)
    gaze = gaze / np.maximum(length, 1.0)[..., None] * np.where(length > 1, 0.999, 1.0)[..., None]
    ahead = np.sqrt(1 - (gaze**2).sum(2))
    angles = np.stack([np.arctan2(gaze[..., 0], ahead), np.arcsin(np.clip(-gaze[..., 1], -1, 1))], -1)
    return np.degrees(angles), np.maximum(length - 1, 0)
