"""An upgrade whose photos the machines of a cluster analyse: what this process would have made."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from tests.collections.made_models import BOTH
from tests.conftest import PICTURES
from tests.operations.upgrades.asking import faces_of
from tests.pickled import PickledExecutor
from tests.two_models import call

from regard.app import Parts, build
from regard.operations.administration import photo_carrying
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.tasks.task_node import TaskNode


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("astronaut", "hopper", "gravel"):
        shutil.copy(PICTURES / f"{name}.jpg", folder)
    with (folder / "astronaut.jpg").open("ab") as file:
        file.write(bytes(6 << 20))  # more than a request may hold, and less than a bucket's object
    shutil.copy(folder / "hopper.jpg", folder / "hopper-again.jpg")
    return folder


@pytest.fixture
def parts(installed_pack: InstalledPack, tmp_path: Path, photos: Path) -> Iterator[Parts]:
    def opened(face_model: str | None) -> Parts:
        settings = Settings.load(
            {}, data=tmp_path / "data", face_model=face_model, buckets=f"photos={photos}"
        )
        return build(settings, face_models=BOTH)

    older = opened("2.0")
    for collection in ("old", "twin"):
        call(older, "create_collection", CollectionId=collection)
        for name in ("astronaut", "hopper"):
            picture = {"S3Object": {"Bucket": "photos", "Name": f"{name}.jpg"}}
            call(older, "index_faces", CollectionId=collection, Image=picture, ExternalImageId=name)
    older.close()
    made = opened(None)
    yield made
    made.close()


@pytest.fixture
def cluster(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> PickledExecutor:
    made = PickledExecutor(TaskNode(parts.settings, parts.models, parts.stores.objects, BOTH))
    monkeypatch.setattr(photo_carrying, "cluster_of", lambda _settings: made)
    return made


def vectors_of(parts: Parts, collection: str) -> list[list[float]]:
    found = parts.stores.collections.get(collection)
    vectors = [parts.stores.gallery.vector(found, one["FaceId"]) for one in faces_of(parts, collection)]
    return [vector.tolist() for vector in vectors if vector is not None]


def test_photos_in_a_bucket_are_analysed_elsewhere_to_the_same_vectors(
    parts: Parts, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    assert call(parts, "upgrade_collection", CollectionId="twin", Bucket="photos")["Switched"]
    cluster: PickledExecutor = request.getfixturevalue("cluster")
    names = ("none", "gravel", "astronaut", "hopper", "hopper-again")
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text("\n".join(json.dumps({"source-ref": f"s3://photos/{name}.jpg"}) for name in names))
    answer = call(parts, "upgrade_collection", CollectionId="old", Manifest=manifest)
    assert (answer["Switched"], answer["Carried"], answer["Missing"]) == (True, 2, [])
    assert [one["Photo"] for one in answer["Unreadable"]] == ["s3://photos/none.jpg"]
    assert vectors_of(parts, "old") == vectors_of(parts, "twin")
    assert len(vectors_of(parts, "old")) == 2
    assert cluster.tasks == 2  # one that reads all photos, and one that analyses three of them


@pytest.mark.slow
def test_photos_that_were_saved_anew_are_found_by_their_names_elsewhere_and_folders_are_read_here(
    parts: Parts, photos: Path, tmp_path: Path, cluster: PickledExecutor
) -> None:
    Image.open(photos / "astronaut.jpg").save(photos / "astronaut.jpg", quality=80)
    answer = call(parts, "upgrade_collection", CollectionId="old", Bucket="photos/astro", ByName=True)
    assert (answer["Carried"], answer["Photos"], answer["Unreadable"]) == (1, 1, [])
    assert cluster.tasks == 2
    (tmp_path / "folder").mkdir()
    (photos / "hopper.jpg").rename(tmp_path / "folder" / "hopper.jpg")
    assert call(parts, "upgrade_collection", CollectionId="old", Folder=tmp_path / "folder")["Switched"]
    assert cluster.tasks == 2
