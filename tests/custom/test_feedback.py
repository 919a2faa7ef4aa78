"""The loop of the feedback solution: detect, let people correct, put that into the data set, train again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.custom.drawn import SHAPES, fill
from tests.custom.lines import classified
from tests.custom.training import BUCKET, assets, begin, ended, make_project, write_manifest


def corrected(picture: str, label: str) -> dict[str, Any]:
    """A line as a person's verification job writes it."""
    return classified(picture, label, bucket=BUCKET, **{"job-name": "labeling-job/feedback"})


def update(client: Any, dataset: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    content = "".join(json.dumps(line) + "\n" for line in lines).encode()
    client.update_dataset_entries(DatasetArn=dataset, Changes={"GroundTruth": content})
    return dict(client.describe_dataset(DatasetArn=dataset)["DatasetDescription"])


@pytest.mark.slow
def test_what_people_correct_is_learned_by_the_next_version(client: Any, bucket: Path) -> None:
    project = make_project(client, "feedback")
    first = fill(bucket, 6, first=3000)
    # Whoever labelled took every circle for a square and the other way round.
    wrong = {"circle": "square", "square": "circle", "stripes": "stripes"}
    write_manifest(bucket, "feedback.manifest", [(name, wrong[shape]) for name, shape in first])
    write_manifest(bucket, "feedback-test.manifest", fill(bucket, 6, first=3100))
    sets = {
        kind: client.create_dataset(
            ProjectArn=project, DatasetType=kind, DatasetSource=assets(manifest)["Assets"][0]
        )["DatasetArn"]
        for kind, manifest in (("TRAIN", "feedback.manifest"), ("TEST", "feedback-test.manifest"))
    }
    begin(client, project, "v1")
    before = ended(client, project, "v1")
    arn = before["ProjectVersionArn"]
    client.start_project_version(ProjectVersionArn=arn, MinInferenceUnits=1)
    shown = {}
    for name, shape in first:
        image = {"S3Object": {"Bucket": BUCKET, "Name": name}}
        found = client.detect_custom_labels(ProjectVersionArn=arn, Image=image, MinConfidence=0, MaxResults=1)
        if found["CustomLabels"][0]["Name"] != shape:
            shown[name] = shape
    client.stop_project_version(ProjectVersionArn=arn)
    assert len(shown) >= 8  # of twelve that were labelled wrongly
    told = update(client, sets["TRAIN"], [corrected(name, shape) for name, shape in first])
    assert told["Status"] == "UPDATE_COMPLETE"
    assert told["DatasetStats"]["TotalEntries"] == len(first)
    listed = client.list_dataset_entries(DatasetArn=sets["TRAIN"], SourceRefContains=next(iter(shown)))
    (line,) = map(json.loads, listed["DatasetEntries"])
    assert line["label0-metadata"]["job-name"] == "labeling-job/feedback"
    begin(client, project, "v2")
    after = ended(client, project, "v2")
    assert before["EvaluationResult"]["F1Score"] < 0.7 < after["EvaluationResult"]["F1Score"]
    assert sorted(SHAPES) == sorted(
        one["LabelName"]
        for one in client.list_dataset_labels(DatasetArn=sets["TRAIN"])["DatasetLabelDescriptions"]
    )
