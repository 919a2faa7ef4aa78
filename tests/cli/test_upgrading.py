"""`regard models upgrade`, as whoever owns the data folder uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests import scenes
from tests.cli.conftest import Run, running

from regard.storage.database import Database


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
def old(regard: Run, album: Path, tmp_path: Path) -> Run:
    """Runs commands where the photos are in the collection `family`, by a model that is unknown here."""
    regard("index", "family", album)
    database = Database.open(tmp_path / "data")
    with database.write() as connection:
        connection.exec_driver_sql("update collections set face_model_version = '0.9'")
    database.close()
    return running(tmp_path)


def test_what_was_not_carried_is_told_and_the_collection_stays(old: Run, album: Path, tmp_path: Path) -> None:
    (album / "hopper/1.jpg").unlink()
    done = old("models", "upgrade", "family", "--photos", album, "--report", "report.json", code=1)
    assert "3 of 4 faces are carried to face model" in done.stdout
    assert "No photo with the bytes" in done.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    assert ([one["ExternalImageId"] for one in report["Missing"]], report["Switched"]) == (["hopper"], False)


def test_a_collection_is_upgraded_and_answers_by_the_new_model(old: Run, album: Path) -> None:
    picture = album / "hopper/0.jpg"
    assert "which this version of Regard doesn't know" in old("search", "family", picture, code=1).stderr
    done = old("models", "upgrade", "family", "--photos", album)
    assert "4 of 4 faces are carried." in " ".join(done.stdout.split())
    assert "Making vectors anew" in done.stderr
    found = json.loads(old("search", "family", picture, "--json").stdout)["FaceMatches"]
    assert {match["Face"]["ExternalImageId"] for match in found} == {"hopper"}
    assert "already" in old("models", "upgrade", "family", "--photos", album, code=1).stderr


def test_it_is_told_what_to_upgrade(old: Run, album: Path) -> None:
    assert "Name a collection, or give --celebrities." in old("models", "upgrade", code=1).stderr
    assert "does not exist" in old("models", "upgrade", "none", code=1).stderr
    assert "There is no celebrity yet." in old("models", "upgrade", "--celebrities", code=1).stderr
    assert "There is no folder" in old("models", "upgrade", "family", "--photos", "nowhere", code=1).stderr
    old("models", "upgrade", "family", code=1)
    assert "is dropped" in old("models", "upgrade", "family", "--cancel").stdout
