"""Labels of the thousand classes: shares of the classifier's belief, and what the detector makes of them."""

from __future__ import annotations

import json
from importlib.resources import files

import numpy as np
import pytest

from regard.vision.geometry import Box
from regard.vision.labels.agreement import MIN_SHARE, agreement, class_probabilities
from regard.vision.labels.classes import PictureClassifier, label_shares
from regard.vision.labels.label import Instance
from regard.vision.labels.objects import FoundClass
from regard.vision.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
SHEPHERD, COLLIE, FRIDGE = 235, 231, 760  # ImageNet's numbers


def shares(**belief: float) -> dict[str, float]:
    """Of a classifier that believes these parts in classes, c235=0.6, and nothing else."""
    logits = np.full(1000, -30.0)
    for name, part in belief.items():
        logits[int(name[1:])] = np.log(part)
    return label_shares(logits)


def seen(name: str, confidence: float, part: float = 0.5) -> FoundClass:
    """A class whose only instance fills this part of a picture of 400 × 400 px."""
    box = Box(0, 0, 400, 400 * part)
    return FoundClass(name, confidence, (Instance(box, confidence),), (confidence / 100,))


def said(belief: dict[str, float], *objects: FoundClass, side: int = 400) -> dict[str, float]:
    return class_probabilities(TAXONOMY, belief, objects, side, side)


def test_a_label_has_the_belief_in_its_own_classes_and_in_those_below_it() -> None:
    found = shares(c235=0.5, c231=0.3, c760=0.2)
    assert found["German Shepherd"] == pytest.approx(0.5)
    assert (found["Dog"], found["Pet"]) == (pytest.approx(0.8), pytest.approx(0.8))
    assert found["Refrigerator"] == pytest.approx(0.2)


def test_a_kind_is_no_surer_than_what_it_is_a_kind_of() -> None:
    found = said(shares(c235=0.5, c231=0.3, c760=0.2))
    for name, probability in found.items():
        for parent in TAXONOMY.concepts[name].parents:
            assert found[parent] >= probability


def test_the_more_the_classifier_believes_the_likelier_a_label_is() -> None:
    likely = [said(shares(c760=part, c388=1 - part))["Refrigerator"] for part in (0.1, 0.3, 0.6, 0.9)]
    assert likely == sorted(likely)
    assert likely[0] < 0.3
    assert likely[-1] > 0.7


def test_what_is_hardly_believed_is_not_said() -> None:
    assert "Refrigerator" not in said(shares(c760=MIN_SHARE / 2, c388=1 - MIN_SHARE / 2))


def test_a_breed_is_likelier_where_the_detector_sees_the_animal() -> None:
    belief = shares(c235=0.4, c760=0.6)
    without, with_ = said(belief), said(belief, seen("dog", 95))
    assert with_["German Shepherd"] > without["German Shepherd"]
    assert with_["Dog"] > without["Dog"]


def test_a_label_is_less_likely_where_another_object_fills_the_picture() -> None:
    """No refrigerator on a road with a bus."""
    belief = shares(c760=0.6, c388=0.4)
    alone, small, large = (
        said(belief, *objects)["Refrigerator"]
        for objects in ((), (seen("bus", 95, 0.1),), (seen("bus", 95, 0.8),))
    )
    assert alone > small > large


def test_small_pictures_are_believed_less() -> None:
    belief = shares(c760=0.6, c388=0.4)
    assert said(belief, side=90)["Refrigerator"] < said(belief)["Refrigerator"]
    assert said(belief, side=800) == said(belief)


def test_facts_of_no_label_are_empty() -> None:
    assert agreement(TAXONOMY, [], {}, [], 100, 100).shape == (0, 7)


def test_a_photo_is_read_whatever_its_shape(sessions, astronaut) -> None:  # type: ignore[no-untyped-def]
    whole = PictureClassifier(sessions).read(astronaut.pixels[:, :200])
    assert whole.features.shape == (1280,)
    assert whole.features.min() >= 0
    assert 0 <= min(whole.shares.values()) <= max(whole.shares.values()) <= 1


def test_what_was_fitted_names_its_data_and_its_limits() -> None:
    card = json.loads(files("regard.vision.labels").joinpath("classes.json").read_text("utf-8"))
    assert len(card["weights"]) == len(card["facts"]) == 8
    assert card["says"] and card["fitted on"] and card["limits"]  # noqa: PT018
