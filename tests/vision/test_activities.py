"""What people do, from the boxes of people and objects."""

from __future__ import annotations

import pytest

from regard.vision.geometry import Box
from regard.vision.labels.activities import activities
from regard.vision.labels.derive import label_probabilities
from regard.vision.labels.label import Instance
from regard.vision.labels.objects import FoundClass
from regard.vision.taxonomy import load_taxonomy

STANDING = Box(100, 100, 80, 200)


def seen(name: str, box: Box, confidence: float = 90.0) -> FoundClass:
    return FoundClass(name, confidence, (Instance(box, confidence),), (confidence / 100,))


PERSON = seen("person", STANDING)


@pytest.mark.parametrize(
    ("name", "box", "label"),
    [
        ("tennis racket", Box(160, 150, 40, 30), "Tennis"),
        ("baseball bat", Box(150, 90, 40, 60), "Baseball"),
        ("skateboard", Box(100, 290, 80, 25), "Skateboarding"),
        ("skis", Box(90, 290, 100, 20), "Skiing"),
    ],
)
def test_who_holds_what_belongs_to_a_sport_does_it(name: str, box: Box, label: str) -> None:
    assert activities([PERSON, seen(name, box)])[label] > 0.8


def test_a_racket_that_lies_elsewhere_is_no_tennis() -> None:
    assert activities([PERSON, seen("tennis racket", Box(400, 150, 40, 30))]) == {}
    assert activities([seen("tennis racket", Box(160, 150, 40, 30))]) == {}


def test_who_sits_on_a_motorcycle_rides_and_who_stands_before_it_does_not() -> None:
    below, behind = seen("motorcycle", Box(60, 200, 160, 160)), seen("motorcycle", Box(60, 100, 160, 160))
    assert "Motorcycling" in activities([PERSON, below])
    assert activities([PERSON, behind]) == {}


def test_an_activity_is_no_surer_than_its_object_and_its_person() -> None:
    box = Box(160, 150, 40, 30)
    for person, racket in ((90, 60), (60, 90)):
        found = activities([seen("person", STANDING, person), seen("tennis racket", box, racket)])
        assert 0.5 < found["Tennis"] < 0.6


def test_an_activity_is_a_label_and_implies_the_sport() -> None:
    racket = seen("tennis racket", Box(160, 150, 40, 30))
    found = label_probabilities(load_taxonomy(), [PERSON, racket], {}, {}, [], 400, 120)
    assert found["Sport"] == found["Tennis"] > 0.8
