from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from regard.app import Parts, build
from regard.operations import RUNS
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.storage.job_leases import JobLeases
from regard.worker import Worker
from tests.video.analyses import ANALYSES

Script = Callable[..., dict[str, Any]]


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
def analyses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, run in ANALYSES.items():
        monkeypatch.setitem(RUNS, name, run)


@pytest.fixture
def parts(installed_pack: InstalledPack, analyses: None, bucket: Path, tmp_path: Path) -> Iterator[Parts]:
    built = build(Settings.load({}, data=tmp_path / "data", buckets=f"videos={bucket}", webhooks="private"))
    yield built
    built.close()


@pytest.fixture
def worker(parts: Parts) -> Worker:
    leases = JobLeases(parts.services.jobs, seconds=60, attempts=3)
    return Worker(parts.services.jobs, leases, lambda: parts.gate, lease_seconds=60)
