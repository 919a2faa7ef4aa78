"""What is live, from a worker to a server on the same machine: through a Unix socket in the data folder.

No picture is on disk. A picture is encoded when somebody asks for it, and once for all who do.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from regard.streams.records import StreamProcessor
from regard.streams.steps import LiveMark, StreamStep

_FRAME = struct.Struct(">II")  # lengths of the facts, JSON, and of the picture
_MAX_WATCHING = 32  # connections
_PER_SECOND = 5.0
_PATIENCE = 5.0  # seconds
_AGAIN = 0.5  # seconds after which somebody is let in who couldn't be

Draw = Callable[[Any, Sequence[LiveMark], StreamProcessor], bytes]
"""A sample and what was found in it as a JPEG."""

log: Any = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LiveStill:
    """A picture as a processor last saw it: a JPEG, and when it arrived, in seconds since the epoch."""

    picture: bytes
    arrived: float


@dataclass(slots=True)
class _Latest:
    """The newest sample of a processor; `encoded` is what it was drawn as, once somebody asked."""

    stream: StreamProcessor
    sample: Any
    marks: Sequence[LiveMark]
    number: int
    lock: threading.Lock
    encoded: bytes | None = None


class LiveViewServer:
    """Shows what one worker sees, under the name by which it holds its leases."""

    def __init__(self, folder: Path, holder: str, draw: Draw) -> None:
        self._draw = draw
        self._latest: dict[str, _Latest] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._watching = threading.BoundedSemaphore(_MAX_WATCHING)
        self._file = folder / _socket_name(holder)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with _short(self._file) as path:
            self._listener.bind(path)
        os.chmod(self._file, 0o600)
        self._listener.listen(8)
        threading.Thread(target=self._accept, name="live view", daemon=True).start()

    def show(self, stream: StreamProcessor, sample: Any, step: StreamStep) -> None:
        """Takes note of a picture and of what was found in it."""
        with self._changed:
            before = self._latest.get(stream.name)
            kept = () if before is None else before.marks
            marks = kept if step.marks is None else step.marks
            number = 1 if before is None else before.number + 1
            self._latest[stream.name] = _Latest(stream, sample, marks, number, threading.Lock())
            self._changed.notify_all()

    def forget(self, stream: StreamProcessor) -> None:
        """A processor is run here no more."""
        with self._changed:
            self._latest.pop(stream.name, None)
            self._changed.notify_all()

    def close(self) -> None:
        """Ends all that watch."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._file.unlink(missing_ok=True)

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection, _ = self._listener.accept()
            except OSError as error:
                if self._closed:
                    return
                log.warning("a live view can't be opened", reason=error.strerror)
                time.sleep(_AGAIN)  # such as for a file of this process that is closed
                continue
            if not self._watching.acquire(blocking=False):
                connection.close()
                continue
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as lines:
                connection.settimeout(_PATIENCE)
                asked = json.loads(lines.readline(4096))
                self._send(connection, str(asked["stream"]), is_watching=bool(asked["watch"]))
        except (OSError, ValueError, KeyError):  # whoever watched has gone
            pass
        except Exception:
            log.exception("a live view failed")
        finally:
            self._watching.release()

    def _send(self, connection: socket.socket, name: str, *, is_watching: bool) -> None:
        seen = 0
        while True:
            latest = self._newer(name, seen)
            if latest is None:
                return
            began, seen = time.monotonic(), latest.number
            picture = self._encoded(latest)
            facts = json.dumps({"arrived": latest.sample.arrived}).encode()
            connection.sendall(_FRAME.pack(len(facts), len(picture)) + facts + picture)
            if not is_watching:
                return
            time.sleep(max(0.0, 1 / _PER_SECOND - (time.monotonic() - began)))

    def _newer(self, name: str, seen: int) -> _Latest | None:
        """The newest picture of a processor that is newer than `seen`; None once it isn't run any more."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or name not in self._latest or self._latest[name].number > seen,
                _PATIENCE * 12,
            )
            found = self._latest.get(name)
        return None if self._closed or found is None or found.number <= seen else found

    def _encoded(self, latest: _Latest) -> bytes:
        with latest.lock:
            if latest.encoded is None:
                latest.encoded = self._draw(latest.sample, latest.marks, latest.stream)
            return latest.encoded


class LiveViewClient:
    """Asks the workers of this machine what they see. `folder` is the data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def still(self, stream: StreamProcessor) -> LiveStill | None:
        """What a processor last saw; None where no worker of this machine runs it."""
        return next(self._frames(stream, is_watching=False), None)

    def watch(self, stream: StreamProcessor) -> Iterator[LiveStill]:
        """What a processor sees, up to five pictures a second, until it isn't run here any more."""
        return self._frames(stream, is_watching=True)

    def _frames(self, stream: StreamProcessor, *, is_watching: bool) -> Iterator[LiveStill]:
        if stream.holder is None:
            return
        file = self._folder / _socket_name(stream.holder)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_PATIENCE * 13)
            try:
                with _short(file) as path:
                    connection.connect(path)
                asked = {"stream": stream.name, "watch": is_watching}
                connection.sendall(json.dumps(asked).encode() + b"\n")
                with connection.makefile("rb") as received:
                    yield from _read(received)
            except OSError:
                return


def _read(received: Any) -> Iterator[LiveStill]:
    while len(head := received.read(_FRAME.size)) == _FRAME.size:
        first, second = _FRAME.unpack(head)
        facts: Mapping[str, Any] = json.loads(received.read(first))
        picture = received.read(second)
        if len(picture) < second:
            return
        yield LiveStill(picture, float(facts["arrived"]))


def _socket_name(holder: str) -> str:
    return f"live-{hashlib.sha256(holder.encode()).hexdigest()[:16]}.sock"


@contextmanager
def _short(file: Path) -> Iterator[str]:
    """A path of a socket that isn't too long for one: Linux takes 107 bytes."""
    if sys.platform != "linux":
        yield str(file)
        return
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{file.name}"
    finally:
        os.close(folder)
