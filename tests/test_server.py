"""The running server: its start, its end, and what survives them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from regard.governance.keys import KeyStore
from regard.packs.install import InstalledPack
from regard.storage.database import Database
from tests.conftest import Server, start_server, stop_server
from tests.reddish import DESCRIPTION, network
from tests.waiting import PATIENCE


@pytest.fixture
def start(installed_pack: InstalledPack) -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def start(*arguments: Any, **options: Any) -> Server:
        server = start_server(*arguments, **options)
        started.append(server)
        return server

    yield start
    for server in started:
        stop_server(server)


def enrol(client: Any, portrait: Path, name: str) -> str:
    answer = client.index_faces(
        CollectionId="c", Image={"Bytes": portrait.read_bytes()}, ExternalImageId=name
    )
    return answer["FaceRecords"][0]["Face"]["FaceId"]


def test_what_was_answered_survives_a_kill(
    start: Callable[..., Server], tmp_path: Path, portrait: Path
) -> None:
    server = start(tmp_path / "data")
    client = server.client()
    client.create_collection(CollectionId="c")
    kept, erased = enrol(client, portrait, "kept"), enrol(client, portrait, "erased")
    client.delete_faces(CollectionId="c", FaceIds=[erased])
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    again = start(tmp_path / "data").client()
    matches = again.search_faces_by_image(CollectionId="c", Image={"Bytes": portrait.read_bytes()})[
        "FaceMatches"
    ]
    assert [match["Face"]["FaceId"] for match in matches] == [kept]


def test_a_second_start_keeps_the_first_key(start: Callable[..., Server], tmp_path: Path) -> None:
    first = start(tmp_path / "data")
    stop_server(first)
    assert start(tmp_path / "data").key_id == first.key_id


def test_two_servers_on_one_folder_see_each_others_faces(
    start: Callable[..., Server], tmp_path: Path, portrait: Path
) -> None:
    one, two = (start(tmp_path / "data").client() for _ in range(2))
    one.create_collection(CollectionId="c")
    image = {"Bytes": portrait.read_bytes()}
    assert two.search_faces_by_image(CollectionId="c", Image=image)["FaceMatches"] == []
    face = enrol(one, portrait, "x")
    [match] = two.search_faces_by_image(CollectionId="c", Image=image)["FaceMatches"]
    assert match["Face"]["FaceId"] == face


def test_a_key_is_stopped_while_the_server_runs(start: Callable[..., Server], tmp_path: Path) -> None:
    server = start(tmp_path / "data")
    client = server.client()
    client.list_collections()
    KeyStore(Database.open(server.data)).suspend(server.key_id)
    with pytest.raises(ClientError, match="suspended") as caught:
        client.list_collections()
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"


def test_requests_under_way_are_answered_when_the_server_is_told_to_stop(
    start: Callable[..., Server], tmp_path: Path, group_photo: Path
) -> None:
    server = start(tmp_path / "data")
    client = server.client()
    client.list_collections()
    with ThreadPoolExecutor(6) as executor:
        image = {"Bytes": group_photo.read_bytes()}
        answers = [executor.submit(client.detect_faces, Image=image) for _ in range(6)]
        wait(answers, return_when=FIRST_COMPLETED)  # by then the others have long been sent
        server.process.terminate()
        assert [len(answer.result(timeout=PATIENCE)["FaceDetails"]) for answer in answers] == [8] * 6
    assert server.process.wait(timeout=PATIENCE) in (0, -signal.SIGTERM)


def test_health_needs_no_signature_and_other_paths_are_refused_in_aws_shape(server: Server) -> None:
    with urllib.request.urlopen(server.endpoint + "/healthz") as answer:
        assert b'"status":"ok"' in answer.read()
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(server.endpoint + "/elsewhere")
    assert caught.value.code == 404
    assert b"UnknownOperationException" in caught.value.read()
    caught.value.close()


def test_a_port_that_is_taken_is_one_sentence(server: Server, tmp_path: Path) -> None:
    port = server.endpoint.rsplit(":", 1)[1]
    done = subprocess.run(
        [sys.executable, "-m", "regard", "serve", "--port", port, "--data", str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert f"Can't listen on 127.0.0.1:{port}" in done.stderr.replace("\n", " ")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("OIDC", "issuer = ", "The file of REGARD_OIDC is not TOML"),
        pytest.param("LIVENESS_RECAPTURE", DESCRIPTION, "its class 1 is none", marks=pytest.mark.slow),
    ],
)
def test_a_wrong_file_of_a_setting_ends_the_start_before_anything_is_made(
    installed_pack: InstalledPack, tmp_path: Path, name: str, content: str, sentence: str
) -> None:
    network(tmp_path / "reddish.onnx", classes=1)
    (tmp_path / "file.toml").write_text(content)
    done = subprocess.run(
        [sys.executable, "-m", "regard", "serve", "--port", "0", "--data", str(tmp_path / "data")],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200", f"REGARD_{name}": str(tmp_path / "file.toml")},
    )
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "administrator" not in done.stderr, "a link that nobody will see again"
    assert not (tmp_path / "data" / "credentials").exists()


@pytest.mark.slow
def test_faces_that_are_indexed_while_a_server_is_told_to_stop_are_there_after_a_restart(
    start: Callable[..., Server], tmp_path: Path, group_photo: Path
) -> None:
    server = start(tmp_path / "data")
    client = server.client()
    client.create_collection(CollectionId="c")
    image = {"Bytes": group_photo.read_bytes()}
    with ThreadPoolExecutor(6) as executor:
        answers = [
            executor.submit(client.index_faces, CollectionId="c", Image=image, ExternalImageId=f"n{n}")
            for n in range(6)
        ]
        wait(answers, return_when=FIRST_COMPLETED)  # by then the others have long been sent
        under_way = [one for one in answers if not one.done()]
        server.process.terminate()
        told = [answer.result(timeout=PATIENCE) for answer in answers]
    assert under_way, "some were being written"
    assert server.process.wait(timeout=PATIENCE) == 0
    faces = {record["Face"]["FaceId"] for answer in told for record in answer["FaceRecords"]}
    assert len(faces) == 6 * 8
    again = start(tmp_path / "data").client()
    pages = again.get_paginator("list_faces").paginate(CollectionId="c")
    assert {face["FaceId"] for page in pages for face in page["Faces"]} == faces
    found = again.search_faces(CollectionId="c", FaceId=min(faces), FaceMatchThreshold=99)["FaceMatches"]
    assert len(found) >= 5, "at least the same face of the other five pictures"


def test_images_come_from_a_real_s3_endpoint(
    start: Callable[..., Server], tmp_path: Path, portrait: Path
) -> None:
    amazon = ThreadedMotoServer(port=0, verbose=False)
    amazon.start()
    try:
        _, port = amazon.get_host_and_port()
        endpoint = f"http://127.0.0.1:{port}"
        keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
        s3 = boto3.client("s3", endpoint_url=endpoint, **keys)
        s3.create_bucket(Bucket="album")
        s3.upload_file(str(portrait), "album", "people/eileen.jpg")
        s3.put_object(Bucket="album", Key="large", Body=bytes(15_728_641))
        environment = {
            "REGARD_S3_ENDPOINT": endpoint,
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        client = start(tmp_path / "data", environment=environment).client()

        def detect(bucket: str, name: str) -> Any:
            return client.detect_faces(Image={"S3Object": {"Bucket": bucket, "Name": name}})

        assert len(detect("album", "people/eileen.jpg")["FaceDetails"]) == 1
        for bucket, name in (("album", "none"), ("none", "people/eileen.jpg")):
            with pytest.raises(
                client.exceptions.InvalidS3ObjectException, match="Unable to get object metadata"
            ):
                detect(bucket, name)
        with pytest.raises(client.exceptions.ImageTooLargeException):
            detect("album", "large")
    finally:
        amazon.stop()
