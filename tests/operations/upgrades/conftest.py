"""A collection that face model 2.0 made, and the photos that it was made from."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import PICTURES
from tests.operations.upgrades.asking import faces_of
from tests.two_models import call, opened

from regard.app import Parts
from regard.packs.install import InstalledPack


@pytest.fixture
def album(tmp_path: Path, group_photo: Path) -> Path:
    """The photos that `old` was made from, in folders."""
    album = tmp_path / "album"
    (album / "deeper").mkdir(parents=True)
    shutil.copy(PICTURES / "astronaut.jpg", album)
    shutil.copy(PICTURES / "hopper.jpg", album / "deeper")
    shutil.copy(group_photo, album / "deeper/group.jpg")
    shutil.copy(PICTURES / "gravel.jpg", album)
    return album


@pytest.fixture
def parts(installed_pack: InstalledPack, tmp_path: Path, album: Path) -> Iterator[Parts]:
    """A collection `old` of 2.0 with a face each of two photos, eight of a third, and a user; the newest is
    another model.
    """
    older = opened(tmp_path / "data", "2.0")
    call(older, "create_collection", CollectionId="old", Tags={"team": "red"})
    for file in ("astronaut.jpg", "deeper/hopper.jpg", "deeper/group.jpg"):
        content = (album / file).read_bytes()
        request = {"CollectionId": "old", "Image": {"Bytes": content}, "ExternalImageId": Path(file).stem}
        call(older, "index_faces", **request, QualityFilter="NONE")
    listed = faces_of(older)
    chosen = [one["FaceId"] for one in listed if one["ExternalImageId"] == "hopper"]
    call(older, "create_user", CollectionId="old", UserId="grace")
    call(older, "associate_faces", CollectionId="old", UserId="grace", FaceIds=chosen)
    older.close()
    made = opened(tmp_path / "data")
    yield made
    made.close()
