"""People and pets in live pictures."""

from __future__ import annotations

import numpy as np

from regard.video.live.label_watch import PERSON, PET, LabelWatch
from regard.vision.geometry import Box
from regard.vision.labels.label import Instance
from regard.vision.labels.objects import FoundClass

SIZE = (1000, 500)
LEFT_HALF = np.array([[0, 0], [0.5, 0], [0.5, 1], [0, 1]], np.float32)


PLACE = Box(100, 100, 100, 200)


def found(name: str, box: Box = PLACE, confidence: float = 80.0) -> FoundClass:
    return FoundClass(name, confidence, (Instance(box, confidence),), (confidence / 100,))


def test_a_label_is_certain_when_two_of_three_pictures_show_it() -> None:
    watch = LabelWatch([PERSON], min_confidence=50)
    shown = [[found("person")], [], [found("person")], [found("person")]]
    assert [len(watch.observe(one, *SIZE)) for one in shown] == [0, 0, 1, 1]


def test_one_picture_in_three_is_not_enough() -> None:
    watch = LabelWatch([PERSON], min_confidence=50)
    assert not any(watch.observe(one, *SIZE) for one in ([found("person")], [], [], [found("person")], []))


def test_cats_dogs_and_birds_are_pets_and_other_animals_are_not() -> None:
    for name, expected in (("cat", 1), ("dog", 1), ("bird", 1), ("horse", 0), ("person", 0)):
        watch = LabelWatch([PET], min_confidence=50)
        watch.observe([found(name)], *SIZE)
        assert len(watch.observe([found(name)], *SIZE)) == expected, name


def test_what_is_less_sure_than_was_asked_for_does_not_count() -> None:
    watch = LabelWatch([PERSON], min_confidence=85)
    for _ in range(3):
        assert not watch.observe([found("person", confidence=80)], *SIZE)


def test_a_box_counts_if_more_than_half_of_it_lies_in_a_region() -> None:
    for left, expected in ((440, 1), (460, 0)):
        watch = LabelWatch([PERSON], min_confidence=50, regions=[LEFT_HALF])
        watch.observe([found("person", Box(left, 100, 100, 200))], *SIZE)
        assert len(watch.observe([found("person", Box(left, 100, 100, 200))], *SIZE)) == expected, left
