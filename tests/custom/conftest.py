"""A server with a worker, and a bucket of drawn pictures, for trainings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from tests.conftest import Server, stop_server
from tests.custom.drawn import fill
from tests.custom.training import (
    write_manifest,
)
from tests.video.servers import serve

from regard.packs.install import InstalledPack

ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture(scope="session")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    write_manifest(folder, "train.manifest", fill(folder, 14))
    write_manifest(folder, "test.manifest", fill(folder, 10, first=100))
    return folder


@pytest.fixture(scope="session")
def training_server(
    installed_pack: InstalledPack, bucket: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("server") / "data"
    settings = {"output_buckets": "videos,none", "training_limit": 3, "training_device": "none"}
    started = serve(data, bucket, job_workers=1, **settings)
    yield started
    stop_server(started)


@pytest.fixture(scope="session")
def client(training_server: Server) -> Any:
    return training_server.client(config=ONCE)
