"""Head pose from five landmarks."""

from __future__ import annotations

import numpy as np

from regard.vision.faces.face import Pose
from regard.vision.pixels import Floats

# An average face in units of the distance between the eyes: x to the picture's right, y down, z away from the
# camera. x and y are `alignment.TEMPLATE`; depths are fitted to FaceMesh's geometry (training/fit_pose.py).
MEAN_FACE = np.array(
    [(-0.50, -0.57, 0.0), (0.50, -0.57, 0.0), (0.0, 0.0, -0.45), (-0.46, 0.44, -0.05), (0.46, 0.44, -0.05)]
)


def estimate_poses(landmarks: Floats) -> list[Pose]:
    """Poses of `landmarks` (N, 5, 2), px.

    Signs are Rekognition's, checked on its published answers: roll grows clockwise in the picture, yaw is
    positive for a face turned to the picture's right, pitch is positive for one that looks up.

    Weak perspective: the affine camera that best maps the mean face to the landmarks, made a scaled rotation
    by its polar decomposition (Tomasi and Kanade's factorisation, one view). Rotation = roll · yaw · pitch.
    """
    points = np.asarray(landmarks, np.float64)
    model = MEAN_FACE - MEAN_FACE.mean(0)
    spread = points - points.mean(1, keepdims=True)
    camera = np.einsum("mk,nkc->ncm", np.linalg.pinv(model), spread)
    left, _, right = np.linalg.svd(camera, full_matrices=False)
    rows = left @ right
    depth = np.cross(rows[:, 0], rows[:, 1])
    roll = np.arctan2(rows[:, 1, 0], rows[:, 0, 0])
    forward = -np.stack([rows[:, 0, 2], rows[:, 1, 2], depth[:, 2]], 1)
    cos, sin = np.cos(roll), np.sin(roll)
    across = cos * forward[:, 0] + sin * forward[:, 1]
    down = -sin * forward[:, 0] + cos * forward[:, 1]
    yaw = np.arctan2(across, -forward[:, 2])
    pitch = np.arcsin(np.clip(-down, -1, 1))
    degrees = np.degrees(np.stack([roll, yaw, pitch], 1))
    return [Pose(*angles) for angles in degrees.tolist()]
