"""Servers and workers of the tests, which have the tests' analyses."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.conftest import Server, start_server
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
SITE = Path(__file__).parent / "site"


def environment(**settings: Any) -> dict[str, str]:
    """The environment of a process that knows the analyses."""
    path = os.pathsep.join([str(SITE), str(ROOT), os.environ.get("PYTHONPATH", "")])
    return {"PYTHONPATH": path, **{f"REGARD_{name.upper()}": str(value) for name, value in settings.items()}}


def serve(data: Path, bucket: Path, **settings: Any) -> Server:
    return start_server(data, "--bucket", f"videos={bucket}", environment=environment(**settings))


def work(data: Path, bucket: Path, **settings: Any) -> subprocess.Popen[bytes]:
    """A `regard worker` on its own."""
    with (data.parent / "worker.log").open("a") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "regard", "worker", "--data", str(data), "--bucket", f"videos={bucket}"],
            env={**os.environ, **environment(**settings)},
            stdout=log,
            stderr=log,
        )


def wait_for(client: Any, job_id: str, *, seconds: float = PATIENCE) -> dict[str, Any]:
    """The answer of GetLabelDetection once the job has ended."""
    deadline = time.monotonic() + seconds
    while True:
        answer: dict[str, Any] = client.get_label_detection(JobId=job_id)
        if answer["JobStatus"] != "IN_PROGRESS":
            return answer
        assert time.monotonic() < deadline, "the job does not end"
        time.sleep(0.05)
