"""The process that reads one source: a decoder that hangs or crashes can be killed with it.

Told what to read, it says on one pipe how it gets on (`ReaderReport`), and answers on another whoever
asks for samples. It is made anew for each connection, and ends with it, or when nobody listens any more.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from types import ModuleType
from typing import NoReturn

import av.logging
import cv2

from regard.streams.kinesis_video import KinesisVideo
from regard.video.live.address import SourceAddress, SourceKind
from regard.video.live.clock import LiveClock
from regard.video.live.failures import SourceFailed, failure_of
from regard.video.live.feeds import Feed
from regard.video.live.ffmpeg_feed import open_http, open_rtmp, open_rtsp
from regard.video.live.folders import AllowedFolders
from regard.video.live.kinesis_feed import KinesisFeed
from regard.video.live.local_feeds import DeviceFeed, open_file
from regard.video.live.networks import AllowedNetworks
from regard.video.live.samples import MediaPosition
from regard.video.live.sampling import Sampler
from regard.video.live.trust import SourceTrust

resource: ModuleType | None
try:
    import resource
except ImportError:  # Windows
    resource = None

_REPORT = 0.5  # s between two signs of life
_LEFT = 5.0  # s that what is left is kept for whoever asks, after a source has ended
_RATED = 5.0  # s over which the rate of pictures is measured
_MEMORY = 2_000_000_000  # bytes; whatever a camera sends, the machine's memory isn't taken


@dataclass(frozen=True, slots=True)
class ReadingJob:
    """What a process reads. `rate`: samples a second. `begins_after`: ms, the last sample's `at`;
    `shown_until`: its `produced`. `resume`: where to go on in a Kinesis video stream.
    `environment`: variables for AWS's credentials, since the fork server has those of its own start."""

    address: SourceAddress
    rate: float
    networks: AllowedNetworks
    trust: SourceTrust
    folders: AllowedFolders
    begins_after: int
    kinesis: KinesisVideo
    resume: MediaPosition | None = None
    shown_until: float = 0.0
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class ReaderReport:
    """A sign of life. `last_picture`: epoch s. `failure`, or `has_ended`: the last of them."""

    last_picture: float | None = None
    codec: str | None = None
    width: int | None = None
    height: int | None = None
    rate: float | None = None
    failure: SourceFailed | None = None
    has_ended: bool = False


def read_source(job: ReadingJob, reports: Connection, asked: Connection) -> None:
    """The process's work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for whoever started us, who then closes the pipes
    av.logging.set_level(None)  # FFmpeg's messages hold URLs with their passwords
    cv2.setNumThreads(1)
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, resource.RLIM_INFINITY))
    os.environ.update(job.environment)
    life = _Life(reports)
    try:
        feed = _open(job, life)
        try:
            _read(feed, job, life, asked)
        finally:
            feed.close()
    except BaseException as error:  # noqa: BLE001 - its text isn't to be seen, in no traceback either
        life.end(failure_of(error))
    else:
        is_over = job.address.kind is SourceKind.FILE
        life.end(None if is_over else SourceFailed("The connection ended."))
    os._exit(0)  # a demuxer that hangs while it is closed isn't waited for


def _open(job: ReadingJob, life: _Life) -> Feed:
    address = job.address
    openers: dict[SourceKind, Callable[[], Feed]] = {
        SourceKind.RTSP: lambda: open_rtsp(address, job.networks, job.trust, life.give_up),
        SourceKind.RTMP: lambda: open_rtmp(address, job.networks, job.trust, life.give_up),
        SourceKind.HLS: lambda: open_http(address, job.networks, job.trust, life.give_up),
        SourceKind.MJPEG: lambda: open_http(address, job.networks, job.trust, life.give_up),
        SourceKind.FILE: lambda: open_file(address, job.folders),
        SourceKind.KINESIS: lambda: KinesisFeed(
            job.kinesis, address.url, job.resume, shown_until=job.shown_until
        ),
        SourceKind.DEVICE: lambda: DeviceFeed(address.path),
    }
    return openers[address.kind]()


def _read(feed: Feed, job: ReadingJob, life: _Life, asked: Connection) -> None:
    facts = feed.facts
    is_recorded = job.address.kind is SourceKind.KINESIS
    takes_all = is_recorded and job.resume is not None and job.resume.maximum_behind is None
    clock = LiveClock(bursts=facts.bursts, begins_after=job.begins_after, is_recorded=is_recorded)
    sampler = Sampler(clock, rate=job.rate, bursts=facts.bursts, aspect=facts.aspect)
    giving = threading.Lock()
    threading.Thread(target=_answer, args=(sampler, asked, giving), daemon=True).start()
    is_first = True
    for picture in feed.pictures(life.sign):
        geometry = sampler.add(picture)
        if geometry is not None and is_first:
            life.first(facts.codec, geometry.width, geometry.height, facts.rate)
            is_first = False
        life.seen(picture.stamp.arrived, is_whole=geometry is not None)
        while takes_all and not sampler.has_room(_REPORT):
            life.sign()
    sampler.drain(_LEFT)
    with giving:  # the last one is on its way
        pass


def _answer(sampler: Sampler, asked: Connection, giving: threading.Lock) -> None:
    """Gives samples, in a thread, until nobody asks any more. Nothing that goes wrong here may leave a
    process that reads and gives none."""
    try:
        while True:
            timeout: float = asked.recv()
            with giving:
                asked.send(sampler.take(timeout))
    finally:
        os._exit(0)


class _Life:
    """Reports, not more often than needed."""

    def __init__(self, reports: Connection) -> None:
        self._reports = reports
        self._said = self._begun = time.monotonic()
        self._count = 0
        self._last: float | None = None

    def sign(self) -> None:
        """Something came."""
        now = time.monotonic()
        if now >= self._said + _REPORT:
            self._said = now
            self._send(ReaderReport(self._last, rate=self._rate(now)))

    def first(self, codec: str, width: int, height: int, rate: float | None) -> None:
        """The first picture."""
        self._last = time.time()
        self._send(ReaderReport(self._last, codec, width, height, rate))

    def seen(self, arrived: float, *, is_whole: bool) -> None:
        """A picture came; `is_whole`: and could be decoded. Most aren't, where that isn't needed."""
        self._count += 1
        if is_whole:
            self._last = arrived

    def _rate(self, now: float) -> float | None:
        """Pictures a second over the last seconds, once in so many."""
        elapsed, count = now - self._begun, self._count
        if elapsed < _RATED:
            return None
        self._begun, self._count = now, 0
        return round(count / elapsed, 1)

    def end(self, failure: SourceFailed | None) -> None:
        """The last report."""
        self._send(ReaderReport(self._last, failure=failure, has_ended=failure is None))

    def give_up(self, error: Exception) -> NoReturn:
        """Ends the process at once, from within FFmpeg."""
        self.end(failure_of(error))
        os._exit(0)

    def _send(self, report: ReaderReport) -> None:
        try:
            self._reports.send(report)
        except OSError:  # nobody listens any more
            os._exit(0)
