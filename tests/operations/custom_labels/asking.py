"""Requests about projects and data sets, through the gate."""

from __future__ import annotations

import json
from typing import Any

from tests.custom.lines import classified, manifest

from regard.app import Parts
from regard.caller import LOCAL

FAKE = "arn:aws:rekognition:us-east-1:000000000000:project/none/1"


FAKE_DATASET = "arn:aws:rekognition:us-east-1:000000000000:project/none/dataset/train/1"


PETS = [
    *(classified(f"cat{n}.jpg", "cat") for n in range(10)),
    *(classified(f"dog{n}.jpg", "dog") for n in range(10)),
]


def call(parts: Parts, operation: str, **request: Any) -> dict[str, Any]:
    return parts.gate.call(operation, request, LOCAL)


def of_manifest(name: str = "train.manifest", bucket: str = "pets") -> dict[str, Any]:
    return {"GroundTruthManifest": {"S3Object": {"Bucket": bucket, "Name": name}}}


def create(parts: Parts, project: str, kind: str = "TRAIN", **request: Any) -> str:
    made = call(parts, "create_dataset", ProjectArn=project, DatasetType=kind, **request)
    return str(made["DatasetArn"])


def describe(parts: Parts, dataset: str) -> dict[str, Any]:
    described: dict[str, Any] = call(parts, "describe_dataset", DatasetArn=dataset)["DatasetDescription"]
    return described


def update(parts: Parts, dataset: str, *lines: dict[str, Any] | str) -> None:
    call(parts, "update_dataset_entries", DatasetArn=dataset, Changes={"GroundTruth": manifest(*lines)})


def entries(parts: Parts, dataset: str, **request: Any) -> list[dict[str, Any]]:
    found = call(parts, "list_dataset_entries", DatasetArn=dataset, **request)["DatasetEntries"]
    return [json.loads(line) for line in found]


def records(parts: Parts, operation: str) -> list[dict[str, Any]]:
    found = [json.loads(one[1]) for page in parts.audit.pages() for one in page]
    return [one for one in found if one["operation"] == operation]
