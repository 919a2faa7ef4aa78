"""The console's pages: server time and bytes over the wire, beside an audit log of a million records.

Each page without a parameter in its address is asked for as somebody of its roles, in-process through all of
the application. The log's records are made past the gate, of the last days, so that pages have lists to read.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from bench.governance import write_searches
from bench.measurement import Row, Tables
from regard.app import Parts, asgi, build
from regard.caller import LOCAL
from regard.console.page import Page
from regard.console.routes import PAGES
from regard.console.signin.sessions import BrowserSessions, Means
from regard.governance.people import People
from regard.governance.permissions import ROLES
from regard.settings import Settings

_PAGES = tuple(page for page in PAGES if "{" not in page.path and not page.path.endswith("/stream"))
_SEARCHES = (
    "/console/audit?person=P-2026-000007",
    "/console/audit?operation=SearchFacesByImage",
    "/console/audit?case=C-2026-000007",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--records", type=int, default=1_000_000, help="records of the audit log")
    parser.add_argument("--requests", type=int, default=100, help="requests of each page")


def run(chosen: argparse.Namespace) -> Tables:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.load({}, data=Path(folder) / "data", public_requests=10_000_000)
        parts = build(settings, has_models=False)
        try:
            yield (
                f"pages beside {chosen.records:,} records",
                asyncio.run(_measured(parts, chosen.records, chosen.requests)),
            )
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
