"""Custom labels: from CreateProjectVersion to TRAINING_COMPLETED, and DetectCustomLabels, by boto3."""

from __future__ import annotations

import argparse
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from tests.conftest import Server, stop_server
from tests.custom.drawn import SHAPES, draw, draw_boxed
from tests.custom.lines import boxed, classified
from tests.custom.training import OUTPUT, described, write_lines
from tests.video.servers import serve

from bench.measurement import Row, Tables
from bench.server import processor_seconds

_SIZE = (640, 480)  # px, of the pictures
_TRAINED = (240, 1000)
_BOXED = 12  # training pictures of the versions that find boxes
_BOX_SHAPES = ("circle", "square")
_DETECTED, _WARMING = 200, 20
_KINDS = ("labels", "boxes")


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--trained", type=int, nargs="+", default=_TRAINED, help="training pictures")


def run(chosen: argparse.Namespace) -> Tables:
    with _served(max(chosen.trained)) as (server, bucket):
        arns: dict[str, str] = {}
        _train(server, bucket, 12, arns)  # so that the worker has opened its models
        trained = (_train(server, bucket, count, arns) for count in chosen.trained)
        yield "custom labels: training", trained
        for first in (0, 1):
            arns[f"boxes-{first}"] = _train_boxes(server, bucket, 1000 * first)
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


def _train(server: Server, bucket: Path, count: int, arns: dict[str, str]) -> Row:
    client = server.client()
    project = client.create_project(ProjectName=f"shapes-{count}")["ProjectArn"]
    sources = {
        "TrainingData": _manifest(bucket, f"train-{count}", map(_labelled, range(count))),
        "TestingData": _manifest(bucket, f"test-{count}", map(_labelled, range(count, count + count // 5))),
    }
    started, worked = time.monotonic(), processor_seconds(server)
    arns[f"labels-{count}"] = _begin(client, project, sources)
    version = _completed(client, project)
    took = time.monotonic() - started
    return {
        "training pictures": count,
        "test pictures": count // 5,
        "s, Create to COMPLETED": took,
        "s of processor": processor_seconds(server) - worked,
        "F1": version["EvaluationResult"]["F1Score"],
    }


def _train_boxes(server: Server, bucket: Path, first: int) -> str:
    """A version that finds boxes, trained on a few pictures drawn from seed `first` on. Its ARN."""
    client = server.client()
    project = client.create_project(ProjectName=f"boxes-{first}")["ProjectArn"]
    lines = [_boxed(bucket, first + number) for number in range(_BOXED + 4)]
    arn = _begin(
        client,
        project,
        {
            "TrainingData": _manifest(bucket, f"train-boxes-{first}", lines[:_BOXED]),
            "TestingData": _manifest(bucket, f"test-boxes-{first}", lines[_BOXED:]),
        },
    )
    _completed(client, project)
    return arn


def _begin(client: Any, project: str, sources: dict[str, Any]) -> str:
    made = client.create_project_version(ProjectArn=project, VersionName="v1", OutputConfig=OUTPUT, **sources)
    return str(made["ProjectVersionArn"])


def _completed(client: Any, project: str) -> dict[str, Any]:
    while (version := described(client, project))["Status"] == "TRAINING_IN_PROGRESS":
        time.sleep(0.05)
    if version["Status"] != "TRAINING_COMPLETED":
        raise RuntimeError(version["StatusMessage"])
    return version


def _labelled(number: int) -> dict[str, Any]:
    return classified(f"{number}.jpg", SHAPES[number % len(SHAPES)], bucket="videos")


def _boxed(bucket: Path, seed: int) -> dict[str, Any]:
    """The line of a picture that is drawn into the bucket."""
    shape, name = _BOX_SHAPES[seed % 2], f"boxed-{seed}.jpg"
    picture, box = draw_boxed(shape, seed, _SIZE)
    (bucket / name).write_bytes(picture)
    return boxed(name, (shape, *box), size=_SIZE) | {"source-ref": f"s3://videos/{name}"}


def _manifest(bucket: Path, name: str, lines: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return write_lines(bucket, f"{name}.manifest", lines)


def _detect(server: Server, arns: Mapping[str, str]) -> Iterator[Row]:
    client = server.client()
    for arn in arns.values():
        client.start_project_version(ProjectVersionArn=arn, MinInferenceUnits=1)
    labels, boxes = ([arn for kind, arn in arns.items() if kind.startswith(one)][:2] for one in _KINDS)

    def detect(*asked: str) -> Callable[[bytes], None]:
        def call(picture: bytes) -> None:
            for arn in asked:
                client.detect_custom_labels(ProjectVersionArn=arn, Image={"Bytes": picture})

        return call

    for kind, both in (("labels", labels), ("boxes", boxes)):
        yield _timed(server, f"DetectCustomLabels, {kind}", detect(both[0]))
        yield _timed(server, f"DetectCustomLabels twice, {kind}, of two versions", detect(*both))
    yield _timed(server, "DetectLabels", lambda picture: client.detect_labels(Image={"Bytes": picture}))


def _timed(server: Server, name: str, call: Callable[[bytes], object]) -> Row:
    """Each picture is another, in each row too, so that nothing is known of it."""
    first = 100_000 + zlib.crc32(name.encode()) % 1_000 * 1_000
    pictures = [draw(SHAPES[n % len(SHAPES)], first + n, _SIZE) for n in range(_WARMING + _DETECTED)]
    for picture in pictures[:_WARMING]:
        call(picture)
    took, worked = [], processor_seconds(server)
    for picture in pictures[_WARMING:]:
        started = time.perf_counter()
        call(picture)
        took.append(1000 * (time.perf_counter() - started))
    return {
        "request": f"{name}, {_SIZE[0]} x {_SIZE[1]}",
        "p50, ms": float(np.percentile(took, 50)),
        "p95, ms": float(np.percentile(took, 95)),
        "ms of processor": 1000 * (processor_seconds(server) - worked) / _DETECTED,
    }
