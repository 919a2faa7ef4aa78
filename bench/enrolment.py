"""How fast photos are enrolled and people found through the whole service, and in how much memory."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from botocore.config import Config
from tests.conftest import Server

from bench.measurement import Row, Tables
from bench.photos import Photo, photos
from bench.server import memory_mb, running


def run(chosen: argparse.Namespace) -> Tables:
    yield "enrolment", measure(chosen.photos, full=chosen.full)


def measure(folder: Path | None, *, full: bool) -> list[Row]:
    chosen = photos(folder, count=200 if full else 24)
    with running() as server:
        idle, _ = memory_mb(server)
        client = server.client(config=Config(max_pool_connections=8))
        client.create_collection(CollectionId="bench")
        rows = [
            _run(server, "IndexFaces", chosen, _index(client, str(clients)), clients) for clients in (1, 2, 4)
        ]
        rows.append(_run(server, "SearchFacesByImage", chosen, _search(client), 4))
        return [row | {"resident MB idle": idle} for row in rows]


def _run(
    server: Server, operation: str, chosen: Sequence[Photo], one: Callable[[Photo], int], clients: int
) -> Row:
    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as executor:
        faces = sum(executor.map(one, chosen))
    took = time.perf_counter() - started
    _, peak = memory_mb(server)
    return {
        "operation": operation,
        "clients": clients,
        "photos": len(chosen),
        "photos/s": len(chosen) / took,
        "faces/s": faces / took,
        "resident MB at most": peak,
    }


def _index(client: Any, suffix: str) -> Callable[[Photo], int]:
    def one(photo: Photo) -> int:
        answer = client.index_faces(
            CollectionId="bench",
            Image={"Bytes": photo.path.read_bytes()},
            ExternalImageId=f"{photo.path.stem}-{suffix}",
            QualityFilter="NONE",
        )
        return len(answer["FaceRecords"])

    return one


def _search(client: Any) -> Callable[[Photo], int]:
    def one(photo: Photo) -> int:
        image = {"Bytes": photo.path.read_bytes()}
        return len(client.search_faces_by_image(CollectionId="bench", Image=image)["FaceMatches"])

    return one
