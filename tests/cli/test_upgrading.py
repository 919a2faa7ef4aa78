"""`regard models upgrade`, as whoever owns the data folder uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests import scenes
from tests.cli.conftest import Run
from tests.conftest import PICTURES

from regard.collections.face_models import FaceModels


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Photos of two people."""
    album = tmp_path / "album"
    for name in ("astronaut", "hopper"):
        (album / name).mkdir(parents=True)
        for number in range(2):
            file = album / name / f"{number}.jpg"
            file.write_bytes(scenes.jpeg(scenes.portrait(name).rotate(5 * number)))
    return album


@pytest.fixture
def old(regard: Run, album: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs commands where the photos are in the collection `family`, by face model 2.0."""
    with monkeypatch.context() as patch:
        patch.setenv("REGARD_FACE_MODEL", "2.0")
        regard("index", "family", album)
    return regard


def version(regard: Run) -> str:
    """The FaceModelVersion that a search in `family` answers."""
    found = json.loads(regard("search", "family", PICTURES / "hopper.jpg", "--json").stdout)
    assert {match["Face"]["ExternalImageId"] for match in found["FaceMatches"]} == {"hopper"}
    return str(found["FaceModelVersion"])


def test_what_was_not_carried_is_told_and_the_collection_stays(old: Run, album: Path, tmp_path: Path) -> None:
    (album / "hopper/1.jpg").unlink()
    done = old("models", "upgrade", "family", "--photos", album, "--report", "report.json", code=1)
    assert "3 of 4 faces are carried to face model" in done.stdout
    assert "No photo with the bytes" in done.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    assert ([one["ExternalImageId"] for one in report["Missing"]], report["Switched"]) == (["hopper"], False)


def test_a_collection_is_upgraded_and_answers_by_the_new_model(old: Run, album: Path) -> None:
    assert version(old) == "2.0"
    done = old("models", "upgrade", "family", "--photos", album)
    assert "4 of 4 faces are carried." in " ".join(done.stdout.split())
    assert "Making vectors anew" in done.stderr
    assert version(old) == FaceModels().default.version
    assert "already" in old("models", "upgrade", "family", "--photos", album, code=1).stderr


def test_it_is_told_what_to_upgrade(old: Run, album: Path) -> None:
    assert "Name a collection, or give --celebrities." in old("models", "upgrade", code=1).stderr
    assert "does not exist" in old("models", "upgrade", "none", code=1).stderr
    assert "There is no celebrity yet." in old("models", "upgrade", "--celebrities", code=1).stderr
    assert "There is no folder" in old("models", "upgrade", "family", "--photos", "nowhere", code=1).stderr
    old("models", "upgrade", "family", code=1)
    assert "is dropped" in old("models", "upgrade", "family", "--cancel").stdout
