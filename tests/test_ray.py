"""Jobs on a real Ray cluster, whose processes and machines are killed: what a worker alone gives."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regard.app import Parts, build
from regard.caller import LOCAL
from regard.custom.version_records import ProjectVersion
from regard.errors import RegardError
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.tasks.choice import cluster_of
from tests.custom.drawn import fill
from tests.custom.test_training_crash import begun, opened
from tests.custom.training import write_manifest
from tests.ray_machines import two_machines
from tests.scenes import PICTURES
from tests.test_worker_crash import progress
from tests.video import clips
from tests.video.conftest import backdrop, person, put
from tests.waiting import PATIENCE, wait_until

RATE, SECONDS, SCENE = 8, 34, 7  # frames a second; s of film; s of a scene, so that people walk over seams
LEASE = 4


def film() -> Iterator[np.ndarray]:
    for number in range(RATE * SECONDS):
        scene, at = divmod(number, RATE * SCENE)
        name, ground = (("astronaut", "grass"), ("hopper", "brick"))[scene % 2]
        frame = backdrop(ground, 960, 540)
        put(frame, person(name, 340), 40 + 8 * at, 150)
        yield frame


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    clips.write(folder / "film.mp4", film(), rate=RATE, options={"crf": "20", "g": "40"})
    return folder


@pytest.fixture(scope="module")
def cluster(installed_pack: InstalledPack, bucket: Path) -> Iterator[Any]:
    """Two machines of one core each, that is: two raylets, by the environment that they were started in."""
    with two_machines(f"videos={bucket}", store_bytes=150_000_000) as started:
        yield started


@pytest.fixture
def parts(bucket: Path, tmp_path: Path, installed_pack: InstalledPack) -> Iterator[Parts]:
    settings = Settings.load({}, data=tmp_path / "data", buckets=f"videos={bucket}", output_buckets="videos")
    built = build(settings)
    built.gate.call("create_collection", {"CollectionId": "people"}, LOCAL)
    face = {"Bytes": (PICTURES / "astronaut.jpg").read_bytes()}
    built.gate.call("index_faces", {"CollectionId": "people", "Image": face}, LOCAL)
    yield built
    built.close()


@pytest.fixture
def work(parts: Parts, bucket: Path, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def work(*options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "regard", "worker", "--data", str(parts.settings.data)]
        settings = {"REGARD_JOB_LEASE": str(LEASE), "REGARD_OUTPUT_BUCKETS": "videos"}
        with (tmp_path / "worker.log").open("a") as log:
            started.append(
                subprocess.Popen(
                    [*command, "--bucket", f"videos={bucket}", *options],
                    env={**os.environ, **settings},
                    stdout=log,
                    stderr=log,
                )
            )
        return started[-1]

    yield work
    for process in started:
        process.kill()
        process.wait()
    print((tmp_path / "worker.log").read_text())


def search(parts: Parts) -> str:
    where = {"S3Object": {"Bucket": "videos", "Name": "film.mp4"}}
    request = {"Video": where, "CollectionId": "people", "FaceMatchThreshold": 80.0}
    return str(parts.gate.call("start_face_search", request, LOCAL)["JobId"])


def persons_found(parts: Parts, job_id: str) -> list[Any]:
    def answer() -> dict[str, Any]:
        return parts.gate.call("get_face_search", {"JobId": job_id, "MaxResults": 1000}, LOCAL)

    wait_until(lambda: answer()["JobStatus"] != "IN_PROGRESS", seconds=4 * PATIENCE, pause=0.2)
    assert answer()["JobStatus"] == "SUCCEEDED", answer()
    persons: list[Any] = answer()["Persons"]
    return persons


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0


def busy_below(raylet: int) -> list[int]:
    """The processes of a raylet that do a task."""
    children = subprocess.run(["pgrep", "-P", str(raylet)], capture_output=True, text=True, check=False)
    busy = []
    for child in map(int, children.stdout.split()):
        with suppress(OSError):
            if b"run_here" in Path(f"/proc/{child}/cmdline").read_bytes():
                busy.append(child)
    return busy


def raylet_of(node: Any) -> int:
    from ray._private import ray_constants

    return int(node.all_processes[ray_constants.PROCESS_TYPE_RAYLET][0].process.pid)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_film_is_searched_as_by_one_worker_though_processes_and_a_machine_are_killed(
    parts: Parts, cluster: Any, work: Callable[..., subprocess.Popen[bytes]]
) -> None:
    alone = search(parts)
    plain = work()
    expected = persons_found(parts, alone)
    stop(plain)
    assert {one["Person"]["Index"] for one in expected} >= {0, 1}
    assert any(one.get("FaceMatches") for one in expected)

    together = search(parts)
    driver = work("--ray", cluster.address)
    head, other = raylet_of(cluster.head_node), raylet_of(next(iter(cluster.worker_nodes)))
    wait_until(lambda: busy_below(head) or busy_below(other))
    time.sleep(2)  # well into a task
    for process in busy_below(head) + busy_below(other):
        os.kill(process, signal.SIGKILL)
    wait_until(lambda: progress(parts.settings.data, together) > 0, seconds=3 * PATIENCE)
    os.kill(other, signal.SIGKILL)  # the machine, with what it was doing
    assert persons_found(parts, together) == expected
    stop(driver)

    again = search(parts)
    lost = work("--ray", cluster.address)
    wait_until(lambda: progress(parts.settings.data, again) > 0, seconds=3 * PATIENCE)
    lost.send_signal(signal.SIGKILL)  # whoever holds the lease; another worker goes on, without a cluster
    lost.wait()
    last = work()
    assert persons_found(parts, again) == expected
    stop(last)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_pictures_of_a_manifest_are_moderated_as_by_one_worker_though_processes_are_killed(
    parts: Parts, cluster: Any, bucket: Path, work: Callable[..., subprocess.Popen[bytes]]
) -> None:
    names = ("astronaut.jpg", "gravel.jpg", "none.jpg", "film.mp4")  # two of which are no pictures
    for name in names[:2]:
        shutil.copy(PICTURES / name, bucket)
    lines = [json.dumps({"source-ref": f"s3://videos/{names[n % len(names)]}"}) for n in range(160)]
    (bucket / "manifest.jsonl").write_text("\n".join([*lines, "no JSON"]))

    def begin() -> str:
        request = {
            "OperationsConfig": {"DetectModerationLabels": {"MinConfidence": 1}},
            "Input": {"S3Object": {"Bucket": "videos", "Name": "manifest.jsonl"}},
            "OutputConfig": {"S3Bucket": "videos"},
        }
        return str(parts.gate.call("start_media_analysis_job", request, LOCAL)["JobId"])

    def results(job_id: str) -> tuple[str, str]:
        def answer() -> dict[str, Any]:
            return parts.gate.call("get_media_analysis_job", {"JobId": job_id}, LOCAL)

        wait_until(lambda: answer()["Status"] in ("SUCCEEDED", "FAILED"), seconds=4 * PATIENCE, pause=0.2)
        assert answer()["Status"] == "SUCCEEDED", answer()
        folder = bucket / job_id
        return (folder / "results.jsonl").read_text(), (folder / "manifest_summary.json").read_text()

    alone = begin()
    plain = work()
    expected = results(alone)
    stop(plain)
    assert len(expected[0].splitlines()) == 80
    together = begin()
    work("--ray", cluster.address)
    raylets = [raylet_of(node) for node in cluster.list_all_nodes()]
    wait_until(lambda: any(map(busy_below, raylets)), pause=0.005)
    for process in (one for raylet in raylets for one in busy_below(raylet)):
        os.kill(process, signal.SIGKILL)
    assert results(together) == expected


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_version_is_trained_to_the_model_of_one_worker_though_processes_are_killed(
    installed_pack: InstalledPack,
    cluster: Any,
    bucket: Path,
    tmp_path: Path,
    work: Callable[..., subprocess.Popen[bytes]],
) -> None:
    write_manifest(bucket, "train.manifest", fill(bucket, 40))
    write_manifest(bucket, "test.manifest", fill(bucket, 10, first=100))
    first = opened(tmp_path / "alone", bucket)
    arn = begun(first)
    first.close()
    shutil.copytree(tmp_path / "alone", tmp_path / "together")

    def trained(data: Path) -> ProjectVersion:
        parts = opened(data, bucket)
        try:
            versions = parts.stores.custom.versions
            wait_until(
                lambda: versions.get(arn).status != "TRAINING_IN_PROGRESS", seconds=4 * PATIENCE, pause=0.2
            )
            return versions.get(arn)
        finally:
            parts.close()

    plain = work("--data", str(tmp_path / "alone"), "--device", "none")
    expected = trained(tmp_path / "alone")
    stop(plain)
    assert expected.status == "TRAINING_COMPLETED", expected.message
    driver = work("--data", str(tmp_path / "together"), "--device", "none", "--ray", cluster.address)
    raylets = [raylet_of(node) for node in cluster.list_all_nodes()]
    wait_until(lambda: any(map(busy_below, raylets)), pause=0.005)
    killed = [one for raylet in raylets for one in busy_below(raylet)]
    for process in killed:
        os.kill(process, signal.SIGKILL)
    version = trained(tmp_path / "together")
    stop(driver)
    assert killed
    assert (version.status, version.model, version.f1) == (expected.status, expected.model, expected.f1)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_collection_is_upgraded_to_the_vectors_that_this_machine_would_make(
    parts: Parts, cluster: Any, bucket: Path
) -> None:
    shutil.copy(PICTURES / "astronaut.jpg", bucket)
    picture = {"S3Object": {"Bucket": "videos", "Name": "astronaut.jpg"}}
    parts.gate.call("create_collection", {"CollectionId": "twin"}, LOCAL)
    parts.gate.call("index_faces", {"CollectionId": "twin", "Image": picture}, LOCAL)
    upgrade = [sys.executable, "-m", "regard", "models", "upgrade", "--face-model", "2.0"]
    upgrade += ["--bucket", "videos", "--data", str(parts.settings.data)]
    alone = {**os.environ, "REGARD_BUCKETS": f"videos={bucket}"}
    subprocess.run([*upgrade, "twin"], env=alone, check=True)
    together = subprocess.Popen([*upgrade, "people"], env={**alone, "REGARD_RAY": cluster.address})
    try:
        raylets = [raylet_of(node) for node in cluster.list_all_nodes()]
        wait_until(lambda: any(map(busy_below, raylets)), pause=0.005)
        assert together.wait(4 * PATIENCE) == 0
    finally:
        together.kill()
    vectors = []
    for name in ("people", "twin"):
        collection = parts.stores.collections.get(name)
        assert collection.face_model_version == "2.0"
        (face,) = parts.stores.gallery.page(collection, after=0, limit=9)
        vector = parts.stores.gallery.vector(collection, face.face_id)
        assert vector is not None
        vectors.append(vector.tolist())
    assert vectors[0] == vectors[1]


@pytest.mark.slow
def test_a_worker_without_the_token_of_its_cluster_says_so(
    installed_pack: InstalledPack, tmp_path: Path
) -> None:
    pytest.importorskip("ray")
    asks = {"RAY_AUTH_MODE": "token", "HOME": str(tmp_path)}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    build(Settings.load({}, data=tmp_path / "data")).close()
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        address = f"127.0.0.1:{somebody.getsockname()[1]}"
        command = ["worker", "--data", str(tmp_path / "data"), "--ray", address]
        done = subprocess.run(
            [sys.executable, "-m", "regard", *command], env={**kept, **asks}, capture_output=True, text=True
        )
    assert done.returncode == 1
    said = " ".join(done.stderr.split())
    assert "can't be joined: Token authentication is enabled but no authentication token was found" in said
    assert "Traceback" not in done.stderr


def test_a_cluster_that_is_not_there_is_named(installed_pack: InstalledPack) -> None:
    with pytest.raises(RegardError, match="no HOST:PORT"):
        cluster_of(Settings.load({}, ray="nowhere"))
