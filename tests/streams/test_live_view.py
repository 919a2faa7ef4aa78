"""What is live reaches whoever watches, encoded once, and only while somebody does."""

from __future__ import annotations

import os
import resource
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from regard.storage.database import Database
from regard.streams.live_view import LiveViewClient, LiveViewServer
from regard.streams.records import StreamProcessor
from regard.streams.steps import LiveMark, StreamStep
from regard.streams.store import StreamStore
from tests.contracts.streams.made import started

MARK = LiveMark(left=0.1, top=0.1, width=0.2, height=0.2, caption="anna")


@dataclass(frozen=True)
class Sample:
    number: int
    arrived: float = 12.5


@dataclass
class Drawing:
    """Draws a number and its captions, and counts how often."""

    count: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, sample: Sample, marks: Sequence[LiveMark], _stream: StreamProcessor) -> bytes:
        with self.lock:
            self.count += 1
        return f"{sample.number} {','.join(one.caption for one in marks)}".encode()


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, StreamProcessor]:
    """A data folder whose name is longer than a socket's may be, and a processor that a worker holds."""
    folder = tmp_path_factory.mktemp("a" * 120)
    database = Database.open(folder)
    store = StreamStore(database)
    started(store)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE stream_processors SET holder = 'w'")
    stream = store.get("entrance")
    database.close()
    return folder, stream


@pytest.fixture
def drawing() -> Drawing:
    return Drawing()


@pytest.fixture
def server(held: tuple[Path, StreamProcessor], drawing: Drawing) -> Iterator[LiveViewServer]:
    made = LiveViewServer(held[0], "w", drawing)
    yield made
    made.close()


def test_a_still_is_the_newest_picture_with_what_was_found_in_it(
    held: tuple[Path, StreamProcessor], server: LiveViewServer
) -> None:
    folder, stream = held
    server.show(stream, Sample(1), StreamStep())
    server.show(stream, Sample(2), StreamStep(marks=[MARK]))
    still = LiveViewClient(folder).still(stream)
    assert still is not None
    assert (still.picture, still.arrived) == (b"2 anna", 12.5)


def test_nothing_is_drawn_while_nobody_watches_and_once_for_all_who_do(
    held: tuple[Path, StreamProcessor], server: LiveViewServer, drawing: Drawing
) -> None:
    folder, stream = held
    for number in range(10):
        server.show(stream, Sample(number), StreamStep())
    assert drawing.count == 0
    for _ in range(3):
        assert LiveViewClient(folder).still(stream) is not None
    assert drawing.count == 1


def test_who_watches_gets_picture_after_picture_until_the_processor_is_run_no_more(
    held: tuple[Path, StreamProcessor], server: LiveViewServer
) -> None:
    folder, stream = held
    got: list[bytes] = []
    server.show(stream, Sample(0), StreamStep())

    def watch() -> None:
        got.extend(one.picture for one in LiveViewClient(folder).watch(stream))

    watcher = threading.Thread(target=watch)
    watcher.start()
    for number in range(1, 4):
        watcher.join(0.3)
        server.show(stream, Sample(number), StreamStep())
    watcher.join(0.5)
    server.forget(stream)
    watcher.join(10)
    assert not watcher.is_alive()
    assert got[0] == b"0 "
    assert got[-1] == b"3 "


@pytest.mark.skipif(sys.platform != "linux", reason="a path that is short enough for a socket is in /proc")
def test_who_came_while_a_process_had_no_file_left_is_served_later(
    held: tuple[Path, StreamProcessor], server: LiveViewServer
) -> None:
    server.show(held[1], Sample(1), StreamStep())
    [file] = held[0].glob("live-*.sock")
    folder = os.open(held[0], os.O_RDONLY)
    usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(10)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, usual[1]))
        try:
            client.connect(f"/proc/self/fd/{folder}/{file.name}")
            time.sleep(0.2)  # it is refused a file meanwhile
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, usual)
            os.close(folder)
        client.sendall(b'{"stream": "entrance", "watch": false}\n')
        assert client.recv(8) != b""
    # Linux keeps a file ready for the next who comes: the one after is who met the limit.
    assert LiveViewClient(held[0]).still(held[1]) is not None


def test_without_a_worker_on_this_machine_there_is_no_picture(
    held: tuple[Path, StreamProcessor], tmp_path: Path
) -> None:
    assert LiveViewClient(tmp_path).still(held[1]) is None


def test_nobody_else_of_the_machine_may_watch(
    held: tuple[Path, StreamProcessor], server: LiveViewServer
) -> None:
    [file] = held[0].glob("live-*.sock")
    assert file.stat().st_mode & 0o777 == 0o600
