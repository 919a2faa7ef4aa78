"""Several analyses of one file through the gate: who may, what leaves, and what the log says of the end."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from regard.app import Parts
from regard.caller import LOCAL
from regard.errors import AccessDeniedException, InvalidParameterException, ResourceNotFoundException
from regard.governance.purpose import TAG
from tests.conftest import PICTURES
from tests.video import clips
from tests.video.conftest import person, put

VIDEO = {"S3Object": {"Bucket": "b", "Name": "n"}}
TEXT = {"start_text_detection": {"Video": VIDEO}}
SEARCH = {"start_face_search": {"Video": VIDEO, "CollectionId": "c"}}
COLLECTION = "arn:aws:rekognition:us-east-1:000000000000:collection/c"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody for 12 seconds, so that a pass has more than one step."""
    frame = np.full((270, 480, 3), 120, np.uint8)
    put(frame, person("astronaut", 240), 100, 30)
    return clips.write(tmp_path_factory.mktemp("clip") / "a.mp4", [frame] * 48, rate=4)


@pytest.fixture
def collection(parts: Parts) -> str:
    """Faces that are less and less like the person's."""
    parts.gate.call("create_collection", {"CollectionId": "c"}, LOCAL)
    for side in (25, 26, 27, 28, 29, 30, 36):
        face = Image.open(PICTURES / "astronaut.jpg").crop((150, 0, 330, 250)).resize((side, side * 25 // 18))
        file = io.BytesIO()
        face.resize((360, 500)).save(file, "PNG")
        request = {"CollectionId": "c", "Image": {"Bytes": file.getvalue()}, "QualityFilter": "NONE"}
        assert parts.gate.call("index_faces", request, LOCAL)["FaceRecords"]
    return "c"


def similarities(steps: list[dict[str, Any]]) -> list[float]:
    items = [item for step in steps for item in step["start_face_search"].items if item.view == "MATCHES"]
    return [match["Similarity"] for item in items for match in item.body["FaceMatches"]]


def outcomes(parts: Parts) -> list[tuple[str, str]]:
    return [(one["operation"], one["outcome"]) for one in parts.audit.export() if "video" in one]


@pytest.mark.usefixtures("collection")
def test_a_purpose_that_is_raised_meanwhile_withholds_what_is_found_later(parts: Parts, clip: Path) -> None:
    loose = similarities(list(parts.gate.run_pass(SEARCH, clip, LOCAL)))
    assert 0 < sum(one < 99 for one in loose) < len(loose), "else the test proves nothing"
    steps = parts.gate.run_pass(SEARCH, clip, LOCAL)
    found = [next(steps)]
    parts.gate.call("tag_resource", {"ResourceArn": COLLECTION, "Tags": {TAG: "access-control"}}, LOCAL)
    found += steps
    assert similarities(found) == [one for one in loose if one >= 99]


def test_a_pass_that_is_given_up_is_recorded_as_interrupted(parts: Parts, clip: Path) -> None:
    steps = parts.gate.run_pass(TEXT, clip, LOCAL)
    next(steps)
    steps.close()
    assert outcomes(parts) == [("StartTextDetection", "begun"), ("StartTextDetection", "interrupted")]


def test_a_key_that_is_suspended_meanwhile_sees_no_more(parts: Parts, clip: Path) -> None:
    key = parts.keys.create("o", "operator")
    steps = parts.gate.run_pass(TEXT, clip, key.holder)
    next(steps)
    parts.keys.suspend(key.key_id)
    with pytest.raises(AccessDeniedException):
        next(steps)
    assert outcomes(parts)[-1] == ("StartTextDetection", "AccessDeniedException")


def test_nothing_is_looked_at_unless_every_analysis_may(parts: Parts, clip: Path) -> None:
    policy = {"Statement": [{"Effect": "Allow", "Action": "rekognition:StartTextDetection", "Resource": "*"}]}
    key = parts.keys.create("o", "operator", policy=policy)
    requests = TEXT | {"start_label_detection": {"Video": VIDEO}}
    with pytest.raises(AccessDeniedException):
        next(parts.gate.run_pass(requests, clip, key.holder))
    assert outcomes(parts) == [("StartLabelDetection", "AccessDeniedException")]


def test_a_collection_that_is_not_there_is_said_before_any_work(parts: Parts, clip: Path) -> None:
    with pytest.raises(ResourceNotFoundException):
        next(parts.gate.run_pass(SEARCH | TEXT, clip, LOCAL))


def test_what_is_no_video_is_the_callers_to_mend(parts: Parts, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("no video")
    with pytest.raises(InvalidParameterException):
        next(parts.gate.run_pass(TEXT, tmp_path / "a.mp4", LOCAL))
    assert outcomes(parts)[-1] == ("StartTextDetection", "InvalidParameterException")
