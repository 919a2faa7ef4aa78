"""Versions by boto3 against a real server and its worker: trained, described, run, stopped, deleted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError
from tests import scenes
from tests.conftest import Server, stop_server
from tests.custom.drawn import SHAPES, draw, draw_boxed, fill
from tests.custom.lines import boxed, classified
from tests.custom.training import (
    OUTPUT,
    artefact,
    assets,
    begin,
    described,
    ended,
    make_project,
    write_lines,
    write_manifest,
)
from tests.video.servers import serve

from regard.packs.install import InstalledPack

ONCE = Config(retries={"total_max_attempts": 1})
WAITING = {"Delay": 1, "MaxAttempts": 120}


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    write_manifest(folder, "train.manifest", fill(folder, 14))
    write_manifest(folder, "test.manifest", fill(folder, 10, first=100))
    return folder


@pytest.fixture(scope="module")
def server(
    installed_pack: InstalledPack, bucket: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("server") / "data"
    started = serve(data, bucket, job_workers=1, output_buckets="videos,none", training_limit=3)
    yield started
    stop_server(started)


@pytest.fixture(scope="module")
def client(server: Server) -> Any:
    return server.client(config=ONCE)


@pytest.fixture(scope="module")
def trained(client: Any) -> dict[str, Any]:
    """A version that is trained, with the ARN of its project under `Project`."""
    project = make_project(client, "shapes")
    begin(client, project, TrainingData=assets("train.manifest"), TestingData=assets("test.manifest"))
    client.get_waiter("project_version_training_completed").wait(
        ProjectArn=project, VersionNames=["v1"], WaiterConfig=WAITING
    )
    return {**described(client, project), "Project": project}


def refused(code: str, call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**request)
    assert caught.value.response["Error"]["Code"] == code
    return str(caught.value.response["Error"]["Message"])


def test_a_version_is_described_as_rekognition_would(trained: dict[str, Any]) -> None:
    now = datetime.now(UTC)
    assert trained["Status"] == "TRAINING_COMPLETED"
    assert trained["StatusMessage"] == "The model is ready to run."
    assert trained["ProjectVersionArn"].split("/")[:4] == [
        "arn:aws:rekognition:us-east-1:000000000000:project",
        "shapes",
        "version",
        "v1",
    ]
    assert (
        now - timedelta(minutes=10) < trained["CreationTimestamp"] <= trained["TrainingEndTimestamp"] <= now
    )
    assert trained["BillableTrainingTimeInSeconds"] >= 1
    assert trained["OutputConfig"] == OUTPUT
    assert trained["TrainingDataResult"]["Input"] == assets("train.manifest")
    assert trained["TestingDataResult"]["Input"] == {"AutoCreate": False, **assets("test.manifest")}
    assert "Feature" not in trained


def test_objects_are_named_as_rekognition_names_them(trained: dict[str, Any], bucket: Path) -> None:
    def name_of(assets_: dict[str, Any]) -> str:
        return str(assets_["Assets"][0]["GroundTruthManifest"]["S3Object"]["Name"])

    training, testing = trained["TrainingDataResult"], trained["TestingDataResult"]
    named = {
        trained["EvaluationResult"]["Summary"]["S3Object"]["Name"],
        trained["ManifestSummary"]["S3Object"]["Name"],
        *(name_of(part[member]) for part in (training, testing) for member in ("Output", "Validation")),
    }
    assert named == {
        f"out/{kind}-shapes-v1.json"
        for kind in (
            "EvaluationResultSummary",
            "ManifestSummary",
            "TrainingGroundTruth",
            "TestingGroundTruth",
            "TrainingManifestWithValidation",
            "TestingManifestWithValidation",
        )
    }
    written = {f"out/{path.name}" for path in (bucket / "out").glob("*-shapes-v1.*")}
    assert written == named | {"out/Model-shapes-v1.onnx", "out/Report-shapes-v1.html"}


def test_the_summary_agrees_with_the_lines_that_were_written(trained: dict[str, Any], bucket: Path) -> None:
    summary = artefact(bucket, trained["EvaluationResult"]["Summary"])
    testing = trained["TestingDataResult"]["Output"]["Assets"][0]["GroundTruthManifest"]
    lines = artefact(bucket, testing)
    assert len(lines) == summary["EvaluationDetails"]["NumberOfTestingImages"] == 30
    counts: Counter[tuple[str, str]] = Counter()
    for line in lines:
        for name, said in line.items():
            if name.startswith("rekognition-custom-labels-evaluation-") and name.endswith("-metadata"):
                details = said["rekognition-custom-labels-evaluation-details"]
                assert (
                    sum(details[kind] for kind in details if kind.startswith("is-true-") or "false" in kind)
                    == 1
                )
                for kind in ("is-true-positive", "is-false-positive", "is-false-negative"):
                    counts[said["class-name"], kind] += details[kind]
        assert isinstance(line["rekognition-custom-labels-object-id"], int)
        assert isinstance(line["line-idx"], int)
    for result in summary["LabelEvaluationResults"]:
        right = counts[result["Label"], "is-true-positive"]
        wrong = counts[result["Label"], "is-false-positive"]
        missed = counts[result["Label"], "is-false-negative"]
        assert right + missed == result["NumberOfTestingImages"] == 10
        assert result["Metrics"]["Precision"] == pytest.approx(right / (right + wrong))
        assert result["Metrics"]["Recall"] == pytest.approx(right / (right + missed))
        assert 0 <= result["Metrics"]["Threshold"] <= 1
    mean = np.mean([result["Metrics"]["F1Score"] for result in summary["LabelEvaluationResults"]])
    assert summary["AggregatedEvaluationResults"]["F1Score"] == pytest.approx(mean)
    assert trained["EvaluationResult"]["F1Score"] == pytest.approx(mean)
    assert mean > 0.8
    assert summary["EvaluationDetails"]["ProjectVersionArn"] == trained["ProjectVersionArn"]


def test_the_model_answers_elsewhere_as_it_does_here(
    client: Any, trained: dict[str, Any], bucket: Path
) -> None:
    session = onnxruntime.InferenceSession(str(bucket / "out" / "Model-shapes-v1.onnx"))
    said = session.run(None, {session.get_inputs()[0].name: np.ones((1, 1280), np.float32)})[0]
    assert said.shape == (1, len(SHAPES))
    assert "thresholds" in session.get_modelmeta().custom_metadata_map["regard"]


def test_a_running_version_finds_what_it_was_taught(client: Any, trained: dict[str, Any]) -> None:
    arn = trained["ProjectVersionArn"]
    photo = {"Bytes": draw("stripes", 999)}
    call = client.detect_custom_labels
    assert "TRAINING_COMPLETED" in refused(
        "ResourceNotReadyException", call, ProjectVersionArn=arn, Image=photo
    )
    assert client.start_project_version(ProjectVersionArn=arn, MinInferenceUnits=1)["Status"] == "STARTING"
    client.get_waiter("project_version_running").wait(
        ProjectArn=trained["Project"], VersionNames=["v1"], WaiterConfig={"Delay": 1, "MaxAttempts": 1}
    )
    running = described(client, trained["Project"])
    assert (running["Status"], running["MinInferenceUnits"]) == ("RUNNING", 1)
    refused(
        "ResourceInUseException", client.start_project_version, ProjectVersionArn=arn, MinInferenceUnits=1
    )
    refused("ResourceInUseException", client.delete_project_version, ProjectVersionArn=arn)
    found = call(ProjectVersionArn=arn, Image=photo)["CustomLabels"]
    assert found[0]["Name"] == "stripes"
    assert "Geometry" not in found[0]
    everything = call(ProjectVersionArn=arn, Image=photo, MinConfidence=0)["CustomLabels"]
    assert {label["Name"] for label in everything} == set(SHAPES)
    confidences = [label["Confidence"] for label in everything]
    assert confidences == sorted(confidences, reverse=True)
    assert sum(confidences) <= 100.001
    assert (
        call(ProjectVersionArn=arn, Image=photo, MinConfidence=0, MaxResults=1)["CustomLabels"]
        == (everything[:1])
    )
    assert call(ProjectVersionArn=arn, Image=photo, MinConfidence=100)["CustomLabels"] == []
    from_bucket = {"S3Object": {"Bucket": "videos", "Name": "circle-0100.jpg"}}
    assert call(ProjectVersionArn=arn, Image=from_bucket)["CustomLabels"][0]["Name"] == "circle"
    small = {"Bytes": scenes.jpeg(scenes.portrait("hopper").resize((60, 60)))}
    refused("InvalidParameterException", call, ProjectVersionArn=arn, Image=small)
    refused("InvalidImageFormatException", call, ProjectVersionArn=arn, Image={"Bytes": b"nothing"})
    missing = {"S3Object": {"Bucket": "videos", "Name": "none.jpg"}}
    refused("InvalidS3ObjectException", call, ProjectVersionArn=arn, Image=missing)
    assert client.stop_project_version(ProjectVersionArn=arn)["Status"] == "STOPPING"
    assert described(client, trained["Project"])["Status"] == "STOPPED"
    refused("ResourceInUseException", client.stop_project_version, ProjectVersionArn=arn)
    refused("ResourceNotReadyException", call, ProjectVersionArn=arn, Image=photo)
    refused("ResourceNotFoundException", call, ProjectVersionArn=arn + "1", Image=photo)


def test_a_fifth_is_set_aside_where_no_test_set_is_given(client: Any, bucket: Path) -> None:
    project = make_project(client, "split")
    begin(client, project, TrainingData=assets("train.manifest"), TestingData={"AutoCreate": True})
    version = ended(client, project)
    assert version["Status"] == "TRAINING_COMPLETED", version
    assert version["TestingDataResult"]["Input"] == {"AutoCreate": True}
    summary = artefact(bucket, version["EvaluationResult"]["Summary"])
    details = summary["EvaluationDetails"]
    assert details["NumberOfTestingImages"] + details["NumberOfTrainingImages"] == 42
    assert details["NumberOfTestingImages"] in (8, 9)


def test_a_version_is_trained_on_the_project_s_data_sets(client: Any, bucket: Path) -> None:
    project = make_project(client, "sets")
    request = {"ProjectArn": project}
    sets = {
        kind: client.create_dataset(
            DatasetType=kind,
            DatasetSource={"GroundTruthManifest": {"S3Object": {"Bucket": "videos", "Name": name}}},
            **request,
        )["DatasetArn"]
        for kind, name in (("TRAIN", "train.manifest"), ("TEST", "test.manifest"))
    }
    both = {"TrainingData": assets("train.manifest"), "TestingData": {"AutoCreate": True}}
    refused(
        "InvalidParameterException",
        client.create_project_version,
        VersionName="v1",
        OutputConfig=OUTPUT,
        **request,
        **both,
    )
    begin(client, project)
    version = ended(client, project)
    assert version["Status"] == "TRAINING_COMPLETED", version
    assert version["TrainingDataResult"]["Input"] == {}
    assert version["TestingDataResult"]["Input"] == {"AutoCreate": False}
    for arn in sets.values():
        client.delete_dataset(DatasetArn=arn)
    refused("ResourceInUseException", client.delete_project, **request)
    client.delete_project_version(ProjectVersionArn=version["ProjectVersionArn"])
    assert client.describe_project_versions(**request)["ProjectVersionDescriptions"] == []
    client.delete_project(**request)


def test_a_training_fails_with_the_words_of_the_guide(client: Any, bucket: Path) -> None:
    def outcome(name: str, training: dict[str, Any], testing: dict[str, Any]) -> dict[str, Any]:
        project = make_project(client, name)
        begin(client, project, TrainingData=training, TestingData=testing)
        version = ended(client, project)
        assert version["Status"] == "TRAINING_FAILED"
        assert "EvaluationResult" not in version
        return version

    circles = [(f"circle-{n:04}.jpg", "circle") for n in range(8)]
    shapes = [(f"{shape}-{n:04}.jpg", shape) for n in range(8) for shape in SHAPES]
    one = write_manifest(bucket, "one.manifest", circles)
    version = outcome("few", one, one)
    assert version["StatusMessage"] == "The manifest file has too few labels."
    summary = artefact(bucket, version["ManifestSummary"])
    assert summary["statistics"]["training"]["errors"] == [
        {"code": "ERROR_MANIFEST_TOO_FEW_LABELS", "message": "The manifest file has too few labels."}
    ]
    assert summary["statistics"]["training"]["use_case"] == "IMAGE_LEVEL_LABELS"
    version = outcome("overlap", write_manifest(bucket, "all.manifest", shapes), one)
    assert version["StatusMessage"] == (
        "Less than 50% label overlap between the training and testing manifest files."
    )
    gone = [(name if n % 3 else f"gone-{n}.jpg", label) for n, (name, label) in enumerate(shapes)]
    version = outcome(
        "invalid",
        write_manifest(bucket, "gone.manifest", gone),
        write_manifest(bucket, "ok.manifest", shapes),
    )
    assert version["StatusMessage"] == "The manifest file contains too many invalid rows."
    statistics = artefact(bucket, version["ManifestSummary"])["statistics"]
    assert statistics["training"]["invalid_json_lines"] == 8
    assert statistics["training"]["error_json_line_indices"] == [1 + 3 * n for n in range(8)]
    assert statistics["testing"]["valid_json_lines"] == 24
    unlabelled = [{"source-ref": f"s3://videos/{name}"} for name, _ in shapes[:12]]
    waiting = [classified(*picture, bucket="videos") for picture in shapes[12:]]
    project = make_project(client, "waiting")
    source = write_lines(bucket, "waiting.manifest", [*waiting, *unlabelled])
    begin(client, project, TrainingData=source, TestingData=assets("ok.manifest"))
    version = ended(client, project)
    assert version["Status"] == "TRAINING_COMPLETED", version
    statistics = artefact(bucket, version["ManifestSummary"])["statistics"]["training"]
    assert (statistics["valid_json_lines"], statistics["ignored_json_lines"]) == (12, 12)
    elsewhere = [classified(*picture, bucket="other") for picture in shapes[:2]]
    mixed = [*(classified(*picture, bucket="videos") for picture in shapes), *elsewhere]
    version = outcome("buckets", write_lines(bucket, "mixed.manifest", mixed), assets("ok.manifest"))
    assert "The manifest file contains images from multiple S3 buckets." in version["StatusMessage"]
    (bucket / "empty.manifest").write_bytes(b"")
    version = outcome("empty", assets("empty.manifest"), assets("ok.manifest"))
    assert version["StatusMessage"] == "The manifest file is empty."
    version = outcome("missing", assets("missing.manifest"), assets("ok.manifest"))
    assert version["StatusMessage"] == "The manifest file extension or contents are invalid."


def test_requests_that_can_t_be_are_refused_at_once(client: Any) -> None:
    project = make_project(client, "refused")
    create, sources = (
        client.create_project_version,
        {
            "TrainingData": assets("train.manifest"),
            "TestingData": {"AutoCreate": True},
        },
    )
    request: dict[str, Any] = {"ProjectArn": project, "VersionName": "v1", "OutputConfig": OUTPUT, **sources}

    def refuse(code: str = "InvalidParameterException", **changes: Any) -> str:
        changed = {name: value for name, value in {**request, **changes}.items() if value is not None}
        return refused(code, create, **changed)

    assert "REGARD_OUTPUT_BUCKETS" in refuse(OutputConfig={"S3Bucket": "elsewhere"})
    assert "S3Bucket" in refuse(OutputConfig={"S3KeyPrefix": "x"})
    assert "both" in refuse(TestingData=None)
    assert "no training dataset" in refuse(TrainingData=None, TestingData=None)
    assert "one manifest" in refuse(TrainingData={"Assets": []})
    refuse(FeatureConfig={"ContentModeration": {"ConfidenceThreshold": 50}})
    refuse("ResourceNotFoundException", ProjectArn=project + "1")
    adapters = client.create_project(ProjectName="adapters", Feature="CONTENT_MODERATION")["ProjectArn"]
    assert "adapters" in refuse(ProjectArn=adapters)


def test_the_newest_version_is_listed_first_page_by_page(client: Any, trained: dict[str, Any]) -> None:
    project = make_project(client, "paged")
    sources = {"TrainingData": assets("missing.manifest"), "TestingData": {"AutoCreate": True}}
    for name in ("a", "b", "c"):
        begin(client, project, name, **sources)
        ended(client, project, name)
    refused(
        "ResourceInUseException",
        client.create_project_version,
        ProjectArn=project,
        VersionName="b",
        OutputConfig=OUTPUT,
        **sources,
    )
    pages = client.get_paginator("describe_project_versions").paginate(
        ProjectArn=project, PaginationConfig={"PageSize": 2}
    )
    listed = [
        [one["ProjectVersionArn"].split("/")[3] for one in page["ProjectVersionDescriptions"]]
        for page in pages
    ]
    assert listed == [["c", "b"], ["a"]]
    some = client.describe_project_versions(ProjectArn=project, VersionNames=["a", "none"], NextToken="")
    assert [one["ProjectVersionArn"].split("/")[3] for one in some["ProjectVersionDescriptions"]] == ["a"]
    waiter = client.get_waiter("project_version_training_completed")
    with pytest.raises(WaiterError, match="TRAINING_FAILED"):
        waiter.wait(ProjectArn=project, VersionNames=["a"], WaiterConfig=WAITING)


def test_boxes_are_learned_and_found(client: Any, bucket: Path) -> None:
    def lines(first: int, count: int) -> list[dict[str, Any]]:
        written = []
        for seed in range(first, first + count):
            shape = ("circle", "square")[seed % 2]
            picture, box = draw_boxed(shape, seed, (320, 240))
            (bucket / f"boxed-{seed}.jpg").write_bytes(picture)
            line = boxed(f"boxed-{seed}.jpg", (shape, *box), size=(320, 240))
            written.append({**line, "source-ref": f"s3://videos/boxed-{seed}.jpg"})
        return written

    training = write_lines(bucket, "boxes.manifest", lines(0, 6))
    testing = write_lines(bucket, "boxes-test.manifest", lines(100, 3))
    project = make_project(client, "boxes")
    arn = begin(client, project, TrainingData=training, TestingData=testing)
    version = ended(client, project)
    assert version["Status"] == "TRAINING_COMPLETED", version
    summary = artefact(bucket, version["EvaluationResult"]["Summary"])
    results = summary["AggregatedEvaluationResults"]
    assert "ConfusionMatrix" not in results
    assert 0 <= results["AveragePrecision"] <= 1
    counts: Counter[str] = Counter()
    for line in artefact(bucket, version["TestingDataResult"]["Output"]["Assets"][0]["GroundTruthManifest"]):
        told = line["rekognition-custom-labels-evaluation-metadata"]["objects"]
        assert len(told) == len(line["rekognition-custom-labels-evaluation"]["annotations"])
        for one in told:
            details = one["rekognition-custom-labels-evaluation-details"]
            counts.update(name for name, value in details.items() if value is True)
    assert counts["is-present-in-ground-truth"] == 3
    hits = counts["is-true-positive"]
    assert hits + counts["is-false-negative"] == 3
    shown = artefact(bucket, version["ManifestSummary"])["statistics"]["training"]
    assert (shown["use_case"], shown["valid_json_lines"]) == ("OBJECT_LOCALIZATION", 6)
    client.start_project_version(ProjectVersionArn=arn, MinInferenceUnits=1)
    photo, box = draw_boxed("circle", 0, (320, 240))
    found = client.detect_custom_labels(
        ProjectVersionArn=arn, Image={"Bytes": photo}, MinConfidence=0, MaxResults=1
    )["CustomLabels"]
    client.stop_project_version(ProjectVersionArn=arn)
    place = found[0]["Geometry"]["BoundingBox"]
    assert list(found[0]["Geometry"]) == ["BoundingBox"]
    centre = place["Left"] + place["Width"] / 2, place["Top"] + place["Height"] / 2
    expected = (box[0] + box[2] / 2) / 320, (box[1] + box[3] / 2) / 240
    assert centre == pytest.approx(expected, abs=0.1)


def test_versions_have_tags(client: Any, trained: dict[str, Any]) -> None:
    arn = trained["ProjectVersionArn"]
    client.tag_resource(ResourceArn=arn, Tags={"team": "shapes", "stage": "test"})
    client.untag_resource(ResourceArn=arn, TagKeys=["stage"])
    assert client.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"team": "shapes"}
