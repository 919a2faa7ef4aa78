"""A folder that the machines of a cluster see before it is enrolled: what this process would find."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests import scenes
from tests.pickled import PickledExecutor
from typer.testing import CliRunner

from regard.cli import app, gallery
from regard.operations.collections.enrolment_task import EnrolmentTask
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.storage.database import Database
from regard.storage.schema import faces
from regard.tasks.task_node import TaskNode, open_buckets, open_sessions
from regard.vision.faces import FaceAnalyzer
from regard.vision.models import Models


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a bucket with an album: faces alone, good and poor in a group, none, no picture."""
    album = tmp_path / "shared" / "album"
    for person in ("astronaut", "hopper"):
        (album / person).mkdir(parents=True)
        (album / person / "one.jpg").write_bytes((scenes.PICTURES / f"{person}.jpg").read_bytes())
    group, _ = scenes.group([200, 150, 44])
    (album / "group.jpg").write_bytes(scenes.jpeg(group))
    (album / "wall.jpg").write_bytes((scenes.PICTURES / "gravel.jpg").read_bytes())
    (album / "zero.jpg").write_bytes(b"no picture")
    monkeypatch.setenv("REGARD_BUCKETS", f"shared={album.parent}")
    monkeypatch.setenv("REGARD_RAY", "127.0.0.1:6379")
    return album.parent


@pytest.fixture
def cluster(installed_pack: InstalledPack, shared: Path, monkeypatch: pytest.MonkeyPatch) -> PickledExecutor:
    settings = Settings.load()
    node = TaskNode(settings, Models.on(open_sessions(settings)), open_buckets(settings))
    executor = PickledExecutor(node)
    monkeypatch.setattr(gallery, "cluster_of", lambda _settings: executor)
    return executor


@pytest.fixture
def detected(monkeypatch: pytest.MonkeyPatch) -> list[FaceAnalyzer]:
    """Who looked for faces, at each look."""
    found: list[FaceAnalyzer] = []
    detect = FaceAnalyzer.detect

    def noted(self: FaceAnalyzer, image: Any) -> Any:
        found.append(self)
        return detect(self, image)

    monkeypatch.setattr(FaceAnalyzer, "detect", noted)
    return found


def index(album: Path, data: Path, *options: str) -> tuple[dict[str, Any], list[tuple[Any, ...]]]:
    """What the command says, and every face in the order in which it was enrolled."""
    done = CliRunner().invoke(
        app, ["index", "c", str(album), "--data", str(data), "--json", *options], catch_exceptions=False
    )
    names = ("image_digest", "external_image_id", "left", "top", "width", "height", "confidence", "vector")
    database = Database.open(data)
    with database.read() as connection:
        query = select(*(faces.c[name] for name in names)).order_by(faces.c.row)
        kept = [tuple(row) for row in connection.execute(query)]
    database.close()
    return json.loads(done.stdout), kept


def test_faces_that_were_seen_elsewhere_are_those_that_this_process_finds(
    cluster: PickledExecutor,
    shared: Path,
    tmp_path: Path,
    detected: list[FaceAnalyzer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said, found = index(shared / "album", tmp_path / "together", "--max-faces", "1")
    assert set(map(id, detected)) == {id(cluster._node.models.faces)}  # nothing was looked for twice
    assert (cluster.tasks, len(detected)) == (2, 4)
    with monkeypatch.context() as patch:
        patch.delenv("REGARD_RAY")
        alone, expected = index(shared / "album", tmp_path / "alone", "--max-faces", "1")
    assert cluster.tasks == 2
    assert said == alone == {"pictures": 5, "enrolled": 3, "refused": 2, "failed": 1, "skipped": 0}
    assert sorted(found) == sorted(expected)
    assert [row[1] for row in found] == ["astronaut", "group", "hopper"]  # in the order of their names


def test_a_folder_that_no_other_machine_has_is_seen_here(
    cluster: PickledExecutor, shared: Path, tmp_path: Path
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "one.jpg").write_bytes(b"no picture")
    said, _ = index(tmp_path / "own", tmp_path / "data")
    assert (said["failed"], cluster.tasks) == (1, 0)


@pytest.mark.slow
def test_a_picture_that_a_machine_has_another_of_is_seen_here(
    cluster: PickledExecutor, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    album = shared / "album" / "hopper"
    own = (album / "one.jpg").read_bytes()
    run = EnrolmentTask.run

    def replaced(self: EnrolmentTask, node: TaskNode) -> Any:
        (album / "one.jpg").write_bytes((scenes.PICTURES / "astronaut.jpg").read_bytes())
        try:
            return run(self, node)
        finally:
            (album / "one.jpg").write_bytes(own)

    _, expected = index(album, tmp_path / "data")
    monkeypatch.setattr(EnrolmentTask, "run", replaced)
    said, found = index(album, tmp_path / "other")
    assert (said["enrolled"], found) == (1, expected)


@pytest.mark.slow
def test_an_interrupted_enrolment_goes_on_with_what_was_not_enrolled(
    cluster: PickledExecutor, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run: Callable[..., Any] = EnrolmentTask.run
    seen: list[tuple[str, str]] = []

    def interrupted(self: EnrolmentTask, node: TaskNode) -> Any:
        seen.extend(self.pictures)
        if len(self.pictures) < 3:  # the second task
            raise KeyboardInterrupt
        return run(self, node)

    with monkeypatch.context() as patch:
        patch.setattr(EnrolmentTask, "run", interrupted)
        CliRunner().invoke(app, ["index", "c", str(shared / "album"), "--data", str(tmp_path / "data")])
    seen.clear()
    monkeypatch.setattr(
        EnrolmentTask, "run", lambda self, node: [seen.extend(self.pictures), run(self, node)][1]
    )
    said, found = index(shared / "album", tmp_path / "data")
    assert said["skipped"] == 3
    assert [key for _, key in seen] == ["album/wall.jpg", "album/zero.jpg"]
    assert len({row[7] for row in found}) == len(found) == 4
