"""Manifests for adapters: squares are false alarms, stripes are called weapons."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.custom.training import BUCKET, write_lines

CONFIG = {"ContentModeration": {"ConfidenceThreshold": 0.1}}
"""Percent, that most drawn squares exceed."""


def moderated(picture: str, *labels: str) -> dict[str, Any]:
    """A line that says what a picture shows."""
    named = {"ModerationLabels": [{"Name": label} for label in labels]}
    return {"source-ref": f"s3://{BUCKET}/{picture}", "content-moderation-groundtruth": named}


def lines(numbers: Iterable[int]) -> list[dict[str, Any]]:
    return [
        moderated(f"{shape}-{number:04}.jpg", *labels)
        for number in numbers
        for shape, labels in (("square", ()), ("stripes", ("Weapons",)))
    ]


def write_both(folder: Path) -> dict[str, Any]:
    """TrainingData and TestingData of a folder that has the drawn pictures."""
    return {
        "TrainingData": write_lines(folder, "adapter-train.manifest", lines(range(12))),
        "TestingData": write_lines(folder, "adapter-test.manifest", lines(range(100, 104))),
    }
