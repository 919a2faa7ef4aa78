"""What a stream processor does, from samples to steps, once it was admitted."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from regard.context import Context
from regard.operations.shapes.stream_notices import NoticeEnvelope
from regard.operations.streams.face_alerts import RecordAlert
from regard.operations.streams.face_watch import FaceWatch
from regard.operations.streams.label_watch import LabelSession
from regard.operations.streams.source_watch import SourceWatch
from regard.streams.events import EventKind, NewEvent
from regard.streams.records import StreamKind, StreamProcessor
from regard.streams.running import SourceStanding
from regard.streams.steps import Raised, StreamStep
from regard.video.live.samples import LiveSample


class StreamRun:
    """One processor's analysis, as `ctx` was admitted. `tags` are the processor's; `record_alert` is asked
    for what is written with each alert.
    """

    def __init__(
        self, ctx: Context, stream: StreamProcessor, tags: Mapping[str, str], record_alert: RecordAlert
    ) -> None:
        envelope = NoticeEnvelope(
            stream_arn=stream.source_shown,
            session=stream.session or "",
            request=start_request_of(stream),
            tags=tags,
        )
        checkpoint = stream.checkpoint
        self._source = SourceWatch(
            envelope, stream.channel, time.time(), is_lost=bool(checkpoint.get("lost"))
        )
        self._is_resumed = bool(checkpoint)
        self._passed_before = int(checkpoint.get("passed", 0))
        self._watched_before = float(checkpoint.get("watched", 0.0))
        self._taken_up = time.monotonic()
        self._faces: FaceWatch | None = None
        self._labels: LabelSession | None = None
        if stream.kind is StreamKind.FACE_SEARCH:
            quiet = 1000 * ctx.settings.alert_quiet
            self._faces = FaceWatch(ctx, stream, envelope, record_alert, quiet=quiet)
        else:
            self._labels = LabelSession(ctx, stream, envelope, checkpoint)

    @property
    def tracks(self) -> int:
        """How many faces were followed."""
        return 0 if self._faces is None else self._faces.tracks

    @property
    def matched(self) -> int:
        """How many of them resembled somebody."""
        return 0 if self._faces is None else len(self._faces.matched)

    @property
    def checkpoint(self) -> dict[str, Any]:
        """What another worker goes on from: how many faces have passed in how many seconds, too."""
        labels = {} if self._labels is None else self._labels.checkpoint
        watched = self._watched_before + time.monotonic() - self._taken_up
        passed = {"passed": self._passed_before + self.tracks, "watched": round(watched, 1)}
        return {"lost": self._source.is_lost, **passed, **labels}

    def take(self, sample: LiveSample) -> StreamStep:
        """What a sample shows."""
        told = [*self._resumed(), *self._source.picture(time.time())]
        step = self._observe(sample)
        return replace(step, raised=[*told, *step.raised]) if told else step

    def wait(self, standing: SourceStanding) -> StreamStep:
        """What is to be done though no sample came."""
        now = time.time()
        if self._labels is not None:
            return self._labels.finish() if standing.word == "ENDED" else self._labels.wait(now)
        lost: list[Raised] = self._source.nothing(now, standing.why)
        return StreamStep(raised=lost)

    def _resumed(self) -> list[Raised]:
        """With the first picture: that another worker ran the session before, and that there was a gap."""
        if not self._is_resumed:
            return []
        self._is_resumed = False
        body = {"message": "Another worker goes on; for a few seconds nothing was seen."}
        event = NewEvent(kind=EventKind.INTERRUPTED, at=round(time.time() * 1000), body=body)
        return [Raised(event=event)]

    def _observe(self, sample: LiveSample) -> StreamStep:
        if self._faces is not None:
            return self._faces.observe(sample)
        return StreamStep() if self._labels is None else self._labels.observe(sample)


def start_request_of(stream: StreamProcessor) -> dict[str, Any]:
    """The StartStreamProcessor request of a processor's session."""
    request: dict[str, Any] = {"Name": stream.name}
    if stream.start_selector:
        request["StartSelector"] = {"KVSStreamStartSelector": dict(stream.start_selector)}
    if stream.stop_seconds is not None:
        request["StopSelector"] = {"MaxDurationInSeconds": stream.stop_seconds}
    return request
