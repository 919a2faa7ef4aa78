"""What is said of the faces on the free portraits, as they are and changed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from regard.vision.faces import FaceAnalyzer
from regard.vision.faces.attributes import Attributes, Emotion, Gender
from regard.vision.image import Image, decode_image
from tests.vision.conftest import turned
from tests.vision.embedded import MODEL, embed

JUDGED = ("smile", "eyes_open", "mouth_open", "eyeglasses", "sunglasses", "beard", "mustache", "occluded")


def described(analyzer: FaceAnalyzer, image: Image) -> Attributes:
    faces = analyzer.detect(image)[:1]
    assert faces
    return analyzer.describe(image, faces)[0]


def painted(image: Image, attributes: Attributes, kind: str) -> Image:
    """The picture with dark lenses over the eyes, or a cloth from the nose to the chin."""
    pixels = image.pixels.copy()
    mesh = attributes.mesh[:, :2]
    span = float(np.linalg.norm(mesh[263] - mesh[33]))
    if kind == "sunglasses":
        for outer, inner in ((33, 133), (263, 362)):
            centre = mesh[[outer, inner]].mean(0).astype(int).tolist()
            cv2.ellipse(pixels, centre, (int(span * 0.27), int(span * 0.2)), 0, 0, 360, (15, 15, 18), -1)
        ends = [mesh[133].astype(int).tolist(), mesh[362].astype(int).tolist()]
        cv2.line(pixels, ends[0], ends[1], (15, 15, 18), max(2, int(span * 0.05)))
    else:
        jaw = (234, 93, 132, 58, 172, 136, 150, 149, 152, 378, 379, 365, 397, 288, 361, 323, 454)
        outline = np.concatenate([mesh[list(jaw)], mesh[[4]]]).astype(np.int32)
        cv2.fillPoly(pixels, [outline], (150, 195, 215))
    return Image(pixels, "")


@pytest.fixture(scope="module")
def astronauts(analyzer: FaceAnalyzer, astronaut: Image) -> Attributes:
    return described(analyzer, astronaut)


def test_a_smiling_woman_is_described_as_one(astronauts: Attributes) -> None:
    assert astronauts.gender is Gender.FEMALE
    assert astronauts.gender_confidence > 90
    assert astronauts.smile.value
    assert astronauts.mouth_open.value
    assert astronauts.eyes_open.value
    assert not any(
        getattr(astronauts, name).value
        for name in ("eyeglasses", "sunglasses", "beard", "mustache", "occluded")
    )
    assert astronauts.emotions[0][0] is Emotion.HAPPY
    assert 25 < astronauts.age < 50


def test_glasses_are_seen(analyzer: FaceAnalyzer, other_portrait: Path) -> None:
    hopper = described(analyzer, decode_image(other_portrait.read_bytes()))
    assert hopper.eyeglasses.value
    assert not hopper.sunglasses.value
    assert hopper.age > 45


def test_dark_lenses_are_sunglasses_and_hide_the_face(
    analyzer: FaceAnalyzer, astronaut: Image, astronauts: Attributes
) -> None:
    wearing = described(analyzer, painted(astronaut, astronauts, "sunglasses"))
    assert wearing.sunglasses.value
    assert wearing.occluded.value


def test_a_mask_hides_the_face(analyzer: FaceAnalyzer, astronaut: Image, astronauts: Attributes) -> None:
    masked = described(analyzer, painted(astronaut, astronauts, "mask"))
    assert masked.occluded.value
    assert masked.occluded.confidence > 80


def test_confidences_are_of_what_is_said(astronauts: Attributes) -> None:
    for name in JUDGED:
        assert 50 <= getattr(astronauts, name).confidence <= 100
    assert 50 <= astronauts.gender_confidence <= 100
    assert astronauts.age_low <= astronauts.age <= astronauts.age_high


def test_emotions_are_all_eight_sorted_and_add_up_to_a_hundred(astronauts: Attributes) -> None:
    assert {emotion for emotion, _ in astronauts.emotions} == set(Emotion)
    shares = [share for _, share in astronauts.emotions]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(100)


def test_confusion_never_leads(analyzer: FaceAnalyzer, astronaut: Image) -> None:
    blurred = Image(np.asarray(cv2.GaussianBlur(astronaut.pixels, (0, 0), 4), np.uint8), "")
    assert described(analyzer, blurred).emotions[0][0] is not Emotion.CONFUSED


def test_a_mirrored_face_looks_the_other_way(
    analyzer: FaceAnalyzer, astronaut: Image, astronauts: Attributes
) -> None:
    mirrored = described(analyzer, Image(np.ascontiguousarray(astronaut.pixels[:, ::-1]), ""))
    assert abs(mirrored.pose.yaw + astronauts.pose.yaw) < 4
    assert abs(mirrored.pose.roll + astronauts.pose.roll) < 3
    assert abs(mirrored.pose.pitch - astronauts.pose.pitch) < 4
    assert abs(mirrored.gaze.yaw + astronauts.gaze.yaw) < 6
    pupils = mirrored.mesh[[468, 473], :2][::-1]
    expected = astronauts.mesh[[468, 473], :2] * [-1, 1] + [astronaut.width - 1, 0]
    assert np.abs(pupils - expected).max() < 0.05 * np.linalg.norm(pupils[0] - pupils[1])


@pytest.mark.parametrize("degrees", [-60, -25, 25, 60, 180])
def test_the_mesh_turns_with_the_picture(
    analyzer: FaceAnalyzer, astronaut: Image, astronauts: Attributes, degrees: float
) -> None:
    picture, warp = turned(astronaut, degrees)
    face = described(analyzer, picture)
    expected = astronauts.mesh[:, :2] @ warp[:, :2].T + warp[:, 2]
    size = np.linalg.norm(expected[33] - expected[263])
    assert np.linalg.norm(face.mesh[:, :2] - expected, axis=1).mean() < 0.06 * size
    assert abs((face.pose.roll - astronauts.pose.roll - degrees + 180) % 360 - 180) < 6
    assert abs(face.pose.yaw - astronauts.pose.yaw) < 8


def test_attributes_do_not_depend_on_the_batch(analyzer: FaceAnalyzer, group: Image) -> None:
    faces = analyzer.detect(group)
    together = analyzer.describe(group, faces)
    for number, face in enumerate(faces):
        (alone,) = analyzer.describe(group, [face])
        assert np.abs(alone.mesh - together[number].mesh).max() < 0.01
        assert alone.age == pytest.approx(together[number].age, abs=0.01)
        for name in JUDGED:
            ours, theirs = getattr(alone, name), getattr(together[number], name)
            assert ours.confidence == pytest.approx(theirs.confidence, abs=0.05)


def test_descriptors_that_are_shared_change_nothing(analyzer: FaceAnalyzer, group: Image) -> None:
    faces = analyzer.detect(group)
    descriptors = analyzer.descriptors(group)
    vectors = MODEL.embedder.embed(descriptors, faces)
    assert np.array_equal(vectors, embed(analyzer, group, faces))
    ours, theirs = analyzer.describe(group, faces, descriptors), analyzer.describe(group, faces)
    for one, other in zip(ours, theirs, strict=True):
        assert np.array_equal(one.mesh, other.mesh)
        assert dataclasses.replace(one, mesh=other.mesh) == dataclasses.replace(other, mesh=other.mesh) or (
            one.age == other.age and one.emotions == other.emotions
        )


def test_no_face_has_no_attributes(analyzer: FaceAnalyzer, astronaut: Image) -> None:
    assert analyzer.describe(astronaut, []) == []


def test_a_face_at_the_edge_is_described(analyzer: FaceAnalyzer, astronaut: Image) -> None:
    cut = Image(np.ascontiguousarray(astronaut.pixels[62:200, 205:420]), "")
    for face in analyzer.detect(cut):
        (attributes,) = analyzer.describe(cut, [face])
        assert np.isfinite(attributes.mesh).all()
