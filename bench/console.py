"""The console's pages: server time and bytes over the wire, beside a million records; a search by a picture.

Each page without a parameter in its address is asked for as somebody of its roles, in-process through all of
the application. The log's records are made past the gate, of the last days, so that pages have lists to read.
A gallery of random vectors and one enrolled portrait is searched by the form of its page: the picture is
sent, decoded, its faces found and embedded, the gallery searched, and the picture sent back with the face
marked. The same as a query from a telephone, in its two steps: the picture is sent and its faces are found,
then one is searched for on a case, which opens a review, whose page the browser is led to. No picture is sent
twice. A search and a query are made by turns, so that what else the machine does falls on both.
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
from regard.caller import LOCAL, Caller, Person
from regard.collections.bulk import BulkLoader, Embeddings
from regard.console.page import Page
from regard.console.routes import PAGES
from regard.console.signin.sessions import BrowserSessions, Means
from regard.governance.cases import ATTESTATIONS
from regard.governance.people import People, caller_of
from regard.governance.permissions import ROLES
from regard.governance.purpose import TAG
from regard.governance.training import TOPICS
from regard.settings import Settings
from regard.storage.clock import milliseconds

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
    _fill(parts, "crowd", faces, LOCAL)
    case = _strict_gallery(parts, faces)
    people = People(parts.database)
    by_form, by_phone = (_headers(parts, people.get(f"one-{role}")) for role in ("operator", "investigator"))
    random = np.random.default_rng(3)
    seconds: dict[str, list[float]] = {"search": [], "query, step 1": [], "query, step 2": [], "query": []}
    found = reviews = 0
    transport = httpx.ASGITransport(app=asgi(parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8090", timeout=60) as client:
        for _ in range(requests):
            picture = ("who.jpg", _noisy(_PORTRAIT, random), "image/jpeg")
            answer, took = await _sent(
                client, "/console/galleries/crowd", by_form, {"act": "search"}, {"picture": picture}
            )
            seconds["search"].append(took)
            found += "<td>portrait</td>" in answer.text
            picture = ("who.jpg", _noisy(_PORTRAIT, random), "image/jpeg")
            form = {"act": "faces", "case": case}
            answer, first = await _sent(client, "/console/query", by_phone, form, {"picture": picture})
            probe = answer.text.partition('name="probe-1" value="')[2].partition('"')[0]
            form = {"act": "search", "case": case, "collection": "wanted", "face": "1", "probe-1": probe}
            answer, second = await _sent(client, "/console/query", by_phone, form)
            reviews += answer.headers.get("location", "").startswith("/console/reviews/")
            for name, took in (("step 1", first), ("step 2", second)):
                seconds[f"query, {name}"].append(took)
            seconds["query"].append(first + second)
    counted = {"search": found, "query": reviews}
    return [
        {
            "what": name,
            "faces": faces,
            "p50 ms": round(1000 * statistics.median(taken[1:])),  # the first opens the models
            "p95 ms": round(1000 * sorted(taken[1:])[int(0.95 * (len(taken) - 2))]),
            "found": f"{counted[name]} of {requests}" if name in counted else "",
        }
        for name, taken in seconds.items()
    ]


async def _sent(
    client: httpx.AsyncClient,
    path: str,
    headers: dict[str, str],
    form: dict[str, str],
    files: dict[str, tuple[str, bytes, str]] | None = None,
) -> tuple[httpx.Response, float]:
    started = time.perf_counter()
    answer = await client.post(path, data=form, files=files, headers=headers)
    return answer, time.perf_counter() - started


def _headers(parts: Parts, person: Person) -> dict[str, str]:
    return {
        "Accept": "text/html",
        "Accept-Encoding": "gzip",
        "Sec-Fetch-Site": "same-origin",
        "Cookie": f"regard={BrowserSessions(parts.database).open(person, Means.PASSKEY)}",
    }


def _fill(parts: Parts, name: str, faces: int, enroller: Caller, **tags: str) -> None:
    """A gallery of vectors that resemble nobody, and the portrait."""
    parts.gate.call("create_collection", {"CollectionId": name, "Tags": tags}, LOCAL)
    collection = parts.stores.collections.get(name)
    random, loader = np.random.default_rng(1), BulkLoader(parts.database, max_faces=faces + 1)
    dimension = parts.face_models.default.dimension
    for start in range(0, faces, _BATCH):
        vectors = random.standard_normal((min(_BATCH, faces - start), dimension)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        loader.load(collection, Embeddings(vectors))
    image = {"Bytes": _PORTRAIT.read_bytes()}
    request = {"CollectionId": name, "Image": image, "ExternalImageId": "portrait"}
    parts.gate.call("index_faces", request, enroller)


def _strict_gallery(parts: Parts, faces: int) -> str:
    """A gallery for law enforcement, an investigator who may search it, and the case that it is done on."""
    people, now = People(parts.database), milliseconds()
    operator, investigator = (
        caller_of(people.get(f"one-{role}"), verified=now) for role in ("operator", "investigator")
    )
    _fill(parts, "wanted", faces, operator, **{TAG: "law-enforcement"})
    training = {
        "PersonId": "one-investigator",
        "Kind": "search",
        "Topics": list(TOPICS),
        "Course": "Face search",
        "Completed": datetime.now(UTC),
    }
    parts.gate.call("record_training", training, LOCAL)
    case = {
        "Reference": "1",
        "Purpose": "law-enforcement",
        "Basis": "law",
        "Offence": "robbery",
        "Justification": "a robbery",
        "Attested": list(ATTESTATIONS),
    }
    return str(parts.gate.call("create_case", case, investigator)["CaseId"])


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
