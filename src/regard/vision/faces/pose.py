"""Head pose from five landmarks."""

from __future__ import annotations

import numpy as np

from regard.vision.faces.face import Pose
from regard.vision.pixels import Floats

# An average face in units of the distance between the eyes: x to the picture's right, y down, z away from
# the camera. x and y are `alignment.TEMPLATE`. With the nose .5 deep, yaw and pitch grow 1.25 and .9 times as
# fast as in FaceMesh's geometry (LFW; correlations .97 and .84).
MEAN_FACE = np.array(
    [(-0.50, -0.57, 0.0), (0.50, -0.57, 0.0), (0.0, 0.0, -0.5), (-0.46, 0.44, 0.0), (0.46, 0.44, 0.0)]
)

# Landmarks of a face in profile lie as if it were turned less: 64° by the camera are 74° by eye
# (training/labels/fairface_pose.csv). In degrees.
FAR = 3.7e-5


def eye_rolls(landmarks: Floats) -> Floats:
    """Roll (N,) in radians, −π to π, positive clockwise, of the line from eye to eye; landmarks (N, 5, 2)."""
    eyes = landmarks[:, 1] - landmarks[:, 0]
    return np.asarray(np.arctan2(eyes[:, 1], eyes[:, 0]), np.float32)


def estimate_poses(landmarks: Floats) -> list[Pose]:
    """Poses of `landmarks` (N, 5, 2), px.

    Signs are Rekognition's, checked on its published answers: roll grows clockwise in the picture, yaw is
    positive for a face turned to the picture's right, pitch is positive for one that is raised.

    Roll is the direction of eyes and mouth. The rest is weak perspective: the affine camera that best maps
    the mean face to the landmarks, made a scaled rotation by its polar decomposition. The rotation is roll ·
    yaw · pitch.
    """
    points = np.asarray(landmarks, np.float64)
    across = points[:, 1] - points[:, 0] + points[:, 4] - points[:, 3]
    roll = np.arctan2(across[:, 1], across[:, 0])
    cos, sin = np.cos(roll), np.sin(roll)
    turn = np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], -2)
    upright = np.einsum("nij,nkj->nki", turn, points - points.mean(1, keepdims=True))
    model = MEAN_FACE - MEAN_FACE.mean(0)
    camera = np.einsum("mk,nkc->ncm", np.linalg.pinv(model), upright)
    left, _, right = np.linalg.svd(camera, full_matrices=False)
    rows = left @ right
    forward = -np.stack([rows[:, 0, 2], rows[:, 1, 2], np.cross(rows[:, 0], rows[:, 1])[:, 2]], 1)
    yaw = np.degrees(np.arctan2(forward[:, 0], -forward[:, 2]))
    yaw = np.radians(np.clip(yaw + FAR * yaw**3, -90, 90))
    pitch = np.arcsin(np.clip(-forward[:, 1], -1, 1))
    return [Pose(*angles) for angles in np.degrees(np.stack([roll, yaw, pitch], 1)).tolist()]
