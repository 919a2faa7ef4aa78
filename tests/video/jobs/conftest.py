"""A gate and a worker whose analyses are scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from regard.app import Parts, build
from regard.caller import LOCAL
from regard.jobs.leases import JobLeases
from regard.jobs.worker import Worker
from regard.operations import Operation
from regard.packs.install import InstalledPack
from regard.settings import Settings
from tests.video.analyses import operations
from tests.video.jobs.asking import (
    Script,
)


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    return folder


@pytest.fixture
def script(bucket: Path) -> Script:
    """Writes a script into the bucket and answers the Video that names it."""

    def write(name: str = "a.mp4", **what: Any) -> dict[str, Any]:
        (bucket / name).write_text(json.dumps(what))
        return {"S3Object": {"Bucket": "videos", "Name": name}}

    return write


@pytest.fixture
def table() -> dict[str, Operation]:
    """The operations of the gate; tests put others in."""
    return operations()


@pytest.fixture
def parts(
    installed_pack: InstalledPack, table: dict[str, Operation], bucket: Path, tmp_path: Path
) -> Iterator[Parts]:
    settings = Settings.load({}, data=tmp_path / "data", buckets=f"videos={bucket}", webhooks="private")
    built = build(settings, operations=table)
    yield built
    built.close()


@pytest.fixture
def worker(parts: Parts) -> Worker:
    leases = JobLeases(parts.stores.jobs, seconds=60, attempts=3)
    return Worker(parts.stores.jobs, leases, lambda: parts.gate, lease_seconds=60)


@pytest.fixture
def collection(parts: Parts) -> str:
    parts.gate.call("create_collection", {"CollectionId": "c"}, LOCAL)
    return "c"
