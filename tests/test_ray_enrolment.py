"""A folder enrolled with a Ray cluster, whose processes and machines are killed: what one process enrols."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from regard.app import build
from regard.caller import LOCAL
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.storage.database import Database
from regard.storage.schema import audit
from regard.vision.geometry import Box
from tests import scenes
from tests.cli.test_resuming import enrolled, lines_of_journal
from tests.migration.test_carrying_elsewhere import carried, source_face
from tests.ray_machines import two_machines
from tests.test_ray import busy_below, raylet_of
from tests.waiting import PATIENCE, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
COUNT = 96


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """In the folder of a bucket: small pictures of two people, and one that is none."""
    album = tmp_path / "shared" / "album"
    for person, box in (("astronaut", (120, 0, 330, 210)), ("hopper", (98, 50, 418, 370))):
        (album / person).mkdir(parents=True)
        head = scenes.portrait(person).crop(box).resize((200, 200))
        for number in range(COUNT // 2):
            (album / person / f"{number:02}.jpg").write_bytes(scenes.jpeg(head.rotate(number / 4)))
    (album / "hopper" / "00.jpg").write_bytes(b"no picture")
    return album


@pytest.fixture
def cluster(installed_pack: InstalledPack, album: Path) -> Iterator[Any]:
    """Two machines of one core each."""
    with two_machines(f"shared={album.parent}", store_bytes=100_000_000) as started:
        yield started


def index(album: Path, data: Path, ray: str = "") -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if name != "REGARD_RAY"}
    return subprocess.Popen(
        [sys.executable, "-m", "regard", "index", "c", str(album), "--data", str(data), "--json"],
        env={**environment, **({"REGARD_RAY": ray} if ray else {})},
        stdout=subprocess.PIPE,
        text=True,
    )


def records(data: Path) -> int:
    """How many requests to enrol the audit log has."""
    database = Database.open(data)
    try:
        with database.read() as connection:
            query = select(func.count()).where(audit.c.record.like('%"IndexFaces"%'))
            return int(connection.execute(query).scalar_one())
    finally:
        database.close()


def test_a_folder_is_enrolled_as_by_one_process_though_processes_and_a_machine_are_killed(
    album: Path, cluster: Any, tmp_path: Path
) -> None:
    alone = index(album, tmp_path / "alone")
    expected, _ = alone.communicate(timeout=4 * PATIENCE)
    data = tmp_path / "together"
    head, other = raylet_of(cluster.head_node), raylet_of(next(iter(cluster.worker_nodes)))
    driver = index(album, data, cluster.address)
    wait_until(lambda: lines_of_journal(data) > 0, seconds=3 * PATIENCE, pause=0.005)
    killed = busy_below(head) + busy_below(other)
    for process in killed:
        os.kill(process, signal.SIGKILL)
    before = lines_of_journal(data)
    wait_until(lambda: lines_of_journal(data) > before + 8, seconds=3 * PATIENCE, pause=0.005)
    os.kill(other, signal.SIGKILL)
    driver.send_signal(signal.SIGINT)  # Ctrl-C
    driver.communicate(timeout=PATIENCE)
    done = lines_of_journal(data)
    assert killed
    assert 8 < done < COUNT - 1
    again = index(album, data, cluster.address)
    said, _ = again.communicate(timeout=4 * PATIENCE)
    facts = json.loads(said)
    assert (facts["skipped"], facts["pictures"], facts["failed"]) == (done, COUNT - done, 1)
    assert json.loads(expected)["enrolled"] == done + facts["enrolled"] == COUNT - 1
    assert enrolled(data) == enrolled(tmp_path / "alone")
    assert records(tmp_path / "alone") == COUNT
    assert records(data) - COUNT in (0, 1)  # one more where Ctrl-C came within a request


def test_a_migration_whose_pictures_the_cluster_reads_carries_what_one_process_does(
    album: Path, cluster: Any, tmp_path: Path
) -> None:
    names = [f"{number:02}" for number in range(1, 21)]
    for name in names:
        (album.parent / f"{name}.jpg").write_bytes((album / "hopper" / f"{name}.jpg").read_bytes())
    results = []
    for place, ray in (("alone", None), ("together", cluster.address)):
        data = tmp_path / place
        parts = build(Settings.load({}, data=data, buckets=f"shared={album.parent}", ray=ray))
        try:
            picture = {"Bytes": (album.parent / "01.jpg").read_bytes()}
            box = parts.gate.call("detect_faces", {"Image": picture}, LOCAL)["FaceDetails"][0]["BoundingBox"]
            at = Box(box["Left"], box["Top"], box["Width"], box["Height"])
            results.append(carried(parts, [source_face(name, at) for name in names]))
        finally:
            parts.close()
    assert results[0] == results[1]
    assert results[1][0].enrolled == len(results[1][1]) == 20
