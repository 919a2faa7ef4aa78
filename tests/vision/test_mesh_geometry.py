"""A mesh that is a turned copy of the mean face is told its turn, and eyes where they look."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.vision.faces.face import Pose
from regard.vision.faces.mesh import Meshes
from regard.vision.faces.mesh_geometry import (
    EYE_SPAN,
    EYEBALL,
    REST,
    SUNK,
    MeanFace,
    combined_poses,
    gazes,
    openings,
    poses_of,
    shape_features,
)

angles = st.floats(-60, 60)


def rotation(pose: Pose) -> np.ndarray:
    """Roll · yaw · pitch, with the signs of `Pose`, in a frame of x right, y down, z away from the camera."""
    roll, yaw, pitch = np.radians([pose.roll, pose.yaw, pose.pitch])
    about_z = [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    about_y = [[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]]
    about_x = [[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]]
    return np.array(about_z) @ about_y @ about_x


def mesh_of(pose: Pose, scale: float = 80.0, shift: tuple[float, float] = (200, 150)) -> Meshes:
    """The mean face seen so, its irises in the middle of the eyes, which are a quarter open."""
    points = MeanFace().points @ rotation(pose).T * scale + [*shift, 0]
    irises, lids = [], []
    for outer, inner in ((263, 362), (33, 133)):
        a, b = points[outer, :2], points[inner, :2]
        irises += [np.append((a + b) / 2, 0)] * 5
        along = np.concatenate([np.linspace(0, 1, 9), np.linspace(0, 1, 9)[1:-1]])[:, None]
        down = np.array([a[1] - b[1], b[0] - a[0]]) * (1 if outer == 33 else -1)
        bulge = np.concatenate([np.r_[0, [0.15] * 7, 0], [-0.15] * 7])[:, None]
        lids.append(a + along * (b - a) + bulge * down)
    points = np.concatenate([points, np.array(irises)])
    return Meshes(points[None].astype(np.float32), np.array(lids, np.float32)[None], np.ones(1, np.float32))


@given(angles, angles, angles, st.floats(5, 500))
def test_a_turned_mean_face_is_told_its_turn(roll: float, yaw: float, pitch: float, scale: float) -> None:
    mean = MeanFace()
    alignment = mean.align(mesh_of(Pose(roll, yaw, pitch), scale).points)
    (pose,) = poses_of(alignment.rotations)
    assert [pose.roll, pose.yaw, pose.pitch] == pytest.approx([roll, yaw, pitch], abs=0.1)
    assert alignment.scales[0] == pytest.approx(scale, rel=1e-3)
    stiff = mean.points - mean.points[mean.stiff].mean(0)
    assert np.abs(alignment.frontal[0, :468] - stiff).max() < 1e-3


def test_the_mean_face_is_symmetric_and_upright() -> None:
    points = MeanFace().points
    mirrored = points * [-1, 1, 1]
    assert np.linalg.norm(mirrored[:, None] - points[None], axis=2).min(1).max() < 0.02
    assert points[10, 1] < points[1, 1] < points[152, 1]
    assert points[1, 2] < points[33, 2]  # the nose is nearer to the camera than the eyes


@given(angles, angles, angles)
def test_features_of_the_shape_do_not_depend_on_the_turn(roll: float, yaw: float, pitch: float) -> None:
    mean = MeanFace()
    ahead, turned = mesh_of(Pose(0, 0, 0)), mesh_of(Pose(roll, yaw, pitch), 31, (9, 70))
    one, other = (shape_features(mesh, mean.align(mesh.points)) for mesh in (ahead, turned))
    surface = 3 * 66
    assert np.abs(one[:, :surface] - other[:, :surface]).max() < 0.01


def test_open_eyes_have_lids_apart() -> None:
    mesh = mesh_of(Pose(0, 0, 0))
    alignment = MeanFace().align(mesh.points)
    left, right, _ = openings(mesh, alignment)[0]
    assert left == pytest.approx(right, abs=1e-6)
    assert 0.2 < left < 0.4
    shut = Meshes(mesh.points, mesh.lids.copy(), mesh.scores)
    shut.lids[:, :, 9:] = shut.lids[:, :, 1:8]
    assert openings(shut, alignment)[0, :2].max() < 0.05


@given(st.floats(-25, 25), st.floats(-20, 20), st.floats(-25, 25), st.floats(-20, 20))
def test_a_gaze_is_read_from_where_the_iris_is(yaw: float, pitch: float, head: float, nod: float) -> None:
    mesh = mesh_of(Pose(0, head, nod), 300)
    forward = -rotation(Pose(0, head, nod))[:, 2]
    looks = -rotation(Pose(0, yaw, pitch))[:, 2]
    millimetre = 300 / EYE_SPAN
    turn = rotation(Pose(0, head, nod))
    for eye, (iris, side) in enumerate(((468, 1), (473, -1))):
        middle = mesh.lids[0, eye, [0, 8]].mean(0)
        rest = turn @ [side * REST[0], -REST[1], 0]
        where = EYEBALL * looks - SUNK * forward + rest
        mesh.points[0, iris, :2] = middle + millimetre * where[:2]
    found, outside = gazes(mesh, MeanFace().align(mesh.points))
    assert found[0] == pytest.approx(np.array([[yaw, pitch]] * 2), abs=0.5)
    assert outside.max() == 0


def test_a_face_that_looks_ahead_is_judged_by_its_mesh() -> None:
    (pose,) = combined_poses([Pose(0, 12, 4)], [Pose(2, 7, -4)])
    assert [pose.roll, pose.yaw, pose.pitch] == pytest.approx([1, 7, 0])


def test_a_face_turned_far_is_judged_by_its_landmarks() -> None:
    (pose,) = combined_poses([Pose(170, 60, 5)], [Pose(-170, 20, 15)])
    assert pose.yaw == pytest.approx(60)
    assert pose.pitch == pytest.approx(10)
    assert abs(pose.roll) == pytest.approx(180)
