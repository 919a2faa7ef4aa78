"""What a line of a manifest says, and every fault that it may have, in Rekognition's codes and places."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.custom.lines import boxed, classified, manifest, multilabelled, reference

from regard.custom.manifests.entry import ManifestLine, UselessLine
from regard.custom.manifests.faults import FaultCode
from regard.custom.manifests.placing import boxes_on, check_picture
from regard.custom.manifests.reading import LONGEST_LINE, read_line, read_manifest
from regard.vision.geometry import Box

CAT = ("cat", 64.0, 48.0, 320.0, 240.0)
DOG = ("dog", 0.0, 0.0, 64.0, 48.0)


def read(line: dict[str, Any] | str) -> ManifestLine:
    found = read_line(line if isinstance(line, str) else json.dumps(line), 1)
    assert isinstance(found, ManifestLine), found
    return found


def changed(line: dict[str, Any], *path: str | int, to: Any = None) -> dict[str, Any]:
    """A line with another value at a place; None removes it."""
    new = deepcopy(line)
    part: Any = new
    for name in path[:-1]:
        part = part[name]
    if to is None:
        del part[path[-1]]
    else:
        part[path[-1]] = to
    return new


def test_each_attribute_of_a_picture_is_a_label() -> None:
    entry = read(classified("1.jpg", "cat", "outdoors")).entry
    assert entry.labels == ("cat", "outdoors")
    assert (entry.bucket, entry.key) == ("pets", "1.jpg")
    assert entry.is_usable
    assert not entry.boxes


def test_boxes_are_in_fractions_of_the_picture_that_they_were_drawn_on() -> None:
    entry = read(boxed("1.jpg", CAT, DOG)).entry
    assert [(one.label, one.box) for one in entry.boxes] == [
        ("cat", Box(0.1, 0.1, 0.5, 0.5)),
        ("dog", Box(0.0, 0.0, 0.1, 0.1)),
    ]
    assert entry.image_size == (640.0, 480.0)
    assert entry.all_labels == {"cat": 1, "dog": 1}


def test_the_format_of_several_labels_is_taken_as_it_is() -> None:
    entry = read(multilabelled("1.jpg", [0, 2], {"0": "cat", "1": "dog", "2": "indoors"})).entry
    assert entry.labels == ("cat", "indoors")


def test_keys_that_mean_nothing_here_pass_through() -> None:
    line = classified("1.jpg", "cat") | {"id": 7, "worker-response-ref": "s3://pets/w"}
    assert json.loads(read(line).content).items() >= {"id": 7, "worker-response-ref": "s3://pets/w"}.items()


def test_a_listed_line_says_whether_it_is_labelled() -> None:
    assert json.loads(read(classified("1.jpg", "cat")).content)["cl-metadata"] == {"is_labeled": True}
    assert json.loads(read(classified("1.jpg")).content)["cl-metadata"] == {"is_labeled": False}


def test_the_labels_of_an_adapter_are_read_and_none_of_them_is_an_answer_too() -> None:
    line = {"source-ref": reference("1.jpg"), "content-moderation-groundtruth": {"ModerationLabels": []}}
    assert read(line).entry.moderation == ()
    line["content-moderation-groundtruth"]["ModerationLabels"] = [{"Name": "Weapons"}]  # type: ignore[index]
    assert read(line).entry.moderation == ("Weapons",)


# --- Lines of no use ---

USELESS = {
    FaultCode.INVALID_JSON_LINE: [
        "nonsense",
        "[1]",
        "{",
        '{"source-ref": "s3://pets/1.jpg", "a": NaN}',
        '{"source-ref": "s3://pets/1.jpg", "a": 1e999}',
        '{"source-ref": "s3://pets/1.jpg", "a": ' + "9" * 5000 + "}",
        '{"source-ref": "s3://pets/1.jpg", "a": ' + "[" * 100 + "]" * 100 + "}",
        '{"source-ref": "s3://pets/1.jpg", "a": ' + "[" * 20_000 + "]" * 20_000 + "}",
        '{"source-ref": "s3://pets/1.jpg", "a": "\0"}',
        json.dumps({"source-ref": "s3://pets/1.jpg", "a": "x" * LONGEST_LINE}),
    ],
    FaultCode.MISSING_SOURCE_REF: ["{}", '{"source_ref": "s3://pets/1.jpg"}', '{"source-ref": null}'],
    FaultCode.INVALID_SOURCE_REF_FORMAT: [
        '{"source-ref": 7}',
        '{"source-ref": "/etc/passwd"}',
        '{"source-ref": "https://pets/1.jpg"}',
        '{"source-ref": "s3://pets/"}',
        '{"source-ref": "s3://pets/a\\u0000b"}',
        '{"source-ref": "s3://pets/\\ud800"}',
        json.dumps({"source-ref": "s3://pets/" + "k" * 1025}),
    ],
}


@pytest.mark.parametrize(("code", "text"), [(code, text) for code in USELESS for text in USELESS[code]])
def test_a_line_of_no_use_says_why(code: FaultCode, text: str) -> None:
    found = read_line(text, 3)
    assert isinstance(found, UselessLine)
    assert (found.number, found.fault.code) == (3, code)


def test_bytes_that_are_no_text_are_no_json() -> None:
    found = read_line(b'{"source-ref": "s3://pets/\xff"}', 1)
    assert isinstance(found, UselessLine)
    assert found.fault.code is FaultCode.INVALID_JSON_LINE


# --- Faults of lines that are kept, at their places ---

IMAGE = classified("1.jpg", "cat")
BOXES = boxed("1.jpg", CAT, DOG)
FAULTY = [
    (FaultCode.UNANNOTATED_RECORD, "", classified("1.jpg")),
    (FaultCode.NO_LABEL_ATTRIBUTES, "", classified("1.jpg") | {"cat": 1}),
    (FaultCode.INVALID_LABEL_ATTRIBUTE_FORMAT, "label0-metadata", changed(IMAGE, "label0", to="1")),
    (FaultCode.INVALID_LABEL_ATTRIBUTE_FORMAT, "bounding-box", changed(BOXES, "bounding-box", "image_size")),
    (
        FaultCode.INVALID_LABEL_ATTRIBUTE_FORMAT,
        "bounding-box-metadata",
        changed(BOXES, "bounding-box", to=[1]),
    ),
    (
        FaultCode.INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT,
        "label0-metadata",
        changed(IMAGE, "label0-metadata", "class-name"),
    ),
    (
        FaultCode.INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT,
        "label0-metadata",
        changed(IMAGE, "label0-metadata", "class-name", to="a\0b"),
    ),
    (
        FaultCode.INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT,
        "label0-metadata",
        changed(IMAGE, "label0-metadata", to="cat"),
    ),
    (
        FaultCode.INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT,
        "bounding-box-metadata",
        changed(BOXES, "bounding-box-metadata", "objects", to={"0": 1}),
    ),
    (
        FaultCode.UNSUPPORTED_USE_CASE_TYPE,
        "label0-metadata",
        changed(IMAGE, "label0-metadata", "type", to="groundtruth/wrongtype"),
    ),
    (
        FaultCode.NO_VALID_LABEL_ATTRIBUTES,
        "",
        changed(IMAGE, "label0-metadata", "type", to="groundtruth/wrongtype"),
    ),
    (
        FaultCode.INVALID_LABEL_NAME_LENGTH,
        "label0-metadata",
        changed(IMAGE, "label0-metadata", "class-name", to="c" * 257),
    ),
    (
        FaultCode.INVALID_BOUNDING_BOX,
        "bounding-box.annotations[0]",
        boxed("1.jpg", ("cat", -1, 0, 64, 48), DOG),
    ),
    (
        FaultCode.INVALID_BOUNDING_BOX,
        "bounding-box.annotations[0]",
        boxed("1.jpg", ("cat", 600, 0, 64, 48), DOG),
    ),
    (
        FaultCode.INVALID_BOUNDING_BOX,
        "bounding-box.annotations[0]",
        changed(BOXES, "bounding-box", "annotations", 0, "left", to="x"),
    ),
    (
        FaultCode.BOUNDING_BOX_TOO_SMALL,
        "bounding-box.annotations[0]",
        boxed("1.jpg", ("cat", 0, 0, 3, 300), DOG, size=(3840, 2160)),
    ),
    (FaultCode.TOO_MANY_BOUNDING_BOXES, "bounding-box", boxed("1.jpg", *[CAT] * 51)),
    (FaultCode.NO_VALID_ANNOTATIONS, "bounding-box", boxed("1.jpg", ("cat", -1, 0, 64, 48))),
    (
        FaultCode.MISSING_BOUNDING_BOX_CONFIDENCE,
        "bounding-box-metadata",
        changed(BOXES, "bounding-box-metadata", "objects", 1),
    ),
    (
        FaultCode.MISSING_CLASS_MAP_ID,
        "bounding-box-metadata",
        changed(BOXES, "bounding-box-metadata", "class-map", "1"),
    ),
    (FaultCode.MISSING_CLASS_MAP_ID, "tags-metadata", multilabelled("1.jpg", [0, 1], {"0": "cat"})),
    (FaultCode.NO_ATTRIBUTE_ANNOTATIONS, "bounding-box", boxed("1.jpg")),
    (FaultCode.NO_ANNOTATIONS, "", boxed("1.jpg")),
    (FaultCode.TOO_MANY_LABELS, "", classified("1.jpg", *[f"label {n}" for n in range(51)])),
]
OF_PICTURES = {FaultCode.INVALID_IMAGE, FaultCode.INVALID_IMAGE_DIMENSION}


@pytest.mark.parametrize(("code", "place", "line"), FAULTY, ids=[f"{one[0].name}-{one[1]}" for one in FAULTY])
def test_a_fault_is_told_where_it_is(code: FaultCode, place: str, line: dict[str, Any]) -> None:
    found = read(line)
    assert (code, place) in [(fault.code, fault.place) for fault in found.faults]
    assert found.has_error is not all(fault.code.is_warning for fault in found.faults)
    assert (
        f'"{code.value}"' in found.content or place == "label0-metadata"
    )  # one that is no object has no room


def test_every_code_has_a_line_or_a_picture_that_shows_it() -> None:
    shown = {one[0] for one in FAULTY} | USELESS.keys() | OF_PICTURES | {FaultCode.DUPLICATE_SOURCE_REF}
    assert shown == set(FaultCode)


def test_a_broken_annotation_is_left_out_and_the_line_stays_in_use() -> None:
    entry = read(boxed("1.jpg", ("cat", -1, 0, 64, 48), DOG)).entry
    assert [one.label for one in entry.boxes] == ["dog"]
    assert entry.is_usable


def test_a_line_whose_every_attribute_is_wrong_is_not_trained_on() -> None:
    found = read(changed(IMAGE, "label0", to="1"))
    assert not found.entry.is_usable
    assert not found.entry.is_labelled
    assert json.loads(found.content)["cl-errors"] == [
        {"code": "ERROR_NO_VALID_LABEL_ATTRIBUTES", "message": "No valid label attributes found."}
    ]


def test_a_picture_in_which_a_person_found_nothing_is_background_and_one_that_nobody_saw_is_not() -> None:
    seen = read(boxed("1.jpg")).entry
    assert seen.is_background
    assert seen.is_usable
    unseen = read(changed(boxed("1.jpg"), "bounding-box-metadata", "human-annotated", to="no")).entry
    assert not unseen.is_background
    assert not unseen.is_usable


def test_markup_in_a_label_is_text_like_any_other() -> None:
    assert read(classified("1.jpg", "<script>alert(1)</script>")).entry.labels == (
        "<script>alert(1)</script>",
    )


@pytest.mark.parametrize(
    "line", [one[2] for one in FAULTY], ids=[f"{one[0].name}-{one[1]}" for one in FAULTY]
)
def test_a_listed_line_that_is_read_again_says_the_same(line: dict[str, Any]) -> None:
    found = read(line)
    again = read_line(found.content, 1, longest=None)
    assert again == found


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=8,
)
PLACES: list[tuple[str | int, ...]] = [
    ("bounding-box",),
    ("bounding-box", "image_size"),
    ("bounding-box", "image_size", 0, "width"),
    ("bounding-box", "annotations"),
    ("bounding-box", "annotations", 0),
    ("bounding-box", "annotations", 0, "class_id"),
    ("bounding-box", "annotations", 0, "left"),
    ("bounding-box-metadata",),
    ("bounding-box-metadata", "objects"),
    ("bounding-box-metadata", "objects", 0),
    ("bounding-box-metadata", "class-map"),
    ("bounding-box-metadata", "class-map", "0"),
    ("bounding-box-metadata", "type"),
]


@given(st.sampled_from(PLACES), JSON)
def test_whatever_stands_anywhere_nothing_is_raised_and_what_is_kept_can_be_read_again(
    path: tuple[str | int, ...], value: Any
) -> None:
    line = changed(BOXES, *path, to=0 if value is None else value)
    found = read_line(json.dumps(line), 1)
    if isinstance(found, ManifestLine):
        assert read_line(found.content, 1, longest=None) == found
        found.content.encode()
        assert "\0" not in found.content


def test_a_manifest_is_read_on_from_any_line_and_too_long_ones_are_not_held() -> None:
    text = manifest(IMAGE, "", "x" * 1_000_000, "nonsense", BOXES).replace(b"\n", b"\r\n")
    whole = list(read_manifest(BytesIO(text)))
    assert [line.number for _, line in whole] == [1, 3, 4, 5]
    assert [type(line) for _, line in whole] == [ManifestLine, UselessLine, UselessLine, ManifestLine]
    for number, (place, line) in enumerate(whole):
        assert list(read_manifest(BytesIO(text), line=line.number, place=place)) == whole[number + 1 :]


# --- Pictures ---


def test_boxes_are_scaled_to_a_picture_of_another_size() -> None:
    placed = boxes_on(read(boxed("1.jpg", CAT)).entry, 1280, 960)
    assert placed is not None
    assert placed[0].box == Box(128, 96, 640, 480)


# Where on the upright picture the stored one has its upper left corner (EXIF 2.32, tag 274).
TURNS = {5: (0, 0), 6: (0.9, 0), 7: (0.9, 0.9), 8: (0, 0.9)}


@pytest.mark.parametrize("orientation", TURNS)
def test_boxes_on_a_stored_picture_are_turned_with_it(orientation: int) -> None:
    entry = read(boxed("1.jpg", DOG)).entry
    placed = boxes_on(entry, 480, 640, orientation)
    assert placed is not None
    left, top = TURNS[orientation]
    box = placed[0].box
    assert (box.left, box.top, box.width, box.height) == pytest.approx((left * 480, top * 640, 48, 64))


def test_boxes_on_the_upright_picture_stay() -> None:
    entry = read(boxed("1.jpg", DOG, size=(480, 640))).entry
    placed = boxes_on(entry, 480, 640, 6)
    assert placed is not None
    assert placed[0].box == Box(0, 0, 64, 48)


PICTURES: list[tuple[FaultCode | None, Callable[[], dict[str, Any]], tuple[int, int, int]]] = [
    (None, lambda: IMAGE, (64, 64, 1)),
    (None, lambda: BOXES, (4096, 3072, 1)),
    (None, lambda: BOXES, (480, 640, 6)),
    (FaultCode.INVALID_IMAGE, lambda: IMAGE, (63, 100, 1)),
    (FaultCode.INVALID_IMAGE, lambda: IMAGE, (4097, 3000, 1)),
    (FaultCode.INVALID_IMAGE, lambda: IMAGE, (2000, 99, 1)),
    (FaultCode.INVALID_IMAGE_DIMENSION, lambda: BOXES, (60, 45, 1)),
    (FaultCode.INVALID_IMAGE_DIMENSION, lambda: BOXES, (640, 640, 1)),
    (FaultCode.INVALID_IMAGE_DIMENSION, lambda: BOXES, (480, 640, 3)),
]


@pytest.mark.parametrize(("code", "line", "picture"), PICTURES)
def test_a_picture_that_does_not_fit_its_line_is_refused(
    code: FaultCode | None, line: Callable[[], dict[str, Any]], picture: tuple[int, int, int]
) -> None:
    fault = check_picture(read(line()).entry, *picture)
    assert (None if fault is None else fault.code) == code
