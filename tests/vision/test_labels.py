"""Labels on the real networks and on what a stand-in says; photos come from the free pictures."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest

from regard.vision.faces import Face
from regard.vision.faces.face import Pose, Quality
from regard.vision.features import load_feature_head
from regard.vision.findings import PictureFindings
from regard.vision.geometry import Box
from regard.vision.image import Image, decode_image
from regard.vision.labels import Instance, Label
from regard.vision.labels.derive import label_probabilities
from regard.vision.labels.objects import (
    COCO,
    FoundClass,
    ObjectCandidates,
    ObjectDetector,
    any_odds,
    evidence,
    load_calibration,
    read_candidates,
)
from regard.vision.models import Models
from regard.vision.people import bodies_with_faces
from regard.vision.session import SessionPool
from regard.vision.taxonomy import load_taxonomy
from tests import scenes

TAXONOMY = load_taxonomy()


class CenterNet:
    """Answers with these detections (left, top, right, bottom in 512 px, score, class)."""

    def __init__(self, *rows: tuple[float, ...]) -> None:
        self.rows = np.zeros((100, 6), np.float32)
        self.rows[: len(rows)] = rows

    def run(self, name: str, feeds: dict) -> list[np.ndarray]:
        assert name == "centernet"
        assert feeds["input"].shape == (1, 512, 512, 3)
        return [self.rows[None]]


def picture(width: int = 1024, height: int = 256) -> np.ndarray:
    return np.zeros((height, width, 3), np.uint8)


CAR, PERSON, DOG = (COCO.index(name) for name in ("car", "person", "dog"))


def test_a_box_is_told_in_pixels_of_the_picture_and_stays_inside() -> None:
    detector = ObjectDetector(CenterNet((256, 172, 600, 256, 0.9, CAR)))
    [car] = detector.detect(picture())
    [instance] = car.instances
    assert (car.name, instance.box) == ("car", Box(512, 0, 512, 128))


def test_one_object_is_found_once_and_another_class_at_its_place_lowers_it() -> None:
    alone = ObjectDetector(CenterNet((100, 100, 300, 300, 0.4, CAR))).detect(picture())
    twice = ObjectDetector(CenterNet((100, 100, 300, 300, 0.4, CAR), (110, 100, 310, 300, 0.35, CAR))).detect(
        picture()
    )
    assert len(twice[0].probabilities) == 1
    assert twice[0].confidence == alone[0].confidence
    doubted = ObjectDetector(
        CenterNet((100, 100, 300, 300, 0.4, CAR), (110, 100, 310, 300, 0.6, DOG))
    ).detect(picture())
    assert {one.name: one.confidence for one in doubted}["car"] < alone[0].confidence


def test_a_class_is_at_least_as_sure_with_more_of_it() -> None:
    boxes = [(20 + 120 * n, 50, 120 + 120 * n, 200, 0.3, CAR) for n in range(4)]
    few, many = (ObjectDetector(CenterNet(*boxes[:n])).detect(picture())[0] for n in (1, 4))
    assert many.confidence > few.confidence
    assert list(many.probabilities) == sorted(many.probabilities, reverse=True)


def test_noise_and_empty_boxes_are_no_objects() -> None:
    rows = [(10, 10, 90, 90, 0.01, CAR), (50, 50, 50, 90, 0.9, CAR), (600, 600, 700, 700, 0.9, CAR)]
    assert ObjectDetector(CenterNet(*rows)).detect(picture()) == []


def test_evidence_of_nothing_is_empty() -> None:
    none = ObjectCandidates(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int))
    assert evidence(none).shape == (0, 4)
    assert load_calibration().probabilities(none).shape == (0,)


def test_a_higher_score_is_a_higher_chance() -> None:
    boxes = np.array([[0.1, 0.1, 0.4, 0.4]])
    said = [
        load_calibration().probabilities(ObjectCandidates(boxes, np.array([score]), np.array([CAR])))[0]
        for score in (0.1, 0.2, 0.3, 0.5, 0.8)
    ]
    assert said == sorted(said)
    assert said[0] < 0.1
    assert said[-1] > 0.9


def test_of_two_even_chances_one_comes_true_three_times_in_four() -> None:
    assert any_odds(np.array([0.5, 0.5])) == pytest.approx(np.log(3))


def face(left: float, height: float, confidence: float = 99.0) -> Face:
    box = Box(left, 10, 0.8 * height, height)
    return Face(box, confidence, np.zeros((5, 2), np.float32), Pose(0, 0, 0), Quality(50, 50))


def found(name: str, confidence: float, *probabilities_: float) -> FoundClass:
    return FoundClass(name, confidence, (), probabilities_)


def test_ancestors_are_as_likely_as_their_likeliest_child() -> None:
    said = label_probabilities(
        TAXONOMY, [found("car", 60), found("bus", 80)], {}, {"Vehicle": 0.7}, [], 480, 120
    )
    assert said["Car"] == said["Car"] == 0.6
    assert said["Vehicle"] == said["Transportation"] == 0.8


def test_a_face_is_a_person_and_a_large_one_alone_a_portrait() -> None:
    said = label_probabilities(TAXONOMY, [], {}, {}, [face(0, 200)], 480, 120)
    assert said["Person"] == said["Head"] == said["Face"] == said["Portrait"] == said["Photography"] == 0.99
    assert "Portrait" not in label_probabilities(TAXONOMY, [], {}, {}, [face(0, 60)], 480, 120)
    assert "Portrait" not in label_probabilities(
        TAXONOMY, [], {}, {}, [face(0, 200), face(300, 150)], 480, 120
    )


def test_two_are_people_and_ten_a_crowd() -> None:
    two = label_probabilities(TAXONOMY, [found("person", 99, 0.9, 0.7)], {}, {}, [], 480, 120)
    assert (two["People"], two["Crowd"]) == (0.7, 0)
    ten = label_probabilities(
        TAXONOMY, [found("person", 50, 0.4)], {}, {}, [face(20 * n, 15, 80) for n in range(10)], 480, 120
    )
    assert ten["Crowd"] == ten["People"] == 0.8


def test_a_doubtful_face_counts_only_where_a_body_may_be() -> None:
    doubtful = [face(0, 200, 80)]
    assert "Face" not in label_probabilities(TAXONOMY, [], {}, {}, doubtful, 480, 120)
    assert (
        label_probabilities(TAXONOMY, [found("person", 50, 0.4)], {}, {}, doubtful, 480, 120)["Face"] == 0.8
    )


@pytest.mark.parametrize(("luma", "outdoors", "night"), [(20, 1, True), (20, 0.1, False), (120, 1, False)])
def test_a_dark_picture_outdoors_is_one_of_night(luma: float, outdoors: float, night: bool) -> None:
    said = label_probabilities(TAXONOMY, [], {}, {"Outdoors": outdoors}, [], 480, luma)
    assert (said["Night"] >= 0.55) == night


def test_a_label_is_as_certain_as_the_surest_of_its_instances() -> None:
    box = Box(0, 0, 10, 10)
    label = Label.of("Tie", 93.0, [Instance(box, 39.0), Instance(box, 21.0)])
    assert [one.confidence for one in label.instances] == [93.0, 21.0]
    assert Label.of("Sea", 93.0, []).instances == ()
    doubted = Label.of("Tie", 30.0, [Instance(box, 39.0), Instance(box, 35.0)])
    assert [one.confidence for one in doubted.instances] == [30.0, 30.0]


def test_a_body_is_as_certain_as_the_face_in_it() -> None:
    left, right = Instance(Box(0, 0, 100, 300), 60.0), Instance(Box(200, 0, 100, 300), 70.0)
    faces = [face(30, 40, 97.0), face(400, 40, 99.0)]
    assert bodies_with_faces([right, left], faces) == (replace(left, confidence=97.0), right)
    assert bodies_with_faces([right, left], []) == (right, left)


def test_in_any_picture_labels_agree_with_their_instances_and_their_parents(
    sessions: SessionPool,
) -> None:
    models = Models.on(sessions)
    for file in sorted(scenes.PICTURES.glob("*.jpg")):
        findings = PictureFindings(decode_image(file.read_bytes()), models)
        labels = {label.name: label for label in findings.labels()}
        for label in labels.values():
            confidences = [one.confidence for one in label.instances]
            assert confidences == sorted(confidences, reverse=True)
            assert confidences[:1] in ([], [label.confidence])
            for parent in TAXONOMY.concepts[label.name].parents:
                assert labels[parent].confidence >= label.confidence


def test_a_portrait_shows_a_person_and_no_scene(sessions: SessionPool, astronaut: Image) -> None:
    labels = {label.name: label for label in PictureFindings(astronaut, Models.on(sessions)).labels()}
    assert labels["Person"].confidence > 95
    [instance] = labels["Person"].instances
    assert instance.box.area > astronaut.width * astronaut.height / 3
    sure = {name for name, label in labels.items() if label.confidence >= 55}
    assert sure >= {"Person", "Face", "Head"}
    # Vehicle is left out: a model of the Space Shuttle stands in the background.
    assert not sure & {"Mountain", "Sea", "Garden", "Library", "Food", "Animal", "Furniture", "Kitchen"}


def test_turned_to_a_mirror_image_the_boxes_are_mirrored(sessions: SessionPool, astronaut: Image) -> None:
    flipped = np.ascontiguousarray(astronaut.pixels[:, ::-1])
    straight, mirrored = (read_candidates(sessions, pixels) for pixels in (astronaut.pixels, flipped))
    assert straight.boxes[0, 0] == pytest.approx(1 - mirrored.boxes[0, 2], abs=0.05)


@pytest.mark.parametrize("name", ["objects", "scenes"])
def test_what_was_fitted_has_a_card_that_names_its_data(name: str) -> None:
    card = json.loads(files("regard.vision.labels").joinpath(f"{name}.json").read_text("utf-8"))
    assert card["says"]
    assert card["limits"]
    assert card.get("trained on") or card["fitted on"]


def test_the_scene_heads_weights_are_small_and_finite() -> None:
    head = load_feature_head("regard.vision.labels", "scenes")
    assert head.weights.shape == (1280, len(head.outputs))
    assert np.isfinite(head.weights).all()
    assert np.isfinite(head.bias).all()
    assert len(files("regard.vision.labels").joinpath("scenes.npz").read_bytes()) < 200_000
