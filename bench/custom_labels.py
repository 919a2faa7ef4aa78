"""Custom labels: from CreateProjectVersion to TRAINING_COMPLETED, and DetectCustomLabels, by boto3."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from tests.conftest import Server, stop_server
from tests.custom.drawn import SHAPES, draw
from tests.custom.training import OUTPUT, ended
from tests.video.servers import serve

from bench.measurement import Row, Tables
from bench.server import processor_seconds

_SIZE = (640, 480)  # px, of the pictures
_TRAINED = (240, 1000)
_DETECTED = 200


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--trained", type=int, nargs="+", default=_TRAINED, help="training pictures")


def run(chosen: argparse.Namespace) -> Tables:
    with _served(max(chosen.trained)) as (server, bucket):
        arns: list[str] = []
        _train(server, bucket, 12, [])  # so that the worker has opened its models
        trained = (_train(server, bucket, count, arns) for count in chosen.trained)
        yield "custom labels: training", trained
        yield "custom labels: detection", _detect(server, arns)


@contextmanager
def _served(count: int) -> Iterator[tuple[Server, Path]]:
    """A server with one worker, and a bucket with so many training pictures and a fifth as many of test."""
    with tempfile.TemporaryDirectory(prefix="regard-bench-") as folder:
        bucket = Path(folder) / "pictures"
        bucket.mkdir()
        for number in range(count + count // 5):
            shape = SHAPES[number % len(SHAPES)]
            (bucket / f"{number}.jpg").write_bytes(draw(shape, number, _SIZE))
        server = serve(Path(folder) / "data", bucket, job_workers=1, output_buckets="videos")
        try:
            yield server, bucket
        finally:
            stop_server(server)


def _train(server: Server, bucket: Path, count: int, arns: list[str]) -> Row:
    client = server.client()
    project = client.create_project(ProjectName=f"shapes-{count}")["ProjectArn"]
    sources = {
        "TrainingData": _manifest(bucket, f"train-{count}", range(count)),
        "TestingData": _manifest(bucket, f"test-{count}", range(count, count + count // 5)),
    }
    started, worked = time.monotonic(), processor_seconds(server)
    arns.append(
        client.create_project_version(ProjectArn=project, VersionName="v1", OutputConfig=OUTPUT, **sources)[
            "ProjectVersionArn"
        ]
    )
    version = ended(client, project)
    took = time.monotonic() - started
    if version["Status"] != "TRAINING_COMPLETED":
        raise RuntimeError(version["StatusMessage"])
    return {
        "training pictures": count,
        "test pictures": count // 5,
        "s, Create to COMPLETED": took,
        "s of processor": processor_seconds(server) - worked,
        "F1": version["EvaluationResult"]["F1Score"],
    }


def _manifest(bucket: Path, name: str, numbers: range) -> dict[str, Any]:
    lines = [
        {
            "source-ref": f"s3://videos/{number}.jpg",
            "shape": 1,
            "shape-metadata": {
                "class-name": SHAPES[number % len(SHAPES)],
                "confidence": 1,
                "human-annotated": "yes",
                "creation-date": "2026-11-30T00:00:00",
                "type": "groundtruth/image-classification",
            },
        }
        for number in numbers
    ]
    (bucket / f"{name}.manifest").write_text("".join(json.dumps(line) + "\n" for line in lines))
    where = {"Bucket": "videos", "Name": f"{name}.manifest"}
    return {"Assets": [{"GroundTruthManifest": {"S3Object": where}}]}


def _detect(server: Server, arns: list[str]) -> list[Row]:
    client = server.client()
    for arn in arns:
        client.start_project_version(ProjectVersionArn=arn, MinInferenceUnits=1)
    pictures = [draw(SHAPES[n % len(SHAPES)], 100_000 + n, _SIZE) for n in range(20)]

    def labels(picture: bytes) -> None:
        client.detect_custom_labels(ProjectVersionArn=arns[0], Image={"Bytes": picture})

    def general(picture: bytes) -> None:
        client.detect_labels(Image={"Bytes": picture})

    requests = {"DetectCustomLabels": labels, "DetectLabels": general}
    return [_timed(server, name, call, pictures) for name, call in requests.items()]


def _timed(server: Server, name: str, call: Callable[[bytes], None], pictures: list[bytes]) -> Row:
    for picture in pictures:
        call(picture)
    took, worked = [], processor_seconds(server)
    for number in range(_DETECTED):
        started = time.perf_counter()
        call(pictures[number % len(pictures)])
        took.append(1000 * (time.perf_counter() - started))
    return {
        "request": f"{name}, {_SIZE[0]} x {_SIZE[1]}",
        "p50, ms": float(np.percentile(took, 50)),
        "p95, ms": float(np.percentile(took, 95)),
        "ms of processor": 1000 * (processor_seconds(server) - worked) / _DETECTED,
    }
