"""A video that arrives in chunks and is seen while it does: WebM or MP4, by its content."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Iterable
from typing import BinaryIO, cast

from regard.video.reading.frame import Frame
from regard.video.reading.limits import VideoError, VideoLimits, VideoTooLarge
from regard.video.reading.piped_video import PipedVideo
from regard.video.reading.stored_video import StoredVideo
from regard.vision.liveness.attempt_watch import AttemptWatch
from regard.vision.liveness.seen_frames import SeenVideo
from regard.vision.runner import Runner

MAX_BYTES = 10_000_000
MAX_SECONDS = 30.0
MAX_FRAMES = 3600  # 120 a second, which no camera of a browser gives
MIN_SIDE, MAX_SIDE = 80, 4096  # px
_LIMITS = VideoLimits(size=MAX_BYTES, minutes=1, pixels=4096 * 2304)


class _Arriving(io.RawIOBase):
    """Bytes as they come: `read` waits for some, and gives b"" when no more will come."""

    def __init__(self) -> None:
        self._bytes, self._at = bytearray(), 0
        self._is_over = False
        self._changed = threading.Condition()

    def append(self, chunk: bytes) -> int:
        """Adds bytes and tells how many there are in all."""
        with self._changed:
            self._bytes += chunk
            self._changed.notify_all()
            return len(self._bytes)

    def end(self) -> None:
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def read(self, size: int = -1) -> bytes:
        with self._changed:
            self._changed.wait_for(lambda: self._at < len(self._bytes) or self._is_over)
            end = len(self._bytes) if size < 0 else min(len(self._bytes), self._at + size)
            part, self._at = bytes(self._bytes[self._at : end]), end
            return part

    def seekable(self) -> bool:
        return False

    def all(self) -> bytes:
        """All that has come."""
        with self._changed:
            return bytes(self._bytes)


class Recording:
    """One attempt's video. Frames are decoded and seen in a thread of its own while chunks arrive.

    Memory: the bytes, which are limited, a picture a second, and a few kB a frame. A context manager, which
    ends the thread.
    """

    def __init__(self, runner: Runner, *, counts_faces: bool = True) -> None:
        """`counts_faces` as `AttemptWatch`."""
        self._watch = AttemptWatch(runner, counts_faces=counts_faces)
        self._arriving = _Arriving()
        self._failure: Exception | None = None
        self._is_closed = False
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name="liveness-recording", daemon=True)
        self._thread.start()

    def append(self, chunk: bytes) -> None:
        """The next bytes of the file. Raises VideoTooLarge beyond the limit of bytes or of seconds, and
        ValueError when the recording was finished."""
        if self._is_closed:
            raise ValueError("the recording is finished")
        if self._arriving.append(chunk) > MAX_BYTES:
            self.close()
            raise VideoTooLarge(f"The video has over {MAX_BYTES} bytes, which is the most.")
        if isinstance(self._failure, VideoTooLarge):
            raise self._failure

    def finish(self, timeout: float | None = None) -> SeenVideo:
        """All that was seen, once every byte that came was. Waits for it, `timeout` seconds at most.

        Raises VideoError when no frame can be decoded, VideoTooLarge over a limit, TimeoutError, and what
        seeing raised.
        """
        self._is_closed = True
        self._arriving.end()
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise TimeoutError("the video was not seen to its end in time")
        if self._failure is not None:
            raise self._failure
        return self._watch.seen()

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes that came, hex."""
        return hashlib.sha256(self._arriving.all()).hexdigest()

    def content(self) -> bytes:
        """The bytes that came: a file."""
        return self._arriving.all()

    def close(self) -> None:
        """Ends the thread at its next frame. What was seen is no longer asked for."""
        self._is_closed = True
        self._is_stopped = True
        self._arriving.end()

    @property
    def is_running(self) -> bool:
        """Whether the thread still decodes, or waits for bytes."""
        return self._thread.is_alive()

    def wait(self, timeout: float) -> None:
        """Waits for the thread's end after `close`, `timeout` seconds at most."""
        self._thread.join(timeout)

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        try:
            self._read()
        except Exception as error:  # noqa: BLE001 - it is raised in the thread that asks for what was seen
            self._failure = error

    def _read(self) -> None:
        try:
            video = PipedVideo.open(cast(BinaryIO, self._arriving), limits=_LIMITS)
        except VideoTooLarge:
            raise
        except VideoError:
            # An MP4 whose index comes last can be read only as a whole.
            with StoredVideo.open(io.BytesIO(self._arriving.all()), limits=_LIMITS) as stored:
                self._see(stored.frames())
            return
        with video:
            self._see(video.frames())

    def _see(self, frames: Iterable[Frame]) -> None:
        for number, frame in enumerate(frames):
            if self._is_stopped:
                return
            sides = frame.image.pixels.shape[:2]
            if min(sides) < MIN_SIDE or max(sides) > MAX_SIDE or number >= MAX_FRAMES:
                raise VideoTooLarge(
                    f"A side of the video has {MIN_SIDE} to {MAX_SIDE} px, and a video at most {MAX_FRAMES} "
                    "frames."
                )
            if frame.timestamp > MAX_SECONDS * 1000:
                raise VideoTooLarge(f"The video is longer than {MAX_SECONDS:.0f} seconds.")
            self._watch.see(frame.image.pixels, float(frame.timestamp))
