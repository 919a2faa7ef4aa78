"""DetectLabels through the gate: Rekognition's shapes, filters and image properties."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from tests import scenes

from regard.api.model import REKOGNITION, load_api
from regard.api.validate import validate
from regard.app import Parts
from regard.caller import LOCAL
from regard.errors import InvalidParameterException, ValidationException
from regard.operations.shapes.labels import label_shape
from regard.vision.geometry import Box
from regard.vision.image import Image
from regard.vision.labels import Instance, Label
from regard.vision.taxonomy import load_taxonomy

BOTH = ["GENERAL_LABELS", "IMAGE_PROPERTIES"]


@pytest.fixture
def call(parts: Parts, portrait: Path):
    def call(picture: bytes | None = None, **request: object) -> dict:
        params = {"Image": {"Bytes": picture or portrait.read_bytes()}, **request}
        validate(load_api(REKOGNITION).operations["detect_labels"].input, params)
        return parts.gate.call("detect_labels", params, LOCAL)

    return call


def names(answer: dict) -> list[str]:
    return [label["Name"] for label in answer["Labels"]]


def filtered(**filters: list[str]) -> dict:
    return {"GeneralLabels": filters}


def test_a_portrait_is_labelled_in_rekognitions_shape(call) -> None:
    answer = call()
    assert set(answer) == {"Labels", "LabelModelVersion"}
    assert answer["LabelModelVersion"] == "3.0"
    person = next(label for label in answer["Labels"] if label["Name"] == "Person")
    assert set(person) == {"Name", "Confidence", "Instances", "Parents", "Aliases", "Categories"}
    assert (person["Parents"], person["Aliases"]) == ([], [{"Name": "Human"}])
    assert person["Categories"] == [{"Name": "Person Description"}]
    [instance] = person["Instances"]
    assert set(instance) == {"BoundingBox", "Confidence"}
    box = instance["BoundingBox"]
    assert box["Width"] > 0.5
    assert box["Left"] + box["Width"] <= 1
    face = next(label for label in answer["Labels"] if label["Name"] == "Face")
    assert face["Parents"] == [{"Name": "Head"}, {"Name": "Person"}]


def test_every_ancestor_of_a_label_is_a_label_of_its_own(call) -> None:
    answer = call(MinConfidence=5.0)
    said = {label["Name"]: label["Confidence"] for label in answer["Labels"]}
    for label in answer["Labels"]:
        for parent in label["Parents"]:
            assert said[parent["Name"]] >= label["Confidence"]


def test_the_most_certain_are_first_and_55_percent_is_the_least(call) -> None:
    confidences = [label["Confidence"] for label in call()["Labels"]]
    assert confidences == sorted(confidences, reverse=True)
    assert min(confidences) >= 55
    assert len(call(MinConfidence=1.0)["Labels"]) > len(confidences)
    assert all(label["Confidence"] >= 99 for label in call(MinConfidence=99.0)["Labels"])


def test_instances_are_no_less_certain_than_asked_for() -> None:
    instances = [Instance(Box(0, 0, 50, 50), confidence) for confidence in (90.0, 55.0, 54.9)]
    label, image = Label.of("Cup", 90.0, instances), Image(np.zeros((100, 100, 3), np.uint8), "")
    shape = label_shape(label, load_taxonomy(), image, min_confidence=55)
    assert [instance["Confidence"] for instance in shape["Instances"]] == [90.0, 55.0]


@pytest.mark.parametrize("most", [0, 1, 3, 5000])
def test_no_more_labels_are_returned_than_asked_for(call, most: int) -> None:
    every = names(call(MinConfidence=1.0))
    assert names(call(MinConfidence=1.0, MaxLabels=most)) == every[: min(most, 1000)]


def test_labels_are_included_and_excluded_by_name(call) -> None:
    assert names(call(Settings=filtered(LabelInclusionFilters=["Face", "Cat"]))) == ["Face"]
    assert "Face" not in names(call(Settings=filtered(LabelExclusionFilters=["Face"])))
    assert "Head" in names(call(Settings=filtered(LabelExclusionFilters=["Face"])))
    both = filtered(LabelInclusionFilters=["Face", "Head"], LabelExclusionFilters=["Face"])
    assert names(call(Settings=both)) == ["Head"]


def test_labels_are_included_and_excluded_by_category(call) -> None:
    people = filtered(LabelCategoryInclusionFilters=["Person Description"])
    assert set(names(call(Settings=people))) >= {"Person", "Face", "Head"}
    categories = {c["Name"] for label in call(Settings=people)["Labels"] for c in label["Categories"]}
    assert categories == {"Person Description"}
    nobody = filtered(LabelCategoryExclusionFilters=["Person Description"])
    assert "Person" not in names(call(Settings=nobody))
    one = filtered(LabelInclusionFilters=["Person"], LabelCategoryInclusionFilters=["Food and Beverage"])
    assert names(call(Settings=one)) == ["Person"]


def test_filters_come_before_the_limit(call) -> None:
    only = filtered(LabelInclusionFilters=["Head"])
    assert names(call(Settings=only, MaxLabels=1)) == ["Head"]


def test_a_category_that_rekognition_does_not_have_is_refused(call) -> None:
    with pytest.raises(InvalidParameterException, match="'Gadgets' is not a label category"):
        call(Settings=filtered(LabelCategoryInclusionFilters=["Gadgets"]))


def test_a_name_that_no_label_has_is_no_error(call) -> None:
    assert names(call(Settings=filtered(LabelInclusionFilters=["Guitar"]))) == []


def test_image_properties_are_told_of_picture_foreground_and_background(call) -> None:
    answer = call(Features=["IMAGE_PROPERTIES"])
    assert answer["Labels"] == []
    properties = answer["ImageProperties"]
    assert set(properties["Quality"]) == {"Brightness", "Sharpness", "Contrast"}
    for part in ("Foreground", "Background"):
        assert set(properties[part]) == {"Quality", "DominantColors"}
        assert set(properties[part]["Quality"]) == {"Brightness", "Sharpness"}
    for part in (properties, properties["Foreground"], properties["Background"]):
        shares = [colour["PixelPercent"] for colour in part["DominantColors"]]
        assert shares == sorted(shares, reverse=True)
        assert 1 <= len(shares) <= 10
        assert 95 < sum(shares) <= 100.001


def test_a_red_picture_is_red(call) -> None:
    red = scenes.png(Pillow.new("RGB", (200, 200), (255, 0, 0)))
    answer = call(red, Features=["IMAGE_PROPERTIES"])
    assert answer["ImageProperties"]["DominantColors"] == [
        {
            "Red": 255,
            "Green": 0,
            "Blue": 0,
            "HexCode": "#ff0000",
            "CSSColor": "red",
            "SimplifiedColor": "red",
            "PixelPercent": 100.0,
        }
    ]


@pytest.mark.parametrize("most", [0, 1, 4, 12, 20])
def test_no_more_colours_are_returned_than_asked_for(call, most: int) -> None:
    noise = Pillow.fromarray(np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8))
    settings = {"ImageProperties": {"MaxDominantColors": most}}
    answer = call(scenes.png(noise), Features=["IMAGE_PROPERTIES"], Settings=settings)
    assert len(answer["ImageProperties"]["DominantColors"]) <= min(most, 12)


def test_instances_have_colours_when_properties_are_asked_for(call) -> None:
    answer = call(Features=BOTH, Settings={"ImageProperties": {"MaxDominantColors": 2}})
    person = next(label for label in answer["Labels"] if label["Name"] == "Person")
    [instance] = person["Instances"]
    assert 1 <= len(instance["DominantColors"]) <= 2


@pytest.mark.parametrize(
    "request_",
    [
        {"Features": ["EVERYTHING"]},
        {"MinConfidence": 101.0},
        {"MaxLabels": -1},
        {"Settings": {"ImageProperties": {"MaxDominantColors": 21}}},
        {"Settings": filtered(LabelInclusionFilters=["Car!"])},
    ],
)
def test_what_the_api_does_not_allow_is_refused(call, request_: dict) -> None:
    with pytest.raises(ValidationException):
        call(**request_)


def test_a_picture_that_shows_nothing_has_labels_of_no_object(call) -> None:
    grey = scenes.png(Pillow.new("RGB", (120, 90), (127, 127, 127)))
    assert all(label["Instances"] == [] for label in call(grey)["Labels"])
