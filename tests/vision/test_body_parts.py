"""Parts of the body: YOLOv8's output is read as it is meant, and faces are not taken for something else."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from regard.packs.install import InstalledPack
from regard.vision.body_parts import SIDE, BodyPart, BodyPartDetector, Part, decode, letterbox
from regard.vision.explicit import ExplicitClassifier
from regard.vision.faces import FaceAnalyzer
from regard.vision.faces.face import Face, Pose, Quality
from regard.vision.geometry import Box
from regard.vision.image import Image
from regard.vision.nudity import (
    EVEN_SCORE,
    EVEN_SWIMWEAR,
    NudityDetector,
    NudityKind,
    findings,
    percent,
    without_faces,
)
from regard.vision.session import SessionPool


def predictions(*rows: tuple[tuple[float, float, float, float], dict[Part, float]]) -> np.ndarray:
    """YOLOv8's (4 + classes, N), from centre x, centre y, width, height and the scores of each row."""
    made = np.zeros((4 + len(Part), len(rows)), np.float32)
    for n, (box, scores) in enumerate(rows):
        made[:4, n] = box
        for part, score in scores.items():
            made[4 + part.value, n] = score
    return made


def face(box: Box, confidence: float = 99.0) -> Face:
    return Face(box, confidence, np.zeros((5, 2), np.float32), Pose(0, 0, 0), Quality(50, 50))


def test_a_box_is_read_from_its_centre_and_brought_to_the_pictures_pixels() -> None:
    [part] = decode(predictions(((100, 60, 40, 20), {Part.BELLY_EXPOSED: 0.9})), 0.5)
    assert part == BodyPart(Part.BELLY_EXPOSED, pytest.approx(0.9), Box(160, 100, 80, 40))


def test_the_best_class_of_a_box_counts() -> None:
    scores = {Part.BUTTOCKS_EXPOSED: 0.4, Part.BUTTOCKS_COVERED: 0.6}
    assert [part.part for part in decode(predictions(((9, 9, 4, 4), scores)), 1)] == [Part.BUTTOCKS_COVERED]


def test_what_is_hardly_there_is_left_out() -> None:
    assert decode(predictions(((9, 9, 4, 4), {Part.BELLY_EXPOSED: 0.09})), 1) == []
    assert decode(np.zeros((22, 2100), np.float32), 1) == []


def test_of_boxes_on_one_another_the_best_stays_within_a_class_only() -> None:
    found = decode(
        predictions(
            ((100, 100, 50, 50), {Part.FEMALE_BREAST_EXPOSED: 0.5}),
            ((104, 100, 50, 50), {Part.FEMALE_BREAST_EXPOSED: 0.8}),
            ((160, 100, 50, 50), {Part.FEMALE_BREAST_EXPOSED: 0.3}),
            ((100, 100, 50, 50), {Part.FEMALE_BREAST_COVERED: 0.4}),
        ),
        1,
    )
    assert [(part.part, round(part.score, 1)) for part in found] == [
        (Part.FEMALE_BREAST_EXPOSED, 0.8),
        (Part.FEMALE_BREAST_COVERED, 0.4),
        (Part.FEMALE_BREAST_EXPOSED, 0.3),
    ]


@pytest.mark.parametrize(("width", "height"), [(640, 320), (100, 200), (3000, 90), (320, 320)])
def test_a_picture_is_laid_into_the_corner_of_a_black_square(width: int, height: int) -> None:
    pixels = np.full((height, width, 3), (255, 0, 102), np.uint8)
    blob, scale = letterbox(Image(pixels, ""))
    assert blob.shape == (1, 3, SIDE, SIDE)
    assert scale == SIDE / max(width, height)
    assert blob[0, :, 0, 0] == pytest.approx([1, 0, 0.4])
    covered = blob[0, 0] > 0.5
    assert covered.any(1).sum() == max(1, round(height * scale))
    assert covered.any(0).sum() == max(1, round(width * scale))


def test_a_face_that_fills_the_picture_is_no_bare_part() -> None:
    whole = Box(0, 0, 200, 200)
    parts = [
        BodyPart(Part.FEMALE_GENITALIA_EXPOSED, 0.8, whole),
        BodyPart(Part.MALE_GENITALIA_EXPOSED, 0.8, whole),
        BodyPart(Part.FEMALE_BREAST_EXPOSED, 0.7, Box(0, 150, 60, 60)),
    ]
    head = Box(20, 20, 150, 150)
    assert [part.part for part in without_faces(parts, [face(head)])] == [
        Part.MALE_GENITALIA_EXPOSED,
        Part.FEMALE_BREAST_EXPOSED,
    ]
    assert without_faces(parts, [face(head, confidence=60)]) == parts
    assert without_faces(parts, []) == parts


@pytest.mark.parametrize(
    ("part", "finding"),
    [
        (Part.MALE_GENITALIA_EXPOSED, NudityKind.MALE_GENITALIA),
        (Part.FEMALE_GENITALIA_EXPOSED, NudityKind.FEMALE_GENITALIA),
        (Part.BUTTOCKS_EXPOSED, NudityKind.BUTTOCKS_OR_ANUS),
        (Part.ANUS_EXPOSED, NudityKind.BUTTOCKS_OR_ANUS),
        (Part.FEMALE_BREAST_EXPOSED, NudityKind.FEMALE_BREAST),
        (Part.MALE_BREAST_EXPOSED, NudityKind.MALE_BREAST),
    ],
)
def test_each_bare_part_is_a_finding(part: Part, finding: NudityKind) -> None:
    [found] = findings([BodyPart(part, 0.8, Box(0, 0, 10, 10))])
    assert (found.kind, found.confidence) == (finding, percent(0.8, EVEN_SCORE))


def test_covered_parts_and_what_everybody_shows_find_nothing() -> None:
    harmless = set(Part) - {part for part in Part if part.name.endswith("_EXPOSED")}
    harmless |= {Part.BELLY_EXPOSED, Part.FEET_EXPOSED, Part.ARMPITS_EXPOSED}
    harmless -= {Part.FEMALE_GENITALIA_COVERED, Part.FEMALE_BREAST_COVERED}
    assert findings([BodyPart(part, 0.99, Box(0, 0, 10, 10)) for part in harmless]) == []
    assert findings([BodyPart(Part.FEMALE_GENITALIA_COVERED, 0.99, Box(0, 0, 10, 10))]) == []


def test_a_covered_part_is_swimwear_close_to_a_bare_belly_only() -> None:
    belly = BodyPart(Part.BELLY_EXPOSED, 0.9, Box(100, 100, 40, 40))
    below = BodyPart(Part.FEMALE_GENITALIA_COVERED, 0.4, Box(110, 150, 20, 20))
    elsewhere = BodyPart(Part.FEMALE_BREAST_COVERED, 0.9, Box(300, 60, 40, 40))
    [found] = findings([belly, below, elsewhere])
    assert found.kind is NudityKind.FEMALE_SWIMWEAR
    assert found.box == below.box
    assert found.confidence == pytest.approx(percent(0.6, EVEN_SWIMWEAR))


def test_explicit_parts_of_a_picture_that_is_harmless_as_a_whole_are_less_sure() -> None:
    bare = [
        BodyPart(part, 0.55, Box(0, 0, 9, 9)) for part in (Part.BUTTOCKS_EXPOSED, Part.MALE_BREAST_EXPOSED)
    ]
    alone = {found.kind: found.confidence for found in findings(bare)}
    doubted = {found.kind: found.confidence for found in findings(bare, doubted=True)}
    assert alone[NudityKind.BUTTOCKS_OR_ANUS] > 50 > doubted[NudityKind.BUTTOCKS_OR_ANUS]
    assert doubted[NudityKind.MALE_BREAST] == alone[NudityKind.MALE_BREAST], "it isn't explicit"


def test_confidence_is_even_at_the_chosen_score_and_grows_with_it() -> None:
    assert percent(EVEN_SCORE, EVEN_SCORE) == pytest.approx(50)
    grown = [percent(score, EVEN_SCORE) for score in np.linspace(0, 1, 50)]
    assert grown == sorted(grown)
    assert 0 <= grown[0] < grown[-1] <= 100


def test_free_portraits_have_faces_and_nothing_explicit(
    analyzer: FaceAnalyzer,
    installed_pack: InstalledPack,
    nudenet_pack: InstalledPack,
    astronaut: Image,
    group: Image,
) -> None:
    sessions = SessionPool(dict(installed_pack.paths()) | dict(nudenet_pack.paths()))
    parts = BodyPartDetector(sessions)
    detector = NudityDetector(ExplicitClassifier(sessions), parts)
    assert parts.detect(astronaut)[0].part in (Part.FACE_FEMALE, Part.FACE_MALE)
    assert parts.detect(astronaut)[0].score > 0.5
    for image in (astronaut, group):
        assert [
            found
            for found in detector.detect(image, partial(analyzer.detect, image))
            if found.confidence >= 30
        ] == []
