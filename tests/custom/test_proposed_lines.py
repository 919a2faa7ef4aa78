"""What a model proposes for a picture is a line like any other, and says that nobody has confirmed it."""

from __future__ import annotations

import json

import pytest
from tests.custom.lines import reference

from regard.custom.manifests.entry import LabelledBox, ManifestLine
from regard.custom.manifests.reading import read_line
from regard.custom.manifests.writing import proposed_boxes, proposed_labels
from regard.vision.geometry import Box

CREATED = "2026-11-30T00:00:00"
WAITING = {"source-ref": reference("1.jpg"), "camera": {"place": "gate"}}


def read(line: str) -> ManifestLine:
    found = read_line(line)
    assert isinstance(found, ManifestLine)
    assert found.faults == ()
    return found


def waiting() -> str:
    """The line as it is listed."""
    found = read_line(json.dumps(WAITING))
    assert isinstance(found, ManifestLine)
    assert not found.entry.is_labelled
    return found.content


def test_proposed_labels_are_read_with_what_the_line_said_before() -> None:
    found = read(proposed_labels(waiting(), {"cat": 0.97, "dog": 0.91}, CREATED))
    assert found.entry.labels == ("cat", "dog")
    line = json.loads(found.content)
    assert line["camera"] == WAITING["camera"]
    assert line["regard-proposed-0-metadata"]["human-annotated"] == "no"
    assert line["regard-proposed-0-metadata"]["confidence"] == 0.97


def test_proposed_boxes_are_where_the_model_saw_them_at_the_edge_too() -> None:
    seen = [Box(0.25, 0.5, 0.5, 0.25), Box(2 / 3, 0, 1 / 3, 1)]
    found = read(
        proposed_boxes(waiting(), [(LabelledBox("cat", one), 0.95) for one in seen], (641, 481), CREATED)
    )
    for one, expected in zip(found.entry.boxes, seen, strict=True):
        assert one.label == "cat"
        for side in ("left", "top", "width", "height"):
            assert getattr(one.box, side) == pytest.approx(getattr(expected, side), abs=1e-4)
    metadata = json.loads(found.content)["regard-proposed-metadata"]
    assert metadata["human-annotated"] == "no"
    assert metadata["objects"] == [{"confidence": 0.95}] * 2
