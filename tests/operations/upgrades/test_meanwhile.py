"""An upgrade takes its time: what happens to its collection meanwhile, and what ends it early."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from tests import scenes
from tests.operations.upgrades.asking import faces_of, found, made, version_of
from tests.two_models import call, opened, photo
from tests.waiting import wait_until

from regard.app import Parts
from regard.errors import (
    RegardError,
    ThrottlingException,
)

ROOT = Path(__file__).parents[3]


def test_faces_indexed_meanwhile_have_both_vectors_and_are_found_before_and_after(
    parts: Parts, album: Path
) -> None:
    (album / "deeper/group.jpg").rename(album.parent / "group.jpg")
    call(parts, "upgrade_collection", CollectionId="old", Folder=album)
    late = {"CollectionId": "old", "Image": photo("hopper"), "ExternalImageId": "late"}
    call(parts, "index_faces", **late)
    assert "late" in found(parts, "hopper")
    shutil.move(album.parent / "group.jpg", album)
    assert call(parts, "upgrade_collection", CollectionId="old", Folder=album)["Switched"]
    assert {"late", "hopper"} <= set(found(parts, "hopper"))


def test_a_server_that_indexes_meanwhile_loses_nobody(parts: Parts, album: Path, tmp_path: Path) -> None:
    server = opened(tmp_path / "data")
    heads = [scenes.portrait(name).resize((200, 200)) for name in ("astronaut", "hopper")]
    indexed: list[str] = []
    stopped = threading.Event()

    def index() -> None:
        number = 0
        while not stopped.is_set():
            turned = scenes.jpeg(heads[number % 2].rotate(number % 7))
            request = {"CollectionId": "old", "Image": {"Bytes": turned}, "ExternalImageId": f"n{number}"}
            try:
                answer = call(server, "index_faces", **request)
            except ThrottlingException:
                continue
            indexed.extend(record["Face"]["FaceId"] for record in answer["FaceRecords"])
            number += 1

    thread = threading.Thread(target=index)
    thread.start()
    wait_until(lambda: len(indexed) >= 3)
    answer = call(parts, "upgrade_collection", CollectionId="old", Folder=album)
    early = [face["FaceId"] for face in answer["Missing"]]  # from before it began, from no photo of the album
    if early:
        call(parts, "delete_faces", CollectionId="old", FaceIds=early)
        assert call(parts, "upgrade_collection", CollectionId="old", Folder=album)["Switched"]
    some = len(indexed) + 3
    wait_until(lambda: len(indexed) >= some)
    stopped.set()
    thread.join()
    there = {face["FaceId"] for face in faces_of(parts)}
    assert set(indexed) - set(early) <= there
    for face_id in set(indexed) - set(early):
        request = {"CollectionId": "old", "FaceId": face_id, "FaceMatchThreshold": 0.0, "MaxFaces": 4096}
        others = {match["Face"]["FaceId"] for match in call(server, "search_faces", **request)["FaceMatches"]}
        assert others | {face_id} == there
    server.close()


def test_embeddings_are_not_imported_while_their_collection_is_upgraded(parts: Parts, tmp_path: Path) -> None:
    call(parts, "upgrade_collection", CollectionId="old")
    np.save(tmp_path / "v.npy", np.eye(1, 384, dtype=np.float32))
    with pytest.raises(RegardError, match="are being made anew by face model"):
        call(parts, "import_faces", CollectionId="old", File=tmp_path / "v.npy")


def test_an_upgrade_that_was_killed_goes_on_where_it_stopped(
    parts: Parts, tmp_path: Path, group_photo: Path
) -> None:
    album = tmp_path / "many"
    album.mkdir()
    for number in range(12):
        content = scenes.jpeg(scenes.portrait(("astronaut", "hopper")[number % 2]).rotate(number))
        (album / f"{number:02}.jpg").write_bytes(content)
        request = {"CollectionId": "many", "Image": {"Bytes": content}, "ExternalImageId": f"{number}"}
        if number == 0:
            parts.stores.collections.create("many", "2.0")
        call(parts, "index_faces", **request)
    data = tmp_path / "data"
    command = [sys.executable, "-m", "tests.two_models", str(data), str(album), "many"]
    reached = []
    for more in (2, 5):
        process = subprocess.Popen(command, cwd=ROOT)
        while made(data) < more and process.poll() is None:
            time.sleep(0.01)
        process.kill()
        process.wait()
        reached.append(made(data))
        assert call(parts, "describe_collection", CollectionId="many")["FaceModelVersion"] == "2.0"
        request = {"CollectionId": "many", "Image": photo("hopper")}
        assert call(parts, "search_faces_by_image", **request)["FaceModelVersion"] == "2.0"
    assert 2 <= reached[0] < reached[1] < 12
    answer = call(parts, "upgrade_collection", CollectionId="many", Folder=album)
    assert (answer["Switched"], answer["CarriedBefore"]) == (True, reached[1])
    assert answer["Carried"] == len(faces_of(parts, "many")) - reached[1]


def test_an_upgrade_can_be_cancelled(parts: Parts, album: Path) -> None:
    (album / "deeper/hopper.jpg").unlink()
    call(parts, "upgrade_collection", CollectionId="old", Folder=album)
    assert call(parts, "upgrade_collection", CollectionId="old", Cancel=True)["Cancelled"]
    assert made(Path(parts.settings.data)) == 0
    assert version_of(parts) == "2.0"


def test_a_collection_can_go_back_to_the_model_that_it_had(parts: Parts, album: Path) -> None:
    call(parts, "upgrade_collection", CollectionId="old", Folder=album)
    answer = call(parts, "upgrade_collection", CollectionId="old", Folder=album, FaceModelVersion="2.0")
    assert answer["Switched"]
    assert version_of(parts) == "2.0"
    assert found(parts, "hopper")[0] == "hopper"
