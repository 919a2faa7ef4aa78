"""CopyProjectVersion by boto3 against a real server and its worker."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from tests.custom.drawn import draw
from tests.custom.training import artefact, assets, begin, described, ended, make_project, refused
from tests.waiting import PATIENCE


def test_a_copy_is_a_version_of_its_own_with_the_model_and_all_that_was_written(
    client: Any, bucket: Path
) -> None:
    source = make_project(client, "copied")
    begin(client, source, TrainingData=assets("train.manifest"), TestingData=assets("test.manifest"))
    trained = ended(client, source)
    destination = make_project(client, "copies")
    request = {
        "SourceProjectArn": source,
        "SourceProjectVersionArn": trained["ProjectVersionArn"],
        "DestinationProjectArn": destination,
        "VersionName": "c1",
        "OutputConfig": {"S3Bucket": "videos", "S3KeyPrefix": "copied"},
        "Tags": {"team": "shapes"},
    }
    arn = client.copy_project_version(**request)["ProjectVersionArn"]
    assert "/project/copies/version/c1/" in arn.replace(":project", "/project")
    deadline = time.monotonic() + PATIENCE
    while (copied := described(client, destination, "c1"))["Status"] == "COPYING_IN_PROGRESS":
        assert time.monotonic() < deadline, copied
        time.sleep(0.05)
    assert (copied["Status"], copied["StatusMessage"]) == ("COPYING_COMPLETED", "The model is ready to run.")
    assert copied["SourceProjectVersionArn"] == trained["ProjectVersionArn"]
    assert copied["TrainingEndTimestamp"] == trained["TrainingEndTimestamp"]
    assert copied["OutputConfig"] == request["OutputConfig"]
    assert "BillableTrainingTimeInSeconds" not in copied
    assert copied["EvaluationResult"]["F1Score"] == trained["EvaluationResult"]["F1Score"]
    written = {path.name: path.read_bytes() for path in (bucket / "copied").iterdir()}
    expected = {
        path.name.replace("-copied-v1.", "-copies-c1."): path.read_bytes()
        for path in (bucket / "out").glob("*-copied-v1.*")
    }
    assert len(written) == 8
    assert written == expected
    for part in ("TrainingDataResult", "TestingDataResult"):
        assert copied[part]["Input"] == trained[part]["Input"]
        for member in ("Output", "Validation"):
            assert artefact(bucket, copied[part][member]["Assets"][0]["GroundTruthManifest"])
    assert client.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"team": "shapes"}
    assert "named c1" in refused("ResourceInUseException", client.copy_project_version, **request)
    client.delete_project_version(ProjectVersionArn=trained["ProjectVersionArn"])
    client.start_project_version(ProjectVersionArn=arn, MinInferenceUnits=1)
    found = client.detect_custom_labels(ProjectVersionArn=arn, Image={"Bytes": draw("stripes", 999)})
    assert found["CustomLabels"][0]["Name"] == "stripes"
    client.stop_project_version(ProjectVersionArn=arn)
