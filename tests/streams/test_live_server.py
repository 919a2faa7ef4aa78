"""Live video through a real server and its stream worker: from a camera's pictures to alerts and results."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from regard.governance.audit import AuditLog
from regard.packs.install import InstalledPack
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.streams.events import EventKind, StreamEvent, StreamEvents
from tests.conftest import PICTURES, Server, start_server, stop_server
from tests.receiving import Receiver, receive
from tests.signed import Signed
from tests.streams.cameras import record_walk
from tests.waiting import wait_until

ROLE = "arn:aws:iam::123456789012:role/r"


@dataclass
class Site:
    """A server whose collection has one face, and a camera that it walks by."""

    server: Server
    client: Any
    receiver: Receiver
    folder: Path

    def create(self, name: str, **changes: Any) -> None:
        settings = {
            "Input": {"KinesisVideoStream": {"Arn": f"file://{self.folder}/walk.mp4?loop=1"}},
            "Output": {"KinesisDataStream": {"Arn": f"file://{self.folder}/{name}.jsonl"}},
            "Settings": {"FaceSearch": {"CollectionId": "staff", "FaceMatchThreshold": 90}},
            "NotificationChannel": {"SNSTopicArn": self.receiver.url},
        }
        self.client.create_stream_processor(Name=name, RoleArn=ROLE, **(settings | changes))

    def status(self, name: str) -> str:
        return str(self.client.describe_stream_processor(Name=name)["Status"])

    def told(self, kind: str) -> list[dict[str, Any]]:
        """The notices of a kind that were received."""
        notices = [json.loads(body) for _, body in list(self.receiver.got)]
        return [one for one in notices if one["eventNamespace"]["type"] == kind]

    def records(self, name: str) -> list[dict[str, Any]]:
        file = self.folder / f"{name}.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def events(self, kind: EventKind) -> list[StreamEvent]:
        database = Database.open(self.server.data)
        try:
            events = StreamEvents(database, Cipher(self.server.data))
            return events.page(limit=100, kind=kind.value)
        finally:
            database.close()

    def restart(self) -> None:
        """Kills the server, with which its worker ends, and starts another on its data."""
        self.server.process.kill()
        self.server.process.wait()
        self.server = serve(self.folder)
        self.client = self.server.client()

    def worker(self) -> int:
        """The process id of the server's stream worker."""
        server = self.server.process.pid
        children = Path(f"/proc/{server}/task").glob("*/children")
        pids = {pid for file in children for pid in file.read_text().split()}
        [found] = [pid for pid in pids if b"streams" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        return int(found)


def serve(folder: Path) -> Server:
    """A server with a stream worker, whose data, sources and results are in a folder."""
    return start_server(
        folder / "data",
        "--bucket",
        f"results={folder / 'results'}",
        environment={
            "REGARD_STREAM_WORKERS": "1",
            "REGARD_STREAM_FOLDERS": str(folder),
            "REGARD_WEBHOOKS": "private",
            "REGARD_OUTPUT_BUCKETS": "results",
        },
    )


@pytest.fixture(scope="module")
def site(installed_pack: InstalledPack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("live")
    (folder / "results").mkdir()
    record_walk(folder / "walk.mp4")
    receiving = receive()
    receiver = next(receiving)
    server = serve(folder)
    client = server.client()
    client.create_collection(CollectionId="staff")
    picture = (PICTURES / "astronaut.jpg").read_bytes()
    client.index_faces(CollectionId="staff", Image={"Bytes": picture}, ExternalImageId="eileen")
    made = Site(server, client, receiver, folder)
    yield made
    stop_server(made.server)
    next(receiving, None)


def test_who_walks_by_a_camera_is_told_once_and_is_in_the_records(site: Site) -> None:
    site.create("door")
    session = site.client.start_stream_processor(Name="door")["SessionId"]
    wait_until(lambda: site.told("FACE_MATCHED"))
    wait_until(lambda: any(face["MatchedFaces"] for one in site.records("door") for face in faces(one)))
    [notice] = site.told("FACE_MATCHED")
    assert notice["sessionId"] == session
    assert notice["faces"][0]["externalImageId"] == "eileen"
    assert notice["faces"][0]["similarity"] >= 90
    record = next(one for one in site.records("door") if any(face["MatchedFaces"] for face in faces(one)))
    assert record["StreamProcessorInformation"] == {"Status": "RUNNING"}
    assert record["InputInformation"]["KinesisVideo"]["StreamArn"].endswith("walk.mp4?loop=1")
    described = site.client.describe_stream_processor(Name="door")
    assert described["Status"] == "RUNNING"
    wait_until(lambda: "looks a second" in str(site.client.describe_stream_processor(Name="door")))


def test_what_a_camera_sees_can_be_watched_and_each_viewing_is_recorded(site: Site) -> None:
    own = Signed(site.server)
    still = own.call("GET", "/regard/v1/streams/door/still")
    assert Image.open(io.BytesIO(b64decode(still["Picture"]))).size == (640, 360)
    path = own.call("POST", "/regard/v1/streams/door/views")["Path"]
    with urllib.request.urlopen(site.server.endpoint + path, timeout=30) as answer:
        assert answer.headers["Content-Type"].startswith("multipart/x-mixed-replace")
        shown = answer.read(30_000)
    assert shown.count(b"--picture") >= 1
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(site.server.endpoint + path[:-4], timeout=30)
    database = Database.open(site.server.data)
    recorded = [one["operation"] for one in AuditLog(database).export()]
    database.close()
    assert {"GetStreamStill", "WatchStream"} <= set(recorded)


def test_a_worker_that_is_killed_goes_on_with_the_session_and_alerts_of_nobody_twice(site: Site) -> None:
    wait_until(lambda: site.told("FACE_MATCHED"))
    before = len(site.records("door"))
    os.kill(site.worker(), signal.SIGKILL)
    wait_until(lambda: site.events(EventKind.INTERRUPTED))
    wait_until(lambda: len(site.records("door")) > before + 16)  # a whole walk
    assert len(site.told("FACE_MATCHED")) == 1
    assert len(site.events(EventKind.FACE_MATCHED)) == 1
    assert len({one.session for one in site.events(EventKind.INTERRUPTED)}) == 1
    site.client.stop_stream_processor(Name="door")
    wait_until(lambda: site.status("door") == "STOPPED")
    site.client.delete_stream_processor(Name="door")


def test_people_are_labels_of_a_session_with_its_pictures_and_results(site: Site) -> None:
    site.create(
        "porch",
        Output={"S3Destination": {"Bucket": "results", "KeyPrefix": "seen"}},
        Settings={"ConnectedHome": {"Labels": ["PERSON", "PACKAGE"]}},
    )
    answer = site.client.start_stream_processor(Name="porch", StopSelector={"MaxDurationInSeconds": 4})
    wait_until(lambda: site.told("STREAM_PROCESSING_COMPLETE"))
    wait_until(lambda: site.status("porch") == "STOPPED")
    [label] = [one for notice in site.told("LABEL_DETECTED") for one in notice["labels"]]
    assert label["name"] == "PERSON"
    place = site.folder / "results" / "seen" / "porch" / answer["SessionId"]
    for uri in (label["frameImageUri"], label["croppedImageUri"]):
        picture = site.folder / "results" / uri.removeprefix("s3://results/")
        assert picture.read_bytes()[:3] == b"\xff\xd8\xff"
    results = json.loads((place / "results.json").read_text())
    assert [one["name"] for one in results["labels"]] == ["PERSON"]
    [complete] = site.told("STREAM_PROCESSING_COMPLETE")
    assert complete["inputInformation"]["kinesisVideo"]["processedVideoDurationMillis"] >= 4_000
    assert "PACKAGE" in str(site.client.describe_stream_processor(Name="porch")["StatusMessage"])


@pytest.mark.slow
def test_a_source_can_be_tried_before_a_processor_is_made_of_it(site: Site) -> None:
    source = f"file://{site.folder}/walk.mp4?loop=1"
    command = ["streams", "try", source, "--collection", "staff", "--threshold", "99"]
    done = subprocess.run(
        [sys.executable, "-m", "regard", *command, "--data", str(site.server.data)],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200", "REGARD_STREAM_FOLDERS": str(site.folder)},
    )
    assert done.returncode == 0, done.stderr
    assert "h264 640 × 360" in done.stdout
    assert "1 face is in it" in done.stdout
    passed = re.search(r"(\d+) faces? passed in (\d+) s", done.stdout)
    assert passed is not None
    assert 2 <= int(passed[1]) <= 4  # a walk takes four seconds, and ten are read
    assert "none of the 1 face searched" in done.stdout
    assert "false alerts a day are to be expected" in done.stdout


def faces(record: dict[str, Any]) -> list[dict[str, Any]]:
    return list(record["FaceSearchResponse"])
