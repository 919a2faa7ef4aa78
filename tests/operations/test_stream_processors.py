"""What a stream processor may be: each request that doesn't go together is refused, and says why."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from regard.app import Parts, build
from regard.caller import LOCAL, Caller
from regard.errors import (
    AccessDeniedException,
    InvalidParameterException,
    RegardError,
    ResourceNotFoundException,
    ServiceError,
)
from regard.settings import Settings

CAMERA = "rtsp://eve:hunter2@127.0.0.1/live"
DATA = "arn:aws:kinesis:us-east-1:123456789012:stream/records"
VIDEO = "arn:aws:kinesisvideo:us-east-1:123456789012:stream/camera/1530559711205"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="module")
def streaming(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """Everything of a process, without models: nothing here sees a picture."""
    built = build(
        Settings.load(
            {},
            data=tmp_path_factory.mktemp("streams") / "data",
            kinesis_endpoint="http://127.0.0.1:9",
            output_buckets="home",
            buckets=f"home={folder}",
            stream_folders=str(folder),
            webhooks="private",
            stream_limit=60,
        ),
        has_models=False,
    )
    built.gate.call("create_collection", {"CollectionId": "staff"}, LOCAL)
    yield built
    built.close()


@pytest.fixture
def eve(streaming: Parts) -> Caller:
    """Whoever signs by a key, as notices by URL want."""
    return streaming.keys.create("eve", "operator").holder


def face_search(name: str = "p", **changes: Any) -> dict[str, Any]:
    request: dict[str, Any] = {
        "Input": {"KinesisVideoStream": {"Arn": CAMERA}},
        "Output": {"KinesisDataStream": {"Arn": DATA}},
        "Name": name,
        "Settings": {"FaceSearch": {"CollectionId": "staff"}},
        "RoleArn": "arn:aws:iam::123456789012:role/r",
    }
    return deepcopy(request) | changes


def labels(name: str = "p", **changes: Any) -> dict[str, Any]:
    of_labels = {
        "Output": {"S3Destination": {"Bucket": "home"}},
        "Settings": {"ConnectedHome": {"Labels": ["PERSON"]}},
    }
    return face_search(name, **of_labels) | changes


def source(text: str) -> dict[str, Any]:
    return {"KinesisVideoStream": {"Arn": text}}


def refused(parts: Parts, request: dict[str, Any], caller: Caller = LOCAL) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        parts.gate.call("create_stream_processor", request, caller)
    assert parts.stores.streams.find(request["Name"]) is None
    return caught.value


REGION = {"BoundingBox": {"Left": 0.0, "Top": 0.0, "Width": 1.0, "Height": 1.0}}
S3 = {"S3Destination": {"Bucket": "home"}}
WRONG = {
    "neither faces nor labels": (face_search(Settings={}), "either FaceSearch or ConnectedHome"),
    "faces and labels": (
        face_search(Settings={**labels()["Settings"], **face_search()["Settings"]}),
        "either FaceSearch or ConnectedHome",
    ),
    "no source": (face_search(Input={}), "names no KinesisVideoStream"),
    "no collection": (face_search(Settings={"FaceSearch": {}}), "names no CollectionId"),
    "no output": (face_search(Output={}), "needs a KinesisDataStream"),
    "faces into a bucket": (face_search(Output=S3), "has no S3Destination"),
    "faces with a key": (face_search(KmsKeyId="k"), "has no KmsKeyId"),
    "faces with regions": (face_search(RegionsOfInterest=[REGION]), "has no RegionsOfInterest"),
    "labels into a stream": (labels(Output=face_search()["Output"]), "has no KinesisDataStream"),
    "labels nowhere": (labels(Output={}), "needs an S3Destination"),
    "no bucket": (labels(Output={"S3Destination": {}}), "needs an S3Destination"),
    "a label that there isn't": (
        labels(Settings={"ConnectedHome": {"Labels": ["CAR"]}}),
        "'CAR' is none of PERSON, PET, PACKAGE, ALL",
    ),
    "a region of nothing": (labels(RegionsOfInterest=[{}]), "either BoundingBox or Polygon"),
    "a source that can't be read": (face_search(Input=source("srt://camera/1")), "srt:// can't be read"),
    "Kinesis where there is none": (face_search(Input=source(VIDEO)), "REGARD_KINESIS_VIDEO_ENDPOINT"),
    "a camera far away": (face_search(Input=source("rtsp://8.8.8.8/1")), "REGARD_SOURCES"),
    "a cloud's secrets": (face_search(Input=source("http://169.254.169.254/latest")), "link-local"),
    "a file anywhere": (face_search(Input=source("file:///etc/passwd")), "REGARD_STREAM_FOLDERS"),
    "a topic without SNS": (
        face_search(NotificationChannel={"SNSTopicArn": "arn:aws:sns:us-east-1:123456789012:t"}),
        "REGARD_SNS_ENDPOINT",
    ),
    "too few samples": (face_search(Tags={"regard:looks": "1"}), "from 2 to 10"),
    "samples that are no number": (face_search(Tags={"regard:looks": "nan"}), "from 2 to 10"),
    "a purpose of its own": (face_search(Tags={"regard:purpose": "media"}), "rules of its collection"),
    "a tag like a rule": (face_search(Tags={"regard:speed": "1"}), "The only tags of Regard's own"),
    "AWS's own tag": (face_search(Tags={"aws:x": "1"}), "can't start with aws:"),
    "records into any file": (
        face_search(Output={"KinesisDataStream": {"Arn": "file:///tmp/records.jsonl"}}),
        "REGARD_STREAM_FOLDERS",
    ),
    "records to a URL that nobody signs": (
        face_search(Output={"KinesisDataStream": {"Arn": "https://example.org/records"}}),
        "who calls without a key has none to sign with",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_go_together_is_refused(streaming: Parts, name: str) -> None:
    request, why = WRONG[name]
    error = refused(streaming, request)
    assert isinstance(error, InvalidParameterException)
    assert why in error.message
    assert "hunter2" not in error.message


def test_a_bucket_is_not_written_into_that_the_settings_do_not_name(streaming: Parts) -> None:
    for output in ({"Bucket": "other"}, {"Bucket": "home", "KeyPrefix": "../.."}):
        error = refused(streaming, labels(Output={"S3Destination": output}))
        assert isinstance(error, InvalidParameterException)


def test_networks_that_are_none_are_told_before_anybody_s_request(tmp_path: Path) -> None:
    settings = Settings.load({}, data=tmp_path / "data", sources="private,10.0.0.300")
    with pytest.raises(RegardError, match="REGARD_SOURCES must be .*'10.0.0.300' is none"):
        build(settings, has_models=False)


def test_records_go_into_a_file_below_a_folder_that_the_settings_name(streaming: Parts, folder: Path) -> None:
    for name, is_there in (("records.jsonl", True), ("records.txt", False), ("no/records.jsonl", False)):
        output = {"KinesisDataStream": {"Arn": f"file://{folder}/{name}"}}
        request = face_search("filed", Output=output)
        if is_there:
            streaming.gate.call("create_stream_processor", request, LOCAL)
            streaming.gate.call("delete_stream_processor", {"Name": "filed"}, LOCAL)
        else:
            refused(streaming, request)


def test_a_link_leads_out_of_no_folder(streaming: Parts, folder: Path) -> None:
    (folder / "out").symlink_to("/etc")
    refused(streaming, face_search(Input=source(f"file://{folder}/out/passwd")))


def test_a_file_below_a_folder_that_the_settings_name_is_a_source(streaming: Parts, folder: Path) -> None:
    (folder / "film.mp4").touch()
    request = face_search("film", Input=source(f"file://{folder}/film.mp4?loop=1"))
    streaming.gate.call("create_stream_processor", request, LOCAL)


def test_records_go_to_a_url_that_a_key_signs(streaming: Parts, eve: Caller) -> None:
    output = {"KinesisDataStream": {"Arn": "https://example.org/records"}}
    streaming.gate.call("create_stream_processor", face_search("posted", Output=output), eve)


@pytest.mark.parametrize(("given", "kept"), [(None, 80.0), (50.0, 80.0), (0.08, 80.0), (85.5, 85.5)])
def test_a_threshold_below_that_of_rekognition_becomes_it(
    streaming: Parts, given: float | None, kept: float
) -> None:
    threshold = {} if given is None else {"FaceMatchThreshold": given}
    settings = {"FaceSearch": {"CollectionId": "staff", **threshold}}
    streaming.gate.call("create_stream_processor", face_search("t", Settings=settings), LOCAL)
    told = streaming.gate.call("describe_stream_processor", {"Name": "t"}, LOCAL)
    streaming.gate.call("delete_stream_processor", {"Name": "t"}, LOCAL)
    assert told["Settings"]["FaceSearch"]["FaceMatchThreshold"] == kept


def test_a_processor_of_faces_takes_no_selectors(streaming: Parts) -> None:
    streaming.gate.call("create_stream_processor", face_search("faces"), LOCAL)
    for selector in (
        {"StartSelector": {"KVSStreamStartSelector": {"ProducerTimestamp": 1}}},
        {"StopSelector": {"MaxDurationInSeconds": 1}},
    ):
        with pytest.raises(InvalidParameterException, match="takes no"):
            streaming.gate.call("start_stream_processor", {"Name": "faces", **selector}, LOCAL)


def test_labels_of_a_live_url_begin_now_and_end(streaming: Parts) -> None:
    streaming.gate.call("create_stream_processor", labels("porch"), LOCAL)
    streaming.gate.call("start_stream_processor", {"Name": "porch"}, LOCAL)
    started = streaming.stores.streams.get("porch")
    assert (started.start_selector, started.stop_seconds, started.match_threshold) == (None, 10, None)
    streaming.gate.call("stop_stream_processor", {"Name": "porch"}, LOCAL)
    both = {"ProducerTimestamp": 1, "FragmentNumber": "1"}
    with pytest.raises(InvalidParameterException, match="either ProducerTimestamp or FragmentNumber"):
        streaming.gate.call(
            "start_stream_processor",
            {"Name": "porch", "StartSelector": {"KVSStreamStartSelector": both}},
            LOCAL,
        )


def test_labels_are_announced_and_wait_for_a_notice_under_a_strict_purpose(streaming: Parts) -> None:
    strict = replace(LOCAL, purpose="law-enforcement")
    streaming.gate.call("create_stream_processor", labels("yard", Input=source("rtsp://10.0.0.77/1")), LOCAL)
    notices = streaming.gate.call("list_notices", {}, LOCAL)["Notices"]
    assert [one["Covers"] for one in notices if one["CameraId"] == "yard"] == [["LABELS"]]
    with pytest.raises(AccessDeniedException, match="the camera yard tells people of LABELS"):
        streaming.gate.call("start_stream_processor", {"Name": "yard"}, strict)


def test_faces_of_a_collection_that_is_gone_are_not_searched(streaming: Parts) -> None:
    settings = {"FaceSearch": {"CollectionId": "nowhere"}}
    streaming.gate.call("create_stream_processor", face_search("lost", Settings=settings), LOCAL)
    with pytest.raises(ResourceNotFoundException, match="collection id: nowhere does not exist"):
        streaming.gate.call("start_stream_processor", {"Name": "lost"}, LOCAL)
    assert streaming.stores.streams.get("lost").status == "STOPPED"


def test_only_a_processor_of_labels_is_changed(streaming: Parts) -> None:
    streaming.gate.call("create_stream_processor", face_search("fixed"), LOCAL)
    change = {"Name": "fixed", "DataSharingPreferenceForUpdate": {"OptIn": True}}
    with pytest.raises(InvalidParameterException, match="only a stream processor of ConnectedHome"):
        streaming.gate.call("update_stream_processor", change, LOCAL)


def test_a_setting_is_not_changed_and_deleted(streaming: Parts) -> None:
    streaming.gate.call("create_stream_processor", labels("both"), LOCAL)
    for change in (
        {"RegionsOfInterestForUpdate": [REGION], "ParametersToDelete": ["RegionsOfInterest"]},
        {
            "SettingsForUpdate": {"ConnectedHomeForUpdate": {"MinConfidence": 9.0}},
            "ParametersToDelete": ["ConnectedHomeMinConfidence"],
        },
    ):
        with pytest.raises(InvalidParameterException, match="changed and deleted"):
            streaming.gate.call("update_stream_processor", {"Name": "both", **change}, LOCAL)


def policy(*resources: str, action: str = "rekognition:*") -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": action, "Resource": list(resources)}],
    }


PROCESSORS = "arn:aws:rekognition:*:*:streamprocessor/mine-*"
STAFF = "arn:aws:rekognition:*:*:collection/staff"


def test_a_policy_names_processors_and_what_they_search(streaming: Parts) -> None:
    mine = streaming.keys.create("mine", "operator", policy=policy(PROCESSORS, STAFF)).holder
    without = streaming.keys.create("without", "operator", policy=policy(PROCESSORS)).holder
    streaming.gate.call("create_stream_processor", face_search("mine-1"), mine)
    for name, caller in (("other-1", mine), ("mine-2", without)):
        with pytest.raises(AccessDeniedException, match="is not authorized to perform"):
            streaming.gate.call("create_stream_processor", face_search(name), caller)
    with pytest.raises(AccessDeniedException, match="collection/staff"):
        streaming.gate.call("start_stream_processor", {"Name": "mine-1"}, without)
    assert streaming.gate.call("describe_stream_processor", {"Name": "mine-1"}, without)["Name"] == "mine-1"
    streaming.gate.call("create_stream_processor", labels("mine-3"), without)
    with pytest.raises(AccessDeniedException):
        streaming.gate.call("describe_stream_processor", {"Name": "fixed"}, mine)


def test_who_may_only_read_starts_nothing(streaming: Parts) -> None:
    auditor = streaming.keys.create("auditor", "auditor").holder
    for operation in ("start", "stop", "delete", "update"):
        with pytest.raises(AccessDeniedException):
            streaming.gate.call(f"{operation}_stream_processor", {"Name": "fixed"}, auditor)
    with pytest.raises(AccessDeniedException):
        streaming.gate.call("create_stream_processor", face_search("audited"), auditor)
    assert streaming.gate.call("list_stream_processors", {}, auditor)["StreamProcessors"]
