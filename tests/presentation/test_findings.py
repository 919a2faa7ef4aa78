"""Answers of image operations as findings."""

from __future__ import annotations

from regard.presentation.pictures.findings import findings


def test_protective_equipment_is_told_by_person_and_body_part() -> None:
    box = {"Left": 0.1, "Top": 0.1, "Width": 0.5, "Height": 0.8}
    helmet = {
        "BoundingBox": box,
        "Confidence": 97.2,
        "Type": "HEAD_COVER",
        "CoversBodyPart": {"Value": True, "Confidence": 99.0},
    }
    parts = [
        {"Name": "HEAD", "Confidence": 99.0, "EquipmentDetections": [helmet]},
        {"Name": "LEFT_HAND", "Confidence": 90.0, "EquipmentDetections": []},
    ]
    person = {"Id": 0, "BoundingBox": box, "Confidence": 98.5, "BodyParts": parts}
    [found] = findings({"Persons": [person]})
    assert (found.what, found.confidence) == ("person 1", 98.5)
    assert found.details == "head cover 97 on head, nothing on left hand"
    assert [mark.caption for mark in found.marks] == ["person 1", "head cover 97"]
