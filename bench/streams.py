"""Live video: from somebody's first picture to the alert at a webhook, processor time and memory a camera.

Cameras send 720p at 25 pictures a second as Motion JPEG, of which only samples are decoded: of H.264 all are,
which takes a reader about twice as much. People are before them 85 % of the time. An alert's way begins with
the first picture that has the face, as the camera sends it, and ends when the webhook has it. The cameras run
on the same machine, and their time is not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import PICTURES, Server, start_server, stop_server
from tests.receiving import Receiver, receive
from tests.waiting import wait_until

from bench.cameras import Scene, cameras, make_scene
from bench.measurement import Row, Tables

_ROLE = "arn:aws:iam::123456789012:role/r"
_TICKS = os.sysconf("SC_CLK_TCK")


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cameras", type=int, nargs="+", default=[1, 4], help="how many at a time")
    parser.add_argument("--seconds", type=float, default=60, help="how long each is measured")
    parser.add_argument("--minutes", type=float, default=0, help="how long one camera's memory is measured")


def run(chosen: argparse.Namespace) -> Tables:
    scene = make_scene()
    yield "alerts of live video", (measure(scene, count, chosen.seconds) for count in chosen.cameras)
    yield "a worker that is killed", [restart(scene)]
    if chosen.minutes:
        yield "memory of one camera", memory(scene, chosen.minutes * 60)


def measure(scene: Scene, count: int, seconds: float) -> Row:
    """`count` cameras for so long, once all of them are seen."""
    with _site(scene, count) as (server, receiver):
        wait_until(lambda: len({_camera(body) for _, body in list(receiver.got)}) == count)
        worker, begun, before = _worker(server), len(receiver.got), _processor(server)
        delays: list[float] = []
        until = time.monotonic() + seconds
        told = begun
        records = [_Records(server.data.parent / f"camera-{number}.jsonl") for number in range(count)]
        while time.monotonic() < until:
            while told < len(receiver.got):
                delays.append(time.time() - scene.appeared[_camera(receiver.got[told][1])])
                told += 1
            for one in records:
                one.follow()
            time.sleep(0.005)
        after = _processor(server)
        used = {name: (after[name] - before[name]) / seconds / count for name in after}
        readers = [pid for pid in _below(worker) if _is_reader(pid)]
        delays.sort()
        ages = sorted(age for one in records for age in one.ages)
        return {
            "cameras": count,
            "alerts": len(delays),
            "p50 s": round(statistics.median(delays), 2) if delays else None,
            "p95 s": round(delays[int(0.95 * (len(delays) - 1))], 2) if delays else None,
            "records": len(ages),
            "picture's age at its record, p99 s": round(ages[int(0.99 * (len(ages) - 1))], 2),
            "worker, % of a core a camera": round(100 * used["worker"], 1),
            "reader, %": round(100 * used["readers"], 1),
            "reader, MB of its own": round(sum(map(_memory, readers)) / max(1, len(readers)), 1),
        }


def memory(scene: Scene, seconds: float) -> Iterator[Row]:
    """What is resident, MB, by tenths of the time; it is read every ten seconds, and at the least ten times
    a tenth. In the first, networks see sizes of pictures for the first time.
    """
    with _site(scene, 1) as (server, receiver):
        wait_until(lambda: receiver.got)
        worker, began = _worker(server), time.monotonic()
        [reader] = [pid for pid in _below(worker) if _is_reader(pid)]
        records = _Records(server.data.parent / "camera-0.jsonl")
        for tenth in range(1, 11):
            workers, examined = [], len(records.ages)
            while time.monotonic() < began + tenth * seconds / 10:
                records.follow()
                workers.append(_resident(worker))
                time.sleep(min(10.0, seconds / 100))
            yield {
                "minutes": round(tenth * seconds / 600, 1),
                "records": len(records.ages) - examined,
                "worker, MB": round(statistics.mean(workers)),
                "lowest": round(min(workers)),
                "highest": round(max(workers)),
                "server, MB": round(_resident(server.process.pid)),
                "reader, MB of its own": round(_memory(reader), 1),
            }


class _Records:
    """The records of one camera from now on, and how old their pictures were when they were written: since
    the picture's arrival, since these cameras send no time of their own.
    """

    def __init__(self, file: Path) -> None:
        self._file = file.open("rb")
        self._file.seek(0, os.SEEK_END)
        self._begun = b""
        self.ages: list[float] = []

    def follow(self) -> None:
        *lines, self._begun = (self._begun + self._file.read()).split(b"\n")
        for line in lines:
            video = json.loads(line)["InputInformation"]["KinesisVideo"]
            self.ages.append(time.time() - video["ProducerTimestamp"] - video["FrameOffsetInSeconds"])


def restart(scene: Scene) -> Row:
    """From the end of a killed worker to the first record of the next."""
    with _site(scene, 1) as (server, receiver):
        wait_until(lambda: receiver.got)
        file = server.data.parent / "camera-0.jsonl"
        os.kill(_worker(server), signal.SIGKILL)
        killed = time.monotonic()
        time.sleep(0.3)  # what was written by then was written before
        size = file.stat().st_size
        wait_until(lambda: file.stat().st_size > size, pause=0.005)
        return {"seconds until the next record": round(time.monotonic() - killed, 2)}


@contextmanager
def _site(scene: Scene, count: int) -> Iterator[tuple[Server, Receiver]]:
    """A server, its stream worker, and so many processors that run."""
    with tempfile.TemporaryDirectory(prefix="regard-bench-") as named, cameras(scene) as address:
        folder, receiving = Path(named), receive()
        receiver = next(receiving)
        server = start_server(
            folder / "data",
            environment={
                "REGARD_STREAM_WORKERS": "1",
                "REGARD_STREAM_FOLDERS": str(folder),
                "REGARD_WEBHOOKS": "private",
                "REGARD_ALERT_QUIET": "2",
            },
        )
        try:
            _begin(server, receiver, address, folder, count)
            yield server, receiver
        finally:
            stop_server(server)
            next(receiving, None)


def _begin(server: Server, receiver: Receiver, address: str, folder: Path, count: int) -> None:
    client = server.client()
    client.create_collection(CollectionId="staff")
    picture = (PICTURES / "astronaut.jpg").read_bytes()
    client.index_faces(CollectionId="staff", Image={"Bytes": picture})
    for number in range(count):
        name = f"camera-{number}"
        client.create_stream_processor(
            Name=name,
            RoleArn=_ROLE,
            Input={"KinesisVideoStream": {"Arn": f"{address}/{number}"}},
            Output={"KinesisDataStream": {"Arn": f"file://{folder}/{name}.jsonl"}},
            Settings={"FaceSearch": {"CollectionId": "staff"}},
            NotificationChannel={"SNSTopicArn": receiver.url},
        )
        client.start_stream_processor(Name=name)


def _camera(body: bytes) -> str:
    shown = json.loads(body)["inputInformation"]["kinesisVideo"]["streamArn"]
    return "/" + str(shown).rpartition("/")[2]


def _worker(server: Server) -> int:
    """The process id of the server's stream worker."""
    [found] = [pid for pid in _children(server.process.pid) if "streams" in _command(pid)]
    return found


def _processor(server: Server) -> dict[str, float]:
    """Processor seconds of the worker, and of the readers below it."""
    worker = _worker(server)
    return {"worker": _seconds(worker), "readers": sum(map(_seconds, _below(worker)))}


def _below(pid: int) -> Iterator[int]:
    for child in _children(pid):
        yield child
        yield from _below(child)


def _children(pid: int) -> list[int]:
    files = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for file in files for child in file.read_text().split()]


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")


def _is_reader(pid: int) -> bool:
    return "forkserver" in _command(pid) and not _children(pid)


def _seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _resident(pid: int) -> float:
    """MB, what is shared with others too."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _memory(pid: int) -> float:
    """MB that nobody else has: what one camera more takes."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) * 1024 / 1e6
