"""Stream processors by unmodified clients: what AWS's own samples do, in their order."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conftest import Server, start_server, stop_server
from tests.waiting import PATIENCE

from regard.packs.install import InstalledPack

VIDEO = "arn:aws:kinesisvideo:us-west-2:123456789012:stream/macwebcam/1530559711205"
DATA = "arn:aws:kinesis:us-west-2:123456789012:stream/AmazonRekognitionRekStream"
ROLE = "arn:aws:iam::123456789012:role/AmazonRekognitionDetect"
# The command line itself, which takes longer to start than to do all of it.
ALL_OF_THEM = """
import json, sys
from awscli.clidriver import create_clidriver
for command in json.loads(sys.argv[1]):
    if create_clidriver().main(command):
        sys.exit(1)
    print("\\f", end="", flush=True)
"""
TOPIC = "arn:aws:sns:us-east-1:123456789012:AmazonRekognition"


@pytest.fixture(scope="module")
def streaming(installed_pack: InstalledPack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that has Kinesis, and no stream worker."""
    folder = tmp_path_factory.mktemp("streaming")
    environment = {
        "REGARD_KINESIS_ENDPOINT": "http://127.0.0.1:9",
        "REGARD_KINESIS_VIDEO_ENDPOINT": "http://127.0.0.1:9",
        "REGARD_SNS_ENDPOINT": "http://127.0.0.1:9",
        "REGARD_OUTPUT_BUCKETS": "home",
        "REGARD_STREAM_WORKERS": "0",
    }
    (folder / "home").mkdir()
    started = start_server(folder / "data", "--bucket", f"home={folder / 'home'}", environment=environment)
    started.client().create_collection(CollectionId="my-collection")
    yield started
    stop_server(started)


@pytest.fixture
def client(streaming: Server) -> Iterator[Any]:
    """A client, and nothing of the test's left behind."""
    made = streaming.client()
    yield made
    for one in made.list_stream_processors()["StreamProcessors"]:
        if one["Status"] not in ("STOPPED", "FAILED"):
            made.stop_stream_processor(Name=one["Name"])
        made.delete_stream_processor(Name=one["Name"])


def face_search(name: str = "watch", **changes: Any) -> dict[str, Any]:
    return {
        "Input": {"KinesisVideoStream": {"Arn": VIDEO}},
        "Output": {"KinesisDataStream": {"Arn": DATA}},
        "Name": name,
        "Settings": {"FaceSearch": {"CollectionId": "my-collection", "FaceMatchThreshold": 85.5}},
        "RoleArn": ROLE,
        **changes,
    }


def labels(name: str = "home", **changes: Any) -> dict[str, Any]:
    return {
        "Input": {"KinesisVideoStream": {"Arn": VIDEO}},
        "Output": {"S3Destination": {"Bucket": "home", "KeyPrefix": "seen"}},
        "Name": name,
        "Settings": {"ConnectedHome": {"Labels": ["PERSON", "PET"], "MinConfidence": 80.0}},
        "RoleArn": ROLE,
        "NotificationChannel": {"SNSTopicArn": TOPIC},
        **changes,
    }


def refusal(call: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**request)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_what_the_guide_s_java_example_does(client: Any) -> None:
    """Create, describe, list, start, stop and delete, one after the other and without a pause."""
    made = client.create_stream_processor(**face_search())
    arn = "arn:aws:rekognition:us-east-1:000000000000:streamprocessor/watch"
    assert made["StreamProcessorArn"] == arn
    told = client.describe_stream_processor(Name="watch")
    asked = face_search()
    assert {name: told[name] for name in asked} == asked
    assert (told["StreamProcessorArn"], told["Status"]) == (arn, "STOPPED")
    assert told["CreationTimestamp"] <= told["LastUpdateTimestamp"]
    assert client.list_stream_processors(MaxResults=100)["StreamProcessors"] == [
        {"Name": "watch", "Status": "STOPPED"}
    ]
    assert client.start_stream_processor(Name="watch")["SessionId"]
    client.stop_stream_processor(Name="watch")
    client.delete_stream_processor(Name="watch")
    assert client.list_stream_processors()["StreamProcessors"] == []


def test_without_a_worker_a_processor_starts_and_never_claims_to_run(client: Any) -> None:
    client.create_stream_processor(**face_search())
    client.start_stream_processor(Name="watch")
    told = client.describe_stream_processor(Name="watch")
    assert told["Status"] == "STARTING"
    assert "No stream worker has taken it yet" in told["StatusMessage"]


def test_what_the_guide_s_python_example_of_labels_does(client: Any) -> None:
    client.create_stream_processor(
        **labels(
            DataSharingPreference={"OptIn": False},
            RegionsOfInterest=[{"BoundingBox": {"Width": 0.5, "Height": 0.5, "Left": 0.25, "Top": 0.25}}],
        )
    )
    told = client.describe_stream_processor(Name="home")
    asked = labels(DataSharingPreference={"OptIn": False})
    assert {name: told[name] for name in asked} == asked
    assert told["RegionsOfInterest"][0]["BoundingBox"]["Width"] == 0.5
    client.update_stream_processor(
        Name="home",
        SettingsForUpdate={"ConnectedHomeForUpdate": {"Labels": ["PACKAGE"]}},
        ParametersToDelete=["RegionsOfInterest", "ConnectedHomeMinConfidence"],
        DataSharingPreferenceForUpdate={"OptIn": True},
    )
    told = client.describe_stream_processor(Name="home")
    assert told["Settings"] == {"ConnectedHome": {"Labels": ["PACKAGE"]}}
    assert told["DataSharingPreference"] == {"OptIn": True}
    assert "RegionsOfInterest" not in told
    session = client.start_stream_processor(
        Name="home",
        StartSelector={"KVSStreamStartSelector": {"ProducerTimestamp": 1655930623123}},
        StopSelector={"MaxDurationInSeconds": 30},
    )["SessionId"]
    assert session
    code, _ = refusal(client.update_stream_processor, Name="home", ParametersToDelete=["RegionsOfInterest"])
    assert code == "ResourceInUseException"
    client.stop_stream_processor(Name="home")


def test_what_can_t_be_started_or_stopped_is_refused_in_aws_s_words(client: Any) -> None:
    client.create_stream_processor(**face_search())
    stopping = ("ResourceInUseException", "Stream Processor not available for stopping")
    assert refusal(client.stop_stream_processor, Name="watch") == stopping
    client.start_stream_processor(Name="watch")
    starting = ("ResourceInUseException", "Stream Processor not available for starting")
    assert refusal(client.start_stream_processor, Name="watch") == starting
    assert refusal(client.delete_stream_processor, Name="watch")[0] == "ResourceInUseException"
    client.stop_stream_processor(Name="watch")


def test_a_name_is_taken_once_and_free_again(client: Any) -> None:
    client.create_stream_processor(**face_search())
    assert refusal(client.create_stream_processor, **face_search())[0] == "ResourceInUseException"
    client.delete_stream_processor(Name="watch")
    client.create_stream_processor(**face_search())


@pytest.mark.parametrize("operation", ["describe", "start", "stop", "delete", "update"])
def test_what_there_isn_t_is_not_found(client: Any, operation: str) -> None:
    call = getattr(client, f"{operation}_stream_processor")
    assert refusal(call, Name="nowhere") == (
        "ResourceNotFoundException",
        "The stream processor nowhere does not exist",
    )


def test_processors_are_paged_by_name(client: Any) -> None:
    for name in ("b", "a", "d", "c"):
        client.create_stream_processor(**face_search(name))
    pages = client.get_paginator("list_stream_processors").paginate(PaginationConfig={"PageSize": 3})
    assert [[one["Name"] for one in page["StreamProcessors"]] for page in pages] == [["a", "b", "c"], ["d"]]
    token = client.list_stream_processors(MaxResults=1)["NextToken"]
    client.delete_stream_processor(Name="a")  # nor is anything passed over that was there
    assert client.list_stream_processors(NextToken=token)["StreamProcessors"][0]["Name"] == "b"
    code, _ = refusal(client.list_stream_processors, NextToken="nonsense")
    assert code == "InvalidPaginationTokenException"


def test_tags_of_a_processor(client: Any) -> None:
    arn = client.create_stream_processor(**face_search(Tags={"team": "a", "regard:place": "the yard"}))[
        "StreamProcessorArn"
    ]
    client.tag_resource(ResourceArn=arn, Tags={"team": "b", "regard:looks": "2"})
    tags = {"team": "b", "regard:place": "the yard", "regard:looks": "2"}
    assert client.list_tags_for_resource(ResourceArn=arn)["Tags"] == tags
    client.untag_resource(ResourceArn=arn, TagKeys=["team", "regard:place"])
    assert client.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"regard:looks": "2"}
    for wrong in ({"regard:looks": "1"}, {"regard:purpose": "media"}, {"regard:speed": "3"}):
        code, _ = refusal(client.tag_resource, ResourceArn=arn, Tags=wrong)
        assert code == "InvalidParameterException"
    client.delete_stream_processor(Name="watch")
    code, _ = refusal(client.list_tags_for_resource, ResourceArn=arn)
    assert code == "ResourceNotFoundException"


def test_aws_s_command_line(streaming: Server, client: Any, tmp_path: Path) -> None:
    if importlib.util.find_spec("awscli") is None:
        pytest.skip("awscli is not installed; `pip install regard[dev]` brings it")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {
        "AWS_SHARED_CREDENTIALS_FILE": str(streaming.credentials_file),
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_REGION": "us-east-1",
        "AWS_PAGER": "",
    }

    named = ("--name", "my-stream-processor")
    commands = [
        (
            "create-stream-processor", *named, "--role-arn", ROLE,
            "--input", json.dumps({"KinesisVideoStream": {"Arn": VIDEO}}),
            "--stream-processor-output", json.dumps({"KinesisDataStream": {"Arn": DATA}}),
            "--settings", json.dumps(face_search()["Settings"]),
        ),
        ("describe-stream-processor", *named),
        ("list-stream-processors",),
        ("start-stream-processor", *named),
        ("stop-stream-processor", *named),
        ("delete-stream-processor", *named),
        ("list-stream-processors",),
    ]  # fmt: skip
    to = ("--endpoint-url", streaming.endpoint, "--output", "json", "rekognition")
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ALL_OF_THEM, json.dumps([[*to, *one] for one in commands])],
        env=environment, capture_output=True, text=True, timeout=PATIENCE, check=True,
    ).stdout  # fmt: skip
    made, described, listed, started, _, _, left = (
        json.loads(one or "null") for one in told.split("\f")[:-1]
    )
    assert made["StreamProcessorArn"].endswith("streamprocessor/my-stream-processor")
    assert described["Status"] == "STOPPED"
    assert listed["StreamProcessors"][0]["Name"] == "my-stream-processor"
    assert started["SessionId"]
    assert left["StreamProcessors"] == []


def test_a_password_is_in_no_answer_no_record_and_no_log(streaming: Server, client: Any) -> None:
    source = "rtsp://eve:hunter2@127.0.0.1:554/live?channel=1&token=s3cr3t"
    given = face_search(Input={"KinesisVideoStream": {"Arn": source}})
    client.create_stream_processor(**given)
    told = client.describe_stream_processor(Name="watch")
    shown = told["Input"]["KinesisVideoStream"]["Arn"]
    assert (shown.startswith("rtsp://"), "127.0.0.1" in shown) == (True, True)
    refused = "rtsp://eve:hunter2@127.0.0.1:99999/live"
    code, message = refusal(
        client.create_stream_processor,
        **face_search("two", Input={"KinesisVideoStream": {"Arn": refused}}),
    )
    assert code == "InvalidParameterException"
    exported = subprocess.run(
        [sys.executable, "-m", "regard", "audit", "export", "--data", str(streaming.data)],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    log = (streaming.data.parent / f"{streaming.data.name}.log").read_text()
    described = json.dumps(told, default=str)
    for secret in ("hunter2", "s3cr3t"):
        assert secret not in exported + log + described + message
    assert '"camera":"watch"' in exported.replace(" ", "")
