from __future__ import annotations

import pytest
from PIL import Image
from tests import scenes
from tests.written import turned, write

from regard.app import Parts
from regard.caller import LOCAL
from regard.errors import ImageTooLargeException, InvalidImageFormatException, InvalidParameterException

LEFT_HALF = {"BoundingBox": {"Left": 0.0, "Top": 0.0, "Width": 0.5, "Height": 1.0}}


@pytest.fixture
def detect(parts: Parts):
    def detect(page: Image.Image | bytes, **filters: object) -> dict:
        picture = page if isinstance(page, bytes) else scenes.png(page)
        request = {"Image": {"Bytes": picture}} | ({"Filters": filters} if filters else {})
        return parts.gate.call("detect_text", request, LOCAL)

    return detect


def texts(answer: dict, kind: str = "WORD") -> list[str]:
    return [one["DetectedText"] for one in answer["TextDetections"] if one["Type"] == kind]


@pytest.fixture(scope="module")
def sign() -> Image.Image:
    """Two words on the left, two on the right, of two sizes."""
    page, _ = write(["Open today", "until eight"], size=48)
    page, _ = write(["Coffee shop"], size=24, place=(620, 90), on=page)
    return page


def test_lines_come_first_and_each_word_names_its_line(detect, sign: Image.Image) -> None:
    answer = detect(sign)
    found = answer["TextDetections"]
    assert [one["Id"] for one in found] == list(range(len(found)))
    assert texts(answer, "LINE") == ["Open today", "Coffee shop", "until eight"]
    assert texts(answer) == ["Open", "today", "Coffee", "shop", "until", "eight"]
    lines = {one["Id"]: one["DetectedText"] for one in found if one["Type"] == "LINE"}
    for one in found:
        if one["Type"] == "WORD":
            assert one["DetectedText"] in lines[one["ParentId"]].split()
        else:
            assert "ParentId" not in one
    assert answer["TextModelVersion"] == "3.0"


def test_geometry_is_a_box_about_a_polygon_in_fractions(detect) -> None:
    page, words = turned(*write(["Slanted"]), 20)
    word = detect(page)["TextDetections"][1]
    box, polygon = word["Geometry"]["BoundingBox"], word["Geometry"]["Polygon"]
    xs, ys = [point["X"] for point in polygon], [point["Y"] for point in polygon]
    assert (box["Left"], box["Top"]) == (min(xs), min(ys))
    assert box["Left"] + box["Width"] == pytest.approx(max(xs))
    assert box["Top"] + box["Height"] == pytest.approx(max(ys))
    for (x, y), point in zip(words[0].quad, polygon, strict=True):
        assert abs(point["X"] - x / page.width) < 0.02
        assert abs(point["Y"] - y / page.height) < 0.02


def test_a_picture_without_text_has_none(detect) -> None:
    answer = detect((scenes.PICTURES / "gravel.jpg").read_bytes())
    assert answer == {"TextDetections": [], "TextModelVersion": "3.0"}


def test_at_most_100_words_are_answered_in_reading_order(detect) -> None:
    page, _ = write(["one two three four five six"] * 20, size=20, on=Image.new("RGB", (500, 900), "white"))
    answer = detect(page)
    assert len(texts(answer)) == 100
    assert len(texts(answer, "LINE")) == 17
    assert texts(answer, "LINE")[-1] == "one two three four"


def test_only_words_in_a_region_of_interest_are_answered(detect, sign: Image.Image) -> None:
    assert texts(detect(sign, RegionsOfInterest=[LEFT_HALF])) == ["Open", "today", "until", "eight"]


def test_a_region_may_be_a_polygon_and_regions_add_up(detect, sign: Image.Image) -> None:
    right = [{"X": 0.65, "Y": 0.0}, {"X": 1.0, "Y": 0.0}, {"X": 1.0, "Y": 0.3}, {"X": 0.65, "Y": 0.3}]
    assert texts(detect(sign, RegionsOfInterest=[{"Polygon": right}])) == ["Coffee", "shop"]
    assert len(texts(detect(sign, RegionsOfInterest=[{"Polygon": right}, LEFT_HALF]))) == 6


def test_a_line_is_cut_to_its_words_in_the_region(detect, sign: Image.Image) -> None:
    box = {"BoundingBox": {"Left": 0.0, "Top": 0.0, "Width": 0.2, "Height": 1.0}}
    answer = detect(sign, RegionsOfInterest=[box])
    assert texts(answer, "LINE") == ["Open", "until"]


@pytest.mark.parametrize(
    "region",
    [{}, {"Polygon": [{"X": 0, "Y": 0}, {"X": 1, "Y": 1}]}, {**LEFT_HALF, "Polygon": [{"X": 0}] * 3}],
)
def test_a_region_that_is_none_is_refused(detect, sign: Image.Image, region: dict) -> None:
    with pytest.raises(InvalidParameterException, match="region of interest"):
        detect(sign, RegionsOfInterest=[region])


def test_a_word_filter_leaves_out_low_and_narrow_words(detect, sign: Image.Image) -> None:
    assert texts(detect(sign, WordFilter={"MinBoundingBoxHeight": 0.08})) == [
        "Open",
        "today",
        "until",
        "eight",
    ]
    assert "shop" not in texts(detect(sign, WordFilter={"MinBoundingBoxWidth": 0.07}))


def test_a_word_filter_leaves_out_unsure_words_below_80_by_default(detect, sign: Image.Image) -> None:
    noisy = sign.resize((150, 84)).resize(sign.size)
    every = detect(noisy)["TextDetections"]
    for given, least in (({}, 80), ({"MinConfidence": 95.0}, 95)):
        expected = [
            one["DetectedText"] for one in every if one["Type"] == "WORD" and one["Confidence"] >= least
        ]
        assert texts(detect(noisy, WordFilter=given or {"MinBoundingBoxWidth": 0.0})) == expected


@pytest.mark.parametrize(
    ("picture", "error"),
    [
        (b"GIF89a" + b"\0" * 100, InvalidImageFormatException),
        (scenes.png(Image.new("RGB", (60, 60))), InvalidParameterException),
        (b"\0" * 5_242_881, ImageTooLargeException),
    ],
)
def test_a_picture_that_can_not_be_used_gets_the_error_that_fits(detect, picture: bytes, error: type) -> None:
    with pytest.raises(error):
        detect(picture)
