"""A live source that is read in a process of its own, and connected to again for ever."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Self

from regard.streams.kinesis_video import KinesisVideo
from regard.video.live.address import SourceAddress, SourceKind
from regard.video.live.failures import FailureCause, Retries, SourceFailed
from regard.video.live.folders import AllowedFolders
from regard.video.live.networks import AllowedNetworks
from regard.video.live.reading_process import ReaderReport, ReadingJob, read_source
from regard.video.live.samples import LiveSample, MediaPosition, SourceState, SourceWord
from regard.video.live.trust import SourceTrust

_SILENCE = 10.0  # s without a packet before a process is killed
_STARTING = 30.0  # s that the first sign of life may take: the fork server may have to start first
_MAXIMUM_BEHIND = 10.0  # s that Kinesis may be behind after a connection was lost
_GRACE = 0.2  # s that an answer takes beyond the time it was given
_METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
_PRELOADED = ["regard.video.live.reading_process"]


class LiveReader:
    """Samples of one live source, for whoever asks: pulled, so that nothing lags. A context manager."""

    def __init__(
        self,
        address: SourceAddress,
        *,
        rate: float = 4.0,
        networks: AllowedNetworks,
        trust: SourceTrust | None = None,
        folders: AllowedFolders | None = None,
        kinesis: KinesisVideo | None = None,
        resume: MediaPosition | None = None,
        retries: Retries | None = None,
    ) -> None:
        """`rate`: samples a second. `trust`: None for the certificates that this machine trusts. `resume`:
        where to begin in a Kinesis video stream; None for now."""
        self._address, self._rate = address, rate
        self._resume = resume
        self._networks, self._folders = networks, folders or AllowedFolders()
        self._trust = trust or SourceTrust()
        self._kinesis = kinesis or KinesisVideo(None)
        self._retries = retries or Retries()
        self._changed = threading.Condition()
        self._closed = False
        self._process: BaseProcess | None = None
        self._line: _SampleLine | None = None
        self._state = SourceState(SourceWord.CONNECTING)
        self._position = resume
        self._fragment: str | None = None
        self._shown_until = 0.0
        self._last_at = 0
        self._is_after_gap = False
        self._thread = threading.Thread(target=self._run, name="live-source", daemon=True)

    def start(self) -> None:
        """Connects, in the background, and connects again whenever the connection is lost."""
        self._thread.start()

    def ask(self, timeout: float) -> LiveSample | None:
        """The next sample that is due, each given once; None where there is none within `timeout` s. Of HLS,
        Kinesis and files the oldest of the last 5 s, of other sources the newest."""
        deadline = time.monotonic() + timeout
        while (line := self._connected(deadline)) is not None:
            sample = line.ask(deadline)
            if sample is not None:
                return self._followed(sample)
            if line.is_broken:
                self._forget(line)
            elif time.monotonic() >= deadline:
                break
        return None

    @property
    def state(self) -> SourceState:
        with self._changed:
            return self._state

    @property
    def position(self) -> MediaPosition | None:
        """Behind the last fragment of which all samples were given; None before there is one, and where the
        source isn't Kinesis."""
        with self._changed:
            return self._position

    def close(self) -> None:
        """Ends the process, and whatever waits for a sample."""
        with self._changed:
            self._closed = True
            if self._process is not None:
                self._process.kill()
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connected(self, deadline: float) -> _SampleLine | None:
        with self._changed:
            left = max(0.0, deadline - time.monotonic())
            self._changed.wait_for(lambda: self._line is not None or self._closed, left)
            return None if self._closed else self._line

    def _forget(self, line: _SampleLine) -> None:
        with self._changed:
            if self._line is line:
                self._line = None

    def _followed(self, sample: LiveSample) -> LiveSample:
        with self._changed:
            self._last_at = sample.at
            gap, self._is_after_gap = self._is_after_gap, False
            if self._address.kind is SourceKind.KINESIS:
                if self._fragment not in (None, sample.fragment):
                    behind = _MAXIMUM_BEHIND if self._resume is None else self._resume.maximum_behind
                    self._position = MediaPosition(fragment=self._fragment, maximum_behind=behind)
                self._fragment, self._shown_until = sample.fragment, sample.produced
        return replace(sample, gap=gap)

    def _run(self) -> None:
        while not self._closed:
            began = time.monotonic()
            report = self._connection()
            with self._changed:
                if self._closed:
                    return
                failure = report.failure or SourceFailed(
                    "Its pictures could not be decoded: the reader died."
                )
                if report.has_ended or failure.cause is FailureCause.FINAL:
                    word = SourceWord.ENDED if report.has_ended else SourceWord.REFUSED
                    why = None if report.has_ended else failure.why
                    self._set(word=word, why=why, next_try=None, is_final=True)
                    return
                played = time.monotonic() - began if report.last_picture is not None else 0.0
                self._is_after_gap = self._is_after_gap or report.last_picture is not None
                pause = self._retries.after(failure.cause, played)
                self._set(word=SourceWord.WAITING, why=failure.why, next_try=time.time() + pause)
                if self._changed.wait_for(lambda: self._closed, pause):
                    return
                self._set(word=SourceWord.CONNECTING, next_try=None)

    def _connection(self) -> ReaderReport:
        """One process, from its beginning to its end; its last report, and why it ended."""
        context = multiprocessing.get_context(_METHOD)
        context.set_forkserver_preload(_PRELOADED)
        heard, reports = context.Pipe(duplex=False)
        asked, answered = context.Pipe()
        line = _SampleLine(asked)
        with heard, reports, answered:
            process = context.Process(  # type: ignore[attr-defined]
                target=read_source, args=(self._job(), reports, answered), name="live-source", daemon=True
            )
            try:
                with self._changed:
                    if self._closed:
                        return ReaderReport()
                    process.start()
                    self._process = process
                reports.close()
                answered.close()
                return self._follow(heard, line)
            except OSError:
                return ReaderReport(failure=SourceFailed("No process could be started to read it."))
            finally:
                with self._changed:
                    running, self._process, self._line = self._process, None, None
                if running is not None:
                    running.kill()
                    running.join()
                    running.close()
                line.close()

    def _job(self) -> ReadingJob:
        with self._changed:
            return ReadingJob(
                self._address,
                self._rate,
                self._networks,
                self._trust,
                self._folders,
                self._last_at,
                self._kinesis,
                self._position,
                self._shown_until,
                {name: value for name, value in os.environ.items() if name.startswith("AWS_")},
            )

    def _follow(self, heard: Connection, line: _SampleLine) -> ReaderReport:
        last = ReaderReport()
        patience = _STARTING
        while wait([heard], patience):
            try:
                report: ReaderReport = heard.recv()
            except (EOFError, OSError):
                return last
            patience = _SILENCE
            last = (
                report if report.last_picture is not None else replace(report, last_picture=last.last_picture)
            )
            if report.failure is not None or report.has_ended:
                return last
            self._note(report, line)
        return replace(last, failure=SourceFailed("It sends nothing."))

    def _note(self, report: ReaderReport, line: _SampleLine) -> None:
        with self._changed:
            if report.codec is not None:
                self._line = line
                self._set(
                    word=SourceWord.PLAYING,
                    codec=report.codec,
                    width=report.width,
                    height=report.height,
                    rate=report.rate,
                    why=None,
                )
            elif report.rate is not None:
                self._set(rate=report.rate)
            if report.last_picture is not None:
                self._set(last_picture=report.last_picture)
            self._changed.notify_all()

    def _set(self, **changes: Any) -> None:
        self._state = replace(self._state, **changes)


class _SampleLine:
    """Asks a process for samples, one at a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._is_asked = False
        self.is_broken = False

    def ask(self, deadline: float) -> LiveSample | None:
        """None where there is none in time, and where the process has died. An answer that is late, on a
        machine that is too busy, is that to the next question."""
        with self._lock:
            try:
                left = max(0.0, deadline - time.monotonic())
                if not self._is_asked:
                    self._connection.send(left)
                    self._is_asked = True
                if self._connection.poll(left + _GRACE):
                    sample: LiveSample | None = self._connection.recv()
                    self._is_asked = False
                    return sample
            except (OSError, EOFError):
                self.is_broken = True
            return None

    def close(self) -> None:
        """Once the process is dead, which ends whatever waits for it."""
        with self._lock:
            self._connection.close()
