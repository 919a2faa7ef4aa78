"""The AWS command line, unmodified, against a real server."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Aws = Callable[..., Any]


class Refused(Exception):
    """The command left with an error; its text is what it printed."""


@pytest.fixture
def aws(server: Any, tmp_path: Path) -> Aws:
    """Runs `aws rekognition …` with the server's own credentials file; gives its JSON."""
    if importlib.util.find_spec("awscli") is None:
        pytest.skip("awscli is not installed; `pip install regard[dev]` brings it")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {
        "AWS_SHARED_CREDENTIALS_FILE": str(server.credentials_file),
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_REGION": "us-east-1",
        "AWS_PAGER": "",
    }

    def run(*arguments: str) -> Any:
        done = subprocess.run(
            [
                sys.executable,
                *("-W", "ignore", "-m", "awscli"),
                *("--endpoint-url", server.endpoint, "--output", "json"),
                *("rekognition", *arguments),
            ],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode:
            raise Refused(done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else None

    return run


def test_a_journey_through_the_collections(aws: Aws, portrait: Path):
    collection = f"cli-{uuid.uuid4()}"
    created = aws("create-collection", "--collection-id", collection)
    assert created["StatusCode"] == 200
    arn = created["CollectionArn"]

    image = ("--image-bytes", f"fileb://{portrait}")
    indexed = aws("index-faces", "--collection-id", collection, *image, "--external-image-id", "portrait")
    face = indexed["FaceRecords"][0]["Face"]["FaceId"]
    found = aws("search-faces-by-image", "--collection-id", collection, *image)
    assert found["FaceMatches"][0]["Face"]["FaceId"] == face
    assert [item["FaceId"] for item in aws("list-faces", "--collection-id", collection)["Faces"]] == [face]
    assert collection in aws("list-collections")["CollectionIds"]

    aws("tag-resource", "--resource-arn", arn, "--tags", "room=3")
    assert aws("list-tags-for-resource", "--resource-arn", arn) == {"Tags": {"room": "3"}}

    assert aws("delete-faces", "--collection-id", collection, "--face-ids", face)["DeletedFaces"] == [face]
    assert aws("delete-collection", "--collection-id", collection) == {"StatusCode": 200}
    with pytest.raises(Refused, match="ResourceNotFoundException"):
        aws("describe-collection", "--collection-id", collection)


def test_faces_are_detected_and_compared(aws: Aws, portrait: Path):
    picture = f"fileb://{portrait}"
    assert len(aws("detect-faces", "--image-bytes", picture)["FaceDetails"]) == 1
    compared = aws("compare-faces", "--source-image-bytes", picture, "--target-image-bytes", picture)
    assert compared["FaceMatches"][0]["Similarity"] > 99


def test_a_bad_name_is_refused_in_the_words_of_aws(aws: Aws):
    with pytest.raises(Refused, match="ValidationException.*Value 'not valid' at 'collectionId'"):
        aws("create-collection", "--collection-id", "not valid")
