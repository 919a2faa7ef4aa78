"""Protective equipment: who is a person, where heads and hands are, and what the real networks say."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw

from regard.packs.install import InstalledPack
from regard.vision.faces import Face, FaceAnalyzer
from regard.vision.faces.face import Pose, Quality
from regard.vision.findings import PictureFindings
from regard.vision.geometry import Box
from regard.vision.image import Image, decode_image
from regard.vision.labels.label import Instance
from regard.vision.labels.objects import FoundClass
from regard.vision.models import Models
from regard.vision.people import find_people
from regard.vision.pixels import Copies
from regard.vision.protective import Cover, EquippedPerson, PartName, ProtectiveDetector
from regard.vision.protective.parts import PartSquare, hand_of_pose, head_of_body, head_of_face, head_of_pose
from regard.vision.protective.pose import BodyPose, Point
from regard.vision.session import SessionPool
from tests import scenes

SIZE = {"width": 1000, "height": 800}


def face(left: float, top: float, side: float = 50, confidence: float = 99.0, roll: float = 0.0) -> Face:
    """A face whose eyes lie above its mouth, turned by `roll` degrees about its middle."""
    marks = np.array([(-0.2, -0.15), (0.2, -0.15), (0, 0.05), (-0.15, 0.25), (0.15, 0.25)])
    angle = np.radians(roll)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (marks @ turn.T * side + (left + side / 2, top + side / 2)).astype(np.float32)
    return Face(Box(left, top, side, side), confidence, points, Pose(0, 0, 0), Quality(50, 50))


def body(left: float, top: float, width: float, height: float, confidence: float = 90.0) -> Instance:
    return Instance(Box(left, top, width, height), confidence)


def test_a_face_high_up_in_a_body_makes_it_one_person() -> None:
    [person] = find_people([body(100, 100, 200, 600, 60)], [face(170, 120)], **SIZE, limit=15)
    assert person.box == Box(100, 100, 200, 600)
    assert person.face is not None
    assert person.confidence == 99.0


def test_a_face_at_the_feet_of_a_body_is_somebody_elses() -> None:
    people = find_people([body(100, 100, 200, 600)], [face(170, 600)], **SIZE, limit=15)
    assert [person.face is None for person in people] == [True, False]


def test_of_two_bodies_the_smaller_that_holds_the_face_has_it() -> None:
    bodies = [body(0, 0, 500, 800), body(150, 100, 100, 400)]
    people = find_people(bodies, [face(175, 110)], **SIZE, limit=15)
    assert [person.face is None for person in people] == [True, False]


def test_a_face_alone_is_a_person_within_the_picture() -> None:
    [person] = find_people([], [face(10, 700)], **SIZE, limit=15)
    assert (person.box.left, person.box.top) == (0, 675)
    assert person.box.top + person.box.height == 800


def test_what_is_hardly_a_body_or_a_face_is_nobody() -> None:
    assert find_people([body(0, 0, 90, 90, 49)], [face(500, 500, confidence=79)], **SIZE, limit=15) == []


def test_the_largest_people_come_first_and_the_rest_is_left_out() -> None:
    bodies = [body(10 * n, 0, 10 + n, 100) for n in range(20)]
    people = find_people(bodies, [], **SIZE, limit=15)
    assert len(people) == 15
    assert [person.box.width for person in people] == list(range(29, 14, -1))


@pytest.mark.parametrize("roll", [0, 30, -75, 180])
def test_a_head_stands_as_its_face_does(roll: float) -> None:
    region = head_of_face(face(100, 100, roll=roll))
    assert region.up == pytest.approx([np.sin(np.radians(roll)), -np.cos(np.radians(roll))], abs=0.02)
    assert region.side == 50


def test_a_regions_chip_is_upright_and_about_its_middle() -> None:
    region = PartSquare(
        np.array([40.0, 60.0]), 20, np.array([1.0, 0.0])
    )  # lies on its side, head to the right
    places = np.array([[4.5, 4.5, 1], [4.5, -0.5, 1]]) @ region.map(10).T
    assert places[0] == pytest.approx([40, 60])
    assert places[1] == pytest.approx([50, 60])  # the chip's upper edge
    raised = np.array([4.5, 4.5, 1]) @ region.map(10, lift=0.5).T
    assert raised == pytest.approx([50, 60])


def standing(**seen: tuple[float, float]) -> np.ndarray:
    """Key points (17, 3) of which only those that are named are seen."""
    points = np.zeros((17, 3), np.float32)
    for name, place in seen.items():
        points[Point[name]] = (*place, 0.9)
    return points


def test_a_head_is_found_by_its_points_and_the_shoulders() -> None:
    points = standing(NOSE=(100, 50), LEFT_SHOULDER=(138, 107.5), RIGHT_SHOULDER=(62, 107.5))
    region = head_of_pose(points)
    assert region is not None
    assert region.middle == pytest.approx([100, 50])
    assert region.up == pytest.approx([0, -1], abs=1e-6)
    assert region.side == pytest.approx(50, rel=0.02)


def test_no_point_of_a_head_is_no_head_of_the_pose() -> None:
    assert head_of_pose(standing(LEFT_SHOULDER=(138, 107), RIGHT_SHOULDER=(62, 107))) is None


def test_the_head_of_a_body_alone_is_high_up_in_it() -> None:
    region = head_of_body(Box(100, 100, 200, 600))
    assert region.middle[0] == pytest.approx(199.5)
    assert 100 < region.middle[1] < 200


def test_a_hand_lies_behind_the_wrist_as_seen_from_the_elbow() -> None:
    hand = hand_of_pose(standing(LEFT_WRIST=(100, 100), LEFT_ELBOW=(100, 180)), "left", 50)
    assert hand is not None
    assert hand.middle == pytest.approx([100, 64])
    assert hand.up == pytest.approx([0, -1])
    assert hand_of_pose(standing(LEFT_WRIST=(100, 100)), "right", 50) is None


def test_a_far_elbow_does_not_carry_the_hand_away() -> None:
    hand = hand_of_pose(standing(LEFT_WRIST=(100, 100), LEFT_ELBOW=(900, 100)), "left", 20)
    assert hand is not None
    assert hand.middle[0] > 100 - 0.45 * 2.5 * 20 - 1


@pytest.fixture(scope="module")
def sessions(installed_pack: InstalledPack) -> SessionPool:
    return SessionPool(installed_pack.paths())


@pytest.fixture(scope="module")
def look(sessions: SessionPool):
    models = Models.on(sessions)

    def look(picture: Pillow.Image) -> list[EquippedPerson]:
        image = Image(np.ascontiguousarray(np.asarray(picture.convert("RGB"))), "")
        return list(PictureFindings(image, models).equipped_persons())

    return look


def masked(portrait: Pillow.Image) -> Pillow.Image:
    """The astronaut with a surgical mask, drawn over nose, mouth and chin."""
    drawn = portrait.copy()
    pen = ImageDraw.Draw(drawn)
    outline = [(224, 122), (262, 140), (258, 172), (228, 196), (198, 180), (184, 146)]
    pen.polygon(outline, fill=(140, 190, 220))
    for shift in (0, 12, 24):
        pen.line([(190, 148 + shift), (226, 140 + shift), (260, 146 + shift)], fill=(110, 165, 200), width=2)
    pen.line([(184, 146), (172, 120)], fill=(225, 225, 225), width=2)
    pen.line([(262, 140), (274, 118)], fill=(225, 225, 225), width=2)
    return drawn


def pieces(person: EquippedPerson) -> set[Cover]:
    return {piece.cover for part in person.parts for piece in part.equipment}


def test_a_bare_head_is_seen_and_wears_nothing(look) -> None:
    [person] = look(scenes.portrait("astronaut"))
    assert {PartName.FACE, PartName.HEAD} <= {part.name for part in person.parts}
    assert pieces(person) == set()


def test_a_mask_is_found_where_it_is_and_covers_the_face(look) -> None:
    [person] = look(masked(scenes.portrait("astronaut")))
    assert pieces(person) == {Cover.FACE}
    [piece] = next(part.equipment for part in person.parts if part.name is PartName.FACE)
    middle = (piece.box.left + piece.box.width / 2, piece.box.top + piece.box.height / 2)
    assert middle == pytest.approx((224, 160), abs=20)
    assert piece.covers
    assert piece.confidence > 80


def test_a_body_that_shows_anothers_head_has_no_parts(sessions: SessionPool) -> None:
    image = Image(np.ascontiguousarray(np.asarray(scenes.portrait("astronaut"))), "")
    bodies = (body(20, 10, 470, 500, 95), body(60, 0, 300, 330, 60))
    found = ProtectiveDetector(sessions).detect(
        image, FaceAnalyzer(sessions).detect(image), [FoundClass("person", 95, bodies, (0.95, 0.6))]
    )
    assert [bool(person.parts) for person in found].count(True) == 1
    assert len(found) == 2


def test_a_picture_of_nobody_has_no_people(look) -> None:
    assert look(Pillow.open(scenes.PICTURES / "gravel.jpg")) == []


def test_key_points_do_not_depend_on_who_else_is_looked_at(sessions: SessionPool) -> None:
    pose = BodyPose(sessions)
    copies = Copies(decode_image((scenes.PICTURES / "astronaut.jpg").read_bytes()).pixels)
    boxes = [Box(0, 0, 300, 400), Box(100, 50, 200, 300), Box(50, 0, 400, 500)]
    together = pose.read(copies, boxes)
    for row, box in enumerate(boxes):
        np.testing.assert_allclose(pose.read(copies, [box])[0], together[row], atol=0.05)
    assert pose.read(copies, []).shape == (0, 17, 3)


def test_the_nose_is_where_the_nose_is(sessions: SessionPool) -> None:
    image = decode_image((scenes.PICTURES / "astronaut.jpg").read_bytes())
    [points] = BodyPose(sessions).read(Copies(image.pixels), [Box(0, 0, 512, 512)])
    [seen] = FaceAnalyzer(sessions).detect(image)
    assert points[Point.NOSE, :2] == pytest.approx(seen.landmarks[2], abs=10)
