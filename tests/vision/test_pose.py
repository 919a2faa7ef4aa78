"""Head pose from five landmarks: a known head, turned by known angles, is read back."""

from __future__ import annotations

import numpy as np
import pytest

from regard.vision.faces.pose import MEAN_FACE, estimate_poses


def seen(roll: float, yaw: float, pitch: float) -> np.ndarray:
    """The mean face turned by these degrees and seen from afar, (5, 2), px."""
    r, y, p = np.radians([roll, yaw, pitch])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    about_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    return np.asarray((MEAN_FACE @ (about_z @ about_y @ about_x).T)[:, :2] * 80 + 300, np.float32)


def test_a_face_turned_to_the_right_of_the_picture_has_positive_yaw() -> None:
    assert seen(0, 20, 0)[2, 0] > seen(0, 0, 0)[2, 0]
    assert estimate_poses(seen(0, 20, 0)[None])[0].yaw == pytest.approx(20, abs=1)


def test_a_face_that_looks_up_has_positive_pitch() -> None:
    assert seen(0, 0, 20)[2, 1] < seen(0, 0, 0)[2, 1]
    assert estimate_poses(seen(0, 0, 20)[None])[0].pitch == pytest.approx(20, abs=1)


def test_a_head_that_leans_clockwise_has_positive_roll() -> None:
    assert seen(30, 0, 0)[1, 1] > seen(30, 0, 0)[0, 1]
    assert estimate_poses(seen(30, 0, 0)[None])[0].roll == pytest.approx(30, abs=1)


@pytest.mark.parametrize("roll", [-150, -90, -20, 0, 45, 90, 179])
@pytest.mark.parametrize("yaw", [-40, 0, 25])
@pytest.mark.parametrize("pitch", [-20, 0, 20])
def test_angles_are_read_back(roll: float, yaw: float, pitch: float) -> None:
    pose = estimate_poses(seen(roll, yaw, pitch)[None])[0]
    assert abs((pose.roll - roll + 180) % 360 - 180) < 12
    assert pose.yaw == pytest.approx(yaw, abs=8)
    assert pose.pitch == pytest.approx(pitch, abs=8)


def test_many_faces_are_read_at_once() -> None:
    poses = estimate_poses(np.stack([seen(0, yaw, 0) for yaw in (-30, 0, 30)]))
    assert [round(pose.yaw / 30) for pose in poses] == [-1, 0, 1]
