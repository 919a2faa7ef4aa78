"""The console's pages: server time and bytes over the wire, beside a million records; a search by a picture.

Each page without a parameter in its address is asked for as somebody of its roles, in-process through all of
the application. The log's records are made past the gate, of the last days, so that pages have lists to read.
A gallery of random vectors and one enrolled portrait is searched by the form of its page: the picture is
sent, decoded, its faces found and embedded, the gallery searched, and the picture sent back with the face
marked. No picture is sent twice.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from bench.governance import write_searches
from bench.measurement import Row, Tables
from regard.app import Parts, asgi, build
from regard.caller import LOCAL
from regard.collections.bulk import BulkLoader, Embeddings
from regard.console.page import Page
from regard.console.routes import PAGES
from regard.console.signin.sessions import BrowserSessions, Means
from regard.governance.people import People
from regard.governance.permissions import ROLES
from regard.settings import Settings

_PORTRAIT = Path(__file__).parent.parent / "tests" / "pictures" / "astronaut.jpg"
_BATCH = 50_000
_PAGES = tuple(page for page in PAGES if "{" not in page.path and not page.path.endswith("/stream"))
_SEARCHES = (
    "/console/audit?person=P-2026-000007",
    "/console/audit?operation=SearchFacesByImage",
    "/console/audit?case=C-2026-000007",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--records", type=int, default=1_000_000, help="records of the audit log")
    parser.add_argument("--requests", type=int, default=100, help="requests of each page")
    parser.add_argument("--faces", type=int, default=300_000, help="faces of the gallery that is searched")


def run(chosen: argparse.Namespace) -> Tables:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.load({}, data=Path(folder) / "data", public_requests=10_000_000)
        parts = build(settings)
        try:
            yield (
                f"pages beside {chosen.records:,} records",
                asyncio.run(_measured(parts, chosen.records, chosen.requests)),
            )
            yield "a search by a picture", asyncio.run(_searched(parts, chosen.faces, chosen.requests))
        finally:
            parts.close()


async def _measured(parts: Parts, records: int, requests: int) -> list[Row]:
    people = People(parts.database)
    for role in ROLES:
        people.add(f"one-{role}", [role])
    parts.gate.call("create_collection", {"CollectionId": "staff"}, LOCAL)
    write_searches(parts.database, parts.audit, records, datetime.now(UTC) - timedelta(days=2))
    parts.stores.usage.follow()
    transport = httpx.ASGITransport(app=asgi(parts))
    rows = []
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8090") as client:
        for path, page in _asked():
            rows.append(await _timed(client, parts, path, page, requests))
    return rows


async def _searched(parts: Parts, faces: int, requests: int) -> list[Row]:
    _fill(parts, faces)
    person = People(parts.database).get("one-operator")
    headers = {
        "Accept": "text/html",
        "Accept-Encoding": "gzip",
        "Sec-Fetch-Site": "same-origin",
        "Cookie": f"regard={BrowserSessions(parts.database).open(person, Means.PASSKEY)}",
    }
    random, seconds, found = np.random.default_rng(3), [], 0
    transport = httpx.ASGITransport(app=asgi(parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8090") as client:
        for _ in range(requests):
            files = {"picture": ("who.jpg", _noisy(_PORTRAIT, random), "image/jpeg")}
            started = time.perf_counter()
            answer = await client.post(
                "/console/galleries/crowd", data={"act": "search"}, files=files, headers=headers, timeout=60
            )
            seconds.append(time.perf_counter() - started)
            found += "<td>portrait</td>" in answer.text
    ordered = sorted(seconds[1:])  # the first opens the models
    return [
        {
            "faces": faces,
            "p50 ms": round(1000 * statistics.median(ordered)),
            "p95 ms": round(1000 * ordered[int(0.95 * (len(ordered) - 1))]),
            "found": f"{found} of {requests}",
        }
    ]


def _fill(parts: Parts, faces: int) -> None:
    """A gallery of vectors that resemble nobody, and the portrait."""
    parts.gate.call("create_collection", {"CollectionId": "crowd"}, LOCAL)
    collection = parts.stores.collections.get("crowd")
    random, loader = np.random.default_rng(1), BulkLoader(parts.database, max_faces=faces + 1)
    dimension = parts.face_models.default.dimension
    for start in range(0, faces, _BATCH):
        vectors = random.standard_normal((min(_BATCH, faces - start), dimension)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        loader.load(collection, Embeddings(vectors))
    image = {"Bytes": _PORTRAIT.read_bytes()}
    parts.gate.call(
        "index_faces", {"CollectionId": "crowd", "Image": image, "ExternalImageId": "portrait"}, LOCAL
    )


def _noisy(picture: Path, random: np.random.Generator) -> bytes:
    """The picture with noise that nobody sees, as a JPEG of its own bytes."""
    with Image.open(picture) as opened:
        pixels = np.asarray(opened.convert("RGB"), np.int16)
    noisy = np.clip(pixels + random.integers(-2, 3, pixels.shape), 0, 255).astype(np.uint8)
    written = io.BytesIO()
    Image.fromarray(noisy).save(written, "JPEG", quality=92)
    return written.getvalue()


def _asked() -> Iterator[tuple[str, Page]]:
    audit = next(page for page in _PAGES if page.path == "/console/audit")
    yield from ((page.path, page) for page in _PAGES)
    yield from ((path, audit) for path in _SEARCHES)


async def _timed(client: httpx.AsyncClient, parts: Parts, path: str, page: Page, requests: int) -> Row:
    headers: dict[str, str] = {"Accept": "text/html", "Accept-Encoding": "gzip"}
    if page.roles is not None:
        person = People(parts.database).get(f"one-{sorted(page.roles)[0]}")
        headers["Cookie"] = f"regard={BrowserSessions(parts.database).open(person, Means.PASSKEY)}"
    seconds: list[float] = []
    for _ in range(requests):
        started = time.perf_counter()
        async with client.stream("GET", path, headers=headers) as answer:
            body = b"".join([part async for part in answer.aiter_raw()])
        seconds.append(time.perf_counter() - started)
        answer.raise_for_status()
    ordered: Any = sorted(seconds[1:])  # the first compiles the template
    return {
        "page": path,
        "p50 ms": round(1000 * statistics.median(ordered), 1),
        "p95 ms": round(1000 * ordered[int(0.95 * (len(ordered) - 1))], 1),
        "KB": round(len(body) / 1000, 1),
    }
