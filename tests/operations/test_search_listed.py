"""Of an authorization that lists faces only those are found, however many others are nearer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from regard.app import Parts
from regard.caller import LOCAL
from regard.context import Context, Kind, Subject
from regard.governance.authorizations.records import Grant
from regard.operations.collections.search import face_vector, search_listed
from regard.vision.findings import Pictures


class Gallery:
    """Eight faces of two people, and who of them is found."""

    def __init__(self, parts: Parts, photo: Path) -> None:
        self._parts = parts
        parts.gate.call("create_collection", {"CollectionId": "c"}, LOCAL)
        image = {"Bytes": photo.read_bytes()}
        answer: Any = parts.gate.call("index_faces", {"CollectionId": "c", "Image": image}, LOCAL)
        self.faces = [one["Face"]["FaceId"] for one in answer["FaceRecords"]]

    def context(self, *listed: str) -> Context:
        collection = self._parts.stores.collections.get("c")
        return Context(
            settings=self._parts.settings,
            models=self._parts.models,
            face_models=self._parts.face_models,
            stores=self._parts.stores,
            caller=LOCAL,
            operation="start_face_search",
            pictures=Pictures(self._parts.models),
            subject=Subject(Kind.COLLECTION, collection_id="c", collection=collection),
            threshold=50.0,
            grant=Grant(authorization_id="A-2026-000001", covert=False, faces=frozenset(listed) or None),
        )

    def probe(self, face_id: str) -> NDArray[np.float32]:
        context = self.context()
        return face_vector(context, context.collection, face_id)

    def found(self, probe: NDArray[np.float32], *listed: str, limit: int = 80) -> list[str]:
        context = self.context(*listed)
        return [match.face.face_id for match in search_listed(context, context.collection, probe, limit)]


@pytest.fixture
def gallery(parts: Parts, group_photo: Path) -> Gallery:
    return Gallery(parts, group_photo)


def test_only_listed_faces_are_found(gallery: Gallery) -> None:
    probe = gallery.probe(gallery.faces[0])
    alike = gallery.found(probe)
    assert len(alike) >= 3
    nearest, *_, farthest = alike
    assert gallery.found(probe, farthest) == [farthest]
    assert gallery.found(probe, farthest, limit=1) == [farthest]
    assert gallery.found(probe, nearest, farthest) == [nearest, farthest]
    assert gallery.found(probe, farthest, "of another collection", limit=1) == [farthest]
    strangers = set(gallery.faces) - set(alike)
    assert strangers
    assert gallery.found(probe, *strangers) == []
