"""The AWS SDK for JavaScript, unmodified, against a real server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from platformdirs import user_cache_path

SCRIPT = Path(__file__).parent / "javascript"


@pytest.fixture(scope="module")
def package() -> Path:
    """The script beside its node_modules, which are installed once for each user."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node.js is not installed; it is needed only to test the AWS SDK for JavaScript")
    folder = user_cache_path("regard") / "tests" / "javascript"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = (SCRIPT / "package.json").read_text()
    installed = folder / "installed.json"  # written last, so that an install that broke off is made again
    if not installed.exists() or installed.read_text() != wanted:
        (folder / "package.json").write_text(wanted)
        subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--no-package-lock"],
            cwd=folder,
            check=True,
            capture_output=True,
            timeout=240,
        )
        installed.write_text(wanted)
    shutil.copy(SCRIPT / "drive.mjs", folder)
    return folder


def test_a_journey_through_the_collections(package: Path, server: Any, portrait: Path):
    collection = f"javascript-{uuid.uuid4()}"
    done = subprocess.run(
        ["node", "drive.mjs"],
        cwd=package,
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
        timeout=120,
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
