"""A migration whose pictures the machines of a cluster read: what this process would have carried."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from regard.app import Parts, build
from regard.caller import LOCAL
from regard.migration.places import PicturePlace
from regard.migration.records import MigrationOutcome, NotCarried, SourceFace
from regard.operations.migration import carrying
from regard.operations.migration.reading_task import ReadingTask, sought_image
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.storage.schema import faces as table
from regard.tasks.task_node import TaskNode
from regard.vision.geometry import Box
from tests import scenes
from tests.pickled import PickledExecutor

ARN = "arn:aws:rekognition:us-east-1:000000000000:collection/leaving"


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    """Portraits, one of them in a folder beside another picture, a picture without a face, none at all."""
    folder = tmp_path / "shared"
    (folder / "eileen").mkdir(parents=True)
    (folder / "hopper.jpg").write_bytes((scenes.PICTURES / "hopper.jpg").read_bytes())
    (folder / "eileen" / "1.jpg").write_bytes((scenes.PICTURES / "gravel.jpg").read_bytes())
    (folder / "eileen" / "2.jpg").write_bytes((scenes.PICTURES / "astronaut.jpg").read_bytes())
    (folder / "wall.jpg").write_bytes((scenes.PICTURES / "gravel.jpg").read_bytes())
    (folder / "broken.jpg").write_bytes(b"no picture")
    return folder


def source_face(name: str, box: Box) -> SourceFace:
    face_id, image_id = (str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{name}")) for kind in ("face", "image"))
    return SourceFace(face_id, image_id, name, box)


def found_box(parts: Parts, name: str) -> Box:
    picture = {"Bytes": (scenes.PICTURES / f"{name}.jpg").read_bytes()}
    box = parts.gate.call("detect_faces", {"Image": picture}, LOCAL)["FaceDetails"][0]["BoundingBox"]
    return Box(box["Left"], box["Top"], box["Width"], box["Height"])


def carried(parts: Parts, sources: list[SourceFace]) -> tuple[MigrationOutcome, list[Any]]:
    parts.gate.call("create_collection", {"CollectionId": "here"}, LOCAL)
    request = {
        "CollectionId": "here",
        "Source": ARN,
        "Faces": sources,
        "Users": [],
        "Images": PicturePlace(bucket="shared"),
        "Match": "external-id",
        "Workers": 1,
    }
    outcome: MigrationOutcome = parts.gate.call("migrate_faces", request, LOCAL)["Migration"]
    names = ("face_id", "image_id", "external_image_id", "image_digest", "left", "confidence", "vector")
    with parts.database.read() as connection:
        query = select(*(table.c[name] for name in names)).order_by(table.c.row)
        return outcome, [tuple(row) for row in connection.execute(query)]


def test_what_is_read_elsewhere_is_carried_as_what_is_read_here(
    installed_pack: InstalledPack, bucket: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = []
    for place in ("alone", "together"):
        parts = build(Settings.load({}, data=tmp_path / place, buckets=f"shared={bucket}"))
        try:
            sources = [
                source_face("hopper", found_box(parts, "hopper")),
                source_face("eileen", found_box(parts, "astronaut")),
                *(source_face(name, Box(0.1, 0.1, 0.2, 0.2)) for name in ("wall", "broken", "gone")),
            ]
            if place == "together":
                cluster = PickledExecutor(TaskNode(parts.settings, parts.models, parts.stores.objects))
                monkeypatch.setattr(carrying, "cluster_of", lambda _settings, one=cluster: one)
            results.append(carried(parts, sources))
        finally:
            parts.close()
    assert cluster.tasks == 2  # of three images, and of two
    assert results[0] == results[1]
    outcome, kept = results[1]
    assert [row[2] for row in kept] == ["hopper", "eileen"]
    assert list(outcome.left.values()) == [
        NotCarried.NO_FACE,
        NotCarried.NO_PICTURE,
        NotCarried.NO_PICTURE,
    ]


def test_who_is_migrated_does_not_travel() -> None:
    sources = [
        source_face("a name", Box(0.1, 0.1, 0.2, 0.2)),
        source_face("another", Box(0.5, 0.1, 0.2, 0.2)),
    ]
    sought = sought_image(sources, {"k1.jpg": "a name", "k2.jpg": "a name", "k3.jpg": "other"})
    assert sought.candidates == (("k1.jpg", "0"), ("k2.jpg", "0"), ("k3.jpg", "1"))
    assert "a name" not in repr(sought)
    assert all(one.face_id not in repr(sought) for one in sources)
    assert ReadingTask.__slots__ == ("bucket", "images", "limits", "rules", "model")
