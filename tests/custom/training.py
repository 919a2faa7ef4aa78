"""A server with a worker and a bucket of drawn pictures, and what trains versions on them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.custom.lines import classified
from tests.waiting import PATIENCE

BUCKET = "videos"
OUTPUT = {"S3Bucket": BUCKET, "S3KeyPrefix": "out"}


def write_manifest(folder: Path, name: str, pictures: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """A manifest of pictures with one label each, in the folder; as TrainingData names it."""
    lines = [classified(picture, label, bucket=BUCKET) for picture, label in pictures]
    return write_lines(folder, name, lines)


def write_lines(folder: Path, name: str, lines: Iterable[dict[str, Any]]) -> dict[str, Any]:
    (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    return assets(name)


def assets(name: str) -> dict[str, Any]:
    return {"Assets": [{"GroundTruthManifest": {"S3Object": {"Bucket": BUCKET, "Name": name}}}]}


def make_project(client: Any, name: str) -> str:
    return str(client.create_project(ProjectName=name)["ProjectArn"])


def begin(client: Any, project: str, version: str = "v1", **request: Any) -> str:
    wanted = {"OutputConfig": OUTPUT, **request}
    return str(
        client.create_project_version(ProjectArn=project, VersionName=version, **wanted)["ProjectVersionArn"]
    )


def described(client: Any, project: str, version: str = "v1") -> dict[str, Any]:
    (found,) = client.describe_project_versions(ProjectArn=project, VersionNames=[version])[
        "ProjectVersionDescriptions"
    ]
    return dict(found)


def ended(client: Any, project: str, version: str = "v1") -> dict[str, Any]:
    """The version once it is no more in training."""
    deadline = time.monotonic() + PATIENCE
    while (found := described(client, project, version))["Status"] == "TRAINING_IN_PROGRESS":
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def artefact(folder: Path, where: dict[str, Any]) -> Any:
    """An object of the bucket, JSON or JSON lines."""
    text = (folder / where["S3Object"]["Name"]).read_text()
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return [json.loads(line) for line in text.splitlines()]


def refused(code: str, call: Any, **request: Any) -> str:
    """Holds a call to an error; answers its message."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    assert caught.value.response["Error"]["Code"] == code
    return str(caught.value.response["Error"]["Message"])
