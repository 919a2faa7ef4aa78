"""How often a request asks the database: a subject that is resolved once is read once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from regard.app import Parts
from regard.caller import LOCAL
from regard.jobs.leases import JobLeases
from regard.jobs.records import Item, NewJob, Status, Step
from regard.operations.stored_video.tracked import key_of

Count = Callable[[], int]


@contextmanager
def transactions(parts: Parts) -> Iterator[Count]:
    """Counts the transactions that begin meanwhile."""
    begun: list[Any] = []

    def note(connection: Any) -> None:
        begun.append(connection)

    event.listen(parts.database.engine, "begin", note)
    try:
        yield lambda: len(begun)
    finally:
        event.remove(parts.database.engine, "begin", note)


@pytest.fixture
def collection(parts: Parts, portrait: Path) -> str:
    parts.gate.call("create_collection", {"CollectionId": "c"}, LOCAL)
    picture = {"Bytes": portrait.read_bytes()}
    parts.gate.call("index_faces", {"CollectionId": "c", "Image": picture}, LOCAL)
    parts.gate.call("search_faces_by_image", {"CollectionId": "c", "Image": picture}, LOCAL)
    return "c"


def test_a_search_by_image_takes_four_transactions(parts: Parts, collection: str, portrait: Path) -> None:
    request = {"CollectionId": collection, "Image": {"Bytes": portrait.read_bytes()}}
    with transactions(parts) as count:
        assert parts.gate.call("search_faces_by_image", request, LOCAL)["FaceMatches"]
        assert count() <= 4


def test_results_of_a_face_search_take_five_transactions(parts: Parts, collection: str) -> None:
    video = {"S3Object": {"Bucket": "videos", "Name": "a.mp4"}}
    request = {"Video": video, "CollectionId": collection}
    new = NewJob("start_face_search", request, "r", LOCAL, "digest", collection_id=collection)
    job_id = parts.stores.jobs.start(new).job_id
    leases = JobLeases(parts.stores.jobs)
    lease = leases.take("w")
    assert lease is not None
    moment = Item(0, key_of(0), {"Timestamp": 0, "Person": {"Index": 0}})
    matches = Item(0, key_of(0), {"FaceMatches": [{"Similarity": 99.5}]}, "MATCHES")
    leases.commit(lease, Step([moment, matches], {}, 1.0))
    leases.finish(lease, Status.SUCCEEDED)
    with transactions(parts) as count:
        answer = parts.gate.call("get_face_search", {"JobId": job_id}, LOCAL)
        assert answer["Persons"][0]["FaceMatches"]
        assert count() <= 5
