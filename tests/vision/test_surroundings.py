"""Objects that the detector found, in the light of what the whole picture shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files

import pytest

from regard.vision.labels.objects import FoundClass
from regard.vision.labels.surroundings import place, weigh_objects
from regard.vision.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
OUTDOORS, INDOORS = {"Outdoors": 0.99, "Indoors": 0.01}, {"Outdoors": 0.01, "Indoors": 0.99}
NOWHERE: Mapping[str, float] = {"Refrigerator": 0.001, "Car": 0.001}


def weighed(name: str, scenes: Mapping[str, float], shares: Mapping[str, float] = NOWHERE) -> float:
    [one] = weigh_objects(TAXONOMY, [FoundClass(name, 60, (), ())], shares, scenes)
    return one.confidence


def test_a_refrigerator_is_less_likely_on_a_road_than_in_a_room() -> None:
    assert weighed("refrigerator", OUTDOORS) < weighed("refrigerator", INDOORS) - 10


@pytest.mark.parametrize("name", ["refrigerator", "car"])
def test_an_object_is_likelier_where_the_classifier_believes_in_it(name: str) -> None:
    believed = dict.fromkeys(NOWHERE, 0.4)
    assert weighed(name, {}, believed) > weighed(name, {}) + 10


def test_persons_are_as_likely_anywhere() -> None:
    assert weighed("person", OUTDOORS) == weighed("person", INDOORS) == 60


def test_nothing_stays_nothing() -> None:
    assert weigh_objects(TAXONOMY, [], {}, {}) == []


def test_where_nobody_knows_is_neither_outdoors_nor_indoors() -> None:
    assert place({}) == place({"Outdoors": 0.5, "Indoors": 0.5}) == 0
    assert place(OUTDOORS) == -place(INDOORS) == pytest.approx(2)


def test_each_weight_is_named() -> None:
    card = json.loads(files("regard.vision.labels").joinpath("surroundings.json").read_text("utf-8"))
    assert len(card["weights"]) == len(card["facts"]) == 4 + 2 * len(TAXONOMY.categories)
