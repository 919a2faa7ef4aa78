"""Faces are found where they are, whatever way up the picture is, and told apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from regard.vision.faces import Face, FaceAnalyzer
from regard.vision.image import Image, decode_image
from tests import scenes
from tests.vision.conftest import turned
from tests.vision.embedded import MODEL, embed


def centres(faces: list[Face]) -> np.ndarray:
    boxes = [face.box for face in faces]
    return np.array([(box.left + box.width / 2, box.top + box.height / 2) for box in boxes]).reshape(-1, 2)


def test_a_portrait_has_one_face(analyzer: FaceAnalyzer, astronaut: Image) -> None:
    (face,) = analyzer.detect(astronaut)
    left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < right_mouth[0]
    assert left_eye[1] < nose[1] < left_mouth[1]
    assert face.box.left < left_eye[0] < right_eye[0] < face.box.left + face.box.width
    assert face.confidence > 90
    assert abs(face.pose.roll) < 15
    assert face.quality.brightness > 50
    assert face.quality.sharpness > 70


def test_every_face_of_a_group_is_found_largest_first(analyzer: FaceAnalyzer) -> None:
    photo, pasted = scenes.group([200, 190, 160, 150, 120, 110, 80, 70])
    faces = analyzer.detect(Image(np.asarray(photo), ""))
    assert len(faces) == len(pasted)
    areas = [face.box.area for face in faces]
    assert areas == sorted(areas, reverse=True)
    for item in pasted:
        left, top, width, height = item.box
        apart = np.linalg.norm(centres(faces) - [left + width / 2, top + height / 2], axis=1).min()
        assert apart < 0.35 * height


def test_at_most_limit_faces_the_largest_are_given(analyzer: FaceAnalyzer, group: Image) -> None:
    assert [face.box for face in analyzer.detect(group, limit=3)] == [
        face.box for face in analyzer.detect(group)[:3]
    ]


@pytest.mark.parametrize("degrees", [-90, -60, -45, -20, 20, 45, 60, 90, 135, 180])
def test_a_turned_group_is_found_with_its_landmarks(
    analyzer: FaceAnalyzer, group: Image, degrees: float
) -> None:
    upright = analyzer.detect(group)
    picture, warp = turned(group, degrees)
    faces = analyzer.detect(picture)
    assert len(faces) == len(upright)
    for face in upright:
        expected = face.landmarks @ warp[:, :2].T + warp[:, 2]
        size = np.linalg.norm(expected[1] - expected[0])
        errors = [float(np.linalg.norm(other.landmarks - expected, axis=1).mean()) for other in faces]
        assert min(errors) < 0.3 * size
        roll = faces[int(np.argmin(errors))].pose.roll
        assert abs((roll - face.pose.roll - degrees + 180) % 360 - 180) < 15


@pytest.mark.parametrize("degrees", [-90, -45, 45, 90, 180])
def test_a_turned_face_is_the_same_person(
    analyzer: FaceAnalyzer, astronaut: Image, other_portrait: Path, degrees: float
) -> None:
    picture, _ = turned(astronaut, degrees)
    stranger = decode_image(other_portrait.read_bytes())
    vectors = [
        embed(analyzer, image, analyzer.detect(image)[:1])[0] for image in (astronaut, picture, stranger)
    ]
    assert np.linalg.norm(vectors[0] - vectors[1]) < 0.35
    assert np.linalg.norm(vectors[0] - vectors[2]) > 0.6


@pytest.mark.parametrize("name", ["brick", "grass", "gravel"])
def test_textures_hold_no_face(analyzer: FaceAnalyzer, portrait: Path, name: str) -> None:
    assert analyzer.detect(decode_image(portrait.with_name(f"{name}.jpg").read_bytes())) == []


@pytest.mark.parametrize("value", [0, 128, 255])
def test_an_even_picture_holds_no_face(analyzer: FaceAnalyzer, value: int) -> None:
    assert analyzer.detect(Image(np.full((300, 400, 3), value, np.uint8), "")) == []


def test_noise_holds_no_face(analyzer: FaceAnalyzer) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    assert analyzer.detect(Image(noise, "")) == []


def test_a_face_that_fills_the_frame_is_found(analyzer: FaceAnalyzer, astronaut: Image) -> None:
    crop = np.ascontiguousarray(astronaut.pixels[62:171, 180:264])
    (face,) = analyzer.detect(Image(crop, ""))
    assert face.box.height > 70


def test_a_large_picture_gives_the_same_faces(analyzer: FaceAnalyzer, astronaut: Image) -> None:
    small = analyzer.detect(astronaut)[0]
    large = np.repeat(np.repeat(astronaut.pixels, 4, 0), 4, 1)
    (face,) = analyzer.detect(Image(large, ""))
    assert np.abs(face.landmarks / 4 - small.landmarks).max() < 0.1 * small.box.height


def test_embeddings_do_not_depend_on_the_batch(analyzer: FaceAnalyzer, group: Image) -> None:
    faces = analyzer.detect(group)
    together = embed(analyzer, group, faces)
    assert together.shape == (len(faces), MODEL.dimension)
    assert together.dtype == np.float32
    alone = np.concatenate([embed(analyzer, group, [face]) for face in faces])
    assert np.abs(together - alone).max() < 1e-5


def test_no_faces_have_no_embeddings(analyzer: FaceAnalyzer, astronaut: Image) -> None:
    assert embed(analyzer, astronaut, []).shape == (0, MODEL.dimension)


def test_people_in_a_group_are_told_apart(
    analyzer: FaceAnalyzer, astronaut: Image, other_portrait: Path
) -> None:
    photo, pasted = scenes.group([200, 190, 160, 150, 120, 110])
    image = Image(np.asarray(photo), "")
    faces = analyzer.detect(image)
    vectors = embed(analyzer, image, faces)
    gallery = {
        "astronaut": embed(analyzer, astronaut, analyzer.detect(astronaut))[0],
        "hopper": embed(
            analyzer, other := decode_image(other_portrait.read_bytes()), analyzer.detect(other)[:1]
        )[0],
    }
    for item in pasted:
        left, top, width, height = item.box
        nearest = np.linalg.norm(centres(faces) - [left + width / 2, top + height / 2], axis=1).argmin()
        distances = {name: np.linalg.norm(vector - vectors[nearest]) for name, vector in gallery.items()}
        assert min(distances, key=lambda name: float(distances[name])) == item.person


def test_vectors_survive_half_precision(analyzer: FaceAnalyzer, astronaut: Image) -> None:
    vector = embed(analyzer, astronaut, analyzer.detect(astronaut))[0]
    assert np.linalg.norm(vector - vector.astype(np.float16).astype(np.float32)) < 1e-3


def test_annotated_group_photos_are_found_completely(analyzer: FaceAnalyzer, shared_data: Path) -> None:
    for file in sorted((shared_data / "dlib" / "faces").glob("2008_00*.jpg")):
        assert analyzer.detect(decode_image(file.read_bytes())), file.name
