"""The taxonomy is whole: every label is somewhere in it once, and CSS's colours are all there."""

from __future__ import annotations

import csv
from importlib.resources import files

import pytest

from regard.vision.features import load_feature_head
from regard.vision.labels.objects import COCO
from regard.vision.taxonomy import _ancestors, load_colours, load_taxonomy

TAXONOMY = load_taxonomy()


def test_every_parent_is_a_label_and_no_label_is_its_own_ancestor() -> None:
    for concept in TAXONOMY.concepts.values():
        assert set(concept.parents) <= set(TAXONOMY.concepts)
        assert concept.name not in concept.parents


def test_a_parents_parents_are_parents_too() -> None:
    for concept in TAXONOMY.concepts.values():
        for parent in concept.parents:
            assert set(TAXONOMY.concepts[parent].parents) <= set(concept.parents)


@pytest.mark.parametrize(
    ("nearest", "words"),
    [({"a": ("b",)}, "b, which is no label"), ({"a": ("b",), "b": ("a",)}, "its own ancestor")],
)
def test_a_missing_parent_and_a_cycle_are_refused(nearest: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        _ancestors("a", nearest)


def test_every_category_is_one_of_rekognitions() -> None:
    assert {concept.category for concept in TAXONOMY.concepts.values()} <= set(TAXONOMY.categories)
    assert len(set(TAXONOMY.categories)) == len(TAXONOMY.categories) == 40


def test_every_class_of_coco_has_a_label() -> None:
    assert set(TAXONOMY.objects) == set(COCO)


def test_everything_that_the_scene_head_says_is_a_label() -> None:
    assert set(load_feature_head("regard.vision.labels", "scenes").outputs) <= set(TAXONOMY.concepts)


def test_imagenets_classes_are_a_thousand_and_few_have_no_label() -> None:
    assert len(TAXONOMY.classes) == 1000
    assert [TAXONOMY.classes[number] for number in (0, 104, 235, 281, 985)] == [
        *("Tench", "Kangaroo", "German Shepherd", "Tabby", "Daisy"),
    ]
    assert TAXONOMY.classes.count(None) == 12


def test_a_class_without_a_label_says_why() -> None:
    with files("regard.vision.taxonomy").joinpath("imagenet.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["number"]) for row in rows] == list(range(1000))
    assert all(bool(row["label"]) != bool(row["why not"]) for row in rows)


def test_a_breed_is_a_dog_a_pet_and_an_animal() -> None:
    shepherd = TAXONOMY.concepts["German Shepherd"]
    assert shepherd.parents == ("Animal", "Canine", "Dog", "Mammal", "Pet")
    assert shepherd.category == "Animals and Pets"


def test_no_alias_is_a_label() -> None:
    aliases = [alias for concept in TAXONOMY.concepts.values() for alias in concept.aliases]
    assert not set(aliases) & set(TAXONOMY.concepts)
    assert len(set(aliases)) == len(aliases)


def test_a_car_is_a_vehicle_as_rekognition_has_it() -> None:
    car = TAXONOMY.concepts["Car"]
    assert car.parents == ("Transportation", "Vehicle")
    assert car.aliases == ("Automobile",)
    assert car.category == "Vehicles and Automotive"
    assert TAXONOMY.objects["cell phone"].name == "Mobile Phone"


def test_colours_are_csss_138_in_twelve_groups() -> None:
    colours = load_colours()
    values = {(colour.red, colour.green, colour.blue) for colour in colours}
    assert len(colours) == len(values) == 138
    assert len({colour.simplified for colour in colours}) == 12
