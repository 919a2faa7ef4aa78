"""`regard streams list`, `show`, `events` and `notice`, as a person at the keyboard has them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.porch import Porch

from regard.app import build
from regard.settings import Settings


@pytest.fixture
def porch(tmp_path: Path) -> Iterator[Porch]:
    settings = Settings.load({}, data=tmp_path / "data", kinesis_endpoint="http://127.0.0.1:9")
    parts = build(settings, has_models=False)
    yield Porch(parts)
    parts.close()


def test_streams_are_listed_and_shown_with_their_cameras(regard: Run, porch: Porch) -> None:
    [listed] = [line for line in regard("streams", "list").stdout.splitlines() if "porch" in line]
    assert "faces of staff" in listed
    assert "The porch" in listed
    assert "STARTING" in listed
    shown = regard("streams", "show", "porch").stdout
    assert "porch is STARTING; it finds faces of staff." in shown
    assert "Camera porch, The porch: rtsp://" in shown
    assert "for the purpose general, matches from 80 %." in shown
    assert "hunter2" not in shown
    assert json.loads(regard("streams", "show", "porch", "--json").stdout)["CameraId"] == "porch"
    assert "The stream processor none does not exist" in regard("streams", "show", "none", code=1).stderr


def test_events_are_listed_and_their_pictures_written(regard: Run, porch: Porch, tmp_path: Path) -> None:
    event = porch.saw()
    folder = tmp_path / "pictures"
    assert "There is no folder" in regard("streams", "events", "porch", "--pictures", folder, code=1).stderr
    folder.mkdir()
    told = regard("streams", "events", "porch", "--pictures", folder).stdout
    assert "FACE_MATCHED" in told
    assert "u-1 99.6 %, eva 91.0 %" in told
    assert (folder / f"{event.event_id}-crop.jpg").read_bytes() == b"a face"
    assert (folder / f"{event.event_id}-frame.jpg").read_bytes() == b"a street"
    assert json.loads(regard("streams", "events", "porch", "--json", "--limit", "1").stdout)["Events"]


def test_the_notice_beside_a_camera_is_printed(regard: Run, porch: Porch) -> None:
    told = regard("streams", "notice", "porch").stdout
    assert "The porch: the faces that this camera sees are compared" in told
    assert "Regard's own words, which nobody posted" in told
    assert "Nothing tells people of the camera none" in regard("streams", "notice", "none", code=1).stderr
    refused = regard("streams", "notice", "porch", "--text", "Faces are searched here.", code=1).stderr
    assert "not authorized to perform: rekognition:PutCameraNotice" in refused
