"""Trainings by boto3 against a real server and its worker: of what, and how they fail."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.custom.drawn import SHAPES, draw_boxed
from tests.custom.lines import boxed, classified
from tests.custom.training import (
    OUTPUT,
    artefact,
    assets,
    begin,
    ended,
    make_project,
    refused,
    write_lines,
    write_manifest,
)


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
    assert "names no manifest" in refuse(ProjectArn=adapters, TrainingData=None, TestingData=None)


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
    report = (bucket / "out" / "Report-boxes-v1.html").read_text()
    assert "Fine-tuning is turned off" in report
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
