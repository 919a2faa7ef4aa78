"""A version by boto3 against a real server: described, run, listed, stopped, tagged."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from botocore.exceptions import WaiterError
from tests import scenes
from tests.custom.drawn import SHAPES, draw
from tests.custom.training import (
    OUTPUT,
    artefact,
    assets,
    begin,
    described,
    ended,
    make_project,
    refused,
)

WAITING = {"Delay": 1, "MaxAttempts": 120}


@pytest.fixture(scope="module")
def trained(client: Any) -> dict[str, Any]:
    """A version that is trained, with the ARN of its project under `Project`."""
    project = make_project(client, "shapes")
    begin(client, project, TrainingData=assets("train.manifest"), TestingData=assets("test.manifest"))
    client.get_waiter("project_version_training_completed").wait(
        ProjectArn=project, VersionNames=["v1"], WaiterConfig=WAITING
    )
    return {**described(client, project), "Project": project}


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


def test_versions_have_tags(client: Any, trained: dict[str, Any]) -> None:
    arn = trained["ProjectVersionArn"]
    client.tag_resource(ResourceArn=arn, Tags={"team": "shapes", "stage": "test"})
    client.untag_resource(ResourceArn=arn, TagKeys=["stage"])
    assert client.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"team": "shapes"}
