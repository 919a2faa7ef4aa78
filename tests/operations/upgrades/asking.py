"""What the tests of upgrades ask of a collection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from tests.two_models import call, photo

from regard.app import Parts
from regard.storage.database import Database
from regard.storage.schema import next_vectors


def faces_of(parts: Parts, collection: str = "old") -> list[dict[str, Any]]:
    faces: list[dict[str, Any]] = call(parts, "list_faces", CollectionId=collection)["Faces"]
    return faces


def version_of(parts: Parts) -> str:
    return str(call(parts, "describe_collection", CollectionId="old")["FaceModelVersion"])


def found(parts: Parts, name: str) -> list[str]:
    request = {"CollectionId": "old", "Image": photo(name)}
    matches = call(parts, "search_faces_by_image", **request, FaceMatchThreshold=99.0)["FaceMatches"]
    return [match["Face"]["ExternalImageId"] for match in matches]


def made(data: Path) -> int:
    database = Database.open(data)
    with database.read() as connection:
        count: int = connection.execute(select(func.count()).select_from(next_vectors)).scalar_one()
    database.close()
    return count
