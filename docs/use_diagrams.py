"""Diagrams of how Regard is set up and used, by the names of their files in docs/pictures."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Final

from drawing import LINE, WIDTH, Box, Drawing, Kind

_EDGE: Final = 20.0
_WIDE: Final = WIDTH - 2 * _EDGE
_MIDDLE: Final = WIDTH / 2


def _chain(drawing: Drawing, *boxes: Box) -> None:
    for upper, lower in pairwise(boxes):
        drawing.arrow((upper.middle, upper.bottom), (lower.middle, lower.top))


def _column(drawing: Drawing, top: float, *rows: tuple[Kind, tuple[str, ...]]) -> list[Box]:
    """Boxes one below the other, an arrow from each to the next."""
    boxes: list[Box] = []
    for kind, lines in rows:
        boxes.append(drawing.box(_EDGE, top, _WIDE, lines, kind))
        top = boxes[-1].bottom + 24
    _chain(drawing, *boxes)
    return boxes


def deployment() -> str:
    """Several servers, workers, and what they share."""
    drawing = Drawing(
        "A load balancer before two servers, which share a database and buckets with the workers"
    )
    clients = drawing.box(_EDGE, 16, _WIDE, ["Clients", "AWS SDKs, browsers"], "store")
    balancer = drawing.box(
        _EDGE, clients.bottom + 24, _WIDE, ["Load balancer", "TLS; asks each server for /readyz"]
    )
    _chain(drawing, clients, balancer)
    y, half = balancer.bottom + 34, 190.0
    servers = [
        drawing.box(left, y, half, [name, "regard serve", "indexes in memory"], "good")
        for left, name in ((_EDGE, "Server 1"), (WIDTH - _EDGE - half, "Server 2"))
    ]
    y = servers[0].bottom + 60
    database = drawing.box(
        _EDGE, y, half, ["PostgreSQL", "the truth: keys, faces,", "jobs, the audit log"], "store"
    )
    buckets = drawing.box(WIDTH - _EDGE - half, y, half, ["Buckets", "pictures, films,", "results"], "store")
    workers = drawing.box(
        _EDGE,
        database.bottom + 40,
        _WIDE,
        ["Workers", "regard worker: films, trainings", "regard streams: cameras"],
        "good",
    )
    for server in servers:
        drawing.arrow((server.middle, balancer.bottom), (server.middle, server.top))
        drawing.arrow((server.middle, server.bottom), (server.middle, database.top))
    cross = servers[0].bottom + 30
    left, right = servers
    drawing.arrow(
        (left.middle + 40, left.bottom),
        (left.middle + 40, cross),
        (buckets.left + 30, cross),
        (buckets.left + 30, buckets.top),
    )
    drawing.arrow(
        (right.middle - 30, right.bottom),
        (right.middle - 30, cross + 14),
        (database.right - 30, cross + 14),
        (database.right - 30, database.top),
    )
    for store in (database, buckets):
        drawing.arrow((store.middle, workers.top), (store.middle, store.bottom))
    return drawing.svg(workers.bottom + 16)


def migration() -> str:
    """From Rekognition at AWS to Regard, step by step."""
    drawing = Drawing("Leaving AWS: plan, carry over, check, compare, switch, and keep the way back open")
    boxes = _column(
        drawing,
        16,
        ("step", ("regard migrate plan", "what there is, and what can be carried")),
        ("step", ("regard migrate collection", "each face anew, under its own FaceId")),
        ("gate", ("regard migrate check", "is every face here, and does it find itself?")),
        ("gate", ("regard serve --shadow", "AWS answers a share too; both compared")),
        ("good", ("Switch", "endpoint_url names Regard, nothing else")),
        ("store", ("regard serve --mirror", "changes go to AWS too: the way back")),
    )
    return drawing.svg(boxes[-1].bottom + 16)


def stream() -> str:
    """From a camera to whoever is told."""
    drawing = Drawing(
        "A reader process decodes a camera; a worker examines the newest pictures, and tells what it has seen"
    )
    boxes = _column(
        drawing,
        16,
        ("store", ("Camera", "RTSP, HLS, MJPEG, USB, Kinesis, a file")),
        ("step", ("Reader, a process for each source", "decodes all, keeps the newest that is due")),
        ("gate", ("Gate, once a second", "may this search still go on?")),
        ("step", ("Worker, with a lease", "moved? faces, labels; who is followed")),
    )
    y, third = boxes[-1].bottom + 40, 128.0
    for left, lines in (
        (12.0, ["Records", "of each picture", "Kinesis, a URL"]),
        (156.0, ["Notices", "of a sighting", "SNS, a URL"]),
        (300.0, ["Events", "with stills", "the console"]),
    ):
        box = drawing.box(left, y, third, lines, "good")
        drawing.arrow((box.middle, boxes[-1].bottom), (box.middle, box.top))
    return drawing.svg(y + 3 * LINE + 34)


def training() -> str:
    """From pictures to a model that answers."""
    drawing = Drawing(
        "Custom labels: a project has data sets; a training makes a version; a version that runs answers"
    )
    boxes = _column(
        drawing,
        16,
        ("store", ("Your pictures", "a folder, or a manifest in a bucket")),
        ("step", ("Project, data sets", "TRAIN and TEST, with what is wrong in them")),
        ("step", ("TRAINING_IN_PROGRESS", "a job: goes on where a worker died")),
        ("gate", ("TRAINING_COMPLETED", "with precision, recall, F1 of each label")),
        ("step", ("RUNNING", "StartProjectVersion")),
        ("good", ("DetectCustomLabels answers",)),
    )
    return drawing.svg(boxes[-1].bottom + 16)


def upgrade() -> str:
    """Servers of one database that are upgraded one after another."""
    drawing = Drawing("The first new server adds to the schema; the old one serves on until its turn")
    left, width = 112.0, WIDTH - 112.0 - 14.0
    rows = (("Clients", 20.0), ("Server 1", 84.0), ("Server 2", 148.0), ("Database", 212.0))
    for name, y in rows:
        drawing.text(14, y + 24, name, "head", "start")
    drawing.arrow((left + 124, 84 + 37), (left + 124, 212))  # behind the boxes
    drawing.box(left, 20, width, ["answered throughout"], "good")
    drawing.box(left, 84, 86, ["old"], "store")
    drawing.box(left + 118, 84, width - 118, ["new"], "step")
    drawing.text(left + 102, 108, "…", "head")
    drawing.box(left, 148, 182, ["old, serves on"], "store")
    drawing.text(left + 197, 172, "…", "head")
    drawing.box(left + 212, 148, width - 212, ["new"], "step")
    drawing.box(left, 212, 108, ["schema N"], "store")
    drawing.box(left + 118, 212, width - 118, ["schema N+1"], "step")
    drawing.text(left + 118 + (width - 118) / 2, 270, "adds only: the old can use it")
    drawing.arrow((left, 292), (WIDTH - 14, 292))
    drawing.text(left, 310, "time", anchor="start")
    drawing.text(14, 342, "Back up before. The way back is that backup: the old", anchor="start")
    drawing.text(14, 342 + LINE, "version doesn't start on schema N+1.", anchor="start")
    return drawing.svg(342 + LINE + 20)


USE_DIAGRAMS: Final[dict[str, Callable[[], str]]] = {
    one.__name__: one for one in (deployment, migration, stream, training, upgrade)
}
