"""Workers that are killed while they look through a manifest: each image once, and the results whole."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from regard.packs.install import InstalledPack
from tests.conftest import PICTURES, Server, stop_server
from tests.test_worker_crash import check_audit, progress
from tests.video.servers import serve, work
from tests.waiting import PATIENCE, wait_until

LEASE = 2
NAMES = ("astronaut.jpg", "gravel.jpg", "none.jpg", "hopper.jpg", "brick.jpg")
IMAGES = 320
KILLS = 3


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    for photo in PICTURES.glob("*.jpg"):
        shutil.copy(photo, folder)
    lines = [{"source-ref": f"s3://videos/{NAMES[n % len(NAMES)]}"} for n in range(IMAGES)]
    (folder / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


@pytest.fixture
def server(
    installed_pack: InstalledPack, nudenet_pack: InstalledPack, bucket: Path, tmp_path: Path
) -> Iterator[Server]:
    started = serve(tmp_path / "data", bucket, job_lease=LEASE, job_workers=0, output_buckets="videos")
    yield started
    stop_server(started)


def begin(client: Any) -> str:
    return str(
        client.start_media_analysis_job(
            OperationsConfig={"DetectModerationLabels": {"MinConfidence": 10}},
            Input={"S3Object": {"Bucket": "videos", "Name": "manifest.jsonl"}},
            OutputConfig={"S3Bucket": "videos", "S3KeyPrefix": "out"},
        )["JobId"]
    )


def ended(client: Any, job_id: str, bucket: Path) -> tuple[str, str]:
    deadline = time.monotonic() + PATIENCE
    while (job := client.get_media_analysis_job(JobId=job_id))["Status"] in ("QUEUED", "IN_PROGRESS"):
        assert time.monotonic() < deadline, "the job does not end"
        time.sleep(0.1)
    assert job["Status"] == "SUCCEEDED", job
    results, summary = (job[name]["S3Object"]["Name"] for name in ("Results", "ManifestSummary"))
    return (bucket / results).read_text(), (bucket / summary).read_text()


@pytest.mark.slow
def test_a_worker_that_is_killed_at_random_moments_leaves_each_image_once(
    server: Server, bucket: Path
) -> None:
    seed = int(os.environ.get("REGARD_TEST_SEED") or random.SystemRandom().getrandbits(32))
    print(f"REGARD_TEST_SEED={seed}")
    moments = random.Random(seed)
    settings = {"job_lease": LEASE, "output_buckets": "videos"}
    client = server.client()
    undisturbed, disturbed = begin(client), begin(client)
    first = work(server.data, bucket, **settings)
    expected = ended(client, undisturbed, bucket)
    first.terminate()
    assert first.wait(PATIENCE) == 0
    assert len(expected[0].splitlines()) == IMAGES * 4 // 5
    kills = 0
    while kills < KILLS and client.get_media_analysis_job(JobId=disturbed)["Status"] != "SUCCEEDED":
        before = progress(server.data, disturbed)
        worker = work(server.data, bucket, **settings)
        wait_until(lambda: progress(server.data, disturbed) != before, pause=0.01)  # noqa: B023
        time.sleep(moments.uniform(0, 1))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        kills += 1
    assert kills > 1
    last = work(server.data, bucket, **settings)
    assert ended(client, disturbed, bucket) == expected
    last.terminate()
    last.wait(PATIENCE)
    check_audit(server.data)
    assert list(bucket.rglob("*.part")) == []
