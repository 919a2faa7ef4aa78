"""Manifests for bulk analysis, and a bucket of pictures of which some are of no use."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tests import scenes
from tests.conftest import PICTURES

FOUND = "gravel.jpg"  # in which something is found, if with 8 % alone


def references(*names: str, bucket: str = "videos") -> str:
    return "".join(json.dumps({"source-ref": f"s3://{bucket}/{name}"}) + "\n" for name in names)


def request(name: str = "plain.jsonl", **changes: Any) -> dict[str, Any]:
    return {
        "OperationsConfig": {"DetectModerationLabels": {"MinConfidence": 5}},
        "Input": {"S3Object": {"Bucket": "videos", "Name": name}},
        "OutputConfig": {"S3Bucket": "videos", "S3KeyPrefix": "out/bulk"},
        **changes,
    }


def fill(folder: Path) -> Path:
    """Pictures, and manifests that name them."""
    for photo in PICTURES.glob("*.jpg"):
        shutil.copy(photo, folder)
    (folder / "small.jpg").write_bytes(scenes.jpeg(scenes.portrait("hopper").resize((30, 30))))
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    (folder / "large.jpg").write_bytes(bytes(20_000_000))
    (folder / "plain.jsonl").write_text(references("astronaut.jpg", FOUND, "hopper.jpg", FOUND))
    (folder / "mixed.jsonl").write_text(
        references("astronaut.jpg")
        + "\r\n{}\r\nnonsense\n"
        + references("broken.jpg", "none.jpg", "small.jpg", "large.jpg", "../secret")
        + '{"source-ref": "/etc/passwd"}\n'
        + references("gravel.jpg").strip()
    )
    (folder / "empty.jsonl").write_bytes(b"")
    (folder / "blank.jsonl").write_bytes(b"\n\n")
    (folder / "many.jsonl").write_text(references(*["astronaut.jpg"] * 101))
    (folder / "huge.jsonl").write_bytes(bytes(100 * 8192 + 1))
    return folder
