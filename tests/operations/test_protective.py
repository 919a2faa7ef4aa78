"""DetectProtectiveEquipment: Rekognition's answer and limits, and who counts as wearing what is required."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests import scenes

from regard.app import Parts
from regard.caller import LOCAL
from regard.errors import ImageTooLargeException, InvalidParameterException
from regard.operations.pictures.protective import summary
from regard.vision.geometry import Box
from regard.vision.protective import Cover, Equipment, EquippedPart, EquippedPerson, PartName

TYPES = ("FACE_COVER", "HEAD_COVER", "HAND_COVER")
WITH, WITHOUT, UNCLEAR = (
    "PersonsWithRequiredEquipment",
    "PersonsWithoutRequiredEquipment",
    "PersonsIndeterminate",
)


@pytest.fixture
def detect(parts: Parts):
    def detect(picture: Image.Image | bytes, **more: object) -> dict[str, Any]:
        content = picture if isinstance(picture, bytes) else scenes.png(picture)
        return parts.gate.call("detect_protective_equipment", {"Image": {"Bytes": content}, **more}, LOCAL)

    return detect


def test_people_are_numbered_and_their_boxes_lie_in_the_picture(detect, group_photo) -> None:
    answer = detect(group_photo.read_bytes())
    persons = answer["Persons"]
    assert len(persons) == 8
    assert [person["Id"] for person in persons] == list(range(8))
    assert answer["ProtectiveEquipmentModelVersion"] == "1.0"
    assert "Summary" not in answer
    for person in persons:
        box = person["BoundingBox"]
        assert 0 <= box["Left"] <= box["Left"] + box["Width"] <= 1 + 1e-9
        assert 0 <= box["Top"] <= box["Top"] + box["Height"] <= 1 + 1e-9
        names = [part["Name"] for part in person["BodyParts"]]
        assert len(set(names)) == len(names)


def test_at_most_fifteen_people_are_told_of(detect) -> None:
    photo, _ = scenes.group([150] * 20)
    assert len(detect(photo)["Persons"]) == 15


def test_a_summary_puts_every_person_somewhere(detect, group_photo) -> None:
    wanted = {"MinConfidence": 80, "RequiredEquipmentTypes": ["FACE_COVER"]}
    answer = detect(group_photo.read_bytes(), SummarizationAttributes=wanted)
    told = [number for numbers in answer["Summary"].values() for number in numbers]
    assert sorted(told) == [person["Id"] for person in answer["Persons"]]
    assert answer["Summary"][WITH] == []
    assert len(answer["Summary"][WITHOUT]) >= 6


def test_a_picture_of_nobody_has_an_empty_summary(detect, texture) -> None:
    wanted = {"MinConfidence": 80, "RequiredEquipmentTypes": list(TYPES)}
    answer = detect(texture.read_bytes(), SummarizationAttributes=wanted)
    assert answer["Persons"] == []
    assert answer["Summary"] == {WITH: [], WITHOUT: [], UNCLEAR: []}


def test_its_own_limits_hold(detect) -> None:
    assert detect(Image.new("RGB", (64, 64)))["Persons"] == []
    with pytest.raises(InvalidParameterException):
        detect(Image.new("RGB", (63, 640)))
    with pytest.raises(ImageTooLargeException):
        detect(Image.new("RGB", (4097, 64)))
    with pytest.raises(ImageTooLargeException):
        detect(scenes.png(Image.new("RGB", (64, 64))) + bytes(4 * 1024 * 1024))


def piece(cover: Cover, confidence: float = 95, covers: bool = True, sure: float = 95) -> Equipment:
    return Equipment(cover, Box(0, 0, 9, 9), confidence, covers, sure)


def part(name: PartName, *pieces: Equipment, seen: float = 99, bare: float = 99) -> EquippedPart:
    return EquippedPart(name, seen, pieces, bare)


def person(*parts: EquippedPart, confidence: float = 99) -> EquippedPerson:
    return EquippedPerson(Box(0, 0, 9, 9), confidence, parts)


def verdict(one: EquippedPerson, *types: str, least: float = 80) -> str:
    [name] = [name for name, numbers in summary([one], types, least).items() if numbers]
    return name


MASK, HELMET, GLOVE = piece(Cover.FACE), piece(Cover.HEAD), piece(Cover.HAND)


def test_who_wears_everything_required_is_with() -> None:
    one = person(part(PartName.FACE, MASK), part(PartName.HEAD, HELMET))
    assert verdict(one, "FACE_COVER", "HEAD_COVER") == WITH


def test_one_missing_piece_is_enough_to_be_without() -> None:
    one = person(part(PartName.FACE, MASK), part(PartName.HEAD))
    assert verdict(one, "FACE_COVER", "HEAD_COVER") == WITHOUT
    assert verdict(one, "FACE_COVER") == WITH


def test_one_bare_hand_is_without_gloves() -> None:
    one = person(part(PartName.LEFT_HAND, GLOVE), part(PartName.RIGHT_HAND))
    assert verdict(one, "HAND_COVER") == WITHOUT


def test_a_hand_that_may_be_gloved_is_not_without() -> None:
    assert verdict(person(part(PartName.LEFT_HAND, bare=79)), "HAND_COVER") == UNCLEAR


@pytest.mark.parametrize("least", [0, 20, 49.9])
def test_a_summary_below_fifty_percent_is_that_of_fifty(least: float) -> None:
    for one in (
        person(part(PartName.HEAD, bare=30)),
        person(part(PartName.FACE, piece(Cover.FACE, sure=40))),
    ):
        assert verdict(one, "HEAD_COVER", "FACE_COVER", least=least) == UNCLEAR


def test_what_is_not_seen_can_not_be_told() -> None:
    assert verdict(person(part(PartName.FACE)), "HEAD_COVER") == UNCLEAR
    assert verdict(person(part(PartName.FACE, seen=79)), "FACE_COVER") == UNCLEAR
    assert verdict(person(part(PartName.FACE), confidence=70), "FACE_COVER") == UNCLEAR


def test_an_unsure_piece_is_neither_worn_nor_missing() -> None:
    for unsure in (piece(Cover.FACE, 70), piece(Cover.FACE, sure=70)):
        assert verdict(person(part(PartName.FACE, unsure)), "FACE_COVER") == UNCLEAR


def test_a_mask_below_the_nose_is_not_worn() -> None:
    assert verdict(person(part(PartName.FACE, piece(Cover.FACE, covers=False))), "FACE_COVER") == WITHOUT


percents = st.floats(0, 100)
pieces = st.lists(st.builds(piece, st.sampled_from(Cover), percents, st.booleans(), percents), max_size=1)
parts_of = st.lists(
    st.builds(EquippedPart, st.sampled_from(PartName), percents, pieces.map(tuple), percents),
    max_size=4,
    unique_by=lambda one: one.name,
)


@given(
    st.lists(st.builds(EquippedPerson, st.just(Box(0, 0, 9, 9)), percents, parts_of.map(tuple)), max_size=5),
    st.sets(st.sampled_from(TYPES), min_size=1),
    percents,
)
def test_everybody_is_in_one_list_of_the_summary(people, types, least) -> None:
    lists = summary(people, sorted(types), least).values()
    assert sorted(number for one in lists for number in one) == list(range(len(people)))
