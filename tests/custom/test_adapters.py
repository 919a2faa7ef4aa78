"""Adapters of content moderation by boto3 against a real server and its worker."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from tests.custom.adapters import CONFIG, lines, moderated, write_both
from tests.custom.drawn import draw
from tests.custom.training import (
    OUTPUT,
    artefact,
    assets,
    begin,
    described,
    ended,
    refused,
    write_lines,
)
from tests.waiting import PATIENCE


def make_adapters(client: Any, name: str, **more: Any) -> str:
    made = client.create_project(ProjectName=name, Feature="CONTENT_MODERATION", **more)
    return str(made["ProjectArn"])


@pytest.fixture(scope="module")
def trained(client: Any, bucket: Path) -> dict[str, Any]:
    """An adapter that is trained, with the ARN of its project under `Project`."""
    project = make_adapters(client, "moderated", AutoUpdate="DISABLED")
    begin(client, project, FeatureConfig=CONFIG, **write_both(bucket))
    version = ended(client, project)
    assert version["Status"] == "TRAINING_COMPLETED", version
    return {**version, "Project": project}


def said(client: Any, picture: bytes, **request: Any) -> dict[str, float]:
    answer = client.detect_moderation_labels(Image={"Bytes": picture}, MinConfidence=0, **request)
    return {one["Name"]: one["Confidence"] for one in answer["ModerationLabels"]}


def test_an_adapter_is_described_as_rekognition_would(trained: dict[str, Any]) -> None:
    assert trained["Feature"] == "CONTENT_MODERATION"
    threshold = trained["FeatureConfig"]["ContentModeration"]["ConfidenceThreshold"]
    assert threshold == pytest.approx(0.1)
    assert trained["BaseModelVersion"].startswith("7.0-")
    assert trained["StatusMessage"].startswith("The model is ready to run. It was trained on ")
    assert trained["StatusMessage"].endswith("Rekognition wants 20 of the former or 50 of the latter.")
    assert trained["TrainingDataResult"]["Input"] == assets("adapter-train.manifest")
    assert "MinInferenceUnits" not in trained


def test_an_adapter_says_what_it_was_taught_and_its_base_does_not(
    client: Any, trained: dict[str, Any]
) -> None:
    arn = trained["ProjectVersionArn"]
    answer = client.detect_moderation_labels(
        Image={"Bytes": draw("stripes", 999)}, MinConfidence=0.1, ProjectVersion=arn
    )
    assert answer["ProjectVersion"] == arn
    assert answer["ModerationModelVersion"] == "7.0"
    found = {one["Name"]: one["ParentName"] for one in answer["ModerationLabels"]}
    assert (found["Violence"], found["Weapons"]) == ("", "Violence")
    assert set(said(client, draw("stripes", 999))) == {"Explicit"}
    assert said(client, draw("square", 999), ProjectVersion=arn)["Weapons"] < 0.1


def test_an_adapter_lowers_false_alarms_of_pictures_that_it_never_saw(
    client: Any, trained: dict[str, Any]
) -> None:
    pictures = [draw("square", number) for number in range(200, 208)]
    arn = trained["ProjectVersionArn"]
    base = [said(client, one)["Explicit"] for one in pictures]
    adapted = [said(client, one, ProjectVersion=arn)["Explicit"] for one in pictures]
    assert sum(one >= 0.1 for one in base) >= 4
    assert sum(one >= 0.1 for one in adapted) <= 1


def test_the_summary_is_counted_from_the_lines_that_were_written(
    trained: dict[str, Any], bucket: Path
) -> None:
    summary = artefact(bucket, trained["EvaluationResult"]["Summary"])
    details = summary["EvaluationDetails"]
    assert (details["NumberOfTrainingImages"], details["NumberOfTestingImages"]) == (24, 8)
    moderation = summary["ContentModeration"]
    every = moderation["AllConfidenceThresholdsEvalResults"]
    assert [one["ConfidenceThreshold"] for one in every] == list(range(5, 101, 5))
    testing = trained["TestingDataResult"]["Output"]["Assets"][0]["GroundTruthManifest"]
    written = artefact(bucket, testing)
    assert len(written) == 8
    (weapons,) = [one for one in every[0]["LabelEvaluationResults"] if one["Label"] == "Weapons"]
    for side, member in (
        ("Adapter", "detect-moderation-labels"),
        ("BaseModel", "detect-moderation-labels-base-model"),
    ):
        counts = {"TruePositive": 0, "TrueNegative": 0, "FalsePositive": 0, "FalseNegative": 0}
        for line in written:
            labels = {one["Name"]: one["Confidence"] for one in line[member]["ModerationLabels"]}
            is_true = bool(line["content-moderation-groundtruth"]["ModerationLabels"])
            is_said = labels.get("Weapons", 0) >= 5
            counts[f"{is_true == is_said}{'Positive' if is_said else 'Negative'}"] += 1
        assert weapons[side] == counts
    assert weapons["BaseModel"] == {
        "TruePositive": 0,
        "TrueNegative": 4,
        "FalsePositive": 0,
        "FalseNegative": 4,
    }
    aggregated = moderation["InputConfidenceThresholdEvalResults"]["AggregatedEvaluationResults"]["Adapter"]
    wrong = aggregated["FalsePositive"] + aggregated["FalseNegative"]
    f1 = 2 * aggregated["TruePositive"] / (2 * aggregated["TruePositive"] + wrong)
    assert summary["AggregatedEvaluationResults"]["F1Score"] == pytest.approx(f1)
    assert trained["EvaluationResult"]["F1Score"] == pytest.approx(f1)
    statistics = artefact(bucket, trained["ManifestSummary"])["statistics"]["training"]
    assert (statistics["use_case"], statistics["valid_json_lines"]) == ("CONTENT_MODERATION", 24)


def test_the_file_answers_elsewhere_as_the_adapter_does_here(bucket: Path) -> None:
    session = onnxruntime.InferenceSession(str(bucket / "out" / "Model-moderated-v1.onnx"))
    names = json.loads(session.get_modelmeta().custom_metadata_map["regard"])["labels"]
    assert names == ["Explicit", "Violence", "Weapons"]
    feeds = {"features": np.ones((1, 1280), np.float32), "base": np.full((1, 3), 0.5, np.float32)}
    assert session.run(None, feeds)[0].shape == (1, 3)


def test_a_bulk_analysis_answers_by_an_adapter(client: Any, trained: dict[str, Any], bucket: Path) -> None:
    pictures = ["stripes-0105.jpg", "square-0105.jpg"]
    (bucket / "bulk.jsonl").write_text(
        "".join(json.dumps({"source-ref": f"s3://videos/{one}"}) + "\n" for one in pictures)
    )
    arn = trained["ProjectVersionArn"]
    job = client.start_media_analysis_job(
        OperationsConfig={"DetectModerationLabels": {"MinConfidence": 0.1, "ProjectVersion": arn}},
        Input={"S3Object": {"Bucket": "videos", "Name": "bulk.jsonl"}},
        OutputConfig={"S3Bucket": "videos", "S3KeyPrefix": "bulk"},
    )["JobId"]
    deadline = time.monotonic() + PATIENCE
    while (done := client.get_media_analysis_job(JobId=job))["Status"] in ("QUEUED", "IN_PROGRESS"):
        assert time.monotonic() < deadline, done
        time.sleep(0.05)
    assert done["Status"] == "SUCCEEDED", done
    found = (bucket / done["Results"]["S3Object"]["Name"]).read_text().splitlines()
    answers = [json.loads(line)["detect-moderation-labels"] for line in found]
    assert [answer["ProjectVersion"] for answer in answers] == [arn, arn]
    named = [{one["Name"] for one in answer["ModerationLabels"]} for answer in answers]
    assert ["Weapons" in one for one in named] == [True, False]


def test_what_an_adapter_is_not_for_is_refused(client: Any, trained: dict[str, Any]) -> None:
    arn, project = trained["ProjectVersionArn"], trained["Project"]
    named, picture = {"ProjectVersionArn": arn}, {"Bytes": draw("square", 1)}
    code = "InvalidParameterException"
    assert "adapter" in refused(code, client.start_project_version, MinInferenceUnits=1, **named)
    assert "adapter" in refused(code, client.stop_project_version, **named)
    assert "adapter" in refused(code, client.detect_custom_labels, Image=picture, **named)
    refused(code, client.create_dataset, ProjectArn=project, DatasetType="TRAIN")
    copied = {"SourceProjectArn": project, "DestinationProjectArn": project, "VersionName": "c"}
    refused(code, client.copy_project_version, SourceProjectVersionArn=arn, OutputConfig=OUTPUT, **copied)
    gone = arn[:-1] + str((int(arn[-1]) + 1) % 10)
    refused("ResourceNotFoundException", client.detect_moderation_labels, Image=picture, ProjectVersion=gone)


def test_only_a_trained_adapter_answers(client: Any, bucket: Path) -> None:
    project = make_adapters(client, "unready")
    arn = begin(client, project, TrainingData=assets("missing.manifest"))
    assert ended(client, project)["Status"] == "TRAINING_FAILED"
    assert "Input" not in described(client, project).get("TestingDataResult", {})
    picture = {"Bytes": draw("square", 1)}
    told = refused(
        "ResourceNotReadyException", client.detect_moderation_labels, Image=picture, ProjectVersion=arn
    )
    assert "TRAINING_FAILED" in told
    labels = client.create_project(ProjectName="labels-of-ones-own")["ProjectArn"]
    begin(client, labels, TrainingData=assets("missing.manifest"), TestingData={"AutoCreate": True})
    own = ended(client, labels)["ProjectVersionArn"]
    told = refused(
        "InvalidParameterException", client.detect_moderation_labels, Image=picture, ProjectVersion=own
    )
    assert "no adapter" in told


def test_a_training_that_has_nothing_to_learn_from_fails_with_the_reason(client: Any, bucket: Path) -> None:
    def outcome(name: str, some: list[dict[str, Any]]) -> dict[str, Any]:
        project = make_adapters(client, name)
        begin(client, project, TrainingData=write_lines(bucket, f"{name}.manifest", some))
        version = ended(client, project)
        assert version["Status"] == "TRAINING_FAILED"
        return version

    unlabelled = [line for line in lines(range(10)) if "square" in line["source-ref"]]
    assert "errs on none" in outcome("right", unlabelled)["StatusMessage"]  # nothing is above 50 %
    unknown = [moderated(f"square-{number:04}.jpg", "Kittens") for number in range(5)]
    version = outcome("unknown", [*unlabelled, *unknown])
    assert version["StatusMessage"] == "The manifest file contains too many invalid rows."
    summary = artefact(bucket, version["ManifestSummary"])["statistics"]["training"]
    assert summary["invalid_json_lines"] == 5


def test_a_fifth_of_the_pictures_judges_where_no_test_set_is_given(client: Any, bucket: Path) -> None:
    project = make_adapters(client, "split-adapters")
    manifest = write_lines(bucket, "split.manifest", lines(range(10)))
    begin(client, project, FeatureConfig=CONFIG, TrainingData=manifest)
    version = ended(client, project)
    assert version["Status"] == "TRAINING_COMPLETED", version
    assert version["TestingDataResult"]["Input"] == {"AutoCreate": True}
    details = artefact(bucket, version["EvaluationResult"]["Summary"])["EvaluationDetails"]
    assert (details["NumberOfTrainingImages"], details["NumberOfTestingImages"]) == (16, 4)
