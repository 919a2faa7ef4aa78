"""Trainings whose worker dies: whoever goes on comes to the very model that an undisturbed one would have."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import stop_server
from tests.custom.adapters import CONFIG, write_both
from tests.custom.drawn import fill
from tests.custom.training import OUTPUT, assets, described, ended, write_manifest
from tests.test_worker_crash import check_audit
from tests.video.servers import serve, work
from tests.waiting import PATIENCE

from regard.app import Parts, build
from regard.caller import LOCAL
from regard.jobs.leases import JobLeases
from regard.jobs.records import Status
from regard.packs.install import InstalledPack
from regard.settings import Settings

LEASE = 2
FEATURES = {"CUSTOM_LABELS": 5, "CONTENT_MODERATION": 3}
"""What is trained, and how many steps that has at least."""


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    write_manifest(folder, "train.manifest", fill(folder, 12))
    write_manifest(folder, "test.manifest", fill(folder, 4, first=100))
    write_both(folder)
    return folder


def opened(data: Path, bucket: Path) -> Parts:
    return build(Settings.load({}, data=data, buckets=f"videos={bucket}", output_buckets="videos"))


def begun(parts: Parts, feature: str = "CUSTOM_LABELS") -> str:
    """A version that waits for a worker; its ARN."""
    made = {"ProjectName": "shapes", "Feature": feature}
    project = parts.gate.call("create_project", made, LOCAL)["ProjectArn"]
    adapts = feature == "CONTENT_MODERATION"
    request = {
        "ProjectArn": project,
        "VersionName": "v1",
        "OutputConfig": OUTPUT,
        "TrainingData": assets("adapter-train.manifest" if adapts else "train.manifest"),
        "TestingData": assets("adapter-test.manifest" if adapts else "test.manifest"),
        **({"FeatureConfig": CONFIG} if adapts else {}),
    }
    return str(parts.gate.call("create_project_version", request, LOCAL)["ProjectVersionArn"])


def run_some(parts: Parts, steps: int | None) -> bool:
    """Runs so many steps of the job, as a worker would that then dies, or all; whether it ended."""
    leases = JobLeases(parts.stores.jobs, seconds=0)
    lease = leases.take("worker")
    assert lease is not None
    running = parts.gate.run_job(lease.job)
    for number, step in enumerate(running):
        leases.commit(lease, step)
        if number + 1 == steps:
            running.close()
            return False
    leases.finish(lease, Status.SUCCEEDED)
    return True


def outputs(bucket: Path) -> dict[str, bytes]:
    """What was written, but for when."""
    ends = re.compile(rb'"EvaluationEndTimestamp": "[^"]*"')
    return {path.name: ends.sub(b"", path.read_bytes()) for path in (bucket / "out").iterdir()}


@pytest.mark.parametrize(
    "feature", ["CUSTOM_LABELS", pytest.param("CONTENT_MODERATION", marks=pytest.mark.slow)]
)
def test_a_training_goes_on_from_any_step_to_the_same_model(
    installed_pack: InstalledPack, bucket: Path, tmp_path: Path, feature: str
) -> None:
    first = opened(tmp_path / "data", bucket)
    arn = begun(first, feature)
    first.close()
    shutil.copytree(tmp_path / "data", tmp_path / "other")
    undisturbed = opened(tmp_path / "data", bucket)
    assert run_some(undisturbed, None)
    expected = undisturbed.stores.custom.versions.get(arn)
    undisturbed.close()
    written = outputs(bucket)
    shutil.rmtree(bucket / "out")
    runs = 1
    parts = opened(tmp_path / "other", bucket)
    while not run_some(parts, 1):
        runs += 1
        for file in (tmp_path / "other" / "custom" / "training").glob("*"):
            with file.open("ab") as half:  # a row that was being written
                half.write(b"half a row")
            if runs == FEATURES[feature] - 1:
                file.unlink()  # another machine goes on
    version = parts.stores.custom.versions.get(arn)
    parts.close()
    assert runs >= FEATURES[feature]
    assert (version.model, version.status, version.f1) == (expected.model, expected.status, expected.f1)
    assert outputs(bucket) == written
    assert not list((tmp_path / "other" / "custom" / "training").glob("*"))


@pytest.mark.slow
@pytest.mark.parametrize("feature", FEATURES)
def test_a_worker_that_is_killed_at_random_moments_trains_the_same_model(
    installed_pack: InstalledPack, bucket: Path, tmp_path: Path, feature: str
) -> None:
    seed = int(os.environ.get("REGARD_TEST_SEED") or random.SystemRandom().getrandbits(32))
    print(f"REGARD_TEST_SEED={seed}")
    moments = random.Random(seed)
    settings = {"job_lease": LEASE, "output_buckets": "videos"}
    first = opened(tmp_path / "data", bucket)
    arn = begun(first, feature)
    first.close()
    shutil.copytree(tmp_path / "data", tmp_path / "other")
    undisturbed = opened(tmp_path / "other", bucket)
    assert run_some(undisturbed, None)
    expected = undisturbed.stores.custom.versions.get(arn).model
    undisturbed.close()
    server = serve(tmp_path / "data", bucket, job_workers=0, **settings)
    try:
        client = server.client()
        project = arn.split("/version/")[0] + "/" + project_created(client)
        for _ in range(10):
            worker = work(server.data, bucket, **settings)
            time.sleep(moments.uniform(0.5, 4))
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            if described(client, project)["Status"] != "TRAINING_IN_PROGRESS":
                break
        last = work(server.data, bucket, **settings)
        assert ended(client, project)["Status"] == "TRAINING_COMPLETED"
        last.terminate()
        last.wait(PATIENCE)
    finally:
        stop_server(server)
    parts = opened(tmp_path / "data", bucket)
    assert parts.stores.custom.versions.get(arn).model == expected
    parts.close()
    check_audit(tmp_path / "data")


def project_created(client: Any) -> str:
    (found,) = client.describe_projects(Features=["CUSTOM_LABELS", "CONTENT_MODERATION"])[
        "ProjectDescriptions"
    ]
    return str(found["ProjectArn"].rsplit("/", 1)[1])


def test_a_training_that_is_stopped_is_told_and_trains_no_further(
    installed_pack: InstalledPack, bucket: Path, tmp_path: Path
) -> None:
    parts = opened(tmp_path / "data", bucket)
    arn = begun(parts)
    assert not run_some(parts, 3)
    call = parts.gate.call
    assert call("stop_project_version", {"ProjectVersionArn": arn}, LOCAL) == {"Status": "STOPPING"}
    version = parts.stores.custom.versions.get(arn)
    assert (version.status, version.message) == ("TRAINING_FAILED", "The training was stopped.")
    assert JobLeases(parts.stores.jobs).take("worker") is None
    counted = [record["units"] for record in parts.audit.export() if "units" in record]
    assert [list(units) for units in counted] == [["training_ms"]]
    assert call("delete_project_version", {"ProjectVersionArn": arn}, LOCAL) == {"Status": "DELETING"}
    parts.close()
