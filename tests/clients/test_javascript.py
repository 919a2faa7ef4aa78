"""The AWS SDK for JavaScript, unmodified, against a real server."""

from __future__ import annotations

import json
import os
import subprocess
import time
import uuid
from pathlib import Path
from typing import Any

from tests.waiting import PATIENCE


def test_a_journey_through_the_collections(javascript: Path, server: Any, portrait: Path):
    collection = f"javascript-{uuid.uuid4()}"
    done = subprocess.run(
        ["node", "drive.mjs"],
        cwd=javascript,
        env={
            **os.environ,
            "REGARD_ENDPOINT": server.endpoint,
            "AWS_ACCESS_KEY_ID": server.key_id,
            "AWS_SECRET_ACCESS_KEY": server.secret,
            "AWS_REGION": "eu-central-1",
            "PICTURE": str(portrait),
            "COLLECTION": collection,
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["arn"].endswith(f":collection/{collection}")
    assert uuid.UUID(result["requestId"])
    assert result["detected"] == 1
    assert result["match"] == result["faceId"]
    assert result["similarity"] > 99
    assert result["faces"] == [result["faceId"]]
    assert collection in result["collections"]
    assert abs(result["created"] / 1000 - time.time()) < 120
    assert result["count"] == 1
    assert result["tags"] == {"made": "here", "größe": "klein"}
    assert result["deleted"] == 200
    assert result["missing"]["modelled"]
    assert result["missing"]["status"] == 400
    assert collection in result["missing"]["message"]
    assert result["invalid"] == "ValidationException"
