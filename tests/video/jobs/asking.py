"""What tests of jobs ask the gate."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from regard.app import Parts
from regard.caller import LOCAL, Caller
from regard.governance.purpose import TAG

COLLECTION = "arn:aws:rekognition:us-east-1:000000000000:collection/c"
Script = Callable[..., dict[str, Any]]
FOREVER = threading.Event()  # never set


def start(parts: Parts, video: dict[str, Any], caller: Caller = LOCAL, **request: Any) -> str:
    answer = parts.gate.call("start_label_detection", {"Video": video, **request}, caller)
    return str(answer["JobId"])


def search(parts: Parts, video: dict[str, Any], caller: Caller = LOCAL, **request: Any) -> str:
    request = {"Video": video, "CollectionId": "c", **request}
    return str(parts.gate.call("start_face_search", request, caller)["JobId"])


def labels(parts: Parts, job_id: str, caller: Caller = LOCAL, **request: Any) -> dict[str, Any]:
    return parts.gate.call("get_label_detection", {"JobId": job_id, **request}, caller)


def similarities(parts: Parts, job_id: str) -> list[list[float]]:
    answer = parts.gate.call("get_face_search", {"JobId": job_id}, LOCAL)
    assert answer["JobStatus"] == "SUCCEEDED", answer
    return [[match["Similarity"] for match in one.get("FaceMatches", [])] for one in answer["Persons"]]


def records(parts: Parts, job_id: str) -> list[dict[str, Any]]:
    return [record for record in parts.audit.export() if record.get("job") == job_id]


def strengthen(parts: Parts, value: str = "access-control") -> None:
    parts.gate.call("tag_resource", {"ResourceArn": COLLECTION, "Tags": {TAG: value}}, LOCAL)


def holder(parts: Parts, role: str = "operator", **options: Any) -> Caller:
    return parts.keys.create(f"{role}-{len(parts.keys.all())}", role, **options).holder
