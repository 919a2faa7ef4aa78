"""What is erased from a collection goes from what jobs have found in films, too."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from sqlalchemy import insert, select

from regard.app import Parts
from regard.caller import LOCAL
from regard.collections.identifiers import new_identifier
from regard.collections.kept_matches import still_enrolled
from regard.jobs.worker import Worker
from regard.storage.clock import milliseconds
from regard.storage.schema import collections, faces, job_items, jobs
from tests.responsible import Office
from tests.video.jobs.asking import FOREVER, Script, search


def enrol(parts: Parts, count: int = 2) -> list[str]:
    """Faces of the collection, whose vectors nobody searches."""
    vector = np.zeros(parts.face_models.default.dimension, "<f2").tobytes()
    names = [new_identifier() for _ in range(count)]
    with parts.database.write() as connection:
        row = connection.execute(select(collections.c.row)).scalar_one()
        box = {"left": 0.1, "top": 0.1, "width": 0.2, "height": 0.2}
        rows = [
            {
                "collection": row,
                "face_id": name,
                "image_id": new_identifier(),
                "image_digest": name,
                "external_image_id": f"somebody-{name}",
                "confidence": 99.0,
                "vector": vector,
                "created": milliseconds(),
                **box,
            }
            for name in names
        ]
        connection.execute(insert(faces), rows)
    return names


def found(parts: Parts, worker: Worker, video: dict[str, Any], names: list[str]) -> str:
    """A job that has found one person, who resembles these faces."""
    job_id = search(parts, video)
    assert worker.run_one(FOREVER)
    matches = [{"Similarity": 99.0, "Face": {"FaceId": name}} for name in names]
    with parts.database.write() as connection:
        row = connection.execute(select(jobs.c.row).where(jobs.c.job_id == job_id)).scalar_one()
        item = {"job": row, "number": 1000, "view": "MATCHES", "timestamp": 0, "key": b"000000"}
        connection.execute(insert(job_items).values(**item, body=json.dumps({"FaceMatches": matches})))
    return job_id


def told(parts: Parts, job_id: str) -> list[str]:
    [person] = parts.gate.call("get_face_search", {"JobId": job_id}, LOCAL)["Persons"]
    return [match["Face"]["FaceId"] for match in person["FaceMatches"]]


@pytest.mark.parametrize("erasing", ["delete_faces", "erase_faces"])
def test_a_face_that_is_erased_is_told_by_no_job(
    parts: Parts, worker: Worker, script: Script, collection: str, erasing: str
) -> None:
    names = enrol(parts)
    job_id = found(parts, worker, script(persons=[[]]), names)
    assert told(parts, job_id) == names
    office = Office(parts)
    office.person("otto", "operator")
    reason = {"Reason": "asked for"} if erasing == "erase_faces" else {}
    erased = {"CollectionId": "c", "FaceIds": names[:1], **reason}
    parts.gate.call(erasing, erased, office.key("otto", "operator"))
    assert told(parts, job_id) == names[1:]
    with parts.database.read() as connection:
        assert names[0] not in " ".join(connection.execute(select(job_items.c.body)).scalars())


def test_a_collection_that_is_deleted_leaves_nobody_in_results(
    parts: Parts, worker: Worker, script: Script, collection: str
) -> None:
    job_id = found(parts, worker, script(persons=[[]]), enrol(parts))
    parts.gate.call("delete_collection", {"CollectionId": "c"}, LOCAL)
    assert told(parts, job_id) == []


def test_another_collection_s_results_stay(
    parts: Parts, worker: Worker, script: Script, collection: str
) -> None:
    names = enrol(parts)
    job_id = found(parts, worker, script(persons=[[]]), names)
    parts.gate.call("create_collection", {"CollectionId": "d"}, LOCAL)
    parts.gate.call("delete_collection", {"CollectionId": "d"}, LOCAL)
    assert told(parts, job_id) == names


def test_a_face_that_was_erased_before_its_match_is_kept_is_not_kept(parts: Parts, collection: str) -> None:
    names = enrol(parts)
    parts.gate.call("delete_faces", {"CollectionId": "c", "FaceIds": names[:1]}, LOCAL)
    with parts.database.write() as connection:
        row = connection.execute(select(collections.c.row)).scalar_one()
        assert still_enrolled(connection, row, names) == {names[1]}
